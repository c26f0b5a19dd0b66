/* Computed values of resolvers (with what the kept DNS rows say beyond the counters) and of
 * incidents (with what their service's row says).
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"

/* ---- resolvers: what the kept rows say beyond the counters --------------------------------- */
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
    {NULL, NULL},
};

const struct computed computed_incidents[] = {
    {"of_target", derive_of_target},
    {"service_established", i_established},
    {"service_unreachable", i_unreachable},
    {"icmp_type", i_icmp_type},
    {"icmp_code", i_icmp_code},
    {"icmp_class", i_icmp_class},
    {"icmp_v6", i_is_v6},
    {"dhcp_acks", i_dhcp_acks},
    {NULL, NULL},
};
