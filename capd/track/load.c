/* How busy the link is, by whole seconds and direction, over every frame that passes: also those
 * that have nothing to do with the target.  What counts is a rate that is held: the slowest of
 * LOAD_SECONDS seconds in a row.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/link.h"
#include "capd/track/strain.h"

/* One whole second is over. */
static void close_second(struct load *l) {
    uint64_t at = l->second % LOAD_SECONDS;
    for (unsigned d = 0; d < 2; d++) {
        l->past[at][d] = l->bytes[d];
        if (l->bytes[d] > l->peak[d]) l->peak[d] = l->bytes[d];
        uint64_t least = UINT64_MAX;
        for (unsigned n = 0; n < LOAD_SECONDS; n++)
            if (l->past[n][d] < least) least = l->past[n][d];
        if (least > l->held[d]) {
            l->held[d] = least;
            l->held_at_us[d] = (l->second + 1) * 1000000;
        }
        l->bytes[d] = 0;
    }
}

void load_frame(struct engine *e, const struct packet *k) {
    struct load *l = &e->load;
    uint64_t second = e->now_us / 1000000;
    if (second != l->second) {
        close_second(l);
        if (second != l->second + 1) memset(l->past, 0, sizeof l->past);
        l->second = second;
    }
    bool ours = k->has_mac && mac_equal(k->src_mac, e->o.own_mac);
    l->bytes[ours] += k->wire_bytes;
}
