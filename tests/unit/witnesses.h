/* How the healthy capture of world.h has to change for each rule to speak, or to keep silent. */
#ifndef TESTS_UNIT_WITNESSES_H
#define TESTS_UNIT_WITNESSES_H
#include "tests/unit/world.h"

#define WITNESS(name) static inline void name(struct world *w)
#define SERVICE       struct msg_service *s = &w->service[0]
#define RESOLVER      struct msg_resolver *r = &w->resolver[0]
#define TOTALS        struct msg_totals *t = &w->s.totals

WITNESS(healthy) {
    (void)w;
}

#include "tests/unit/witnesses_quiet.h"

WITNESS(nothing_yet) {
    nothing_seen(w);
    w->v.state = CAPTURE_RUNNING;
}
WITNESS(drops_5_percent) {
    w->s.totals.missed_kernel = 105;
}
WITNESS(drops_half_percent) {
    w->s.totals.missed_kernel = 10;
}
WITNESS(drops_four_packets) {
    w->s.totals.received = 100;
    w->s.totals.missed_kernel = 4;
}
WITNESS(gaps_2_percent) {
    w->s.totals.gap_acks = 16;
}
WITNESS(gaps_20_percent) {
    w->s.totals.gap_acks = 160;
}
WITNESS(gaps_few) {
    w->s.totals.gap_acks = 4;
}
WITNESS(one_sided) {
    w->s.totals.one_sided_flows = 3;
}
WITNESS(one_sided_few) {
    w->s.totals.one_sided_flows = 2;
}
WITNESS(midstream) {
    w->s.totals.midstream = 2;
}
WITNESS(duplicates) {
    w->s.totals.duplicates = 100;
}
WITNESS(duplicates_few) {
    w->s.totals.duplicates = 10;
}
/* Not all of what went wrong has room in the list. */
WITNESS(incidents_dropped) {
    w->s.incidents.of = w->s.incidents.rows_n + 3;
}
WITNESS(evicted) {
    w->s.totals.evicted = 1;
}

WITNESS(resolver_dead) {
    RESOLVER;
    r->responses = r->noerror = 0;
    r->unanswered = r->transactions = 2;
    r->unanswered_tries = 4;
    r->unanswered_wait_us = 5000000;
}
WITNESS(resolver_one_lost) {
    RESOLVER;
    r->unanswered = 1;
    r->unanswered_tries = 1;
    r->unanswered_wait_us = 1900000;
}
WITNESS(resolver_some_lost) {
    RESOLVER;
    r->unanswered = 3;
    r->unanswered_tries = 6;
    r->transactions = 13;
}
WITNESS(servfail_all) {
    RESOLVER;
    r->servfail = 10;
    r->noerror = 0;
    world_dns(w, "api.example.com", 2);
}
WITNESS(servfail_one_of_ten) {
    RESOLVER;
    r->servfail = 1;
    world_dns(w, "other.example.net", 2);
}
WITNESS(servfail_target) {
    servfail_one_of_ten(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
}
WITNESS(refused_all) {
    RESOLVER;
    r->refused = 10;
    world_dns(w, "api.example.com", 5);
}
WITNESS(nxdomain_target) {
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->resolver[0].nxdomain = 1;
    world_dns(w, "api.example.com", 3);
}
WITNESS(nxdomain_search_list) {
    nxdomain_target(w);
    w->dns[0].resolved = true;
}
WITNESS(nxdomain_many) {
    w->resolver[0].nxdomain = 6;
    for (int i = 0; i < 6; i++) world_dns(w, "nosuch.example.com", 3);
}
WITNESS(nxdomain_reverse) {
    nxdomain_many(w);
    for (int i = 0; i < 6; i++) w->dns[i].type = 12;
}
WITNESS(nxdomain_three) {
    w->resolver[0].nxdomain = 3;
    for (int i = 0; i < 3; i++) world_dns(w, "nosuch.example.com", 3);
}
WITNESS(dns_slow) {
    w->resolver[0].latency_us = (struct dist){3, 90000, 150000, 160000, 170000};
}
/* Slow because it waits for its forwarder in vain: the failure says it already. */
WITNESS(dns_slow_and_failing) {
    dns_slow(w);
    servfail_all(w);
}
/* One odd name fails, all are slow: the note must not hide the problem. */
WITNESS(dns_slow_one_failing) {
    dns_slow(w);
    servfail_one_of_ten(w);
}
WITNESS(dns_very_slow) {
    w->resolver[0].latency_us = (struct dist){3, 90000, 1500000, 1600000, 1700000};
}
WITNESS(dns_slow_twice) {
    w->resolver[0].latency_us = (struct dist){2, 90000, 150000, 160000, 170000};
}
WITNESS(dns_once_slow) {
    w->resolver[0].latency_us = (struct dist){1, 1100000, 1100000, 1100000, 1100000};
}

WITNESS(unreachable) {
    SERVICE;
    s->established = s->closed = 0;
    s->unreachable = 10;
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 3 * 256 + 1;
}
/* The host of the service says that nobody listens on another, UDP, port of it. */
WITNESS(udp_closed) {
    struct msg_incident *n = world_incident(w, INCIDENT_ICMP_UNREACHABLE);
    n->value = 3 * 256 + 3;
    n->ip_proto = 17;
    n->port = 5060;
    n->peer = n->subject;
    n->count = 2;
}
WITNESS(udp_closed_once) {
    udp_closed(w);
    w->incident[0].count = 1;
}
WITNESS(udp_closed_target) {
    udp_closed_once(w);
    world_target(w, "203.0.113.9", MODE_DOMAIN);
}
WITNESS(udp_closed_v6) {
    udp_closed(w);
    w->incident[0].value = 65536 + 256 + 4;
}
/* QUIC is tried and refused; the same site works over TCP. */
WITNESS(udp_closed_beside_tcp) {
    udp_closed_target(w);
    w->incident[0].port = 443;
    w->incident[0].count = 2;
}
WITNESS(udp_rejected_by_firewall) {
    udp_closed(w);
    w->incident[0].peer = addr_from_bytes((uint8_t[]){198, 51, 100, 1}, 4);
}
WITNESS(udp_asker_gone) {
    udp_closed_target(w);
    w->incident[0].toward_client = true;
}
WITNESS(udp_call_over) {
    udp_closed_target(w);
    w->incident[0].worked = true;
}
WITNESS(udp_traceroute) {
    udp_closed_target(w);
    w->incident[0].port = 33440;
}
WITNESS(udp_netbios) {
    udp_closed(w);
    w->incident[0].port = 137;
}
WITNESS(udp_scanned) {
    static struct msg_incident n[30];
    udp_closed(w);
    for (unsigned i = 0; i < 30; i++) {
        n[i] = w->incident[0];
        n[i].port = 2000 + i;
    }
    w->s.incidents = (struct msg_incidents){.rows = n, .rows_n = 30, .of = 30};
}
/* The resolver's host is up, the resolver is not: one finding, and not dns_no_answer. */
WITNESS(udp_closed_resolver) {
    resolver_dead(w);
    udp_closed(w);
    w->incident[0].subject = w->incident[0].peer = w->resolver[0].address;
    w->incident[0].port = 53;
}
WITNESS(unreachable_datagram) {
    udp_closed(w);
    w->incident[0].value = 3 * 256 + 1;
}
WITNESS(unreachable_asker) {
    unreachable_datagram(w);
    w->incident[0].toward_client = true;
}
WITNESS(port_unreachable_udp) {
    udp_closed(w);
}
WITNESS(rejected_by_firewall) {
    unreachable(w);
    w->incident[0].value = 3 * 256 + 3;
}
WITNESS(unreachable_v6) {
    unreachable(w);
    w->incident[0].value = 65536 + 256 + 3;
}
WITNESS(prohibited) {
    unreachable(w);
    w->incident[0].value = 3 * 256 + 13;
}
/* Errors about packets that never passed: sent under our address by somebody else. */
WITNESS(unreachable_unseen) {
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 3 * 256 + 1;
    w->incident[0].subject = addr_from_bytes((uint8_t[]){203, 0, 113, 77}, 4);
    w->incident[0].unseen = true;
}
WITNESS(prohibited_unseen) {
    unreachable_unseen(w);
    w->incident[0].value = 3 * 256 + 13;
}
WITNESS(udp_closed_unseen) {
    udp_closed_target(w);
    w->incident[0].unseen = true;
}
WITNESS(prohibited_but_up) {
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 3 * 256 + 13;
}
WITNESS(prohibited_sometimes) {
    prohibited_but_up(w);
    w->service[0].unreachable = 3;
}
WITNESS(prohibited_answer) {
    prohibited(w);
    w->incident[0].toward_client = true;
}
WITNESS(prohibited_later) {
    prohibited(w);
    w->incident[0].worked = true;
}

WITNESS(silent) {
    SERVICE;
    s->established = s->closed = 0;
    s->timed_out = s->timeout_repeated = s->attempted = 4;
    s->timeout_syn_sent = 9;
    s->timeout_wait_us = 7100000;
    s->timeout_first_us = 1200000;
    s->timeout_last_us = 9810000;
    s->both_directions = false;
    s->data_segments_to_client = s->data_segments_to_server = 0;
    s->first_byte_us = s->rtt_us = s->handshake_us = (struct dist){0, 0, 0, 0, 0};
}
WITNESS(silent_many_single_syns) {
    silent(w);
    w->service[0].timed_out = w->service[0].attempted = w->service[0].timeout_syn_sent = 10;
    w->service[0].timeout_repeated = 0;
}
WITNESS(silent_few_single_syns) {
    silent_many_single_syns(w);
    w->service[0].timed_out = w->service[0].attempted = w->service[0].timeout_syn_sent = 9;
}
WITNESS(silent_single_syn) {
    silent(w);
    w->service[0].timeout_repeated = 0;
    w->service[0].timeout_syn_sent = 1;
}
WITNESS(silent_one_sided) {
    silent(w);
    w->s.totals.one_sided_flows = 2;
}
/* At the edge of a capture one such flow is normal: the rule must still see the timeout. */
WITNESS(silent_one_edge) {
    silent(w);
    w->s.totals.one_sided_flows = 1;
}
WITNESS(silent_sometimes) {
    SERVICE;
    s->attempted = 100;
    s->established = 98;
    s->timed_out = s->timeout_repeated = 2;
    s->timeout_syn_sent = 5;
}
WITNESS(silent_and_icmp) {
    silent(w);
    w->service[0].unreachable = 1;
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 3 * 256 + 1;
}
WITNESS(refused) {
    SERVICE;
    s->established = s->closed = 0;
    s->refused = 10;
    s->refused_us = s->handshake_us;
}
WITNESS(refused_other_family) {
    refused(w);
    w->service[1] = w->service[0];
    w->service[1].address = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8}, 16);
    w->service[1].refused = 0;
    w->service[1].established = 5;
    w->s.services.rows_n = 2;
}
/* No name was seen, but both addresses were reached for as the target's. */
WITNESS(refused_other_family_of_target) {
    refused_other_family(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[1].on_target = true;
    w->service[0].name[0] = 0;
}
/* Nobody listens on either address of the name: one problem, told of the first. */
WITNESS(refused_on_both_families) {
    refused_other_family(w);
    w->service[1].refused = 6;
    w->service[1].established = 0;
}
WITNESS(refused_other_port) {
    refused_other_family(w);
    w->service[1].port = 80;
}
WITNESS(syn_retry) {
    w->service[0].syn_retried = 2;
    w->service[0].syn_added_us = 4000000;
    w->service[0].syn_added_longest_us = 3000000;
}
WITNESS(syn_retry_once) {
    w->service[0].syn_retried = 1;
}

WITNESS(loss_4_percent) {
    SERVICE;
    s->retransmitted_to_client = 40;
    s->lost_after = 40;
    s->retransmit_first_us = 2000000;
    s->retransmit_last_us = 20000000;
}
WITNESS(loss_1_percent) {
    loss_4_percent(w);
    w->service[0].retransmitted_to_client = 10;
}
WITNESS(loss_half_percent) {
    loss_4_percent(w);
    w->service[0].retransmitted_to_client = 5;
}
WITNESS(loss_too_few) {
    loss_4_percent(w);
    w->service[0].retransmitted_to_client = 4;
    w->service[0].data_segments_to_client = 20;
}
WITNESS(loss_rare) {
    loss_4_percent(w);
    w->service[0].data_segments_to_client = 100000;
}
WITNESS(loss_gaps_2_percent) {
    loss_4_percent(w);
    gaps_2_percent(w);
}
WITNESS(loss_gaps_20_percent) {
    loss_4_percent(w);
    gaps_20_percent(w);
}
WITNESS(loss_burst) {
    loss_4_percent(w);
    w->service[0].retransmit_last_us = 2080000;
}
WITNESS(loss_throughout_short) {
    loss_burst(w);
    w->service[0].first_us = 1990000;
    w->service[0].last_us = 2100000;
}
WITNESS(dead_path) {
    struct msg_incident *n = world_incident(w, INCIDENT_DEAD_PATH);
    n->tries = 6;
    n->span_us = 9800000;
}
WITNESS(dead_path_two) {
    dead_path(w);
    w->incident[0].tries = 2;
}
WITNESS(dead_path_full_window) {
    dead_path(w);
    w->incident[0].value = 1;
}
/* The client does not answer any more: it may have been switched off. */
WITNESS(dead_path_of_client) {
    dead_path(w);
    w->incident[0].toward_client = true;
}
/* Something is pushed to a client that has been idle. */
WITNESS(dead_path_of_sleeper) {
    dead_path_of_client(w);
    w->incident[0].worked = true;
}
WITNESS(dead_path_rare) {
    dead_path(w);
    w->service[0].established = w->service[0].attempted = 100;
}
WITNESS(dead_path_and_loss) {
    dead_path(w);
    loss_4_percent(w);
}
WITNESS(reordering) {
    w->service[0].reordered = 30;
}
WITNESS(reordering_rare) {
    w->service[0].reordered = 10;
}

WITNESS(zero_window_client) {
    SERVICE;
    s->zero_window_by_client_us = 2000000;
    s->zero_window_by_client_times = 3;
    s->zero_window_by_client_life_us = 10000000;
}
WITNESS(zero_window_server) {
    SERVICE;
    s->zero_window_by_server_us = 150000;
    s->zero_window_by_server_times = 1;
    s->zero_window_by_server_life_us = 10000000;
}
WITNESS(zero_window_brief) {
    SERVICE;
    s->zero_window_by_client_us = 90000;
    s->zero_window_by_client_times = 1;
    s->zero_window_by_client_life_us = 1000000;
}
WITNESS(reset_server) {
    SERVICE;
    s->reset_by_server = s->reset = 6;
    s->reset_bytes_before = 30000;
}
WITNESS(reset_client) {
    w->service[0].reset_by_client = 3;
}
WITNESS(reset_client_rare) {
    w->service[0].reset_by_client = 1;
    w->service[0].established = 1000;
}
WITNESS(reset_foreign) {
    reset_server(w);
    w->service[0].reset_ttl_delta = 9;
}
WITNESS(slow) {
    w->service[0].first_byte_us = (struct dist){5, 800000, 810000, 900000, 900000};
}
WITNESS(very_slow) {
    w->service[0].first_byte_us = (struct dist){5, 4e6, 5e6, 6e6, 6e6};
}
WITNESS(slow_once) {
    w->service[0].first_byte_us = (struct dist){1, 800000, 810000, 900000, 900000};
}
WITNESS(slow_once_target) {
    slow_once(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
}
WITNESS(slow_once_joined) {
    slow_once_target(w);
    w->service[0].midstream = 1;
    w->service[0].tls_server_hellos = w->service[0].http_responses = 0;
}
WITNESS(slow_path) {
    slow(w);
    w->service[0].request_ack_us = (struct dist){10, 200000, 240000, 260000, 270000};
}
WITNESS(slow_by_ratio) {
    slow(w);
    w->service[0].request_ack_us = (struct dist){10, 100000, 170000, 180000, 190000};
}
/* Nothing is known of the path: the wait may be anybody's. */
WITNESS(slow_ack_unknown) {
    slow(w);
    w->service[0].request_ack_us = (struct dist){0, 0, 0, 0, 0};
}
WITNESS(slow_with_loss) {
    slow(w);
    loss_4_percent(w);
}
WITNESS(slow_250_ms) {
    w->service[0].first_byte_us = (struct dist){5, 240000, 250000, 260000, 260000};
}
WITNESS(slow_one_sided) {
    slow(w);
    w->service[0].both_directions = false;
}
WITNESS(far_200_ms) {
    w->service[0].handshake_us.min_us = w->service[0].rtt_us.min_us = 200000;
}
WITNESS(far_600_ms) {
    w->service[0].handshake_us.min_us = w->service[0].rtt_us.min_us = 600000;
}
/* As far, but each connection asks twenty times and waits for each answer. */
WITNESS(far_chatty) {
    far_200_ms(w);
    w->service[0].requests = 200;
    w->service[0].first_byte_us = (struct dist){200, 200000, 205000, 220000, 230000};
}
/* As many answers, but none is waited for: a stream with messages of the client in between. */
WITNESS(far_stream) {
    far_chatty(w);
    w->service[0].first_byte_us = (struct dist){200, 1000, 4000, 220000, 230000};
}
WITNESS(far_600_ms_twice) {
    far_600_ms(w);
    w->service[0].handshake_us.samples = 2;
    w->service[0].rtt_us.samples = 0;
}
WITNESS(far_by_delayed_ack) {
    w->service[0].rtt_us.min_us = 200000;
}
WITNESS(arp_target) {
    world_target(w, "203.0.113.9", MODE_DIAGNOSIS);
    struct msg_incident *n = world_incident(w, INCIDENT_ARP_UNANSWERED);
    n->port = 0;
    n->tries = 3;
    n->span_us = 2000000;
}
WITNESS(arp_other) {
    arp_target(w);
    w->incident[0].on_target = false;
}
/* A list of neighbours of which six are gone. */
WITNESS(arp_old_list) {
    arp_other(w);
    for (uint8_t n = 1; n < 6; n++) {
        *world_incident(w, INCIDENT_ARP_UNANSWERED) = w->incident[0];
        w->incident[n].subject.b[3] = n;
        w->incident[n].span_us += n == 3 ? 1 : 0;
    }
}
/* The gateway is among them. */
WITNESS(arp_list_and_gateway) {
    arp_old_list(w);
    w->incident[4].gateway = true;
}
WITNESS(arp_sweep) {
    arp_target(w);
    w->incident[0].tries = 1;
    w->incident[0].span_us = 0;
}

#endif
