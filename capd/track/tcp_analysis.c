/* Wireshark's tcp.analysis counters, after the definitions of its User's Guide ("TCP Analysis"), so
 * that they can be compared with tshark on the same file.  Nothing here feeds a finding.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/tcp.h"

#define FAST_WINDOW_US 20000u /* last ACK of a fast retransmission is younger than this */
#define ORDER_US       3000u  /* out-of-order threshold while the handshake RTT is unknown */

/* tshark follows a segment whose options are cut, but shows no flag on it. */
static void count(struct engine *e, struct flow *f, enum analysis what) {
    if (e->packet->status == DECODE_TCP_TRUNCATED) return;
    if (f->bits & FLOW_SELECTED)
        e->total.analysis[what]++;
    else if (f->analysis[what] < UINT16_MAX)
        f->analysis[what]++;
}

/* What the segment is, seen from its sender and the receiver before it is taken in. */
struct view {
    struct engine *e;
    const struct segment *s;
    struct flow_side *fwd, *rev;
    bool control;    /* SYN, FIN or RST */
    uint32_t window; /* as scaled */
};

/* tshark knows how an end scales its windows by that end's own SYN. */
static bool is_scale_told(const struct flow *f, unsigned dir) {
    return f->bits & (dir == CLIENT ? FLOW_SYN : FLOW_SYNACK);
}

static uint32_t scaled_window(const struct segment *s) {
    const struct flow_side *side = &s->f->side[s->dir];
    uint32_t raw = s->k->tcp.window;
    if (s->flags & TCP_SYN || !is_scale_told(s->f, s->dir)) return raw;
    return raw << side->wscale;
}

static bool has_window_signs(struct view *v) {
    const struct segment *s = v->s;
    struct flow *f = s->f;
    if (s->k->tcp.window == 0 && !v->control) count(v->e, f, ANALYSIS_zero_window);
    bool probe = s->len == 1 && v->fwd->bits & WS_NEXT && s->seq == v->fwd->ws_next &&
                 v->rev->bits & WS_WINDOW && v->rev->ws_window == 0;
    if (probe) {
        count(v->e, f, ANALYSIS_zero_window_probe);
        return true;
    }
    if (s->len > 0 && v->rev->bits & WS_WINDOW && v->rev->bits & WS_ACK && !v->control &&
        is_scale_told(f, !s->dir) && s->seq + s->len == v->rev->ws_ack + v->rev->ws_window)
        count(v->e, f, ANALYSIS_window_full);
    return false;
}

static bool is_keep_alive(const struct view *v) {
    return v->s->len <= 1 && v->fwd->bits & WS_NEXT && v->s->seq == v->fwd->ws_next - 1 &&
           !v->control;
}

#define UNSEEN_TOLD UINT32_MAX /* in place of a number of duplicate ACKs */

/* An ACK of what was not seen.  Where nothing beyond it was seen either, tshark says so once, until
 * the other end's own ACKs move on or repeat themselves; and it takes the mark it keeps in their
 * number for many duplicate ACKs. */
static void check_unseen(struct view *v) {
    struct flow_side *rev = v->rev;
    if (rev->ws_expect != rev->ws_next) {
        count(v->e, v->s->f, ANALYSIS_ack_lost_segment);
        rev->ws_expect = rev->ws_next;
        return;
    }
    if (rev->ws_dup_acks == 0) count(v->e, v->s->f, ANALYSIS_ack_lost_segment);
    rev->ws_dup_acks = UNSEEN_TOLD;
}

static void check_acks(struct view *v, bool keep_alive) {
    const struct segment *s = v->s;
    uint32_t ack = s->k->tcp.ack;
    bool same = v->fwd->bits & WS_WINDOW && ack == v->fwd->ws_ack;
    bool bare = s->len == 0 && !v->control && v->fwd->bits & WS_NEXT && s->seq == v->fwd->ws_next;
    uint32_t window = v->fwd->bits & WS_SYN ? s->k->tcp.window : v->window; /* as in the header */
    bool still = v->fwd->bits & WS_WINDOW && window == v->fwd->ws_window && window != 0;
    if (bare && same && still && v->rev->bits & WS_KEEP_ALIVE) {
        /* the answer to a keep-alive, no duplicate ACK */
    } else if (bare && same && !keep_alive && still) {
        v->fwd->ws_dup_acks = v->fwd->ws_dup_acks == UNSEEN_TOLD ? 1 : v->fwd->ws_dup_acks + 1;
        count(v->e, s->f, ANALYSIS_duplicate_ack);
    }
    if (!same) v->fwd->ws_dup_acks = 0;
    if (s->flags & TCP_ACK && v->rev->bits & WS_EXPECT && seq_after(ack, v->rev->ws_expect))
        check_unseen(v);
}

static void check_repeat(struct view *v) {
    const struct segment *s = v->s;
    const struct flow_side *fwd = v->fwd, *rev = v->rev;
    struct flow *f = s->f;
    uint32_t end = s->seq + s->len;
    if (s->len > 0 && !(s->flags & (TCP_SYN | TCP_FIN)) && rev->bits & WS_ACK &&
        !seq_after(end, rev->ws_ack)) {
        count(v->e, f, ANALYSIS_spurious_retransmission);
        count(v->e, f, ANALYSIS_retransmission);
        return;
    }
    if (!(fwd->bits & WS_NEXT) || !seq_before(s->seq, fwd->ws_next)) return;
    if (s->len == 0 && !(s->flags & (TCP_SYN | TCP_FIN))) return;
    if (s->len > 1 && fwd->ws_next - 1 == s->seq) return; /* new data behind a probe of one byte */
    if (rev->ws_dup_acks >= 2 && s->seq == rev->ws_ack && s->us - rev->ws_ack_us < FAST_WINDOW_US) {
        count(v->e, f, ANALYSIS_fast_retransmission);
        count(v->e, f, ANALYSIS_retransmission);
        return;
    }
    uint32_t limit = f->first_rtt_us ? f->first_rtt_us : ORDER_US;
    if (s->us - fwd->ws_next_us < limit && fwd->ws_next != s->end)
        count(v->e, f, ANALYSIS_out_of_order);
    else
        count(v->e, f, ANALYSIS_retransmission);
}

static void take_in(struct view *v, bool keep_alive, bool probe) {
    const struct segment *s = v->s;
    struct flow_side *fwd = v->fwd;
    if (!(fwd->bits & WS_BASE)) {
        fwd->bits |= WS_BASE;
        fwd->ws_base = s->seq;
    }
    fwd->bits &= ~(uint32_t)(WS_KEEP_ALIVE | WS_ZERO_PROBE | WS_SYN);
    if (s->flags & TCP_SYN) fwd->bits |= WS_SYN;
    if (keep_alive) fwd->bits |= WS_KEEP_ALIVE;
    if (probe) fwd->bits |= WS_ZERO_PROBE;
    if (!probe && (!(fwd->bits & WS_NEXT) || seq_after(s->end, fwd->ws_next))) {
        fwd->ws_next = s->end;
        fwd->ws_next_us = s->us;
        fwd->bits |= WS_NEXT;
    }
    if (!probe && (!(fwd->bits & WS_EXPECT) || s->seq == fwd->ws_expect)) {
        fwd->ws_expect = fwd->ws_next; /* the ACK number that follows from what came in order */
        fwd->bits |= WS_EXPECT;
    }
    fwd->ws_window = v->window;
    fwd->bits |= WS_WINDOW;
    fwd->ws_ack = s->k->tcp.ack;
    fwd->ws_ack_us = s->us;
    fwd->bits &= ~(uint32_t)WS_ACK; /* a SYN acknowledges nothing, whatever number it carries */
    if (s->flags & TCP_ACK) fwd->bits |= WS_ACK;
}

/* tshark's first round trip: SYN to the first ACK of either end, whether the SYN-ACK was seen or
 * not. */
static void note_first_rtt(const struct segment *s) {
    struct flow *f = s->f;
    if (!(f->bits & FLOW_SYN) || f->first_rtt_us || (s->flags & (TCP_SYN | TCP_ACK)) != TCP_ACK)
        return;
    f->first_rtt_us = s->us == f->syn_last_us ? 1 : s->us - f->syn_last_us;
}

void tcp_analyse(struct engine *e, struct segment *s) {
    note_first_rtt(s);
    struct view v = {.e = e,
                     .s = s,
                     .fwd = &s->f->side[s->dir],
                     .rev = &s->f->side[!s->dir],
                     .control = s->flags & (TCP_SYN | TCP_FIN | TCP_RST)};
    v.window = scaled_window(s);
    bool probe = has_window_signs(&v), keep_alive = !probe && is_keep_alive(&v);
    if (v.fwd->bits & WS_NEXT && seq_after(s->seq, v.fwd->ws_next) && !(s->flags & TCP_RST))
        count(e, s->f, ANALYSIS_lost_segment);
    if (keep_alive) count(e, s->f, ANALYSIS_keep_alive);
    check_acks(&v, keep_alive);
    if (!keep_alive && !probe) check_repeat(&v);
    take_in(&v, keep_alive, probe);
}
