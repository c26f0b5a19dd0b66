#ifndef CAPD_TRACK_CONTROL_H
#define CAPD_TRACK_CONTROL_H
#include "capd/track/state.h"

/* Protocols without flows.  Each returns whether the packet is selected. */
bool icmp_packet(struct engine *e, const struct packet *k);
/* An end of a UDP flow that had refused its first datagrams answers after all: it was not yet there.
 * What was noted of that is marked as `worked`. */
void icmp_flow_works(struct engine *e, struct flow *f);
bool arp_packet(struct engine *e, const struct packet *k);

/* Report every address that stayed without answer; called before the incidents are read. */
void arp_report(struct engine *e);
#endif
