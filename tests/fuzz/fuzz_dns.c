/* libFuzzer: one DNS message. */
#include "capd/decode/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct dns_message m;
    if (size > 65535) return 0;
    enum dns_status s = decode_dns(cursor_make(data, size), &m);
    if ((s == DNS_NO_HEADER) != (size < 12)) __builtin_trap();
    if (m.name_len > 253 || m.addresses > DNS_MAX_ADDRESSES || m.rcode > 4095) __builtin_trap();
    if (m.answers_read > m.answers) __builtin_trap(); /* hints: several addresses of one */
    if (!m.has_question && m.name_len != 0) __builtin_trap();
    return 0;
}
