/* Which pings came back.  A request counts as lost when it is older than the end guard and no reply
 * was seen; one that must leave the short list of outstanding ones sooner is not judged at all, so
 * that a flood of pings on a long path is not taken for loss.  What a trace of a route sends with
 * few hops is meant to be given up on its way, and what asks a whole network is answered by its
 * hosts, each with an address of its own: neither is a ping. Runs in: worker.  Input trust:
 * packets. */
#include "capd/track/ping.h"
#include "capd/track/hash.h"
#include "capd/track/path.h"
#include "capd/track/select.h"
#include "capd/track/stranger.h"
#include "capd/track/udp.h"

#define GUARD_US    2000000u /* findings.md, rule 5 */
#define COPY_US     500000u  /* pings of one number that are further apart are no copies */
#define LOST_MIN    2u       /* of one host: less is worth no place in a bounded list */
#define SILENT_MANY 10u      /* no list of single machines that somebody watches */

static bool is_request(const struct packet *k) {
    if (k->ttl < PATH_FEW_HOPS || udp_is_group(k)) return false;
    return k->icmp.type == (k->ip_proto == 58 ? 128 : 8);
}

static bool is_reply(const struct packet *k) {
    return k->icmp.type == (k->ip_proto == 58 ? 129 : 0);
}

static bool is_too_big(const struct packet *k) {
    if (!k->icmp.quote.present || k->icmp.quote.ip_proto != k->ip_proto) return false;
    return k->ip_proto == 58 ? k->icmp.type == 2 : k->icmp.type == 3 && k->icmp.code == 4;
}

static uint32_t bucket_of(const struct engine *e, const struct addr *asker,
                          const struct addr *asked) {
    uint64_t hash = hash_addr(e->o.seed, asker, 0) ^ hash_addr(e->o.seed, asked, 1);
    return (uint32_t)hash % PINGS;
}

void pings_init(struct pings *all) {
    memset(all->bucket, 0xff, sizeof all->bucket);
}

static uint32_t find(const struct engine *e, const struct addr *asker, const struct addr *asked) {
    const struct pings *all = &e->pings;
    uint32_t i = all->bucket[bucket_of(e, asker, asked)];
    while (i != NONE &&
           !(addr_equal(&all->ping[i].asked, asked) && addr_equal(&all->ping[i].asker, asker)))
        i = all->ping[i].chain;
    return i;
}

/* Would more be forgotten with it than a question or two to a host that may not exist? */
static bool is_open(const struct ping *p) {
    uint64_t lost = p->lost;
    for (uint32_t n = 0; n < PING_TRIES; n++) lost += p->try[n].waiting;
    return lost >= LOST_MIN;
}

/* Full: of 16 entries, taken in turn, the one that was quiet for longest gives way, and one that
 * lacks no answer before all others. */
static uint32_t make_room(struct engine *e) {
    struct pings *all = &e->pings;
    if (all->used < PINGS) return all->used++;
    uint32_t victim = all->hand;
    bool open = is_open(&all->ping[victim]);
    for (uint32_t i = all->hand + 1; i < all->hand + 16; i++) {
        bool other = is_open(&all->ping[i]);
        if (other > open || (other == open && all->ping[i].last_us >= all->ping[victim].last_us))
            continue;
        victim = i;
        open = other;
    }
    all->hand = (all->hand + 16) % PINGS;
    e->total.evicted += open;
    const struct ping *p = &all->ping[victim];
    uint32_t *at = &all->bucket[bucket_of(e, &p->asker, &p->asked)];
    while (*at != victim) at = &all->ping[*at].chain;
    *at = p->chain;
    return victim;
}

static uint32_t take(struct engine *e, const struct packet *k) {
    uint32_t i = make_room(e), *bucket = &e->pings.bucket[bucket_of(e, &k->src, &k->dst)];
    e->pings.ping[i] =
        (struct ping){.asker = k->src,
                      .asked = k->dst,
                      .chain = *bucket,
                      .target = select_address(e, &k->src) || select_address(e, &k->dst),
                      .first_us = e->now_us};
    *bucket = i;
    return i;
}

static struct ping_try *outstanding(struct ping *p, uint16_t id, uint16_t seq) {
    for (uint32_t n = 0; n < PING_TRIES; n++) {
        struct ping_try *t = &p->try[n];
        if (t->waiting && t->id == id && t->seq == seq) return t;
    }
    return NULL;
}

static void take_request(struct engine *e, const struct packet *k) {
    uint32_t known = find(e, &k->src, &k->dst);
    struct ping *p = &e->pings.ping[known != NONE ? known : take(e, k)];
    struct ping_try *t = outstanding(p, k->icmp.echo_id, k->icmp.echo_seq);
    if (t && e->now_us - t->us < COPY_US) return;
    /* Some devices give all their pings one number. */
    bool again = t != NULL;
    if (!t) t = &p->try[p->hand++ % PING_TRIES];
    if (t->waiting && (again || e->now_us - t->us > GUARD_US)) {
        p->lost++;
        p->judged++;
    }
    *t = (struct ping_try){
        .id = k->icmp.echo_id, .seq = k->icmp.echo_seq, .waiting = true, .us = e->now_us};
    p->last_us = e->now_us;
}

static void take_reply(struct engine *e, const struct packet *k) {
    uint32_t known = find(e, &k->dst, &k->src);
    if (known == NONE) return;
    struct ping *p = &e->pings.ping[known];
    struct ping_try *t = outstanding(p, k->icmp.echo_id, k->icmp.echo_seq);
    if (!t) return;
    uint64_t took = e->now_us - t->us;
    t->waiting = false;
    p->judged++;
    p->answered++;
    p->took_us += took;
    if (took > p->longest_us) p->longest_us = took;
}

/* A router answers in the place of the host: the latest that waits was too big for it. */
static void take_too_big(struct engine *e, const struct packet *k) {
    const struct icmp_quote *q = &k->icmp.quote;
    uint32_t known = find(e, &q->src, &q->dst);
    struct ping_try *latest = NULL;
    if (known == NONE || q->has_ports) return;
    for (uint32_t n = 0; n < PING_TRIES; n++) {
        struct ping_try *t = &e->pings.ping[known].try[n];
        if (t->waiting && (!latest || t->us > latest->us)) latest = t;
    }
    if (latest) latest->waiting = false;
}

void ping_packet(struct engine *e, const struct packet *k) {
    if (is_request(k))
        take_request(e, k);
    else if (is_reply(k))
        take_reply(e, k);
    else if (is_too_big(k))
        take_too_big(e, k);
}

bool ping_is_known(const struct engine *e, const struct addr *asker, const struct addr *asked) {
    return find(e, asker, asked) != NONE;
}

/* How many were sent, or still wait, without coming back. */
static void count_lost(const struct engine *e, const struct ping *p, uint64_t *lost_out,
                       uint64_t *judged_out) {
    uint64_t old = 0;
    for (uint32_t n = 0; n < PING_TRIES; n++)
        old += p->try[n].waiting && e->now_us - p->try[n].us > GUARD_US;
    *lost_out = p->lost + old;
    *judged_out = p->judged + old;
}

/* Who asks a whole network finds most of it empty: of the hosts that never answered one asker the
 * first stands for all.  Returns how many they are, 0 if `p` is none of them. */
static uint32_t silent_of(const struct engine *e, const struct ping *p, const bool silent[PINGS],
                          bool *first_out) {
    const struct ping *all = e->pings.ping;
    uint32_t n = 0;
    *first_out = true;
    for (uint32_t i = 0; silent[p - all] && i < e->pings.used; i++) {
        if (!silent[i] || !addr_equal(&all[i].asker, &p->asker)) continue;
        if (all + i < p) *first_out = false;
        n++;
    }
    return n;
}

void ping_report(const struct engine *e, struct incidents *all) {
    bool silent[PINGS], first;
    uint64_t lost, judged;
    for (uint32_t i = 0; i < e->pings.used; i++) {
        const struct ping *p = &e->pings.ping[i];
        count_lost(e, p, &lost, &judged);
        silent[i] = lost >= LOST_MIN && p->answered == 0 && !p->target;
    }
    for (uint32_t i = 0; i < e->pings.used; i++) {
        const struct ping *p = &e->pings.ping[i];
        count_lost(e, p, &lost, &judged);
        uint32_t alike = silent_of(e, p, silent, &first);
        if (lost < LOST_MIN || (alike >= SILENT_MANY && !first)) continue;
        struct msg_incident row = {.kind = INCIDENT_PING_LOSS,
                                   .subject = p->asked,
                                   .peer = p->asker,
                                   .on_target = p->target,
                                   .count = lost,
                                   .first_us = p->first_us,
                                   .last_us = p->last_us,
                                   .tries = judged,
                                   .offers = stranger_is(e, &p->asker),
                                   .requests = alike >= SILENT_MANY ? alike : 0,
                                   .span_us = p->answered ? p->took_us / p->answered : 0,
                                   .value = p->longest_us};
        incidents_join(all, &row);
    }
}
