/* The content of TCP streams, in order, as far as the start of messages goes.  Bodies are skipped
 * by their length; only while a message's head is incomplete or out of order do its bytes wait in a
 * buffer of 4 KiB from a fixed pool.  When the pool is empty or a gap stays, the direction is lost
 * until a segment begins with a message.  A gap stays when its receiver has acknowledged what lies
 * beyond it: the bytes arrived there and will not come by here again.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/app.h"
#include "capd/decode/http.h"
#include "capd/decode/tls.h"
#include "capd/track/dns_track.h"
#include "capd/track/dns_faults.h"
#include "capd/track/names.h"
#include "capd/track/select.h"
#include "capd/track/services.h"
#include "capd/track/tls_faults.h"

#define SURE    16u /* bytes of a start line without end that make it one */
#define GUESSES 24u /* segments of a midstream flow looked at before it is given up */
#define TALK    24u /* client's segments before TLS may begin in a talk in clear text (STARTTLS) */

/* Something is missing, or is no message: look for the next one. */
static void set_lost(struct flow_side *side) {
    side->bits = (side->bits | APP_LOST | APP_GAPPED) & ~(uint32_t)APP_CHUNKED;
}

/* ---- buffers -----------------------------------------------------------------------------------
 */

static void buffer_free(struct engine *e, struct flow_side *side) {
    if (side->app_buffer == NONE) return;
    e->streams.buffer[side->app_buffer].chain = e->streams.free;
    e->streams.free = side->app_buffer;
    side->app_buffer = NONE;
}

static struct stream_buffer *buffer_get(struct engine *e, struct flow_side *side) {
    struct streams *p = &e->streams;
    if (side->app_buffer == NONE) {
        uint32_t i = p->free;
        if (i != NONE)
            p->free = p->buffer[i].chain;
        else if (p->fresh < p->capacity)
            i = p->fresh++;
        else
            return NULL;
        side->app_buffer = i;
        p->buffer[i].ranges = 0;
        p->buffer[i].base = side->app_next;
    }
    return &p->buffer[side->app_buffer];
}

static void lose(struct engine *e, struct flow_side *side, uint32_t next) {
    buffer_free(e, side);
    set_lost(side);
    side->app_skip = 0;
    side->app_next = next;
}

/* Put bytes at stream offset `at` of the buffer; what does not fit is left out.  False: too many
 * separate pieces. */
static bool buffer_put(struct stream_buffer *b, uint32_t at, const uint8_t *p, uint32_t n) {
    if (at >= STREAM_BYTES) return true;
    if (n > STREAM_BYTES - at) n = STREAM_BYTES - at;
    uint32_t from = at, to = at + n, kept = 0;
    memcpy(b->byte + at, p, n);
    for (uint32_t i = 0; i < b->ranges; i++) { /* join all that touch */
        if (b->to[i] < from || b->from[i] > to) {
            b->from[kept] = b->from[i];
            b->to[kept++] = b->to[i];
            continue;
        }
        if (b->from[i] < from) from = b->from[i];
        if (b->to[i] > to) to = b->to[i];
    }
    b->ranges = kept;
    if (kept == STREAM_RANGES) return false;
    while (kept > 0 && b->from[kept - 1] > from) {
        b->from[kept] = b->from[kept - 1];
        b->to[kept] = b->to[kept - 1];
        kept--;
    }
    b->from[kept] = (uint16_t)from;
    b->to[kept] = (uint16_t)to;
    b->ranges++;
    return true;
}

/* ---- messages
 * ------------------------------------------------------------------------------------ */

static struct app_step dns_step(struct engine *e, struct segment *s, struct cursor c, bool last) {
    uint16_t len;
    struct cursor at = c;
    if (!cursor_be16(&at, &len)) return (struct app_step){APP_MORE, 0};
    if (len < 12) return (struct app_step){APP_LOSE, 0};
    if (cursor_left(&at) < len && !last) return (struct app_step){APP_MORE, 0};
    cursor_limit(&at, len);
    if (!dns_message_seen(e, s->k, at, cursor_left(&at) < len))
        return (struct app_step){APP_LOSE, 0};
    return (struct app_step){APP_TOOK, len + 2u};
}

static struct app_step step(struct engine *e, struct segment *s, struct cursor c, bool last) {
    switch ((enum app)s->f->app) {
    case APP_HTTP: return http_step(e, s, c, last);
    case APP_TLS: return tls_step(e, s, c, last);
    case APP_DNS: return dns_step(e, s, c, last);
    case APP_UNKNOWN: return (struct app_step){last ? APP_QUIT : APP_MORE, 0};
    case APP_NONE: return (struct app_step){APP_LOSE, 0}; /* for now: see second_look() */
    default: return (struct app_step){APP_QUIT, 0};
    }
}

/* What the first bytes of a stream say it is; APP_UNKNOWN: too few to tell. */
static enum app kind_of(const struct flow *f, struct cursor c) {
    struct http_message m;
    size_t n = cursor_left(&c);
    if (f->port[SERVER] == 53 || f->port[CLIENT] == 53) return APP_DNS;
    if (n < 4) return APP_UNKNOWN;
    size_t preface = http2_preface(c);
    if (preface > 0) return preface < HTTP2_PREFACE_BYTES ? APP_UNKNOWN : APP_HTTP2;
    if (http2_is_control(c)) return APP_HTTP2; /* the server's settings */
    enum http_status http = decode_http(c, &m);
    if (http != HTTP_NOT_HTTP && (m.start_line || n > SURE)) return APP_HTTP;
    if (tls_can_begin(c)) return APP_TLS;
    if (memcmp(c.p, "SSH-", 4) == 0) return APP_SSH;
    return http == HTTP_NEED_MORE ? APP_UNKNOWN : APP_NONE;
}

/* A load balancer may say in front of the client's stream whose it is (PROXY protocol, versions 1
 * and 2): bytes of that header, which its sender writes in one piece; 0: there is none. */
static uint32_t proxy_header_bytes(struct cursor c) {
    static const char text[] = "PROXY ", binary[] = "\r\n\r\n\0\r\nQUIT\n";
    enum { TEXT = sizeof text - 1, TEXT_MAX = 107, BINARY = sizeof binary - 1, HEAD = 16 };
    size_t n = cursor_left(&c);
    if (n >= HEAD && memcmp(c.p, binary, BINARY) == 0 && c.p[BINARY] >> 4 == 2) {
        uint32_t bytes = HEAD + ((uint32_t)c.p[14] << 8 | c.p[15]);
        return bytes <= n ? bytes : 0;
    }
    if (n < TEXT || memcmp(c.p, text, TEXT) != 0) return 0;
    const uint8_t *lf = memchr(c.p, '\n', n < TEXT_MAX ? n : TEXT_MAX);
    return lf && lf[-1] == '\r' ? (uint32_t)(lf - c.p) + 1 : 0;
}

/* The other end said a few bytes before it was known what this is, and they are none of it: what
 * follows them must not wait behind them. */
static void drop_greeting(struct engine *e, const struct segment *s) {
    struct flow_side *other = &s->f->side[!s->dir];
    struct http_message m;
    if (other->app_buffer == NONE || (s->f->app != APP_TLS && s->f->app != APP_HTTP)) return;
    const struct stream_buffer *b = &e->streams.buffer[other->app_buffer];
    if (b->ranges != 1 || b->from[0] != 0) return;
    struct cursor c = cursor_make(b->byte, b->to[0]);
    bool fits = s->f->app == APP_TLS ? tls_can_begin(c) : decode_http(c, &m) != HTTP_NOT_HTTP;
    if (!fits) lose(e, other, b->base + b->to[0]);
}

/* A flow seen from its beginning is told by its first bytes; of one joined in the middle several
 * segments are looked at. */
static void recognise(struct engine *e, struct segment *s, struct cursor c) {
    struct flow *f = s->f;
    enum app kind = kind_of(f, c);
    bool guess = f->bits & FLOW_GUESSED && f->side[s->dir].records < GUESSES;
    if (kind == APP_NONE && guess && tls_is_data(c)) kind = APP_TLS;
    if (kind == APP_NONE && guess) {
        f->side[s->dir].records++;
        return;
    }
    f->app = (uint8_t)kind;
    if (kind != APP_UNKNOWN) f->side[0].records = f->side[1].records = 0;
    drop_greeting(e, s);
}

/* Look at the bytes in order; returns how many were used up, whole messages and what they skip. */
static uint32_t walk(struct engine *e, struct segment *s, struct flow_side *side, struct cursor c,
                     bool last) {
    const uint8_t *start = c.p;
    while (cursor_left(&c) > 0 && !(side->bits & APP_DEAF)) {
        struct app_step t = step(e, s, c, last);
        if (t.result == APP_MORE && !last) break;
        if (t.result == APP_QUIT) {
            s->f->side[0].bits |= APP_DEAF;
            s->f->side[1].bits |= APP_DEAF;
        } else if (t.result == APP_TOOK && t.bytes > 0) {
            side->bits &= ~(uint32_t)APP_LOST;
            uint32_t here = cursor_left(&c) < t.bytes ? (uint32_t)cursor_left(&c) : t.bytes;
            side->app_skip = t.bytes - here;
            c.p += here;
            if (side->app_skip == 0 && !(side->bits & APP_LOST)) continue;
            break;
        } else {
            set_lost(side);
        }
        c.p = c.end;
    }
    return (uint32_t)(c.p - start);
}

/* ---- order --------------------------------------------------------------------------------------
 */

/* Bytes that continue what waits in the buffer, or arrive before their turn. */
static void through_buffer(struct engine *e, struct segment *s, struct flow_side *side,
                           uint32_t seq, struct cursor c) {
    struct stream_buffer *b = buffer_get(e, side);
    uint32_t at = b ? seq - b->base : 0;
    if (!b || !buffer_put(b, at, c.p, (uint32_t)cursor_left(&c))) {
        lose(e, side, seq + (uint32_t)cursor_left(&c));
        return;
    }
    if (b->ranges == 0 || b->from[0] != 0) return; /* the start is still missing */
    uint32_t have = b->to[0];
    bool full = have == STREAM_BYTES;
    if (s->f->app == APP_UNKNOWN) recognise(e, s, cursor_make(b->byte, have));
    uint32_t used = walk(e, s, side, cursor_make(b->byte, have), full);
    if (used == 0 && !full) {
        side->app_next = b->base + have;
        return;
    }
    bool more = b->ranges > 1;
    uint32_t next = b->base + used, far = b->base + have;
    if (used < have && !full) { /* keep the rest for the next message */
        uint32_t rest = have - used;
        memmove(b->byte, b->byte + used, rest);
        b->base = next;
        b->ranges = 1;
        b->from[0] = 0;
        b->to[0] = (uint16_t)rest;
        side->app_next = far;
        if (more) lose(e, side, far);
        return;
    }
    buffer_free(e, side);
    side->app_next = used < have ? far : next;
    if (more || used < have) set_lost(side);
}

static uint64_t messages_read(const struct totals *t) {
    return t->http_requests + t->http_responses + t->tls_client_hellos + t->tls_server_hellos +
           t->tls_alerts + t->dns_queries + t->dns_responses;
}

static void count_unread(struct engine *e, const struct flow *f) {
    state_count_unread(e, f, f->app == APP_DNS ? &e->total.unread_dns : &e->total.unread_tcp);
}

/* `begins`: a message begins here, of which the start may be cut off. */
static void in_order(struct engine *e, struct segment *s, struct flow_side *side, struct cursor c,
                     uint32_t wire, bool begins) {
    uint32_t seq = side->app_next;
    if (side->app_buffer != NONE) {
        through_buffer(e, s, side, seq, c);
        return;
    }
    bool cut = cursor_left(&c) < wire; /* by the snap length */
    uint64_t read = messages_read(&e->total);
    uint32_t used = walk(e, s, side, c, cut);
    if (begins && cut && (side->bits & APP_LOST || s->f->app == APP_UNKNOWN) &&
        messages_read(&e->total) == read)
        count_unread(e, s->f);
    side->app_next = seq + used;
    if (used == cursor_left(&c)) {
        uint32_t gone = wire - used;
        side->app_next += gone;
        if (gone == 0) return;
        if (side->app_skip >= gone)
            side->app_skip -= gone;
        else
            lose(e, side, side->app_next);
        return;
    }
    c.p += used;
    through_buffer(e, s, side, side->app_next, c);
}

/* Where its data begins: a SYN takes a number of its own before them (TCP Fast Open, RFC 7413). */
static uint32_t data_seq(const struct segment *s) {
    return s->seq + (s->flags & TCP_SYN ? 1u : 0u);
}

static void start_stream(struct segment *s, struct flow_side *side) {
    uint32_t syn = s->dir == CLIENT ? FLOW_SYN : FLOW_SYNACK;
    side->app_next = s->f->bits & syn ? side->isn + 1 : data_seq(s);
    side->bits |= APP_STARTED;
}

/* A body may hold what looks like a request.  Where a body ends that has no length, only a turn of
 * the conversation tells: the next request comes after the server has spoken, and an answer where
 * every request has its answer is none. */
static bool in_unknown_body(const struct segment *s, const struct flow_side *side) {
    const struct flow *f = s->f;
    if (f->app != APP_HTTP || side->app_buffer != NONE ||
        (side->bits & (APP_LOST | APP_TURN)) != APP_LOST)
        return false;
    if (s->dir == CLIENT || f->bits & FLOW_GUESSED) return true;
    bool all_seen = (f->side[CLIENT].bits & (APP_STARTED | APP_GAPPED)) == APP_STARTED;
    return f->bits & FLOW_SELECTED && f->row == NONE && all_seen;
}

/* Has this end acknowledged the other's bytes up to `seq`? */
static bool is_acked(const struct flow_side *by, uint32_t seq) {
    return by->bits & SIDE_ACK && !seq_before(by->acked, seq);
}

static void feed(struct engine *e, struct segment *s) {
    struct flow_side *side = &s->f->side[s->dir];
    struct cursor c = cursor_make(s->k->payload, s->k->payload_cap);
    uint32_t seq = data_seq(s), wire = s->len;
    if (seq_before(seq, side->app_next)) {
        uint32_t old = side->app_next - seq;
        if (old >= wire) return;
        if (!cursor_skip(&c, old)) c.p = c.end;
        seq += old;
        wire -= old;
    }
    uint32_t gap = seq - side->app_next;
    if (gap > 0 && side->app_buffer == NONE && side->app_skip >= gap) { /* inside a body */
        side->app_skip -= gap;
        side->app_next = seq;
        gap = 0;
    }
    if (gap > 0 && (side->bits & APP_LOST || gap + wire > STREAM_BYTES || side->app_skip > 0 ||
                    cursor_left(&c) < wire || is_acked(&s->f->side[!s->dir], seq))) {
        lose(e, side, seq);
        gap = 0;
    }
    if (gap > 0) {
        through_buffer(e, s, side, seq, c);
        return;
    }
    if (side->app_skip > 0) {
        uint32_t n = side->app_skip < wire ? side->app_skip : wire;
        side->app_skip -= n;
        side->app_next += n;
        wire -= n;
        if (!cursor_skip(&c, n)) c.p = c.end;
        if (wire == 0) return;
    }
    if (in_unknown_body(s, side)) {
        side->app_next = seq + wire;
        return;
    }
    bool sealed = s->f->app == APP_TLS && s->f->bits & FLOW_TLS_DONE;
    bool begins = !sealed && (side->bits & APP_TURN || side->app_next == side->isn + 1);
    side->bits &= ~(uint32_t)APP_TURN;
    in_order(e, s, side, c, wire, begins);
}

/* Look at what waits in a buffer of the other direction, as of the time when it came. */
static uint32_t walk_waiting(struct engine *e, const struct segment *answer, struct flow_side *side,
                             bool last) {
    const struct stream_buffer *b = &e->streams.buffer[side->app_buffer];
    struct segment s = *answer;
    uint64_t now_us = e->now_us, age = s.us - side->next_us;
    s.dir = !answer->dir;
    s.us = side->next_us;
    e->now_us = now_us > age ? now_us - age : 0;
    uint32_t used = walk(e, &s, side, cursor_make(b->byte, b->to[0]), last);
    e->now_us = now_us;
    return used;
}

/* The server answers although the request's head never ended: it was as long as that. */
static void finish_head(struct engine *e, const struct segment *answer) {
    struct flow_side *side = &answer->f->side[CLIENT];
    if (side->app_buffer == NONE) return;
    const struct stream_buffer *b = &e->streams.buffer[side->app_buffer];
    if (b->ranges == 0 || b->from[0] != 0) return;
    walk_waiting(e, answer, side, true);
    lose(e, side, b->base + b->to[0]);
}

/* What waits behind a gap that is acknowledged together with it: go on behind the gap. */
void app_acked(struct engine *e, const struct segment *answer) {
    struct flow *f = answer->f;
    struct flow_side *side = &f->side[!answer->dir];
    if (side->app_buffer == NONE) return;
    struct stream_buffer *b = &e->streams.buffer[side->app_buffer];
    if (b->ranges == 0 || b->from[0] == 0) return;
    uint32_t seq = b->base + b->from[0], rest = (uint32_t)(b->to[0] - b->from[0]);
    if (!seq_after(answer->k->tcp.ack, seq)) return;
    bool in_body = f->app == APP_HTTP && answer->dir == SERVER && !(side->bits & APP_TURN);
    if (in_body || f->app == APP_DNS) { /* DNS reads the addresses of the packet at hand */
        lose(e, side, seq + rest);
        return;
    }
    memmove(b->byte, b->byte + b->from[0], rest);
    b->base = seq;
    b->ranges = 1;
    b->from[0] = 0;
    b->to[0] = (uint16_t)rest;
    side->bits |= APP_LOST;
    side->bits &= ~(uint32_t)(APP_TURN | APP_CHUNKED);
    uint32_t used = walk_waiting(e, answer, side, rest == STREAM_BYTES);
    side->app_next = seq + rest;
    if (used == rest) {
        buffer_free(e, side);
    } else if (used > 0) {
        memmove(b->byte, b->byte + used, rest - used);
        b->base += used;
        b->to[0] = (uint16_t)(rest - used);
    }
}

/* A client that is no HTTP is told so by a server that is, in its first words. */
static bool refuses_in_http(const struct segment *s, const struct flow_side *side) {
    struct http_message m;
    if (s->dir != SERVER || !(s->f->bits & FLOW_SYNACK) || data_seq(s) != side->isn + 1)
        return false;
    struct cursor c = cursor_make(s->k->payload, s->k->payload_cap);
    return decode_http(c, &m) != HTTP_NOT_HTTP && m.start_line && !m.request;
}

/* TLS begins after a few lines in clear: STARTTLS of mail and directories, AUTH TLS of FTP, the
 * SSLRequest of PostgreSQL.  Only a ClientHello at the start of a segment is believed. */
static bool turns_to_tls(const struct segment *s, struct flow_side *side) {
    struct cursor c = cursor_make(s->k->payload, s->k->payload_cap);
    if (s->dir != CLIENT || side->records >= TALK) return false;
    side->records++;
    return cursor_left(&c) > 10 && c.p[0] == 22 && c.p[5] == 1 && c.p[9] == 3 && tls_can_begin(c);
}

/* A flow that was told to be nothing known may still become something. */
static void second_look(struct segment *s) {
    struct flow *f = s->f;
    struct flow_side *side = &f->side[s->dir], *other = &f->side[!s->dir];
    if (refuses_in_http(s, side))
        f->app = APP_HTTP;
    else if (turns_to_tls(s, side))
        f->app = APP_TLS;
    else
        return;
    side->records = other->records = 0;
    side->app_next = data_seq(s);
    other->app_next = other->next;
    side->bits |= APP_STARTED;
    other->bits |= APP_STARTED | APP_LOST;
}

void app_segment(struct engine *e, struct segment *s) {
    static const uint8_t proto_of[APP_COUNT] = {[APP_HTTP] = PROTO_HTTP,
                                                [APP_TLS] = PROTO_TLS,
                                                [APP_DNS] = PROTO_DNS,
                                                [APP_SSH] = PROTO_SSH,
                                                [APP_HTTP2] = PROTO_HTTP2};
    struct flow *f = s->f;
    struct flow_side *side = &f->side[s->dir];
    bool may_be_dns = f->app == APP_UNKNOWN || f->app == APP_DNS;
    if (e->dns_cut.used > 0 && may_be_dns && s->dir == SERVER && s->len > s->k->payload_cap)
        dns_fault_unreadable(e, f);
    if (s->k->payload_cap == 0) {
        if (s->len > 0 && app_is_read(f->app)) count_unread(e, f);
        return;
    }
    if (f->app == APP_NONE && !(f->bits & FLOW_GUESSED)) second_look(s);
    if (f->app == APP_NONE) return;
    if (!(side->bits & APP_STARTED)) start_stream(s, side);
    f->side[s->dir == CLIENT ? SERVER : CLIENT].bits |= APP_TURN;
    if (f->app == APP_UNKNOWN && side->app_buffer == NONE && data_seq(s) == side->app_next) {
        struct cursor c = cursor_make(s->k->payload, s->k->payload_cap);
        bool first = s->dir == CLIENT && f->bits & FLOW_SYN && side->app_next == side->isn + 1;
        uint32_t before = first ? proxy_header_bytes(c) : 0;
        side->app_next += before;
        if (cursor_skip(&c, before) && cursor_left(&c) > 0) recognise(e, s, c);
    }
    if (s->dir == SERVER && data_seq(s) == side->isn + 1 && f->app > APP_NONE)
        tls_fault_first_bytes(e, s);
    if (f->app == APP_HTTP && s->dir == SERVER) finish_head(e, s);
    bool guess = f->app == APP_UNKNOWN && f->bits & FLOW_GUESSED;
    if (guess)
        side->bits &= ~(uint32_t)APP_STARTED; /* look at the next segment by itself */
    else if (app_is_read(f->app) && !(side->bits & APP_DEAF))
        feed(e, s);
    if (f->app > APP_NONE) s->k->layers |= 1u << proto_of[f->app];
    if (f->app == APP_NONE) app_release(e, f);
}

void app_heard(struct engine *e, const struct segment *s) {
    struct flow *f = s->f;
    struct flow_side *side = &f->side[!s->dir];
    uint32_t ack = f->side[s->dir].acked; /* s may have waited: the packet at hand is another's */
    if (!(f->side[s->dir].bits & SIDE_ACK)) return;
    if (!(side->bits & APP_STARTED)) {
        if (!(f->bits & (s->dir == CLIENT ? FLOW_SYNACK : FLOW_SYN))) return;
        side->app_next = side->isn + 1;
        side->bits |= APP_STARTED;
    }
    if (!seq_before(side->app_next, ack)) return;
    if (side->app_buffer == NONE && side->app_skip >= ack - side->app_next) return; /* of a body */
    lose(e, side, ack);
}

uint32_t app_unsent(const struct flow_side *side) {
    uint32_t sent = side->next - (side->bits & SIDE_FIN ? 1u : 0u);
    uint32_t missed = seq_after(sent, side->app_next) ? sent - side->app_next : 0;
    return side->app_skip > missed ? side->app_skip - missed : 0;
}

bool app_asks_in_part(const struct flow *f) {
    return f->app == APP_HTTP && app_unsent(&f->side[CLIENT]) > 0;
}

void app_release(struct engine *e, struct flow *f) {
    for (unsigned d = 0; d < 2; d++) buffer_free(e, &f->side[d]);
    if (f->app == APP_TLS) tls_flow_over(e, f, (f->side[0].bits | f->side[1].bits) & SIDE_RST);
}

size_t app_host_length(const uint8_t *host, size_t len) {
    if (len > 0 && host[0] == '[') return len; /* an address in brackets, no name */
    for (size_t i = len; i > 0; i--)
        if (host[i - 1] == ':') return i - 1;
    return len;
}

/* A Host may be an address: digits and dots, or brackets around an IPv6 address. */
static bool is_address_text(const uint8_t *name, size_t len) {
    if (len > 0 && name[0] == '[') return true;
    for (size_t i = 0; i < len; i++)
        if (name[i] != '.' && (name[i] < '0' || name[i] > '9')) return false;
    return true;
}

void app_name_server(struct engine *e, struct flow *f, const uint8_t *name, size_t len) {
    uint32_t gen = 0, i = names_keep(e, name, len, &gen);
    bool target = names_match_target(e, name, len), fresh = false;
    if (i != NONE) {
        f->name = i;
        f->name_gen = gen;
        if (target || !names_of(e, &f->end[SERVER], NULL))
            fresh = names_learn(e, &f->end[SERVER], i, gen, 0);
    }
    if (e->target_name_len == 0 || is_address_text(name, len) || names_is_outer(name, len))
        select_settle(e, f);
    else
        select_named(e, f, target);
    if (fresh) select_again(e); /* an address of the target that no DNS answer told */
    if (i == NONE) return;
    struct service *v = services_of(e, f);
    if (!v) return;
    v->name = i;
    v->name_gen = gen;
}
