#ifndef MCPD_CAPTURE_INTERFACES_H
#define MCPD_CAPTURE_INTERFACES_H
#include "common/schema.h"

/* The machine's interfaces as capd listed them, kept beyond the reply, and the choice among them
 * (contract section 3, "Interface choice"). */
struct interfaces {
    struct msg_interface row[LIM_INTERFACES];
    struct msg_if_address address[LIM_IF_ADDRESSES];
    struct msg_route gateway[LIM_ROUTES];
    uint32_t rows, addresses, gateways;
    uint32_t rows_all, addresses_all; /* what there is; more than the above: the list is cut */
};

struct interface_choice {
    char name[LIM_IFNAME + 1]; /* "" if there is none */
    char why[160];
};

/* In the order of interest: default routes, then those that are up and have an address, then
 * devices, then the rest; each by name. */
void interfaces_copy(struct interfaces *out, const struct msg_interfaces_reply *reply);

/* NULL: no such interface. */
const struct msg_interface *interfaces_find(const struct interfaces *i, const char *name);

/* True if `a` is one of this host's own addresses. */
bool interfaces_is_local(const struct interfaces *i, const struct addr *a);

/* The interface that has the source address `source`; where the list was cut, `name` may be one
 * that it does not show ("": unknown). */
bool interfaces_choose_by_source(const struct interfaces *i, const struct addr *source,
                                 const char *name, struct interface_choice *out);

/* For a target on this host: the loopback device. */
bool interfaces_choose_loopback(const struct interfaces *i, const char *why,
                                struct interface_choice *out);

/* By the prefixes of the interfaces' addresses: a neighbour is reached directly. */
bool interfaces_choose_by_prefix(const struct interfaces *i, const struct addr *target,
                                 struct interface_choice *out);

/* The default route's, IPv4 before IPv6; else the busiest that is up and no loopback; else
 * loopback.  False: nothing may be captured on. */
bool interfaces_choose_default(const struct interfaces *i, struct interface_choice *out);

/* The one asked for; one that is not in a list that was cut is left to capd to judge.  False:
 * `fail` names "interface" and those that may be captured on. */
bool interfaces_choose_named(const struct interfaces *i, const char *name,
                             struct interface_choice *out, struct fail *fail);
#endif
