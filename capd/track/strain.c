/* What slows a connection down: round trips that grow, data sent needlessly, silences.
 * Round trips are held against the handshake of their own connection, never against another
 * client's.  A silence counts when data waits for its ACK, or the rest of an announced message for
 * its sender; it must follow a running exchange, since who was left alone for long may sleep (a
 * phone's radio) and takes its time for the first packet.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/strain.h"
#include "capd/track/services.h"

#define INFLATED_TIMES  4u        /* findings.md, rtt_inflation */
#define INFLATED_US     20000u    /* the same */
#define BEAT_SHARE      10u       /* of a beat, to either side: one in five is so near by chance */
#define BEAT_DRIFT_US   10000000u /* clocks 100 ppm apart differ by 1 ms then */
#define BEAT_AT_ONCE_US 30000u
#define BEATS_ASLEEP    3u          /* a card that was just woken wakes again after one to three */
#define RISE_US         50000u      /* half of what findings.md asks for */
#define OUTAGE_US       2000000u    /* shorter ones are told by their first silence */
#define STALL_ROUNDS    4u          /* findings.md, tcp_stall */
#define WAITS_US        4000000u    /* a server may pace what it sends, seldom by more than this */
#define RESENT_US       3000000u    /* by then every sender repeats what nobody acknowledged */
#define PATIENCE_US     1000000000u /* nobody waits longer: senders give up after some 15 minutes */
#define COUNTED_IDS     3u    /* so many in order are no chance: this sender counts its packets */
#define ROOM_BYTES      2920u /* less room than two segments: the receiver may be what it waits for */

/* A Wi-Fi card that saves power takes what was sent to it at the next beacon of its access point.
 * So inflated round trips end on the beat of beacons, whenever they began: 100 ms, or the usual 100
 * units of 1024 us.  What was sent on that beat itself says nothing, unless it was sent just after
 * the one before had ended, and few beats ago: the round trips of a queue are all alike, and what
 * takes seven beats once does so each time.  A card that much is sent to stays awake. */
static const uint32_t beacon_us[2] = {100000, 102400};

static bool is_on_beat(uint64_t us, uint32_t beat) {
    uint64_t off = us % beat;
    return off <= beat / BEAT_SHARE || off >= beat - beat / BEAT_SHARE;
}

static void note_beat(struct strain *t, uint64_t now_us, uint64_t whole_us) {
    uint64_t sent_us = now_us > whole_us ? now_us - whole_us : 0, since = now_us - t->beat_us;
    for (unsigned i = 0; i < 2 && t->beat_us > 0 && since <= BEAT_DRIFT_US; i++) {
        bool at_once =
            sent_us - t->beat_us <= BEAT_AT_ONCE_US && since / beacon_us[i] <= BEATS_ASLEEP;
        if (is_on_beat(sent_us - t->beat_sent_us, beacon_us[i]) && !at_once) continue;
        t->beats[i]++;
        if (is_on_beat(since, beacon_us[i])) t->on_beat[i]++;
    }
    t->beat_us = now_us;
    t->beat_sent_us = sent_us;
}

void strain_round_trip(struct engine *e, const struct flow *f, unsigned d, struct round_trip r) {
    uint32_t base = f->bits & FLOW_ESTABLISHED ? f->handshake_us : 0;
    struct service *v = base ? services_of(e, f) : NULL;
    if (!v) return;
    struct strain *t = &v->strain;
    bool inflated = r.whole_us >= INFLATED_US && r.whole_us / INFLATED_TIMES >= base;
    if (inflated && !r.sure) return;
    /* A quick exchange gives many round trips, a slow one few: the median must be that of time. */
    if (t->rtt_judged == 0 || e->now_us - t->judged_us >= INFLATED_US) {
        t->judged_us = e->now_us;
        t->rtt_judged++;
        t->rtt_base_us += base;
        if (inflated) {
            t->rtt_inflated++;
            if (r.bytes < STRAIN_LOADED_BYTES) note_beat(t, e->now_us, r.whole_us);
        }
        /* Most services never need these two: no sketch before the first sign. */
        if (t->rtt_inflated > 0) services_sample(e, f, SERVICE_ROUND, r.whole_us);
    }
    uint32_t rise = r.whole_us > base ? r.whole_us - base : 0;
    if (r.bytes < STRAIN_LOADED_BYTES || (t->loaded == 0 && rise < RISE_US)) return;
    t->loaded++;
    t->loaded_base_us += base;
    if (!(f->side[d].bits & SIDE_SPENT)) t->busy++;
    services_sample(e, f, SERVICE_RISE, rise);
}

void strain_round(struct engine *e, const struct flow *f, unsigned d, struct round r) {
    struct service *v = services_of(e, f);
    uint32_t base = f->bits & FLOW_ESTABLISHED ? f->handshake_us : 0;
    if (!v) return;
    struct strain *t = &v->strain;
    /* Beside the sender a round trip shows as several rounds, each short, of which one counts; and
     * connections share the time. */
    uint32_t since = (uint32_t)e->now_us - t->round_last_us[d];
    if (since < r.whole_us / 2) return;
    uint32_t us = since < r.whole_us ? since : r.whole_us;
    t->round_last_us[d] = (uint32_t)e->now_us;
    t->rounds_us[d] += us;
    /* Behind a queue the window is full as well, but it is the link that sets the pace. */
    if (!r.full || base == 0 || r.whole_us / 2 > base) return;
    t->full_us[d] += us;
    t->full_rounds[d]++;
    t->full_window_bytes[d] += r.window;
    t->full_rtt_us[d] += r.whole_us;
}

void strain_sack(struct engine *e, const struct segment *s) {
    const struct tcp_header *t = &s->k->tcp;
    uint32_t left = t->sack_left[0], right = t->sack_right[0];
    bool below = !seq_after(right, t->ack);
    bool inside = t->sack_blocks > 1 && !seq_before(left, t->sack_left[1]) &&
                  !seq_after(right, t->sack_right[1]);
    /* A keep-alive of one byte is answered like this as well. */
    if (!(below || inside) || right - left < 2 || right - left > 1u << 20) return;
    struct service *v = services_of(e, s->f);
    uint32_t largest = s->f->side[!s->dir].largest, bytes = right - left;
    if (v) v->strain.dsacks[!s->dir] += largest > 0 ? (bytes + largest - 1) / largest : 1;
    tcp_note_dsack(e, s->f, !s->dir, left);
}

/* Sent by one end and not acknowledged by the other, which takes data. */
static bool is_outstanding(const struct flow *f, unsigned d) {
    const struct flow_side *from = &f->side[d], *to = &f->side[!d];
    return from->bits & SIDE_NEXT && to->bits & SIDE_ACK && seq_after(from->next, to->acked) &&
           from->next - to->acked < 1u << 30 && !(to->bits & SIDE_CLOSED) &&
           (!(to->bits & SIDE_WINDOW) || to->window >= ROOM_BYTES);
}

/* In the middle of a message of the server, with all acknowledged that came of it.  A length of
 * HTTP whose request was not seen may be that of a HEAD. */
static bool is_announced(const struct flow *f) {
    const struct flow_side *v = &f->side[SERVER], *c = &f->side[CLIENT];
    return app_unsent(v) > 0 && f->bits & FLOW_ANSWER &&
           (f->app != APP_HTTP || v->bits & APP_ASKED) &&
           !(v->bits & (APP_LOST | APP_CHUNKED | APP_DEAF)) && v->holes == NONE &&
           v->bits & SIDE_NEXT && c->bits & SIDE_ACK && c->acked == v->next &&
           c->bits & SIDE_WINDOW && c->window >= ROOM_BYTES && !(c->bits & SIDE_CLOSED);
}

static bool is_running(const struct flow *f) {
    bool over = (f->side[0].bits | f->side[1].bits) & (SIDE_FIN | SIDE_RST);
    return f->bits & FLOW_ESTABLISHED && !over && !(f->bits & (FLOW_RESUMED | FLOW_HIDDEN)) &&
           f->packets[0] > 0 && f->packets[1] > 0;
}

/* Its next packet has the very next IP id: it sent nothing that got lost, nor anything again. */
static bool sent_nothing(const struct flow *f, const struct packet *k, unsigned dir) {
    const struct flow_side *v = &f->side[SERVER];
    return dir == SERVER && k->has_ip_id && v->id_steps >= COUNTED_IDS &&
           k->ip_id == (uint16_t)(v->last_id + 1u);
}

/* Who closes after a silence was not waiting for anything, unless it lacks to this day what it was
 * sent, or the rest of what was announced. */
static bool is_left_waiting(const struct flow *f, const struct packet *k, unsigned dir) {
    bool lacks = k->tcp.flags & TCP_ACK && seq_before(k->tcp.ack, f->side[!dir].next);
    return (lacks && is_outstanding(f, !dir)) || (dir == CLIENT && is_announced(f));
}

/* Nothing at all was captured while this flow was silent. */
static bool is_still(const struct engine *e, const struct flow *f, uint64_t quiet_us) {
    return e->still_from_us >= f->last_us && quiet_us - e->still_us <= STRAIN_QUIET_US;
}

void strain_clock_jumped(struct engine *e) {
    e->jumped_from_us = e->still_from_us + 1;
    for (uint32_t i = 0; i < e->services.capacity; i++) {
        struct strain *t = &e->services.service[i].strain;
        if (t->still_stalls == 0 || t->still_from_us != e->still_from_us) continue;
        t->stalls -= t->still_stalls;
        t->pauses -= t->still_pauses;
        t->stall_longest_us = t->longest_before_us;
        t->stall_last_us = t->last_before_us;
        t->still_stalls = t->still_pauses = 0;
    }
}

/* No time passed for this connection: the clock was set forward, or who captures slept.  What
 * waited is acknowledged at once, not sent again before; or it goes on after so long that both ends
 * would have given up. */
static bool is_jump(struct engine *e, const struct flow *f, const struct packet *k, unsigned dir,
                    uint64_t quiet_us) {
    if (e->jumped_from_us == e->still_from_us + 1 || quiet_us >= PATIENCE_US) return true;
    bool acks = k->tcp.flags & TCP_ACK && is_outstanding(f, !dir) &&
                seq_after(k->tcp.ack, f->side[dir].acked) &&
                !seq_after(k->tcp.ack, f->side[!dir].next);
    if (quiet_us < RESENT_US || !acks) return false;
    strain_clock_jumped(e);
    return true;
}

/* It may turn out later that no time passed. */
static void note_still(const struct engine *e, struct strain *t, bool pause) {
    if (t->still_stalls == 0 || t->still_from_us != e->still_from_us) {
        t->still_from_us = e->still_from_us;
        t->still_stalls = t->still_pauses = 0;
        t->longest_before_us = t->stall_longest_us;
        t->last_before_us = t->stall_last_us;
    }
    t->still_stalls++;
    t->still_pauses += pause;
}

static void note_stall(struct engine *e, struct strain *t, uint64_t quiet_us, bool pause) {
    if (t->stalls++ == 0) t->stall_first_us = e->now_us - quiet_us;
    t->stall_last_us = e->now_us;
    t->pauses += pause;
    if (quiet_us > t->stall_longest_us) t->stall_longest_us = quiet_us;
}

void strain_silence(struct engine *e, struct flow *f, const struct packet *k, unsigned dir,
                    uint64_t quiet_us) {
    uint64_t rounds =
        (uint64_t)STALL_ROUNDS * (f->rtt_smooth_us ? f->rtt_smooth_us : f->handshake_us);
    bool closes = k->tcp.flags & (TCP_FIN | TCP_RST), is_long = quiet_us >= WAITS_US;
    bool waits = closes ? is_long && is_left_waiting(f, k, dir)
                        : is_outstanding(f, CLIENT) || is_outstanding(f, SERVER) ||
                              (is_long && is_announced(f));
    bool still = is_still(e, f, quiet_us);
    bool stalled =
        is_running(f) && quiet_us > rounds && waits && !(still && is_jump(e, f, k, dir, quiet_us));
    f->bits |= FLOW_RESUMED;
    struct service *v = stalled ? services_of(e, f) : NULL;
    if (!v) return;
    if (closes) f->bits |= FLOW_LEFT_WAITING;
    bool pause =
        !is_outstanding(f, CLIENT) && !is_outstanding(f, SERVER) && sent_nothing(f, k, dir);
    if (still) note_still(e, &v->strain, pause);
    note_stall(e, &v->strain, quiet_us, pause);
}

/* Its first silence was a stall, of which this is the whole. */
void strain_outage(struct engine *e, const struct flow *f, uint32_t us) {
    bool lasted = us >> 31 == 0 && us >= OUTAGE_US && f->bits & FLOW_ESTABLISHED;
    struct service *v = lasted && !(f->bits & FLOW_HIDDEN) ? services_of(e, f) : NULL;
    if (!v) return;
    struct strain *t = &v->strain;
    if (t->stalls == 0) note_stall(e, t, us, false);
    if (us > t->stall_longest_us) t->stall_longest_us = us;
    t->stall_last_us = e->now_us;
}

bool strain_waits(const struct engine *e, const struct flow *f) {
    bool hole = f->side[SERVER].holes != NONE && is_outstanding(f, SERVER);
    return is_running(f) && (hole || is_announced(f)) && e->now_us > f->last_us &&
           e->now_us - f->last_us >= WAITS_US;
}
