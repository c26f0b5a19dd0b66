/* TLS that fails without an alert in clear.  In TLS 1.3 the client's first encrypted record after
 * the server's is its certificate or its Finished, of 53 bytes and more (RFC 8446 sections 2 and
 * 5.2); one as short as an alert can be nothing else.  So is the server's first one after it, where
 * others send tickets or answers.  A server that does not speak TLS shows in its first bytes; of
 * these only their kind is kept.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/tls_faults.h"
#include "capd/decode/tls.h"
#include "capd/track/services.h"

#define ALERT_TAG_16    19u /* level, description, type, and the tag of AES-GCM or ChaCha20 */
#define ALERT_TAG_8     11u /* the same with the short tag of AES-CCM-8 */
#define TLS_1_2         0x0303u
#define TLS_1_3         0x0304u
#define TEXT_LOOK       8u        /* first bytes that are looked at */
#define REFUSED_RECORDS 3u        /* its Finished, and a request in two parts */
#define NO_CERTIFICATE  25u       /* a head of 4, no context, no entry, the type, the seal */
#define REFUSES_US      17000000u /* asking whether a certificate is revoked may take 15 s in vain */
#define UNUSED_US       8000000u  /* servers keep those for 10 s and more */

void tls_fault_version(struct engine *e, const struct flow *f, uint16_t version) {
    struct service *v = services_of(e, f);
    if (!v || version >= TLS_1_2 || version == 0) return;
    struct tls_faults *t = &v->tls;
    if (t->obsolete++ == 0) t->obsolete_first_us = e->now_us;
    t->obsolete_last_us = e->now_us;
    if (t->oldest == 0 || version < t->oldest) t->oldest = version;
}

bool tls_is_alert_size(uint32_t length) {
    return length == ALERT_TAG_16 || length == ALERT_TAG_8;
}

void tls_fault_client_record(struct engine *e, const struct flow *f, const struct tls_entry *t,
                             uint32_t length) {
    struct service *v = services_of(e, f);
    if (!v || !t || !t->answered || t->version < TLS_1_3) return;
    if (!tls_is_alert_size(length)) return;
    if (f->side[CLIENT].bits & APP_GAPPED) return; /* an earlier one may be what was missed */
    struct tls_faults *x = &v->tls;
    if (x->rejected++ == 0) x->rejected_first_us = e->now_us;
    x->rejected_last_us = e->now_us;
    x->rejected_bytes = (uint16_t)length;
}

void tls_fault_server_record(const struct segment *s, uint32_t length) {
    struct flow *f = s->f;
    const struct flow_side *client = &f->side[CLIENT];
    if (!(f->bits & FLOW_TLS13) || !tls_is_alert_size(length) || f->certificate_bytes == 0) return;
    if ((client->bits | f->side[SERVER].bits) & APP_GAPPED || client->bits & SIDE_FIN) return;
    if (client->records > REFUSED_RECORDS) return;
    /* Who asked nothing may have left its connection unused until the server's time ran out. */
    uint32_t most_us = f->bits & FLOW_REQUEST ? REFUSES_US : UNUSED_US;
    f->tls_refused = s->us - client->next_us <= most_us;
}

static void note(struct engine *e, struct service *v, enum tls_mismatch how) {
    struct tls_faults *t = &v->tls;
    if (t->mismatch++ == 0) t->mismatch_first_us = e->now_us;
    t->mismatch_last_us = e->now_us;
    t->mismatch_class = (uint8_t)how;
}

static bool begins_with(struct cursor c, const char *text, size_t n) {
    return cursor_left(&c) >= n && memcmp(c.p, text, n) == 0;
}
#define begins(c, text) begins_with(c, text, sizeof(text) - 1)

/* Three digits and a space or dash (SMTP, FTP, NNTP), or what POP3 and IMAP say first. */
static bool is_greeting(struct cursor c) {
    if (begins(c, "+OK") || begins(c, "* OK") || begins(c, "* BYE")) return true;
    if (cursor_left(&c) < 4) return false;
    for (unsigned i = 0; i < 3; i++)
        if (c.p[i] < '0' || c.p[i] > '9') return false;
    return c.p[3] == ' ' || c.p[3] == '-';
}

static enum tls_mismatch class_of(struct cursor c) {
    if (begins(c, "HTTP/")) return TLS_MISMATCH_HTTP;
    if (begins(c, "SSH-")) return TLS_MISMATCH_SSH;
    if (is_greeting(c)) return TLS_MISMATCH_GREETING;
    size_t n = cursor_left(&c) < TEXT_LOOK ? cursor_left(&c) : TEXT_LOOK;
    for (size_t i = 0; i < n; i++)
        if ((c.p[i] < ' ' && c.p[i] != '\r' && c.p[i] != '\n' && c.p[i] != '\t') || c.p[i] > '~')
            return TLS_MISMATCH_BINARY;
    return TLS_MISMATCH_TEXT;
}

/* Any record, or a ServerHello of SSL 2. */
static bool may_be_tls(struct cursor c) {
    struct cursor at = c;
    struct tls_record r;
    return tls_read_record(&at, &r) != TLS_NOT_TLS || (*c.p & 0x80u) != 0;
}

void tls_fault_first_bytes(struct engine *e, const struct segment *s) {
    const struct flow *f = s->f;
    struct service *v = services_of(e, f);
    struct cursor c = cursor_make(s->k->payload, s->k->payload_cap);
    if (!v || s->again || cursor_left(&c) == 0 || !(f->bits & FLOW_SYNACK)) return;
    if (f->app == APP_TLS && f->bits & FLOW_HELLO && !may_be_tls(c)) note(e, v, class_of(c));
    if (f->app == APP_HTTP && begins(c, "\x15\x03") && tls_can_begin(c))
        note(e, v, TLS_MISMATCH_TLS);
}

static bool is_tls_port(uint16_t port) {
    static const uint16_t ports[] = {443, 465, 563, 636, 853, 990, 992, 993, 995, 5061, 8443, 8883};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (ports[i] == port) return true;
    return false;
}

/* Servers of TLS that are asked in clear text say 400 (Bad Request). */
void tls_fault_http_answer(struct engine *e, const struct flow *f, unsigned status) {
    struct service *v = services_of(e, f);
    if (!v || status != 400) return;
    if (is_tls_port(f->port[SERVER]) || v->server_hellos > 0) note(e, v, TLS_MISMATCH_ERROR);
}

void tls_fault_closed(const struct flow *f, bool by_server, uint64_t at_us,
                      struct service_facts *x) {
    if (!(f->bits & FLOW_ESTABLISHED)) return;
    /* Who showed no certificate may have read the refusal before the server's end comes. */
    if (f->tls_refused && (by_server || f->certificate_bytes <= NO_CERTIFICATE)) {
        span_add(&x->tls_refused_first_us, &x->tls_refused_last_us, x->tls_refused, at_us, at_us);
        x->tls_refused++;
    }
    if (!by_server || f->app != APP_HTTP || f->payload[SERVER] > 0 || f->payload[CLIENT] == 0)
        return;
    if (!is_tls_port(f->port[SERVER])) return;
    span_add(&x->plain_first_us, &x->plain_last_us, x->plain_closed, at_us, at_us);
    x->plain_closed++;
}
