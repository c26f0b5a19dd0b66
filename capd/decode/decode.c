/* One frame from the link layer up.  Each decoder reads one header and names the next one; the
 * loop here is the only place where nesting happens, so that a hostile frame costs a bounded
 * number of steps and no stack.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define PROTO_NUM_ICMP   1u
#define PROTO_NUM_IGMP   2u
#define PROTO_NUM_IPIP   4u
#define PROTO_NUM_TCP    6u
#define PROTO_NUM_UDP    17u
#define PROTO_NUM_IPV6   41u
#define PROTO_NUM_GRE    47u
#define PROTO_NUM_ESP    50u
#define PROTO_NUM_ICMPV6 58u
#define PROTO_NUM_NONE   59u
#define PROTO_NUM_SCTP   132u
#define PROTO_NUM_MPLS   137u

#define DECODE_CLASS_ENTRY(name, class) DECODE_##class,

enum decode_class decode_class_of(enum decode_status status) {
    static const enum decode_class classes[DECODE_STATUSES] = {
        DECODE_STATUS_LIST(DECODE_CLASS_ENTRY)};
    return status < DECODE_STATUSES ? classes[status] : DECODE_MALFORMED;
}

/* The header after an IP header. */
static enum decode_status transport_decode(uint32_t proto, struct view *v, struct packet *k,
                                           struct next *n) {
    switch (proto) {
    case PROTO_NUM_ICMP:
    case PROTO_NUM_ICMPV6: return icmp_decode(v, k);
    case PROTO_NUM_TCP: return tcp_decode(v, k);
    case PROTO_NUM_UDP: return udp_decode(v, k, n);
    case PROTO_NUM_SCTP: return sctp_decode(v, k);
    case PROTO_NUM_GRE: return tunnel_gre(v, k, n);
    case PROTO_NUM_IPIP:
    case PROTO_NUM_IPV6: n->layer = LAYER_IP; return DECODE_OK;
    case PROTO_NUM_MPLS: n->layer = LAYER_MPLS; return DECODE_OK;
    case PROTO_NUM_IGMP: packet_add(k, PROTO_IGMP); return DECODE_OK;
    case PROTO_NUM_ESP: packet_add(k, PROTO_ESP); return DECODE_OK;
    case PROTO_NUM_NONE: return DECODE_OK;
    default: return DECODE_IP_UNKNOWN;
    }
}

static enum decode_status layer_decode(struct next at, struct view *v, struct packet *k,
                                       struct next *n) {
    switch (at.layer) {
    case LAYER_ETHERNET: return link_ethernet(v, k, n);
    case LAYER_TYPE: return link_type((uint16_t)at.value, v, k, n);
    case LAYER_LLC: return link_llc(v, k, n);
    case LAYER_PPP: return link_ppp(v, k, n);
    case LAYER_PPPOE: return link_pppoe(v, k, n);
    case LAYER_MPLS: return tunnel_mpls(v, k, n);
    case LAYER_ARP: return arp_decode(v, k);
    case LAYER_STP: return stp_decode(v, k);
    case LAYER_IP: return ip_decode(v, k, n);
    case LAYER_TRANSPORT: return transport_decode(at.value, v, k, n);
    case LAYER_UDP_TUNNEL: return tunnel_udp((uint16_t)at.value, v, k, n);
    case LAYER_END: break;
    }
    return DECODE_OK;
}

/* The first layer by its parts: as one word it would have to wait for them to be written. */
static void layers_run(enum layer layer, uint32_t value, struct view *v, struct packet *k) {
    struct next at = {layer, value};
    struct packet outer;
    bool guessed = false;
    for (unsigned step = 0; at.layer != LAYER_END && step < DECODE_MAX_STEPS; step++) {
        struct next n = {LAYER_END, 0};
        if (at.layer == LAYER_UDP_TUNNEL) {
            outer = *k;
            guessed = true;
        }
        packet_note(k, layer_decode(at, v, k, &n));
        at = n;
    }
    /* A port number only suggests a tunnel: without an inner packet it was plain UDP. */
    if (guessed && k->tunnels == outer.tunnels && !packet_has(k, PROTO_ARP)) *k = outer;
}

/* In pieces: compilers make stores of few bytes, and of more an instruction that is slow to start.
 */
static void packet_clear(struct packet *k) {
    const size_t bytes = offsetof(struct packet, tcp), piece = 48;
    for (size_t at = 0; at < bytes; at += piece)
        memset((uint8_t *)k + at, 0, at + piece < bytes ? piece : bytes - at);
}

enum decode_status decode_frame(int datalink, uint64_t ts_ns, const uint8_t *bytes,
                                uint32_t cap_bytes, uint32_t wire_bytes, struct packet *k) {
    static const uint8_t nothing = 0;
    if (wire_bytes < cap_bytes)
        wire_bytes = cap_bytes; /* a file's record header can say anything */
    packet_clear(k);
    k->ts_ns = ts_ns;
    k->wire_bytes = wire_bytes;
    k->cap_bytes = cap_bytes;

    struct view v = {cursor_make(cap_bytes > 0 ? bytes : &nothing, cap_bytes), wire_bytes};
    struct next first = {LAYER_END, 0};
    packet_note(k, link_decode(datalink, &v, k, &first));
    layers_run(first.layer, first.value, &v, k);
    return k->status;
}
