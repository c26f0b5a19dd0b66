/* Headers between the link type and the network layer: Ethernet with its tags, 802.2, PPP.  They
 * also turn up inside tunnels, hence apart from what only begins a frame. Runs in: worker.  Input
 * trust: packets. */
#include "capd/decode/layers.h"

#define TYPE_IPV4       0x0800u
#define TYPE_ARP        0x0806u
#define TYPE_RARP       0x8035u
#define TYPE_VLAN       0x8100u
#define TYPE_BRIDGED    0x6558u /* transparent Ethernet bridging */
#define TYPE_IPV6       0x86ddu
#define TYPE_PPP        0x880bu
#define TYPE_MPLS       0x8847u
#define TYPE_MPLS_MULTI 0x8848u
#define TYPE_PPPOE      0x8864u
#define TYPE_QINQ       0x88a8u
#define TYPE_QINQ_OLD   0x9100u

enum decode_status link_ethernet(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    const uint8_t *p;
    if (!cursor_take(&c, 14, &p)) return VIEW_SHORT(v, 14, LINK);
    view_consume(v, c);
    if (k->ip_version == 0) { /* the outermost one is the local network's */
        memcpy(k->dst_mac, p, 6);
        memcpy(k->src_mac, p + 6, 6);
        k->has_mac = k->has_src_mac = true;
    }
    *n = (struct next){LAYER_TYPE, bytes_be16(p + 12)};
    return DECODE_OK;
}

/* Skip VLAN tags; `type` becomes what they enclose. */
static enum decode_status link_tags(uint16_t *type, struct view *v, struct packet *k) {
    for (unsigned i = 0; i < DECODE_MAX_TAGS; i++) {
        if (*type != TYPE_VLAN && *type != TYPE_QINQ && *type != TYPE_QINQ_OLD) return DECODE_OK;
        if (k->vlans >= DECODE_MAX_TAGS) break; /* with other headers between them */
        struct cursor c = v->c;
        uint16_t tci, inner;
        if (!cursor_be16(&c, &tci) || !cursor_be16(&c, &inner)) return VIEW_SHORT(v, 4, LINK);
        view_consume(v, c);
        if (k->ip_version == 0) k->vlans++;
        k->segment = k->segment << 12 | (tci & 0x0fffu);
        *type = inner;
    }
    return DECODE_LINK_MALFORMED;
}

enum decode_status link_type(uint16_t type, struct view *v, struct packet *k, struct next *n) {
    enum decode_status s = link_tags(&type, v, k);
    if (s != DECODE_OK) return s;
    if (k->ip_version == 0) k->ethertype = type;
    if (type < LINK_TYPE_MIN) {
        view_limit(v, type);
        n->layer = LAYER_LLC;
        return DECODE_OK;
    }
    switch (type) {
    case TYPE_IPV4:
    case TYPE_IPV6: n->layer = LAYER_IP; return DECODE_OK;
    case TYPE_ARP:
    case TYPE_RARP: n->layer = LAYER_ARP; return DECODE_OK;
    case TYPE_MPLS:
    case TYPE_MPLS_MULTI: n->layer = LAYER_MPLS; return DECODE_OK;
    case TYPE_PPPOE: n->layer = LAYER_PPPOE; return DECODE_OK;
    case TYPE_PPP: n->layer = LAYER_PPP; return DECODE_OK;
    case TYPE_BRIDGED: n->layer = LAYER_ETHERNET; return DECODE_OK;
    default: return link_other(k);
    }
}

/* IEEE 802.2, and SNAP (RFC 1042) inside it. */
enum decode_status link_llc(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t dsap, ssap, control;
    uint16_t type;
    uint32_t oui;
    if (!cursor_u8(&c, &dsap) || !cursor_u8(&c, &ssap) || !cursor_u8(&c, &control))
        return VIEW_SHORT(v, 3, LINK);
    if (dsap == 0x42) { /* spanning tree */
        view_consume(v, c);
        n->layer = LAYER_STP;
        return DECODE_OK;
    }
    if (dsap != 0xaa || ssap != 0xaa || control != 3) return link_other(k);
    if (!cursor_be24(&c, &oui) || !cursor_be16(&c, &type)) return VIEW_SHORT(v, 8, LINK);
    view_consume(v, c);
    if (oui == 0x00000c && type == 0x010b) { /* Cisco's spanning tree per VLAN */
        n->layer = LAYER_STP;
        return DECODE_OK;
    }
    if ((oui != 0 && oui != 0x0000f8) || type < LINK_TYPE_MIN) return link_other(k);
    *n = (struct next){LAYER_TYPE, type};
    return DECODE_OK;
}

/* RFC 1661; the address and control bytes and the first protocol byte may be compressed away. */
enum decode_status link_ppp(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t first, low;
    if (!cursor_u8(&c, &first)) return VIEW_SHORT(v, 1, LINK);
    if (first == 0xff) {
        if (!cursor_skip(&c, 1) || !cursor_u8(&c, &first)) return VIEW_SHORT(v, 3, LINK);
    }
    uint16_t proto = first;
    if ((first & 1) == 0) {
        if (!cursor_u8(&c, &low)) return VIEW_SHORT(v, 2, LINK);
        proto = (uint16_t)(first << 8 | low);
    }
    view_consume(v, c);
    switch (proto) {
    case 0x0021:
    case 0x0057: n->layer = LAYER_IP; return DECODE_OK;
    case 0x0281:
    case 0x0283: n->layer = LAYER_MPLS; return DECODE_OK;
    default: return link_other(k);
    }
}

enum decode_status link_pppoe(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t version_type, code;
    uint16_t session, len;
    if (!cursor_u8(&c, &version_type) || !cursor_u8(&c, &code) || !cursor_be16(&c, &session) ||
        !cursor_be16(&c, &len))
        return VIEW_SHORT(v, 6, LINK);
    if (version_type != 0x11 || code != 0) return link_other(k);
    view_consume(v, c);
    view_limit(v, len);
    n->layer = LAYER_PPP;
    return DECODE_OK;
}
