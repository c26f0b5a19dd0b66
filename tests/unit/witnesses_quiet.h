/* Captures in which little or nothing of the target was seen; a part of witnesses.h. */
#ifndef TESTS_UNIT_WITNESSES_QUIET_H
#define TESTS_UNIT_WITNESSES_QUIET_H

WITNESS(nothing_seen) {
    TOTALS;
    world_target(w, "api.example.com", MODE_DOMAIN);
    memset(t, 0, sizeof *t);
    w->s.services.rows_n = w->s.resolvers.rows_n = 0;
    t->seen = t->other_packets = 99;
}
/* Somebody asked for a name, of whatever. */
WITNESS(names_but_no_web) {
    TOTALS;
    world_target(w, "https", MODE_WEB);
    t->tcp_flows = t->attempted = t->established = t->closed = 0;
    w->s.services.rows_n = 0;
}
WITNESS(only_arp_answered) {
    TOTALS;
    static struct msg_protocol arp;
    arp = (struct msg_protocol){.proto = PROTO_ARP, .packets = 2, .bytes = 84};
    nothing_seen(w);
    t->packets = 2;
    t->arp_requests = t->arp_replies = 1;
    t->protocols_n = 1;
    t->protocols = &arp;
}
WITNESS(only_arp_unanswered) {
    only_arp_answered(w);
    w->s.totals.packets = w->s.totals.protocols[0].packets = 1;
    w->s.totals.arp_replies = 0;
}
/* Nothing but the frames of a Wi-Fi, of which so many are encrypted. */
static void only_wifi(struct world *w, uint64_t sealed) {
    TOTALS;
    static struct msg_protocol other;
    static struct target none;
    other = (struct msg_protocol){.proto = PROTO_OTHER, .packets = 12, .bytes = 2000};
    nothing_seen(w);
    none = (struct target){.mode = MODE_DIAGNOSIS};
    w->v.target = &none;
    t->packets = t->seen = 12;
    t->sealed_packets = sealed;
    t->protocols_n = 1;
    t->protocols = &other;
}
WITNESS(only_sealed_wifi) {
    only_wifi(w, 5);
}
WITNESS(only_beacons) {
    only_wifi(w, 0);
}
/* Another network's frames on the channel, beside what was asked about. */
WITNESS(sealed_wifi_of_others) {
    w->s.totals.sealed_packets = 6000;
    world_target(w, "api.example.com", MODE_DOMAIN);
}
WITNESS(sealed_wifi_beside_all) {
    w->s.totals.sealed_packets = 6000;
}
/* A snap length of 64 bytes: nothing of IPv6, which was some of the traffic. */
WITNESS(ipv6_beginnings_kept) {
    w->s.totals.headless_packets = 300;
}
WITNESS(few_beginnings_kept) {
    w->s.totals.headless_packets = 100;
}
/* ... and nothing but IPv6. */
WITNESS(only_beginnings_kept) {
    only_wifi(w, 0);
    w->s.totals.protocols[0].proto = PROTO_IPV6;
    w->s.totals.headless_packets = 9;
}
WITNESS(sealed_wifi_without_the_target) {
    const struct target *asked = w->v.target;
    only_wifi(w, 5);
    w->v.target = asked;
    w->s.totals.packets = w->s.totals.protocols_n = 0;
}
WITNESS(file_cut_off) {
    w->s.totals.file = true;
    w->s.totals.file_errors = 1;
    w->s.totals.file_bytes = 1000;
}
WITNESS(file_damaged) {
    file_cut_off(w);
    w->s.totals.file_unread_bytes = 400;
}
WITNESS(only_neighbour_discovery) {
    TOTALS;
    static struct msg_code_count types[2];
    only_arp_answered(w);
    types[0] = (struct msg_code_count){.code = 135 * 256, .count = 1};
    types[1] = (struct msg_code_count){.code = 136 * 256, .count = 1};
    t->packets = 4;
    t->icmpv6_types_n = 2;
    t->icmpv6_types = types;
}
WITNESS(discovery_unanswered) {
    only_neighbour_discovery(w);
    w->s.totals.packets = 3;
    w->s.totals.icmpv6_types_n = 1;
}
WITNESS(ping_beside_discovery) {
    only_neighbour_discovery(w);
    w->s.totals.packets = 6;
}
WITNESS(only_others_in_diagnosis) {
    world_target(w, "other.example.com", MODE_DIAGNOSIS);
    w->service[0].on_target = w->resolver[0].on_target = false;
}
WITNESS(name_asked_in_diagnosis) {
    only_others_in_diagnosis(w);
    w->resolver[0].on_target = true;
}
WITNESS(port_of_datagrams_in_diagnosis) {
    static struct msg_protocol udp;
    udp = (struct msg_protocol){.proto = PROTO_UDP, .packets = 4, .bytes = 300};
    only_others_in_diagnosis(w);
    w->target.name[0] = 0;
    w->target.port[w->target.ports++] = 123;
    w->s.totals.protocols = &udp;
    w->s.totals.protocols_n = 1;
}
WITNESS(only_a_young_attempt) {
    nothing_seen(w);
    w->s.totals.packets = w->s.totals.attempted = w->s.totals.pending = 1;
}
WITNESS(only_health_checks) {
    struct msg_incident *n = world_incident(w, INCIDENT_HALF_OPEN_RESET);
    n->worked = true;
    n->count = w->s.totals.attempted = w->s.totals.aborted = 5;
    w->service[0].attempted = 5;
    w->service[0].established = w->s.totals.established = 0;
}
WITNESS(only_half_open) {
    only_health_checks(w);
    w->incident[0].worked = false;
    w->incident[0].count = 1;
}
WITNESS(only_a_young_question) {
    nothing_seen(w);
    w->s.totals.packets = w->s.totals.dns_transactions = w->s.totals.dns_queries = 2;
}
/* Datagrams of the target went one way, and nothing else of it passed. */
WITNESS(one_way_of_target) {
    nothing_seen(w);
    w->s.totals.packets = 12;
    w->s.totals.target_udp_one_way = 1;
}
WITNESS(one_way_beside_both) {
    one_way_of_target(w);
    w->s.totals.target_flows_both = 1;
}
WITNESS(one_way_beside_ping) {
    static struct msg_code_count replies;
    one_way_of_target(w);
    replies = (struct msg_code_count){.code = 0, .count = 4};
    w->s.totals.icmp_types = &replies;
    w->s.totals.icmp_types_n = 1;
}
WITNESS(one_way_of_port_beside_ping) {
    one_way_beside_ping(w);
    w->target.port[w->target.ports++] = 51820;
}
WITNESS(one_way_of_a_stream) {
    one_way_of_target(w);
    w->s.streams.rows_n = 1;
}
WITNESS(one_way_of_anything) {
    w->s.totals.target_udp_one_way = 1;
}
WITNESS(other_port_in_diagnosis) {
    static struct msg_host host;
    only_others_in_diagnosis(w);
    host = (struct msg_host){.address = w->service[0].address, .packets = 1};
    w->target.address[0] = (struct msg_prefix){.address = host.address, .prefix_len = 32};
    w->target.addresses = 1;
    w->target.port[w->target.ports++] = 8443;
    w->s.hosts = (struct msg_hosts){.rows = &host, .rows_n = 1, .of = 1};
}
WITNESS(host_of_no_port_in_diagnosis) {
    other_port_in_diagnosis(w);
    w->target.ports = 0;
}
#endif
