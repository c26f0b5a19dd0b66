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
#include "capd/track/udp.h"

#define GUARD_US   2000000u /* findings.md, rule 5 */
#define LOST_MIN   2u       /* of one host: less is worth no place in a bounded list */
#define SILENT_MAX 20u

static bool is_request(const struct packet *k) {
    if (k->ttl < PATH_FEW_HOPS || udp_is_group(k)) return false;
    return k->icmp.type == (k->ip_proto == 58 ? 128 : 8);
}

static bool is_reply(const struct packet *k) {
    return k->icmp.type == (k->ip_proto == 58 ? 129 : 0);
}

/* First of the places where the two may stand. */
static uint32_t set_of(const struct engine *e, const struct addr *asker, const struct addr *asked) {
    uint64_t hash = hash_addr(e->o.seed, asker, 0) ^ hash_addr(e->o.seed, asked, 1);
    return (uint32_t)hash % PING_SETS * PING_WAYS;
}

static uint32_t find(const struct engine *e, const struct addr *asker, const struct addr *asked) {
    uint32_t set = set_of(e, asker, asked);
    for (uint32_t i = set; i < set + PING_WAYS && e->ping[i].used; i++)
        if (addr_equal(&e->ping[i].asked, asked) && addr_equal(&e->ping[i].asker, asker)) return i;
    return NONE;
}

/* Would more be forgotten with it than a question or two to a host that may not exist? */
static bool is_open(const struct ping *p) {
    uint64_t lost = p->lost;
    for (uint32_t n = 0; n < PING_TRIES; n++) lost += p->try[n].waiting;
    return p->used && lost >= LOST_MIN;
}

static struct ping *take(struct engine *e, const struct packet *k) {
    struct ping *set = &e->ping[set_of(e, &k->src, &k->dst)], *oldest = set;
    for (struct ping *p = set; p < set + PING_WAYS; p++) {
        if (!p->used || p->last_us < oldest->last_us) oldest = p;
        if (!p->used) break;
    }
    if (is_open(oldest)) e->total.evicted++;
    *oldest = (struct ping){.asker = k->src,
                            .asked = k->dst,
                            .used = true,
                            .target = select_address(e, &k->src) || select_address(e, &k->dst),
                            .first_us = e->now_us};
    return oldest;
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
    struct ping *p = known != NONE ? &e->ping[known] : take(e, k);
    if (outstanding(p, k->icmp.echo_id, k->icmp.echo_seq)) return; /* a copy of the capture */
    struct ping_try *t = &p->try[p->hand++ % PING_TRIES];
    if (t->waiting && e->now_us - t->us > GUARD_US) {
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
    struct ping *p = &e->ping[known];
    struct ping_try *t = outstanding(p, k->icmp.echo_id, k->icmp.echo_seq);
    if (!t) return;
    uint64_t took = e->now_us - t->us;
    t->waiting = false;
    p->judged++;
    p->answered++;
    p->took_us += took;
    if (took > p->longest_us) p->longest_us = took;
}

void ping_packet(struct engine *e, const struct packet *k) {
    if (is_request(k))
        take_request(e, k);
    else if (is_reply(k))
        take_reply(e, k);
}

bool ping_is_known(const struct engine *e, const struct addr *asker, const struct addr *asked) {
    return find(e, asker, asked) != NONE;
}

/* Of the hosts that never answered one asker so many are listed: who asks a whole network finds
 * most of it empty, and must not fill the list. */
static bool is_one_of_many(const struct engine *e, const struct ping *p) {
    uint32_t before = 0;
    if (p->answered > 0 || p->target) return false;
    for (const struct ping *q = e->ping; q < p && before < SILENT_MAX; q++)
        before += q->used && q->answered == 0 && addr_equal(&q->asker, &p->asker);
    return before >= SILENT_MAX;
}

void ping_report(const struct engine *e, struct incidents *all) {
    for (uint32_t i = 0; i < PINGS; i++) {
        const struct ping *p = &e->ping[i];
        uint64_t lost = p->lost, judged = p->judged;
        for (uint32_t n = 0; n < PING_TRIES; n++) {
            bool old = p->try[n].waiting && e->now_us - p->try[n].us > GUARD_US;
            lost += old;
            judged += old;
        }
        if (!p->used || lost < LOST_MIN || is_one_of_many(e, p)) continue;
        struct msg_incident row = {.kind = INCIDENT_PING_LOSS,
                                   .subject = p->asked,
                                   .peer = p->asker,
                                   .on_target = p->target,
                                   .count = lost,
                                   .first_us = p->first_us,
                                   .last_us = p->last_us,
                                   .tries = judged,
                                   .span_us = p->answered ? p->took_us / p->answered : 0,
                                   .value = p->longest_us};
        incidents_join(all, &row);
    }
}
