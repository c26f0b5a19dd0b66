/* What strangers of the open internet, peers that have left, and clients near and far leave behind
 * at hosts with which nothing is wrong; a part of witnesses.h. */
#ifndef TESTS_UNIT_WITNESSES_STRANGERS_H
#define TESTS_UNIT_WITNESSES_STRANGERS_H
#include "tests/unit/witnesses_scans.h"

/* Three tried a closed port of a host that serves others on another one. */
WITNESS(stray_refused) {
    w->service[1] = w->service[0];
    w->s.services.rows_n = 2;
    refused(w);
    w->service[0].port = 23;
    w->service[0].handshake_us.samples = 0;
    w->service[0].refused_us = w->service[1].handshake_us;
    w->service[0].attempted = w->service[0].refused = w->service[0].by_strangers = 3;
}
WITNESS(stray_refused_target) {
    stray_refused(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
}
/* The caller names the very port. */
WITNESS(stray_refused_port) {
    stray_refused_target(w);
    w->target.ports = 1;
    w->target.port[0] = 23;
}
/* One of them is served otherwise: it misses something. */
WITNESS(refused_known) {
    stray_refused(w);
    w->service[0].by_strangers = 2;
}
/* The host serves nobody: the one service it has is down. */
WITNESS(refused_strangers_alone) {
    stray_refused(w);
    w->s.services.rows_n = 1;
}
WITNESS(refused_many_strangers) {
    stray_refused(w);
    w->service[0].attempted = w->service[0].refused = w->service[0].by_strangers = 11;
}
/* On so many ports nobody misses something. */
WITNESS(refused_many_strangers_on_all_ports) {
    refused_on_all_ports(w);
    for (unsigned i = 0; i < 30; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        s->attempted = s->refused = s->by_strangers = 11;
    }
}
/* They ask again: it is no strangers' look at a port. */
WITNESS(refused_asked_again) {
    stray_refused(w);
    w->service[0].asked_again = 1;
}
/* The port is served, as a rule. */
WITNESS(refused_at_times) {
    stray_refused(w);
    w->service[0].attempted += 100;
    w->service[0].established = w->service[0].closed = 100;
}
WITNESS(refused_many_beside_a_busy_service) {
    refused_many_strangers(w);
    w->service[1].attempted = w->service[1].established = w->service[1].closed = 220;
}
WITNESS(stray_silent) {
    SERVICE;
    stray_refused(w);
    s->refused = 0;
    s->timed_out = s->timeout_repeated = 3;
    s->timeout_syn_sent = 6;
    s->both_directions = false;
}
static inline void many_peers(struct world *w, bool refuse) {
    static struct msg_service s[7];
    stray_silent(w);
    s[0] = w->service[1];
    for (unsigned i = 1; i < 7; i++) {
        s[i] = w->service[0];
        s[i].by_strangers = 0;
        s[i].name[0] = 0;
        s[i].address.b[3] = (uint8_t)(100 + i);
        s[i].port = 6880 + i;
        if (!refuse) continue;
        s[i].refused = s[i].timed_out;
        s[i].timed_out = s[i].timeout_repeated = 0;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = 7, .of = 7};
}
WITNESS(peers_gone) {
    many_peers(w, false);
}
WITNESS(peers_refuse) {
    many_peers(w, true);
}
/* The caller names the host that looks for peers, by its address. */
WITNESS(peers_refuse_the_target) {
    many_peers(w, true);
    w->target.mode = MODE_DOMAIN;
    w->target.addresses = 1;
    w->target.address[0] = (struct msg_prefix){
        .address = addr_from_bytes((uint8_t[]){192, 168, 7, 20}, 4), .prefix_len = 32};
}
WITNESS(peers_four) {
    many_peers(w, false);
    w->s.services.rows_n = 5;
}
/* Services that somebody needs, each on a port of its own. */
WITNESS(backends_gone) {
    many_peers(w, false);
    for (unsigned i = 1; i < 7; i++) w->s.services.rows[i].asked_again = 1;
}
/* A dead cluster: one port. */
WITNESS(peers_on_one_port) {
    many_peers(w, false);
    for (unsigned i = 1; i < 7; i++) w->s.services.rows[i].port = 9042;
}
/* Peers all over the internet, most of them on one port; the last one answers. */
static inline void crowd(struct world *w, unsigned failing) {
    static struct msg_service s[24];
    stray_silent(w);
    s[0] = w->service[1];
    for (unsigned i = 1; i <= failing + 1; i++) {
        s[i] = w->service[0];
        s[i].by_strangers = 0;
        s[i].name[0] = 0;
        s[i].address.b[1] = (uint8_t)i;
        s[i].port = 6881;
        if (i <= failing) continue;
        s[i].established = s[i].attempted;
        s[i].timed_out = s[i].timeout_repeated = 0;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = failing + 2, .of = failing + 2};
}
WITNESS(peers_all_over) {
    crowd(w, 10);
    for (unsigned i = 2; i < 12; i++) w->s.services.rows[i].asked_again = 1;
}
WITNESS(peers_all_over_few) {
    crowd(w, 9);
}
WITNESS(peers_all_over_none_answers) {
    crowd(w, 10);
    w->s.services.rows_n--;
}
WITNESS(peers_all_over_behind_a_firewall) {
    crowd(w, 20);
    w->s.services.rows_n--;
}
/* The machines of one provider. */
WITNESS(peers_of_one_network) {
    crowd(w, 20);
    for (unsigned i = 1; i < 21; i++) {
        w->s.services.rows[i].address.b[1] = 7;
        w->s.services.rows[i].address.b[3] = (uint8_t)i;
    }
}
WITNESS(peers_inside) {
    crowd(w, 20);
    for (unsigned i = 1; i < 21; i++) w->s.services.rows[i].address.b[0] = 10;
}
/* Somebody's own server is dead meanwhile: it is tried again and again, or has a name. */
WITNESS(peers_and_a_server) {
    crowd(w, 11);
    w->s.services.rows[4].asked_again = 2;
}
WITNESS(peers_and_a_server_with_a_name) {
    crowd(w, 11);
    strcpy(w->s.services.rows[4].name, "vpn.example.com");
}
WITNESS(peers_unreachable) {
    crowd(w, 10);
    for (unsigned i = 1; i < 11; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        s->unreachable = s->timed_out;
        s->timed_out = s->timeout_repeated = 0;
    }
    struct msg_incident *n = world_incident(w, INCIDENT_ICMP_UNREACHABLE);
    n->subject = w->s.services.rows[1].address;
    n->port = 6881;
    n->ip_proto = 6;
    n->value = 3 * 256 + 1;
}
/* The gateway knows no way: it is no peer that is gone. */
WITNESS(peers_unreachable_from_here) {
    peers_unreachable(w);
    w->incident[0].peer.b[0] = 10;
}
static inline void datagrams_all_over(struct world *w, unsigned hosts, unsigned each) {
    static struct msg_incident n[12];
    udp_closed(w);
    for (unsigned i = 0; i < hosts; i++) {
        n[i] = w->incident[0];
        n[i].subject.b[1] = (uint8_t)i;
        n[i].peer = n[i].subject;
        n[i].port = 6881;
        n[i].count = each;
    }
    w->s.incidents = (struct msg_incidents){.rows = n, .rows_n = hosts, .of = hosts};
}
WITNESS(datagrams_to_peers) {
    datagrams_all_over(w, 10, 2);
}
WITNESS(datagrams_to_few) {
    datagrams_all_over(w, 9, 2);
}
WITNESS(datagrams_again_and_again) {
    datagrams_all_over(w, 10, 6);
}
WITNESS(peers_and_nothing_works) {
    many_peers(w, false);
    w->s.totals.established = 0;
}
/* ... but what a peer says by datagrams. */
WITNESS(peers_and_datagrams) {
    static struct msg_host row;
    static struct msg_connection us;
    peers_and_nothing_works(w);
    us = (struct msg_connection){.client = addr_from_bytes((uint8_t[]){192, 168, 1, 2}, 4)};
    w->s.connections = (struct msg_connections){.rows = &us, .rows_n = 1, .of = 1};
    row = (struct msg_host){.address = addr_from_bytes((uint8_t[]){198, 51, 100, 7}, 4),
                            .said_us = 90000000};
    w->s.hosts = (struct msg_hosts){.rows = &row, .rows_n = 1, .of = 1};
}
/* Servers of this site, each with a port of its own. */
WITNESS(peers_at_home) {
    many_peers(w, false);
    for (unsigned i = 1; i < 7; i++) {
        w->s.services.rows[i].address.b[0] = 10;
        w->s.services.rows[i].port = 5000 + i;
    }
}
/* A phone looks for DNS over TLS at the resolver that it asks, and goes on without. */
WITNESS(dns_over_tls_refused) {
    static struct msg_connection c;
    static const struct addr phone = {{10, 0, 0, 44}, 4};
    stray_refused(w);
    w->service[0].by_strangers = 0;
    w->service[0].name[0] = 0;
    w->service[0].port = 853;
    w->resolver[0].address = w->service[0].address;
    world_dns(w, "www.example.com", 0)->client = phone;
    c = (struct msg_connection){.client = phone,
                                .server = w->service[0].address,
                                .server_port = 853,
                                .state = CONN_REFUSED};
    w->s.connections = (struct msg_connections){.rows = &c, .rows_n = 1, .of = 1};
}
WITNESS(dns_over_tls_silent) {
    dns_over_tls_refused(w);
    w->service[0].refused = 0;
    w->service[0].timed_out = w->service[0].timeout_repeated = 3;
    w->service[0].timeout_syn_sent = 6;
    w->service[0].both_directions = false;
}
WITNESS(dns_over_tls_prohibited) {
    dns_over_tls_refused(w);
    w->service[0].refused = 0;
    w->service[0].unreachable = 1;
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 3 * 256 + 13;
    w->incident[0].ip_proto = 6;
}
/* A gateway that is asked for names over IPv4 is looked at over IPv6 as well. */
WITNESS(dns_over_tls_at_the_other_family) {
    dns_over_tls_refused(w);
    w->service[0].address = addr_from_bytes((uint8_t[16]){0xfd, [15] = 1}, 16);
    w->s.connections.rows[0].server = w->service[0].address;
}
/* A public server that is asked in no other way. */
WITNESS(dns_over_tls_only) {
    dns_over_tls_refused(w);
    w->dns[0].server.b[3]++;
}
/* The second server of a list, which is not asked while the first answers. */
WITNESS(dns_over_tls_at_all_servers) {
    static struct msg_connection both[2];
    dns_over_tls_only(w);
    both[0] = both[1] = w->s.connections.rows[0];
    both[1].server = w->dns[0].server;
    w->s.connections = (struct msg_connections){.rows = both, .rows_n = 2, .of = 2};
}
/* The client that tries has no answers otherwise. */
WITNESS(dns_over_tls_of_one_who_needs_it) {
    dns_over_tls_refused(w);
    w->dns[0].client.b[3]++;
}
/* It looked the server up by its name. */
WITNESS(dns_over_tls_by_name) {
    dns_over_tls_refused(w);
    strcpy(w->service[0].name, "dns.example.com");
    world_dns(w, "dns.example.com", 0)->client = w->dns[0].client;
}
WITNESS(dns_over_tls_for_others) {
    dns_over_tls_refused(w);
    w->service[0].established = 1;
}
WITNESS(dns_over_tls_asked_about) {
    dns_over_tls_refused(w);
    w->target.port[0] = 853;
    w->target.ports = 1;
}
/* The rows of good answers had no room. */
WITNESS(dns_over_tls_beside_many_names) {
    dns_over_tls_refused(w);
    w->s.dns.rows_n = 0;
}
WITNESS(port_mapping_closed) {
    udp_closed(w);
    w->incident[0].port = 5351;
}
WITNESS(port_mapping_asked_about) {
    port_mapping_closed(w);
    w->target.port[0] = 5351;
    w->target.ports = 1;
}
WITNESS(stray_datagrams) {
    udp_closed(w);
    w->incident[0].port = 161;
    w->incident[0].offers = w->incident[0].count;
}
WITNESS(stray_datagrams_of_one_known) {
    stray_datagrams(w);
    w->incident[0].offers--;
}
WITNESS(stray_prohibited) {
    stray_datagrams(w);
    w->incident[0].ip_proto = 6;
    w->incident[0].value = 3 * 256 + 13;
}
WITNESS(stray_unreachable) {
    stray_prohibited(w);
    w->incident[0].value = 3 * 256 + 1;
}
/* Somebody looks for open resolvers; the web server there is fine. */
WITNESS(stray_questions) {
    resolver_dead(w);
    w->resolver[0].address = w->service[0].address;
    w->resolver[0].by_strangers = w->resolver[0].unanswered_tries = w->resolver[0].unanswered;
}
/* They repeat it: they need the answer. */
WITNESS(questions_repeated) {
    stray_questions(w);
    w->resolver[0].unanswered_tries++;
}
WITNESS(stray_half_open) {
    world_ending(w, INCIDENT_HALF_OPEN_RESET, 3);
    w->service[0].established = 2;
    w->incident[0].offers = w->incident[0].count;
}
/* So many want to come in. */
WITNESS(half_open_strangers) {
    half_open_client(w);
    w->incident[0].offers = w->incident[0].count;
}
WITNESS(handshakes_of_clients_far_and_near) {
    handshakes_uneven(w);
    w->service[0].handshakes_by_client = 11;
}
WITNESS(large_vanish_for_one_of_many) {
    large_vanish(w);
    w->service[0].attempted = w->service[0].established = w->service[0].closed = 61;
}
WITNESS(slow_polls_of_http) {
    w->service[0].established = 1;
    w->service[0].first_byte_us = (struct dist){9, 700000, 9000000, 30010000, 30010000};
}
/* Small messages in turn, on a port that says nothing of them; and on one that does. */
WITNESS(slow_small_talk) {
    slow(w);
    w->service[0].established = 1;
    w->service[0].http_responses = 0;
    w->service[0].small_answers = w->service[0].first_byte_us.samples;
}
WITNESS(slow_names_in_tls) {
    slow_small_talk(w);
    w->service[0].port = 853;
}
WITNESS(slow_queries) {
    slow_small_talk(w);
    w->service[0].port = 5432;
}
WITNESS(slow_mail) {
    slow_small_talk(w);
    w->service[0].port = 25;
}
WITNESS(slow_small_answers) {
    slow_small_talk(w);
    w->service[0].established = 2;
}
/* A shop whose pages take so long. */
WITNESS(slow_shop) {
    w->service[0].first_byte_us = (struct dist){9, 700000, 9000000, 22000000, 22000000};
}
WITNESS(tabs_closed) {
    w->service[0].established = 100;
    w->service[0].reset_by_client = 8;
}
/* Beside the server the handshakes hold the clients' way, and the refusal does not. */
WITNESS(refused_beside_the_server) {
    stray_refused(w);
    w->service[0].by_strangers = 0;
    w->service[1].handshakes_by_client = w->service[1].handshake_us.samples;
    w->service[0].refused_us = (struct dist){3, 20, 20, 20, 20};
}
/* The host's own answers take 30 ms. */
WITNESS(refused_on_the_way) {
    stray_refused(w);
    w->service[0].by_strangers = 0;
    w->service[1].handshake_us.min_us = 30000;
    w->service[0].refused_us = (struct dist){3, 900, 1000, 1100, 1100};
}
WITNESS(stray_half_handshakes) {
    world_ending(w, INCIDENT_SYNACK_AGAIN, 3)->tries = 15;
    w->service[0].established = 0;
    w->incident[0].offers = 3;
}
/* One in ten of those that come up, and one that does not. */
WITNESS(large_vanish_for_many) {
    large_vanish(w);
    w->incident[0].count = 3;
    w->service[0].timed_out = 1;
}
WITNESS(large_vanish_and_new_ones_too) {
    large_vanish(w);
    w->service[0].timed_out = w->service[0].timeout_repeated = 1;
    w->service[0].timeout_syn_sent = 4;
}
/* Nothing beyond the gateway answers. */
WITNESS(gateway_gone) {
    resolver_dead(w);
    silent(w);
    struct msg_incident *n = world_incident(w, INCIDENT_ARP_UNANSWERED);
    n->subject = addr_from_bytes((uint8_t[]){10, 0, 0, 254}, 4);
    n->port = 0;
    n->tries = 12;
    n->span_us = 11000000;
    n->gateway = true;
}
WITNESS(neighbour_gone) {
    silent(w);
    world_incident(w, INCIDENT_ARP_UNANSWERED)->tries = 12;
}
WITNESS(resolver_and_others_silent) {
    struct msg_incident *n = world_incident(w, INCIDENT_DEAD_PATH);
    resolver_dead(w);
    n->toward_client = n->worked = true; /* a client that slept: no problem by itself */
    n->tries = 3;
    n->last_us = w->resolver[0].trouble_first_us;
}
WITNESS(stray_requests) {
    struct msg_udp_service *u = &w->udp[0];
    w->s.udp.rows_n = 1;
    *u = (struct msg_udp_service){.address = w->service[0].address, .port = 161, .asked = 4};
    u->by_strangers = 4;
    u->waited_us = 5000000;
    w->s.totals.udp_asked = 4;
}
WITNESS(stray_requests_alone) {
    stray_requests(w);
    w->s.services.rows_n = 0;
}
/* One time server of several is gone. */
WITNESS(one_clock_gone) {
    stray_requests_alone(w);
    w->udp[0].by_strangers = 0;
    w->udp[0].port = 123;
    w->udp[1] = w->udp[0];
    w->udp[1].address.b[3]++;
    w->udp[1].answered = 4;
    w->s.udp.rows_n = 2;
}
WITNESS(alerts_of_robots) {
    w->service[0].tls_client_hellos = 62;
    w->service[0].tls_fatal_by_server = 2;
    w->service[0].tls_alert = 70;
}
WITNESS(typed_by_hand) {
    slow_client(w);
    w->service[0].http_responses = w->service[0].tls_server_hellos = 0;
    w->service[0].slow_client_late_acks = 0;
}
/* Measurements, a batch now and then, which nobody answers. */
WITNESS(one_way_to_the_target) {
    typed_by_hand(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].first_byte_us.samples = 0;
}
WITNESS(late_questions_to_the_target) {
    one_way_to_the_target(w);
    w->service[0].first_byte_us.samples = 3;
}
WITNESS(resolver_dead_one_sided) {
    resolver_dead(w);
    one_sided(w);
}

/* clang-format off */
#define WITNESSES_STRANGERS \
    {"tcp_refused", stray_refused, "info", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", stray_refused_target, "info", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", peers_refuse_the_target, "info", "confirmed", "server", "203.0.113.101:6881"}, \
    {"tcp_refused", stray_refused_port, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_asked_again, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_at_times, "warning", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_known, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_strangers_alone, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_many_strangers, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_many_beside_a_busy_service, "info", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", peers_refuse, "info", "confirmed", "server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", stray_silent, "info", "confirmed", "network_or_server", "203.0.113.9:23"}, \
    {"tcp_syn_timeout", peers_and_datagrams, "info", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", peers_at_home, "critical", "confirmed", "network_or_server", "10.0.113.101:5001"}, \
    {"tcp_syn_timeout", peers_gone, "info", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", backends_gone, "critical", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", peers_all_over, "info", "confirmed", "network_or_server", "203.1.113.9:6881"}, \
    {"tcp_syn_timeout", peers_all_over_few, "critical", "confirmed", "network_or_server", "203.1.113.9:6881"}, \
    {"tcp_syn_timeout", peers_all_over_none_answers, "critical", "confirmed", "network_or_server", "203.1.113.9:6881"}, \
    {"tcp_syn_timeout", peers_all_over_behind_a_firewall, "info", "confirmed", "network_or_server", "203.1.113.9:6881"}, \
    {"tcp_syn_timeout", peers_of_one_network, "critical", "confirmed", "network_or_server", "203.7.113.10:6881"}, \
    {"tcp_syn_timeout", peers_inside, "critical", "confirmed", "network_or_server", "10.1.113.9:6881"}, \
    {"tcp_syn_timeout", peers_and_a_server, "critical", "confirmed", "network_or_server", "203.4.113.9:6881"}, \
    {"tcp_syn_timeout", peers_and_a_server_with_a_name, "critical", "confirmed", "network_or_server", "203.4.113.9:6881"}, \
    {"icmp_unreachable", peers_unreachable, "info", "confirmed", "network", "203.1.113.9:6881"}, \
    {"icmp_unreachable", peers_unreachable_from_here, "critical", "confirmed", "network", "203.1.113.9:6881"}, \
    {"udp_port_unreachable", datagrams_to_peers, "info", "confirmed", "server", "203.0.113.9:6881"}, \
    {"udp_port_unreachable", datagrams_to_few, "warning", "confirmed", "server", "203.0.113.9:6881"}, \
    {"udp_port_unreachable", datagrams_again_and_again, "warning", "confirmed", "server", "203.0.113.9:6881"}, \
    {"tcp_syn_timeout", peers_four, "critical", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", peers_on_one_port, "critical", "confirmed", "network_or_server", "203.0.113.101:9042"}, \
    {"tcp_syn_timeout", peers_and_nothing_works, "critical", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_refused", dns_over_tls_refused, "info", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_syn_timeout", dns_over_tls_silent, "info", "confirmed", "network_or_server", "203.0.113.9:853"}, \
    {"icmp_prohibited", dns_over_tls_prohibited, "info", "confirmed", "policy", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_at_the_other_family, "info", "confirmed", "server", "[fd00::1]:853"}, \
    {"tcp_refused", dns_over_tls_at_all_servers, "info", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_only, "critical", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_of_one_who_needs_it, "critical", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_by_name, "critical", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_for_others, "critical", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_asked_about, "critical", "confirmed", "server", "203.0.113.9:853"}, \
    {"tcp_refused", dns_over_tls_beside_many_names, "info", "confirmed", "server", "203.0.113.9:853"}, \
    {"udp_port_unreachable", port_mapping_closed, "info", "confirmed", "server", "203.0.113.9:5351"}, \
    {"udp_port_unreachable", port_mapping_asked_about, "critical", "confirmed", "server", "203.0.113.9:5351"}, \
    {"udp_port_unreachable", stray_datagrams, "info", "confirmed", "server", "203.0.113.9:161"}, \
    {"udp_port_unreachable", stray_datagrams_of_one_known, "warning", "confirmed", "server", "203.0.113.9:161"}, \
    {"icmp_prohibited", stray_prohibited, "info", "confirmed", "policy", "203.0.113.9:161"}, \
    {"icmp_unreachable", stray_unreachable, "info", "confirmed", "network", "203.0.113.9:161"}, \
    {"dns_no_answer", questions_repeated, "critical", "confirmed", "name_resolution", "203.0.113.9"}, \
    {"dns_no_answer", stray_questions, "info", "confirmed", "name_resolution", "203.0.113.9"}, \
    {"dns_no_answer", resolver_dead_one_sided, NULL, NULL, NULL, NULL}, \
    {"tcp_half_open_reset", half_open_strangers, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", stray_half_open, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_handshake_slow", handshakes_of_clients_far_and_near, NULL, NULL, NULL, NULL}, \
    {"pmtud_blackhole", large_vanish_for_one_of_many, NULL, NULL, NULL, NULL}, \
    {"tcp_dead_path", large_vanish_for_one_of_many, "warning", "confirmed", "network_or_server", "203.0.113.9:443"}, \
    {"udp_no_reply", stray_requests, "info", "confirmed", "network_or_server", "203.0.113.9:161"}, \
    {"udp_no_reply", stray_requests_alone, "warning", "confirmed", "network_or_server", "203.0.113.9:161"}, \
    {"udp_no_reply", one_clock_gone, "info", "confirmed", "network_or_server", "203.0.113.9:123"}, \
    {"tls_fatal_alert", alerts_of_robots, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"slow_client", typed_by_hand, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"slow_client", one_way_to_the_target, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"slow_client", late_questions_to_the_target, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"slow_server", slow_small_talk, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_queries, "warning", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_names_in_tls, "warning", "likely", "server", "203.0.113.9:853"}, \
    {"slow_server", slow_mail, "warning", "likely", "server", "203.0.113.9:25"}, \
    {"slow_server", slow_small_answers, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_shop, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_reset_midstream", tabs_closed, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_refused", refused_beside_the_server, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_on_the_way, "critical", "confirmed", "policy", "203.0.113.9:23"}, \
    {"tcp_synack_retransmit", stray_half_handshakes, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"pmtud_blackhole", large_vanish_for_many, "critical", "likely", "network", "203.0.113.9:443"}, \
    {"pmtud_blackhole", large_vanish_and_new_ones_too, NULL, NULL, NULL, NULL}, \
    {"arp_unanswered", gateway_gone, "critical", "confirmed", "local_link", "10.0.0.254"}, \
    {"dns_no_answer", gateway_gone, NULL, NULL, NULL, NULL}, \
    {"tcp_syn_timeout", gateway_gone, NULL, NULL, NULL, NULL}, \
    {"tcp_syn_timeout", neighbour_gone, "critical", "confirmed", "network_or_server", "203.0.113.9:443"}, \
    {"dns_no_answer", resolver_and_others_silent, "critical", "confirmed", "ambiguous", "192.0.2.53"}, \
    {"slow_server", slow_polls_of_http, "info", "confirmed", "server", "203.0.113.9:443"}
/* clang-format on */
#endif
