/* Two small tables, by sender and receiver.  Time exceeded for a packet that left with hops enough
 * means that it went in circles; a trace makes the same messages on purpose, and is known by its
 * packets with few hops left: where the packets themselves did not pass here it cannot be told from
 * a loop, and says nothing.  A packet in a loop comes by again and again, each time with fewer
 * hops: the same IP id tells it from a trace.
 * After "too big" a sender should send smaller packets; whether it does is counted half a second
 * later, and only on segments that are one packet each (a capture beside the sender sees segments
 * before they are cut).
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/path.h"
#include "capd/track/ping.h"
#include "capd/track/select.h"

#define HEEDED_US 500000u
#define FORGOTTEN_US                                                                               \
    300000000u        /* RFC 1191 section 6.3, RFC 8201 section 5.3: after five minutes, as a rule \
                         ten, a sender tries larger packets anew */
#define LEAST_MTU 68u /* RFC 791; less, as in forged messages, says nothing */

static bool is_v6(const struct packet *k) {
    return k->ip_proto == 58;
}

static bool same_pair(const struct addr *src, const struct addr *dst, const struct addr *a,
                      const struct addr *b) {
    return addr_equal(src, a) && addr_equal(dst, b);
}

/* ---- circles --------------------------------------------------------------------------------- */

static struct circle *circle_of(struct engine *e, const struct addr *src, const struct addr *dst) {
    struct circle *oldest = &e->circle[0];
    for (uint32_t i = 0; i < CIRCLES; i++) {
        struct circle *c = &e->circle[i];
        if (c->used && same_pair(&c->src, &c->dst, src, dst)) return c;
        if (!c->used || c->last_us < oldest->last_us) oldest = c;
        if (!c->used) break;
    }
    if (oldest->used && oldest->count > 0) e->total.evicted++;
    *oldest = (struct circle){.src = *src, .dst = *dst, .used = true, .first_us = e->now_us};
    oldest->last_us = e->now_us;
    return oldest;
}

void path_few_hops(struct engine *e, const struct packet *k) {
    if (k->dst.len == 0 || addr_is_multicast(&k->dst)) return;
    struct circle *c = circle_of(e, &k->src, &k->dst);
    bool again = c->traced && packet_is_numbered(k) && c->ip_id == k->ip_id && k->ttl < c->ttl;
    c->traced = true;
    c->circled |= again;
    c->ip_id = k->ip_id;
    c->ttl = k->ttl;
    c->last_us = e->now_us;
}

static bool was_seen(const struct engine *e, const struct icmp_quote *q, const struct flow *f) {
    if (q->has_ports) return f != NULL;
    return (q->ip_proto != 1 && q->ip_proto != 58) || ping_is_known(e, &q->src, &q->dst);
}

static void take_exceeded(struct engine *e, const struct packet *k, const struct flow *f) {
    const struct icmp_quote *q = &k->icmp.quote;
    if (k->icmp.code != 0 || !was_seen(e, q, f)) return; /* code 1: reassembly */
    struct circle *c = circle_of(e, &q->src, &q->dst);
    if (c->count++ == 0) c->first_us = e->now_us;
    c->last_us = e->now_us;
    c->target |= select_address(e, &q->dst) || !e->has_host;
    for (uint32_t i = 0; i < CIRCLE_ROUTERS; i++) {
        if (i < c->routers && addr_equal(&c->router[i], &k->src)) return;
        if (i < c->routers) continue;
        c->router[c->routers++] = k->src;
        return;
    }
}

/* ---- too big --------------------------------------------------------------------------------- */

static struct path_mtu *mtu_find(struct engine *e, const struct addr *src, const struct addr *dst) {
    for (uint32_t i = 0; i < PATH_MTUS && e->path_mtu[i].used; i++)
        if (same_pair(&e->path_mtu[i].src, &e->path_mtu[i].dst, src, dst)) return &e->path_mtu[i];
    return NULL;
}

static struct path_mtu *mtu_take(struct engine *e, const struct icmp_quote *q) {
    struct path_mtu *oldest = &e->path_mtu[0];
    for (uint32_t i = 0; i < PATH_MTUS; i++) {
        struct path_mtu *m = &e->path_mtu[i];
        if (!m->used || m->first_us < oldest->first_us) oldest = m;
        if (!m->used) break;
    }
    if (oldest->used) e->total.evicted++;
    *oldest = (struct path_mtu){.src = q->src, .dst = q->dst, .used = true, .first_us = e->now_us};
    return oldest;
}

static void take_too_big(struct engine *e, const struct packet *k, struct flow *f, unsigned dir) {
    const struct icmp_quote *q = &k->icmp.quote;
    if (k->icmp.mtu < LEAST_MTU || k->icmp.mtu > UINT16_MAX) return;
    struct path_mtu *m = mtu_find(e, &q->src, &q->dst);
    if (!m) m = mtu_take(e, q);
    if (m->count == 0 || e->now_us - m->last_us >= FORGOTTEN_US) m->told_us = e->now_us;
    m->from = k->src;
    m->mtu = (uint16_t)k->icmp.mtu;
    m->count++;
    m->last_us = e->now_us;
    if (!f || f->ip_proto != 6) return;
    m->target |= (f->bits & FLOW_TARGET) != 0;
    m->server = f->end[SERVER];
    m->port = f->port[SERVER];
    m->by_server = dir == SERVER;
    f->side[dir].told_end = f->side[dir].next;
    f->side[dir].bits |= SIDE_TOLD_MTU;
}

void path_new_flow(struct engine *e, struct flow *f) {
    for (unsigned d = 0; d < 2 && e->path_mtu[0].used; d++)
        if (f->ip_proto == 6 && mtu_find(e, &f->end[d], &f->end[!d]))
            f->side[d].bits |= SIDE_TOLD_MTU;
}

void path_told_segment(struct engine *e, const struct segment *s) {
    const struct flow *f = s->f;
    struct path_mtu *m = mtu_find(e, &f->end[s->dir], &f->end[!s->dir]);
    uint32_t most = f->side[!s->dir].mss;
    if (!m || s->len == 0 || most == 0 || s->len > most) return;
    if (e->now_us - m->told_us < HEEDED_US || e->now_us - m->last_us >= FORGOTTEN_US) return;
    uint32_t bytes = s->k->l4_bytes + (s->k->ip_version == 6 ? 40u : 20u);
    if (bytes <= m->mtu) {
        m->fits++;
        return;
    }
    if (f->side[s->dir].told_end == 0) return; /* behind a NAT the host that was told is another */
    m->larger++;
    if (bytes > m->largest) m->largest = bytes;
}

void path_error(struct engine *e, const struct packet *k, struct flow *f, unsigned dir) {
    bool v6 = is_v6(k);
    if (k->icmp.type == (v6 ? 3 : 11)) take_exceeded(e, k, f);
    if (v6 ? k->icmp.type == 2 : k->icmp.type == 3 && k->icmp.code == 4) take_too_big(e, k, f, dir);
}

/* ---- report ---------------------------------------------------------------------------------- */

void path_report(const struct engine *e, struct incidents *all) {
    for (uint32_t i = 0; i < CIRCLES && e->circle[i].used; i++) {
        const struct circle *c = &e->circle[i];
        if (c->count == 0 || (c->traced && !c->circled)) continue;
        struct msg_incident row = {.kind = INCIDENT_TIME_EXCEEDED,
                                   .subject = c->dst,
                                   .peer = c->router[0],
                                   .on_target = c->target,
                                   .count = c->count,
                                   .first_us = c->first_us,
                                   .last_us = c->last_us,
                                   .value = c->routers};
        incidents_join(all, &row);
    }
    for (uint32_t i = 0; i < PATH_MTUS && e->path_mtu[i].used; i++) {
        const struct path_mtu *m = &e->path_mtu[i];
        struct msg_incident row = {.kind = INCIDENT_TOO_BIG,
                                   .subject = m->port ? m->server : m->dst,
                                   .port = m->port,
                                   .peer = m->from,
                                   .on_target = m->target,
                                   .count = m->count,
                                   .first_us = m->first_us,
                                   .last_us = m->last_us,
                                   .tries = m->larger,
                                   .passed = m->fits,
                                   .value = m->mtu,
                                   .size_bytes = m->largest,
                                   .toward_client = m->by_server};
        incidents_join(all, &row);
    }
}
