/* How connections begin and end: who ended them, from where, and what explains a reset better than
 * "in mid-stream". */
#include "tests/unit/endings.h"

/* A reset over other hops is forged; one whose TTL began at another value is not, nor one hop more.
 */
static void test_ends_reset_over_other_hops(void **state) {
    (void)state;
    static const struct {
        uint8_t flow, rst;
        bool foreign;
    } t[] = {{57, 64, true},  {57, 58, false}, {57, 121, false}, {57, 57, false},
             {120, 60, true}, {1, 64, false},  {2, 64, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        l->ttl = t[i].flow;
        struct conn k = opened(l, 80);
        ask(&k);
        from_server(&k, TCP_ACK, NULL, 900);
        l->ttl = t[i].rst;
        l->ip_id = 0x7fff;
        from_server(&k, TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_RESET_FOREIGN);
        assert_int_equal(n != NULL, t[i].foreign);
        assert_int_equal(l->services.rows[0].reset_by_server, !t[i].foreign);
        if (n) assert_int_equal(n->value, t[i].rst * 256u + t[i].flow);
        if (n) assert_true(n->toward_client && !n->worked);
        lab_free(l);
    }
}

/* A sender whose packets take two paths of different length; and one that numbers its packets,
 * whose reset has the number that comes next, or one that is far off. */
static void test_ends_reset_over_one_of_two_paths(void **state) {
    (void)state;
    static const struct {
        uint8_t ttl[2], rst;
        uint16_t rst_id; /* 0: the next one */
        bool foreign, numbered;
    } t[] = {{{62, 64}, 62, 1, false, false}, {{62, 64}, 64, 1, false, false},
             {{62, 64}, 61, 1, false, false}, {{62, 64}, 58, 1, true, true},
             {{64, 64}, 62, 0, false, false}, {{64, 64}, 62, 40000, true, true},
             {{57, 250}, 128, 1, true, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        l->ttl = t[i].ttl[0];
        struct conn k = opened(l, 80);
        ask(&k);
        for (unsigned n = 0; n < 6; n++) {
            l->ttl = t[i].ttl[n & 1];
            from_server(&k, TCP_ACK, NULL, 900);
        }
        l->ttl = t[i].rst;
        if (t[i].rst_id) l->ip_id = t[i].rst_id == 1 ? 0x7fff : t[i].rst_id;
        from_server(&k, TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_RESET_FOREIGN);
        if ((n != NULL) != t[i].foreign) fail_msg("case %zu", i);
        if (n) assert_int_equal(n->offers, t[i].numbered);
        if (t[i].ttl[1] == 64 && t[i].ttl[0] == 62 && t[i].rst >= 62)
            assert_int_equal(l->services.rows[0].reset_ttl_delta, 0);
        lab_free(l);
    }
}

/* The server goes on sending: it did not send the reset.  What the reset overtook proves nothing.
 */
static void test_ends_data_goes_on_after_a_reset(void **state) {
    (void)state;
    for (int overtaken = 0; overtaken < 2; overtaken++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        from_server(&k, TCP_ACK, NULL, 900);
        struct conn rst = k;
        if (overtaken) rst.sseq += 900;
        from_server(&rst, TCP_RST, NULL, 0);
        l->us += 2 * MS;
        from_server(&k, TCP_ACK, NULL, 900);
        const struct msg_incident *n = incident_of(l, INCIDENT_RESET_FOREIGN);
        assert_int_equal(n != NULL, !overtaken);
        if (n) assert_true(n->worked);
        lab_free(l);
    }
}

/* Reset in place of an answer: by something that did not pass the request on, or by the server. */
static void test_ends_reset_after_the_request(void **state) {
    (void)state;
    static const struct {
        bool acked;
        uint32_t wait_us;
        bool found, by_server;
    } t[] = {
        {false, 10 * MS, true, false}, {true, 10 * MS, true, true}, {true, 3 * S, false, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        l->us += t[i].wait_us;
        from_server(&k, t[i].acked ? TCP_RST | TCP_ACK : TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_RESET_AFTER_HELLO);
        assert_int_equal(n != NULL, t[i].found);
        if (n) {
            assert_int_equal(n->worked, t[i].by_server);
            assert_int_equal(n->value, 2);
            assert_int_equal(l->services.rows[0].reset_by_server, 0);
        }
        lab_free(l);
    }
}

/* Closed by the server without a byte: at once, or after a question; not an idle socket's time-out,
 * not what only takes data, not a client that leaves. */
static void test_ends_server_closes_without_a_byte(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        const char *said;
        uint32_t wait_us;
        bool by_client, found;
    } t[] = {{8000, NULL, 50 * MS, false, true},
             {8000, NULL, 2 * S, false, false}, /* a socket opened in advance, not needed */
             {25, NULL, 2 * S, false, true},    /* here it is the server that speaks first */
             {25, NULL, 40 * S, false, true},
             {8000, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 9 * S, false, true},
             {8000, "some line of a log\n", 50 * MS, false, false},
             {6379, "PING\r\n", 50 * MS, false, true},
             {5432, "a cancel request", 50 * MS, false, false},
             {5432, "not so, but a query", 50 * MS, false, true},
             {389, "\x30\5\2\1\1\x42", 50 * MS, false, true}, /* of unbind, a byte is missing */
             {11211, "quit\r\n", 50 * MS, false, false},
             {8000, NULL, 50 * MS, true, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, t[i].port);
        if (t[i].said) from_client(&k, TCP_PSH | TCP_ACK, t[i].said, strlen(t[i].said));
        l->us += t[i].wait_us;
        if (t[i].by_client)
            from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        else
            from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_MUTE_CLOSE);
        assert_int_equal(n != NULL, t[i].found);
        if (n) assert_int_equal(n->worked, t[i].said != NULL);
        lab_free(l);
    }
}

/* FTP opens a connection for each transfer: that of an empty list has not a byte. */
static void test_ends_empty_transfer(void **state) {
    (void)state;
    for (uint16_t ftp = 0; ftp < 3; ftp++) { /* 1 passive, 2 active */
        struct lab *l = lab_default();
        struct conn control = opened(l, ftp ? 21 : 22), k = conn_new(l, 40001, 51200);
        if (ftp == 2) k = (struct conn){l, B1, A1, 1000, 500000, 20, 45000};
        from_server(&control, TCP_PSH | TCP_ACK, "220 here\r\n", 10);
        conn_open(&k);
        l->us += 50 * MS;
        from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        assert_int_equal(incident_of(l, INCIDENT_MUTE_CLOSE) != NULL, !ftp);
        lab_free(l);
    }
}

/* Reset after the SYN-ACK: by whom, and whether the handshake was complete. */
static void test_ends_half_open(void **state) {
    (void)state;
    /* 0 client at once, 1 server, 2 client, complete, 3 client by RST and ACK in one, 4 a trace,
     * 5 server, complete and long unused */
    for (int how = 0; how < 6; how++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        l->ttl = how == 4 ? 9 : 64;
        from_client(&k, TCP_SYN, NULL, 0);
        l->ttl = 64;
        l->us += 10 * MS;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        if (how == 2 || how == 5) from_client(&k, TCP_ACK, NULL, 0);
        if (how == 5) l->us += 60 * S;
        if (how == 1 || how == 5)
            from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        else
            from_client(&k, how == 3 ? TCP_RST | TCP_ACK : TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_HALF_OPEN_RESET);
        assert_non_null(n);
        assert_int_equal(n->toward_client, how == 1 || how == 5);
        assert_int_equal(n->worked, how >= 2);
        assert_int_equal(n->value, how == 5 ? 2 : 0);
        assert_int_equal(l->incidents.rows_n, 1);
        lab_free(l);
    }
}

/* Who tries two addresses at once drops the slower one: another address of the same port, no other
 * port, and not what came up before it was tried. */
static void test_ends_lost_race(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        bool before, race;
    } t[] = {{443, false, true}, {80, false, false}, {443, true, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn slow = conn_new(l, 40000, 443), fast = conn_new(l, 40001, t[i].port);
        fast.s = B1 + 1;
        if (t[i].before) conn_open(&fast);
        l->us += 1 * MS;
        from_client(&slow, TCP_SYN, NULL, 0);
        l->us += 50 * MS;
        if (!t[i].before) conn_open(&fast);
        from_server(&slow, TCP_SYN | TCP_ACK, NULL, 0);
        from_client(&slow, TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_HALF_OPEN_RESET);
        assert_non_null(n);
        assert_int_equal(n->worked, t[i].race);
        lab_free(l);
    }
}

/* The announced length and the end: short, complete, or not the server's doing. */
static void test_ends_before_the_announced_length(void **state) {
    (void)state;
#define OF_100 "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    static const struct {
        const char *said;
        bool by_client;
        bool unasked;             /* the capture missed what is answered: it may be a HEAD */
        uint32_t missing, missed; /* missed: sent, and acknowledged, but not captured */
    } t[] = {{OF_100 "body", false, false, 96, 0},
             {COMPLETE, false, false, 0, 0},
             {"HTTP/1.1 200 OK\r\n\r\nbody", false, false, 0, 0},
             {OF_100 "body", true, false, 0, 0},
             {OF_100, false, true, 0, 0},
             {OF_100 "body", false, false, 0, 96},
             {OF_100 "body", false, false, 46, 50}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        if (t[i].unasked) {
            answer(&k, COMPLETE);
            k.cseq += 40;
        }
        answer(&k, t[i].said);
        k.sseq += t[i].missed;
        if (t[i].missed) from_client(&k, TCP_ACK, NULL, 0);
        l->us += 100 * MS;
        if (t[i].by_client) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        from_client(&k, TCP_ACK, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_EARLY_CLOSE);
        if ((n ? n->tries : 0) != t[i].missing)
            fail_msg("case %zu: %u bytes", i, n ? (unsigned)n->tries : 0);
        lab_free(l);
    }
}

/* The last bytes of an answer were not captured, but acknowledged: the client that leaves then, by
 * RST or after a silence, does not lack them. */
static void test_ends_with_bytes_not_captured(void **state) {
    (void)state;
    for (unsigned missed = 90; missed <= 96; missed += 6) {
        for (int silence = 0; silence < 2; silence++) {
            struct lab *l = lab_default();
            struct conn k = opened(l, 80);
            ask(&k);
            answer(&k, OF_100 "body");
            k.sseq += missed;
            for (int n = 0; n < 2; n++) {
                from_client(&k, TCP_ACK, NULL, 0);
                l->us += 100 * MS;
            }
            l->us += silence ? 4 * S : 1 * MS;
            from_client(&k, silence ? TCP_FIN | TCP_ACK : TCP_RST | TCP_ACK, NULL, 0);
            lab_snapshot(l);
            const struct msg_service *v = &l->services.rows[0];
            bool lacks = silence ? v->stalls > 0 : v->reset_by_client > 0;
            if (lacks != (missed < 96)) fail_msg("%u bytes, silence %d", missed, silence);
            lab_free(l);
        }
    }
}

/* The client's first data is never acknowledged; once some was, it is a dead path. */
static void test_ends_first_data_unheard(void **state) {
    (void)state;
    for (int heard = 0; heard < 2; heard++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        if (heard) {
            ask(&k);
            from_server(&k, TCP_ACK, NULL, 0);
        }
        uint32_t start = k.cseq;
        for (unsigned i = 0; i < 4; i++) {
            k.cseq = start;
            ask(&k);
            l->us += (300u << i) * MS;
        }
        lab_wait(l, 1 * S);
        const struct msg_incident *n =
            incident_of(l, heard ? INCIDENT_DEAD_PATH : INCIDENT_UNHEARD);
        assert_non_null(n);
        assert_int_equal(l->incidents.rows_n, 1);
        if (!heard) assert_in_range(n->span_us, 5 * S, 6 * S);
        lab_free(l);
    }
}

#define ASKED 8080

/* Somebody asked about this port. */
static struct lab *lab_asked(uint16_t port) {
    struct engine_options o = lab_options();
    o.target.mode = MODE_PORT;
    o.target.ports = 1;
    o.target.port[0] = port;
    return lab_new(&o);
}

/* Acknowledged and never answered: the client gives up, or still waits; protocols that must answer,
 * others, and what only takes data. */
static void test_ends_request_unanswered(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        const char *said;
        unsigned lines, wait_s; /* lines: said so often */
        uint8_t left;           /* flags of the client's last segment; 0: it waits on */
        bool unacked, answered;
        int value; /* -1: nothing is told */
    } t[] = {{80, "GET / HTTP/1.1\r\n\r\n", 1, 8, TCP_FIN | TCP_ACK, false, false, 1},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 8, TCP_RST | TCP_ACK, false, false, 1},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 3, TCP_FIN | TCP_ACK, false, false, 5},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 1, TCP_FIN | TCP_ACK, false, false, -1},
             {5000, "anything", 1, 3, TCP_FIN | TCP_ACK, false, false, -1},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 8, TCP_FIN | TCP_ACK, true, false, -1},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 8, TCP_FIN | TCP_ACK, false, true, -1},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 11, 0, false, false, 1},
             {80, "GET / HTTP/1.1\r\n\r\n", 1, 9, 0, false, false, -1},
             {ASKED, "GET / HTTP/1.1\r\n\r\n", 1, 3, 0, false, false, 1},
             {ASKED, "GET / HTTP/1.1\r\n\r\n", 1, 1, 0, false, false, -1},
             {ASKED, "GET / HTTP/1.1\r\n\r\n", 1, 3, 0, false, true, -1},
             {6379, "PING\r\n", 1, 8, TCP_FIN | TCP_ACK, false, false, 1},
             {5000, "anything", 1, 8, TCP_FIN | TCP_ACK, false, false, 2},
             {5000, "a line\n", 4, 8, TCP_FIN | TCP_ACK, false, false, -1},
             {80, "", 0, 30, TCP_FIN | TCP_ACK, false, false, -1}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = t[i].port == ASKED ? lab_asked(ASKED) : lab_default();
        struct conn k = opened(l, t[i].port);
        for (unsigned n = 0; n < t[i].lines; n++) {
            from_client(&k, TCP_PSH | TCP_ACK, t[i].said, strlen(t[i].said));
            l->us += 5 * MS;
            if (!t[i].unacked) from_server(&k, TCP_ACK, NULL, 0);
        }
        if (t[i].answered) answer(&k, COMPLETE);
        lab_wait(l, t[i].wait_s * S);
        if (t[i].left) from_client(&k, t[i].left, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_UNHEARD);
        assert_int_equal(n ? (int)n->value : -1, t[i].value);
        if (n) assert_int_equal(n->requests, t[i].left != 0);
        if (n) assert_in_range(n->span_us, (t[i].wait_s - 1ull) * S, (t[i].wait_s + 1ull) * S);
        lab_free(l);
    }
}

/* The SYN-ACK again: because the SYN came again, or the ACK did not; a server that holds it back
 * until data comes is no case. */
static void test_ends_synack_again(void **state) {
    (void)state;
    static const struct {
        bool syn_again, acked, data, found;
    } t[] = {{false, false, false, true},
             {true, false, false, false},
             {false, true, false, false},
             {false, true, true, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 25);
        for (unsigned n = 0; n < 2; n++) {
            k.cseq = 1000;
            k.sseq = 500000;
            if (n == 0 || t[i].syn_again)
                from_client(&k, TCP_SYN, NULL, 0);
            else
                k.cseq++;
            l->us += 10 * MS;
            from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
            if (t[i].acked) from_client(&k, TCP_ACK, NULL, 0);
            l->us += 1 * S;
        }
        if (t[i].data) from_client(&k, TCP_PSH | TCP_ACK, "HELO", 4);
        const struct msg_incident *n = incident_of(l, INCIDENT_SYNACK_AGAIN);
        assert_int_equal(n != NULL, t[i].found);
        if (n) assert_int_equal(n->tries, 1);
        lab_free(l);
    }
}

/* Had it arrived, what the client sent back?  Beside the server certainly, but it may wait for
 * data; elsewhere data tells that not the ACK alone was lost. */
static void test_ends_synack_although_acked(void **state) {
    (void)state;
    static const struct {
        unsigned server_us, client_us;
        bool acked, data;
        unsigned again_ms, value;
    } t[] = {{50, 30000, true, true, 1000, 2},  {50, 30000, true, false, 1000, 1},
             {50, 30000, false, true, 1000, 0}, {50, 30000, true, true, 20, 0},
             {30000, 50, true, true, 1000, 1},  {30000, 50, true, false, 1000, 0},
             {200, 100, true, true, 1000, 1},   {5000, 30000, true, true, 1000, 1}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += t[i].server_us;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += t[i].client_us;
        if (t[i].acked) from_client(&k, TCP_ACK, NULL, 0);
        if (t[i].acked && t[i].data) ask(&k);
        l->us += t[i].again_ms * MS;
        k.sseq--;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += t[i].client_us;
        if (!t[i].acked || !t[i].data) ask(&k);
        const struct msg_incident *n = incident_of(l, INCIDENT_SYNACK_AGAIN);
        if (!n || n->value != t[i].value)
            fail_msg("case %zu: %d, %u", i, n != NULL, n ? (unsigned)n->value : 9);
        lab_free(l);
    }
}

/* Many SYNs a second: hardly one completed, or nearly all. */
static void test_ends_syn_flood(void **state) {
    (void)state;
    for (int honest = 0; honest < 4; honest++) { /* 2: refused, an answer too; 3: the first 100 */
        struct lab *l = lab_default();
        for (uint16_t i = 0; i < (honest == 3 ? 205 : 300); i++) {
            struct conn k = conn_new(l, 20000 + i, 80);
            from_client(&k, TCP_SYN, NULL, 0);
            if (honest == 2) {
                from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
            } else {
                from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
                if (honest == 1 || (honest == 3 && i < 100)) from_client(&k, TCP_ACK, NULL, 0);
            }
            l->us += 2 * MS;
        }
        const struct msg_incident *n = incident_of(l, INCIDENT_SYN_FLOOD);
        assert_int_equal(n != NULL, !honest);
        if (n) {
            assert_int_equal(n->rate, 300);
            assert_int_equal(n->tries, 300);
            assert_int_equal(n->requests, 0);
        }
        lab_free(l);
    }
}

/* Who sent a reset in mid-stream, after what silence, and from which neighbour. */
static void test_ends_reset_says_from_whom(void **state) {
    (void)state;
    for (int server = 0; server < 2; server++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        ask(&k);
        from_server(&k, TCP_ACK, NULL, 900);
        l->us += 7 * S;
        l->mac = (uint8_t)server;
        if (server)
            from_server(&k, TCP_RST, NULL, 0);
        else
            from_client(&k, TCP_RST, NULL, 0);
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        assert_int_equal(v->reset_by_server, server);
        assert_int_equal(v->reset_by_client, !server);
        assert_in_range(v->reset_idle_us, 7 * S, 7 * S + 10 * MS);
        assert_int_equal(v->reset_from.b[0], server ? 0xc0 : 0x0a);
        assert_int_equal(v->reset_other_mac, server);
        lab_free(l);
    }
}

/* The client starts anew on ports of which the server still has a connection: what is said of the
 * old one does not end the new one.  A reset of the new one's own number does. */
static void test_ends_old_connection_on_the_ports(void **state) {
    (void)state;
    for (int own = 0; own < 2; own++) {
        for (int above = 0; above < 2; above++) {
            struct lab *l = lab_default();
            struct conn k = opened(l, 80), old;
            from_client(&k, TCP_PSH | TCP_ACK, NULL, 50);
            from_server(&k, TCP_PSH | TCP_ACK, NULL, 50);
            old = k;
            l->us += 20 * S;
            k.cseq = old.cseq + (above ? 1u << 30 : 0u - (1u << 30));
            k.sseq += 70000;
            uint32_t isn = k.cseq;
            from_client(&k, TCP_SYN, NULL, 0);
            from_server(&old, TCP_ACK, NULL, 0);
            if (own) old.cseq = isn + 1;
            from_client(&old, TCP_RST, NULL, 0);
            l->us += 500 * MS;
            k.cseq = isn;
            conn_open(&k);
            ask(&k);
            answer(&k, COMPLETE);
            conn_close(&k);
            const struct msg_incident *n = incident_of(l, INCIDENT_RESET_FOREIGN);
            assert_int_equal(n != NULL, own);
            assert_int_equal(l->totals.gap_acks, 0);
            assert_int_equal(l->totals.retransmitted_to_client + l->totals.spurious, 0);
            if (!own) assert_int_equal(l->totals.closed, 1);
            lab_free(l);
        }
    }
}

/* A chunk of which more was announced when the server ends; some never send the last, empty one. */
static void test_ends_within_chunks(void **state) {
    (void)state;
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    static const struct {
        const char *method, *answer, *rest;
        uint32_t missing; /* 0: none of what can be said */
        bool client_first, gap;
    } t[] = {{"GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "body", 5, false, false},
             {"GET", CHUNKED "10\r\n0123456789", "", 8, false, false},
             {"GET", CHUNKED "4\r\nbody\r\n", "8\r\nmo", 8, false, false},
             {"GET", CHUNKED "4\r\nbody\r\n", "", 0, false, false},
             {"GET", CHUNKED "4\r\nbody\r\n", "0\r\n\r\n", 0, false, false},
             {"HEAD", CHUNKED, "", 0, false, false},
             {"GET", CHUNKED "10\r\n0123456789", "", 0, true, false},
             {"GET", CHUNKED "10\r\n0123456789", "ab", 0, false, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = opened(l, 80);
        char text[64];
        snprintf(text, sizeof text, "%s /a HTTP/1.1\r\nHost: a.example\r\n\r\n", t[i].method);
        from_client(&k, TCP_PSH | TCP_ACK, text, strlen(text));
        l->us += 5 * MS;
        answer(&k, t[i].answer);
        if (t[i].gap) k.sseq += 40; /* bytes that the capture missed */
        if (t[i].rest[0]) answer(&k, t[i].rest);
        if (t[i].client_first) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_EARLY_CLOSE);
        if ((n ? n->tries : 0) != t[i].missing)
            fail_msg("case %zu: %u bytes", i, n ? (unsigned)n->tries : 0);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends_reset_over_other_hops),
        cmocka_unit_test(test_ends_reset_over_one_of_two_paths),
        cmocka_unit_test(test_ends_data_goes_on_after_a_reset),
        cmocka_unit_test(test_ends_reset_after_the_request),
        cmocka_unit_test(test_ends_server_closes_without_a_byte),
        cmocka_unit_test(test_ends_empty_transfer),
        cmocka_unit_test(test_ends_lost_race),
        cmocka_unit_test(test_ends_half_open),
        cmocka_unit_test(test_ends_old_connection_on_the_ports),
        cmocka_unit_test(test_ends_before_the_announced_length),
        cmocka_unit_test(test_ends_with_bytes_not_captured),
        cmocka_unit_test(test_ends_first_data_unheard),
        cmocka_unit_test(test_ends_request_unanswered),
        cmocka_unit_test(test_ends_synack_again),
        cmocka_unit_test(test_ends_synack_although_acked),
        cmocka_unit_test(test_ends_syn_flood),
        cmocka_unit_test(test_ends_reset_says_from_whom),
        cmocka_unit_test(test_ends_within_chunks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
