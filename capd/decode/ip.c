/* IPv4 (RFC 791) and IPv6 (RFC 8200) headers.  A header is taken over into the packet only when it
 * is complete, so that a broken inner header of a tunnel leaves the outer one standing.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define EXT_HOP_BY_HOP  0u
#define EXT_ROUTING     43u
#define EXT_FRAGMENT    44u
#define EXT_AUTH        51u
#define EXT_NONE        59u
#define EXT_DESTINATION 60u
#define EXT_MOBILITY    135u
#define EXT_HIP         139u
#define EXT_SHIM6       140u

/* Fields of a header being read. */
struct ip_fields {
    const uint8_t *src, *dst; /* in the frame */
    uint8_t version, proto, ttl, tos;
    uint8_t header_bytes;
    uint16_t bytes;        /* IPv4: total length; IPv6: payload length */
    uint16_t id, fragment; /* IPv4: flags and offset as they stand there */
};

static void ip_set_fragment(struct packet *k, uint32_t offset_bytes, bool more) {
    k->more_fragments = more;
    k->fragment_offset = offset_bytes;
    k->fragment = more || offset_bytes != 0;
}

/* Make the header in `h` the packet's innermost one. */
static enum decode_status ip_commit(struct packet *k, const struct ip_fields *h) {
    if (k->ip_version != 0) {
        if (k->tunnels >= DECODE_MAX_TUNNELS) return DECODE_TUNNEL_MALFORMED;
        if (k->tunnels++ == 0) {
            k->outer_src = k->src;
            k->outer_dst = k->dst;
        }
    }
    packet_add(k, h->version == 4 ? PROTO_IPV4 : PROTO_IPV6);
    k->ip_version = h->version;
    if (h->version == 4) {
        addr_set_v4(&k->src, h->src);
        addr_set_v4(&k->dst, h->dst);
    } else {
        addr_set_v6(&k->src, h->src);
        addr_set_v6(&k->dst, h->dst);
    }
    k->ip_proto = h->proto;
    k->ttl = h->ttl;
    k->tos = h->tos;
    k->ip_id = h->id;
    k->has_ip_id = h->version == 4;
    k->dont_fragment = (h->fragment & 0x4000u) != 0;
    ip_set_fragment(k, (h->fragment & 0x1fffu) * 8u, (h->fragment & 0x2000u) != 0);
    k->l4_bytes = 0;
    k->sport = k->dport = 0;
    k->has_ports = false;
    k->payload = NULL;
    k->payload_cap = k->payload_bytes = 0;
    return DECODE_OK;
}

/* What the IP header encloses, before the transport decoder narrows it. */
static void ip_set_payload(const struct view *v, struct packet *k, struct next *n) {
    k->l4_bytes = v->wire;
    k->payload_bytes = v->wire;
    k->payload_cap = (uint32_t)cursor_left(&v->c);
    k->payload = k->payload_cap > 0 ? v->c.p : NULL;
    if (!k->fragment) *n = (struct next){LAYER_TRANSPORT, k->ip_proto};
}

/* Fragment header, RFC 8200 section 4.5. */
static bool ip_read_fragment(struct cursor *c, uint8_t *proto, struct packet *k) {
    uint8_t reserved;
    uint16_t field;
    if (!cursor_u8(c, proto) || !cursor_u8(c, &reserved) || !cursor_be16(c, &field) ||
        !cursor_be32(c, &k->ip_id))
        return false;
    k->has_ip_id = true;
    ip_set_fragment(k, field & 0xfff8u, (field & 1u) != 0);
    return true;
}

static bool ip_is_extension(uint8_t version, uint8_t proto) {
    if (proto == EXT_AUTH) return true;
    if (version == 4) return false;
    switch (proto) {
    case EXT_HOP_BY_HOP:
    case EXT_ROUTING:
    case EXT_FRAGMENT:
    case EXT_DESTINATION:
    case EXT_MOBILITY:
    case EXT_HIP:
    case EXT_SHIM6: return true;
    default: return false;
    }
}

/* Skip extension headers (in IPv4 only AH, RFC 4302); k->ip_proto becomes what follows them. */
static enum decode_status ip_extensions(struct view *v, struct packet *k) {
    for (unsigned i = 0; i < DECODE_MAX_EXTS; i++) {
        if (!ip_is_extension(k->ip_version, k->ip_proto)) return DECODE_OK;
        struct cursor c = v->c;
        uint8_t proto, len;
        if (k->ip_proto == EXT_FRAGMENT) {
            if (!ip_read_fragment(&c, &proto, k)) return VIEW_SHORT(v, 8, IP);
        } else {
            if (!cursor_u8(&c, &proto) || !cursor_u8(&c, &len)) return VIEW_SHORT(v, 8, IP);
            uint32_t bytes = k->ip_proto == EXT_AUTH ? (len + 2u) * 4u : (len + 1u) * 8u;
            if (!cursor_skip(&c, bytes - 2)) return VIEW_SHORT(v, bytes, IP);
        }
        view_consume(v, c);
        k->ip_proto = proto;
        if (k->fragment) return DECODE_OK;
    }
    return ip_is_extension(k->ip_version, k->ip_proto) ? DECODE_IP_MALFORMED : DECODE_OK;
}

static bool ip_read_v4(struct cursor *c, struct ip_fields *h) {
    const uint8_t *p;
    if (!cursor_take(c, 20, &p)) return false;
    h->version = 4;
    h->header_bytes = (uint8_t)((p[0] & 0x0fu) * 4u);
    h->tos = p[1];
    h->bytes = bytes_be16(p + 2);
    h->id = bytes_be16(p + 4);
    h->fragment = bytes_be16(p + 6);
    h->ttl = p[8];
    h->proto = p[9];
    h->src = p + 12;
    h->dst = p + 16;
    return true;
}

static enum decode_status ip_decode_v4(struct view *v, struct packet *k, struct next *n) {
    struct ip_fields h;
    struct cursor c = v->c;
    if (!ip_read_v4(&c, &h)) return VIEW_SHORT(v, 20, IP);
    if (h.header_bytes < 20) return DECODE_IP_MALFORMED;
    enum decode_status s = ip_commit(k, &h);
    if (s != DECODE_OK) return s;
    if (h.bytes != 0 && h.bytes < h.header_bytes) return DECODE_IP_MALFORMED;
    if (h.bytes > v->wire) packet_note(k, DECODE_IP_MALFORMED);
    if (h.bytes != 0) view_limit(v, h.bytes); /* 0: a segment that the card will cut */
    c = v->c;
    if (!cursor_skip(&c, h.header_bytes)) return VIEW_SHORT(v, h.header_bytes, IP);
    view_consume(v, c);
    s = ip_extensions(v, k);
    if (s == DECODE_OK) ip_set_payload(v, k, n);
    return s;
}

static bool ip_read_v6(struct cursor *c, struct ip_fields *h) {
    uint32_t first;
    if (!cursor_be32(c, &first) || !cursor_be16(c, &h->bytes) || !cursor_u8(c, &h->proto) ||
        !cursor_u8(c, &h->ttl) || !cursor_take(c, 16, &h->src) || !cursor_take(c, 16, &h->dst))
        return false;
    h->version = 6;
    h->header_bytes = 40;
    h->tos = (uint8_t)(first >> 20);
    h->id = h->fragment = 0;
    return true;
}

static enum decode_status ip_decode_v6(struct view *v, struct packet *k, struct next *n) {
    struct ip_fields h;
    struct cursor c = v->c;
    if (!ip_read_v6(&c, &h)) return VIEW_SHORT(v, 40, IP);
    enum decode_status s = ip_commit(k, &h);
    if (s != DECODE_OK) return s;
    view_consume(v, c);
    /* Length 0 with a hop-by-hop header or over 64 KiB there: a jumbogram (RFC 2675) or a segment
     * that the card will cut; the frame's own length is the best there is. */
    bool jumbo = h.bytes == 0 && (k->ip_proto == EXT_HOP_BY_HOP || v->wire > 0xffff);
    if (h.bytes > v->wire) packet_note(k, DECODE_IP_MALFORMED);
    if (!jumbo) view_limit(v, h.bytes);
    s = ip_extensions(v, k);
    if (s == DECODE_OK) ip_set_payload(v, k, n);
    return s;
}

enum decode_status ip_decode(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t first;
    if (!cursor_u8(&c, &first)) return VIEW_SHORT(v, 20, IP);
    if (first >> 4 == 4) return ip_decode_v4(v, k, n);
    if (first >> 4 == 6) return ip_decode_v6(v, k, n);
    return DECODE_IP_MALFORMED;
}
