#ifndef CAPD_TRACK_PATH_H
#define CAPD_TRACK_PATH_H
#include "capd/track/tcp.h"

/* What routers say about a path: time exceeded (RFC 792, RFC 4443 section 3.3) and packets too big
 * for it (RFC 1191, RFC 8201), and whether the sender heeds the latter. */

/* A selected ICMP error that quotes a packet; `f` is the TCP flow of the quote (NULL: none), `dir`
 * who sent it. */
void path_error(struct engine *e, const struct packet *k, struct flow *f, unsigned dir);

/* A packet with few hops left, which is how a route is traced. */
void path_few_hops(struct engine *e, const struct packet *k);
#define PATH_FEW_HOPS 32u /* traces go no further as a rule; systems start at 64, 128 or 255 */

/* A data segment of a side that was told of a smaller MTU. */
void path_told_segment(struct engine *e, const struct segment *s);

/* A connection between hosts one of which was told already: its system remembers. */
void path_new_flow(struct engine *e, struct flow *f);

/* Join what was found to `all`. */
void path_report(const struct engine *e, struct incidents *all);
#endif
