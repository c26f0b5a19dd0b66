/* HTTP/2 inside TLS: what its ends send beside requests and answers, told by lengths alone. */
#include "tests/unit/endings.h"
#include "tests/unit/talk.h"

/* The extensions of a hello that has none yet, of `bytes`; returns the hello's. */
static size_t extend(uint8_t *p, size_t n, const void *extensions, size_t bytes) {
    put16(p + n, (uint32_t)bytes);
    memcpy(p + n + 2, extensions, bytes);
    n += 2 + bytes;
    put16(p + 3, (uint32_t)(n - 5));
    put16(p + 7, (uint32_t)(n - 9));
    return n;
}

static const char h2[] = "\0\x10\0\5\0\3\2h2", http1[] = "\0\x10\0\5\0\3\2h1";

/* Up to the client's Finished; `old`: TLS 1.2. */
static void shake_hands(struct conn *k, uint8_t *b, const char *alpn, bool old) {
    conn_open(k);
    size_t n = client_hello(b, "");
    from_client(k, TCP_PSH | TCP_ACK, b, extend(b, n - 2, alpn, 9));
    k->l->us += 12 * MS;
    n = server_hello(b);
    n = old ? extend(b, n, alpn, 9) : extend(b, n, "\0\x2b\0\2\3\4", 6);
    from_server(k, TCP_PSH | TCP_ACK, b, n);
    from_server(k, TCP_PSH | TCP_ACK, b, record(b, 200 + (old ? 24 : 17)));
    from_client(k, TCP_PSH | TCP_ACK, b, record(b, 53));
    lab_wait(k->l, 1 * S);
}

/* A server that sends updates of its windows and a PING as soon as it has a request, and answers it
 * two seconds later: it is slow, and nobody speaks out of turn.  What comes that late is an answer
 * at any length, and what comes at once in another protocol is one. */
static void test_h2_control_is_no_answer(void **state) {
    (void)state;
    static const struct {
        const char *alpn;
        bool old;              /* TLS 1.2 */
        uint32_t soon, answer; /* bytes of content */
        bool slow;
    } cases[] = {{h2, false, 30, 300, true},     {h2, false, 26, 300, true},
                 {h2, false, 17, 300, true},     {h2, true, 30, 300, true},
                 {h2, true, 13, 300, true},      {h2, false, 40, 300, false},
                 {http1, false, 30, 300, false}, {h2, true, 13, 30, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[1024];
        uint32_t seal = cases[i].old ? 24 : 17;
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        shake_hands(&k, b, cases[i].alpn, cases[i].old);
        for (int again = 0; again < 6; again++) {
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 180 + seal));
            l->us += 1 * MS;
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].soon + seal));
            l->us += 1 * MS;
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 17 + seal));
            l->us += 2 * S;
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].answer + seal));
            l->us += 1 * MS;
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 30 + seal));
            l->us += 1 * MS;
            from_server(&k, TCP_ACK, b, record(b, 17 + seal));
            lab_wait(l, 1500 * MS);
        }
        lab_snapshot(l);
        const struct msg_service *s = &l->services.rows[0];
        bool slow = s->first_byte_us.samples >= 5 && s->first_byte_us.p50_us >= 1900 * MS;
        if (slow != cases[i].slow || (slow && s->unpaired > 0))
            fail_msg("case %zu: %u samples, %u us, %u out of turn", i,
                     (unsigned)s->first_byte_us.samples, (unsigned)s->first_byte_us.p50_us,
                     (unsigned)s->unpaired);
        lab_free(l);
    }
}

/* Pages one after the other, of which the client asked for all at once, are answers with HTTP/2; of
 * any other protocol they are news, if the pauses are longer than those within a page. */
static void test_pages_in_turn(void **state) {
    (void)state;
    static const struct {
        const char *alpn;
        uint32_t pause_ms, unpaired;
    } cases[] = {{h2, 2000, 0}, {http1, 2000, 3}, {http1, 1200, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[4096];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        shake_hands(&k, b, cases[i].alpn, false);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 400));
        for (int page = 0; page < 4; page++) {
            lab_wait(l, cases[i].pause_ms * MS);
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 3500));
        }
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].unpaired, cases[i].unpaired);
        lab_free(l);
    }
}

/* Opened in advance: the preface and what both ends set ask for nothing; a request does. */
static void test_h2_preface_asks_nothing(void **state) {
    (void)state;
    for (unsigned asks = 0; asks < 4; asks++) {
        /* 1 a request; 2 not even the settings were read; 3 the two acknowledgements cross */
        uint8_t b[1024];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        shake_hands(&k, b, h2, false);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 76 + 17));
        l->us += 1 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 40 + 17));
        if (asks < 2) from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 9 + 17));
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 9 + 17));
        if (asks == 3) from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 9 + 17));
        if (asks == 1) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 76 + 17));
        l->us += 1 * MS;
        from_server(&k, TCP_ACK, NULL, 0);
        lab_wait(l, 10 * S);
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        assert_int_equal(incident_of(l, INCIDENT_UNHEARD) != NULL, asks == 1 || asks == 2);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_h2_control_is_no_answer),
        cmocka_unit_test(test_h2_preface_asks_nothing),
        cmocka_unit_test(test_pages_in_turn),
    };
    return cmocka_run_group_tests_name("track_h2", tests, NULL, NULL);
}
