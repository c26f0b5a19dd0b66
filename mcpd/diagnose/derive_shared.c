/* One root cause of many symptoms: what all hosts beyond the local network have in common is the
 * way to them.  A host counts as beyond when 16 bits of its IPv4 address, or 48 of IPv6, already
 * differ from the client's: a site has many networks.  A single host that fares better, and nothing
 * is shared.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

#define PLACES   LIM_SERVICE_ROWS
#define SEVERAL  3u       /* as tcp_syn_timeout: one or two may be down by themselves */
#define LATE_US  1000000u /* of what was under way when the silence began */
#define CLEAN    100u     /* segments without the loss that the others have: no accident */
#define LOST_MIN 5u       /* as tcp_retransmissions: a rate needs events */
#define NAMES    3u       /* found by a resolver nearby, none in vain: its way out works */
#define PER_BAD  10u      /* found for each asked in vain: a domain that is broken by itself */
#define CACHE_US 2000u    /* what a resolver nearby knows already it tells sooner, */
#define WIFI_US  10000u   /* over Wi-Fi as well, */
#define NEAR     4u       /* or after not much longer than its fastest answer */

struct places {
    const struct msg_service *one[PLACES];
    uint32_t n;
};

/* All but `diagnosis` capture only what belongs to the target: of other hosts nothing is known. */
static bool sees_all(const struct capture_view *v) {
    return !derive_has_target(v) || v->target->mode == MODE_DIAGNOSIS;
}

/* A site's network: 16 bits of IPv4, or 48 of IPv6. */
static bool same_site(const struct addr *a, const struct addr *b) {
    return a->len == b->len && memcmp(a->b, b->b, a->len == 4 ? 2 : 6) == 0;
}

/* Connections of this network, by either end; none of what never leaves a host or a link. */
static uint32_t connections_of(const struct capture_view *v, const struct addr *a) {
    const struct msg_connections *all = &v->snapshot->connections;
    uint32_t n = 0;
    if (a->len == 0 || addr_is_loopback(a) || addr_is_link_local(a)) return 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        n += same_site(a, &all->rows[i].client) || same_site(a, &all->rows[i].server);
    return n;
}

/* Of the network that most connections have in common: that of the clients, or, where strangers
 * come from everywhere, that of the servers. */
static void find_us(struct capture_view *v) {
    const struct msg_connections *all = &v->snapshot->connections;
    uint32_t most[2] = {0};
    v->us[0] = v->us[1] = NULL;
    for (uint32_t i = 0; i < 2 * all->rows_n; i++) { /* clients first */
        const struct msg_connection *c = &all->rows[i % all->rows_n];
        const struct addr *a = i < all->rows_n ? &c->client : &c->server;
        uint32_t n = connections_of(v, a);
        if (n <= most[a->len == 16]) continue;
        most[a->len == 16] = n;
        v->us[a->len == 16] = a;
    }
}

static bool is_beyond(const struct capture_view *v, const struct addr *host) {
    const struct addr *us = v->us[host->len == 16];
    return us && !same_site(us, host);
}

/* Bytes of an address that its network has; behind NAT64 (RFC 6052, section 2.1) that of IPv4. */
static size_t network_bytes(const struct addr *a) {
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (a->len == 4) return 3;
    return memcmp(a->b, nat64, sizeof nat64) == 0 ? 15 : 6;
}

bool derive_same_network(const struct addr *a, const struct addr *b) {
    return a->len == b->len && memcmp(a->b, b->b, network_bytes(a)) == 0;
}

/* In one network, or of one name: they may go down together by themselves. */
static bool same_place(const struct msg_service *a, const struct msg_service *b) {
    return (a->name[0] && strcmp(a->name, b->name) == 0) ||
           derive_same_network(&a->address, &b->address);
}

static bool same_host(const struct msg_service *a, const struct msg_service *b) {
    return addr_equal(&a->address, &b->address);
}

static uint64_t lowest_us(const struct msg_service *s) {
    const struct dist *a = &s->handshake_us, *b = &s->rtt_us;
    uint64_t of_a = a->samples ? a->min_us : UINT64_MAX, of_b = b->samples ? b->min_us : UINT64_MAX;
    return of_a < of_b ? of_a : of_b;
}

static void add(struct places *p, const struct msg_service *s,
                bool (*same)(const struct msg_service *a, const struct msg_service *b)) {
    if (p->n == PLACES) return;
    for (uint32_t i = 0; i < p->n; i++)
        if (same(p->one[i], s)) return;
    p->one[p->n++] = s;
}

/* ---- silence ----------------------------------------------------------------------------------
 */
/* What the client sent last was never answered. */
static bool is_dead(const struct msg_incident *x) {
    if (x->toward_client || x->unseen) return false;
    return x->kind == INCIDENT_DEAD_PATH || (x->kind == INCIDENT_UNHEARD && x->value == 0) ||
           (x->kind == INCIDENT_IDLE_END && x->value == 2);
}

/* Connections of a service that went dead on their way to it. */
static uint64_t died(const struct capture_view *v, const struct msg_service *s) {
    const struct msg_incidents *all = &v->snapshot->incidents;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *x = &all->rows[i];
        n +=
            is_dead(x) && x->port == s->port && addr_equal(&x->subject, &s->address) ? x->count : 0;
    }
    return n;
}

static bool is_no_way(const struct msg_incident *x) {
    static const uint16_t v4 = 3 * 256; /* network and host unreachable: codes 0, 1, 6 and 7 */
    uint64_t code = x->value - v4;
    return x->kind == INCIDENT_ICMP_UNREACHABLE && !x->toward_client && !x->unseen &&
           (code < 2 || code == 6 || code == 7 || x->value == 65536 + 256 ||
            x->value == 65536 + 256 + 3);
}

static bool never_answered(const struct msg_service *s) {
    return s->established + s->midstream + s->refused == 0 && s->timed_out + s->unreachable > 0;
}

/* Attempts of its clients got no answer, and it has said nothing since the first of them. */
static bool fell_mute(const struct msg_service *s) {
    return s->timed_out > 0 && s->heard_us <= s->timeout_first_us + LATE_US;
}

/* When the last connection to a host of the internet came up. */
static uint64_t came_up_last(const struct capture_view *v) {
    const struct msg_connections *all = &v->snapshot->connections;
    uint64_t at = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (c->start_us > at && c->handshake_us > 0 && !addr_is_private(&c->server) &&
            is_beyond(v, &c->server))
            at = c->start_us;
    }
    return at;
}

/* When it began: the first of what fell silent and lies beyond.  If others came up after that, it
 * was a trouble of its own: then the first of what fell silent later, if anything did. */
static uint64_t silence_began(const struct capture_view *v) {
    const struct msg_services *tcp = &v->snapshot->services;
    const struct msg_incidents *all = &v->snapshot->incidents;
    uint64_t at = UINT64_MAX, later = UINT64_MAX, up = came_up_last(v);
    for (uint32_t i = 0; i < tcp->rows_n; i++) {
        const struct msg_service *s = &tcp->rows[i];
        if (!fell_mute(s) || !is_beyond(v, &s->address)) continue;
        if (s->timeout_first_us < at) at = s->timeout_first_us;
        if (s->timeout_first_us > up && s->timeout_first_us < later) later = s->timeout_first_us;
    }
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *x = &all->rows[i];
        if (!(is_dead(x) || is_no_way(x)) || !is_beyond(v, &x->subject)) continue;
        if (x->first_us < at) at = x->first_us;
        if (is_dead(x) && x->first_us > up && x->first_us < later) later = x->first_us;
    }
    return at < up && later != UINT64_MAX ? later : at;
}

/* It was silent already when others still answered. */
static bool failed_before(const struct msg_service *s, uint64_t at) {
    return fell_mute(s) && s->timeout_first_us < at;
}

static bool spoke_since(const struct msg_service *s, uint64_t at) {
    return s->heard_us > at + LATE_US;
}

static bool is_silent(const struct capture_view *v, const struct msg_service *s, uint64_t at) {
    return never_answered(s) || (!spoke_since(s, at) && (fell_mute(s) || died(v, s) > 0));
}

static bool asked_before(const struct msg_dns *dns, const struct msg_dns_row *d) {
    for (uint32_t i = 0; i < dns->rows_n; i++)
        if (dns->rows[i].at_us < d->at_us && strcmp(dns->rows[i].name, d->name) == 0) return true;
    return false;
}

/* Behind a provider's NAT, or of an overlay network (RFC 6598): nearer than the internet, or not.
 */
static bool is_shared(const struct addr *a) {
    return a->len == 4 && a->b[0] == 100 && (a->b[1] & 0xc0) == 64;
}

/* in_public: all that fell silent is of the internet; private networks elsewhere have a way of
 * their own.  of_public: several places of it are. */
struct silence {
    uint64_t at;
    bool in_public, of_public;
};

static void find_kinds(const struct capture_view *v, struct silence *w) {
    const struct msg_services *all = &v->snapshot->services;
    struct places p = {.n = 0};
    w->in_public = true;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (!is_beyond(v, &s->address) || !is_silent(v, s, w->at)) continue;
        w->in_public &= !addr_is_private(&s->address);
        if (!addr_is_private(&s->address) && !is_shared(&s->address)) add(&p, s, same_place);
    }
    w->of_public = p.n >= SEVERAL;
}

/* The shortest time to a private host, or, where none was measured, to its network. */
static uint64_t nearest_us(const struct capture_view *v, const struct addr *a, size_t bytes) {
    const struct msg_services *tcp = &v->snapshot->services;
    const struct msg_resolvers *dns = &v->snapshot->resolvers;
    uint64_t us = UINT64_MAX;
    for (uint32_t i = 0; i < tcp->rows_n; i++) {
        const struct msg_service *s = &tcp->rows[i];
        if (s->address.len == a->len && memcmp(s->address.b, a->b, bytes) == 0 && lowest_us(s) < us)
            us = lowest_us(s);
    }
    for (uint32_t i = 0; i < dns->rows_n; i++) {
        const struct msg_resolver *d = &dns->rows[i];
        if (d->address.len == a->len && memcmp(d->address.b, a->b, bytes) == 0 &&
            d->latency_us.samples > 0 && d->latency_us.min_us < us)
            us = d->latency_us.min_us;
    }
    return us;
}

/* A private network elsewhere that is this near is of the same site: no VPN goes there. */
static bool is_on_site(const struct capture_view *v, const struct addr *a) {
    if (!addr_is_private(a)) return false;
    uint64_t us = nearest_us(v, a, a->len);
    return (us < UINT64_MAX ? us : nearest_us(v, a, a->len == 4 ? 2 : 6)) < CACHE_US;
}

/* Does what this host says tell of the way on which the others are silent? */
static bool same_way(const struct capture_view *v, const struct silence *w, const struct addr *a) {
    return is_beyond(v, a) && !(w->in_public && addr_is_private(a)) &&
           !(w->of_public && (is_on_site(v, a) || is_shared(a)));
}

/* Of the own house: whoever answers asks nobody. */
static bool is_house_name(const char *name) {
    static const char *const inside[] = {".lan",  ".local",    ".home",        ".box",
                                         ".arpa", ".internal", ".localdomain", ".corp"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        size_t n = strlen(inside[i]);
        if (len > n && strcmp(name + len - n, inside[i]) == 0) return true;
    }
    return !strchr(name, '.');
}

/* What this resolver answers sooner it may have known. */
static uint64_t cached_us(const struct capture_view *v, const struct msg_dns_row *d) {
    const struct msg_resolvers *all = &v->snapshot->resolvers;
    uint64_t us = CACHE_US;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_resolver *r = &all->rows[i];
        if (r->port != d->server_port || !addr_equal(&r->address, &d->server)) continue;
        us = r->latency_us.min_us * NEAR;
    }
    return us < CACHE_US ? CACHE_US : us > WIFI_US ? WIFI_US : us;
}

/* A resolver nearby has found new names since: after all that was asked in vain, or so many that
 * few in vain tell of their own domains only. */
static bool names_found_since(const struct capture_view *v, const struct silence *w) {
    const struct msg_dns *dns = &v->snapshot->dns;
    uint32_t found = 0, later = 0, bad = 0;
    uint64_t bad_us = w->at;
    for (uint32_t i = 0; i < dns->rows_n; i++) {
        const struct msg_dns_row *d = &dns->rows[i];
        bool good = d->answered ? d->rcode == 0 || d->rcode == 3 : d->pending;
        if (good || d->at_us < w->at) continue;
        bad++;
        if (d->at_us >= bad_us) bad_us = d->at_us + 1;
    }
    for (uint32_t i = 0; i < dns->rows_n; i++) {
        const struct msg_dns_row *d = &dns->rows[i];
        if (d->at_us < w->at || d->rcode != 0 || d->answers == 0 || same_way(v, w, &d->server) ||
            is_house_name(d->name) || d->latency_us < cached_us(v, d) || asked_before(dns, d))
            continue;
        found++;
        later += d->at_us >= bad_us;
        if (later == NAMES || found == PER_BAD * bad) return true;
    }
    return false;
}

/* Hosts of the internet, in whatever protocol. */
static bool said_since(const struct capture_view *v, const struct silence *w) {
    const struct msg_hosts *all = &v->snapshot->hosts;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_host *h = &all->rows[i];
        if (h->said_us > w->at + LATE_US && !h->local && !addr_is_private(&h->address) &&
            same_way(v, w, &h->address))
            return true;
    }
    return false;
}

/* Somebody beyond has said something since. */
static bool heard_since(const struct capture_view *v, const struct silence *w) {
    const struct msg_dns *dns = &v->snapshot->dns;
    const struct msg_udp *udp = &v->snapshot->udp;
    const struct msg_streams *media = &v->snapshot->streams;
    if (said_since(v, w)) return true;
    for (uint32_t i = 0; i < dns->rows_n; i++) {
        const struct msg_dns_row *d = &dns->rows[i];
        if (d->answered && d->at_us >= w->at && same_way(v, w, &d->server)) return true;
    }
    for (uint32_t i = 0; i < udp->rows_n; i++) {
        const struct msg_udp_service *u = &udp->rows[i];
        bool answer = u->answered > 0 && u->ask_last_us >= w->at &&
                      u->answered_last_us >= u->ask_last_us; /* to the last request */
        if ((answer || u->answered_last_us > w->at + LATE_US) && same_way(v, w, &u->address))
            return true;
    }
    for (uint32_t i = 0; i < media->rows_n; i++) {
        const struct msg_media *m = &media->rows[i];
        if (m->last_us > w->at + LATE_US && same_way(v, w, &m->sender)) return true;
    }
    return names_found_since(v, w);
}

/* The places beyond that fell silent, or always were, when no other answers; none otherwise.  Of
 * who has no row nobody knows where it is. */
static void find_silence(struct capture_view *v) {
    const struct msg_services *all = &v->snapshot->services;
    struct silence w = {.at = sees_all(v) ? silence_began(v) : UINT64_MAX};
    struct places p = {.n = 0};
    v->silent_places = 0;
    v->silent_since_us = w.at;
    if (w.at == UINT64_MAX) return;
    find_kinds(v, &w);
    if (heard_since(v, &w) || all->others_heard_us > w.at + LATE_US) return;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (!is_beyond(v, &s->address) || failed_before(s, w.at)) continue;
        if (is_silent(v, s, w.at))
            add(&p, s, same_place);
        else if (spoke_since(s, w.at) && same_way(v, &w, &s->address))
            return;
    }
    v->silent_places = p.n;
}

void derive_shared(struct capture_view *v) {
    find_us(v);
    find_silence(v);
}

static bool silent_beyond(const struct derive_row *r, const struct addr *host, double *out) {
    return r->view->silent_places > 0 && is_beyond(r->view, host) &&
           number(out, r->view->silent_places);
}

bool derive_silent_beyond(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    return silent_beyond(r, &me->address, out) && !failed_before(me, r->view->silent_since_us);
}

bool derive_heard_beyond(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    return is(out, said_since(r->view, &(struct silence){me->timeout_first_us, true, true}));
}

bool derive_incident_silent_beyond(const struct derive_row *r, double *out) {
    return silent_beyond(r, &((const struct msg_incident *)r->row)->subject, out);
}

bool derive_udp_silent_beyond(const struct derive_row *r, double *out) {
    const struct msg_udp_service *me = r->row;
    uint64_t asked = me->ask_last_us > me->quic_last_us ? me->ask_last_us : me->quic_last_us;
    return silent_beyond(r, &me->address, out) && asked >= r->view->silent_since_us;
}

bool derive_connection_silent_beyond(const struct derive_row *r, double *out) {
    const struct msg_connection *me = r->row;
    return silent_beyond(r, &me->server, out) && me->start_us >= r->view->silent_since_us;
}

/* A resolver nearby has to ask others beyond. */
bool derive_resolver_silent_beyond(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    return r->view->silent_places > 0 && me->trouble_last_us >= r->view->silent_since_us &&
           number(out, r->view->silent_places);
}

/* Both are symptoms of the same cut. */
bool derive_same_way(const struct derive_row *a, const struct derive_row *b) {
    const struct derive_row *both[] = {a, b};
    for (unsigned i = 0; i < 2; i++) {
        static const derive_fn by_table[TABLE_COUNT] = {
            [TABLE_SERVICES] = derive_silent_beyond,
            [TABLE_RESOLVERS] = derive_resolver_silent_beyond,
            [TABLE_INCIDENTS] = derive_incident_silent_beyond,
            [TABLE_UDP] = derive_udp_silent_beyond};
        derive_fn fn = by_table[both[i]->table];
        double n;
        if (!fn || !fn(both[i], &n)) return false;
    }
    return true;
}

/* Hosts that this router, and it alone, says it knows no way to. */
bool derive_no_way_beyond(const struct derive_row *r, double *out) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    const struct msg_incident *me = r->row;
    struct places p = {0};
    double silent;
    if (!is_no_way(me) || !derive_incident_silent_beyond(r, &silent)) return false;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        struct derive_row other = {r->view, TABLE_INCIDENTS, &all->rows[i]};
        const struct msg_service *s = derive_incident_service(&other);
        if (!is_no_way(&all->rows[i]) || !s) continue;
        if (!addr_equal(&all->rows[i].peer, &me->peer)) return false;
        if (is_beyond(r->view, &s->address)) add(&p, s, same_place);
    }
    return p.n > 0 && number(out, p.n);
}

/* ---- loss -------------------------------------------------------------------------------------
 */
static double loss(const struct msg_service *s, uint64_t *lost, uint64_t *segments) {
    uint64_t c = s->retransmitted_to_client, v = s->retransmitted_to_server;
    *lost = c > v ? c : v;
    *segments = c > v ? s->data_segments_to_client : s->data_segments_to_server;
    return *segments ? 100.0 * (double)*lost / (double)*segments : 0;
}

#define LOSS_PERCENT 0.5 /* as tcp_retransmissions: worth a note */

static bool is_lossy(const struct msg_service *s) {
    uint64_t lost, segments;
    return loss(s, &lost, &segments) >= LOSS_PERCENT && lost >= LOST_MIN;
}

/* The hosts beyond whose packets get lost, when all that sent enough are among them. */
static void find_loss(const struct capture_view *v, struct places *out) {
    const struct msg_services *all = &v->snapshot->services;
    out->n = 0;
    for (uint32_t i = 0; sees_all(v) && i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        uint64_t lost, segments;
        if (!is_beyond(v, &s->address)) continue;
        if (is_lossy(s)) {
            add(out, s, same_host);
        } else if (loss(s, &lost, &segments) < LOSS_PERCENT &&
                   s->data_segments_to_client + s->data_segments_to_server >= CLEAN) {
            out->n = 0;
            return;
        }
    }
}

#define OWN_TIMES 4u /* what another loses, and it is no chance of the same loss */

/* It loses far more than others beyond, as many at least as lose alike: on a part of the way that
 * they do not share. */
static bool loses_more(const struct capture_view *v, const struct msg_service *me) {
    const struct msg_services *all = &v->snapshot->services;
    uint64_t lost, segments;
    double rate = loss(me, &lost, &segments);
    uint32_t alike = 0, less = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (!is_lossy(s) || same_host(s, me) || !is_beyond(v, &s->address)) continue;
        if (rate > OWN_TIMES * loss(s, &lost, &segments))
            less++;
        else
            alike++;
    }
    return less > 0 && less >= alike;
}

bool derive_lossy_beyond(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    struct places p = {0};
    if (is_lossy(me) && is_beyond(r->view, &me->address) && !loses_more(r->view, me))
        find_loss(r->view, &p);
    return p.n > 0 && number(out, p.n);
}

/* ---- latency ----------------------------------------------------------------------------------
 */
#define FAR_US 150000u /* as path_latency_high */

/* The hosts beyond that are far, when none is near. */
bool derive_far_beyond(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    const struct msg_service *me = r->row;
    struct places p = {0};
    bool far = sees_all(r->view) && is_beyond(r->view, &me->address) && lowest_us(me) > FAR_US;
    for (uint32_t i = 0; far && i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (!is_beyond(r->view, &s->address) || lowest_us(s) == UINT64_MAX) continue;
        far = lowest_us(s) > FAR_US;
        add(&p, s, same_host);
    }
    return far && number(out, p.n);
}
