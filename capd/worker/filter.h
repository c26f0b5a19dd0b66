#ifndef CAPD_WORKER_FILTER_H
#define CAPD_WORKER_FILTER_H
#include "common/schema.h"

#define FILTER_TEXT_BYTES 8192u /* caller's text twice, the mode's text twice, exclusions */

/* Write the pcap-filter expression of a capture into `out`: generous, the engine selects.  Empty:
 * everything.  `vlan`: the link type can carry 802.1Q tags (Ethernet), so traffic behind one tag is
 * let through too.  False: it does not fit (cannot happen within the schema's bounds). */
bool filter_build(const struct msg_start *start, bool vlan, char out[FILTER_TEXT_BYTES]);
#endif
