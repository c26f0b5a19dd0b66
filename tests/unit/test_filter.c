/* The caller's filter: what may reach pcap_compile; and the expressions that the modes make of it,
 * compiled for an Ethernet handle and tried on frames.  Runs in: tests. */
#include "capd/parent/filter_check.h"
#include "capd/worker/filter.h"
#include <pcap/pcap.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const good[] = {
    "",
    "tcp",
    "tcp port 80",
    "host 192.0.2.1 and not port 22",
    "net 10.0.0.0/8",
    "net 10.1",
    "host fe80::1",
    "net 2001:db8::/32",
    "host ::1",
    "ether host 02:00:5e:00:53:01",
    "portrange 8000-8080",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "tcp[13] & 2 != 0",
    "ip[6:2] & 0x1fff != 0",
    "ip[16:4] = 0xc0000201",
    "icmp[icmptype] = icmp-echo",
    "icmp6[icmp6type] = icmp6-echo",
    "udp[4:2] > 100",
    "ether[0] & 1 != 0",
    "arp[6:2] = 1",
    "ip6[ 6 : 1 ] = 58",
    "vlan 5 and ip",
    "greater 100",
    "len < 200",
    "ip proto 6",
    "ether proto 0x88cc",
    "src host 10.0.0.1 or (dst port 53 && udp)",
    "not arp",
    "! arp",
    "net 10.0.0.0 mask 255.0.0.0",
    "sctp port 3868",
    "ip multicast",
    "ether broadcast",
    "ether multicast",
    "ip6 multicast",
    "vlan",
    "vlan and tcp[13] & 2 != 0",
    " vlan 5 && vlan 0x7 and (tcp or udp or not arp)",
    "vlan 5 and tcp[13] | 2 = 2",
    "vlan 5 and not port 22",
    "vlan and vlan and vlan and vlan and vlan and vlan and vlan and vlan and tcp",
    "tcp[tcpflags] & tcp-rst != 0 and ip[8] < 5",
    "ip[0] & 0xf != 5",
    "(ip[2:2] - 20) & 0xff00 != 0",
    "ip[8] = tcp[19] or ip[8] != udp[7] or ip[8] > (icmp[7]) or ip[8] <= icmp6[7]",
    "7 < tcp[12] or 7 < (icmp6[7]) or 7 = arp[27]",
    "ip[12:4] < ip[16:4]",
    "ip[19] = 1 or ip6[36:4] = 1 or tcp[16:4] > 0 or udp[4:4] != 7 or ether[12:2] = 0x800",
    "icmp[4:4] = 1 or icmp6[7] = 1 or arp[24:4] = 0xc0000201",
    "tcp src port 80 and dst net 192.0.2.0/24",
    "tcp portrange 1-1023 or udp port 53",
    "net 10",
    "net 10.1.2",
    "not (src host 192.0.2.1 and (tcp or icmp6))",
    "ip proto 47 or ip6 proto 50 or ah or esp or vrrp or carp or pim or igmp",
    "ether src host 02:00:5e:00:53:01 and ether proto 0x806",
    "inbound or outbound",
    "less 64 or len > 1000",
    "stp or llc or iso proto 3",
    "host 2001:db8::1 and not net 2001:db8:1::/48",
    "tcp[13]=0x12||udp[0:2]=53",
};

static const struct {
    const char *text, *word;
} bad[] = {
    {"tcp) or (udp", "closes nothing"},
    {"tcp and (", "every parenthesis"},
    {"tcp[20]", "first 20"},
    {"tcp[19:2]", "first 20"},
    {"ip[20:1]", "first 20"},
    {"ip6[40]", "first 40"},
    {"udp[8]", "first 8"},
    {"udp[6:4]", "first 8"},
    {"ether[14:2]", "first 14"},
    {"arp[28]", "first 28"},
    {"icmp[8]", "first 8"},
    {"tcp[((tcp[12]&0xf0)>>2):4] = 0x47455420", "constant"},
    {"tcp[tcp[12]]", "constant"},
    {"tcp[-1]", "constant"},
    {"tcp[13+1]", "constant"},
    {"tcp[]", "constant"},
    {"tcp[", "constant"},
    {"tcp[0:3]", "size"},
    {"tcp[0:0]", "size"},
    {"tcp[0:8]", "size"},
    {"tcp[4294967296]", "constant"},
    {"ip[0xffffffff:4]", "first 20"},
    {"link[0]", "link"},
    {"wlan[0]", "wlan"},
    {"sctp[0]", "sctp"},
    {"igmp[0]", "igmp"},
    {"port https", "https"},
    {"host example.com", "example"},
    {"host localhost", "localhost"},
    {"gateway 1.2.3.4", "gateway"},
    {"ip protochain 6", "protochain"},
    {"geneve", "geneve"},
    {"host 1.2.3.4.5", "1.2.3.4.5"},
    {"host 1.2.3.4x", "1.2.3.4x"},
    {"tcp; rm", ";"},
    {"tcp\nport 80", "byte 4"},
    {"tcp\x7f", "byte 4"},
    {"caf\xc3\xa9", "byte 4"},
    {"\"tcp\"", "byte 1"},
    {"ifname eth0", "ifname"},
    {"host 2001:db8:::1", "2001"},
    {"TCP", "TCP"},
    {"ip [20]", "first 20"},
    {"tcp [\t20]", "byte 6"},
    {"type mgt", "type"},
    {"$x", "$x"},
    {"mpls", "mpls"},
    {"mpls or mpls or mpls or ip[19] & 1 != 0", "mpls"},
    {"pppoes and ip[0] = 0x45", "pppoes"},
    {"pppoed", "pppoed"},
    {"vlan and vlan and vlan and vlan and vlan and vlan and vlan and vlan and vlan", "eight times"},
    {"not vlan", "stand first"},
    {"not vlan and not vlan and ip[19] & 1 != 0", "stand first"},
    {"tcp[13] = 0 or vlan or ip[19] = 1", "stand first"},
    {"(vlan 5 and tcp) or udp", "stand first"},
    {"vlan 5 and (tcp or vlan)", "stand first"},
    {"vlan 5 or vlan 6 or ip[19] = 1", "joined by and"},
    {"vlan 5 ip", "joined by and"},
    {"vlan 5 and tcp or ip[19] = 1", "parentheses"},
    {"vlan 5 and tcp || ip[19] = 1", "parentheses"},
    {"vlan 5 and (tcp) or (ip[19] = 1)", "parentheses"},
    {"vlan 5 and vlan or ip[19] = 1", "joined by and"},
    {"vlans and ip", "vlans"},
    {"tcp[tcp[12]:1] = 0", "constant"},
    {"ip[ip[0]&0xf] = 1", "constant"},
    {"tcp[20:4] = 0x47455420", "first 20"},
    {"tcp[0x14]", "first 20"},
    {"tcp[17:4]", "first 20"},
    {"ip6[38:4]", "first 40"},
    {"icmp6[8]", "first 8"},
    {"icmp[7:2]", "first 8"},
    {"arp[26:4]", "first 28"},
    {"udp[tcpflags]", "first 8"},
    {"tcp[len]", "constant"},
    {"tcp[tcpflags+8]", "constant"},
    {"0 + tcp[12] = 7", "left of"},
    {"ip[8]-tcp[12] = 7", "left of"},
    {"ip[8] & tcp[12] = 7", "left of"},
    {"ip[8]|tcp[12] = 7", "left of"},
    {"1 << tcp[12] = 7", "left of"},
    {"1>>(tcp[12]) = 7", "left of"},
    {"2 * ((ip6[39])) = 7", "left of"},
    {"7 = 1 % ((2 ^ 3) / icmp6[7])", "left of"},
    {"ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0", "left of"},
    {"tcp[13][20]", "byte 8"},
    {"(tcp)[20]", "byte 6"},
    {"6[20]", "byte 2"},
    {"rarp[0]", "rarp"},
    {"ah[12]", "ah"},
    {"radio[0] = 1", "radio"},
    {"ip protochain 17 and udp[0] = 1", "protochain"},
    {"ip host gateway", "gateway"},
    {"port domain", "domain"},
    {"ether host 02:00:5e:00:53:01:02", "neither number nor address"},
    {"net 10.0.0.0/example", "example"},
};

static void test_filter_check_lets_plain_filters_through(void **state) {
    (void)state;
    struct fail fail;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!filter_check(good[i], &fail)) fail_msg("`%s`: %s", good[i], fail.why);
}

static void test_filter_check_refuses_naming_the_place(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct fail fail = {0};
        if (filter_check(bad[i].text, &fail)) fail_msg("`%s` was let through", bad[i].text);
        assert_int_equal(fail.code, FAIL_FILTER);
        assert_string_equal(fail.field, "filter");
        if (!strstr(fail.why, bad[i].word)) fail_msg("`%s`: %s", bad[i].text, fail.why);
    }
}

static void test_filter_check_bounds_the_length(void **state) {
    (void)state;
    char text[LIM_FILTER + 2];
    struct fail fail;
    memset(text, ' ', sizeof text);
    text[LIM_FILTER] = '\0';
    assert_true(filter_check(text, &fail));
    text[LIM_FILTER] = ' ';
    text[LIM_FILTER + 1] = '\0';
    assert_false(filter_check(text, &fail));
}

/* Every filter that passes the check also compiles, so that the two never disagree silently. */
static void test_filter_check_agrees_with_libpcap(void **state) {
    (void)state;
    pcap_t *p = pcap_open_dead(DLT_EN10MB, 2048);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct bpf_program program;
        if (pcap_compile(p, &program, good[i], 1, PCAP_NETMASK_UNKNOWN) != 0)
            fail_msg("`%s`: %s", good[i], pcap_geterr(p));
        pcap_freecode(&program);
    }
    pcap_close(p);
}

/* ---- the modes' expressions -------------------------------------------------------------------
 */

/* Frames: Ethernet, an optional VLAN tag, then the network header. */
struct frame {
    const char *name, *hex;
};
#define ETH4                                                                                       \
    "020000000001020000000002"                                                                     \
    "0800"
#define ETH6                                                                                       \
    "020000000001020000000002"                                                                     \
    "86dd"
#define VLAN4                                                                                      \
    "020000000001020000000002"                                                                     \
    "8100"                                                                                         \
    "0005"                                                                                         \
    "0800"
#define IP4(proto)                                                                                 \
    "4500002800000000"                                                                             \
    "40" proto "0000"                                                                              \
    "c0000201"                                                                                     \
    "c0000202"
#define IP6(next)                                                                                  \
    "6000000000"                                                                                   \
    "14" next "40"                                                                                 \
    "20010db8000000000000000000000001"                                                             \
    "20010db8000000000000000000000002"
#define TCP(sport, dport, flags)                                                                   \
    sport dport "0000000000000000"                                                                 \
                "50" flags "ffff00000000"

static unsigned hex_bytes(const char *hex, uint8_t *out) {
    unsigned n = 0, v;
    for (; sscanf(hex + 2 * n, "%2x", &v) == 1; n++) out[n] = (uint8_t)v;
    return n;
}

static const struct frame http = {"http data", ETH4 IP4("06") TCP("c000", "0050", "18")};
static const struct frame ssh = {"ssh data", ETH4 IP4("06") TCP("c000", "0016", "18")};
static const struct frame ssh_syn = {"ssh syn", ETH4 IP4("06") TCP("c000", "0016", "02")};
static const struct frame ssh_rst = {"ssh rst", ETH4 IP4("06") TCP("0016", "c000", "14")};
static const struct frame ssh6_data = {"ssh data over IPv6",
                                       ETH6 IP6("06") TCP("c000", "0016", "18")};
static const struct frame ssh6_syn = {"ssh syn over IPv6",
                                      ETH6 IP6("06") TCP("c000", "0016", "02")};
static const struct frame http6 = {"http over IPv6", ETH6 IP6("06") TCP("c000", "0050", "18")};
static const struct frame vlan_http = {"http behind a tag",
                                       VLAN4 IP4("06") TCP("c000", "0050", "18")};
static const struct frame vlan_ssh = {"ssh behind a tag",
                                      VLAN4 IP4("06") TCP("c000", "0016", "18")};
static const struct frame dns = {"dns", ETH4 IP4("11") "c0000035"
                                                       "00140000"
                                                       "000000000000000000000000"};
static const struct frame ntp = {"ntp", ETH4 IP4("11") "c000007b"
                                                       "00140000"
                                                       "000000000000000000000000"};
static const struct frame quic = {"quic", ETH4 IP4("11") "c00001bb"
                                                         "00140000"
                                                         "000000000000000000000000"};
static const struct frame ping = {"ping", ETH4 IP4("01") "0800000000000000"
                                                         "000000000000000000000000"};
static const struct frame arp = {"arp", "020000000001020000000002"
                                        "0806"
                                        "0001080006040001"
                                        "020000000002c0000201"
                                        "000000000000c0000202"};
static const struct frame later_fragment = {"later fragment",
                                            ETH4 "4500002800002010"
                                                 "4011"
                                                 "0000"
                                                 "c0000201"
                                                 "c0000202"
                                                 "0000000000000000000000000000000000000000"};

/* Packets with their headers' length; behind those stands what nobody may see. */
static const struct {
    const char *hex;
    unsigned headers;
} base[] = {
    {ETH4 IP4("06") TCP("c000", "0050", "18"), 54}, {VLAN4 IP4("06") TCP("c000", "0050", "18"), 58},
    {ETH6 IP6("06") TCP("c000", "0050", "18"), 74}, {ETH4 IP4("11") "c000003500140000", 42},
    {ETH4 IP4("01") "0800000000000000", 42},        {ETH6 IP6("3a") "8000000000000001", 62}};

static uint32_t roll(uint32_t below) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)state * below >> 32);
}

/* Does the filter give another answer when nothing but the payload changes? */
static bool looks_at_payload(const struct bpf_program *program, unsigned rounds) {
    for (size_t b = 0; b < sizeof base / sizeof base[0]; b++) {
        uint8_t bytes[200] = {0};
        struct pcap_pkthdr h = {.caplen = sizeof bytes, .len = sizeof bytes};
        assert_int_equal(hex_bytes(base[b].hex, bytes), base[b].headers);
        bool first = pcap_offline_filter(program, &h, bytes) != 0;
        for (unsigned round = 0; round < rounds; round++) {
            for (unsigned i = base[b].headers; i < sizeof bytes; i++) bytes[i] = (uint8_t)roll(256);
            if ((pcap_offline_filter(program, &h, bytes) != 0) != first) return true;
        }
    }
    return false;
}

#define PICK(a) a[roll(sizeof(a) / sizeof(a)[0])]

static void add_text(char *out, const char *text) {
    size_t used = strlen(out);
    snprintf(out + used, LIM_FILTER + 1 - used, "%s", text);
}

static void add_arithmetic(char *out, unsigned depth) {
    static const char *const values[] = {"1",        "8",         "255",       "tcp[13]",
                                         "ip[8]",    "ip6[39]",   "icmp[7]",   "icmp6[7]",
                                         "udp[6:2]", "tcp[16:4]", "ether[13]", "arp[27]"};
    static const char *const signs[] = {"+", "-", "*", " & ", "|", "^", "<<", ">>"};
    bool pair = depth > 0 && roll(3) == 0, brackets = roll(4) == 0;
    if (brackets) add_text(out, "(");
    if (pair) add_arithmetic(out, depth - 1);
    if (pair) add_text(out, PICK(signs));
    if (pair && roll(2))
        add_arithmetic(out, depth - 1);
    else
        add_text(out, PICK(values));
    if (brackets) add_text(out, ")");
}

/* A well-formed expression of words, tags and comparisons. */
static void add_expression(char *out, unsigned depth) {
    static const char *const words[] = {"vlan", "vlan 5", "mpls", "tcp", "udp", "ip", "port 80"};
    static const char *const joints[] = {" and ", " or ", "&&", "||"};
    static const char *const relations[] = {"=", "!=", "<", ">="};
    if (roll(4) == 0) add_text(out, "not ");
    if (depth > 0 && roll(2)) {
        bool brackets = roll(2);
        if (brackets) add_text(out, "(");
        add_expression(out, depth - 1);
        add_text(out, PICK(joints));
        add_expression(out, depth - 1);
        if (brackets) add_text(out, ")");
    } else if (roll(3) == 0) {
        add_text(out, PICK(words));
    } else {
        add_arithmetic(out, 2);
        add_text(out, PICK(relations));
        add_arithmetic(out, 2);
    }
}

/* Made at random: those that pass see no payload; among those that do not some would. */
static void test_filter_check_stops_what_would_see_payload(void **state) {
    unsigned passed = 0, stopped = 0;
    (void)state;
    pcap_t *p = pcap_open_dead(DLT_EN10MB, 2048);
    for (unsigned i = 0; i < 20000; i++) {
        char text[LIM_FILTER + 1] = "";
        struct bpf_program program;
        struct fail fail;
        add_expression(text, 3);
        bool allowed = filter_check(text, &fail);
        if (pcap_compile(p, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) continue;
        bool looks = looks_at_payload(&program, 40);
        pcap_freecode(&program);
        passed += allowed;
        stopped += !allowed && looks;
        if (allowed && looks) fail_msg("`%s` looks at payload", text);
    }
    pcap_close(p);
    assert_true(passed > 1000 && stopped > 100);
}

/* The proof of the check: whatever passes it gives the same answer for packets that differ in
 * nothing but what stands behind their headers. */
static void test_filter_check_keeps_payload_out_of_sight(void **state) {
    struct bpf_program program;
    (void)state;
    pcap_t *p = pcap_open_dead(DLT_EN10MB, 2048);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_int_equal(pcap_compile(p, &program, good[i], 1, PCAP_NETMASK_UNKNOWN), 0);
        if (looks_at_payload(&program, 1000)) fail_msg("`%s` looks at payload", good[i]);
        pcap_freecode(&program);
    }
    pcap_close(p);
}

static bool passes(const char *expression, const struct frame *f) {
    uint8_t bytes[128];
    struct bpf_program program;
    struct pcap_pkthdr h = {0};
    pcap_t *p = pcap_open_dead(DLT_EN10MB, 2048);
    if (pcap_compile(p, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        fail_msg("`%s`: %s", expression, pcap_geterr(p));
    assert_true(program.bf_len <= 4096);
    h.caplen = h.len = hex_bytes(f->hex, bytes);
    bool result = pcap_offline_filter(&program, &h, bytes) != 0;
    pcap_freecode(&program);
    pcap_close(p);
    return result;
}

static void expect(const struct msg_start *start, const struct frame *f, bool want) {
    static struct filter_text text;
    assert_true(filter_build(start, NULL, true, &text));
    if (passes(text.kernel, f) != want)
        fail_msg("%s: %s by `%s`", f->name, want ? "kept out" : "let through", text.kernel);
}

static void test_filter_domain_and_diagnosis_take_everything(void **state) {
    (void)state;
    static struct filter_text text;
    struct msg_start s = {.mode = MODE_DOMAIN};
    assert_true(filter_build(&s, NULL, true, &text));
    assert_string_equal(text.kernel, "");
    s.mode = MODE_DIAGNOSIS;
    assert_true(filter_build(&s, NULL, true, &text));
    assert_string_equal(text.kernel, "");
}

static void test_filter_web(void **state) {
    (void)state;
    struct msg_start s = {.mode = MODE_WEB};
    const struct frame *in[] = {&http, &http6, &vlan_http, &dns,     &quic,
                                &ping, &arp,   &ssh_syn,   &ssh_rst, &ssh6_syn};
    const struct frame *out[] = {&ssh, &ssh6_data, &vlan_ssh, &ntp};
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) expect(&s, in[i], true);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) expect(&s, out[i], false);
    uint64_t port = 22;
    s.ports = &port;
    s.ports_n = 1;
    expect(&s, &ssh, true); /* a target's port is added */
}

static void test_filter_port(void **state) {
    (void)state;
    uint64_t ports[LIM_TARGET_PORTS] = {22};
    struct msg_start s = {.mode = MODE_PORT, .ports = ports, .ports_n = 1};
    const struct frame *in[] = {&ssh,  &ssh6_data, &vlan_ssh, &dns,
                                &ping, &arp,       &ssh_syn,  &later_fragment};
    const struct frame *out[] = {&http, &http6, &vlan_http, &ntp, &quic};
    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) expect(&s, in[i], true);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) expect(&s, out[i], false);
    for (uint32_t i = 0; i < LIM_TARGET_PORTS; i++) ports[i] = 65535 - i;
    s.ports_n = LIM_TARGET_PORTS;
    expect(&s, &http, false); /* and it still compiles within the kernel's limit */
}

static void test_filter_joins_the_callers(void **state) {
    (void)state;
    struct msg_start s = {.mode = MODE_WEB, .filter = "host 192.0.2.1"};
    expect(&s, &http, true);
    expect(&s, &http6, false);
    expect(&s, &vlan_http, true);
    memcpy(s.filter, "tcp or udp", 11); /* must not leak out of its brackets */
    expect(&s, &ssh, false);
    s.filter_only = true;
    expect(&s, &ssh, true);
    expect(&s, &vlan_ssh, true);
    expect(&s, &arp, false);
    memcpy(s.filter, "vlan 5", 7);
    s.filter_only = false;
    expect(&s, &vlan_http, true);
    expect(&s, &http, false);
    expect(&s, &vlan_ssh, false);
}

static void test_filter_leaves_out_the_clients_own_connections(void **state) {
    (void)state;
    struct msg_endpoint own[LIM_TARGET_ADDRESSES];
    struct msg_start s = {.mode = MODE_DIAGNOSIS, .exclude = own, .exclude_n = 1};
    own[0] = (struct msg_endpoint){addr_from_bytes((const uint8_t[]){192, 0, 2, 2}, 4), 80};
    expect(&s, &http, false);
    expect(&s, &ssh, true);
    expect(&s, &http6, true);
    s.mode = MODE_WEB;
    expect(&s, &http, false);
    expect(&s, &quic, true);
    for (uint32_t i = 0; i < LIM_TARGET_ADDRESSES; i++) own[i] = own[0];
    s.exclude_n = LIM_TARGET_ADDRESSES;
    expect(&s, &http, false);
}

static void test_filter_longest_fits(void **state) {
    (void)state;
    static struct filter_text text;
    uint64_t ports[LIM_TARGET_PORTS];
    struct msg_endpoint own[8];
    struct msg_start s = {.mode = MODE_PORT,
                          .ports = ports,
                          .ports_n = LIM_TARGET_PORTS,
                          .exclude = own,
                          .exclude_n = 8};
    uint8_t longest[16];
    memset(longest, 0xab, sizeof longest);
    for (uint32_t i = 0; i < LIM_TARGET_PORTS; i++) ports[i] = 65535;
    for (uint32_t i = 0; i < 8; i++)
        own[i] = (struct msg_endpoint){addr_from_bytes(longest, 16), 65535};
    memset(s.filter, ' ', LIM_FILTER);
    memcpy(s.filter, "ip", 2);
    assert_true(filter_build(&s, NULL, true, &text));
    assert_true(strlen(text.kernel) < sizeof text.kernel - 1);
    assert_null(strstr(text.shown, "vlan")); /* the caller is shown it once, untagged */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_check_lets_plain_filters_through),
        cmocka_unit_test(test_filter_check_refuses_naming_the_place),
        cmocka_unit_test(test_filter_check_bounds_the_length),
        cmocka_unit_test(test_filter_check_agrees_with_libpcap),
        cmocka_unit_test(test_filter_check_keeps_payload_out_of_sight),
        cmocka_unit_test(test_filter_check_stops_what_would_see_payload),
        cmocka_unit_test(test_filter_domain_and_diagnosis_take_everything),
        cmocka_unit_test(test_filter_web),
        cmocka_unit_test(test_filter_port),
        cmocka_unit_test(test_filter_joins_the_callers),
        cmocka_unit_test(test_filter_leaves_out_the_clients_own_connections),
        cmocka_unit_test(test_filter_longest_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
