/* IP reassembly, as far as the analysis needs it: which pieces of a datagram came is known in full,
 * of the content the first 2 KiB are kept.  A complete datagram is decoded again as if it had come
 * in one piece, so that headers spread over fragments are seen as the receiver sees them.  Full:
 * the slot that waited longest gives way. Runs in: worker.  Input trust: packets. */
#include "capd/track/fragment.h"

#define LIFE_US    30000000u /* RFC 791: reassembly timer */
#define IP4_HEADER 20u
#define IP6_HEADER 40u

static struct fragment *slot_of(struct engine *e, const struct packet *k) {
    struct fragment *oldest = &e->fragment[0];
    for (uint32_t i = 0; i < FRAGMENTS; i++) {
        struct fragment *f = &e->fragment[i];
        if (f->used && e->now_us - f->us > LIFE_US) f->used = false;
        if (f->used && f->id == k->ip_id && f->ip_proto == k->ip_proto &&
            addr_equal(&f->src, &k->src) && addr_equal(&f->dst, &k->dst))
            return f;
        if (!oldest->used) continue;
        if (!f->used || f->us < oldest->us) oldest = f;
    }
    if (oldest->used) e->total.evicted++;
    memset(oldest, 0, sizeof *oldest);
    oldest->used = true;
    oldest->src = k->src;
    oldest->dst = k->dst;
    oldest->id = k->ip_id;
    oldest->ip_proto = k->ip_proto;
    oldest->version = k->ip_version;
    oldest->us = e->now_us;
    return oldest;
}

/* Mark [from, to) as there; bytes are counted in units of 8, the last one may be shorter. */
static void mark(struct fragment *f, uint32_t from, uint32_t to) {
    for (uint32_t u = from / 8; u < (to + 7) / 8 && u < FRAGMENT_UNITS; u++) {
        uint64_t bit = UINT64_C(1) << (u % 64);
        if (f->unit[u / 64] & bit) continue;
        f->unit[u / 64] |= bit;
        f->have++;
    }
}

static void put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* Write an IP header in front of the bytes; returns where it begins. */
static const uint8_t *with_header(struct fragment *f, uint32_t *header_out) {
    uint8_t *p = f->byte;
    if (f->version == 4) {
        p += IP6_HEADER - IP4_HEADER;
        memset(p, 0, IP4_HEADER);
        p[0] = 0x45;
        put16(p + 2, IP4_HEADER + f->total);
        put16(p + 4, f->id);
        p[8] = f->ttl;
        p[9] = f->ip_proto;
        memcpy(p + 12, f->src.b, 4);
        memcpy(p + 16, f->dst.b, 4);
        *header_out = IP4_HEADER;
        return p;
    }
    memset(p, 0, IP6_HEADER);
    p[0] = 0x60;
    put16(p + 4, f->total);
    p[6] = f->ip_proto;
    p[7] = f->ttl;
    memcpy(p + 8, f->src.b, 16);
    memcpy(p + 24, f->dst.b, 16);
    *header_out = IP6_HEADER;
    return p;
}

const uint8_t *fragment_take(struct engine *e, const struct packet *k, uint32_t *cap_out,
                             uint32_t *wire_out) {
    struct fragment *f = slot_of(e, k);
    uint32_t from = k->fragment_offset, to = from + k->payload_bytes;
    if (to > 65535 || k->payload_bytes == 0) return NULL;
    f->ttl = k->ttl;
    if (!k->more_fragments) f->total = to;
    if (from < FRAGMENT_BYTES && k->payload_cap > 0) {
        uint32_t n =
            k->payload_cap < FRAGMENT_BYTES - from ? k->payload_cap : FRAGMENT_BYTES - from;
        memcpy(f->byte + IP6_HEADER + from, k->payload, n);
    }
    mark(f, from, to);
    if (f->total == 0 || f->have < (f->total + 7) / 8) return NULL;
    uint32_t header, kept = f->total < FRAGMENT_BYTES ? f->total : FRAGMENT_BYTES;
    const uint8_t *packet = with_header(f, &header);
    *cap_out = header + kept;
    *wire_out = header + f->total;
    f->used = false;
    return packet;
}
