/* Requests that a server takes and never answers: it acknowledges them, and not a byte comes until
 * the client leaves, or for long.
 *
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/unanswered.h"
#include "capd/track/app.h"
#include "capd/track/select.h"

#define GAVE_UP_US   4000000u  /* who leaves sooner may have changed his mind */
#define SEALED_BYTES 16384u    /* of hello, handshake and request; logs send more */
#define EMPTY_US     3000000u  /* unused connections of HTTP/2 are kept for longer */
#define NO_ANSWER_US 10000000u /* still open: few answers take longer to begin */
#define GREETING_US                                                                                \
    10000000u           /* some make clients wait a while on purpose, to see who speaks first */
#define FEW_SEGMENTS 3u /* of a protocol that is not known: logs send line after line */

bool unanswered_port(uint16_t port) {
    static const uint16_t ports[] = {43,   88,   102,  111,  135,  139,   389,  445,  502,
                                     554,  1433, 1521, 1883, 2049, 2181,  3260, 3389, 5060,
                                     5432, 5672, 6379, 9042, 9092, 11211, 27017};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (ports[i] == port) return true;
    return false;
}

bool unanswered_greets(uint16_t port) {
    static const uint16_t ports[] = {21, 22, 25, 110, 143, 587, 3306};
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++)
        if (ports[i] == port) return true;
    return false;
}

/* Whether the capture holds what was said or not: by the numbers of this end and of its peer. */
static bool has_spoken(const struct flow_side *v, const struct flow_side *peer) {
    uint32_t silent = v->isn + 1 + (v->bits & SIDE_FIN ? 1u : 0u);
    return v->next != silent || seq_after(peer->acked, silent) ||
           (v->bits & WS_NEXT && seq_after(v->ws_next, silent));
}

/* Whole at once, open to words, nobody has said one, and the server's system is there: it has
 * acknowledged the client's FIN. */
static bool awaits_greeting(const struct flow *f) {
    const uint32_t opened = FLOW_SYN | FLOW_SYNACK | FLOW_ESTABLISHED;
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    return (f->bits & opened) == opened && unanswered_greets(f->port[SERVER]) &&
           !has_spoken(c, v) && !has_spoken(v, c) && !(c->bits & SIDE_CLOSED) &&
           !(c->bits & SIDE_FIN && v->acked != c->next) && f->synack_sent <= f->syn_sent &&
           f->last_us - f->first_us <= FLOW_LONGEST_US;
}

uint32_t unanswered_since_us(const struct flow *f) {
    return awaits_greeting(f) ? f->synack_us : f->request_us;
}

uint64_t unanswered_us(const struct engine *e, const struct flow *f, bool left) {
    if (left) return f->end_us - unanswered_since_us(f);
    uint64_t at = flow_widen(f, unanswered_since_us(f));
    return e->now_us > at ? e->now_us - at : 0;
}

/* HTTP, SSH or a port of which it is known: nobody takes a request of it without a word. */
static bool must_answer(const struct flow *f) {
    return f->app == APP_HTTP || f->app == APP_HTTP2 || f->app == APP_SSH ||
           unanswered_port(f->port[SERVER]);
}

/* Those that answer each request, to the last one of a connection: of the others some words are
 * publications, receipts or farewells. */
static bool answers_each(const struct flow *f) {
    static const uint16_t ports[] = {1433, 1521, 3306, 5432, 9042};
    if (f->app == APP_HTTP) return true; /* behind a 101 no request begins */
    for (size_t i = 0; i < sizeof ports / sizeof ports[0] && f->app <= APP_NONE; i++)
        if (ports[i] == f->port[SERVER]) return true;
    return false;
}

/* Whenever the client left. */
static enum unanswered what_of(const struct flow *f) {
    bool few = f->payload[CLIENT] <= QUESTION_BYTES;
    if (awaits_greeting(f)) return UNANSWERED_GREETING;
    if (f->app == APP_TLS) {
        uint16_t port = f->port[SERVER];
        bool asks = port == 443 || port == 8443 || port == 853 || f->h2;
        asks = asks && f->payload[CLIENT] <= SEALED_BYTES && f->first_byte_us == 0;
        return asks && f->bits & FLOW_TLS_DONE ? UNANSWERED_SEALED : UNANSWERED_NOTHING;
    }
    if (f->bits & FLOW_HELLO || f->app == APP_DNS) return UNANSWERED_NOTHING;
    if (f->data_segments[SERVER] > 0)
        return f->first_byte_us != 0 && answers_each(f) ? UNANSWERED_ONCE_MORE : UNANSWERED_NOTHING;
    if (must_answer(f)) return UNANSWERED_IN_CLEAR;
    return few && f->data_segments[CLIENT] <= FEW_SEGMENTS ? UNANSWERED_PERHAPS
                                                           : UNANSWERED_NOTHING;
}

enum unanswered unanswered_kind(const struct engine *e, const struct flow *f, bool left) {
    bool soon = left && unanswered_us(e, f, left) < GAVE_UP_US;
    return soon ? UNANSWERED_SOON : what_of(f);
}

/* Is there a request of which nothing came back, and nothing was missed, also by the numbers of the
 * server's ACKs? */
static bool is_open(const struct flow *f) {
    const struct flow_side *v = &f->side[SERVER];
    if (v->bits & WS_NEXT && seq_after(v->ws_next, v->next)) return false;
    if (!(f->bits & FLOW_REQUEST) || f->bits & FLOW_MAYBE_ANSWER || f->payload[CLIENT] == 0)
        return false;
    if (app_asks_in_part(f)) return false;
    return v->holes == NONE && !(f->data_segments[SERVER] > 0 && v->bits & APP_GAPPED);
}

bool unanswered_by_end(const struct flow *f) {
    enum unanswered what = what_of(f);
    /* Of databases the last word may be a farewell. */
    bool asked = what == UNANSWERED_SEALED || (what == UNANSWERED_ONCE_MORE && f->app == APP_HTTP);
    uint32_t after_us = f->end_us - f->request_us;
    return asked && is_open(f) && !f->tls_refused && after_us >> 31 == 0 &&
           (what != UNANSWERED_SEALED || after_us <= EMPTY_US);
}

/* Who is still there where there were answers, or where nothing can be read, may wait for news. */
bool unanswered_is(const struct engine *e, const struct flow *f, bool left) {
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    uint32_t sent = c->next - (c->bits & SIDE_FIN ? 1u : 0u);
    bool asked = select_asked(e, f);
    enum unanswered what = what_of(f);
    if (what == UNANSWERED_NOTHING || (what != UNANSWERED_GREETING && !is_open(f))) return false;
    if (!left && (what == UNANSWERED_ONCE_MORE || (what == UNANSWERED_SEALED && !asked)))
        return false;
    if (!(c->bits & v->bits & SIDE_ACK) || seq_before(v->acked, sent) ||
        seq_after(c->acked, v->next))
        return false;
    uint64_t least = end_guard_us(e->total.slowest_answer_us);
    bool sure = what != UNANSWERED_PERHAPS;
    uint64_t own = what == UNANSWERED_GREETING ? GREETING_US
                   : left                      ? (sure ? 0 : GAVE_UP_US)
                   : asked                     ? 0
                                               : NO_ANSWER_US;
    return unanswered_us(e, f, left) >= (least > own ? least : own);
}
