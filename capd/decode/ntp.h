#ifndef CAPD_DECODE_NTP_H
#define CAPD_DECODE_NTP_H
#include "common/bytes.h"

/* First byte and stratum of an NTP packet (RFC 5905 section 7.3). */

enum ntp_status {
    NTP_OK,
    NTP_INCOMPLETE, /* fewer than 48 bytes, or 12 for modes 6 and 7 */
    NTP_NOT_NTP     /* no mode or version that exists */
};

enum ntp_mode {
    NTP_SYMMETRIC = 1,
    NTP_PASSIVE,
    NTP_CLIENT,
    NTP_SERVER,
    NTP_BROADCAST,
    NTP_CONTROL
};

struct ntp_header {
    uint8_t leap;    /* 0 none, 1 and 2 a leap second comes, 3 clock not set */
    uint8_t version; /* 1..4 */
    uint8_t mode;    /* enum ntp_mode, 7: private */
    uint8_t stratum; /* 0 unspecified (kiss of death), 1..15, 16 not synchronised; 0 for control */
    uint32_t refid;  /* stratum 0: four letters that say why, RFC 5905 section 7.4 */
};

enum ntp_status decode_ntp(struct cursor c, struct ntp_header *out);
#endif
