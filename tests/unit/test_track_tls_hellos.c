/* The hellos of TLS: once more for another key, late, and late on the way. */
#include "tests/unit/endings.h"
#include "tests/unit/talk.h"

static void test_tls_hello_retry_is_no_answer_twice(void **state) {
    (void)state;
    uint8_t b[256];
    struct lab *l = lab_default();
    struct conn k = opened(l, 443);
    from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
    l->us += 12 * MS;
    from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, true));
    l->us += 1 * MS;
    size_t n = client_hello(b, ""); /* the second one, over two segments */
    from_client(&k, TCP_ACK, b, 20);
    from_client(&k, TCP_PSH | TCP_ACK, b + 20, n - 20);
    l->us += 30 * MS;
    from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, false));
    from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
    const struct msg_service *s = service_of(l);
    assert_int_equal(l->totals.tls_client_hellos, 2);
    assert_int_equal(l->totals.tls_server_hellos, 2);
    assert_int_equal(s->tls_client_hellos, 1); /* one handshake */
    assert_int_equal(s->tls_server_hellos, 1);
    assert_int_equal(s->tls_us.samples, 1);
    assert_int_equal(s->tls_us.max_us, 30 * MS);
    assert_int_equal(l->tls.rows_n, 1);
    assert_int_equal(l->tls.rows[0].version, 0x0304);
    assert_int_equal(s->tls_rejected + s->tls_mismatch + s->tls_obsolete, 0);
    lab_free(l);
}

/* What follows a HelloRetryRequest is waited for as anything else. */
static void test_tls_silent_after_hello_retry(void **state) {
    (void)state;
    uint8_t b[256];
    struct lab *l = lab_default();
    struct conn k = opened(l, 443);
    for (unsigned n = 0; n < 2; n++) {
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        l->us += 12 * MS;
        if (n == 0) from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, true));
        if (n == 1) from_server(&k, TCP_ACK, NULL, 0);
    }
    lab_wait(l, 10 * S);
    from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
    const struct msg_service *s = service_of(l);
    assert_int_equal(s->tls_unanswered, 1);
    assert_int_equal(s->tls_client_hellos, 1);
    assert_int_equal(s->tls_server_hellos, 0);
    lab_free(l);
}

/* The server thinks before it asks for another key: that is its time, too. */
static void test_tls_slow_hello_retry(void **state) {
    (void)state;
    uint8_t b[256];
    struct lab *l = lab_default();
    struct conn k = opened(l, 443);
    for (unsigned n = 0; n < 2; n++) {
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        l->us += 10 * MS;
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += n == 0 ? 900 * MS : 1 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, n == 0));
    }
    const struct msg_service *s = service_of(l);
    assert_int_equal(s->tls_us.max_us, 910 * MS);
    assert_int_equal(s->tls_prompt, 0);
    lab_free(l);
}

/* The server's receipt tells how long the ClientHello was on its way. */
static void test_tls_prompt_on_a_slow_way(void **state) {
    (void)state;
    static const struct {
        uint64_t receipt_us, answer_us; /* 0: the answer is the receipt */
        bool prompt;
    } t[] = {{20 * MS, 400 * MS, false}, {300 * MS, 100 * MS, true}, {0, 400 * MS, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t b[256];
        struct lab *l = lab_default();
        struct conn k = opened(l, 443);
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        l->us += t[i].receipt_us;
        if (t[i].receipt_us) from_server(&k, TCP_ACK, NULL, 0);
        l->us += t[i].answer_us;
        from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, false));
        assert_int_equal(service_of(l)->tls_prompt, t[i].prompt);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_hello_retry_is_no_answer_twice),
        cmocka_unit_test(test_tls_silent_after_hello_retry),
        cmocka_unit_test(test_tls_slow_hello_retry),
        cmocka_unit_test(test_tls_prompt_on_a_slow_way),
    };
    return cmocka_run_group_tests_name("track_tls_hellos", tests, NULL, NULL);
}
