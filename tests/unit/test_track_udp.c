/* What is kept of UDP: requests that must be answered, QUIC connections, RTP streams.
 * Jitter and losses are compared with what the test computes on its own. */
#include "capd/track/media.h"
#include "tests/unit/datagrams.h"
#include "tests/unit/pktbuild.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define CPORT    40000

static void send_hex(struct lab *l, unsigned dir, uint16_t port, const char *hex, uint32_t len) {
    uint8_t bytes[1400] = {0};
    uint32_t n = hex_read(hex, bytes, sizeof bytes);
    if (n < len) n = len;
    if (dir == CLIENT)
        lab_udp(l, A1, CPORT, B1, port, bytes, n);
    else
        lab_udp(l, B1, port, A1, CPORT, bytes, n);
}

static const struct msg_udp_service *service(struct lab *l, uint16_t port) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->udp.rows_n; i++)
        if (l->udp.rows[i].port == port) return &l->udp.rows[i];
    return NULL;
}

/* ---- requests that must be answered ---- */
#define DNS_ASKS   "1234 0100 0001 0000 0000 0000 00 0001 0001"
#define KERBEROS   "6a 81 00 30"
#define SNMP_ASKS  "30 26 020101"
#define IKE2_ASKS  STUN_ID "00000000 21 20 22 08 00000000 0000001c"
#define IKE2_TELLS STUN_ID "00000000 21 20 22 28 00000000 0000001c"
#define IKE1_FIRST "b7e7a701bc34d686 0000000000000000 01 10 02 00 00000000 0000001c"
#define IKE1_LATER "b7e7a701bc34d686 fa87dfae00000000 01 10 02 00 00000000 0000001c"
#define RADIUS     "01 07 0014 00000000000000000000000000000000"
#define RADIUS_YES "02 07 0014 00000000000000000000000000000000"

#define SIP_RPORT "205669613a20793b72706f7274"

#define OPENVPN        "38" STUN_ID "0000000000"
#define ZEROS16        "00000000000000000000000000000000"
#define ONES16         "11111111111111111111111111111111"
#define WIREGUARD      "01000000" ONES16 ONES16 ONES16 ONES16 ONES16 ONES16 ONES16 ONES16 ZEROS16
#define WIREGUARD_YES  "02000000" ONES16 ONES16 ONES16 ONES16 ONES16 "11111111 11111111"
#define WIREGUARD_DATA "04000000" ONES16 ONES16 ONES16 ONES16 ONES16 ONES16 ONES16 ONES16 ZEROS16

static void test_udp_questions(void **state) {
    static const struct {
        const char *what;
        uint16_t port;
        const char *hex;
        bool asks;
    } cases[] = {
        {"dns", 53, DNS_ASKS, true},
        {"dns, an answer", 53, "1234 8180 0001 0000 0000 0000 00 0001 0001", false},
        {"kerberos", 88, KERBEROS, true},
        {"ntp", 123, NTP_ASKS, true},
        {"ntp, of a peer", 123, NTP_48("21", "02", "00000000"), false},
        {"ntp, to everybody", 123, NTP_48("25", "02", "00000000"), false},
        {"snmp", 161, SNMP_ASKS, true},
        {"ike 2", 500, IKE2_ASKS, true},
        {"ike 2, an answer", 500, IKE2_TELLS, false},
        {"ike 1, first", 500, IKE1_FIRST, true},
        {"ike 1, later", 500, IKE1_LATER, false},
        {"radius", 1812, RADIUS, true},
        {"radius accounting", 1813, "04 07 0014 00000000000000000000000000000000", true},
        {"radius, old", 1645, RADIUS, true},
        {"radius, an answer", 1812, RADIUS_YES, false},
        {"ike 2 beside ESP", 4500, "00000000" IKE2_ASKS, true},
        {"ike 2 beside ESP, an answer", 4500, "00000000" IKE2_TELLS, false},
        {"ESP itself", 4500, "00000007" IKE2_ASKS, false},
        {"openvpn", 1194, OPENVPN, true},
        {"openvpn, on no port of its own", 1294, OPENVPN, false},
        {"wireguard", 51820, WIREGUARD, true},
        {"wireguard, on another port", 443, WIREGUARD, true},
        {"wireguard, its data", 51820, WIREGUARD_DATA, false},
        {"stun", 3478, STUN_ASKS, true},
        {"stun, an indication", 3478, STUN_ANNOUNCE, false},
        {"stun of Google", 19302, STUN_ASKS, true},
        {"sip", 5060, "494e464f207369703a" SIP_RPORT, true},
        {"sip, encrypted scheme", 5060, "494e464f20736970733a" SIP_RPORT, true},
        {"sip, whose answer may go to another port", 5060, "494e464f207369703a", false},
        {"sip, ACK", 5060, "41434b207369703a" SIP_RPORT, false},
        {"sip, an answer", 5060, "5349502f322e3020323030204f4b" SIP_RPORT, false},
        {"no request of its protocol", 5060, RADIUS, false},
        {"no port that must answer", 5070, RADIUS, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 3; n++) {
            send_hex(l, CLIENT, cases[i].port, cases[i].hex, 0);
            l->us += (n + 1) * S;
        }
        lab_wait(l, 0);
        const struct msg_udp_service *v = service(l, cases[i].port);
        if ((v && v->asked == 3) != cases[i].asks) fail_msg("%s", cases[i].what);
        if (cases[i].asks) {
            assert_int_equal(v->answered, 0);
            assert_int_equal(v->ask_first_us, 0);
            assert_int_equal(v->ask_second_us, 1 * S);
            assert_int_equal(v->ask_last_us, 3 * S);
            assert_int_equal(v->waited_us, 5 * S);
        }
        lab_free(l);
    }
}

static void test_udp_answers(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned n = 0; n < 4; n++) {
        send_hex(l, CLIENT, 123, NTP_ASKS, 0);
        l->us += 20 * MS;
        if (n != 2) send_hex(l, SERVER, 123, NTP_ANSWERS, 0);
        l->us += 1 * S;
    }
    const struct msg_udp_service *v = service(l, 123);
    assert_non_null(v);
    assert_int_equal(v->asked, 4);
    assert_int_equal(v->answered, 3);
    assert_int_equal(v->answered_last_us, 3 * S + 80 * MS);
    assert_int_equal(l->totals.udp_asked, 4);
    assert_int_equal(l->totals.udp_answered, 3);
    lab_free(l);

    l = lab_default(); /* clocks on one port at both ends: who asks is the client, not who is first
                        */
    for (unsigned n = 0; n < 3; n++) {
        uint8_t bytes[48];
        (void)hex_read(n ? NTP_ASKS : NTP_ANSWERS, bytes, sizeof bytes);
        lab_udp(l, n ? B1 : A1, 123, n ? A1 : B1, 123, bytes, sizeof bytes);
        l->us += 1 * S;
    }
    lab_snapshot(l);
    assert_int_equal(l->udp.rows_n, 1);
    assert_int_equal(l->udp.rows[0].address.b[3], 1);
    assert_int_equal(l->udp.rows[0].address.b[0], 10);
    assert_int_equal(l->udp.rows[0].asked, 2);
    lab_free(l);

    l = lab_default(); /* several flows to one server are one row */
    for (uint16_t port = 1000; port < 1005; port++) {
        uint8_t bytes[64];
        uint32_t len = hex_read(STUN_ASKS, bytes, sizeof bytes);
        lab_udp(l, A1, port, B1, 3478, bytes, len);
        l->us += 100 * MS;
    }
    v = service(l, 3478);
    assert_non_null(v);
    assert_int_equal(v->asked, 5);
    assert_int_equal(v->ask_second_us, 100 * MS);
    assert_int_equal(v->ask_last_us, 400 * MS);
    lab_free(l);
}

/* WireGuard's ends may both ask, on any ports: the service is the one that was asked first, and
 * whatever it sends is an answer. */
static void test_wireguard(void **state) {
    static const struct {
        const char *first, *back;
        unsigned answered;
    } cases[] = {{WIREGUARD, NULL, 0},
                 {WIREGUARD, WIREGUARD_YES, 3},
                 {WIREGUARD, WIREGUARD, 3},
                 {WIREGUARD_DATA, WIREGUARD_DATA, 3}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 3; n++, l->us += 5 * S) {
            send_hex(l, CLIENT, 51820, n ? WIREGUARD : cases[i].first, 0);
            if (cases[i].back) send_hex(l, SERVER, 51820, cases[i].back, 0);
        }
        const struct msg_udp_service *v = service(l, 51820);
        assert_non_null(v);
        assert_int_equal(v->address.b[3], B1 & 0xff);
        assert_int_equal(v->asked, i == 3 ? 2 : 3);
        assert_int_equal(v->answered, cases[i].answered);
        lab_free(l);
    }
}

/* ---- QUIC ---- */
struct quic_line {
    unsigned pause_ms, dir;
    const char *hex;
    uint32_t len;
};

static struct lab *quic_story(const struct quic_line *lines) {
    struct lab *l = lab_default();
    for (; lines->hex; lines++) {
        l->us += lines->pause_ms * MS;
        send_hex(l, lines->dir, 443, lines->hex, lines->len);
    }
    lab_wait(l, 2 * S);
    return l;
}

#define INITIAL                                                                                    \
    { 0, CLIENT, QUIC_CLIENT_INITIAL, 1200 }

static const struct {
    const char *what;
    struct quic_line lines[8];
    uint64_t attempts, answered, tries, retries, negotiations, handshakes;
} stories[] = {
    {"answered",
     {INITIAL, {30, SERVER, QUIC_SERVER_INITIAL QUIC_HANDSHAKE_V1, 1200}},
     1,
     1,
     0,
     0,
     0,
     1},
    {"silent",
     {INITIAL, {300, CLIENT, QUIC_CLIENT_INITIAL, 1200}, {600, CLIENT, QUIC_CLIENT_INITIAL, 1200}},
     1,
     0,
     3,
     0,
     0,
     0},
    {"a ClientHello in two datagrams is one try",
     {INITIAL, {1, CLIENT, QUIC_CLIENT_INITIAL, 1200}},
     1,
     0,
     1,
     0,
     0,
     0},
    {"sent away once",
     {INITIAL,
      {20, SERVER, QUIC_RETRY_V1, 0},
      {1, CLIENT, QUIC_CLIENT_INITIAL, 1200},
      {20, SERVER, QUIC_SERVER_INITIAL QUIC_HANDSHAKE_V1, 1200}},
     1,
     1,
     0,
     1,
     0,
     1},
    {"another version", {INITIAL, {20, SERVER, QUIC_NEGOTIATION, 0}}, 1, 1, 0, 0, 1, 0},
    {"answered, but no handshake",
     {INITIAL, {20, SERVER, QUIC_SERVER_INITIAL, 1200}},
     1,
     1,
     0,
     0,
     0,
     0},
    {"a new version tried", {{0, CLIENT, QUIC_GREASED, 1200}}, 1, 0, 1, 0, 0, 0},
};

static void test_quic_connections(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct lab *l = quic_story(stories[i].lines);
        const struct msg_udp_service *v = service(l, 443);
        if (!v) fail_msg("%s: no row", stories[i].what);
        if (v->quic_attempts != stories[i].attempts || v->quic_answered != stories[i].answered ||
            v->quic_tries != stories[i].tries || v->quic_retries != stories[i].retries ||
            v->quic_version_negotiations != stories[i].negotiations ||
            v->quic_handshakes != stories[i].handshakes)
            fail_msg("%s", stories[i].what);
        if (i == 0) {
            assert_int_equal(v->quic_handshake_min_us, 30 * MS);
            assert_int_equal(v->answered_last_us, 30 * MS);
        }
        if (i == 1) {
            assert_int_equal(v->quic_last_us - v->quic_first_us, 900 * MS);
            assert_int_equal(v->quic_waited_us, 2 * S);
            assert_true(v->asked == v->quic_tries && v->answered == 0 && v->waited_us == 2 * S);
        }
        if (i == 3) assert_int_equal(v->quic_handshake_max_us, 41 * MS);
        lab_free(l);
    }
}

/* Round trips of 40 ms: the client turns the bit over each time the server's comes back.  One that
 * spins at random says nothing (RFC 9000 section 17.4). */
static void test_quic_spin(void **state) {
    (void)state;
    for (unsigned random = 0; random < 2; random++) {
        struct lab *l = lab_default();
        uint32_t dice = 12345;
        send_hex(l, CLIENT, 443, QUIC_CLIENT_INITIAL, 1200);
        l->us += 40 * MS;
        send_hex(l, SERVER, 443, QUIC_SERVER_INITIAL QUIC_HANDSHAKE_V1, 1200);
        for (unsigned n = 0; n < 100; n++) {
            dice = dice * 1103515245u + 12345u;
            bool value = random ? dice >> 16 & 1 : n / 10 & 1;
            l->us += 4 * MS;
            send_hex(l, CLIENT, 443, value ? "64 0102030405060708" : "44 0102030405060708", 60);
        }
        const struct msg_udp_service *v = service(l, 443);
        assert_non_null(v);
        assert_int_equal(v->spin_samples, random ? 0 : 8);
        assert_int_equal(v->spin_rtt_min_us, random ? 0 : 40 * MS);
        lab_free(l);
    }
}

/* ---- RTP ---- */
struct rtp {
    uint16_t seq;
    uint32_t stamp, ssrc;
    uint8_t type;
    bool marker;
};

static void rtp_send(struct lab *l, const struct rtp *r) {
    uint8_t bytes[172] = {0x80, (uint8_t)(r->type | (r->marker ? 0x80 : 0))};
    put16(bytes + 2, r->seq);
    put32(bytes + 4, r->stamp);
    put32(bytes + 8, r->ssrc);
    lab_udp(l, B1, 30000, A1, 30002, bytes, sizeof bytes);
}

/* What rtp_send() sent. */
static const struct msg_media *stream(struct lab *l) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->streams.rows_n; i++)
        if (l->streams.rows[i].kind == MEDIA_RTP && l->streams.rows[i].sender_port == 30000)
            return &l->streams.rows[i];
    return NULL;
}

/* Who only listens sends reports, on the same ports or on the next ones; and a relay may send from
 * another address than it listens on, to the very port of the caller. */
static void test_rtp_ways_back(void **state) {
    (void)state;
    static const struct {
        uint32_t from;
        uint16_t sport, dport;
        bool speech, heard, back;
    } t[] = {{0, 0, 0, false, false, false},          {A1, 30002, 30000, false, true, false},
             {A1, 30003, 30001, false, true, false},  {A1, 30005, 30001, false, false, false},
             {A1, 4000, 4002, true, false, true},     {A1 + 1, 4000, 30000, true, false, true},
             {A1 + 1, 4000, 4002, true, false, false}};
    for (size_t i = 0; i < COUNT(t); i++) {
        struct lab *l = lab_default();
        uint8_t b[172] = {0x81, 201, 0, 1};
        for (uint16_t n = 0; n < 100; n++, l->us += 20 * MS) {
            rtp_send(l, &(struct rtp){n, n * 160u, 5, 0, false});
            if (t[i].speech) b[0] = 0x80, b[1] = 0, b[3] = (uint8_t)n, put32(b + 4, n * 160u);
            if (t[i].from && (t[i].speech || n == 50))
                lab_udp(l, t[i].from, t[i].sport, B1, t[i].dport, b, t[i].speech ? sizeof b : 8);
        }
        assert_non_null(stream(l));
        assert_int_equal(stream(l)->back_packets > 0, t[i].back);
        assert_int_equal(stream(l)->heard_back, t[i].heard);
        lab_free(l);
    }
}

/* Two exchanges with two calls: what comes back of the one is no answer to the other, nor is what
 * had ended before. */
static void test_rtp_ways_back_of_another_call(void **state) {
    (void)state;
    for (unsigned other = 0; other < 3; other++) { /* 0: this call's, 1: another one's, 2: ended */
        struct lab *l = lab_default();
        uint8_t there[172] = {0x80, 0}, back[172] = {0x80, 0};
        put32(there + 8, 77), put32(back + 8, 78);
        uint16_t own = other == 1 ? 31000 : 30000;
        for (uint16_t n = 0; n < 300; n++, l->us += 20 * MS) {
            put16(back + 2, n), put32(back + 4, n * 160u);
            put16(there + 2, n), put32(there + 4, n * 160u);
            if (other != 2 || n < 100)
                lab_udp(l, A1, own + 2u, B1, other == 2 ? 31000 : own, back, sizeof back);
            if (other == 1) lab_udp(l, B1, 31000, A1, 31002, there, sizeof there);
            if (other != 2 || n >= 120) rtp_send(l, &(struct rtp){n, n * 160u, 5, 0, false});
        }
        assert_int_equal(stream(l)->back_packets > 0, other == 0);
        lab_free(l);
    }
}

/* RFC 3550 section 6.4.1 in floating point, over packets in the order they came.  The first six are
 * the probation, whose times do not count. */
struct jitter {
    double now, sum, max;
    uint32_t n;
};

static void jitter_step(struct jitter *j, double arrival_us, double stamp_us, double was[2]) {
    double d = (arrival_us - was[0]) - (stamp_us - was[1]);
    j->now += ((d < 0 ? -d : d) - j->now) / 16;
    j->sum += j->now;
    if (j->now > j->max) j->max = j->now;
    j->n++;
    was[0] = arrival_us;
    was[1] = stamp_us;
}

static void test_rtp_jitter(void **state) {
    static const struct {
        uint8_t type;
        uint32_t clock_hz, step;
        bool swaps; /* one in ten comes behind the next */
    } cases[] = {{0, 8000, 160, false}, {111, 48000, 960, false}, {0, 8000, 160, true}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lab *l = lab_default();
        struct rtp first = {65500, 0xfffffc00u, 7, cases[i].type, false}; /* both numbers wrap */
        struct jitter j = {0};
        double was[2] = {0, 0};
        uint32_t dice = 99;
        uint64_t due = 1 * S;
        for (unsigned k = 0; k < 600; k++, due += 20 * MS) {
            bool swap = cases[i].swaps && k >= 200;
            unsigned n = swap && k % 10 == 4 ? k + 1 : swap && k % 10 == 5 ? k - 1 : k;
            struct rtp r = first;
            r.seq = (uint16_t)(first.seq + n);
            r.stamp += n * cases[i].step;
            dice = dice * 1103515245u + 12345u;
            l->us = due + (dice >> 16) % (15 * MS);
            /* A dynamic type's clock is measured over two seconds, and jitter begins there. */
            bool counts = n >= 6 && (cases[i].type == 0 || l->us - 1 * S > 2050 * MS);
            if (counts)
                jitter_step(&j, (double)l->us, (double)n * 20 * MS, was);
            else
                was[0] = (double)l->us, was[1] = (double)n * 20 * MS;
            rtp_send(l, &r);
        }
        const struct msg_media *m = stream(l);
        assert_non_null(m);
        assert_int_equal(m->clock_hz, cases[i].clock_hz);
        assert_int_equal(m->packets, 600);
        assert_int_equal(m->reordered, cases[i].swaps ? 40 : 0);
        assert_int_equal(m->lost + m->repeated + m->restarts, 0);
        assert_true(m->audio);
        assert_in_range(m->jitter_samples, j.n - 3, j.n + 3);
        double mean = j.sum / j.n;
        if ((double)m->jitter_us < mean * 0.98 - 1 || (double)m->jitter_us > mean * 1.02 + 1)
            fail_msg("type %u: mean %u, expected %.1f", cases[i].type, (unsigned)m->jitter_us,
                     mean);
        if ((double)m->jitter_max_us < j.max * 0.98 - 1 ||
            (double)m->jitter_max_us > j.max * 1.02 + 1)
            fail_msg("type %u: max %u, expected %.1f", cases[i].type, (unsigned)m->jitter_max_us,
                     j.max);
        lab_free(l);
    }
}

/* 500 packets, of which some are lost, come late or twice, by a plan; the expected figures are
 * counted from the plan. */
static void test_rtp_numbers(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct rtp r = {65300, 0, 9, 0, false};
    uint32_t lost = 0, late = 0, twice = 0, row = 0, longest = 0;
    for (unsigned n = 0; n < 500; n++) {
        bool drop = n > 20 && (n % 50 == 7 || (n >= 300 && n < 305));
        bool swap = n > 20 && n % 70 == 33;
        struct rtp now = r;
        now.seq = (uint16_t)(r.seq + n);
        now.stamp = 160 * n;
        l->us = n * 20 * MS;
        lost += drop;
        row = drop ? row + 1 : 0;
        if (row > longest) longest = row;
        if (drop) continue;
        if (swap) { /* behind the next one */
            struct rtp next = now;
            next.seq++;
            next.stamp += 160;
            rtp_send(l, &next);
            rtp_send(l, &now);
            late++;
            if (n > 400) {
                rtp_send(l, &now);
                twice++;
            }
            n++;
            continue;
        }
        rtp_send(l, &now);
        if (n > 20 && n % 90 == 11) {
            rtp_send(l, &now);
            twice++;
        }
    }
    const struct msg_media *m = stream(l);
    assert_non_null(m);
    assert_int_equal(m->lost, lost);
    assert_int_equal(m->lost_in_a_row, longest);
    assert_int_equal(m->reordered, late);
    assert_int_equal(m->repeated, twice);
    assert_int_equal(m->packets, 500 - lost);
    assert_int_equal(m->restarts, 0);
    assert_int_equal(m->sender_port, 30000);
    assert_false(m->multicast);
    lab_free(l);
}

/* What a sender does by itself is no loss: silence, a new numbering, a stray packet. */
static void test_rtp_senders_own_doing(void **state) {
    static const struct {
        const char *what;
        unsigned silence_ms; /* after 200 packets */
        bool stamps_go_on, marker;
        uint16_t jump;
        uint64_t restarts, gaps, lost;
    } cases[] = {
        {"silence suppression", 3000, true, true, 0, 0, 0, 0},
        {"silence without a marker", 3000, true, false, 0, 0, 0, 0},
        {"held back: time stamps go on as if nothing were", 300, false, false, 0, 0, 1, 0},
        {"numbered anew", 20, true, false, 20000, 1, 0, 0},
        {"numbered anew, a little ahead", 20, true, false, 400, 1, 0, 0},
        {"really lost, and the time has passed", 1000, true, false, 49, 0, 0, 49},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lab *l = lab_default();
        struct rtp r = {1, 5000, 11, 8, false};
        for (unsigned n = 0; n < 400; n++, r.seq++, r.stamp += 160) {
            l->us += n == 200 ? cases[i].silence_ms * MS : 20 * MS;
            if (n == 200) {
                r.seq = (uint16_t)(r.seq + cases[i].jump);
                if (cases[i].stamps_go_on) r.stamp += (cases[i].silence_ms / 20 - 1) * 160;
            }
            r.marker = n == 200 && cases[i].marker;
            rtp_send(l, &r);
        }
        const struct msg_media *m = stream(l);
        if (!m) fail_msg("%s: no stream", cases[i].what);
        if (m->lost != cases[i].lost || m->restarts != cases[i].restarts ||
            m->gaps != cases[i].gaps)
            fail_msg("%s: lost %u, restarts %u, gaps %u", cases[i].what, (unsigned)m->lost,
                     (unsigned)m->restarts, (unsigned)m->gaps);
        lab_free(l);
    }
}

/* Pictures: packets of one share a time stamp, and only the first is timed. */
static void test_rtp_video(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct rtp r = {1, 1000, 13, 96, false};
    for (unsigned picture = 0; picture < 150; picture++, r.stamp += 3000)
        for (unsigned n = 0; n < 5; n++, r.seq++) {
            l->us = picture * 100000u / 3 + n * 800;
            r.marker = n == 4;
            rtp_send(l, &r);
        }
    const struct msg_media *m = stream(l);
    assert_non_null(m);
    assert_int_equal(m->clock_hz, 90000);
    assert_false(m->audio);
    assert_true(m->jitter_us < 100);
    assert_int_equal(m->lost, 0);
    lab_free(l);
}

/* Foreign bytes that begin like RTP make no stream, however many they are. */
static void test_rtp_is_proved(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct rtp r = {1, 1000, 17, 0, false};
    uint32_t dice = 5;
    for (unsigned n = 0; n < 300; n++) { /* as much in order as a sealed counter and noise */
        dice = dice * 1103515245u + 12345u;
        r.seq = (uint16_t)(dice >> 8);
        r.stamp = dice * 7;
        l->us += 20 * MS;
        rtp_send(l, &r);
    }
    assert_null(stream(l));
    for (unsigned n = 0; n < 5; n++, r.seq++, r.stamp += 160) rtp_send(l, &r);
    assert_null(stream(l));
    r.seq++; /* a hole: the proof begins anew */
    for (unsigned n = 0; n < 5; n++, r.seq++, r.stamp += 160) rtp_send(l, &r);
    assert_null(stream(l));
    rtp_send(l, &r);
    assert_non_null(stream(l));
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp_questions),
        cmocka_unit_test(test_udp_answers),
        cmocka_unit_test(test_wireguard),
        cmocka_unit_test(test_quic_connections),
        cmocka_unit_test(test_quic_spin),
        cmocka_unit_test(test_rtp_ways_back),
        cmocka_unit_test(test_rtp_ways_back_of_another_call),
        cmocka_unit_test(test_rtp_jitter),
        cmocka_unit_test(test_rtp_numbers),
        cmocka_unit_test(test_rtp_senders_own_doing),
        cmocka_unit_test(test_rtp_video),
        cmocka_unit_test(test_rtp_is_proved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
