/* Turns.  What is asked is worked out in the one thread of the program, and to judge a capture
 * takes a while.  As long as a round of the loop has time left, requests are begun as they come;
 * then they wait, and the callers take turns, one request each, whoever has how many of them.
 * Between turns everything else goes on.
 * Runs in: mcpd. Input trust: none. */
#include "common/clock.h"
#include "mcpd/transport/http_private.h"

#define ROUND_MS 10u /* of one round, for what is asked */

static struct http_exchange *next_waiting(const struct http *h) {
    struct http_exchange *found = NULL; /* of turns alike, the last that came: an older one of the
                                           same caller has an earlier turn */
    for (struct http_exchange *x = h->exchanges; x; x = x->next)
        if (x->turn && (!found || x->turn < found->turn)) found = x;
    return found;
}

static void give_turns(void *ctx) {
    struct http *h = ctx;
    struct http_exchange *x;
    h->turn_timer = 0;
    h->round_ms = clock_mono_ms();
    while ((x = next_waiting(h))) {
        if (clock_mono_ms() - h->round_ms >= ROUND_MS) {
            h->turn_timer = loop_timer_once(h->o.loop, 0, give_turns, h);
            return;
        }
        h->turn = x->turn;
        x->turn = 0;
        exchange_begin(x);
    }
}

void turns_take(struct http_exchange *x) {
    struct http *h = x->h;
    uint64_t last = h->turn;
    if (!next_waiting(h) && clock_mono_ms() - h->round_ms < ROUND_MS) {
        exchange_begin(x);
        return;
    }
    for (const struct http_exchange *k = h->exchanges; k; k = k->next)
        if (k->turn > last && caller_same(&k->caller, &x->caller)) last = k->turn;
    if (!h->turn_timer) h->turn_timer = loop_timer_once(h->o.loop, 0, give_turns, h);
    if (h->turn_timer)
        x->turn = last + 1;
    else
        exchange_begin(x); /* no memory for a timer */
}
