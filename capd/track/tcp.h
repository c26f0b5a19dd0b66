#ifndef CAPD_TRACK_TCP_H
#define CAPD_TRACK_TCP_H
#include "capd/track/state.h"

#define TCP_STAMP_BYTES 12u /* the option most connections have, as it is laid out (RFC 7323) */

/* One segment on its way through the TCP trackers. */
struct segment {
    struct packet *k;
    struct flow *f;
    uint32_t i;        /* the flow's index */
    unsigned dir;      /* sender: CLIENT or SERVER */
    uint32_t us;       /* time, 32 bits */
    uint32_t seq, end; /* end: after payload, SYN and FIN */
    uint32_t len;      /* payload bytes by the headers */
    uint8_t flags;
    uint64_t quiet_us; /* since the flow's packet before */
    uint32_t pause_us; /* since the sender's segment before; UINT32_MAX: there was none */
    /* set on the way */
    uint32_t fresh;  /* payload bytes not seen before */
    bool again;      /* the engine's own judgement: sent before, or late */
    uint32_t record; /* the longest record of TLS application data that begins here */
};

/* tcp_track.c: outcome, history, handshake, reset; calls the others. */
void tcp_segment(struct engine *e, struct segment *s);

/* The same when the filter lets only SYN, FIN and RST through: no judgement of data. */
void tcp_ends(struct engine *e, struct segment *s);

/* From now on the filter may hide what lies between the ends of this connection. */
void tcp_hide(struct engine *e, struct flow *f);

/* tcp_analysis.c: Wireshark's counters, on every segment as captured. */
void tcp_analyse(struct engine *e, struct segment *s);

/* tcp_loss.c: the engine's own judgement of data seen twice or late; sets fresh and again. */
void tcp_judge_data(struct engine *e, struct segment *s);

/* What `dir` had sent at `seq` came twice, its receiver says: if that was sent again last and taken
 * for lost, it was not. */
void tcp_note_dsack(struct engine *e, struct flow *f, unsigned dir, uint32_t seq);

/* The other end acknowledged up to `ack`: a segment sent again and again below it got through. */
void tcp_tries_acked(struct engine *e, const struct segment *s);
/* Was data of this connection sent again and again and never acknowledged?  Fills the incident;
 * value 1: what is outstanding fills the receiver's window; requests: its receiver is there. */
bool tcp_dead_path(const struct engine *e, const struct flow *f, struct msg_incident *out);
/* Full segments of one end that never came here, though what it sent behind them did and its
 * receiver asks for them: a path that takes less than the ends know, and nobody says so (RFC 2923
 * section 2.1).  Fills the incident: unseen, no tries; requests: their sender is still there;
 * passed: it cut them by itself in the end. */
bool tcp_large_never_came(const struct engine *e, const struct flow *f, struct msg_incident *out);
/* What this ACK, of `bytes` not acknowledged before, says about the size of segments that arrive:
 * the largest one, or a much smaller one before, or any behind (SACK, RFC 2018), one that is
 * missing. */
void tcp_note_passed(const struct segment *s, uint32_t bytes);
/* The client says something after the server broke a silence: it was awake, or slept.  advanced:
 * the ACK did; else the segment is a bare ACK that says the same again. */
void tcp_note_wake(struct engine *e, const struct segment *s, bool advanced);
void tcp_forget_holes(struct engine *e, struct flow_side *side);
/* Does this ACK cover data that did not pass here (yet)?  `counted`: it will then be counted as a
 * gap, and that is taken back if the data comes soon. */
bool tcp_ack_gap(struct engine *e, const struct segment *s, bool counted);

/* 32-bit time of an event of this flow, not long before its latest packet, as a 64-bit one. */
static inline uint64_t flow_widen(const struct flow *f, uint32_t us) {
    uint32_t before = (uint32_t)f->last_us - us;
    return f->last_us > before ? f->last_us - before : 0;
}

/* tcp_timing.c: once a second of packets, and after a silence before the packet that ends it: no
 * time that is still of use gets older than the 32 bits can tell. */
void tcp_hold_times(struct flow *f, uint32_t now_us, uint64_t quiet_us);

/* tcp_timing.c: round trips, requests and answers, receive windows. */
void tcp_time_ack(struct engine *e, struct segment *s, uint32_t old_ack);
void tcp_time_data(struct engine *e, struct segment *s);
void tcp_time_end(struct engine *e, const struct segment *s);
void tcp_watch_window(struct engine *e, struct segment *s);
void tcp_answer_done(struct engine *e, struct flow *f);
/* What encryption adds to a record: AES-GCM or ChaCha20-Poly1305 in TLS 1.3 with the type of what
 * it holds, AES-GCM in TLS 1.2. */
static inline uint32_t tls_seal_bytes(const struct flow *f) {
    return f->bits & FLOW_TLS13 ? 17 : 24;
}

/* tls_track.c: does this segment show that what the client said was no request yet? */
bool tls_asked_nothing(const struct segment *s);

/* Before a snapshot: what could have been a ticket of TLS and was followed by nothing was the
 * answer. */
void tcp_answers_settle(struct engine *e);

/* app.c: the stream's content, in order. */
void app_segment(struct engine *e, struct segment *s);
void app_acked(struct engine *e, const struct segment *answer); /* the other end's bytes wait */
/* Bytes that this end announced and has not sent.  Where its FIN stands, or an ACK, tells what it
 * sent and the capture missed. */
uint32_t app_unsent(const struct flow_side *side);
/* HTTP: of the latest request the body has not come as far as its head says: no answer is due. */
bool app_asks_in_part(const struct flow *f);
void app_release(struct engine *e, struct flow *f);
#endif
