/* How a frame begins, by link type: those that libpcap delivers from ordinary interfaces and that
 * turn up in capture files. Runs in: worker.  Input trust: packets. */
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

#define SLL_BYTES  16u
#define SLL2_BYTES 20u

/* Linux "any" device: the protocol comes last, in SLL2 first.  Before the sender's address, 8 bytes
 * of which the first are used, stands how many: the last byte of SLL's two, or SLL2's one. */
static enum decode_status link_sll(uint32_t header_bytes, struct view *v, struct packet *k,
                                   struct next *n) {
    struct cursor c = v->c;
    const uint8_t *h;
    if (!cursor_take(&c, header_bytes, &h)) return VIEW_SHORT(v, header_bytes, LINK);
    view_consume(v, c);
    bool second = header_bytes == SLL2_BYTES;
    const uint8_t *address = h + (second ? 12 : 6);
    uint16_t type = bytes_be16(h + (second ? 0 : 14)), hardware = bytes_be16(h + (second ? 8 : 2));
    k->has_src_mac = hardware == 1 && address[-1] == 6;
    if (k->has_src_mac) memcpy(k->src_mac, address, 6);
    if (type < LINK_TYPE_MIN) { /* not a length here: 4 is 802.2 */
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
        if (family < LINK_TYPE_MIN) return link_other(k);
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
    case DLT_SLL: return link_sll(SLL_BYTES, v, k, n);
    case DLT_SLL2: return link_sll(SLL2_BYTES, v, k, n);
    case DLT_WIFI:
    case DLT_PRISM:
    case DLT_RADIOTAP:
    case DLT_AVS:
    case DLT_WIFI_PPI: return wifi_decode(datalink, v, k, n);
    default: return DECODE_LINK_UNKNOWN;
    }
}
