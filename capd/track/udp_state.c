/* State of UDP flows, and its sums by service.  As with connections, nothing is added to a service
 * while packets pass: a snapshot adds the live states to the sums of those that left, so that a
 * flow selected late brings all it had. Runs in: worker.  Input trust: packets. */
#include "capd/track/hash.h"
#include "capd/track/media.h"
#include "capd/track/stranger.h"
#include "capd/track/udp.h"

/* ---- sums by service --------------------------------------------------------------------------
 */
void udp_services_init(struct udp_services *all) {
    memset(all->bucket, 0xff, (size_t)all->capacity * sizeof *all->bucket);
    all->used = all->hand = 0;
    all->seen = 0;
    memset(&all->gone, 0, sizeof all->gone);
}

static uint32_t *bucket_of(const struct engine *e, struct udp_services *all, const struct addr *a,
                           uint16_t port) {
    return &all->bucket[(uint32_t)hash_addr(e->o.seed, a, port) & (all->capacity - 1)];
}

static bool is_bad(const struct udp_facts *x) {
    return (x->asked > 0 && x->answered == 0) || x->quic_attempts > x->quic_answered;
}

static uint64_t worth(const struct udp_service *v) {
    const struct udp_facts *x = &v->facts;
    uint64_t bad = is_bad(x);
    return (v->target ? UINT64_C(1) << 62 : 0) + (bad << 40) + x->asked + x->quic_attempts;
}

/* Two spans of time as one; `old_n`, `new_n`: how many events either has. */
static void span_join(uint64_t *first, uint64_t *last, uint64_t old_n, const uint64_t more[2],
                      uint64_t new_n) {
    if (new_n == 0) return;
    if (old_n == 0 || more[0] < *first) *first = more[0];
    if (old_n == 0 || more[1] > *last) *last = more[1];
}

/* The second of two sorted pairs of requests, 0: there is none. */
static uint64_t second_of(const struct udp_facts *a, const struct udp_facts *b) {
    if (a->asked == 0) return b->ask_second_us;
    if (b->asked == 0) return a->ask_second_us;
    const struct udp_facts *early = a->ask_first_us <= b->ask_first_us ? a : b;
    uint64_t other = early == a ? b->ask_first_us : a->ask_first_us;
    return early->ask_second_us && early->ask_second_us < other ? early->ask_second_us : other;
}

static void facts_join(struct udp_facts *into, const struct udp_facts *more) {
    into->ask_second_us = second_of(into, more);
    span_join(&into->ask_first_us, &into->ask_last_us, into->asked,
              (const uint64_t[]){more->ask_first_us, more->ask_last_us}, more->asked);
    span_join(&into->quic_first_us, &into->quic_last_us, into->quic_tries,
              (const uint64_t[]){more->quic_first_us, more->quic_last_us}, more->quic_tries);
    if (more->handshakes && (!into->handshakes || more->handshake_min_us < into->handshake_min_us))
        into->handshake_min_us = more->handshake_min_us;
    if (more->handshake_max_us > into->handshake_max_us)
        into->handshake_max_us = more->handshake_max_us;
    if (more->spin_samples &&
        (!into->spin_samples || more->spin_rtt_min_us < into->spin_rtt_min_us))
        into->spin_rtt_min_us = more->spin_rtt_min_us;
    if (more->quic_waited_us > into->quic_waited_us) into->quic_waited_us = more->quic_waited_us;
    if (more->answered_last_us > into->answered_last_us)
        into->answered_last_us = more->answered_last_us;
    into->asked += more->asked;
    into->answered += more->answered;
    into->icmp += more->icmp;
    into->by_strangers += more->by_strangers;
    into->quic_attempts += more->quic_attempts;
    into->quic_answered += more->quic_answered;
    into->quic_tries += more->quic_tries;
    into->quic_retries += more->quic_retries;
    into->quic_negotiations += more->quic_negotiations;
    into->handshakes += more->handshakes;
    into->spin_samples += more->spin_samples;
}

static uint32_t make_room(struct engine *e, struct udp_services *all) {
    if (all->used < all->capacity) return all->used++;
    uint32_t victim = all->hand;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (all->hand + n) & (all->capacity - 1);
        if (worth(&all->service[i]) < worth(&all->service[victim])) victim = i;
    }
    all->hand = (all->hand + 16) & (all->capacity - 1);
    const struct udp_service *v = &all->service[victim];
    if (all == &e->udp_done && is_bad(&v->facts)) e->total.evicted++; /* a finding may be lost */
    facts_join(&all->gone, &v->facts);
    uint32_t *at = bucket_of(e, all, &v->address, v->port);
    while (*at != victim) at = &all->service[*at].chain;
    *at = v->chain;
    return victim;
}

void udp_services_add(struct engine *e, struct udp_services *all, const struct udp_end *server,
                      const struct udp_facts *facts) {
    uint32_t *b = bucket_of(e, all, server->address, server->port), i = *b;
    while (i != NONE && !(all->service[i].port == server->port &&
                          addr_equal(&all->service[i].address, server->address)))
        i = all->service[i].chain;
    if (i == NONE) {
        i = make_room(e, all);
        all->seen++;
        all->service[i] =
            (struct udp_service){.address = *server->address, .port = server->port, .chain = *b};
        *b = i;
    }
    all->service[i].target |= server->target;
    facts_join(&all->service[i].facts, facts);
}

/* ---- states -----------------------------------------------------------------------------------
 */
void udp_init(struct engine *e) {
    struct udp_table *t = &e->udp;
    for (uint32_t i = 0; i < t->capacity; i++) t->free[i] = t->capacity - 1 - i;
    t->frees = t->capacity;
    udp_services_init(&e->udp_done);
    udp_services_init(&e->udp_sums);
}

struct udp_facts udp_facts_of(const struct engine *e, const struct udp_state *s) {
    struct udp_facts x = s->facts;
    const struct flow *f = &e->flows.flow[s->flow];
    if (s->bits & UDP_QUIC_ANSWERED) {
        x.answered++;
    } else if (x.asked == 0 && x.quic_tries > 0) { /* Initials are requests, too */
        x.asked = x.quic_tries;
        x.ask_first_us = x.quic_first_us;
        x.ask_last_us = x.quic_last_us;
        x.ask_second_us = x.asked > 1 ? x.quic_last_us : 0;
    }
    x.icmp = f->bits & FLOW_ICMP && (x.asked || x.quic_attempts);
    if (x.answered == 0 && x.asked > 0 && stranger_is(e, &f->end[!s->server]))
        x.by_strangers = x.asked;
    if (s->bits & UDP_QUIC_ANSWERED) {
        x.quic_answered = x.quic_attempts;
        x.quic_tries = x.quic_first_us = x.quic_last_us = 0;
    } else if (x.quic_tries > 0 && e->now_us > x.quic_last_us) {
        x.quic_waited_us = e->now_us - x.quic_last_us;
    }
    /* An end that does not spin, or spins at random (RFC 9000 section 17.4), tells nothing. */
    if (s->spin_edges < 3 || s->spin_edges * 4 > s->spin_packets)
        x.spin_samples = x.spin_rtt_min_us = 0;
    return x;
}

void udp_fold(struct engine *e, struct udp_services *all, const struct udp_state *s) {
    const struct flow *f = &e->flows.flow[s->flow];
    struct udp_facts x = udp_facts_of(e, s);
    if (!(f->bits & FLOW_SELECTED) || (x.asked == 0 && x.answered == 0 && x.quic_attempts == 0))
        return;
    struct udp_end server = {&f->end[s->server], f->port[s->server], f->bits & FLOW_TARGET};
    udp_services_add(e, all, &server, &x);
}

static void state_end(struct engine *e, uint32_t i) {
    struct udp_state *s = &e->udp.state[i];
    udp_fold(e, &e->udp_done, s);
    for (unsigned dir = 0; dir < 2; dir++) {
        struct media paced;
        if (!media_of_pace(e, s, dir, &paced)) continue;
        struct media *m = media_take(e);
        paced.gen = m->gen;
        *m = paced;
    }
    s->used = false;
}

struct udp_state *udp_state_find(const struct engine *e, const struct flow *f) {
    if (f->row == NONE) return NULL;
    struct udp_state *s = &e->udp.state[f->row];
    return s->used && s->gen == f->row_gen ? s : NULL;
}

/* Of 16 entries, taken in turn, the one that was silent longest. */
static uint32_t state_victim(struct engine *e) {
    struct udp_table *t = &e->udp;
    uint32_t victim = t->hand;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (t->hand + n) & (t->capacity - 1);
        if (t->last_us[i] < t->last_us[victim]) victim = i;
    }
    t->hand = (t->hand + 16) & (t->capacity - 1);
    return victim;
}

#define SILENT_US     1000000u
#define LOOK_AGAIN_US 1000u /* streams of many flows would look with every packet */

bool udp_state_spare(struct engine *e) {
    struct udp_table *t = &e->udp;
    if (t->frees > 0) return true;
    if (e->now_us < t->full_until_us) return false;
    bool spare = e->now_us - t->last_us[state_victim(e)] >= SILENT_US;
    if (!spare) t->full_until_us = e->now_us + LOOK_AGAIN_US;
    return spare;
}

static uint32_t state_steal(struct engine *e) {
    uint32_t victim = state_victim(e);
    state_end(e, victim);
    return victim;
}

struct udp_state *udp_state_of(struct engine *e, struct flow *f) {
    struct udp_table *t = &e->udp;
    struct udp_state *s = udp_state_find(e, f);
    if (!s) {
        f->row = t->frees > 0 ? t->free[--t->frees] : state_steal(e);
        f->row_gen = ++t->gen;
        s = &t->state[f->row];
        memset(s, 0, sizeof *s);
        s->flow = (uint32_t)(f - e->flows.flow);
        s->gen = f->row_gen;
        s->used = true;
        s->server = SERVER;
        s->media[0] = s->media[1] = NONE;
    }
    t->last_us[f->row] = e->now_us;
    return s;
}

void udp_leave(struct engine *e, struct flow *f) {
    struct udp_state *s = udp_state_find(e, f);
    if (!s) return;
    state_end(e, f->row);
    e->udp.free[e->udp.frees++] = f->row;
    f->row = NONE;
}
