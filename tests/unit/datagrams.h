#ifndef TESTS_UNIT_DATAGRAMS_H
#define TESTS_UNIT_DATAGRAMS_H
#include "tests/unit/frames.h"

/* Datagrams of QUIC, RTP, NTP and STUN: the samples of RFC 9001 appendix A, RFC 9369 appendix A and
 * RFC 5769, as far as their headers go, and examples by hand from RFC 3550 and RFC 5905. */

/* RFC 9001 A.2: 1182 of 1200 bytes are packet number and sealed payload, of which the first few. */
#define QUIC_CLIENT_INITIAL                                                                        \
    "c0 00000001 08 8394c8f03e515708 00 00 449e 7b9aec34 d1b1c98dd7689fb8ec11d242b123dc9b"
#define QUIC_CLIENT_INITIAL_BYTES 1200u
/* A.3, whole */
#define QUIC_SERVER_INITIAL                                                                        \
    "cf 00000001 00 08 f067a5502a4262b5 00 4075 c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69"  \
    "797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bde" \
    "d74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074" \
    "ee"
#define QUIC_RETRY_V1                                                                              \
    "ff 00000001 00 08 f067a5502a4262b5 746f6b656e 04a265ba2eff4d829058fb3f0f2496ba" /* A.4 */
#define QUIC_SHORT_V1 "4cfe4189655e5cd55c41f69080575d7999c25a5bfb"                   /* A.5 */

/* RFC 9369 appendix A: the same of version 2 */
#define QUIC_CLIENT_INITIAL_V2                                                                     \
    "d3 6b3343cf 08 8394c8f03e515708 00 00 449e a0c95e82 ffe67b6abcdb4298"
#define QUIC_RETRY_V2                                                                              \
    "cf 6b3343cf 00 08 f067a5502a4262b5 746f6b656e c8646ce8bfe33952d955543665dcc7b6"

#define QUIC_NEGOTIATION "80 00000000 08 f067a5502a4262b5 08 8394c8f03e515708 00000001 6b3343cf"
#define QUIC_ZERO_RTT_V1                                                                           \
    "d0 00000001 08 8394c8f03e515708 04 0a0b0c0d 4015 00000000 0000000000000000 "                  \
    "000000000000000000"
#define QUIC_HANDSHAKE_V1                                                                          \
    "e0 00000001 04 0a0b0c0d 08 f067a5502a4262b5 4015 00000000 0000000000000000 "                  \
    "000000000000000000"
#define QUIC_GREASED "ca 1a2a3a4a 02 0102 03 010203 ffffffffffffffff" /* RFC 9000 section 15 */

#define RTP_PLAIN  "80 00 1234 00000140 deadbeef ffffffff"
#define RTP_MARKED "a0 e0 ffff ffffff60 00000001 00000004" /* padded, marker, type 96 */
#define RTP_MIXED  "92 08 0001 00000000 0a0b0c0d 00000011 00000012 bede0001 51000000 d5d5"
#define RTCP_SENDER                                                                                \
    "80 c8 0006 deadbeef e1b2c3d4 00000000 00000140 00000002 00000140" /* no report in it */
#define RTCP_RECEIVER "81 c9 0007 0a0b0c0d deadbeef 00000000 00001236 00000010 b2c3d400 00010000"
#define RTCP_BYE      "81 cb 0001 deadbeef"

#define NTP_48(first, stratum, refid)                                                              \
    first stratum "06ec 00000a00 00000b00" refid "0000000000000000 0000000000000000"               \
                  "0000000000000000 e1b2c3d480000000"
#define NTP_ASKS    NTP_48("23", "00", "00000000")
#define NTP_ANSWERS NTP_48("24", "02", "c0000201")
#define NTP_KISS    NTP_48("e4", "00", "52415445")   /* RATE */
#define NTP_LOST    NTP_48("dc", "10", "00000000")   /* version 3, clock not set, stratum 16 */
#define NTP_QUERY   "16 01 0001 0000 0000 0000 0000" /* mode 6 */

#define STUN_ID       "b7e7a701bc34d686fa87dfae" /* RFC 5769 */
#define STUN_ASKS     "0001 0010 2112a442" STUN_ID "8024 0004 6e0001ff 8029 0004 932ff9b1"
#define STUN_ANSWERS  "0101 000c 2112a442" STUN_ID "0020 0008 0001a147 e112a643"
#define STUN_REFUSED  "0111 0008 2112a442" STUN_ID "0009 0004 00000401"
#define STUN_TURN     "0003 0008 2112a442" STUN_ID "0019 0004 11000000"
#define STUN_ANNOUNCE "0011 0000 2112a442" STUN_ID
#endif
