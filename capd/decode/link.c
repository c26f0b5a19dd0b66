/* Link layers: everything before the network layer, for the link types that libpcap delivers from
 * ordinary interfaces and that turn up in capture files.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

/* Link types by libpcap's DLT_ values, https://www.tcpdump.org/linktypes.html. */
enum {
    DLT_BSD_NULL = 0,
    DLT_ETHERNET = 1,
    DLT_PLAIN_PPP = 9,
    DLT_RAW_BSD = 12,
    DLT_RAW_OPENBSD = 14,
    DLT_SERIAL_PPP = 50,
    DLT_PPP_OVER_ETHER = 51,
    DLT_RAW_IP = 101,
    DLT_CISCO_HDLC = 104,
    DLT_WIFI = 105,
    DLT_BSD_LOOP = 108,
    DLT_SLL = 113,
    DLT_PRISM = 119,
    DLT_RADIOTAP = 127,
    DLT_AVS = 163,
    DLT_WIFI_PPI = 192,
    DLT_RAW_IPV4 = 228,
    DLT_RAW_IPV6 = 229,
    DLT_SLL2 = 276
};

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
#define TYPE_MIN        0x0600u /* below: an IEEE 802.3 length */

/* What a protocol number that is none of ours encloses. */
static enum decode_status link_other(struct packet *k) {
    packet_add(k, PROTO_OTHER);
    return DECODE_LINK_UNKNOWN;
}

enum decode_status link_ethernet(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    const uint8_t *dst, *src;
    uint16_t type;
    if (!cursor_take(&c, 6, &dst) || !cursor_take(&c, 6, &src) || !cursor_be16(&c, &type))
        return VIEW_SHORT(v, 14, LINK);
    view_consume(v, c);
    if (k->ip_version == 0) { /* the outermost one is the local network's */
        memcpy(k->dst_mac, dst, 6);
        memcpy(k->src_mac, src, 6);
        k->has_mac = true;
    }
    *n = (struct next){LAYER_TYPE, type};
    return DECODE_OK;
}

/* Skip VLAN tags; `type` becomes what they enclose. */
static enum decode_status link_tags(uint16_t *type, struct view *v, struct packet *k) {
    for (unsigned i = 0; i < DECODE_MAX_TAGS; i++) {
        if (*type != TYPE_VLAN && *type != TYPE_QINQ && *type != TYPE_QINQ_OLD) return DECODE_OK;
        struct cursor c = v->c;
        uint16_t tci, inner;
        if (!cursor_be16(&c, &tci) || !cursor_be16(&c, &inner)) return VIEW_SHORT(v, 4, LINK);
        view_consume(v, c);
        if (k->ip_version == 0) {
            k->vlans++;
            k->vlan_id = tci & 0x0fffu;
        }
        *type = inner;
    }
    return DECODE_LINK_MALFORMED;
}

enum decode_status link_type(uint16_t type, struct view *v, struct packet *k, struct next *n) {
    enum decode_status s = link_tags(&type, v, k);
    if (s != DECODE_OK) return s;
    if (k->ip_version == 0) k->ethertype = type;
    if (type < TYPE_MIN) {
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
        packet_add(k, PROTO_STP);
        return DECODE_OK;
    }
    if (dsap != 0xaa || ssap != 0xaa || control != 3) return link_other(k);
    if (!cursor_be24(&c, &oui) || !cursor_be16(&c, &type)) return VIEW_SHORT(v, 8, LINK);
    view_consume(v, c);
    if (oui == 0x00000c && type == 0x010b) { /* Cisco's spanning tree per VLAN */
        packet_add(k, PROTO_STP);
        return DECODE_OK;
    }
    if ((oui != 0 && oui != 0x0000f8) || type < TYPE_MIN) return link_other(k);
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

/* Linux "any" device: SLL has the protocol at byte 14 of 16, SLL2 at byte 0 of 20. */
static enum decode_status link_sll(uint32_t header_bytes, uint32_t at, struct view *v,
                                   struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint16_t type;
    if (!cursor_skip(&c, at) || !cursor_be16(&c, &type) || !cursor_skip(&c, header_bytes - at - 2))
        return VIEW_SHORT(v, header_bytes, LINK);
    view_consume(v, c);
    if (type < TYPE_MIN) { /* not a length here: 4 is 802.2 */
        if (type != 4) return link_other(k);
        n->layer = LAYER_LLC;
        return DECODE_OK;
    }
    *n = (struct next){LAYER_TYPE, type};
    return DECODE_OK;
}

/* BSD loopback: an address family, in the byte order of the writing host. */
static enum decode_status link_null(struct view *v, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint32_t family;
    if (!cursor_be32(&c, &family)) return VIEW_SHORT(v, 4, LINK);
    view_consume(v, c);
    if (family > 0xffff) family = family >> 24 | (family >> 8 & 0xff00u); /* 16 bits are enough */
    switch (family) {
    case 2:  /* IPv4 everywhere */
    case 10: /* IPv6: Linux; 24 NetBSD, OpenBSD; 28 FreeBSD; 30 macOS */
    case 24:
    case 28:
    case 30: n->layer = LAYER_IP; return DECODE_OK;
    default:
        if (family < TYPE_MIN) return link_other(k);
        *n = (struct next){LAYER_TYPE, family};
        return DECODE_OK;
    }
}

static enum decode_status link_hdlc(struct view *v, struct next *n) {
    struct cursor c = v->c;
    uint16_t type;
    if (!cursor_skip(&c, 2) || !cursor_be16(&c, &type)) return VIEW_SHORT(v, 4, LINK);
    view_consume(v, c);
    *n = (struct next){LAYER_TYPE, type};
    return DECODE_OK;
}

bool decode_knows_datalink(int datalink) {
    static const int known[] = {DLT_BSD_NULL,
                                DLT_ETHERNET,
                                DLT_PLAIN_PPP,
                                DLT_RAW_BSD,
                                DLT_RAW_OPENBSD,
                                DLT_SERIAL_PPP,
                                DLT_PPP_OVER_ETHER,
                                DLT_RAW_IP,
                                DLT_CISCO_HDLC,
                                DLT_WIFI,
                                DLT_BSD_LOOP,
                                DLT_SLL,
                                DLT_PRISM,
                                DLT_RADIOTAP,
                                DLT_AVS,
                                DLT_WIFI_PPI,
                                DLT_RAW_IPV4,
                                DLT_RAW_IPV6,
                                DLT_SLL2};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i] == datalink) return true;
    return false;
}

enum decode_status link_decode(int datalink, struct view *v, struct packet *k, struct next *n) {
    switch (datalink) {
    case DLT_ETHERNET: n->layer = LAYER_ETHERNET; return DECODE_OK;
    case DLT_RAW_BSD:
    case DLT_RAW_OPENBSD:
    case DLT_RAW_IP:
    case DLT_RAW_IPV4:
    case DLT_RAW_IPV6: n->layer = LAYER_IP; return DECODE_OK;
    case DLT_PLAIN_PPP:
    case DLT_SERIAL_PPP: n->layer = LAYER_PPP; return DECODE_OK;
    case DLT_PPP_OVER_ETHER: n->layer = LAYER_PPPOE; return DECODE_OK;
    case DLT_CISCO_HDLC: return link_hdlc(v, n);
    case DLT_BSD_NULL:
    case DLT_BSD_LOOP: return link_null(v, k, n);
    case DLT_SLL: return link_sll(16, 14, v, k, n);
    case DLT_SLL2: return link_sll(20, 0, v, k, n);
    case DLT_WIFI:
    case DLT_PRISM:
    case DLT_RADIOTAP:
    case DLT_AVS:
    case DLT_WIFI_PPI: return wifi_decode(datalink, v, k, n);
    default: return DECODE_LINK_UNKNOWN;
    }
}
