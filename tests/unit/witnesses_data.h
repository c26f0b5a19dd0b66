/* Witnesses of what slows transfers down: queues, windows, silences, full links, busy hosts. */
#ifndef TESTS_UNIT_WITNESSES_DATA_H
#define TESTS_UNIT_WITNESSES_DATA_H
#include "tests/unit/witnesses.h"

/* ---- data sent needlessly ------------------------------------------------------------------- */
WITNESS(needless_by_dsack) {
    SERVICE;
    s->retransmitted_to_client = 12;
    s->lost_after = 12;
    s->dsacks_to_client = 12;
    s->retransmit_first_us = 2000000;
    s->retransmit_last_us = 20000000;
}
WITNESS(needless_seen_here) {
    w->service[0].spurious = 10;
}
WITNESS(needless_few) {
    w->service[0].spurious = 9;
}
/* Answers are lost, and so questions are sent again. */
WITNESS(needless_the_other_way) {
    loss_4_percent(w);
    w->service[0].spurious = w->service[0].spurious_to_server = 50;
    w->service[0].dsacks_to_server = 50;
}
/* Its receiver says what it had twice: the rest was lost, unless little is left; one that does not
 * say so leaves that open. */
WITNESS(needless_said) {
    loss_4_percent(w);
    SERVICE;
    s->spurious = s->spurious_to_client = s->dsacks_to_client = s->retransmitted_to_client * 3 / 2;
}
WITNESS(needless_not_said) {
    needless_said(w);
    w->service[0].dsacks_to_client = 0;
}
WITNESS(needless_said_of_most) {
    loss_4_percent(w);
    SERVICE;
    s->spurious = s->spurious_to_client = s->dsacks_to_client = s->retransmitted_to_client * 5;
}
/* A path that loses, with a tail loss probe now and then. */
WITNESS(needless_one_in_ten) {
    loss_4_percent(w);
    w->service[0].dsacks_to_client = 4;
}
WITNESS(needless_one_in_eight) {
    loss_4_percent(w);
    w->service[0].data_segments_to_client = 10000;
    w->service[0].dsacks_to_client = 5;
}

/* ---- windows ----------------------------------------------------------------------------------
 */
WITNESS(window_limits) {
    SERVICE;
    s->rounds_to_client_us = 10000000;
    s->full_to_client_us = 9000000;
    s->full_to_client_rounds = 180;
    s->full_to_client_window_bytes = UINT64_C(180) * 65536;
    s->full_to_client_rtt_us = 180 * 50000;
}
WITNESS(window_of_server_limits) {
    SERVICE;
    s->rounds_to_server_us = 10000000;
    s->full_to_server_us = 9000000;
    s->full_to_server_rounds = 180;
    s->full_to_server_window_bytes = UINT64_C(180) * 65536;
    s->full_to_server_rtt_us = 180 * 50000;
}
WITNESS(window_limits_at_first) {
    window_limits(w);
    w->service[0].full_to_client_us = 1900000;
}
WITNESS(window_limits_sometimes) {
    window_limits(w);
    w->service[0].full_to_client_us = 4000000;
}
/* A round trip of 1 ms: half a gigabit per second at most. */
WITNESS(window_limits_nearby) {
    window_limits(w);
    w->service[0].full_to_client_rtt_us = 180 * 1000;
}
WITNESS(window_limits_briefly) {
    window_limits(w);
    w->service[0].full_to_client_rounds = 9;
}
WITNESS(window_full_with_loss) {
    window_limits(w);
    loss_4_percent(w);
}
WITNESS(window_full_then_closed) {
    window_limits(w);
    zero_window_client(w);
}

/* ---- queues -----------------------------------------------------------------------------------
 */
WITNESS(queue_long) {
    SERVICE;
    s->loaded_rise_us = (struct dist){12, 60000, 180000, 240000, 250000};
    s->loaded_base_us = UINT64_C(12) * 10000;
    s->loaded_busy = 12;
    s->rtt_judged = 20;
    s->rtt_inflated = 12;
    s->rtt_base_us = UINT64_C(20) * 10000;
    s->inflated_rtt_us = (struct dist){14, 40000, 190000, 250000, 260000};
}
WITNESS(queue_very_long) {
    queue_long(w);
    w->service[0].loaded_rise_us = (struct dist){12, 60000, 600000, 900000, 950000};
}
WITNESS(queue_long_few) {
    queue_long(w);
    w->service[0].loaded_rise_us.samples = 4;
    w->service[0].rtt_inflated = 4;
}
WITNESS(queue_long_some) {
    queue_long(w);
    w->service[0].loaded_rise_us.samples = 5;
    w->service[0].rtt_inflated = w->service[0].inflated_rtt_us.samples = 5;
}
WITNESS(queue_short) {
    queue_long(w);
    w->service[0].loaded_rise_us = (struct dist){40, 10000, 30000, 90000, 250000};
    w->service[0].rtt_inflated = 4;
}
/* Nothing of its own is in flight, and yet it waits. */
WITNESS(queue_of_others) {
    queue_long(w);
    w->service[0].loaded_rise_us = (struct dist){0, 0, 0, 0, 0};
}
/* As much in flight, but at its own pace: the queue is not of its making. */
WITNESS(queue_long_of_a_camera) {
    queue_long(w);
    w->service[0].loaded_busy = 2;
}
/* The waits end with the beacons of an access point: the card was asleep. */
WITNESS(beacons_waited_for) {
    queue_of_others(w);
    w->service[0].rtt_beats = 11;
    w->service[0].rtt_on_beat = 9;
}
WITNESS(beacons_waited_for_much) {
    queue_long(w);
    w->service[0].rtt_beats = 11;
    w->service[0].rtt_on_beat = 9;
}
WITNESS(beacons_by_chance) {
    queue_of_others(w);
    w->service[0].rtt_beats = 11;
    w->service[0].rtt_on_beat = 4;
}
WITNESS(queue_of_others_few) {
    queue_of_others(w);
    w->service[0].rtt_judged = w->service[0].rtt_inflated = 9;
}
/* The slowest twentieth is slow, the median is not. */
WITNESS(queue_in_the_tail) {
    queue_of_others(w);
    w->service[0].rtt_judged = 100;
}
/* The client takes its time to acknowledge: no queue. */
WITNESS(queue_is_the_client) {
    SERVICE;
    queue_of_others(w);
    s->slow_client = addr_from_bytes((uint8_t[]){192, 0, 2, 10}, 4);
    s->slow_client_late_acks = 5;
    s->slow_client_answers = 5;
    s->slow_client_wait_us = 5000000;
    s->slow_client_longest_us = 1100000;
}

/* ---- silences ---------------------------------------------------------------------------------
 */
WITNESS(stalled) {
    SERVICE;
    s->stalls = 2;
    s->stall_longest_us = 3200000;
    s->stall_first_us = 4000000;
    s->stall_last_us = 12000000;
}
WITNESS(stalled_once) {
    stalled(w);
    w->service[0].stalls = 1;
    w->service[0].stall_longest_us = 1400000;
}
/* The server sent nothing meanwhile. */
WITNESS(server_pauses) {
    stalled(w);
    w->service[0].stall_pauses = 2;
}
WITNESS(server_pauses_once) {
    stalled(w);
    w->service[0].stall_pauses = 1;
}
WITNESS(stalled_once_for_long) {
    stalled(w);
    w->service[0].stalls = 1;
}
WITNESS(stalled_among_many) {
    stalled(w);
    w->service[0].established = 400;
}
WITNESS(stalled_by_closed_window) {
    stalled(w);
    zero_window_client(w);
}
WITNESS(stalled_on_dead_path) {
    stalled(w);
    dead_path(w);
}
WITNESS(stalled_by_loss) {
    stalled(w);
    loss_4_percent(w);
}
/* The note about a little loss explains no silence. */
WITNESS(stalled_little_loss) {
    stalled(w);
    loss_half_percent(w);
}

/* ---- pages ------------------------------------------------------------------------------------
 */
WITNESS(page_slow_path_or_server) {
    slow_ack_unknown(w);
}
WITNESS(page_from_afar) {
    SERVICE;
    far_600_ms(w);
    s->first_byte_us = (struct dist){5, 610000, 650000, 900000, 900000};
    s->request_ack_us = (struct dist){5, 600000, 610000, 700000, 700000};
    s->handshake_us = (struct dist){2, 600000, 610000, 700000, 700000};
    s->rtt_us.samples = 0;
}
WITNESS(page_not_http) {
    slow(w);
    w->service[0].http_responses = 0;
}

/* ---- the link ---------------------------------------------------------------------------------
 */
WITNESS(link_full) {
    TOTALS;
    w->v.link_mbps = 100;
    t->link_peak_in_bps = 96000000;
    t->link_held_in_bps = 91000000;
    t->link_held_in_us = 9000000;
}
WITNESS(link_full_others_wait) {
    link_full(w);
    queue_long(w);
    w->service[0].bytes = 1000;
}
/* What waits is the transfer that fills the link, so it is no other. */
WITNESS(link_full_by_this) {
    link_full(w);
    queue_long(w);
    w->service[0].bytes = 900000;
}
WITNESS(link_full_outward) {
    TOTALS;
    w->v.link_mbps = 100;
    t->link_peak_out_bps = 96000000;
    t->link_held_out_bps = 91000000;
    t->link_held_out_us = 9000000;
}
WITNESS(link_busy) {
    link_full(w);
    w->s.totals.link_held_in_bps = 80000000;
}
WITNESS(link_speed_unknown) {
    link_full(w);
    w->v.link_mbps = 0;
}
/* A virtual device: more passes than it says it can. */
WITNESS(link_speed_untrue) {
    link_full(w);
    w->v.link_mbps = 10;
}

/* ---- hosts ------------------------------------------------------------------------------------
 */
WITNESS(host_busy) {
    static struct msg_host h[4];
    static const uint64_t bytes[4] = {9990000, 6500000, 3000000, 400000};
    w->s.totals.bytes = 10000000;
    for (uint8_t i = 0; i < 4; i++)
        h[i] = (struct msg_host){.address =
                                     addr_from_bytes((uint8_t[]){192, 0, 2, (uint8_t)(i + 1)}, 4),
                                 .packets = 100,
                                 .bytes = bytes[i]};
    w->s.hosts = (struct msg_hosts){.rows = h, .rows_n = 4, .of = 4};
}
WITNESS(host_busy_server) {
    host_busy(w);
    w->service[0].address = w->s.hosts.rows[1].address;
    w->service[0].bytes = 6000000;
}
WITNESS(host_local_busy) {
    host_busy(w);
    w->s.hosts.rows[0].bytes = 8000000;
    w->s.hosts.rows[0].local = true;
    w->s.hosts.rows[1].bytes = 4900000;
}
WITNESS(host_one_of_three) {
    host_busy(w);
    w->s.hosts.of = w->s.hosts.rows_n = 3;
}
WITNESS(host_of_target) {
    host_busy(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
}
/* Waits that a timer makes, and ports on which nobody waits for an answer. */
WITNESS(slow_alike) {
    w->service[0].first_byte_us = (struct dist){5, 4990000, 5000000, 5010000, 5010000};
}
WITNESS(slow_alike_unknown) {
    slow_alike(w);
    w->service[0].tls_server_hellos = w->service[0].tls_client_hellos = 0;
    w->service[0].http_responses = 0;
}
/* Who names the service complains about it. */
WITNESS(slow_alike_target) {
    slow_alike_unknown(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
}
WITNESS(slow_unknown) {
    very_slow(w);
    w->service[0].tls_server_hellos = w->service[0].tls_client_hellos = 0;
    w->service[0].http_responses = 0;
}
WITNESS(slow_held) {
    w->service[0].first_byte_us = (struct dist){6, 29990000, 30000000, 30010000, 30010000};
}
/* Long polls of a messenger: some run out, in others there is news. */
WITNESS(slow_polls) {
    w->service[0].first_byte_us = (struct dist){9, 700000, 9000000, 30010000, 30010000};
    w->service[0].http_responses = 0;
}
/* Long polls that run out of time beside answers that come at once: of both the median is neither.
 */
WITNESS(slow_polls_and_pages) {
    slow(w);
    w->service[0].first_byte_us = (struct dist){40, 80000, 4600000, 10010000, 10020000};
}
WITNESS(slow_till_time_is_up) {
    slow_polls_and_pages(w);
    w->service[0].first_byte_us.min_us = 2000000;
}
WITNESS(slow_polls_and_calls) {
    slow_polls_and_pages(w);
    w->service[0].first_byte_us = (struct dist){12, 80000, 1300000, 30000000, 50000000};
    w->service[0].http_responses = 0;
}
WITNESS(slow_polls_target) {
    slow_polls(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
}
/* A talk over a websocket: the server speaks of its own accord as often as after the client. */
WITNESS(slow_talk) {
    slow(w);
    w->service[0].http_responses = 0;
    w->service[0].unpaired = w->service[0].first_byte_us.samples;
}
/* The same inside a tunnel, whose proxy answered once in clear text; not beside answers in it. */
WITNESS(slow_talk_in_a_tunnel) {
    slow_talk(w);
    w->service[0].http_responses = 1;
}
WITNESS(slow_talk_of_http) {
    slow_talk(w);
    w->service[0].http_responses = w->service[0].first_byte_us.samples;
}
/* Rows may come in steps; of databases every question has its answer. */
WITNESS(slow_talk_of_sql) {
    slow_talk(w);
    w->service[0].port = 5432;
}
/* It need not be as often: requests and answers take turns without an exception. */
WITNESS(slow_talk_now_and_then) {
    slow_talk(w);
    w->service[0].unpaired = 2;
}
WITNESS(slow_but_once) {
    slow_talk(w);
    w->service[0].unpaired = 1;
}
/* Keep-alives of the server, each answered at once: what it says next is late for nothing. */
static void keep_alives(struct world *w, uint64_t replies) {
    slow_talk(w);
    w->service[0].unpaired = 0;
    w->service[0].replies = replies;
    w->service[0].first_byte_us = (struct dist){4, 20000000, 20000000, 20020000, 20020000};
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].on_target = true;
}
WITNESS(slow_or_keep_alives) {
    keep_alives(w, 2);
}
WITNESS(slow_beside_keep_alives) {
    keep_alives(w, 1);
}
WITNESS(slow_keep_alives_seen_as_http) {
    keep_alives(w, 4);
    w->service[0].http_responses = 4;
}
WITNESS(slow_keep_alives_of_queries) {
    keep_alives(w, 4);
    w->service[0].port = 5432;
}
WITNESS(slow_on_one_connection) {
    slow(w);
    w->service[0].http_responses = 0;
    w->service[0].established = 1;
}
WITNESS(slow_messages) {
    very_slow(w);
    w->service[0].http_responses = 0;
    w->service[0].port = 1883;
}
/* Whose commands are read, or not. */
WITNESS(slow_redis) {
    slow_messages(w);
    w->service[0].port = 6379;
    w->service[0].tls_server_hellos = 0;
}
WITNESS(slow_redis_sealed) {
    slow_redis(w);
    w->service[0].tls_server_hellos = 8;
}
/* A web server on the port of another's messages. */
WITNESS(slow_alertmanager) {
    very_slow(w);
    w->service[0].port = 9093;
}
/* Workers that wait for jobs, or consumers for news, through TLS. */
WITNESS(slow_jobs) {
    slow_messages(w);
    w->service[0].port = 6380;
}

/* clang-format off */
#define WITNESSES_DATA \
    {"slow_server", slow_alike, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_polls, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_polls_and_pages, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_till_time_is_up, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_polls_and_calls, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_polls_target, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_talk, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_talk_in_a_tunnel, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_talk_of_http, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_talk_of_sql, "warning", "confirmed", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_talk_now_and_then, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_but_once, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_or_keep_alives, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"slow_server", slow_beside_keep_alives, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_keep_alives_seen_as_http, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_keep_alives_of_queries, "critical", "confirmed", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_on_one_connection, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_alike_unknown, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_alike_target, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_unknown, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_held, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_jobs, "info", "confirmed", "server", "203.0.113.9:6380"}, \
    {"slow_server", slow_alertmanager, "critical", "confirmed", "server", "203.0.113.9:9093"}, \
    {"slow_server", slow_redis, "critical", "confirmed", "server", "203.0.113.9:6379"}, \
    {"slow_server", slow_redis_sealed, "info", "confirmed", "server", "203.0.113.9:6379"}, \
    {"slow_server", slow_messages, "info", "confirmed", "server", "203.0.113.9:1883"}, \
    {"tcp_spurious_retransmissions", needless_by_dsack, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_spurious_retransmissions", needless_seen_here, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_spurious_retransmissions", needless_one_in_eight, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_spurious_retransmissions", needless_few, NULL, NULL, NULL, NULL}, \
    {"tcp_spurious_retransmissions", needless_one_in_ten, NULL, NULL, NULL, NULL}, \
    {"tcp_retransmissions", needless_by_dsack, NULL, NULL, NULL, NULL}, \
    {"tcp_retransmissions", needless_said, "critical", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_retransmissions", needless_not_said, NULL, NULL, NULL, NULL}, \
    {"tcp_retransmissions", needless_said_of_most, NULL, NULL, NULL, NULL}, \
    {"tcp_retransmissions", needless_the_other_way, "critical", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_retransmissions", needless_one_in_ten, "critical", "confirmed", "network", "203.0.113.9:443"}, \
    {"tcp_receive_window_limited", window_limits, "warning", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_receive_window_limited", window_of_server_limits, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"tcp_receive_window_limited", window_limits_sometimes, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_receive_window_limited", window_limits_nearby, "info", "confirmed", "client", "203.0.113.9:443"}, \
    {"tcp_receive_window_limited", window_limits_at_first, NULL, NULL, NULL, NULL}, \
    {"tcp_receive_window_limited", window_limits_briefly, NULL, NULL, NULL, NULL}, \
    {"tcp_receive_window_limited", window_full_with_loss, NULL, NULL, NULL, NULL}, \
    {"tcp_receive_window_limited", window_full_then_closed, NULL, NULL, NULL, NULL}, \
    {"bufferbloat", queue_long, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"bufferbloat", queue_very_long, "critical", "confirmed", "network", "203.0.113.9:443"}, \
    {"bufferbloat", queue_long_some, "info", "likely", "network", "203.0.113.9:443"}, \
    {"bufferbloat", queue_long_few, NULL, NULL, NULL, NULL}, \
    {"bufferbloat", queue_short, NULL, NULL, NULL, NULL}, \
    {"bufferbloat", queue_long_of_a_camera, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", queue_long_of_a_camera, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"bufferbloat", queue_of_others, NULL, NULL, NULL, NULL}, \
    {"bufferbloat", link_full_by_this, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"rtt_inflation", queue_of_others, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"rtt_inflation", beacons_waited_for, "info", "confirmed", "local_link", "203.0.113.9:443"}, \
    {"rtt_inflation", beacons_by_chance, "warning", "confirmed", "network", "203.0.113.9:443"}, \
    {"bufferbloat", beacons_waited_for_much, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", queue_long, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", queue_of_others_few, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", queue_in_the_tail, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", queue_is_the_client, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", healthy, NULL, NULL, NULL, NULL}, \
    {"tcp_stall", stalled, "warning", "likely", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_stall", server_pauses, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"tcp_stall", server_pauses_once, "warning", "likely", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_stall", stalled_once, "info", "likely", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_stall", stalled_once_for_long, "warning", "likely", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_stall", stalled_little_loss, "warning", "likely", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_stall", stalled_among_many, "info", "likely", "ambiguous", "203.0.113.9:443"}, \
    {"tcp_stall", stalled_by_closed_window, NULL, NULL, NULL, NULL}, \
    {"tcp_stall", stalled_on_dead_path, NULL, NULL, NULL, NULL}, \
    {"tcp_stall", stalled_by_loss, NULL, NULL, NULL, NULL}, \
    {"tcp_stall", healthy, NULL, NULL, NULL, NULL}, \
    {"http_slow", slow, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"http_slow", page_slow_path_or_server, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
    {"http_slow", page_from_afar, "info", "confirmed", "network", "203.0.113.9:443"}, \
    {"http_slow", slow_once_target, "info", "confirmed", "server", "203.0.113.9:443"}, \
    {"http_slow", slow_once, NULL, NULL, NULL, NULL}, \
    {"http_slow", slow_250_ms, NULL, NULL, NULL, NULL}, \
    {"http_slow", page_not_http, NULL, NULL, NULL, NULL}, \
    {"link_saturated", link_full, "info", "confirmed", "network", "eth0"}, \
    {"link_saturated", link_full_outward, "info", "confirmed", "network", "eth0"}, \
    {"link_saturated", link_full_others_wait, "warning", "confirmed", "network", "eth0"}, \
    {"link_saturated", link_busy, NULL, NULL, NULL, NULL}, \
    {"link_saturated", link_speed_unknown, NULL, NULL, NULL, NULL}, \
    {"link_saturated", link_speed_untrue, NULL, NULL, NULL, NULL}, \
    {"bufferbloat", link_full_others_wait, NULL, NULL, NULL, NULL}, \
    {"rtt_inflation", link_full_others_wait, NULL, NULL, NULL, NULL}, \
    {"top_talker", host_busy, "info", "confirmed", "client", "192.0.2.2"}, \
    {"top_talker", host_busy_server, "info", "confirmed", "server", "192.0.2.2"}, \
    {"top_talker", host_local_busy, NULL, NULL, NULL, NULL}, \
    {"top_talker", host_one_of_three, NULL, NULL, NULL, NULL}, \
    {"top_talker", host_of_target, NULL, NULL, NULL, NULL},
/* clang-format on */
#endif
