#ifndef CAPD_TRACK_CONTROL_H
#define CAPD_TRACK_CONTROL_H
#include "capd/track/state.h"

/* Protocols without flows.  Each returns whether the packet is selected. */
bool icmp_packet(struct engine *e, const struct packet *k);
bool arp_packet(struct engine *e, const struct packet *k);

/* Report every address that stayed without answer; called before the incidents are read. */
void arp_report(struct engine *e);
#endif
