/* What a packet itself shows of who sent it, when and how large it was: traces of the route,
 * answers that came again, resets that came too early, options. */
#include "tests/unit/endings.h"

/* A SYN that is to end under way is no attempt of a client that waits. */
static void test_claimed_traces(void **state) {
    (void)state;
    for (uint8_t ttl = 5; ttl <= 64; ttl = (uint8_t)(ttl + 59)) {
        struct lab *l = lab_default();
        l->ttl = ttl;
        struct conn k = conn_new(l, 40000, 443);
        from_client(&k, TCP_SYN, NULL, 0);
        lab_wait(l, 5 * S);
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].attempted, 1);
        assert_int_equal(l->services.rows[0].timed_out, ttl == 64);
        assert_int_equal(l->services.rows[0].aborted, ttl != 64);
        lab_free(l);
    }
}

/* Which SYN-ACK the ACK is for cannot be told (Karn): no round trip. */
static void test_claimed_round_trip_of_a_repeat(void **state) {
    (void)state;
    for (unsigned again = 0; again < 2; again++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443), syn_ack;
        from_client(&k, TCP_SYN, NULL, 0);
        syn_ack = k;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += 1 * S;
        if (again) from_server(&syn_ack, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += 50 * MS;
        from_client(&k, TCP_ACK, NULL, 0);
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].established, 1);
        assert_int_equal(l->services.rows[0].handshake_us.samples, !again);
        lab_free(l);
    }
}

/* A handshake of 10 ms, a question, and its reset.  Early is what acknowledges the question in less
 * than half of that time, from elsewhere than beside, with another IP id than the next one. */
static void test_claimed_early_resets(void **state) {
    (void)state;
    static const struct {
        unsigned after_ms;
        uint8_t ttl;
        uint16_t id;        /* of the reset; 0: the next one */
        bool acks, counted; /* it acknowledges the question; the server numbers its packets */
        bool early, foreign;
    } t[] = {{2, 57, 40000, true, false, true, false},  {2, 57, 0, true, false, false, false},
             {2, 64, 40000, true, false, false, false}, {2, 57, 40000, true, true, true, true},
             {2, 57, 40000, false, true, false, false}, {12, 57, 40000, true, true, false, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        l->ttl = t[i].ttl;
        struct conn k = opened(l, 80), rst;
        if (t[i].counted) {
            for (unsigned n = 0; n < 6; n++) {
                ask(&k);
                l->us += 20 * MS;
                answer(&k, COMPLETE);
            }
        }
        from_client(&k, TCP_PSH | TCP_ACK, "GET /b HTTP/1.1\r\nHost: a.example\r\n\r\n", 36);
        rst = k;
        if (!t[i].acks) rst.cseq -= 36;
        l->us += t[i].after_ms * MS;
        if (t[i].id) l->ip_id = t[i].id;
        from_server(&rst, TCP_RST | TCP_ACK, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_RESET_FOREIGN);
        if ((n != NULL) != t[i].foreign) fail_msg("case %zu", i);
        if (n) assert_int_equal(n->span_us, 2000);
        n = incident_of(l, INCIDENT_RESET_AFTER_HELLO);
        assert_int_equal(n != NULL, !t[i].counted);
        if (n) assert_int_equal(n->offers, t[i].early);
        lab_free(l);
    }
}

/* A segment of 1400 bytes behind 32 bytes of header. */
static void send_stamped(struct lab *l, uint32_t seq, size_t bytes) {
    uint8_t f[4096] = {0}, *t = f + 34;
    put16(t, 40000);
    put16(t + 2, 80);
    put32(t + 4, seq);
    put32(t + 8, 500001);
    t[12] = 8 << 4;
    t[13] = TCP_PSH | TCP_ACK;
    put16(t + 14, 8192);
    memcpy(t + 20, "\x01\x01\x08\x0a\0\0\0\1\0\0\0\2", 12);
    memset(t + 32, 'x', bytes);
    lab_ip(l, f, 6, A1, B1, 32 + bytes);
}

static void test_claimed_size_with_timestamps(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = opened(l, 80);
    k.cseq = 1001;
    send_stamped(l, 1001, 300);
    k.cseq += 300;
    l->us += 10 * MS;
    from_server(&k, TCP_ACK, NULL, 0);
    for (unsigned n = 0; n < 6; n++) {
        send_stamped(l, 1301, 1448);
        lab_wait(l, (200 << n) * MS);
    }
    lab_wait(l, 20 * S);
    const struct msg_incident *n = incident_of(l, INCIDENT_DEAD_PATH);
    assert_non_null(n);
    assert_int_equal(n->size_bytes, 1500);
    assert_int_equal(n->size_ok_bytes, 352);
    lab_free(l);
}

/* A private and a public address with no router between them: the router answers, or is it. */
static void test_claimed_refusals(void **state) {
    (void)state;
    static const struct {
        uint32_t server;
        uint8_t ttl;
        bool beside;
    } t[] = {{0x08080808, 64, true}, {0x08080808, 52, false}, {0xc0a80101, 64, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 25);
        k.s = t[i].server;
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 1 * MS;
        l->ttl = t[i].ttl;
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].refused, 1);
        assert_int_equal(l->services.rows[0].refused_beside, t[i].beside);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claimed_traces),
        cmocka_unit_test(test_claimed_round_trip_of_a_repeat),
        cmocka_unit_test(test_claimed_early_resets),
        cmocka_unit_test(test_claimed_size_with_timestamps),
        cmocka_unit_test(test_claimed_refusals),
    };
    return cmocka_run_group_tests_name("track_claimed", tests, NULL, NULL);
}
