#ifndef CAPD_DECODE_PACKET_H
#define CAPD_DECODE_PACKET_H
#include "common/addr.h"
#include "common/bytes.h"
#include "common/schema.h"
#include <stdbool.h>
#include <stdint.h>

/* What decoding one frame yields: header fields by value, and a borrowed view of the transport
 * payload that is valid until the next frame.  Decoders are pure: bytes -> struct packet. */

/* X(name, class): every way in which decoding can stop.  Truncated (snap length, cut frame) is
 * not malformed (lengths that contradict each other or break the protocol); unknown is neither. */
/* clang-format off */
#define DECODE_STATUS_LIST(X) \
    X(OK, FINE) \
    X(LINK_TRUNCATED, TRUNCATED) X(LINK_MALFORMED, MALFORMED) X(LINK_UNKNOWN, UNKNOWN) \
    X(ARP_TRUNCATED, TRUNCATED) X(ARP_MALFORMED, MALFORMED) \
    X(IP_TRUNCATED, TRUNCATED) X(IP_MALFORMED, MALFORMED) X(IP_UNKNOWN, UNKNOWN) \
    X(ICMP_TRUNCATED, TRUNCATED) X(ICMP_MALFORMED, MALFORMED) \
    X(TCP_TRUNCATED, TRUNCATED) X(TCP_MALFORMED, MALFORMED) \
    X(UDP_TRUNCATED, TRUNCATED) X(UDP_MALFORMED, MALFORMED) \
    X(SCTP_TRUNCATED, TRUNCATED) X(SCTP_MALFORMED, MALFORMED) \
    X(TUNNEL_TRUNCATED, TRUNCATED) X(TUNNEL_MALFORMED, MALFORMED)
/* clang-format on */
#define DECODE_STATUS_ENUM(name, class) DECODE_##name,
enum decode_status { DECODE_STATUS_LIST(DECODE_STATUS_ENUM) DECODE_STATUSES };
enum decode_class { DECODE_FINE, DECODE_TRUNCATED, DECODE_MALFORMED, DECODE_UNKNOWN };
enum decode_class decode_class_of(enum decode_status status);

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u
#define TCP_URG 0x20u
#define TCP_ECE 0x40u
#define TCP_CWR 0x80u

struct tcp_header {
    uint32_t seq, ack;
    uint16_t window, mss;  /* mss 0: no option */
    uint8_t flags, wscale; /* wscale: shift count, RFC 7323; only if has_wscale */
    bool has_wscale, sack_permitted, has_timestamps;
    uint32_t ts_value, ts_echo;
    uint8_t sack_blocks; /* 0..4 */
    uint32_t sack_left[4], sack_right[4];
};

/* Headers quoted inside an ICMP error, as far as they are there. */
struct icmp_quote {
    bool present, has_ports;
    uint8_t ip_proto;
    struct addr src, dst;
    uint16_t sport, dport;
    uint32_t tcp_seq; /* only when ip_proto is TCP and has_ports */
};

struct icmp_header {
    uint8_t type, code;
    uint16_t echo_id, echo_seq; /* echo request and reply only */
    uint32_t mtu;               /* frag needed, packet too big */
    uint32_t word;              /* bytes 4..7 as they are: flags of neighbour discovery */
    struct addr neighbour;      /* who is asked for: ND solicitation, advertisement; else empty */
    struct icmp_quote quote;
};

/* First chunk of an SCTP packet; RFC 9260 section 3.2. */
#define SCTP_INIT     1u
#define SCTP_INIT_ACK 2u
#define SCTP_ABORT    6u

struct sctp_header {
    uint32_t tag, initiate_tag; /* initiate_tag: of INIT and INIT ACK */
    uint8_t chunk;              /* type of the first chunk, if has_chunk */
    bool has_chunk;
};

/* IEEE 802.1D BPDU; `read` is false when only its presence is known. */
struct stp_header {
    uint8_t version, type; /* type 0 configuration, 2 rapid, 0x80 change notification */
    bool read, change;     /* change: the topology changes */
    uint64_t root, bridge;
    uint32_t cost;
    uint16_t port;
};

struct arp_header {
    uint16_t op; /* 1 request, 2 reply */
    uint8_t sender_mac[6], target_mac[6];
    struct addr sender, target; /* IPv4 */
};

struct packet {
    uint64_t ts_ns; /* packet time, since the epoch */
    uint32_t wire_bytes, cap_bytes;
    /* Bit PROTO_* for each header decoded, outermost network layer up.  PROTO_OTHER: a link-layer
     * payload that is none of them.  Application bits are for the trackers to set. */
    uint32_t layers;
    /* DECODE_OK, or the first thing that was wrong.  Decoding goes on where it can (a wrong length
     * is clamped), so `layers` says which fields are valid, not the status. */
    enum decode_status status;

    bool has_mac;
    bool has_src_mac; /* as "any" tells it: of the sender alone */
    bool sealed;      /* data of a Wi-Fi frame, encrypted by the link itself */
    uint8_t src_mac[6], dst_mac[6];
    uint16_t ethertype;
    uint8_t vlans; /* number of tags */
    /* Tells layer-2 networks apart that pass here, in which the same addresses may be in use: the
     * tags' VIDs, and of a tunnel of such networks the number it gives them; 0: neither. */
    uint64_t segment;

    /* Innermost IP header (after tunnels). */
    uint8_t ip_version; /* 0, 4 or 6 */
    struct addr src, dst;
    uint8_t ip_proto, ttl, tos;
    uint32_t ip_id; /* 16 bits in IPv4; fragment header's 32 bits in IPv6 */
    bool has_ip_id, dont_fragment;
    bool fragment, more_fragments;
    uint32_t fragment_offset;         /* bytes */
    uint8_t tunnels;                  /* headers of another IP packet around this one */
    struct addr outer_src, outer_dst; /* of the outermost, if tunnels > 0 */
    uint32_t l4_bytes;                /* transport header and payload by the IP header's length */

    uint16_t sport, dport; /* 0 unless TCP, UDP, SCTP with has_ports */
    bool has_ports;

    /* Transport payload, or the IP payload of a fragment (whose transport header, even of the
     * first, is left undecoded) and of protocols not decoded here; NULL if none is present. */
    const uint8_t *payload;
    uint32_t payload_cap;   /* its bytes here, <= payload_bytes */
    uint32_t payload_bytes; /* its bytes on the wire, by the headers */

    /* Undefined unless `layers` has the protocol (of TCP: has_ports, and ip_proto is 6): filled as
     * a whole by its decoder. */
    struct tcp_header tcp;
    struct icmp_header icmp; /* PROTO_ICMP, PROTO_ICMPV6 */
    struct arp_header arp;   /* PROTO_ARP */
    struct sctp_header sctp; /* PROTO_SCTP */
    struct stp_header stp;   /* PROTO_STP */
};

static inline bool packet_has(const struct packet *k, enum proto p) {
    return (k->layers >> p & 1u) != 0;
}

/* Does the sender number its packets?  Many leave the field zero (RFC 6864 section 4.1). */
static inline bool packet_is_numbered(const struct packet *k) {
    return k->has_ip_id && k->ip_id != 0;
}

/* Decode one frame of link type `datalink` (libpcap's DLT_ value, as a plain number so that
 * decode needs no libpcap).  Fills `k`.  Returns k->status. */
enum decode_status decode_frame(int datalink, uint64_t ts_ns, const uint8_t *bytes,
                                uint32_t cap_bytes, uint32_t wire_bytes, struct packet *k);

/* True if decode_frame understands the link type; used to refuse before capturing. */
bool decode_knows_datalink(int datalink);
#endif
