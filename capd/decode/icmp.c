/* ICMP (RFC 792) and ICMPv6 (RFC 4443): echo identifiers, MTU, and of errors the flow they quote.
 * A quote is somebody else's packet cut short: what is there is used, what is missing is normal.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define V4_ECHO_REPLY  0u
#define V4_UNREACHABLE 3u
#define V4_QUENCH      4u
#define V4_REDIRECT    5u
#define V4_ECHO        8u
#define V4_TIME        11u
#define V4_PARAMETER   12u
#define V6_TOO_BIG     2u
#define V6_PARAMETER   4u /* 1..4 are the errors */
#define V6_ECHO        128u
#define V6_ECHO_REPLY  129u
#define V6_SOLICIT     135u /* neighbour solicitation and advertisement, RFC 4861 section 4.3 */
#define V6_ADVERTISE   136u

static bool icmp_is_error(uint8_t version, uint8_t type) {
    if (version == 6) return type >= 1 && type <= V6_PARAMETER;
    return type == V4_UNREACHABLE || type == V4_QUENCH || type == V4_REDIRECT || type == V4_TIME ||
           type == V4_PARAMETER;
}

/* IPv4 header of the quote; false: not there, or no transport header after it. */
static bool quote_v4(struct cursor *c, struct icmp_quote *q) {
    struct cursor h = *c;
    uint8_t first, proto;
    uint16_t fragment;
    const uint8_t *src, *dst;
    if (!cursor_u8(&h, &first) || !cursor_skip(&h, 5) || !cursor_be16(&h, &fragment) ||
        !cursor_skip(&h, 1) || !cursor_u8(&h, &proto) || !cursor_skip(&h, 2) ||
        !cursor_take(&h, 4, &src) || !cursor_take(&h, 4, &dst))
        return false;
    uint32_t header_bytes = (first & 0x0fu) * 4u;
    if (header_bytes < 20) return false;
    addr_set_v4(&q->src, src);
    addr_set_v4(&q->dst, dst);
    q->ip_proto = proto;
    q->present = true;
    return (fragment & 0x1fffu) == 0 && cursor_skip(c, header_bytes);
}

/* IPv6 header of the quote and its extension headers. */
static bool quote_v6(struct cursor *c, struct icmp_quote *q) {
    uint8_t proto, len;
    uint16_t field;
    const uint8_t *src, *dst;
    if (!cursor_skip(c, 6) || !cursor_u8(c, &proto) || !cursor_skip(c, 1) ||
        !cursor_take(c, 16, &src) || !cursor_take(c, 16, &dst))
        return false;
    addr_set_v6(&q->src, src);
    addr_set_v6(&q->dst, dst);
    q->ip_proto = proto;
    q->present = true;
    for (unsigned i = 0; i < DECODE_MAX_EXTS; i++) {
        if (q->ip_proto != 0 && q->ip_proto != 43 && q->ip_proto != 44 && q->ip_proto != 60)
            return true;
        bool fragment = q->ip_proto == 44;
        if (!cursor_u8(c, &proto) || !cursor_u8(c, &len) || !cursor_be16(c, &field) ||
            !cursor_skip(c, fragment ? 4 : len * 8u + 4u))
            return false;
        q->ip_proto = proto;
        if (fragment && (field & 0xfff8u) != 0) return false;
    }
    return false;
}

static void quote_read(struct cursor c, struct icmp_quote *q) {
    struct cursor peek = c;
    uint8_t first;
    if (!cursor_u8(&peek, &first)) return;
    if (first >> 4 != 4 && first >> 4 != 6) return;
    if (first >> 4 == 4 ? !quote_v4(&c, q) : !quote_v6(&c, q)) return;
    if (q->ip_proto != 6 && q->ip_proto != 17 && q->ip_proto != 132) return;
    if (cursor_left(&c) < 4) return;
    q->has_ports = cursor_be16(&c, &q->sport) && cursor_be16(&c, &q->dport);
    if (q->ip_proto == 6 && !cursor_be32(&c, &q->tcp_seq)) q->has_ports = false;
}

/* The second 32-bit word, by type. */
static void icmp_read_word(uint32_t word, const struct packet *k, struct icmp_header *h) {
    bool v6 = k->ip_version == 6;
    h->word = word;
    if (v6 ? h->type == V6_ECHO || h->type == V6_ECHO_REPLY
           : h->type == V4_ECHO || h->type == V4_ECHO_REPLY) {
        h->echo_id = (uint16_t)(word >> 16);
        h->echo_seq = (uint16_t)(word & 0xffffu);
    }
    if (v6 && h->type == V6_TOO_BIG) h->mtu = word;
    if (!v6 && h->type == V4_UNREACHABLE && h->code == 4) h->mtu = word & 0xffffu; /* RFC 1191 */
}

static void neighbour_read(struct cursor c, struct icmp_header *h) {
    const uint8_t *target;
    if (cursor_take(&c, 16, &target)) addr_set_v6(&h->neighbour, target);
}

enum decode_status icmp_decode(struct view *v, struct packet *k) {
    struct cursor c = v->c;
    struct icmp_header h = {0};
    uint16_t sum;
    uint32_t word;
    k->payload = NULL;
    k->payload_cap = k->payload_bytes = 0;
    if (!cursor_u8(&c, &h.type) || !cursor_u8(&c, &h.code) || !cursor_be16(&c, &sum))
        return VIEW_SHORT(v, 4, ICMP);
    packet_add(k, k->ip_proto == 1 ? PROTO_ICMP : PROTO_ICMPV6);
    k->icmp = h;
    if (!cursor_be32(&c, &word)) return VIEW_SHORT(v, 8, ICMP);
    icmp_read_word(word, k, &h);
    view_consume(v, c);
    if (icmp_is_error(k->ip_version, h.type)) quote_read(v->c, &h.quote);
    if (k->ip_version == 6 && (h.type == V6_SOLICIT || h.type == V6_ADVERTISE))
        neighbour_read(v->c, &h);
    k->icmp = h;
    k->payload_bytes = v->wire;
    k->payload_cap = (uint32_t)cursor_left(&v->c);
    k->payload = k->payload_cap > 0 ? v->c.p : NULL;
    return DECODE_OK;
}
