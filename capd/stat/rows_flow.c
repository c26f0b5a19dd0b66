/* Rows of services, connections and hosts: what is kept of finished flows plus the live ones.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/flows.h"
#include "capd/track/names.h"
#include "capd/track/select.h"
#include "capd/track/services.h"
#include "capd/track/sketch.h"

static void put_name(const struct engine *e, uint32_t i, uint32_t gen, const struct addr *a,
                     char out[LIM_NAME + 1]) {
    const struct name *n = names_get(e, i, gen);
    if (!n) n = names_of(e, a, NULL);
    if (n) name_out(e, n->text, n->len, out, LIM_NAME + 1);
}

/* ---- services -----------------------------------------------------------------------------------
 */

static void sum_facts(struct engine *e) {
    const struct services *s = &e->services;
    for (uint32_t i = 0; i < s->used; i++) e->facts[i] = s->service[i].done;
    for (uint32_t i = 0; i < e->flows.fresh; i++) {
        const struct flow *f = &e->flows.flow[i];
        if (e->flows.link[i].list == FLOWS_FREE || f->ip_proto != 6) continue;
        if (services_of(e, f)) flow_add_facts(e, f, &e->facts[f->service]);
    }
}

static uint64_t service_score(const struct service *v, const struct service_facts *x) {
    const struct conn_counts *c = &x->counts;
    uint64_t bad = 0, packets = x->packets >> 40 ? (UINT64_C(1) << 40) - 1 : x->packets;
    if (c->retransmitted_to_client + c->retransmitted_to_server) bad = 1;
    if (services_in_trouble(v, x)) bad = 2;
    if (v->fatal_by[0] + v->fatal_by[1] + v->http.e5xx + x->hello_unanswered) bad = 3;
    if (v->tls.rejected + x->tls_refused + v->tls.mismatch + x->plain_closed) bad = 3;
    if (x->reset_by[0] + x->reset_by[1] + x->zero_times[0] + x->zero_times[1]) bad = 4;
    if (c->refused + c->timed_out + c->unreachable) bad = 5;
    return (v->target ? UINT64_C(1) << 62 : 0) | bad << 48 | packets;
}

static struct dist dist_of(const struct engine *e, const struct service *v,
                           enum service_sketch which) {
    static const struct dist none;
    return v->sketch[which] == NONE ? none : sketch_summary(&e->services.sketch[v->sketch[which]]);
}

static void put_dists(const struct engine *e, const struct service *v, struct msg_service *r) {
    r->handshake_us = dist_of(e, v, SERVICE_HANDSHAKE);
    r->rtt_us = dist_of(e, v, SERVICE_RTT);
    r->request_ack_us = dist_of(e, v, SERVICE_REQUEST_ACK);
    r->first_byte_us = dist_of(e, v, SERVICE_FIRST_BYTE);
    r->tls_us = dist_of(e, v, SERVICE_TLS);
    r->refused_us = dist_of(e, v, SERVICE_REFUSED);
}

static void put_facts(const struct service_facts *x, struct msg_service *r) {
    r->both_directions = x->to_client && x->to_server;
    r->packets = x->packets;
    r->bytes = x->bytes;
    r->first_us = x->first_us;
    r->last_us = x->last_us;
    r->heard_us = x->heard_us;
#define COPY(T, kind, name, bound, unit, doc) r->name = x->counts.name;
    FIELDS_CONNECTION_COUNTS(COPY, unused)
    r->timeout_first_us = x->timeout_first_us;
    r->timeout_last_us = x->timeout_last_us;
    r->timeout_wait_us = x->timeout_wait_us;
    r->timeout_syn_sent = x->timeout_syn_sent;
    r->timeout_repeated = x->timeout_repeated;
    r->refused_first_us = x->refused_first_us;
    r->refused_last_us = x->refused_last_us;
    r->by_strangers = x->by_strangers;
    r->refused_beside = x->refused_beside;
    r->retransmit_first_us = x->retransmit_first_us;
    r->retransmit_last_us = x->retransmit_last_us;
    r->zero_window_by_client_us = x->zero_us[CLIENT];
    r->zero_window_by_client_times = x->zero_times[CLIENT];
    r->zero_window_by_client_stuck = x->zero_stuck[CLIENT];
    r->zero_window_by_client_life_us = x->zero_life_us[CLIENT];
    r->zero_window_by_server_us = x->zero_us[SERVER];
    r->zero_window_by_server_times = x->zero_times[SERVER];
    r->zero_window_by_server_stuck = x->zero_stuck[SERVER];
    r->zero_window_by_server_life_us = x->zero_life_us[SERVER];
    r->zero_window_first_us = x->zero_first_us;
    r->zero_window_last_us = x->zero_last_us;
    r->reset_by_client = x->reset_by[CLIENT];
    r->reset_by_server = x->reset_by[SERVER];
    r->reset_bytes_before = x->reset_bytes;
    r->reset_ttl_delta = x->reset_ttl_delta;
    r->reset_from = x->reset_from;
    r->reset_idle_us = x->reset_idle_us;
    r->reset_other_mac = x->reset_other_mac;
    r->reset_first_us = x->reset_first_us;
    r->reset_last_us = x->reset_last_us;
    r->syn_added_us = x->syn_added_us;
    r->syn_added_longest_us = x->syn_added_longest_us;
    r->syn_retry_first_us = x->syn_retry_first_us;
    r->syn_retry_last_us = x->syn_retry_last_us;
    r->tls_unanswered = x->hello_unanswered;
    r->tls_unanswered_wait_us = x->hello_wait_us;
    r->tls_unanswered_first_us = x->hello_first_us;
    r->tls_unanswered_last_us = x->hello_last_us;
}

static void put_http(const struct http_counts *c, struct msg_service *r) {
    r->http_4xx = c->e4xx;
    r->http_5xx = c->e5xx;
    r->http_responses = c->responses;
    r->http_401 = c->e401;
    r->http_403 = c->e403;
    r->http_404 = c->e404;
    r->http_407 = c->e407;
    r->http_429 = c->e429;
    r->http_4xx_soft = c->soft;
    r->http_challenges_met = c->met;
    r->http_500 = c->e500;
    r->http_502 = c->e502;
    r->http_503 = c->e503;
    r->http_504 = c->e504;
    r->http_4xx_first_us = c->first_4xx_us;
    r->http_4xx_last_us = c->last_4xx_us;
    r->http_5xx_first_us = c->first_5xx_us;
    r->http_5xx_last_us = c->last_5xx_us;
}

/* The client that did it most often. */
static void put_slow_client(const struct service *v, struct msg_service *r) {
    const struct slow_client *worst = &v->slow[0];
    for (unsigned n = 1; n < SLOW_CLIENTS; n++)
        if (v->slow[n].late_opens + v->slow[n].late_acks > worst->late_opens + worst->late_acks)
            worst = &v->slow[n];
    r->slow_client = worst->address;
    r->slow_client_opens = worst->opens;
    r->slow_client_late_opens = worst->late_opens;
    r->slow_client_answers = worst->answers;
    r->slow_client_late_acks = worst->late_acks;
    r->slow_client_wait_us = worst->wait_us;
    r->slow_client_longest_us = worst->longest_us;
    r->slow_client_first_us = worst->first_us;
    r->slow_client_last_us = worst->last_us;
}

static void put_service(const struct engine *e, uint32_t i, struct msg_service *r) {
    const struct service *v = &e->services.service[i];
    memset(r, 0, sizeof *r);
    r->address = v->address;
    r->port = v->port;
    put_name(e, v->name, v->name_gen, &v->address, r->name);
    r->on_target = v->target;
    r->target_address = v->target_address;
    put_facts(&e->facts[i], r);
    put_dists(e, v, r);
    r->requests = v->requests;
    r->unpaired = v->unpaired;
    /* The first was no second one, whatever the filter says (stranger.c). */
    uint64_t again = r->attempted > 0 ? r->attempted - 1 : 0;
    r->asked_again = v->asked_again < again ? v->asked_again : again;
    r->renewed = v->renewed;
    r->replies = v->replies;
    r->small_answers = v->small_answers;
    r->late_answers = v->late_answers;
    r->handshakes_by_client = v->handshakes_by_client;
    put_http(&v->http, r);
    put_slow_client(v, r);
    r->tls_client_hellos = v->client_hellos;
    r->tls_server_hellos = v->server_hellos;
    r->tls_fatal_by_client = v->fatal_by[CLIENT];
    r->tls_fatal_by_server = v->fatal_by[SERVER];
    r->tls_alert = v->tls_alert;
    r->tls_alert_first_us = v->alert_first_us;
    r->tls_alert_last_us = v->alert_last_us;
    rows_put_tls_faults(v, &e->facts[i], r);
    rows_strain(e, i, r);
}

/* However many were tried in vain, there is room for those that worked: one may work badly, and all
 * tell that the way to them does.  Once tried in vain: as a scan leaves thousands, and one that is
 * needed may be among them. */
enum service_kind { WORKED, TRIED, TRIED_ONCE, SERVICE_KINDS };

static enum service_kind kind_of(const struct service *v, const struct service_facts *x) {
    if (v->worked) return WORKED;
    return x->counts.attempted + v->repeated_syns < 2 ? TRIED_ONCE : TRIED;
}

uint32_t rows_services(struct engine *e, struct msg_service *rows, uint64_t *of_out) {
    struct services *s = &e->services;
    struct top of[SERVICE_KINDS] = {{.cap = 0}};
    uint32_t index[LIM_SERVICE_ROWS], own[SERVICE_KINDS];
    for (unsigned k = 0; k < SERVICE_KINDS; k++) {
        of[k].cap = LIM_SERVICE_ROWS;
        own[k] = LIM_SERVICE_ROWS / SERVICE_KINDS;
    }
    sum_facts(e);
    for (uint32_t i = 0; i < s->used; i++) {
        const struct service *v = &s->service[i];
        const struct service_facts *x = &e->facts[i];
        if (v->used) top_offer(&of[kind_of(v, x)], service_score(v, x), i);
    }
    uint32_t rows_n = top_merge(of, SERVICE_KINDS, own, LIM_SERVICE_ROWS, index);
    for (uint32_t n = 0; n < rows_n; n++) {
        put_service(e, index[n], &rows[n]);
        e->facts[index[n]].heard_us = 0; /* the row tells it */
    }
    for (uint32_t i = 0; i < s->used; i++)
        if (e->facts[i].heard_us > s->others_heard_us && !addr_is_private(&s->service[i].address))
            s->others_heard_us = e->facts[i].heard_us;
    *of_out = s->seen;
    return rows_n;
}

/* ---- connections
 * ---------------------------------------------------------------------------------- */

static void put_connection(const struct engine *e, const struct flow *f, struct msg_connection *r) {
    const struct flow_side *c = &f->side[CLIENT], *s = &f->side[SERVER];
    memset(r, 0, sizeof *r);
    r->client = f->end[CLIENT];
    r->client_port = f->port[CLIENT];
    r->server = f->end[SERVER];
    r->server_port = f->port[SERVER];
    put_name(e, f->name, f->name_gen, &f->end[SERVER], r->name);
    r->on_target = f->bits & FLOW_TARGET;
    r->both_directions = f->packets[0] > 0 && f->packets[1] > 0;
    r->state = flow_state(f, e->now_us, end_guard_us(e->total.slowest_answer_us));
    memcpy(r->history, f->history, f->history_len);
    r->start_us = f->first_us;
    r->duration_us = f->last_us - f->first_us;
    r->packets = (uint64_t)f->packets[0] + f->packets[1];
    r->bytes_to_client = f->payload[SERVER];
    r->bytes_to_server = f->payload[CLIENT];
    r->handshake_us = f->bits & FLOW_ESTABLISHED ? f->handshake_us : 0;
    r->tls_us = f->tls_us;
    r->first_byte_us = f->first_byte_us;
    r->retransmitted = (uint64_t)f->retransmitted[0] + f->retransmitted[1];
    r->rtt_p50_us = f->rtt_smooth_us;
    struct service_facts x = {.packets = 0};
    flow_add_facts(e, f, &x);
    r->zero_window_us = x.zero_us[0] + x.zero_us[1];
    r->resets = (c->bits & SIDE_RST ? 1u : 0u) | (s->bits & SIDE_RST ? 2u : 0u);
}

uint32_t rows_connections(struct engine *e, struct msg_connection *rows, uint64_t *of_out) {
    static const uint32_t own[2] = {LIM_CONNECTIONS / 2, LIM_CONNECTIONS / 2};
    struct top of[2] = {{.cap = LIM_CONNECTIONS}, {.cap = LIM_CONNECTIONS}}; /* failed, came up */
    uint32_t index[LIM_CONNECTIONS];
    for (uint32_t i = 0; i < e->retired_n; i++)
        top_offer(&of[e->retired_score[i] & FLOW_SCORE_UP], e->retired_score[i], i);
    for (uint32_t i = 0; i < e->flows.fresh; i++) {
        const struct flow *f = &e->flows.flow[i];
        if (e->flows.link[i].list == FLOWS_FREE || f->ip_proto != 6) continue;
        uint64_t score = flow_score(e, f);
        if (f->bits & FLOW_SELECTED)
            top_offer(&of[score & FLOW_SCORE_UP], score, LIM_CONNECTIONS + i);
    }
    uint32_t rows_n = top_merge(of, 2, own, LIM_CONNECTIONS, index);
    for (uint32_t n = 0; n < rows_n; n++) {
        uint32_t i = index[n];
        put_connection(e,
                       i < LIM_CONNECTIONS ? &e->retired[i] : &e->flows.flow[i - LIM_CONNECTIONS],
                       &rows[n]);
    }
    *of_out = e->total.tcp_flows;
    return rows_n;
}

/* ---- hosts
 * ------------------------------------------------------------------------------------------ */

uint32_t rows_hosts(struct engine *e, struct msg_host *rows, uint64_t *of_out) {
    struct hosts *h = &e->host_sums;
    struct top top = {.cap = LIM_HOST_ROWS};
    hosts_init(h);
    for (uint32_t i = 0; i < e->hosts.used; i++)
        hosts_add(h, e->o.seed, &e->hosts.host[i].address, e->hosts.host[i].packets,
                  e->hosts.host[i].bytes, e->hosts.host[i].said_us);
    for (uint32_t i = 0; i < e->flows.fresh; i++)
        if (e->flows.link[i].list != FLOWS_FREE && e->flows.flow[i].bits & FLOW_SELECTED)
            flow_add_hosts(&e->flows.flow[i], h, e->o.seed);
    for (uint32_t i = 0; i < h->used; i++) top_offer(&top, h->host[i].bytes, i);
    top_sort(&top);
    for (uint32_t n = 0; n < top.used; n++) {
        const struct host *v = &h->host[top.index[n]];
        memset(&rows[n], 0, sizeof rows[n]);
        rows[n].address = v->address;
        rows[n].packets = v->packets;
        rows[n].bytes = v->bytes;
        rows[n].said_us = v->said_us;
        rows[n].local = select_local(e, &v->address);
        put_name(e, NONE, 0, &v->address, rows[n].name);
    }
    *of_out = h->used + h->gone + e->hosts.gone;
    return top.used;
}
