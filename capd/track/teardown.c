/* Connections that a server resets together.  The first of them are known to be such only when a
 * later one shows it: until then they are kept by their place in the flow table.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/teardown.h"
#include "capd/track/services.h"
#include "capd/track/tcp_end.h"

#define MOMENT_US 50000u /* between a reset and the next: a busy host needs some time for each */
#define SWEEP     2u     /* times: who looks for idle ones at times finds them up to so late */

/* What may have left the table meanwhile is no longer there: NULL. */
static struct flow *flow_of(struct engine *e, const struct teardown *t, uint32_t n) {
    struct flow *f = &e->flows.flow[t->flow[n]];
    bool mine = f->service == t->service && f->service_gen == t->gen && tcp_end_by_itself(f);
    return mine && t->last_us - f->end_us <= TEARDOWN_FLOWS * MOMENT_US ? f : NULL;
}

static bool differs(uint64_t less, uint64_t more) {
    return more - less > less / 5;
}

/* Do three of them have silences apart from each other, from one to several times as long? */
static bool are_apart(struct engine *e, const struct teardown *t) {
    uint64_t idle[TEARDOWN_FLOWS], low = UINT64_MAX, high = 0;
    uint32_t n = 0, used = t->flows < TEARDOWN_FLOWS ? t->flows : TEARDOWN_FLOWS;
    for (uint32_t i = 0; i < used; i++) {
        const struct flow *f = flow_of(e, t, i);
        if (!f) continue;
        idle[n] = tcp_end_idle(f);
        if (idle[n] < low) low = idle[n];
        if (idle[n] > high) high = idle[n];
        n++;
    }
    for (uint32_t i = 0; i < n && high >= SWEEP * low; i++)
        if (differs(low, idle[i]) && differs(idle[i], high)) return true;
    return false;
}

void teardown_note(struct engine *e, struct flow *f) {
    struct teardown *t = &e->teardown[f->service % TEARDOWNS];
    if (!services_of(e, f) || !tcp_end_by_itself(f) || tcp_end_idle(f) < TCP_END_IDLE_US) return;
    bool same = t->flows > 0 && t->service == f->service && t->gen == f->service_gen &&
                f->end_us - t->last_us <= MOMENT_US;
    if (!same) *t = (struct teardown){.service = f->service, .gen = f->service_gen};
    t->last_us = f->end_us;
    t->flow[t->flows++ % TEARDOWN_FLOWS] = (uint32_t)(f - e->flows.flow);
    if (t->apart) {
        tcp_end_torn(f);
        return;
    }
    t->apart = are_apart(e, t);
    for (uint32_t i = 0; t->apart && i < t->flows && i < TEARDOWN_FLOWS; i++) {
        struct flow *other = flow_of(e, t, i);
        if (other) tcp_end_torn(other);
    }
}
