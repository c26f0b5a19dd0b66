#ifndef COMMON_ADDR_H
#define COMMON_ADDR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sockaddr;

/* One IPv4 or IPv6 address.  len is 0 (none), 4 or 16; unused bytes are zero, so that
 * addresses may be compared and hashed as whole structs. */
struct addr {
    uint8_t b[16];
    uint8_t len;
};

#define ADDR_TEXT_BYTES 46 /* INET6_ADDRSTRLEN */

/* Make an address from 4 or 16 bytes in network order. */
struct addr addr_from_bytes(const uint8_t *bytes, size_t len);

/* The address in a socket address; len 0 if it is neither AF_INET nor AF_INET6, or NULL. */
struct addr addr_from_sockaddr(const struct sockaddr *sa);

/* Bits set: the prefix length, if `mask` is a netmask. */
unsigned addr_count_bits(const struct addr *mask);

/* fe80::/10: every interface makes itself one, it tells nothing about where that leads. */
bool addr_is_link_local(const struct addr *a);

/* Inline, and of a size known here: several for every packet. */
static inline bool addr_equal(const struct addr *a, const struct addr *b) {
    return a->len == b->len && memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* True if `a` lies in `net`/`prefix_len` (0..32 or 0..128, same family). */
bool addr_in_prefix(const struct addr *a, const struct addr *net, unsigned prefix_len);

/* Parse text of an address without port, zone or brackets.  False: not an address. */
bool addr_parse(const char *text, struct addr *out);

/* Write the text form (RFC 5952 for IPv6), or "-" for none; returns `out`. */
const char *addr_format(const struct addr *a, char out[ADDR_TEXT_BYTES]);

/* "192.0.2.1:443", "[2001:db8::1]:443", or the address alone when port is 0. */
#define ENDPOINT_TEXT_BYTES (ADDR_TEXT_BYTES + 8)
const char *addr_format_endpoint(const struct addr *a, unsigned port,
                                 char out[ENDPOINT_TEXT_BYTES]);

bool addr_is_loopback(const struct addr *a);  /* 127/8, ::1 */
bool addr_is_multicast(const struct addr *a); /* 224/4, ff00::/8, and 255.255.255.255 */
/* For use inside of networks or hosts only: RFC 1918, 4193, 3927, 4291, and loopback. */
bool addr_is_private(const struct addr *a);
/* Of one family and reach.  A host has addresses of several, and which one it sends from follows
 * from where to (RFC 6724). */
bool addr_same_reach(const struct addr *a, const struct addr *b);
#endif
