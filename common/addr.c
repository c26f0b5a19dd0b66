/* Addresses as values: zero-padded, so that equality is memcmp and a struct can be a key.
 * Runs in: any.  Input trust: none needed, every function is total. */
#include "common/addr.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct addr addr_from_bytes(const uint8_t *bytes, size_t len) {
    struct addr a = {{0}, 0};
    if (len != 4 && len != 16) return a;
    memcpy(a.b, bytes, len);
    a.len = (uint8_t)len;
    return a;
}

struct addr addr_from_sockaddr(const struct sockaddr *sa) {
    if (sa && sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        return addr_from_bytes((const uint8_t *)&in.sin_addr, 4);
    }
    if (sa && sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        return addr_from_bytes(in6.sin6_addr.s6_addr, 16);
    }
    return (struct addr){.len = 0};
}

unsigned addr_count_bits(const struct addr *mask) {
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof mask->b; i++) bits += (unsigned)__builtin_popcount(mask->b[i]);
    return bits;
}

bool addr_is_link_local(const struct addr *a) {
    return a->len == 16 && a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

bool addr_in_prefix(const struct addr *a, const struct addr *net, unsigned prefix_len) {
    if (a->len == 0 || a->len != net->len || prefix_len > a->len * 8u) return false;
    unsigned whole = prefix_len / 8, rest = prefix_len % 8;
    if (memcmp(a->b, net->b, whole) != 0) return false;
    if (rest == 0) return true;
    uint8_t mask = (uint8_t)(0xff << (8 - rest));
    return ((a->b[whole] ^ net->b[whole]) & mask) == 0;
}

bool addr_parse(const char *text, struct addr *out) {
    uint8_t b[16];
    if (inet_pton(AF_INET, text, b) == 1) {
        *out = addr_from_bytes(b, 4);
        return true;
    }
    if (inet_pton(AF_INET6, text, b) == 1) {
        *out = addr_from_bytes(b, 16);
        return true;
    }
    return false;
}

const char *addr_format(const struct addr *a, char out[ADDR_TEXT_BYTES]) {
    int family = a->len == 4 ? AF_INET : AF_INET6;
    if ((a->len != 4 && a->len != 16) || !inet_ntop(family, a->b, out, ADDR_TEXT_BYTES)) {
        out[0] = '-';
        out[1] = 0;
    }
    return out;
}

const char *addr_format_endpoint(const struct addr *a, unsigned port,
                                 char out[ENDPOINT_TEXT_BYTES]) {
    char text[ADDR_TEXT_BYTES];
    addr_format(a, text);
    if (port == 0)
        snprintf(out, ENDPOINT_TEXT_BYTES, "%s", text);
    else if (a->len == 16)
        snprintf(out, ENDPOINT_TEXT_BYTES, "[%s]:%u", text, port & 0xffffu);
    else
        snprintf(out, ENDPOINT_TEXT_BYTES, "%s:%u", text, port & 0xffffu);
    return out;
}

bool addr_is_loopback(const struct addr *a) {
    static const uint8_t one[16] = {[15] = 1};
    if (a->len == 4) return a->b[0] == 127;
    return a->len == 16 && memcmp(a->b, one, 16) == 0;
}

bool addr_is_private(const struct addr *a) {
    const uint8_t *b = a->b;
    if (a->len == 4)
        return b[0] == 10 || b[0] == 127 || (b[0] == 172 && (b[1] & 0xf0u) == 16) ||
               (b[0] == 192 && b[1] == 168) || (b[0] == 169 && b[1] == 254);
    if (a->len != 16) return false;
    if ((b[0] & 0xfeu) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0u) == 0x80)) return true;
    for (unsigned i = 0; i < 15; i++)
        if (b[i] != 0) return false;
    return b[15] == 1;
}

bool addr_same_reach(const struct addr *a, const struct addr *b) {
    if (a->len != b->len || a->len == 4) return a->len == b->len;
    return addr_is_private(a) == addr_is_private(b) &&
           addr_is_link_local(a) == addr_is_link_local(b);
}

bool addr_is_multicast(const struct addr *a) {
    static const uint8_t broadcast[4] = {255, 255, 255, 255};
    if (a->len == 4) return (a->b[0] & 0xf0) == 0xe0 || memcmp(a->b, broadcast, 4) == 0;
    return a->len == 16 && a->b[0] == 0xff;
}
