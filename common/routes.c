/* The kernel's tables of routes as text: what a default route is, and where it leads.
 * Runs in: any.  Input trust: none (kernel). */
#include "common/routes.h"
#include <stdio.h>

#define ROUTE_UP      0x1u
#define ROUTE_GATEWAY 0x2u

/* Addresses are host-order hex of the network-order word. */
bool routes_parse_v4(const char *line, struct default_route *out) {
    unsigned long destination, mask;
    unsigned flags;
    uint32_t gateway;
    *out = (struct default_route){.v6 = false};
    if (sscanf(line, "%15s %lx %x %x %*s %*s %*s %lx", out->interface, &destination, &gateway,
               &flags, &mask) != 5 ||
        destination != 0 || mask != 0 || !(flags & ROUTE_UP))
        return false;
    if (flags & ROUTE_GATEWAY) out->gateway = addr_from_bytes((const uint8_t *)&gateway, 4);
    return true;
}

/* A metric of all ones marks the unreachable default. */
bool routes_parse_v6(const char *line, struct default_route *out) {
    char to[33], via[33];
    unsigned prefix, flags, metric, byte;
    uint8_t gateway[16];
    *out = (struct default_route){.v6 = true};
    if (sscanf(line, "%32s %x %*s %*s %32s %x %*s %*s %x %15s", to, &prefix, via, &metric, &flags,
               out->interface) != 6 ||
        prefix != 0 || !(flags & ROUTE_UP) || metric == UINT32_MAX)
        return false;
    for (size_t i = 0; i < 16; i++)
        gateway[i] = sscanf(via + 2 * i, "%2x", &byte) == 1 ? (uint8_t)byte : 0;
    if (flags & ROUTE_GATEWAY) out->gateway = addr_from_bytes(gateway, 16);
    return true;
}
