/* Frames from the link layer to TCP: golden frames, each of their truncations, each byte broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "tests/unit/frames.h"

/* Decode a copy in a buffer of exactly `cap` bytes, so that the sanitizer sees any read beyond,
 * and check what holds for every frame whatsoever. */
static struct packet decode_exact(int datalink, const uint8_t *bytes, uint32_t cap, uint32_t wire) {
    struct packet k;
    uint8_t *exact = malloc(cap > 0 ? cap : 1);
    assert_non_null(exact);
    if (cap > 0) memcpy(exact, bytes, cap);
    memset(&k, 0xa5, sizeof k);
    enum decode_status status = decode_frame(datalink, 7, exact, cap, wire, &k);
    assert_int_equal(status, k.status);
    assert_in_range(k.status, 0, DECODE_STATUSES - 1);
    assert_int_equal(k.ts_ns, 7);
    assert_int_equal(k.cap_bytes, cap);
    assert_int_equal(k.wire_bytes, wire);
    assert_true(k.payload_cap <= k.payload_bytes);
    assert_true(k.payload_bytes <= k.wire_bytes && k.l4_bytes <= k.wire_bytes);
    assert_int_equal(k.payload == NULL, k.payload_cap == 0);
    if (k.payload != NULL)
        assert_true(k.payload >= exact && k.payload + k.payload_cap <= exact + cap);
    assert_true(k.tunnels <= 4 && k.vlans <= 8);
    if (k.has_ports && k.ip_proto == 6) assert_true(k.tcp.sack_blocks <= 4);
    if (packet_has(&k, PROTO_TCP) && k.ip_proto == 6 && !k.fragment) assert_true(k.has_ports);
    if (k.payload != NULL) k.payload = bytes + (k.payload - exact);
    free(exact);
    return k;
}

static struct packet decode_named(const char *name) {
    static uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < FRAMES; i++) {
        if (strcmp(frames[i].name, name) != 0) continue;
        uint32_t len = hex_read(frames[i].hex, bytes, sizeof bytes);
        return decode_exact(frames[i].datalink, bytes, len, len);
    }
    fail_msg("no frame %s", name);
    return (struct packet){0};
}

static struct addr text_addr(const char *text) {
    struct addr a;
    assert_true(addr_parse(text, &a));
    return a;
}

static void check_frame(const struct frame *f, const struct packet *k) {
    if (k->status != f->status || k->layers != f->layers)
        print_error("frame %s: status %d layers %x\n", f->name, (int)k->status, k->layers);
    assert_int_equal(k->status, f->status);
    assert_int_equal(k->layers, f->layers);
    assert_int_equal(k->ip_version, f->ip_version);
    assert_int_equal(k->ip_proto, f->ip_proto);
    assert_int_equal(k->sport, f->sport);
    assert_int_equal(k->dport, f->dport);
    assert_int_equal(k->has_ports, f->sport != 0);
    assert_int_equal(k->payload_bytes, f->payload_bytes);
    assert_int_equal(k->payload_cap, f->payload_bytes);
    assert_int_equal(k->tunnels, f->tunnels);
    assert_int_equal(k->vlans, f->vlans);
    if (f->ip_version == 0 || f->ip_proto == 47) return; /* 47: between the tunnel's ends */
    struct addr src = text_addr(f->ip_version == 4 ? "192.0.2.1" : "2001:db8::1");
    struct addr dst = text_addr(f->ip_version == 4 ? "203.0.113.9" : "2001:db8::9");
    assert_true(addr_equal(&k->src, &src));
    assert_true(addr_equal(&k->dst, &dst));
    if (f->payload_bytes == 5) assert_memory_equal(k->payload, "hello", 5);
    if (f->ip_proto == 6 && f->payload_bytes == 5) {
        assert_int_equal(k->tcp.seq, 100);
        assert_int_equal(k->tcp.ack, 200);
        assert_int_equal(k->tcp.flags, TCP_PSH | TCP_ACK);
        assert_int_equal(k->tcp.window, 0x2000);
    }
}

static void test_decode_golden_frames(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < FRAMES; i++) {
        uint32_t len = hex_read(frames[i].hex, bytes, sizeof bytes);
        struct packet k = decode_exact(frames[i].datalink, bytes, len, len);
        check_frame(&frames[i], &k);
    }
}

/* A frame that is right on the wire never becomes malformed because the capture cut it. */
static void test_decode_truncated_is_not_malformed(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < FRAMES; i++) {
        uint32_t len = hex_read(frames[i].hex, bytes, sizeof bytes);
        for (uint32_t cap = 0; cap < len; cap++) {
            struct packet k = decode_exact(frames[i].datalink, bytes, cap, len);
            if (decode_class_of(frames[i].status) == DECODE_MALFORMED) continue;
            if (decode_class_of(k.status) == DECODE_MALFORMED)
                fail_msg("frame %s cut at %u: status %d", frames[i].name, cap, (int)k.status);
            if (packet_has(&k, PROTO_TCP) && k.ip_proto == 6 && frames[i].ip_proto == 6)
                assert_int_equal(k.payload_bytes, frames[i].payload_bytes);
        }
    }
}

static void test_decode_survives_short_frames(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < FRAMES; i++) {
        uint32_t len = hex_read(frames[i].hex, bytes, sizeof bytes);
        for (uint32_t cap = 0; cap < len; cap++)
            (void)decode_exact(frames[i].datalink, bytes, cap, cap);
    }
}

static void test_decode_survives_broken_bytes(void **state) {
    (void)state;
    static const uint8_t values[] = {0x00, 0xff, 0x7f, 0x80};
    uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < FRAMES; i++) {
        uint32_t len = hex_read(frames[i].hex, bytes, sizeof bytes);
        for (uint32_t at = 0; at < len; at++) {
            uint8_t was = bytes[at];
            for (size_t j = 0; j < sizeof values; j++) {
                bytes[at] = values[j];
                (void)decode_exact(frames[i].datalink, bytes, len, len);
                (void)decode_exact(frames[i].datalink, bytes, len - len / 4, len);
            }
            bytes[at] = was;
        }
    }
}

static void test_decode_link_fields(void **state) {
    (void)state;
    static const uint8_t client[6] = {2, 0, 0, 0, 0, 1}, server[6] = {2, 0, 0, 0, 0, 2};
    static const char *const names[] = {"ethernet", "wifi", "radiotap-qos", "wifi-bridge", "vxlan"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct packet k = decode_named(names[i]);
        assert_true(k.has_mac);
        assert_memory_equal(k.src_mac, client, 6);
        assert_memory_equal(k.dst_mac, server, 6);
    }
    assert_int_equal(decode_named("qinq").segment, 100 << 12 | 200);
    assert_int_equal(decode_named("ethernet").segment, 0);
    assert_int_equal(decode_named("qinq").ethertype, 0x86dd);
    static const char *const cooked[] = {"sll", "sll2"};
    for (size_t i = 0; i < sizeof cooked / sizeof cooked[0]; i++) {
        struct packet k = decode_named(cooked[i]);
        assert_true(!k.has_mac && k.has_src_mac);
        assert_memory_equal(k.src_mac, client, 6);
    }
    assert_false(decode_named("raw").has_src_mac);
    assert_true(decode_named("wifi-protected").sealed && !decode_named("wifi-beacon").sealed);
}

static void test_decode_arp_fields(void **state) {
    (void)state;
    struct packet k = decode_named("arp-request");
    struct addr asker = text_addr("192.0.2.1"), target = text_addr("203.0.113.9");
    assert_int_equal(k.arp.op, 1);
    assert_true(addr_equal(&k.arp.sender, &asker));
    assert_true(addr_equal(&k.arp.target, &target));
    k = decode_named("arp-reply");
    assert_int_equal(k.arp.op, 2);
    assert_true(addr_equal(&k.arp.sender, &target));
    assert_int_equal(k.arp.sender_mac[5], 2);
    assert_int_equal(k.arp.target_mac[5], 1);
}

static void test_decode_ip_fields(void **state) {
    (void)state;
    struct packet k = decode_named("ethernet");
    assert_true(k.has_ip_id && k.dont_fragment && !k.fragment);
    assert_int_equal(k.ip_id, 0x1234);
    assert_int_equal(k.ttl, 64);
    assert_int_equal(k.l4_bytes, 25);
    k = decode_named("ip-fragment-first");
    assert_true(k.fragment && k.more_fragments);
    assert_int_equal(k.fragment_offset, 0);
    k = decode_named("ip-fragment-last");
    assert_true(k.fragment && !k.more_fragments);
    assert_int_equal(k.fragment_offset, 24);
    k = decode_named("ipv6-fragment-first");
    assert_true(k.fragment && k.more_fragments);
    assert_int_equal(k.fragment_offset, 0);
    k = decode_named("ipv6-fragment-last");
    assert_true(k.fragment && !k.more_fragments && k.has_ip_id);
    assert_int_equal(k.fragment_offset, 24);
    assert_int_equal(k.ip_id, 0x89abcdef);
    assert_false(decode_named("ipv6-atomic-fragment").fragment);
}

static void test_decode_tcp_options(void **state) {
    (void)state;
    struct packet k = decode_named("tcp-syn");
    assert_int_equal(k.tcp.flags, TCP_SYN);
    assert_int_equal(k.tcp.mss, 1460);
    assert_true(k.tcp.has_wscale && k.tcp.sack_permitted && k.tcp.has_timestamps);
    assert_int_equal(k.tcp.wscale, 7);
    assert_int_equal(k.tcp.ts_value, 100);
    assert_int_equal(k.tcp.ts_echo, 0);
    k = decode_named("tcp-sack");
    assert_int_equal(k.tcp.sack_blocks, 2);
    assert_int_equal(k.tcp.sack_left[1], 0x1200);
    assert_int_equal(k.tcp.sack_right[1], 0x1300);
    assert_false(k.tcp.has_wscale);
}

static void test_decode_tcp_options_cut(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    uint32_t len =
        hex_read(ETH("0800") IP4("0031", "06") "c350 01bb 00000064 00000000 60 02 ffff 0000"
                                               "0000 020405b4" HELLO,
                 bytes, sizeof bytes);
    struct packet k = decode_exact(1, bytes, len - 7, len);
    assert_int_equal(k.status, DECODE_TCP_TRUNCATED);
    assert_true(packet_has(&k, PROTO_TCP));
    assert_int_equal(k.payload_bytes, 5);
    assert_int_equal(k.payload_cap, 0);
}

/* Up to the window a header is whole or nothing: a window that was not kept is not a closed one. */
static void test_decode_tcp_header_cut(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    uint32_t len = hex_read(ETH("0800") IP4("002d", "06") "c350 01bb 00000064 00000000 50 10 ffff "
                                                          "0000 0000" HELLO,
                            bytes, sizeof bytes);
    for (uint32_t kept = 0; kept <= 20; kept++) {
        struct packet k = decode_exact(1, bytes, 14 + 20 + kept, len);
        assert_int_equal(k.has_ports, kept >= 16);
        assert_int_equal(packet_has(&k, PROTO_TCP), kept >= 16);
        assert_int_equal(k.status, kept < 20 ? DECODE_TCP_TRUNCATED : DECODE_OK);
        if (kept < 16) continue;
        assert_int_equal(k.tcp.window, 0xffff);
        assert_int_equal(k.payload_bytes, 5);
    }
}

static void test_decode_icmp_quotes(void **state) {
    (void)state;
    struct addr client = text_addr("192.0.2.1"), server = text_addr("203.0.113.9");
    struct packet k = decode_named("icmp-port-unreachable");
    assert_true(k.icmp.quote.present && k.icmp.quote.has_ports);
    assert_int_equal(k.icmp.quote.ip_proto, 17);
    assert_true(addr_equal(&k.icmp.quote.src, &client));
    assert_true(addr_equal(&k.icmp.quote.dst, &server));
    assert_int_equal(k.icmp.quote.sport, 50000);
    assert_int_equal(k.icmp.quote.dport, 443);
    k = decode_named("icmp-fragmentation-needed");
    assert_int_equal(k.icmp.mtu, 1400);
    assert_int_equal(k.icmp.quote.tcp_seq, 100);
    k = decode_named("icmpv6-packet-too-big");
    assert_int_equal(k.icmp.mtu, 1280);
    assert_true(k.icmp.quote.present);
    assert_false(k.icmp.quote.has_ports);
    assert_int_equal(k.icmp.quote.ip_proto, 6);
    k = decode_named("icmp-echo");
    assert_int_equal(k.icmp.echo_id, 0xbeef);
    assert_int_equal(k.icmp.echo_seq, 7);
    assert_false(k.icmp.quote.present);
}

/* A broken packet inside a tunnel must not take the outer packet's place. */
static void test_decode_tunnel_keeps_outer_packet(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    uint32_t len = hex_read(ETH("0800") IP4("0030", "2f") "0000 0800"
                                                          "44" HELLO HELLO HELLO HELLO "000000",
                            bytes, sizeof bytes);
    struct packet k = decode_exact(1, bytes, len, len);
    struct addr client = text_addr("192.0.2.1");
    assert_int_equal(k.status, DECODE_IP_MALFORMED);
    assert_int_equal(k.layers, P(IPV4) | P(GRE));
    assert_int_equal(k.ip_proto, 47);
    assert_true(addr_equal(&k.src, &client));
    assert_int_equal(k.payload_bytes, 28);
}

static void test_decode_wire_length_below_captured(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    struct packet k;
    uint32_t len = hex_read(ETH_HELLO, bytes, sizeof bytes);
    assert_int_equal(decode_frame(1, 0, bytes, len, 3, &k), DECODE_OK);
    assert_int_equal(k.wire_bytes, len);
    assert_int_equal(k.payload_cap, 5);
    assert_int_equal(decode_frame(1, 0, NULL, 0, 60, &k), DECODE_LINK_TRUNCATED);
}

static void test_decode_knows_what_it_decodes(void **state) {
    (void)state;
    uint8_t bytes[FRAME_MAX_BYTES];
    for (size_t i = 0; i < FRAMES; i++)
        assert_int_equal(decode_knows_datalink(frames[i].datalink), frames[i].datalink != 147);
    uint32_t len = hex_read(ETH_HELLO, bytes, sizeof bytes);
    for (int datalink = -1; datalink < 300; datalink++) {
        struct packet k = decode_exact(datalink, bytes, len, len);
        if (!decode_knows_datalink(datalink)) assert_int_equal(k.status, DECODE_LINK_UNKNOWN);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_golden_frames),
        cmocka_unit_test(test_decode_truncated_is_not_malformed),
        cmocka_unit_test(test_decode_survives_short_frames),
        cmocka_unit_test(test_decode_survives_broken_bytes),
        cmocka_unit_test(test_decode_link_fields),
        cmocka_unit_test(test_decode_arp_fields),
        cmocka_unit_test(test_decode_ip_fields),
        cmocka_unit_test(test_decode_tcp_options),
        cmocka_unit_test(test_decode_tcp_options_cut),
        cmocka_unit_test(test_decode_tcp_header_cut),
        cmocka_unit_test(test_decode_icmp_quotes),
        cmocka_unit_test(test_decode_tunnel_keeps_outer_packet),
        cmocka_unit_test(test_decode_wire_length_below_captured),
        cmocka_unit_test(test_decode_knows_what_it_decodes),
    };
    return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
