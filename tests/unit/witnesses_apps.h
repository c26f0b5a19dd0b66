/* The same for TLS, HTTP and what programs do. */
#ifndef TESTS_UNIT_WITNESSES_APPS_H
#define TESTS_UNIT_WITNESSES_APPS_H
#include "tests/unit/witnesses.h"

WITNESS(tls_alert_server) {
    w->service[0].tls_fatal_by_server = 2;
    w->service[0].tls_alert = 40;
}
WITNESS(tls_alert_version) {
    tls_alert_server(w);
    w->service[0].tls_alert = 70;
}
WITNESS(tls_alert_client) {
    w->service[0].tls_fatal_by_client = 1;
    w->service[0].tls_alert = 48;
}
WITNESS(tls_alert_rare) {
    tls_alert_client(w);
    w->service[0].tls_client_hellos = w->service[0].tls_server_hellos = 100;
}
WITNESS(tls_mute) {
    SERVICE;
    s->tls_server_hellos = 0;
    s->tls_unanswered = 3;
    s->tls_unanswered_wait_us = 5000000;
}
WITNESS(tls_mute_once) {
    SERVICE;
    s->tls_server_hellos = 0;
    s->tls_client_hellos = s->tls_unanswered = 1;
    s->tls_unanswered_wait_us = 2600000;
}
WITNESS(tls_mute_sometimes) {
    w->service[0].tls_unanswered = 1;
    w->service[0].tls_unanswered_wait_us = 5000000;
}
WITNESS(tls_mute_one_sided) {
    tls_mute(w);
    w->service[0].both_directions = false;
}
WITNESS(tls_mute_dead_path) {
    tls_mute(w);
    dead_path(w);
}
WITNESS(slow_client) {
    SERVICE;
    s->slow_client = addr_from_bytes((uint8_t[]){192, 0, 2, 7}, 4);
    s->slow_client_opens = s->slow_client_late_opens = 3;
    s->slow_client_wait_us = 2400000;
    s->slow_client_longest_us = 900000;
}
WITNESS(slow_client_acks) {
    slow_client(w);
    w->service[0].slow_client_opens = w->service[0].slow_client_late_opens = 0;
    w->service[0].slow_client_answers = 4;
    w->service[0].slow_client_late_acks = 3;
}
WITNESS(slow_client_twice) {
    slow_client(w);
    w->service[0].slow_client_opens = w->service[0].slow_client_late_opens = 2;
}
WITNESS(slow_client_seldom) {
    slow_client(w);
    w->service[0].slow_client_opens = 100;
}
WITNESS(slow_client_with_loss) {
    slow_client(w);
    loss_4_percent(w);
}
WITNESS(slow_client_closed_window) {
    slow_client(w);
    zero_window_client(w);
}
WITNESS(slow_client_only_request) {
    SERVICE;
    slow_client(w);
    world_target(w, "api.example.com", MODE_DOMAIN);
    s->slow_client_opens = s->slow_client_late_opens = 1;
    s->slow_client_wait_us = 900000;
    s->requests = s->established = s->attempted = 1;
}
WITNESS(http_missing) {
    SERVICE;
    s->http_4xx = s->http_404 = 2;
}
WITNESS(http_missing_once) {
    SERVICE;
    s->http_4xx = s->http_404 = 1;
}
WITNESS(http_missing_rare) {
    http_missing(w);
    w->service[0].http_responses = 100;
}
WITNESS(http_forbidden_target) {
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].http_4xx = w->service[0].http_403 = 1;
}
WITNESS(http_forbidden_other) {
    w->service[0].http_4xx = w->service[0].http_403 = 1;
}
WITNESS(http_log_in) {
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].http_4xx = w->service[0].http_challenges_met = 5;
}
WITNESS(http_icons) {
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].http_4xx = w->service[0].http_4xx_soft = 3;
}
WITNESS(http_errors_target) {
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].http_5xx = 1;
}
WITNESS(http_errors_rare) {
    w->service[0].http_5xx = 6;
    w->service[0].http_responses = 1000;
}
WITNESS(http_errors_other) {
    w->service[0].http_5xx = 1;
}
WITNESS(http_errors_many) {
    w->service[0].http_5xx = 6;
}

#endif
