#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H
#include "common/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The frame between capd and mcpd, and between a worker and its parent, over a stream:
 *
 *   0  magic     4  "PCM1"
 *   4  version   1  WIRE_VERSION
 *   5  type      1  enum wire_type
 *   6  flags     2  WIRE_MORE | WIRE_FINAL
 *   8  stream    4  request id chosen by the client; events carry the id of their `start`
 *  12  length    4  bytes of body, without the extension
 *  16  extension 16 packets u64, bytes u64; only with WIRE_FINAL
 *   .  body         one msgpack map, common/schema.h
 *
 * All integers big endian. */
#define WIRE_MAGIC        0x50434d31u
#define WIRE_VERSION      1u
#define WIRE_HEADER_BYTES 16u
#define WIRE_EXT_BYTES    16u

#define WIRE_MORE  0x0001u /* more frames of the same snapshot follow */
#define WIRE_FINAL 0x0002u /* last frame of a capture; the extension follows the header */

enum wire_type {
    /* requests */
    WIRE_HELLO = 1,
    WIRE_INTERFACES,
    WIRE_START,
    WIRE_RETARGET,
    WIRE_SNAPSHOT,
    WIRE_STOP,
    WIRE_STATUS,
    /* answers and events of the parent */
    WIRE_HELLO_REPLY = 32,
    WIRE_INTERFACES_REPLY,
    WIRE_STATUS_REPLY,
    WIRE_OK,
    WIRE_ERROR,
    /* events of a worker, relayed unread */
    WIRE_STARTED = 64,
    WIRE_TOTALS,
    WIRE_SERVICES,
    WIRE_RESOLVERS,
    WIRE_CONNECTIONS,
    WIRE_DNS,
    WIRE_HTTP,
    WIRE_TLS,
    WIRE_HOSTS,
    WIRE_TIMELINE,
    WIRE_UDP,
    WIRE_STREAMS,
    WIRE_INCIDENTS,
    WIRE_ENDED
};

struct wire_header {
    uint8_t type;
    uint16_t flags;
    uint32_t stream;
    uint32_t length;
    uint64_t final_packets, final_bytes; /* 0 without WIRE_FINAL */
};

/* Bytes of header and extension for these flags. */
size_t wire_header_bytes(uint16_t flags);

/* Write header (and extension); returns its length, 16 or 32. */
size_t wire_put_header(uint8_t out[WIRE_HEADER_BYTES + WIRE_EXT_BYTES],
                       const struct wire_header *h);

enum wire_result { WIRE_PARSED, WIRE_NEED_MORE, WIRE_BAD };

/* Read a header from the first `len` bytes of a stream.  WIRE_NEED_MORE: wait for more bytes;
 * WIRE_BAD: `fail` says why (magic, version, flags, length over `max_body`); the stream is lost. */
enum wire_result wire_get_header(const uint8_t *bytes, size_t len, uint32_t max_body,
                                 struct wire_header *out, struct fail *fail);
#endif
