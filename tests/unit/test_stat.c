/* The snapshot: bounded, ordered, the same for the same packets whatever the hash seed. */
#include "tests/unit/pktbuild.h"
#include "capd/track/seconds.h"

/* Much of everything: connections good and bad, names, requests, to more servers than rows. */
static void mixed_traffic(struct lab *l, unsigned connections) {
    for (unsigned i = 0; i < connections; i++) {
        struct conn k = conn_new(l, (uint16_t)(1024 + i % 60000), (uint16_t)(80 + i % 700));
        char request[400];
        k.s = B1 + i % 50;
        k.c = A1 + i / 60000;
        k.cseq += i;
        if (i % 7 == 3) {
            from_client(&k, TCP_SYN, NULL, 0);
            lab_tcp(
                l, (struct seg){k.s, k.c, k.sport, k.cport, 0, k.cseq, TCP_RST | TCP_ACK, NULL, 0});
            continue;
        }
        conn_open(&k);
        snprintf(request, sizeof request, "GET /%0100u HTTP/1.1\r\nHost: %0200u.example\r\n\r\n", i,
                 i);
        from_client(&k, TCP_PSH | TCP_ACK, request, strlen(request));
        l->us += 3 * MS;
        uint32_t seq = k.sseq;
        from_server(&k, TCP_PSH | TCP_ACK, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 37);
        if (i % 5 == 1) {
            l->us += 250 * MS;
            k.sseq = seq;
            from_server(&k, TCP_PSH | TCP_ACK, "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", 37);
        }
        if (i % 2) conn_close(&k);
        l->us += 1 * MS;
    }
}

static void test_stat_same_packets_same_bytes_with_any_seed(void **state) {
    (void)state;
    uint64_t digest[3];
    for (uint64_t seed = 0; seed < 3; seed++) {
        struct engine_options o = lab_options();
        o.seed[0] = seed * 0x9e3779b97f4a7c15u;
        o.seed[1] = ~seed;
        o.flows = 512;
        struct lab *l = lab_new(&o);
        mixed_traffic(l, 3000);
        lab_snapshot(l);
        digest[seed] = l->digest;
        assert_int_equal(l->frames, 12);
        assert_true(l->totals.evicted > 0);
        lab_free(l);
    }
    assert_int_equal(digest[0], digest[1]);
    assert_int_equal(digest[0], digest[2]);
}

/* Datagrams of a few lengths around that up to which a frame waits, one of them in fragments. */
static void mixed_datagrams(struct lab *l) {
    static const uint8_t bytes[1200] = "\x16\x03\x01";
    for (unsigned n = 0; n < 400; n++) {
        l->us += 20 * MS;
        lab_udp(l, A1, (uint16_t)(5000 + n % 7), B1, 27015, bytes, 200 + n % 30);
        lab_udp(l, B1, 27015, A1, (uint16_t)(5000 + n % 7), bytes, n % 3 ? 8 : sizeof bytes);
        lab_udp(l, A1, (uint16_t)(6000 + n % 3), B1, 53, "\0\1\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1",
                19);
        uint8_t part[60] = {0};
        memcpy(part + 34, bytes, 16);
        lab_ip(l, part, 17, A1, B1, 16);
        put16(part + 18, 7 + n);              /* the same number for both parts */
        put16(part + 20, n % 2 ? 2 : 0x2000); /* the first part comes second */
        lab_frame(l, part, 50, 50);
        put16(part + 20, n % 2 ? 0x2000 : 2);
        lab_frame(l, part, 50, 50);
    }
}

static void test_stat_frames_that_wait_count_the_same(void **state) {
    (void)state;
    uint64_t digest[2];
    for (unsigned queued = 0; queued < 2; queued++) {
        struct engine_options o = lab_options();
        o.flows = 512; /* those that are expected may leave before */
        struct lab *l = lab_new(&o);
        l->queued = queued;
        mixed_datagrams(l);
        mixed_traffic(l, 2001);
        mixed_datagrams(l);
        lab_snapshot(l);
        digest[queued] = l->digest;
        assert_true(l->totals.fragments >= 1600 && l->totals.evicted > 0);
        assert_true(l->streams.rows_n > 0 && l->totals.dns_queries > 0);
        lab_free(l);
    }
    assert_int_equal(digest[0], digest[1]);
}

static void test_stat_totals_survive_eviction(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.flows = 256;
    struct lab *l = lab_new(&o);
    mixed_traffic(l, 2100);
    lab_snapshot(l);
    const struct msg_totals *t = &l->totals;
    assert_int_equal(t->tcp_flows, 2100);
    assert_int_equal(t->attempted, 2100);
    assert_int_equal(t->refused, 300);
    assert_int_equal(t->established, 1800);
    assert_int_equal(t->closed + t->open, 1800);
    assert_int_equal(t->http_requests, 1800);
    assert_true(t->rows_dropped > 0);
    assert_int_equal(l->connections.of, 2100);
    uint64_t packets = 0;
    for (uint32_t i = 0; i < l->timeline.packets_n; i++) packets += l->timeline.packets[i];
    assert_int_equal(packets, t->packets);
    lab_free(l);
}

static void test_stat_ended_connections_are_evicted_first(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.flows = 256;
    struct lab *l = lab_new(&o);
    struct conn open = conn_new(l, 1, 80);
    conn_open(&open);
    for (unsigned i = 0; i < 1000; i++) {
        struct conn k = conn_new(l, (uint16_t)(2 + i), 80);
        conn_open(&k);
        conn_close(&k);
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.evicted, 0);
    assert_int_equal(l->totals.open, 1);
    assert_int_equal(l->totals.closed, 1000);
    lab_free(l);
}

static void test_stat_snapshot_stays_within_its_bounds(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.flows = 16384;
    struct lab *l = lab_new(&o);
    mixed_traffic(l, 9000);
    lab_snapshot(l);
    assert_true(l->bytes <= LIM_SNAPSHOT);
    assert_true(l->services.rows_n > 0 && l->services.rows_n <= LIM_SERVICE_ROWS);
    assert_true(l->http.rows_n > 0);
    assert_int_equal(l->http.of, l->totals.http_requests);
    assert_int_equal(l->services.of, 700 * 50 / 50);
    lab_free(l);
}

static void test_stat_worst_connections_come_first(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn healthy = conn_new(l, 1, 80), silent = conn_new(l, 2, 80),
                refused = conn_new(l, 3, 80);
    conn_open(&healthy);
    conn_close(&healthy);
    from_client(&silent, TCP_SYN, NULL, 0);
    from_client(&refused, TCP_SYN, NULL, 0);
    lab_tcp(l, (struct seg){B1, A1, 80, 3, 0, refused.cseq, TCP_RST | TCP_ACK, NULL, 0});
    lab_wait(l, 5 * S);
    lab_snapshot(l);
    assert_int_equal(l->connections.rows[0].state, CONN_TIMED_OUT);
    assert_int_equal(l->connections.rows[1].state, CONN_REFUSED);
    assert_int_equal(l->connections.rows[2].state, CONN_CLOSED);
    lab_free(l);
}

static void test_stat_timeline_means_round_trips(void **state) {
    (void)state;
    struct seconds *s = calloc(1, sizeof *s);
    uint64_t mean[LIM_TIMELINE];
    assert_non_null(s);
    seconds_init(s);
    seconds_rtt(s, 0, 10000);
    seconds_rtt(s, S - 1, 20000);
    seconds_rtt(s, 3 * S, 4000);
    seconds_rtt_means(s, mean);
    assert_int_equal(s->used, 4);
    assert_int_equal(mean[0], 15000);
    assert_int_equal(mean[1], 0);
    assert_int_equal(mean[3], 4000);
    seconds_rtt(s, 700 * S, 1000); /* buckets of 2 s: sums are added, means are not */
    seconds_rtt(s, 1 * S, 0);
    seconds_rtt_means(s, mean);
    assert_int_equal(mean[0], 10000);
    assert_int_equal(mean[1], 4000);
    assert_int_equal(mean[350], 1000);
    free(s);
}

static void test_stat_timeline_doubles_and_keeps_its_sums(void **state) {
    (void)state;
    static const struct {
        uint64_t last_s, bucket_us;
    } cases[] = {{599, 1 * S},
                 {600, 2 * S},
                 {1199, 2 * S},
                 {1200, 4 * S},
                 {86400 * 365u, 65536 * (uint64_t)S}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        for (int n = 0; n < 50; n++) lab_wait(l, n ? 1 * S : 0);
        l->us = cases[i].last_s * S;
        lab_wait(l, 0);
        lab_snapshot(l);
        uint64_t sum = 0;
        for (uint32_t n = 0; n < l->timeline.packets_n; n++) sum += l->timeline.packets[n];
        assert_int_equal(sum, 51);
        assert_int_equal(l->timeline.bucket_us, cases[i].bucket_us);
        assert_true(l->timeline.packets_n <= LIM_TIMELINE);
        assert_int_equal(l->totals.duration_us, cases[i].last_s * S);
        lab_free(l);
    }
}

static void test_stat_peak_is_the_best_second(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 1, 80);
    conn_open(&k);
    from_client(&k, TCP_ACK, NULL, 10);
    l->us = 5 * S;
    for (int i = 0; i < 10; i++) from_server(&k, TCP_ACK, NULL, 946); /* 1000 bytes on the wire */
    lab_snapshot(l);
    assert_int_equal(l->totals.peak_bps_to_client, 80000);
    lab_free(l);
}

static void test_stat_protocol_shares(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 1, 80);
    conn_open(&k);
    from_client(&k, TCP_ACK, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", 35);
    lab_wait(l, 1);
    lab_snapshot(l);
    uint64_t by[PROTO_COUNT] = {0};
    for (uint32_t i = 0; i < l->totals.protocols_n; i++)
        by[l->totals.protocols[i].proto] = l->totals.protocols[i].packets;
    assert_int_equal(by[PROTO_IPV4], 5);
    assert_int_equal(by[PROTO_TCP], 4);
    assert_int_equal(by[PROTO_UDP], 1);
    assert_int_equal(by[PROTO_HTTP], 1); /* packets with payload only */
    lab_free(l);
}

static void test_stat_fragments_find_their_connection(void **state) {
    (void)state;
    struct lab *l = lab_default();
    uint8_t tcp[24] = {0}, f[64];
    put16(tcp, 4000), put16(tcp + 2, 80), put32(tcp + 4, 1);
    tcp[12] = 0x60, tcp[13] = TCP_SYN;
    memcpy(tcp + 20, "\x02\x04\x05\xb4", 4);
    for (unsigned i = 0; i < 3; i++) { /* a SYN in three pieces of 8 bytes */
        memset(f, 2, 12);
        put16(f + 12, 0x0800);
        memset(f + 14, 0, 20);
        f[14] = 0x45;
        put16(f + 16, 28), put16(f + 18, 77), put16(f + 20, (i < 2 ? 0x2000u : 0) | i);
        f[22] = 64, f[23] = 6;
        put32(f + 26, A1), put32(f + 30, B1);
        memcpy(f + 34, tcp + 8 * i, 8);
        lab_frame(l, f, 42, 42);
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 3);
    assert_int_equal(l->totals.fragments, 3);
    assert_int_equal(l->totals.attempted, 1);
    assert_int_equal(l->connections.rows[0].server_port, 80);
    lab_free(l);
}

static void test_stat_memory_budget(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.flows = 16384;
    assert_true(engine_memory(&o) <= 19u << 20);
    o.flows = 65536;
    assert_true(engine_memory(&o) <= 62u << 20);
}

/* More servers, resolvers and streams than there is room for: the totals keep all, the lists say
 * how many there were, and what was lost is counted. */
static void test_stat_floods_are_counted(void **state) {
    (void)state;
    static const uint8_t ask[48] = {0x23};
    static const uint8_t query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\1";
    struct lab *l = lab_default();
    for (uint32_t i = 0; i < 3000; i++) {
        l->us += MS;
        lab_udp(l, A1, 5000, 0xc6120000u + i, 123, ask, sizeof ask);
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.udp_asked, 3000);
    assert_int_equal(l->udp.of, 3000);
    assert_int_equal(l->hosts.of, 3001);
    uint64_t evicted = l->totals.evicted;
    assert_true(evicted > 0);
    lab_snapshot(l);
    assert_int_equal(l->totals.evicted, evicted); /* looking takes nothing away */
    for (uint32_t i = 0; i < 100; i++)
        lab_udp(l, A1, 5000, 0xc6130000u + i, 53, query, sizeof query - 1);
    lab_snapshot(l);
    assert_true(l->totals.evicted >= evicted + 100 - 64);
    evicted = l->totals.evicted;
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t rtp[172] = {0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4};
        for (uint8_t n = 0; n < 8; n++) {
            rtp[3] = n;
            put32(rtp + 4, 160u * n);
            lab_udp(l, 0xc6140000u + i, 5004, A1, 6000, rtp, sizeof rtp);
        }
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.rtp_streams, 1000);
    assert_int_equal(l->streams.of, 1000);
    assert_true(l->totals.evicted > evicted);
    lab_free(l);
}

/* Connections whose service gave way are in no service's statistics. */
static void test_stat_too_many_services_are_counted(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.flows = 65536;
    struct lab *l = lab_new(&o);
    for (uint32_t i = 0; i < 2500; i++) {
        struct conn k = conn_new(l, 40000, (uint16_t)(1000 + i));
        conn_open(&k);
    }
    lab_snapshot(l);
    assert_int_equal(l->services.of, 2500);
    assert_true(l->totals.evicted > 0);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat_same_packets_same_bytes_with_any_seed),
        cmocka_unit_test(test_stat_totals_survive_eviction),
        cmocka_unit_test(test_stat_ended_connections_are_evicted_first),
        cmocka_unit_test(test_stat_floods_are_counted),
        cmocka_unit_test(test_stat_too_many_services_are_counted),
        cmocka_unit_test(test_stat_snapshot_stays_within_its_bounds),
        cmocka_unit_test(test_stat_worst_connections_come_first),
        cmocka_unit_test(test_stat_timeline_means_round_trips),
        cmocka_unit_test(test_stat_timeline_doubles_and_keeps_its_sums),
        cmocka_unit_test(test_stat_peak_is_the_best_second),
        cmocka_unit_test(test_stat_protocol_shares),
        cmocka_unit_test(test_stat_fragments_find_their_connection),
        cmocka_unit_test(test_stat_frames_that_wait_count_the_same),
        cmocka_unit_test(test_stat_memory_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
