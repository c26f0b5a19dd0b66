/* What a flow contributes to totals, services and hosts.  Nothing of this is counted while packets
 * pass: a snapshot adds the live flows to the sums of those that left, so that the outcome of a
 * connection is told in one place and only when it is asked for.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/flows.h"
#include "capd/track/path.h"
#include "capd/track/select.h"
#include "capd/track/stranger.h"
#include "capd/track/tcp_end.h"
#include "capd/track/tcp_setup.h"
#include "capd/track/tls_faults.h"
#include "capd/track/strain.h"

#define STUCK_US 1000000u /* closed so long at the end counts as never reopened */
#define SYN_US   1000000u /* from the first SYN to the second */

#define BGP_PORT 179u

/* A SYN that is to end under way and tell of the routers there (tcptraceroute, mtr --tcp). */
static bool is_trace(const struct flow *f) {
    bool neighbours = f->port[SERVER] == BGP_PORT; /* routers speak so by default (RFC 5082) */
    return !(f->bits & FLOW_SYNACK) && f->side[CLIENT].ttl < PATH_FEW_HOPS && !neighbours;
}

enum conn_state flow_state(const struct flow *f, uint64_t now_us, uint64_t guard_us) {
    if (!(f->bits & FLOW_SYN)) return CONN_MIDSTREAM;
    if (f->bits & FLOW_ESTABLISHED) {
        if (f->side[CLIENT].bits & f->side[SERVER].bits & SIDE_FIN) return CONN_CLOSED;
        return (f->side[CLIENT].bits | f->side[SERVER].bits) & SIDE_RST ? CONN_RESET : CONN_OPEN;
    }
    if (!(f->bits & FLOW_SYNACK)) {
        if (f->bits & FLOW_REFUSED) return CONN_REFUSED;
        if (f->bits & FLOW_ICMP) return CONN_UNREACHABLE;
    }
    if (f->bits & FLOW_GAVE_UP || is_trace(f)) return CONN_ABORTED;
    return now_us - f->first_us > guard_us ? CONN_TIMED_OUT : CONN_PENDING;
}

static enum conn_state state_now(const struct engine *e, const struct flow *f) {
    enum conn_state s = flow_state(f, e->now_us, end_guard_us(e->total.slowest_answer_us));
    /* The client's ACK may be what the caller's filter left out: nothing can be said. */
    return s == CONN_TIMED_OUT && e->o.filtered && f->bits & FLOW_SYNACK ? CONN_PENDING : s;
}

static void add_outcome(const struct flow *f, enum conn_state s, struct conn_counts *c) {
    uint64_t *const by_state[CONN_COUNT] = {[CONN_REFUSED] = &c->refused,
                                            [CONN_TIMED_OUT] = &c->timed_out,
                                            [CONN_UNREACHABLE] = &c->unreachable,
                                            [CONN_ABORTED] = &c->aborted,
                                            [CONN_PENDING] = &c->pending,
                                            [CONN_MIDSTREAM] = &c->midstream,
                                            [CONN_CLOSED] = &c->closed,
                                            [CONN_RESET] = &c->reset,
                                            [CONN_OPEN] = &c->open};
    ++*by_state[s];
    if (s != CONN_MIDSTREAM) c->attempted++;
    if (!(f->bits & FLOW_ESTABLISHED) || s == CONN_MIDSTREAM) return;
    c->established++;
    if (f->syn_sent > 1) c->syn_retried++;
}

static void add_counts(const struct flow *f, enum conn_state s, struct conn_counts *c) {
    add_outcome(f, s, c);
    c->syn_sent += f->syn_sent;
    c->data_segments_to_client += f->data_segments[SERVER];
    c->data_segments_to_server += f->data_segments[CLIENT];
    c->retransmitted_to_client += f->retransmitted[SERVER];
    c->retransmitted_to_server += f->retransmitted[CLIENT];
    c->lost_before += f->lost_before;
    c->lost_after += f->lost_after;
    c->spurious += f->spurious;
    c->reordered += f->reordered;
    c->payload_to_client += f->payload[SERVER];
    c->payload_to_server += f->payload[CLIENT];
    if (f->bits & FLOW_HIDDEN) c->hidden++;
}

void flow_add_sums(const struct engine *e, const struct flow *f, struct flow_sums *sums) {
    if (e->o.locals > 0) {
        if (select_local(e, &f->end[CLIENT]))
            sums->local_client++;
        else if (select_local(e, &f->end[SERVER]))
            sums->local_server++;
        else
            sums->not_local++;
    }
    if (f->bits & FLOW_TARGET) {
        bool both = f->packets[CLIENT] > 0 && f->packets[SERVER] > 0;
        sums->target_both += both;
        sums->target_one_way += !both && f->ip_proto == 17;
    }
    if (f->ip_proto != 6) return;
    add_counts(f, state_now(e, f), &sums->counts);
    for (unsigned d = 0; d < 2; d++)
        if (f->packets[!d] == 0 && f->side[d].bits & SIDE_ADVANCED) sums->one_sided++;
}

/* A time of the handshake as a 64-bit one.  Of one that is over it is near the first packet, and is
 * held no longer. */
static uint64_t widen(const struct flow *f, uint32_t us) {
    if (!(f->bits & FLOW_ESTABLISHED)) return flow_widen(f, us);
    return f->first_us + (uint32_t)(us - (uint32_t)f->first_us);
}

static void add_failures(const struct engine *e, const struct flow *f, enum conn_state s,
                         struct service_facts *x) {
    if (s == CONN_TIMED_OUT || s == CONN_REFUSED || s == CONN_UNREACHABLE)
        x->by_strangers += stranger_is(e, &f->end[CLIENT]);
    uint64_t last_syn = widen(f, f->syn_last_us);
    if (s == CONN_TIMED_OUT) {
        span_add(&x->timeout_first_us, &x->timeout_last_us, x->timeout_syn_sent, f->first_us,
                 last_syn);
        /* Whoever still waits doubles the time to the next SYN (RFC 6298 section 5.5). */
        uint64_t waited = e->now_us > f->first_us ? e->now_us - f->first_us : 0;
        uint64_t gave_up = f->bits & FLOW_SYNACK ? waited : 2 * (last_syn - f->first_us) + SYN_US;
        if (gave_up < waited) waited = gave_up;
        if (waited > x->timeout_wait_us) x->timeout_wait_us = waited;
        x->timeout_syn_sent += f->syn_sent;
        if (f->syn_sent >= 2) x->timeout_repeated++;
    }
    if (s == CONN_REFUSED) {
        x->refused_beside += tcp_setup_refused_beside(f);
        span_add(&x->refused_first_us, &x->refused_last_us, x->counts.refused, last_syn,
                 last_syn + f->handshake_us);
    }
    if (f->bits & FLOW_RESET_MID && !tcp_end_explains_reset(e, f)) {
        uint64_t at = flow_widen(f, f->reset_us);
        span_add(&x->reset_first_us, &x->reset_last_us, x->reset_by[0] + x->reset_by[1], at, at);
        x->reset_by[f->bits & FLOW_RESET_CLIENT ? CLIENT : SERVER]++;
        x->reset_bytes += f->payload[0] + f->payload[1];
        if (f->reset_ttl_delta > x->reset_ttl_delta) x->reset_ttl_delta = f->reset_ttl_delta;
        if (tcp_end_idle(f) > x->reset_idle_us) x->reset_idle_us = tcp_end_idle(f);
        if (tcp_end_other_mac(f)) x->reset_other_mac++;
        x->reset_from = f->end[f->bits & FLOW_RESET_CLIENT ? CLIENT : SERVER];
    }
}

/* What repeated SYNs cost a connection that came up in the end. */
static void add_syn_retries(const struct flow *f, struct service_facts *x) {
    if (!(f->bits & FLOW_ESTABLISHED) || !(f->bits & FLOW_SYN) || f->syn_sent < 2) return;
    uint64_t added = f->syn_last_us - f->syn_us, last = widen(f, f->syn_last_us);
    span_add(&x->syn_retry_first_us, &x->syn_retry_last_us, x->counts.syn_retried, last, last);
    x->syn_added_us += added;
    if (added > x->syn_added_longest_us) x->syn_added_longest_us = added;
}

/* The letter of the packet that ended the connection, as the history has it; 0: it goes on. */
static char end_of(const struct flow *f) {
    for (unsigned n = 0; n < f->history_len; n++)
        if (memchr("FRfr", f->history[n], 4)) return f->history[n];
    return 0;
}

/* Until when its client waited. */
static uint64_t waited_until(const struct engine *e, const struct flow *f) {
    switch (end_of(f)) {
    case 'F': return flow_widen(f, f->side[CLIENT].next_us);
    case 'f': return flow_widen(f, f->side[SERVER].next_us);
    case 'R': return f->last_us;
    default: return e->now_us;
    }
}

/* A ClientHello that arrived, as TCP's ACK proves, and stayed without a byte of answer (the second
 * one: after the HelloRetryRequest) for longer than any answer takes, whoever closed then; a reset
 * is told by itself.  Not when it had to be
 * sent again, nor when the server said what was never seen here, by the numbers of either end. */
static void add_unanswered_hello(const struct engine *e, const struct flow *f,
                                 struct service_facts *x) {
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    const uint32_t need = FLOW_SYN | FLOW_SYNACK | FLOW_ESTABLISHED | FLOW_HELLO;
    uint32_t sent = c->next - (c->bits & SIDE_FIN ? 1u : 0u);
    uint32_t said = f->retry_bytes ? (uint32_t)f->payload[SERVER] : 0;
    uint32_t heard = v->isn + 1 + said + (v->bits & SIDE_FIN ? 1u : 0u);
    if ((f->bits & need) != need || f->payload[SERVER] > said || end_of(f) == 'r') return;
    if (f->retransmitted[CLIENT] > 0 || f->spurious > 0) return;
    if (!(c->bits & v->bits & SIDE_ACK) || seq_before(v->acked, sent)) return;
    if (seq_after(c->acked, heard) || (v->bits & WS_NEXT && seq_after(v->ws_next, heard))) return;
    uint64_t at = flow_widen(f, f->hello_us), until = waited_until(e, f);
    const struct hist *answers = &e->total.tls;
    uint64_t slowest = e->total.slowest_answer_us;
    if (answers->samples > 0 && answers->max_us > slowest) slowest = answers->max_us;
    if (until < at || until - at <= end_guard_us(slowest)) return;
    span_add(&x->hello_first_us, &x->hello_last_us, x->hello_unanswered, at, at);
    x->hello_unanswered++;
    if (until - at > x->hello_wait_us) x->hello_wait_us = until - at;
}

static void add_zero_windows(const struct engine *e, const struct flow *f, unsigned side,
                             struct service_facts *x) {
    const struct flow_side *s = &f->side[side];
    if (s->zero_times == 0) return;
    uint64_t total = s->zero_total_ms * UINT64_C(1000), first = s->zero_first_us;
    uint64_t life = f->last_us - f->first_us, last = flow_widen(f, s->zero_since_us);
    if (s->bits & SIDE_CLOSED) {
        /* Still closed: it counts up to now, unless the connection is over. */
        bool over = (f->side[0].bits | f->side[1].bits) & (SIDE_RST | SIDE_FIN);
        uint64_t until = over ? f->last_us : e->now_us;
        if (until > last) total += until - last;
        if (until > f->last_us) life = until - f->first_us;
        if (until >= last + STUCK_US) x->zero_stuck[side]++;
        last = until > last ? until : last;
    }
    span_add(&x->zero_first_us, &x->zero_last_us, x->zero_times[0] + x->zero_times[1], first, last);
    x->zero_us[side] += total;
    x->zero_times[side] += s->zero_times;
    x->zero_life_us[side] += life;
}

/* When this end sent its last packet; 0: it sent none, or so long before the other's last that
 * tcp_hold_times() has moved the time. */
static uint64_t said_us(const struct flow *f, unsigned side) {
    const struct flow_side *s = &f->side[side];
    if (f->ip_proto != 6) return f->said_us[side];
    bool held = (uint32_t)f->last_us - s->ws_ack_us >= FLOW_LONGEST_US - 2000000u;
    return s->bits & WS_WINDOW && !held ? flow_widen(f, s->ws_ack_us) : 0;
}

void flow_add_facts(const struct engine *e, const struct flow *f, struct service_facts *x) {
    enum conn_state s = state_now(e, f);
    span_add(&x->first_us, &x->last_us, x->packets, f->first_us, f->last_us);
    x->packets += (uint64_t)f->packets[0] + f->packets[1];
    x->bytes += f->bytes[0] + f->bytes[1];
    x->to_server |= f->packets[CLIENT] > 0;
    x->to_client |= f->packets[SERVER] > 0;
    uint64_t heard = said_us(f, SERVER);
    if (heard > x->heard_us) x->heard_us = heard;
    add_failures(e, f, s, x);
    add_syn_retries(f, x);
    add_unanswered_hello(e, f, x);
    char end = end_of(f);
    if (end) tls_fault_closed(f, end == 'f' || end == 'r', f->last_us, x);
    if (strain_waits(e, f)) {
        x->waits++;
        if (e->now_us - f->last_us > x->waits_longest_us)
            x->waits_longest_us = e->now_us - f->last_us;
    }
    for (unsigned d = 0; d < 2; d++) add_zero_windows(e, f, d, x);
    if (f->retransmitted[0] + f->retransmitted[1] > 0)
        span_add(&x->retransmit_first_us, &x->retransmit_last_us,
                 x->counts.retransmitted_to_client + x->counts.retransmitted_to_server,
                 f->retransmit_first_us, f->retransmit_last_us);
    add_counts(f, s, &x->counts);
}

uint64_t flow_score(const struct engine *e, const struct flow *f) {
    static const uint8_t of_state[CONN_COUNT] = {
        [CONN_REFUSED] = 6,   [CONN_TIMED_OUT] = 7, [CONN_UNREACHABLE] = 7,
        [CONN_ABORTED] = 4,   [CONN_PENDING] = 3,   [CONN_RESET] = 2,
        [CONN_MIDSTREAM] = 0, [CONN_CLOSED] = 0,    [CONN_OPEN] = 0};
    uint64_t score = of_state[state_now(e, f)];
    if (f->bits & FLOW_RESET_MID) score = 5;
    if (score < 5 && (f->side[0].zero_times || f->side[1].zero_times)) score = 4;
    if (score < 3 && f->retransmitted[0] + f->retransmitted[1] > 0) score = 3;
    if (score < 1 && f->first_byte_us >= 500000) score = 1;
    uint64_t bytes = f->bytes[0] + f->bytes[1];
    if (bytes >> 55) bytes = (UINT64_C(1) << 55) - 1;
    uint64_t up = f->bits & (FLOW_ESTABLISHED | FLOW_GUESSED) ? FLOW_SCORE_UP : 0;
    return (f->bits & FLOW_TARGET ? UINT64_C(1) << 63 : 0) | score << 56 | bytes << 1 | up;
}

void flow_add_hosts(const struct flow *f, struct hosts *h, const uint64_t seed[2]) {
    uint64_t packets = (uint64_t)f->packets[0] + f->packets[1], bytes = f->bytes[0] + f->bytes[1];
    uint64_t c = said_us(f, CLIENT), s = said_us(f, SERVER), both = c < s ? c : s;
    hosts_add(h, seed, &f->end[CLIENT], packets, bytes, both);
    hosts_add(h, seed, &f->end[SERVER], packets, bytes, both);
}
