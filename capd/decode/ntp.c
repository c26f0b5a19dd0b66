/* NTP (RFC 5905): who asks, who answers, and whether the server knows the time.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/ntp.h"

#define PACKET_BYTES  48u
#define CONTROL_BYTES 12u /* RFC 9327 section 2 */

enum ntp_status decode_ntp(struct cursor c, struct ntp_header *out) {
    size_t here = cursor_left(&c);
    uint8_t first, stratum;
    uint32_t rest;
    memset(out, 0, sizeof *out);
    if (!cursor_u8(&c, &first)) return NTP_INCOMPLETE;
    uint8_t mode = first & 7, version = first >> 3 & 7;
    if (mode == 0 || version == 0 || version > 4) return NTP_NOT_NTP;
    bool control = mode >= NTP_CONTROL;
    if (here < (control ? CONTROL_BYTES : PACKET_BYTES)) return NTP_INCOMPLETE;
    out->leap = first >> 6;
    out->version = version;
    out->mode = mode;
    if (control) return NTP_OK;
    /* poll and precision share a word with the stratum; root delay and dispersion come before the
     * reference id */
    if (!cursor_u8(&c, &stratum) || !cursor_skip(&c, 2) || !cursor_be32(&c, &rest) ||
        !cursor_be32(&c, &rest) || !cursor_be32(&c, &out->refid))
        return NTP_INCOMPLETE;
    out->stratum = stratum;
    return NTP_OK;
}
