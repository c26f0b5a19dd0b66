/* ICMP errors marked on the flow they quote, and ARP.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/control.h"
#include "capd/track/dns_track.h"
#include "capd/track/flows.h"
#include "capd/track/hash.h"
#include "capd/track/neighbours.h"
#include "capd/track/path.h"
#include "capd/track/ping.h"
#include "capd/track/select.h"
#include "capd/track/stranger.h"

#define COPY_US 20000u /* the same frame, seen again */

static bool is_error(const struct packet *k) {
    if (k->ip_proto == 58) return k->icmp.type < 128;
    return k->icmp.type == 3 || k->icmp.type == 11 || k->icmp.type == 12 || k->icmp.type == 4;
}

/* The flow that an error quotes, as far as it is known. */
struct quoted {
    struct flow *flow;  /* NULL: not in the table */
    bool toward_client; /* the packet was the server's */
};

static struct quoted find_quoted(struct engine *e, const struct icmp_quote *q) {
    struct quoted r = {NULL, false};
    unsigned dir = CLIENT;
    if (!q->has_ports) return r;
    uint32_t i = flows_find(e, q->ip_proto, &q->src, q->sport, &q->dst, q->dport, &dir);
    if (i != NONE) {
        r.flow = &e->flows.flow[i];
        r.toward_client = dir == SERVER;
    } else {
        r.toward_client = q->sport < 1024 && q->dport >= 1024;
    }
    return r;
}

#define WORKED_US      2000000u
#define WORKED_PACKETS 5u

/* Had anybody taken the flow's packets before its first error?  A closed port refuses the first
 * one already, however often hosts may say so in a second. */
static bool has_worked(const struct engine *e, const struct flow *f) {
    if (f->ip_proto == 6) return f->bits & FLOW_ESTABLISHED;
    return f->packets[SERVER] > 0 ||
           (f->packets[CLIENT] >= WORKED_PACKETS && e->now_us - f->first_us >= WORKED_US);
}

static void mark_flow(const struct engine *e, struct flow *f) {
    if (!(f->bits & FLOW_ICMP) && has_worked(e, f)) f->bits |= FLOW_WORKED;
    f->bits |= FLOW_ICMP;
}

/* It worked before, or only tries whether there is such a way, as ICE does with all it can think of
 * (RFC 8445 section 6.1). */
static bool needs_no_answer(const struct flow *f) {
    return f && (f->bits & FLOW_WORKED || f->app == APP_ICE);
}

static void report_unreachable(struct engine *e, const struct packet *k, const struct quoted *of,
                               bool target) {
    const struct icmp_quote *q = &k->icmp.quote;
    bool v6 = k->ip_proto == 58, back = of->toward_client;
    if (k->icmp.type != (v6 ? 1 : 3)) return;
    if (!v6 && k->icmp.code == 4) return; /* fragmentation needed: a working path */
    uint16_t port = back ? q->sport : q->dport;
    struct msg_incident row = {.kind = INCIDENT_ICMP_UNREACHABLE,
                               .subject = back ? q->src : q->dst,
                               .port = q->has_ports ? port : 0,
                               .peer = k->src,
                               .on_target = target,
                               .count = 1,
                               .first_us = e->now_us,
                               .last_us = e->now_us,
                               .tries = 1,
                               .value =
                                   (uint64_t)k->icmp.type * 256 + k->icmp.code + (v6 ? 65536u : 0),
                               .ip_proto = q->ip_proto,
                               .toward_client = back,
                               .offers = !back && stranger_is(e, &q->src),
                               .worked = needs_no_answer(of->flow),
                               .unseen = q->has_ports && !of->flow && !e->o.filtered};
    incident_add(e, &row);
}

#define REFUSED_AGAIN_US 2000000u /* hosts that limit their errors still send one a second */

void icmp_flow_goes_on(struct engine *e, struct flow *f, bool answered) {
    for (uint32_t i = 0; i < e->incidents.used; i++) {
        struct msg_incident *n = &e->incidents.row[i];
        bool same = n->kind == INCIDENT_ICMP_UNREACHABLE && n->ip_proto == f->ip_proto &&
                    !n->toward_client && n->port == f->port[SERVER] &&
                    addr_equal(&n->subject, &f->end[SERVER]);
        if (!same) continue;
        n->worked |= answered || e->now_us - n->last_us >= REFUSED_AGAIN_US;
        if (n->worked) f->bits |= FLOW_WORKED;
    }
}

/* The capture shows the error before once more (a mirror of both directions): routers and hosts
 * that repeat one quote another packet. */
static bool is_same_error(struct engine *e, const struct packet *k) {
    uint64_t of[2] = {hash_bytes(e->o.seed, &k->src, sizeof k->src), k->icmp.type};
    uint64_t h = hash_bytes(of, k->payload, k->payload_cap);
    bool same = h == e->icmp_hash && e->now_us - e->icmp_us <= COPY_US;
    e->icmp_hash = h;
    e->icmp_us = e->now_us;
    return same;
}

bool icmp_packet(struct engine *e, const struct packet *k) {
    const struct icmp_quote *q = &k->icmp.quote;
    bool is_quoted = is_error(k) && q->present;
    const struct addr *neighbour = &k->icmp.neighbour;
    bool selected = neighbour->len ? select_neighbours(e, neighbour, &k->src)
                                   : select_pair(e, &k->src, &k->dst);
    bool target = select_service(e, &k->src, 0) || select_service(e, &k->dst, 0);
    struct quoted of = {NULL, false};
    if (is_quoted) {
        of = find_quoted(e, q);
        const struct addr *server = of.toward_client ? &q->src : &q->dst;
        uint16_t port = !q->has_ports ? 0 : of.toward_client ? q->sport : q->dport;
        if (q->has_ports && !select_port(e, port)) return false;
        bool names = q->has_ports && dns_serves_target(e, server, port);
        target = names || select_service(e, server, port);
        selected = selected || names || select_pair(e, &q->src, &q->dst) ||
                   (q->has_ports && e->o.target.ports > 0 && target);
    }
    if (of.flow) {
        mark_flow(e, of.flow);
        selected |= (of.flow->bits & FLOW_SELECTED) != 0;
        target |= (of.flow->bits & FLOW_TARGET) != 0;
    }
    if (!selected) return false;
    bool v6 = k->ip_proto == 58;
    codes_add(v6 ? &e->total.icmpv6_types : &e->total.icmp_types,
              (uint32_t)k->icmp.type * 256u + k->icmp.code);
    ping_packet(e, k);
    if (!is_quoted || is_same_error(e, k)) return true;
    report_unreachable(e, k, &of, target);
    path_error(e, k, of.flow, of.toward_client ? SERVER : CLIENT);
    return true;
}

/* ---- ARP --------------------------------------------------------------------------------------
 */

/* Asks whether an address is free before it takes it (RFC 5227): silence is what it hopes for. */
static bool is_probe(const struct arp_header *a) {
    static const uint8_t none[4];
    return memcmp(a->sender.b, none, sizeof none) == 0;
}

bool arp_packet(struct engine *e, const struct packet *k) {
    const struct arp_header *a = &k->arp;
    bool to_itself = addr_equal(&a->sender, &a->target);
    if (!select_neighbours(e, &a->sender, &a->target)) return false;
    if (a->op == 2) e->total.arp_replies++;
    /* An announcement is for everybody and shows nothing of the way that answers take. */
    if (a->op == 2 && !to_itself && !select_local(e, &a->target) && !select_local(e, &a->sender))
        neighbours_answers_pass(e, false);
    if (a->op == 1) e->total.arp_requests++;
    if (a->sender.len) neighbours_heard(e, &a->sender);
    if (a->op == 1 && !to_itself && !is_probe(a)) neighbours_asked(e, k, &a->sender, &a->target);
    return true;
}
