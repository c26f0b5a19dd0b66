/* The one entry of the link-layer detectors, and what they share.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/link.h"
#include "capd/decode/nd.h"
#include "capd/track/neighbours.h"
#include "capd/track/select.h"

bool link_concerns(const struct engine *e, const struct addr *a, bool gateway,
                   bool *on_target_out) {
    bool named = e->has_host && select_address(e, a);
    *on_target_out = named || gateway || (!e->has_host && e->o.target.ports == 0);
    return e->o.target.mode == MODE_DIAGNOSIS || named || gateway;
}

static void count_sctp(struct engine *e, const struct sctp_header *h) {
    if (!h->has_chunk) return;
    if (h->chunk == SCTP_INIT) e->total.sctp_inits++;
    if (h->chunk == SCTP_INIT_ACK) e->total.sctp_init_acks++;
    if (h->chunk == SCTP_ABORT) e->total.sctp_aborts++;
}

void link_frame(struct engine *e, const struct packet *k, const uint8_t *bytes, uint32_t cap) {
    if (packet_has(k, PROTO_STP) && k->stp.read && k->stp.change) e->total.stp_changes++;
    if (packet_has(k, PROTO_SCTP) && !k->fragment) count_sctp(e, &k->sctp);
    if (k->tunnels > 0) return; /* of another link */
    link_claims_frame(e, k);
    link_storm_frame(e, k, bytes, cap);
    if (packet_has(k, PROTO_ICMPV6) && !k->fragment) nd_frame(e, k);
}

void link_report(struct engine *e) {
    neighbours_report(e);
    link_storm_report(e);
}
