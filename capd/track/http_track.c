/* HTTP/1 requests and responses, paired in order.  Full: of 16 entries, taken in turn, the one that
 * went best gives way.  What is kept of a path, decode/http_target.c says.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/http_track.h"
#include "capd/decode/http_target.h"
#include "capd/track/app.h"
#include "capd/track/services.h"
#include "capd/track/tls_faults.h"

#define PIPELINE 64u /* requests waiting in one connection */

uint64_t http_score(const struct http_entry *h) {
    uint64_t how = !h->answered ? 2 : h->status >= 500 ? 4 : h->status >= 400 ? 3 : 0;
    uint64_t slow = h->first_byte_us >> 40 ? (UINT64_C(1) << 40) - 1 : h->first_byte_us;
    return (h->target ? UINT64_C(1) << 62 : 0) | how << 48 | slow;
}

static struct http_entry *entry_of(struct engine *e, uint32_t i, uint32_t gen) {
    if (i == NONE) return NULL;
    struct http_entry *h = &e->http.entry[i];
    return h->used && h->gen == gen ? h : NULL;
}

static uint32_t take_entry(struct engine *e) {
    struct http_table *t = &e->http;
    if (t->used < t->capacity) return t->used++;
    uint32_t victim = t->hand;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (t->hand + n) & (t->capacity - 1);
        if (http_score(&t->entry[i]) < http_score(&t->entry[victim])) victim = i;
    }
    t->hand = (t->hand + 16) & (t->capacity - 1);
    e->total.rows_dropped++;
    return victim;
}

static uint8_t copy_view(const struct http_view *v, uint8_t *out, size_t cap) {
    size_t n = v->len < cap ? v->len : cap;
    if (n) memcpy(out, v->p, n);
    return (uint8_t)n;
}

/* Part of what the server said was missed.  A request after which it spoke was most likely answered
 * there: the next answer belongs to a later one. */
static void drop_missed(struct engine *e, const struct segment *s) {
    struct flow *f = s->f;
    const struct flow_side *server = &f->side[!s->dir];
    const struct http_entry *h = entry_of(e, f->row, f->row_gen);
    app_heard(e, s);
    while (h && server->bits & APP_LOST && s->us - server->next_us < e->now_us - h->at_us) {
        f->row = h->next;
        f->row_gen = h->next_gen;
        h = entry_of(e, f->row, f->row_gen);
    }
}

/* Hang the request behind those that wait in this connection. */
static void append(struct engine *e, struct flow *f, uint32_t i, uint32_t gen) {
    struct http_entry *h = entry_of(e, f->row, f->row_gen);
    if (!h) {
        f->row = i;
        f->row_gen = gen;
        return;
    }
    for (unsigned n = 0; n < PIPELINE; n++) {
        struct http_entry *next = entry_of(e, h->next, h->next_gen);
        if (!next) break;
        h = next;
    }
    h->next = i;
    h->next_gen = gen;
}

static void take_request(struct engine *e, struct segment *s, const struct http_message *m) {
    struct flow *f = s->f;
    app_name_server(e, f, m->host.p, app_host_length(m->host.p, m->host.len));
    if (!(f->bits & FLOW_SELECTED)) return;
    e->total.http_requests++;
    uint32_t i = take_entry(e);
    struct http_entry *h = &e->http.entry[i];
    *h = (struct http_entry){.client = f->end[CLIENT],
                             .server = f->end[SERVER],
                             .client_port = f->port[CLIENT],
                             .server_port = f->port[SERVER],
                             .used = true,
                             .gen = ++e->http.gen,
                             .target = f->bits & FLOW_TARGET,
                             .next = NONE,
                             .at_us = e->now_us};
    h->method_len = copy_view(&m->method, h->method, sizeof h->method);
    h->host_len = copy_view(&m->host, h->host, sizeof h->host);
    h->path_len = (uint8_t)http_path_copy(m->path, h->path, sizeof h->path);
    drop_missed(e, s);
    append(e, f, i, h->gen);
}

static bool is_method(const struct http_entry *h, const char *name) {
    return h && strlen(name) == h->method_len && memcmp(h->method, name, h->method_len) == 0;
}

/* ---- what the statuses say of a service -------------------------------------------------------
 */

static bool begins(const struct http_entry *h, const char *path, bool whole) {
    size_t n = strlen(path);
    return h->path_len >= n && memcmp(h->path, path, n) == 0 && (!whole || h->path_len == n);
}

/* Clients ask for these on the chance that they are there. */
static bool is_only_tried(const struct http_entry *h) {
    return begins(h, "/favicon.ico", true) || begins(h, "/robots.txt", true) ||
           begins(h, "/apple-touch-icon", false) || begins(h, "/.well-known/", false) ||
           begins(h, "/browserconfig.xml", true);
}

/* A client error that says nothing about the site or its client. */
static bool is_soft(const struct http_entry *h, unsigned status) {
    return !h || is_method(h, "HEAD") || ((status == 404 || status == 410) && is_only_tried(h));
}

static uint64_t *count_of(struct http_counts *c, unsigned status) {
    switch (status) {
    case 401: return &c->e401;
    case 403: return &c->e403;
    case 404: return &c->e404;
    case 407: return &c->e407;
    case 429: return &c->e429;
    case 500: return &c->e500;
    case 502: return &c->e502;
    case 503: return &c->e503;
    case 504: return &c->e504;
    default: return NULL;
    }
}

static void count_error(struct engine *e, struct http_counts *c, struct http_entry *h,
                        unsigned status) {
    uint64_t *all = status >= 500 ? &c->e5xx : &c->e4xx;
    uint64_t *first = status >= 500 ? &c->first_5xx_us : &c->first_4xx_us;
    if (status == 501 && h && is_method(h, "HEAD")) return; /* it serves GET, which is enough */
    if ((*all)++ == 0) *first = e->now_us;
    *(status >= 500 ? &c->last_5xx_us : &c->last_4xx_us) = e->now_us;
    uint64_t *one = count_of(c, status);
    if (status < 500 && is_soft(h, status)) {
        c->soft++;
        return;
    }
    if (one) ++*one;
    if (status != 401 && status != 407) return;
    h->challenge = true;
    c->challenges++;
}

/* Where registries of container images say who may give a token for what is below. */
static bool is_registry(const struct http_entry *c) {
    return c->path_len == 4 && memcmp(c->path, "/v2/", 4) == 0;
}

/* A challenge is answered in the same connection, or by the same request in another one. */
static bool is_met(const struct http_entry *c, const struct http_entry *by) {
    if (c->server_port != by->server_port || !addr_equal(&c->client, &by->client) ||
        !addr_equal(&c->server, &by->server))
        return false;
    if (c->client_port == by->client_port) return true;
    return c->host_len == by->host_len && memcmp(c->host, by->host, c->host_len) == 0 &&
           c->path_len > 0 && c->path_len <= by->path_len &&
           memcmp(c->path, by->path, c->path_len) == 0 &&
           (c->path_len == by->path_len || is_registry(c));
}

static void meet_challenges(struct engine *e, struct http_counts *c, const struct http_entry *by) {
    for (uint32_t i = 0; i < e->http.used && c->challenges > 0; i++) {
        struct http_entry *h = &e->http.entry[i];
        if (!h->used || !h->challenge || !is_met(h, by)) continue;
        h->challenge = false;
        c->challenges--;
        c->met++;
        --*count_of(c, h->status);
    }
}

static void count_status(struct engine *e, struct service *v, struct http_entry *h,
                         unsigned status) {
    v->http.responses++;
    if (status >= 400)
        count_error(e, &v->http, h, status);
    else if (h)
        meet_challenges(e, &v->http, h);
}

/* Returns the request that is answered, NULL if it was not seen. */
static const struct http_entry *take_response(struct engine *e, struct segment *s,
                                              const struct http_message *m) {
    struct flow *f = s->f;
    struct http_entry *h = entry_of(e, f->row, f->row_gen);
    if (m->status < 200 && m->status != 101) { /* interim: no answer yet, but told by status */
        if (f->bits & FLOW_SELECTED) codes_add(&e->total.http_statuses, m->status);
        return h;
    }
    if (h) {
        h->answered = true;
        h->status = m->status;
        h->first_byte_us = e->now_us - h->at_us;
        f->row = h->next;
        f->row_gen = h->next_gen;
    }
    if (!(f->bits & FLOW_SELECTED)) return h;
    e->total.http_responses++;
    codes_add(&e->total.http_statuses, m->status);
    struct service *v = services_of(e, f);
    if (v) count_status(e, v, h, m->status);
    tls_fault_http_answer(e, f, m->status);
    return h;
}

static struct app_step body_of(struct segment *s, const struct http_message *m,
                               const struct http_entry *answered) {
    struct flow_side *side = &s->f->side[s->dir];
    side->bits &= ~(uint32_t)APP_ASKED; /* else it may be a HEAD that the length answers */
    if (answered) side->bits |= APP_ASKED;
    bool none = !m->request && (m->status < 200 || m->status == 204 || m->status == 304 ||
                                is_method(answered, "HEAD"));
    if (!m->request && m->status == 101) return (struct app_step){APP_QUIT, 0};
    if (!m->request && is_method(answered, "CONNECT") && m->status >= 200 && m->status < 300) {
        s->f->app = APP_UNKNOWN; /* a tunnel: what it carries tells itself anew */
        s->f->row = NONE;
        return (struct app_step){APP_TOOK, m->header_bytes};
    }
    if (none) return (struct app_step){APP_TOOK, m->header_bytes};
    if (m->has_content_length && !m->has_transfer_encoding) {
        uint64_t all = m->header_bytes + m->content_length;
        return (struct app_step){APP_TOOK, all > INT32_MAX ? INT32_MAX : (uint32_t)all};
    }
    if (m->request && !m->has_transfer_encoding)
        return (struct app_step){APP_TOOK, m->header_bytes};
    if (m->chunked) {
        side->bits |= APP_CHUNKED;
        return (struct app_step){APP_TOOK, m->header_bytes};
    }
    side->bits |= APP_LOST; /* until the end: the next head starts a segment */
    return (struct app_step){APP_LOSE, 0};
}

/* Inside a chunked body.  What is no chunk ends it: look for the next message. */
static struct app_step chunk_step(struct flow_side *side, struct cursor c, bool last) {
    bool end = true;
    uint32_t bytes = 0;
    enum http_status status = decode_http_chunk(c, &end, &bytes);
    if (status == HTTP_NEED_MORE && !last) return (struct app_step){APP_MORE, 0};
    if (status != HTTP_OK || end) side->bits &= ~(uint32_t)APP_CHUNKED;
    return (struct app_step){status == HTTP_OK ? APP_TOOK : APP_LOSE, bytes};
}

struct app_step http_step(struct engine *e, struct segment *s, struct cursor c, bool last) {
    struct http_message m;
    struct flow_side *side = &s->f->side[s->dir];
    if (side->bits & APP_CHUNKED) return chunk_step(side, c, last);
    enum http_status status = decode_http(c, &m);
    bool whole = status == HTTP_OK;
    if (status == HTTP_NOT_HTTP) return (struct app_step){APP_LOSE, 0};
    bool cut = s->k->payload_cap < s->len; /* by the snap length: so may be the answer's line */
    if (status == HTTP_NEED_MORE && last && !m.start_line && s->dir == CLIENT && !cut)
        (void)decode_http_cut(c, &m); /* longer than what is kept */
    if (!whole && !(last && m.start_line)) {
        if (status == HTTP_NEED_MORE) return (struct app_step){last ? APP_LOSE : APP_MORE, 0};
        if (!m.start_line) return (struct app_step){APP_LOSE, 0};
    }
    if (m.request != (s->dir == CLIENT) && !(s->f->bits & FLOW_GUESSED))
        return (struct app_step){APP_LOSE, 0}; /* a body that looks like a message */
    const struct http_entry *answered = NULL;
    if (m.request)
        take_request(e, s, &m);
    else
        answered = take_response(e, s, &m);
    if (!whole) return (struct app_step){APP_LOSE, 0};
    return body_of(s, &m, answered);
}
