/* Rows of resolvers, DNS, HTTP and TLS.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/app.h"
#include "capd/track/dns_faults.h"
#include "capd/track/dns_track.h"
#include "capd/track/http_track.h"
#include "capd/track/sketch.h"
#include "capd/track/stranger.h"

/* ---- resolvers ----------------------------------------------------------------------------------
 */

static void put_resolver(const struct engine *e, const struct resolver *v, struct msg_resolver *r) {
    memset(r, 0, sizeof *r);
    r->address = v->address;
    r->port = v->port;
    r->on_target = v->target;
    r->both_directions = v->to_client && v->to_server;
    r->queries = v->queries;
    r->transactions = v->transactions;
    r->responses = v->responses;
    r->unanswered = v->lost;
    r->unanswered_tries = v->lost_tries;
    r->unanswered_wait_us = v->lost_wait_us;
    r->by_strangers = v->lost_strangers;
    r->retried = v->retried;
    r->noerror = v->rcode[0];
    r->servfail = v->rcode[2];
    r->nxdomain = v->rcode[3];
    r->refused = v->rcode[5];
    r->other_rcode = v->other_rcode + v->rcode[1] + v->rcode[4];
    r->latency_us = sketch_summary(&v->latency);
    r->trouble_first_us = v->trouble_first_us;
    r->trouble_last_us = v->trouble_last_us;
    r->trouble_on_target = v->trouble_target;
    rows_put_dns_faults(e, v, r);
    name_out(e, v->trouble_name, v->trouble_len, r->trouble_name, sizeof r->trouble_name);
}

/* Add the transactions still in the table that stayed without answer. */
static void add_unanswered(const struct engine *e, const struct resolver *v,
                           struct msg_resolver *r) {
    for (uint32_t i = 0; i < e->dns.used; i++) {
        const struct dns_entry *d = &e->dns.entry[i];
        if (d->server_port != v->port || !addr_equal(&d->server, &v->address)) continue;
        if (!dns_is_unanswered(e, d)) continue;
        uint64_t waited = dns_waited_us(e, d);
        bool none = r->trouble_last_us == 0 && r->unanswered == 0;
        r->unanswered++;
        r->unanswered_tries += d->tries;
        r->by_strangers += stranger_is(e, &d->client);
        if (waited > r->unanswered_wait_us) r->unanswered_wait_us = waited;
        if (none || d->first_us < r->trouble_first_us) r->trouble_first_us = d->first_us;
        if (d->target) r->trouble_on_target++;
        if (d->last_us < r->trouble_last_us) continue;
        r->trouble_last_us = d->last_us;
        name_out(e, d->name, d->name_len, r->trouble_name, sizeof r->trouble_name);
    }
}

static bool mostly_fails(const struct resolver *v) {
    uint64_t silent = v->queries > v->responses ? v->queries - v->responses : 0;
    uint64_t failed = silent + v->rcode[2] + v->rcode[5]; /* SERVFAIL, REFUSED */
    return v->queries >= 2 && failed * 2 >= v->queries;
}

/* Those that meet trouble come before busy ones that do not. */
static uint64_t resolver_score(const struct resolver *v) {
    return (dns_resolver_failed(v) ? UINT64_C(1) << 62 : 0) + v->queries + v->responses;
}

uint32_t rows_resolvers(struct engine *e, struct msg_resolver *rows, uint64_t *of_out) {
    struct top bad = {.cap = LIM_RESOLVER_ROWS}, others = {.cap = LIM_RESOLVER_ROWS};
    for (uint32_t i = 0; i < e->resolvers; i++) {
        const struct resolver *v = &e->resolver[i];
        top_offer(mostly_fails(v) ? &bad : &others, resolver_score(v), i);
    }
    top_sort(&bad);
    top_sort(&others);
    top_share(&others, &bad, LIM_RESOLVER_ROWS);
    uint32_t rows_n = bad.used + others.used;
    for (uint32_t n = 0; n < rows_n; n++) {
        uint32_t i = n < bad.used ? bad.index[n] : others.index[n - bad.used];
        put_resolver(e, &e->resolver[i], &rows[n]);
        add_unanswered(e, &e->resolver[i], &rows[n]);
    }
    *of_out = e->resolvers;
    return rows_n;
}

/* ---- DNS
 * ------------------------------------------------------------------------------------------ */

static void put_dns(const struct engine *e, const struct dns_entry *d, struct msg_dns_row *r) {
    memset(r, 0, sizeof *r);
    r->client = d->client;
    r->client_mark = d->client_mark;
    r->server = d->server;
    r->server_port = d->server_port;
    name_out(e, d->name, d->name_len, r->name, sizeof r->name);
    r->type = d->type;
    r->on_target = d->target;
    r->answered = d->answered;
    r->pending = !d->answered && !dns_is_unanswered(e, d);
    r->rcode = d->rcode;
    r->answers = d->answers;
    r->latency_us = d->answered ? d->latency_us : dns_waited_us(e, d);
    r->tries = d->tries;
    r->at_us = d->first_us;
    bool expected = d->answered && d->rcode == 3 && !(e->has_host && d->target) &&
                    dns_may_not_exist(d->name, d->name_len);
    r->resolved = expected || dns_is_resolved(e, d);
    r->extended_error = d->extended_error;
    rows_put_dns_more(e, d, r);
}

#define FOUND_ROWS 32u

/* However many names are asked in vain: what is found tells that its way out works. */
uint32_t rows_dns(struct engine *e, struct msg_dns_row *rows, uint64_t *of_out) {
    static const uint32_t own[2] = {LIM_DNS_ROWS - FOUND_ROWS, FOUND_ROWS};
    struct top of[2] = {{.cap = LIM_DNS_ROWS}, {.cap = LIM_DNS_ROWS}}; /* in vain, found */
    uint32_t index[LIM_DNS_ROWS];
    for (uint32_t i = 0; i < e->dns.used; i++) {
        const struct dns_entry *d = &e->dns.entry[i];
        bool found = d->answered && d->rcode == 0 && d->answers > 0;
        top_offer(&of[found], dns_score(e, d), i);
    }
    uint32_t rows_n = top_merge(of, 2, own, LIM_DNS_ROWS, index);
    for (uint32_t n = 0; n < rows_n; n++) put_dns(e, &e->dns.entry[index[n]], &rows[n]);
    *of_out = e->total.dns_transactions;
    return rows_n;
}

/* ---- HTTP
 * ------------------------------------------------------------------------------------------ */

static void put_http(const struct engine *e, const struct http_entry *h, struct msg_http_row *r) {
    memset(r, 0, sizeof *r);
    r->client = h->client;
    r->server = h->server;
    r->server_port = h->server_port;
    method_out(e, h->method, h->method_len, r->method, sizeof r->method);
    name_out(e, h->host, app_host_length(h->host, h->host_len), r->host, sizeof r->host);
    path_out(e, h->path, h->path_len, r->path, sizeof r->path);
    r->status = h->status;
    r->first_byte_us = h->first_byte_us;
    r->at_us = h->at_us;
    r->on_target = h->target;
}

uint32_t rows_http(struct engine *e, struct msg_http_row *rows, uint64_t *of_out) {
    struct top top = {.cap = LIM_HTTP_ROWS};
    for (uint32_t i = 0; i < e->http.used; i++) top_offer(&top, http_score(&e->http.entry[i]), i);
    top_sort(&top);
    for (uint32_t n = 0; n < top.used; n++) put_http(e, &e->http.entry[top.index[n]], &rows[n]);
    *of_out = e->total.http_requests;
    return top.used;
}

/* ---- TLS
 * ------------------------------------------------------------------------------------------- */

static void put_tls(const struct engine *e, const struct tls_entry *t, struct msg_tls_row *r) {
    memset(r, 0, sizeof *r);
    r->client = t->client;
    r->server = t->server;
    r->server_port = t->server_port;
    name_out(e, t->sni, t->sni_len, r->sni, sizeof r->sni);
    alpn_out(e, t->alpn, t->alpn_len, r->alpn, sizeof r->alpn);
    r->version = t->version;
    r->outcome = tls_outcome_of(e, t);
    r->alert = t->alert;
    r->hello_us = t->hello_us;
    r->at_us = t->at_us;
    r->on_target = t->target;
}

uint32_t rows_tls(struct engine *e, struct msg_tls_row *rows, uint64_t *of_out) {
    struct top top = {.cap = LIM_TLS_ROWS};
    for (uint32_t i = 0; i < e->tls.used; i++) top_offer(&top, tls_score(&e->tls.entry[i]), i);
    top_sort(&top);
    for (uint32_t n = 0; n < top.used; n++) put_tls(e, &e->tls.entry[top.index[n]], &rows[n]);
    *of_out = e->total.tls_client_hellos;
    return top.used;
}
