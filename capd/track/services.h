#ifndef CAPD_TRACK_SERVICES_H
#define CAPD_TRACK_SERVICES_H
#include "capd/track/state.h"

/* One entry per TCP server address and port that has selected connections.  Full: of 16 entries,
 * taken in turn, the one with the fewest live connections and packets gives way; a service of the
 * named target never does to another one. */

void services_init(struct services *s);

/* Bind the flow to its service, making one if need be. */
void services_join(struct engine *e, struct flow *f);

/* The flow leaves the table: its facts stay with the service. */
void services_leave(struct engine *e, struct flow *f);

/* Is there one of that address and port? */
bool services_find(const struct engine *e, const struct addr *a, uint16_t port);

/* Service of the flow; NULL if it has none or the entry was given up. */
struct service *services_of(struct engine *e, const struct flow *f);

/* Add a sample for the flow's service. */
void services_sample(struct engine *e, const struct flow *f, enum service_sketch what,
                     uint64_t value_us);
#endif
