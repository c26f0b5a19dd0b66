/* Computed values of a service: each ratio and sum over its connections has its one place here.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

struct direction {
    uint64_t retransmitted, segments, spurious, dsacks;
};

/* The direction that retransmitted more. */
static struct direction worse_direction(const struct msg_service *s) {
    struct direction c = {s->retransmitted_to_client, s->data_segments_to_client,
                          s->spurious_to_client, s->dsacks_to_client},
                     v = {s->retransmitted_to_server, s->data_segments_to_server,
                          s->spurious_to_server, s->dsacks_to_server};
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
    struct direction w = worse_direction(r->row);
    return percent(out, w.retransmitted, w.segments);
}

static bool s_needless_worse(const struct derive_row *r, double *out) {
    struct direction w = worse_direction(r->row);
    return percent(out, needless_of(w.spurious, w.dsacks), w.retransmitted + w.spurious);
}

static bool s_dsacks_worse(const struct derive_row *r, double *out) {
    return number(out, worse_direction(r->row).dsacks);
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

/* To which nothing came back but a refusal. */
static bool s_failed(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->refused + s->timed_out + s->unreachable);
}

static bool s_timed_out_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->timed_out, s->attempted);
}

static bool s_refused_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->refused, s->attempted);
}

#define NEARER 4u /* times: what answers so much sooner than the host can is not the host */

/* The refusals came sooner than anything that the host itself sends. */
static bool s_refused_nearer(const struct derive_row *r, double *out) {
    const struct msg_service *me = r->row;
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        bool from_server = s->handshake_us.samples > 2 * s->handshakes_by_client + 2;
        if (from_server && addr_equal(&s->address, &me->address) && s->handshake_us.min_us < least)
            least = s->handshake_us.min_us;
    }
    return is(out, me->refused_us.samples > 0 && least != UINT64_MAX && least >= 4000 &&
                       me->refused_us.max_us * NEARER <= least);
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

static bool is_one_of(const struct derive_row *r, const uint16_t *ports, size_t n, double *out) {
    const struct msg_service *s = r->row;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        if (s->port == ports[i]) *out = 1;
    return true;
}

/* Ports whose messages pass both ways without being answers (IANA service names: mqtt, secure-mqtt,
 * ircu, ircs-u, xmpp-client and its old TLS port, amqps, amqp, stomp; Kafka's, NATS' and Redis'
 * own, of Kafka and Redis also those usual with TLS, and VNC's, one for each of the first
 * displays).  Of Redis without TLS the commands are read, and those that wait not counted. */
static bool s_message_port(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    static const uint16_t ports[] = {1883, 8883, 6667,  6697, 5222, 5223, 5671, 5672,
                                     9092, 9093, 9094,  9095, 9096, 9097, 9098, 4222,
                                     6379, 6380, 61613, 5900, 5901, 5902, 5903};
    if (s->port == 6379 && s->tls_server_hellos == 0) return is(out, false);
    return is_one_of(r, ports, sizeof ports / sizeof ports[0], out);
}

/* Ports where each small message of the client is a question (IANA: ftp, smtp, domain, pop3, imap,
 * ldap, microsoft-ds, mbap of Modbus, submission, ldaps, domain-s, ms-sql-s, ncube-lm of Oracle's
 * listener, nfs, msft-gc, mysql, postgresql, bolt of Neo4j, memcache; PgBouncer's, Cassandra's and
 * MongoDB's own). */
static bool s_query_port(const struct derive_row *r, double *out) {
    static const uint16_t ports[] = {21,   25,   53,   110,  143,   389,  445,  502,
                                     587,  636,  853,  1433, 1521,  2049, 3268, 3306,
                                     5432, 6432, 7687, 9042, 11211, 27017};
    return is_one_of(r, ports, sizeof ports / sizeof ports[0], out);
}

/* How near half of all waits for a first byte come to the longest. */
static bool s_first_byte_alike(const struct derive_row *r, double *out) {
    const struct dist *d = &((const struct msg_service *)r->row)->first_byte_us;
    return percent(out, d->p50_us, d->max_us);
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
    return percent(out, s->http_5xx, s->http_responses);
}

/* 4xx that say something: not those of HEAD, of what clients only try for, of challenges met. */
static uint64_t hard_4xx(const struct msg_service *s) {
    uint64_t left = s->http_4xx_soft + s->http_challenges_met;
    return s->http_4xx > left ? s->http_4xx - left : 0;
}

static bool s_http_hard(const struct derive_row *r, double *out) {
    return number(out, hard_4xx(r->row));
}

static bool s_http_hard_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, hard_4xx(s), s->http_responses);
}

/* Whether the client may come in at all: not a page that is missing. */
static bool s_http_turned_away(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->http_401 + s->http_403 + s->http_407 + s->http_429);
}

static bool s_http_soft_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return percent(out, s->http_4xx_soft, s->http_responses);
}

/* Counts for evidence: one that is 0 proves nothing and is left out. */
#define SERVICE_SEEN(fn, field)                                                                    \
    static bool fn(const struct derive_row *r, double *out) {                                      \
        const struct msg_service *s = r->row;                                                      \
        return s->field > 0 && number(out, s->field);                                              \
    }
SERVICE_SEEN(s_seen_401, http_401)
SERVICE_SEEN(s_seen_403, http_403)
SERVICE_SEEN(s_seen_404, http_404)
SERVICE_SEEN(s_seen_407, http_407)
SERVICE_SEEN(s_seen_429, http_429)
SERVICE_SEEN(s_seen_500, http_500)
SERVICE_SEEN(s_seen_502, http_502)
SERVICE_SEEN(s_seen_503, http_503)
SERVICE_SEEN(s_seen_504, http_504)

static bool s_other_4xx(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t hard = hard_4xx(s),
             told = s->http_401 + s->http_403 + s->http_404 + s->http_407 + s->http_429;
    return hard > told && number(out, hard - told);
}

static bool s_other_5xx(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t told = s->http_500 + s->http_502 + s->http_503 + s->http_504;
    return s->http_5xx > told && number(out, s->http_5xx - told);
}

/* The host asked for in the worst row of this service with such a status. */
static const char *error_host(const struct derive_row *r, unsigned from, unsigned to) {
    const struct msg_service *me = r->row;
    const struct msg_http *all = &r->view->snapshot->http;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_http_row *h = &all->rows[i];
        if (h->status >= from && h->status <= to && h->host[0] && h->server_port == me->port &&
            addr_equal(&h->server, &me->address))
            return h->host;
    }
    return me->name;
}

const char *derive_host_of_4xx(const struct derive_row *r) {
    return error_host(r, 400, 499);
}

const char *derive_host_of_5xx(const struct derive_row *r) {
    return error_host(r, 500, 599);
}

/* ---- set-up, TLS, the client's own waits --------------------------------------------------- */
static bool s_syn_added(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    if (s->syn_retried == 0) return false;
    *out = (double)s->syn_added_us / (double)s->syn_retried / 1e3;
    return true;
}

static bool s_fatal_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t n = s->tls_fatal_by_client + s->tls_fatal_by_server, all = s->tls_client_hellos;
    return percent(out, n, n > all ? n : all);
}

static bool s_tls_unanswered_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t n = s->tls_unanswered, all = s->tls_client_hellos;
    return percent(out, n, n > all ? n : all);
}

static bool s_slow_client_times(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->slow_client_late_opens + s->slow_client_late_acks);
}

static bool s_slow_client_think(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t n = s->slow_client_late_opens + s->slow_client_late_acks;
    if (n == 0) return false;
    *out = (double)s->slow_client_wait_us / (double)n / 1e3;
    return true;
}

/* How much of what the client did came late: of the connections it began, or of the answers it
 * got, whichever is more. */
static bool s_slow_client_percent(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    double opens = 0, answers = 0;
    bool a = percent(&opens, s->slow_client_late_opens, s->slow_client_opens);
    bool b = percent(&answers, s->slow_client_late_acks, s->slow_client_answers);
    *out = answers > opens ? answers : opens;
    return a || b;
}

/* Questions with an answer per connection: how often somebody waits for the round trip. */
static bool s_turns(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    uint64_t all = s->established + s->midstream;
    if (all == 0) return false;
    *out = (double)s->requests / (double)all;
    return true;
}

/* Both were reached for under the caller's own name. */
static bool both_of_named_target(const struct derive_row *r, const struct msg_service *s) {
    const struct msg_service *me = r->row;
    return r->view->target && r->view->target->name[0] && me->on_target && s->on_target;
}

/* At least one connection was seen with what lies between its ends. */
static bool s_data_visible(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return is(out, s->hidden == 0 || s->hidden < s->attempted + s->midstream);
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
        bool named = me->name[0] && strcmp(me->name, s->name) == 0;
        if (loopback || named || both_of_named_target(r, s)) return is(out, true);
    }
    return is(out, false);
}

#define GOES_ON_US 3000000u

/* This client went on with another port of the same host then, or had begun there just before. */
static bool went_on(const struct msg_connections *all, const struct msg_connection *refused,
                    uint16_t port, bool later) {
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        uint64_t from = refused->start_us, at = c->start_us + (later ? 0 : GOES_ON_US);
        if (derive_came_up(c) && c->server_port == port && at >= from &&
            c->start_us <= from + GOES_ON_US && addr_equal(&c->server, &refused->server) &&
            addr_equal(&c->client, &refused->client))
            return true;
    }
    return false;
}

/* Clients try both at once, or this one first, and take what works: file shares over NetBIOS beside
 * SMB, web pages over TLS before those without (browsers since 2023).  They do so each
 * time, but browsers remember what works: who comes back needs the other one. */
static bool s_other_port_used(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_service *me = r->row;
    uint64_t rows = 0, n = 0;
    if (me->established > 0 || (me->port != 139 && me->port != 443)) return is(out, false);
    if (me->port == 443 && 2 * me->asked_again > me->attempted) return is(out, false);
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if ((c->state != CONN_REFUSED && c->state != CONN_TIMED_OUT) ||
            c->server_port != me->port || !addr_equal(&c->server, &me->address))
            continue;
        rows++;
        n += went_on(all, c, me->port == 139 ? 445 : 80, me->port == 443);
    }
    bool all_kept = rows > 0 && rows == me->refused + me->timed_out;
    bool seen = all_kept || (rows > 0 && all->of > all->rows_n);
    return is(out, seen && n == rows);
}

/* Where programs ask whether they run in somebody's cloud, and by whom they are seen there: EC2 and
 * those that took its address over, ECS, and EC2 over IPv6. */
static bool s_cloud_metadata(const struct derive_row *r, double *out) {
    static const uint8_t v4[2][4] = {{169, 254, 169, 254}, {169, 254, 170, 2}};
    static const uint8_t v6[16] = {0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54};
    const struct addr *a = &((const struct msg_service *)r->row)->address;
    bool found = a->len == 16 && memcmp(a->b, v6, sizeof v6) == 0;
    for (size_t i = 0; i < 2 && a->len == 4; i++) found |= memcmp(a->b, v4[i], 4) == 0;
    return is(out, found);
}

const struct computed computed_services[] = {
    {"of_target", derive_of_target},
    {"ports_failing_here", derive_ports_failing_here},
    {"hosts_failing_there", derive_hosts_failing_there},
    {"services_failing_near", derive_services_failing_near},
    {"ports_searched_here", derive_ports_searched_here},
    {"hosts_searched_there", derive_hosts_searched_there},
    {"peers_failing", derive_peers_failing},
    {"peers_first", derive_peers_first},
    {"dns_over_tls_tried", derive_dns_over_tls_tried},
    {"port_asked", derive_port_asked},
    {"asked_for", derive_asked_for},
    {"served_here", derive_served_here},
    {"beyond_silence", derive_beyond_silence},
    {"silent_beyond", derive_silent_beyond},
    {"heard_beyond", derive_heard_beyond},
    {"lossy_beyond", derive_lossy_beyond},
    {"far_beyond", derive_far_beyond},
    {"http_4xx_clients_percent", derive_http_4xx_clients},
    {"alerts_once", derive_alerts_once},
    {"alerts_outside", derive_alerts_outside},
    {"vanished_clients", derive_vanished},
    {"idle_broken", derive_idle_broken},
    {"retransmitted_to_others", derive_retransmitted_to_others},
    {"failed", s_failed},
    {"refused_nearer", s_refused_nearer},
    {"retransmitted", s_retransmitted},
    {"data_segments", s_data_segments},
    {"retransmitted_worse", s_retransmitted_worse},
    {"data_segments_worse", s_segments_worse},
    {"needless_worse_percent", s_needless_worse},
    {"dsacks_worse", s_dsacks_worse},
    {"retransmit_percent", s_retransmit_percent},
    {"retransmit_to_client_percent", s_percent_to_client},
    {"retransmit_to_server_percent", s_percent_to_server},
    {"retransmit_span_ms", s_retransmit_span},
    {"active_ms", s_active},
    {"reordered_percent", s_reordered_percent},
    {"timed_out_percent", s_timed_out_percent},
    {"refused_percent", s_refused_percent},
    {"syn_retried_percent", s_syn_retried_percent},
    {"lowest_rtt_ms", s_lowest_rtt},
    {"all_rtt_samples", s_all_rtt_samples},
    {"message_port", s_message_port},
    {"query_port", s_query_port},
    {"first_byte_alike_percent", s_first_byte_alike},
    {"zero_window_side", s_zero_side},
    {"zero_window_ms", s_zero_closed},
    {"zero_window_times", s_zero_times},
    {"zero_window_stuck", s_zero_stuck},
    {"zero_window_percent", s_zero_percent},
    {"resets", s_resets},
    {"reset_side", s_reset_side},
    {"reset_percent", s_reset_percent},
    {"fatal_alerts", s_fatal_alerts},
    {"fatal_side", s_fatal_side},
    {"http_5xx_percent", s_http_5xx_percent},
    {"other_family_works", s_other_family},
    {"other_port_used", s_other_port_used},
    {"cloud_metadata", s_cloud_metadata},
    {"data_visible", s_data_visible},
    {"http_hard_4xx", s_http_hard},
    {"http_hard_4xx_percent", s_http_hard_percent},
    {"http_turned_away", s_http_turned_away},
    {"http_soft_4xx_percent", s_http_soft_percent},
    {"seen_401", s_seen_401},
    {"seen_403", s_seen_403},
    {"seen_404", s_seen_404},
    {"seen_407", s_seen_407},
    {"seen_429", s_seen_429},
    {"seen_other_4xx", s_other_4xx},
    {"seen_500", s_seen_500},
    {"seen_502", s_seen_502},
    {"seen_503", s_seen_503},
    {"seen_504", s_seen_504},
    {"seen_other_5xx", s_other_5xx},
    {"syn_added_mean_ms", s_syn_added},
    {"fatal_percent", s_fatal_percent},
    {"tls_unanswered_percent", s_tls_unanswered_percent},
    {"slow_client_times", s_slow_client_times},
    {"slow_client_think_ms", s_slow_client_think},
    {"slow_client_percent", s_slow_client_percent},
    {"turns_per_connection", s_turns},
    {NULL, NULL},
};
