/* STUN (RFC 8489): the magic cookie, two zero bits and a length in words make it unmistakable on
 * any port; messages of the older RFC 3489 have no cookie and are not recognised. Runs in: worker.
 * Input trust: packets. */
#include "capd/decode/stun.h"

#define MAGIC_COOKIE 0x2112a442u
#define HEADER_BYTES 20u

enum stun_status decode_stun(struct cursor c, struct stun_header *out) {
    uint16_t type, length;
    uint32_t cookie;
    const uint8_t *id;
    memset(out, 0, sizeof *out);
    if (!cursor_be16(&c, &type)) return STUN_INCOMPLETE;
    if (type & 0xc000u) return STUN_NOT_STUN;
    if (!cursor_be16(&c, &length) || !cursor_be32(&c, &cookie)) return STUN_INCOMPLETE;
    if (cookie != MAGIC_COOKIE || length % 4 != 0) return STUN_NOT_STUN;
    if (!cursor_take(&c, sizeof out->transaction, &id)) return STUN_INCOMPLETE;
    if (cursor_left(&c) < length) return STUN_INCOMPLETE;
    /* Two class bits stand among the twelve of the method, section 5. */
    out->class = (enum stun_class)((type >> 4 & 1u) | (type >> 7 & 2u));
    out->method = (uint16_t)((type & 0x0fu) | (type >> 1 & 0x70u) | (type >> 2 & 0xf80u));
    out->bytes = (uint16_t)(HEADER_BYTES + length);
    memcpy(out->transaction, id, sizeof out->transaction);
    return STUN_OK;
}
