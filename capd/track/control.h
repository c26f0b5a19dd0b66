#ifndef CAPD_TRACK_CONTROL_H
#define CAPD_TRACK_CONTROL_H
#include "capd/track/state.h"

/* Protocols without flows.  Each returns whether the packet is selected. */
bool icmp_packet(struct engine *e, const struct packet *k);
/* A UDP flow whose first datagrams were refused goes on, `answered` or only sent to: was the
 * program just not there yet?  If so, what was noted of the refusal is marked as `worked`. */
void icmp_flow_goes_on(struct engine *e, struct flow *f, bool answered);
bool arp_packet(struct engine *e, const struct packet *k);

#define OUTAGE_US 5000000u /* from then on a silence is told though it is over */
#define SERIES_US 5000000u /* whoever waits asks again every second or so */

/* Once more, now.  tries 0 before: a new series. */
void questions_ask(struct questions *q, uint64_t now_us);
/* Those that should have had their answer by now: all, or all but the last. */
struct questions questions_due(const struct questions *q, uint64_t now_us);

/* Report every address that stayed without answer; called before the incidents are read. */
void arp_report(struct engine *e);
#endif
