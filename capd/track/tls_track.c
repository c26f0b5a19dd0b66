/* TLS handshakes as far as they are in clear: one row per connection with a ClientHello.  Full: of
 * 16 entries, taken in turn, the one that went best gives way.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/tls.h"
#include "capd/track/app.h"
#include "capd/track/http_track.h"
#include "capd/track/names.h"
#include "capd/track/services.h"
#include "capd/track/slow_client.h"
#include "capd/track/tls_faults.h"

#define PREFACE_BYTES      108u /* with SETTINGS and an update, sealed */
#define SETTINGS_ACK_BYTES 9u
#define FINISHED_SHA256    53u /* a head of 4, the hash, the type, the seal */
#define FINISHED_SHA384    69u
#define FLIGHT_RECORDS     3u /* Certificate, CertificateVerify, Finished (RFC 8446 section 4.4) */
#define CERTIFICATE_MOST   2048u
#define CROSSES_US         10000u /* a client that did not read yet what has come */

enum tls_outcome tls_outcome_of(const struct engine *e, const struct tls_entry *t) {
    if (t->alert_from)
        return t->alert_from == 1 ? TLS_OUTCOME_ALERT_CLIENT : TLS_OUTCOME_ALERT_SERVER;
    if (t->answered) return TLS_OUTCOME_ANSWERED;
    if (t->reset) return TLS_OUTCOME_RESET;
    uint64_t guard = end_guard_us(e->total.slowest_answer_us);
    return t->done || e->now_us - t->at_us > guard ? TLS_OUTCOME_NO_ANSWER : TLS_OUTCOME_PENDING;
}

uint64_t tls_score(const struct tls_entry *t) {
    uint64_t how = t->alert_from ? 4 : !t->answered ? 3 : 0;
    uint64_t slow = t->hello_us >> 40 ? (UINT64_C(1) << 40) - 1 : t->hello_us;
    return (t->target ? UINT64_C(1) << 62 : 0) | how << 48 | slow;
}

static struct tls_entry *entry_of(struct engine *e, const struct flow *f) {
    if (f->row == NONE) return NULL;
    struct tls_entry *t = &e->tls.entry[f->row];
    return t->used && t->gen == f->row_gen ? t : NULL;
}

static uint32_t take_entry(struct engine *e) {
    struct tls_table *t = &e->tls;
    if (t->used < t->capacity) return t->used++;
    uint32_t victim = t->hand;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (t->hand + n) & (t->capacity - 1);
        if (tls_score(&t->entry[i]) < tls_score(&t->entry[victim])) victim = i;
    }
    t->hand = (t->hand + 16) & (t->capacity - 1);
    e->total.rows_dropped++;
    return victim;
}

/* Encrypted ClientHello: the name in clear is that of whoever decrypts the hello, and no client
 * asks DNS for it.  Browsers send the extension to servers without it, too, but then with the name
 * they asked for.  At an address of the target such a name is no sign of another site. */
static bool is_outer_name(struct engine *e, const struct flow *f, const struct tls_hello *h) {
    if (!h->ech || e->target_name_len == 0 || !names_is_target(e, &f->end[SERVER])) return false;
    if (names_match_target(e, h->sni, h->sni_len)) return false;
    uint32_t gen = 0, i = names_keep(e, h->sni, h->sni_len, &gen);
    return i != NONE && !e->names.name[i].resolved;
}

static bool is_h2(const struct tls_hello *h) {
    return h->alpn_len == 2 && memcmp(h->alpn, "h2", 2) == 0;
}

static void client_hello(struct engine *e, struct segment *s, const struct tls_hello *h) {
    struct flow *f = s->f;
    app_name_server(e, f, h->sni, is_outer_name(e, f, h) ? 0 : h->sni_len);
    if (!(f->bits & FLOW_SELECTED)) return;
    struct service *v = services_of(e, f);
    e->total.tls_client_hellos++;
    struct tls_entry *first = entry_of(e, f);
    if (first && first->answered) return;
    f->hello_us = s->us;
    if (first) { /* after a HelloRetryRequest: the same handshake */
        first->at_us = e->now_us;
        return;
    }
    if (v) v->client_hellos++;
    f->bits |= FLOW_HELLO;
    f->h2 = is_h2(h);
    f->row = take_entry(e);
    struct tls_entry *t = &e->tls.entry[f->row];
    *t = (struct tls_entry){.client = f->end[CLIENT],
                            .server = f->end[SERVER],
                            .server_port = f->port[SERVER],
                            .used = true,
                            .gen = ++e->tls.gen,
                            .target = f->bits & FLOW_TARGET,
                            .at_us = e->now_us,
                            .sni_len = h->sni_len,
                            .alpn_len = h->alpn_len};
    f->row_gen = t->gen;
    memcpy(t->sni, h->sni, h->sni_len);
    memcpy(t->alpn, h->alpn, h->alpn_len);
}

static void server_hello(struct engine *e, struct segment *s, const struct tls_hello *h) {
    struct flow *f = s->f;
    struct tls_entry *t = entry_of(e, f);
    struct service *v = services_of(e, f);
    if (h->version >= 0x0304)
        f->bits |= FLOW_TLS13;
    else
        f->h2 = is_h2(h);
    if (!(f->bits & FLOW_SELECTED)) return;
    e->total.tls_server_hellos++;
    if (h->hello_retry) {
        if (f->payload[SERVER] <= UINT8_MAX) f->retry_bytes = (uint8_t)f->payload[SERVER];
        if (t) t->retry_us = e->now_us - t->at_us;
        return;
    }
    f->retry_bytes = 0;
    if (v) v->server_hellos++;
    if (!t || t->answered) return;
    tls_fault_version(e, f, h->version);
    t->answered = true;
    t->version = h->version;
    if (h->alpn_len) {
        memcpy(t->alpn, h->alpn, h->alpn_len);
        t->alpn_len = h->alpn_len;
    }
    t->hello_us = e->now_us - t->at_us;
    /* Its receipt for the ClientHello came late, or with the answer: the path took the time. */
    bool prompt = s->pause_us >= t->hello_us || s->pause_us < t->hello_us / 3 * 2;
    if (v) v->tls.prompt += prompt && t->retry_us <= t->hello_us;
    if (t->hello_us < t->retry_us) t->hello_us = t->retry_us;
    f->tls_us = t->hello_us > UINT32_MAX ? UINT32_MAX : t->hello_us ? (uint32_t)t->hello_us : 1;
    hist_add(&e->total.tls, t->hello_us);
    services_sample(e, f, SERVICE_TLS, t->hello_us);
}

static void alert(struct engine *e, struct segment *s, const struct tls_message *m) {
    struct flow *f = s->f;
    if (!(f->bits & FLOW_SELECTED)) return;
    e->total.tls_alerts++;
    /* 2: fatal.  A close_notify ends a connection in good order, whatever level its sender gives
     * it (RFC 8446 section 6). */
    if (m->alert_level != 2 || m->alert_description == 0) return;
    f->bits |= FLOW_ALERT;
    struct service *v = services_of(e, f);
    if (v) {
        if (v->fatal_by[0] + v->fatal_by[1] == 0) v->alert_first_us = e->now_us;
        v->alert_last_us = e->now_us;
        v->fatal_by[s->dir]++;
        v->tls_alert = m->alert_description;
    }
    struct tls_entry *t = entry_of(e, f);
    if (!t || t->alert_from) return;
    t->alert_from = s->dir == CLIENT ? 1 : 2;
    t->alert = m->alert_description;
}

/* A ClientHello longer than what is kept of a message: that it was sent counts, and its name if
 * that stands in what was kept.  Not one cut by the snap length: its answer will be cut, too. */
static struct app_step long_hello(struct engine *e, struct segment *s,
                                  const struct tls_message *m) {
    bool cut = s->k->payload_cap < s->len;
    if (m->kind != TLS_CLIENT_HELLO || m->hello.legacy_version == 0 || s->dir != CLIENT || cut)
        return (struct app_step){APP_LOSE, 0};
    client_hello(e, s, &m->hello);
    return (struct app_step){APP_TOOK, m->stream_bytes};
}

/* The client's records of TLS 1.3 count from its Finished, which is known by its size.  Before that
 * come its certificate, if the server wants one, and the proof for it; they ask nothing. */
static void count_to_finished(struct flow *f, uint32_t length) {
    struct flow_side *c = &f->side[CLIENT];
    bool finished = length == FINISHED_SHA256 || length == FINISHED_SHA384;
    if (!(f->bits & FLOW_TLS13) || c->records > FLIGHT_RECORDS) return;
    if (c->records == 1 && !finished)
        f->certificate_bytes = (uint16_t)(length < CERTIFICATE_MOST ? length : CERTIFICATE_MOST);
    if (c->records == 1 || !finished || f->certificate_bytes == 0 || f->first_byte_us != 0) return;
    c->records = 1;
    f->bits &= ~(uint32_t)(FLOW_REQUEST | FLOW_REQUEST_ACK);
    f->asked = 0;
}

/* The client's first word after the server's in the handshake of TLS. */
static void client_goes_on(struct engine *e, const struct segment *s) {
    struct tls_entry *t = entry_of(e, s->f);
    if (s->dir != CLIENT || !t || !t->answered || t->went_on) return;
    t->went_on = true;
    slow_client_went_on(e, s, s->us - s->f->side[SERVER].next_us);
}

/* A request may cross the server's refusal; what is said after the end does not matter. */
static bool crosses(const struct segment *s, uint32_t length) {
    const struct flow_side *server = &s->f->side[SERVER];
    if (server->bits & SIDE_FIN) return true;
    return s->dir == CLIENT && !tls_is_alert_size(length) && s->us - server->next_us <= CROSSES_US;
}

/* HTTP/2 (RFC 9113 section 6.5): the server acknowledges the settings of the client, which come
 * with its preface; in what is as short no request stands beside them.  The client may have
 * acknowledged those of the server already. */
bool tls_asked_nothing(const struct segment *s) {
    const struct flow *f = s->f;
    uint32_t acks = tls_seal_bytes(f) + SETTINGS_ACK_BYTES;
    const struct flow_side *c = &f->side[CLIENT];
    bool first = c->records <= 2 ||
                 (c->records == 3 && c->next - f->request_end == TLS_RECORD_HEADER + acks);
    bool preface = first && f->said_bytes <= PREFACE_BYTES;
    return s->dir == SERVER && f->h2 && f->bits & FLOW_REQUEST && preface && s->record == acks;
}

/* The server's records count from the client's first; whoever takes leave gets no refusal. */
static void count_from_client(struct engine *e, const struct segment *s, uint32_t length) {
    struct flow_side *client = &s->f->side[CLIENT], *server = &s->f->side[SERVER];
    if (!crosses(s, length)) s->f->tls_refused = false;
    if (s->dir == SERVER && client->records > 0 && server->records == 0)
        tls_fault_server_record(s, length);
    if (s->dir != CLIENT) return;
    if (client->records == 0) {
        tls_fault_client_record(e, s->f, entry_of(e, s->f), length);
        server->records = 0;
    }
    if (tls_is_alert_size(length)) server->records = 1;
}

struct app_step tls_step(struct engine *e, struct segment *s, struct cursor c, bool last) {
    struct tls_message m;
    struct flow_side *side = &s->f->side[s->dir];
    switch (decode_tls(c, &m)) {
    case TLS_OK: break;
    case TLS_NEED_MORE:
        if (!last) return (struct app_step){APP_MORE, 0};
        return long_hello(e, s, &m);
    default: return (struct app_step){APP_LOSE, 0};
    }
    if (m.kind != TLS_ALERT) client_goes_on(e, s);
    switch (m.kind) {
    case TLS_CLIENT_HELLO: client_hello(e, s, &m.hello); break;
    case TLS_SERVER_HELLO: server_hello(e, s, &m.hello); break;
    case TLS_ALERT: alert(e, s, &m); break;
    case TLS_APPLICATION_DATA: {
        uint32_t length = m.stream_bytes - TLS_RECORD_HEADER;
        s->f->bits |= FLOW_TLS_DONE;
        if (length > s->record) s->record = length;
        count_from_client(e, s, length);
        /* A close_notify is no word of the exchange. */
        if (side->records < UINT8_MAX && (side->records == 0 || !tls_is_alert_size(length)))
            side->records++;
        if (s->dir == CLIENT) count_to_finished(s->f, length);
        break;
    }
    default: break;
    }
    return (struct app_step){APP_TOOK, m.stream_bytes};
}

void tls_flow_over(struct engine *e, struct flow *f, bool reset) {
    struct tls_entry *t = entry_of(e, f);
    if (!t) return;
    t->done = true;
    t->reset |= reset;
}
