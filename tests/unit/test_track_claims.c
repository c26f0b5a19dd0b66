/* Who has an address: two devices that say so, one that takes it over, and the healthy things that
 * look alike and must be no incident. */
#include "tests/unit/linkbuild.h"

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

enum carried { IN_NONE, IN_TAG, IN_TWO_TAGS, IN_VXLAN, IN_GENEVE, CARRIED };

static void arp_within(struct lab *l, enum carried how, uint32_t net, struct said s) {
    uint8_t f[50 + ARP_BYTES] = {0}, a[ARP_BYTES];
    size_t at = 0;
    arp_put(a, s);
    if (how >= IN_VXLAN) {
        at = 50;
        memcpy(f, "\2\0\0\0\0\x0b\2\0\0\0\0\x0a\x08\0\x45", 15);
        put16(f + 16, 36 + ARP_BYTES);
        f[22] = 64, f[23] = 17;
        put32(f + 26, B1);
        put32(f + 30, B1 + 1);
        put16(f + 36, how == IN_VXLAN ? 4789 : 6081);
        put16(f + 38, 16 + ARP_BYTES);
        if (how == IN_VXLAN)
            f[42] = 8;
        else
            memcpy(f + 44, "\x65\x58", 2);
        put32(f + 46, net << 8);
        memcpy(f + at, a, ARP_BYTES);
    } else {
        memcpy(f, a, 12);
        if (how == IN_TWO_TAGS) put32(f + 12, 0x88a80000u | net), at += 4;
        if (how != IN_NONE) put32(f + 12 + at, 0x81000000u | (how == IN_TAG ? net : 10)), at += 4;
        memcpy(f + 12 + at, a + 12, ARP_BYTES - 12);
    }
    lab_frame(l, f, at + ARP_BYTES, at + ARP_BYTES);
}

/* Customers use what addresses they like, each in a network of its own. */
static void test_link_same_address_in_two_networks(void **state) {
    (void)state;
    for (enum carried how = IN_NONE; how < CARRIED; how++)
        for (uint32_t other = 100; other <= 200; other += 100) {
            struct lab *l = lab_default();
            for (unsigned again = 0; again < 2; again++) {
                arp_within(l, how, 100, ASKS(1, 1, 50));
                arp_within(l, how, other, ASKS(1, 1, 50));
                arp_within(l, how, 100, ANSWERS(7, 50, 1, 1));
                arp_within(l, how, other, ANSWERS(5, 50, 1, 1));
                l->us += 1 * S;
            }
            bool one = how == IN_NONE || other == 100;
            lab_snapshot(l);
            if ((l->incidents.rows_n > 0) != one) fail_msg("case %d, %u", how, other);
            lab_free(l);
        }
}

/* Nor are the interfaces of one file one network, nor the ports of a bridge a loop. */
static void test_link_interfaces_are_links_of_their_own(void **state) {
    (void)state;
    for (unsigned ports = 1; ports <= 70; ports += 69) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 70; n++) {
            engine_from(l->e, n % ports);
            arp(l, ASKS(1, 1, 60));
            arp(l, ASKS(1, 1, 50));
            for (unsigned host = 5; host <= 7; host += 2)
                if (ports == 1 || (n % 2 ? 7 : 5) == host) arp(l, ANSWERS(host, 50, 1, 1));
        }
        assert_int_equal(find(l, INCIDENT_ARP_DUPLICATE) != NULL, ports == 1);
        assert_int_equal(find(l, INCIDENT_L2_LOOP) != NULL, ports == 1);
        lab_free(l);
    }
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

static void test_link_both_cards_of_a_raspberry_pi(void **state) {
    (void)state;
    for (unsigned other = 0x66; other <= 0x67; other++) {
        struct lab *l = lab_default();
        arp(l, ASKS(1, 1, 50));
        arp(l, ANSWERS(PI(0x33), 50, 1, 1));
        arp(l, ANSWERS(PI(other), 50, 1, 1));
        assert_int_equal(find(l, INCIDENT_ARP_DUPLICATE) != NULL, other == 0x67);
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

/* The owner had not been heard before. */
static void test_link_defended_unknown_is_a_duplicate(void **state) {
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct lab *l = lab_default();
        arp(l, ANNOUNCES(7, 50));
        l->us += late ? 400 * MS : 1 * MS; /* late: another one takes over */
        arp(l, ANNOUNCES(5, 50));
        assert_int_equal(find(l, INCIDENT_ARP_DUPLICATE) != NULL, !late);
        lab_free(l);
    }
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

/* A sleep proxy takes over; who wakes looks for its router first. */
static void test_link_sleeper_wakes(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned i = 0; i < 3; i++) {
        arp(l, ANNOUNCES(7, 50));
        l->us += 10 * S;
        arp(l, (struct said){1, 5, 9, 50, 1});
        l->us += 100 * MS;
        arp(l, ANNOUNCES(5, 50));
        l->us += 13 * S;
    }
    none_of_all(l, "sleep proxy");
}

/* One asks now and then, the other announces itself: both are there. */
static void test_link_asks_and_announces(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned i = 0; i < 3; i++) {
        arp(l, ANNOUNCES(7, 50));
        l->us += 5 * S;
        arp(l, ASKS(5, 50, 1));
        l->us += 5 * S;
    }
    assert_non_null(find(l, INCIDENT_ARP_DUPLICATE));
    lab_free(l);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_two_answers_are_a_duplicate),
        cmocka_unit_test(test_link_same_address_in_two_networks),
        cmocka_unit_test(test_link_interfaces_are_links_of_their_own),
        cmocka_unit_test(test_link_duplicate_of_one_maker),
        cmocka_unit_test(test_link_both_cards_of_a_raspberry_pi),
        cmocka_unit_test(test_link_defended_address_is_a_duplicate),
        cmocka_unit_test(test_link_defended_unknown_is_a_duplicate),
        cmocka_unit_test(test_link_one_address_moves_healthily),
        cmocka_unit_test(test_link_sleeper_wakes),
        cmocka_unit_test(test_link_asks_and_announces),
        cmocka_unit_test(test_link_clients_shared_among_cards),
        cmocka_unit_test(test_link_unasked_answer_takes_over),
        cmocka_unit_test(test_link_traffic_moves_after_the_claim),
        cmocka_unit_test(test_link_anothers_question_is_no_excuse),
        cmocka_unit_test(test_link_own_packets_go_to_the_taker),
        cmocka_unit_test(test_link_answers_that_take_nothing),
        cmocka_unit_test(test_link_other_hosts_of_a_domain_capture),
    };
    return cmocka_run_group_tests_name("track_claims", tests, NULL, NULL);
}
