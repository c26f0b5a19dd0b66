#ifndef TESTS_UNIT_MESSAGES_H
#define TESTS_UNIT_MESSAGES_H
#include "tests/unit/frames.h"

/* Messages of DHCP and neighbour discovery by hand, from RFC 2131, 8415 and 4861. */

#define ZERO_8   "00000000 00000000"
#define ZERO_64  ZERO_16 ZERO_16 ZERO_16 ZERO_16
#define ZERO_128 ZERO_64 ZERO_64

/* op, transaction 0badcafe, flags, ciaddr, yiaddr, siaddr, giaddr, client 02:00:00:00:00:01 */
#define DHCP4(op, flags, ciaddr, yiaddr, giaddr)                                                   \
    DHCP4_OF("0badcafe", op, flags, ciaddr, yiaddr, giaddr)
#define DHCP4_OF(xid, op, flags, ciaddr, yiaddr, giaddr)                                           \
    op "010600" xid "0000" flags ciaddr yiaddr "00000000" giaddr                                   \
       "020000000001 0000 " ZERO_8 ZERO_64 ZERO_128 "63825363"
#define NO_IP "00000000"

#define DISCOVER4 DHCP4("01", "8000", NO_IP, NO_IP, NO_IP) "350101 0c046e616d65 3704 01030617 ff"
#define OFFER4                                                                                     \
    DHCP4("02", "8000", NO_IP, "c0000264", NO_IP) "350102 3604c0000201 3304 00000e10 ff 0000"
#define REQUEST4 DHCP4("01", "0000", NO_IP, NO_IP, NO_IP) "350103 3204c0000264 3604c0000201 ff"
#define RELAYED4 DHCP4("02", "0000", NO_IP, "c0000264", "c00002fe") "350105 3604cb007109 ff"
/* The type in the field of the boot file (RFC 2132 section 9.3). */
#define OVERLOAD4                                                                                  \
    "02010600 0badcafe 0000 0000" NO_IP "c0000264" NO_IP NO_IP "020000000001 0000" ZERO_8 ZERO_64  \
    "350105 3604c0000201 ff"                                                                       \
    "000000000000000000" ZERO_16 ZERO_16 ZERO_64 ZERO_8 "0000000000 63825363 340101 ff"

/* Transaction 112233; client DUID 0003 0001 020000000001, server DUID ... 02; IA_NA without more */
#define DUID_CLIENT "0001 000a 00030001020000000001"
#define DUID_SERVER "0002 000a 00030001020000000002"
#define IA_NA       "0003 000c 00000001 00000000 00000000"
#define SOLICIT6    "01 112233" DUID_CLIENT "0006 0004 00170018 0008 0002 0000" IA_NA
#define ADVERTISE6  "02 112233" DUID_CLIENT DUID_SERVER IA_NA
#define RAPID6      "07 112233" DUID_CLIENT DUID_SERVER "000e 0000" IA_NA
#define RELAYED6                                                                                   \
    "0c 00" ADDR6_CLIENT ADDR6_SERVER "0012 0002 0001 0009 0029 01 112233" DUID_CLIENT             \
    "0006 0004 00170018 0008 0002 0000 000e0000 00190001 00"

/* What follows the first 8 bytes. */
#define ND_SOLICIT_BODY ADDR6_SERVER "0101 020000000001"
#define ND_ADVERT_BODY  ADDR6_SERVER "0201 020000000002"
/* Reachable 30 s, retransmission 1 s; source, MTU 1480, two prefixes, and one with length 200 */
#define ND_PREFIX(len, flags)                                                                      \
    "0304" len flags "00015180 00003840 00000000 20010db8000000000000000000000000"
#define ND_ROUTER_BODY                                                                             \
    "00007530 000003e8 0101 020000000002 0501 0000 000005c8" ND_PREFIX("40", "c0")                 \
        ND_PREFIX("30", "80") ND_PREFIX("c8", "c0")
#endif
