/* Rows that make a rule fire, or keep it quiet: polls and other answers that wait for news. */
#ifndef TESTS_UNIT_WITNESSES_POLLS_H
#define TESTS_UNIT_WITNESSES_POLLS_H
#include "tests/unit/witnesses.h"

/* News come at any time, and the next poll is sent at once. */
static void renewing(struct world *w, struct dist waits) {
    slow(w);
    w->service[0].first_byte_us = waits;
    w->service[0].renewed = waits.samples - 3;
}
WITNESS(slow_renewed_polls) {
    renewing(w, (struct dist){38, 10000, 1540000, 8650000, 8790000});
}
WITNESS(slow_renewed_polls_named) {
    renewing(w, (struct dist){38, 30000, 4540000, 18650000, 18790000});
    world_target(w, "api.example.com", MODE_DOMAIN);
}
/* News are rare: the time of most polls that wait long runs out. */
WITNESS(slow_polls_run_out) {
    renewing(w, (struct dist){42, 10000, 5630000, 10004000, 10004000});
}
/* By chance none did; what else waits for up to a quarter of a minute? */
WITNESS(slow_or_polls) {
    renewing(w, (struct dist){42, 10000, 4325000, 10224000, 16674000});
}
/* Polls of a service that somebody asks about; news come now and then, and never at once. */
WITNESS(slow_held_named) {
    renewing(w, (struct dist){20, 8100000, 14300000, 24800000, 24900000});
    world_target(w, "api.example.com", MODE_DOMAIN);
}
WITNESS(slow_held_named_few) {
    renewing(w, (struct dist){4, 11000000, 24300000, 25100000, 25100000});
    world_target(w, "api.example.com", MODE_DOMAIN);
}
WITNESS(slow_pages_named) {
    slow_held_named_few(w);
    w->service[0].renewed = 0;
}
WITNESS(slow_always) {
    renewing(w, (struct dist){42, 1900000, 4325000, 10224000, 16674000});
}
/* A program that asks a slow server one thing after the other; a browser that reads in between. */
WITNESS(slow_one_after_the_other) {
    renewing(w, (struct dist){38, 900000, 1540000, 4000000, 8790000});
}
WITNESS(slow_at_random) {
    renewing(w, (struct dist){38, 10000, 1540000, 8650000, 8790000});
    w->service[0].renewed = 20;
}
/* A long poll in clear text, whose time runs out. */
WITNESS(slow_timed_polls_of_http) {
    w->service[0].established = 1;
    w->service[0].first_byte_us = (struct dist){6, 4e6, 10010000, 10020000, 10020000};
}
/* Consumers of a change stream or a queue, whose time runs out, and who ask anew at once. */
WITNESS(slow_change_stream) {
    slow_alike(w);
    SERVICE;
    s->port = 27017;
    s->http_responses = s->tls_server_hellos = s->tls_client_hellos = 0;
    s->renewed = s->first_byte_us.samples;
}
/* Receipts of a standby, joined later: what comes next is no answer to them. */
WITNESS(slow_replication) {
    slow_change_stream(w);
    SERVICE;
    s->first_byte_us = (struct dist){20, 400000, 2900000, 4000000, 4000000};
    s->renewed = 20;
    s->port = 5432;
    s->midstream = 1;
    s->established = 0;
}
WITNESS(slow_pool) {
    slow_replication(w);
    w->service[0].midstream = 2;
}
/* Several who wait for short news, that come at any time or when time runs out; or ask for work. */
WITNESS(slow_change_streams) {
    slow_pool(w);
    w->service[0].small_answers = 20;
}
WITNESS(slow_updates) {
    slow_change_streams(w);
    w->service[0].first_byte_us = (struct dist){20, 30000, 2900000, 3900000, 4000000};
}
/* Seen from its start, where the server speaks first of its own accord; or it never does. */
WITNESS(slow_job) {
    slow_replication(w);
    SERVICE;
    s->first_byte_us = (struct dist){20, 1900000, 2900000, 4000000, 4000000};
    s->midstream = 0;
    s->established = 1;
}
WITNESS(slow_replication_from_its_start) {
    slow_job(w);
    w->service[0].unpaired = w->service[0].replies = 1;
}

/* clang-format off */
#define WITNESSES_POLLS \
    {"slow_server", slow_renewed_polls, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_renewed_polls_named, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_polls_run_out, "info", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_or_polls, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_held_named, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_held_named_few, "warning", "likely", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_pages_named, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_change_stream, "info", "confirmed", "server", "203.0.113.9:27017"}, \
    {"slow_server", slow_replication, "info", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_updates, "warning", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_change_streams, "info", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_job, "warning", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_replication_from_its_start, "info", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_pool, "warning", "likely", "server", "203.0.113.9:5432"}, \
    {"slow_server", slow_always, "critical", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_one_after_the_other, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_at_random, "warning", "confirmed", "server", "203.0.113.9:443"}, \
    {"slow_server", slow_timed_polls_of_http, "info", "confirmed", "server", "203.0.113.9:443"}
/* clang-format on */
#endif
