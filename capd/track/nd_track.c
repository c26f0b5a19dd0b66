/* IPv6 neighbours that do not answer, and what routers say of DHCPv6.  Apart from ARP, since a host
 * here asks for its own address, from none, to see that nobody has it.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/nd.h"
#include "capd/track/control.h"
#include "capd/track/link.h"
#include "capd/track/link_limits.h"
#include "capd/track/select.h"

#define HOP_LIMIT 255u /* anything less came through a router: forged, RFC 4861 section 7.1 */

static bool is_unspecified(const struct addr *a) {
    static const uint8_t zero[16];
    return memcmp(a->b, zero, sizeof zero) == 0;
}

static struct nd_entry *nd_find(struct engine *e, const struct addr *asker,
                                const struct addr *target) {
    struct nd_entry *oldest = &e->link.nd[0];
    for (uint32_t i = 0; i < ND_ENTRIES; i++) {
        struct nd_entry *n = &e->link.nd[i];
        if (!n->used) {
            oldest = n;
            break;
        }
        if (addr_equal(&n->target, target) && addr_equal(&n->asker, asker)) return n;
        if (n->asked.last_us < oldest->asked.last_us) oldest = n;
    }
    *oldest = (struct nd_entry){.asker = *asker, .target = *target, .used = true};
    return oldest;
}

/* back: the address has just spoken, after a silence of which nothing was told yet. */
static void nd_report_one(struct engine *e, struct nd_entry *n, bool back) {
    struct questions due = questions_due(&n->asked, e->now_us);
    uint64_t span = due.last_us - due.first_us;
    bool gateway =
             select_gateway(e, &n->target) || link_is_missed(e, &n->target, due.first_us, back),
         on_target;
    if (n->answered || due.tries < ND_TRIES || span < (back ? OUTAGE_US : ND_SPAN_US)) return;
    if (!link_shows_answers(e, &n->asker, n->mac, e->link.nd_replies_visible)) return;
    if (!link_concerns(e, &n->target, gateway, &on_target)) return;
    if (back && !gateway && !(e->has_host && on_target)) return;
    struct msg_incident row = {.kind = INCIDENT_ND_UNANSWERED,
                               .subject = n->target,
                               .peer = n->asker,
                               .on_target = on_target,
                               .count = 1,
                               .first_us = due.first_us,
                               .last_us = due.last_us,
                               .tries = due.tries,
                               .span_us = span,
                               .worked = back,
                               .gateway = gateway};
    incident_add(e, &row);
    n->answered = true; /* reported: what follows is a new case */
    n->asked.tries = 0;
}

static void nd_heard(struct engine *e, const struct addr *a) {
    for (uint32_t i = 0; i < ND_ENTRIES && e->link.nd[i].used; i++) {
        if (!addr_equal(&e->link.nd[i].target, a)) continue;
        nd_report_one(e, &e->link.nd[i], !incident_goes_on(e, INCIDENT_ND_UNANSWERED, a));
        e->link.nd[i].answered = true;
    }
    incident_ends(e, INCIDENT_ND_UNANSWERED, a);
}

static void nd_asked(struct engine *e, const struct packet *k, const struct addr *target) {
    struct nd_entry *n = nd_find(e, &k->src, target);
    if (k->has_mac) memcpy(n->mac, k->src_mac, 6);
    if (n->answered || e->now_us - n->asked.last_us > SERIES_US) { /* asked anew */
        nd_report_one(e, n, false);
        n->answered = false;
        n->asked.tries = 0;
    }
    questions_ask(&n->asked, e->now_us);
}

void nd_frame(struct engine *e, const struct packet *k) {
    struct nd_message m;
    if (k->ip_version != 6 || k->ttl != HOP_LIMIT || k->icmp.code != 0) return;
    enum nd_status s =
        decode_nd(k->icmp.type, k->icmp.word, cursor_make(k->payload, k->payload_cap), &m);
    if (s == ND_NOT_ND || s == ND_MALFORMED) return;
    if (m.type == ND_ROUTER_ADVERT && m.managed) e->link.dhcp6_announced = true;
    if (m.type == ND_ROUTER_ADVERT && m.lifetime_s > 0) link_routes(e, &k->src);
    if (!is_unspecified(&k->src)) nd_heard(e, &k->src);
    if (m.target.len == 0) return;
    if (m.type == ND_NEIGHBOUR_ADVERT) {
        bool foreign = !select_local(e, &k->dst) && !select_local(e, &m.target);
        if (m.solicited && foreign) e->link.nd_replies_visible = true;
        nd_heard(e, &m.target);
    }
    if (m.type == ND_NEIGHBOUR_ASKED && !is_unspecified(&k->src)) nd_asked(e, k, &m.target);
}

void nd_report(struct engine *e) {
    for (uint32_t i = 0; i < ND_ENTRIES && e->link.nd[i].used; i++)
        nd_report_one(e, &e->link.nd[i], false);
}
