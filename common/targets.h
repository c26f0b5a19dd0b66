#ifndef COMMON_TARGETS_H
#define COMMON_TARGETS_H
/* Lists of a request as text for a line of the log. */
#include "common/schema.h"

/* "192.0.2.1 2001:db8::/32": a host without its length; what has no room is counted at the end
 * ("and 3 more, all: fnv1a64=0123456789abcdef", of the whole text as it would be with room for it).
 * `cap` is at least 64.  Return `out`. */
const char *targets_addresses(const struct msg_prefix *prefix, uint32_t n, char *out, size_t cap);
const char *targets_ports(const uint64_t *port, uint32_t n, char *out, size_t cap);
#endif
