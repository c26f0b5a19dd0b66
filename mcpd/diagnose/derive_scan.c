/* Signs of a scan: one client that touches many ports or hosts within seconds and mostly fails.
 * Told from the connection rows, half of which are for the failed ones.  The same signs keep the
 * services that were scanned from being blamed for refusing. Runs in: mcpd.  Input trust: packets
 * (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

#define SCAN_WINDOW_US 10000000u /* findings.md, syn_scan: within 10 s */
#define SCAN_COUNT_MAX 256u      /* hosts told apart; the threshold is far below */

static bool has_failed(const struct msg_connection *c) {
    return c->state == CONN_REFUSED || c->state == CONN_TIMED_OUT || c->state == CONN_UNREACHABLE ||
           c->state == CONN_ABORTED || c->state == CONN_PENDING;
}

/* addr_equal() in the loop over all pairs of rows: compared in place. */
static inline bool same(const struct addr *a, const struct addr *b) {
    return memcmp(a, b, sizeof *a) == 0;
}

/* A connection of the same client that began within the window after this one. */
static bool in_window(const struct msg_connection *me, const struct msg_connection *c) {
    return c->start_us >= me->start_us && c->start_us - me->start_us <= SCAN_WINDOW_US &&
           same(&c->client, &me->client);
}

static bool c_failed(const struct derive_row *r, double *out) {
    return is(out, has_failed(r->row));
}

static bool c_scan_ports(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_connection *me = r->row;
    uint8_t seen[65536 / 8] = {0};
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (!in_window(me, c) || !same(&c->server, &me->server)) continue;
        uint8_t bit = (uint8_t)(1u << (c->server_port & 7));
        n += !(seen[c->server_port >> 3] & bit);
        seen[c->server_port >> 3] |= bit;
    }
    return number(out, n);
}

/* On one port: peers of peers have each their own. */
static bool c_scan_hosts(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_connection *me = r->row;
    const struct addr *seen[SCAN_COUNT_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->rows_n && n < SCAN_COUNT_MAX; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (!in_window(me, c) || c->server_port != me->server_port) continue;
        uint32_t k = 0;
        while (k < n && !same(seen[k], &c->server)) k++;
        if (k == n) seen[n++] = &c->server;
    }
    return number(out, n);
}

#define ROUND_US 14000000u /* who looks in rounds does it each 15 s or less often */

/* The client tried the same again later, or had before: as who needs it, or watches over it. */
static bool c_scan_in_rounds(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_connection *me = r->row;
    bool again = false;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        uint64_t apart =
            c->start_us > me->start_us ? c->start_us - me->start_us : me->start_us - c->start_us;
        again |= apart >= ROUND_US && c->server_port == me->server_port &&
                 same(&c->server, &me->server) && same(&c->client, &me->client);
    }
    return is(out, again);
}

#define FEW_PORTS 4u /* of a host, as a program may need them; more of many hosts are a search */

static bool same_service(const struct msg_connection *a, const struct msg_connection *b) {
    return a->server_port == b->server_port && same(&a->server, &b->server);
}

/* Ports of all hosts, but for a few of each. */
static bool c_scan_services(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_connection *first[LIM_CONNECTIONS]; /* of each service */
    uint32_t n = 0;
    uint64_t more = 0;
    for (uint32_t i = 0; i < all->rows_n && n < LIM_CONNECTIONS; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (!in_window(r->row, c)) continue;
        uint32_t k = 0, of_host = 0;
        for (; k < n && !same_service(first[k], c); k++)
            of_host += same(&first[k]->server, &c->server);
        if (k < n) continue;
        first[n++] = c;
        more += of_host >= FEW_PORTS;
    }
    return number(out, more);
}

/* Those that came up and have no row: as many of them are of this client as of those that have one,
 * spread evenly. */
static bool c_scan_failed_percent(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_totals *t = &r->view->snapshot->totals;
    const struct msg_connection *me = r->row;
    uint64_t failed = 0, in_time = 0, up = 0, mine_up = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        up += derive_came_up(c);
        mine_up += derive_came_up(c) && same(&c->client, &me->client);
        if (!in_window(me, c)) continue;
        in_time++;
        failed += has_failed(c);
    }
    if (in_time == 0) return false;
    double unseen = t->established > up ? (double)(t->established - up) : 0;
    unseen *= up > 0 ? (double)mine_up / (double)up : 0;
    if (t->duration_us > SCAN_WINDOW_US) unseen *= SCAN_WINDOW_US / (double)t->duration_us;
    *out = 100.0 * (double)failed / ((double)in_time + unseen);
    return true;
}

const struct computed computed_connections[] = {
    {"failed", c_failed},
    {"scan_ports", c_scan_ports},
    {"scan_hosts", c_scan_hosts},
    {"scan_services", c_scan_services},
    {"scan_failed_percent", c_scan_failed_percent},
    {"scan_in_rounds", c_scan_in_rounds},
    {"silent_beyond", derive_connection_silent_beyond},
    {NULL, NULL},
};

/* ---- services -------------------------------------------------------------------------------- */
static bool never_worked(const struct msg_service *s) {
    return s->established == 0 && s->refused + s->timed_out + s->unreachable + s->aborted > 0;
}

#define WORK_ONE_IN 5u /* as syn_scan: of what is searched for, less works */

struct outcomes {
    uint64_t failed, young, all;
};

static void outcomes_add(struct outcomes *o, const struct msg_service *s) {
    o->failed += never_worked(s);
    o->young += s->established + s->midstream == 0 && !never_worked(s) && s->pending > 0;
    o->all++;
}

static bool few_work(const struct outcomes *o) {
    return (o->all - o->failed - o->young) * WORK_ONE_IN <= o->all;
}

#define SCAN_TRIES 2u /* of a port, at most: whoever needs it tries on */

static bool is_looked_at(const struct msg_service *s) {
    return s->attempted <= SCAN_TRIES && s->attempted <= s->asked_again + 1 &&
           (s->attempted < 2 || s->last_us - s->first_us < ROUND_US);
}

typedef bool alike_fn(const struct msg_service *a, const struct msg_service *b);

static bool of_one_host(const struct msg_service *a, const struct msg_service *b) {
    return same(&a->address, &b->address);
}

static bool of_one_port(const struct msg_service *a, const struct msg_service *b) {
    return a->port == b->port;
}

/* What a scan may explain is no company for what it does not. */
static bool of_one_network(const struct msg_service *a, const struct msg_service *b) {
    return derive_same_network(&a->address, &b->address) && is_looked_at(a) == is_looked_at(b);
}

/* In a scan that has just begun most are too young to say; elsewhere the young are no failures. */
static bool failing(const struct derive_row *r, alike_fn *alike, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    const struct msg_service *me = r->row;
    struct outcomes o = {0};
    if (me->established + me->midstream > 0) return number(out, 0);
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (alike(&all->rows[i], r->row)) outcomes_add(&o, &all->rows[i]);
    return number(out, o.failed + (few_work(&o) ? o.young : 0));
}

bool derive_ports_failing_here(const struct derive_row *r, double *out) {
    return failing(r, of_one_host, out);
}

bool derive_hosts_failing_there(const struct derive_row *r, double *out) {
    return failing(r, of_one_port, out);
}

bool derive_services_failing_near(const struct derive_row *r, double *out) {
    return failing(r, of_one_network, out);
}

/* One client tried it once, or twice in a row; of many hosts none is known by name. */
static bool is_searched(const struct msg_service *s, alike_fn *alike) {
    return never_worked(s) && is_looked_at(s) && (alike == of_one_host || !s->name[0]);
}

static bool searched(const struct derive_row *r, alike_fn *alike, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    struct outcomes o = {0};
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        if (!alike(&all->rows[i], r->row)) continue;
        outcomes_add(&o, &all->rows[i]);
        n += is_searched(&all->rows[i], alike);
    }
    return number(out, is_searched(r->row, alike) && few_work(&o) ? n : 0);
}

bool derive_ports_searched_here(const struct derive_row *r, double *out) {
    return searched(r, of_one_host, out);
}

bool derive_hosts_searched_there(const struct derive_row *r, double *out) {
    return searched(r, of_one_port, out);
}

bool derive_same_client(const struct derive_row *connection, const struct derive_row *service) {
    const struct msg_connections *all = &service->view->snapshot->connections;
    const struct msg_connection *scan = connection->row;
    const struct msg_service *s = service->row;
    if (connection->table != TABLE_CONNECTIONS || service->table != TABLE_SERVICES) return false;
    if (!never_worked(s) || !is_looked_at(s)) return false;
    bool seen = false;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (c->server_port != s->port || !same(&c->server, &s->address)) continue;
        if (!same(&c->client, &scan->client)) return false;
        seen = true;
    }
    bool alike = same(&s->address, &scan->server) || s->port == scan->server_port;
    return seen || (alike && all->of > all->rows_n); /* a scan may fill the rows */
}

/* ---- peers -----------------------------------------------------------------------------------
 * Programs that share files or chains of blocks know their peers by address alone, from lists that
 * are never up to date.  Each has a port of its own; or they are spread over so many networks of
 * the internet that no service is. */
#define FIRST_FREE_PORT 1024u
#define NETWORKS        10u /* of those that failed, where others like them answer: a crowd */
#define NETWORKS_ALONE  20u /* ... where none does, as behind a firewall */

static bool is_unknown(const struct derive_row *r, const struct msg_service *s) {
    struct derive_row other = *r;
    double target;
    other.row = s;
    return !s->name[0] && s->port >= FIRST_FREE_PORT && derive_of_target(&other, &target) &&
           target == 0;
}

static bool is_once(const struct derive_row *r, const struct msg_service *s) {
    return never_worked(s) && s->asked_again == 0 && !addr_is_private(&s->address) &&
           is_unknown(r, s);
}

/* Nobody tried it more than twice. */
static bool is_far(const struct derive_row *r, const struct msg_service *s) {
    return never_worked(s) && 2 * s->asked_again <= s->attempted && !addr_is_private(&s->address) &&
           is_unknown(r, s);
}

/* Different networks, 16 bits of IPv4 or 32 of IPv6, counted as far as it matters. */
struct networks {
    const struct addr *of[NETWORKS_ALONE];
    uint32_t n;
};

static void networks_add(struct networks *w, const struct addr *a) {
    for (uint32_t i = 0; i < w->n; i++)
        if (w->of[i]->len == a->len && memcmp(w->of[i]->b, a->b, a->len == 4 ? 2 : 4) == 0) return;
    if (w->n < NETWORKS_ALONE) w->of[w->n++] = a;
}

static bool is_crowd(const struct derive_row *r) {
    const struct msg_services *all = &r->view->snapshot->services;
    struct networks failing = {.n = 0};
    bool works = false;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        if (is_far(r, s)) networks_add(&failing, &s->address);
        works |= s->established > 0 && !addr_is_private(&s->address) && is_unknown(r, s);
    }
    return failing.n >= NETWORKS_ALONE || (works && failing.n >= NETWORKS);
}

static bool is_peer(const struct derive_row *r, const struct msg_service *s, bool crowd) {
    const struct msg_services *all = &r->view->snapshot->services;
    if (crowd && is_far(r, s)) return true;
    if (!is_once(r, s)) return false;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *o = &all->rows[i];
        if (o != s && never_worked(o) && (o->port == s->port || same(&o->address, &s->address)))
            return false;
    }
    return true;
}

bool derive_peers_failing(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    bool crowd = is_crowd(r), mine = is_peer(r, r->row, crowd);
    uint64_t n = 0;
    for (uint32_t i = 0; mine && i < all->rows_n; i++)
        n += is_once(r, &all->rows[i]) || (crowd && is_far(r, &all->rows[i]));
    return number(out, n);
}

bool derive_peers_first(const struct derive_row *r, double *out) {
    const struct msg_service *first = r->view->snapshot->services.rows;
    bool crowd = is_crowd(r);
    while (first != r->row && !is_peer(r, first, crowd)) first++;
    return is(out, first == r->row);
}

/* Datagrams to peers that have left, a few to each. */
#define FEW_DATAGRAMS 5u

static bool has_name(const struct derive_row *r, const struct addr *a) {
    const struct msg_hosts *all = &r->view->snapshot->hosts;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (same(&all->rows[i].address, a)) return all->rows[i].name[0] != 0;
    return false;
}

static bool is_far_datagram(const struct derive_row *r, const struct msg_incident *n) {
    struct derive_row other = *r;
    double target;
    other.row = n;
    return n->kind == INCIDENT_ICMP_UNREACHABLE && n->ip_proto == 17 && !n->toward_client &&
           !n->worked && !n->unseen && n->port >= FIRST_FREE_PORT && n->count <= FEW_DATAGRAMS &&
           !addr_is_private(&n->subject) && !addr_is_private(&n->peer) &&
           derive_of_target(&other, &target) && target == 0 && !has_name(r, &n->subject);
}

/* How many there are, the first of them; 0: no crowd, or the row is none of them. */
static uint64_t far_datagrams(const struct derive_row *r, const struct msg_incident **first) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    struct networks w = {.n = 0};
    uint64_t n = 0;
    *first = NULL;
    if (!is_far_datagram(r, r->row)) return 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        if (!is_far_datagram(r, &all->rows[i])) continue;
        networks_add(&w, &all->rows[i].subject);
        if (n++ == 0) *first = &all->rows[i];
    }
    return w.n >= NETWORKS ? n : 0;
}

/* What a gateway nearby says is no news of a peer. */
bool derive_incident_peers_failing(const struct derive_row *r, double *out) {
    const struct derive_row at = {r->view, TABLE_SERVICES, derive_incident_service(r)};
    const struct msg_incident *me = r->row, *first;
    if (me->ip_proto == 17) return number(out, far_datagrams(r, &first));
    if (!at.row || addr_is_private(&me->peer)) return number(out, 0);
    return derive_peers_failing(&at, out);
}

bool derive_incident_peers_first(const struct derive_row *r, double *out) {
    const struct derive_row at = {r->view, TABLE_SERVICES, derive_incident_service(r)};
    const struct msg_incident *first;
    if (((const struct msg_incident *)r->row)->ip_proto == 17)
        return is(out, far_datagrams(r, &first) == 0 || first == r->row);
    return at.row ? derive_peers_first(&at, out) : is(out, true);
}

/* ---- tries ------------------------------------------------------------------------------------
 * Phones and resolvers look whether the server that they ask in the clear also offers DNS over TLS
 * (RFC 8310, opportunistic), and go on without it where it does not. */
#define PORT_DNS     53u
#define PORT_DNS_TLS 853u

static bool answers_in_the_clear(const struct derive_row *r) {
    const struct msg_resolvers *all = &r->view->snapshot->resolvers;
    const struct msg_service *me = r->row;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].port == PORT_DNS && addr_equal(&all->rows[i].address, &me->address))
            return all->rows[i].responses > 0;
    return false;
}

static bool tries_over_tls(const struct derive_row *r, const struct addr *client,
                           const struct addr *server) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (c->server_port == PORT_DNS_TLS && same(&c->server, server) &&
            addr_equal(&c->client, client))
            return true;
    }
    return false;
}

/* Is the client served without TLS, by the same server, or by one on which it tried the same
 * (Android tries all that it was given, of both families, and asks the first), or where that is
 * inside by any?  Whoever asked for the server's name needs that one: it was named in the client's
 * settings. */
static bool asks_in_the_clear(const struct derive_row *r, const struct addr *client) {
    const struct msg_dns *all = &r->view->snapshot->dns;
    const struct msg_service *me = r->row;
    bool served = all->rows_n < all->of && !me->name[0] && answers_in_the_clear(r);
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_dns_row *d = &all->rows[i];
        bool own = addr_equal(&d->client, client);
        if (!own && d->client.len == client->len) continue;
        if (own && me->name[0] && strcmp(d->name, me->name) == 0) return false;
        if (served || !d->answered || d->server_port != PORT_DNS) continue;
        bool here = addr_equal(&d->server, &me->address) || addr_is_private(&me->address);
        served = (own && here) || tries_over_tls(r, &d->client, &d->server);
    }
    return served;
}

bool derive_dns_over_tls_tried(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_service *me = r->row;
    uint64_t tries = 0;
    if (me->port != PORT_DNS_TLS || me->established + me->midstream > 0) return is(out, false);
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (c->server_port != me->port || !same(&c->server, &me->address)) continue;
        if (!asks_in_the_clear(r, &c->client)) return is(out, false);
        tries++;
    }
    return is(out, tries > 0);
}

bool derive_port_asked(const struct derive_row *r, double *out) {
    const struct target *t = r->view->target;
    const struct addr *address;
    unsigned port;
    bool asked = false;
    if (!t || !derive_subject(r, &address, &port)) return is(out, false);
    for (uint32_t i = 0; i < t->ports; i++) asked |= t->port[i] == port;
    return is(out, asked || t->asked_port == port);
}

bool derive_asked_for(const struct derive_row *r, double *out) {
    double target, port;
    return derive_of_target(r, &target) && derive_port_asked(r, &port) &&
           is(out, target > 0 && port > 0);
}

/* ---- strangers at a host that serves others -------------------------------------------------- */
static uint64_t served(const struct derive_row *r, const struct addr *host) {
    const struct msg_services *tcp = &r->view->snapshot->services;
    const struct msg_udp *udp = &r->view->snapshot->udp;
    uint64_t n = 0;
    for (uint32_t i = 0; i < tcp->rows_n; i++)
        if (same(&tcp->rows[i].address, host))
            n += tcp->rows[i].established + tcp->rows[i].midstream;
    for (uint32_t i = 0; i < udp->rows_n; i++)
        if (same(&udp->rows[i].address, host)) n += udp->rows[i].answered;
    return n;
}

/* UDP ports of a host that it said are closed. */
static uint64_t closed(const struct derive_row *r, const struct addr *host) {
    const uint64_t port_v4 = 3 * 256 + 3, port_v6 = 65536 + 1 * 256 + 4;
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t ports = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *n = &all->rows[i];
        ports += n->kind == INCIDENT_ICMP_UNREACHABLE && n->ip_proto == 17 && !n->toward_client &&
                 (n->value == port_v4 || n->value == port_v6) && same(&n->subject, host);
    }
    return ports;
}

/* ... and those that left every request without answer. */
static uint64_t silent(const struct derive_row *r, const struct addr *host) {
    const struct msg_udp *all = &r->view->snapshot->udp;
    uint64_t ports = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_udp_service *u = &all->rows[i];
        ports += u->asked > 0 && u->answered == 0 && same(&u->address, host);
    }
    return ports;
}

#define BACK_US 10000000u /* no SYN goes that long to a gateway that nobody asks for any more */

/* Ways to a host that lead over a gateway which did not answer when the trouble that this would
 * explain began: one that is so far from the host's address, 16 bits of IPv4 or 64 of IPv6,
 * that both are hardly on one link. */
static uint64_t beyond(const struct derive_row *r, const struct addr *host, uint64_t first_us) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t ways = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *n = &all->rows[i];
        bool silent = n->kind == INCIDENT_ARP_UNANSWERED || n->kind == INCIDENT_ND_UNANSWERED;
        ways += silent && n->gateway && n->last_us + BACK_US >= first_us &&
                n->subject.len == host->len &&
                memcmp(n->subject.b, host->b, host->len == 4 ? 2 : 8) != 0;
    }
    return ways;
}

#define OF_HOST(fn, count, row_type, address)                                                      \
    bool fn(const struct derive_row *r, double *out) {                                             \
        return number(out, count(r, &((const struct row_type *)r->row)->address));                 \
    }
OF_HOST(derive_served_here, served, msg_service, address)
OF_HOST(derive_incident_served_here, served, msg_incident, subject)
OF_HOST(derive_resolver_served_here, served, msg_resolver, address)
OF_HOST(derive_udp_served_here, served, msg_udp_service, address)
OF_HOST(derive_udp_silent_here, silent, msg_udp_service, address)
OF_HOST(derive_incident_closed_here, closed, msg_incident, subject)
OF_HOST(derive_resolver_closed_here, closed, msg_resolver, address)

bool derive_beyond_silence(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    return number(out, beyond(r, &me->address, me->timeout_first_us));
}

bool derive_incident_beyond_silence(const struct derive_row *r, double *out) {
    return number(out, beyond(r, &((const struct msg_incident *)r->row)->subject, 0));
}

bool derive_resolver_beyond_silence(const struct derive_row *r, double *out) {
    const struct msg_resolver *me = r->row;
    return number(out, beyond(r, &me->address, me->trouble_first_us));
}

bool derive_udp_beyond_silence(const struct derive_row *r, double *out) {
    return number(out, beyond(r, &((const struct msg_udp_service *)r->row)->address, 0));
}
