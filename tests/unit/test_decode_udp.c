/* QUIC, RTP, NTP and STUN: the samples of their standards, every truncation of them, and what only
 * looks like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include "capd/decode/ntp.h"
#include "capd/decode/quic.h"
#include "capd/decode/rtp.h"
#include "capd/decode/stun.h"
#include "capd/decode/vpn.h"
#include "tests/unit/datagrams.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A copy of exactly `len` bytes, so that the sanitizer sees any read beyond. */
static uint8_t *exact(const uint8_t *bytes, size_t len) {
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0) memcpy(copy, bytes, len);
    return copy;
}

/* The datagram of a hex text; `len`: filled up with zeros to so many bytes. */
static struct cursor bytes_of(const char *hex, uint32_t len) {
    static uint8_t bytes[20000];
    memset(bytes, 0, sizeof bytes);
    uint32_t n = hex_read(hex, bytes, sizeof bytes);
    return cursor_make(bytes, n > len ? n : len);
}

/* ---- QUIC ---- */
static const struct {
    const char *name, *hex;
    uint32_t bytes;
    bool in_flow;
    struct quic_header want;
} quics[] = {
    {"client initial", QUIC_CLIENT_INITIAL, 1200, 0, {QUIC_INITIAL, 1, 8, 0, 0, 0}},
    {"server initial", QUIC_SERVER_INITIAL, 135, 0, {QUIC_INITIAL, 1, 0, 8, 0, 0}},
    {"retry", QUIC_RETRY_V1, 36, 0, {QUIC_RETRY, 1, 0, 8, 0, 0}},
    {"short", QUIC_SHORT_V1, 21, 1, {QUIC_SHORT, 0, 0, 0, 0, 0}},
    {"short, spun", "64 0102030405060708 aabbccddeeff", 15, 1, {QUIC_SHORT, 0, 0, 0, 0, 1}},
    {"client initial 2", QUIC_CLIENT_INITIAL_V2, 1200, 0, {QUIC_INITIAL, 0x6b3343cf, 8, 0, 0, 0}},
    {"retry 2", QUIC_RETRY_V2, 36, 0, {QUIC_RETRY, 0x6b3343cf, 0, 8, 0, 0}},
    {"negotiation", QUIC_NEGOTIATION, 31, 0, {QUIC_VERSION_NEGOTIATION, 0, 8, 8, 0, 0}},
    {"0-RTT", QUIC_ZERO_RTT_V1, 42, 0, {QUIC_ZERO_RTT, 1, 8, 4, 0, 0}},
    {"handshake", QUIC_HANDSHAKE_V1, 42, 0, {QUIC_HANDSHAKE, 1, 4, 8, 0, 0}},
    {"unknown version", QUIC_GREASED, 20, 0, {QUIC_UNKNOWN_VERSION, 0x1a2a3a4a, 2, 3, 0, 0}},
};

static bool same_quic(const struct quic_header *a, const struct quic_header *b) {
    return a->kind == b->kind && a->version == b->version && a->dcid_len == b->dcid_len &&
           a->scid_len == b->scid_len && a->token_bytes == b->token_bytes && a->spin == b->spin;
}

static void test_quic_samples(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(quics); i++) {
        struct cursor c = bytes_of(quics[i].hex, quics[i].bytes);
        struct quic_header h;
        assert_int_equal(cursor_left(&c), quics[i].bytes);
        if (decode_quic(&c, quics[i].in_flow, &h) != QUIC_OK || !same_quic(&h, &quics[i].want) ||
            cursor_left(&c) != 0)
            fail_msg("%s", quics[i].name);
    }
}

/* A cut packet is incomplete, or says the same as the whole; never that it is something else. */
static void test_quic_truncations(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(quics); i++) {
        struct cursor whole = bytes_of(quics[i].hex, quics[i].bytes);
        for (size_t n = 0; n < cursor_left(&whole); n++) {
            uint8_t *copy = exact(whole.p, n);
            struct cursor c = cursor_make(copy, n);
            struct quic_header h;
            enum quic_status s = decode_quic(&c, quics[i].in_flow, &h);
            if (s == QUIC_NOT_QUIC || (s == QUIC_OK && !same_quic(&h, &quics[i].want)))
                fail_msg("%s cut to %zu", quics[i].name, n);
            if (s == QUIC_INCOMPLETE) assert_int_equal(cursor_left(&c), n);
            free(copy);
        }
    }
}

/* Initial and Handshake of a server, and its short packet, in one datagram (section 12.2). */
static void test_quic_coalesced(void **state) {
    static const enum quic_kind want[] = {QUIC_INITIAL, QUIC_HANDSHAKE, QUIC_SHORT};
    (void)state;
    struct cursor c = bytes_of(QUIC_SERVER_INITIAL QUIC_HANDSHAKE_V1 QUIC_SHORT_V1, 0);
    struct quic_header h;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(decode_quic(&c, true, &h), QUIC_OK);
        assert_int_equal(h.kind, want[i]);
    }
    assert_int_equal(cursor_left(&c), 0);
    c = bytes_of(QUIC_SERVER_INITIAL "0000000000000000", 0); /* padding is no packet */
    assert_int_equal(decode_quic(&c, true, &h), QUIC_OK);
    assert_int_equal(decode_quic(&c, true, &h), QUIC_NOT_QUIC);
}

/* The examples of RFC 9000 appendix A.1, as the length of a token. */
static void test_quic_variable_integers(void **state) {
    static const struct {
        const char *number;
        enum quic_status status;
        uint32_t value;
    } cases[] = {{"25", QUIC_OK, 37},
                 {"4025", QUIC_OK, 37},
                 {"7bbd", QUIC_OK, 15293},
                 {"9d7f3e7d", QUIC_NOT_QUIC, 0},         /* 494 878 333: no datagram is so long */
                 {"c2197c5eff14e88c", QUIC_NOT_QUIC, 0}, /* 151 288 809 941 952 652 */
                 {"8000ffff", QUIC_INCOMPLETE, 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        static uint8_t bytes[16000];
        uint8_t *p = bytes;
        memset(bytes, 0, sizeof bytes);
        p += hex_read("c0 00000001 00 00", p, 16);
        p += hex_read(cases[i].number, p, 16);
        p += cases[i].value;
        (void)hex_read("4018", p, 2);
        struct cursor c = cursor_make(bytes, sizeof bytes);
        struct quic_header h;
        if (decode_quic(&c, false, &h) != cases[i].status || h.token_bytes != cases[i].value)
            fail_msg("%s: token of %u", cases[i].number, h.token_bytes);
        if (cases[i].status == QUIC_OK) assert_ptr_equal(c.p, p + 2 + 24);
    }
}

static void test_quic_lookalikes(void **state) {
    static const struct {
        const char *what, *hex;
    } cases[] = {
        {"no fixed bit", "80 00000001 08 8394c8f03e515708 00 00 449e"},
        {"connection id of 21", "c0 00000001 15 0000000000000000000000000000000000000000"},
        {"too short to be sealed", "c0 00000001 00 00 00 13 00000000"},
        {"a short header, of whatever it is", QUIC_SHORT_V1},
        {"RTP", RTP_PLAIN "0000000000000000"},
        {"DNS", "1234 8180 0001 0001 00000000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cursor c = bytes_of(cases[i].hex, 0);
        struct quic_header h;
        if (decode_quic(&c, false, &h) != QUIC_NOT_QUIC) fail_msg("%s", cases[i].what);
    }
    assert_true(quic_version_known(1) && quic_version_known(0x6b3343cf));
    assert_true(quic_version_known(0xff00001d) && quic_version_known(0xff000022));
    assert_false(quic_version_known(0xff00001c) || quic_version_known(0) || quic_version_known(2));
}

/* ---- RTP ---- */
static void test_rtp_headers(void **state) {
    static const struct {
        const char *name, *hex;
        struct rtp_header want;
    } cases[] = {
        {"plain", RTP_PLAIN, {0, 0, 0, 0, 0x1234, 0x140, 0xdeadbeef, 12}},
        {"marked", RTP_MARKED, {1, 1, 96, 0, 0xffff, 0xffffff60, 1, 12}},
        {"mixed", RTP_MIXED, {0, 0, 8, 2, 1, 0, 0x0a0b0c0d, 28}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct rtp_header *w = &cases[i].want;
        struct cursor whole = bytes_of(cases[i].hex, 0);
        for (size_t n = cursor_left(&whole) + 1; n-- > 0;) {
            uint8_t *copy = exact(whole.p, n);
            struct rtp_header h;
            enum rtp_status s = decode_rtp(cursor_make(copy, n), &h);
            if (s != (n >= w->header_bytes ? RTP_OK : RTP_INCOMPLETE))
                fail_msg("%s cut to %zu: %d", cases[i].name, n, s);
            free(copy);
            if (s != RTP_OK) continue;
            assert_int_equal(h.marker, w->marker);
            assert_int_equal(h.padding, w->padding);
            assert_int_equal(h.payload_type, w->payload_type);
            assert_int_equal(h.sources, w->sources);
            assert_int_equal(h.seq, w->seq);
            assert_int_equal(h.timestamp, w->timestamp);
            assert_int_equal(h.ssrc, w->ssrc);
            assert_int_equal(h.header_bytes, w->header_bytes);
        }
    }
}

static void test_rtcp_headers(void **state) {
    static const struct {
        const char *name, *hex;
        enum rtp_status status;
        struct rtcp_header want;
    } cases[] = {
        {"sender", RTCP_SENDER, RTP_OK, {200, 0, 0xdeadbeef, 28}},
        {"receiver", RTCP_RECEIVER, RTP_OK, {201, 1, 0x0a0b0c0d, 32}},
        {"compound", RTCP_RECEIVER RTCP_BYE, RTP_OK, {201, 1, 0x0a0b0c0d, 32}},
        {"bye", RTCP_BYE, RTP_OK, {203, 1, 0xdeadbeef, 8}},
        {"a report that has no room", "81 c9 0001 0a0b0c0d", RTP_NOT_RTP, {0}},
        {"version 1", "40 c8 0006 deadbeef", RTP_NOT_RTP, {0}},
        {"type 208", "80 d0 0001 deadbeef", RTP_NOT_RTP, {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cursor whole = bytes_of(cases[i].hex, 0);
        struct rtcp_header h;
        if (decode_rtcp(whole, &h) != cases[i].status) fail_msg("%s", cases[i].name);
        if (cases[i].status != RTP_OK) continue;
        const struct rtcp_header *w = &cases[i].want;
        if (h.type != w->type || h.count != w->count || h.ssrc != w->ssrc || h.bytes != w->bytes)
            fail_msg("%s: %u %u %x %u", cases[i].name, h.type, h.count, h.ssrc, h.bytes);
        for (size_t n = 0; n < w->bytes; n++) {
            uint8_t *copy = exact(whole.p, n);
            if (decode_rtcp(cursor_make(copy, n), &h) != RTP_INCOMPLETE)
                fail_msg("%s cut to %zu", cases[i].name, n);
            free(copy);
        }
        struct rtp_header rtp; /* on one port they must not be taken for each other, RFC 5761 */
        assert_int_equal(decode_rtp(whole, &rtp), RTP_NOT_RTP);
    }
    struct rtcp_header h;
    assert_int_equal(decode_rtcp(bytes_of(RTP_PLAIN, 0), &h), RTP_NOT_RTP);
    assert_int_equal(rtp_static_clock(0), 8000);
    assert_int_equal(rtp_static_clock(14), 90000);
    assert_int_equal(rtp_static_clock(96), 0);
    assert_true(rtp_static_audio(8) && !rtp_static_audio(26) && !rtp_static_audio(96));
}

/* ---- NTP ---- */
static void test_ntp_headers(void **state) {
    static const struct {
        const char *name, *hex;
        enum ntp_status status;
        size_t least;
        struct ntp_header want; /* leap, version, mode, stratum, reference */
    } cases[] = {
        {"asks", NTP_ASKS, NTP_OK, 48, {0, 4, NTP_CLIENT, 0, 0}},
        {"answers", NTP_ANSWERS, NTP_OK, 48, {0, 4, NTP_SERVER, 2, 0xc0000201}},
        {"kiss of death", NTP_KISS, NTP_OK, 48, {3, 4, NTP_SERVER, 0, 0x52415445}},
        {"does not know the time", NTP_LOST, NTP_OK, 48, {3, 3, NTP_SERVER, 16, 0}},
        {"control", NTP_QUERY, NTP_OK, 12, {0, 2, NTP_CONTROL, 0, 0}},
        {"with a key",
         NTP_ASKS "00000001 00000000 00000000 00000000 00000000",
         NTP_OK,
         48,
         {0, 4, NTP_CLIENT, 0, 0}},
        {"mode 0", NTP_48("20", "00", "00000000"), NTP_NOT_NTP, 1, {0}},
        {"version 0", NTP_48("03", "00", "00000000"), NTP_NOT_NTP, 1, {0}},
        {"version 5", NTP_48("2b", "00", "00000000"), NTP_NOT_NTP, 1, {0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cursor whole = bytes_of(cases[i].hex, 0);
        for (size_t n = 0; n <= cursor_left(&whole); n++) {
            uint8_t *copy = exact(whole.p, n);
            struct ntp_header h;
            enum ntp_status s = decode_ntp(cursor_make(copy, n), &h);
            if (s != (n >= cases[i].least ? cases[i].status : NTP_INCOMPLETE))
                fail_msg("%s cut to %zu", cases[i].name, n);
            free(copy);
            const struct ntp_header *w = &cases[i].want;
            if (s == NTP_OK && (h.leap != w->leap || h.version != w->version || h.mode != w->mode ||
                                h.stratum != w->stratum || h.refid != w->refid))
                fail_msg("%s", cases[i].name);
        }
    }
}

/* ---- STUN ---- */
static void test_stun_headers(void **state) {
    static const struct {
        const char *name, *hex;
        enum stun_class class;
        uint16_t method, bytes;
    } cases[] = {
        {"asks", STUN_ASKS, STUN_REQUEST, 1, 36},
        {"answers", STUN_ANSWERS, STUN_SUCCESS, 1, 32},
        {"refused", STUN_REFUSED, STUN_ERROR, 1, 28},
        {"allocate", STUN_TURN, STUN_REQUEST, 3, 28},
        {"indication", STUN_ANNOUNCE, STUN_INDICATION, 1, 20},
        {"all bits of the method", "3eef 0000 2112a442" STUN_ID, STUN_REQUEST, 0xfff, 20},
        {"all bits at all", "3fff 0000 2112a442" STUN_ID, STUN_ERROR, 0xfff, 20},
    };
    static const uint8_t id[12] = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                   0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cursor whole = bytes_of(cases[i].hex, 0);
        struct stun_header h;
        assert_int_equal(decode_stun(whole, &h), STUN_OK);
        if (h.class != cases[i].class || h.method != cases[i].method || h.bytes != cases[i].bytes)
            fail_msg("%s: %d %x %u", cases[i].name, (int)h.class, h.method, h.bytes);
        assert_memory_equal(h.transaction, id, sizeof id);
        for (size_t n = 0; n < cases[i].bytes; n++) {
            uint8_t *copy = exact(whole.p, n);
            if (decode_stun(cursor_make(copy, n), &h) != STUN_INCOMPLETE)
                fail_msg("%s cut to %zu", cases[i].name, n);
            free(copy);
        }
    }
}

static void test_stun_lookalikes(void **state) {
    static const struct {
        const char *what, *hex;
    } cases[] = {
        {"upper bits", "8001 0000 2112a442" STUN_ID},
        {"no cookie, RFC 3489", "0001 0000 b7e7a701" STUN_ID},
        {"length of no words", "0001 0003 2112a442" STUN_ID "000000"},
        {"RTP", RTP_PLAIN "0000000000000000"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct stun_header h;
        if (decode_stun(bytes_of(cases[i].hex, 0), &h) != STUN_NOT_STUN)
            fail_msg("%s", cases[i].what);
    }
}

/* ---- tunnels ---- */
static void test_tunnels_ask(void **state) {
    static const struct {
        const char *name;
        bool (*asks)(struct cursor c);
        const char *hex;
        size_t least, len; /* fewer bytes than these ask nothing */
        bool want;
    } cases[] = {
        {"wireguard", vpn_wireguard_asks, "01000000 01020304", 148, 148, true},
        {"wireguard's answer", vpn_wireguard_asks, "02000000 01020304", 148, 148, false},
        {"reserved bytes", vpn_wireguard_asks, "01000001 01020304", 148, 148, false},
        {"openvpn", vpn_openvpn_asks, "38" STUN_ID "0000000000", 14, 42, true},
        {"openvpn, client's key", vpn_openvpn_asks, "50" STUN_ID "0000000000", 14, 900, true},
        {"openvpn's answer", vpn_openvpn_asks, "40" STUN_ID "0000000000", 14, 26, false},
        {"openvpn, second key", vpn_openvpn_asks, "39" STUN_ID "0000000000", 14, 42, false},
        {"ike 2", vpn_ike_asks, STUN_ID "00000000 21202208 00000000", 28, 400, true},
        {"ike 2, answer", vpn_ike_asks, STUN_ID "00000000 21202220 00000000", 28, 400, false},
        {"ike 1, first", vpn_ike_asks, "b7e7a701bc34d686 0000000000000000 01100200", 28, 80, true},
        {"ike 1, later", vpn_ike_asks, "b7e7a701bc34d686 0000000000000001 01100200", 28, 80, false},
        {"ike 3", vpn_ike_asks, STUN_ID "00000000 21302208 00000000", 28, 400, false},
        {"beside ESP", vpn_ike_natt_asks, "00000000" STUN_ID "00000000 21202208", 32, 400, true},
        {"ESP", vpn_ike_natt_asks, "00000001" STUN_ID "00000000 21202208", 32, 400, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cursor whole = bytes_of(cases[i].hex, (uint32_t)cases[i].len);
        for (size_t n = 0; n <= cases[i].len; n++) {
            uint8_t *copy = exact(whole.p, n);
            bool want = cases[i].want && n >= cases[i].least;
            if (cases[i].asks(cursor_make(copy, (uint32_t)n)) != want)
                fail_msg("%s cut to %zu", cases[i].name, n);
            free(copy);
        }
    }
    struct cursor c = bytes_of("01000000", 148);
    uint8_t *cookie = exact(c.p, 148);
    cookie[147] = 1; /* who has a cookie was answered before */
    assert_false(vpn_wireguard_asks(cursor_make(cookie, 148)));
    free(cookie);
    assert_false(vpn_wireguard_asks(bytes_of("01000000", 149)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quic_samples),    cmocka_unit_test(test_quic_truncations),
        cmocka_unit_test(test_quic_coalesced),  cmocka_unit_test(test_quic_variable_integers),
        cmocka_unit_test(test_quic_lookalikes), cmocka_unit_test(test_rtp_headers),
        cmocka_unit_test(test_rtcp_headers),    cmocka_unit_test(test_ntp_headers),
        cmocka_unit_test(test_tunnels_ask),     cmocka_unit_test(test_stun_headers),
        cmocka_unit_test(test_stun_lookalikes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
