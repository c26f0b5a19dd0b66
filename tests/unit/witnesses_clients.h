/* What a few of the many clients of a public service meet. */
#ifndef TESTS_UNIT_WITNESSES_CLIENTS_H
#define TESTS_UNIT_WITNESSES_CLIENTS_H
#include "tests/unit/witnesses_apps.h"
#include "tests/unit/witnesses_data.h"
#include "tests/unit/witnesses_dnstls.h"
#include "tests/unit/witnesses_ends.h"

static struct addr elsewhere(uint8_t last) {
    return addr_from_bytes((uint8_t[]){198, 51, 100, last}, 4);
}

/* One of a hundred clients leaves in mid-download. */
WITNESS(client_leaves) {
    dead_path_of_client(w);
    w->service[0].attempted = w->service[0].established = w->service[0].closed = 100;
    w->service[0].retransmitted_to_client = 12;
    w->service[0].retransmit_last_us = 9000000;
    w->incident[0].tries = 12;
}
WITNESS(clients_leave) {
    client_leaves(w);
    w->incident[0].count = 3;
}
/* The capture is about that client. */
WITNESS(target_leaves) {
    client_leaves(w);
    world_target(w, "198.51.100.7", MODE_DOMAIN);
}
WITNESS(client_leaves_and_loss) {
    client_leaves(w);
    w->service[0].retransmitted_to_client = 40;
}

static struct msg_tls_row alerts[8];
static struct msg_http_row pages[10];

/* Each came once, with what is out of date. */
WITNESS(scanners_of_tls) {
    w->service[0].tls_client_hellos = 30;
    w->service[0].tls_server_hellos = 26;
    w->service[0].tls_fatal_by_server = 4;
    w->service[0].tls_alert = 40;
    for (uint8_t i = 0; i < 8; i++)
        alerts[i] = (struct msg_tls_row){.client = elsewhere(i),
                                         .server = w->service[0].address,
                                         .server_port = w->service[0].port,
                                         .outcome = TLS_OUTCOME_ALERT_SERVER};
    w->s.tls = (struct msg_tls){.rows = alerts, .rows_n = 4, .of = 4};
}
/* Some of a server's clients offer what it does not take any more. */
WITNESS(clients_turned_away) {
    scanners_of_tls(w);
    w->service[0].tls_fatal_by_server = w->s.tls.rows_n = 8;
}
WITNESS(fewer_turned_away) {
    clients_turned_away(w);
    w->service[0].tls_client_hellos = 50;
}
WITNESS(old_client_of_tls) {
    scanners_of_tls(w);
    alerts[3].client = alerts[0].client;
}
/* A server behind an address translation, to which nobody else came meanwhile. */
WITNESS(scanners_alone) {
    scanners_of_tls(w);
    w->service[0].address = addr_from_bytes((uint8_t[]){192, 168, 7, 80}, 4);
    w->service[0].tls_client_hellos = w->service[0].tls_fatal_by_server = w->s.tls.rows_n = 2;
    w->service[0].tls_server_hellos = 0;
    for (uint8_t i = 0; i < 2; i++) alerts[i].server = w->service[0].address;
}
WITNESS(one_of_them_is_inside) {
    scanners_alone(w);
    alerts[1].client = addr_from_bytes((uint8_t[]){192, 168, 9, 4}, 4);
}
WITNESS(target_turns_away) {
    scanners_of_tls(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
}

/* One client of ten gets all the errors. */
WITNESS(robot_tries_pages) {
    w->service[0].http_4xx = w->service[0].http_404 = 4;
    for (uint8_t i = 0; i < 10; i++)
        pages[i] = (struct msg_http_row){.client = elsewhere(i),
                                         .server = w->service[0].address,
                                         .server_port = w->service[0].port,
                                         .status = i == 3 ? 404 : 200};
    w->s.http = (struct msg_http){.rows = pages, .rows_n = 10, .of = 10};
}
WITNESS(two_miss_pages) {
    robot_tries_pages(w);
    pages[4].status = 404;
}
/* The rows hold a tenth of the connections: those without trouble gave way. */
WITNESS(robots_at_a_busy_site) {
    static struct msg_connection kept[1];
    two_miss_pages(w);
    kept[0] = (struct msg_connection){
        .client = elsewhere(0), .server = w->service[0].address, .server_port = w->service[0].port};
    w->s.connections = (struct msg_connections){.rows = kept, .rows_n = 1, .of = 10};
}
WITNESS(neighbour_misses_pages) {
    robot_tries_pages(w);
    pages[3].client = addr_from_bytes((uint8_t[]){203, 0, 200, 1}, 4);
}

/* SYNs under false addresses, or of strangers who vanished. */
WITNESS(strangers_vanish) {
    world_ending(w, INCIDENT_SYNACK_AGAIN, 6)->tries = 18;
    w->incident[0].offers = 6;
    w->service[0].attempted = w->service[0].established = w->service[0].closed = 60;
}
WITNESS(strangers_cannot_come_in) {
    strangers_vanish(w);
    w->service[0].attempted = w->service[0].established = w->service[0].closed = 15;
}

/* Its queue of connections to accept is full: seen beside the server; seen elsewhere. */
WITNESS(not_accepted) {
    world_ending(w, INCIDENT_SYNACK_AGAIN, 3)->tries = 6;
    w->incident[0].value = 2;
}
WITNESS(perhaps_not_accepted) {
    not_accepted(w);
    w->incident[0].value = 1;
}
WITNESS(one_not_accepted) {
    not_accepted(w);
    world_ending(w, INCIDENT_SYNACK_AGAIN, 4)->tries = 8;
}

/* Requests that cross the server's close of idle connections. */
WITNESS(crossed_once) {
    idle_reset(w);
    w->incident[0].value = 3;
    w->incident[0].span_us = 3000000;
    w->incident[0].count = 1;
}
WITNESS(crossed_again) {
    crossed_once(w);
    w->incident[0].count = 2;
}
WITNESS(crossed_rarely) {
    crossed_again(w);
    w->service[0].attempted = w->service[0].established = w->service[0].closed = 1000;
}
WITNESS(crossed_and_loss) {
    crossed_again(w);
    loss_4_percent(w);
}

/* What happens once or twice among many answers is no reason why half of them are late. */
static void one_lost_of_few(struct world *w) {
    w->service[0].retransmitted_to_client = w->service[0].lost_after = 1;
    w->service[0].data_segments_to_client = 30;
    w->service[0].data_segments_to_server = 10;
}
WITNESS(slow_and_one_lost) {
    slow(w);
    one_lost_of_few(w);
}
WITNESS(slow_and_two_lost) {
    slow_and_one_lost(w);
    w->service[0].retransmitted_to_client = w->service[0].lost_after = 2;
}
WITNESS(slow_client_and_one_lost) {
    slow_client(w);
    w->service[0].slow_client_opens = w->service[0].slow_client_late_opens = 5;
    w->service[0].slow_client_wait_us = 4000000;
    one_lost_of_few(w);
}
WITNESS(tls_late_and_one_lost) {
    handshakes(w, 5, 400000);
    one_lost_of_few(w);
}
WITNESS(window_limits_and_one_lost) {
    window_limits(w);
    one_lost_of_few(w);
}
WITNESS(server_refuses) {
    handshakes(w, 10, 15000);
    reset_server(w); /* it closes at once: the same cause */
    w->service[0].tls_refused = 9;
}
WITNESS(server_refuses_once) {
    handshakes(w, 1, 15000);
    w->service[0].tls_refused = 1;
}
WITNESS(server_refuses_target) {
    server_refuses_once(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
}
WITNESS(server_refuses_strangers) {
    handshakes(w, 100, 15000);
    w->service[0].tls_refused = 2;
}
/* Most answers come at once. */
WITNESS(slow_at_times) {
    SERVICE;
    s->late_answers = 4;
    s->first_byte_us = (struct dist){20, 20000, 40000, 8000000, 8000000};
    s->http_responses = 20;
}
WITNESS(slow_at_times_target) {
    slow_at_times(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
}
WITNESS(slow_at_times_or_polls) {
    slow_at_times_target(w);
    w->service[0].first_byte_us.max_us = 25000000;
}
WITNESS(slow_at_times_renewed) {
    slow_at_times_target(w);
    w->service[0].renewed = 4;
}
WITNESS(slow_at_times_seldom) {
    slow_at_times(w);
    w->service[0].first_byte_us.samples = 50;
}
WITNESS(slow_at_times_twice) {
    slow_at_times(w);
    w->service[0].late_answers = 2;
}
WITNESS(slow_at_times_talk) {
    slow_at_times(w);
    w->service[0].unpaired = 3;
}
WITNESS(slow_at_times_and_loss) {
    slow_at_times(w);
    loss_4_percent(w);
}
WITNESS(slow_at_times_of_a_few) {
    slow_at_times_target(w);
    w->service[0].http_responses = 0;
    w->service[0].established = 2;
}
WITNESS(slow_at_times_replies) {
    slow_at_times(w);
    w->service[0].replies = 4;
}
WITNESS(slow_at_times_messages) {
    slow_at_times(w);
    w->service[0].port = 1883;
}
WITNESS(slow_at_times_afar) {
    slow_at_times(w);
    w->service[0].request_ack_us = (struct dist){10, 200000, 240000, 260000, 270000};
}
WITNESS(slow_at_times_unseen) {
    slow_at_times(w);
    w->service[0].http_responses = 0;
    w->service[0].tls_client_hellos = w->service[0].tls_server_hellos = 0;
}
WITNESS(slow_at_times_and_path_dead) {
    slow_at_times(w);
    client_leaves(w);
    w->service[0].retransmitted_to_client = 4; /* too few to be loss */
}
WITNESS(slow_names_over_tcp) {
    dns_slow(w);
    slow(w);
    w->service[0].address = w->resolver[0].address;
    w->service[0].port = 53;
}
WITNESS(slow_names_over_tcp_at_times) {
    slow_names_over_tcp(w);
    slow_at_times(w);
}
/* Queries that all take the same time, seen from where nothing of them can be read. */
WITNESS(slow_alike_queries) {
    slow_alike_unknown(w);
    w->service[0].port = 6432;
}

/* clang-format off */
#define WITNESSES_CLIENTS \
    {"slow_server", slow_and_one_lost, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_and_two_lost, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_at_times", slow_at_times_target, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_at_times", slow_at_times_or_polls, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_at_times", slow_at_times_renewed, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_at_times", slow_at_times_seldom, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_twice, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_talk, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_and_loss, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_of_a_few, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_at_times", slow_at_times_replies, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_messages, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_afar, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_unseen, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_at_times_and_path_dead, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow_names_over_tcp_at_times, NULL, NULL, NULL, NULL}, \
    {"slow_at_times", slow, NULL, NULL, NULL, NULL}, \
    {"dns_slow", slow_names_over_tcp, "warning", "confirmed", "name_resolution", "192.0.2.53"}, \
    {"slow_server", slow_alike_queries, "warning", "confirmed", "server", "203.0.113.9:6432"}, \
    {"http_slow", slow_and_one_lost, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"http_slow", slow_and_two_lost, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"slow_client", slow_client_and_one_lost, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tls_server_rejected", server_refuses, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tls_server_rejected", server_refuses_once, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"tls_server_rejected", server_refuses_target, "critical", "likely", "server", "203.0.113.9:443"}, \
    {"tls_server_rejected", server_refuses_strangers, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"tls_server_rejected", tls_handshakes_fine, NULL, NULL, NULL, NULL}, \
    {"tls_slow", tls_late_and_one_lost, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_receive_window_limited", window_limits_and_one_lost, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_dead_path", client_leaves, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_dead_path", clients_leave, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_dead_path", target_leaves, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_retransmissions", client_leaves, NULL, NULL, NULL, NULL}, \
    {"tcp_retransmissions", client_leaves_and_loss, "critical", "confirmed", "network", "203.0.113.9:443"}, \
    {"tls_fatal_alert", scanners_of_tls, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tls_fatal_alert", clients_turned_away, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tls_fatal_alert", fewer_turned_away, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tls_fatal_alert", old_client_of_tls, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"tls_fatal_alert", scanners_alone, "info", "confirmed", "ambiguous", "192.168.7.80:443"}, \
    {"tls_fatal_alert", one_of_them_is_inside, "critical", "confirmed", "server", "192.168.7.80:443"}, \
    {"tls_fatal_alert", target_turns_away, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"http_client_errors", robot_tries_pages, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"http_client_errors", robots_at_a_busy_site, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"http_client_errors", two_miss_pages, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"http_client_errors", neighbour_misses_pages, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", crossed_once, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", crossed_again, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_idle_timeout", crossed_rarely, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", not_accepted, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", perhaps_not_accepted, "warning", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", one_not_accepted, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", strangers_vanish, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_synack_retransmit", strangers_cannot_come_in, "warning", "confirmed", "network", "203.0.113.9:443"}
/* clang-format on */
#endif
