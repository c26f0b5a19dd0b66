/* Services and their sketches.  A sketch is taken from a shared pool on the first sample, since
 * most services of a scan never have one.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/services.h"
#include "capd/track/flows.h"
#include "capd/track/hash.h"
#include "capd/track/sketch.h"

#define SAMPLE      16u     /* services looked at when one must give way */
#define SLOW_US     500000u /* findings.md, slow_server */
#define AGAIN_SHARE 200u    /* findings.md, tcp_retransmissions: of so many segments one again */

void services_init(struct services *s) {
    memset(s->bucket, 0xff, (size_t)s->capacity * sizeof *s->bucket);
    for (uint32_t i = 0; i < s->sketches; i++) s->sketch_free[i] = s->sketches - 1 - i;
    s->sketches_left = s->sketches;
}

static uint32_t bucket_at(const struct engine *e, const struct addr *a, uint16_t port) {
    return (uint32_t)hash_addr(e->o.seed, a, port) & (e->services.capacity - 1);
}

static uint32_t *bucket_of(struct engine *e, const struct addr *a, uint16_t port) {
    return &e->services.bucket[bucket_at(e, a, port)];
}

bool services_in_trouble(const struct service *v, const struct service_facts *x) {
    const struct conn_counts *c = &x->counts;
    const struct http_counts *h = &v->http;
    const struct strain *t = &v->strain;
    uint64_t again = c->retransmitted_to_client + c->retransmitted_to_server + c->reordered;
    uint64_t segments = c->data_segments_to_client + c->data_segments_to_server;
    uint64_t met = c->refused + c->timed_out + c->unreachable + c->syn_retried + x->reset_by[0] +
                   x->reset_by[1] + x->zero_times[0] + x->zero_times[1] + x->hello_unanswered +
                   x->plain_closed + v->fatal_by[0] + v->fatal_by[1] + v->tls.rejected +
                   x->tls_refused + v->tls.mismatch + t->stalls + t->rtt_inflated + t->loaded +
                   v->syn_rate.hot;
    for (unsigned n = 0; n < SLOW_CLIENTS; n++) met += v->slow[n].late_opens + v->slow[n].late_acks;
    return met > 0 || (again > 0 && again >= segments / AGAIN_SHARE) ||
           h->e4xx + h->e5xx > h->soft + h->met ||
           (v->live_trouble >= SERVICE_TROUBLED && v->live_trouble >= segments / AGAIN_SHARE);
}

/* Within its kind: live ones and busy ones are worth most; where nothing ever worked, those that
 * were tried most. */
static uint64_t worth(const struct service *v) {
    uint64_t target = v->target ? UINT64_C(1) << 62 : 0, worked = v->worked ? UINT64_C(1) << 61 : 0;
    if (!v->worked) return target + v->live + v->done.counts.attempted + v->repeated_syns;
    return target + worked + ((uint64_t)v->live << 32) + v->done.packets;
}

static void give_up(struct engine *e, uint32_t i) {
    struct services *s = &e->services;
    struct service *v = &s->service[i];
    uint32_t *at = bucket_of(e, &v->address, v->port);
    while (*at != i) at = &s->service[*at].chain;
    *at = v->chain;
    for (int n = 0; n < SERVICE_SKETCHES; n++)
        if (v->sketch[n] != NONE) s->sketch_free[s->sketches_left++] = v->sketch[n];
    v->used = false;
    if (v->done.heard_us > s->others_heard_us && !addr_is_private(&v->address))
        s->others_heard_us = v->done.heard_us;
    e->total.rows_dropped++;
    /* What its connections met is lost; a port that was tried once and answered at once is none. */
    if (v->live > 0 || v->worked || v->repeated_syns + v->done.counts.attempted > 1)
        e->total.evicted++;
}

/* The least useful of a sample that is spread over the whole table.  Evidence of a fault is worth
 * more than a healthy service's traffic, until half of the sample is such: a scan, whose every port
 * is a fault, pushes out its own. */
static uint32_t least_useful(const struct services *s) {
    uint32_t least[2] = {NONE, NONE}, faulty = 0, stride = s->capacity / SAMPLE;
    for (uint32_t n = 0; n < SAMPLE; n++) {
        uint32_t i = (s->hand + n * stride) & (s->capacity - 1);
        const struct service *v = &s->service[i];
        unsigned bad = !v->worked || services_in_trouble(v, &v->done);
        if (least[bad] == NONE || worth(v) < worth(&s->service[least[bad]])) least[bad] = i;
        faulty += bad;
    }
    if (least[0] == NONE || least[1] == NONE) return least[least[0] == NONE];
    bool only_targets = s->service[least[0]].target && !s->service[least[1]].target;
    return least[faulty > SAMPLE / 2 || only_targets];
}

static uint32_t make_room(struct engine *e, bool target) {
    struct services *s = &e->services;
    if (s->used < s->capacity) return s->used++;
    uint32_t victim = least_useful(s);
    const struct service *v = &s->service[victim];
    s->hand = (s->hand + 1) & (s->capacity - 1);
    if (!target && (v->target || (v->live > 0 && v->worked))) return NONE;
    give_up(e, victim);
    return victim;
}

void services_join(struct engine *e, struct flow *f) {
    struct services *s = &e->services;
    uint32_t *b = bucket_of(e, &f->end[SERVER], f->port[SERVER]), i = *b;
    bool target = f->bits & FLOW_TARGET;
    while (i != NONE && !(s->service[i].port == f->port[SERVER] &&
                          addr_equal(&s->service[i].address, &f->end[SERVER])))
        i = s->service[i].chain;
    f->service = NONE;
    if (i == NONE) {
        i = make_room(e, target);
        s->seen++;
        if (i == NONE) {
            e->total.rows_dropped++;
            e->total.evicted++;
            return;
        }
        struct service *v = &s->service[i];
        memset(v, 0, sizeof *v);
        memset(v->sketch, 0xff, sizeof v->sketch);
        v->address = f->end[SERVER];
        v->port = f->port[SERVER];
        v->used = true;
        v->gen = ++s->gen;
        v->name = NONE;
        v->chain = *b;
        *b = i;
    }
    s->service[i].live++;
    s->service[i].target |= target;
    s->service[i].worked |= (f->bits & (FLOW_ESTABLISHED | FLOW_GUESSED)) != 0;
    f->service = i;
    f->service_gen = s->service[i].gen;
}

bool services_find(const struct engine *e, const struct addr *a, uint16_t port) {
    const struct services *s = &e->services;
    uint32_t i = s->bucket[bucket_at(e, a, port)];
    while (i != NONE && !(s->service[i].port == port && addr_equal(&s->service[i].address, a)))
        i = s->service[i].chain;
    return i != NONE;
}

struct service *services_of(struct engine *e, const struct flow *f) {
    if (!(f->bits & FLOW_SELECTED) || f->service == NONE) return NULL;
    struct service *v = &e->services.service[f->service];
    return v->used && v->gen == f->service_gen ? v : NULL;
}

void services_note_open(struct engine *e, const struct flow *f) {
    struct service *v = services_of(e, f);
    if (v) v->worked = true;
}

void services_note_handshake(struct engine *e, const struct flow *f, bool by_client) {
    struct service *v = services_of(e, f);
    if (v) v->handshakes_by_client += by_client;
}

void services_note_repeat(struct engine *e, const struct flow *f) {
    struct service *v = services_of(e, f);
    if (v) v->repeated_syns++;
}

void services_note_trouble(struct engine *e, const struct flow *f, uint32_t weight) {
    struct service *v = services_of(e, f);
    if (v && v->live_trouble < UINT32_MAX - weight) v->live_trouble += weight;
}

void services_leave(struct engine *e, struct flow *f) {
    struct service *v = services_of(e, f);
    if (!v) return;
    flow_add_facts(e, f, &v->done);
    v->live--;
}

/* A free sketch, or, for a service in trouble, one of a healthy service of a sample; NONE: neither.
 */
static uint32_t sketch_for(struct engine *e, const struct service *v) {
    struct services *s = &e->services;
    uint32_t stride = s->capacity / SAMPLE;
    if (s->sketches_left > 0) return s->sketch_free[--s->sketches_left];
    if (v->live_trouble < SERVICE_TROUBLED) return NONE;
    s->hand = (s->hand + 1) & (s->capacity - 1);
    for (uint32_t n = 0; n < SAMPLE; n++) {
        struct service *from = &s->service[(s->hand + n * stride) & (s->capacity - 1)];
        if (from == v || !from->used || services_in_trouble(from, &from->done)) continue;
        for (int what = 0; what < SERVICE_SKETCHES; what++) {
            uint32_t i = from->sketch[what];
            if (i == NONE) continue;
            from->sketch[what] = NONE;
            e->total.evicted++;
            return i;
        }
    }
    return NONE;
}

void services_sample(struct engine *e, const struct flow *f, enum service_sketch what,
                     uint64_t value_us) {
    struct services *s = &e->services;
    struct service *v = services_of(e, f);
    if (!v) return;
    if (what == SERVICE_FIRST_BYTE && value_us >= SLOW_US && v->live_trouble < SERVICE_TROUBLED)
        v->live_trouble = SERVICE_TROUBLED;
    if (v->sketch[what] == NONE) {
        v->sketch[what] = sketch_for(e, v);
        if (v->sketch[what] == NONE) return;
        memset(&s->sketch[v->sketch[what]], 0, sizeof(struct sketch));
    }
    sketch_add(&s->sketch[v->sketch[what]], value_us);
}
