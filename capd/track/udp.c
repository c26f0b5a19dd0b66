/* Datagrams by well-known port.  Only the protocols that the report names are told apart.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/udp.h"
#include "capd/track/dhcp_track.h"
#include "capd/track/dns_track.h"

static bool uses(const struct packet *k, uint16_t port) {
    return k->sport == port || k->dport == port;
}

/* RFC 9000 section 17: long header has both upper bits set; short header only the second. */
static bool is_quic(const struct packet *k, const struct flow *f) {
    if (!uses(k, 443) || k->payload_cap < 5) return false;
    if (f->app == APP_TLS) return (k->payload[0] & 0x40) != 0;
    return (k->payload[0] & 0xc0) == 0xc0 &&
           (k->payload[1] | k->payload[2] | k->payload[3] | k->payload[4]) != 0;
}

void udp_packet(struct engine *e, struct packet *k, struct flow *f, unsigned dir) {
    (void)dir;
    if (k->ip_proto != 17 || k->payload_cap == 0) return;
    unsigned proto = PROTO_OTHER;
    if (uses(k, 53)) {
        if (dns_datagram(e, k)) proto = PROTO_DNS;
    } else if (uses(k, 5353))
        proto = PROTO_MDNS;
    else if (uses(k, 5355))
        proto = PROTO_LLMNR;
    else if (uses(k, 67) || uses(k, 68) || uses(k, 546) || uses(k, 547)) {
        proto = PROTO_DHCP;
        dhcp_packet(e, k);
    } else if (uses(k, 123))
        proto = PROTO_NTP;
    else if (is_quic(k, f)) {
        proto = PROTO_QUIC;
        f->app = APP_TLS; /* a QUIC flow: short headers count as well from now on */
    }
    if (proto != PROTO_OTHER) k->layers |= 1u << proto;
}
