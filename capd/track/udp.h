#ifndef CAPD_TRACK_UDP_H
#define CAPD_TRACK_UDP_H
#include "capd/track/state.h"

/* Tell the application protocol of a datagram, add its bit to k->layers, run its tracker. */
void udp_packet(struct engine *e, struct packet *k, struct flow *f, unsigned dir);
#endif
