/* libFuzzer: one message of neighbour discovery: type, second word, body. */
#include "capd/decode/nd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct nd_message m;
    if (size < 5 || size > 20000) return 0;
    uint8_t type = data[0];
    uint32_t word =
        (uint32_t)data[1] << 24 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 8 | data[4];
    enum nd_status s = decode_nd(type, word, cursor_make(data + 5, size - 5), &m);
    if (s > ND_MALFORMED || m.prefixes > ND_MAX_PREFIXES || m.prefixes > m.prefixes_seen)
        __builtin_trap();
    for (unsigned i = 0; i < m.prefixes; i++)
        if (m.prefix[i].prefix_len > 128 || m.prefix[i].prefix.len != 16) __builtin_trap();
    if (s == ND_NOT_ND && (type >= ND_ROUTER_SOLICIT && type <= ND_REDIRECT)) __builtin_trap();
    if (s == ND_OK && type >= ND_NEIGHBOUR_ASKED && m.target.len != 16) __builtin_trap();
    return 0;
}
