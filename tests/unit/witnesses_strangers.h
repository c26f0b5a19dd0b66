/* What strangers of the open internet, peers that have left, and clients near and far leave behind
 * at hosts with which nothing is wrong; a part of witnesses.h. */
#ifndef TESTS_UNIT_WITNESSES_STRANGERS_H
#define TESTS_UNIT_WITNESSES_STRANGERS_H
#include "tests/unit/witnesses.h"

/* Three tried a closed port of a host that serves others on another one. */
WITNESS(stray_refused) {
    w->service[1] = w->service[0];
    w->s.services.rows_n = 2;
    refused(w);
    w->service[0].port = 23;
    w->service[0].attempted = w->service[0].refused = w->service[0].by_strangers = 3;
}
WITNESS(stray_refused_target) {
    stray_refused(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
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
WITNESS(peers_four) {
    many_peers(w, false);
    w->s.services.rows_n = 5;
}
/* A dead cluster: one port. */
WITNESS(peers_on_one_port) {
    many_peers(w, false);
    for (unsigned i = 1; i < 7; i++) w->s.services.rows[i].port = 9042;
}
WITNESS(peers_and_nothing_works) {
    many_peers(w, false);
    w->s.totals.established = 0;
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
    w->resolver[0].by_strangers = w->resolver[0].unanswered;
}
WITNESS(stray_half_open) {
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
    w->service[0].first_byte_us = (struct dist){9, 700000, 9000000, 30010000, 30010000};
}
WITNESS(resolver_dead_one_sided) {
    resolver_dead(w);
    one_sided(w);
}

/* clang-format off */
#define WITNESSES_STRANGERS \
    {"tcp_refused", stray_refused, "info", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", stray_refused_target, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_known, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_strangers_alone, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_many_strangers, "critical", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", refused_many_beside_a_busy_service, "info", "confirmed", "server", "203.0.113.9:23"}, \
    {"tcp_refused", peers_refuse, "info", "confirmed", "server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", stray_silent, "info", "confirmed", "network_or_server", "203.0.113.9:23"}, \
    {"tcp_syn_timeout", peers_gone, "info", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", peers_four, "critical", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"tcp_syn_timeout", peers_on_one_port, "critical", "confirmed", "network_or_server", "203.0.113.101:9042"}, \
    {"tcp_syn_timeout", peers_and_nothing_works, "critical", "confirmed", "network_or_server", "203.0.113.101:6881"}, \
    {"udp_port_unreachable", stray_datagrams, "info", "confirmed", "server", "203.0.113.9:161"}, \
    {"udp_port_unreachable", stray_datagrams_of_one_known, "warning", "confirmed", "server", "203.0.113.9:161"}, \
    {"icmp_prohibited", stray_prohibited, "info", "confirmed", "policy", "203.0.113.9:161"}, \
    {"icmp_unreachable", stray_unreachable, "info", "confirmed", "network", "203.0.113.9:161"}, \
    {"dns_no_answer", stray_questions, "info", "confirmed", "name_resolution", "203.0.113.9"}, \
    {"dns_no_answer", resolver_dead_one_sided, NULL, NULL, NULL, NULL}, \
    {"tcp_half_open_reset", stray_half_open, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_handshake_slow", handshakes_of_clients_far_and_near, NULL, NULL, NULL, NULL}, \
    {"pmtud_blackhole", large_vanish_for_one_of_many, NULL, NULL, NULL, NULL}, \
    {"tcp_dead_path", large_vanish_for_one_of_many, "warning", "confirmed", "network_or_server", "203.0.113.9:443"}, \
    {"slow_server", slow_polls_of_http, "info", "confirmed", "server", "203.0.113.9:443"}
/* clang-format on */
#endif
