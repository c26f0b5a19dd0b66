/* libFuzzer: the start of a TLS stream, whole and cut at a place that the first byte chooses.  What
 * was seen of it when cut stays so when more is there. */
#include "capd/decode/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tls_message whole, part;
    if (size < 1 || size > 20000) return 0;
    size_t cut = (size - 1) * data[0] / 256;
    data++;
    size--;
    enum tls_status a = decode_tls(cursor_make(data, size), &whole);
    enum tls_status b = decode_tls(cursor_make(data, cut), &part);
    if (b == TLS_NOT_TLS && a != TLS_NOT_TLS) __builtin_trap();
    if (b == TLS_OK && (a != TLS_OK || part.kind != whole.kind)) __builtin_trap();
    if (b == TLS_OK && part.stream_bytes != whole.stream_bytes) __builtin_trap();
    if (a == TLS_OK && whole.stream_bytes == 0) __builtin_trap();
    if (whole.hello.alpn_len > TLS_MAX_ALPN) __builtin_trap();
    if (cut > 0 && tls_can_begin(cursor_make(data, size)) && !tls_can_begin(cursor_make(data, cut)))
        __builtin_trap();
    return 0;
}
