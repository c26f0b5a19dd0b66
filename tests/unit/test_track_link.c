/* The detectors of the local link: for each a fault that must be an incident, and the healthy
 * things that look like it and must be none. */
#include "tests/unit/linkbuild.h"

#define NET     0x0a000000u /* 10.0.0.0: hosts by number */
#define GATEWAY 254u

struct said {
    unsigned op, from, to;   /* devices */
    unsigned sender, target; /* numbers of addresses; sender 0: none yet */
};

static void arp(struct lab *l, struct said s) {
    uint8_t f[42] = {0};
    mac_put(f, s.to);
    mac_put(f + 6, s.from);
    memcpy(f + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00", 9);
    f[21] = (uint8_t)s.op;
    mac_put(f + 22, s.from);
    if (s.sender) put32(f + 28, NET + s.sender);
    if (s.to != EVERYBODY) mac_put(f + 32, s.to);
    put32(f + 38, NET + s.target);
    lab_frame(l, f, sizeof f, sizeof f);
}

#define ASKS(who, me, whom)     ((struct said){1, who, EVERYBODY, me, whom})
#define ANSWERS(who, me, to, b) ((struct said){2, who, to, me, b})
#define ANNOUNCES(who, me)      ((struct said){1, who, EVERYBODY, me, me})

/* A UDP packet from a device, with any addresses. */
static void ip_from(struct lab *l, unsigned from, unsigned to, uint32_t src, uint32_t dst) {
    uint8_t f[60] = {0};
    mac_put(f, to);
    mac_put(f + 6, from);
    memcpy(f + 12, "\x08\x00\x45\x00\x00\x2e", 6);
    put16(f + 18, ++l->ip_id);
    f[22] = 64;
    f[23] = 17;
    put32(f + 26, src);
    put32(f + 30, dst);
    memcpy(f + 34, "\x1f\x90\x1f\x91\x00\x1a\x00\x00", 8);
    lab_frame(l, f, sizeof f, sizeof f);
}

static void none_of_all(struct lab *l, const char *what) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->incidents.rows_n; i++)
        fail_msg("%s: %s", what, incident_names[l->incidents.rows[i].kind]);
    lab_free(l);
}

/* ---- one address, two devices ---- */
static void test_link_two_answers_are_a_duplicate(void **state) {
    (void)state;
    struct lab *l = lab_default();
    arp(l, ASKS(1, 1, 50));
    l->us += 1 * MS;
    arp(l, ANSWERS(7, 50, 1, 1));
    l->us += 1 * MS;
    arp(l, ANSWERS(5, 50, 1, 1));
    const struct msg_incident *n = find(l, INCIDENT_ARP_DUPLICATE);
    assert_non_null(n);
    assert_int_equal(n->subject.b[3], 50);
    assert_int_equal(n->mac[5], 5); /* in order, whoever spoke first */
    assert_int_equal(n->other_mac[5], 7);
    assert_true(n->on_target && !n->gateway);
    assert_null(find(l, INCIDENT_ARP_SPOOFING));
    lab_free(l);
}

/* Two devices of one maker with the address they came with; the ports of one card are no two. */
static void test_link_duplicate_of_one_maker(void **state) {
    (void)state;
    for (unsigned other = 2; other <= 102; other += 100) {
        struct lab *l = lab_default();
        arp(l, ASKS(1, 1, 50));
        arp(l, ANSWERS(BURNED(1), 50, 1, 1));
        arp(l, ANSWERS(BURNED(other), 50, 1, 1));
        assert_int_equal(find(l, INCIDENT_ARP_DUPLICATE) != NULL, other > 2);
        lab_free(l);
    }
}

/* A announces, B defends, RFC 5227. */
static void test_link_defended_address_is_a_duplicate(void **state) {
    (void)state;
    struct lab *l = lab_default();
    arp(l, ASKS(5, 50, 1)); /* B is known */
    l->us += 20 * S;
    arp(l, ANNOUNCES(7, 50));
    l->us += 10 * MS;
    arp(l, ANNOUNCES(5, 50));
    assert_non_null(find(l, INCIDENT_ARP_DUPLICATE));
    lab_free(l);
}

static void test_link_one_address_moves_healthily(void **state) {
    (void)state;
    struct lab *l = lab_default();
    arp(l, ASKS(5, 50, 1));
    l->us += 1 * S;
    arp(l, ANNOUNCES(7, 50)); /* a new card, or the other of a pair */
    arp(l, ANNOUNCES(7, 50));
    l->us += 1 * S;
    arp(l, ASKS(1, 1, 50));
    arp(l, ANSWERS(7, 50, 1, 1));
    none_of_all(l, "a new card");

    l = lab_default();
    for (int i = 0; i < 6; i++) { /* a pair that changes back and forth */
        arp(l, ANNOUNCES(i % 2 ? 5 : 7, 50));
        l->us += 5 * S;
    }
    none_of_all(l, "failover and back");

    l = lab_default();
    for (unsigned i = 0; i < 6; i++) { /* the same, and in use meanwhile */
        unsigned host = i % 2 ? 5 : 7;
        arp(l, ANNOUNCES(host, 50));
        l->us += 1 * S;
        arp(l, ASKS(1, 1, 50));
        arp(l, ANSWERS(host, 50, 1, 1));
        l->us += 9 * S;
    }
    none_of_all(l, "failover and back in use");

    l = lab_default();
    arp(l, ASKS(1, 1, 50)); /* virtual routers: two devices, each with the virtual address */
    arp(l, ANSWERS(VRRP(3), 50, 1, 1));
    arp(l, ANSWERS(VRRP(4), 50, 1, 1));
    arp(l, ANSWERS(9, 50, 1, 1));
    none_of_all(l, "virtual router");

    l = lab_default();
    for (unsigned i = 0; i < 6; i++) { /* bonded cards: each client is told another one */
        arp(l, ASKS(1, 1, 50));
        arp(l, ANSWERS(BURNED(1 + i % 2), 50, 1, 1));
        arp(l, ANSWERS(BURNED(1 + (i + 1) % 2), 50, 1, 1));
        l->us += 3 * S;
        arp(l, ANSWERS(BURNED(1 + i % 2), 50, 2, 2));
        l->us += 3 * S;
    }
    none_of_all(l, "bonded cards");

    l = lab_default();
    for (unsigned host = 60; host < 66; host++) { /* proxy ARP answers beside the host itself */
        arp(l, ASKS(1, 1, host));
        arp(l, ANSWERS(9, host, 1, 1));
        l->us += 3 * S;
    }
    arp(l, ASKS(1, 1, 60));
    arp(l, ANSWERS(60, 60, 1, 1));
    arp(l, ANSWERS(9, 60, 1, 1));
    none_of_all(l, "proxy ARP");

    l = lab_default();
    arp(l, ASKS(7, 0, 50)); /* a probe before the address is used, and the owner's answer */
    arp(l, ANSWERS(5, 50, 7, 0));
    none_of_all(l, "address probe");
}

/* A bonded pair of two makers (balance-alb) tells each client one of its cards, and asks by one. */
static void test_link_clients_shared_among_cards(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned i = 0; i < 18; i++) {
        unsigned client = 1 + i % 6;
        arp(l, ASKS(client, client, 50));
        arp(l, ANSWERS(i % 2 ? 41 : 42, 50, client, client));
        if (i % 6 == 5) arp(l, ASKS(41, 50, client));
        l->us += 1 * S;
    }
    none_of_all(l, "clients shared among cards");
}

/* ---- taken over ---- */
static void test_link_unasked_answer_takes_over(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.target.gateways = 1;
    o.target.gateway[0] = addr_from_bytes((const uint8_t *)"\x0a\x00\x00\xfe", 4);
    struct lab *l = lab_new(&o);
    arp(l, ASKS(1, 1, GATEWAY));
    arp(l, ANSWERS(254, GATEWAY, 1, 1));
    l->us += 10 * S;
    arp(l, ANSWERS(66, GATEWAY, 1, 1));
    const struct msg_incident *n = find(l, INCIDENT_ARP_SPOOFING);
    assert_non_null(n);
    assert_int_equal(n->subject.b[3], GATEWAY);
    assert_int_equal(n->mac[5], 66);
    assert_int_equal(n->other_mac[5], 254);
    assert_int_equal(n->peer.b[3], 1);
    assert_true(n->gateway);
    lab_free(l);
}

/* The taker needs the gateway, too: that it asks for it makes what it tells others no answer. */
static void test_link_anothers_question_is_no_excuse(void **state) {
    (void)state;
    struct lab *l = lab_default();
    arp(l, ASKS(1, 1, GATEWAY));
    arp(l, ANSWERS(254, GATEWAY, 1, 1));
    l->us += 10 * S;
    arp(l, ASKS(66, 66, GATEWAY));
    arp(l, ANSWERS(254, GATEWAY, 66, 66));
    arp(l, ANSWERS(66, GATEWAY, 1, 1));
    assert_non_null(find(l, INCIDENT_ARP_SPOOFING));
    lab_free(l);

    l = lab_default();
    arp(l, ASKS(1, 1, 50));
    arp(l, ANSWERS(5, 50, 1, 1));
    l->us += 10 * S;
    for (unsigned host = 1; host < 7; host++) arp(l, ASKS(host, host, 50)); /* after a power cut */
    for (unsigned host = 1; host < 7; host++) arp(l, ANSWERS(9, 50, host, host));
    none_of_all(l, "a new card that many ask for");
}

/* ARP never told who the gateway was: its traffic does. */
static void test_link_traffic_moves_after_the_claim(void **state) {
    static const struct {
        bool claimed, moves;
    } cases[] = {{true, true}, {true, false}, {false, true}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct lab *l = lab_default();
        ip_from(l, 254, 1, B1, NET + 1);
        l->us += 1 * S;
        if (cases[i].claimed) arp(l, ANSWERS(66, GATEWAY, 1, 1));
        l->us += 1 * S;
        ip_from(l, cases[i].moves ? 66 : 254, 1, B1, NET + 1);
        const struct msg_incident *n = find(l, INCIDENT_ARP_SPOOFING);
        assert_int_equal(n != NULL, i == 0);
        if (n) {
            assert_int_equal(n->subject.b[3], GATEWAY);
            assert_int_equal(n->other_mac[5], 254);
            assert_true(n->gateway);
        }
        lab_free(l);
    }
}

static void test_link_answers_that_take_nothing(void **state) {
    (void)state;
    struct lab *l = lab_default();
    arp(l, ASKS(1, 1, GATEWAY));
    arp(l, ANSWERS(254, GATEWAY, 1, 1));
    for (int i = 0; i < 4; i++) { /* asked: another card answers, and for good */
        l->us += 60 * S;
        arp(l, ASKS(1, 1, GATEWAY));
        arp(l, ANSWERS(77, GATEWAY, 1, 1));
    }
    none_of_all(l, "a replaced gateway");

    l = lab_default();
    for (int i = 0; i < 4; i++) { /* two routers send the same hosts' packets in turn */
        ip_from(l, 253 + (unsigned)i % 2, 1, B1, NET + 1);
        l->us += 1 * S;
    }
    none_of_all(l, "two gateways");

    l = lab_default();
    arp(l, ASKS(1, 1, GATEWAY));
    arp(l, ANSWERS(BURNED(1), GATEWAY, 1, 1));
    l->us += 10 * S;
    arp(l, ANSWERS(BURNED(2), GATEWAY, 1, 1)); /* a bond shares its clients out anew */
    none_of_all(l, "bonded cards");
}

/* What does not concern the target is not reported in its report. */
static void test_link_other_hosts_of_a_domain_capture(void **state) {
    (void)state;
    for (unsigned host = 50; host < 52; host++) {
        struct engine_options o = lab_options();
        o.target.mode = MODE_DOMAIN;
        o.target.addresses = 1;
        o.target.address[0] = (struct msg_prefix){
            addr_from_bytes((const uint8_t *)"\x0a\x00\x00\x32", 4), 32}; /* host 50 */
        struct lab *l = lab_new(&o);
        arp(l, ASKS(1, 1, host));
        arp(l, ANSWERS(7, host, 1, 1));
        arp(l, ANSWERS(5, host, 1, 1));
        assert_int_equal(find(l, INCIDENT_ARP_DUPLICATE) != NULL, host == 50);
        lab_free(l);
    }
}

/* The client knew the gateway before the capture began, and only what it sends itself is diverted:
 * nothing comes from the taker. */
static void test_link_own_packets_go_to_the_taker(void **state) {
    static const struct {
        const char *what;
        unsigned claims, to, from;
        uint64_t gap;
    } cases[] = {{"diverted", 3, 66, 254, 1},
                 {"told once only", 2, 66, 254, 1},
                 {"not believed", 3, 254, 254, 1},
                 {"the taker is the gateway", 3, 66, 66, 1},
                 {"told every few minutes", 3, 66, 254, 120}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        ip_from(l, cases[i].from, 1, B1, NET + 1);
        for (unsigned n = 0; n < cases[i].claims; n++) {
            arp(l, ANSWERS(66, GATEWAY, 1, 1));
            l->us += cases[i].gap * S;
        }
        ip_from(l, 1, cases[i].to, NET + 1, B1);
        ip_from(l, cases[i].from, 1, B1, NET + 1);
        const struct msg_incident *n = find(l, INCIDENT_ARP_SPOOFING);
        if ((n != NULL) != (i == 0)) fail_msg("%s", cases[i].what);
        if (n) {
            assert_int_equal(n->subject.b[3], GATEWAY);
            assert_int_equal(n->mac[5], 66);
            assert_int_equal(n->other_mac[5], 254);
            assert_int_equal(n->peer.b[3], 1);
            assert_true(n->gateway);
        }
        lab_free(l);
    }
}

/* ---- storms ---- */
static void test_link_arp_storm_of_one_source(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned i = 0; i < 120; i++) { /* 80 in 200 ms */
        arp(l, ASKS(1, 1, 2 + i));
        l->us += 2500;
    }
    const struct msg_incident *n = find(l, INCIDENT_ARP_STORM);
    assert_non_null(n);
    assert_int_equal(n->mac[5], 1);
    assert_in_range(n->rate, 105, 120); /* though its second is not over */
    assert_int_equal(n->tries, n->rate);
    assert_null(find(l, INCIDENT_L2_LOOP)); /* no two of them are the same */
    lab_free(l);
}

static void test_link_long_sweep(void **state) {
    (void)state;
    for (unsigned per_second = 15; per_second <= 25; per_second += 10) {
        struct lab *l = lab_default();
        for (unsigned i = 0; i < 8 * per_second; i++) {
            arp(l, ASKS(1, 1, 2 + i));
            l->us += S / per_second;
        }
        assert_int_equal(find(l, INCIDENT_ARP_STORM) != NULL, per_second > 20);
        lab_free(l);
    }
}

/* More than a hundred requests a second of several hosts, none of which asks as often as a scanner.
 * One host that is as loud for a moment, and hosts that ask a few times each, are none. */
static void test_link_arp_storm_of_many(void **state) {
    (void)state;
    static const struct {
        unsigned hosts, per_second, seconds;
        bool storm;
    } t[] = {{10, 150, 9, true},
             {100, 500, 9, true},
             {10, 150, 4, false},
             {60, 200, 9, false},
             {200, 600, 9, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < t[i].per_second * t[i].seconds; n++) {
            unsigned who = 1 + n % t[i].hosts;
            arp(l, ASKS(who, who, 1 + n * 7 % 250));
            l->us += S / t[i].per_second;
        }
        const struct msg_incident *n = find(l, INCIDENT_ARP_STORM);
        if ((n != NULL) != t[i].storm) fail_msg("case %zu", i);
        if (n) assert_in_range(n->rate, t[i].per_second * 9 / 10, t[i].per_second + 10);
        lab_free(l);
    }
}

static void test_link_busy_but_healthy(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned i = 0; i < 1500; i++) { /* 150 a second, of 200 hosts */
        arp(l, ASKS(1 + i % 200, 1 + i % 200, 1 + i * 7 % 250));
        l->us += S / 150;
    }
    none_of_all(l, "a big network");

    l = lab_default();
    for (unsigned i = 0; i < 60; i++) { /* a monitor polls its hosts all at once, each minute */
        arp(l, ASKS(1, 1, 2 + i % 60));
        l->us += 1 * MS;
    }
    l->us += 60 * S;
    for (unsigned i = 0; i < 60; i++) arp(l, ASKS(1, 1, 2 + i));
    none_of_all(l, "a monitor's round");
}

/* ---- loops and floods ---- */
/* A broadcast datagram; id 0: without identification. */
static void broadcast(struct lab *l, unsigned from, unsigned id, uint32_t dst) {
    uint8_t f[60] = {0};
    mac_put(f, EVERYBODY);
    if (dst >> 28 == 14) memcpy(f, "\x01\x00\x5e\x01\x01\x01", 6);
    mac_put(f + 6, from);
    memcpy(f + 12, "\x08\x00\x45\x00\x00\x2e", 6);
    put16(f + 18, id);
    f[22] = 64;
    f[23] = 17;
    put32(f + 26, NET + from);
    put32(f + 30, dst);
    memcpy(f + 34, "\x1f\x90\x1f\x91\x00\x1a\x00\x00", 8);
    lab_frame(l, f, sizeof f, sizeof f);
}

static void test_link_loop(void **state) {
    static const struct {
        unsigned id, per_second, n;
        bool loop;
    } cases[] = {{77, 60, 120, true}, {77, 40, 120, false},  {77, 2000, 4000, true},
                 {0, 60, 180, false}, {0, 1000, 2000, true}, {77, 1000, 3, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        for (unsigned k = 0; k < cases[i].n; k++) {
            broadcast(l, 9, cases[i].id, NET + 255);
            l->us += S / cases[i].per_second;
            if (k % 10 == 0) arp(l, ASKS(1, 1, 2 + k / 10 % 9));
        }
        const struct msg_incident *n = find(l, INCIDENT_L2_LOOP);
        if ((n != NULL) != cases[i].loop) fail_msg("case %zu", i);
        if (n) {
            assert_int_equal(n->mac[5], 9);
            assert_in_range(n->rate, 50, cases[i].per_second);
            assert_in_range(n->tries, n->rate, cases[i].n);
        }
        lab_free(l);
    }
}

/* A field bus polls with the same broadcast each millisecond, a substation sends samples. */
static void test_link_process_data(void **state) {
    static const struct {
        uint16_t type;
        bool fault;
    } cases[] = {{0x88a4, false}, {0x88ba, false}, {0x88b5, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        for (unsigned k = 0; k < 4000; k++) {
            uint8_t f[60] = {0};
            mac_put(f, EVERYBODY);
            mac_put(f + 6, 9);
            put16(f + 12, cases[i].type);
            lab_frame(l, f, sizeof f, sizeof f);
            l->us += 1 * MS;
        }
        assert_int_equal(find(l, INCIDENT_L2_LOOP) != NULL, cases[i].fault);
        assert_int_equal(find(l, INCIDENT_BROADCAST_STORM) != NULL, cases[i].fault);
        lab_free(l);
    }
}

static void test_link_broadcast_storm(void **state) {
    static const struct {
        unsigned flood, other; /* frames in 4 seconds */
        uint32_t dst;
        bool storm;
    } cases[] = {{4000, 4000, NET + 255, true},
                 {4000, 40000, NET + 255, false}, /* a small part of much */
                 {1600, 1600, NET + 255, false},
                 {4000, 400, 0xef010101u, false}, /* 239.1.1.1: television */
                 {4000, 4000, 0xe00000fbu, true} /* 224.0.0.251: nobody asked for it */};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        unsigned all = cases[i].flood + cases[i].other;
        for (unsigned k = 0, flooded = 0; k < all; k++) {
            if ((uint64_t)(k + 1) * cases[i].flood / all > flooded)
                broadcast(l, 9, ++flooded, cases[i].dst);
            else
                ip_from(l, 1, 2, NET + 1, NET + 2);
            l->us += 4 * S / all;
        }
        const struct msg_incident *n = find(l, INCIDENT_BROADCAST_STORM);
        if ((n != NULL) != cases[i].storm) fail_msg("case %zu", i);
        if (n) {
            assert_int_equal(n->mac[5], 9);
            assert_in_range(n->rate, 900, 1100);
            assert_in_range(n->share_percent, 45, 55);
        }
        assert_null(find(l, INCIDENT_L2_LOOP));
        lab_free(l);
    }
}

/* ---- neighbours ---- */
#define NOBODY6 ZERO_16

static void test_link_neighbour_stays_silent(void **state) {
    static const struct {
        const char *asker;
        uint8_t hops;
        unsigned tries;
        bool answered, silent;
    } cases[] = {{ADDR6_CLIENT, 255, 3, false, true},
                 {ADDR6_CLIENT, 255, 3, true, false},
                 {ADDR6_CLIENT, 255, 2, false, false},
                 {NOBODY6, 255, 3, false, false},
                 {ADDR6_CLIENT, 64, 3, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct engine_options o = lab_options();
        o.target.gateways = 1;
        assert_true(addr_parse("2001:db8::9", &o.target.gateway[0]));
        struct lab *l = lab_new(&o);
        for (unsigned k = 0; k < cases[i].tries; k++) {
            nd(l, 135, cases[i].asker, GROUP6, ND_SOLICIT_BODY, cases[i].hops);
            l->us += 1 * S;
        }
        if (cases[i].answered) nd(l, 136, ADDR6_SERVER, ADDR6_CLIENT, ND_ADVERT_BODY, 255);
        lab_wait(l, 1 * S);
        const struct msg_incident *n = find(l, INCIDENT_ND_UNANSWERED);
        if ((n != NULL) != cases[i].silent) fail_msg("case %zu", i);
        if (n) {
            assert_int_equal(n->tries, 3);
            assert_int_equal(n->span_us, 2 * S);
            assert_true(n->gateway);
        }
        lab_free(l);
    }
}

/* Another host's questions reach a switch's every port, the answers do not. */
static void test_link_neighbours_of_other_hosts(void **state) {
    (void)state;
    for (int visible = 0; visible < 2; visible++) {
        struct engine_options o = lab_options();
        o.locals = 1;
        assert_true(addr_parse("2001:db8::77", &o.local[0]));
        struct lab *l = lab_new(&o);
        for (int k = 0; k < 4; k++) {
            nd(l, 135, ADDR6_CLIENT, GROUP6, ND_SOLICIT_BODY, 255);
            l->us += 1 * S;
        }
        if (visible)
            nd(l, 136, "20010db8000000000000000000000005", ADDR6_CLIENT,
               "20010db8000000000000000000000005", 255);
        lab_wait(l, 1 * S);
        assert_int_equal(find(l, INCIDENT_ND_UNANSWERED) != NULL, visible);
        lab_free(l);
    }
}

/* ---- counted ---- */
static void test_link_counts(void **state) {
    (void)state;
    static const char *const names[] = {"sctp-init", "sctp-abort", "spanning-tree-rapid",
                                        "spanning-tree", "spanning-tree-per-vlan"};
    struct lab *l = lab_default();
    uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        for (size_t k = 0; k < FRAMES; k++)
            if (strcmp(frames[k].name, names[i]) == 0) {
                uint32_t n = hex_read(frames[k].hex, bytes, sizeof bytes);
                lab_frame(l, bytes, n, n);
            }
    lab_snapshot(l);
    assert_int_equal(l->totals.sctp_inits, 1);
    assert_int_equal(l->totals.sctp_init_acks, 0);
    assert_int_equal(l->totals.sctp_aborts, 1);
    assert_int_equal(l->totals.stp_changes, 2);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_two_answers_are_a_duplicate),
        cmocka_unit_test(test_link_duplicate_of_one_maker),
        cmocka_unit_test(test_link_defended_address_is_a_duplicate),
        cmocka_unit_test(test_link_one_address_moves_healthily),
        cmocka_unit_test(test_link_clients_shared_among_cards),
        cmocka_unit_test(test_link_unasked_answer_takes_over),
        cmocka_unit_test(test_link_traffic_moves_after_the_claim),
        cmocka_unit_test(test_link_anothers_question_is_no_excuse),
        cmocka_unit_test(test_link_own_packets_go_to_the_taker),
        cmocka_unit_test(test_link_answers_that_take_nothing),
        cmocka_unit_test(test_link_other_hosts_of_a_domain_capture),
        cmocka_unit_test(test_link_arp_storm_of_one_source),
        cmocka_unit_test(test_link_long_sweep),
        cmocka_unit_test(test_link_arp_storm_of_many),
        cmocka_unit_test(test_link_busy_but_healthy),
        cmocka_unit_test(test_link_loop),
        cmocka_unit_test(test_link_process_data),
        cmocka_unit_test(test_link_broadcast_storm),
        cmocka_unit_test(test_link_neighbour_stays_silent),
        cmocka_unit_test(test_link_neighbours_of_other_hosts),
        cmocka_unit_test(test_link_counts),
    };
    return cmocka_run_group_tests_name("track_link", tests, NULL, NULL);
}
