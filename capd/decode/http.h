#ifndef CAPD_DECODE_HTTP_H
#define CAPD_DECODE_HTTP_H
#include "common/bytes.h"

/* Start line and header fields of one HTTP/1 message (RFC 9112), from the bytes of a stream that
 * begin with it.  Nothing is copied: the views point into the bytes given. */

enum http_status {
    HTTP_OK,        /* header complete: header_bytes is set */
    HTTP_NEED_MORE, /* fine so far; fields seen are set (start_line: the first line is complete) */
    HTTP_NOT_HTTP,  /* does not begin like HTTP/1 */
    HTTP_MALFORMED  /* began like HTTP/1, then broke its rules; fields before the trouble are set */
};

#define HTTP_METHOD_MAX  17u  /* UPDATEREDIRECTREF, the longest registered token */
#define HTTP_MAX_HEADERS 256u /* lines looked at; more is HTTP_MALFORMED */
#define HTTP_MAX_LINE    8192u

/* Borrowed bytes; p is NULL when there are none. */
struct http_view {
    const uint8_t *p;
    uint32_t len;
};

struct http_message {
    bool start_line; /* complete: request, method, path, status, version are set */
    bool request;    /* else a response */
    uint8_t version; /* 10 or 11 */
    uint16_t status; /* response: 100..999 */
    struct http_view method;
    struct http_view path; /* request target without query, fragment, scheme and authority; empty
                              for CONNECT */
    struct http_view host; /* Host field, else the authority of the target; port included */
    bool has_content_length;
    uint64_t content_length;
    bool chunked; /* Transfer-Encoding ends in chunked */
    bool has_transfer_encoding;
    bool close, keep_alive, upgrade; /* Connection options */
    uint32_t header_bytes;           /* from the start through the empty line; HTTP_OK only */
};

/* Read a message header from the start of `c`.  Fills `out` wholly. */
enum http_status decode_http(struct cursor c, struct http_message *out);

/* The same of a request whose first line is longer than `c`: method and the start of the path, and
 * no more.  Only methods that leave no doubt. */
bool decode_http_cut(struct cursor c, struct http_message *out);

/* True if these bytes are heads of interim answers (RFC 9110 section 15.2; not 101, which is
 * final), the last of them perhaps cut off, and nothing else. */
bool http_is_interim(struct cursor c);

#define HTTP2_PREFACE_BYTES 24u

/* How many bytes at `c` are those that a client of HTTP/2 begins with (RFC 9113 section 3.4); 0:
 * what stands there is something else. */
size_t http2_preface(struct cursor c);

/* True if these bytes are the preface of HTTP/2, or whole frames of it none of which belongs to a
 * request or response, or both. */
bool http2_is_control(struct cursor c);

enum { HTTP2_DATA = 0, HTTP2_HEADERS = 1 };
struct http2_frame {
    uint32_t stream;
    uint8_t type;
    bool control; /* no part of a request or response */
};

/* Read the frame at `c` and go to the next, or to the end.  False: none there that is understood,
 * as in the middle of one. */
bool http2_read(struct cursor *c, struct http2_frame *out);

/* Read the size line of a chunk (RFC 9112 section 7.1) at `c`; the last one with the
 * trailer behind it.  *bytes_out: what it takes with the data that follows, which may not be there.
 */
enum http_status decode_http_chunk(struct cursor c, bool *last_out, uint32_t *bytes_out);
#endif
