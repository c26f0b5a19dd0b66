/* SYN-ACKs that are repeated unasked.  Floods of SYNs: per service, the seconds with more than
 * FLOOD_RATE attempts, and what became of all attempts since the first such second.  Only the first
 * SYN of a connection counts, so that clients who repeat theirs at a dead server make no flood, and
 * only the sum is judged, so that a busy second whose handshakes end in the next one makes none
 * either. Runs in: worker.  Input trust: packets. */
#include "capd/track/tcp_setup.h"
#include "capd/track/services.h"
#include "capd/track/stranger.h"
#include "capd/track/tcp_end.h"

#define FLOOD_RATE   100u  /* findings.md, syn_flood: per second, */
#define FLOOD_RATIO  10u   /* and so many times what comes up */
#define AT_SERVER_US 1000u /* from SYN to SYN-ACK */

void tcp_setup_asked(struct engine *e, const struct flow *f) {
    struct service *v = services_of(e, f);
    if (!v) return;
    v->asked_again += stranger_tries_again(e, f);
    struct syn_rate *r = &v->syn_rate;
    uint64_t second = e->now_us / 1000000;
    if (r->second != second) {
        r->second = second;
        r->syns = r->done = 0;
    }
    r->syns++;
    if (r->syns > r->worst) r->worst = r->syns;
    if (r->syns <= FLOOD_RATE) return;
    if (r->hot == 0) {
        r->hot_done = r->done;
        r->first_us = e->now_us;
    }
    r->hot += r->syns == FLOOD_RATE + 1 ? r->syns : 1;
    r->last_us = e->now_us;
}

void tcp_setup_answered(struct engine *e, const struct flow *f, bool done) {
    struct service *v = services_of(e, f);
    if (!v) return;
    if (done) v->syn_rate.done++;
    if (v->syn_rate.hot == 0) return;
    v->syn_rate.hot_done += done;
    v->syn_rate.hot_answered += !done;
}

/* The SYN-ACK was sent more often than asked for.  A server may hold its end back until data comes
 * and repeat the SYN-ACK meanwhile: no case while the client, heard here, has nothing to say. */
static bool is_synack_again(const struct flow *f) {
    return f->synack_sent > f->syn_sent && f->bits & FLOW_SYN &&
           (!(f->bits & FLOW_ESTABLISHED) || f->payload[CLIENT] > 0);
}

/* The server's answer took next to none of the round trip: what passes here has arrived. */
static bool is_at_server(const struct flow *f) {
    uint32_t answer_us = f->synack_us - f->syn_us;
    return f->syn_sent == 1 && answer_us <= AT_SERVER_US && answer_us <= f->handshake_us / 5;
}

void tcp_setup_again(const struct engine *e, const struct flow *f, struct incidents *all) {
    if (!is_synack_again(f) || f->bits & FLOW_HIDDEN) return;
    struct msg_incident row = tcp_end_row(f, INCIDENT_SYNACK_AGAIN, f->synack_us);
    row.tries = (uint64_t)f->synack_sent - f->syn_sent;
    row.worked = f->bits & FLOW_ESTABLISHED;
    row.offers = stranger_is(e, &f->end[CLIENT]);
    row.toward_client = false;
    /* A server may wait for data and hold back until then: the ACK alone is no proof. */
    if (f->ack_heard == HEARD_DATA) row.value++;
    if (f->ack_heard != HEARD_NOTHING && is_at_server(f)) row.value++;
    incidents_join(all, &row);
}

bool tcp_setup_refused_beside(const struct flow *f) {
    if (!addr_is_private(&f->end[CLIENT]) || addr_is_private(&f->end[SERVER])) return false;
    return tcp_end_hops(f->rst_ttl) == 0 && tcp_end_hops(f->side[CLIENT].ttl) == 0;
}

void tcp_setup_report(const struct engine *e, struct incidents *all) {
    for (uint32_t i = 0; i < e->services.used; i++) {
        const struct service *v = &e->services.service[i];
        const struct syn_rate *r = &v->syn_rate;
        if (!v->used || r->hot <= FLOOD_RATIO * r->hot_done) continue;
        struct msg_incident row = {.kind = INCIDENT_SYN_FLOOD,
                                   .subject = v->address,
                                   .port = v->port,
                                   .on_target = v->target,
                                   .count = 1,
                                   .first_us = r->first_us,
                                   .last_us = r->last_us,
                                   .ip_proto = 6,
                                   .tries = r->hot,
                                   .rate = r->worst,
                                   .offers = r->hot_answered,
                                   .requests = r->hot_done};
        incidents_join(all, &row);
    }
}
