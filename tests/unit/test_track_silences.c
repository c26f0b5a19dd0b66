/* Silences before a connection ends, and ends that break off what did not go on. */
#include "tests/unit/endings.h"

/* A silence, then data: reset, never answered, or in use again as before.  A reset over other hops
 * is a load balancer's after a minute, and forged after less. */
static void test_ends_after_a_silence(void **state) {
    (void)state;
    static const struct {
        uint32_t idle_s;
        /* 0 answered and closed, 1 reset, 2 nothing comes, 3 the server resets unasked, 4 as 2, and
         * the client gives up with a reset */
        int then;
        int value;
        uint8_t rst_ttl;
    } t[] = {{90, 0, -1, 0},  {90, 1, 1, 0},    {90, 2, 2, 0},    {90, 3, 0, 0},   {20, 1, 1, 0},
             {3, 1, -1, 0},   {4680, 1, 1, 0},  {7200, 0, -1, 0}, {7200, 1, 1, 0}, {7200, 2, 2, 0},
             {7200, 3, 0, 0}, {90000, 1, 1, 0}, {61, 3, 0, 250},  {61, 1, 1, 250}, {20, 3, -1, 250},
             {90, 4, 2, 0},   {7200, 4, 2, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        answer(&k, COMPLETE);
        l->us += (uint64_t)t[i].idle_s * S;
        uint32_t start = k.cseq;
        for (unsigned n = 0; n < (unsigned[]){1, 1, 4, 0, 4}[t[i].then]; n++) {
            k.cseq = start;
            ask(&k);
            if (t[i].then == 2 || t[i].then == 4) l->us += (300u << n) * MS;
        }
        if (t[i].then == 0) answer(&k, COMPLETE);
        if (t[i].then == 0) conn_close(&k);
        if (t[i].then == 4) from_client(&k, TCP_RST | TCP_ACK, NULL, 0);
        if (t[i].rst_ttl) l->ttl = t[i].rst_ttl, l->ip_id = 0x7fff;
        if (t[i].then == 1 || t[i].then == 3) from_server(&k, TCP_RST, NULL, 0);
        lab_wait(l, 3 * S);
        const struct msg_incident *n = incident_of(l, INCIDENT_IDLE_END);
        assert_int_equal(n ? (int)n->value : -1, t[i].value);
        if (n) assert_in_range(n->span_us, (t[i].idle_s - 1ull) * S, (t[i].idle_s + 1ull) * S);
        assert_null(incident_of(l, INCIDENT_DEAD_PATH));
        assert_int_equal(incident_of(l, INCIDENT_RESET_FOREIGN) != NULL,
                         t[i].rst_ttl && t[i].idle_s < 60);
        /* A minute of silence explains the reset; less is only told beside it. */
        assert_int_equal(l->services.rows[0].reset_by_server, t[i].then == 1 && t[i].idle_s < 60);
        lab_free(l);
    }
}

/* Who sends the same again and again in vain, or asks in vain whether the other end is there, gives
 * up by a reset: that is no reset in mid-stream, and told by the silence before, if there was one.
 */
static void test_ends_given_up_by_a_reset(void **state) {
    (void)state;
    static const struct {
        uint32_t idle_s;
        unsigned again, probes; /* sent in vain */
        bool answered;          /* the last probe is */
        bool idle, dead, reset;
    } t[] = {{300, 4, 0, false, true, false, false}, {20, 4, 0, false, false, true, false},
             {90, 1, 0, false, false, false, true},  {90, 0, 3, false, true, false, false},
             {90, 0, 2, false, false, false, false}, {20, 0, 9, false, false, false, false},
             {90, 0, 9, true, false, false, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        answer(&k, COMPLETE);
        l->us += (uint64_t)t[i].idle_s * S;
        uint32_t start = k.cseq;
        for (unsigned n = 0; n < t[i].again; n++) {
            k.cseq = start;
            ask(&k);
            l->us += (300u << n) * MS;
        }
        for (unsigned n = 0; n < t[i].probes; n++) {
            k.cseq = start - 1;
            from_client(&k, TCP_ACK, NULL, 0);
            k.cseq = start;
            l->us += 10 * S;
        }
        if (t[i].answered) from_server(&k, TCP_ACK, NULL, 0);
        from_client(&k, TCP_RST | TCP_ACK, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_IDLE_END);
        assert_int_equal(n && n->value == 2, t[i].idle);
        if (t[i].idle) assert_false(n->toward_client);
        if (t[i].idle)
            assert_in_range(n->span_us, (t[i].idle_s - 1ull) * S, (t[i].idle_s + 1ull) * S);
        assert_int_equal(incident_of(l, INCIDENT_DEAD_PATH) != NULL, t[i].dead);
        assert_int_equal(l->services.rows[0].reset_by_client, t[i].reset);
        lab_free(l);
    }
}

/* What the server sends again and again does not arrive, and the client leaves: it had waited for
 * it, or answers it by a reset since it knows nothing of the connection. */
static void test_ends_left_by_who_waits(void **state) {
    (void)state;
    static const struct {
        uint8_t flags;
        uint32_t after_ms; /* the latest of these segments */
        bool dead;
    } t[] = {{TCP_FIN | TCP_ACK, 1000, true},
             {TCP_RST | TCP_ACK, 1000, true},
             {TCP_RST | TCP_ACK, 20, false},
             {TCP_RST, 1000, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        answer(&k, COMPLETE);
        ask(&k);
        uint32_t start = k.sseq;
        for (unsigned n = 0; n < 4; n++) {
            k.sseq = start;
            from_server(&k, TCP_PSH | TCP_ACK, NULL, 1400);
            l->us += (n < 3 ? 300u << n : t[i].after_ms) * MS;
        }
        k.sseq = start;
        from_client(&k, t[i].flags, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_DEAD_PATH);
        assert_int_equal(n != NULL, t[i].dead);
        assert_int_equal(l->services.rows[0].reset_by_client, !t[i].dead);
        lab_free(l);
    }
}

/* A kept connection that the server closes: a request that crosses its FIN and is reset is lost,
 * not one that is answered, one of who knows of the FIN, or one that was worked on for long. */
static void test_ends_crossed_by_a_request(void **state) {
    (void)state;
    static const struct {
        unsigned idle_ms, request_ms; /* before the FIN */
        bool knows, acked, answered, reset, crossed;
    } t[] = {{5000, 5, false, false, false, true, true},
             {5000, 5, false, true, false, true, true},
             {5000, 5, false, false, false, false, false},
             {5000, 5, false, true, true, true, false},
             {5000, 0, true, false, false, true, false},
             {5000, 30000, false, true, false, true, false},
             {200, 5, false, false, false, true, false},
             {70000, 5, false, false, false, true, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        answer(&k, COMPLETE);
        l->us += t[i].idle_ms * UINT64_C(1000);
        uint32_t before = k.cseq, after;
        if (!t[i].knows) ask(&k);
        if (t[i].request_ms > 5) l->us += t[i].request_ms * UINT64_C(1000);
        after = k.cseq;
        if (t[i].answered) answer(&k, COMPLETE);
        if (!t[i].acked) k.cseq = before;
        from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        k.cseq = after;
        l->us += 50;
        from_client(&k, TCP_ACK, NULL, 0);
        if (t[i].knows) ask(&k);
        l->us += 10 * MS;
        if (t[i].reset) from_server(&k, TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_IDLE_END);
        if ((n && n->value == 3) != t[i].crossed) fail_msg("case %zu", i);
        if (n) assert_in_range(n->span_us, t[i].idle_ms * MS, (t[i].idle_ms + 50ull) * MS);
        lab_free(l);
    }
}

/* A pool that uses a connection again which the server has closed. */
static void test_ends_used_after_its_close(void **state) {
    (void)state;
    static const char post[] = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n";
    for (unsigned i = 0; i < 3; i++) { /* 2: what it closed was a request under way */
        unsigned kept_s = i ? 25 : 0;
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        answer(&k, COMPLETE);
        l->us += 5 * S;
        if (i == 2) from_client(&k, TCP_PSH | TCP_ACK, post, sizeof post - 1);
        from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        l->us += 50;
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += kept_s * S;
        if (i == 2) from_client(&k, TCP_PSH | TCP_ACK, "4\r\n5678\r\n", 9);
        if (i < 2) ask(&k);
        from_server(&k, TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_IDLE_END);
        assert_int_equal(n && n->value == 4, i < 2);
        if (n) assert_int_equal(n->span_us / S, 5);
        lab_free(l);
    }
}

/* Less than a minute is enough where nothing was under way, and the answer is not known to be cut.
 */
static void test_ends_reset_at_rest(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        uint32_t idle_s;
        bool asks, unheard; /* another request waits; the client never acknowledged */
        bool idle;
    } t[] = {{COMPLETE, 15, false, false, true},
             {COMPLETE, 3, false, false, false},
             {COMPLETE, 15, true, false, false},
             {COMPLETE, 15, false, true, false},
             {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody", 15, false, false, false},
             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", 15, false,
              false, false},
             {"HTTP/1.1 200 OK\r\n\r\nbody", 15, false, false, false},
             {"and the lines of a protocol that nobody knows", 15, false, false, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, t[i].answer[0] == 'H' ? 80 : 7070);
        if (t[i].answer[0] == 'H')
            ask(&k);
        else
            from_client(&k, TCP_PSH | TCP_ACK, "\x01\x02 a line", 9);
        l->us += 5 * MS;
        if (t[i].unheard)
            from_server(&k, TCP_PSH | TCP_ACK, t[i].answer, strlen(t[i].answer));
        else
            answer(&k, t[i].answer);
        if (t[i].asks) ask(&k);
        if (t[i].asks) from_server(&k, TCP_ACK, NULL, 0);
        l->us += (uint64_t)t[i].idle_s * S;
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        if (l->services.rows[0].reset_by_server != !t[i].idle) fail_msg("case %zu", i);
        assert_int_equal(incident_of(l, INCIDENT_IDLE_END) != NULL, t[i].idle_s >= 5);
        lab_free(l);
    }
}

/* The capture missed the end of an answer, which the client acknowledges: whole, or not yet; then
 * the server resets after a silence, or the client soon. */
static void test_ends_reset_behind_a_gap(void **state) {
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n";
    for (unsigned i = 0; i < 4; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        bool whole = i & 1, server = i & 2;
        ask(&k);
        from_server(&k, TCP_ACK, head, sizeof head - 1);
        from_server(&k, TCP_ACK, NULL, 1000);
        l->us += MS;
        from_client(&k, TCP_ACK, NULL, 0);
        k.sseq += whole ? 1000 : 500;
        l->us += MS;
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += server ? 15 * S : 500 * MS;
        if (server)
            from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        else
            from_client(&k, TCP_RST | TCP_ACK, NULL, 0);
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (v->reset_by_server + v->reset_by_client != !whole) fail_msg("case %u", i);
        lab_free(l);
    }
}

/* Sessions of six clients that a server resets by itself, each after its own silence.  In one
 * moment, that is a server that stops; after one and the same silence, or one of two, or found by a
 * sweep up to twice as late, or each at its own time, it is a time-out. */
static void test_ends_all_at_once(void **state) {
    (void)state;
    static const struct {
        uint32_t said_s[6], apart_ms; /* when each spoke last; between the resets */
        unsigned resets;
    } t[] = {{{9, 18, 27, 36, 45, 54}, 0, 6},  {{54, 45, 36, 27, 18, 9}, 1, 6},
             {{54, 54, 54, 54, 54, 54}, 0, 0}, {{15, 15, 15, 54, 54, 54}, 0, 0},
             {{31, 33, 35, 38, 41, 44}, 0, 0}, {{9, 18, 27, 36, 45, 54}, 300, 0},
             {{58, 58, 59, 59, 59, 59}, 0, 6}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k[6];
        uint64_t start_us = l->us, silent = 0;
        for (uint16_t n = 0; n < 6; n++) {
            k[n] = conn_new(l, (uint16_t)(40000 + n), 5432);
            conn_open(&k[n]);
        }
        for (uint32_t s = 1; s < 60; s++) {
            l->us = start_us + s * S;
            for (unsigned n = 0; n < 6; n++) {
                if (t[i].said_s[n] != s) continue;
                from_client(&k[n], TCP_PSH | TCP_ACK, "\x01\x02 a line", 9);
                l->us += 5 * MS;
                answer(&k[n], "and the lines of a protocol that nobody knows");
            }
        }
        l->us = start_us + 60 * S;
        for (unsigned n = 0; n < 6; n++) {
            silent += t[i].said_s[n] <= 55;
            from_server(&k[n], TCP_RST | TCP_ACK, NULL, 0);
            l->us += t[i].apart_ms * MS + 50;
        }
        lab_wait(l, 3 * S);
        const struct msg_incident *row = incident_of(l, INCIDENT_IDLE_END);
        if (l->services.rows[0].reset_by_server != t[i].resets) fail_msg("case %zu", i);
        assert_int_equal(row ? row->count : 0, t[i].resets ? 0 : silent);
        lab_free(l);
    }
}

/* Polls are renewed at once; who reads asks later. */
static void test_requests_sent_at_once(void **state) {
    (void)state;
    static const struct {
        uint32_t waits_ms, reads_ms;
        uint64_t renewed;
    } t[] = {{3, 3, 4}, {4000, 3, 4}, {3, 900, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        for (int n = 0; n < 5; n++) {
            ask(&k);
            l->us += t[i].waits_ms * MS;
            answer(&k, COMPLETE);
            l->us += t[i].reads_ms * MS;
        }
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].renewed, t[i].renewed);
        lab_free(l);
    }
}

/* Only one direction passes here: what is sent again and again may be acknowledged where nobody
 * looks.  Of a connection that was there before, and goes on to nothing new, the silence counts. */
static void test_ends_seen_one_way(void **state) {
    (void)state;
    static const struct {
        bool begins, goes_on, dead;
    } t[] = {{true, true, false}, {true, false, false}, {false, true, false}, {false, false, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 5001);
        if (t[i].begins) from_client(&k, TCP_SYN, NULL, 0);
        for (unsigned n = 0; n < 10; n++) from_client(&k, TCP_PSH | TCP_ACK, NULL, 1000);
        uint32_t start = k.cseq;
        for (unsigned n = 0; n < 4; n++) {
            k.cseq = start;
            from_client(&k, TCP_PSH | TCP_ACK, NULL, 1000);
            l->us += (300u << n) * MS;
        }
        if (t[i].goes_on) from_client(&k, TCP_PSH | TCP_ACK, NULL, 1000);
        lab_wait(l, 3 * S);
        assert_int_equal(incident_of(l, INCIDENT_DEAD_PATH) != NULL, t[i].dead);
        lab_free(l);
    }
}

/* A server that asks, of a client that answers at once, in words that are as long each time; beside
 * requests whose answers take long. */
static void test_replies_to_a_server_that_asks(void **state) {
    (void)state;
    static const char words[512] = "", get[] = "GET /a HTTP/1.1\r\n\r\n";
    static const struct {
        bool from_start, slow, http;
        uint32_t asks, replies, longer; /* bytes; each time so many more */
        uint32_t thinks_ms;
        uint64_t want;
    } t[] = {
        {false, false, false, 60, 36, 0, 1, 3},  {true, false, false, 60, 36, 0, 1, 3},
        {false, false, false, 60, 36, 1, 1, 0},  {false, false, false, 60, 100, 0, 1, 0},
        {false, false, false, 300, 36, 0, 1, 0}, {false, false, false, 60, 36, 0, 700, 0},
        {false, false, true, 60, 19, 0, 1, 0},   {true, true, false, 60, 36, 0, 1, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 22);
        if (t[i].from_start) {
            conn_open(&k);
            from_client(&k, TCP_PSH | TCP_ACK, words, 20);
            l->us += t[i].slow ? 10 * S : 5 * MS;
            from_server(&k, TCP_PSH | TCP_ACK, words, 80);
            l->us += 5 * MS;
            if (t[i].slow) from_client(&k, TCP_PSH | TCP_ACK, words, t[i].replies);
        }
        for (uint32_t n = 0; n < 4; n++) {
            l->us += 10 * S;
            from_server(&k, TCP_PSH | TCP_ACK, words, t[i].asks + n * t[i].longer);
            l->us += t[i].thinks_ms * MS;
            from_client(&k, TCP_PSH | TCP_ACK, t[i].http ? get : words, t[i].replies);
        }
        lab_snapshot(l);
        if (l->services.rows[0].replies != t[i].want)
            fail_msg("case %zu: %u", i, (unsigned)l->services.rows[0].replies);
        lab_free(l);
    }
}

/* A terminal shows news at length; a key without an echo asks for none of them. */
static void test_news_on_a_terminal(void **state) {
    (void)state;
    static const char hello[] = "SSH-2.0-OpenSSH_9.2\r\n", words[1400] = "";
    for (uint32_t keys = 36; keys <= 100; keys += 64) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 22);
        from_server(&k, TCP_PSH | TCP_ACK, hello, sizeof hello - 1);
        from_client(&k, TCP_PSH | TCP_ACK, hello, sizeof hello - 1);
        for (int n = 0; n < 6; n++) {
            if (n == 0 || n == 3) from_client(&k, TCP_PSH | TCP_ACK, words, keys);
            l->us += 3 * S;
            for (int part = 0; part < 4; part++)
                from_server(&k, TCP_PSH | TCP_ACK, words, sizeof words);
        }
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].unpaired, keys == 36 ? 4 : 0);
        lab_free(l);
    }
}

/* What a server says long after its answer is news, unless it takes its leave by it. */
static void test_news_or_a_farewell(void **state) {
    (void)state;
    static const struct {
        uint32_t bytes;
        uint8_t server, client; /* flags of what comes next */
        uint32_t unpaired;
    } cases[] = {{24, TCP_FIN | TCP_ACK, 0, 0},
                 {24, 0, TCP_RST, 0},
                 {24, 0, TCP_FIN | TCP_ACK, 1},
                 {24, 0, 0, 1},
                 {200, TCP_FIN | TCP_ACK, 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char words[200] = "";
        struct lab *l = lab_default();
        struct conn k = opened(l, 7000);
        from_client(&k, TCP_PSH | TCP_ACK, words, 100);
        l->us += 2 * S;
        from_server(&k, TCP_PSH | TCP_ACK, words, sizeof words);
        l->us += 5 * S;
        from_server(&k, TCP_PSH | TCP_ACK, words, cases[i].bytes);
        l->us += 1 * MS;
        if (cases[i].server) from_server(&k, cases[i].server, NULL, 0);
        if (cases[i].client) from_client(&k, cases[i].client, NULL, 0);
        lab_snapshot(l);
        if (l->services.rows[0].unpaired != cases[i].unpaired)
            fail_msg("case %zu: %u", i, (unsigned)l->services.rows[0].unpaired);
        lab_free(l);
    }
}

/* When the server of several connections was heard last, whichever it spoke on. */
static void test_heard_last(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn first = opened(l, 7000), second;
    l->us += 2 * S;
    second = conn_new(l, 40001, 7000);
    conn_open(&second);
    l->us += 2 * S;
    from_server(&first, TCP_PSH | TCP_ACK, "news", 4);
    uint64_t heard = l->us;
    l->us += 2 * S;
    from_client(&first, TCP_PSH | TCP_ACK, "words", 5);
    from_client(&second, TCP_PSH | TCP_ACK, "words", 5);
    lab_snapshot(l);
    const struct msg_service *v = &l->services.rows[0];
    assert_in_range(v->heard_us, heard - 2 * MS, heard);
    assert_in_range(v->last_us, heard + 2 * S, heard + 3 * S);
    lab_free(l);
}

/* The ACK of the handshake was left out of the capture: what comes later is no round trip. */
static void test_handshake_ack_unseen(void **state) {
    (void)state;
    for (unsigned later = 0; later < 4; later++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 10 * MS;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += 1200 * MS;
        if (later == 2) k.cseq += 500;
        from_client(&k, later == 1 ? TCP_FIN | TCP_ACK : TCP_ACK, "words", later == 3 ? 5 : 0);
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        assert_int_equal(v->established, 1);
        assert_int_equal(v->handshake_us.samples, later == 0 || later == 3);
        lab_free(l);
    }
}

static uint64_t said(const struct lab *l, uint32_t address) {
    uint8_t b[4];
    put32(b, address);
    struct addr a = addr_from_bytes(b, 4);
    for (uint32_t i = 0; i < l->hosts.rows_n; i++)
        if (addr_equal(&l->hosts.rows[i].address, &a)) return l->hosts.rows[i].said_us;
    return UINT64_MAX;
}

/* An ICMP message of B1 to A1 in a frame of its own, about a datagram to `quoted`. */
static void icmp(struct lab *l, uint8_t type, uint8_t code, uint32_t quoted) {
    uint8_t frame[14 + 20 + 8 + 28] = {0};
    frame[34] = type, frame[35] = code;
    frame[42] = 0x45;
    put16(frame + 44, 60);
    frame[51] = 17;
    put32(frame + 54, A1);
    put32(frame + 58, quoted);
    put16(frame + 62, 5000);
    put16(frame + 64, 6000);
    lab_ip(l, frame, 1, B1, A1, 36);
}

/* Who talks to somebody who is silent says nothing that tells of the way. */
static void test_said_last(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = opened(l, 7000);
    l->us += 2 * S;
    from_server(&k, TCP_PSH | TCP_ACK, "news", 4);
    uint64_t us = l->us;
    l->us += 2 * S;
    from_client(&k, TCP_PSH | TCP_ACK, "words", 5);
    lab_snapshot(l);
    assert_in_range(said(l, A1), us - 2 * MS, us);
    assert_int_equal(said(l, B1), said(l, A1));
    us = l->us;
    lab_udp(l, A1, 5000, B1, 6000, "?", 1);
    for (unsigned n = 0; n < 2; n++) {
        l->us += 2 * S;
        lab_udp(l, B1, 6000, A1, 5000, "!", 1);
    }
    lab_snapshot(l);
    assert_int_equal(said(l, B1), us);
    uint8_t igmp[14 + 20 + 8] = {0};
    l->us += 2 * S;
    lab_ip(l, igmp, 2, B1, 0xe0000001u, 8);
    lab_snapshot(l);
    assert_int_equal(said(l, B1), us);
    for (uint8_t type = 0; type <= 11; type++) {
        l->us += 2 * S;
        icmp(l, type, 0, B1);
        if (type == 0 || type == 11) us = l->us;
        lab_snapshot(l);
        assert_int_equal(said(l, B1), us);
    }
    for (unsigned own = 0; own < 2; own++) {
        l->us += 2 * S;
        icmp(l, 3, 3, own ? B1 : B1 + 1);
        if (own) us = l->us;
        lab_snapshot(l);
        assert_int_equal(said(l, B1), us);
    }
    lab_free(l);
}

/* An hour later it is known still, or nothing is; but not that it was since. */
static void test_said_long_ago(void **state) {
    (void)state;
    for (unsigned tcp = 0; tcp < 2; tcp++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 7000);
        if (tcp) conn_open(&k);
        lab_udp(l, A1, 5000, B1, 6000, "?", !tcp);
        lab_udp(l, B1, 6000, A1, 5000, "!", !tcp);
        uint64_t us = l->us;
        for (unsigned n = 0; n < 120; n++) {
            l->us += 30 * S;
            if (tcp)
                from_client(&k, TCP_PSH | TCP_ACK, "words", 5);
            else
                lab_udp(l, A1, 5000, B1, 6000, "?", 1);
        }
        lab_snapshot(l);
        assert_true(tcp ? said(l, B1) <= us : said(l, B1) == us);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_after_a_silence),
        cmocka_unit_test(test_ends_given_up_by_a_reset),
        cmocka_unit_test(test_ends_left_by_who_waits),
        cmocka_unit_test(test_ends_crossed_by_a_request),
        cmocka_unit_test(test_ends_used_after_its_close),
        cmocka_unit_test(test_ends_reset_at_rest),
        cmocka_unit_test(test_ends_all_at_once),
        cmocka_unit_test(test_ends_reset_behind_a_gap),
        cmocka_unit_test(test_requests_sent_at_once),
        cmocka_unit_test(test_replies_to_a_server_that_asks),
        cmocka_unit_test(test_news_on_a_terminal),
        cmocka_unit_test(test_news_or_a_farewell),
        cmocka_unit_test(test_ends_seen_one_way),
        cmocka_unit_test(test_heard_last),
        cmocka_unit_test(test_said_last),
        cmocka_unit_test(test_said_long_ago),
        cmocka_unit_test(test_handshake_ack_unseen),
    };
    return cmocka_run_group_tests_name("track_silences", tests, NULL, NULL);
}
