#ifndef CAPD_DECODE_LAYERS_H
#define CAPD_DECODE_LAYERS_H
#include "capd/decode/packet.h"

/* Between the decoders of one frame; nobody else includes this.  Each takes a view of what the
 * header before it encloses, reads its own header and says what comes next: no decoder calls
 * another, so that nesting is a loop with a hard count in decode.c. */

/* Bytes that follow: `c` are those captured, `wire` those there are by the headers read so far.
 * Invariant: cursor_left(&c) <= wire. */
struct view {
    struct cursor c;
    uint32_t wire;
};

/* What the header just read encloses, and the number that names it. */
enum layer {
    LAYER_END,       /* nothing more to decode */
    LAYER_ETHERNET,  /* MAC header */
    LAYER_TYPE,      /* value: EtherType, or an 802.3 length */
    LAYER_LLC,       /* 802.2 header */
    LAYER_PPP,       /* PPP protocol field, with or without address and control bytes */
    LAYER_PPPOE,     /* PPPoE session header, RFC 2516 */
    LAYER_MPLS,      /* label stack, RFC 3032 */
    LAYER_ARP,       /* RFC 826 */
    LAYER_IP,        /* IPv4 or IPv6 by the first four bits */
    LAYER_TRANSPORT, /* value: IP protocol number */
    LAYER_STP,       /* spanning tree BPDU */
    LAYER_UDP_TUNNEL /* value: UDP port; a guess by port, taken back when it does not parse */
};

struct next {
    enum layer layer;
    uint32_t value;
};

#define DECODE_MAX_STEPS   48u /* headers of one frame; a plain one has 3 */
#define DECODE_MAX_TUNNELS 4u  /* IP headers around the innermost one */
#define DECODE_MAX_TAGS    8u  /* VLAN tags; MPLS labels */
#define DECODE_MAX_EXTS    8u  /* IPv6 extension headers */

/* Take what was read through `c`, a copy of v->c, out of the view; its end stays, since it may have
 * been limited after the copy was made. */
static inline void view_consume(struct view *v, struct cursor c) {
    uint32_t read = (uint32_t)(c.p - v->c.p);
    v->wire -= read < v->wire ? read : v->wire;
    v->c.p = c.p < v->c.end ? c.p : v->c.end;
}

/* Keep at most n bytes (a length field of an outer header). */
static inline void view_limit(struct view *v, uint32_t n) {
    if (v->wire > n) v->wire = n;
    cursor_limit(&v->c, n);
}

/* Was the capture (true) or the sender (false) the reason that `need` bytes are not here? */
static inline bool view_is_cut(const struct view *v, uint32_t need) {
    return v->wire >= need;
}

/* Status of a failed read of `need` bytes. */
#define VIEW_SHORT(v, need, NAME)                                                                  \
    (view_is_cut(v, need) ? DECODE_##NAME##_TRUNCATED : DECODE_##NAME##_MALFORMED)

static inline void packet_add(struct packet *k, enum proto p) {
    k->layers |= 1u << p;
}

/* addr_from_bytes() for a length known here, in place and in words as addr_equal() will read them:
 * a processor that has to join narrower stores to wider loads waits for it. */
static inline void addr_set_v4(struct addr *a, const uint8_t bytes[4]) {
    uint64_t half[2] = {0, 0};
    memcpy(half, bytes, 4);
    memcpy(a->b, &half[0], 8);
    memcpy(a->b + 8, &half[1], 8);
    a->len = 4;
}

static inline void addr_set_v6(struct addr *a, const uint8_t bytes[16]) {
    uint64_t half[2];
    memcpy(half, bytes, 16);
    memcpy(a->b, &half[0], 8);
    memcpy(a->b + 8, &half[1], 8);
    a->len = 16;
}

/* Keep the first status that is not DECODE_OK. */
static inline void packet_note(struct packet *k, enum decode_status s) {
    if (k->status == DECODE_OK) k->status = s;
}

/* A link-layer payload that is none of ours. */
static inline enum decode_status link_other(struct packet *k) {
    packet_add(k, PROTO_OTHER);
    return DECODE_LINK_UNKNOWN;
}

/* Each returns DECODE_OK with `n` set, or why it stopped. */

/* datalink.c: the header of link type `datalink`, up to the first of the layers above.
 * DECODE_LINK_UNKNOWN: not a link type known here. */
enum decode_status link_decode(int datalink, struct view *v, struct packet *k, struct next *n);

/* link.c */
#define LINK_TYPE_MIN 0x0600u /* below: an IEEE 802.3 length */
enum decode_status link_ethernet(struct view *v, struct packet *k, struct next *n);
enum decode_status link_type(uint16_t type, struct view *v, struct packet *k, struct next *n);
enum decode_status link_llc(struct view *v, struct packet *k, struct next *n);
enum decode_status link_ppp(struct view *v, struct packet *k, struct next *n);
enum decode_status link_pppoe(struct view *v, struct packet *k, struct next *n);

/* wifi.c: IEEE 802.11 frame, after radiotap, Prism or AVS header if `datalink` has one. */
enum decode_status wifi_decode(int datalink, struct view *v, struct packet *k, struct next *n);

enum decode_status arp_decode(struct view *v, struct packet *k);
enum decode_status stp_decode(struct view *v, struct packet *k);

/* ip.c: RFC 791, RFC 8200.  Sets the addresses and l4 fields of the (now innermost) IP header. */
enum decode_status ip_decode(struct view *v, struct packet *k, struct next *n);

enum decode_status icmp_decode(struct view *v, struct packet *k); /* RFC 792, RFC 4443 */
enum decode_status tcp_decode(struct view *v, struct packet *k);  /* RFC 9293, 7323, 2018 */
enum decode_status udp_decode(struct view *v, struct packet *k, struct next *n); /* RFC 768 */
enum decode_status sctp_decode(struct view *v, struct packet *k);                /* RFC 9260 */

/* tunnel.c */
enum decode_status tunnel_gre(struct view *v, struct packet *k,
                              struct next *n); /* RFC 2784, 2637 */
enum decode_status tunnel_mpls(struct view *v, struct packet *k, struct next *n);
/* VXLAN (RFC 7348), Geneve (RFC 8926), GTP-U (3GPP TS 29.281), Teredo (RFC 4380) by `port`. */
enum decode_status tunnel_udp(uint16_t port, struct view *v, struct packet *k, struct next *n);
bool tunnel_is_udp_port(uint16_t port);
#endif
