/* Headers that carry another packet: GRE with its relatives, MPLS, and the tunnels over UDP.  IP in
 * IP needs no code of its own.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define GRE_CHECKSUM 0x8000u
#define GRE_ROUTING  0x4000u
#define GRE_KEY      0x2000u
#define GRE_SEQUENCE 0x1000u
#define GRE_ACK      0x0080u /* version 1 only */
#define GRE_VERSION  0x0007u

#define GRE_TYPE_ERSPAN  0x88beu /* types I and II */
#define GRE_TYPE_ERSPAN3 0x22ebu
#define GRE_TYPE_PPP     0x880bu

#define PORT_GTP         2152u
#define PORT_TEREDO      3544u
#define PORT_VXLAN       4789u
#define PORT_GENEVE      6081u
#define PORT_VXLAN_LINUX 8472u /* where the kernel's VXLAN begins unless told otherwise */

#define GTP_MAX_EXTENSIONS 8u

/* Skip the optional fields of the GRE header whose flags are given. */
static enum decode_status gre_options(struct view *v, uint16_t flags) {
    bool enhanced = (flags & GRE_VERSION) == 1; /* PPTP, RFC 2637 section 4.1 */
    uint32_t bytes = 0;
    if ((flags & GRE_ROUTING) != 0) return DECODE_TUNNEL_MALFORMED; /* RFC 1701, given up */
    if (!enhanced && (flags & GRE_CHECKSUM) != 0) bytes += 4;
    if (enhanced || (flags & GRE_KEY) != 0) bytes += 4; /* NVGRE's subnet is the key */
    if ((flags & GRE_SEQUENCE) != 0) bytes += 4;
    if (enhanced && (flags & GRE_ACK) != 0) bytes += 4;
    struct cursor c = v->c;
    if (!cursor_skip(&c, bytes)) return VIEW_SHORT(v, bytes, TUNNEL);
    view_consume(v, c);
    return DECODE_OK;
}

/* ERSPAN: type I has no header of its own and no sequence number, type II 8 bytes, type III 12 and
 * 8 more if its last bit says so. */
static enum decode_status gre_erspan(uint16_t flags, uint16_t type, struct view *v,
                                     struct next *n) {
    struct cursor c = v->c;
    uint32_t last = 0;
    if (type == GRE_TYPE_ERSPAN3) {
        if (!cursor_skip(&c, 8) || !cursor_be32(&c, &last)) return VIEW_SHORT(v, 12, TUNNEL);
        if ((last & 1u) != 0 && !cursor_skip(&c, 8)) return VIEW_SHORT(v, 20, TUNNEL);
    } else if ((flags & GRE_SEQUENCE) != 0 && !cursor_skip(&c, 8)) {
        return VIEW_SHORT(v, 8, TUNNEL);
    }
    view_consume(v, c);
    n->layer = LAYER_ETHERNET;
    return DECODE_OK;
}

enum decode_status tunnel_gre(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint16_t flags, type;
    if (!cursor_be16(&c, &flags) || !cursor_be16(&c, &type)) return VIEW_SHORT(v, 4, TUNNEL);
    if ((flags & GRE_VERSION) > 1) return DECODE_TUNNEL_MALFORMED;
    packet_add(k, PROTO_GRE);
    view_consume(v, c);
    enum decode_status s = gre_options(v, flags);
    if (s != DECODE_OK) return s;
    if (type == GRE_TYPE_ERSPAN || type == GRE_TYPE_ERSPAN3) return gre_erspan(flags, type, v, n);
    if (v->wire == 0) return DECODE_OK; /* keep-alive, or PPTP's bare acknowledgement */
    *n = (struct next){LAYER_TYPE, type};
    return DECODE_OK;
}

/* RFC 3032; what follows the last label is told by its first four bits (RFC 4928). */
enum decode_status tunnel_mpls(struct view *v, struct packet *k, struct next *n) {
    uint32_t label = 0;
    struct cursor c = v->c;
    for (unsigned i = 0; i < DECODE_MAX_TAGS && (label & 0x100u) == 0; i++)
        if (!cursor_be32(&c, &label)) return VIEW_SHORT(v, 4 * (i + 1), TUNNEL);
    if ((label & 0x100u) == 0) return DECODE_TUNNEL_MALFORMED;
    view_consume(v, c);
    uint8_t first;
    if (!cursor_u8(&c, &first)) return VIEW_SHORT(v, 1, TUNNEL);
    n->layer = LAYER_IP;
    if (first >> 4 == 4 || first >> 4 == 6) return DECODE_OK;
    n->layer = LAYER_END;
    if (first >> 4 == 1) { /* associated channel, RFC 4385: no user's packet */
        packet_add(k, PROTO_OTHER);
        return DECODE_OK;
    }
    if (first >> 4 == 0) { /* control word of a pseudo-wire */
        c = v->c;
        if (!cursor_skip(&c, 4)) return VIEW_SHORT(v, 4, TUNNEL);
        view_consume(v, c);
    }
    n->layer = LAYER_ETHERNET;
    return DECODE_OK;
}

/* One network by its number, whatever carries it. */
static void set_segment(struct packet *k, uint32_t number) {
    k->segment = UINT64_C(1) << 24 | number;
}

static enum decode_status tunnel_vxlan(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t flags;
    uint32_t number;
    if (!cursor_u8(&c, &flags) || !cursor_skip(&c, 3) || !cursor_be24(&c, &number) ||
        !cursor_skip(&c, 1))
        return VIEW_SHORT(v, 8, TUNNEL);
    if ((flags & 0x08u) == 0) return DECODE_TUNNEL_MALFORMED;
    view_consume(v, c);
    set_segment(k, number);
    n->layer = LAYER_ETHERNET;
    return DECODE_OK;
}

/* A port that was never registered for it: what must be zero tells it from others. */
static enum decode_status tunnel_vxlan_linux(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint32_t flags, id;
    if (!cursor_be32(&c, &flags) || !cursor_be32(&c, &id)) return VIEW_SHORT(v, 8, TUNNEL);
    if (flags != 0x08000000u || (id & 0xffu) != 0) return DECODE_TUNNEL_MALFORMED;
    return tunnel_vxlan(v, k, n);
}

static enum decode_status tunnel_geneve(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t first, flags;
    uint16_t type;
    uint32_t number;
    if (!cursor_u8(&c, &first) || !cursor_u8(&c, &flags) || !cursor_be16(&c, &type) ||
        !cursor_be24(&c, &number) || !cursor_skip(&c, 1u + (first & 0x3fu) * 4u))
        return VIEW_SHORT(v, 8, TUNNEL);
    if (first >> 6 != 0) return DECODE_TUNNEL_MALFORMED;
    view_consume(v, c);
    set_segment(k, number);
    *n = (struct next){LAYER_TYPE, type};
    return DECODE_OK;
}

/* Sequence number, N-PDU number and extension headers of GTP-U (TS 29.281 section 5.2). */
static bool gtp_options(struct cursor *c, bool extended) {
    uint8_t next, len;
    if (!cursor_skip(c, 3) || !cursor_u8(c, &next)) return false;
    for (unsigned i = 0; extended && next != 0; i++) {
        if (i == GTP_MAX_EXTENSIONS || !cursor_u8(c, &len) || len == 0) return false;
        if (!cursor_skip(c, len * 4u - 2u) || !cursor_u8(c, &next)) return false;
    }
    return true;
}

static enum decode_status tunnel_gtp(struct view *v, struct next *n) {
    struct cursor c = v->c;
    uint8_t flags, type;
    uint16_t len;
    if (!cursor_u8(&c, &flags) || !cursor_u8(&c, &type) || !cursor_be16(&c, &len) ||
        !cursor_skip(&c, 4))
        return VIEW_SHORT(v, 8, TUNNEL);
    /* version 1, GTP not GTP', a user's packet */
    if ((flags & 0xf0u) != 0x30u || type != 255) return DECODE_TUNNEL_MALFORMED;
    view_limit(v, 8u + len);
    cursor_limit(&c, len);
    if ((flags & 7u) != 0 && !gtp_options(&c, (flags & 4u) != 0)) return VIEW_SHORT(v, 12, TUNNEL);
    view_consume(v, c);
    n->layer = LAYER_IP;
    return DECODE_OK;
}

/* RFC 4380 section 5.1.1: authentication and origin indications may precede the packet. */
static enum decode_status tunnel_teredo(struct view *v, struct next *n) {
    struct cursor c = v->c, peek = v->c;
    uint16_t kind;
    uint8_t id_bytes, auth_bytes;
    if (cursor_be16(&peek, &kind) && kind == 1) {
        c = peek;
        if (!cursor_u8(&c, &id_bytes) || !cursor_u8(&c, &auth_bytes) ||
            !cursor_skip(&c, (size_t)id_bytes + auth_bytes + 9))
            return VIEW_SHORT(v, 13, TUNNEL);
    }
    peek = c;
    if (cursor_be16(&peek, &kind) && kind == 0 && !cursor_skip(&c, 8))
        return VIEW_SHORT(v, 8, TUNNEL);
    view_consume(v, c);
    peek = c;
    uint8_t first;
    if (!cursor_u8(&peek, &first) || first >> 4 != 6) return DECODE_TUNNEL_MALFORMED;
    n->layer = LAYER_IP;
    return DECODE_OK;
}

bool tunnel_is_udp_port(uint16_t port) {
    return port == PORT_VXLAN || port == PORT_GTP || port == PORT_GENEVE || port == PORT_TEREDO ||
           port == PORT_VXLAN_LINUX;
}

enum decode_status tunnel_udp(uint16_t port, struct view *v, struct packet *k, struct next *n) {
    switch (port) {
    case PORT_VXLAN: return tunnel_vxlan(v, k, n);
    case PORT_VXLAN_LINUX: return tunnel_vxlan_linux(v, k, n);
    case PORT_GENEVE: return tunnel_geneve(v, k, n);
    case PORT_GTP: return tunnel_gtp(v, n);
    default: return tunnel_teredo(v, n);
    }
}
