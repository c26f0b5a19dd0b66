/* QUIC headers (RFC 8999, RFC 9000 section 17, RFC 9369).  Long headers are recognised by what must
 * be so in the versions known here, not by a port; short headers have nothing to recognise them by
 * and are taken for QUIC only in a flow that began with a long one.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/quic.h"

#define FIXED_BIT   0x40u
#define SPIN_BIT    0x20u
#define VERSION_1   0x00000001u
#define VERSION_2   0x6b3343cfu
#define DRAFT_FIRST 0xff00001du /* draft 29: the wire format of version 1 */
#define DRAFT_LAST  0xff000022u
#define RETRY_TAG   16u /* Retry Integrity Tag, section 17.2.5 */

bool quic_version_known(uint32_t version) {
    return version == VERSION_1 || version == VERSION_2 ||
           (version >= DRAFT_FIRST && version <= DRAFT_LAST);
}

/* RFC 9369 section 3.2: version 2 numbers the types from Retry on. */
static enum quic_kind kind_of(uint32_t version, uint8_t first) {
    static const enum quic_kind v1[4] = {QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY};
    static const enum quic_kind v2[4] = {QUIC_RETRY, QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE};
    unsigned type = first >> 4 & 3u;
    return version == VERSION_2 ? v2[type] : v1[type];
}

/* Variable-length integer, RFC 9000 section 16. */
static bool varint(struct cursor *c, uint64_t *v) {
    uint8_t b;
    struct cursor at = *c;
    if (!cursor_u8(&at, &b)) return false;
    uint64_t value = b & 0x3fu;
    for (unsigned n = (1u << (b >> 6)) - 1; n > 0; n--) {
        if (!cursor_u8(&at, &b)) return false;
        value = value << 8 | b;
    }
    *v = value;
    *c = at;
    return true;
}

static enum quic_status connection_id(struct cursor *c, uint8_t max, uint8_t *len_out) {
    uint8_t len;
    if (!cursor_u8(c, &len)) return QUIC_INCOMPLETE;
    if (len > max) return QUIC_NOT_QUIC;
    if (!cursor_skip(c, len)) return QUIC_INCOMPLETE;
    *len_out = len;
    return QUIC_OK;
}

/* The list of versions is all that follows, section 17.2.1. */
static enum quic_status negotiation(struct cursor *c) {
    if (cursor_left(c) < 4) return QUIC_INCOMPLETE;
    c->p = c->end;
    return QUIC_OK;
}

/* Length, packet number and payload of Initial, 0-RTT and Handshake packets; the token before them
 * is an Initial's.  A packet cut by the snap length takes the rest. */
static enum quic_status numbered(struct cursor *c, struct quic_header *out) {
    uint64_t token = 0, length;
    if (out->kind == QUIC_INITIAL) {
        if (!varint(c, &token)) return QUIC_INCOMPLETE;
        if (token > UINT16_MAX) return QUIC_NOT_QUIC;
        if (!cursor_skip(c, (size_t)token)) return QUIC_INCOMPLETE;
        out->token_bytes = (uint32_t)token;
    }
    if (!varint(c, &length)) return QUIC_INCOMPLETE;
    /* Packet number, and 16 bytes that header protection samples: section 17.2, RFC 9001 5.4.2. */
    if (length < 20 || length > UINT16_MAX) return QUIC_NOT_QUIC;
    (void)cursor_sub(c, (size_t)length);
    return QUIC_OK;
}

static enum quic_status retry(struct cursor *c) {
    if (cursor_left(c) <= RETRY_TAG) return QUIC_INCOMPLETE;
    c->p = c->end;
    return QUIC_OK;
}

static enum quic_status long_header(struct cursor *c, uint8_t first, struct quic_header *out) {
    if (!cursor_be32(c, &out->version)) return QUIC_INCOMPLETE;
    bool known = quic_version_known(out->version);
    uint8_t max = known ? QUIC_CID_MAX : 255;
    /* RFC 9287 lets it be cleared once both ends agreed, which takes a handshake. */
    if (out->version != 0 && !(first & FIXED_BIT)) return QUIC_NOT_QUIC;
    enum quic_status s = connection_id(c, max, &out->dcid_len);
    if (s == QUIC_OK) s = connection_id(c, max, &out->scid_len);
    if (s != QUIC_OK) return s;
    if (out->version == 0) {
        out->kind = QUIC_VERSION_NEGOTIATION;
        return negotiation(c);
    }
    if (!known) {
        out->kind = QUIC_UNKNOWN_VERSION;
        c->p = c->end;
        return QUIC_OK;
    }
    out->kind = kind_of(out->version, first);
    return out->kind == QUIC_RETRY ? retry(c) : numbered(c, out);
}

enum quic_status decode_quic(struct cursor *c, bool in_flow, struct quic_header *out) {
    struct cursor at = *c;
    uint8_t first;
    memset(out, 0, sizeof *out);
    if (!cursor_u8(&at, &first)) return QUIC_INCOMPLETE;
    if (first & QUIC_LONG_FORM) {
        enum quic_status s = long_header(&at, first, out);
        if (s == QUIC_OK) *c = at;
        return s;
    }
    /* Padding behind a coalesced packet has no fixed bit. */
    if (!in_flow || !(first & FIXED_BIT)) return QUIC_NOT_QUIC;
    out->kind = QUIC_SHORT;
    out->spin = first & SPIN_BIT;
    c->p = c->end;
    return QUIC_OK;
}
