#ifndef CAPD_TRACK_CONTROL_H
#define CAPD_TRACK_CONTROL_H
#include "capd/track/state.h"

/* Protocols without flows.  Each returns whether the packet is selected. */
bool icmp_packet(struct engine *e, const struct packet *k);
/* A UDP flow whose first datagrams were refused goes on, `answered` or only sent to: was the
 * program just not there yet?  If so, what was noted of the refusal is marked as `worked`. */
void icmp_flow_goes_on(struct engine *e, struct flow *f, bool answered);
bool arp_packet(struct engine *e, const struct packet *k);
#endif
