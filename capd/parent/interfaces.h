#ifndef CAPD_PARENT_INTERFACES_H
#define CAPD_PARENT_INTERFACES_H
#include "common/schema.h"

/* The machine's interfaces, their addresses and default routes, as they were when read. */
struct interfaces {
    struct msg_interface interface[LIM_INTERFACES];
    struct msg_if_address address[LIM_IF_ADDRESSES];
    struct msg_route gateway[LIM_ROUTES];
    uint32_t interfaces, addresses, gateways;
    uint64_t interfaces_all, addresses_all; /* what there is, listed or not */
    uint64_t fresh_until_ms;                /* until then nobody shall read them again */
};

/* Read them; `allowed` stays false.  0 or -errno.  What does not fit is left out, the least telling
 * first; the interface `wanted` ("": none), if there is one of that name, and those of the default
 * routes are always there.  They are fresh for 20 times as long as reading took, a second at most:
 * reading is a small part of what capd does, however often it is asked for. */
int interfaces_read(struct interfaces *out, const char *wanted);

/* NULL: no interface of that name. */
struct msg_interface *interfaces_find(struct interfaces *all, const char *name);
#endif
