#ifndef TESTS_UNIT_FRAMES_H
#define TESTS_UNIT_FRAMES_H
#include "capd/decode/packet.h"
#include <stdlib.h>

/* Golden frames, written by hand from the RFCs, and what they must decode to.  Addresses are those
 * reserved for documentation: client 192.0.2.1 or 2001:db8::1, server 203.0.113.9 or 2001:db8::9,
 * tunnel ends 198.51.100.1 and .2; ports 50000 (c350) and 443 (01bb).  Checksums are zero: nobody
 * here looks at them. */

#define HELLO "68656c6c6f" /* payload, 5 bytes */

#define ETH(type)       "020000000002 020000000001" type
#define IP4(len, proto) IP4_FRAG(len, "4000", proto)
#define IP4_FRAG(len, fragment, proto)                                                             \
    "45 00" len "1234" fragment "40" proto "0000 c0000201 cb007109"
#define IP4_OUTER(len, proto) "45 00" len "0001 0000 40" proto "0000 c6336401 c6336402"
#define ADDR6_CLIENT          "20010db8 00000000 00000000 00000001"
#define ADDR6_SERVER          "20010db8 00000000 00000000 00000009"
#define IP6(len, next)        "60000000" len next "40" ADDR6_CLIENT ADDR6_SERVER
#define TCP(flags)            "c350 01bb 00000064 000000c8 50" flags "2000 0000 0000" /* 20 bytes */
#define UDP(len)              "c350 01bb" len "0000"
#define TCP_HELLO             TCP("18") HELLO             /* 25 bytes = 0x19 */
#define IP4_HELLO             IP4("002d", "06") TCP_HELLO /* 45 bytes = 0x2d */
#define IP6_HELLO             IP6("0019", "06") TCP_HELLO /* 65 bytes = 0x41 */
#define ETH_HELLO             ETH("0800") IP4_HELLO       /* 59 bytes = 0x3b */
#define ZERO_16               "00000000 00000000 00000000 00000000"

#define P(name) (1u << PROTO_##name)

struct frame {
    const char *name;
    int datalink;
    const char *hex;
    enum decode_status status;
    uint32_t layers;
    uint8_t ip_version; /* innermost: 4 and 6 have the client's and server's address */
    uint8_t ip_proto;
    uint16_t sport, dport; /* 0: none */
    uint32_t payload_bytes;
    uint8_t tunnels, vlans;
};

/* What most frames carry in the end: IPv4, TCP, "hello". */
#define IS_HELLO4 DECODE_OK, P(IPV4) | P(TCP), 4, 6, 50000, 443, 5
#define IS_HELLO6 DECODE_OK, P(IPV6) | P(TCP), 6, 6, 50000, 443, 5

static const struct frame frames[] = {
    /* ---- link layers */
    {"ethernet", 1, ETH_HELLO, IS_HELLO4, 0, 0},
    {"vlan", 1, ETH("8100") "0064 0800" IP4_HELLO, IS_HELLO4, 0, 1},
    {"qinq", 1, ETH("88a8") "0064 8100 00c8 86dd" IP6_HELLO, IS_HELLO6, 0, 2},
    {"snap", 1, ETH("0035") "aaaa03 000000 0800" IP4_HELLO, IS_HELLO4, 0, 0},
    {"spanning-tree", 1,
     ETH("0026") "424203 0000 00 00 00 8000020000000001 00000000 8000020000000001 8001"
                 "0000 1400 0200 0f00",
     DECODE_OK, P(STP), 0, 0, 0, 0, 0, 0, 0},
    {"spanning-tree-per-vlan", 1, ETH("000c") "aaaa03 00000c 010b 0000 00 80", DECODE_OK, P(STP), 0,
     0, 0, 0, 0, 0, 0},
    /* rapid, flags 3d: topology change, designated, learning, forwarding, agreement off */
    {"spanning-tree-rapid", 1,
     ETH("0027") "424203 0000 02 02 3d 8000020000000001 00004e20 8000020000000002 8002"
                 "0100 1400 0200 0f00 00",
     DECODE_OK, P(STP), 0, 0, 0, 0, 0, 0, 0},
    {"spanning-tree-short", 1, ETH("0010") "424203 0000 00 00 00 8000020000000001",
     DECODE_LINK_MALFORMED, P(STP), 0, 0, 0, 0, 0, 0, 0},
    {"spanning-tree-unknown", 1, ETH("0007") "424203 0001 00 00", DECODE_LINK_MALFORMED, P(STP), 0,
     0, 0, 0, 0, 0, 0},
    {"lldp", 1, ETH("88cc") "0207 04020000000001 0000", DECODE_LINK_UNKNOWN, P(OTHER), 0, 0, 0, 0,
     0, 0, 0},
    {"netbeui", 1, ETH("0004") "f0f07f 00", DECODE_LINK_UNKNOWN, P(OTHER), 0, 0, 0, 0, 0, 0, 0},
    {"pppoe", 1, ETH("8864") "11 00 0001 002f 0021" IP4_HELLO, IS_HELLO4, 0, 0},
    {"pppoe-ipv6", 1, ETH("8864") "11 00 0001 0043 0057" IP6_HELLO, IS_HELLO6, 0, 0},
    {"pppoe-vlan", 1, ETH("8100") "0007 8864 11 00 0001 002f 0021" IP4_HELLO, IS_HELLO4, 0, 1},
    {"pppoe-discovery", 1, ETH("8863") "11 09 0000 0004 0101 0000", DECODE_LINK_UNKNOWN, P(OTHER),
     0, 0, 0, 0, 0, 0, 0},
    {"sll", 113, "0004 0001 0006 020000000001 0000 0800" IP4_HELLO, IS_HELLO4, 0, 0},
    {"sll-llc", 113, "0000 0001 0006 020000000001 0000 0004 aaaa03 000000 0800" IP4_HELLO,
     IS_HELLO4, 0, 0},
    {"sll2", 276, "86dd 0000 00000002 0001 04 06 020000000001 0000" IP6_HELLO, IS_HELLO6, 0, 0},
    {"null-little-endian", 0, "02000000" IP4_HELLO, IS_HELLO4, 0, 0},
    {"null-big-endian", 0, "0000001c" IP6_HELLO, IS_HELLO6, 0, 0},
    {"loop", 108, "00000018" IP6_HELLO, IS_HELLO6, 0, 0},
    {"raw", 101, IP4_HELLO, IS_HELLO4, 0, 0},
    {"raw-bsd", 12, IP6_HELLO, IS_HELLO6, 0, 0},
    {"raw-ipv4", 228, IP4_HELLO, IS_HELLO4, 0, 0},
    {"raw-ipv6", 229, IP6_HELLO, IS_HELLO6, 0, 0},
    {"ppp", 9, "ff03 0021" IP4_HELLO, IS_HELLO4, 0, 0},
    {"ppp-compressed", 9, "57" IP6_HELLO, IS_HELLO6, 0, 0},
    {"ppp-lcp", 50, "ff03 c021 0901 0008 00000000", DECODE_LINK_UNKNOWN, P(OTHER), 0, 0, 0, 0, 0, 0,
     0},
    {"hdlc", 104, "0f00 0800" IP4_HELLO, IS_HELLO4, 0, 0},
    {"unknown-link-type", 147, "00", DECODE_LINK_UNKNOWN, 0, 0, 0, 0, 0, 0, 0, 0},
    /* from an access point: flags 02; addresses receiver, BSSID, source */
    {"wifi", 105,
     "08 02 0000 020000000002 020000000003 020000000001 1000 aaaa03 000000 0800" IP4_HELLO,
     IS_HELLO4, 0, 0},
    /* radiotap of 18 bytes: time, flags (20: padded), rate; QoS data to an access point, 2 bytes
       pad */
    {"radiotap-qos", 127,
     "00 00 1200 07000000 0102030405060708 20 02"
     "88 01 0000 020000000003 020000000001 020000000002 1000 0000 0000"
     "aaaa03 000000 86dd" IP6_HELLO,
     IS_HELLO6, 0, 0},
    /* A-MSDU: QoS control 80; subframe header with length 53 */
    {"wifi-aggregate", 105,
     "88 01 0000 020000000003 020000000001 020000000002 1000 8000"
     "020000000002 020000000001 0035 aaaa03 000000 0800" IP4_HELLO,
     IS_HELLO4, 0, 0},
    /* flags 50: FCS at the end, and it is wrong */
    {"radiotap-bad-fcs", 127,
     "00 00 0900 02000000 50"
     "08 02 0000 020000000002 020000000003 020000000001 1000 aaaa03 000000 0800" IP4_HELLO
     "00000000",
     DECODE_OK, P(OTHER), 0, 0, 0, 0, 0, 0, 0},
    /* flags 10: FCS at the end */
    {"radiotap-fcs", 127,
     "00 00 0900 02000000 10"
     "08 02 0000 020000000002 020000000003 020000000001 1000 aaaa03 000000 0800" IP4_HELLO
     "00000000",
     IS_HELLO4, 0, 0},
    {"wifi-bridge", 105,
     "08 03 0000 020000000004 020000000003 020000000002 1000 020000000001"
     "aaaa03 000000 0800" IP4_HELLO,
     IS_HELLO4, 0, 0},
    {"wifi-protected", 105, "08 42 0000 020000000002 020000000003 020000000001 1000 0011223344",
     DECODE_OK, P(OTHER), 0, 0, 0, 0, 0, 0, 0},
    {"wifi-beacon", 105, "80 00 0000 ffffffffffff 020000000003 020000000003 1000" ZERO_16,
     DECODE_OK, P(OTHER), 0, 0, 0, 0, 0, 0, 0},
    {"prism-avs", 119,
     "80211001 00000040" ZERO_16 ZERO_16 ZERO_16 "0000000000000000"
     "08 02 0000 020000000002 020000000003 020000000001 1000 aaaa03 000000 0800" IP4_HELLO,
     IS_HELLO4, 0, 0},
    {"ppi", 192,
     "00 00 0800 69000000"
     "08 02 0000 020000000002 020000000003 020000000001 1000 aaaa03 000000 0800" IP4_HELLO,
     IS_HELLO4, 0, 0},

    /* ---- network layer */
    {"arp-request", 1,
     ETH("0806") "0001 0800 06 04 0001 020000000001 c0000201 000000000000 cb007109", DECODE_OK,
     P(ARP), 0, 0, 0, 0, 0, 0, 0},
    {"arp-reply", 1,
     ETH("0806") "0001 0800 06 04 0002 020000000002 cb007109 020000000001 c0000201"
                 "0000 00000000 00000000 00000000 00000000",
     DECODE_OK, P(ARP), 0, 0, 0, 0, 0, 0, 0},
    {"padded", 1, ETH("0800") IP4("0028", "06") TCP("10") "000000000000", DECODE_OK,
     P(IPV4) | P(TCP), 4, 6, 50000, 443, 0, 0, 0},
    {"length-zero", 1, ETH("0800") IP4("0000", "06") TCP_HELLO, IS_HELLO4, 0, 0},
    {"ip-options", 1,
     ETH("0800") "46 00 0031 1234 4000 40 06 0000 c0000201 cb007109 94040000" TCP_HELLO, IS_HELLO4,
     0, 0},
    {"ip-fragment-first", 1, ETH("0800") IP4_FRAG("002c", "2000", "06") TCP("18") "68656c6c",
     DECODE_OK, P(IPV4), 4, 6, 0, 0, 24, 0, 0},
    {"ip-fragment-last", 1, ETH("0800") IP4_FRAG("0015", "0003", "06") "6f", DECODE_OK, P(IPV4), 4,
     6, 0, 0, 1, 0, 0},
    {"ipv6-options", 1,
     ETH("86dd") IP6("0029", "00") "3c 00 0104 00000000"
                                   "06 00 0104 00000000" TCP_HELLO,
     IS_HELLO6, 0, 0},
    {"ipv6-fragment-first", 1,
     ETH("86dd") IP6("0020", "2c") "06 00 0001 89abcdef" TCP("18") "68656c6c", DECODE_OK, P(IPV6),
     6, 6, 0, 0, 24, 0, 0},
    {"ipv6-fragment-last", 1,
     ETH("86dd") IP6("0009", "2c") "06 00 0018 89abcdef"
                                   "6f",
     DECODE_OK, P(IPV6), 6, 6, 0, 0, 1, 0, 0},
    {"ipv6-atomic-fragment", 1, ETH("86dd") IP6("0021", "2c") "06 00 0000 89abcdef" TCP_HELLO,
     IS_HELLO6, 0, 0},
    {"ipv6-jumbogram", 1, ETH("86dd") IP6("0000", "00") "06 00 c204 00000021" TCP_HELLO, IS_HELLO6,
     0, 0},
    {"ipv6-no-next-header", 1, ETH("86dd") IP6("0000", "3b"), DECODE_OK, P(IPV6), 6, 59, 0, 0, 0, 0,
     0},
    {"auth-header", 1, ETH("0800") IP4("0045", "33") "06 04 0000" ZERO_16 "00000000" TCP_HELLO,
     IS_HELLO4, 0, 0},
    {"igmp", 1, ETH("0800") IP4("001c", "02") "16 00 0000 e0000001", DECODE_OK, P(IPV4) | P(IGMP),
     4, 2, 0, 0, 8, 0, 0},
    {"esp", 1, ETH("0800") IP4("0024", "32") ZERO_16, DECODE_OK, P(IPV4) | P(ESP), 4, 50, 0, 0, 16,
     0, 0},
    {"ospf", 1, ETH("0800") IP4("0018", "59") "02010000", DECODE_IP_UNKNOWN, P(IPV4), 4, 89, 0, 0,
     4, 0, 0},

    /* ---- transport layer */
    /* MSS 1460, SACK permitted, timestamps 100/0, no-op, window scale 7 */
    {"tcp-syn", 1,
     ETH("0800") IP4("003c", "06") "c350 01bb 00000064 00000000 a0 02 ffff 0000 0000"
                                   "020405b4 0402 080a0000006400000000 01 030307",
     DECODE_OK, P(IPV4) | P(TCP), 4, 6, 50000, 443, 0, 0, 0},
    {"tcp-sack", 1,
     ETH("0800") IP4("003c", "06") "c350 01bb 00000064 000000c8 a0 10 2000 0000 0000"
                                   "0101 0512 00001000 00001100 00001200 00001300",
     DECODE_OK, P(IPV4) | P(TCP), 4, 6, 50000, 443, 0, 0, 0},
    {"udp", 1, ETH("0800") IP4("0021", "11") UDP("000d") HELLO, DECODE_OK, P(IPV4) | P(UDP), 4, 17,
     50000, 443, 5, 0, 0},
    {"udp-padded", 1, ETH("0800") IP4("0025", "11") UDP("000d") HELLO "00000000", DECODE_OK,
     P(IPV4) | P(UDP), 4, 17, 50000, 443, 5, 0, 0},
    {"udp6", 1, ETH("86dd") IP6("000d", "11") UDP("000d") HELLO, DECODE_OK, P(IPV6) | P(UDP), 6, 17,
     50000, 443, 5, 0, 0},
    {"sctp", 1, ETH("0800") IP4("0030", "84") "c350 01bb 00000001 00000000" ZERO_16, DECODE_OK,
     P(IPV4) | P(SCTP), 4, 132, 50000, 443, 16, 0, 0},
    /* verification tag 0; INIT, length 20, initiate tag 01020304, window, streams, first TSN */
    {"sctp-init", 1,
     ETH("0800") IP4("0034", "84") "c350 01bb 00000000 00000000 01 00 0014 01020304 00010000 000a"
                                   "000a 00000001",
     DECODE_OK, P(IPV4) | P(SCTP), 4, 132, 50000, 443, 20, 0, 0},
    {"sctp-abort", 1, ETH("0800") IP4("0024", "84") "c350 01bb 00000007 00000000 06 00 0004",
     DECODE_OK, P(IPV4) | P(SCTP), 4, 132, 50000, 443, 4, 0, 0},
    {"icmp-echo", 1, ETH("0800") IP4("0021", "01") "08 00 0000 beef 0007" HELLO, DECODE_OK,
     P(IPV4) | P(ICMP), 4, 1, 0, 0, 5, 0, 0},
    {"icmp-port-unreachable", 1,
     ETH("0800") IP4("0038", "01") "03 03 0000 00000000" IP4("0021", "11") UDP("000d"), DECODE_OK,
     P(IPV4) | P(ICMP), 4, 1, 0, 0, 28, 0, 0},
    {"icmp-fragmentation-needed", 1,
     ETH("0800") IP4("0038", "01") "03 04 0000 0000 0578" IP4("05dc", "06") "c350 01bb 00000064",
     DECODE_OK, P(IPV4) | P(ICMP), 4, 1, 0, 0, 28, 0, 0},
    {"icmpv6-echo", 1, ETH("86dd") IP6("000d", "3a") "80 00 0000 beef 0007" HELLO, DECODE_OK,
     P(IPV6) | P(ICMPV6), 6, 58, 0, 0, 5, 0, 0},
    {"icmpv6-packet-too-big", 1,
     ETH("86dd") IP6("0038", "3a") "02 00 0000 00000500" IP6(
         "05a0",
         "3c") "06 00 0104 00000000"
               "c350 01bb 00000064"
               "", /* 8 + 40 + 8 (options) = 56 = 0x38 without the ports: they are padding here */
     DECODE_OK, P(IPV6) | P(ICMPV6), 6, 58, 0, 0, 48, 0, 0},

    /* ---- tunnels */
    {"ip-in-ip", 1, ETH("0800") IP4_OUTER("0041", "04") IP4_HELLO, IS_HELLO4, 1, 0},
    {"6in4", 1, ETH("0800") IP4_OUTER("0055", "29") IP6_HELLO, DECODE_OK,
     P(IPV4) | P(IPV6) | P(TCP), 6, 6, 50000, 443, 5, 1, 0},
    {"gre", 1, ETH("0800") IP4_OUTER("0045", "2f") "0000 0800" IP4_HELLO, DECODE_OK,
     P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"nvgre", 1,
     ETH("0800") IP4_OUTER("005b", "2f") "3000 6558 00123400 00000001" ETH_HELLO "00000000",
     DECODE_OK, P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"gre-checksum", 1, ETH("0800") IP4_OUTER("0049", "2f") "8000 0800 00000000" IP4_HELLO,
     DECODE_OK, P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"pptp", 1,
     ETH("0800") IP4_OUTER("0055", "2f") "3081 880b 0031 0001 00000001 00000000"
                                         "ff03 0021" IP4_HELLO,
     DECODE_OK, P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"pptp-ack", 1, ETH("0800") IP4_OUTER("0020", "2f") "2081 880b 0000 0001 00000001", DECODE_OK,
     P(IPV4) | P(GRE), 4, 47, 0, 0, 12, 0, 0},
    {"erspan-1", 1, ETH("0800") IP4_OUTER("0053", "2f") "0000 88be" ETH_HELLO, DECODE_OK,
     P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"erspan-2", 1,
     ETH("0800") IP4_OUTER("005f", "2f") "1000 88be 00000001 1001000a 00000000" ETH_HELLO,
     DECODE_OK, P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"erspan-3", 1,
     ETH("0800") IP4_OUTER("006b", "2f") "1000 22eb 00000001 2001000a 00000000 00000001"
                                         "00000000 00000000" ETH_HELLO,
     DECODE_OK, P(IPV4) | P(GRE) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"mpls", 1, ETH("8847") "0001003f 0002013f" IP4_HELLO, IS_HELLO4, 0, 0},
    {"mpls-two-labels-ipv6", 1, ETH("8848") "0001003f 0002013f" IP6_HELLO, IS_HELLO6, 0, 0},
    {"mpls-pseudo-wire", 1, ETH("8847") "0002013f 00000000" ETH_HELLO, IS_HELLO4, 0, 0},
    {"vxlan", 1,
     ETH("0800") IP4_OUTER("005f", "11") "c000 12b5 004b 0000 08000000 00002a00" ETH_HELLO,
     DECODE_OK, P(IPV4) | P(UDP) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"geneve", 1,
     ETH("0800") IP4_OUTER("0063", "11") "c000 17c1 004f 0000 01006558 00002a00 01020300" ETH_HELLO,
     DECODE_OK, P(IPV4) | P(UDP) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    /* extension header flag; sequence, N-PDU, next 85: PDU session container of 4 bytes, next 0 */
    {"gtp", 1,
     ETH("0800") IP4_OUTER("0059", "11") "0868 0868 0045 0000 34 ff 0035 00000001 0000 00 85"
                                         "01 0001 00" IP4_HELLO,
     DECODE_OK, P(IPV4) | P(UDP) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    /* authentication (no id, no value, nonce, confirmation) and origin indication */
    {"teredo", 1,
     ETH("0800") IP4_OUTER("0072", "11") "c000 0dd8 005e 0000 0001 00 00 0000000000000001 00"
                                         "0000 3caf 3fffff80" IP6_HELLO,
     DECODE_OK, P(IPV4) | P(UDP) | P(IPV6) | P(TCP), 6, 6, 50000, 443, 5, 1, 0},
    {"not-vxlan", 1,
     ETH("0800") IP4("005f", "11") "c350 12b5 004b 0000 00000000 00002a00" ETH_HELLO, DECODE_OK,
     P(IPV4) | P(UDP), 4, 17, 50000, 4789, 67, 0, 0},
    {"vxlan-linux", 1,
     ETH("0800") IP4_OUTER("005f", "11") "c000 2118 004b 0000 08000000 00002a00" ETH_HELLO,
     DECODE_OK, P(IPV4) | P(UDP) | P(TCP), 4, 6, 50000, 443, 5, 1, 0},
    {"not-vxlan-linux", 1,
     ETH("0800") IP4("005f", "11") "c350 2118 004b 0000 08000000 00002a01" ETH_HELLO, DECODE_OK,
     P(IPV4) | P(UDP), 4, 17, 50000, 8472, 67, 0, 0},
    {"not-teredo", 1, ETH("0800") IP4("0021", "11") "c350 0dd8 000d 0000" HELLO, DECODE_OK,
     P(IPV4) | P(UDP), 4, 17, 50000, 3544, 5, 0, 0},
    {"vxlan-arp", 1,
     ETH("0800") IP4("004e", "11") "c350 12b5 003a 0000 08000000 00002a00" ETH(
         "0806") "0001 0800 06 04 0001 020000000001 c0000201 000000000000 cb007109",
     DECODE_OK, P(IPV4) | P(UDP) | P(ARP), 4, 17, 50000, 4789, 50, 0, 0},
    {"nested-too-deep", 1,
     ETH("0800") IP4("0091", "04") IP4("007d", "04") IP4("0069", "04") IP4("0055", "04")
         IP4("0041", "04") IP4_HELLO,
     DECODE_TUNNEL_MALFORMED, P(IPV4), 4, 4, 0, 0, 45, 4, 0},

    /* ---- contradictions */
    {"bad-version", 1, ETH("0800") "75 00 002d", DECODE_IP_MALFORMED, 0, 0, 0, 0, 0, 0, 0, 0},
    {"bad-header-length", 1,
     ETH("0800") "44 00 002d 1234 4000 40 06 0000 c0000201 cb007109" TCP_HELLO, DECODE_IP_MALFORMED,
     0, 0, 0, 0, 0, 0, 0, 0},
    {"total-below-header", 1, ETH("0800") IP4("0010", "06") TCP_HELLO, DECODE_IP_MALFORMED, P(IPV4),
     4, 6, 0, 0, 0, 0, 0},
    {"total-beyond-frame", 1, ETH("0800") IP4("0100", "06") TCP_HELLO, DECODE_IP_MALFORMED,
     P(IPV4) | P(TCP), 4, 6, 50000, 443, 5, 0, 0},
    {"tcp-offset-4", 1,
     ETH("0800") IP4("0028", "06") "c350 01bb 00000064 000000c8 40 18 2000 0000 0000",
     DECODE_TCP_MALFORMED, P(IPV4), 4, 6, 50000, 443, 0, 0, 0},
    {"tcp-offset-beyond", 1,
     ETH("0800") IP4("0028", "06") "c350 01bb 00000064 000000c8 f0 18 2000 0000 0000",
     DECODE_TCP_MALFORMED, P(IPV4), 4, 6, 50000, 443, 0, 0, 0},
    {"tcp-option-beyond", 1,
     ETH("0800") IP4("002c", "06") "c350 01bb 00000064 00000000 60 02 2000 0000 0000 0208 05b4",
     DECODE_TCP_MALFORMED, P(IPV4) | P(TCP), 4, 6, 50000, 443, 0, 0, 0},
    {"udp-length-4", 1, ETH("0800") IP4("0021", "11") UDP("0004") HELLO, DECODE_UDP_MALFORMED,
     P(IPV4) | P(UDP), 4, 17, 50000, 443, 0, 0, 0},
    {"udp-length-beyond", 1, ETH("0800") IP4("0021", "11") UDP("0100") HELLO, DECODE_UDP_MALFORMED,
     P(IPV4) | P(UDP), 4, 17, 50000, 443, 5, 0, 0},
    {"short-ethernet", 1, "020000000002 0200", DECODE_LINK_MALFORMED, 0, 0, 0, 0, 0, 0, 0, 0},
    {"snap-beyond-length", 1, ETH("0010") "aaaa03 000000 0800" IP4_HELLO, DECODE_IP_MALFORMED, 0, 0,
     0, 0, 0, 0, 0, 0},
    {"arp-for-another-protocol", 1,
     ETH("0806") "0001 8137 06 04 0001 020000000001 c0000201 000000000000 cb007109",
     DECODE_ARP_MALFORMED, P(ARP), 0, 0, 0, 0, 0, 0, 0},
    {"arp-for-ipx", 1, ETH("0806") "0001 8137 06 02 0001 020000000001 0001 000000000000 0002",
     DECODE_ARP_MALFORMED, P(ARP), 0, 0, 0, 0, 0, 0, 0},
    {"nine-extension-headers", 1,
     ETH("86dd") IP6("0048", "3c") "3c00010400000000"
                                   "3c00010400000000"
                                   "3c00010400000000"
                                   "3c00010400000000"
                                   "3c00010400000000"
                                   "3c00010400000000"
                                   "3c00010400000000"
                                   "3c00010400000000"
                                   "3b00010400000000",
     DECODE_IP_MALFORMED, P(IPV6), 6, 60, 0, 0, 0, 0, 0},
    {"nine-tags", 1,
     ETH("8100") "00018100 00018100 00018100 00018100 00018100 00018100 00018100 00018100 00010800",
     DECODE_LINK_MALFORMED, 0, 0, 0, 0, 0, 0, 0, 8},
};
#define FRAMES          (sizeof frames / sizeof frames[0])
#define FRAME_MAX_BYTES 512u

static inline int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of a hex text; blanks are skipped.  Aborts when the text is no hex or does not fit. */
static inline uint32_t hex_read(const char *hex, uint8_t *out, uint32_t cap) {
    uint32_t n = 0;
    for (; *hex != '\0'; hex++) {
        if (*hex == ' ') continue;
        int high = hex_digit(hex[0]), low = hex_digit(hex[1]);
        if (high < 0 || low < 0 || n == cap) abort();
        out[n++] = (uint8_t)(high << 4 | low);
        hex++;
    }
    return n;
}
#endif
