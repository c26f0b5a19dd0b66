/* RTP and RTCP headers (RFC 3550), told apart as RFC 5761 section 4 has it: a second byte of 192 to
 * 223 is RTCP, wherever both share a port.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/rtp.h"

#define RTP_FIXED_BYTES 12u
#define RTCP_FIRST      192u
#define RTCP_LAST       223u
#define SENDER_REPORT   200u
#define RECEIVER_REPORT 201u
#define RTCP_KNOWN_LAST 207u /* extended reports, RFC 3611 */

static bool extension(struct cursor *c, uint32_t *bytes_out) {
    uint16_t profile, words;
    if (!cursor_be16(c, &profile) || !cursor_be16(c, &words)) return false;
    *bytes_out = 4u + 4u * words;
    return cursor_skip(c, 4u * (size_t)words);
}

enum rtp_status decode_rtp(struct cursor c, struct rtp_header *out) {
    uint8_t first, second;
    memset(out, 0, sizeof *out);
    if (!cursor_u8(&c, &first) || !cursor_u8(&c, &second)) return RTP_INCOMPLETE;
    if (first >> 6 != 2) return RTP_NOT_RTP; /* version */
    if (second >= RTCP_FIRST && second <= RTCP_LAST) return RTP_NOT_RTP;
    if (!cursor_be16(&c, &out->seq) || !cursor_be32(&c, &out->timestamp) ||
        !cursor_be32(&c, &out->ssrc))
        return RTP_INCOMPLETE;
    out->padding = first & 0x20;
    out->sources = first & 0x0f;
    out->marker = second & 0x80;
    out->payload_type = second & 0x7f;
    uint32_t bytes = RTP_FIXED_BYTES + 4u * out->sources, more = 0;
    if (!cursor_skip(&c, 4u * out->sources)) return RTP_INCOMPLETE;
    if (first & 0x10 && !extension(&c, &more)) return RTP_INCOMPLETE;
    if (bytes + more > UINT16_MAX) return RTP_NOT_RTP;
    out->header_bytes = (uint16_t)(bytes + more);
    return RTP_OK;
}

/* Least bytes of a packet of this type that holds `count` reports or sources. */
static uint32_t rtcp_least(uint8_t type, uint8_t count) {
    if (type == SENDER_REPORT) return 28u + 24u * count;
    if (type == RECEIVER_REPORT) return 8u + 24u * count;
    return 4u;
}

enum rtp_status decode_rtcp(struct cursor c, struct rtcp_header *out) {
    uint8_t first, type;
    uint16_t words;
    size_t here = cursor_left(&c);
    memset(out, 0, sizeof *out);
    if (!cursor_u8(&c, &first) || !cursor_u8(&c, &type) || !cursor_be16(&c, &words))
        return RTP_INCOMPLETE;
    if (first >> 6 != 2 || type < SENDER_REPORT || type > RTCP_KNOWN_LAST) return RTP_NOT_RTP;
    uint32_t bytes = 4u * (words + 1u);
    if (bytes < rtcp_least(type, first & 0x1f) || bytes > UINT16_MAX) return RTP_NOT_RTP;
    if (bytes > here) return RTP_INCOMPLETE;
    if (bytes >= 8 && !cursor_be32(&c, &out->ssrc)) return RTP_INCOMPLETE;
    out->type = type;
    out->count = first & 0x1f;
    out->bytes = (uint16_t)bytes;
    return RTP_OK;
}

uint32_t rtp_static_clock(uint8_t payload_type) {
    static const uint32_t clock[35] = {
        [0] = 8000,   [3] = 8000,   [4] = 8000,   [5] = 8000,   [6] = 16000,  [7] = 8000,
        [8] = 8000,   [9] = 8000,   [10] = 44100, [11] = 44100, [12] = 8000,  [13] = 8000,
        [14] = 90000, [15] = 8000,  [16] = 11025, [17] = 22050, [18] = 8000,  [25] = 90000,
        [26] = 90000, [28] = 90000, [31] = 90000, [32] = 90000, [33] = 90000, [34] = 90000};
    return payload_type < sizeof clock / sizeof clock[0] ? clock[payload_type] : 0;
}

bool rtp_static_audio(uint8_t payload_type) {
    return payload_type <= 18 && rtp_static_clock(payload_type) != 0;
}
