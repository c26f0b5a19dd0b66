/* From packet to flow.  A flow is opened by its first packet; a SYN with another sequence number on
 * a known tuple opens a new connection, as tshark's streams do.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/flows.h"
#include "capd/track/copies.h"
#include "capd/track/hash.h"
#include "capd/track/names.h"
#include "capd/track/path.h"
#include "capd/track/select.h"
#include "capd/track/services.h"
#include "capd/track/tcp.h"
#include "capd/track/tcp_end.h"
#include "capd/track/strain.h"
#include "capd/track/udp.h"

#define ONE_SIDED_MIN 4u /* datagrams that nobody answers: a stream, no attempt */

uint16_t flows_mac_mark(const struct packet *k) {
    return k->has_mac ? flows_sender_mark(k) : 0;
}

uint16_t flows_sender_mark(const struct packet *k) {
    uint32_t h = 2166136261u;
    if (!k->has_src_mac) return 0;
    for (unsigned i = 0; i < 6; i++) h = (h ^ k->src_mac[i]) * 16777619u;
    uint16_t mark = (uint16_t)(h ^ h >> 16);
    return mark ? mark : 1;
}

/* Who is the server?  The side that answers a SYN; else the well-known, then the lower port. */
static unsigned guess_client(const struct packet *k, bool *guessed_out) {
    bool tcp = k->ip_proto == 6;
    *guessed_out = !(tcp && k->tcp.flags & TCP_SYN);
    if (!*guessed_out) return k->tcp.flags & TCP_ACK ? 1 : 0;
    if (!tcp && k->sport >= 1024 && k->dport >= 1024) return 0;
    return k->sport < k->dport ? 1 : 0;
}

static void set_ends(struct flow *f, const struct packet *k, bool src_is_server) {
    f->end[CLIENT] = src_is_server ? k->dst : k->src;
    f->end[SERVER] = src_is_server ? k->src : k->dst;
    f->port[CLIENT] = src_is_server ? k->dport : k->sport;
    f->port[SERVER] = src_is_server ? k->sport : k->dport;
}

static uint32_t open_flow(struct engine *e, const struct packet *k, const struct flow_key *key,
                          unsigned *dir_out) {
    uint32_t victim = flow_table_victim(&e->flows);
    if (victim != NONE) {
        if (e->flows.link[victim].list != FLOWS_ENDED) e->total.evicted++;
        flows_retire(e, victim);
    }
    uint32_t i = flow_table_add(&e->flows, key);
    struct flow *f = &e->flows.flow[i];
    bool guessed;
    set_ends(f, k, guess_client(k, &guessed));
    f->ip_proto = key->ip_proto;
    (void)flow_has_key(f, key, dir_out);
    f->first_us = f->last_us = e->now_us;
    f->service = f->name = f->row = NONE;
    if (guessed) f->bits |= FLOW_GUESSED;
    for (unsigned d = 0; d < 2; d++) f->side[d].holes = f->side[d].app_buffer = NONE;
    const struct name *n = names_of(e, &f->end[SERVER], &f->name);
    if (n)
        f->name_gen = n->gen;
    else
        f->name = NONE;
    path_new_flow(e, f);
    select_flow(e, f);
    if (e->narrow_cause != NARROW_NONE) tcp_hide(e, f);
    return i;
}

/* The one that gives way to a flow of this score; NONE: that flow itself.  Half of them is for
 * those that came up, and half for the others, if there are so many. */
static uint32_t least_kept(const struct engine *e, uint64_t score) {
    uint32_t least[2] = {NONE, NONE}, of[2] = {0};
    unsigned mine = score & FLOW_SCORE_UP;
    for (uint32_t n = 0; n < LIM_CONNECTIONS; n++) {
        uint64_t of_n = e->retired_score[n];
        unsigned up = of_n & FLOW_SCORE_UP;
        of[up]++;
        if (least[up] == NONE || of_n < e->retired_score[least[up]]) least[up] = n;
    }
    of[mine]++;
    unsigned from = of[1] > of[0];
    return from == mine && e->retired_score[least[from]] >= score ? NONE : least[from];
}

static void keep_row(struct engine *e, const struct flow *f) {
    uint64_t score = flow_score(e, f);
    uint32_t at = e->retired_n;
    if (at < LIM_CONNECTIONS) {
        e->retired_n++;
    } else {
        at = least_kept(e, score);
        e->total.rows_dropped++;
        if (at == NONE) return;
    }
    e->retired[at] = *f;
    e->retired_score[at] = score;
}

void flows_retire(struct engine *e, uint32_t i) {
    struct flow *f = &e->flows.flow[i];
    if (f->bits & FLOW_WAITS) select_settle(e, f);
    if (f->ip_proto == 6) {
        if (f->bits & FLOW_SELECTED) tcp_end_report(e, f, &e->incidents);
        tcp_answer_done(e, f);
        app_release(e, f);
        for (unsigned d = 0; d < 2; d++) tcp_forget_holes(e, &f->side[d]);
    }
    if (f->ip_proto == 17) udp_leave(e, f);
    if (f->bits & FLOW_SELECTED) {
        flow_add_sums(e, f, &e->total.done);
        flow_add_hosts(f, &e->hosts, e->o.seed);
        if (f->ip_proto == 6) {
            keep_row(e, f);
            services_leave(e, f);
        }
    }
    flow_table_remove(&e->flows, i);
}

uint32_t flows_find(const struct engine *e, uint8_t ip_proto, const struct addr *src,
                    uint16_t sport, const struct addr *dst, uint16_t dport, unsigned *dir_out) {
    struct flow_key key = {src, dst, sport, dport, ip_proto, 0};
    flow_key_hash(&e->flows, &key);
    return flow_table_find(&e->flows, &key, dir_out);
}

/* Does this SYN begin another connection than the one in the table? */
static bool begins_anew(const struct flow *f, const struct packet *k, unsigned dir) {
    if (k->ip_proto != 6 || (k->tcp.flags & (TCP_SYN | TCP_ACK)) != TCP_SYN) return false;
    const struct flow_side *s = &f->side[dir];
    return s->bits & WS_BASE && s->ws_base != k->tcp.seq;
}

struct arrival {
    uint64_t quiet_us;
    unsigned dir;
    bool copy;
};

static void run_tcp(struct engine *e, struct packet *k, uint32_t i, struct arrival a) {
    struct flow *f = &e->flows.flow[i];
    struct segment s = {.k = k,
                        .f = f,
                        .i = i,
                        .dir = a.dir,
                        .quiet_us = a.quiet_us,
                        .us = (uint32_t)e->now_us,
                        .seq = k->tcp.seq,
                        .len = k->payload_bytes,
                        .flags = k->tcp.flags};
    s.end = s.seq + s.len + (s.flags & TCP_SYN ? 1u : 0u) + (s.flags & TCP_FIN ? 1u : 0u);
    if (f->bits & FLOW_HIDDEN) {
        if (!a.copy) tcp_ends(e, &s);
        return;
    }
    const struct flow_side *side = &f->side[a.dir];
    s.pause_us = side->bits & WS_WINDOW ? s.us - side->ws_ack_us : UINT32_MAX;
    tcp_analyse(e, &s);
    if (!a.copy) tcp_segment(e, &s);
}

static uint32_t find_or_open(struct engine *e, const struct packet *k, const struct flow_key *key,
                             unsigned *dir_out) {
    bool syn = k->ip_proto == 6 && k->tcp.flags & TCP_SYN;
    uint32_t i = syn ? NONE : flow_table_recent(&e->flows, key, dir_out);
    if (i != NONE) return i;
    i = flow_table_find(&e->flows, key, dir_out);
    if (i != NONE && syn && begins_anew(&e->flows.flow[i], k, *dir_out)) {
        flows_retire(e, i);
        i = NONE;
    }
    return i != NONE ? i : open_flow(e, k, key, dir_out);
}

static enum flow_list list_of(const struct flow *f) {
    if (f->bits & FLOW_ENDED) return FLOWS_ENDED;
    if (f->ip_proto == 6)
        return f->bits & (FLOW_ESTABLISHED | FLOW_GUESSED) ? FLOWS_LIVE : FLOWS_TRIED;
    bool answered = f->packets[0] > 0 && f->packets[1] > 0;
    return answered || f->packets[0] + f->packets[1] >= ONE_SIDED_MIN ? FLOWS_LIVE : FLOWS_TRIED;
}

uint32_t flows_packet(struct engine *e, struct packet *k, const struct flow_key *key,
                      unsigned *dir_out) {
    bool tcp = k->ip_proto == 6;
    uint32_t i = find_or_open(e, k, key, dir_out);
    e->flows.recent = i;
    struct flow *f = &e->flows.flow[i];
    unsigned dir = *dir_out;
    if (f->bits & FLOW_WAITS) select_packet(e, f, k, dir);
    bool copy = copies_is_one(e, i, k, dir);
    if (copy) e->total.duplicates++;
    f->packets[dir]++;
    f->bytes[dir] += k->wire_bytes;
    uint64_t quiet = e->now_us > f->last_us ? e->now_us - f->last_us : 0;
    if (quiet > 0) {
        if (tcp && quiet >= STRAIN_QUIET_US) {
            tcp_hold_times(f, (uint32_t)e->now_us, quiet);
            strain_silence(e, f, k, dir, quiet);
        }
        f->last_us = e->now_us;
    }
    struct flow_link *l = &e->flows.link[i];
    if (tcp)
        run_tcp(e, k, i, (struct arrival){quiet, dir, copy});
    else if (!copy)
        udp_packet(e, k, f, dir);
    enum flow_list list = list_of(f);
    /* The order within a second does not matter for eviction; moving costs cache misses. */
    if (list != l->list || (uint32_t)e->now_us - l->touched_us > 1000000u) {
        flow_table_touch(&e->flows, i, list);
        l->touched_us = (uint32_t)e->now_us;
        if (tcp) tcp_hold_times(f, l->touched_us, 0);
    }
    return i;
}
