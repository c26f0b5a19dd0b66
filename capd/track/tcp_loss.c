/* Which data was sent twice, and where the first copy was lost.  Everything from the first sequence
 * number seen up to `next` was seen, but for the holes listed; so "seen before" is "in no hole".
 * Data at or below what was sent is
 *   spurious     when the other end had acknowledged it,
 *   lost_after   when it was seen before: the first copy passed here and got lost behind, unless
 *                its receiver says that it has it twice (RFC 2883): spurious, too,
 *   reordered    when it fills a hole and was sent before what opened it, or fills a narrow one
 *                sooner than any retransmission could arrive,
 *   lost_before  when it fills a hole later: the first copy never came this far; if it does after
 *                all, as its IP id shows, it was reordered, and what filled the hole spurious.
 * Data that was acknowledged before it came, but came soon, was late for this capture only.
 * A hole's list is bounded by the pool; when that is empty the oldest hole of the side gives way.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/seconds.h"
#include "capd/track/services.h"
#include "capd/track/strain.h"
#include "capd/track/tcp_end.h"

#define TOLD_US  30u   /* no sender learns of a loss sooner */
#define ORDER_US 3000u /* reordering while the round trip is unknown */
#define ORDER_SEGMENTS                                                                             \
    3u /* overtaken packets leave gaps of few segments, losses in a row wide ones */
#define ORDER_IDS     256u   /* how many packets one packet is overtaken by at most */
#define APART_US      50000u /* two directions, captured apart, are merged no more exactly */
#define APART_HOLES   64u
#define LONGEST_LIST  256u  /* further holes of one end are not kept in order */
#define JOIN_US       1000u /* one hole for ACKs so near to each other */
#define DEAD_TRIES    3u
#define LATER_US      1000000u
#define NEVER_US      2000000u /* as pmtud_blackhole */
#define OPTIONS_BYTES 40u
#define CLAMPED_LEAST 3u
#define CLAMPED_BYTES 240u /* IPv6 needs no more than 1280 bytes to pass, of 1500, and options */
#define DEAD_SPAN_US  500000u
#define TURNS_AWAKE   2u       /* a phone that is put aside, or taken up, turns once */
#define AT_ONCE_US    2000000u /* what is sent so soon after a silence belongs to what broke it */

static struct hole *hole_at(struct engine *e, uint32_t i) {
    return &e->holes.hole[i];
}

static void hole_free(struct engine *e, uint32_t i) {
    hole_at(e, i)->chain = e->holes.free;
    e->holes.free = i;
}

/* Put a new hole at the end of the list, which is in sequence order. */
static void hole_add(struct engine *e, struct flow_side *side, uint32_t *tail, struct hole hole) {
    struct holes *h = &e->holes;
    uint32_t i = h->free;
    if (i != NONE)
        h->free = h->hole[i].chain;
    else if (h->fresh < h->capacity)
        i = h->fresh++;
    else if (side->holes != NONE && tail != &side->holes) {
        i = side->holes;
        if (tail == &h->hole[i].chain) tail = &side->holes;
        side->holes = h->hole[i].chain;
    } else
        return;
    hole.chain = *tail;
    h->hole[i] = hole;
    *tail = i;
}

void tcp_forget_holes(struct engine *e, struct flow_side *side) {
    while (side->holes != NONE) {
        uint32_t i = side->holes;
        side->holes = hole_at(e, i)->chain;
        hole_free(e, i);
    }
}

/* What came too late for two directions captured apart will not come. */
static void forget_unseen(struct engine *e, struct flow_side *side, uint32_t now_us) {
    while (side->holes != NONE) {
        uint32_t i = side->holes;
        const struct hole *h = hole_at(e, i);
        if (!h->acked || now_us - h->us <= APART_US) break;
        side->holes = h->chain;
        hole_free(e, i);
    }
}

static uint32_t *hole_tail(struct engine *e, struct flow_side *side) {
    uint32_t *at = &side->holes;
    for (unsigned n = 0; *at != NONE && n < LONGEST_LIST; n++) at = &hole_at(e, *at)->chain;
    return at;
}

/* The ACK is ahead of all data: what lies between is a hole, or more of the one just made. */
static void ack_runs_ahead(struct engine *e, struct flow_side *side, struct hole unseen) {
    uint32_t last = NONE, i = side->holes;
    for (unsigned n = 0; i != NONE && n < LONGEST_LIST; n++) last = i, i = hole_at(e, i)->chain;
    struct hole *h = last == NONE ? NULL : hole_at(e, last);
    if (h && h->acked && h->end == unseen.seq && unseen.us - h->us < JOIN_US &&
        h->gap_acks < UINT8_MAX) {
        h->end = unseen.end;
        h->gap_acks = (uint8_t)(h->gap_acks + unseen.gap_acks);
        return;
    }
    hole_add(e, side, hole_tail(e, side), unseen);
}

/* Mark the holes below `ack`; the first one carries the count.  True if there was one. */
static bool ack_holes(struct engine *e, struct flow_side *side, struct hole unseen) {
    bool found = false;
    uint32_t *at = &side->holes;
    for (unsigned kept = 0; *at != NONE && seq_before(hole_at(e, *at)->seq, unseen.end);) {
        uint32_t i = *at;
        struct hole *h = hole_at(e, i);
        if (!h->acked && seq_after(h->end, unseen.end)) { /* the rest is still missing */
            unseen.seq = h->seq;
            unseen.gap_acks = found ? 0 : unseen.gap_acks;
            h->seq = unseen.end;
            hole_add(e, side, at, unseen);
            return true;
        }
        if (!h->acked) {
            h->gap_acks = found ? 0 : unseen.gap_acks;
            h->us = unseen.us;
            h->acked = found = true;
        }
        if (++kept > APART_HOLES) {
            *at = h->chain;
            hole_free(e, i);
        } else {
            at = &h->chain;
        }
    }
    return found;
}

bool tcp_ack_gap(struct engine *e, const struct segment *s, bool counted) {
    struct flow_side *side = &s->f->side[!s->dir];
    uint32_t ack = s->k->tcp.ack;
    struct hole unseen = {
        .seq = side->next, .end = ack, .us = s->us, .acked = true, .gap_acks = counted};
    if (side->holes != NONE) forget_unseen(e, side, s->us);
    bool gap = side->holes != NONE && ack_holes(e, side, unseen);
    if (!(side->bits & SIDE_NEXT) || !seq_after(ack, side->next) || s->flags & TCP_RST) return gap;
    if (gap) unseen.gap_acks = 0;
    ack_runs_ahead(e, side, unseen);
    side->next = ack;
    side->next_us = s->us;
    side->bits |= SIDE_PUSHED; /* as the last segment of a write mostly has it */
    return true;
}

/* Fill [seq, end) in the list: bytes that were missing, and the first hole touched as it was. */
static uint32_t fill_holes(struct engine *e, struct flow_side *side, uint32_t seq, uint32_t end,
                           struct hole *first_out) {
    uint32_t filled = 0, *at = &side->holes;
    while (*at != NONE) {
        uint32_t i = *at;
        struct hole *h = hole_at(e, i);
        uint32_t from = seq_after(h->seq, seq) ? h->seq : seq;
        uint32_t to = seq_before(h->end, end) ? h->end : end;
        if (!seq_before(from, to)) {
            at = &h->chain;
            continue;
        }
        if (filled == 0) *first_out = *h;
        filled += to - from;
        if (from == h->seq && to == h->end) {
            if (h->acked) e->total.gap_acks -= h->gap_acks; /* only the directions lay apart */
            *at = h->chain;
            hole_free(e, i);
            continue;
        }
        if (from == h->seq)
            h->seq = to;
        else if (to == h->end)
            h->end = from;
        else {
            struct hole rest = *h;
            rest.seq = to;
            rest.gap_acks = 0;
            h->end = from;
            hole_add(e, side, &h->chain, rest);
        }
        at = &h->chain;
    }
    return filled;
}

static void retransmitted(struct engine *e, struct flow *f, unsigned dir, uint32_t times) {
    if (f->retransmitted[0] + f->retransmitted[1] == 0) f->retransmit_first_us = e->now_us;
    f->retransmit_last_us = e->now_us;
    f->retransmitted[dir] += times;
    services_note_trouble(e, f, times);
}

static void count_retransmission(struct engine *e, struct segment *s, uint32_t *where) {
    struct flow *f = s->f;
    retransmitted(e, f, s->dir, 1);
    ++*where;
    if (f->bits & FLOW_SELECTED) seconds_retransmitted(&e->seconds, e->now_us);
}

/* IP and TCP headers around a segment's payload. */
static uint32_t headers_of(const struct flow *f, const struct flow_side *side) {
    return (f->end[CLIENT].len == 16 ? 60u : 40u) + (side->stamped ? TCP_STAMP_BYTES : 0);
}

/* Nothing of the other end was seen, and yet it spoke: the sender got as far as data, or went on to
 * new ones.  Only this direction passes here, and whether it got its ACKs cannot be told. */
static bool is_one_way(const struct flow *f, unsigned d) {
    const struct flow_side *side = &f->side[d];
    return f->packets[!d] == 0 &&
           (f->bits & FLOW_SYN || (int32_t)(side->next_us - side->try_last_us) > 0);
}

static struct msg_incident dead_row(const struct flow *f, unsigned d, uint32_t at_us,
                                    uint64_t span_us, uint32_t size) {
    const struct flow_side *side = &f->side[d];
    uint64_t first = flow_widen(f, at_us);
    return (struct msg_incident){.kind = INCIDENT_DEAD_PATH,
                                 .subject = f->end[SERVER],
                                 .port = f->port[SERVER],
                                 .peer = f->end[CLIENT],
                                 .on_target = f->bits & FLOW_TARGET,
                                 .count = 1,
                                 .first_us = first,
                                 .last_us = first + span_us,
                                 .span_us = span_us,
                                 .size_bytes = size + headers_of(f, side),
                                 .size_ok_bytes =
                                     side->passed ? side->passed + headers_of(f, side) : 0,
                                 .toward_client = d == SERVER};
}

/* The silent end is there: it spoke when an answer to what was sent first had long been due, or has
 * got what was sent behind that, of known size.  Not if what it says shows that nothing at all gets
 * through: it sends again what was acknowledged, more than the once that an ACK is lost with large
 * data. */
static bool is_alive(const struct flow *f, const struct flow_side *side,
                     const struct flow_side *rev) {
    uint32_t later_us = rev->ws_ack_us - side->try_first_us;
    bool later = rev->bits & WS_WINDOW && later_us >> 31 == 0 && later_us >= DEAD_SPAN_US;
    bool behind = f->sacks && rev->dup_acks > 0;
    return side->unheard == 0 ? later || behind : side->unheard == 1 && behind;
}

bool tcp_dead_path(const struct engine *e, const struct flow *f, struct msg_incident *out) {
    for (unsigned d = 0; d < 2; d++) {
        const struct flow_side *side = &f->side[d];
        if (!(side->bits & SIDE_DEAD) || tcp_end_denies(f, d) || is_one_way(f, d)) continue;
        if (!(f->bits & FLOW_ENDED) &&
            e->now_us - flow_widen(f, side->try_first_us) < end_guard_us(0))
            continue;
        *out = dead_row(f, d, side->try_first_us, side->try_last_us - side->try_first_us,
                        side->try_len);
        out->tries = side->tries;
        out->value = side->tries_fill;
        out->worked = (side->bits & SIDE_ASLEEP) != 0;
        out->requests = is_alive(f, side, &f->side[!d]);
        return true;
    }
    return false;
}

static bool is_later(uint32_t us, uint32_t than_us) {
    return (us - than_us) >> 31 == 0 && us - than_us >= LATER_US;
}

/* The payload of a full segment, if a hole is exactly so many of them; else 0.  Options take some
 * of what the MSS allows (RFC 9293 section 3.1); a router may have told the sender of less than the
 * capture shows, and a few small messages may add up to one such segment, but hardly to several. */
static uint32_t full_segment(const struct flow *f, uint32_t hole) {
    uint32_t a = f->side[CLIENT].mss, b = f->side[SERVER].mss, most = a < b ? a : b;
    if (most == 0 || hole == 0) return 0;
    uint32_t n = (hole + most - 1) / most, less = most - hole / n;
    bool full = less <= OPTIONS_BYTES && less % 4 == 0;
    bool clamped = n >= CLAMPED_LEAST && less <= CLAMPED_BYTES;
    return hole % n == 0 && (full || clamped) ? hole / n : 0;
}

/* What one end sent and is missing here since `us`: the first gap, or by the numbers of its later
 * bare ACKs an answer as a whole. */
static bool is_missing(const struct engine *e, const struct flow *f, unsigned d, struct hole *out) {
    const struct flow_side *side = &f->side[d];
    bool ahead = side->bits & WS_NEXT && seq_after(side->ws_next, side->next);
    if (side->holes != NONE)
        *out = e->holes.hole[side->holes];
    else if (d == SERVER && ahead)
        *out = (struct hole){.seq = side->next,
                             .end = side->ws_next,
                             .us = f->bits & FLOW_REQUEST ? f->request_us : side->next_us};
    else
        return false;
    return !out->acked;
}

/* A sender that looks for a black hole by itself cuts what is lost again and again. */
static bool was_cut_to_fit(const struct flow *f, unsigned d, struct msg_incident *out) {
    const struct flow_side *side = &f->side[d];
    if (side->narrow == 0 || side->passed == 0 || side->passed >= side->narrow) return false;
    uint32_t span = side->narrow_ds * 100000u, end_us = (uint32_t)f->retransmit_last_us;
    *out = dead_row(f, d, end_us - span, span, side->narrow);
    out->unseen = true;
    out->passed = 1;
    return true;
}

static void note_cut(struct flow_side *side, uint32_t full, uint32_t piece, uint32_t vain_us) {
    if (side->narrow || full > UINT16_MAX || piece * 105 >= full * 100) return;
    side->narrow = (uint16_t)full;
    side->narrow_ds = vain_us > 25500000u ? UINT8_MAX : (uint8_t)(vain_us / 100000u);
    if (side->largest < full) return;
    side->largest = (uint16_t)piece; /* no larger one will have arrived when the ACK comes */
    side->largest_end = side->try_seq + piece;
}

bool tcp_large_never_came(const struct engine *e, const struct flow *f, struct msg_incident *out) {
    for (unsigned d = 0; d < 2; d++) {
        const struct flow_side *side = &f->side[d], *rev = &f->side[!d];
        struct hole h;
        if (was_cut_to_fit(f, d, out)) return true;
        if (!is_missing(e, f, d, &h)) continue;
        uint32_t each = full_segment(f, h.end - h.seq);
        bool asked_for =
            rev->bits & SIDE_ACK && rev->acked == h.seq && rev->ws_ack_us - h.us < 1u << 31;
        if (each <= side->largest || !asked_for || (side->holes == NONE && each == h.end - h.seq))
            continue;
        uint64_t at = flow_widen(f, h.us), until = f->bits & FLOW_ENDED ? f->last_us : e->now_us;
        /* An end that sends FIN long after the gap has given up, or waits no more. */
        bool left = side->bits & SIDE_FIN && is_later(side->next_us, h.us);
        if (rev->bits & SIDE_FIN) until = flow_widen(f, rev->next_us);
        if (left) until = flow_widen(f, side->next_us);
        *out = dead_row(f, d, h.us, until > at ? until - at : 0, each);
        out->unseen = true;
        out->requests = is_later(side->ws_ack_us, h.us);
        return true;
    }
    return false;
}

/* The same segment again: are the gaps growing, as a sender's timer makes them?  Judged only when
 * the connection is looked at: an ACK may still come. */
static void follow_tries(struct segment *s, struct flow_side *side) {
    const struct flow_side *peer = &s->f->side[!s->dir];
    if (side->tries > 0 && side->try_seq != s->seq && side->bits & SIDE_DEAD) return;
    if (side->tries == 0 || side->try_seq != s->seq) {
        side->try_seq = s->seq;
        side->try_len = (uint16_t)(s->len > UINT16_MAX ? UINT16_MAX : s->len);
        side->try_first_us = side->next_us;
        side->try_gap_us = s->us - side->next_us;
        side->tries = 2;
        side->unheard = 0;
        side->tries_growing = 1;
    } else {
        uint32_t gap = s->us - side->try_last_us;
        if (side->tries >= DEAD_TRIES && side->try_len <= peer->mss && is_alive(s->f, side, peer))
            note_cut(side, side->try_len, s->len, s->us - side->try_first_us);
        if ((uint64_t)gap * 100 < (uint64_t)side->try_gap_us * 95) side->tries_growing = 0;
        side->try_gap_us = gap;
        if (side->tries < UINT8_MAX) side->tries++;
    }
    side->try_last_us = s->us;
    /* Did what is outstanding fill the window?  Then the receiver may have stopped taking data. */
    uint32_t room = peer->acked + peer->window - side->next;
    side->tries_fill = peer->bits & SIDE_WINDOW && peer->bits & SIDE_ACK &&
                       (room < s->len || seq_after(side->next, peer->acked + peer->window));
    if (side->tries >= DEAD_TRIES && side->tries_growing &&
        s->us - side->try_first_us >= DEAD_SPAN_US)
        side->bits |= SIDE_DEAD;
}

/* ---- pushes to a client that may sleep --------------------------------------------------------
 * The server sends something unasked to a client that has been idle: a phone takes it when it
 * wakes, and until then it is repeated.  That is no loss; but a client that takes one push at once
 * and the next one not, again and again, is awake, and what had been excused is counted after all.
 */
static bool is_unasked(const struct flow *f) {
    return f->idle_ms > 0 && (int32_t)(f->side[CLIENT].next_us - f->resume_us) < 0;
}

static void note_sleeper(const struct segment *s, struct flow_side *side) {
    const struct flow *f = s->f;
    if (s->dir == SERVER && f->bits & FLOW_RESUMED && is_unasked(f) &&
        side->next_us - f->resume_us <= AT_ONCE_US)
        side->bits |= SIDE_ASLEEP;
}

/* What a sender repeats while nothing comes back is the first of what is outstanding; the rest goes
 * out again once the client is awake. */
static bool is_for_sleeper(const struct segment *s, const struct flow_side *side) {
    const struct flow *f = s->f;
    const struct flow_side *rev = &f->side[!s->dir];
    bool first = rev->bits & SIDE_ACK && !seq_after(s->seq, rev->acked);
    return side->bits & SIDE_ASLEEP && f->turns_awake < TURNS_AWAKE &&
           (first || !(f->bits & FLOW_PUSH_WAITS));
}

static void excuse(struct flow *f, const struct segment *s) {
    if (f->excused + f->excused_now == 0) f->excused_us = s->us;
    if (f->excused_now < UINT8_MAX) f->excused_now++;
}

static void count_excused(struct engine *e, struct flow *f) {
    uint32_t times = (uint32_t)f->excused + f->excused_now;
    uint64_t first = flow_widen(f, f->excused_us);
    if (times == 0) return;
    retransmitted(e, f, SERVER, times);
    f->lost_after += times;
    if (first < f->retransmit_first_us) f->retransmit_first_us = first;
    f->excused = f->excused_now = 0;
}

void tcp_note_wake(struct engine *e, const struct segment *s, bool advanced) {
    struct flow *f = s->f;
    if (!advanced) { /* copies that were kept for it arrive together, and are acknowledged each */
        if (f->bits & FLOW_PUSH_WAITS || s->pause_us > AT_ONCE_US) return;
        f->excused_now = 0;
        f->bits &= ~(uint32_t)FLOW_PUSH_LATE;
        return;
    }
    if (!(f->bits & FLOW_PUSH_WAITS)) return;
    f->bits &= ~(uint32_t)FLOW_PUSH_WAITS;
    if (!is_unasked(f)) return;
    if (f->side[SERVER].bits & SIDE_ASLEEP) {
        f->bits |= FLOW_PUSH_LATE;
    } else if (f->bits & FLOW_PUSH_LATE) {
        f->bits &= ~(uint32_t)FLOW_PUSH_LATE;
        if (f->turns_awake < TURNS_AWAKE && ++f->turns_awake == TURNS_AWAKE) count_excused(e, f);
    }
}

void tcp_note_passed(const struct segment *s, uint32_t bytes) {
    struct flow_side *sender = &s->f->side[!s->dir];
    const struct tcp_header *t = &s->k->tcp;
    if (bytes > 0 && sender->largest > sender->passed && !seq_before(t->ack, sender->largest_end))
        sender->passed = sender->largest;
    else if (bytes > 1 && sender->passed == 0 && 2 * bytes < sender->largest)
        sender->passed = (uint16_t)bytes; /* of one segment, or together; 1 may be the SYN's */
    s->f->sacks |= t->sack_blocks > 0;
    for (unsigned i = 0; i < t->sack_blocks; i++) {
        uint32_t len = t->sack_right[i] - t->sack_left[i];
        if (len >> 31 == 0 && len > sender->largest) len = sender->largest; /* several */
        if (len <= sender->largest && len > sender->passed) sender->passed = (uint16_t)len;
    }
}

void tcp_tries_acked(struct engine *e, const struct segment *s) {
    struct flow_side *side = &s->f->side[!s->dir];
    uint32_t ack = s->k->tcp.ack;
    bool asleep = side->bits & SIDE_ASLEEP;
    if (!seq_before(ack, side->next)) side->bits &= ~(uint32_t)SIDE_ASLEEP;
    if (!(side->tries > 0 || side->bits & SIDE_DEAD) || !seq_after(ack, side->try_seq)) return;
    if (side->bits & SIDE_DEAD && !asleep && !side->tries_fill)
        strain_outage(e, s->f, s->us - side->try_first_us);
    side->tries = 0;
    side->bits &= ~(uint32_t)SIDE_DEAD;
}

static void count_spurious(struct engine *e, struct flow *f, unsigned dir) {
    struct service *v = services_of(e, f);
    f->spurious++;
    if (v) v->strain.needless[dir]++;
}

/* What was sent again had not been lost. */
static void retract_loss(struct engine *e, struct flow *f, unsigned dir, uint32_t *where) {
    if (*where == 0 || f->retransmitted[dir] == 0) return;
    --*where;
    f->retransmitted[dir]--;
    count_spurious(e, f, dir);
}

void tcp_note_dsack(struct engine *e, struct flow *f, unsigned dir, uint32_t seq) {
    struct flow_side *side = &f->side[dir];
    if (side->try_len == 0 || side->try_seq != seq) return;
    if (side->tries == 0) side->try_len = 0; /* acknowledged: no more of it can be said */
    retract_loss(e, f, dir, &f->lost_after);
}

/* Was this segment sent before the one that opened the hole?  Then it was overtaken; whatever is
 * sent again is sent later.  Timestamps say it for certain (RFC 7323 section 5.4) but tick slowly;
 * stacks that count the IP ids of a connection say it within a tick, and ids at random fall into
 * so narrow a range once in 256 times. */
static bool was_overtaken(const struct packet *k, const struct hole *h) {
    uint32_t older = h->stamp - k->tcp.ts_value, behind = (uint16_t)(h->id - k->ip_id);
    if (h->has_stamp && k->tcp.has_timestamps && older != 0) return older < 1u << 31;
    return h->has_id && packet_is_numbered(k) && behind > 0 && behind <= ORDER_IDS;
}

/* All of it has come: this is the first copy, sent long before the packet that came last, and what
 * came in its place was not needed. */
static bool is_late_original(const struct flow_side *side, const struct packet *k) {
    uint16_t behind = (uint16_t)(side->last_id - k->ip_id);
    return tcp_end_counts_ids(side, k) && behind > 0 && behind <= ORDER_IDS;
}

static void judge_old(struct engine *e, struct segment *s, struct flow_side *side) {
    struct flow *f = s->f;
    const struct flow_side *rev = &f->side[!s->dir];
    struct hole hole = {0};
    uint32_t end = s->seq + s->len;
    uint32_t old_end = seq_before(end, side->next) ? end : side->next;
    if (side->holes != NONE) forget_unseen(e, side, s->us);
    uint32_t filled = fill_holes(e, side, s->seq, old_end, &hole);
    s->again = true;
    s->fresh = filled + (end - old_end);
    if (filled > 0 && hole.acked) {
        f->bits |= FLOW_APART;
        return;
    }
    if (filled > 0) {
        uint32_t full = full_segment(f, hole.end - hole.seq);
        if (s->us - hole.us >= NEVER_US && full > side->largest)
            note_cut(side, full, s->len, s->us - hole.us);
        uint32_t rtt = f->bits & FLOW_ESTABLISHED ? f->handshake_us : 0, late = s->us - hole.us;
        bool soon = rtt > 0 ? late < rtt - rtt / 4 : late < ORDER_US && rev->dup_acks < 3;
        bool narrow = hole.end - hole.seq <= ORDER_SEGMENTS * s->len;
        /* Near by, later than a round trip: more often sent again, unless an id may deny it. */
        soon |= narrow && rtt > 0 && late < ORDER_US && rev->dup_acks < 3 && hole.has_id;
        bool sent_again = late >= TOLD_US && tcp_end_sent_next(side, s->k);
        if (was_overtaken(s->k, &hole) || (soon && !sent_again))
            f->reordered += !(f->bits & FLOW_APART);
        else
            count_retransmission(e, s, &f->lost_before);
        return;
    }
    if (f->lost_before > 0 && is_late_original(side, s->k)) {
        f->reordered += !(f->bits & FLOW_APART);
        retract_loss(e, f, s->dir, &f->lost_before);
        return;
    }
    if (rev->bits & SIDE_ACK && !seq_after(end, rev->acked)) {
        count_spurious(e, f, s->dir);
        struct flow_side *peer = &f->side[!s->dir];
        if (peer->unheard < 3) peer->unheard++;
        return;
    }
    /* What was too big for the path was dropped by a router that said so: no loss. */
    bool told = side->bits & SIDE_TOLD_MTU && side->told_end && !seq_after(end, side->told_end);
    note_sleeper(s, side);
    if (is_for_sleeper(s, side))
        excuse(f, s);
    else if (!told)
        count_retransmission(e, s, &f->lost_after);
    follow_tries(s, side);
}

/* Most stacks ask a closed window with one byte, some with the whole segment that did not fit: it
 * was not lost, and its receiver is there. */
static bool is_probe(const struct segment *s, const struct flow_side *side) {
    const struct flow_side *rev = &s->f->side[!s->dir];
    if (s->flags & (TCP_SYN | TCP_FIN)) return false;
    if (rev->bits & SIDE_CLOSED) return s->len == 1 || s->seq == rev->acked;
    return s->len == 1 && s->seq == side->next - 1;
}

void tcp_judge_data(struct engine *e, struct segment *s) {
    struct flow_side *side = &s->f->side[s->dir];
    uint32_t seq = s->seq + (s->flags & TCP_SYN ? 1u : 0u);
    s->fresh = s->len;
    if (!(side->bits & SIDE_NEXT)) {
        side->bits |= SIDE_NEXT;
        side->next = s->end;
        side->next_us = s->us;
        return;
    }
    if (s->len > 0 && seq_before(seq, side->next)) {
        if (is_probe(s, side))
            s->fresh = 0, s->again = true;
        else
            judge_old(e, s, side);
    } else if (s->len + (s->flags & TCP_FIN) > 0 && seq_after(seq, side->next) &&
               seq - side->next < 1u << 30) {
        hole_add(e, side, hole_tail(e, side),
                 (struct hole){.seq = side->next,
                               .end = seq,
                               .us = s->us,
                               .stamp = s->k->tcp.ts_value,
                               .id = (uint16_t)s->k->ip_id,
                               .has_id = packet_is_numbered(s->k),
                               .has_stamp = s->k->tcp.has_timestamps});
    }
    if (s->flags & TCP_RST || !seq_after(s->end, side->next)) return;
    if (s->len == 0 && !(s->flags & (TCP_SYN | TCP_FIN))) return;
    side->next = s->end;
    side->next_us = s->us;
    /* New data behind what was sent in vain: only ACKs that pass elsewhere let a sender do that. */
    if (s->len > 0 && !(s->f->side[!s->dir].bits & SIDE_ACK)) side->bits &= ~(uint32_t)SIDE_DEAD;
    if (!(side->bits & SIDE_DEAD)) side->tries = 0;
    if (!(s->f->bits & FLOW_RESUMED)) side->bits &= ~(uint32_t)SIDE_ASLEEP;
}
