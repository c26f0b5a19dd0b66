#ifndef TESTS_UNIT_WITNESSES_LINK_H
#define TESTS_UNIT_WITNESSES_LINK_H
#include "tests/unit/witnesses.h"

/* An incident of the local link, of which most have no port and no peer. */
static struct msg_incident *link_incident(struct world *w, enum incident_kind kind) {
    struct msg_incident *n = world_incident(w, kind);
    n->port = 0;
    memcpy(n->mac, "\x02\0\0\0\0\x42", 6);
    memcpy(n->other_mac, "\x02\0\0\0\0\x01", 6);
    return n;
}
WITNESS(arp_duplicate) {
    link_incident(w, INCIDENT_ARP_DUPLICATE);
}
WITNESS(arp_two_cards) {
    link_incident(w, INCIDENT_ARP_DUPLICATE);
    link_incident(w, INCIDENT_ARP_DUPLICATE)->subject.b[3]++;
}
WITNESS(arp_spoofing) {
    link_incident(w, INCIDENT_ARP_SPOOFING)->gateway = true;
}
WITNESS(arp_spoofing_and_duplicate) {
    link_incident(w, INCIDENT_ARP_SPOOFING);
    link_incident(w, INCIDENT_ARP_DUPLICATE);
}
WITNESS(arp_storm) {
    struct msg_incident *n = link_incident(w, INCIDENT_ARP_STORM);
    n->subject = (struct addr){{0}, 0};
    n->rate = n->tries = 200;
}
WITNESS(arp_storm_slow) {
    arp_storm(w);
    w->incident[0].rate = 19;
}
WITNESS(loop) {
    struct msg_incident *n = link_incident(w, INCIDENT_L2_LOOP);
    n->subject = (struct addr){{0}, 0};
    n->rate = 1000;
    n->tries = 5000;
}
WITNESS(loop_few_copies) {
    loop(w);
    w->incident[0].rate = 49;
}
WITNESS(flood) {
    struct msg_incident *n = link_incident(w, INCIDENT_BROADCAST_STORM);
    n->subject = (struct addr){{0}, 0};
    n->rate = n->tries = 1000;
    n->share_percent = 50;
}
WITNESS(flood_small_part) {
    flood(w);
    w->incident[0].share_percent = 20;
}
/* A loop of ARP requests is all three: one cause. */
WITNESS(loop_storm_flood) {
    loop(w);
    struct msg_incident *n = link_incident(w, INCIDENT_ARP_STORM);
    n->rate = n->tries = 1000;
    n = link_incident(w, INCIDENT_BROADCAST_STORM);
    n->rate = 1000;
    n->share_percent = 90;
}
WITNESS(storm_and_flood) {
    flood(w);
    link_incident(w, INCIDENT_ARP_STORM)->rate = 900;
}
WITNESS(nd_target) {
    arp_target(w);
    w->incident[0].kind = INCIDENT_ND_UNANSWERED;
}
WITNESS(nd_gateway) {
    nd_target(w);
    w->incident[0].gateway = true;
}
WITNESS(nd_gateway_blinked) {
    nd_gateway(w);
    w->incident[0].worked = true;
}
WITNESS(gateway_blinked) {
    arp_target(w);
    w->incident[0].gateway = w->incident[0].worked = true;
}
WITNESS(nd_gateway_came_back) {
    nd_gateway_blinked(w);
    w->incident[0].span_us = 5000000;
}
WITNESS(gateway_came_back) {
    gateway_blinked(w);
    w->incident[0].span_us = 5000000;
}
WITNESS(nd_other) {
    nd_target(w);
    w->incident[0].on_target = false;
}
WITNESS(nd_two_tries) {
    nd_target(w);
    w->incident[0].tries = 2;
}
WITNESS(dhcp_silent) {
    struct msg_incident *n = link_incident(w, INCIDENT_DHCP_NO_OFFER);
    n->subject = (struct addr){{0}, 0};
    n->tries = 3;
    n->span_us = 7000000;
    n->value = 4;
}
WITNESS(dhcp_silent_for_one) {
    dhcp_silent(w);
    w->incident[0].requests = 4;
}
WITNESS(dhcp_silent_for_this_host) {
    dhcp_silent_for_one(w);
    w->incident[0].worked = true;
}
WITNESS(dhcp6_silent) {
    dhcp_silent(w);
    w->incident[0].value = 6;
}
WITNESS(dhcp_one_question) {
    dhcp_silent(w);
    w->incident[0].tries = 1;
}
WITNESS(dhcp_stuck) {
    struct msg_incident *n = link_incident(w, INCIDENT_DHCP_INCOMPLETE);
    n->subject = (struct addr){{0}, 0};
    n->tries = 1;
    n->offers = 1;
    n->requests = 2;
}
WITNESS(dhcp_renewals) {
    dhcp_stuck(w);
    w->incident[0].tries = w->incident[0].offers = 0;
    w->incident[0].requests = 4;
    w->incident[0].span_us = 28000000;
}
WITNESS(dhcp_unheard) {
    dhcp_stuck(w);
    w->incident[0].requests = 0;
}
WITNESS(dhcp_refused) {
    link_incident(w, INCIDENT_DHCP_NAK)->count = 2;
}
WITNESS(dhcp_declined) {
    link_incident(w, INCIDENT_DHCP_NAK)->value = 2;
}
WITNESS(dhcp_came_from_elsewhere) {
    link_incident(w, INCIDENT_DHCP_NAK)->value = 1;
}
WITNESS(dhcp_two_servers) {
    link_incident(w, INCIDENT_DHCP_SERVERS);
}

#endif
