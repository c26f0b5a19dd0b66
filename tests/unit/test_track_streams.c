/* Streams that go on after something missing or something else: gaps, tunnels, STARTTLS, answers to
 * what is no request; and what must not be believed there. */
#include "tests/unit/talk.h"

#define OK_EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static unsigned status_count(const struct lab *l, unsigned status) {
    for (size_t i = 0; i < l->totals.http_statuses_n; i++)
        if (l->totals.http_statuses[i].code == status)
            return (unsigned)l->totals.http_statuses[i].count;
    return 0;
}

static bool path_is_known(const struct lab *l, const char *path) {
    for (size_t i = 0; i < l->http.rows_n; i++)
        if (strcmp(l->http.rows[i].path, path) == 0) return true;
    return false;
}

/* A connection in which one request was answered. */
static struct conn talked(struct lab *l) {
    struct conn k = conn_new(l, 40000, 80);
    k.cseq = 900000; /* beyond the server's: one must not be taken for the other */
    conn_open(&k);
    say_client(&k, "GET /one HTTP/1.1\r\nHost: h.example\r\n\r\n");
    say_server(&k, OK_EMPTY);
    return k;
}

static void test_streams_interim_status_is_counted_but_answers_nothing(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    say_client(&k, "POST /up HTTP/1.1\r\nHost: h.example\r\nContent-Length: 4\r\nExpect: "
                   "100-continue\r\n\r\n");
    say_server(&k, "HTTP/1.1 100 Continue\r\n\r\n");
    say_client(&k, "body");
    say_server(&k, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(status_count(l, 100), 1);
    assert_int_equal(status_count(l, 201), 1);
    assert_int_equal(l->totals.http_responses, 1);
    assert_int_equal(l->services.rows[0].http_responses, 1);
    assert_int_equal(l->http.rows[0].status, 201);
    lab_free(l);
}

/* After 101 both ends speak when they like: a push is no late answer. */
static void test_streams_pushes_after_an_upgrade_answer_nothing(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    say_client(&k, "GET /ws HTTP/1.1\r\nHost: h.example\r\nUpgrade: websocket\r\n\r\n");
    say_server(&k, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    for (unsigned n = 0; n < 5; n++) {
        say_client(&k, "\x81\x85maskhello");
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += 4 * S;
        say_server(&k, "\x81\x04push");
    }
    lab_snapshot(l);
    assert_int_equal(l->services.rows[0].requests, 1);
    assert_int_equal(status_count(l, 101), 1);
    lab_free(l);
}

/* The capture lost a request and its answer; both ends got them. */
static void test_streams_http_goes_on_after_a_gap_that_was_acknowledged(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = talked(l);
    k.cseq += 700;
    k.sseq += 300;
    say_client(&k, "GET /three HTTP/1.1\r\nHost: h.example\r\n\r\n");
    say_server(&k, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(status_count(l, 404), 1); /* nobody has acknowledged it yet */
    k.cseq += 600;
    say_client(&k, "GET /four HTTP/1.1\r\nHost: h.example\r\n\r\n");
    lab_snapshot(l);
    assert_false(path_is_known(l, "/four")); /* what is missing may still come */
    from_server(&k, TCP_ACK, NULL, 0);
    lab_snapshot(l);
    assert_true(path_is_known(l, "/four"));
    say_server(&k, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(l->totals.http_requests, 3);
    assert_int_equal(status_count(l, 200), 1);
    assert_int_equal(status_count(l, 404), 1);
    assert_int_equal(status_count(l, 503), 1);
    assert_true(path_is_known(l, "/three"));
    for (size_t i = 0; i < l->http.rows_n; i++)
        assert_int_equal(l->http.rows[i].first_byte_us, 5 * MS);
    lab_free(l);
}

/* Only part of a request's head was captured: the next one counts. */
static void test_streams_http_goes_on_after_half_a_head(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = talked(l);
    k.cseq += 700;
    say_client(&k, "cookie: a=b\r\n\r\n");
    say_server(&k, OK_EMPTY);
    say_client(&k, "GET /next HTTP/1.1\r\nHost: h.example\r\n\r\n");
    say_server(&k, OK_EMPTY);
    lab_snapshot(l);
    assert_int_equal(l->totals.http_requests, 2);
    assert_int_equal(status_count(l, 200), 3);
    assert_true(path_is_known(l, "/next"));
    assert_false(path_is_known(l, "cookie"));
    lab_free(l);
}

/* A body without length, a hole in it, and text that looks like a request. */
static void test_streams_body_behind_a_gap_is_no_request(void **state) {
    (void)state;
    static const char *const heads[] = {
        "POST /up HTTP/1.1\r\nHost: h.example\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /up HTTP/1.1\r\nHost: h.example\r\nContent-Length: 100000\r\n\r\n",
        "POST /up HTTP/1.1\r\nHost: h.example\r\nContent-Length: 200\r\n\r\n",
        "POST /up HTTP/1.1\r\nHost: h.example\r\nContent-Length: 4\r\n\r\nbody"};
    for (size_t i = 0; i < 4; i++) {
        for (int acked = 0; acked < 3; acked++) {
            struct lab *l = lab_default();
            struct conn k = talked(l);
            say_client(&k, heads[i]);
            k.cseq += 500;
            if (acked == 1) from_server(&k, TCP_ACK, NULL, 0);
            say_client(&k, "GET /secret HTTP/1.1\r\nHost: secret.example\r\n\r\n");
            if (acked == 2) from_server(&k, TCP_ACK, NULL, 0);
            say_server(&k, OK_EMPTY);
            lab_snapshot(l);
            assert_int_equal(l->totals.http_requests, 2);
            assert_false(path_is_known(l, "/secret"));
            assert_int_equal(status_count(l, 200), 2);
            lab_free(l);
        }
    }
}

/* Chunked bodies are followed: answers one behind the other in a segment, sizes cut in two, and
 * text in a body that looks like an answer. */
static void test_streams_chunked_bodies_are_followed(void **state) {
    (void)state;
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    static const char *const answers[][4] = {
        {CHUNKED "5\r\nhello\r\n0\r\n\r\n" CHUNKED "0\r\nX: y\r\n\r\n" OK_EMPTY},
        {CHUNKED "5\r\nhello\r", "\n1", "0;a=b\r\n0123456789abcdef\r\n0\r\n\r\n" CHUNKED,
         "0\r\n\r\n" OK_EMPTY},
        {CHUNKED "19\r\n", "HTTP/1.1 500 No\r\nA: b\r\n\r\n", "\r\n0\r\n\r\n" OK_EMPTY, OK_EMPTY},
        {CHUNKED "no size", "", OK_EMPTY, OK_EMPTY},
        {CHUNKED "fffffffff\r\n", "", OK_EMPTY, OK_EMPTY}};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        say_client(&k, "GET /a HTTP/1.1\r\nHost: h.example\r\n\r\n"
                       "GET /b HTTP/1.1\r\nHost: h.example\r\n\r\n"
                       "GET /c HTTP/1.1\r\nHost: h.example\r\n\r\n");
        for (size_t n = 0; n < 4 && answers[i][n]; n++)
            if (answers[i][n][0]) say_server(&k, answers[i][n]);
        lab_snapshot(l);
        assert_int_equal(l->totals.http_responses, 3);
        assert_int_equal(status_count(l, 200), 3);
        for (size_t n = 0; n < l->http.rows_n; n++) assert_int_equal(l->http.rows[n].status, 200);
        lab_free(l);
    }
}

/* A body that ends with the connection may hold what looks like an answer. */
static void test_streams_body_until_the_end_is_no_answer(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = talked(l);
    say_client(&k, "GET /two HTTP/1.1\r\nHost: h.example\r\n\r\n");
    say_server(&k, "HTTP/1.1 200 OK\r\n\r\n");
    say_server(&k, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(status_count(l, 500), 0);
    assert_int_equal(l->totals.http_responses, 2);
    say_client(&k, "GET /three HTTP/1.1\r\nHost: h.example\r\n\r\n"); /* it did not end */
    say_server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(status_count(l, 404), 1);
    lab_free(l);
}

/* What a chunked body is missing leads back to the next message, not into the body. */
static void test_streams_chunked_body_with_a_gap(void **state) {
    (void)state;
    for (unsigned missing = 10; missing < 40; missing += 13) { /* 0, 1, 2 chunks more */
        struct lab *l = lab_default();
        struct conn k = talked(l);
        say_client(&k, "GET /two HTTP/1.1\r\nHost: h.example\r\n\r\n");
        say_server(&k, CHUNKED "8\r\n");
        k.sseq += missing;
        say_server(&k, "8\r\n01234567\r\n0\r\n\r\n");
        say_client(&k, "GET /three HTTP/1.1\r\nHost: h.example\r\n\r\n");
        say_server(&k, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        from_client(&k, TCP_ACK, NULL, 0);
        lab_snapshot(l);
        assert_int_equal(status_count(l, 200), 2);
        assert_int_equal(status_count(l, 404), 1);
        lab_free(l);
    }
}

/* The answer to the second of two questions, when the one to the first was not captured. */
static void test_streams_dns_over_tcp_behind_a_gap_is_left(void **state) {
    (void)state;
    static uint8_t message[] = "\x00\x1d\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"
                               "example\x03org\x00\x00\x01\x00\x01";
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 53);
    conn_open(&k);
    message[4] = 0x01;
    from_client(&k, TCP_PSH | TCP_ACK, message, sizeof message - 1);
    k.sseq += 100;
    message[4] = 0x81;
    from_server(&k, TCP_PSH | TCP_ACK, message, sizeof message - 1);
    from_client(&k, TCP_ACK, NULL, 0);
    lab_snapshot(l);
    assert_int_equal(l->totals.dns_queries, 1);
    assert_int_equal(l->totals.dns_responses, 0);
    lab_free(l);
}

static void test_streams_tls_in_a_tunnel(void **state) {
    (void)state;
    uint8_t hello[600], answer[128];
    size_t n = client_hello(hello, "inside.example"), m = server_hello(answer);
    for (int granted = 0; granted < 2; granted++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 3128);
        conn_open(&k);
        say_client(&k, "CONNECT inside.example:443 HTTP/1.1\r\nHost: inside.example:443\r\n\r\n");
        say_server(&k, granted ? "HTTP/1.1 200 Connection established\r\n\r\n"
                               : "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        from_client(&k, TCP_PSH | TCP_ACK, hello, n);
        l->us += 40 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, answer, m);
        lab_snapshot(l);
        assert_int_equal(l->totals.http_requests, 1);
        assert_int_equal(l->totals.http_responses, 1);
        assert_int_equal(l->tls.rows_n, granted);
        if (granted) {
            assert_string_equal(l->tls.rows[0].sni, "inside.example");
            assert_int_equal(l->tls.rows[0].outcome, TLS_OUTCOME_ANSWERED);
            assert_int_equal(l->tls.rows[0].hello_us, 40 * MS);
        }
        lab_free(l);
    }
}

/* A request that was sent too early into a tunnel must not be taken for the TLS row of another. */
static void test_streams_tunnel_has_a_row_of_its_own(void **state) {
    (void)state;
    uint8_t hello[600];
    size_t n = client_hello(hello, "inside.example");
    struct lab *l = lab_default();
    for (uint16_t i = 0; i < 2; i++) {
        struct conn other = conn_new(l, (uint16_t)(41000 + i), 443);
        conn_open(&other);
        from_client(&other, TCP_PSH | TCP_ACK, hello, n);
    }
    struct conn k = conn_new(l, 40000, 3128);
    conn_open(&k);
    say_client(&k, "CONNECT inside.example:443 HTTP/1.1\r\nHost: inside.example:443\r\n\r\n"
                   "GET / HTTP/1.1\r\nHost: early.example\r\n\r\n");
    say_server(&k, "HTTP/1.1 200 Connection established\r\n\r\n");
    from_client(&k, TCP_PSH | TCP_ACK, hello, n);
    lab_snapshot(l);
    assert_int_equal(l->tls.rows_n, 3);
    lab_free(l);
}

static void test_streams_tls_after_a_talk_in_clear(void **state) {
    (void)state;
    uint8_t hello[600], answer[128];
    size_t n = client_hello(hello, "mail.example"), m = server_hello(answer);
    for (int late = 0; late < 2; late++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 25);
        conn_open(&k);
        say_server(&k, "220 mail.example ESMTP\r\n");
        say_client(&k, "EHLO there\r\n");
        say_server(&k, "250 STARTTLS\r\n");
        for (int i = 0; late && i < 40; i++) say_client(&k, "NOOP\r\n"); /* a transfer, say */
        say_client(&k, "STARTTLS\r\n");
        say_server(&k, "220 go ahead\r\n");
        from_client(&k, TCP_PSH | TCP_ACK, hello, n);
        l->us += 30 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, answer, m);
        lab_snapshot(l);
        assert_int_equal(l->tls.rows_n, !late);
        if (!late) {
            assert_string_equal(l->tls.rows[0].sni, "mail.example");
            assert_int_equal(l->tls.rows[0].outcome, TLS_OUTCOME_ANSWERED);
            assert_int_equal(l->tls.rows[0].hello_us, 30 * MS);
        }
        lab_free(l);
    }
}

/* PostgreSQL: the client asks for TLS in eight bytes, the server says S. */
static void test_streams_tls_after_an_ssl_request(void **state) {
    (void)state;
    static const uint8_t request[8] = {0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f};
    uint8_t hello[600];
    size_t n = client_hello(hello, "db.example");
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 5432);
    conn_open(&k);
    from_client(&k, TCP_PSH | TCP_ACK, request, sizeof request);
    say_server(&k, "S");
    from_client(&k, TCP_PSH | TCP_ACK, hello, n);
    lab_snapshot(l);
    assert_int_equal(l->tls.rows_n, 1);
    assert_string_equal(l->tls.rows[0].sni, "db.example");
    lab_free(l);
}

static void test_streams_refusal_of_what_is_no_request(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    from_client(&k, TCP_PSH | TCP_ACK, "\x02\x01no request at all", 19);
    say_server(&k, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(l->totals.http_requests, 0);
    assert_int_equal(l->http.rows_n, 0);
    assert_int_equal(status_count(l, 400), 1);
    assert_int_equal(l->services.rows[0].http_4xx, 1);
    lab_free(l);
}

/* Only the server's first words can be such a refusal, not a text that is fetched. */
static void test_streams_text_like_an_answer_is_none(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 110);
    conn_open(&k);
    say_server(&k, "+OK POP3 ready\r\n");
    say_client(&k, "RETR 1\r\n");
    say_server(&k, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
    say_server(&k, "GET /secret HTTP/1.1\r\nHost: secret.example\r\n\r\n");
    lab_snapshot(l);
    assert_int_equal(l->totals.http_responses, 0);
    assert_int_equal(l->totals.http_statuses_n, 0);
    assert_int_equal(l->http.rows_n, 0);
    lab_free(l);
}

/* As tshark counts: once as long as nothing newer was seen, and again after that. */
static void test_streams_acks_of_unseen_segments(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 9000);
    conn_open(&k);
    for (int i = 0; i < 4; i++) {
        k.sseq += 1000;
        l->us += 1 * MS;
        from_client(&k, TCP_ACK, NULL, 0);
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.ack_lost_segment, 1);
    from_server(&k, TCP_ACK, NULL, 1000);
    from_client(&k, TCP_ACK, NULL, 0);
    k.sseq += 1000;
    from_client(&k, TCP_ACK, NULL, 0);
    lab_snapshot(l);
    assert_int_equal(l->totals.ack_lost_segment, 2);
    assert_int_equal(l->totals.lost_segment, 1);
    lab_free(l);
}

static uint64_t packets_of(const struct lab *l, enum proto proto) {
    for (size_t i = 0; i < l->totals.protocols_n; i++)
        if (l->totals.protocols[i].proto == proto) return l->totals.protocols[i].packets;
    return 0;
}

/* HTTP/2 with prior knowledge is named, and nothing of it is taken for HTTP/1; in one segment or
 * cut anywhere. */
static void test_streams_http2_is_recognised_by_its_preface(void **state) {
    static const char whole[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    (void)state;
    for (size_t cut = 1; cut <= strlen(whole); cut += 5) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        char first[32] = "";
        memcpy(first, whole, cut);
        conn_open(&k);
        say_client(&k, first);
        if (whole[cut]) say_client(&k, whole + cut);
        say_server(&k, "\x01\x01\x01\x04");
        say_client(&k, "GET /frame HTTP/1.1\r\n\r\n");
        lab_snapshot(l);
        assert_true(packets_of(l, PROTO_HTTP2) >= 2);
        assert_int_equal(packets_of(l, PROTO_HTTP), 0);
        assert_int_equal(l->totals.http_requests, 0);
        lab_free(l);
    }
}

/* A stream of HTTP/2 in clear: updates of windows and receipts ask nothing, whoever speaks first,
 * and what the server pushes answers none of them. */
static void test_streams_http2_updates_ask_nothing(void **state) {
    static const uint8_t settings[9] = {0, 0, 0, 4}, get[] = {0, 0, 1, 1, 5, 0, 0, 0, 1, 0x82};
    static const uint8_t updates[26] = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 64, 0,
                                        0, 0, 4, 8, 0, 0, 0, 0, 1, 0, 0, 64, 0};
    (void)state;
    for (int server_first = 0; server_first < 2; server_first++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 9600);
        conn_open(&k);
        if (server_first) from_server(&k, TCP_PSH | TCP_ACK, settings, sizeof settings);
        say_client(&k, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        from_client(&k, TCP_PSH | TCP_ACK, get, sizeof get);
        l->us += 5 * MS;
        if (!server_first) from_server(&k, TCP_PSH | TCP_ACK, settings, sizeof settings);
        l->us += 5 * MS;
        for (unsigned n = 0; n < 6; n++) {
            from_server(&k, TCP_PSH | TCP_ACK, NULL, 1000);
            l->us += 1 * MS;
            from_client(&k, TCP_PSH | TCP_ACK, updates, sizeof updates);
            lab_wait(l, 2 * S);
        }
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].first_byte_us.samples, 1);
        assert_int_equal(l->services.rows[0].first_byte_us.max_us, 10 * MS);
        lab_free(l);
    }
}

enum { DATA, HEADERS };
static const struct {
    struct {
        uint32_t at_ms;
        bool client;
        uint8_t type;
        uint16_t stream;
    } word[6];
    uint32_t words, samples, most_ms, news;
} streams[] = {
    {{{0, true, HEADERS, 1}, {2000, false, HEADERS, 1}}, 2, 1, 2000, 0},
    /* news on another stream */
    {{{0, true, HEADERS, 1},
      {10, false, HEADERS, 1},
      {3000, true, HEADERS, 3},
      {3010, false, DATA, 1},
      {5000, false, HEADERS, 3}},
     5,
     2,
     2000,
     0},
    /* two requests, of which the later is answered first */
    {{{0, true, HEADERS, 1},
      {1500, true, HEADERS, 3},
      {2000, false, HEADERS, 3},
      {3600, false, HEADERS, 1}},
     4,
     1,
     500,
     0},
    /* a body that comes slowly */
    {{{0, true, HEADERS, 1}, {3000, true, DATA, 1}, {3010, false, HEADERS, 1}}, 3, 1, 10, 0},
    /* both speak when they like */
    {{{0, true, HEADERS, 1},
      {10, false, HEADERS, 1},
      {3000, true, DATA, 1},
      {6000, false, DATA, 1},
      {6010, true, DATA, 1},
      {9000, true, HEADERS, 1}},
     6,
     1,
     10,
     1},
    /* joined at a later stream */
    {{{0, true, HEADERS, 301}, {2000, false, HEADERS, 301}}, 2, 1, 2000, 0},
    /* news that come together are told once */
    {{{0, true, HEADERS, 1},
      {10, false, HEADERS, 1},
      {3000, false, DATA, 1},
      {3500, false, DATA, 1},
      {9000, false, DATA, 1}},
     5,
     1,
     10,
     2},
};

/* The streams of HTTP/2 in clear: an answer is on the stream of its request, whatever else is said;
 * a body still belongs to the request, and words after the answer ask nothing. */
static void test_streams_http2_answers_by_stream(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 50051);
        conn_open(&k);
        say_client(&k, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        uint64_t began_us = l->us;
        for (uint32_t n = 0; n < streams[i].words; n++) {
            uint8_t frame[13] = {0, 0, 4, streams[i].word[n].type, 0, 0, 0, 0, 0, 1, 2, 3, 4};
            put16(frame + 7, streams[i].word[n].stream);
            lab_wait(l, began_us + streams[i].word[n].at_ms * MS - l->us);
            if (streams[i].word[n].client)
                from_client(&k, TCP_PSH | TCP_ACK, frame, sizeof frame);
            else
                from_server(&k, TCP_PSH | TCP_ACK, frame, sizeof frame);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (v->first_byte_us.samples != streams[i].samples ||
            v->first_byte_us.max_us != streams[i].most_ms * MS)
            fail_msg("case %zu: %u, %u us", i, (unsigned)v->first_byte_us.samples,
                     (unsigned)v->first_byte_us.max_us);
        assert_int_equal(v->small_answers, 0);
        assert_int_equal(v->unpaired, streams[i].news);
        lab_free(l);
    }
}

/* Redis in clear: what waits for news is no slow answer, and a value belongs to its command. */
static void test_streams_redis_that_waits(void **state) {
    (void)state;
    static const struct {
        const char *asks, *rest; /* a second later */
        uint32_t samples, most_ms;
    } cases[] = {{"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n", NULL, 4, 2005},
                 {"*3\r\n$5\r\nBRPOP\r\n$1\r\nq\r\n$1\r\n2\r\n", NULL, 0, 0},
                 {"*3\r\n$3\r\nSET\r\n$1\r\nq\r\n$9\r\n", "1234 6789\r\n", 4, 2005},
                 {"*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n", "$1\r\n2\r\n", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 6379);
        conn_open(&k);
        for (int n = 0; n < 4; n++) {
            say_client(&k, cases[i].asks);
            if (cases[i].rest) {
                lab_wait(l, 1 * S);
                say_client(&k, cases[i].rest);
            }
            lab_wait(l, 2 * S);
            say_server(&k, "$-1\r\n");
            lab_wait(l, 1 * S);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        assert_int_equal(v->first_byte_us.samples, cases[i].samples);
        assert_int_equal(v->first_byte_us.max_us, cases[i].most_ms * MS);
        assert_int_equal(v->small_answers + v->unpaired, 0);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_pushes_after_an_upgrade_answer_nothing),
        cmocka_unit_test(test_streams_interim_status_is_counted_but_answers_nothing),
        cmocka_unit_test(test_streams_http_goes_on_after_a_gap_that_was_acknowledged),
        cmocka_unit_test(test_streams_http_goes_on_after_half_a_head),
        cmocka_unit_test(test_streams_body_behind_a_gap_is_no_request),
        cmocka_unit_test(test_streams_chunked_bodies_are_followed),
        cmocka_unit_test(test_streams_chunked_body_with_a_gap),
        cmocka_unit_test(test_streams_body_until_the_end_is_no_answer),
        cmocka_unit_test(test_streams_dns_over_tcp_behind_a_gap_is_left),
        cmocka_unit_test(test_streams_tls_in_a_tunnel),
        cmocka_unit_test(test_streams_tunnel_has_a_row_of_its_own),
        cmocka_unit_test(test_streams_tls_after_a_talk_in_clear),
        cmocka_unit_test(test_streams_tls_after_an_ssl_request),
        cmocka_unit_test(test_streams_refusal_of_what_is_no_request),
        cmocka_unit_test(test_streams_text_like_an_answer_is_none),
        cmocka_unit_test(test_streams_acks_of_unseen_segments),
        cmocka_unit_test(test_streams_http2_is_recognised_by_its_preface),
        cmocka_unit_test(test_streams_http2_updates_ask_nothing),
        cmocka_unit_test(test_streams_http2_answers_by_stream),
        cmocka_unit_test(test_streams_redis_that_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
