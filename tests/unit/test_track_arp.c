/* Whom nobody hears on the local network: questions of ARP without an answer, and what they tell of
 * a gateway. */
#include "tests/unit/pktbuild.h"

#define ROUTER 0x0a0000feu /* 10.0.0.254 */
#define OTHER  0x0a000009u /* 10.0.0.9 */

static void ask(struct lab *l, uint32_t asker, unsigned times, uint64_t every_us) {
    for (unsigned i = 0; i < times; i++) {
        lab_arp(l, 1, asker, OTHER);
        lab_wait(l, every_us);
    }
}

static unsigned unanswered(struct lab *l) {
    lab_snapshot(l);
    for (unsigned i = 0; i < l->incidents.rows_n; i++)
        assert_int_equal(l->incidents.rows[i].kind, INCIDENT_ARP_UNANSWERED);
    return l->incidents.rows_n;
}

/* Where nothing else is alive, the last question is the last packet: only its answer may have come
 * after the end of the capture. */
static void test_track_arp_ends_with_a_question(void **state) {
    (void)state;
    for (unsigned times = 3; times <= 4; times++) {
        struct lab *l = lab_default();
        ask(l, A1, times - 1, 1 * S);
        lab_arp(l, 1, A1, OTHER);
        assert_int_equal(unanswered(l), times == 4);
        if (times == 4) {
            assert_int_equal(l->incidents.rows[0].tries, 3);
            assert_int_equal(l->incidents.rows[0].span_us, 2 * S);
        }
        lab_free(l);
    }
}

/* A host that renews its table now and then does not wait for anybody; one that waits asks again
 * every second, and what it asked before a pause is not forgotten. */
static void test_track_arp_asks_now_and_then(void **state) {
    (void)state;
    struct lab *l = lab_default();
    ask(l, A1, 6, 60 * S);
    assert_int_equal(unanswered(l), 0);
    ask(l, A1, 3, 1 * S);
    lab_wait(l, 60 * S);
    ask(l, A1, 1, 60 * S);
    assert_int_equal(unanswered(l), 1);
    assert_int_equal(l->incidents.rows[0].tries, 3);
    assert_int_equal(l->incidents.rows[0].span_us, 2 * S);
    lab_free(l);
}

/* Whose link-layer address the packets of several others came with is a gateway, in a file as well;
 * a host with a second address is none. */
static void test_track_arp_gateway_by_what_it_forwards(void **state) {
    (void)state;
    for (unsigned how = 0; how < 4;
         how++) { /* two others; one; neighbours; somebody answers still */
        struct lab *l = lab_default();
        l->mac = 7;
        lab_udp(l, OTHER, 5000, A1, 5000, "x", 1);
        for (unsigned i = 0; i < (how == 1 ? 1 : 2); i++)
            lab_udp(l, (how == 2 ? OTHER + 1 : B1) + i, 5000, A1, 5000, "x", 1);
        l->mac = 0;
        ask(l, A1, 5, 1 * S);
        lab_udp(l, A1, 6000, B1, 6000, "?", 1);
        if (how == 3) lab_udp(l, B1, 6000, A1, 6000, "!", 1);
        lab_wait(l, 60 * S);
        assert_int_equal(unanswered(l), 1);
        assert_int_equal(l->incidents.rows[0].gateway, how == 0);
        lab_free(l);
    }
}

static void test_track_arp_probes_for_a_free_address(void **state) {
    (void)state;
    struct lab *l = lab_default();
    ask(l, 0, 3, 1500 * MS);
    assert_int_equal(unanswered(l), 0);
    lab_free(l);
}

/* On a switch the questions of others pass here, and the answers to them not.  Only an answer from
 * one neighbour to another shows that this is no such place, not what is said to all. */
static void test_track_arp_behind_a_switch(void **state) {
    (void)state;
    for (int mirror = 0; mirror < 2; mirror++) {
        struct engine_options o = lab_options();
        o.locals = 1;
        o.local[0] = addr_from_bytes((const uint8_t *)"\x0a\x00\x00\x01", 4);
        struct lab *l = lab_new(&o);
        lab_arp(l, 2, ROUTER, mirror ? 0x0a000007u : ROUTER);
        ask(l, 0x0a000007u, 4, 1 * S);
        assert_int_equal(unanswered(l), mirror);
        lab_free(l);
    }
}

/* A gateway that is silent for a while and answers again was missed all the same; a shorter pause,
 * and a neighbour that sleeps, are no trouble. */
static void test_track_arp_gateway_comes_back(void **state) {
    (void)state;
    static const struct {
        unsigned times;
        uint64_t every_us;
        bool gateway;
        unsigned tries; /* 0: nothing is told */
    } t[] = {
        {8, 1 * S, true, 8}, {4, 1 * S, true, 0}, {8, 1 * S, false, 0}, {24, 500 * MS, true, 24}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct engine_options o = lab_options();
        o.target.gateways = t[i].gateway;
        o.target.gateway[0] = addr_from_bytes((const uint8_t *)"\x0a\x00\x00\x09", 4);
        struct lab *l = lab_new(&o);
        lab_arp(l, 1, A1, OTHER);
        lab_arp(l, 2, OTHER, A1);
        l->us += t[i].every_us;
        for (unsigned n = 0; n < t[i].times; n++) {
            lab_arp(l, 1, A1, OTHER);
            lab_arp(l, 1, A1, OTHER); /* a copy */
            l->us += t[i].every_us;
        }
        lab_arp(l, 2, OTHER, A1);
        assert_int_equal(unanswered(l), t[i].tries > 0);
        if (t[i].tries) assert_int_equal(l->incidents.rows[0].tries, t[i].tries);
        if (t[i].tries) assert_true(l->incidents.rows[0].worked);
        lab_free(l);
    }
}

/* A file from a port of a switch: its host's own traffic is whole, and of a neighbour there are
 * questions alone, whose answers take another way. */
static void test_track_arp_in_a_file_of_one_host(void **state) {
    (void)state;
    for (unsigned met = 0; met < 3; met++) {
        struct lab *l = lab_default();
        l->mac = met == 1 ? 0 : 7; /* of the asker, or of another */
        lab_udp(l, B1, 5000, A1, 5000, "x", 1);
        l->mac = 0;
        if (met == 2) lab_arp(l, 2, ROUTER, A1); /* it got an answer before */
        ask(l, A1, 5, 1 * S);
        assert_int_equal(unanswered(l), met > 0);
        lab_free(l);
    }
}

/* ... or a port whose client was offered an address: it has nothing but broadcasts to send until it
 * finds its gateway. */
static void test_track_arp_of_a_client_of_dhcp(void **state) {
    (void)state;
    for (unsigned offered = 0; offered < 2; offered++) {
        struct lab *l = lab_default();
        l->mac = 7;
        lab_udp(l, ROUTER, offered ? 67 : 5000, A1, offered ? 68 : 5000, "x", 1);
        l->mac = 0;
        ask(l, A1, 5, 1 * S);
        assert_int_equal(unanswered(l), offered);
        lab_free(l);
    }
}

/* Asked again and again with pauses, and all the time without an answer: one silence. */
static void test_track_arp_series_are_one_silence(void **state) {
    (void)state;
    for (unsigned back = 0; back < 2; back++) {
        struct engine_options o = lab_options();
        o.target.gateways = 1;
        o.target.gateway[0] = addr_from_bytes((const uint8_t *)"\x0a\x00\x00\x09", 4);
        struct lab *l = lab_new(&o);
        for (unsigned series = 0; series < 3; series++) {
            ask(l, A1, 3, 1 * S);
            lab_wait(l, 7 * S);
        }
        if (back) lab_arp(l, 2, OTHER, A1);
        if (back) lab_wait(l, 60 * S);
        assert_int_equal(unanswered(l), 1);
        assert_int_equal(l->incidents.rows[0].tries, 9);
        assert_int_equal(l->incidents.rows[0].span_us, 22 * S);
        assert_int_equal(l->incidents.rows[0].worked, back);
        lab_free(l);
    }
}

static void answer_from_beyond(struct lab *l) {
    l->mac = 7;
    lab_udp(l, B1, 6000, A1, 6000, "!", 1);
    l->mac = 0;
}

/* The first packet when the gateway is back may be what a server sends once more; steady traffic
 * from beyond says that it was never gone. */
static void test_track_arp_first_comes_a_retransmission(void **state) {
    (void)state;
    for (unsigned steady = 0; steady < 2; steady++) {
        struct lab *l = lab_default();
        l->mac = 7;
        lab_udp(l, OTHER, 5000, A1, 5000, "x", 1);
        for (unsigned i = 0; i < 2; i++) lab_udp(l, B1 + i, 5000, A1, 5000, "x", 1);
        l->mac = 0;
        lab_udp(l, A1, 6000, B1, 6000, "?", 1);
        answer_from_beyond(l);
        lab_wait(l, 1 * S);
        for (unsigned n = 0; n < 12; n++) {
            ask(l, A1, 1, 1 * S);
            if (steady) answer_from_beyond(l);
        }
        answer_from_beyond(l);
        lab_wait(l, 200 * MS);
        lab_arp(l, 2, OTHER, A1);
        assert_int_equal(unanswered(l), !steady);
        if (!steady) assert_true(l->incidents.rows[0].gateway && l->incidents.rows[0].worked);
        lab_free(l);
    }
}

/* The last questions are as young as answers on their way: those before are not. */
static void test_track_arp_asks_quickly(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned n = 0; n < 20; n++) {
        lab_arp(l, 1, A1, OTHER);
        l->us += 200 * MS;
    }
    assert_int_equal(unanswered(l), 1);
    assert_in_range(l->incidents.rows[0].tries, 17, 19);
    assert_in_range(l->incidents.rows[0].span_us, 3 * S, 3800 * MS);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_arp_ends_with_a_question),
        cmocka_unit_test(test_track_arp_asks_now_and_then),
        cmocka_unit_test(test_track_arp_gateway_by_what_it_forwards),
        cmocka_unit_test(test_track_arp_probes_for_a_free_address),
        cmocka_unit_test(test_track_arp_behind_a_switch),
        cmocka_unit_test(test_track_arp_gateway_comes_back),
        cmocka_unit_test(test_track_arp_in_a_file_of_one_host),
        cmocka_unit_test(test_track_arp_of_a_client_of_dhcp),
        cmocka_unit_test(test_track_arp_series_are_one_silence),
        cmocka_unit_test(test_track_arp_first_comes_a_retransmission),
        cmocka_unit_test(test_track_arp_asks_quickly),
    };
    return cmocka_run_group_tests_name("track_arp", tests, NULL, NULL);
}
