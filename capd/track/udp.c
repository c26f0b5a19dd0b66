/* Datagrams by well-known port, by their form, and by their beat.  Only the protocols that the
 * report names are told apart. Runs in: worker.  Input trust: packets. */
#include "capd/track/udp.h"
#include "capd/track/dhcp_track.h"
#include "capd/track/dns_track.h"
#include "capd/track/media.h"

static bool uses(const struct packet *k, uint16_t port) {
    return k->sport == port || k->dport == port;
}

void udp_packet(struct engine *e, struct packet *k, struct flow *f, unsigned dir) {
    if (k->ip_proto != 17 || k->payload_cap == 0) return;
    enum proto proto = PROTO_OTHER;
    if (uses(k, 53)) {
        if (dns_datagram(e, k)) proto = PROTO_DNS;
        (void)udp_ask(e, k, f, dir);
    } else if (uses(k, 5353))
        proto = PROTO_MDNS;
    else if (uses(k, 5355))
        proto = PROTO_LLMNR;
    else if (uses(k, 67) || uses(k, 68) || uses(k, 546) || uses(k, 547)) {
        proto = PROTO_DHCP;
        dhcp_packet(e, k);
    } else if (quic_datagram(e, k, f, dir))
        proto = PROTO_QUIC;
    else {
        proto = udp_ask(e, k, f, dir);
        if (proto == PROTO_OTHER) proto = media_datagram(e, k, f, dir);
        /* Whatever else comes in an even beat: a game, a voice program, a sensor. */
        if (proto == PROTO_OTHER) pace_datagram(&udp_state_of(e, f)->pace[dir], e->now_us);
    }
    if (proto != PROTO_OTHER) k->layers |= 1u << proto;
}
