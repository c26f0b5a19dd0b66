/* Rounds by timestamps (RFC 7323): a receiver's ACK to the first data that echoes it, one at a
 * time. It is the only round trip that a capture at the receiver sees of a download, and no delayed
 * ACK is in it.  It is one only while data comes without a pause: else the sender had nothing to
 * send. When the echoes move on, all that the sender sent knowing that ACK has passed: if it went
 * up to the window's edge, the window held it back.
 * Without timestamps: an ACK to one that covers more than was sent by then; the window held the
 * sender back if the data had come up to its edge when that ACK came.  Beside a receiver that
 * acknowledges every second segment this does not show: the data is still on its way then.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/strain.h"

#define PAUSE_SHARE    4u      /* a gap before the echo is at most this part of the round */
#define EDGE_SEGMENTS  2u      /* senders leave up to two segments of room unused */
#define LEAST_SEGMENTS 4u      /* a smaller window than this is closing */
#define TICK_US        100000u /* of the slowest clock that is still in use */

/* The first data that echoes the ACK of side `r`. */
static void round_back(struct engine *e, const struct segment *s, unsigned r) {
    struct flow *f = s->f;
    const struct flow_side *from = &f->side[s->dir];
    struct flow_side *to = &f->side[r];
    uint32_t took = s->us - to->round_us;
    if (!(from->bits & to->bits & SIDE_RTT) || s->us - from->next_us > took / PAUSE_SHARE) return;
    to->rtt_us = took; /* the half behind the capture point that data and ACK do not show */
    uint32_t acked = to->round_edge - to->window, bytes = from->next - acked;
    strain_round_trip(e, f, s->dir,
                      (struct round_trip){took + from->rtt_us, bytes >> 31 ? 0 : bytes, true});
}

/* Has the other end sent up to the edge of this one's window, and would have sent more? */
static bool is_full(const struct flow_side *from, const struct flow_side *to) {
    uint32_t mss = from->mss && from->mss < 1460 ? from->mss : 1460;
    int32_t room = (int32_t)(to->round_edge - from->next), near = (int32_t)(EDGE_SEGMENTS * mss);
    return to->window >= LEAST_SEGMENTS * mss && room < near && room > -near &&
           !(from->bits & SIDE_SPENT);
}

/* The round ended with its last data: what comes now answers a later ACK. */
static void round_over(struct engine *e, const struct segment *s, unsigned r) {
    const struct flow_side *from = &s->f->side[s->dir], *to = &s->f->side[r];
    uint32_t took = from->next_us - to->round_us;
    strain_round(e, s->f, r, (struct round){took + from->rtt_us, to->window, is_full(from, to)});
}

static void take_echo(struct engine *e, const struct segment *s) {
    struct flow_side *to = &s->f->side[!s->dir];
    uint32_t later = s->k->tcp.ts_echo - to->round_ts;
    if (!(to->bits & ROUND_OPEN) || later >> 31) return;
    if (later == 0) {
        if (!(to->bits & ROUND_BACK)) round_back(e, s, !s->dir);
        to->bits |= ROUND_BACK;
        return;
    }
    if (to->bits & ROUND_BACK) round_over(e, s, !s->dir);
    to->bits &= ~(uint32_t)(ROUND_OPEN | ROUND_BACK);
}

/* Without timestamps round_ts is where the data ended when the round began. */
static void plain_ack(struct engine *e, const struct segment *s, uint32_t edge) {
    struct flow_side *me = &s->f->side[s->dir], *from = &s->f->side[!s->dir];
    bool over = me->bits & ROUND_OPEN && seq_after(s->k->tcp.ack, me->round_ts);
    if (over) {
        uint32_t took = s->us - me->round_us;
        bool full = me->dup_acks == 0 && is_full(from, me); /* nothing waited for what was lost */
        strain_round(e, s->f, s->dir, (struct round){took, me->window, full});
    }
    if (over || !(me->bits & ROUND_OPEN)) {
        me->bits |= ROUND_OPEN;
        me->round_ts = from->next;
        me->round_us = s->us;
        me->round_edge = edge;
    } else if (seq_after(edge, me->round_edge)) {
        me->round_edge = edge;
    }
}

/* What it acknowledges passed after the latest span without any packet, and an ACK of its own
 * before: the receiver's clock went on between the two for longer than that, or there was none. */
static void compare_clocks(struct engine *e, const struct segment *s) {
    const struct flow_side *me = &s->f->side[s->dir], *from = &s->f->side[!s->dir];
    uint64_t since = e->now_us - (e->still_from_us + e->still_us);
    uint32_t apart = s->us - me->round_us, ticks = s->k->tcp.ts_value - me->round_ts;
    bool around = apart >= e->still_us + since && s->us - from->next_us <= since &&
                  s->k->tcp.ack == from->next;
    if (around && (uint64_t)ticks * TICK_US < e->still_us / 2) strain_clock_jumped(e);
}

void rounds_segment(struct engine *e, const struct segment *s) {
    struct flow_side *me = &s->f->side[s->dir];
    const struct tcp_header *t = &s->k->tcp;
    if (s->len > 0) {
        if (t->has_timestamps) take_echo(e, s);
        return;
    }
    if ((s->flags & (TCP_ACK | TCP_SYN | TCP_FIN | TCP_RST)) != TCP_ACK) return;
    if (s->f->side[!s->dir].largest == 0) return; /* nothing came that it could be about */
    uint32_t edge = t->ack + ((uint32_t)t->window << me->wscale);
    if (!t->has_timestamps) {
        plain_ack(e, s, edge);
        return;
    }
    if (s->pause_us >= STRAIN_QUIET_US && me->round_us > 0) compare_clocks(e, s);
    if (!(me->bits & ROUND_OPEN)) {
        me->bits |= ROUND_OPEN;
        me->round_ts = t->ts_value;
        me->round_us = s->us;
        me->round_edge = edge;
    } else if (t->ts_value == me->round_ts && seq_after(edge, me->round_edge)) {
        me->round_edge = edge; /* same tick of its clock: the echo does not tell them apart */
    }
}
