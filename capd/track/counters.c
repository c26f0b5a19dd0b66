/* Counters by code, and the bounded list of incidents.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/link.h"

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

#define KEPT_PER_KIND (LIM_INCIDENTS / 2u / INCIDENT_COUNT)

static bool same_incident(const struct msg_incident *a, const struct msg_incident *b) {
    return a->kind == b->kind && a->port == b->port && a->value == b->value &&
           a->ip_proto == b->ip_proto && a->toward_client == b->toward_client &&
           a->worked == b->worked && a->unseen == b->unseen &&
           addr_equal(&a->subject, &b->subject) && addr_equal(&a->peer, &b->peer) &&
           mac_equal(a->mac, b->mac) && mac_equal(a->other_mac, b->other_mac);
}

/* A flood of one kind, as a scan makes, must not hide the others. */
static bool has_room(const struct incidents *all, uint64_t kind) {
    uint32_t of[INCIDENT_COUNT] = {0}, kept = 0;
    for (uint32_t i = 0; i < all->used; i++) of[all->row[i].kind]++;
    for (uint32_t k = 0; k < INCIDENT_COUNT; k++)
        if (k != kind && of[k] < KEPT_PER_KIND) kept += KEPT_PER_KIND - of[k];
    return all->used + kept < LIM_INCIDENTS;
}

/* What others met gives way to what the target does: the latest of the kind.  False: all are the
 * target's. */
static bool make_room(struct incidents *all, uint64_t kind) {
    for (uint32_t i = all->used; i > 0; i--) {
        struct msg_incident *r = &all->row[i - 1];
        if (r->kind != kind || r->on_target) continue;
        memmove(r, r + 1, (all->used - i) * sizeof *r);
        all->used--;
        return true;
    }
    return false;
}

/* Nobody has answered between two rows of it either, see incident_ends(). */
static bool is_silence(uint64_t kind) {
    return kind == INCIDENT_ARP_UNANSWERED || kind == INCIDENT_ND_UNANSWERED;
}

static bool is_of(const struct msg_incident *r, uint64_t kind, const struct addr *a) {
    return r->kind == kind && addr_equal(&r->subject, a) && !r->worked;
}

bool incident_goes_on(const struct engine *e, enum incident_kind kind, const struct addr *subject) {
    for (uint32_t i = 0; i < e->incidents.used; i++)
        if (is_of(&e->incidents.row[i], kind, subject)) return true;
    return false;
}

void incident_ends(struct engine *e, enum incident_kind kind, const struct addr *subject) {
    for (uint32_t i = 0; i < e->incidents.used; i++)
        if (is_of(&e->incidents.row[i], kind, subject)) e->incidents.row[i].worked = true;
}

void incidents_join(struct incidents *all, const struct msg_incident *row) {
    for (uint32_t i = 0; i < all->used; i++) {
        struct msg_incident *r = &all->row[i];
        if (!same_incident(r, row)) continue;
        r->count += row->count;
        r->tries += row->tries;
        if (row->first_us < r->first_us) r->first_us = row->first_us;
        if (row->last_us > r->last_us) r->last_us = row->last_us;
        if (row->span_us > r->span_us) r->span_us = row->span_us;
        if (is_silence(row->kind) && !row->worked) r->span_us = r->last_us - r->first_us;
        r->on_target |= row->on_target;
        r->offers += row->offers;
        r->requests += row->requests;
        if (row->rate > r->rate) {
            r->rate = row->rate;
            r->share_percent = row->share_percent;
        }
        return;
    }
    all->seen++;
    if (!has_room(all, row->kind) && !(row->on_target && make_room(all, row->kind))) return;
    uint32_t at = all->used++; /* oldest first */
    for (; at > 0 && all->row[at - 1].first_us > row->first_us; at--)
        all->row[at] = all->row[at - 1];
    all->row[at] = *row;
}

void incident_add(struct engine *e, const struct msg_incident *row) {
    incidents_join(&e->incidents, row);
}
