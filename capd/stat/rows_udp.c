/* Rows of UDP services and of media streams: what is kept of flows that left plus the live ones.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/flows.h"
#include "capd/track/media.h"
#include "capd/track/names.h"
#include "capd/track/select.h"
#include "capd/track/udp.h"

/* ---- services -----------------------------------------------------------------------------------
 */
static void sum_services(struct engine *e) {
    struct udp_services *all = &e->udp_sums;
    const struct udp_services *done = &e->udp_done;
    memcpy(all->service, done->service, done->used * sizeof *all->service);
    memcpy(all->bucket, done->bucket, done->capacity * sizeof *all->bucket);
    all->used = done->used;
    all->hand = done->hand;
    all->seen = done->seen;
    all->gone = done->gone;
    for (uint32_t i = 0; i < e->udp.capacity; i++)
        if (e->udp.state[i].used) udp_fold(e, all, &e->udp.state[i]);
}

static uint64_t service_score(const struct udp_service *v) {
    const struct udp_facts *x = &v->facts;
    uint64_t much = x->asked + x->quic_attempts, bad = 0;
    if (x->quic_attempts > x->quic_answered) bad = 1;
    if (x->asked > 0 && x->answered == 0) bad = 2;
    if (much >> 40) much = (UINT64_C(1) << 40) - 1;
    return (v->target ? UINT64_C(1) << 62 : 0) | bad << 48 | much;
}

static void put_service(const struct engine *e, const struct udp_service *v,
                        struct msg_udp_service *r) {
    const struct udp_facts *x = &v->facts;
    const struct name *n = names_of(e, &v->address, NULL);
    *r = (struct msg_udp_service){.address = v->address,
                                  .port = v->port,
                                  .on_target = v->target,
                                  .asked = x->asked,
                                  .answered = x->answered,
                                  .answered_last_us = x->answered_last_us,
                                  .ask_first_us = x->ask_first_us,
                                  .ask_second_us = x->ask_second_us,
                                  .ask_last_us = x->ask_last_us,
                                  .waited_us = x->asked > 1 && e->now_us > x->ask_second_us
                                                   ? e->now_us - x->ask_second_us
                                                   : 0,
                                  .icmp = x->icmp,
                                  .by_strangers = x->by_strangers,
                                  .quic_attempts = x->quic_attempts,
                                  .quic_answered = x->quic_answered,
                                  .quic_tries = x->quic_tries,
                                  .quic_first_us = x->quic_first_us,
                                  .quic_last_us = x->quic_last_us,
                                  .quic_waited_us = x->quic_waited_us,
                                  .quic_retries = x->quic_retries,
                                  .quic_version_negotiations = x->quic_negotiations,
                                  .quic_handshakes = x->handshakes,
                                  .quic_handshake_min_us = x->handshake_min_us,
                                  .quic_handshake_max_us = x->handshake_max_us,
                                  .spin_samples = x->spin_samples,
                                  .spin_rtt_min_us = x->spin_rtt_min_us};
    if (n) name_out(e, n->text, n->len, r->name, sizeof r->name);
}

uint32_t rows_udp(struct engine *e, struct msg_udp_service *rows, uint64_t *of_out) {
    struct top top = {.cap = LIM_UDP_ROWS};
    sum_services(e);
    for (uint32_t i = 0; i < e->udp_sums.used; i++)
        top_offer(&top, service_score(&e->udp_sums.service[i]), i);
    top_sort(&top);
    for (uint32_t n = 0; n < top.used; n++)
        put_service(e, &e->udp_sums.service[top.index[n]], &rows[n]);
    *of_out = e->udp_sums.seen;
    return top.used;
}

/* ---- media --------------------------------------------------------------------------------------
 */
static uint64_t lost_of(const struct media *m) {
    return m->kind == MEDIA_RTP && m->expected > m->packets ? m->expected - m->packets : 0;
}

static uint64_t media_score(const struct media *m) {
    uint64_t packets = m->packets >> 32 ? UINT32_MAX : m->packets, lost = lost_of(m);
    uint64_t share = m->packets + lost ? lost * 1000 / (m->packets + lost) : 0; /* 0..1000 */
    uint64_t uneven = m->pace.gaps > 0;
    return (m->target ? UINT64_C(1) << 62 : 0) | share << 40 | uneven << 33 | packets;
}

static bool at_once(const struct media *a, const struct media *b) {
    return a->first_us < b->last_us && b->first_us < a->last_us;
}

/* The same two ports the other way round, as most ends use them (RFC 4961). */
static bool ports_match(const struct media *m, const struct media *o) {
    return o->port[0] == m->port[1] && o->port[1] == m->port[0];
}

/* Two exchanges may have several calls at once: is this the voice that answers another one? */
static bool is_of_other_call(const struct engine *e, const struct media *o) {
    if (!media_is_audio(o)) return false;
    for (uint32_t i = 0; i < e->media.used; i++) {
        const struct media *m = &e->media.media[i];
        if (m->kind == MEDIA_RTP && ports_match(m, o) && addr_equal(&o->end[1], &m->end[0]) &&
            addr_equal(&o->end[0], &m->end[1]) && at_once(m, o))
            return true;
    }
    return false;
}

/* Does `o` lead back to the sender of `m`?  By whatever ports: the two ways of a call need not use
 * the same ones.  A relay may send from another address than it listens on: then the caller's
 * address and port must be the same. */
static bool leads_back(const struct engine *e, const struct media *m, const struct media *o) {
    if (o->kind != MEDIA_RTP) return false;
    bool to_sender = addr_equal(&o->end[1], &m->end[0]);
    bool same_hosts = to_sender && addr_equal(&o->end[0], &m->end[1]);
    if (same_hosts && ports_match(m, o)) return true;
    if (!at_once(m, o)) return false;
    if (same_hosts) return !is_of_other_call(e, o);
    bool comes = to_sender && o->port[1] == m->port[0];
    bool goes = addr_equal(&o->end[0], &m->end[1]) && o->port[0] == m->port[1];
    return comes || goes;
}

static uint64_t back_of(const struct engine *e, const struct media *m) {
    uint64_t packets = 0;
    for (uint32_t i = 0; i < e->media.used; i++) {
        const struct media *o = &e->media.media[i];
        if (leads_back(e, m, o)) packets += o->packets;
    }
    return packets;
}

/* The receiver sent something from this port on to that of the sender. */
static bool comes_back(const struct engine *e, const struct media *m, unsigned on) {
    unsigned dir;
    uint16_t from = (uint16_t)(m->port[0] + on), to = (uint16_t)(m->port[1] + on);
    uint32_t i = flows_find(e, 17, &m->end[0], from, &m->end[1], to, &dir);
    return i != NONE && e->flows.flow[i].packets[!dir] > 0;
}

/* Reports and checks of the path (ICE) come back where nobody speaks: on the same ports (RFC 5761),
 * or on the next ones (RFC 3550 section 11). */
static bool heard_back(const struct engine *e, const struct media *m) {
    return comes_back(e, m, 0) || comes_back(e, m, 1);
}

static void put_rtp(const struct engine *e, const struct media *m, struct msg_media *r) {
    /* Time stamps that often fall (pictures sent in another order) time nothing. */
    bool rising = m->backwards * 100 <= m->packets;
    r->audio = media_is_audio(m);
    r->clock_hz = m->clock_hz;
    r->back_packets = back_of(e, m);
    r->heard_back = heard_back(e, m);
    r->lost = lost_of(m);
    r->lost_in_a_row = r->lost > 0 ? m->lost_in_a_row : 0;
    r->reordered = m->reordered;
    r->repeated = m->repeated;
    r->restarts = m->restarts;
    r->jitter_samples = rising ? m->jitter_samples : 0;
    if (r->jitter_samples == 0) return;
    r->jitter_us = m->jitter_sum_us / m->jitter_samples;
    r->jitter_max_us = m->jitter_max_us;
}

static void put_media(const struct engine *e, const struct media *m, struct msg_media *r) {
    *r = (struct msg_media){.sender = m->end[0],
                            .sender_port = m->port[0],
                            .receiver = m->end[1],
                            .receiver_port = m->port[1],
                            .on_target = m->target,
                            .kind = m->kind,
                            .sender_is_client = m->sender_is_client,
                            .sender_local = select_local(e, &m->end[0]),
                            .multicast = m->multicast,
                            .first_us = m->first_us,
                            .last_us = m->last_us,
                            .packets = m->packets,
                            .bytes = m->bytes,
                            .longest_gap_us = m->pace.longest_us,
                            .intervals = m->pace.intervals,
                            .interval_p50_us = pace_percentile(&m->pace, 50),
                            .interval_p99_us = pace_percentile(&m->pace, 99),
                            .regular_percent = pace_regular_percent(&m->pace),
                            .gaps = m->pace.gaps};
    if (m->kind == MEDIA_RTP) put_rtp(e, m, r);
}

/* Stream `i`: first those of the table, then two directions of each live flow.  False: none. */
static bool media_at(const struct engine *e, uint32_t i, struct media *m_out) {
    if (i < e->media.used) {
        *m_out = e->media.media[i];
        return m_out->selected;
    }
    i -= e->media.used;
    const struct udp_state *s = &e->udp.state[i / 2];
    return s->used && media_of_pace(e, s, i % 2, m_out) && m_out->selected;
}

static uint32_t media_places(const struct engine *e) {
    return e->media.used + 2 * e->udp.capacity;
}

uint32_t rows_media(struct engine *e, struct msg_media *rows, uint64_t *of_out) {
    struct top top = {.cap = LIM_MEDIA_ROWS};
    struct media m;
    *of_out = 0;
    for (unsigned kind = 0; kind < MEDIA_COUNT; kind++) *of_out += e->media.gone[kind];
    for (uint32_t i = 0; i < media_places(e); i++) {
        if (!media_at(e, i, &m)) continue;
        top_offer(&top, media_score(&m), i);
        ++*of_out;
    }
    top_sort(&top);
    for (uint32_t n = 0; n < top.used; n++)
        if (media_at(e, top.index[n], &m)) put_media(e, &m, &rows[n]);
    return top.used;
}

static void add_udp(struct msg_totals *t, const struct udp_facts *x) {
    t->udp_asked += x->asked;
    t->udp_answered += x->answered;
    t->quic_attempts += x->quic_attempts;
    t->quic_answered += x->quic_answered;
}

void totals_udp(struct engine *e, struct msg_totals *t) {
    struct media m;
    sum_services(e);
    for (uint32_t i = 0; i < e->udp_sums.used; i++) add_udp(t, &e->udp_sums.service[i].facts);
    add_udp(t, &e->udp_sums.gone);
    for (unsigned kind = 0; kind < MEDIA_COUNT; kind++) t->media_streams += e->media.gone[kind];
    t->rtp_streams = e->media.gone[MEDIA_RTP];
    for (uint32_t i = 0; i < media_places(e); i++) {
        if (!media_at(e, i, &m)) continue;
        t->media_streams++;
        t->rtp_streams += m.kind == MEDIA_RTP;
    }
}
