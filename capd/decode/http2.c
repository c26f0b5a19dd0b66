/* HTTP/2 in clear (RFC 9113): only which frames a segment holds is read, never what is in them.  An
 * end that says nothing of its own still acknowledges settings, answers pings and opens windows.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/http.h"

#define FRAMES 32u /* in one segment; more are taken for something else */

/* RFC 9113 section 6: a frame of this type and length is neither a message nor a part of one. */
static bool is_control(uint8_t type, uint32_t len) {
    switch (type) {
    case 2: return len == 5;     /* PRIORITY */
    case 3:                      /* RST_STREAM */
    case 8: return len == 4;     /* WINDOW_UPDATE */
    case 4: return len % 6 == 0; /* SETTINGS */
    case 6: return len == 8;     /* PING */
    case 7: return len >= 8;     /* GOAWAY */
    default: return false;
    }
}

size_t http2_preface(struct cursor c) {
    static const char preface[HTTP2_PREFACE_BYTES + 1] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    cursor_limit(&c, HTTP2_PREFACE_BYTES);
    size_t n = cursor_left(&c);
    return n > 0 && memcmp(c.p, preface, n) == 0 ? n : 0;
}

/* RFC 9113 section 6.1, 6.2: padding, priority, ends of the stream and of the head. */
static bool is_message(uint8_t type, uint8_t flags, uint32_t stream) {
    uint8_t known = type == HTTP2_HEADERS ? 0x2d : 0x09;
    return type <= HTTP2_HEADERS && (flags & ~known) == 0 && stream > 0 && stream >> 31 == 0;
}

bool http2_read(struct cursor *c, struct http2_frame *out) {
    struct cursor at = *c;
    uint32_t len;
    uint8_t flags;
    size_t preface = http2_preface(at);
    if (preface == HTTP2_PREFACE_BYTES) (void)cursor_skip(&at, preface);
    if (!cursor_be24(&at, &len) || !cursor_u8(&at, &out->type) || !cursor_u8(&at, &flags) ||
        !cursor_be32(&at, &out->stream))
        return false;
    out->control = is_control(out->type, len);
    if (!out->control && !is_message(out->type, flags, out->stream)) return false;
    (void)cursor_skip(&at, len < cursor_left(&at) ? len : cursor_left(&at));
    *c = at;
    return true;
}

bool http2_is_control(struct cursor c) {
    size_t preface = http2_preface(c);
    if (preface == HTTP2_PREFACE_BYTES) (void)cursor_skip(&c, preface);
    if (cursor_left(&c) == 0) return preface > 0;
    for (unsigned n = 0; n < FRAMES && cursor_left(&c) > 0; n++) {
        uint32_t len, stream;
        uint8_t type, flags;
        if (!cursor_be24(&c, &len) || !cursor_u8(&c, &type) || !cursor_u8(&c, &flags) ||
            !cursor_be32(&c, &stream) || !is_control(type, len) || !cursor_skip(&c, len))
            return false;
    }
    return cursor_left(&c) == 0;
}
