/* The engine's memory and its one entry for packets.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/engine.h"
#include "capd/track/control.h"
#include "capd/track/copies.h"
#include "capd/track/dns_track.h"
#include "capd/track/flows.h"
#include "capd/track/fragment.h"
#include "capd/track/link.h"
#include "capd/track/names.h"
#include "capd/track/seconds.h"
#include "capd/track/path.h"
#include "capd/track/ping.h"
#include "capd/track/select.h"
#include "capd/track/services.h"
#include "capd/track/strain.h"
#include "capd/track/tcp.h"
#include "capd/track/udp.h"
#include "common/text.h"

#define DATALINK_RAW  101         /* LINKTYPE_RAW */
#define FROM_SHIFT    48          /* above the numbers of VLANs and tunnels */
#define CLOCK_STEP_NS 1000000000u /* findings.md, capture_clock_step */

/* ---- memory -------------------------------------------------------------------------------------
 */

/* Hands out memory front to back; with base NULL it only adds up. */
struct carver {
    uint8_t *base;
    size_t used;
};

static void *carve(struct carver *c, size_t items, size_t size) {
    void *at = c->base ? c->base + c->used : NULL;
    c->used += (items * size + 63u) & ~(size_t)63u;
    return at;
}

#define CARVE(c, array, items) ((array) = carve((c), (items), sizeof *(array)))

/* Between lo and hi: flows / divisor, a power of two when lo and hi are. */
static uint32_t share(uint32_t flows, uint32_t divisor, uint32_t lo, uint32_t hi) {
    uint32_t n = flows / divisor;
    return n < lo ? lo : n > hi ? hi : n;
}

static void carve_tables(struct engine *e, struct carver *c, uint32_t flows) {
    struct services *s = &e->services;
    struct names *n = &e->names;
    s->capacity = share(flows, 16, 512, 2048);
    s->sketches = share(flows, 32, 512, 2048);
    CARVE(c, s->service, s->capacity);
    CARVE(c, s->bucket, s->capacity);
    CARVE(c, s->sketch, s->sketches);
    CARVE(c, s->sketch_free, s->sketches);
    n->names_cap = share(flows, 16, 1024, 4096);
    n->addresses_cap = 2 * n->names_cap;
    CARVE(c, n->name, n->names_cap);
    CARVE(c, n->name_bucket, n->names_cap);
    CARVE(c, n->name_chain, n->names_cap);
    CARVE(c, n->address, n->addresses_cap);
    CARVE(c, n->address_bucket, n->addresses_cap);
    e->dns.capacity = share(flows, 32, 512, 2048);
    CARVE(c, e->dns.entry, e->dns.capacity);
    CARVE(c, e->dns.bucket, e->dns.capacity);
    e->http.capacity = share(flows, 32, 512, 1024);
    CARVE(c, e->http.entry, e->http.capacity);
    e->tls.capacity = share(flows, 64, 256, 512);
    CARVE(c, e->tls.entry, e->tls.capacity);
    e->holes.capacity = share(flows, 5, 4096, 10112);
    CARVE(c, e->holes.hole, e->holes.capacity);
    e->streams.capacity = share(flows, 135, 64, 456); /* what the budget leaves */
    CARVE(c, e->streams.buffer, e->streams.capacity);
    CARVE(c, e->fragment, FRAGMENTS);
    e->hosts.capacity = e->host_sums.capacity = 2048;
    CARVE(c, e->hosts.host, e->hosts.capacity);
    CARVE(c, e->hosts.bucket, e->hosts.capacity);
    CARVE(c, e->host_sums.host, e->hosts.capacity);
    CARVE(c, e->host_sums.bucket, e->hosts.capacity);
}

static void carve_udp(struct engine *e, struct carver *c, uint32_t flows) {
    e->udp.capacity = share(flows, 32, 512, 2048);
    CARVE(c, e->udp.state, e->udp.capacity);
    CARVE(c, e->udp.last_us, e->udp.capacity);
    CARVE(c, e->udp.free, e->udp.capacity);
    e->media.capacity = share(flows, 64, 128, 1024);
    CARVE(c, e->media.media, e->media.capacity);
    e->udp_done.capacity = e->udp_sums.capacity = 512;
    CARVE(c, e->udp_done.service, e->udp_done.capacity);
    CARVE(c, e->udp_done.bucket, e->udp_done.capacity);
    CARVE(c, e->udp_sums.service, e->udp_sums.capacity);
    CARVE(c, e->udp_sums.bucket, e->udp_sums.capacity);
}

static void carve_all(struct engine *e, struct carver *c, uint32_t flows) {
    e->flows.capacity = flows;
    CARVE(c, e->flows.flow, flows);
    CARVE(c, e->flows.link, flows);
    CARVE(c, e->flows.bucket, flows);
    e->recent.sets = share(flows, 16, 512, 4096);
    CARVE(c, e->recent.set, e->recent.sets);
    carve_tables(e, c, flows);
    carve_udp(e, c, flows);
    CARVE(c, e->retired, LIM_CONNECTIONS);
    CARVE(c, e->retired_score, LIM_CONNECTIONS);
    CARVE(c, e->facts, e->services.capacity);
    CARVE(c, e->frame, LIM_FRAME_FROM_CAPD);
    e->rows_bytes = LIM_SERVICE_ROWS * sizeof(struct msg_service);
    e->rows = carve(c, 1, e->rows_bytes);
}

static uint32_t flows_of(const struct engine_options *o) {
    uint32_t n = 256;
    while (n < o->flows && n < 1u << 20) n *= 2;
    return n;
}

size_t engine_memory(const struct engine_options *o) {
    static struct engine blank; /* only its pointers are assigned, none is used */
    struct carver c = {NULL, 0};
    carve(&c, 1, sizeof blank);
    carve_all(&blank, &c, flows_of(o));
    return c.used;
}

struct engine *engine_init(void *memory, const struct engine_options *o) {
    struct carver c = {memory, 0};
    struct engine *e = carve(&c, 1, sizeof *e);
    carve_all(e, &c, flows_of(o));
    e->o = *o;
    memcpy(e->flows.seed, o->seed, sizeof e->flows.seed);
    e->holes.free = e->streams.free = NONE;
    e->total.proto_packets[0] = 0;
    flow_table_init(&e->flows);
    services_init(&e->services);
    names_init(&e->names);
    dns_init(e);
    pings_init(&e->pings);
    hosts_init(&e->hosts);
    hosts_init(&e->host_sums);
    udp_init(e);
    seconds_init(&e->seconds);
    select_init(e);
    if (o->start_ns) {
        e->epoch_ns = e->last_ns = e->packet_ns = o->start_ns;
        e->started = true;
    }
    return e;
}

/* ---- packets
 * ------------------------------------------------------------------------------------- */

static uint64_t apart(uint64_t a, uint64_t b) {
    return a > b ? a - b : b - a;
}

/* Time never goes back here, so that no wait comes out negative.  What a file has a little late was
 * put in out of order; a larger step back is a clock that was set, another capture joined to the
 * first, or another interface with a clock of its own: it goes on from the latest time, by its own
 * clock.  Two clocks are kept, of which a packet has the nearer one. */
static void take_time(struct engine *e, uint64_t ts_ns) {
    if (!e->started) {
        e->started = true;
        e->epoch_ns = e->last_ns = e->packet_ns = ts_ns;
    }
    uint64_t at = ts_ns + e->shift_ns, other = ts_ns + e->other_shift_ns, last = e->packet_ns;
    if (apart(other, last) < apart(at, last)) {
        uint64_t was = e->shift_ns;
        e->shift_ns = e->other_shift_ns;
        e->other_shift_ns = was;
        at = other;
    }
    if (at < last && last - at > CLOCK_STEP_NS) {
        e->other_shift_ns = e->shift_ns;
        e->shift_ns += last - at;
        at = last;
    }
    e->stamp_us = (uint32_t)((int64_t)(at - e->epoch_ns) / 1000);
    if (at > last + CLOCK_STEP_NS) {
        e->still_from_us = (last - e->epoch_ns) / 1000;
        e->still_us = (at - last) / 1000;
    }
    if (at > last) e->packet_ns = at;
    if (at > e->last_ns) e->last_ns = at;
    e->now_us = (e->packet_ns - e->epoch_ns) / 1000;
}

static void count_status(struct totals *t, const struct packet *k) {
    bool carries = k->ip_proto == 6 || k->ip_proto == 17 || k->ip_proto == 132;
    switch (decode_class_of(k->status)) {
    case DECODE_TRUNCATED:
        t->truncated++;
        t->headless_packets += carries && !k->has_ports && !k->fragment;
        break;
    case DECODE_MALFORMED: t->malformed++; break;
    case DECODE_UNKNOWN: t->undecoded++; break;
    default: break;
    }
}

static void count_tunnel(struct engine *e, const struct packet *k) {
    if (k->tunnels > 0 && e->has_host)
        e->total.tunnel_packets +=
            select_address(e, &k->outer_src) || select_address(e, &k->outer_dst);
}

static void count_other(struct engine *e, struct flow *f) {
    count_tunnel(e, e->packet);
    e->total.other_packets++;
    e->total.other_bytes += e->packet->wire_bytes;
    if (!f) return;
    f->other_packets++;
    f->other_bytes += e->packet->wire_bytes;
}

/* to: CLIENT or SERVER, whoever it goes to; 2 if neither. */
static void count_selected(struct engine *e, unsigned to) {
    struct totals *t = &e->total;
    const struct packet *k = e->packet;
    t->packets++;
    t->bytes += k->wire_bytes;
    count_tunnel(e, k);
    uint32_t layers = k->layers ? k->layers : 1u << PROTO_OTHER;
    for (; layers; layers &= layers - 1) {
        unsigned p = (unsigned)__builtin_ctz(layers);
        t->proto_packets[p]++;
        t->proto_bytes[p] += k->wire_bytes;
    }
    seconds_add(&e->seconds, e->now_us, k->wire_bytes, to);
}

/* Is this host an end or a router of what passes here, or does it only look on? */
static void count_link(struct engine *e, const struct packet *k) {
    static const uint8_t none[6];
    const uint8_t *mac = e->o.own_mac;
    if (!k->has_mac || k->dst_mac[0] & 1 || mac_equal(mac, none)) return;
    if (mac_equal(k->src_mac, mac) || mac_equal(k->dst_mac, mac))
        e->total.own_frames++;
    else
        e->total.foreign_frames++;
}

/* By the innermost header: of a tunnel, layers has the bits of all levels. */
static bool has_flow(const struct packet *k) {
    return k->has_ports && (k->ip_proto == 6 || k->ip_proto == 17 || k->ip_proto == 132);
}

static void set_key(const struct engine *e, struct waiting *w) {
    const struct packet *k = &w->packet;
    w->has_flow = has_flow(k);
    if (!w->has_flow) return;
    w->key = (struct flow_key){&k->src, &k->dst, k->sport, k->dport, k->ip_proto, 0};
    flow_key_hash(&e->flows, &w->key);
}

/* Count the packet by its flow. */
static void run_flow(struct engine *e, struct waiting *w) {
    unsigned dir;
    uint32_t i = flows_packet(e, &w->packet, &w->key, &dir);
    struct flow *f = &e->flows.flow[i];
    count_link(e, &w->packet);
    if (f->bits & FLOW_SELECTED || e->message_selected)
        count_selected(e, !dir);
    else
        count_other(e, f);
}

/* The host that was asked says itself that the port is closed. */
static bool is_closed_port(const struct packet *k) {
    const struct icmp_header *i = &k->icmp;
    bool closed = k->ip_proto == 1 ? i->type == 3 && i->code == 3 : i->type == 1 && i->code == 4;
    return closed && i->quote.present && addr_equal(&i->quote.dst, &k->src);
}

/* Said to one host; of ICMP only what comes back: echo reply, time exceeded, port unreachable. */
static bool is_word(const struct packet *k) {
    if (addr_is_multicast(&k->dst)) return false;
    if (k->ip_proto == 1) return k->icmp.type == 0 || k->icmp.type == 11 || is_closed_port(k);
    if (k->ip_proto == 58) return k->icmp.type == 129 || k->icmp.type == 3 || is_closed_port(k);
    return true;
}

/* A packet of no flow: ICMP, ARP, fragments, what is not known. */
static void run_other(struct engine *e, const struct packet *k) {
    bool selected;
    if (packet_has(k, PROTO_ARP))
        selected = arp_packet(e, k);
    else if (!k->fragment && (k->ip_proto == 1 || k->ip_proto == 58))
        selected = icmp_packet(e, k);
    else
        selected = select_pair(e, &k->src, &k->dst);
    if (!selected) {
        count_other(e, NULL);
        return;
    }
    count_selected(e, 2);
    hosts_add(&e->hosts, e->o.seed, &k->src, 1, k->wire_bytes, is_word(k) ? e->now_us : 0);
    hosts_add(&e->hosts, e->o.seed, &k->dst, 1, k->wire_bytes, 0);
}

/* The fragment counts as a packet of its own; the datagram it completes runs as the last one did
 * not, with its bytes on the wire. */
static void run_fragment(struct engine *e, struct waiting *w) {
    struct packet *k = &w->packet;
    uint32_t cap, wire, frame_bytes = k->wire_bytes;
    e->total.fragments++;
    const uint8_t *whole = fragment_take(e, k, &cap, &wire);
    if (!whole) {
        run_other(e, k);
        return;
    }
    decode_frame(DATALINK_RAW, k->ts_ns, whole, cap, wire, k);
    k->wire_bytes = frame_bytes;
    set_key(e, w);
    if (w->has_flow)
        run_flow(e, w);
    else
        run_other(e, k);
}

static void run(struct engine *e, struct waiting *w) {
    struct packet *k = e->packet = &w->packet;
    take_time(e, k->ts_ns);
    e->message_selected = false;
    e->total.seen++;
    e->total.sealed_packets += k->sealed;
    if (k->status != DECODE_OK) count_status(&e->total, k);
    link_frame(e, k, w->bytes, k->cap_bytes);
    load_frame(e, k);
    if (select_excluded(e, k)) return;
    if (k->ttl < PATH_FEW_HOPS && k->ip_version) path_few_hops(e, k);
    if (k->fragment)
        run_fragment(e, w);
    else if (w->has_flow)
        run_flow(e, w);
    else
        run_other(e, k);
}

void engine_flush(struct engine *e) {
    struct queue *q = &e->queue;
    for (uint32_t i = 0; i < q->used; i++)
        if (q->frame[i].has_flow) flow_table_expect_flow(&e->flows, &q->frame[i].key);
    for (uint32_t i = 0; i < q->used; i++) run(e, &q->frame[i]);
    q->used = 0;
}

/* The frame's bytes are about to go.  Copied after it was decoded: what was just written in other
 * pieces than it is read in is slow to read. */
static void keep_bytes(struct queue *q, struct waiting *w) {
    uint8_t *copy = q->bytes[q->used];
    struct packet *k = &w->packet;
    memcpy(copy, w->bytes, k->cap_bytes);
    if (k->payload) k->payload = copy + (k->payload - w->bytes);
    w->bytes = copy;
}

/* A long frame whose bytes go is not copied, and so it and those before it cannot wait. */
void engine_queue(struct engine *e, int datalink, uint64_t ts_ns, const uint8_t *bytes,
                  uint32_t cap_bytes, uint32_t wire_bytes) {
    struct queue *q = &e->queue;
    struct waiting *w = &q->frame[q->used];
    bool stays = e->o.bytes_stay, waits = stays || cap_bytes <= WAITING_BYTES;
    w->bytes = bytes;
    decode_frame(datalink, ts_ns, bytes, cap_bytes, wire_bytes, &w->packet);
    w->packet.segment ^= (uint64_t)e->from << FROM_SHIFT;
    if (waits && !stays) keep_bytes(q, w);
    set_key(e, w);
    if (w->has_flow) {
        flow_table_expect(&e->flows, &w->key);
        copies_expect(e, &w->key, &w->packet);
    }
    if (++q->used == WAITING || !waits) engine_flush(e);
}

void engine_from(struct engine *e, uint32_t interface) {
    e->from = interface;
}

void engine_frame(struct engine *e, int datalink, uint64_t ts_ns, const uint8_t *bytes,
                  uint32_t cap_bytes, uint32_t wire_bytes) {
    engine_queue(e, datalink, ts_ns, bytes, cap_bytes, wire_bytes);
    engine_flush(e);
}

void engine_retarget(struct engine *e, const struct msg_prefix *address, uint32_t n) {
    struct engine_target *t = &e->o.target;
    for (uint32_t i = 0; i < n && t->addresses < LIM_TARGET_ADDRESSES; i++) {
        bool known = false;
        for (uint32_t k = 0; k < t->addresses && !known; k++)
            known = t->address[k].prefix_len == address[i].prefix_len &&
                    addr_equal(&t->address[k].address, &address[i].address);
        if (!known) t->address[t->addresses++] = address[i];
    }
    select_init(e);
    select_again(e);
}

uint32_t engine_addresses(const struct engine *e, struct addr *out, uint32_t room) {
    const struct engine_target *t = &e->o.target;
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->addresses && n < room; i++)
        if (t->address[i].prefix_len == t->address[i].address.len * 8u)
            out[n++] = t->address[i].address;
    return n + names_target_addresses(e, out + n, room - n);
}

uint32_t engine_addresses_generation(const struct engine *e) {
    return e->addresses_generation;
}

uint64_t engine_seen(const struct engine *e) {
    return e->total.seen;
}

void engine_narrowed(struct engine *e, enum narrow_cause cause, const char *filter) {
    const char *end = memchr(filter, 0, LIM_FILTER);
    size_t len = end ? (size_t)(end - filter) : LIM_FILTER;
    memcpy(e->narrow_filter, filter, len);
    e->narrow_filter[len] = 0;
    if (e->narrow_cause != NARROW_NONE) return;
    e->narrow_cause = cause;
    e->narrowed_us = e->now_us > 0 ? e->now_us : 1;
    for (uint32_t i = 0; i < e->flows.fresh; i++)
        if (e->flows.link[i].list != FLOWS_FREE) tcp_hide(e, &e->flows.flow[i]);
}

void engine_end(struct engine *e) {
    select_settle_all(e, 0);
}

void engine_interface_down(struct engine *e, uint64_t us) {
    e->total.interface_down_us = us;
}

void engine_unread(struct engine *e, uint64_t bytes, uint64_t of_bytes, const char *why) {
    e->total.file_unread_bytes = bytes;
    e->total.file_bytes = of_bytes;
    const char *end = memchr(why, 0, LIM_ERROR_TEXT);
    size_t len = end ? (size_t)(end - why) : LIM_ERROR_TEXT;
    text_clean((const uint8_t *)why, len, e->file_error, sizeof e->file_error);
}

void engine_quality(struct engine *e, const struct engine_quality *q) {
    e->total.received = q->received;
    e->total.missed_kernel = q->missed_kernel;
    e->total.missed_interface = q->missed_interface;
}
