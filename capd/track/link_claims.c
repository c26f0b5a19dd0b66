/* Who has an address?  Two findings rest on what ARP says and on whose link-layer address packets
 * come with: two hosts that use one address, and one that takes over another's.  Failover, proxy
 * ARP, virtual routers, bonded cards and a changed card look alike at first sight: what tells them
 * apart stands at each test.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/dns_faults.h"
#include "capd/track/hash.h"
#include "capd/decode/nd.h"
#include "capd/track/link.h"
#include "capd/track/link_limits.h"
#include "capd/track/select.h"

/* Addresses that stand for a group of devices: VRRP and CARP (RFC 9568 section 7.3), HSRP versions
 * 1 and 2, GLBP, and network load balancing. */
static bool is_virtual(const uint8_t m[6]) {
    static const struct {
        uint8_t bytes[5], len;
    } prefix[] = {{{0x00, 0x00, 0x5e, 0x00, 0x01}, 5},
                  {{0x00, 0x00, 0x5e, 0x00, 0x02}, 5},
                  {{0x00, 0x00, 0x0c, 0x07, 0xac}, 5},
                  {{0x00, 0x00, 0x0c, 0x9f}, 4},
                  {{0x00, 0x05, 0x73, 0xa0}, 4},
                  {{0x00, 0x07, 0xb4}, 3},
                  {{0x02, 0xbf}, 2}};
    for (size_t i = 0; i < sizeof prefix / sizeof prefix[0]; i++)
        if (memcmp(m, prefix[i].bytes, prefix[i].len) == 0) return true;
    return false;
}

/* Cards of one host, bonded or on one link: the same maker, and addresses it burned in one after
 * the other, as those of one board or card are; a Raspberry Pi's up to the 3 differ in every other
 * bit of the last three bytes.  Two hosts of one maker are further apart. */
static bool same_host(const uint8_t a[6], const uint8_t b[6]) {
    int32_t of_a = a[3] << 16 | a[4] << 8 | a[5], of_b = b[3] << 16 | b[4] << 8 | b[5];
    int32_t apart = of_a > of_b ? of_a - of_b : of_b - of_a;
    return (a[0] & 2) == 0 && memcmp(a, b, 3) == 0 &&
           (apart < CARD_PORTS || (of_a ^ of_b) == 0x555555);
}

static bool is_zero(const struct addr *a) {
    return a->len != 4 || (a->b[0] | a->b[1] | a->b[2] | a->b[3]) == 0;
}

/* ---- the table ---- */
static struct claim *claim_get(struct engine *e, const struct addr *a, uint64_t segment) {
    uint64_t h = hash_bytes(e->o.seed, a, sizeof *a) + segment;
    struct claim *set = &e->link.claim[h % (CLAIMS / CLAIM_WAYS) * CLAIM_WAYS], *oldest = set;
    for (uint32_t i = 0; i < CLAIM_WAYS; i++) {
        struct claim *c = &set[i];
        if (c->used && c->segment == segment && addr_equal(&c->address, a)) return c;
        if (!c->used || (oldest->used && c->us < oldest->us)) oldest = c;
    }
    *oldest = (struct claim){.address = *a, .segment = segment, .used = true, .us = e->now_us};
    return oldest;
}

static bool claim_has_mac(const struct claim *c) {
    static const uint8_t none[6];
    return !mac_equal(c->mac, none);
}

static bool is_proxy(const struct engine *e, const uint8_t mac[6]) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < CLAIMS; i++)
        if (e->link.claim[i].used && mac_equal(e->link.claim[i].mac, mac)) n++;
    return n >= PROXY_ADDRESSES;
}

/* ---- incidents ---- */
struct contest {
    enum incident_kind kind;
    const struct claim *claim;
    const uint8_t *mac, *other;
    const struct addr *peer; /* NULL: everybody */
    bool gateway;            /* by what it forwards */
};

static void report(struct engine *e, const struct contest *c) {
    bool gateway = c->gateway || select_gateway(e, &c->claim->address), on_target;
    if (!link_concerns(e, &c->claim->address, gateway, &on_target)) return;
    struct msg_incident row = {.kind = c->kind,
                               .subject = c->claim->address,
                               .on_target = on_target,
                               .count = 1,
                               .first_us = e->now_us,
                               .last_us = e->now_us,
                               .tries = 1,
                               .gateway = gateway};
    if (c->peer) row.peer = *c->peer;
    memcpy(row.mac, c->mac, 6);
    memcpy(row.other_mac, c->other, 6);
    incident_add(e, &row);
}

/* The same pair is one conflict, whoever spoke last. */
static void report_duplicate(struct engine *e, const struct claim *c, const uint8_t a[6],
                             const uint8_t b[6]) {
    bool ordered = memcmp(a, b, 6) < 0;
    report(e, &(struct contest){.kind = INCIDENT_ARP_DUPLICATE,
                                .claim = c,
                                .mac = ordered ? a : b,
                                .other = ordered ? b : a});
}

/* ---- one claim ---- */
struct spoken {
    const struct arp_header *a;
    bool announced; /* to everybody, of itself */
    bool asked_for; /* answers a question */
    bool unasked;   /* tells somebody else what nobody asked */
    bool checks;    /* asks a neighbour that it knows, as who wakes does (RFC 4436) */
};

/* Two hosts answer one question.  Of a proxy the answer is to be expected. */
static void second_answer(struct engine *e, struct claim *c, const struct spoken *s) {
    const uint8_t *mac = s->a->sender_mac;
    if (!c->replied) {
        c->replied = true;
        memcpy(c->reply_mac, mac, 6);
    } else if (!mac_equal(c->reply_mac, mac) && !same_host(c->reply_mac, mac) &&
               !is_proxy(e, mac) && !is_proxy(e, c->reply_mac)) {
        report_duplicate(e, c, c->reply_mac, mac);
    }
}

/* A new one announces itself, and the owner says at once that it is there (RFC 5227 section 2.4).
 */
static bool is_defended(const struct engine *e, const struct claim *c, const struct spoken *s) {
    return s->announced && c->said_to_all && e->now_us - c->us <= DEFENCE_US;
}

/* Another one speaks for the address.  One change may be a new card or a failover; a change back is
 * two hosts.  Not so one answer to each question: a bonded pair (balance-alb) answers some with one
 * card and some with the other, to share its clients among them; of two hosts both answer. */
static void change(struct engine *e, struct claim *c, const struct spoken *s) {
    const uint8_t *mac = s->a->sender_mac;
    bool related = same_host(c->mac, mac);
    if (s->unasked && !related)
        report(e, &(struct contest){.kind = INCIDENT_ARP_SPOOFING,
                                    .claim = c,
                                    .mac = mac,
                                    .other = c->mac,
                                    .peer = &s->a->target});
    bool back = c->has_old && mac_equal(c->old_mac, mac);
    if ((back || is_defended(e, c, s)) && !related && !s->unasked) {
        bool announced = s->announced && c->announced;
        uint64_t limit = announced ? FLIP_ANNOUNCED_US : FLIP_US;
        bool proxy = is_proxy(e, mac) || is_proxy(e, c->mac);
        if ((!back || e->now_us - c->changed_us <= limit) && !proxy)
            report_duplicate(e, c, c->mac, mac);
    }
    memcpy(c->old_mac, c->mac, 6);
    c->changed_us = e->now_us;
    c->has_old = true;
    c->announced = s->announced;
    memcpy(c->mac, mac, 6);
}

static void take_over(struct engine *e, struct claim *c, const struct spoken *s) {
    const uint8_t *mac = s->a->sender_mac;
    bool again = c->taken && mac_equal(c->taker, mac) && addr_equal(&c->victim, &s->a->target) &&
                 e->now_us - c->taken_us <= TAKES_GAP_US;
    c->takes = again ? c->takes + 1 : 1;
    c->taken = true;
    c->taken_us = e->now_us;
    c->victim = s->a->target;
    memcpy(c->taker, mac, 6);
    e->link.takings++;
    if (c->takes < TAKES) return;
    e->link.watching = true;
    e->link.watched = (uint32_t)(c - e->link.claim);
}

static void claim_heard(struct engine *e, struct claim *c, const struct spoken *s) {
    const uint8_t *mac = s->a->sender_mac;
    if (s->asked_for) second_answer(e, c, s);
    if (s->unasked && !mac_is_group(mac)) take_over(e, c, s);
    if (!claim_has_mac(c))
        memcpy(c->mac, mac, 6);
    else if (!mac_equal(c->mac, mac) && !s->asked_for && !s->checks)
        change(e, c, s);
    c->us = e->now_us;
    c->said_to_all = s->announced;
}

static uint32_t number_of(const struct addr *a) {
    return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
}

static void question_heard(struct engine *e, const struct packet *k) {
    struct claim *c = claim_get(e, &k->arp.target, k->segment);
    uint32_t who = number_of(&k->arp.sender), slot = 0, oldest = 0;
    while (slot < c->askers && c->asker[slot] != who) {
        if (c->asker_us[slot] < c->asker_us[oldest]) oldest = slot;
        slot++;
    }
    if (slot == CLAIM_ASKERS)
        slot = oldest;
    else if (slot == c->askers)
        c->askers++;
    c->asker[slot] = who;
    c->asker_us[slot] = e->now_us;
    c->replied = false;
}

/* Did the one who is told ask?  Where so many ask at once that not all are known, it may have. */
static bool was_asked(const struct engine *e, const struct claim *c, const struct addr *told) {
    uint32_t who = number_of(told), recent = 0;
    for (uint32_t i = 0; i < c->askers; i++) {
        if (e->now_us - c->asker_us[i] > SOLICITED_US) continue;
        if (c->asker[i] == who) return true;
        recent++;
    }
    return recent == CLAIM_ASKERS;
}

static void arp_heard(struct engine *e, const struct packet *k) {
    const struct arp_header *a = &k->arp;
    static const uint8_t none[6];
    bool gratuitous = addr_equal(&a->sender, &a->target);
    bool broadcast = mac_is_group(k->dst_mac);
    if (a->op != 1 && a->op != 2) return;
    if (a->op == 1 && !gratuitous && !is_zero(&a->target)) question_heard(e, k);
    if (is_zero(&a->sender) || mac_is_group(a->sender_mac) || mac_equal(a->sender_mac, none) ||
        is_virtual(a->sender_mac))
        return;
    struct claim *c = claim_get(e, &a->sender, k->segment);
    bool recent = was_asked(e, c, &a->target);
    struct spoken s = {.a = a,
                       .announced = gratuitous || (a->op == 2 && broadcast),
                       .checks = a->op == 1 && !gratuitous && !broadcast,
                       .asked_for = a->op == 2 && !gratuitous && !broadcast && recent};
    s.unasked = a->op == 2 && !s.announced && !recent;
    claim_heard(e, c, &s);
}

/* ---- whose packets they are ---- */
static uint32_t station_index(const struct engine *e, const struct addr *a) {
    uint64_t h[2];
    memcpy(h, a->b, sizeof h);
    h[0] = (h[0] ^ e->o.seed[0]) * 0x9e3779b97f4a7c15u;
    h[0] = (h[0] ^ h[0] >> 32 ^ h[1]) * 0xbf58476d1ce4e5b9u;
    return (uint32_t)(h[0] >> 54) % STATIONS; /* the upper bits: the last bytes are in no others */
}

/* The packets of an address come another way than before: did somebody bring that about? */
static void station_moved(struct engine *e, const struct packet *k, const uint8_t was[6]) {
    for (uint32_t i = 0; i < CLAIMS; i++) {
        const struct claim *c = &e->link.claim[i];
        if (!c->used || !c->taken || !mac_equal(c->taker, k->src_mac)) continue;
        if (!addr_equal(&c->victim, &k->dst) || e->now_us - c->taken_us > TAKEOVER_US) continue;
        if (same_host(was, k->src_mac) || is_virtual(was) || c->segment != k->segment) continue;
        report(e, &(struct contest){.kind = INCIDENT_ARP_SPOOFING,
                                    .claim = c,
                                    .mac = c->taker,
                                    .other = was,
                                    .peer = &c->victim,
                                    .gateway = !addr_equal(&c->address, &k->src)});
    }
}

/* The victim was told long ago where the address is, and its answers still come the old way: only
 * its own packets, which go to the taker now, show that it believed.  Two routers, one for each
 * direction, look alike, but neither repeats what nobody asked. */
static void victim_sends(struct engine *e, const struct packet *k) {
    const struct claim *c = &e->link.claim[e->link.watched];
    if (!c->taken || !mac_equal(c->taker, k->dst_mac) || !addr_equal(&c->victim, &k->src)) return;
    const struct station *s = &e->link.station[station_index(e, &k->dst)];
    if (!addr_equal(&s->address, &k->dst) || mac_equal(s->mac, c->taker)) return;
    if (same_host(s->mac, c->taker) || is_virtual(s->mac) || c->segment != k->segment) return;
    report(e, &(struct contest){.kind = INCIDENT_ARP_SPOOFING,
                                .claim = c,
                                .mac = c->taker,
                                .other = s->mac,
                                .peer = &c->victim,
                                .gateway = !addr_equal(&c->address, &k->dst)});
    e->link.watching = false; /* until it is told again */
}

static void station_set(struct engine *e, const struct addr *a, const uint8_t mac[6]) {
    struct station *s = &e->link.station[station_index(e, a)];
    s->address = *a;
    memcpy(s->mac, mac, 6);
    e->link.unicast = true;
}

/* The answer to a question belongs to the asker, who may send nothing else. */
static void station_answered(struct engine *e, const struct addr *asker, const uint8_t mac[6]) {
    const struct station *s = &e->link.station[station_index(e, asker)];
    if (!mac_is_group(mac) && !addr_equal(&s->address, asker)) station_set(e, asker, mac);
}

void link_claims_frame(struct engine *e, const struct packet *k) {
    if (!k->has_mac) return;
    if (packet_has(k, PROTO_ARP)) {
        if (k->arp.sender.len == 4) arp_heard(e, k);
        if (k->arp.op == 2 && k->arp.target.len == 4)
            station_answered(e, &k->arp.target, k->dst_mac);
        return;
    }
    if (packet_has(k, PROTO_ICMPV6) && k->icmp.type == ND_NEIGHBOUR_ADVERT)
        station_answered(e, &k->dst, k->dst_mac);
    if (k->ip_version == 0 || mac_is_group(k->dst_mac)) return;
    if (e->link.watching) victim_sends(e, k);
    /* So is the client of an offer by unicast: until it finds its gateway it sends broadcasts. */
    if (k->has_ports &&
        ((k->sport == 67 && k->dport == 68) || (k->sport == 547 && k->dport == 546)))
        station_answered(e, &k->dst, k->dst_mac);
    struct station *s = &e->link.station[station_index(e, &k->src)];
    if (addr_equal(&s->address, &k->src)) {
        if (mac_equal(s->mac, k->src_mac)) return;
        uint8_t was[6];
        memcpy(was, s->mac, 6);
        memcpy(s->mac, k->src_mac, 6);
        if (e->link.takings > 0) station_moved(e, k, was);
        return;
    }
    station_set(e, &k->src, k->src_mac);
}

bool link_shows_answers(const struct engine *e, const struct addr *asker, const uint8_t mac[6],
                        bool foreign) {
    if (e->o.locals > 0) return foreign || select_local(e, asker);
    /* A file does not tell from which host it is: from the asker's, or a place that its packets
     * pass, if others than broadcasts of it did, or of nobody. */
    bool shown = !e->link.unicast;
    for (uint32_t i = 0; i < STATIONS && !shown; i++)
        shown = mac_equal(e->link.station[i].mac, mac);
    return shown;
}

#define FORWARDED  2u
#define ANSWERS_US 1000000u /* what was on its way */
#define BREAK_US   5000000u /* without a packet from beyond */

/* So far apart that they are no two addresses of one station: 16 bits of IPv4; of IPv6, where each
 * has several from the start, 64 bits, and a public one. */
static bool is_elsewhere(const struct addr *a, const struct addr *b) {
    if (a->len != b->len) return false;
    return a->len == 4 ? memcmp(a->b, b->b, 2) != 0
                       : memcmp(a->b, b->b, 8) != 0 && !addr_is_private(a);
}

void link_heard(struct engine *e, const struct addr *server) {
    unsigned v6 = server->len == 16;
    if (addr_is_private(server)) return;
    if (e->now_us - e->link.beyond_us[v6] >= BREAK_US) e->link.beyond_from_us[v6] = e->now_us;
    e->link.beyond_us[v6] = e->now_us;
}

static bool is_told(const struct engine *e, const struct addr *a) {
    for (uint32_t i = 0; i < LINK_ROUTERS; i++)
        if (addr_equal(&e->link.router[i], a)) return true;
    return false;
}

void link_routes(struct engine *e, const struct addr *router) {
    if (router->len == 0 || is_told(e, router)) return;
    e->link.router[e->link.routers++ % LINK_ROUTERS] = *router;
}

bool link_is_missed(const struct engine *e, const struct addr *a, uint64_t silent_us, bool back) {
    /* What is sent anew from beyond may be the first to come when the silence is over. */
    bool returns = back && e->now_us - e->link.beyond_from_us[a->len == 16] <= ANSWERS_US;
    if (!returns && e->link.beyond_us[a->len == 16] > silent_us + ANSWERS_US) return false;
    if (is_told(e, a)) return true;
    const struct station *own = &e->link.station[station_index(e, a)];
    const uint8_t *mac = addr_equal(&own->address, a) ? own->mac : NULL;
    for (uint32_t i = 0; !mac && i < CLAIMS; i++) {
        const struct claim *c = &e->link.claim[i];
        if (c->used && addr_equal(&c->address, a) && claim_has_mac(c)) mac = c->mac;
    }
    uint32_t others = 0;
    for (uint32_t i = 0; mac && i < STATIONS; i++) {
        const struct station *s = &e->link.station[i];
        others += mac_equal(s->mac, mac) && is_elsewhere(&s->address, a);
    }
    return others >= FORWARDED;
}
