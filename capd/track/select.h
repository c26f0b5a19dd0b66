#ifndef CAPD_TRACK_SELECT_H
#define CAPD_TRACK_SELECT_H
#include "capd/track/state.h"

/* What belongs to the target (contract section 3).  In `diagnosis` everything is selected and the
 * target only marks; in the other modes what is selected is what is on target.
 *
 * An address may serve many names (a CDN's does).  So when the target is a name, what a TCP
 * connection itself says of its server (SNI, Host) decides as soon as it can be seen, and the
 * address decides for all that never say it: attempts without answer, other protocols, connections
 * joined in the middle.  Until then the connection waits uncounted (FLOW_WAITS).  It stops waiting
 * when the server speaks, when either side ends it, after SELECT_WAIT_US in a snapshot, and at the
 * end. */

void select_init(struct engine *e);

/* True if the packet belongs to a connection of the tool itself. */
bool select_excluded(const struct engine *e, const struct packet *k);

/* Is the address one of the target's host?  False when the target names no host. */
bool select_address(const struct engine *e, const struct addr *a);

/* A packet of no flow, between two addresses: is it selected? */
bool select_pair(const struct engine *e, const struct addr *a, const struct addr *b);

/* An ARP or ND exchange about `a` and `b`: is it selected?  The target's own, those of the hosts
 * whose connections are judged, and those of the next hops on the way there. */
bool select_neighbours(const struct engine *e, const struct addr *a, const struct addr *b);

/* Is the address one of this host's?  False for a file. */
bool select_local(const struct engine *e, const struct addr *a);

/* Is the address a default gateway of the interface? */
bool select_gateway(const struct engine *e, const struct addr *a);

/* Is it a connection of what was asked about?  False when nothing was named. */
bool select_asked(const struct engine *e, const struct flow *f);

/* Once the kernel filter is narrowed: does it let only SYN, FIN and RST of the flow through? */
bool select_hidden(const struct engine *e, const struct flow *f);

/* Is the service on target, by its address and port? */
bool select_service(const struct engine *e, const struct addr *server, uint16_t port);

/* May what is said about a port be judged at all?  Mode `web` asks for the web and for names. */
bool select_port(const struct engine *e, uint16_t port);

/* A DNS message about this name: on target, and selected? */
bool select_dns_target(const struct engine *e, const uint8_t *name, size_t len);
bool select_dns(const struct engine *e, const uint8_t *name, size_t len);

/* Look again whether the flow is selected and on target.  On selection its counts move from the
 * other traffic to the selected. */
void select_flow(struct engine *e, struct flow *f);

/* The flow said its server's name: is it the target's?  The first of several names that is decides.
 */
void select_named(struct engine *e, struct flow *f, bool target);

/* The flow will not say a name: its address decides. */
void select_settle(struct engine *e, struct flow *f);

/* Before a packet is counted: is it one after which the flow's name is not waited for? */
void select_packet(struct engine *e, struct flow *f, const struct packet *k, unsigned dir);

/* Settle what has waited for at least `age_us`. */
void select_settle_all(struct engine *e, uint64_t age_us);
#define SELECT_WAIT_US 1000000u /* a client speaks right after the handshake; a SYN is repeated */

/* Look again at every flow: the target has new addresses. */
void select_again(struct engine *e);
#endif
