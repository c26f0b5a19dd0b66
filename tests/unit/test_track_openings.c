/* How streams open: data in the SYN, a few bytes before the protocol proper, and a first message
 * longer than what is kept of one. */
#include "tests/unit/talk.h"

/* As TCP Fast Open sends it: the first message stands in the SYN (RFC 7413). */
static void open_with(struct conn *k, const void *data, size_t n) {
    from_client(k, TCP_SYN, data, n);
    k->l->us += 10 * MS;
    from_server(k, TCP_SYN | TCP_ACK, NULL, 0);
    k->l->us += 50;
    from_client(k, TCP_ACK, NULL, 0);
    k->l->us += 1 * MS;
}

static void test_openings_request_in_the_syn(void **state) {
    (void)state;
    static const char request[] = "GET /fast HTTP/1.1\r\nHost: h.example\r\n\r\n";
    for (size_t cut = 5; cut < sizeof request; cut += 33) { /* all of it; and the rest behind */
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        open_with(&k, request, cut < 6 ? cut : sizeof request - 1);
        if (cut < 6) from_client(&k, TCP_PSH | TCP_ACK, request + cut, sizeof request - 1 - cut);
        say_server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        lab_snapshot(l);
        assert_int_equal(l->http.rows_n, 1);
        assert_string_equal(l->http.rows[0].method, "GET");
        assert_string_equal(l->http.rows[0].path, "/fast");
        assert_int_equal(l->http.rows[0].status, 404);
        lab_free(l);
    }
}

static void test_openings_hello_in_the_syn(void **state) {
    (void)state;
    uint8_t hello[600];
    size_t n = client_hello(hello, "fast.example");
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 443);
    open_with(&k, hello, n);
    from_server(&k, TCP_PSH | TCP_ACK, "\x15\x03\x03\x00\x02\x02\x28", 7);
    lab_snapshot(l);
    assert_int_equal(l->tls.rows_n, 1);
    assert_string_equal(l->tls.rows[0].sni, "fast.example");
    assert_int_equal(l->tls.rows[0].outcome, TLS_OUTCOME_ALERT_SERVER);
    assert_int_equal(l->services.rows[0].tls_fatal_by_server, 1);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openings_request_in_the_syn),
        cmocka_unit_test(test_openings_hello_in_the_syn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
