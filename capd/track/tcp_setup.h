#ifndef CAPD_TRACK_TCP_SETUP_H
#define CAPD_TRACK_TCP_SETUP_H
#include "capd/track/state.h"

/* How many connections per second a service is asked for, how many of them come up, and how. */

/* The first SYN of a connection. */
void tcp_setup_asked(struct engine *e, const struct flow *f);

/* The first SYN-ACK; `done`: the client's ACK, or a refusal, either of which ends the matter. */
void tcp_setup_answered(struct engine *e, const struct flow *f, bool done);

/* Was this selected connection's SYN-ACK repeated unasked? */
void tcp_setup_again(const struct engine *e, const struct flow *f, struct incidents *all);

/* Floods. */
void tcp_setup_report(const struct engine *e, struct incidents *all);

/* Refused by somebody beside the capture and the client, though a private address and a public one
 * have a router between them at least: by that, or by a server that is it. */
bool tcp_setup_refused_beside(const struct flow *f);
#endif
