/* Too much of what everybody has to hear: ARP storms and sweeps, loops, floods of broadcasts.  A
 * frame for one station costs a comparison here, and no more.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/hash.h"
#include "capd/track/link.h"
#include "capd/track/link_limits.h"

#define SECOND_US 1000000u
#define BURST_US  100000u
#define GAP_US    2000000u /* a silence this long ends what goes on for seconds */

static struct msg_incident incident_of(const struct engine *e, enum incident_kind kind,
                                       const uint8_t mac[6], uint32_t rate) {
    struct msg_incident row = {.kind = kind,
                               .on_target = true,
                               .count = 1,
                               .first_us = e->now_us,
                               .last_us = e->now_us,
                               .tries = rate,
                               .rate = rate};
    memcpy(row.mac, mac, 6);
    return row;
}

/* ---- ARP ---- */
/* `rate` requests so far in the second, `more` of them not told before. */
static void storm_report(struct engine *e, const uint8_t mac[6], uint32_t rate, uint32_t more) {
    if (e->o.target.mode != MODE_DIAGNOSIS || more == 0) return;
    e->link.second.told += more;
    struct msg_incident row = incident_of(e, INCIDENT_ARP_STORM, mac, rate);
    row.tries = more;
    row.count = more == rate;
    row.on_target = !e->has_host && e->o.target.ports == 0;
    incident_add(e, &row);
}

static struct arp_source *source_get(struct engine *e, const uint8_t mac[6]) {
    struct arp_source *all = e->link.source, *oldest = all;
    for (uint32_t i = 0; i < ARP_SOURCES; i++) {
        if (all[i].used && mac_equal(all[i].mac, mac)) return &all[i];
        if (!all[i].used || (oldest->used && all[i].second_us < oldest->second_us))
            oldest = &all[i];
    }
    *oldest = (struct arp_source){.used = true, .burst_us = e->now_us, .second_us = e->now_us};
    memcpy(oldest->mac, mac, 6);
    return oldest;
}

static void source_report(struct engine *e, struct arp_source *s) {
    storm_report(e, s->mac, s->second, s->second - s->told);
    s->told = s->second;
}

/* The source's second is over: was it one of a sweep? */
static void source_second(struct engine *e, struct arp_source *s) {
    s->sweep_s = s->second >= ARP_RATE_SOURCE ? s->sweep_s + 1 : 0;
    if (s->sweep_s >= ARP_SWEEP_S || s->bursts >= ARP_BURSTS) source_report(e, s);
    if (e->now_us - s->second_us > GAP_US) s->sweep_s = 0;
    s->second = s->bursts = s->told = 0;
    s->second_us = e->now_us;
}

static void source_count(struct engine *e, const struct packet *k) {
    struct arp_source *s = source_get(e, k->src_mac);
    if (e->now_us - s->second_us >= SECOND_US) source_second(e, s);
    s->second++;
    if (e->now_us - s->burst_us >= BURST_US) {
        s->burst_us = e->now_us;
        s->burst = 0;
    }
    if (++s->burst == ARP_BURST + 1) s->bursts++;
    /* Not only when the second is over: it may be the capture's last. */
    if (s->bursts >= ARP_BURSTS && (s->told == 0 || s->second - s->told >= ARP_TELL))
        source_report(e, s);
}

static const struct arp_source *loudest(const struct engine *e) {
    const struct arp_source *best = &e->link.source[0];
    for (uint32_t i = 1; i < ARP_SOURCES; i++)
        if (e->link.source[i].used && e->link.source[i].second > best->second)
            best = &e->link.source[i];
    return best;
}

/* ---- a whole second of the link ---- */
/* Is every broadcast let through to here?  Only then is their share of all known. */
static bool all_visible(const struct engine *e) {
    enum mode m = e->o.target.mode;
    return (m == MODE_DIAGNOSIS || m == MODE_DOMAIN) && !e->o.filtered &&
           e->narrow_cause == NARROW_NONE;
}

/* All hosts ask, none of them as much as one that scans. */
static bool all_ask(const struct link_second *s) {
    uint32_t hosts = 0;
    for (unsigned i = 0; i < ASKER_BITS / 64; i++)
        hosts += (uint32_t)__builtin_popcountll(s->askers[i]);
    return s->arp > ARP_RATE && hosts >= ARP_HOSTS && s->arp >= ARP_RATE_EACH * hosts;
}

/* The second of the whole link, unless it was told already as that of its loud sources. */
static void whole_link_report(struct engine *e, const uint8_t mac[6]) {
    const struct link_second *s = &e->link.second;
    if (s->told == 0) storm_report(e, mac, s->arp, s->arp);
}

static void asked_by_all(struct engine *e, const uint8_t loudest_mac[6]) {
    struct link_second *s = &e->link.second;
    if (s->asked_row == 0) memcpy(s->asker, loudest_mac, 6);
    s->asked_row = all_ask(s) ? s->asked_row + 1 : 0;
    if (s->asked_row < ARP_SWEEP_S || s->arp_row >= STORM_SECONDS) return;
    whole_link_report(e, s->asker);
}

static void second_over(struct engine *e) {
    struct link_second *s = &e->link.second;
    uint64_t packets = e->total.seen - s->seen;
    const struct arp_source *top = loudest(e);
    bool arp = s->arp > ARP_RATE && (top->second >= ARP_RATE_SOURCE || s->arp > ARP_RATE_ALONE);
    s->arp_row = arp ? s->arp_row + 1 : 0;
    if (s->arp_row >= STORM_SECONDS) whole_link_report(e, top->mac);
    asked_by_all(e, top->mac);

    uint64_t percent = packets > 0 ? s->flooded * UINT64_C(100) / packets : 0;
    bool flooded = s->flooded > BROADCAST_RATE && percent > BROADCAST_SHARE && all_visible(e);
    s->flooded_row = flooded ? s->flooded_row + 1 : 0;
    if (s->flooded_row >= STORM_SECONDS) {
        struct msg_incident row = incident_of(e, INCIDENT_BROADCAST_STORM, s->top, s->flooded);
        row.share_percent = percent < 100 ? percent : 100;
        incident_add(e, &row);
    }
}

static void second_check(struct engine *e) {
    struct link_second *s = &e->link.second;
    if (e->now_us - s->start_us < SECOND_US) return;
    if (s->arp | s->flooded | s->arp_row | s->asked_row | s->flooded_row) second_over(e);
    if (e->now_us - s->start_us > GAP_US) s->arp_row = s->asked_row = s->flooded_row = 0;
    s->start_us = e->now_us;
    s->seen = e->total.seen;
    s->arp = s->told = s->flooded = s->top_votes = 0;
    memset(s->askers, 0, sizeof s->askers);
}

/* ---- loops ---- */
static void loop_tell(struct engine *e, struct loop_entry *l) {
    struct msg_incident row = incident_of(e, INCIDENT_L2_LOOP, l->mac, l->copies);
    row.tries = l->copies - l->told;
    l->told = l->copies;
    incident_add(e, &row);
}

/* Those of a loop that were not told yet. */
static void loop_tell_rest(struct engine *e, struct loop_entry *l) {
    if (l->told > 0 && l->copies > l->told) loop_tell(e, l);
}

void link_storm_report(struct engine *e) {
    for (uint32_t i = 0; i < LOOPS; i++) loop_tell_rest(e, &e->link.loop[i]);
}

/* Copies of this one frame so far in the second, told at 50, 100, 200 ... and the rest at the end.
 */
static void loop_count(struct engine *e, const struct packet *k, const uint8_t *bytes,
                       uint32_t cap) {
    uint64_t h = hash_bytes(e->o.seed, bytes, cap < LOOP_HASH_BYTES ? cap : LOOP_HASH_BYTES);
    h += k->segment; /* each port of a bridge that is captured has its copy */
    struct loop_entry *l = &e->link.loop[h % LOOPS];
    bool sure = packet_has(k, PROTO_ARP) || packet_is_numbered(k);
    uint32_t least = sure ? LOOP_COPIES : LOOP_COPIES_UNSURE;
    bool over = e->now_us - l->start_us >= SECOND_US;
    if (over || l->hash != h) {
        if (!over && l->copies > 1) { /* of two that share the slot the frequent one stays */
            l->copies--;
            return;
        }
        loop_tell_rest(e, l);
        *l = (struct loop_entry){.hash = h, .start_us = e->now_us};
        memcpy(l->mac, k->src_mac, 6);
    }
    if (++l->copies >= least && l->copies >= 2 * l->told) loop_tell(e, l);
}

/* Machines that tell their state to each other some thousand times a second, changed or not:
 * PROFINET, POWERLINK, EtherCAT, SERCOS, and of substations GOOSE and sampled values (IEC 61850);
 * AVTP carries sound and pictures. */
static bool is_process_data(const struct packet *k) {
    static const uint16_t types[] = {0x8892, 0x88ab, 0x88a4, 0x88cd, 0x88b8, 0x88ba, 0x22f0};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (k->ip_version == 0 && k->ethertype == types[i]) return true;
    return false;
}

/* A stream to a group that somebody joined (RTP, television) is no flood, however much it is. */
static bool is_stream(const struct packet *k) {
    if (is_process_data(k)) return true;
    if (k->ip_version == 4)
        return k->dst.b[0] >= 224 && k->dst.b[0] < 240 &&
               !(k->dst.b[0] == 224 && k->dst.b[1] == 0 && k->dst.b[2] == 0);
    return k->ip_version == 6 && k->dst.b[0] == 0xff && (k->dst.b[1] & 15) > 2;
}

static void flooded_count(struct engine *e, const struct packet *k) {
    struct link_second *s = &e->link.second;
    s->flooded++;
    if (s->top_votes == 0) memcpy(s->top, k->src_mac, 6);
    if (mac_equal(s->top, k->src_mac))
        s->top_votes++;
    else
        s->top_votes--;
}

void link_storm_frame(struct engine *e, const struct packet *k, const uint8_t *bytes,
                      uint32_t cap) {
    static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    second_check(e);
    if (!k->has_mac || !mac_is_group(k->dst_mac)) return;
    if (packet_has(k, PROTO_ARP)) {
        uint64_t who = hash_bytes(e->o.seed, k->src_mac, 6);
        e->link.second.arp++;
        e->link.second.askers[who % ASKER_BITS / 64] |= UINT64_C(1) << who % 64;
        source_count(e, k);
    }
    if (mac_equal(k->dst_mac, all) && !is_process_data(k)) loop_count(e, k, bytes, cap);
    if (!is_stream(k)) flooded_count(e, k);
}
