/* What ICMP errors and probes of a closed window tell, and what they do not. */
#include "tests/unit/pktbuild.h"
#include "capd/track/tables.h"

#define ROUTER 0x0a0000feu /* 10.0.0.254 */
#define OTHER  0x0a000009u /* 10.0.0.9 */

/* The router could not deliver what was sent to a port. */
static void given_up(struct lab *l, uint8_t type, uint8_t code, uint16_t port) {
    uint8_t f[128] = {0}, *i = f + 34;
    i[0] = type, i[1] = code;
    i[8] = 0x45;
    put16(i + 10, 40);
    i[17] = 6;
    put32(i + 20, A1);
    put32(i + 24, B1);
    put16(i + 28, 40000);
    put16(i + 30, port);
    lab_ip(l, f, 1, ROUTER, A1, 36);
}

static void unreachable(struct lab *l, uint16_t port) {
    given_up(l, 3, 1, port);
}

/* A mirror shows each error twice: told, and counted, once. */
static void test_track_errors_seen_twice(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned n = 0; n < 2; n++) {
        unreachable(l, 80);
        l->us += 30;
        unreachable(l, 80);
        l->us += 1 * S;
    }
    lab_snapshot(l);
    assert_int_equal(l->incidents.rows_n, 1);
    assert_int_equal(l->incidents.rows[0].count, 2);
    lab_free(l);
}

/* Without the packets that were given up a loop looks like a trace of the route. */
static void test_track_loop_of_packets_that_were_seen(void **state) {
    (void)state;
    for (unsigned seen = 0; seen < 2; seen++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 4; n++) {
            if (seen) lab_tcp(l, (struct seg){A1, B1, 40000, 80, 1, 0, TCP_SYN, NULL, 0});
            l->us += 5 * MS;
            given_up(l, 11, 0, 80);
            l->us += 1 * S;
        }
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, seen);
        if (seen) assert_int_equal(l->incidents.rows[0].kind, INCIDENT_TIME_EXCEEDED);
        lab_free(l);
    }
}

/* An error may quote what was never sent from here: only a flow that was seen makes it sure.  What
 * the caller's own filter hid cannot be missed. */
static void test_track_icmp_quotes_a_flow_that_was_seen(void **state) {
    (void)state;
    for (int n = 0; n < 3; n++) {
        struct engine_options o = lab_options();
        o.filtered = n == 2;
        struct lab *l = lab_new(&o);
        if (n == 0) lab_tcp(l, (struct seg){A1, B1, 40000, 80, 1, 0, TCP_SYN, NULL, 0});
        unreachable(l, 80);
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, 1);
        assert_int_equal(l->incidents.rows[0].unseen, n == 1);
        lab_free(l);
    }
}

static void echo(struct lab *l, uint8_t type, uint32_t src, uint32_t dst, uint16_t seq) {
    uint8_t f[64] = {0};
    f[34] = type;
    put16(f + 38, (uint16_t)(77 + seq / 2)); /* another program */
    put16(f + 40, seq);
    lab_ip(l, f, 1, src, dst, 24);
}

/* Who traces a route, or asks a whole network, does not lose the pings that nobody answers. */
static void test_track_pings_that_get_no_reply_of_their_own(void **state) {
    (void)state;
    static const struct {
        uint32_t to;
        uint8_t ttl;
        bool lost;
    } t[] = {{B1, 64, true}, {B1, 3, false}, {0xe0000001u, 64, false}, {0xffffffffu, 64, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        for (uint16_t seq = 1; seq <= 6; seq++) {
            l->ttl = t[i].ttl;
            echo(l, 8, A1, t[i].to, seq);
            l->ttl = 64;
            echo(l, 0, t[i].to == B1 ? ROUTER : OTHER, A1, seq);
            lab_wait(l, 1 * S);
        }
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, t[i].lost);
        lab_free(l);
    }
}

/* What the server sent was too big. */
static void too_big_of(struct conn *k, uint16_t mtu, uint8_t proto) {
    uint8_t f[128] = {0}, *i = f + 34;
    i[0] = 3, i[1] = 4;
    put16(i + 6, mtu);
    i[8] = 0x45;
    put16(i + 10, 1500);
    i[17] = proto;
    put32(i + 20, k->s);
    put32(i + 24, k->c);
    put16(i + 28, k->sport);
    put16(i + 30, k->cport);
    lab_ip(k->l, f, 1, ROUTER, k->s, 36);
}

static void too_big(struct conn *k, uint16_t mtu) {
    too_big_of(k, mtu, 6);
}

/* Who looks for the size that passes gets an answer to each ping, of the host or of a router. */
static void test_track_pings_that_are_too_big(void **state) {
    (void)state;
    for (unsigned told = 0; told < 3; told++) { /* 2: of something else */
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 0, 0);
        for (uint16_t seq = 1; seq <= 6; seq++) {
            echo(l, 8, k.s, k.c, seq);
            l->us += 10 * MS;
            if (told) too_big_of(&k, 1480, told == 1 ? 1 : 50);
            lab_wait(l, 1 * S);
        }
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        unsigned lost = 0;
        for (uint32_t i = 0; i < l->incidents.rows_n; i++)
            lost += l->incidents.rows[i].kind == INCIDENT_PING_LOSS;
        assert_int_equal(lost, told != 1);
        lab_free(l);
    }
}

/* A sender that was told of a smaller size uses it, and may try a larger one minutes later. */
static void test_track_mtu_is_forgotten_after_minutes(void **state) {
    (void)state;
    static const struct {
        uint64_t pause_us;
        unsigned larger;
    } t[] = {{2 * S, 10}, {600 * S, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        for (unsigned round = 0; round < 3; round++) {
            for (unsigned n = 0; n < 5; n++) from_server(&k, TCP_ACK, NULL, 1460);
            l->us += 10 * MS;
            too_big(&k, 1400);
            l->us += 1 * S;
            for (unsigned n = 0; n < 5; n++) from_server(&k, TCP_ACK, NULL, 1360);
            lab_wait(l, t[i].pause_us);
        }
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, 1);
        assert_int_equal(l->incidents.rows[0].kind, INCIDENT_TOO_BIG);
        assert_int_equal(l->incidents.rows[0].count, 3);
        assert_int_equal(l->incidents.rows[0].passed, 15);
        assert_int_equal(l->incidents.rows[0].tries, t[i].larger);
        lab_free(l);
    }
}

/* Behind a NAT each host learns of the size by itself, on its own connection. */
static void test_track_mtu_is_told_to_each_host(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint16_t host = 0; host < 3; host++) {
        struct conn k = conn_new(l, (uint16_t)(40000 + host), 80);
        conn_open(&k);
        for (unsigned n = 0; n < 5; n++) from_server(&k, TCP_ACK, NULL, 1460);
        l->us += 10 * MS;
        too_big(&k, 1400);
        l->us += 1 * S;
        for (unsigned n = 0; n < 5; n++) from_server(&k, TCP_ACK, NULL, 1360);
        lab_wait(l, 2 * S);
    }
    lab_snapshot(l);
    assert_int_equal(l->incidents.rows_n, 1);
    assert_int_equal(l->incidents.rows[0].count, 3);
    assert_int_equal(l->incidents.rows[0].tries, 0);
    lab_free(l);
}

/* Somebody asks more hosts than are kept.  Those that answered are no loss, nor is a single
 * question to a host that may not exist; and who finds a network empty does not fill the list with
 * it. */
static void test_track_pings_of_many_hosts(void **state) {
    (void)state;
    static const struct {
        uint32_t hosts;
        uint16_t tries;
        bool silent, lost;
        uint32_t rows;
    } t[] = {{4 * PINGS, 1, false, false, 0},
             {4 * PINGS, 1, true, false, 0},
             {4 * PINGS, 3, true, true, 1},
             {250, 4, true, false, 1},
             {9, 4, true, false, 9}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        for (uint32_t host = 0; host < t[i].hosts; host++)
            for (uint16_t seq = 1; seq <= t[i].tries; seq++) {
                echo(l, 8, A1, B1 + host, seq);
                l->us += 1 * MS;
                if (!t[i].silent) echo(l, 0, B1 + host, A1, seq);
            }
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        assert_int_equal(l->totals.evicted > 2 * PINGS, t[i].lost);
        if (!t[i].lost) assert_int_equal(l->totals.evicted, 0);
        assert_int_equal(l->incidents.rows_n, t[i].rows);
        if (t[i].rows == 1) assert_in_range(l->incidents.rows[0].requests, 250, PINGS);
        if (t[i].rows == 9) assert_int_equal(l->incidents.rows[0].requests, 0);
        lab_free(l);
    }
}

/* Some devices give all pings one identifier and one number; a copy of the capture has them, too.
 */
static void test_track_pings_of_one_number(void **state) {
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 10; n++) {
            echo(l, 8, A1, B1, 7);
            l->us += MS;
            echo(l, 8, A1, B1, 7);
            if (answered) echo(l, 0, B1, A1, 7);
            lab_wait(l, 1 * S);
        }
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, !answered);
        if (!answered) assert_int_equal(l->incidents.rows[0].count, 10);
        if (!answered) assert_int_equal(l->incidents.rows[0].tries, 10);
        lab_free(l);
    }
}

/* The verdict does not hang on the key under which pairs of hosts are found. */
static void test_track_pings_under_any_key(void **state) {
    (void)state;
    uint64_t evicted = 0;
    for (uint64_t seed = 1; seed < 20; seed++) {
        struct engine_options o = lab_options();
        o.seed[0] = seed;
        struct lab *l = lab_new(&o);
        for (uint16_t round = 1; round <= 3; round++)
            for (uint32_t host = 0; host < 2 * PINGS; host++) {
                echo(l, 8, A1, B1 + host, round);
                if (host % 3) echo(l, 0, B1 + host, A1, round);
                l->us += 2 * MS;
            }
        lab_snapshot(l);
        if (seed == 1) evicted = l->totals.evicted;
        assert_int_equal(l->totals.evicted, evicted);
        lab_free(l);
    }
}

/* A monitor asks some hundred hosts at once, over a long path, from a new process (and so with a
 * new identifier) each time: all that came back is found, and who missed a few is named. */
static void test_track_pings_of_a_monitor(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint16_t round = 1; round <= 3; round++) {
        for (uint32_t host = 0; host < 300; host++) echo(l, 8, A1, B1 + host, round);
        lab_wait(l, 300 * MS);
        for (uint32_t host = 1; host < 300; host++) echo(l, 0, B1 + host, A1, round);
        lab_wait(l, 3 * S);
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.evicted, 0);
    assert_int_equal(l->incidents.rows_n, 1);
    assert_int_equal(l->incidents.rows[0].count, 3);
    assert_int_equal(l->incidents.rows[0].tries, 3);
    lab_free(l);
}

/* Somebody tries many ports; what happens after is told all the same. */
static void test_track_incidents_after_a_flood(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    struct lab *l = lab_new(&o);
    for (uint16_t port = 1; port <= 2 * LIM_INCIDENTS; port++) unreachable(l, port);
    for (unsigned n = 0; n < 3; n++) {
        lab_arp(l, 1, A1, OTHER);
        lab_wait(l, 1 * S);
    }
    lab_snapshot(l);
    unsigned asked = 0;
    for (unsigned i = 0; i < l->incidents.rows_n; i++)
        asked += l->incidents.rows[i].kind == INCIDENT_ARP_UNANSWERED;
    assert_int_equal(asked, 1);
    assert_in_range(l->incidents.rows_n, LIM_INCIDENTS / 2, LIM_INCIDENTS);
    assert_int_equal(l->incidents.of, 2 * LIM_INCIDENTS + 1);
    lab_free(l);
}

/* What others met gives way to what the target meets. */
static void test_track_incidents_of_the_target_after_a_flood(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.target.ports = 1;
    o.target.port[0] = 9000;
    struct lab *l = lab_new(&o);
    for (uint16_t port = 1; port <= 2 * LIM_INCIDENTS; port++) unreachable(l, port);
    l->us += 1 * S;
    unreachable(l, 9000);
    lab_snapshot(l);
    const struct msg_incident *last = &l->incidents.rows[l->incidents.rows_n - 1];
    assert_true(last->on_target && last->port == 9000);
    assert_false(last[-1].on_target);
    assert_int_equal(l->incidents.of, 2 * LIM_INCIDENTS + 1);
    lab_free(l);
}

/* What is asked for on other ports is not the web's. */
static void test_track_errors_in_mode_web(void **state) {
    (void)state;
    static const uint16_t ports[] = {1812, 80, 53, 22, 443};
    struct engine_options o = lab_options();
    o.target.mode = MODE_WEB;
    struct lab *l = lab_new(&o);
    for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) unreachable(l, ports[i]);
    lab_snapshot(l);
    assert_int_equal(l->incidents.rows_n, 3);
    assert_int_equal(l->totals.other_packets, 2);
    lab_free(l);
}

/* Whoever is to resolve the target's name refuses: told where only that name is asked about. */
static void test_track_errors_about_the_resolver(void **state) {
    (void)state;
    static const char asked[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1";
    static const char answered[] = "\x12\x34\x81\x83\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0\1";
    for (int other = 0; other < 3; other++) { /* 2: it answers */
        struct engine_options o = lab_options();
        o.target.mode = MODE_DOMAIN;
        snprintf(o.target.name, sizeof o.target.name, "%s", other == 1 ? "b.example" : "a.example");
        struct lab *l = lab_new(&o);
        lab_udp(l, A1, 40000, B1, 53, asked, sizeof asked - 1);
        if (other == 2) lab_udp(l, B1, 53, A1, 40000, answered, sizeof answered - 1);
        uint8_t f[128] = {0}, *i = f + 34;
        i[0] = i[1] = 3;
        i[8] = 0x45;
        put16(i + 10, 28 + sizeof asked - 1);
        i[17] = 17;
        put32(i + 20, A1);
        put32(i + 24, B1);
        put16(i + 28, 40000);
        put16(i + 30, 53);
        lab_ip(l, f, 1, B1, A1, 36);
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, !other);
        if (!other) assert_true(l->incidents.rows[0].on_target);
        lab_free(l);
    }
}

/* The receiver answers each try, and says that it has no room: nothing is lost, no path dead. */
static void test_track_tcp_closed_window_is_asked(void **state) {
    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, "GET", 3);
        l->us += 10 * MS;
        l->window = closed ? 0 : 8192;
        from_client(&k, TCP_ACK, NULL, 0);
        for (unsigned n = 0; n < 5; n++) {
            l->window = 8192;
            if (n > 0) k.sseq -= 1000;
            from_server(&k, TCP_PSH | TCP_ACK, NULL, 1000);
            l->window = 0;
            k.sseq -= 1000;
            if (closed) from_client(&k, TCP_ACK, NULL, 0);
            k.sseq += 1000;
            lab_wait(l, (300u << n) * MS);
        }
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].retransmitted_to_client, closed ? 0 : 4);
        assert_int_equal(l->incidents.rows_n, !closed);
        assert_int_equal(l->services.rows[0].zero_window_by_client_times, closed);
        lab_free(l);
    }
}

/* Times are kept in 32 bits, which come round after 71 minutes: closed for hours, with probes and
 * without, and for seconds after hours. */
static void test_track_tcp_window_closed_for_hours(void **state) {
    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, "GET", 3);
        if (n >= 2) l->us += 5000ull * S;
        from_server(&k, TCP_ACK, NULL, 1000);
        l->window = 0;
        from_client(&k, TCP_ACK, NULL, 0);
        for (unsigned minute = 0; n == 0 && minute < 180; minute++) {
            l->us += 60 * S;
            from_client(&k, TCP_ACK, NULL, 0);
        }
        if (n == 1) l->us += 10800ull * S;
        if (n == 2) l->us += 10 * S;
        l->window = 8192;
        if (n < 3) from_client(&k, TCP_ACK, NULL, 0);
        if (n == 3) lab_wait(l, 10 * S);
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        uint64_t want = n < 2 ? 10800ull * S : 10ull * S;
        assert_in_range(v->zero_window_by_client_us, want - 10 * MS, want + 10 * MS);
        assert_int_equal(v->zero_window_by_client_stuck, n == 3);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_errors_seen_twice),
        cmocka_unit_test(test_track_icmp_quotes_a_flow_that_was_seen),
        cmocka_unit_test(test_track_pings_that_get_no_reply_of_their_own),
        cmocka_unit_test(test_track_mtu_is_forgotten_after_minutes),
        cmocka_unit_test(test_track_mtu_is_told_to_each_host),
        cmocka_unit_test(test_track_loop_of_packets_that_were_seen),
        cmocka_unit_test(test_track_pings_that_are_too_big),
        cmocka_unit_test(test_track_pings_of_many_hosts),
        cmocka_unit_test(test_track_pings_of_a_monitor),
        cmocka_unit_test(test_track_pings_of_one_number),
        cmocka_unit_test(test_track_pings_under_any_key),
        cmocka_unit_test(test_track_incidents_after_a_flood),
        cmocka_unit_test(test_track_incidents_of_the_target_after_a_flood),
        cmocka_unit_test(test_track_errors_in_mode_web),
        cmocka_unit_test(test_track_errors_about_the_resolver),
        cmocka_unit_test(test_track_tcp_closed_window_is_asked),
        cmocka_unit_test(test_track_tcp_window_closed_for_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
