/* Datagrams by well-known port, by their form, and by their beat.  Only the protocols that the
 * report names are told apart. Runs in: worker.  Input trust: packets. */
#include "capd/track/udp.h"
#include "capd/track/control.h"
#include "capd/track/dhcp_track.h"
#include "capd/track/dns_track.h"
#include "capd/track/link.h"
#include "capd/track/media.h"
#include "capd/track/stranger.h"

static bool uses(const struct packet *k, uint16_t port) {
    return k->sport == port || k->dport == port;
}

#define BEAT_PACKETS 16u     /* of one end: fewer make no beat */
#define BEAT_MIN_US  4500u   /* on average between them: faster is bulk */
#define BEAT_MAX_US  150000u /* slower: a gap could not be told from the beat */

/* Whatever else comes in an even beat: a game, a voice program, a sensor.  A state is only spent on
 * what may be one. */
static void follow_beat(struct engine *e, struct flow *f, unsigned dir) {
    bool begun = udp_state_find(e, f) != NULL;
    uint64_t n = f->packets[dir], us = e->now_us - f->first_us;
    if (begun ||
        (n >= BEAT_PACKETS && us >= n * BEAT_MIN_US && us <= n * BEAT_MAX_US && udp_state_spare(e)))
        pace_datagram(&udp_state_of(e, f)->pace[dir], e->now_us);
}

void udp_packet(struct engine *e, struct packet *k, struct flow *f, unsigned dir) {
    if (k->ip_proto != 17) return;
    bool dns = uses(k, 53), dhcp = uses(k, 67) || uses(k, 68) || uses(k, 546) || uses(k, 547);
    bool cut = k->payload_cap < k->payload_bytes; /* by the snap length */
    if (cut && dhcp) state_count_unread(e, f, &e->total.unread_dhcp);
    if (cut && dns && k->payload_cap == 0) state_count_unread(e, f, &e->total.unread_dns);
    if (k->payload_cap == 0) return;
    f->said_us[dir] = e->now_us;
    if (dir == SERVER) link_heard(e, &f->end[SERVER]);
    if (dir == SERVER && f->packets[SERVER] <= 1) stranger_worked(e, &f->end[CLIENT]);
    if ((f->bits & (FLOW_ICMP | FLOW_WORKED)) == FLOW_ICMP &&
        (dir == SERVER || f->packets[CLIENT] % 16 == 0))
        icmp_flow_goes_on(e, f, dir == SERVER);
    enum proto proto = PROTO_OTHER;
    if (dns) {
        if (dns_datagram(e, k))
            proto = PROTO_DNS;
        else if (cut)
            state_count_unread(e, f, &e->total.unread_dns);
        (void)udp_ask(e, k, f, dir);
    } else if (uses(k, 5353))
        proto = PROTO_MDNS;
    else if (uses(k, 5355))
        proto = PROTO_LLMNR;
    else if (dhcp) {
        proto = PROTO_DHCP;
        dhcp_packet(e, k);
    } else if (quic_datagram(e, k, f, dir))
        proto = PROTO_QUIC;
    else {
        proto = udp_ask(e, k, f, dir);
        if (proto == PROTO_OTHER) proto = media_datagram(e, k, f, dir);
        if (proto == PROTO_OTHER) follow_beat(e, f, dir);
    }
    if (proto != PROTO_OTHER) k->layers |= 1u << proto;
}
