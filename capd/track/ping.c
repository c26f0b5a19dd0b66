/* Which pings came back.  A request counts as lost when it is older than the end guard and no reply
 * was seen; one that must leave the short list of outstanding ones sooner is not judged at all, so
 * that a flood of pings on a long path is not taken for loss.  What a trace of a route sends with
 * few hops is meant to be given up on its way, and what asks a whole network is answered by its
 * hosts, each with an address of its own: neither is a ping. Runs in: worker.  Input trust:
 * packets. */
#include "capd/track/ping.h"
#include "capd/track/path.h"
#include "capd/track/select.h"
#include "capd/track/udp.h"

#define GUARD_US 2000000u /* findings.md, rule 5 */

static bool is_request(const struct packet *k) {
    if (k->ttl < PATH_FEW_HOPS || udp_is_group(k)) return false;
    return k->icmp.type == (k->ip_proto == 58 ? 128 : 8);
}

static bool is_reply(const struct packet *k) {
    return k->icmp.type == (k->ip_proto == 58 ? 129 : 0);
}

static struct ping *find(struct engine *e, const struct addr *asker, const struct addr *asked,
                         uint16_t id) {
    for (uint32_t i = 0; i < PINGS && e->ping[i].used; i++) {
        struct ping *p = &e->ping[i];
        if (p->id == id && addr_equal(&p->asked, asked) && addr_equal(&p->asker, asker)) return p;
    }
    return NULL;
}

/* Would something be forgotten with it?  Not with one question that still waits: what asks a whole
 * network has many of these. */
static bool is_open(const struct ping *p) {
    bool waiting = false;
    for (uint32_t n = 0; n < PING_TRIES; n++) waiting |= p->try[n].waiting;
    return p->used && (p->lost > 0 || (waiting && p->hand > 1));
}

static struct ping *take(struct engine *e, const struct packet *k) {
    struct ping *oldest = &e->ping[0];
    for (uint32_t i = 0; i < PINGS; i++) {
        struct ping *p = &e->ping[i];
        if (!p->used || p->last_us < oldest->last_us) oldest = p;
        if (!p->used) break;
    }
    if (is_open(oldest)) e->total.evicted++;
    *oldest = (struct ping){.asker = k->src,
                            .asked = k->dst,
                            .id = k->icmp.echo_id,
                            .used = true,
                            .target = select_address(e, &k->src) || select_address(e, &k->dst),
                            .first_us = e->now_us};
    return oldest;
}

static struct ping_try *outstanding(struct ping *p, uint16_t seq) {
    for (uint32_t n = 0; n < PING_TRIES; n++)
        if (p->try[n].waiting && p->try[n].seq == seq) return &p->try[n];
    return NULL;
}

static void take_request(struct engine *e, const struct packet *k) {
    struct ping *p = find(e, &k->src, &k->dst, k->icmp.echo_id);
    if (!p) p = take(e, k);
    if (outstanding(p, k->icmp.echo_seq)) return; /* a copy of the capture */
    struct ping_try *t = &p->try[p->hand++ % PING_TRIES];
    if (t->waiting && e->now_us - t->us > GUARD_US) {
        p->lost++;
        p->judged++;
    }
    *t = (struct ping_try){.seq = k->icmp.echo_seq, .waiting = true, .us = e->now_us};
    p->last_us = e->now_us;
}

static void take_reply(struct engine *e, const struct packet *k) {
    struct ping *p = find(e, &k->dst, &k->src, k->icmp.echo_id);
    struct ping_try *t = p ? outstanding(p, k->icmp.echo_seq) : NULL;
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
    for (uint32_t i = 0; i < PINGS && e->ping[i].used; i++)
        if (addr_equal(&e->ping[i].asked, asked) && addr_equal(&e->ping[i].asker, asker))
            return true;
    return false;
}

void ping_report(const struct engine *e, struct incidents *all) {
    for (uint32_t i = 0; i < PINGS && e->ping[i].used; i++) {
        const struct ping *p = &e->ping[i];
        uint64_t lost = p->lost, judged = p->judged;
        for (uint32_t n = 0; n < PING_TRIES; n++) {
            bool old = p->try[n].waiting && e->now_us - p->try[n].us > GUARD_US;
            lost += old;
            judged += old;
        }
        if (lost == 0) continue;
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
