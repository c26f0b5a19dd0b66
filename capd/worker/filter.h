#ifndef CAPD_WORKER_FILTER_H
#define CAPD_WORKER_FILTER_H
#include "common/schema.h"

#define FILTER_NARROW_BYTES 5120u /* 128 addresses, the ports, and what is always let through */
#define FILTER_SHOWN_BYTES  (FILTER_NARROW_BYTES + LIM_FILTER + 16u)
#define FILTER_TEXT_BYTES   (2u * FILTER_SHOWN_BYTES + 1100u) /* untagged, tagged, exclusions */

/* SYN, FIN and RST.  `tcp[]` does not reach into IPv6, hence the flag test by hand. */
#define FILTER_ENDS "tcp[tcpflags]&(tcp-syn|tcp-fin|tcp-rst)!=0 or (ip6[6]=6 and ip6[53]&7!=0)"
/* Fragments after the first; of IPv6 all. */
#define FILTER_FRAGMENTS "ip[6:2]&0x1fff!=0 or ip6 proto 44"

struct filter_text {
    char shown[FILTER_SHOWN_BYTES]; /* what the caller is told: without tags and exclusions */
    char kernel[FILTER_TEXT_BYTES]; /* what is compiled; empty: everything */
};

/* Write the pcap-filter expression of a capture: the caller's text and the mode's, generous (the
 * engine selects), or `narrow` in the mode's place (NULL: not narrowed).  `vlan`: the link type can
 * carry 802.1Q tags (Ethernet), so traffic behind one tag is let through too.  False: it does not
 * fit. */
bool filter_build(const struct msg_start *start, const char *narrow, bool vlan,
                  struct filter_text *out);
#endif
