/* Neighbour discovery: router and neighbour solicitations and advertisements, redirects, and of
 * their options the link-layer addresses, prefixes and MTU.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/nd.h"

#define OPTION_SOURCE_MAC 1u
#define OPTION_TARGET_MAC 2u
#define OPTION_PREFIX     3u
#define OPTION_MTU        5u

#define MAX_OPTIONS 64u /* 1500 bytes hold at most 187; routers send fewer than ten */

static void prefix_read(struct cursor c, struct nd_message *m) {
    struct nd_prefix p = {0};
    uint8_t flags;
    uint32_t reserved;
    const uint8_t *bytes;
    if (m->prefixes_seen < UINT8_MAX) m->prefixes_seen++;
    if (m->prefixes == ND_MAX_PREFIXES) return;
    if (!cursor_u8(&c, &p.prefix_len) || !cursor_u8(&c, &flags) || !cursor_be32(&c, &p.valid_s) ||
        !cursor_be32(&c, &p.preferred_s) || !cursor_be32(&c, &reserved) ||
        !cursor_take(&c, 16, &bytes) || p.prefix_len > 128)
        return;
    p.on_link = (flags & 0x80u) != 0;
    p.autonomous = (flags & 0x40u) != 0;
    p.prefix = addr_from_bytes(bytes, 16);
    m->prefix[m->prefixes++] = p;
}

static void mac_read(struct cursor c, bool *has, uint8_t mac[6]) {
    const uint8_t *bytes;
    if (!cursor_take(&c, 6, &bytes)) return;
    memcpy(mac, bytes, 6);
    *has = true;
}

static void option_read(uint8_t option, struct cursor c, struct nd_message *m) {
    switch (option) {
    case OPTION_SOURCE_MAC: mac_read(c, &m->has_source_mac, m->source_mac); break;
    case OPTION_TARGET_MAC: mac_read(c, &m->has_target_mac, m->target_mac); break;
    case OPTION_PREFIX: prefix_read(c, m); break;
    case OPTION_MTU:
        if (cursor_skip(&c, 2)) (void)cursor_be32(&c, &m->mtu);
        break;
    default: break;
    }
}

static enum nd_status options_read(struct cursor c, struct nd_message *m) {
    for (unsigned i = 0; cursor_left(&c) > 0 && i < MAX_OPTIONS; i++) {
        uint8_t option, units;
        if (!cursor_u8(&c, &option) || !cursor_u8(&c, &units)) return ND_TRUNCATED;
        if (units == 0) return ND_MALFORMED;
        size_t bytes = units * 8u - 2u;
        if (cursor_left(&c) < bytes) return ND_TRUNCATED;
        option_read(option, cursor_sub(&c, bytes), m);
    }
    return ND_OK;
}

enum nd_status decode_nd(uint8_t type, uint32_t word, struct cursor c, struct nd_message *m) {
    const uint8_t *bytes;
    *m = (struct nd_message){.type = type};
    if (type < ND_ROUTER_SOLICIT || type > ND_REDIRECT) return ND_NOT_ND;
    if (type == ND_ROUTER_ADVERT) {
        m->hop_limit = (uint8_t)(word >> 24);
        m->managed = (word & 0x00800000u) != 0;
        m->other = (word & 0x00400000u) != 0;
        m->lifetime_s = (uint16_t)(word & 0xffffu);
        if (!cursor_skip(&c, 8)) return ND_TRUNCATED; /* reachable time, retransmission timer */
    }
    if (type == ND_NEIGHBOUR_ADVERT) {
        m->is_router = (word & 0x80000000u) != 0;
        m->solicited = (word & 0x40000000u) != 0;
        m->overrides = (word & 0x20000000u) != 0;
    }
    if (type >= ND_NEIGHBOUR_ASKED) {
        if (!cursor_take(&c, 16, &bytes)) return ND_TRUNCATED;
        m->target = addr_from_bytes(bytes, 16);
    }
    if (type == ND_REDIRECT && !cursor_skip(&c, 16)) return ND_TRUNCATED;
    return options_read(c, m);
}
