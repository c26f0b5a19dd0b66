/* Values that no single counter holds: each ratio, sum and look-up has its one place here, and its
 * name is what rules and reports call it.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive.h"
#include <string.h>

static bool is(double *out, bool truth) {
    *out = truth ? 1 : 0;
    return true;
}

static bool number(double *out, uint64_t v) {
    *out = (double)v;
    return true;
}

static bool percent(double *out, uint64_t part, uint64_t whole) {
    if (whole == 0) return false;
    *out = 100.0 * (double)part / (double)whole;
    return true;
}

/* ---- the capture as a whole ---------------------------------------------------------------- */
#define TOTALS_OF(r) (&(r)->view->snapshot->totals)

static uint64_t missed_of(const struct msg_totals *t) {
    return t->missed_kernel + t->missed_interface;
}

static bool t_missed(const struct derive_row *r, double *out) {
    return number(out, missed_of(TOTALS_OF(r)));
}

static bool t_drop_percent(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return percent(out, missed_of(t), t->seen + missed_of(t));
}

static bool t_gap_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->gap_acks, TOTALS_OF(r)->acks);
}

/* What the capture missed by the worse of its two signs; 0 when there is none. */
static bool t_missed_percent(const struct derive_row *r, double *out) {
    double drops = 0, gaps = 0;
    if (!t_drop_percent(r, &drops)) drops = 0;
    if (!t_gap_percent(r, &gaps)) gaps = 0;
    *out = drops > gaps ? drops : gaps;
    return true;
}

static bool t_duplicate_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->duplicates, TOTALS_OF(r)->seen);
}

static bool t_one_sided_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->one_sided_flows, TOTALS_OF(r)->tcp_flows);
}

static bool t_midstream_percent(const struct derive_row *r, double *out) {
    return percent(out, TOTALS_OF(r)->midstream, TOTALS_OF(r)->tcp_flows);
}

static bool t_ended(const struct derive_row *r, double *out) {
    return is(out, derive_ended(r->view));
}

static bool t_failed(const struct derive_row *r, double *out) {
    return is(out, r->view->state == CAPTURE_FAILED);
}

static bool t_has_target(const struct derive_row *r, double *out) {
    return is(out, derive_has_target(r->view));
}

static bool t_has_target_name(const struct derive_row *r, double *out) {
    return is(out, r->view->target && r->view->target->name[0]);
}

static bool t_target_addresses(const struct derive_row *r, double *out) {
    return number(out, r->view->target ? r->view->target->addresses : 0);
}

static bool t_tables(const struct derive_row *r, double *out) {
    return is(out, r->view->snapshot->full);
}

static uint64_t rcode_count(const struct msg_totals *t, uint64_t code) {
    for (uint32_t i = 0; i < t->dns_rcodes_n; i++)
        if (t->dns_rcodes[i].code == code) return t->dns_rcodes[i].count;
    return 0;
}

/* Names were asked for, and each question got an answer that is no failure. */
static bool t_dns_fine(const struct derive_row *r, double *out) {
    const struct msg_totals *t = TOTALS_OF(r);
    return is(out, t->dns_responses > 0 && t->dns_unanswered == 0 && rcode_count(t, 2) == 0 &&
                       rcode_count(t, 3) == 0 && rcode_count(t, 5) == 0);
}

/* The row is what the caller named; never true when nothing was named.  All but `diagnosis` select
 * the target's traffic in the worker already. */
static bool any_of_target(const struct derive_row *r, double *out) {
    bool all = r->view->target && r->view->target->mode != MODE_DIAGNOSIS;
    return is(out, derive_has_target(r->view) && (all || derive_on_target(r)));
}

/* ---- services -----------------------------------------------------------------------------------
 */
struct both {
    uint64_t retransmitted, segments;
};

/* The direction that retransmitted more. */
static struct both worse_direction(const struct msg_service *s) {
    struct both c = {s->retransmitted_to_client, s->data_segments_to_client},
                v = {s->retransmitted_to_server, s->data_segments_to_server};
    return c.retransmitted > v.retransmitted ? c : v;
}

static bool s_retransmitted(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->retransmitted_to_client + s->retransmitted_to_server);
}

static bool s_data_segments(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->data_segments_to_client + s->data_segments_to_server);
}

static bool s_retransmitted_worse(const struct derive_row *r, double *out) {
    return number(out, worse_direction(r->row).retransmitted);
}

static bool s_segments_worse(const struct derive_row *r, double *out) {
    return number(out, worse_direction(r->row).segments);
}

static bool s_retransmit_percent(const struct derive_row *r, double *out) {
    struct both w = worse_direction(r->row);
    return percent(out, w.retransmitted, w.segments);
}

static bool s_percent_to_client(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->retransmitted_to_client, s->data_segments_to_client);
}

static bool s_percent_to_server(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->retransmitted_to_server, s->data_segments_to_server);
}

static bool s_retransmit_span(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    if (s->retransmit_last_us < s->retransmit_first_us) return false;
    *out = (double)(s->retransmit_last_us - s->retransmit_first_us) / 1e3;
    return true;
}

static bool s_active(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    if (s->last_us < s->first_us) return false;
    *out = (double)(s->last_us - s->first_us) / 1e3;
    return true;
}

static bool s_reordered_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->reordered, s->data_segments_to_client + s->data_segments_to_server);
}

static bool s_timed_out_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->timed_out, s->attempted);
}

static bool s_refused_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->refused, s->attempted);
}

static bool s_syn_retried_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->syn_retried, s->established);
}

/* Least round trip by whichever way it was measured. */
static bool s_lowest_rtt(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    const struct dist *a = &s->handshake_us, *b = &s->rtt_us;
    if (a->samples == 0 && b->samples == 0) return false;
    uint64_t least = a->samples == 0 ? b->min_us : a->min_us;
    if (b->samples > 0 && b->min_us < least) least = b->min_us;
    *out = (double)least / 1e3;
    return true;
}

static bool s_all_rtt_samples(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->handshake_us.samples + s->rtt_us.samples);
}

struct closed_window {
    unsigned side; /* 1 client, 2 server */
    uint64_t us, times, stuck, life_us;
};

/* The side that kept its window closed for longer. */
static struct closed_window closed_of(const struct msg_service *s) {
    struct closed_window c = {1, s->zero_window_by_client_us, s->zero_window_by_client_times,
                              s->zero_window_by_client_stuck, s->zero_window_by_client_life_us},
                         v = {2, s->zero_window_by_server_us, s->zero_window_by_server_times,
                              s->zero_window_by_server_stuck, s->zero_window_by_server_life_us};
    return c.us > v.us ? c : v;
}

static bool s_zero_side(const struct derive_row *r, double *out) {
    return number(out, closed_of(r->row).side);
}

static bool s_zero_closed(const struct derive_row *r, double *out) {
    *out = (double)closed_of(r->row).us / 1e3;
    return true;
}

static bool s_zero_times(const struct derive_row *r, double *out) {
    return number(out, closed_of(r->row).times);
}

static bool s_zero_stuck(const struct derive_row *r, double *out) {
    return number(out, closed_of(r->row).stuck);
}

static bool s_zero_percent(const struct derive_row *r, double *out) {
    struct closed_window w = closed_of(r->row);
    return percent(out, w.us, w.life_us);
}

static bool s_resets(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->reset_by_client + s->reset_by_server);
}

/* 1 client, 2 server, 3 both. */
static bool s_reset_side(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, (s->reset_by_client ? 1u : 0u) + (s->reset_by_server ? 2u : 0u));
}

/* Of all connections that carried on after their set-up, how many were reset in mid-stream. */
static bool s_reset_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t all = s->established + s->midstream, resets = s->reset_by_client + s->reset_by_server;
    return percent(out, resets > all ? all : resets, all);
}

static bool s_fatal_alerts(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->tls_fatal_by_client + s->tls_fatal_by_server);
}

static bool s_fatal_side(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, (s->tls_fatal_by_client ? 1u : 0u) + (s->tls_fatal_by_server ? 2u : 0u));
}

static bool s_http_5xx_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->http_5xx > s->requests ? s->requests : s->http_5xx, s->requests);
}

/* The same name (or this host itself) answered on this port by its other address family. */
static bool s_other_family(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (s->port != me->port || s->address.len == me->address.len || s->established == 0)
            continue;
        bool loopback = addr_is_loopback(&s->address) && addr_is_loopback(&me->address);
        if (loopback || (me->name[0] && strcmp(me->name, s->name) == 0)) return is(out, true);
    }
    return is(out, false);
}

/* ---- resolvers: what the kept rows say beyond the counters -------------------------------------
 */
enum { RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5, DNS_TYPE_PTR = 12 };

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

/* ---- incidents
 * ------------------------------------------------------------------------------------- */
static const struct msg_service *service_of(const struct derive_row *r) {
    const struct msg_incident *n = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].port == n->port && addr_equal(&all->rows[i].address, &n->subject))
            return &all->rows[i];
    return NULL;
}

static bool i_established(const struct derive_row *r, double *out) {
    const struct msg_service *s = service_of(r);
    return number(out, s ? s->established : 0);
}

static bool i_unreachable(const struct derive_row *r, double *out) {
    const struct msg_service *s = service_of(r);
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
static bool i_icmp_class(const struct derive_row *r, double *out) {
    static const unsigned v4[16] = {1, 1, 3, 3, 0, 0, 1, 1, 1, 2, 2, 1, 1, 2, 0, 0};
    static const unsigned v6[8] = {1, 2, 1, 1, 3, 2, 1, 0};
    unsigned type, code;
    bool six;
    if (!i_icmp(r, &type, &code, &six)) return false;
    if (six) return number(out, type == 1 && code < 8 ? v6[code] : 0);
    return number(out, type == 3 && code < 16 ? v4[code] : 0);
}

static bool i_is_v6(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return is(out, n->value >= 65536);
}

/* ---- by name
 * ------------------------------------------------------------------------------------------ */
static const struct {
    enum table_id table;
    const char *name;
    derive_fn fn;
} computed[] = {
    {TABLE_TOTALS, "missed", t_missed},
    {TABLE_TOTALS, "drop_percent", t_drop_percent},
    {TABLE_TOTALS, "gap_percent", t_gap_percent},
    {TABLE_TOTALS, "missed_percent", t_missed_percent},
    {TABLE_TOTALS, "duplicate_percent", t_duplicate_percent},
    {TABLE_TOTALS, "one_sided_percent", t_one_sided_percent},
    {TABLE_TOTALS, "midstream_percent", t_midstream_percent},
    {TABLE_TOTALS, "ended", t_ended},
    {TABLE_TOTALS, "failed", t_failed},
    {TABLE_TOTALS, "has_target", t_has_target},
    {TABLE_TOTALS, "has_target_name", t_has_target_name},
    {TABLE_TOTALS, "target_addresses", t_target_addresses},
    {TABLE_TOTALS, "tables", t_tables},
    {TABLE_TOTALS, "dns_fine", t_dns_fine},
    {TABLE_SERVICES, "of_target", any_of_target},
    {TABLE_RESOLVERS, "of_target", any_of_target},
    {TABLE_INCIDENTS, "of_target", any_of_target},
    {TABLE_SERVICES, "retransmitted", s_retransmitted},
    {TABLE_SERVICES, "data_segments", s_data_segments},
    {TABLE_SERVICES, "retransmitted_worse", s_retransmitted_worse},
    {TABLE_SERVICES, "data_segments_worse", s_segments_worse},
    {TABLE_SERVICES, "retransmit_percent", s_retransmit_percent},
    {TABLE_SERVICES, "retransmit_to_client_percent", s_percent_to_client},
    {TABLE_SERVICES, "retransmit_to_server_percent", s_percent_to_server},
    {TABLE_SERVICES, "retransmit_span_ms", s_retransmit_span},
    {TABLE_SERVICES, "active_ms", s_active},
    {TABLE_SERVICES, "reordered_percent", s_reordered_percent},
    {TABLE_SERVICES, "timed_out_percent", s_timed_out_percent},
    {TABLE_SERVICES, "refused_percent", s_refused_percent},
    {TABLE_SERVICES, "syn_retried_percent", s_syn_retried_percent},
    {TABLE_SERVICES, "lowest_rtt_ms", s_lowest_rtt},
    {TABLE_SERVICES, "all_rtt_samples", s_all_rtt_samples},
    {TABLE_SERVICES, "zero_window_side", s_zero_side},
    {TABLE_SERVICES, "zero_window_ms", s_zero_closed},
    {TABLE_SERVICES, "zero_window_times", s_zero_times},
    {TABLE_SERVICES, "zero_window_stuck", s_zero_stuck},
    {TABLE_SERVICES, "zero_window_percent", s_zero_percent},
    {TABLE_SERVICES, "resets", s_resets},
    {TABLE_SERVICES, "reset_side", s_reset_side},
    {TABLE_SERVICES, "reset_percent", s_reset_percent},
    {TABLE_SERVICES, "fatal_alerts", s_fatal_alerts},
    {TABLE_SERVICES, "fatal_side", s_fatal_side},
    {TABLE_SERVICES, "http_5xx_percent", s_http_5xx_percent},
    {TABLE_SERVICES, "other_family_works", s_other_family},
    {TABLE_RESOLVERS, "servfail_target", r_servfail_target},
    {TABLE_RESOLVERS, "servfail_unresolved", r_servfail_unresolved},
    {TABLE_RESOLVERS, "servfail_percent", r_servfail_percent},
    {TABLE_RESOLVERS, "refused_target", r_refused_target},
    {TABLE_RESOLVERS, "refused_unresolved", r_refused_unresolved},
    {TABLE_RESOLVERS, "refused_percent", r_refused_percent},
    {TABLE_RESOLVERS, "nxdomain_target", r_nxdomain_target},
    {TABLE_RESOLVERS, "nxdomain_unresolved", r_nxdomain_unresolved},
    {TABLE_RESOLVERS, "nxdomain_unresolved_percent", r_nxdomain_unresolved_percent},
    {TABLE_RESOLVERS, "nxdomain_percent", r_nxdomain_percent},
    {TABLE_RESOLVERS, "unanswered_percent", r_unanswered_percent},
    {TABLE_INCIDENTS, "service_established", i_established},
    {TABLE_INCIDENTS, "service_unreachable", i_unreachable},
    {TABLE_INCIDENTS, "icmp_type", i_icmp_type},
    {TABLE_INCIDENTS, "icmp_code", i_icmp_code},
    {TABLE_INCIDENTS, "icmp_class", i_icmp_class},
    {TABLE_INCIDENTS, "icmp_v6", i_is_v6},
};

derive_fn derive_fn_find(enum table_id table, const char *name) {
    for (size_t i = 0; i < sizeof computed / sizeof computed[0]; i++)
        if (computed[i].table == table && strcmp(computed[i].name, name) == 0)
            return computed[i].fn;
    return NULL;
}

/* ---- names from the wire, for the finding's own field
 * -------------------------------------------- */
static const char *service_name(const struct derive_row *r) {
    return ((const struct msg_service *)r->row)->name;
}

static const char *trouble_name(const struct derive_row *r) {
    return ((const struct msg_resolver *)r->row)->trouble_name;
}

static const char *incident_name(const struct derive_row *r) {
    const struct msg_service *s = service_of(r);
    return s ? s->name : "";
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
    return best ? best->name : trouble_name(r);
}

static const char *servfail_name(const struct derive_row *r) {
    return rcode_name(r, RCODE_SERVFAIL);
}

static const char *nxdomain_name(const struct derive_row *r) {
    return rcode_name(r, RCODE_NXDOMAIN);
}

static const char *refused_name(const struct derive_row *r) {
    return rcode_name(r, RCODE_REFUSED);
}

derive_name_fn derive_name_find(enum table_id table, const char *name) {
    static const struct {
        enum table_id table;
        const char *name;
        derive_name_fn fn;
    } names[] = {{TABLE_SERVICES, "name", service_name},
                 {TABLE_RESOLVERS, "trouble_name", trouble_name},
                 {TABLE_RESOLVERS, "servfail_name", servfail_name},
                 {TABLE_RESOLVERS, "nxdomain_name", nxdomain_name},
                 {TABLE_RESOLVERS, "refused_name", refused_name},
                 {TABLE_INCIDENTS, "service_name", incident_name}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].table == table && strcmp(names[i].name, name) == 0) return names[i].fn;
    return NULL;
}
