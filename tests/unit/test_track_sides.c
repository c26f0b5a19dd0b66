/* Facts that tell one side's fault from the other's: waits of the client, hellos without answer,
 * statuses of a web server, closed UDP ports, the price of repeated SYNs. */
#include "tests/unit/talk.h"

static unsigned late_opens(struct lab *l) {
    return (unsigned)service_of(l)->slow_client_late_opens;
}

/* ---- slow client -------------------------------------------------------------------------------
 */

static void test_track_slow_client_before_its_request(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint16_t i = 0; i < 4; i++) {
        struct conn k = conn_new(l, 40000 + i, 8000);
        conn_open(&k);
        l->us += i == 3 ? 400 * MS : (700 + 100u * i) * MS;
        say_client(&k, "hello");
        say_server(&k, "answer");
        from_client(&k, TCP_ACK, NULL, 0);
        conn_close(&k);
    }
    const struct msg_service *v = service_of(l);
    assert_int_equal(v->slow_client_late_opens, 3);
    assert_int_equal(v->slow_client_opens, 4);
    assert_int_equal(v->slow_client_late_acks, 0);
    assert_in_range(v->slow_client_longest_us, 900 * MS, 902 * MS);
    assert_in_range(v->slow_client_wait_us, 2400 * MS, 2406 * MS);
    assert_true(addr_equal(&v->slow_client, &l->connections.rows[0].client));
    assert_true(v->slow_client_first_us < v->slow_client_last_us);
    lab_free(l);
}

/* Stamps of whole seconds, or none: all of it happens at one moment, and nobody waited. */
static void test_track_slow_client_without_times(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 8000);
    from_client(&k, TCP_SYN, NULL, 0);
    from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
    from_client(&k, TCP_ACK, NULL, 0);
    from_client(&k, TCP_ACK | TCP_PSH, "hello", 5);
    say_server(&k, "answer");
    assert_int_equal(late_opens(l), 0);
    lab_free(l);
}

/* A server that speaks first is waited for, however long its greeting takes. */
static void test_track_slow_client_waits_for_a_greeting(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 25);
    conn_open(&k);
    l->us += 900 * MS;
    say_server(&k, "220 mail\r\n");
    from_client(&k, TCP_ACK, NULL, 0);
    l->us += 900 * MS;
    say_client(&k, "EHLO me\r\n");
    assert_int_equal(late_opens(l), 0);
    lab_free(l);
}

/* The user reads the page before the next click; a socket that is never used waits for nobody. */
static void test_track_slow_client_is_not_the_user(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 8000), unused = conn_new(l, 40001, 8000);
    conn_open(&unused);
    conn_open(&k);
    for (int i = 0; i < 4; i++) {
        say_client(&k, "GET");
        say_server(&k, "page");
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += 20 * S;
    }
    conn_close(&unused);
    const struct msg_service *v = service_of(l);
    assert_int_equal(v->slow_client_late_opens + v->slow_client_late_acks, 0);
    assert_int_equal(v->slow_client.len, 0);
    lab_free(l);
}

/* Opened in advance, used when its turn came: the client was busy with its other connection. */
static void test_track_slow_client_opens_in_advance(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn first = conn_new(l, 40000, 8000), second = conn_new(l, 40001, 8000);
    conn_open(&first);
    conn_open(&second);
    say_client(&first, "GET");
    say_server(&first, "page");
    from_client(&first, TCP_ACK, NULL, 0);
    l->us += 3 * S;
    say_client(&second, "GET");
    assert_int_equal(late_opens(l), 0);
    lab_free(l);
}

/* What other clients ask in the meantime says nothing of this one; of more than can be kept, each
 * may be the one that was busy. */
static void test_track_slow_client_among_others(void **state) {
    (void)state;
    for (uint32_t others = 1; others <= 10; others += 9) {
        struct lab *l = lab_default();
        struct conn slow = conn_new(l, 40000, 8000);
        conn_open(&slow);
        for (uint32_t i = 0; i < others; i++) {
            struct conn k = conn_new(l, (uint16_t)(40001 + i), 8000);
            k.c = A1 + 1 + i;
            l->us += 800 * MS / others;
            conn_open(&k);
            say_client(&k, "hello");
            say_server(&k, "answer");
        }
        say_client(&slow, "hello");
        assert_int_equal(late_opens(l), others == 1);
        lab_free(l);
    }
}

/* Of many clients that were late once, none stands for all; the one that always is, is kept. */
static void test_track_slow_client_most_often(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint32_t i = 0; i < 30; i++) {
        struct conn k = conn_new(l, (uint16_t)(40000 + i), 8000);
        k.c = i % 2 ? A1 : A1 + i + 1;
        conn_open(&k);
        l->us += 800 * MS;
        say_client(&k, "hello");
        say_server(&k, "answer");
        conn_close(&k);
    }
    const struct msg_service *v = service_of(l);
    struct addr usual = addr_from_bytes((const uint8_t *)"\x0a\x00\x00\x01", 4);
    assert_true(addr_equal(&v->slow_client, &usual));
    assert_in_range(v->slow_client_late_opens, 3, 15);
    lab_free(l);
}

/* Data arrived, and the ACK leaves the client much later.  Not when the server had to send it
 * again, and not when the path behind the capture point may be slow. */
static void test_track_slow_client_before_its_ack(void **state) {
    (void)state;
    static const struct {
        uint64_t back_us, wait_us;
        bool again;
        unsigned late, segments;
    } cases[] = {{50, 800 * MS, false, 1, 1},      {50, 800 * MS, false, 1, 8},
                 {50, 800 * MS, false, 0, 12}, /* it may be a queue behind */
                 {50, 450 * MS, false, 0, 1},      {50, 800 * MS, true, 0, 1},
                 {300 * MS, 800 * MS, false, 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 8000);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 10 * MS;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += cases[i].back_us;
        from_client(&k, TCP_ACK, NULL, 0);
        say_client(&k, "GET");
        uint32_t start = k.sseq;
        for (unsigned n = 0; n < cases[i].segments; n++)
            from_server(&k, TCP_PSH | TCP_ACK, NULL, n ? 1400 : 1000);
        l->us += cases[i].wait_us;
        if (cases[i].again) {
            k.sseq = start;
            from_server(&k, TCP_PSH | TCP_ACK, NULL, 1000);
            l->us += 1 * MS;
        }
        from_client(&k, TCP_ACK, NULL, 0);
        assert_int_equal(service_of(l)->slow_client_late_acks, cases[i].late);
        lab_free(l);
    }
}

/* ---- hellos without answer ---------------------------------------------------------------------
 */

enum hello_end {
    SILENCE,       /* the server's ACK, then nothing */
    CLIENT_LEAVES, /* the same, and the client closes after 5 s */
    YOUNG,         /* the capture ends 1.5 s later */
    UNACKED,
    SENT_AGAIN,
    PLAIN_ANSWER,
    SERVER_CLOSES, /* at once */
    SERVER_LEAVES, /* after 5 s, and the client then */
    SERVER_RESETS,
    ANSWER_MISSED, /* by the capture: the client acknowledges what was not seen */
    ANSWER_LOST    /* before it: the server's next ACK comes after it */
};

static void play_hello(struct lab *l, enum hello_end how) {
    uint8_t hello[64];
    struct conn k = conn_new(l, 40000, 443);
    size_t n = client_hello(hello, "");
    conn_open(&k);
    from_client(&k, TCP_PSH | TCP_ACK, hello, n);
    if (how == SENT_AGAIN) {
        l->us += 300 * MS;
        k.cseq -= (uint32_t)n;
        from_client(&k, TCP_PSH | TCP_ACK, hello, n);
    }
    l->us += 10 * MS;
    if (how != UNACKED) from_server(&k, TCP_ACK, NULL, 0);
    if (how == PLAIN_ANSWER)
        say_server(&k, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    if (how == SERVER_LEAVES) l->us += 5 * S;
    if (how == SERVER_CLOSES || how == SERVER_LEAVES) from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
    if (how == SERVER_RESETS) from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
    if (how == ANSWER_MISSED) {
        k.sseq += 3000;
        from_client(&k, TCP_ACK, NULL, 0);
    }
    if (how == ANSWER_LOST) {
        l->us += 5 * S;
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        k.sseq += 3000;
        from_server(&k, TCP_ACK, NULL, 0);
    }
    if (how == SERVER_LEAVES) {
        l->us += 1 * S;
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
    }
    if (how == CLIENT_LEAVES) {
        l->us += 5 * S;
        conn_close(&k);
    }
    lab_wait(l, how == YOUNG ? 1500 * MS : 8 * S);
}

static void test_track_tls_hello_without_answer(void **state) {
    (void)state;
    static const struct {
        enum hello_end how;
        unsigned unanswered;
        uint64_t wait_us;
    } cases[] = {{SILENCE, 1, 8 * S},   {CLIENT_LEAVES, 1, 5 * S}, {YOUNG, 0, 0},
                 {UNACKED, 0, 0},       {SENT_AGAIN, 0, 0},        {PLAIN_ANSWER, 0, 0},
                 {SERVER_CLOSES, 0, 0}, {SERVER_LEAVES, 1, 5 * S}, {SERVER_RESETS, 0, 0},
                 {ANSWER_MISSED, 0, 0}, {ANSWER_LOST, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        play_hello(l, cases[i].how);
        const struct msg_service *v = service_of(l);
        assert_int_equal(v->tls_client_hellos, 1);
        assert_int_equal(v->tls_unanswered, cases[i].unanswered);
        for (unsigned n = 0; n < l->incidents.rows_n; n++) /* one cause, told once */
            assert_true(cases[i].unanswered == 0 ||
                        l->incidents.rows[n].kind != INCIDENT_MUTE_CLOSE);
        assert_in_range(v->tls_unanswered_wait_us, cases[i].wait_us, cases[i].wait_us + 50 * MS);
        lab_free(l);
    }
}

/* A farewell is none of the alerts that end a handshake, whatever level it is given. */
static void test_track_tls_farewell_is_no_alert(void **state) {
    (void)state;
    for (uint8_t what = 0; what <= 40; what += 40) {
        struct lab *l = lab_default();
        uint8_t hello[64], alert[] = {21, 3, 3, 0, 2, 2, what};
        struct conn k = conn_new(l, 40000, 443);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, hello, client_hello(hello, ""));
        from_server(&k, TCP_PSH | TCP_ACK, alert, sizeof alert);
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0); /* the alert has told why */
        assert_int_equal(service_of(l)->tls_fatal_by_server, what == 40);
        assert_int_equal(service_of(l)->reset_by_server, what != 40);
        lab_free(l);
    }
}

/* ---- statuses ----------------------------------------------------------------------------------
 */

struct exchange {
    const char *method, *path;
    unsigned status;
    bool other_connection, other_client;
};

static void play_http(struct lab *l, const struct exchange *x, size_t n) {
    struct conn k = {0};
    for (size_t i = 0; i < n; i++) {
        char text[256];
        if (i == 0 || x[i].other_connection || x[i].other_client) {
            k = conn_new(l, (uint16_t)(40000 + i), 80);
            if (x[i].other_client) k.c = A1 + 7;
            conn_open(&k);
        }
        snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: h.example\r\n\r\n", x[i].method,
                 x[i].path);
        say_client(&k, text);
        snprintf(text, sizeof text, "HTTP/1.1 %u x\r\nContent-Length: 0\r\n\r\n", x[i].status);
        say_server(&k, text);
        from_client(&k, TCP_ACK, NULL, 0);
    }
}

static void test_track_http_challenges_and_soft_errors(void **state) {
    (void)state;
    static const struct {
        struct exchange x[3];
        unsigned n, e4xx, soft, met, e401, e403, e404, e5xx;
    } cases[] = {
        {{{"GET", "/a", 401, 0, 0}, {"GET", "/b", 200, 0, 0}}, 2, 1, 0, 1, 0, 0, 0, 0},
        {{{"GET", "/a", 401, 0, 0}, {"GET", "/a", 401, 0, 0}, {"GET", "/a", 200, 0, 0}},
         3,
         2,
         0,
         2,
         0,
         0,
         0,
         0},
        {{{"GET", "/a", 401, 0, 0}, {"GET", "/a", 302, 1, 0}}, 2, 1, 0, 1, 0, 0, 0, 0},
        {{{"GET", "/a", 401, 0, 0}, {"GET", "/b", 200, 1, 0}}, 2, 1, 0, 0, 1, 0, 0, 0},
        {{{"GET", "/v2/", 401, 0, 0}, {"GET", "/v2/a", 200, 1, 0}}, 2, 1, 0, 1, 0, 0, 0, 0},
        {{{"GET", "/b/", 401, 0, 0}, {"GET", "/b/a", 200, 1, 0}}, 2, 1, 0, 0, 1, 0, 0, 0},
        {{{"GET", "/a", 401, 0, 0}, {"GET", "/a", 200, 0, 1}}, 2, 1, 0, 0, 1, 0, 0, 0},
        {{{"GET", "/a", 401, 0, 0}, {"GET", "/a", 500, 0, 0}}, 2, 1, 0, 0, 1, 0, 0, 1},
        {{{"GET", "/a", 403, 0, 0}, {"GET", "/a", 200, 0, 0}}, 2, 1, 0, 0, 0, 1, 0, 0},
        {{{"GET", "/favicon.ico", 404, 0, 0}, {"GET", "/.well-known/x", 404, 0, 0}},
         2,
         2,
         2,
         0,
         0,
         0,
         0,
         0},
        {{{"GET", "/favicon.ico", 403, 0, 0}, {"GET", "/favicon.icon", 404, 0, 0}},
         2,
         2,
         0,
         0,
         0,
         1,
         1,
         0},
        {{{"HEAD", "/", 401, 0, 0}, {"HEAD", "/", 405, 0, 0}, {"HEAD", "/", 501, 0, 0}},
         3,
         2,
         2,
         0,
         0,
         0,
         0,
         0},
        {{{"HEAD", "/", 503, 0, 0}}, 1, 0, 0, 0, 0, 0, 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        play_http(l, cases[i].x, cases[i].n);
        const struct msg_service *v = service_of(l);
        if (v->http_responses != cases[i].n || v->http_4xx != cases[i].e4xx ||
            v->http_4xx_soft != cases[i].soft || v->http_challenges_met != cases[i].met ||
            v->http_401 != cases[i].e401 || v->http_403 != cases[i].e403 ||
            v->http_404 != cases[i].e404 || v->http_5xx != cases[i].e5xx)
            fail_msg("case %zu: %u 4xx, %u soft, %u met", i, (unsigned)v->http_4xx,
                     (unsigned)v->http_4xx_soft, (unsigned)v->http_challenges_met);
        lab_free(l);
    }
}

/* ---- closed UDP ports --------------------------------------------------------------------------
 */

/* Port unreachable from the one the datagram was sent to. */
static void port_unreachable(struct lab *l, uint32_t src, uint16_t sport, uint32_t dst,
                             uint16_t dport) {
    uint8_t f[128] = {0}, *i = f + 34;
    i[0] = 3, i[1] = 3;
    i[8] = 0x45;
    put16(i + 10, 32);
    i[17] = 17;
    put32(i + 20, src);
    put32(i + 24, dst);
    put16(i + 28, sport);
    put16(i + 30, dport);
    lab_ip(l, f, 1, dst, src, 36);
}

static const struct msg_incident *incident_of(struct lab *l) {
    lab_snapshot(l);
    assert_int_equal(l->incidents.rows_n, 1);
    return &l->incidents.rows[0];
}

/* A check of ICE (RFC 8445) tries a way that there need not be. */
static void test_track_icmp_about_a_try(void **state) {
    uint8_t binding[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    (void)state;
    for (int ice = 0; ice < 2; ice++) {
        struct lab *l = lab_default();
        binding[4] = ice ? 0x21 : 0x22; /* STUN's cookie, or not */
        lab_udp(l, A1, 40000, B1, 5000, binding, sizeof binding);
        port_unreachable(l, A1, 40000, B1, 5000);
        assert_int_equal(incident_of(l)->worked, ice);
        lab_free(l);
    }
}

static void test_track_icmp_tells_a_closed_port_from_a_late_answer(void **state) {
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct lab *l = lab_default();
        lab_udp(l, A1, 40000, B1, 5000, "ask", 3);
        l->us += 10 * MS;
        if (late) {
            lab_udp(l, B1, 5000, A1, 40000, "answer", 6);
            port_unreachable(l, B1, 5000, A1, 40000);
        } else {
            port_unreachable(l, A1, 40000, B1, 5000);
        }
        const struct msg_incident *n = incident_of(l);
        assert_int_equal(n->port, 5000);
        assert_int_equal(n->ip_proto, 17);
        assert_int_equal(n->toward_client, late);
        assert_int_equal(n->subject.b[3], 1); /* the service either way */
        assert_int_equal(n->subject.b[0], 192);
        assert_int_equal(n->worked, late);
        lab_free(l);
    }
}

/* Refused at first, because the program was only just starting; then it answers. */
static void test_track_icmp_before_the_program_was_there(void **state) {
    (void)state;
    for (int answers = 0; answers < 2; answers++) {
        struct lab *l = lab_default();
        lab_udp(l, A1, 40000, B1, 5000, "ask", 3);
        port_unreachable(l, A1, 40000, B1, 5000);
        l->us += 500 * MS;
        lab_udp(l, A1, 40000, B1, 5000, "ask", 3);
        if (answers) lab_udp(l, B1, 5000, A1, 40000, "answer", 6);
        assert_int_equal(incident_of(l)->worked, answers);
        lab_free(l);
    }
}

/* The same of a stream that nobody answers: it is taken, else it would be refused again. */
static void test_track_icmp_before_a_listener_was_there(void **state) {
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        struct lab *l = lab_default();
        for (int i = 0; i < 200; i++) {
            lab_udp(l, A1, 40000, B1, 5000, "picture", 7);
            if (i == 0 || (refused && i % 50 == 0)) port_unreachable(l, A1, 40000, B1, 5000);
            l->us += 20 * MS;
        }
        assert_int_equal(incident_of(l)->worked, !refused);
        lab_free(l);
    }
}

/* A late answer whose question was never seen. */
static void test_track_icmp_late_answer_of_an_unknown_flow(void **state) {
    (void)state;
    struct lab *l = lab_default();
    port_unreachable(l, B1, 53, A1, 40000);
    const struct msg_incident *n = incident_of(l);
    assert_true(n->toward_client && n->port == 53 && n->subject.b[0] == 192);
    lab_free(l);
}

/* Datagrams were taken for a while, then refused: a conversation that has ended.  A burst before
 * the first error could come back proves nothing. */
static void test_track_icmp_after_a_conversation(void **state) {
    (void)state;
    for (int burst = 0; burst < 2; burst++) {
        struct lab *l = lab_default();
        for (int i = 0; i < 8; i++) {
            lab_udp(l, A1, 40000, B1, 5000, "media", 5);
            l->us += burst ? 1 * MS : 500 * MS;
        }
        for (int i = 0; i < 3; i++) {
            port_unreachable(l, A1, 40000, B1, 5000);
            l->us += 3 * S;
        }
        const struct msg_incident *n = incident_of(l);
        assert_int_equal(n->worked, !burst);
        assert_int_equal(n->count, 3);
        lab_free(l);
    }
}

/* ---- SYN retries, dead paths -------------------------------------------------------------------
 */

static void test_track_tcp_syn_retry_measures_what_it_cost(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint16_t i = 0; i < 3; i++) {
        struct conn k = conn_new(l, 40000 + i, 80);
        for (unsigned again = 0; again < i; again++) {
            from_client(&k, TCP_SYN, NULL, 0);
            k.cseq--;
            l->us += (1000u << again) * MS;
        }
        conn_open(&k);
    }
    const struct msg_service *v = service_of(l);
    assert_int_equal(v->syn_retried, 2);
    assert_int_equal(v->syn_added_us, 4 * S); /* 1 s, and 1 s + 2 s */
    assert_int_equal(v->syn_added_longest_us, 3 * S);
    assert_true(v->syn_retry_last_us > v->syn_retry_first_us);
    lab_free(l);
}

/* Sent four times in vain, then the program closes (a FIN behind it), then the ACK comes after
 * all: the path was not dead. */
static void test_track_tcp_dead_path_that_came_back(void **state) {
    (void)state;
    for (int back = 0; back < 2; back++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, NULL, 10);
        from_server(&k, TCP_ACK, NULL, 0);
        uint32_t start = k.cseq;
        for (unsigned i = 0; i < 4; i++) {
            k.cseq = start;
            from_client(&k, TCP_PSH | TCP_ACK, NULL, 500);
            l->us += (300u << i) * MS;
        }
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        l->us += 100 * MS;
        if (back) from_server(&k, TCP_ACK, NULL, 0);
        lab_wait(l, 1 * S);
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, !back);
        if (!back) {
            assert_int_equal(l->incidents.rows[0].kind, INCIDENT_DEAD_PATH);
            assert_int_equal(l->incidents.rows[0].tries, 4);
            assert_false(l->incidents.rows[0].toward_client);
        }
        lab_free(l);
    }
}

/* The capture missed an answer, whole or its head only.  The next ones belong to the requests after
 * it; a request that waits in its turn keeps its own. */
static void test_track_http_after_a_missed_answer(void **state) {
    (void)state;
    for (uint32_t body = 0; body <= 6000; body += 3000) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        say_client(&k, "GET /missed HTTP/1.1\r\n\r\n");
        k.sseq += 100;
        for (uint32_t n = 0; n < body; n += 1000) from_server(&k, TCP_ACK, NULL, 1000);
        say_client(&k, "GET /lacks HTTP/1.1\r\n\r\n");
        say_server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        say_client(&k, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
        say_server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        say_client(&k, "GET /c HTTP/1.1\r\n\r\n");
        say_server(&k, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
        lab_snapshot(l);
        assert_int_equal(l->http.rows_n, 5);
        for (uint32_t n = 0; n < 5; n++) {
            const struct msg_http_row *h = &l->http.rows[n];
            char c = h->path[1];

            assert_int_equal(h->status, c == 'l' ? 404 : c == 'a' ? 200 : c == 'b' ? 500 : 0);
        }
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_slow_client_before_its_request),
        cmocka_unit_test(test_track_slow_client_without_times),
        cmocka_unit_test(test_track_slow_client_waits_for_a_greeting),
        cmocka_unit_test(test_track_slow_client_is_not_the_user),
        cmocka_unit_test(test_track_slow_client_opens_in_advance),
        cmocka_unit_test(test_track_slow_client_among_others),
        cmocka_unit_test(test_track_slow_client_most_often),
        cmocka_unit_test(test_track_slow_client_before_its_ack),
        cmocka_unit_test(test_track_tls_hello_without_answer),
        cmocka_unit_test(test_track_tls_farewell_is_no_alert),
        cmocka_unit_test(test_track_http_after_a_missed_answer),
        cmocka_unit_test(test_track_http_challenges_and_soft_errors),
        cmocka_unit_test(test_track_icmp_about_a_try),
        cmocka_unit_test(test_track_icmp_tells_a_closed_port_from_a_late_answer),
        cmocka_unit_test(test_track_icmp_late_answer_of_an_unknown_flow),
        cmocka_unit_test(test_track_icmp_before_the_program_was_there),
        cmocka_unit_test(test_track_icmp_before_a_listener_was_there),
        cmocka_unit_test(test_track_icmp_after_a_conversation),
        cmocka_unit_test(test_track_tcp_syn_retry_measures_what_it_cost),
        cmocka_unit_test(test_track_tcp_dead_path_that_came_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
