#ifndef CAPD_DECODE_RTP_H
#define CAPD_DECODE_RTP_H
#include "common/bytes.h"

/* Headers of RTP and RTCP packets (RFC 3550 sections 5.1 and 6.4).  Neither has a number that says
 * what it is: RTP_OK means "could be", and only several packets that go together make it so. */

enum rtp_status {
    RTP_OK,
    RTP_INCOMPLETE, /* the bytes end before the header does */
    RTP_NOT_RTP     /* breaks the header's rules */
};

struct rtp_header {
    bool marker, padding;
    uint8_t payload_type; /* 0..127 */
    uint8_t sources;      /* CSRC count */
    uint16_t seq;
    uint32_t timestamp, ssrc;
    uint16_t header_bytes; /* with sources and extension */
};

struct rtcp_header {
    uint8_t type;  /* 200 SR .. 207 XR */
    uint8_t count; /* reports or sources */
    uint32_t ssrc; /* of the sender; 0 when there is none */
    uint16_t bytes;
};

/* Read an RTP header at the start of the datagram `c`. */
enum rtp_status decode_rtp(struct cursor c, struct rtp_header *out);

/* Read the first packet of an RTCP compound.  Of SRTCP (RFC 3711) this part is in clear as well. */
enum rtp_status decode_rtcp(struct cursor c, struct rtcp_header *out);

/* Clock rate of a static payload type, RFC 3551 section 6; 0: dynamic or unassigned. */
uint32_t rtp_static_clock(uint8_t payload_type);

/* Is it a static payload type for speech or music? */
bool rtp_static_audio(uint8_t payload_type);
#endif
