#ifndef CAPD_TRACK_SLOW_CLIENT_H
#define CAPD_TRACK_SLOW_CLIENT_H
#include "capd/track/tcp.h"

/* Waits that are the client's own, kept per service for the clients that do it most.  All times in
 * microseconds.  Nothing is kept for flows without service. */

/* The client sent the first payload of an established connection, before the server said anything,
 * `waited_us` after its handshake. */
void slow_client_spoke_first(struct engine *e, const struct flow *f, uint64_t waited_us);

/* Within TLS's handshake the client goes on, `took_us` after the server's last word. */
void slow_client_went_on(struct engine *e, const struct segment *s, uint64_t took_us);

/* The client asks for something (again): it is busy with this service. */
void slow_client_asked(struct engine *e, const struct flow *f);

/* An answer of the server begins. */
void slow_client_answered(struct engine *e, const struct flow *f);

/* The client acknowledged data that had arrived here `took_us` before, when `bytes` were in flight:
 * with many it may be the path that is slow, by its queue. */
void slow_client_acked(struct engine *e, const struct flow *f, uint32_t bytes, uint64_t took_us);
#endif
