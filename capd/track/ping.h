#ifndef CAPD_TRACK_PING_H
#define CAPD_TRACK_PING_H
#include "capd/track/state.h"

/* Echo requests paired with their replies, by the two hosts, the identifier and the number (RFC
 * 792, RFC 4443 section 4).  Full: the pair of hosts that was silent longest gives way, which
 * counts as lost when a finding may have been lost with it. */

void pings_init(struct pings *all);

/* A selected ICMP packet: an echo request or reply is counted, and one
 * that was too big for a router is no longer waited for. */
void ping_packet(struct engine *e, const struct packet *k);

/* Was one sent from the one to the other? */
bool ping_is_known(const struct engine *e, const struct addr *asker, const struct addr *asked);

/* Join one row per pair of hosts that lost any to `all`: tries is how many could be judged, count
 * how many of these stayed without reply, span_us the mean round trip, value the longest.  Of ten
 * hosts and more that never answered one asker only the first has a row; requests: how many. */
void ping_report(const struct engine *e, struct incidents *all);
#endif
