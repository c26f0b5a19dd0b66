#ifndef CAPD_TRACK_DHCP_TRACK_H
#define CAPD_TRACK_DHCP_TRACK_H
#include "capd/track/state.h"

/* A datagram of ports 67, 68, 546 or 547.  Nothing of it is kept but who asked, who answered, and
 * what kind of message it was. */
void dhcp_packet(struct engine *e, const struct packet *k);

/* Join what is wrong now with each client to `all`; the same again at the next snapshot. */
void dhcp_report(const struct engine *e, struct incidents *all);
#endif
