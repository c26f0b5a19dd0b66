/* Watches: a small array that is walked by index, since callbacks change it.
 * Runs in: mcpd.  Input trust: none. */
#include "mcpd/capture/watches.h"
#include <stdlib.h>
#include <string.h>

struct watch {
    uint64_t id; /* 0: free */
    struct capture *capture;
    capture_watch_fn *fn;
    void *ctx;
};

uint64_t watches_add(struct watches *w, struct capture *c, capture_watch_fn *fn, void *ctx) {
    size_t i = 0;
    while (i < w->room && w->at[i].id) i++;
    if (i == w->room) {
        size_t room = w->room ? w->room * 2 : 8;
        struct watch *more = realloc(w->at, room * sizeof *more);
        if (!more) return 0;
        memset(more + w->room, 0, (room - w->room) * sizeof *more);
        w->at = more;
        w->room = room;
    }
    w->at[i] = (struct watch){++w->last_id, c, fn, ctx};
    return w->last_id;
}

void watches_remove(struct watches *w, uint64_t id) {
    for (size_t i = 0; i < w->room && id; i++)
        if (w->at[i].id == id) w->at[i].id = 0;
}

void watches_tell(struct watches *w, struct capture *c, enum capture_event event) {
    uint64_t newest = w->last_id;
    for (size_t i = 0; i < w->room; i++) {
        struct watch one = w->at[i]; /* a copy: the array may move under the callback */
        if (!one.id || one.id > newest || (one.capture && one.capture != c)) continue;
        if (event == CAPTURE_ENDED && one.capture) w->at[i].id = 0;
        one.fn(one.ctx, c, event);
    }
}

void watches_clear(struct watches *w) {
    free(w->at);
    *w = (struct watches){.at = NULL};
}
