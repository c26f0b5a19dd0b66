/* How streams open: data in the SYN, a few bytes before the protocol proper, a first message longer
 * than what is kept of one, and what is said before an answer. */
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

/* SOCKS5 begins with three bytes of the client, a greeting may have two of the server. */
static void test_openings_tls_behind_a_few_bytes(void **state) {
    (void)state;
    uint8_t hello[600], answer[128];
    size_t n = client_hello(hello, "inside.example"), m = server_hello(answer);
    for (int greeting = 0; greeting < 2; greeting++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 1080);
        conn_open(&k);
        if (greeting) {
            say_server(&k, "hi");
        } else {
            from_client(&k, TCP_PSH | TCP_ACK, "\5\1\0", 3);
            from_server(&k, TCP_PSH | TCP_ACK, "\5\0", 2);
            from_client(&k, TCP_PSH | TCP_ACK, "\5\1\0\3\x0einside.example\1\xbb", 21);
            from_server(&k, TCP_PSH | TCP_ACK, "\5\0\0\1\0\0\0\0\0\0", 10);
        }
        from_client(&k, TCP_PSH | TCP_ACK, hello, n);
        l->us += 30 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, answer, m);
        lab_snapshot(l);
        assert_int_equal(l->tls.rows_n, 1);
        assert_string_equal(l->tls.rows[0].sni, "inside.example");
        assert_int_equal(l->tls.rows[0].outcome, TLS_OUTCOME_ANSWERED);
        assert_int_equal(l->tls.rows[0].hello_us, 30 * MS);
        lab_free(l);
    }
}

/* The PROXY protocol: in front of the first message, or in a segment of its own. */
static void test_openings_behind_a_proxy_header(void **state) {
    (void)state;
    static const char text[] = "PROXY TCP4 192.0.2.1 192.0.2.2 5555 443\r\n";
    static const char binary[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" /* then 12 bytes of addresses */
        "\xc0\0\2\1\xc0\0\2\2\x15\xb3\1\xbb";
    static const char request[] = "GET /x HTTP/1.1\r\nHost: h.example\r\n\r\n";
    uint8_t hello[600], both[800];
    size_t n = client_hello(hello, "behind.example");
    for (int how = 0; how < 8; how++) {
        bool tls = how & 1, apart = how & 2;
        size_t head = how & 4 ? sizeof binary - 1 : sizeof text - 1;
        size_t all = head + (tls ? n : sizeof request - 1);
        memcpy(both, how & 4 ? binary : text, head);
        memcpy(both + head, tls ? (const void *)hello : request, all - head);
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 8000);
        conn_open(&k);
        if (apart) from_client(&k, TCP_PSH | TCP_ACK, both, head);
        from_client(&k, TCP_PSH | TCP_ACK, both + (apart ? head : 0), all - (apart ? head : 0));
        if (!tls) say_server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        lab_snapshot(l);
        assert_int_equal(l->tls.rows_n, tls);
        assert_int_equal(l->http.rows_n, !tls);
        if (tls) assert_string_equal(l->tls.rows[0].sni, "behind.example");
        if (!tls) assert_int_equal(l->http.rows[0].status, 404);
        lab_free(l);
    }
}

/* In segments of 1400 bytes, as a line takes them. */
static void say_long(struct conn *k, const uint8_t *p, size_t n) {
    for (size_t at = 0; at < n; at += 1400) {
        from_client(k, TCP_ACK, p + at, n - at < 1400 ? n - at : 1400);
        k->l->us += 100;
    }
    k->l->us += 5 * MS;
}

static void test_openings_request_line_longer_than_is_kept(void **state) {
    (void)state;
    static char request[6100];
    memset(request, 'a', sizeof request);
    memcpy(request, "GET /long/", 10);
    strcpy(request + 6000, " HTTP/1.1\r\nHost: h.example\r\n\r\n");
    for (int common = 0; common < 2; common++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        memcpy(request, common ? "GET" : "ODD", 3);
        conn_open(&k);
        say_long(&k, (const uint8_t *)request, strlen(request));
        say_server(&k, "HTTP/1.1 414 Too long\r\nContent-Length: 0\r\n\r\n");
        say_client(&k, "GET /next HTTP/1.1\r\nHost: h.example\r\n\r\n");
        say_server(&k, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
        lab_snapshot(l);
        assert_int_equal(l->http.rows_n, 1 + common);
        if (common) {
            assert_int_equal(l->http.rows[0].status == 503 ? l->http.rows[1].status : 0, 414);
            assert_memory_equal(l->http.rows[1].path, "/long/aaa", 9);
            assert_string_equal(l->http.rows[1].method, "GET");
        }
        lab_free(l);
    }
}

/* The name stands before what makes the hello long, or behind it. */
static void test_openings_hello_longer_than_is_kept(void **state) {
    (void)state;
    static uint8_t hello[6000];
    for (int named = 0; named < 2; named++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        memset(hello, 0, sizeof hello);
        size_t n = client_hello(hello, named ? "large.example" : ""), ext = n;
        put16(hello + n, 0xfe0e), put16(hello + n + 2, 5000);
        n += 5004;
        size_t list = 11 + 32 + 1 + 4 + 2;
        put16(hello + list, (uint32_t)(ext - list - 2 + 5004));
        put16(hello + 3, (uint32_t)(n - 5)), put16(hello + 7, (uint32_t)(n - 9));
        conn_open(&k);
        say_long(&k, hello, n);
        from_server(&k, TCP_PSH | TCP_ACK, "\x15\x03\x03\x00\x02\x02\x28", 7);
        from_client(&k, TCP_PSH | TCP_ACK, "\x15\x03\x03\x00\x02\x02\x00", 7);
        lab_snapshot(l);
        assert_int_equal(l->tls.rows_n, 1);
        assert_string_equal(l->tls.rows[0].sni, named ? "large.example" : "");
        assert_int_equal(l->tls.rows[0].outcome, TLS_OUTCOME_ALERT_SERVER);
        assert_int_equal(l->totals.tls_alerts, 2); /* the client's stands where the hello ends */
        lab_free(l);
    }
}

/* The target's address by DNS, with an answer of one A record. */
static void resolve(struct lab *l, const char *first, const char *second) {
    uint8_t m[128] = {0, 7, 0x81, 0x80, 0, 1, 0, 1};
    static const uint8_t rest[] = {0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
    size_t n = 12;
    for (int i = 0; i < 2; i++) {
        const char *label = i ? second : first;
        m[n++] = (uint8_t)strlen(label);
        memcpy(m + n, label, strlen(label));
        n += strlen(label);
    }
    memcpy(m + n, rest, sizeof rest);
    put32(m + n + sizeof rest, B1);
    lab_udp(l, 0x0a000035u, 53, A1, 5000, m, n + sizeof rest + 4);
}

/* Encrypted ClientHello says another name in clear; a name that was asked for is another site. */
static void test_openings_encrypted_hello_belongs_to_the_target(void **state) {
    (void)state;
    for (int how = 0; how < 3; how++) { /* encrypted; no such extension; GREASE of another site */
        struct engine_options o = lab_options();
        uint8_t hello[600];
        o.target.mode = MODE_DOMAIN;
        strcpy(o.target.name, "target.example");
        struct lab *l = lab_new(&o);
        resolve(l, "target", "example");
        if (how == 2) resolve(l, "front", "example");
        size_t n = client_hello(hello, "front.example"), list = 11 + 32 + 1 + 4 + 2;
        put16(hello + n, how == 1 ? 0xfe0e : 0xfe0d), put16(hello + n + 2, 0);
        n += 4;
        put16(hello + list, (uint32_t)(n - list - 2));
        put16(hello + 3, (uint32_t)(n - 5)), put16(hello + 7, (uint32_t)(n - 9));
        for (uint16_t i = 0; i < 2; i++) { /* nor does the first one make the second another's */
            struct conn k = conn_new(l, (uint16_t)(40000 + i), 443);
            conn_open(&k);
            from_client(&k, TCP_PSH | TCP_ACK, hello, n);
        }
        engine_end(l->e);
        lab_snapshot(l);
        assert_int_equal(l->totals.established, how == 0 ? 2 : 0);
        lab_free(l);
    }
}

/* Peers that open to each other at the same moment, through their firewalls: no packet was
 * repeated. A SYN that is, of either, still counts. */
static void test_openings_by_both_ends_at_once(void **state) {
    (void)state;
    for (unsigned again = 0; again < 2; again++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 41000);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 100;
        from_server(&k, TCP_SYN, NULL, 0);
        l->us += 1 * S;
        if (again) k.cseq--, from_client(&k, TCP_SYN, NULL, 0);
        l->us += 20 * MS;
        k.cseq--, from_client(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += 100;
        k.sseq--, from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += 20 * MS;
        say_client(&k, "hello");
        say_server(&k, "world");
        conn_close(&k);
        engine_end(l->e);
        lab_snapshot(l);
        assert_int_equal(l->totals.established, 1);
        assert_int_equal(l->services.rows[0].syn_retried, again);
        assert_int_equal(l->incidents.rows_n, 0);
        lab_free(l);
    }
}

/* A client that looks at a certificate for long. */
static void test_halts_within_tls(void **state) {
    (void)state;
    enum { GOES_ON, AGAIN, GIVES_UP, HEARS_LATE }; /* the server's flight came twice; an alert */
    static const struct {
        unsigned version, how;
        uint64_t wait_us, round_us; /* from here to the client and back */
        uint64_t late_us;           /* counted; 0: in time */
    } t[] = {{0x0304, GOES_ON, 15 * S, 0, 15 * S},
             {0x0303, GOES_ON, 700 * MS, 0, 700 * MS},
             {0x0304, GOES_ON, 300 * MS, 0, 0},
             {0x0304, GOES_ON, 900 * MS, 600 * MS, 0},
             {0x0304, GOES_ON, 1500 * MS, 600 * MS, 900 * MS},
             {0x0304, AGAIN, 700 * MS, 0, 0},
             {0x0303, GIVES_UP, 700 * MS, 0, 0},
             {0x0304, HEARS_LATE, 900 * MS, 0, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t b[1024];
        struct lab *l = lab_default();
        for (uint16_t n = 0; n < 2; n++) {
            struct conn k = tls_begun(l, (uint16_t)(40000 + n), t[i].version, t[i].round_us);
            lab_wait(l, t[i].wait_us);
            if (t[i].how == AGAIN) {
                size_t flight = record(b, 200);
                k.sseq -= (uint32_t)flight;
                from_server(&k, TCP_PSH | TCP_ACK, b, flight);
            }
            if (t[i].how == HEARS_LATE) { /* the flight was on a slow line until then */
                from_client(&k, TCP_ACK, NULL, 0);
                l->us += 4 * MS;
            }
            if (t[i].how == GIVES_UP) {
                from_client(&k, TCP_PSH | TCP_ACK, "\x15\x03\x03\0\2\2\x2a", 7);
                continue;
            }
            from_client(&k, TCP_PSH | TCP_ACK, "\x14\x03\x03\0\1\1", 6);
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        uint64_t late = t[i].late_us > 0 ? 2 : 0;
        if (v->slow_client_late_opens != late || (late > 0 && v->slow_client_opens != late))
            fail_msg("case %zu: %u of %u", i, (unsigned)v->slow_client_late_opens,
                     (unsigned)v->slow_client_opens);
        if (late > 0) assert_int_equal(v->slow_client_longest_us, t[i].late_us);
        lab_free(l);
    }
}

/* Where mail or names pass inside TLS, the shortest word is a question; elsewhere a receipt. */
static void test_short_questions_within_tls(void **state) {
    (void)state;
    for (unsigned names = 0; names < 2; names++) {
        uint8_t b[1024];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, names ? 853 : 443);
        tls_begin(&k, 0x0304, 50);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        for (unsigned n = 0; n < 4; n++) {
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 17 + 9));
            l->us += 40 * MS;
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 17 + 90));
            l->us += 1 * S;
        }
        lab_wait(l, 2 * S);
        assert_int_equal(service_of(l)->requests, names ? 4 : 0);
        lab_free(l);
    }
}

/* What is said while the answer is still to come is none (100, 102, 103); 101 is one. */
static void test_interim_answers(void **state) {
    (void)state;
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define HINTS    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
#define FINAL    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    static const struct {
        const char *first;
        uint64_t wait_ms; /* until the answer began */
    } t[] = {{CONTINUE, 3000},    {HINTS, 3000},
             {HINTS HINTS, 3000}, {"HTTP/1.1 103 Early Hints\r\nLi", 3000}, /* cut off */
             {CONTINUE FINAL, 5}, {"HTTP/1.1 101 Switching Protocols\r\n\r\n", 5},
             {FINAL, 5}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        say_client(&k, "PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n");
        say_server(&k, t[i].first);
        bool interim = t[i].wait_ms > 5;
        if (interim) {
            say_client(&k, "body");
            l->us += 2995 * MS;
            say_server(&k, FINAL);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (v->first_byte_us.samples != 1 || v->requests != 1 ||
            v->first_byte_us.min_us != t[i].wait_ms * MS)
            fail_msg("case %zu: %u answers, %u us", i, (unsigned)v->first_byte_us.samples,
                     (unsigned)v->first_byte_us.min_us);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openings_request_in_the_syn),
        cmocka_unit_test(test_openings_hello_in_the_syn),
        cmocka_unit_test(test_openings_encrypted_hello_belongs_to_the_target),
        cmocka_unit_test(test_openings_tls_behind_a_few_bytes),
        cmocka_unit_test(test_openings_behind_a_proxy_header),
        cmocka_unit_test(test_openings_request_line_longer_than_is_kept),
        cmocka_unit_test(test_openings_hello_longer_than_is_kept),
        cmocka_unit_test(test_openings_by_both_ends_at_once),
        cmocka_unit_test(test_halts_within_tls),
        cmocka_unit_test(test_short_questions_within_tls),
        cmocka_unit_test(test_interim_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
