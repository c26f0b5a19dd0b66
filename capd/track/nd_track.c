/* What neighbour discovery says: who asks and who speaks, and what routers offer.  Apart from ARP,
 * since a host here asks for its own address, from none, to see that nobody has it.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/nd.h"
#include "capd/track/link.h"
#include "capd/track/neighbours.h"
#include "capd/track/select.h"

#define HOP_LIMIT 255u /* anything less came through a router: forged, RFC 4861 section 7.1 */

static bool is_unspecified(const struct addr *a) {
    static const uint8_t zero[16];
    return memcmp(a->b, zero, sizeof zero) == 0;
}

void nd_frame(struct engine *e, const struct packet *k) {
    struct nd_message m;
    if (k->ip_version != 6 || k->ttl != HOP_LIMIT || k->icmp.code != 0) return;
    enum nd_status s =
        decode_nd(k->icmp.type, k->icmp.word, cursor_make(k->payload, k->payload_cap), &m);
    if (s == ND_NOT_ND || s == ND_MALFORMED) return;
    if (m.type == ND_ROUTER_ADVERT && m.managed) e->link.dhcp6_announced = true;
    if (m.type == ND_ROUTER_ADVERT && m.lifetime_s > 0) link_routes(e, &k->src);
    if (!is_unspecified(&k->src)) neighbours_heard(e, &k->src);
    if (m.target.len == 0) return;
    if (m.type == ND_NEIGHBOUR_ADVERT) {
        bool foreign = !select_local(e, &k->dst) && !select_local(e, &m.target);
        if (m.solicited && foreign) neighbours_answers_pass(e, true);
        neighbours_heard(e, &m.target);
    }
    if (m.type == ND_NEIGHBOUR_ASKED && !is_unspecified(&k->src))
        neighbours_asked(e, k, &k->src, &m.target);
}
