#ifndef COMMON_ROUTES_H
#define COMMON_ROUTES_H
#include "common/addr.h"
#include "common/limits.h"

/* A default route that is up. */
struct default_route {
    char interface[LIM_IFNAME + 1];
    bool v6;
    struct addr gateway; /* len 0: the destination is on the link */
};

/* One line of /proc/net/route, one of /proc/net/ipv6_route.  False: no default route. */
bool routes_parse_v4(const char *line, struct default_route *out);
bool routes_parse_v6(const char *line, struct default_route *out);
#endif
