#ifndef CAPD_TRACK_SERVICES_H
#define CAPD_TRACK_SERVICES_H
#include "capd/track/state.h"

/* One entry per TCP server address and port that has selected connections.  Full: of 16 entries,
 * taken in turn, the least useful gives way: a healthy one with few connections and packets, or,
 * where faulty ones are more than half, the one of them that was tried least.  One with connections
 * that work, or of the named target, never does to one of which nothing is known. */

void services_init(struct services *s);

/* Bind the flow to its service, making one if need be. */
void services_join(struct engine *e, struct flow *f);

/* A connection of the service came up. */
void services_note_open(struct engine *e, const struct flow *f);

/* A handshake was measured; by_client: most of it was the way to the client and back. */
void services_note_handshake(struct engine *e, const struct flow *f, bool by_client);

/* A SYN was sent again. */
void services_note_repeat(struct engine *e, const struct flow *f);

/* One of its connections is in trouble; retransmissions weigh one each. */
#define SERVICE_TROUBLED 5u /* findings.md, tcp_retransmissions: never by fewer */
void services_note_trouble(struct engine *e, const struct flow *f, uint32_t weight);

/* The flow leaves the table: its facts stay with the service. */
void services_leave(struct engine *e, struct flow *f);

/* Is there one of that address and port? */
bool services_find(const struct engine *e, const struct addr *a, uint16_t port);

/* Service of the flow; NULL if it has none or the entry was given up. */
struct service *services_of(struct engine *e, const struct flow *f);

/* Did its clients or its connections, of which `x` has the sums, meet something that a finding may
 * be about? */
bool services_in_trouble(const struct service *v, const struct service_facts *x);

/* Add a sample for the flow's service. */
void services_sample(struct engine *e, const struct flow *f, enum service_sketch what,
                     uint64_t value_us);
#endif
