/* Services and their sketches.  A sketch is taken from a shared pool on the first sample, since
 * most services of a scan never have one.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/services.h"
#include "capd/track/flows.h"
#include "capd/track/hash.h"
#include "capd/track/sketch.h"

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

static uint64_t worth(const struct service *v) {
    return (v->target ? UINT64_C(1) << 62 : 0) + ((uint64_t)v->live << 32) + v->done.packets;
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
    e->total.rows_dropped++;
    /* What its connections met is lost. */
    if (v->live > 0 || v->done.counts.established > 0) e->total.evicted++;
}

static uint32_t make_room(struct engine *e, bool target) {
    struct services *s = &e->services;
    if (s->used < s->capacity) return s->used++;
    uint32_t victim = s->hand;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (s->hand + n) & (s->capacity - 1);
        if (worth(&s->service[i]) < worth(&s->service[victim])) victim = i;
    }
    s->hand = (s->hand + 16) & (s->capacity - 1);
    if (s->service[victim].live > 0 && !target) return NONE;
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

void services_leave(struct engine *e, struct flow *f) {
    struct service *v = services_of(e, f);
    if (!v) return;
    flow_add_facts(e, f, &v->done);
    v->live--;
}

void services_sample(struct engine *e, const struct flow *f, enum service_sketch what,
                     uint64_t value_us) {
    struct services *s = &e->services;
    struct service *v = services_of(e, f);
    if (!v) return;
    if (v->sketch[what] == NONE) {
        if (s->sketches_left == 0) return;
        v->sketch[what] = s->sketch_free[--s->sketches_left];
        memset(&s->sketch[v->sketch[what]], 0, sizeof(struct sketch));
    }
    sketch_add(&s->sketch[v->sketch[what]], value_us);
}
