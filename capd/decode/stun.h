#ifndef CAPD_DECODE_STUN_H
#define CAPD_DECODE_STUN_H
#include "common/bytes.h"

/* Header of a STUN message (RFC 8489 section 5).  Attributes (addresses, user names, integrity) are
 * not read. */

enum stun_status {
    STUN_OK,
    STUN_INCOMPLETE, /* the bytes end before the header, or before what its length says */
    STUN_NOT_STUN    /* upper bits, cookie or length forbid it */
};

enum stun_class { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

#define STUN_BINDING 0x001u

struct stun_header {
    enum stun_class class;
    uint16_t method;         /* 1 Binding; 3 Allocate and more for TURN, RFC 8656 */
    uint16_t bytes;          /* whole message */
    uint8_t transaction[12]; /* pairs an answer with its request */
};

enum stun_status decode_stun(struct cursor c, struct stun_header *out);
#endif
