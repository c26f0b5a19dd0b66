/* Chunked bodies (RFC 9112 section 7.1): only where a chunk ends is read, never what is in it.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/http.h"

/* The value of a hexadecimal digit; 16: it is none. */
static uint32_t digit_of(uint8_t b) {
    if (b >= '0' && b <= '9') return b - (uint32_t)'0';
    b |= 0x20;
    return b >= 'a' && b <= 'f' ? b - (uint32_t)'a' + 10 : 16;
}

/* Take a line; what is left of `line_out` is without its CR LF.  False: its end is not there. */
static bool line_take(struct cursor *c, struct cursor *line_out) {
    size_t left = cursor_left(c);
    const uint8_t *lf = left > 0 ? memchr(c->p, '\n', left) : NULL;
    if (lf == NULL) return false;
    *line_out = cursor_sub(c, (size_t)(lf - c->p));
    (void)cursor_skip(c, 1);
    if (cursor_left(line_out) > 0 && line_out->end[-1] == '\r') line_out->end--;
    return true;
}

/* The size, before blanks or an extension. */
static bool size_read(struct cursor line, uint32_t *size_out) {
    const uint8_t *start = line.p;
    for (*size_out = 0; cursor_left(&line) > 0 && digit_of(*line.p) < 16; line.p++) {
        if (*size_out >> 26 != 0) return false; /* with all that is added it stays within an int */
        *size_out = *size_out << 4 | digit_of(*line.p);
    }
    if (line.p == start) return false;
    return cursor_left(&line) == 0 || memchr("; \t", *line.p, 3) != NULL;
}

enum http_status decode_http_chunk(struct cursor c, bool *last_out, uint32_t *bytes_out) {
    struct cursor whole = c, line;
    uint32_t size;
    bool hex = cursor_left(&c) > 0 && digit_of(*c.p) < 16;
    enum http_status more = cursor_left(&c) < HTTP_MAX_LINE ? HTTP_NEED_MORE : HTTP_NOT_HTTP;
    if (!hex) return HTTP_NOT_HTTP;
    if (!line_take(&c, &line)) return more;
    if (!size_read(line, &size)) return HTTP_NOT_HTTP;
    *last_out = size == 0;
    *bytes_out = (uint32_t)(c.p - whole.p) + size + 2; /* and the CR LF behind it */
    if (size > 0) return HTTP_OK;
    for (unsigned i = 0; i <= HTTP_MAX_HEADERS; i++) { /* fields of the trailer */
        if (!line_take(&c, &line)) return HTTP_NEED_MORE;
        *bytes_out = (uint32_t)(c.p - whole.p);
        if (cursor_left(&line) == 0) return HTTP_OK;
    }
    return HTTP_NOT_HTTP;
}
