/* Times of a connection.
 * Round trip: a segment to the ACK of exactly its end, never after a retransmission (Karn), and
 * only where no delayed-ACK timer can be in it: the ACK covers two segments or more, the last of
 * full size, or its sender had sent something so shortly before that a timer begun since then is
 * but a small part.  What came sooner than most such timers (40 ms) goes into the statistics, but
 * inflates nothing: some devices have one clock for all, whose next tick is as near as chance will
 * have it.  A capture point sees two halves, one per direction; a sample is one half plus the
 * latest of the other, first taken from the handshake. Request: payload of the client after the
 * handshake or after payload of the server; its answer begins with the next payload of the server.
 * TLS: only application data after the handshake, and no pongs. Runs in: worker.  Input trust:
 * packets. */
#include "capd/decode/http.h"
#include "capd/decode/redis.h"
#include "capd/decode/tls.h"
#include "capd/track/seconds.h"
#include "capd/track/services.h"
#include "capd/track/slow_client.h"
#include "capd/track/strain.h"
#include "capd/track/tcp.h"

#define TICKETS_BYTES      700u /* two tickets, as OpenSSL sends them, in one segment */
#define TICKETS_MOST       8u
#define TICKETS_US         100000u /* a server makes them at once, however long its answers take */
#define CONTROL_BYTES      64u     /* an alert beside a frame of HTTP/2 that says farewell */
#define RECEIPT_BYTES      17u     /* a PING of HTTP/2; pongs and beats of web sockets have less */
#define UPDATE_BYTES       13u     /* WINDOW_UPDATE of HTTP/2 */
#define UPDATES            2u      /* of the connection and of a stream */
#define UPDATES_MUCH       5u
#define BEAT_BYTES         9u /* STOMP, AMQP, SignalR; a receipt of MQTT; HTTP/2 asks in more */
#define RECEIPT_US         200000u /* beyond a round trip: until a radio wakes */
#define PROMPT_US          500000u /* findings.md, slow_server: who waits less is not kept waiting */
#define LATE_ANSWER_US     2000000u  /* nobody takes it for a pause of the network */
#define WAITED_US          20000000u /* long polls are held for so long, and idle connections kept */
#define MAYBE_US           1000000u
#define TALK_US            1000000u /* a pause within an answer is shorter, mostly */
#define ANSWER_PAUSE_US    1500000u /* hardly one within a page is as long */
#define AT_LENGTH_BYTES    3000u    /* more than two segments: a page rather than a message */
#define RENEW_US           50000u
#define DELAYED_ACK_US     35000u
#define PAUSE_SHARE        4u     /* of a round trip, at most this part may be a delayed ACK */
#define SMALL_WINDOW_BYTES 14600u /* ten segments: a device with little memory, or little left */

/* `sure`: no timer is in it.  Else it is an upper bound, for the statistics; a path is never judged
 * slow by it. */
static void add_round_trip(struct engine *e, struct flow *f, unsigned dir, uint32_t took,
                           bool sure) {
    struct flow_side *side = &f->side[dir], *peer = &f->side[!dir];
    if (sure || !(side->bits & SIDE_RTT) || took < side->rtt_us) side->rtt_us = took;
    side->bits |= SIDE_RTT;
    if (!(peer->bits & SIDE_RTT)) return;
    uint32_t whole = took + peer->rtt_us;
    f->rtt_smooth_us =
        f->rtt_smooth_us ? f->rtt_smooth_us - f->rtt_smooth_us / 8 + whole / 8 : whole;
    if (!(f->bits & FLOW_SELECTED)) return;
    hist_add(&e->total.rtt, whole);
    seconds_rtt(&e->seconds, e->now_us, whole);
    services_sample(e, f, SERVICE_RTT, whole);
    strain_round_trip(e, f, dir, (struct round_trip){whole, side->next - peer->acked, sure});
}

/* Payload of a full segment of side `d`; offloads show several as one. */
static uint32_t whole_segment(const struct flow *f, unsigned d) {
    uint32_t mss = f->side[!d].mss, most = mss > TCP_STAMP_BYTES ? mss - TCP_STAMP_BYTES : 1448;
    return f->side[d].largest < most ? f->side[d].largest : most;
}

/* Was the receiver's window full before this ACK, up to less than a segment? */
static bool is_full(const struct segment *s, uint32_t old_ack) {
    const struct flow_side *receiver = &s->f->side[s->dir], *sender = &s->f->side[!s->dir];
    return receiver->bits & SIDE_WINDOW &&
           receiver->window < sender->next - old_ack + whole_segment(s->f, !s->dir);
}

/* A receiver with a small window that is full acknowledges when it has taken something out of it:
 * its own time, not the path's.  Not so if it had as much room as ever, all of which it has
 * acknowledged at once before. */
static bool is_at_own_pace(const struct flow_side *receiver) {
    return receiver->window < SMALL_WINDOW_BYTES &&
           !(receiver->quick_when_full && receiver->window >= receiver->window_most);
}

/* The other end of `s` sent what this ACK covers. */
void tcp_time_ack(struct engine *e, struct segment *s, uint32_t old_ack) {
    struct flow *f = s->f;
    struct flow_side *sender = &f->side[!s->dir], *receiver = &f->side[s->dir];
    uint32_t ack = s->k->tcp.ack, longest = 0;
    bool full = is_full(s, old_ack), own_pace = full && is_at_own_pace(receiver);
    for (unsigned n = 0; n < TIMED_SEGMENTS; n++) {
        if (!(sender->timed_bits >> n & 1u) || seq_after(sender->timed_end[n], ack)) continue;
        sender->timed_bits &= 0xffu ^ 1u << n;
        uint32_t took = s->us - sender->timed_us[n];
        if (took > longest) longest = took;
        if (full && took <= f->handshake_us * 2) receiver->quick_when_full = true;
        uint32_t whole = whole_segment(f, !s->dir);
        bool prompt = ack - old_ack >= 2u * whole && whole >= 512;
        bool just_spoke = s->pause_us <= took / PAUSE_SHARE;
        bool sure = (prompt || just_spoke) && !own_pace;
        if (s->len > 0 || !(sure || took < DELAYED_ACK_US)) continue;
        if (sender->timed_end[n] == ack)
            add_round_trip(e, f, !s->dir, took, sure);
        else if (sure && f->side[s->dir].bits & SIDE_RTT) /* a few segments more at once */
            strain_round_trip(
                e, f, !s->dir,
                (struct round_trip){took + f->side[s->dir].rtt_us, sender->next - ack, just_spoke});
    }
    if (s->dir == CLIENT && longest > 0) slow_client_acked(e, f, sender->next - old_ack, longest);
    if (s->dir == SERVER && f->bits & FLOW_REQUEST_ACK && !seq_before(ack, f->request_end)) {
        f->bits &= ~(uint32_t)FLOW_REQUEST_ACK;
        f->request_ack_us = s->us - f->request_us;
    }
}

static void time_segment(struct segment *s) {
    struct flow_side *side = &s->f->side[s->dir];
    if (s->again) { /* whose ACK is it now? */
        side->timed_bits = 0;
        return;
    }
    for (unsigned n = 0; n < TIMED_SEGMENTS; n++) {
        if (side->timed_bits >> n & 1u) continue;
        side->timed_bits |= 1u << n;
        side->timed_end[n] = s->seq + s->len;
        side->timed_us[n] = s->us;
        return;
    }
    /* The newest slot follows the stream, the other waits for its ACK. */
    side->timed_end[TIMED_SEGMENTS - 1] = s->seq + s->len;
    side->timed_us[TIMED_SEGMENTS - 1] = s->us;
}

/* A time so old that the 32 bits will not tell it.  What seems to be a minute ahead is a packet
 * whose time stepped back. */
static void hold(uint32_t *time_us, uint32_t now_us, bool all) {
    uint32_t age = now_us - *time_us;
    if (all || (age > FLOW_LONGEST_US && age < UINT32_MAX - 60000000u))
        *time_us = now_us - FLOW_LONGEST_US;
}

void tcp_hold_times(struct flow *f, uint32_t now_us, uint64_t quiet_us) {
    bool all = quiet_us > FLOW_LONGEST_US;
    uint32_t *of_flow[] = {&f->request_us, &f->answer_first_us, &f->answer_last_us,
                           &f->hello_us,   &f->resume_us,       &f->excused_us,
                           &f->syn_us,     &f->syn_last_us,     &f->synack_us};
    /* Of a handshake that is over only the differences count. */
    size_t n = f->bits & FLOW_ESTABLISHED ? 6 : 9;
    /* Of one that ends the rest is told already; but a half that is open may be waited for. */
    bool ends = (f->side[0].bits | f->side[1].bits) & (SIDE_FIN | SIDE_RST);
    for (size_t i = 0; i < (ends ? 3 : n); i++) hold(of_flow[i], now_us, all);
    if (ends) return;
    for (unsigned d = 0; d < 2; d++) {
        struct flow_side *s = &f->side[d];
        uint32_t *of_side[] = {&s->next_us,     &s->timed_us[0], &s->timed_us[1], &s->try_first_us,
                               &s->try_last_us, &s->ws_next_us,  &s->ws_ack_us,   &s->round_us};
        for (size_t i = 0; i < sizeof of_side / sizeof of_side[0]; i++)
            hold(of_side[i], now_us, all);
    }
}

/* Redis without TLS (IANA has given its port to nobody else). */
static bool is_redis(const struct flow *f) {
    return f->port[SERVER] == 6379 && f->app <= APP_NONE;
}

/* Are requests known for what they are, by more than their length? */
static bool is_read(const struct flow *f) {
    return f->app == APP_HTTP2 || is_redis(f);
}

static void begin_answer(struct engine *e, struct flow *f, uint32_t us) {
    uint32_t took = us - f->request_us;
    /* What came before it may have been the answer, and this is news. */
    bool unsure = f->bits & FLOW_MAYBE_ANSWER && f->bits & FLOW_TLS13;
    f->prompt |= unsure || took < PROMPT_US;
    f->bits &= ~(uint32_t)(FLOW_REQUEST | FLOW_MAYBE_ANSWER);
    f->bits |= FLOW_ANSWER;
    f->answer_first_us = us;
    if (f->first_byte_us == 0) f->first_byte_us = took ? took : 1;
    if (!(f->bits & FLOW_SELECTED)) return;
    hist_add(&e->total.first_byte, took);
    services_sample(e, f, SERVICE_FIRST_BYTE, took);
    if (!(f->bits & FLOW_REQUEST_ACK))
        services_sample(e, f, SERVICE_REQUEST_ACK, f->request_ack_us);
    struct service *v = services_of(e, f);
    if (v) v->requests++;
    if (v) v->small_answers += !f->large_answer && !is_read(f);
    if (v) v->late_answers += took >= LATE_ANSWER_US;
    slow_client_answered(e, f);
}

/* Nothing came after it: it was the answer. */
static void settle_answer(struct engine *e, struct flow *f) {
    if (!(f->bits & FLOW_MAYBE_ANSWER)) return;
    begin_answer(e, f, f->answer_first_us);
    f->answer_last_us = f->answer_first_us;
}

void tcp_answers_settle(struct engine *e) {
    for (uint32_t i = 0; i < e->flows.fresh; i++) {
        struct flow *f = &e->flows.flow[i];
        if (e->flows.link[i].list == FLOWS_FREE || !(f->bits & FLOW_MAYBE_ANSWER)) continue;
        if (e->now_us - f->last_us >= MAYBE_US) settle_answer(e, f);
    }
}

void tcp_answer_done(struct engine *e, struct flow *f) {
    settle_answer(e, f);
    if (!(f->bits & FLOW_ANSWER)) return;
    f->bits &= ~(uint32_t)FLOW_ANSWER;
    if (f->bits & FLOW_SELECTED)
        hist_add(&e->total.transfer, f->answer_last_us - f->answer_first_us);
}

/* A poll is renewed as soon as it is answered; who reads a page asks later. */
static void count_renewed(struct engine *e, const struct segment *s) {
    const struct flow *f = s->f;
    bool at_once = s->us - f->answer_last_us <= f->handshake_us + RENEW_US;
    struct service *v = f->bits & FLOW_ANSWER && at_once ? services_of(e, f) : NULL;
    if (v) v->renewed++;
}

static void begin_request(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    /* Tickets or settings of HTTP/2, if the client goes on at once. */
    if (s->us - f->answer_first_us <= f->handshake_us + TICKETS_US)
        f->bits &= ~(uint32_t)FLOW_MAYBE_ANSWER;
    count_renewed(e, s);
    tcp_answer_done(e, f);
    if (!(f->bits & FLOW_REQUEST)) f->turn_us = s->us;
    f->bits |= FLOW_REQUEST | FLOW_REQUEST_ACK;
    f->request_us = s->us;
    f->request_end = s->seq + s->len;
    f->asked_late = f->side[SERVER].bits & SIDE_FIN && s->k->tcp.ack == f->side[SERVER].next;
    slow_client_asked(e, f);
}

/* Mail, names and such inside TLS: who asks in a few bytes, and never sends a receipt. */
static bool takes_turns(const struct flow *f) {
    static const uint16_t ports[] = {465, 563, 853, 990, 993, 995};
    for (size_t n = 0; n < sizeof ports / sizeof ports[0]; n++)
        if (f->port[SERVER] == ports[n]) return true;
    return false;
}

/* Did the client speak at `us`, later after the server's word than a receipt comes? */
static bool is_late(const struct flow *f, uint32_t us, uint32_t word_us) {
    uint32_t round = f->handshake_us > f->rtt_smooth_us ? f->handshake_us : f->rtt_smooth_us;
    return (int32_t)(us - word_us) > (int32_t)(round + RECEIPT_US);
}

/* TLS: what the server says after a pause, with no word of the client's to cause it, or so short
 * and so late that it is a beat.  Where it does so the client's short words need no answer. */
static void note_push(const struct segment *s) {
    struct flow *f = s->f;
    uint32_t last_us = f->answer_last_us, client_us = f->side[CLIENT].next_us;
    if (s->dir == CLIENT || f->app != APP_TLS || last_us == 0 || s->us - last_us < TALK_US) return;
    bool asked = f->bits & FLOW_REQUEST || is_late(f, client_us, last_us);
    f->pushes |= !asked || (s->len <= CONTROL_BYTES && s->us - client_us >= TALK_US);
}

/* Is the content of each record so short that it is no request with a head, but a pong, a receipt,
 * an update of windows, several of them after much was said?  Such come at once, and beats at any
 * time.  One request is as short: that which repeats another word for word (HPACK); it comes after
 * a pause, or of a client that is kept waiting each time, and not for a few bytes. */
static bool is_receipt(const struct segment *s, bool waits) {
    static const uint8_t seals[] = {17, 16, 24}; /* TLS 1.3; of 1.2 ChaCha20-Poly1305, AES-GCM */
    const struct flow *f = s->f;
    uint32_t record = s->record ? s->record : s->len;
    bool much = f->spoken >= AT_LENGTH_BYTES;
    bool late = s->dir == CLIENT && !f->pushes && is_late(f, s->us, f->side[SERVER].next_us);
    waits = waits && (late || f->spoken > CONTROL_BYTES);
    for (unsigned n = 0; n < (f->bits & FLOW_TLS13 ? 1u : sizeof seals); n++) {
        uint32_t content = record > seals[n] ? record - seals[n] : 0;
        uint32_t updates = content % UPDATE_BYTES == 0 ? content / UPDATE_BYTES : UINT8_MAX;
        bool sure = f->bits & FLOW_HELLO || n == 0; /* else the seal is a guess */
        bool small = content <= RECEIPT_BYTES || updates <= UPDATES;
        if (much && updates <= (late ? UPDATES : UPDATES_MUCH)) return true;
        if (sure && content <= BEAT_BYTES) return true;
        if (small && !waits && !late) return true;
    }
    return false;
}

/* HTTP/2 in TLS, by length: a PING, its ACK, updates of windows, or a PING beside one (gRPC
 * measures bandwidth so).  A server sends such as soon as it has got something.  A client's updates
 * alone are as long as its shortest requests, and left to is_receipt(). */
static bool is_control(const struct segment *s) {
    const struct flow *f = s->f;
    uint32_t seal = tls_seal_bytes(f), content = s->record > seal ? s->record - seal : 0;
    bool ping = content == RECEIPT_BYTES || content == UPDATE_BYTES + RECEIPT_BYTES;
    if (!f->h2) return false;
    if (s->dir == CLIENT) return ping && !is_late(f, s->us, f->side[SERVER].next_us);
    bool soon = s->us - f->side[CLIENT].next_us <= f->handshake_us + TICKETS_US;
    return soon && (ping || content == UPDATE_BYTES || content == UPDATES * UPDATE_BYTES);
}

/* TLS: is this segment part of the exchange after the handshake?  A client's first application
 * record of TLS 1.3 is its Finished.  What is smaller than a request, or an answer, with a head is
 * a farewell, a setting of HTTP/2, or the receipt for news, where nobody is kept waiting; and what
 * comes later than anybody waits is news. */
static bool is_exchange(const struct segment *s) {
    const struct flow *f = s->f;
    bool waits = f->first_byte_us != 0 && !f->prompt;
    if (f->app != APP_TLS) return true;
    if (!(f->bits & FLOW_TLS_DONE) || is_control(s)) return false;
    bool turns = s->dir == CLIENT && takes_turns(f);
    if (s->dir == CLIENT && !turns && is_receipt(s, waits)) return false;
    if (!(f->bits & FLOW_TLS13)) return true;
    if (s->dir == CLIENT)
        return f->side[CLIENT].records >= 2 &&
               (s->len > CONTROL_BYTES || f->large_answer || waits || turns);
    if (f->first_byte_us != 0 || s->len > TICKETS_BYTES) return true;
    return f->bits & FLOW_REQUEST && s->len > CONTROL_BYTES && s->us - f->request_us <= WAITED_US;
}

/* It came so late that it is news rather than an answer, and nobody waits any more. */
static bool is_late_word(const struct segment *s) {
    const struct flow *f = s->f;
    return s->dir == SERVER && f->app == APP_TLS && f->bits & FLOW_REQUEST &&
           s->len > CONTROL_BYTES && s->us - f->request_us > WAITED_US;
}

/* Tickets hold the client's certificate, if it showed one. */
static uint32_t tickets_bytes(const struct flow *f) {
    return TICKETS_BYTES + 2u * f->certificate_bytes;
}

/* TLS: the server knew nothing of the request yet when it sent this: a farewell that crosses it, or
 * a frame of HTTP/2, or tickets. */
static bool is_crossing(const struct segment *s) {
    const struct flow *f = s->f;
    uint32_t most =
        f->certificate_bytes && f->first_byte_us == 0 ? tickets_bytes(f) : CONTROL_BYTES;
    return s->dir == SERVER && f->app == APP_TLS && f->bits & FLOW_REQUEST && s->len <= most &&
           seq_before(s->k->tcp.ack, f->request_end);
}

/* Two records of one length (OpenSSL, BoringSSL) or more: no answer looks so, as far as they are no
 * pieces of a large one. */
static bool is_row_of_tickets(const struct segment *s, uint32_t before) {
    uint32_t whole = s->record + TLS_RECORD_HEADER, n = s->len / whole;
    if (!(s->f->bits & FLOW_TLS13) || s->len != n * whole) return false;
    return n == 1 ? before == whole : n <= TICKETS_MOST && whole <= tickets_bytes(s->f) / 2;
}

/* A server of TLS 1.3 sends its tickets when it has the client's Finished, a round trip after the
 * ServerHello at most: in size they look like a small answer.  The latest of what comes then is
 * taken for the answer if nothing follows.  With TLS 1.2 the same goes for a receipt of HTTP/2's
 * settings, two round trips later. */
static bool may_be_ticket(const struct segment *s) {
    const struct flow *f = s->f;
    if (f->app != APP_TLS || f->first_byte_us != 0) return false;
    bool few = s->len <= tickets_bytes(f) || is_row_of_tickets(s, 0);
    bool ticket = f->bits & FLOW_TLS13 ? few : is_receipt(s, false);
    uint32_t rounds = f->bits & FLOW_TLS13 ? 1 : 3;
    return ticket && s->us - f->hello_us <= f->tls_us + rounds * f->handshake_us + TICKETS_US;
}

/* HTTP gave way to something else (101): whoever has something to say says it, and what comes next
 * from the server answers nothing. */
static bool is_upgraded(const struct flow *f) {
    return f->app == APP_HTTP && f->side[CLIENT].bits & f->side[SERVER].bits & APP_DEAF;
}

/* HTTP says that the answer is still to come (100, 102, 103). */
static bool is_interim(const struct segment *s) {
    const struct flow *f = s->f;
    return s->dir == SERVER && f->app == APP_HTTP && f->bits & FLOW_REQUEST &&
           http_is_interim(cursor_make(s->k->payload, s->k->payload_cap));
}

/* The first payload of a connection, from a client that waits for nobody. */
static void time_opening(struct engine *e, const struct segment *s) {
    const struct flow *f = s->f;
    if (s->dir != CLIENT || s->again || f->data_segments[CLIENT] != 1 ||
        f->data_segments[SERVER] != 0 || !(f->bits & FLOW_ESTABLISHED))
        return;
    bool is_long = f->last_us - f->first_us > FLOW_LONGEST_US;
    slow_client_spoke_first(e, f, is_long ? FLOW_LONGEST_US : flow_since_open(f, s->us));
}

/* Does the server ask, and the client answer?  So it seems where a short word of the client follows
 * at once on one of the server that answered nothing, both as long as the last time: keep-alives of
 * SSH and iSCSI look so.  What the server says a while later is counted as an answer to that word,
 * which it need not be.  A slow server looks the same if the capture begins in mid-connection. */
static bool asks_again(struct flow *f, const struct segment *s, bool unasked, bool paused) {
    bool known = f->app == APP_HTTP || f->app == APP_HTTP2;
    bool again = f->replied && paused && f->news_bytes == s->len && !known;
    bool is_short = s->len <= UINT8_MAX;
    f->news_bytes = (unasked || again) && is_short && !known ? (uint8_t)s->len : 0;
    return again;
}

static void note_reply(struct flow *f, const struct segment *s) {
    bool like_before = !f->replied || f->said_bytes == s->len;
    f->replied = f->news_bytes > 0 && s->us - f->answer_last_us < PROMPT_US && like_before &&
                 !(f->bits & FLOW_REQUEST) && s->len <= CONTROL_BYTES;
    f->said_bytes = s->len < UINT8_MAX ? (uint8_t)s->len : UINT8_MAX;
}

/* May several answers be under way at once? */
static bool has_streams(const struct flow *f) {
    return f->h2 || f->app == APP_SSH;
}

/* Who answers at length may be asked for several things at once, whose answers come one after the
 * other, or pause within one; the keys of a terminal do not ask for any of that.  But where the
 * client went on before without an answer, or the pause is long, it is a talk all the same. */
static bool is_at_length(const struct segment *s) {
    const struct flow *f = s->f;
    if (f->spoken < AT_LENGTH_BYTES) return false;
    if (s->dir == SERVER && f->app == APP_SSH && f->said_bytes <= CONTROL_BYTES) return false;
    if (has_streams(f)) return true;
    bool pauses = s->dir == CLIENT || s->us - f->answer_last_us < ANSWER_PAUSE_US;
    return pauses && !f->goes_on;
}

/* The server says something of its own accord, or the client goes on without an answer: this is a
 * talk, and what comes after the client's words need not be an answer to them. */
static void count_unpaired(struct engine *e, const struct segment *s) {
    struct flow *f = s->f;
    uint32_t asked_us = s->us - f->request_us;
    bool waits = f->bits & FLOW_REQUEST;
    bool paused = asked_us >= TALK_US && s->us - f->answer_last_us >= TALK_US;
    bool alone =
        s->dir == CLIENT ? waits && asked_us >= TALK_US : !waits && paused && f->asked == 0;
    bool talks = alone && f->first_byte_us != 0 && !is_at_length(s);
    struct service *v = talks ? services_of(e, f) : NULL;
    if (v) v->unpaired++;
    f->aside = v && s->dir == SERVER && s->len <= CONTROL_BYTES;
    if (s->dir == CLIENT) {
        note_reply(f, s);
        bool goes_on = alone && !has_streams(f) && asked_us >= ANSWER_PAUSE_US;
        f->goes_on |= goes_on;
        if (goes_on || asked_us >= WAITED_US) f->asked = 0;
        if (s->flags & TCP_PSH && s->len > CONTROL_BYTES && f->asked < UINT8_MAX) f->asked++;
        return;
    }
    bool opens = !(f->bits & FLOW_SYN) && f->data_segments[CLIENT] == 0;
    bool begins = waits || paused;
    v = (begins || opens) && asks_again(f, s, alone || opens, paused) ? services_of(e, f) : NULL;
    if (v) v->replies++;
    uint32_t said = (begins ? 0 : f->spoken) + s->len;
    if (begins && f->asked > 0) f->asked--;
    f->spoken = said < UINT16_MAX ? (uint16_t)said : UINT16_MAX;
}

/* With what the server said of its own accord it took its leave (close_notify): it is no talk.  Its
 * FIN comes next, or the client's reset. */
void tcp_time_end(struct engine *e, const struct segment *s) {
    struct flow *f = s->f;
    if (!f->aside || (s->dir == CLIENT && !(s->flags & TCP_RST))) return;
    f->aside = false;
    struct service *v = services_of(e, f);
    if (v && v->unpaired > 0) v->unpaired--;
}

/* Requests of HTTP/2 in clear are told from each other by the numbers of their streams, counted by
 * twos, of which the low bits do. */
static uint8_t request_of(const struct http2_frame *h) {
    return (uint8_t)((h->stream + 1) / 2);
}

/* Does this segment begin a request with a head, or go on with the latest?  Words on a stream that
 * was answered before ask nothing. */
static bool http2_asks(struct flow *f, struct cursor c) {
    struct http2_frame h;
    bool asks = false, goes_on = false;
    bool first = !(f->bits & FLOW_REQUEST) && f->first_byte_us == 0; /* joined at any stream */
    while (http2_read(&c, &h)) {
        if (h.control) continue;
        bool newer = first || (int8_t)(request_of(&h) - f->stream) > 0;
        if (h.type == HTTP2_HEADERS && newer) {
            f->stream = request_of(&h);
            asks = true;
            first = false;
        }
        goes_on |= request_of(&h) == f->stream;
    }
    return asks || ((goes_on || cursor_left(&c) > 0) && f->bits & FLOW_REQUEST);
}

/* Is it of the latest request's stream, or perhaps?  The head of an answer comes first. */
static bool http2_answers(const struct flow *f, struct cursor c) {
    struct http2_frame h;
    bool answers = false;
    while (http2_read(&c, &h)) answers |= !h.control && request_of(&h) == f->stream;
    return answers || cursor_left(&c) > 0;
}

/* More of what was answered before: the head of an answer that is still due comes first. */
static bool http2_is_news(const struct segment *s, struct cursor c) {
    const struct flow *f = s->f;
    struct http2_frame h;
    bool news = false;
    if (f->bits & FLOW_REQUEST || f->first_byte_us == 0 || s->us - f->answer_last_us < TALK_US)
        return false;
    while (http2_read(&c, &h)) {
        if (!h.control && h.type == HTTP2_HEADERS) return false;
        news |= !h.control;
    }
    return news;
}

/* A command that waits for news asks for no answer; what is no command belongs to the latest. */
static bool redis_asks(const struct flow *f, struct cursor c) {
    enum redis_says says = decode_redis(c);
    return says == REDIS_ASKS || (says == REDIS_UNREADABLE && f->bits & FLOW_REQUEST);
}

/* Where requests are read no length tells them from other words. */
static void time_read(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    bool http2 = f->app == APP_HTTP2;
    struct cursor c = cursor_make(s->k->payload, s->k->payload_cap);
    if (s->dir == CLIENT) {
        if (http2 ? http2_asks(f, c) : redis_asks(f, c)) begin_request(e, s);
    } else if (!http2 || !http2_is_control(c)) {
        bool answers = f->bits & FLOW_REQUEST && (!http2 || http2_answers(f, c));
        struct service *v = http2 && http2_is_news(s, c) ? services_of(e, f) : NULL;
        if (answers) begin_answer(e, f, s->us);
        if (v) v->unpaired++;
        f->answer_last_us = s->us;
    }
}

void tcp_time_data(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    time_segment(s);
    time_opening(e, s);
    if (s->fresh == 0 || s->again) return;
    note_push(s);
    uint32_t before = f->spoken;
    if (s->dir == SERVER && may_be_ticket(s)) f->spoken = (uint16_t)s->len;
    if (!is_exchange(s) || is_crossing(s) || is_interim(s)) {
        if (is_late_word(s) || tls_asked_nothing(s)) f->bits &= ~(uint32_t)FLOW_REQUEST;
        return;
    }
    if (f->bits & FLOW_SYN && !(f->bits & FLOW_ESTABLISHED)) return;
    if (is_read(f)) {
        time_read(e, s);
        return;
    }
    count_unpaired(e, s);
    if (s->dir == CLIENT) {
        if (!is_upgraded(f)) begin_request(e, s);
    } else {
        f->large_answer |= f->bits & FLOW_REQUEST && s->len > TICKETS_BYTES && !may_be_ticket(s);
        if (f->bits & FLOW_REQUEST && may_be_ticket(s)) {
            f->bits |= FLOW_MAYBE_ANSWER;
            if (is_row_of_tickets(s, before)) f->bits &= ~(uint32_t)FLOW_MAYBE_ANSWER;
            f->answer_first_us = s->us;
        } else if (f->bits & FLOW_REQUEST) {
            begin_answer(e, f, s->us);
        }
        f->answer_last_us = s->us;
    }
}

/* The time that the window has been closed.  While it stays so only a long one is added, before the
 * short clock comes round. */
static void add_closed(struct flow_side *side, const struct segment *s, bool stays) {
    bool is_long = s->quiet_us >> 31 != 0;
    uint64_t us = is_long ? s->quiet_us : (uint32_t)(s->us - side->zero_since_us);
    if (stays && us >> 31 == 0) return;
    side->zero_total_ms += (uint32_t)(us / 1000);
    side->zero_since_us = s->us - (uint32_t)(us % 1000);
}

static void end_closed(struct flow_side *side, const struct segment *s) {
    add_closed(side, s, false);
    side->bits &= ~(uint32_t)SIDE_CLOSED;
    side->zero_since_us = s->us; /* end of the last closed time */
}

/* Window open or closed?  A window of 0 in a SYN or RST says nothing. */
void tcp_watch_window(struct engine *e, struct segment *s) {
    struct flow_side *side = &s->f->side[s->dir], *peer = &s->f->side[!s->dir];
    if (s->flags & TCP_FIN && peer->bits & SIDE_CLOSED) end_closed(peer, s); /* all is sent */
    if (s->flags & (TCP_SYN | TCP_RST) || !(s->flags & TCP_ACK)) return;
    uint32_t raw = s->k->tcp.window;
    side->window = s->f->bits & FLOW_SCALE_KNOWN ? raw << side->wscale : raw;
    side->bits |= SIDE_WINDOW;
    if (side->window > side->window_most)
        side->window_most = (uint16_t)(side->window < UINT16_MAX ? side->window : UINT16_MAX);
    /* Whoever has sent FIN or got the peer's takes no more data: a window of 0 is no complaint. */
    bool over = (s->f->side[0].bits | s->f->side[1].bits) & SIDE_FIN || s->flags & TCP_FIN;
    if (raw == 0 && !(side->bits & SIDE_CLOSED) && !over) {
        if (side->zero_times == 0) side->zero_first_us = s->f->last_us;
        if (side->zero_times < UINT16_MAX) side->zero_times++;
        side->zero_since_us = s->us;
        side->bits |= SIDE_CLOSED;
        services_note_trouble(e, s->f, SERVICE_TROUBLED);
    } else if (side->bits & SIDE_CLOSED) {
        raw == 0 ? add_closed(side, s, true) : end_closed(side, s);
    }
}
