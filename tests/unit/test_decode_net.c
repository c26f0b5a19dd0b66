/* Spanning tree, SCTP, neighbour discovery and DHCP: examples by hand from their standards, every
 * truncation of them, and every byte broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "capd/decode/dhcp.h"
#include "capd/decode/nd.h"
#include "tests/unit/messages.h"

static struct packet frame_of(const char *name) {
    static uint8_t bytes[FRAME_MAX_BYTES];
    struct packet k;
    for (size_t i = 0; i < FRAMES; i++) {
        if (strcmp(frames[i].name, name) != 0) continue;
        uint32_t len = hex_read(frames[i].hex, bytes, sizeof bytes);
        (void)decode_frame(frames[i].datalink, 0, bytes, len, len, &k);
        return k;
    }
    fail_msg("no frame %s", name);
    return (struct packet){0};
}

/* A copy of exactly `len` bytes, so that the sanitizer sees any read beyond. */
static uint8_t *exact(const uint8_t *bytes, uint32_t len) {
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0) memcpy(copy, bytes, len);
    return copy;
}

static bool is_address(const struct addr *a, const char *text) {
    struct addr want;
    assert_true(addr_parse(text, &want));
    return addr_equal(a, &want);
}

/* ---- in frames ---- */
/* VLAN tags are counted in all, whatever stands between them. */
static void test_net_tags_between_other_headers(void **state) {
    (void)state;
    uint8_t f[14 + 12 * 12] = {0};
    struct packet k;
    memcpy(f + 12, "\x81\x00", 2);
    for (unsigned i = 0; i < 12; i++) /* tag, length, LLC with SNAP, the next tag */
        memcpy(f + 14 + i * 12, "\x00\x05\x00\x90\xaa\xaa\x03\x00\x00\x00\x81\x00", 12);
    assert_int_equal(decode_frame(1, 0, f, sizeof f, sizeof f, &k), DECODE_LINK_MALFORMED);
    assert_int_equal(k.vlans, 8);
}

static void test_net_spanning_tree(void **state) {
    (void)state;
    struct packet k = frame_of("spanning-tree");
    assert_true(k.stp.read && !k.stp.change);
    assert_int_equal(k.stp.root, 0x8000020000000001u);
    assert_int_equal(k.stp.port, 0x8001);
    k = frame_of("spanning-tree-rapid");
    assert_true(k.stp.read && k.stp.change && k.stp.version == 2);
    assert_int_equal(k.stp.bridge, 0x8000020000000002u);
    assert_int_equal(k.stp.cost, 20000);
    k = frame_of("spanning-tree-per-vlan");
    assert_true(k.stp.read && k.stp.change && k.stp.type == 0x80);
    assert_false(frame_of("spanning-tree-short").stp.read);
}

static void test_net_sctp(void **state) {
    (void)state;
    struct packet k = frame_of("sctp-init");
    assert_true(k.sctp.has_chunk && k.sctp.chunk == SCTP_INIT);
    assert_int_equal(k.sctp.initiate_tag, 0x01020304);
    assert_int_equal(k.sctp.tag, 0);
    k = frame_of("sctp-abort");
    assert_true(k.sctp.has_chunk && k.sctp.chunk == SCTP_ABORT);
    assert_int_equal(k.sctp.tag, 7);
    assert_false(frame_of("sctp").sctp.has_chunk); /* a chunk of length 0 is none */
}

/* A frame that was damaged on the air says nothing, and is not counted as broken by its sender. */
static void test_net_wifi_bad_checksum(void **state) {
    (void)state;
    assert_int_equal(frame_of("radiotap-bad-fcs").ip_version, 0);
    assert_int_equal(frame_of("radiotap-fcs").sport, 50000);
}

/* ---- neighbour discovery ---- */
static enum nd_status nd_of(const char *hex, uint8_t type, uint32_t word, struct nd_message *m) {
    uint8_t bytes[FRAME_MAX_BYTES] = {0};
    uint32_t len = hex_read(hex, bytes, sizeof bytes);
    uint8_t *copy = exact(bytes, len);
    enum nd_status s = decode_nd(type, word, cursor_make(copy, len), m);
    free(copy);
    return s;
}

static void test_net_nd_neighbours(void **state) {
    (void)state;
    struct nd_message m;
    assert_int_equal(nd_of(ND_SOLICIT_BODY, 135, 0, &m), ND_OK);
    assert_true(is_address(&m.target, "2001:db8::9") && m.has_source_mac && !m.has_target_mac);
    assert_int_equal(m.source_mac[5], 1);
    assert_int_equal(nd_of(ND_ADVERT_BODY, 136, 0xe0000000u, &m), ND_OK);
    assert_true(m.is_router && m.solicited && m.overrides && m.has_target_mac);
    assert_int_equal(nd_of(ND_ADVERT_BODY, 136, 0x40000000u, &m), ND_OK);
    assert_true(!m.is_router && m.solicited && !m.overrides);
    assert_int_equal(nd_of("", 128, 0, &m), ND_NOT_ND);
    assert_int_equal(nd_of("", 133, 0, &m), ND_OK);
    assert_int_equal(nd_of(ADDR6_SERVER, 137, 0, &m), ND_TRUNCATED);
}

static void test_net_nd_router(void **state) {
    (void)state;
    struct nd_message m;
    assert_int_equal(nd_of(ND_ROUTER_BODY, 134, 0x40c00708u, &m), ND_OK);
    assert_int_equal(m.hop_limit, 64);
    assert_true(m.managed && m.other);
    assert_int_equal(m.lifetime_s, 1800);
    assert_int_equal(m.mtu, 1480);
    assert_int_equal(m.prefixes_seen, 3);
    assert_int_equal(m.prefixes, 2); /* no prefix has 200 bits */
    assert_true(m.prefix[0].on_link && m.prefix[0].autonomous && m.prefix[0].prefix_len == 64);
    assert_true(m.prefix[1].on_link && !m.prefix[1].autonomous && m.prefix[1].prefix_len == 48);
    assert_int_equal(m.prefix[0].valid_s, 86400);
    assert_int_equal(m.prefix[0].preferred_s, 14400);
    assert_true(is_address(&m.prefix[0].prefix, "2001:db8::"));
    assert_int_equal(nd_of("00007530 000003e8 0100", 134, 0, &m), ND_MALFORMED);
}

static void test_net_nd_truncated(void **state) {
    static const struct {
        uint8_t type;
        const char *hex;
    } cases[] = {{135, ND_SOLICIT_BODY}, {136, ND_ADVERT_BODY}, {134, ND_ROUTER_BODY}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[FRAME_MAX_BYTES];
        uint32_t len = hex_read(cases[i].hex, bytes, sizeof bytes);
        for (uint32_t cut = 0; cut < len; cut++) {
            uint8_t *copy = exact(bytes, cut);
            struct nd_message m;
            enum nd_status s = decode_nd(cases[i].type, 0, cursor_make(copy, cut), &m);
            assert_true(s == ND_TRUNCATED || s == ND_OK); /* OK: between two options */
            if (cut < 8) assert_int_equal(s, ND_TRUNCATED);
            free(copy);
        }
        for (uint32_t at = 0; at < len; at++)
            for (unsigned v = 0; v < 256; v += 17) {
                uint8_t *copy = exact(bytes, len);
                struct nd_message m;
                copy[at] = (uint8_t)v;
                (void)decode_nd(cases[i].type, 0, cursor_make(copy, len), &m);
                assert_true(m.prefixes <= ND_MAX_PREFIXES);
                free(copy);
            }
    }
}

/* ---- DHCP ---- */
static enum dhcp_status dhcp_of(const char *hex, struct dhcp_message *m) {
    uint8_t bytes[FRAME_MAX_BYTES] = {0};
    uint32_t len = hex_read(hex, bytes, sizeof bytes);
    uint8_t *copy = exact(bytes, len);
    enum dhcp_status s = decode_dhcp(cursor_make(copy, len), m);
    free(copy);
    return s;
}

static void test_net_dhcp_messages(void **state) {
    (void)state;
    struct dhcp_message m;
    assert_int_equal(dhcp_of(DISCOVER4, &m), DHCP_OK);
    assert_true(m.type == DHCP_DISCOVER && !m.from_server && m.to_broadcast && m.has_mac);
    assert_int_equal(m.xid, 0x0badcafe);
    assert_int_equal(m.mac[5], 1);
    assert_true(m.offered.len == 0 && m.server.len == 0 && !m.relayed);
    assert_int_equal(dhcp_of(OFFER4, &m), DHCP_OK);
    assert_true(m.type == DHCP_OFFER && m.from_server);
    assert_true(is_address(&m.offered, "192.0.2.100") && is_address(&m.server, "192.0.2.1"));
    assert_int_equal(dhcp_of(REQUEST4, &m), DHCP_OK);
    assert_true(m.type == DHCP_REQUEST && !m.to_broadcast);
    assert_true(is_address(&m.requested, "192.0.2.100") && is_address(&m.server, "192.0.2.1"));
    assert_int_equal(dhcp_of(RELAYED4, &m), DHCP_OK);
    assert_true(m.type == DHCP_ACK && m.relayed && is_address(&m.server, "203.0.113.9"));
    assert_int_equal(dhcp_of(OVERLOAD4, &m), DHCP_OK);
    assert_true(m.type == DHCP_ACK && is_address(&m.server, "192.0.2.1"));
    assert_int_equal(m.router.len, 0);
    assert_int_equal(
        dhcp_of(DHCP4("02", "0000", NO_IP, NO_IP, NO_IP) "350105 0308 c0000201 c0000202 ff", &m),
        DHCP_OK);
    assert_true(is_address(&m.router, "192.0.2.1"));
    /* BOOTP: no cookie, or no type */
    assert_int_equal(dhcp_of(DHCP4("01", "0000", NO_IP, NO_IP, NO_IP) "ff", &m), DHCP_NOT_DHCP);
    assert_int_equal(dhcp_of("01010600 0badcafe", &m), DHCP_NOT_DHCP);
}

static void test_net_dhcp_truncated(void **state) {
    static const char *const cases[] = {DISCOVER4, OFFER4, REQUEST4, RELAYED4, OVERLOAD4};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[FRAME_MAX_BYTES];
        uint32_t len = hex_read(cases[i], bytes, sizeof bytes);
        for (uint32_t cut = 0; cut < len; cut++) {
            uint8_t *copy = exact(bytes, cut);
            struct dhcp_message m;
            enum dhcp_status s = decode_dhcp(cursor_make(copy, cut), &m);
            if (cut < 240) assert_int_equal(s, DHCP_NOT_DHCP);
            if (cut >= 243 && i != 4 && s != DHCP_OK) {
                assert_int_equal(s, DHCP_TRUNCATED);
                assert_int_equal(m.type, bytes[242]); /* what came before the cut is known */
            }
            free(copy);
        }
        for (uint32_t at = 0; at < len; at++)
            for (unsigned v = 0; v < 256; v += 51) {
                uint8_t *copy = exact(bytes, len);
                struct dhcp_message m;
                copy[at] = (uint8_t)v;
                (void)decode_dhcp(cursor_make(copy, len), &m);
                free(copy);
            }
    }
}

static void test_net_dhcp6_messages(void **state) {
    static const struct {
        const char *hex;
        uint8_t type, relays;
        uint16_t client, server;
        bool rapid;
    } cases[] = {{SOLICIT6, DHCP6_SOLICIT, 0, 10, 0, false},
                 {ADVERTISE6, DHCP6_ADVERTISE, 0, 10, 10, false},
                 {RAPID6, DHCP6_REPLY, 0, 10, 10, true},
                 {RELAYED6, DHCP6_SOLICIT, 1, 10, 0, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[FRAME_MAX_BYTES];
        uint32_t len = hex_read(cases[i].hex, bytes, sizeof bytes);
        uint8_t *whole = exact(bytes, len);
        struct dhcp6_message m;
        assert_int_equal(decode_dhcp6(cursor_make(whole, len), &m), DHCP_OK);
        assert_int_equal(m.type, cases[i].type);
        assert_int_equal(m.relays, cases[i].relays);
        assert_int_equal(m.client_len, cases[i].client);
        assert_int_equal(m.server_len, cases[i].server);
        assert_int_equal(m.rapid_commit, cases[i].rapid);
        assert_int_equal(m.xid, 0x112233);
        free(whole);
        for (uint32_t cut = 0; cut < len; cut++) {
            uint8_t *copy = exact(bytes, cut);
            enum dhcp_status s = decode_dhcp6(cursor_make(copy, cut), &m);
            assert_true(s == DHCP_TRUNCATED || s == DHCP_OK); /* OK: between two options */
            if (cut < 4) assert_int_equal(s, DHCP_TRUNCATED);
            free(copy);
        }
    }
}

/* Relays inside relays end at the limit that the standard sets. */
static void test_net_dhcp6_nested_relays(void **state) {
    (void)state;
    uint8_t bytes[1024] = {0};
    struct dhcp6_message m;
    for (unsigned depth = 1; depth < 12; depth++) {
        size_t len = 4, at = sizeof bytes - 4;
        memcpy(bytes + at, "\x01\x11\x22\x33", 4);
        for (unsigned i = 0; i < depth; i++) {
            at -= 38;
            memset(bytes + at, 0, 38);
            bytes[at] = DHCP6_RELAY_FORWARD;
            bytes[at + 35] = 9;
            bytes[at + 36] = (uint8_t)(len >> 8);
            bytes[at + 37] = (uint8_t)len;
            len += 38;
        }
        enum dhcp_status s = decode_dhcp6(cursor_make(bytes + at, len), &m);
        assert_int_equal(s, depth <= DHCP6_MAX_RELAYS ? DHCP_OK : DHCP_MALFORMED);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_net_spanning_tree),
        cmocka_unit_test(test_net_tags_between_other_headers),
        cmocka_unit_test(test_net_sctp),
        cmocka_unit_test(test_net_wifi_bad_checksum),
        cmocka_unit_test(test_net_nd_neighbours),
        cmocka_unit_test(test_net_nd_router),
        cmocka_unit_test(test_net_nd_truncated),
        cmocka_unit_test(test_net_dhcp_messages),
        cmocka_unit_test(test_net_dhcp_truncated),
        cmocka_unit_test(test_net_dhcp6_messages),
        cmocka_unit_test(test_net_dhcp6_nested_relays),
    };
    return cmocka_run_group_tests_name("decode_net", tests, NULL, NULL);
}
