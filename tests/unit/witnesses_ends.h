/* The same for how connections begin and end. */
#ifndef TESTS_UNIT_WITNESSES_ENDS_H
#define TESTS_UNIT_WITNESSES_ENDS_H
#include "tests/unit/witnesses.h"

static inline struct msg_incident *world_ending(struct world *w, enum incident_kind kind,
                                                unsigned connections) {
    struct msg_incident *n = world_incident(w, kind);
    n->peer = (struct addr){0};
    n->ip_proto = 6;
    n->count = connections;
    return n;
}

WITNESS(synack_again) {
    world_ending(w, INCIDENT_SYNACK_AGAIN, 3)->tries = 4;
}
WITNESS(synack_again_once) {
    world_ending(w, INCIDENT_SYNACK_AGAIN, 1)->tries = 1;
}
WITNESS(handshakes_slow) {
    w->service[0].handshake_us = (struct dist){10, 9000, 400000, 500000, 500000};
}
/* Beside the server: the clients' way is a tenth of it. */
WITNESS(handshakes_slow_here) {
    handshakes_slow(w);
    w->service[0].handshake_us.min_us = 390000;
    w->service[0].rtt_us = (struct dist){100, 40000, 41000, 42000, 42000};
    w->service[0].request_ack_us = (struct dist){10, 100, 100, 200, 200};
}
WITNESS(handshakes_far) {
    w->service[0].handshake_us = (struct dist){10, 320000, 330000, 340000, 340000};
    w->service[0].rtt_us = (struct dist){100, 320000, 330000, 340000, 340000};
}
WITNESS(handshakes_uneven) {
    w->service[0].handshake_us = (struct dist){20, 9000, 10000, 180000, 200000};
}
WITNESS(handshakes_uneven_few) {
    w->service[0].handshake_us = (struct dist){19, 9000, 10000, 180000, 180000};
}
WITNESS(handshakes_slow_two) {
    w->service[0].handshake_us = (struct dist){2, 9000, 400000, 500000, 500000};
}
WITNESS(handshakes_spread_unfelt) {
    w->service[0].handshake_us = (struct dist){10, 9000, 10000, 90000, 90000};
}
/* SYN-ACKs passed here, and no client went on. */
WITNESS(way_back_cut) {
    silent(w);
    w->service[0].both_directions = true;
}
WITNESS(half_open_client) {
    world_ending(w, INCIDENT_HALF_OPEN_RESET, 6);
    w->service[0].established = 2;
}
WITNESS(half_open_server) {
    half_open_client(w);
    w->incident[0].toward_client = true;
}
WITNESS(half_open_late) {
    half_open_client(w);
    w->incident[0].value = 1;
}
/* The server's patience with unused sockets ran out. */
WITNESS(half_open_unused) {
    half_open_server(w);
    w->incident[0].value = 2;
}
WITNESS(half_open_preconnect) {
    half_open_client(w);
    w->incident[0].worked = true;
}
WITNESS(half_open_one) {
    world_ending(w, INCIDENT_HALF_OPEN_RESET, 1);
}
WITNESS(unheard) {
    struct msg_incident *n = world_ending(w, INCIDENT_UNHEARD, 2);
    n->span_us = 5000000;
    n->tries = 9;
}
WITNESS(unheard_queue_full) {
    unheard(w);
    w->incident[0].worked = true;
    world_ending(w, INCIDENT_SYNACK_AGAIN, 2)->tries = 3;
}
WITNESS(unheard_not_long) {
    unheard(w);
    w->incident[0].span_us = 1900000;
}
WITNESS(hung) {
    unheard(w);
    w->incident[0].value = 1;
    w->incident[0].requests = 2;
    w->service[0].requests = w->service[0].data_segments_to_client = 0;
}
WITNESS(hung_one) {
    hung(w);
    w->incident[0].count = w->incident[0].requests = 1;
}
WITNESS(greets_nobody) {
    hung(w);
    w->incident[0].value = 6;
    w->service[0].established = 2;
}
WITNESS(greets_one_not) {
    hung_one(w);
    w->incident[0].value = 6;
    w->service[0].established = 1;
}
WITNESS(greets_target_not) {
    greets_one_not(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
}
WITNESS(greets_few) {
    greets_nobody(w);
    w->service[0].data_segments_to_client = w->service[0].established = 10;
}
WITNESS(greets_others) {
    greets_few(w);
    w->service[0].established = 20;
}
WITNESS(hung_beside_answers) {
    hung(w);
    w->service[0].requests = 4;
    w->service[0].data_segments_to_client = 10;
}
WITNESS(hung_still_open) {
    hung(w);
    w->incident[0].count = 3;
    w->incident[0].requests = 0;
}
WITNESS(hung_still_open_many) {
    hung_still_open(w);
    w->incident[0].count = 10;
}
WITNESS(hung_still_open_target) {
    hung_still_open(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->incident[0].on_target = w->service[0].on_target = true;
}
/* One page that is kept up to date waits for news. */
WITNESS(poll_waits) {
    hung_still_open(w);
    w->incident[0].count = 1;
}
/* Its reader left: the site had answered a dozen requests. */
WITNESS(polls_dropped) {
    hung_beside_answers(w);
    w->service[0].requests = 12;
}
WITNESS(poll_dropped) {
    hung_beside_answers(w);
    w->incident[0].count = w->incident[0].requests = 1;
    w->service[0].requests = 2;
}
WITNESS(hung_again) {
    hung_beside_answers(w);
    w->incident[0].value = 3;
}
WITNESS(hung_again_once) {
    hung_again(w);
    w->incident[0].requests = 1;
}
WITNESS(hung_soon) {
    hung(w);
    w->incident[0].value = 5;
    w->incident[0].count = w->incident[0].requests = 5;
    w->service[0].requests = 5;
}
WITNESS(hung_soon_few) {
    hung_soon(w);
    w->incident[0].requests = 4;
}
WITNESS(hung_soon_sometimes) {
    hung_soon(w);
    w->service[0].requests = 6;
}
WITNESS(hung_sealed) {
    hung(w);
    w->incident[0].value = 4;
    w->service[0].data_segments_to_client = 10; /* of the handshake */
}
WITNESS(hung_sealed_one) {
    hung_sealed(w);
    w->incident[0].count = w->incident[0].requests = 1;
}
WITNESS(hung_sealed_target) {
    hung_sealed_one(w);
    w->incident[0].requests = 0;
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->incident[0].on_target = w->service[0].on_target = true;
}
/* Nothing answers keep-alives either. */
WITNESS(hung_and_gone) {
    hung(w);
    w->incident[0].offers = w->incident[0].count;
}
WITNESS(half_open_checks) {
    half_open_client(w);
    w->service[0].established = 5;
}
WITNESS(half_open_of_many) {
    world_ending(w, INCIDENT_HALF_OPEN_RESET, 20);
    w->service[0].established = 5;
}
WITNESS(half_open_checks_at_night) {
    half_open_of_many(w);
    w->service[0].asked_again = 19;
}
WITNESS(half_open_seldom) {
    half_open_client(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->incident[0].on_target = w->service[0].on_target = true;
    w->service[0].established = 7;
}
WITNESS(takes_lines) {
    hung(w);
    w->incident[0].value = 2;
    w->incident[0].count = w->incident[0].requests = 3;
}
WITNESS(takes_lines_twice) {
    takes_lines(w);
    w->incident[0].count = w->incident[0].requests = 2;
}
WITNESS(mute_all) {
    struct msg_incident *n = world_ending(w, INCIDENT_MUTE_CLOSE, 10);
    n->span_us = 40000;
    n->toward_client = true;
    w->service[0].data_segments_to_client = 0;
}
/* It answers others: who asked nothing and was closed is a socket that nobody needed. */
WITNESS(mute_beside_answers) {
    mute_all(w);
    w->incident[0].count = 4;
    w->service[0].data_segments_to_client = 1000;
}
WITNESS(mute_some) {
    mute_beside_answers(w);
    w->incident[0].worked = true;
    w->incident[0].count = 2;
}
WITNESS(mute_rare) {
    mute_some(w);
    w->incident[0].count = 1;
    w->service[0].established = 100;
}
WITNESS(flooded) {
    struct msg_incident *n = world_ending(w, INCIDENT_SYN_FLOOD, 1);
    n->tries = 2000;
    n->rate = 900;
    n->offers = 1900;
    n->requests = 3;
}
WITNESS(flooded_dead_server) {
    flooded(w);
    w->incident[0].offers = 0;
    w->service[0].timed_out = w->service[0].timeout_repeated = 200;
    w->service[0].attempted = 210;
    w->service[0].timeout_syn_sent = 600;
    w->service[0].timeout_wait_us = 7000000;
}
WITNESS(flooded_slowly) {
    flooded(w);
    w->incident[0].rate = 100;
}
WITNESS(busy_not_flooded) {
    flooded(w);
    w->incident[0].requests = 1500;
}
WITNESS(reset_other_hops) {
    struct msg_incident *n = world_ending(w, INCIDENT_RESET_FOREIGN, 2);
    n->value = 64 * 256 + 57;
    n->toward_client = true;
}
WITNESS(reset_data_goes_on) {
    reset_other_hops(w);
    w->incident[0].value = 64 * 256 + 64;
    w->incident[0].worked = true;
}
WITNESS(reset_hello_filter) {
    struct msg_incident *n = world_ending(w, INCIDENT_RESET_AFTER_HELLO, 3);
    n->value = 1;
    n->span_us = 30000;
    n->toward_client = true;
}
WITNESS(reset_hello_by_server) {
    reset_hello_filter(w);
    w->incident[0].worked = true;
}
WITNESS(reset_hello_early) {
    reset_hello_by_server(w);
    w->incident[0].offers = w->incident[0].count;
}
WITNESS(reset_hello_one_name) {
    static struct msg_tls_row row[2];
    reset_hello_by_server(w);
    for (int i = 0; i < 2; i++) {
        row[i] = (struct msg_tls_row){.server = w->service[0].address,
                                      .server_port = 443,
                                      .outcome = i ? TLS_OUTCOME_ANSWERED : TLS_OUTCOME_RESET};
        strcpy(row[i].sni, i ? "good.example.com" : "bad.example.com");
    }
    w->s.tls = (struct msg_tls){.rows = row, .rows_n = 2, .of = 2};
}
WITNESS(reset_hello_rare) {
    reset_hello_by_server(w);
    w->incident[0].count = 1;
    w->service[0].established = 100;
}
WITNESS(idle_reset) {
    struct msg_incident *n = world_ending(w, INCIDENT_IDLE_END, 1);
    n->value = 1;
    n->span_us = 300000000;
    n->toward_client = true;
}
WITNESS(idle_silence) {
    idle_reset(w);
    w->incident[0].value = 2;
    w->incident[0].toward_client = false;
}
WITNESS(idle_silence_of_client) {
    idle_silence(w);
    w->incident[0].toward_client = true;
}
WITNESS(refused_next_door) {
    struct msg_service *s = &w->service[0];
    s->established = s->closed = 0;
    s->attempted = s->refused = s->refused_beside = 10;
}
WITNESS(idle_stale) {
    idle_reset(w);
    w->incident[0].value = 4;
    w->incident[0].count = 2;
}
WITNESS(idle_short) {
    idle_reset(w);
    w->incident[0].span_us = 59000000;
}
WITNESS(idle_unused) {
    idle_reset(w);
    w->incident[0].value = 0;
}
WITNESS(idle_hardly) {
    idle_reset(w);
    w->incident[0].span_us = 4900000;
}
WITNESS(closed_short) {
    struct msg_incident *n = world_ending(w, INCIDENT_EARLY_CLOSE, 2);
    n->tries = 60000;
    n->toward_client = true;
}
WITNESS(reset_one_hop) {
    w->service[0].reset_by_server = w->service[0].reset = 6;
    w->service[0].reset_ttl_delta = 1;
}
WITNESS(reset_other_mac) {
    w->service[0].reset_by_server = w->service[0].reset = 6;
    w->service[0].reset_bytes_before = 30000;
    w->service[0].reset_other_mac = 6;
    w->service[0].reset_from = w->service[0].address;
    w->service[0].reset_idle_us = 7000000;
}
/* Their rows of the table in test_rules.c. */
/* clang-format off */
#define WITNESSES_OF_ENDS \
    {"tcp_synack_retransmit", synack_again, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", synack_again_once, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", healthy, NULL, NULL, NULL, NULL}, \
    {"tcp_synack_retransmit", unheard_queue_full, NULL, NULL, NULL, NULL}, \
    {"tcp_handshake_slow", handshakes_slow_here, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_handshake_slow", handshakes_slow, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_handshake_slow", handshakes_uneven, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_handshake_slow", handshakes_uneven_few, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_handshake_slow", handshakes_far, NULL, NULL, NULL, NULL}, \
    {"tcp_handshake_slow", handshakes_slow_two, NULL, NULL, NULL, NULL}, \
    {"tcp_handshake_slow", handshakes_spread_unfelt, NULL, NULL, NULL, NULL}, \
    {"tcp_syn_timeout", way_back_cut, "critical", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_client, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_server, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_late, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_unused, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_preconnect, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_one, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", healthy, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", unheard, "critical", "confirmed", "network_or_server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", unheard_queue_full, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", unheard_not_long, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_and_gone, "critical", "likely", "network_or_server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_one, "warning", "possible", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_beside_answers, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", greets_nobody, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", greets_one_not, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", greets_target_not, "warning", "possible", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", greets_few, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", greets_others, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung_still_open_many, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_still_open_target, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_still_open, "warning", "possible", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", poll_waits, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", polls_dropped, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", poll_dropped, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung_again, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_again_once, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung_soon, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_soon_few, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung_soon_sometimes, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung_sealed, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", hung_sealed_one, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", hung_sealed_target, "warning", "possible", "server", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_seldom, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_of_many, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_checks_at_night, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_half_open_reset", half_open_checks, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", takes_lines, "info", "possible", "server", "203.0.113.9:443"}, \
    {"tcp_post_ack_silence", takes_lines_twice, NULL, NULL, NULL, NULL}, \
    {"tcp_post_ack_silence", tls_mute, NULL, NULL, NULL, NULL}, \
    {"tcp_backend_closed", mute_all, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_backend_closed", mute_some, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_backend_closed", mute_rare, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_backend_closed", mute_beside_answers, NULL, NULL, NULL, NULL}, \
    {"tcp_backend_closed", healthy, NULL, NULL, NULL, NULL}, \
    {"syn_flood", flooded, "critical", "confirmed", "client", "203.0.113.9:443"}, \
    {"syn_flood", flooded_dead_server, "critical", "likely", "client", "203.0.113.9:443"}, \
    {"syn_flood", flooded_slowly, NULL, NULL, NULL, NULL}, \
    {"syn_flood", busy_not_flooded, NULL, NULL, NULL, NULL}, \
    {"tcp_reset_injected", reset_other_hops, "critical", "likely", "policy", "203.0.113.9:443"}, \
    {"tcp_reset_injected", reset_data_goes_on, "critical", "confirmed", "policy", "203.0.113.9:443"}, \
    {"tcp_reset_injected", reset_server, NULL, NULL, NULL, NULL}, \
    {"tcp_reset_after_hello", reset_hello_filter, "critical", "confirmed", "policy", "203.0.113.9:443"}, \
    {"tcp_reset_after_hello", reset_hello_by_server, "critical", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_reset_after_hello", reset_hello_early, "critical", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_reset_after_hello", reset_hello_one_name, "critical", "confirmed", "policy", "203.0.113.9:443"}, \
    {"tcp_reset_after_hello", reset_hello_rare, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_reset_after_hello", reset_server, NULL, NULL, NULL, NULL}, \
    {"tcp_idle_timeout", idle_reset, "warning", "confirmed", "policy", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", idle_silence, "warning", "confirmed", "policy", "203.0.113.9:443"}, \
    {"tcp_dead_path", dead_path_of_sleeper, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"table_overflow", incidents_dropped, "info", "confirmed", "capture", "eth0"}, \
    {"tcp_refused", refused_on_both_families, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", idle_silence_of_client, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_refused", refused_next_door, "critical", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", idle_stale, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", idle_short, "info", "confirmed", "policy", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", idle_unused, "info", "likely", "policy", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", idle_hardly, NULL, NULL, NULL, NULL}, \
    {"tcp_early_close", closed_short, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_early_close", reset_server, NULL, NULL, NULL, NULL}, \
    {"tcp_early_close", healthy, NULL, NULL, NULL, NULL}, \
    {"tcp_reset_midstream", reset_one_hop, "critical", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_reset_midstream", reset_other_mac, "critical", "confirmed", "ambiguous", "203.0.113.9:443"}
/* clang-format on */
#endif
