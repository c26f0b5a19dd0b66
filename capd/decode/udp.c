/* UDP (RFC 768).
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define UDP_HEADER_BYTES 8u

static void payload_set(const struct view *v, struct packet *k) {
    k->payload_bytes = v->wire;
    k->payload_cap = (uint32_t)cursor_left(&v->c);
    k->payload = k->payload_cap > 0 ? v->c.p : NULL;
}

static bool ports_read(struct cursor *c, struct packet *k) {
    k->payload = NULL;
    k->payload_cap = k->payload_bytes = 0;
    if (cursor_left(c) < 4) return false;
    k->has_ports = cursor_be16(c, &k->sport) && cursor_be16(c, &k->dport);
    return true;
}

enum decode_status udp_decode(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint16_t len, sum;
    if (!ports_read(&c, k) || !cursor_be16(&c, &len) || !cursor_be16(&c, &sum))
        return VIEW_SHORT(v, UDP_HEADER_BYTES, UDP);
    packet_add(k, PROTO_UDP);
    /* 0: longer than the field can say, RFC 2675 section 4, or cut by the card later. */
    if (len != 0 && len < UDP_HEADER_BYTES) return DECODE_UDP_MALFORMED;
    if (len > v->wire) packet_note(k, DECODE_UDP_MALFORMED);
    if (len != 0) view_limit(v, len);
    view_consume(v, c);
    payload_set(v, k);
    if (tunnel_is_udp_port(k->dport))
        *n = (struct next){LAYER_UDP_TUNNEL, k->dport};
    else if (tunnel_is_udp_port(k->sport))
        *n = (struct next){LAYER_UDP_TUNNEL, k->sport};
    return DECODE_OK;
}
