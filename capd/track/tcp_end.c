/* How connections end, told from what is noted at the first FIN or RST: who sent it, from where,
 * what was open then.  The judgement itself waits until a snapshot or until the connection leaves,
 * since data that goes on after a RST, and bytes that arrive late, change it.  Each connection has
 * one ending at most, the most telling one, so that one cause is told once; only a silence before a
 * reset is noted beside the others. Runs in: worker.  Input trust: packets. */
#include "capd/track/tcp_end.h"
#include "capd/track/flows.h"
#include "capd/track/path.h"
#include "capd/track/select.h"
#include "capd/track/services.h"
#include "capd/track/stranger.h"
#include "capd/track/tcp_setup.h"
#include "capd/track/unanswered.h"

#define CHUNK_END_BYTES 2u        /* CR LF */
#define PAUSED_US       2000000u  /* an upload under way has no such pauses */
#define LONG_IDLE_US    60000000u /* findings.md, tcp_idle_timeout */
#define LOST_PROBES     3u        /* findings.md, tcp_keepalive_dead */
#define REVIVAL_US                                                                                 \
    30000000u /* a reset later than this after the silence ended is another story                  \
               */
#define AT_ONCE_US     2000000u /* "right after" the first request */
#define TURNED_AWAY_US 1000000u /* a proxy without backend; unused sockets are kept for longer */
#define REPLY_US       500000u  /* a RST so soon after a segment may be the answer to it */
#define ANSWER_US      60000000u
#define HELLO_BYTES    16384u   /* the largest first request */
#define KEPT_US        1000000u /* since the last answer: the connection was kept for another one */
#define SMALL_BYTES    64u      /* as in tcp_timing.c: no request with a head */
#define FTP_PORT       21u
#define EARLY_RTT_US   10000u /* below it the pauses of a machine or a radio are as long */
#define FTP_DATA_PORT  20u
#define FOREIGN_HOPS   2u /* findings.md, tcp_reset_injected */
#define ONE_HOST_HOPS                                                                              \
    8u /* paths to one host differ by less; more apart are two that use its address */
#define NEXT_IDS    256u /* between neighbours of a connection whose sender counts its packets */
#define COUNTED_IDS 4u   /* so many in a row are no chance: ids at random do it once in 256^4 */

enum end_how {
    END_SEEN = 1u << 0,
    END_SERVER = 1u << 1, /* sent by the server */
    END_RST = 1u << 2,
    END_OTHER_MAC = 1u << 3,
    END_GOES_ON = 1u << 4, /* the sender's data went on after its RST */
    END_CLEAN = 1u << 5,   /* nothing was open */
    END_UNACKED = 1u << 6, /* the receiver's data was not acknowledged */
    END_MUTE = 1u << 7,    /* the server had not sent a byte */
    END_NEXT_ID = 1u << 8, /* the RST has the IP id that came next */
    END_FAR_ID = 1u << 9,  /* its sender counts its packets, and the RST is far off */
    END_ACKS = 1u << 10,   /* the RST says up to where its sender has got data */
    END_EARLY = 1u << 12,  /* sooner than the server can have heard of what it acknowledges */
    END_TORN = 1u << 11    /* with others, after other silences: no time-out does that */
};

void tcp_end_first(const struct segment *s) {
    s->f->mac_mark[s->dir] = flows_mac_mark(s->k);
}

static unsigned apart(unsigned a, unsigned b) {
    return a > b ? a - b : b - a;
}

static bool is_next_id(const struct flow_side *side, const struct packet *k) {
    return (uint16_t)(k->ip_id - side->last_id - 1u) < NEXT_IDS;
}

bool tcp_end_counts_ids(const struct flow_side *side, const struct packet *k) {
    return packet_is_numbered(k) && side->id_steps >= COUNTED_IDS;
}

bool tcp_end_sent_next(const struct flow_side *side, const struct packet *k) {
    return tcp_end_counts_ids(side, k) && is_next_id(side, k);
}

static void note_silence(const struct segment *s, uint64_t idle_us) {
    uint64_t ms = idle_us / 1000;
    s->f->idle_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    s->f->resume_us = s->us;
}

/* Keep-alives in a row, the first of them after a long silence. */
static void count_probes(const struct segment *s) {
    struct flow *f = s->f;
    if (!(f->side[s->dir].bits & WS_KEEP_ALIVE)) {
        f->probes = 0;
    } else if (f->probes == 0 && s->quiet_us >= LONG_IDLE_US) {
        f->probes = 1;
        note_silence(s, s->quiet_us);
    } else if (f->probes > 0 && f->probes < UINT8_MAX) {
        f->probes++;
    }
}

void tcp_end_sender(const struct segment *s) {
    struct flow_side *side = &s->f->side[s->dir];
    const struct packet *k = s->k;
    count_probes(s);
    bool known = side->bits & SIDE_TTL;
    side->ttl = k->ttl;
    side->bits |= SIDE_TTL;
    if (!known || k->ttl < side->ttl_low) side->ttl_low = k->ttl;
    if (!known || k->ttl > side->ttl_high) side->ttl_high = k->ttl;
    if (!k->has_ip_id || k->ip_id == 0) return;
    if (!is_next_id(side, k))
        side->id_steps = 0;
    else if (side->id_steps < UINT8_MAX)
        side->id_steps++;
    side->id_changed = side->last_id != 0 && side->last_id != k->ip_id;
    side->last_id = (uint16_t)k->ip_id;
}

/* The nearest of the TTLs that this end's packets have had. */
static uint8_t nearest_ttl(const struct flow_side *side, uint8_t ttl) {
    uint8_t low = side->ttl_low, high = side->ttl_high;
    if (ttl > low && ttl < high && apart(low, high) <= ONE_HOST_HOPS) return ttl;
    return apart(ttl, low) < apart(ttl, high) ? low : high;
}

unsigned tcp_end_ttl_off(const struct flow_side *side, uint8_t ttl) {
    return side->bits & SIDE_TTL ? apart(nearest_ttl(side, ttl), ttl) : 0;
}

/* Time of the latest data, SYN or FIN of either end. */
static uint32_t latest_us(const struct flow *f) {
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    if (!(c->bits & SIDE_NEXT)) return v->next_us;
    if (!(v->bits & SIDE_NEXT)) return c->next_us;
    return (int32_t)(c->next_us - v->next_us) > 0 ? c->next_us : v->next_us;
}

/* This segment ends a silence: since the latest data, or what the short clock cannot measure. */
static void end_silence(const struct segment *s, uint64_t idle_us) {
    note_silence(s, idle_us);
    s->f->bits &= ~(uint32_t)FLOW_PUSH_WAITS;
    if (s->dir == SERVER) s->f->bits |= FLOW_PUSH_WAITS;
    if (s->f->excused < UINT16_MAX - UINT8_MAX) s->f->excused += s->f->excused_now;
    s->f->excused_now = 0;
}

void tcp_end_resumed(const struct segment *s) {
    struct flow *f = s->f;
    uint32_t since = s->us - latest_us(f);
    bool is_long = s->quiet_us >> 31 != 0;
    if (f->payload[0] + f->payload[1] == 0 || (!is_long && since < TCP_END_IDLE_US)) return;
    if (!is_long && since >> 31) return;
    if (seq_before(s->seq, f->side[s->dir].next)) return; /* a keep-alive, or sent again */
    end_silence(s, is_long ? s->quiet_us : since);
}

void tcp_end_goes_on(const struct segment *s) {
    struct flow *f = s->f;
    bool by_server = f->end_how & END_SERVER;
    if (f->end_how & END_RST && by_server == (s->dir == SERVER) && seq_after(s->end, f->rst_seq))
        f->end_how |= END_GOES_ON;
}

static bool is_unacked(const struct flow *f, unsigned dir) {
    const struct flow_side *side = &f->side[dir], *peer = &f->side[!dir];
    return side->bits & SIDE_NEXT && f->payload[dir] > 0 &&
           (!(peer->bits & SIDE_ACK) || seq_before(peer->acked, side->next));
}

unsigned tcp_end_hops(uint8_t ttl) {
    if (ttl == 1) return 0;
    return (ttl <= 32 ? 32u : ttl <= 64 ? 64u : ttl <= 128 ? 128u : 255u) - ttl;
}

/* The RST acknowledges the client's last data in less than half a round trip, for which a SYN-ACK
 * stands, or an answer (slower if a radio slept).  Not with the next IP id, or from beside. */
static bool is_early(const struct segment *s) {
    const struct flow *f = s->f;
    const struct flow_side *c = &f->side[CLIENT];
    uint32_t least = f->synack_us - f->syn_us;
    if (s->dir != SERVER || !(s->flags & TCP_ACK) || s->k->tcp.ack != c->next) return false;
    if (!(f->bits & FLOW_SYNACK) || f->syn_sent != 1 || f->payload[CLIENT] == 0) return false;
    if (tcp_end_hops(s->k->ttl) == 0 ||
        (packet_is_numbered(s->k) && is_next_id(&f->side[SERVER], s->k)))
        return false;
    if (f->first_byte_us && f->first_byte_us < least) least = f->first_byte_us;
    return least >= EARLY_RTT_US && s->us - c->next_us < least / 2;
}

void tcp_end_note(const struct segment *s, bool clean) {
    struct flow *f = s->f;
    uint16_t mark = flows_mac_mark(s->k);
    if (f->end_how & END_SEEN) return;
    f->end_us = s->us;
    f->end_how = END_SEEN;
    if (s->dir == SERVER) f->end_how |= END_SERVER;
    if (clean) f->end_how |= END_CLEAN;
    if (is_unacked(f, !s->dir)) f->end_how |= END_UNACKED;
    if (f->payload[SERVER] == 0) f->end_how |= END_MUTE;
    if (!(s->flags & TCP_RST)) return;
    f->end_how |= END_RST;
    if (s->flags & TCP_ACK) f->end_how |= END_ACKS;
    if (s->quiet_us >> 31) end_silence(s, s->quiet_us);
    f->rst_seq = s->seq;
    f->rst_ttl = s->k->ttl;
    const struct flow_side *side = &f->side[s->dir];
    if (packet_is_numbered(s->k) && side->id_steps >= COUNTED_IDS)
        f->end_how |= is_next_id(side, s->k) ? END_NEXT_ID : END_FAR_ID;
    if (is_early(s)) f->end_how |= END_EARLY;
    if (mark && f->mac_mark[s->dir] && mark != f->mac_mark[s->dir]) f->end_how |= END_OTHER_MAC;
}

bool tcp_end_by_itself(const struct flow *f) {
    const unsigned reset = END_RST | END_SERVER;
    return (f->end_how & (reset | END_CLEAN | END_UNACKED)) == reset;
}

void tcp_end_torn(struct flow *f) {
    f->end_how |= END_TORN;
}

bool tcp_end_other_mac(const struct flow *f) {
    return f->end_how & END_OTHER_MAC;
}

/* ---- endings --------------------------------------------------------------------------------- */

static bool has(const struct flow *f, unsigned how) {
    return (f->end_how & how) == how;
}

static const struct flow_side *ender(const struct flow *f) {
    return &f->side[f->end_how & END_SERVER ? SERVER : CLIENT];
}

static bool is_foreign(const struct flow *f) {
    const struct flow_side *side = ender(f);
    if (!has(f, END_RST) || f->end_how & END_CLEAN) return false;
    if (f->end_how & END_GOES_ON || has(f, END_EARLY | END_FAR_ID)) return true;
    unsigned way = tcp_end_hops(f->rst_ttl);
    return !(f->end_how & END_NEXT_ID) && tcp_end_ttl_off(side, f->rst_ttl) >= FOREIGN_HOPS &&
           apart(tcp_end_hops(side->ttl_low), way) >= FOREIGN_HOPS &&
           apart(tcp_end_hops(side->ttl_high), way) >= FOREIGN_HOPS;
}

/* 0: its first request is not known as one; 1 ClientHello, 2 HTTP request. */
static unsigned first_request(const struct flow *f) {
    if (f->bits & FLOW_HELLO) return 1;
    return f->app == APP_HTTP && f->bits & FLOW_REQUEST ? 2 : 0;
}

static uint32_t since_request(const struct flow *f) {
    return f->end_us - (f->bits & FLOW_HELLO ? f->hello_us : f->request_us);
}

static bool is_after_hello(const struct flow *f) {
    return has(f, END_RST | END_SERVER | END_MUTE) && first_request(f) &&
           f->payload[CLIENT] <= HELLO_BYTES && since_request(f) <= AT_ONCE_US;
}

/* A connection for one transfer of FTP: an empty file or list is one without a byte. */
static bool is_transfer(const struct engine *e, const struct flow *f) {
    unsigned ftp = f->port[CLIENT] == FTP_DATA_PORT ? CLIENT : SERVER; /* active or passive */
    return f->port[SERVER] >= 1024 && !(f->end_how & END_RST) && f->payload[CLIENT] == 0 &&
           services_find(e, &f->end[ftp], FTP_PORT);
}

/* The server took the ClientHello, held it for longer than answers take and left: told as a hello
 * without answer. */
static bool is_hello_kept(const struct engine *e, const struct flow *f) {
    return f->bits & FLOW_HELLO && !(f->end_how & END_RST) && f->retransmitted[CLIENT] == 0 &&
           since_request(f) > end_guard_us(e->total.slowest_answer_us);
}

/* The only word, and one that has no answer: the cancel request of PostgreSQL, which comes on a
 * connection of its own; unbind of LDAP (RFC 4511 section 4.3) and quit of memcached, by which
 * monitors see that somebody is there. */
static bool is_farewell(const struct flow *f) {
    static const struct {
        uint16_t port, bytes;
    } words[] = {{5432, 16}, {6432, 16}, {389, 7}, {11211, 6}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (f->port[SERVER] == words[i].port && f->payload[CLIENT] == words[i].bytes) return true;
    return false;
}

static bool is_mute(const struct engine *e, const struct flow *f) {
    const struct flow_side *v = &f->side[SERVER];
    uint32_t sent = f->end_how & END_RST ? f->rst_seq : v->next - (v->bits & SIDE_FIN ? 1u : 0u);
    if (is_transfer(e, f) || is_hello_kept(e, f) || is_farewell(f)) return false;
    if (f->last_us - f->first_us > FLOW_LONGEST_US) return false;
    if (!has(f, END_SERVER | END_MUTE) || f->payload[SERVER] > 0 || sent != v->isn + 1)
        return false;
    /* What takes data and says nothing, as a log does, may close when it has it all. */
    bool asks = f->end_how & END_RST || f->bits & FLOW_HELLO || f->app > APP_NONE ||
                unanswered_port(f->port[SERVER]);
    if (f->payload[CLIENT] > 0 && !asks) return false;
    /* It has waited for the rest of the request. */
    if (app_asks_in_part(f) && f->end_us - f->side[CLIENT].next_us >= PAUSED_US) return false;
    if (f->payload[CLIENT] == 0)
        return unanswered_greets(f->port[SERVER]) ||
               flow_since_open(f, f->end_us) <= TURNED_AWAY_US;
    bool few = f->payload[CLIENT] <= QUESTION_BYTES || f->app == APP_HTTP;
    return few && flow_since_open(f, f->end_us) <= ANSWER_US;
}

/* It has read the request, and closes instead of an answer. */
static bool is_empty(const struct flow *f) {
    return has(f, END_SERVER) && !(f->end_how & (END_RST | END_UNACKED)) && unanswered_by_end(f);
}

static uint64_t idle_us(const struct flow *f) {
    return f->idle_ms * UINT64_C(1000);
}

/* The reset answers data that broke a long silence. */
static bool is_revival(const struct flow *f) {
    return has(f, END_RST | END_UNACKED) && idle_us(f) >= TCP_END_IDLE_US &&
           f->end_us - f->resume_us <= REVIVAL_US;
}

uint64_t tcp_end_idle(const struct flow *f) {
    if (!(f->end_how & END_SEEN)) return 0;
    if (is_revival(f) || (f->idle_ms > 0 && f->resume_us == f->end_us)) return idle_us(f);
    uint32_t idle = f->end_us - latest_us(f);
    return idle >> 31 ? 0 : idle;
}

bool tcp_end_denies(const struct flow *f, unsigned dir) {
    const struct flow_side *side = &f->side[dir], *peer = &f->side[!dir];
    bool reset = has(f, END_RST | END_ACKS), fin = f->end_how & END_SEEN && !(f->end_how & END_RST);
    uint32_t since = f->end_us - (fin ? side->try_first_us : side->try_last_us);
    bool waited = (reset || fin) && ender(f) == peer && since > REPLY_US && since >> 31 == 0;
    return peer->bits & SIDE_RST && !(waited && is_unacked(f, dir));
}

/* One end had sent the same data again and again, in vain: this one, or the other that waited for
 * it, gave up by the RST. */
static bool gave_up(const struct flow *f) {
    for (unsigned d = 0; d < 2 && has(f, END_RST); d++)
        if (f->side[d].bits & SIDE_DEAD && is_unacked(f, d) && !tcp_end_denies(f, d)) return true;
    return false;
}

/* Nothing was under way: what was asked is answered, that answer is whole as far as its content
 * shows, and all of it is acknowledged. */
static bool is_at_rest(const struct flow *f) {
    const struct flow_side *v = &f->side[SERVER];
    bool open = app_unsent(v) > 0 || v->app_buffer != NONE ||
                v->bits & (APP_CHUNKED | APP_GAPPED) || (f->app == APP_HTTP && v->bits & APP_LOST);
    return !(f->bits & FLOW_REQUEST) && f->first_byte_us != 0 && v->bits & SIDE_PUSHED &&
           !(open && f->app > APP_NONE) && !is_unacked(f, CLIENT) && !is_unacked(f, SERVER);
}

/* Reset after a long silence, or a shorter one at rest: all was answered, or the reset answers what
 * broke it. */
static bool is_idle_reset(const struct flow *f) {
    bool brief = is_at_rest(f) && !(f->end_how & END_TORN);
    return has(f, END_RST) && !(f->end_how & END_CLEAN) && !gave_up(f) &&
           f->payload[0] + f->payload[1] > 0 &&
           tcp_end_idle(f) >= (brief ? TCP_END_IDLE_US : LONG_IDLE_US) &&
           (is_revival(f) || !(f->end_how & END_UNACKED));
}

/* Nothing came back to the keep-alives of who sent the RST. */
static bool is_probed_in_vain(const struct flow *f) {
    const struct flow_side *peer = &f->side[f->end_how & END_SERVER ? CLIENT : SERVER];
    return has(f, END_RST) && f->probes >= LOST_PROBES && !(peer->bits & WS_KEEP_ALIVE) &&
           f->packets[0] > 0 && f->packets[1] > 0;
}

/* Data or keep-alives broke a long silence, and nothing came back: NULL, or whose. */
static const struct flow_side *lost_revival(const struct flow *f) {
    if (is_probed_in_vain(f)) return ender(f);
    for (unsigned d = 0; d < 2 && idle_us(f) >= LONG_IDLE_US; d++) {
        const struct flow_side *side = &f->side[d];
        if (tcp_end_denies(f, d) || !(side->bits & SIDE_DEAD) || !is_unacked(f, d)) continue;
        if ((int32_t)(side->try_first_us - f->resume_us) >= 0 &&
            side->try_first_us - f->resume_us <= AT_ONCE_US)
            return side;
    }
    return NULL;
}

/* The handshake is done, the client's first data is sent again and again, and not a byte of it was
 * ever acknowledged. */
static bool is_unheard(const struct flow *f) {
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    bool again = c->tries >= 2 || c->bits & SIDE_DEAD;
    return f->payload[CLIENT] > 0 && f->data_segments[SERVER] == 0 && again && c->passed == 0 &&
           !(v->bits & (SIDE_RST | SIDE_FIN | SIDE_CLOSED)) && v->bits & SIDE_ACK &&
           v->acked == c->isn + 1;
}

static uint64_t unheard_us(const struct engine *e, const struct flow *f) {
    const struct flow_side *c = &f->side[CLIENT];
    uint64_t at = flow_widen(f, c->try_first_us);
    uint64_t until = c->bits & (SIDE_FIN | SIDE_RST) ? f->last_us : e->now_us;
    return until > at ? until - at : 0;
}

/* Between chunks some servers end without the last one, and nothing is missing. */
static bool lacks_bytes(const struct flow_side *v) {
    return app_unsent(v) > (v->bits & APP_CHUNKED ? CHUNK_END_BYTES : 0);
}

/* The server gave an idle connection up by FIN, and a request got a RST: it crossed the FIN, or was
 * not read, or came on the closed connection (`late`).  What the client says when it
 * knows of the FIN is a farewell, if no new request is read in it, and so is what is small in a
 * connection that is not read. */
static bool is_lost_request(const struct flow *f, bool late) {
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    bool closed = has(f, END_SERVER) && !(f->end_how & END_RST) && v->bits & SIDE_RST;
    uint32_t idle = f->turn_us - f->answer_last_us, open = c->next - v->acked;
    bool at_once = f->end_us - f->turn_us + KEPT_US <= 2u * KEPT_US; /* before or after it */
    bool read = f->app == APP_HTTP, anew = app_unsent(c) == 0 && !(c->bits & APP_CHUNKED);
    return closed && f->bits & FLOW_REQUEST && f->payload[SERVER] > 0 && f->first_byte_us != 0 &&
           f->asked_late == late && idle >= KEPT_US && idle >> 31 == 0 &&
           (late ? read && anew : at_once && (read || (open > SMALL_BYTES && open >> 31 == 0)));
}

static bool is_short(const struct flow *f) {
    const struct flow_side *v = &f->side[SERVER];
    return has(f, END_SERVER) && !(f->end_how & END_RST) && f->app == APP_HTTP && lacks_bytes(v) &&
           v->bits & APP_ASKED && !(v->bits & APP_LOST) && v->holes == NONE &&
           v->app_skip + f->payload[SERVER] < INT32_MAX; /* longer ones are not counted exactly */
}

enum tcp_ending tcp_ending_of(const struct engine *e, const struct flow *f) {
    const uint32_t opened = FLOW_SYN | FLOW_SYNACK | FLOW_ESTABLISHED;
    bool whole = (f->bits & opened) == opened, data = f->payload[0] + f->payload[1] > 0;
    if (f->bits & FLOW_HIDDEN) return ENDING_NONE;
    if (!(f->bits & FLOW_ESTABLISHED) && f->bits & FLOW_SYN)
        return f->bits & FLOW_SYNACK && has(f, END_RST) ? ENDING_HALF_OPEN : ENDING_NONE;
    if (is_foreign(f)) /* a load balancer that gives an unused connection up is no forger */
        return is_idle_reset(f) && tcp_end_idle(f) >= LONG_IDLE_US && !(f->end_how & END_GOES_ON)
                   ? ENDING_IDLE
                   : ENDING_FOREIGN_RESET;
    if (whole && is_after_hello(f)) return ENDING_AFTER_HELLO;
    if (whole && is_mute(e, f)) return ENDING_MUTE;
    bool vain = !(f->end_how & END_SERVER) && unanswered_is(e, f, f->end_how & END_SEEN);
    if (whole && !data && has(f, END_RST)) return vain ? ENDING_UNANSWERED : ENDING_HALF_OPEN;
    if (is_idle_reset(f) || lost_revival(f)) return ENDING_IDLE;
    if (is_lost_request(f, false)) return ENDING_CROSSED;
    if (is_lost_request(f, true)) return ENDING_STALE;
    if (is_empty(f)) return ENDING_EMPTY;
    if (is_short(f)) return ENDING_SHORT;
    if (whole && is_unheard(f) && unheard_us(e, f) >= end_guard_us(e->total.slowest_answer_us))
        return ENDING_UNHEARD;
    return vain && (whole || f->first_byte_us != 0) ? ENDING_UNANSWERED : ENDING_NONE;
}

bool tcp_end_explains_reset(const struct engine *e, const struct flow *f) {
    if (gave_up(f) || f->bits & FLOW_LEFT_WAITING) return true;
    switch (tcp_ending_of(e, f)) {
    case ENDING_FOREIGN_RESET:
    case ENDING_AFTER_HELLO:
    case ENDING_MUTE:
    case ENDING_IDLE:
    case ENDING_UNHEARD: return true;
    default: return false;
    }
}

/* ---- report ---------------------------------------------------------------------------------- */

struct msg_incident tcp_end_row(const struct flow *f, enum incident_kind kind, uint32_t at_us) {
    uint64_t at = flow_widen(f, at_us);
    return (struct msg_incident){.kind = kind,
                                 .subject = f->end[SERVER],
                                 .port = f->port[SERVER],
                                 .on_target = f->bits & FLOW_TARGET,
                                 .count = 1,
                                 .first_us = at,
                                 .last_us = at,
                                 .ip_proto = 6,
                                 .toward_client = f->end_how & END_SERVER};
}

static struct msg_incident foreign_row(const struct flow *f) {
    struct msg_incident row = tcp_end_row(f, INCIDENT_RESET_FOREIGN, f->end_us);
    const struct flow_side *side = ender(f);
    bool known = side->bits & SIDE_TTL;
    row.value = f->rst_ttl * 256u + (known ? nearest_ttl(side, f->rst_ttl) : f->rst_ttl);
    row.offers = (f->end_how & END_FAR_ID) != 0;
    row.worked = f->end_how & END_GOES_ON;
    row.requests = is_after_hello(f);
    row.tries = (f->end_how & END_OTHER_MAC) != 0;
    if (f->end_how & END_EARLY) row.span_us = f->end_us - f->side[CLIENT].next_us;
    return row;
}

static struct msg_incident after_hello_row(const struct flow *f) {
    struct msg_incident row = tcp_end_row(f, INCIDENT_RESET_AFTER_HELLO, f->end_us);
    const struct flow_side *v = &f->side[SERVER];
    unsigned off = tcp_end_ttl_off(v, f->rst_ttl);
    row.value = first_request(f);
    row.span_us = since_request(f);
    row.worked = off == 0 && !(f->end_how & (END_UNACKED | END_OTHER_MAC));
    row.tries = off;
    row.offers = (f->end_how & END_EARLY) != 0;
    return row;
}

static struct msg_incident idle_row(const struct flow *f) {
    const struct flow_side *lost = lost_revival(f);
    struct msg_incident row = tcp_end_row(f, INCIDENT_IDLE_END, lost ? f->resume_us : f->end_us);
    row.span_us = lost ? idle_us(f) : tcp_end_idle(f);
    row.value = lost ? 2 : is_revival(f) ? 1 : 0;
    if (lost) row.toward_client = lost == &f->side[SERVER];
    return row;
}

static struct msg_incident unheard_row(const struct engine *e, const struct flow *f) {
    struct msg_incident row = tcp_end_row(f, INCIDENT_UNHEARD, f->side[CLIENT].try_first_us);
    row.span_us = unheard_us(e, f);
    row.last_us = row.first_us + row.span_us;
    row.tries = f->data_segments[CLIENT];
    row.worked = f->synack_sent > f->syn_sent;
    row.toward_client = false;
    return row;
}

/* The client's last keep-alive, or one before it, was not answered though it was due. */
static bool is_probed_unheard(const struct engine *e, const struct flow *f) {
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    uint64_t asked = flow_widen(f, c->ws_ack_us);
    return c->bits & WS_KEEP_ALIVE && (v->ws_ack_us - c->ws_ack_us) >> 31 &&
           e->now_us - asked >= end_guard_us(0);
}

static struct msg_incident unanswered_row(const struct engine *e, const struct flow *f) {
    struct msg_incident row = tcp_end_row(f, INCIDENT_UNHEARD, unanswered_since_us(f));
    row.requests = (f->end_how & END_SEEN) != 0;
    row.value = unanswered_kind(e, f, row.requests > 0);
    row.span_us = unanswered_us(e, f, row.requests > 0);
    row.last_us = row.first_us + row.span_us;
    row.tries = f->data_segments[CLIENT];
    row.offers = is_probed_unheard(e, f);
    row.toward_client = false;
    return row;
}

static struct msg_incident ending_row(const struct engine *e, const struct flow *f,
                                      enum tcp_ending how) {
    struct msg_incident row = {0};
    switch (how) {
    case ENDING_HALF_OPEN:
        row = tcp_end_row(f, INCIDENT_HALF_OPEN_RESET, f->end_us);
        /* A trace of the route by SYNs knows enough with the SYN-ACK. */
        row.worked = f->bits & FLOW_ESTABLISHED || f->end_how & END_CLEAN ||
                     f->side[CLIENT].ttl < PATH_FEW_HOPS;
        row.value = f->synack_us - f->syn_us > 1000000u;
        /* A socket opened in advance, whose time ran out. */
        if (f->end_how & END_SERVER && f->end_us - f->synack_us >= TCP_END_IDLE_US) row.value = 2;
        row.offers = stranger_is(e, &f->end[CLIENT]);
        break;
    case ENDING_MUTE:
        row = tcp_end_row(f, INCIDENT_MUTE_CLOSE, f->end_us);
        row.span_us = flow_since_open(f, f->end_us);
        row.worked = f->payload[CLIENT] > 0;
        break;
    case ENDING_EMPTY:
        row = tcp_end_row(f, INCIDENT_MUTE_CLOSE, f->end_us);
        row.span_us = f->end_us - f->request_us;
        row.worked = true;
        row.value = 1;
        break;
    case ENDING_FOREIGN_RESET: row = foreign_row(f); break;
    case ENDING_AFTER_HELLO: row = after_hello_row(f); break;
    case ENDING_IDLE: row = idle_row(f); break;
    case ENDING_CROSSED:
    case ENDING_STALE:
        row = tcp_end_row(f, INCIDENT_IDLE_END, f->end_us);
        row.span_us = f->end_us - f->answer_last_us;
        row.value = how == ENDING_STALE ? 4 : 3;
        break;
    case ENDING_SHORT:
        row = tcp_end_row(f, INCIDENT_EARLY_CLOSE, f->end_us);
        row.tries = app_unsent(&f->side[SERVER]);
        break;
    case ENDING_UNHEARD: row = unheard_row(e, f); break;
    case ENDING_UNANSWERED: row = unanswered_row(e, f); break;
    case ENDING_NONE: break;
    }
    return row;
}

void tcp_end_report(const struct engine *e, const struct flow *f, struct incidents *all) {
    enum tcp_ending how = tcp_ending_of(e, f);
    struct msg_incident row;
    if (how != ENDING_NONE) {
        row = ending_row(e, f, how);
        incidents_join(all, &row);
    } else if (f->end_how & END_RST && !(f->end_how & (END_CLEAN | END_TORN)) &&
               f->payload[0] + f->payload[1] && !gave_up(f) &&
               !(f->bits & (FLOW_HIDDEN | FLOW_LEFT_WAITING)) &&
               tcp_end_idle(f) >= TCP_END_IDLE_US) {
        row = idle_row(f);
        incidents_join(all, &row);
    }
    bool silent = how == ENDING_UNHEARD || (how == ENDING_IDLE && lost_revival(f));
    if (!silent && (tcp_dead_path(e, f, &row) || tcp_large_never_came(e, f, &row)))
        incidents_join(all, &row);
    tcp_setup_again(e, f, all);
}
