/* Storms, loops and silent neighbours on the local link: for each a fault that must be an incident,
 * and the healthy things that look like it and must be none. */
#include "capd/track/link.h"
#include "tests/unit/linkbuild.h"

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

/* It is loud by itself, and it makes the link loud: it is one storm, whose requests count once. */
static void test_link_arp_storm_counts_once(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned i = 0; i < 5000; i++) { /* 5 s */
        arp(l, ASKS(1, 1, 2 + i % 200));
        l->us += 1000;
    }
    const struct msg_incident *n = find(l, INCIDENT_ARP_STORM);
    assert_non_null(n);
    assert_in_range(n->tries, 4900, 5000);
    assert_in_range(n->count, 5, 6);
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
    } cases[] = {{77, 60, 120, true}, {77, 40, 120, false},  {77, 1000, 4000, true},
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
            assert_in_range(n->rate, cases[i].per_second * 49 / 50, cases[i].per_second + 1);
            assert_in_range(n->tries, cases[i].n * 49 / 50, cases[i].n);
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

/* Hosts that wake up ask for their router anew, and its answers may not pass here: three questions
 * in half an hour are none that nobody answered. */
static void test_link_neighbour_asked_now_and_then(void **state) {
    (void)state;
    struct lab *l = lab_default();
    nd(l, 134, ADDR6_SERVER, GROUP6, ND_ROUTER_BODY, 255);
    for (unsigned k = 0; k < 6; k++) {
        l->us += 300 * S;
        nd(l, 135, ADDR6_CLIENT, GROUP6, ND_SOLICIT_BODY, 255);
    }
    lab_wait(l, 60 * S);
    none_of_all(l, "asked now and then");

    l = lab_default(); /* what nobody answered before a pause is not forgotten */
    for (unsigned k = 0; k < 5; k++) {
        l->us += (k == 4 ? 300 : 1) * S;
        nd(l, 135, ADDR6_CLIENT, GROUP6, ND_SOLICIT_BODY, 255);
    }
    lab_wait(l, 60 * S);
    const struct msg_incident *n = find(l, INCIDENT_ND_UNANSWERED);
    assert_non_null(n);
    assert_int_equal(n->tries, 4);
    lab_free(l);
}

/* In a file nothing but the router's own advertisement tells that it is one: without it nothing
 * beyond answers, by IPv6. */
static void test_link_neighbour_that_routes(void **state) {
    static const struct {
        uint32_t advertised; /* ND_ROUTER_WORD or the like, 0: no word of it */
        const char *answers; /* meanwhile */
        bool gateway;
    } cases[] = {{ND_ROUTER_WORD, "", true},
                 {0, "", false},
                 {0x00800000, "", false}, /* no default router: a lifetime of 0 */
                 {ND_ROUTER_WORD, "203.0.113.9", true},
                 {ND_ROUTER_WORD, "fd00::9", true},
                 {ND_ROUTER_WORD, "2001:db8:9::9", false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct addr server;
        if (cases[i].advertised)
            nd_with(l, 134, cases[i].advertised, ADDR6_SERVER, GROUP6, ND_ROUTER_BODY, 255);
        for (unsigned k = 0; k < 6; k++) {
            l->us += 1 * S;
            nd(l, 135, ADDR6_CLIENT, GROUP6, ND_SOLICIT_BODY, 255);
        }
        if (addr_parse(cases[i].answers, &server)) link_heard(l->e, &server);
        lab_wait(l, 1 * S);
        const struct msg_incident *n = find(l, INCIDENT_ND_UNANSWERED);
        if (!n || n->gateway != cases[i].gateway) fail_msg("case %zu", i);
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
        cmocka_unit_test(test_link_arp_storm_of_one_source),
        cmocka_unit_test(test_link_arp_storm_counts_once),
        cmocka_unit_test(test_link_long_sweep),
        cmocka_unit_test(test_link_arp_storm_of_many),
        cmocka_unit_test(test_link_busy_but_healthy),
        cmocka_unit_test(test_link_loop),
        cmocka_unit_test(test_link_process_data),
        cmocka_unit_test(test_link_broadcast_storm),
        cmocka_unit_test(test_link_neighbour_stays_silent),
        cmocka_unit_test(test_link_neighbours_of_other_hosts),
        cmocka_unit_test(test_link_neighbour_asked_now_and_then),
        cmocka_unit_test(test_link_neighbour_that_routes),
        cmocka_unit_test(test_link_counts),
    };
    return cmocka_run_group_tests_name("track_link", tests, NULL, NULL);
}
