/* Computed values of resolvers (with what the kept DNS rows say beyond the counters) and of
 * incidents (with what their service's row says).
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <stdlib.h>
#include <string.h>

/* ---- resolvers: what the kept rows say beyond the counters --------------------------------- */
enum { DNS_TYPE_PTR = 12 };

struct dns_want {
    unsigned rcode;
    bool target_only, unresolved_only;
};

static bool dns_row_is(const struct msg_dns_row *d, const struct msg_resolver *at,
                       struct dns_want w) {
    if (!addr_equal(&d->server, &at->address) || d->server_port != at->port) return false;
    if (!d->answered || d->rcode != w.rcode) return false;
    if (w.target_only && !d->on_target) return false;
    /* A reverse look-up of an address without a name is normal and hurts nobody. */
    return !w.unresolved_only || (!d->resolved && d->type != DNS_TYPE_PTR);
}

static uint64_t dns_count(const struct derive_row *r, struct dns_want w) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (dns_row_is(&all->rows[i], r->row, w)) n++;
    return n;
}

#define DNS_COUNT(name, rcode, target, unresolved)                                                 \
    static bool name(const struct derive_row *r, double *out) {                                    \
        return number(out, dns_count(r, (struct dns_want){rcode, target, unresolved}));            \
    }
DNS_COUNT(r_servfail_target, RCODE_SERVFAIL, true, true)
DNS_COUNT(r_servfail_unresolved, RCODE_SERVFAIL, false, true)
DNS_COUNT(r_refused_target, RCODE_REFUSED, true, true)
DNS_COUNT(r_refused_unresolved, RCODE_REFUSED, false, true)
DNS_COUNT(r_nxdomain_target, RCODE_NXDOMAIN, true, true)
DNS_COUNT(r_nxdomain_unresolved, RCODE_NXDOMAIN, false, true)

static bool r_nxdomain_unresolved_percent(const struct derive_row *r, double *out) {
    const struct msg_resolver *s = r->row;
    uint64_t n = dns_count(r, (struct dns_want){RCODE_NXDOMAIN, false, true});
    return percent(out, n > s->responses ? s->responses : n, s->responses);
}

#define RESOLVER_PERCENT(fn, part, whole)                                                          \
    static bool fn(const struct derive_row *r, double *out) {                                      \
        const struct msg_resolver *s = r->row;                                                     \
        return percent(out, s->part, s->whole);                                                    \
    }
RESOLVER_PERCENT(r_servfail_percent, servfail, responses)
RESOLVER_PERCENT(r_refused_percent, refused, responses)
RESOLVER_PERCENT(r_nxdomain_percent, nxdomain, responses)
RESOLVER_PERCENT(r_unanswered_percent, unanswered, transactions)

/* ---- beside other resolvers ----------------------------------------------------------------- */
static bool is_silent(const struct derive_row *r, const struct msg_dns_row *d) {
    return !d->answered && !d->pending && derive_is_mine(r, d);
}

/* A link-layer address with several of IPv4 is a router's, and many ask behind it. */
static bool is_router(const struct msg_dns *all, uint64_t mark) {
    const struct addr *first = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *o = &all->rows[i];
        if (o->client_mark != mark || o->client.len != 4) continue;
        if (first && !addr_equal(first, &o->client)) return true;
        first = &o->client;
    }
    return false;
}

uint64_t derive_host_mark(const struct derive_row *r, const struct msg_dns_row *d) {
    return d->client_mark && !is_router(&r->view->snapshot->dns, d->client_mark) ? d->client_mark
                                                                                 : 0;
}

bool derive_same_asker(const struct msg_dns_row *a, const struct msg_dns_row *b, uint64_t mark) {
    if (addr_same_reach(&a->client, &b->client)) return addr_equal(&a->client, &b->client);
    return mark != 0 && b->client_mark == mark;
}

/* The same client got an answer to the same question from another resolver: one that it asked
 * later, or that it was waiting for already. */
static const struct msg_dns_row *answer_elsewhere(const struct derive_row *r,
                                                  const struct msg_dns_row *d) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const uint64_t mark = derive_host_mark(r, d);
    const struct msg_dns_row *first = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *o = &all->rows[i];
        if (!o->answered || addr_equal(&o->server, &d->server) || o->type != d->type) continue;
        if (!derive_same_asker(d, o, mark) || strcmp(o->name, d->name) != 0) continue;
        if (o->at_us + o->took_us < d->at_us) continue;
        if (!first || o->at_us < first->at_us) first = o;
    }
    return first;
}

/* Questions left open that were answered elsewhere.  `resolved` is told from all transactions, the
 * rows are those that were kept: either is proof, when this resolver said nothing itself. */
static bool r_answered_elsewhere(const struct derive_row *r, double *out) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        n += is_silent(r, d) && (d->resolved || answer_elsewhere(r, d));
    }
    return number(out, n);
}

#define SAME_TIME_US 5000000u /* before the first question that stayed open, or later */
#define WAITED_FOR   5u       /* tries: a neighbour that somebody needs; it may be the gateway */

/* Other hosts that fell silent when this resolver did: then it is more than a resolver. */
static bool r_silent_elsewhere(const struct derive_row *r, double *out) {
    const struct snapshot *s = r->view->snapshot;
    const struct msg_resolver *me = r->row;
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->services.rows_n; i++) {
        const struct msg_service *v = &s->services.rows[i];
        n += v->timeout_repeated > 0 && !addr_equal(&v->address, &me->address) &&
             v->timeout_last_us + SAME_TIME_US >= me->trouble_first_us;
    }
    for (uint32_t i = 0; i < s->resolvers.rows_n; i++) {
        const struct msg_resolver *o = &s->resolvers.rows[i];
        n += o->responses == 0 && o->unanswered > 0 && !addr_equal(&o->address, &me->address) &&
             addr_is_private(&o->address) == addr_is_private(&me->address);
    }
    for (uint32_t i = 0; i < s->incidents.rows_n; i++) {
        const struct msg_incident *x = &s->incidents.rows[i];
        bool link = x->kind == INCIDENT_ARP_UNANSWERED || x->kind == INCIDENT_ND_UNANSWERED;
        bool silent = (x->kind == INCIDENT_DEAD_PATH && !x->unseen) ||
                      x->kind == INCIDENT_PING_LOSS || (link && x->tries >= WAITED_FOR);
        n += silent && !addr_equal(&x->subject, &me->address) &&
             x->last_us + SAME_TIME_US >= me->trouble_first_us;
    }
    return number(out, n);
}

/* ---- the line ------------------------------------------------------------------------------- */
#define LINE_HOSTS 3u /* one or two may just be far away */

/* A host of the outside, or of the resolver's own network: 16 bits of IPv4, 48 of IPv6. */
static bool is_of_line(const struct addr *a, const struct addr *resolver, bool inside) {
    if (!inside) return !addr_is_private(a);
    return addr_is_private(a) && a->len == resolver->len &&
           memcmp(a->b, resolver->b, a->len == 4 ? 2 : 6) == 0;
}

/* The nearest of these with which connections came up, in microseconds; 0: too few. */
static uint64_t nearest_us(const struct derive_row *r, bool inside) {
    const struct msg_services *all = &r->view->snapshot->services;
    const struct msg_resolver *me = r->row;
    const struct addr *host[LINE_HOSTS];
    uint64_t least = UINT64_MAX;
    uint32_t hosts = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        bool from_server = s->handshake_us.samples > 2 * s->handshakes_by_client;
        if (!from_server || addr_equal(&s->address, &me->address) ||
            !is_of_line(&s->address, &me->address, inside))
            continue;
        if (s->handshake_us.p50_us < least) least = s->handshake_us.p50_us;
        uint32_t k = 0;
        while (k < hosts && !addr_equal(host[k], &s->address)) k++;
        if (k == hosts && hosts < LINE_HOSTS) host[hosts++] = &s->address;
    }
    return hosts == LINE_HOSTS ? least : 0;
}

/* What no answer from that far can be sooner than: the way takes so long.  A resolver inside may
 * ask over it, or be reached over it as its neighbours are. */
static bool r_line_ms(const struct derive_row *r, double *out) {
    uint64_t outside = nearest_us(r, false), inside = nearest_us(r, true);
    *out = (double)(outside > inside ? outside : inside) / 1e3;
    return outside + inside > 0;
}

#define AT_ONCE_US 100000u /* nobody gives a resolver up so soon: both were asked */

/* Of the answers, those that came after another resolver's, which was asked at the same time. */
static bool r_overtaken_percent(const struct derive_row *r, double *out) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t n = 0, of = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        if (!d->answered || !derive_is_mine(r, d)) continue;
        const struct msg_dns_row *o = answer_elsewhere(r, d);
        n +=
            o && o->at_us <= d->at_us + AT_ONCE_US && o->at_us + o->took_us < d->at_us + d->took_us;
        of++;
    }
    return percent(out, n, of);
}

static int by_size(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* From the question that stayed open to the one that was answered elsewhere: the median. */
static bool r_moved_on_ms(const struct derive_row *r, double *out) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    uint64_t waited[LIM_DNS_ROWS];
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->rows_n && n < LIM_DNS_ROWS; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        const struct msg_dns_row *o = is_silent(r, d) ? answer_elsewhere(r, d) : NULL;
        if (o) waited[n++] = o->at_us > d->at_us ? o->at_us - d->at_us : 0;
    }
    if (n == 0) return false;
    qsort(waited, n, sizeof waited[0], by_size);
    *out = (double)waited[n / 2] / 1e3;
    return true;
}

static double answered_percent(const struct msg_resolver *s) {
    uint64_t all = s->transactions, open = s->unanswered < all ? s->unanswered : all;
    return all ? 100.0 * (double)(all - open) / (double)all : 100;
}

/* Did it answer one of the questions that the row's resolver left open? */
static bool stood_in(const struct derive_row *r, const struct msg_resolver *s) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        const struct msg_dns_row *o = is_silent(r, d) ? answer_elsewhere(r, d) : NULL;
        if (o && addr_equal(&o->server, &s->address) && o->server_port == s->port) return true;
    }
    return false;
}

/* The row's resolver, then those that stood in for it, in their order; when the rows of their
 * answers were not kept, all that answer. */
unsigned derive_answered_by_resolver(const struct derive_row *r, struct derive_item *out) {
    const struct msg_resolvers *all = &r->view->snapshot->resolvers;
    bool known = false;
    for (uint32_t i = 0; i < all->rows_n && !known; i++) known = stood_in(r, &all->rows[i]);
    unsigned n = 0;
    for (int mine = 1; mine >= 0; mine--)
        for (uint32_t i = 0; i < all->rows_n && n < DERIVE_ITEMS; i++) {
            const struct msg_resolver *s = &all->rows[i];
            if ((s == r->row) != mine) continue;
            if (!mine && (known ? !stood_in(r, s) : s->responses == 0)) continue;
            addr_format_endpoint(&s->address, s->port == 53 ? 0 : (unsigned)s->port,
                                 out[n].subject);
            out[n++].value = answered_percent(s);
        }
    return n;
}

/* ---- what a failing answer says ------------------------------------------------------------- */
/* INFO-CODE of RFC 8914 in an answer with this rcode, the target's before others. */
static bool extended_error(const struct derive_row *r, unsigned rcode, double *out) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const struct msg_dns_row *best = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        if (!d->extended_error || !dns_row_is(d, r->row, (struct dns_want){rcode, false, false}))
            continue;
        if (!best || (d->on_target && !best->on_target)) best = d;
    }
    return best && number(out, best->extended_error - 1);
}

static bool r_servfail_extended(const struct derive_row *r, double *out) {
    return extended_error(r, RCODE_SERVFAIL, out);
}

static bool r_refused_extended(const struct derive_row *r, double *out) {
    return extended_error(r, RCODE_REFUSED, out);
}

static bool r_nxdomain_extended(const struct derive_row *r, double *out) {
    return extended_error(r, RCODE_NXDOMAIN, out);
}

/* The name asked for in the worst row with this answer, the target's before others. */
static const char *rcode_name(const struct derive_row *r, unsigned rcode) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const struct msg_dns_row *best = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        if (!dns_row_is(d, r->row, (struct dns_want){rcode, false, false})) continue;
        unsigned score = (d->on_target ? 2u : 0u) + (d->resolved ? 0u : 1u);
        unsigned was = best ? (best->on_target ? 2u : 0u) + (best->resolved ? 0u : 1u) : 0;
        if (!best || score > was) best = d;
    }
    return best ? best->name : ((const struct msg_resolver *)r->row)->trouble_name;
}

const char *derive_servfail_name(const struct derive_row *r) {
    return rcode_name(r, RCODE_SERVFAIL);
}

const char *derive_nxdomain_name(const struct derive_row *r) {
    return rcode_name(r, RCODE_NXDOMAIN);
}

const char *derive_refused_name(const struct derive_row *r) {
    return rcode_name(r, RCODE_REFUSED);
}

/* ---- incidents ----------------------------------------------------------------------------- */
const struct msg_service *derive_incident_service(const struct derive_row *r) {
    const struct msg_incident *n = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].port == n->port && addr_equal(&all->rows[i].address, &n->subject))
            return &all->rows[i];
    return NULL;
}

static bool i_established(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    return number(out, s ? s->established : 0);
}

static bool i_asked_again(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    return number(out, s ? s->asked_again : 0);
}

/* Has the service sent anybody a byte? */
static bool i_service_answers(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    return is(out, s && s->data_segments_to_client > 0);
}

static bool i_dns_over_tls_tried(const struct derive_row *r, double *out) {
    const struct derive_row at = {r->view, TABLE_SERVICES, derive_incident_service(r)};
    return at.row ? derive_dns_over_tls_tried(&at, out) : is(out, false);
}

static bool i_unreachable(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    return number(out, s ? s->unreachable : 0);
}

static bool i_icmp(const struct derive_row *r, unsigned *type, unsigned *code, bool *six) {
    const struct msg_incident *n = r->row;
    if (n->kind != INCIDENT_ICMP_UNREACHABLE) return false;
    *six = n->value >= 65536;
    *type = (unsigned)(n->value >> 8) & 0xff;
    *code = (unsigned)n->value & 0xff;
    return true;
}

static bool i_icmp_type(const struct derive_row *r, double *out) {
    unsigned type, code;
    bool six;
    return i_icmp(r, &type, &code, &six) && number(out, type);
}

static bool i_icmp_code(const struct derive_row *r, double *out) {
    unsigned type, code;
    bool six;
    return i_icmp(r, &type, &code, &six) && number(out, code);
}

/* 1: no way to the network or host; 2: forbidden by an administrator; 3: the host has no such
 * port or protocol; 0: something else.  RFC 792, RFC 1812 section 5.2.7.1, RFC 4443 section 3.1. */
bool derive_icmp_class(const struct derive_row *r, double *out) {
    static const unsigned v4[16] = {1, 1, 3, 3, 0, 0, 1, 1, 1, 2, 2, 1, 1, 2, 0, 0};
    static const unsigned v6[8] = {1, 2, 1, 1, 3, 2, 1, 0};
    unsigned type, code;
    bool six;
    if (!i_icmp(r, &type, &code, &six)) return false;
    if (six) return number(out, type == 1 && code < 8 ? v6[code] : 0);
    return number(out, type == 3 && code < 16 ? v4[code] : 0);
}

/* Port unreachable: the one host unreachable that speaks of the program, not of the way. */
static bool i_icmp_port(const struct derive_row *r, double *out) {
    unsigned type, code;
    bool six;
    return i_icmp(r, &type, &code, &six) &&
           is(out, six ? type == 1 && code == 4 : type == 3 && code == 3);
}

static bool i_said_by_subject(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return is(out, addr_equal(&n->peer, &n->subject));
}

static const struct msg_resolver *incident_resolver(const struct derive_row *r) {
    const struct msg_incident *me = r->row;
    const struct msg_resolvers *all = &r->view->snapshot->resolvers;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].port == me->port && addr_equal(&all->rows[i].address, &me->subject))
            return &all->rows[i];
    return NULL;
}

/* A resolver that answered nothing: without it no name is known ... */
static bool i_is_mute_resolver(const struct derive_row *r, double *out) {
    const struct msg_resolver *s = incident_resolver(r);
    return is(out, s && s->responses == 0);
}

/* ... unless another one answered. */
static bool i_resolved_elsewhere(const struct derive_row *r, double *out) {
    const struct derive_row at = {r->view, TABLE_RESOLVERS, incident_resolver(r)};
    return at.row ? r_answered_elsewhere(&at, out) : number(out, 0);
}

/* Addresses that the same two stations contest. */
static bool i_same_pair(const struct derive_row *r, double *out) {
    const struct msg_incident *me = r->row;
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *o = &all->rows[i];
        n += o->kind == me->kind && memcmp(o->mac, me->mac, 6) == 0 &&
             memcmp(o->other_mac, me->other_mac, 6) == 0;
    }
    return number(out, n);
}

/* Connections of the service that died like this one, of those with that value or more. */
static uint64_t died_alike(const struct derive_row *r, uint64_t least) {
    const struct msg_incident *me = r->row;
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *o = &all->rows[i];
        if (o->kind == me->kind && o->port == me->port && addr_equal(&o->subject, &me->subject))
            n += o->value >= least ? o->count : 0;
    }
    return n;
}

/* ... of all that it had. */
static bool i_same_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    const struct msg_incident *n = r->row;
    uint64_t same = died_alike(r, 0), had = s ? s->established + s->midstream : 0;
    if (n->kind == INCIDENT_HALF_OPEN_RESET && !n->worked) had += same;
    return percent(out, same, same > had ? same : had);
}

/* Of the connections whose SYN-ACK was repeated: what the client had sent back had passed here, or
 * had come so far that only the server can have missed it. */
static bool i_acked_percent(const struct derive_row *r, double *out) {
    return percent(out, died_alike(r, 1), died_alike(r, 0));
}

static bool i_arrived_percent(const struct derive_row *r, double *out) {
    return percent(out, died_alike(r, 2), died_alike(r, 0));
}

/* As many new ones stay without answer: it is gone altogether. */
static bool i_service_gone(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    return is(out, s && s->timed_out >= died_alike(r, 0));
}

/* Requests of this service that nothing came back for, of all that it had. */
static bool i_unanswered_percent(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    const struct msg_service *s = derive_incident_service(r);
    return percent(out, n->count, n->count + (s ? s->requests : 0));
}

/* Of a connection that went dead: who did not answer.  1 client, 2 server. */
static bool i_silent_side(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return n->kind == INCIDENT_DEAD_PATH && number(out, n->toward_client ? 1 : 2);
}

/* Neither a gateway nor the target itself: whoever looks for many such has an old list of them. */
static bool is_any_neighbour(const struct derive_row *r, const struct msg_incident *n) {
    struct derive_row other = *r;
    double target;
    other.row = n;
    return !n->gateway && derive_of_target(&other, &target) && target == 0;
}

/* Neighbours that do not answer, of this kind. */
static bool i_silent_neighbours(const struct derive_row *r, double *out) {
    const struct msg_incident *me = r->row;
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        n += all->rows[i].kind == me->kind && is_any_neighbour(r, &all->rows[i]);
    return number(out, n);
}

/* It is the one of them that was asked for longest: it stands for all. */
static bool i_silent_longest(const struct derive_row *r, double *out) {
    const struct msg_incident *me = r->row;
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *n = &all->rows[i];
        if (n->kind != me->kind || n == me || !is_any_neighbour(r, n)) continue;
        if (n->span_us > me->span_us || (n->span_us == me->span_us && n < me))
            return is(out, false);
    }
    return is(out, true);
}

static bool i_lost_percent(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return percent(out, n->count > n->tries ? n->tries : n->count, n->tries);
}

static bool i_is_v6(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return is(out, n->value >= 65536);
}

/* A client that got an address is no incident: of those that are, none did. */
static bool i_dhcp_acks(const struct derive_row *r, double *out) {
    (void)r;
    return number(out, 0);
}

/* ---- by name ------------------------------------------------------------------------------- */
const struct computed computed_resolvers[] = {
    {"of_target", derive_of_target},
    {"servfail_target", r_servfail_target},
    {"servfail_unresolved", r_servfail_unresolved},
    {"servfail_percent", r_servfail_percent},
    {"refused_target", r_refused_target},
    {"refused_unresolved", r_refused_unresolved},
    {"refused_percent", r_refused_percent},
    {"nxdomain_target", r_nxdomain_target},
    {"nxdomain_unresolved", r_nxdomain_unresolved},
    {"nxdomain_unresolved_percent", r_nxdomain_unresolved_percent},
    {"nxdomain_percent", r_nxdomain_percent},
    {"unanswered_percent", r_unanswered_percent},
    {"answered_elsewhere", r_answered_elsewhere},
    {"silent_elsewhere", r_silent_elsewhere},
    {"closed_ports_here", derive_resolver_closed_here},
    {"served_here", derive_resolver_served_here},
    {"beyond_silence", derive_resolver_beyond_silence},
    {"silent_beyond", derive_resolver_silent_beyond},
    {"moved_on_ms", r_moved_on_ms},
    {"overtaken_percent", r_overtaken_percent},
    {"line_ms", r_line_ms},
    {"servfail_extended_error", r_servfail_extended},
    {"refused_extended_error", r_refused_extended},
    {"nxdomain_extended_error", r_nxdomain_extended},
    {NULL, NULL},
};

const struct computed computed_incidents[] = {
    {"of_target", derive_of_target},
    {"service_established", i_established},
    {"service_asked_again", i_asked_again},
    {"service_answers", i_service_answers},
    {"served_here", derive_incident_served_here},
    {"beyond_silence", derive_incident_beyond_silence},
    {"silent_beyond", derive_incident_silent_beyond},
    {"no_way_beyond", derive_no_way_beyond},
    {"client_is_target", derive_client_is_target},
    {"service_unreachable", i_unreachable},
    {"dns_over_tls_tried", i_dns_over_tls_tried},
    {"peers_failing", derive_incident_peers_failing},
    {"peers_first", derive_incident_peers_first},
    {"port_asked", derive_port_asked},
    {"asked_for", derive_asked_for},
    {"icmp_type", i_icmp_type},
    {"icmp_code", i_icmp_code},
    {"icmp_class", derive_icmp_class},
    {"icmp_v6", i_is_v6},
    {"icmp_port", i_icmp_port},
    {"said_by_subject", i_said_by_subject},
    {"closed_ports_here", derive_incident_closed_here},
    {"mute_resolver", i_is_mute_resolver},
    {"resolved_elsewhere", i_resolved_elsewhere},
    {"same_percent", i_same_percent},
    {"acked_percent", i_acked_percent},
    {"arrived_percent", i_arrived_percent},
    {"service_gone", i_service_gone},
    {"unanswered_percent", i_unanswered_percent},
    {"same_pair", i_same_pair},
    {"silent_side", i_silent_side},
    {"silent_end_lives", derive_silent_end_lives},
    {"silent_neighbours", i_silent_neighbours},
    {"silent_longest", i_silent_longest},
    {"lost_percent", i_lost_percent},
    {"dhcp_acks", i_dhcp_acks},
    {"ended_by", derive_ended_by},
    {"ttl_rst", derive_ttl_rst},
    {"ttl_flow", derive_ttl_flow},
    {"other_names_work", derive_other_names_work},
    {"by_itself", derive_by_itself},
    {NULL, NULL},
};
