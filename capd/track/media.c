/* Media streams.  RTP has no number that says what it is, and its ports are agreed elsewhere: a
 * stream is one when six packets of a flow and direction go together (same source and payload type,
 * sequence numbers in order, time stamps near each other), which foreign bytes do not.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/media.h"
#include "capd/decode/rtp.h"
#include "capd/track/strain.h"
#include "capd/track/udp.h"

#define STAMP_JUMP_MAX  900000   /* 10 s of the fastest clock, 90 kHz */
#define STREAMS_OF_FLOW 8u       /* sources looked for per flow and direction */
#define LIVE_US         2000000u /* a stream that was heard this lately goes on */
#define STEADY_MIN      50u      /* intervals from which a beat is one */
#define STEADY_PERCENT  50u      /* of them near the median */
#define STEADY_SLOWEST  100000u  /* 10 packets per second, findings.md, udp_pacing */

static uint64_t worth(const struct media *m) {
    uint64_t bad = m->expected > m->packets || m->pace.gaps > 0;
    uint64_t packets = m->packets >> 40 ? (UINT64_C(1) << 40) - 1 : m->packets;
    return (m->selected ? UINT64_C(1) << 62 : 0) | bad << 41 | packets;
}

struct media *media_take(struct engine *e) {
    struct media_table *t = &e->media;
    uint32_t i = t->used;
    if (t->used < t->capacity) {
        t->used++;
    } else {
        i = 0;
        for (uint32_t n = 1; n < t->capacity; n++)
            if (worth(&t->media[n]) < worth(&t->media[i])) i = n;
        const struct media *old = &t->media[i];
        t->gone[old->kind] += old->selected;
        e->total.rows_dropped++;
        if (old->selected && e->now_us < old->last_us + LIVE_US) e->total.evicted++;
    }
    struct media *m = &t->media[i];
    memset(m, 0, sizeof *m);
    m->gen = ++t->gen;
    m->next = NONE;
    return m;
}

static void set_ends(struct media *m, const struct flow *f, unsigned dir) {
    m->end[0] = f->end[dir];
    m->end[1] = f->end[!dir];
    m->port[0] = f->port[dir];
    m->port[1] = f->port[!dir];
    m->sender_is_client = dir == CLIENT;
    const struct addr *to = &m->end[1];
    m->multicast = to->len == 4 ? (to->b[0] & 0xf0) == 0xe0 || to->b[0] == 255 : to->b[0] == 0xff;
}

static void set_selection(struct media *m, const struct flow *f) {
    m->selected = f->bits & FLOW_SELECTED;
    m->target = f->bits & FLOW_TARGET;
}

bool media_of_pace(const struct engine *e, const struct udp_state *s, unsigned dir,
                   struct media *m_out) {
    const struct flow *f = &e->flows.flow[s->flow];
    const struct pace *p = &s->pace[dir];
    if (p->intervals < STEADY_MIN || pace_percentile(p, 50) > STEADY_SLOWEST) return false;
    if (pace_regular_percent(p) < STEADY_PERCENT) return false;
    memset(m_out, 0, sizeof *m_out);
    m_out->kind = MEDIA_PACED;
    m_out->next = NONE;
    set_ends(m_out, f, dir);
    set_selection(m_out, f);
    m_out->pace = *p;
    m_out->first_us = p->first_us - 1;
    m_out->last_us = p->last_us - 1;
    m_out->packets = f->packets[dir];
    m_out->bytes = f->bytes[dir];
    return true;
}

/* ---- RTP ----------------------------------------------------------------------------------------
 */
static struct media *stream_find(struct engine *e, const struct udp_state *s, unsigned dir,
                                 uint32_t ssrc) {
    uint32_t i = s->media[dir], gen = s->media_gen[dir];
    for (unsigned n = 0; n < STREAMS_OF_FLOW && i != NONE; n++) {
        struct media *m = &e->media.media[i];
        if (m->gen != gen) return NULL;
        if (m->ssrc == ssrc) return m;
        i = m->next;
        gen = m->next_gen;
    }
    return NULL;
}

static void begin(struct engine *e, struct udp_state *s, unsigned dir, struct rtp_candidate *c) {
    struct media *m = media_take(e);
    const struct flow *f = &e->flows.flow[s->flow];
    set_ends(m, f, dir);
    set_selection(m, f);
    m->kind = MEDIA_RTP;
    m->next = s->media[dir];
    m->next_gen = s->media_gen[dir];
    s->media[dir] = (uint32_t)(m - e->media.media);
    s->media_gen[dir] = m->gen;
    rtp_begin(m, c);
    memset(c, 0, sizeof *c);
    /* What was seen of it counts here alone. */
    memset(&s->pace[dir], 0, sizeof s->pace[dir]);
}

static struct rtp_candidate *candidate_of(struct udp_state *s, unsigned dir, uint32_t ssrc) {
    struct rtp_candidate *least = &s->candidate[dir][0];
    for (unsigned n = 0; n < RTP_CANDIDATES; n++) {
        struct rtp_candidate *c = &s->candidate[dir][n];
        if (c->good > 0 && c->ssrc == ssrc) return c;
        if (c->good == 0 || (least->good > 0 && c->last_us < least->last_us)) least = c;
    }
    least->good = 0;
    return least;
}

static bool goes_on(const struct rtp_candidate *c, const struct rtp_header *h) {
    int32_t jump = (int32_t)(h->timestamp - c->timestamp);
    return c->good > 0 && c->ssrc == h->ssrc && c->payload_type == h->payload_type &&
           h->seq == (uint16_t)(c->seq + 1) && jump <= STAMP_JUMP_MAX && jump >= -STAMP_JUMP_MAX;
}

/* True once the source has proved itself: the stream begins. */
static bool prove(struct rtp_candidate *c, const struct rtp_header *h, uint64_t now_us,
                  uint32_t bytes) {
    if (!goes_on(c, h)) {
        if (c->good > 0 && c->ssrc == h->ssrc && h->seq == c->seq) return false; /* repeated */
        *c = (struct rtp_candidate){.ssrc = h->ssrc,
                                    .payload_type = h->payload_type,
                                    .first_seq = h->seq,
                                    .first_stamp = h->timestamp,
                                    .first_us = now_us};
    }
    c->good++;
    c->seq = h->seq;
    c->timestamp = h->timestamp;
    c->last_us = now_us;
    c->bytes += bytes;
    return c->good >= RTP_PROBATION;
}

/* The next packet, for which by the sender's clock no time passed during the latest span without
 * any, and the one after it a beat later: what was held up on the way would come at once. */
static void compare_clocks(struct engine *e, struct media *m, const struct rtp_header *h) {
    int32_t stamps = (int32_t)(h->timestamp - m->stamp);
    bool next = h->seq == (uint16_t)(m->seq_max + 1u) && stamps > 0 && m->clock_hz > 0;
    uint64_t meant = next ? (uint64_t)stamps * 1000000u / m->clock_hz : 0;
    uint64_t since = e->now_us - m->last_us, resumed = m->resumed_us;
    m->resumed_us = 0;
    if (!next) return;
    if (m->last_us <= e->still_from_us && since >= e->still_us && meant < e->still_us / 4)
        m->resumed_us = e->now_us;
    else if (resumed > 0 && since * 2 >= meant)
        strain_clock_jumped(e);
}

enum proto media_datagram(struct engine *e, const struct packet *k, struct flow *f, unsigned dir) {
    struct cursor c = cursor_make(k->payload, k->payload_cap);
    struct rtcp_header rtcp;
    struct rtp_header h;
    if (k->payload_cap < 8 || k->payload[0] >> 6 != 2) return PROTO_OTHER;
    if (decode_rtcp(c, &rtcp) == RTP_OK) return PROTO_RTCP;
    if (decode_rtp(c, &h) != RTP_OK) return PROTO_OTHER;
    struct udp_state *s = udp_state_of(e, f);
    struct media *m = stream_find(e, s, dir, h.ssrc);
    if (m) {
        set_selection(m, f);
        m->bytes += k->wire_bytes;
        if (e->still_us > 0) compare_clocks(e, m, &h);
        rtp_count(m, &h, e->now_us);
        return PROTO_RTP;
    }
    struct rtp_candidate *x = candidate_of(s, dir, h.ssrc);
    if (!prove(x, &h, e->now_us, k->wire_bytes)) return PROTO_OTHER;
    begin(e, s, dir, x);
    return PROTO_RTP;
}
