#ifndef CAPD_DECODE_QUIC_H
#define CAPD_DECODE_QUIC_H
#include "common/bytes.h"

/* What QUIC shows to everybody: its long headers (RFC 8999, RFC 9000 section 17.2, version 2 of
 * RFC 9369) and the first byte of short ones.  All else is sealed, CONNECTION_CLOSE too; the server
 * name lies in an Initial whose keys anybody could derive, and is left there on purpose. */

enum quic_status {
    QUIC_OK,         /* one header read, and its packet taken off the cursor */
    QUIC_INCOMPLETE, /* the bytes end before the header does */
    QUIC_NOT_QUIC    /* cannot be a QUIC packet */
};

enum quic_kind {
    QUIC_INITIAL,
    QUIC_ZERO_RTT,
    QUIC_HANDSHAKE,
    QUIC_RETRY,
    QUIC_VERSION_NEGOTIATION,
    QUIC_UNKNOWN_VERSION, /* long header of a version whose types are not known here */
    QUIC_SHORT            /* only in a flow that is known to be QUIC */
};

#define QUIC_LONG_FORM        0x80u /* of the first byte */
#define QUIC_CID_MAX          20u   /* RFC 9000 section 17.2; RFC 8999 allows 255 */
#define QUIC_PACKETS_MAX      8u /* coalesced in one datagram (section 12.2); more are not looked at */
#define QUIC_INITIAL_MIN_SENT 1200u /* a client pads its Initials to this, section 14.1 */

struct quic_header {
    enum quic_kind kind;
    uint32_t version;           /* long headers only */
    uint8_t dcid_len, scid_len; /* long headers only: 0..20, or 255 for other versions */
    uint32_t token_bytes;       /* Initial only */
    bool spin;                  /* short header only */
};

/* May it begin with a long header?  Most other datagrams do not, and need no further look. */
static inline bool quic_may_be_long(struct cursor c) {
    return cursor_left(&c) > 0 && (*c.p & QUIC_LONG_FORM) != 0;
}

/* Is it a version whose long headers are read here: 1, 2, and the last drafts of 1? */
bool quic_version_known(uint32_t version);

/* Read the first QUIC packet of a datagram at `c`; on QUIC_OK `c` stands behind it, so that
 * coalesced packets can be read in turn.  `in_flow`: the flow is known to be QUIC, so short headers
 * count. */
enum quic_status decode_quic(struct cursor *c, bool in_flow, struct quic_header *out);
#endif
