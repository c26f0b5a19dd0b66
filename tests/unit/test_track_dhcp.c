/* DHCP, versions 4 and 6: each fault as a story of messages, and the healthy stories that look like
 * it. */
#include "capd/decode/dhcp.h"
#include "tests/unit/linkbuild.h"

static void dhcp4(struct lab *l, const char *hex, uint32_t src, bool by_server) {
    uint8_t m[512];
    uint32_t n = hex_read(hex, m, sizeof m);
    lab_udp(l, src, by_server ? 67 : 68, 0xffffffffu, by_server ? 68 : 67, m, n);
}

#define ACK4 DHCP4("02", "8000", NO_IP, "c0000264", NO_IP) "350105 3604c0000201 ff"
#define NAK4 DHCP4("02", "8000", NO_IP, NO_IP, NO_IP) "350106 3604c0000201 ff"
#define OTHER4                                                                                     \
    DHCP4("02", "8000", NO_IP, "0a640064", NO_IP) "350102 3604 0a640001 ff" /* 10.100.0.1 */
#define RELAYED_OFFER4(server)                                                                     \
    DHCP4("02", "0000", NO_IP, "c0000264", "c00002fe") "350102 3604" server "ff"
#define RENEW4       DHCP4("01", "0000", "c0000264", NO_IP, NO_IP) "350103 ff"
#define RENEW4_AGAIN DHCP4_OF("0badcaff", "01", "0000", "c0000264", NO_IP, NO_IP) "350103 ff"
#define OTHER_NAK4   DHCP4("02", "8000", NO_IP, NO_IP, NO_IP) "350106 3604 0a640001 ff"
#define INFORM_ACK4  DHCP4("02", "0000", "c0000264", NO_IP, NO_IP) "350105 3604c0000201 ff"
#define PROBE4(xid)  DHCP4_OF(xid, "01", "8000", NO_IP, NO_IP, NO_IP) "350101 ff"
#define PROBED4(xid) DHCP4_OF(xid, "02", "8000", NO_IP, "c0000264", NO_IP) "350102 3604c0000201 ff"
#define BOOT4        DHCP4("01", "8000", NO_IP, NO_IP, NO_IP) "350101 3c0a 505845436c69656e743a ff"
#define DECLINE4     DHCP4("01", "0000", NO_IP, NO_IP, NO_IP) "350104 3204c0000264 3604c0000201 ff"

/* A story is a list of messages, each after a pause in seconds; then the clock runs on. */
struct line {
    unsigned pause_s;
    const char *hex;
    bool by_server;
};

static struct lab *dhcp_story(const struct line *lines, unsigned after_s) {
    struct lab *l = lab_default();
    for (; lines->hex; lines++) {
        l->us += lines->pause_s * S + 5 * MS;
        dhcp4(l, lines->hex, lines->by_server ? 0xc0000201u : 0, lines->by_server);
    }
    lab_wait(l, after_s * S);
    return l;
}

static void test_dhcp_no_offer(void **state) {
    static const struct {
        struct line lines[8];
        unsigned after_s;
        bool found;
    } cases[] = {
        {{{0, DISCOVER4, 0}, {3, DISCOVER4, 0}, {4, DISCOVER4, 0}}, 1, true},
        {{{0, DISCOVER4, 0}, {3, DISCOVER4, 0}}, 0, false}, /* servers ping for 3 s first */
        {{{0, DISCOVER4, 0}}, 10, false},                   /* one may be lost */
        {{{0, DISCOVER4, 0}, {3, DISCOVER4, 0}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {0, ACK4, 1}},
         9,
         false},
        /* The offer and the answer went to the other host alone; its request did not. */
        {{{0, DISCOVER4, 0}, {3, DISCOVER4, 0}, {0, REQUEST4, 0}}, 9, false},
        {{{0, DISCOVER4, 0}, {0, DISCOVER4, 0}}, 9, false},  /* a relay's copy */
        {{{0, DISCOVER4, 0}, {90, DISCOVER4, 0}}, 1, false}, /* tries of their own */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = dhcp_story(cases[i].lines, cases[i].after_s);
        const struct msg_incident *n = find(l, INCIDENT_DHCP_NO_OFFER);
        if ((n != NULL) != cases[i].found) fail_msg("case %zu", i);
        if (n) {
            assert_int_equal(n->tries, 3);
            assert_in_range(n->span_us, 7 * S, 8 * S);
            assert_int_equal(n->mac[5], 1);
            assert_int_equal(find(l, INCIDENT_DHCP_NO_OFFER)->tries, 3); /* the same again */
        }
        assert_null(find(l, INCIDENT_DHCP_INCOMPLETE));
        lab_free(l);
    }
}

static void test_dhcp_incomplete(void **state) {
    static const struct {
        struct line lines[8];
        bool found;
    } cases[] = {
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {4, REQUEST4, 0}}, true},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {3, DISCOVER4, 0}, {0, OFFER4, 1}, {3, DISCOVER4, 0}},
         true},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {0, ACK4, 1}}, false},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {4, REQUEST4, 0}, {0, ACK4, 1}},
         false},
        /* A monitor looks who is there, each minute. */
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {59, DISCOVER4, 0}, {0, OFFER4, 1}}, false},
        {{{0, PROBE4("00000001"), 0},
          {0, PROBED4("00000001"), 1},
          {30, PROBE4("00000002"), 0},
          {0, PROBED4("00000002"), 1},
          {30, PROBE4("00000003"), 0},
          {0, PROBED4("00000003"), 1}},
         false},
        /* Firmware without a boot file takes none. */
        {{{0, BOOT4, 0}, {0, OFFER4, 1}, {4, BOOT4, 0}, {0, OFFER4, 1}, {8, BOOT4, 0}}, false},
        {{{0, RENEW4, 0}, {0, ACK4, 1}, {9, RENEW4, 0}, {0, ACK4, 1}}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = dhcp_story(cases[i].lines, 6);
        const struct msg_incident *n = find(l, INCIDENT_DHCP_INCOMPLETE);
        if ((n != NULL) != cases[i].found) fail_msg("case %zu", i);
        if (n) assert_true(n->offers >= 1);
        assert_null(find(l, INCIDENT_DHCP_NO_OFFER));
        assert_null(find(l, INCIDENT_DHCP_SERVERS));
        lab_free(l);
    }
}

static void test_dhcp_refused(void **state) {
    static const struct {
        struct line lines[8];
        uint64_t count, value; /* count 0: no incident */
    } cases[] = {
        {{{0, RENEW4, 0}, {0, NAK4, 1}, {12, RENEW4, 0}, {0, NAK4, 1}}, 2, 0},
        /* One question, repeated since the server was slow: one refusal. */
        {{{0, RENEW4, 0}, {3, RENEW4, 0}, {0, NAK4, 1}, {1, NAK4, 1}}, 1, 0},
        {{{0, RENEW4, 0},
          {0, NAK4, 1},
          {0, DISCOVER4, 0},
          {0, OFFER4, 1},
          {0, REQUEST4, 0},
          {0, ACK4, 1}},
         1,
         1},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {0, ACK4, 1}, {0, DECLINE4, 0}},
         1,
         2},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {0, ACK4, 1}}, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = dhcp_story(cases[i].lines, 6);
        const struct msg_incident *n = find(l, INCIDENT_DHCP_NAK);
        assert_int_equal(n ? n->count : 0, cases[i].count);
        if (n) {
            assert_int_equal(n->value, cases[i].value);
            assert_int_equal(n->subject.b[3], 1);
        }
        lab_free(l);
    }
}

static void test_dhcp_two_servers(void **state) {
    static const struct {
        struct line lines[8];
        bool found;
    } cases[] = {
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, OTHER4, 1}}, true},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {0, OFFER4, 1}, {0, REQUEST4, 0}, {0, ACK4, 1}},
         false}, /* a failover pair under one name */
        {{{0, DISCOVER4, 0},
          {0, RELAYED_OFFER4("cb007109"), 1},
          {0, RELAYED_OFFER4("cb00710a"), 1}},
         false}, /* two central servers behind a relay */
        {{{0, DISCOVER4, 0}, {0, RELAYED_OFFER4("cb007109"), 1}, {0, OTHER4, 1}}, true},
        {{{0, DISCOVER4, 0}, {0, OFFER4, 1}, {30, OTHER4, 1}}, false}, /* not one transaction */
        {{{0, RENEW4, 0}, {0, OTHER_NAK4, 1}, {0, ACK4, 1}}, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = dhcp_story(cases[i].lines, 0);
        const struct msg_incident *n = find(l, INCIDENT_DHCP_SERVERS);
        if ((n != NULL) != cases[i].found) fail_msg("case %zu", i);
        if (n) assert_int_equal(n->subject.b[0], 10); /* the smaller first, in any order */
        lab_free(l);
    }
}

/* Whoever has an address asks to keep it, first without a word to anybody else. */
static void test_dhcp_renews_in_vain(void **state) {
    static const struct {
        struct line lines[8];
        bool found;
    } cases[] = {
        {{{0, RENEW4, 0}, {4, RENEW4, 0}, {8, RENEW4, 0}, {16, RENEW4, 0}}, true},
        {{{0, RENEW4, 0}, {4, RENEW4, 0}, {8, RENEW4, 0}}, false},
        {{{0, RENEW4, 0}, {0, RENEW4, 0}, {14, RENEW4, 0}, {0, RENEW4, 0}}, false}, /* relayed */
        {{{0, REQUEST4, 0}, {4, REQUEST4, 0}, {8, REQUEST4, 0}, {16, REQUEST4, 0}},
         false}, /* of an offer */
        {{{0, RENEW4, 0}, {4, RENEW4, 0}, {8, RENEW4_AGAIN, 0}, {16, RENEW4_AGAIN, 0}}, false},
        {{{0, RENEW4, 0}, {2, RENEW4, 0}, {2, RENEW4, 0}, {2, RENEW4, 0}}, false},
        {{{0, RENEW4, 0}, {300, RENEW4, 0}, {300, RENEW4, 0}, {300, RENEW4, 0}},
         false}, /* each answered out of sight */
        {{{0, RENEW4, 0}, {4, RENEW4, 0}, {8, RENEW4, 0}, {16, RENEW4, 0}, {0, ACK4, 1}}, false},
        {{{0, RENEW4, 0}, {4, RENEW4, 0}, {8, RENEW4, 0}, {16, RENEW4, 0}, {0, NAK4, 1}}, false},
        {{{0, RENEW4, 0}, {4, RENEW4, 0}, {8, RENEW4, 0}, {16, RENEW4, 0}, {4, DISCOVER4, 0}},
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = dhcp_story(cases[i].lines, 1);
        const struct msg_incident *n = find(l, INCIDENT_DHCP_INCOMPLETE);
        if ((n != NULL) != cases[i].found) fail_msg("case %zu", i);
        if (n) assert_int_equal(n->requests, 4);
        if (n) assert_int_equal(n->span_us, 28 * S + 3 * 5 * MS);
        lab_free(l);
    }
}

/* Others are served meanwhile; what was served before the client asked proves nothing. */
static void test_dhcp_no_offer_for_one(void **state) {
    (void)state;
    /* An answer to another: before, meanwhile, never; meanwhile to one that had its address. */
    for (unsigned at = 0; at < 4; at++) {
        struct engine_options o = lab_options();
        if (at == 2) mac_put(o.own_mac, 1);
        struct lab *l = lab_new(&o);
        uint8_t m[512];
        uint32_t n = hex_read(at == 3 ? INFORM_ACK4 : ACK4, m, sizeof m);
        m[33] ^= 0x55; /* chaddr */
        for (unsigned k = 0; k < 4; k++) {
            if (at != 2 && k == (at == 0 ? 0 : 2))
                lab_udp(l, 0xc0000201, 67, 0xffffffffu, 68, m, n);
            dhcp4(l, DISCOVER4, 0, false);
            l->us += 4 * S;
        }
        const struct msg_incident *i = find(l, INCIDENT_DHCP_NO_OFFER);
        assert_non_null(i);
        assert_int_equal(i->requests, at == 1);
        assert_int_equal(i->worked, at == 2);
        lab_free(l);
    }
}

/* Whom an answer of DHCP names as the router is missed where nothing beyond answers. */
static void test_dhcp_router_stays_silent(void **state) {
#define ROUTED(type) DHCP4("02", "8000", NO_IP, "0a000002", NO_IP) "3501" type "0304 0a0000fe ff"
    static const struct {
        const char *hex;
        bool gateway;
    } cases[] = {{ROUTED("05"), true}, {ROUTED("02"), false}, {ACK4, false}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct lab *l = lab_default();
        dhcp4(l, cases[i].hex, 0x0a000001, true);
        for (unsigned k = 0; k < 5; k++) {
            l->us += 1 * S;
            arp(l, ASKS(2, 2, GATEWAY));
        }
        lab_wait(l, 1 * S);
        const struct msg_incident *n = find(l, INCIDENT_ARP_UNANSWERED);
        if (!n || n->gateway != cases[i].gateway) fail_msg("case %zu", i);
        lab_free(l);
    }
}

/* Hosts ask for DHCPv6 where there is none: trouble only where a router sends them to it. */
static void test_dhcp6_no_answer(void **state) {
    static const struct {
        bool announced, answered, found, renews; /* renews: it has an address */
    } cases[] = {{true, false, true, false},
                 {false, false, false, false},
                 {true, true, false, false},
                 {true, false, true, true},
                 {true, true, false, true}};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct lab *l = lab_default();
        uint8_t f[256] = {0};
        if (cases[i].announced) nd(l, 134, ADDR6_SERVER, GROUP6, ND_ROUTER_BODY, 255);
        for (unsigned k = 0; k < 4; k++) {
            bool by_server = cases[i].answered && k == 3;
            mac_put(f, 2);
            mac_put(f + 6, 1);
            memcpy(f + 12, "\x86\xdd\x60\x00\x00\x00\x00\x00\x11\x01", 10);
            (void)hex_read(by_server ? ADDR6_SERVER : ADDR6_CLIENT, f + 22, 16);
            (void)hex_read(GROUP6, f + 38, 16);
            uint32_t n = hex_read(by_server ? RAPID6 : SOLICIT6, f + 62, 190);
            if (cases[i].renews && !by_server) f[62] = DHCP6_RENEW;
            put16(f + 54, by_server ? 547 : 546);
            put16(f + 56, by_server ? 546 : 547);
            put16(f + 58, n + 8);
            put16(f + 18, n + 8);
            lab_frame(l, f, 62 + n, 62 + n);
            l->us += 4 * S;
        }
        lab_wait(l, 2 * S);
        const struct msg_incident *n =
            find(l, cases[i].renews ? INCIDENT_DHCP_INCOMPLETE : INCIDENT_DHCP_NO_OFFER);
        if ((n != NULL) != cases[i].found) fail_msg("case %zu", i);
        if (n) assert_int_equal(n->value, 6);
        if (n) assert_int_equal(n->mac[5], 1);
        lab_free(l);
    }
}

/* More clients than the table holds: the trouble of those that leave it stays said. */
static void test_dhcp_many_clients(void **state) {
    (void)state;
    struct lab *l = lab_default();
    uint8_t m[512];
    uint32_t n = hex_read(DISCOVER4, m, sizeof m);
    for (unsigned client = 0; client < 300; client++) {
        put16(m + 32, client);
        for (unsigned k = 0; k < 3; k++) {
            lab_udp(l, 0, 68, 0xffffffffu, 67, m, n);
            l->us += 3 * S;
        }
    }
    lab_snapshot(l);
    uint64_t found = 0;
    for (uint32_t i = 0; i < l->incidents.rows_n; i++)
        found += l->incidents.rows[i].kind == INCIDENT_DHCP_NO_OFFER;
    assert_true(found >= LIM_INCIDENTS / 2 && found < LIM_INCIDENTS); /* the others have room */
    assert_int_equal(l->incidents.of, 300);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dhcp_router_stays_silent),
        cmocka_unit_test(test_dhcp_no_offer_for_one),
        cmocka_unit_test(test_dhcp_renews_in_vain),
        cmocka_unit_test(test_dhcp_no_offer),
        cmocka_unit_test(test_dhcp_incomplete),
        cmocka_unit_test(test_dhcp_refused),
        cmocka_unit_test(test_dhcp_two_servers),
        cmocka_unit_test(test_dhcp6_no_answer),
        cmocka_unit_test(test_dhcp_many_clients),
    };
    return cmocka_run_group_tests_name("track_dhcp", tests, NULL, NULL);
}
