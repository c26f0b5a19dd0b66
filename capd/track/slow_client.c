/* A client that lets its server wait: between the handshake and its first request, within TLS's
 * handshake (while it looks at a certificate), or between data and the ACK for it.  What is not the
 * client's doing is left out here, where the order of packets is known: a server that speaks first
 * is waited for; a socket opened in advance waits for its turn while its client is busy with
 * others; an ACK is late by the client's fault only when the capture stands beside the client, else
 * the way back may have been slow.  The time between an answer and the next request of a connection
 * is the user's, and never counted.
 *
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/slow_client.h"
#include "capd/track/strain.h"
#include "capd/track/hash.h"
#include "capd/track/services.h"

#define SLOW_US                                                                                    \
    500000u /* findings.md, slow_client; beyond any delayed ACK (RFC 1122: below 0.5 s) */
#define BESIDE_US 10000u /* round trip from the capture point to the client and back */

static struct slow_client *find(struct service *v, const struct addr *client) {
    for (unsigned n = 0; n < SLOW_CLIENTS; n++)
        if (v->slow[n].credit > 0 && addr_equal(&v->slow[n].address, client)) return &v->slow[n];
    return NULL;
}

/* The client's entry, made if there is room; NULL: the others keep theirs, with less credit. */
static struct slow_client *take(struct service *v, const struct addr *client) {
    struct slow_client *c = find(v, client);
    for (unsigned n = 0; n < SLOW_CLIENTS && !c; n++) {
        if (v->slow[n].credit > 0) continue;
        c = &v->slow[n];
        *c = (struct slow_client){.address = *client};
    }
    if (!c) {
        for (unsigned n = 0; n < SLOW_CLIENTS; n++) v->slow[n].credit--;
        return NULL;
    }
    if (c->credit < UINT32_MAX) c->credit++;
    return c;
}

static void add_wait(const struct engine *e, struct slow_client *c, uint64_t us) {
    if (c->late_opens + c->late_acks == 1) c->first_us = e->now_us;
    c->last_us = e->now_us;
    c->wait_us += us;
    if (us > c->longest_us) c->longest_us = us;
}

static uint32_t key_of(const struct engine *e, const struct addr *client) {
    return (uint32_t)hash_addr(e->o.seed, client, 0);
}

static void note_asked(const struct engine *e, struct service *v, const struct addr *client) {
    uint32_t key = key_of(e, client);
    struct asked *at = &v->asked[0];
    for (unsigned n = 0; n < ASKED; n++) {
        struct asked *a = &v->asked[n];
        if (a->us < at->us) at = a;
        if (a->us == 0 || a->client != key) continue;
        at = a;
        break;
    }
    *at = (struct asked){e->now_us, key};
}

/* Has this client asked the service since?  When more have than are kept, it may have. */
static bool has_asked(const struct engine *e, const struct service *v, const struct addr *client,
                      uint64_t since_us) {
    uint32_t key = key_of(e, client);
    unsigned later = 0;
    for (unsigned n = 0; n < ASKED; n++) {
        if (v->asked[n].us <= since_us) continue;
        if (v->asked[n].client == key) return true;
        later++;
    }
    return later == ASKED;
}

void slow_client_spoke_first(struct engine *e, const struct flow *f, uint64_t waited_us) {
    struct service *v = services_of(e, f);
    if (!v) return;
    bool late =
        waited_us >= SLOW_US &&
        !has_asked(e, v, &f->end[CLIENT], e->now_us > waited_us ? e->now_us - waited_us : 0);
    note_asked(e, v, &f->end[CLIENT]);
    struct slow_client *c = late ? take(v, &f->end[CLIENT]) : find(v, &f->end[CLIENT]);
    if (!c) return;
    c->opens++;
    if (!late) return;
    c->late_opens++;
    add_wait(e, c, waited_us);
}

void slow_client_asked(struct engine *e, const struct flow *f) {
    struct service *v = services_of(e, f);
    if (v) note_asked(e, v, &f->end[CLIENT]);
}

void slow_client_answered(struct engine *e, const struct flow *f) {
    struct service *v = services_of(e, f);
    struct slow_client *c = v ? find(v, &f->end[CLIENT]) : NULL;
    if (c) c->answers++;
}

/* The round trip from the capture point to the client and back, as in the handshake of TCP. */
static bool client_round(const struct flow *f, uint32_t *us_out) {
    const uint32_t whole = FLOW_SYN | FLOW_SYNACK | FLOW_ESTABLISHED;
    *us_out = f->syn_last_us + f->first_rtt_us - f->synack_us;
    return (f->bits & whole) == whole;
}

void slow_client_went_on(struct engine *e, const struct segment *s, uint64_t took_us) {
    const struct flow *f = s->f;
    uint32_t round_us;
    struct service *v = services_of(e, f);
    if (!v || !client_round(f, &round_us) || took_us < SLOW_US + round_us) return;
    if (s->pause_us < SLOW_US) return; /* its receipt is as late: the flight was on its way */
    if (f->retransmitted[0] + f->retransmitted[1] > 0) return; /* the wait may be a time-out */
    struct slow_client *c = take(v, &f->end[CLIENT]);
    if (!c) return;
    c->late_opens++;
    if (c->opens < c->late_opens) c->opens = c->late_opens; /* the first one made the entry */
    add_wait(e, c, took_us - round_us);
}

void slow_client_acked(struct engine *e, const struct flow *f, uint32_t bytes, uint64_t took_us) {
    uint32_t answered_us;
    if (bytes >= STRAIN_LOADED_BYTES) return;
    if (!client_round(f, &answered_us) || answered_us > BESIDE_US ||
        took_us < SLOW_US + answered_us)
        return;
    if (f->side[CLIENT].bits & SIDE_CLOSED) return; /* tcp_zero_window says so */
    struct service *v = services_of(e, f);
    struct slow_client *c = v ? take(v, &f->end[CLIENT]) : NULL;
    if (!c) return;
    if (c->answers == 0) c->answers = 1; /* the one that it is late for */
    c->late_acks++;
    add_wait(e, c, took_us - answered_us);
}
