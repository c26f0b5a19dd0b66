#ifndef MCPD_CAPTURE_WATCHES_H
#define MCPD_CAPTURE_WATCHES_H
#include <stddef.h>
#include <stdint.h>

struct capture;
enum capture_event { CAPTURE_UPDATED, CAPTURE_REFRESHED, CAPTURE_PROBED, CAPTURE_ENDED };
typedef void capture_watch_fn(void *ctx, struct capture *c, enum capture_event event);

/* Who wants to know what happens to which capture.  A zeroed struct has no watches. */
struct watch;
struct watches {
    struct watch *at;
    size_t room;
    uint64_t last_id;
};

/* Returns an id that is never used again, 0 if memory is out.  `c` NULL: all captures, for good. */
uint64_t watches_add(struct watches *w, struct capture *c, capture_watch_fn *fn, void *ctx);
void watches_remove(struct watches *w, uint64_t id); /* unknown ids and 0 are ignored */

/* Call everybody who watches `c`, but those added meanwhile; callbacks may add and remove.  After
 * CAPTURE_ENDED its watches are gone. */
void watches_tell(struct watches *w, struct capture *c, enum capture_event event);

void watches_clear(struct watches *w);
#endif
