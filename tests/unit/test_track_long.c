/* Connections that last for hours: no time comes round to a short one. */
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
