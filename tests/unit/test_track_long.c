/* Connections that last for hours, and times that go back: no time comes round to another. */
#include "tests/unit/talk.h"

#define MINUTE     (60u * (uint64_t)S)
#define HALF_ROUND (UINT64_C(1) << 31) /* what a long time is told as, at least, less 1 */

static struct conn opened(struct lab *l) {
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    return k;
}

static void ask(struct conn *k) {
    from_client(k, TCP_PSH | TCP_ACK, NULL, 100);
    k->l->us += 10 * MS;
    from_server(k, TCP_ACK, NULL, 0);
}

/* 72 minutes are half a minute more than 32 bits of microseconds. */
static void test_track_long_wait_for_the_first_byte(void **state) {
    (void)state;
    for (unsigned alive = 0; alive < 2; alive++) { /* with keep-alives meanwhile */
        struct lab *l = lab_default();
        struct conn k = opened(l);
        ask(&k);
        for (unsigned n = 0; n < 72; n++) {
            l->us += MINUTE;
            if (!alive) continue;
            k.cseq--;
            from_client(&k, TCP_ACK, NULL, 0);
            k.cseq++;
            from_server(&k, TCP_ACK, NULL, 0);
        }
        from_server(&k, TCP_ACK, NULL, 1000);
        lab_snapshot(l);
        assert_true(l->services.rows[0].first_byte_us.max_us >= HALF_ROUND - 1);
        assert_true(l->connections.rows[0].first_byte_us >= HALF_ROUND - 1);
        lab_free(l);
    }
}

static void test_track_long_handshake(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    from_client(&k, TCP_SYN, NULL, 0);
    l->us += 72 * MINUTE;
    from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
    from_client(&k, TCP_ACK, NULL, 0);
    lab_snapshot(l);
    assert_true(l->connections.rows[0].handshake_us >= HALF_ROUND - 1);
    lab_free(l);
}

static void test_track_long_wait_before_the_first_request(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = opened(l);
    l->us += 72 * MINUTE;
    ask(&k);
    lab_snapshot(l);
    assert_true(l->services.rows[0].slow_client_longest_us >= HALF_ROUND - 1);
    lab_free(l);
}

/* The same segment sent again in the tenth minute, and another after that and one round. */
static void test_track_long_span_of_losses(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = opened(l);
    for (unsigned n = 0; n < 2; n++) {
        l->us = 10 * MINUTE + n * ((UINT64_C(1) << 32) + 50 * MS);
        ask(&k);
        uint32_t first = k.sseq;
        from_server(&k, TCP_ACK, NULL, 1000);
        l->us += 300 * MS;
        k.sseq = first;
        from_server(&k, TCP_ACK, NULL, 1000);
        from_client(&k, TCP_ACK, NULL, 0);
    }
    lab_snapshot(l);
    const struct msg_service *v = &l->services.rows[0];
    assert_int_equal(v->retransmitted_to_client, 2);
    assert_int_equal(v->retransmit_last_us - v->retransmit_first_us, (UINT64_C(1) << 32) + 50 * MS);
    lab_free(l);
}

/* What repeated SYNs cost, and when it ended, is still known at the end. */
static void test_track_long_begin_and_end(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    from_client(&k, TCP_SYN, NULL, 0);
    k.cseq--;
    l->us += 1 * S;
    conn_open(&k);
    for (unsigned n = 0; n < 200; n++) {
        ask(&k);
        from_server(&k, TCP_ACK, NULL, 1000);
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += MINUTE;
    }
    uint64_t end_us = l->us;
    l->ttl = 50;
    l->ip_id = 0x7fff;
    from_server(&k, TCP_RST, NULL, 0);
    lab_snapshot(l);
    assert_int_equal(l->services.rows[0].syn_added_us, 1 * S);
    assert_int_equal(l->incidents.rows_n, 1);
    assert_int_equal(l->incidents.rows[0].first_us, end_us);
    lab_free(l);
}

/* A client that asks and closes its half waits for the answer as well. */
static void test_track_long_wait_of_a_half_closed_client(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = opened(l);
    ask(&k);
    from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
    from_server(&k, TCP_ACK, NULL, 0);
    l->us += 72 * MINUTE;
    from_server(&k, TCP_ACK, NULL, 1000);
    lab_snapshot(l);
    assert_true(l->services.rows[0].first_byte_us.max_us >= HALF_ROUND - 1);
    lab_free(l);
}

/* An old connection says hello at last: a moment later it waits for no answer yet, and when none
 * has come it is told how long it waited. */
static void test_track_long_before_the_hello(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = opened(l);
    l->us += 150 * MINUTE;
    uint64_t hello_us = l->us;
    uint8_t hello[128];
    from_client(&k, TCP_PSH | TCP_ACK, hello, client_hello(hello, "a.test"));
    l->us += 10 * MS;
    from_server(&k, TCP_ACK, NULL, 0);
    lab_snapshot(l);
    assert_int_equal(l->services.rows[0].tls_unanswered, 0);
    lab_wait(l, 20 * S);
    lab_snapshot(l);
    assert_int_equal(l->services.rows[0].tls_unanswered, 1);
    assert_int_equal(l->services.rows[0].tls_unanswered_first_us, hello_us);
    assert_int_equal(l->services.rows[0].tls_unanswered_wait_us, 20 * S + 10 * MS);
    lab_free(l);
}

/* The same SYN every ten minutes for three hours, then a refusal or nothing. */
static void test_track_long_attempts(void **state) {
    (void)state;
    for (unsigned refused = 0; refused < 2; refused++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        uint64_t first_us = l->us, last_us = 0;
        for (unsigned n = 0; n < 18; n++) {
            last_us = l->us;
            from_client(&k, TCP_SYN, NULL, 0);
            k.cseq--;
            l->us += 10 * MINUTE;
        }
        if (refused) from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (refused) {
            assert_int_equal(v->refused_first_us, last_us);
            assert_int_equal(v->refused_last_us, l->us);
        } else {
            assert_int_equal(v->timeout_first_us, first_us);
            assert_int_equal(v->timeout_last_us, last_us);
        }
        lab_free(l);
    }
}

/* Times of a file that go back: no wait comes out as one below nothing. */
static void test_track_long_no_wait_from_clocks_that_step(void **state) {
    (void)state;
    static const struct {
        unsigned from, each; /* packet, and of those after it */
        uint64_t back_us;
    } t[] = {{13, 1, 24 * 60 * MINUTE}, /* an older capture, joined to the end */
             {1, 1, 60 * MINUTE},       /* one packet before all others */
             {7, 1, 5 * S},             /* a clock was set */
             {1, 2, 2 * S},             /* two interfaces, each with its clock */
             {0, 3, 20 * MS}};          /* a little out of order */
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        uint64_t us = 0;
        for (unsigned n = 0; n < 20; n++, us += 10 * MS) {
            static struct conn k;
            if (n % 5 == 0) k = conn_new(l, (uint16_t)(40000 + n), 80);
            bool early = n >= t[i].from && (n - t[i].from) % t[i].each == 0;
            l->us = us - (early ? t[i].back_us : 0); /* around 0: a packet's time stays above */
            if (n % 5 == 0) from_client(&k, TCP_SYN, NULL, 0);
            if (n % 5 == 1) from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
            if (n % 5 == 2) from_client(&k, TCP_ACK, NULL, 0);
            if (n % 5 == 3) from_client(&k, TCP_PSH | TCP_ACK, NULL, 100);
            if (n % 5 == 4) from_server(&k, TCP_PSH | TCP_ACK, NULL, 1000);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (l->totals.duration_us > S || v->first_byte_us.max_us > 100 * MS ||
            v->first_byte_us.samples != 4 || v->handshake_us.max_us > 100 * MS ||
            v->slow_client_late_opens != 0)
            fail_msg("case %zu: %u us in all, waits of %u us", i, (unsigned)l->totals.duration_us,
                     (unsigned)v->first_byte_us.max_us);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_long_wait_for_the_first_byte),
        cmocka_unit_test(test_track_long_handshake),
        cmocka_unit_test(test_track_long_wait_before_the_first_request),
        cmocka_unit_test(test_track_long_span_of_losses),
        cmocka_unit_test(test_track_long_begin_and_end),
        cmocka_unit_test(test_track_long_wait_of_a_half_closed_client),
        cmocka_unit_test(test_track_long_before_the_hello),
        cmocka_unit_test(test_track_long_attempts),
        cmocka_unit_test(test_track_long_no_wait_from_clocks_that_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
