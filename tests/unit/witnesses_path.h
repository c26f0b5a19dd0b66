/* The same for what routers and pings say of a path. */
#ifndef TESTS_UNIT_WITNESSES_PATH_H
#define TESTS_UNIT_WITNESSES_PATH_H
#include "tests/unit/witnesses.h"

WITNESS(circles) {
    struct msg_incident *n = world_incident(w, INCIDENT_TIME_EXCEEDED);
    n->port = 0;
    n->count = 4;
    n->value = 2;
}
WITNESS(circles_moment) {
    circles(w);
    w->incident[0].count = 2;
}
/* One cause, one finding. */
WITNESS(resolver_in_circles) {
    resolver_dead(w);
    circles(w);
    w->incident[0].subject = w->resolver[0].address;
}
WITNESS(too_big_heeded) {
    struct msg_incident *n = world_incident(w, INCIDENT_TOO_BIG);
    n->value = 1400;
    n->passed = 10;
}
WITNESS(too_big_ignored) {
    too_big_heeded(w);
    w->incident[0].passed = 0;
    w->incident[0].tries = 5;
    w->incident[0].size_bytes = 1500;
    w->incident[0].toward_client = true;
}
WITNESS(too_big_under_way) {
    too_big_ignored(w);
    w->incident[0].tries = 2;
}
WITNESS(large_vanish) {
    struct msg_incident *n = world_incident(w, INCIDENT_DEAD_PATH);
    n->tries = 4;
    n->span_us = 3000000;
    n->size_bytes = 1488;
    n->size_ok_bytes = 500;
    n->requests = 1;
}
/* The end that got nothing said nothing either: it may have been switched off. */
WITNESS(large_vanish_and_so_does_the_client) {
    large_vanish(w);
    w->incident[0].requests = 0;
}
/* ... but on another connection it did. */
WITNESS(large_vanish_on_one_connection) {
    static struct msg_connection other;
    large_vanish_and_so_does_the_client(w);
    struct msg_incident *n = &w->incident[0];
    n->toward_client = true;
    n->peer = addr_from_bytes((uint8_t[]){192, 0, 2, 5}, 4);
    n->first_us = 2000000;
    n->last_us = 5000000;
    other = (struct msg_connection){.client = n->peer, .start_us = 2600000, .handshake_us = 20000};
    w->s.connections = (struct msg_connections){.rows = &other, .rows_n = 1, .of = 1};
}
/* It was switched on again later. */
WITNESS(large_vanish_until_it_is_back) {
    large_vanish_on_one_connection(w);
    w->incident[0].last_us = 2550000;
}
/* Captured behind the narrow place. */
WITNESS(large_never_come) {
    large_vanish_and_so_does_the_client(w);
    w->incident[0].tries = 0;
    w->incident[0].unseen = w->incident[0].toward_client = true;
    w->incident[0].requests = 1;
}
/* Who sent them was not heard any more either. */
WITNESS(large_never_come_nor_others) {
    large_never_come(w);
    w->incident[0].requests = 0;
}
WITNESS(large_never_come_twice) {
    large_never_come_nor_others(w);
    w->incident[0].count = 2;
}
WITNESS(nothing_but_large_ones) {
    large_never_come(w);
    w->incident[0].size_ok_bytes = 0;
}
/* The sender found it out by itself. */
WITNESS(large_are_cut) {
    large_never_come(w);
    w->incident[0].passed = 1;
}
WITNESS(large_not_here_yet) {
    large_never_come(w);
    w->incident[0].span_us = 1900000;
}
WITNESS(all_vanish) {
    large_vanish(w);
    w->incident[0].size_ok_bytes = 1488;
}
WITNESS(small_vanish) {
    large_vanish(w);
    w->incident[0].size_bytes = 600;
}
WITNESS(fragmented) {
    w->s.totals.fragments = 100;
}
WITNESS(fragments_few) {
    w->s.totals.fragments = 10;
}
WITNESS(reassembly_given_up) {
    static struct msg_code_count c = {11 * 256 + 1, 2};
    w->s.totals.icmp_types = &c;
    w->s.totals.icmp_types_n = 1;
}
WITNESS(pings_lost) {
    struct msg_incident *n = world_incident(w, INCIDENT_PING_LOSS);
    n->port = 0;
    n->tries = 40;
    n->count = 8;
    n->span_us = 20000;
}
WITNESS(pings_of_a_sweep) {
    pings_lost(w);
    w->incident[0].count = w->incident[0].tries = 4;
    w->incident[0].requests = 230;
}
WITNESS(pings_of_a_site) {
    pings_of_a_sweep(w);
    w->incident[0].count = w->incident[0].tries = 60;
}
WITNESS(pings_lost_two) {
    pings_lost(w);
    w->incident[0].count = 2;
}
WITNESS(pings_seen_one_way) {
    pings_lost(w);
    one_sided(w);
}
WITNESS(pings_in_circles) {
    pings_lost(w);
    world_incident(w, INCIDENT_TIME_EXCEEDED)->count = 4;
}
WITNESS(pings_lost_rarely) {
    pings_lost(w);
    w->incident[0].tries = 1000;
}
#endif
