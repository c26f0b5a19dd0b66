/* QUIC connections as far as their long headers tell: Initials sent and answered, Retry, version
 * negotiation, the time to the server's Handshake packet; round trips by the spin bit (RFC 9000
 * section 17.4).  How a connection ends is sealed.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/quic.h"
#include "capd/track/udp.h"

#define TRY_US      50000u /* Initials closer together are one flight: a large ClientHello needs two */
#define SPIN_MAX_US 10000000u

static void count_try(struct udp_facts *x, uint64_t now_us) {
    if (x->quic_tries > 0 && now_us - x->quic_last_us < TRY_US) return;
    if (x->quic_tries == 0) x->quic_first_us = now_us;
    x->quic_last_us = now_us;
    x->quic_tries++;
}

static void client_initial(struct udp_state *s, uint64_t now_us) {
    if (!(s->bits & UDP_QUIC_INITIAL)) s->facts.quic_attempts++;
    s->bits |= UDP_QUIC_INITIAL;
    count_try(&s->facts, now_us);
}

static void server_handshake(struct udp_state *s, uint64_t now_us) {
    struct udp_facts *x = &s->facts;
    if (s->bits & UDP_QUIC_SHOOK || !(s->bits & UDP_QUIC_INITIAL)) return;
    s->bits |= UDP_QUIC_SHOOK;
    x->handshakes = 1;
    x->handshake_min_us = x->handshake_max_us = now_us - x->quic_first_us;
}

static void spin(struct udp_state *s, bool value, uint64_t now_us) {
    struct udp_facts *x = &s->facts;
    bool had = s->bits & UDP_SPIN, was = s->bits & UDP_SPIN_VALUE;
    s->spin_packets++;
    s->bits |= UDP_SPIN;
    s->bits = value ? s->bits | UDP_SPIN_VALUE : s->bits & ~(uint32_t)UDP_SPIN_VALUE;
    if (!had || was == value) return;
    uint64_t rtt = now_us - s->spin_us;
    /* From edge to edge is one round trip; the first edge has none before it. */
    if (s->spin_edges > 0 && rtt > 0 && rtt < SPIN_MAX_US) {
        if (x->spin_samples == 0 || rtt < x->spin_rtt_min_us) x->spin_rtt_min_us = rtt;
        x->spin_samples++;
    }
    s->spin_edges++;
    s->spin_us = now_us;
}

static void count(struct engine *e, struct udp_state *s, const struct quic_header *h,
                  unsigned dir) {
    bool client = dir == CLIENT;
    switch (h->kind) {
    case QUIC_INITIAL:
    case QUIC_ZERO_RTT:
        if (client) client_initial(s, e->now_us);
        break;
    case QUIC_UNKNOWN_VERSION: /* a version offered to see whether it is negotiated */
        if (client && !(s->bits & UDP_QUIC_INITIAL)) client_initial(s, e->now_us);
        break;
    case QUIC_HANDSHAKE:
        if (!client) server_handshake(s, e->now_us);
        break;
    case QUIC_RETRY: s->facts.quic_retries += !client; break;
    case QUIC_VERSION_NEGOTIATION: s->facts.quic_negotiations += !client; break;
    case QUIC_SHORT:
        if (client) spin(s, h->spin, e->now_us);
        break;
    }
    if (client) return;
    s->bits |= UDP_QUIC_ANSWERED;
    s->facts.answered_last_us = e->now_us;
}

/* A version not known here is believed only on the web's port. */
static bool is_believed(const struct packet *k, const struct quic_header *h) {
    return h->kind != QUIC_UNKNOWN_VERSION || k->sport == 443 || k->dport == 443;
}

bool quic_datagram(struct engine *e, const struct packet *k, struct flow *f, unsigned dir) {
    struct cursor c = cursor_make(k->payload, k->payload_cap);
    struct quic_header h;
    bool known = f->app == APP_TLS;
    if (!known && !quic_may_be_long(c)) return false;
    enum quic_status status = decode_quic(&c, known, &h);
    if (status != QUIC_OK || !is_believed(k, &h)) return known && status == QUIC_INCOMPLETE;
    /* A version of 0 is little to go by: from the web's port, or in a flow known before. */
    if (!known && h.kind == QUIC_VERSION_NEGOTIATION && k->sport != 443) return false;
    struct udp_state *s = udp_state_of(e, f);
    f->app = APP_TLS; /* a QUIC flow: short headers count as well from now on */
    s->bits |= UDP_QUIC;
    count(e, s, &h, dir);
    for (unsigned n = 1; n < QUIC_PACKETS_MAX && cursor_left(&c) > 0; n++) {
        if (decode_quic(&c, true, &h) != QUIC_OK) break;
        count(e, s, &h, dir);
    }
    return true;
}
