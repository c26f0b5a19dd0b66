/* A connection's life: handshake, outcome, history, acknowledgements, end.  Copies made by the
 * capture itself do not come here.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/copies.h"
#include "capd/track/dns_faults.h"
#include "capd/track/link.h"
#include "capd/track/tcp.h"
#include "capd/track/path.h"
#include "capd/track/select.h"
#include "capd/track/services.h"
#include "capd/track/tcp_end.h"
#include "capd/track/stranger.h"
#include "capd/track/tcp_setup.h"
#include "capd/track/teardown.h"
#include "capd/track/strain.h"

#define IDLE_CLOSE_US  1000000u
#define FAREWELL_BYTES 100u       /* an alert of TLS, a disconnect of SSH */
#define FAREWELL_US    100000u    /* programs that close so do it in one go */
#define MISSED_BYTES   (1u << 24) /* the capture may have missed so much, and the SYN-ACK */
#define HEARD_US                                                                                   \
    500000u /* a SYN-ACK is repeated after a second; what crosses the ACK comes sooner */

/* Zeek's letters; bit in history_seen by position. */
static void history_add(struct segment *s, char letter, unsigned dir) {
    static const char letters[] = "SHADFRTWQ";
    struct flow *f = s->f;
    const char *at = memchr(letters, letter, sizeof letters - 1);
    uint16_t bit = (uint16_t)(1u << (at - letters));
    if (f->history_seen[dir] & bit) return;
    f->history_seen[dir] |= bit;
    if (f->history_len < sizeof f->history)
        f->history[f->history_len++] = (char)(dir == CLIENT ? letter : letter + 32);
}

static void write_history(struct segment *s) {
    unsigned d = s->dir;
    if (s->flags & TCP_SYN) history_add(s, s->flags & TCP_ACK ? 'H' : 'S', d);
    if (s->len > 0) history_add(s, 'D', d);
    if (s->flags & TCP_FIN) history_add(s, 'F', d);
    if (s->flags & TCP_RST) history_add(s, 'R', d);
    if (s->len == 0 && (s->flags & (TCP_ACK | TCP_SYN | TCP_FIN | TCP_RST)) == TCP_ACK)
        history_add(s, 'A', d);
    if (s->again && s->len > 0) history_add(s, 'T', d);
    if (s->k->tcp.window == 0 && !(s->flags & (TCP_SYN | TCP_RST))) history_add(s, 'W', d);
}

static void learn_options(struct flow *f, struct flow_side *side, const struct tcp_header *t) {
    if (t->mss) side->mss = t->mss;
    side->bits &= ~(uint32_t)SIDE_SCALE;
    side->wscale = 0;
    if (t->has_wscale) {
        side->bits |= SIDE_SCALE;
        side->wscale = t->wscale > 14 ? 14 : t->wscale; /* RFC 7323 section 2.3 */
    }
    /* Scaling is in force only if both ends offered it. */
    struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    if ((f->bits & (FLOW_SYN | FLOW_SYNACK)) != (FLOW_SYN | FLOW_SYNACK)) return;
    f->bits |= FLOW_SCALE_KNOWN;
    if (!(c->bits & v->bits & SIDE_SCALE)) c->wscale = v->wscale = 0;
}

/* Data in the SYN that the server does not take (RFC 7413 section 4.2.2): the client sends it anew,
 * and nothing was lost. */
static void turn_down_early(struct flow *f) {
    struct flow_side *c = &f->side[CLIENT];
    bool early = c->bits & SIDE_NEXT && c->next_us == f->syn_last_us;
    if (!early || !seq_after(c->next, c->isn + 1)) return;
    c->next = c->isn + 1;
    c->timed_bits = 0;
    f->payload[CLIENT] = 0;
}

/* Both ends may open at once (RFC 9293 section 3.5): the other one's SYN repeats none. */
static void note_syn(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    struct flow_side *side = &f->side[s->dir];
    bool crossed = s->dir == SERVER && f->bits & FLOW_SYN;
    side->isn = s->seq;
    if (!(s->flags & TCP_ACK) && !crossed) {
        if (!(f->bits & FLOW_SYN)) {
            f->syn_us = s->us;
            if (e->dns_cut.used > 0) dns_fault_connects(e, f);
        }
        f->bits |= FLOW_SYN;
        f->syn_last_us = s->us;
        if (f->syn_sent < UINT16_MAX) f->syn_sent++;
        if (f->syn_sent == 1)
            tcp_setup_asked(e, f);
        else
            services_note_repeat(e, f);
    } else if (s->flags & TCP_ACK && !(f->bits & FLOW_SYNACK)) {
        f->bits |= FLOW_SYNACK;
        f->synack_us = s->us;
        if (s->dir == SERVER && s->k->tcp.ack == f->side[CLIENT].isn + 1) turn_down_early(f);
        tcp_setup_answered(e, f, false);
        if (f->bits & FLOW_SYN && f->syn_sent == 1) {
            uint32_t took = s->us - f->syn_us;
            f->side[CLIENT].rtt_us = took;
            f->side[CLIENT].bits |= SIDE_RTT;
        }
        if (f->bits & FLOW_SYN && f->bits & FLOW_SELECTED &&
            s->us - f->syn_us > e->total.slowest_answer_us)
            e->total.slowest_answer_us = s->us - f->syn_us;
    }
    if (s->flags & TCP_ACK && s->dir == SERVER) {
        if (f->synack_sent < UINT8_MAX) f->synack_sent++;
        if (f->bits & FLOW_ESTABLISHED && flow_since_open(f, s->us) >= HEARD_US)
            f->ack_heard = f->payload[CLIENT] ? HEARD_DATA : HEARD_ACK;
    }
    learn_options(f, side, &s->k->tcp);
}

static void establish(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    f->bits |= FLOW_ESTABLISHED;
    f->bits &= ~(uint32_t)FLOW_GAVE_UP;
    tcp_setup_answered(e, f, true);
    services_note_open(e, f);
    e->last_open = (struct last_open){f->end[CLIENT], f->end[SERVER], f->port[SERVER],
                                      f->mac_mark[CLIENT], e->now_us};
    stranger_worked(e, &f->end[CLIENT]);
    uint32_t back = s->us - f->synack_us;
    f->first_rtt_us = s->us == f->syn_last_us ? 1 : s->us - f->syn_last_us;
    /* What comes later than the ACK, which was not seen, is no round trip.  Karn: which of several
     * SYN-ACKs, or SYNs, was answered? */
    if (s->flags & TCP_FIN || s->seq != f->side[CLIENT].isn + 1 || f->synack_sent > 1) return;
    f->side[SERVER].rtt_us = back;
    f->side[SERVER].bits |= SIDE_RTT;
    if (f->syn_sent != 1) return;
    f->handshake_us = s->us - f->syn_us;
    if (f->handshake_us == 0) f->handshake_us = 1;
    if (!(f->bits & FLOW_SELECTED)) return;
    hist_add(&e->total.handshake, f->handshake_us);
    services_sample(e, f, SERVICE_HANDSHAKE, f->handshake_us);
    services_note_handshake(e, f, back > f->handshake_us / 2);
}

/* The client says a last short word before its RST (close_notify, QUIT, an unbind of LDAP): it does
 * not wait for the receipt, and no question is open that is older. */
static bool says_farewell(const struct segment *s) {
    const struct flow *f = s->f;
    const struct flow_side *c = &f->side[CLIENT];
    uint32_t open = c->next - f->side[SERVER].acked;
    if (open > FAREWELL_BYTES || s->us - c->next_us > FAREWELL_US) return false;
    return !(f->bits & FLOW_REQUEST) || s->us - f->turn_us <= FAREWELL_US;
}

/* A client that ends by RST when nothing is in flight and no question is open: an ordinary close
 * for some programs.  Known by a silence, or by a server whose last write was taken whole. */
static bool is_clean_close(const struct segment *s) {
    const struct flow *f = s->f;
    const struct flow_side *c = &f->side[CLIENT], *v = &f->side[SERVER];
    uint32_t last = (int32_t)(c->next_us - v->next_us) > 0 ? c->next_us : v->next_us;
    if (s->dir != CLIENT || !(c->bits & v->bits & SIDE_ACK) || c->acked != v->next) return false;
    bool whole = v->bits & SIDE_PUSHED && !(c->bits & SIDE_CLOSED) && app_unsent(v) == 0;
    if (whole && f->payload[SERVER] > 0 && says_farewell(s)) return true;
    if (v->acked != c->next) return false;
    return s->us - last >= IDLE_CLOSE_US || (whole && !(f->bits & FLOW_REQUEST));
}

/* A load balancer that looks whether a port is open acknowledges the SYN-ACK by the very RST that
 * ends the connection.  Who knows nothing of the connection resets it without an ACK. */
static bool is_check(const struct segment *s) {
    const struct flow *f = s->f;
    return s->dir == CLIENT && s->flags & TCP_ACK && !(f->bits & FLOW_ESTABLISHED) &&
           f->bits & FLOW_SYNACK && s->k->tcp.ack == f->side[SERVER].isn + 1;
}

/* The client tried several addresses at once (RFC 8305), and another one was faster.  Its own
 * address of the other family is known by the link-layer address. */
static bool lost_a_race(const struct engine *e, const struct segment *s) {
    const struct last_open *o = &e->last_open;
    const struct flow *f = s->f;
    bool own = o->client.len == f->end[CLIENT].len ? addr_equal(&o->client, &f->end[CLIENT])
                                                   : o->mac_mark == f->mac_mark[CLIENT];
    return s->dir == CLIENT && !(f->bits & FLOW_ESTABLISHED) && f->bits & FLOW_SYN &&
           o->port == f->port[SERVER] && e->now_us - o->us <= s->us - f->syn_us && own &&
           !addr_equal(&o->server, &f->end[SERVER]);
}

/* A check of TLS: the handshake is done, nothing is asked, and the client goes.  What the server
 * still sends are tickets. */
static bool is_tls_check(const struct flow *f) {
    const uint32_t done = FLOW_TLS13 | FLOW_TLS_DONE;
    return f->app == APP_TLS && (f->bits & done) == done && !(f->bits & FLOW_REQUEST) &&
           f->first_byte_us == 0;
}

/* The server was not done: data that crossed the client's RST on the way. */
static void note_data_after_reset(const struct segment *s) {
    struct flow *f = s->f;
    bool over =
        (f->side[0].bits | f->side[1].bits) & SIDE_FIN || f->bits & FLOW_ALERT || is_tls_check(f);
    if (s->dir != SERVER || over || !(f->bits & FLOW_ESTABLISHED) || f->bits & FLOW_RESET_MID ||
        !(f->side[CLIENT].bits & SIDE_RST) || f->side[SERVER].bits & SIDE_RST)
        return;
    f->bits |= FLOW_RESET_MID | FLOW_RESET_CLIENT;
    f->reset_us = s->us;
}

/* Was it in use before the capture began?  Who resets it has spoken: one that knows nothing of it
 * any more has not. */
static bool was_joined(const struct segment *s) {
    const struct flow *f = s->f;
    return !(f->bits & (FLOW_SYN | FLOW_SYNACK)) && f->side[s->dir].bits & SIDE_TTL &&
           f->packets[!s->dir] > 0;
}

static void note_reset(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    struct flow_side *side = &f->side[s->dir];
    bool first = !((f->side[0].bits | f->side[1].bits) & SIDE_RST);
    bool fin = (f->side[0].bits | f->side[1].bits) & SIDE_FIN;
    /* The reset behind a fatal alert says the same again. */
    bool clean = is_clean_close(s) || f->bits & FLOW_ALERT || is_check(s) || lost_a_race(e, s) ||
                 (s->dir == CLIENT && is_tls_check(f));
    f->bits |= FLOW_ENDED;
    tcp_end_note(s, clean);
    if (!(f->bits & FLOW_ESTABLISHED) && !was_joined(s)) {
        if (f->bits & FLOW_SYN && s->dir == SERVER && !(f->bits & FLOW_SYNACK)) {
            if (!(f->bits & FLOW_REFUSED)) {
                f->handshake_us = s->us - f->syn_last_us;
                services_sample(e, f, SERVICE_REFUSED, f->handshake_us);
                tcp_setup_answered(e, f, true);
            }
            f->bits |= FLOW_REFUSED;
        } else {
            f->bits |= FLOW_GAVE_UP;
        }
    } else if (first && !fin && !clean && f->payload[0] + f->payload[1] > 0) {
        f->bits |= FLOW_RESET_MID | (s->dir == CLIENT ? FLOW_RESET_CLIENT : 0u);
        f->reset_us = s->us;
        f->reset_ttl_delta = (uint8_t)tcp_end_ttl_off(side, s->k->ttl);
        services_note_trouble(e, f, SERVICE_TROUBLED);
        teardown_note(e, f);
    }
    side->bits |= SIDE_RST;
}

static void note_fin(struct segment *s) {
    struct flow *f = s->f;
    tcp_end_note(s, false);
    f->side[s->dir].bits |= SIDE_FIN;
    if (!(f->bits & FLOW_ESTABLISHED)) f->bits |= FLOW_GAVE_UP;
    if (f->side[!s->dir].bits & SIDE_FIN) f->bits |= FLOW_ENDED;
}

/* Up to where its receiver had data when the capture joined the connection (SACK, RFC 2018): what
 * lies below came before the capture, and is no gap of it. */
static uint32_t had_before(const struct tcp_header *t) {
    uint32_t end = t->ack;
    for (unsigned i = 0; i < t->sack_blocks; i++)
        if (seq_after(t->sack_right[i], end)) end = t->sack_right[i];
    return end;
}

/* Acknowledgements: gaps of the capture, duplicate ACKs, round trips. */
static void take_ack(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    struct flow_side *side = &f->side[s->dir], *peer = &f->side[!s->dir];
    uint32_t ack = s->k->tcp.ack, old = side->acked;
    bool known = side->bits & SIDE_ACK, advanced = known && seq_after(ack, old);
    bool joined = !(f->bits & (FLOW_SYN | FLOW_SYNACK));
    if (joined && !known) peer->isn = had_before(&s->k->tcp);
    if (!known || advanced) {
        side->acked = ack;
        side->bits |= SIDE_ACK;
        side->dup_acks = 0;
    } else if (ack == old && s->len == 0 && side->dup_acks < UINT16_MAX &&
               !(s->flags & (TCP_SYN | TCP_FIN | TCP_RST)) && peer->bits & SIDE_NEXT &&
               seq_before(ack, peer->next)) {
        side->dup_acks++;
    }
    copies_note_ack(e, s);
    if (advanced && ack - old > 1) side->bits |= SIDE_ADVANCED;
    bool counts = advanced && f->bits & FLOW_SELECTED && peer->bits & SIDE_NEXT &&
                  !(joined && !seq_after(ack, peer->isn));
    if (joined && seq_after(ack, peer->isn)) peer->isn = ack;
    bool gap = tcp_ack_gap(e, s, counts);
    tcp_note_passed(s, advanced ? ack - old : 0);
    if (s->dir == CLIENT && f->bits & (FLOW_PUSH_WAITS | FLOW_PUSH_LATE) &&
        (advanced || (s->len == 0 && ack == old)))
        tcp_note_wake(e, s, advanced);
    if (s->k->tcp.sack_blocks > 0) strain_sack(e, s);
    if (!advanced) return;
    f->bits &= ~(uint32_t)FLOW_RESUMED;
    tcp_tries_acked(e, s);
    if (peer->app_buffer != NONE) app_acked(e, s);
    tcp_time_ack(e, s, old);
    if (!counts) return;
    e->total.acks++;
    if (gap) e->total.gap_acks++;
}

/* Full segments only, with timestamps or without; offloads show several as one. */
static bool is_whole(const struct segment *s) {
    uint32_t mss = s->f->side[!s->dir].mss;
    if (mss <= 12) mss = 1460;
    uint32_t largest = s->f->side[s->dir].largest;
    if (s->len < mss - 12) return s->len == largest; /* as most do: without the divisions */
    return s->len % mss == 0 || s->len % (mss - 12) == 0 || (s->len == largest && largest < mss);
}

static void take_data(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    struct flow_side *side = &f->side[s->dir];
    if (s->len > 0 && !seq_before(s->end, side->next)) {
        side->bits &= ~(uint32_t)(SIDE_PUSHED | SIDE_SPENT);
        if (s->flags & TCP_PSH) side->bits |= SIDE_PUSHED | (is_whole(s) ? 0u : SIDE_SPENT);
        if (s->us - side->next_us >= TCP_END_IDLE_US) tcp_end_resumed(s);
    }
    if (!(side->bits & SIDE_NEXT)) tcp_end_first(s);
    tcp_judge_data(e, s);
    if (s->len == 0) return;
    if (s->fresh > 0) note_data_after_reset(s);
    if (s->fresh > 0 && side->bits & SIDE_RST) tcp_end_goes_on(s);
    f->data_segments[s->dir]++;
    f->payload[s->dir] += s->fresh;
    if (s->dir == SERVER && s->fresh > 0) link_heard(e, &f->end[SERVER]);
    if (s->len > side->largest) {
        side->largest = (uint16_t)(s->len > 65535 ? 65535 : s->len);
        side->largest_end = s->seq + s->len;
        side->stamped = s->k->tcp.has_timestamps;
    }
    if (side->bits & SIDE_TOLD_MTU) path_told_segment(e, s);
    app_segment(e, s); /* before the times: it knows what of TLS is handshake */
    tcp_time_data(e, s);
}

void tcp_hide(struct engine *e, struct flow *f) {
    if (f->bits & FLOW_HIDDEN || !select_hidden(e, f)) return;
    f->bits |= FLOW_HIDDEN;
    f->bits &= ~(uint32_t)(FLOW_REQUEST | FLOW_REQUEST_ACK | FLOW_ANSWER | FLOW_MAYBE_ANSWER);
    app_release(e, f);
    for (unsigned d = 0; d < 2; d++) { /* what would be settled by a packet that is hidden now */
        tcp_forget_holes(e, &f->side[d]);
        f->side[d].bits &= ~(uint32_t)SIDE_CLOSED;
        f->side[d].tries = 0;
    }
}

void tcp_ends(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    if (s->flags & TCP_SYN) note_syn(e, s);
    /* The client's ACK is among what is hidden; the SYN-ACK must do. */
    if ((f->bits & (FLOW_SYN | FLOW_SYNACK)) == (FLOW_SYN | FLOW_SYNACK))
        f->bits |= FLOW_ESTABLISHED;
    write_history(s);
    if (s->flags & TCP_FIN) note_fin(s);
    if (s->flags & TCP_RST) note_reset(e, s);
}

/* One end has forgotten a connection of these ports, and the other has not: it answers the new SYN
 * by an ACK of the old one's numbers, and is told so by a reset of such a number (RFC 9293 section
 * 3.10.7.3, RFC 5961 section 4).  The new connection goes on. */
static bool is_of_old_connection(const struct segment *s) {
    const struct flow *f = s->f;
    const struct flow_side *c = &f->side[CLIENT];
    uint8_t kind = s->flags & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST);
    bool tells = s->dir == CLIENT ? kind & TCP_RST : kind == TCP_ACK && s->len == 0;
    if (!tells || (f->bits & (FLOW_SYN | FLOW_SYNACK | FLOW_ESTABLISHED)) != FLOW_SYN) return false;
    uint32_t number = s->dir == CLIENT ? s->seq : s->k->tcp.ack;
    return number - c->isn > c->next - c->isn + MISSED_BYTES;
}

void tcp_segment(struct engine *e, struct segment *s) {
    struct flow *f = s->f;
    if (is_of_old_connection(s)) return;
    if (s->flags & TCP_SYN)
        note_syn(e, s);
    else if (!(f->bits & FLOW_ESTABLISHED) && s->dir == CLIENT &&
             (s->flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
             (f->bits & (FLOW_SYN | FLOW_SYNACK)) == (FLOW_SYN | FLOW_SYNACK))
        establish(e, s);
    if (f->bits & FLOW_SCALE_KNOWN) rounds_segment(e, s);
    if (s->flags & TCP_ACK) take_ack(e, s);
    take_data(e, s);
    tcp_watch_window(e, s);
    write_history(s);
    if (s->flags & (TCP_FIN | TCP_RST)) tcp_time_end(e, s);
    if (s->flags & TCP_FIN) note_fin(s);
    if (s->flags & TCP_RST) {
        note_reset(e, s);
    } else {
        tcp_end_sender(s);
    }
    if (f->bits & FLOW_ENDED) tcp_answer_done(e, f);
}
