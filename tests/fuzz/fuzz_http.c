/* libFuzzer: the start of an HTTP stream, whole and cut at a place that the first byte chooses.
 * What was not HTTP when cut cannot become it, and what was whole stays as it is.  The same bytes
 * as frames of HTTP/2, and as a command of Redis. */
#include "capd/decode/http.h"
#include "capd/decode/redis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void view_check(struct http_view v, const uint8_t *data, size_t size) {
    if ((v.p == NULL) != (v.len == 0)) __builtin_trap();
    if (v.p != NULL && (v.p < data || v.p + v.len > data + size)) __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct http_message whole, part;
    if (size < 1 || size > 20000) return 0;
    size_t cut = (size - 1) * data[0] / 256;
    data++;
    size--;
    struct cursor all = cursor_make(data, size);
    bool frame_or_preface = size >= 9 || http2_preface(all) > 0;
    if (http2_is_control(all) && !frame_or_preface) __builtin_trap();
    struct http2_frame frame;
    for (size_t left = size; http2_read(&all, &frame); left = cursor_left(&all))
        if (cursor_left(&all) >= left) __builtin_trap();
    enum redis_says says = decode_redis(cursor_make(data, cut));
    if (says != REDIS_UNREADABLE && says != decode_redis(cursor_make(data, size))) __builtin_trap();
    enum http_status a = decode_http(cursor_make(data, size), &whole);
    enum http_status b = decode_http(cursor_make(data, cut), &part);
    if (http_is_interim(cursor_make(data, size)) && !(whole.start_line && whole.status < 200))
        __builtin_trap();
    if (b == HTTP_NOT_HTTP && a != HTTP_NOT_HTTP) __builtin_trap();
    if (b == HTTP_OK && (a != HTTP_OK || part.header_bytes != whole.header_bytes)) __builtin_trap();
    if (b == HTTP_MALFORMED && a != HTTP_MALFORMED) __builtin_trap();
    if (whole.header_bytes > size || (a == HTTP_OK) != (whole.header_bytes > 0)) __builtin_trap();
    view_check(whole.method, data, size);
    view_check(whole.path, data, size);
    view_check(whole.host, data, size);
    return 0;
}
