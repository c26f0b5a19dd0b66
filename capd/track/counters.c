/* Counters by code, and the bounded list of incidents.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/state.h"

void codes_add(struct codes *c, uint32_t code) {
    for (uint32_t i = 0; i < c->used; i++) {
        if (c->code[i] != code) continue;
        c->count[i]++;
        return;
    }
    if (c->used == LIM_CODES) return;
    c->code[c->used] = code;
    c->count[c->used++] = 1;
}

static bool same_incident(const struct msg_incident *a, const struct msg_incident *b) {
    return a->kind == b->kind && a->port == b->port && a->value == b->value &&
           addr_equal(&a->subject, &b->subject) && addr_equal(&a->peer, &b->peer);
}

/* The same thing again is counted in the row there is.  Full: the newest kinds are only counted. */
void incident_add(struct engine *e, const struct msg_incident *row) {
    struct incidents *all = &e->incidents;
    for (uint32_t i = 0; i < all->used; i++) {
        struct msg_incident *r = &all->row[i];
        if (!same_incident(r, row)) continue;
        r->count += row->count;
        r->last_us = row->last_us;
        r->tries += row->tries;
        if (row->span_us > r->span_us) r->span_us = row->span_us;
        r->on_target |= row->on_target;
        return;
    }
    all->seen++;
    if (all->used < LIM_INCIDENTS)
        all->row[all->used++] = *row;
    else
        e->total.rows_dropped++;
}

void incident_withdraw(struct engine *e, const struct msg_incident *row) {
    struct incidents *all = &e->incidents;
    for (uint32_t i = 0; i < all->used; i++) {
        struct msg_incident *r = &all->row[i];
        if (!same_incident(r, row)) continue;
        if (--r->count > 0) return;
        memmove(r, r + 1, (all->used - i - 1) * sizeof *r); /* oldest first stays true */
        all->used--;
        all->seen--;
        return;
    }
}
