/* Requests that are taken and never answered: on connections that had answers, and inside TLS. */
#include "tests/unit/endings.h"
#include "tests/unit/talk.h"

#define SWITCHED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"

static void acknowledge(struct conn *k) {
    k->l->us += 5 * MS;
    from_server(k, TCP_ACK, NULL, 0);
}

static int value_of(struct lab *l) {
    const struct msg_incident *n = incident_of(l, INCIDENT_UNHEARD);
    return n ? (int)n->value : -1;
}

/* The second request: whoever answers each is late with it, and others need not say anything. */
static void test_unanswered_after_answers(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        const char *says;
        unsigned wait_s;
        bool left;
        int value;
    } t[] = {{80, COMPLETE, 8, true, 3},  {80, COMPLETE, 3, true, 5},
             {80, COMPLETE, 1, true, -1}, {80, COMPLETE, 30, false, -1}, /* it may wait for news */
             {80, SWITCHED, 8, true, -1}, {5432, "rows", 8, true, 3},
             {1883, "ok", 8, true, -1},   {5000, "ok", 8, true, -1}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, t[i].port);
        for (unsigned n = 0; n < 2; n++) {
            if (t[i].port == 80)
                ask(&k);
            else
                say_client(&k, "select 1");
            if (n == 0) answer(&k, t[i].says);
        }
        acknowledge(&k);
        lab_wait(l, t[i].wait_s * S);
        if (t[i].left) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (value_of(l) != t[i].value) fail_msg("case %zu: %d", i, value_of(l));
        lab_free(l);
    }
}

/* Where the server speaks first, some make their clients wait; others have the client speak.  What
 * the capture does not hold was said all the same. */
static void test_unanswered_greeting(void **state) {
    (void)state;
    enum how { OPEN, FIN, RST, FIN_LOST, SHUT, SYNACK_AGAIN, UNSEEN, UNSEEN_RST };
    static const struct {
        uint16_t port;
        unsigned wait_s;
        bool greets;
        enum how left;
        int value;
    } t[] = {
        {3306, 30, false, FIN, 6},         {25, 12, false, RST, 6},
        {25, 12, false, OPEN, 6},          {25, 8, false, FIN, -1},
        {3306, 30, true, FIN, -1},         {443, 30, false, FIN, -1},
        {3306, 8, false, OPEN, -1},        {5000, 30, false, FIN, -1},
        {25, 30, false, UNSEEN, -1},       {25, 30, false, UNSEEN_RST, -1},
        {25, 30, false, FIN_LOST, -1}, /* nor does the system behind it answer */
        {25, 30, false, SHUT, -1},     /* the client's window */
        {25, 30, false, SYNACK_AGAIN, -1}, {25, 2400, false, FIN, -1}}; /* beyond FLOW_LONGEST_US */
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, t[i].port);
        uint64_t opened_us = l->us;
        if (t[i].greets) answer(&k, "welcome");
        if (t[i].left == SHUT) {
            l->window = 0;
            from_client(&k, TCP_ACK, NULL, 0);
        }
        if (t[i].left == SYNACK_AGAIN) {
            l->us += 2 * S;
            k.sseq--;
            from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
            from_client(&k, TCP_ACK, NULL, 0);
        }
        lab_wait(l, t[i].wait_s * S);
        if (t[i].left >= UNSEEN) k.sseq += 20;
        if (t[i].left == UNSEEN) from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        bool reset = t[i].left == RST || t[i].left == UNSEEN_RST;
        if (t[i].left) from_client(&k, (reset ? TCP_RST : TCP_FIN) | TCP_ACK, NULL, 0);
        if (t[i].left != FIN_LOST && !reset && t[i].left) acknowledge(&k);
        if (value_of(l) != t[i].value) fail_msg("case %zu: %d", i, value_of(l));
        if (t[i].value == 6) {
            const struct msg_incident *n = incident_of(l, INCIDENT_UNHEARD);
            assert_true(n->span_us >= t[i].wait_s * S && n->span_us < t[i].wait_s * S + S);
            assert_true(n->first_us < opened_us);
        }
        lab_free(l);
    }
}

/* A client that still waits asks whether the server is there. */
static void test_unanswered_and_probed(void **state) {
    (void)state;
    for (unsigned answered = 0; answered < 3; answered++) { /* 2: none was sent */
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        acknowledge(&k);
        for (unsigned n = 0; n < 3 && answered < 2; n++) {
            l->us += 15 * S;
            k.cseq--;
            from_client(&k, TCP_ACK, NULL, 0);
            k.cseq++;
            if (n == 0 || answered) acknowledge(&k);
        }
        lab_wait(l, 15 * S);
        const struct msg_incident *n = incident_of(l, INCIDENT_UNHEARD);
        assert_non_null(n);
        assert_int_equal(n->offers, answered == 0);
        lab_free(l);
    }
}

/* Behind the handshake of TLS come tickets, in one segment, in two, or none, and no answer. */
static void test_unanswered_inside_tls(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        unsigned version, tickets[2], asks, then; /* bytes of records; then: an answer */
        bool open;
        int value;
    } t[] = {{443, 0x0304, {0, 0}, 300, 0, false, 4},
             {443, 0x0303, {0, 0}, 300, 0, false, 4},
             {443, 0x0304, {247, 247}, 300, 0, false, 4},
             {443, 0x0304, {247, 0}, 300, 0, false, -1}, /* or a small answer */
             {443, 0x0304, {0, 0}, 300, 900, false, -1},
             {443, 0x0304, {0, 0}, 1400, 0, false, 4},  /* with many cookies */
             {443, 0x0304, {0, 0}, 1440, 0, false, -1}, /* an upload, a log */
             {443, 0x0304, {0, 0}, 300, 0, true, -1},   /* it may wait for news */
             {853, 0x0304, {0, 0}, 90, 0, false, 4},
             {6514, 0x0304, {0, 0}, 300, 0, false, -1}}; /* syslog says nothing */
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        static uint8_t b[8192];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, t[i].port);
        tls_begin(&k, t[i].version, 50);
        if (t[i].version == 0x0304) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        for (unsigned n = 0; n < (t[i].asks > 1400 ? 12 : t[i].asks > 1000 ? 3 : 1); n++)
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, t[i].asks));
        acknowledge(&k);
        for (unsigned n = 0; n < 2 && t[i].tickets[n]; n++)
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, t[i].tickets[n]));
        if (t[i].then) from_server(&k, TCP_PSH | TCP_ACK, b, record(b, t[i].then));
        lab_wait(l, 12 * S);
        if (!t[i].open) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (value_of(l) != t[i].value) fail_msg("case %zu: %d", i, value_of(l));
        lab_free(l);
    }
}

/* What comes after 25 s was held back until there was news: it is no slow answer, but it is one. */
static void test_unanswered_poll_has_news(void **state) {
    (void)state;
    for (unsigned bytes = 20; bytes <= 300; bytes += 280) {
        uint8_t b[1024];
        struct lab *l = lab_default();
        struct conn k = tls_begun(l, 40000, 0x0304, 50);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 300));
        acknowledge(&k);
        lab_wait(l, 25 * S);
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, bytes));
        lab_wait(l, 8 * S);
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (value_of(l) != (bytes == 300 ? -1 : 4)) fail_msg("%u bytes: %d", bytes, value_of(l));
        lab_free(l);
    }
}

/* Rows of tickets; nothing tells a single one from a small answer, and pieces of one are longer. */
static void test_unanswered_behind_tickets(void **state) {
    (void)state;
    for (unsigned tickets = 1; tickets <= 10; tickets++) {
        bool pieces = tickets == 10;
        uint8_t b[4096];
        struct lab *l = lab_default();
        struct conn k = tls_begun(l, 40000, 0x0304, 50);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 300));
        acknowledge(&k);
        size_t bytes = 0;
        for (unsigned n = 0; n < (pieces ? 3 : tickets); n++)
            bytes += record(b + bytes, pieces ? 400 : 120);
        from_server(&k, TCP_PSH | TCP_ACK, b, bytes);
        lab_wait(l, 12 * S);
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (value_of(l) != (tickets == 1 || tickets > 8 ? -1 : 4)) fail_msg("%u tickets", tickets);
        lab_free(l);
    }
}

/* The server has read the request, and its FIN comes in place of an answer. */
static void test_unanswered_and_closed(void **state) {
    (void)state;
    static const struct {
        const char *what;
        enum { CLEAR, SEALED, DATABASE } in;
        bool acked, answered, reset;
        uint64_t after_us;
        bool told;
    } t[] = {{"second request", CLEAR, true, false, false, 500 * MS, true},
             {"the FIN crossed it", CLEAR, false, false, false, 500, false},
             {"answered", CLEAR, true, true, false, 500 * MS, false},
             {"farewell to a database", DATABASE, true, false, false, 20 * MS, false},
             {"reset", CLEAR, true, false, true, 500 * MS, false},
             {"inside TLS", SEALED, true, false, false, 500 * MS, true},
             {"an unused connection of HTTP/2", SEALED, true, false, false, 5 * S, false},
             {"answered inside TLS", SEALED, true, true, false, 500 * MS, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        uint8_t b[2048];
        struct lab *l = lab_default();
        struct conn k = t[i].in == SEALED ? tls_begun(l, 40000, 0x0304, 50)
                                          : opened(l, t[i].in == CLEAR ? 80 : 5432);
        if (t[i].in == SEALED) {
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 300));
        } else {
            if (t[i].in == CLEAR)
                ask(&k);
            else
                say_client(&k, "select 1");
            answer(&k, t[i].in == CLEAR ? COMPLETE : "rows");
            l->us += 3 * S;
        }
        struct conn before = k;
        if (t[i].in == CLEAR) ask(&k);
        if (t[i].in == DATABASE) say_client(&k, "X");
        if (t[i].acked) acknowledge(&k);
        if (t[i].answered && t[i].in == SEALED)
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 900));
        if (t[i].answered && t[i].in != SEALED) answer(&k, COMPLETE);
        l->us += t[i].after_us;
        from_server(t[i].acked ? &k : &before, (t[i].reset ? TCP_RST : TCP_FIN) | TCP_ACK, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_MUTE_CLOSE);
        if ((n && n->value == 1) != t[i].told) fail_msg("%s", t[i].what);
        if (n) assert_in_range(n->span_us, t[i].after_us, t[i].after_us + 10 * MS);
        lab_free(l);
    }
}

/* The server takes no data of the SYN, and the client sends it anew: nothing was lost. */
static void test_early_data_turned_down(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct seg s = {A1, B1, 40000, 80, 1000, 0, TCP_SYN, NULL, 60};
    lab_tcp(l, s);
    l->us += 10 * MS;
    lab_tcp(l, (struct seg){B1, A1, 80, 40000, 5000, 1001, TCP_SYN | TCP_ACK, NULL, 0});
    l->us += 50;
    s.seq = 1001, s.ack = 5001, s.flags = TCP_PSH | TCP_ACK;
    lab_tcp(l, s);
    assert_int_equal(service_of(l)->retransmitted_to_server, 0);
    lab_free(l);
}

/* Who has not sent all of the request gets no answer, and nobody is to blame for that but the
 * sender: waiting, left by the client, or given up by the server. */
static void test_unanswered_and_incomplete(void **state) {
    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        bool whole = i & 1 || i == 6;
        unsigned end = i / 2; /* 3: given up while the request was under way */
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        say_client(&k, "POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000\r\n\r\n");
        from_client(&k, TCP_PSH | TCP_ACK, NULL, i & 1 ? 1000 : 900);
        acknowledge(&k);
        lab_wait(l, end == 3 ? 40 * MS : 9 * S);
        if (end == 1) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (end >= 2) from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        lab_wait(l, 5 * S);
        bool told = incident_of(l, INCIDENT_UNHEARD) || incident_of(l, INCIDENT_MUTE_CLOSE);
        if (told != whole) fail_msg("case %u: %d", i, told);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unanswered_after_answers),
        cmocka_unit_test(test_unanswered_greeting),
        cmocka_unit_test(test_unanswered_and_probed),
        cmocka_unit_test(test_unanswered_inside_tls),
        cmocka_unit_test(test_unanswered_poll_has_news),
        cmocka_unit_test(test_unanswered_behind_tickets),
        cmocka_unit_test(test_unanswered_and_closed),
        cmocka_unit_test(test_unanswered_and_incomplete),
        cmocka_unit_test(test_early_data_turned_down),
    };
    return cmocka_run_group_tests_name("track_unanswered", tests, NULL, NULL);
}
