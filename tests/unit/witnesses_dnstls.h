/* The same for answers of DNS servers beyond their code, and for TLS that fails without a word. */
#ifndef TESTS_UNIT_WITNESSES_DNSTLS_H
#define TESTS_UNIT_WITNESSES_DNSTLS_H
#include "tests/unit/witnesses.h"

#define NAME "api.example.com"

static struct msg_dns_row *row_of(struct world *w, unsigned type) {
    struct msg_dns_row *d = world_dns(w, NAME, 0);
    d->type = type;
    d->latency_us = d->took_us = 20000;
    return d;
}

/* ---- no data */
WITNESS(nodata_target) {
    world_target(w, NAME, MODE_DOMAIN);
    row_of(w, 1)->nodata = true;
}
WITNESS(nodata_but_reached) {
    nodata_target(w);
    w->service[0].target_address = true;
}
WITNESS(nodata_somewhere) {
    row_of(w, 1)->nodata = true;
}
WITNESS(nodata_aaaa_beside_a) {
    world_target(w, NAME, MODE_DOMAIN);
    row_of(w, 1)->resolved = true;
    struct msg_dns_row *six = row_of(w, 28);
    six->nodata = six->resolved = true;
}

/* ---- asked again */
WITNESS(retried_twice) {
    for (int i = 0; i < 2; i++) {
        struct msg_dns_row *d = row_of(w, 1);
        d->tries = 2;
        d->retry_us = 1000000;
        d->took_us = 1020000;
        d->resolved = true;
    }
}
WITNESS(retried_once) {
    retried_twice(w);
    w->s.dns.rows_n = 1;
}
WITNESS(retried_once_for_the_target) {
    retried_once(w);
    world_target(w, NAME, MODE_DOMAIN);
}
WITNESS(retried_in_vain_and_late) { /* both tries were answered: slow, not lost */
    retried_twice(w);
    w->dns[0].retry_us = w->dns[1].retry_us = 0;
}
WITNESS(copied_questions) { /* by the capture, or by two programs at once */
    retried_twice(w);
    w->dns[0].retry_us = w->dns[1].retry_us = 3000;
}
/* Each time a new question, of another number, and then an answer. */
WITNESS(retried_by_new_questions) {
    RESOLVER;
    for (int i = 0; i < 2; i++) {
        struct msg_dns_row *d = row_of(w, (unsigned)(i ? 28 : 1));
        d->answered = false;
        d->at_us = 1000000;
        row_of(w, (unsigned)d->type)->at_us = 3000000;
    }
    r->unanswered = r->unanswered_tries = 2;
}
WITNESS(retried_elsewhere) {
    retried_by_new_questions(w);
    w->dns[1].server = w->dns[3].server = addr_from_bytes((uint8_t[]){192, 0, 2, 54}, 4);
}
WITNESS(retried_in_vain) {
    RESOLVER;
    retried_twice(w);
    r->unanswered = 4;
    r->unanswered_tries = 8;
    r->responses = 6;
}

/* ---- AAAA */
WITNESS(aaaa_silent) {
    RESOLVER;
    struct msg_dns_row *d = row_of(w, 28);
    d->answered = false;
    d->tries = 2;
    d->took_us = 0;
    d->latency_us = 5000000;
    d->a_us = 20000;
    d->resolved = true;
    r->unanswered = 1;
    r->unanswered_tries = 2;
}
WITNESS(aaaa_lost_once) {
    aaaa_silent(w);
    w->dns[0].tries = 1;
    w->resolver[0].unanswered_tries = 1;
}
WITNESS(aaaa_slow) {
    struct msg_dns_row *d = row_of(w, 28);
    d->latency_us = d->took_us = 4000000;
    d->a_us = 20000;
}
WITNESS(aaaa_little_slower) {
    aaaa_slow(w);
    w->dns[0].latency_us = w->dns[0].took_us = 900000;
}
WITNESS(aaaa_and_others_silent) {
    aaaa_silent(w);
    w->resolver[0].unanswered = 6;
    w->resolver[0].unanswered_tries = 12;
}
WITNESS(aaaa_silent_beside_many) {
    aaaa_silent(w);
    w->resolver[0].transactions = 100;
}

WITNESS(aaaa_lost_like_others) {
    aaaa_lost_once(w);
    retried_twice(w);
}

/* ---- cut answers */
WITNESS(cut_and_tcp_dead) {
    struct msg_dns_row *d = row_of(w, 16);
    d->truncated = d->unfollowed = true;
    d->size_bytes = 512;
    d->tcp_connects = 2;
    w->service[1] = (struct msg_service){.address = w->resolver[0].address,
                                         .port = 53,
                                         .on_target = true,
                                         .both_directions = true,
                                         .attempted = 2,
                                         .timed_out = 2,
                                         .timeout_repeated = 2,
                                         .timeout_syn_sent = 6,
                                         .timeout_wait_us = 7000000};
    w->s.services.rows_n = 2;
}
WITNESS(cut_and_not_asked_again) {
    cut_and_tcp_dead(w);
    w->dns[0].tcp_connects = 0;
    w->s.services.rows_n = 1;
}
WITNESS(cut_where_tcp_is_not_seen) {
    cut_and_not_asked_again(w);
    w->s.totals.tcp_flows = 0;
}
WITNESS(cut_but_enough) {
    cut_and_not_asked_again(w);
    w->dns[0].type = 1;
    w->dns[0].resolved = true;
}
WITNESS(cut_and_followed) {
    cut_and_not_asked_again(w);
    w->dns[0].unfollowed = false;
}

/* ---- second answers, private answers */
WITNESS(contradicted) {
    RESOLVER;
    r->two_answers = 1;
    r->disputed_first_us = r->disputed_last_us = 2000000;
    strcpy(r->disputed_name, NAME);
}
WITNESS(unasked_some) {
    contradicted(w);
    w->resolver[0].two_answers = 0;
    w->resolver[0].unasked = 3;
}
WITNESS(unasked_two) {
    unasked_some(w);
    w->resolver[0].unasked = 2;
}
WITNESS(unasked_and_drops) {
    unasked_some(w);
    w->s.totals.missed_kernel = 3;
}
WITNESS(private_answer) {
    RESOLVER;
    r->private_answers = 1;
    r->private_address = addr_from_bytes((uint8_t[]){10, 1, 2, 3}, 4);
    r->private_target = true;
    strcpy(r->private_name, NAME);
}
WITNESS(private_and_reached) {
    private_answer(w);
    w->service[0].address = w->resolver[0].private_address;
}
/* Who asks for port 53 sees nobody connect. */
WITNESS(private_port_alone) {
    private_answer(w);
    world_target(w, "", MODE_PORT);
    w->target.ports = 1;
    w->target.port[0] = 53;
}
WITNESS(private_not_the_target) {
    private_answer(w);
    world_target(w, "other.example.com", MODE_DOMAIN);
    w->resolver[0].private_target = false;
}

/* ---- TLS */
static void handshakes(struct world *w, unsigned n, uint64_t us) {
    w->service[0].tls_us = (struct dist){n, us, us, us, us};
}
WITNESS(tls_handshakes_fine) {
    handshakes(w, 10, 15000);
}
WITNESS(rejected_all) {
    SERVICE;
    handshakes(w, 10, 15000);
    s->tls_rejected = 10;
    s->tls_rejected_bytes = 19;
    s->reset_by_client = 10; /* and the client closes at once: the same cause */
}
WITNESS(rejected_once) {
    handshakes(w, 10, 15000);
    w->service[0].tls_rejected = 1;
}
WITNESS(rejected_rarely) {
    handshakes(w, 100, 15000);
    w->service[0].tls_rejected = 2;
}
WITNESS(refused_in_clear_and_reset) {
    SERVICE;
    handshakes(w, 10, 15000);
    s->tls_fatal_by_client = s->reset_by_client = 10;
    s->tls_alert = 48;
}
WITNESS(tls_late) {
    handshakes(w, 3, 400000);
}
WITNESS(tls_late_on_the_way) {
    tls_late(w);
    w->service[0].tls_prompt = w->service[0].tls_us.samples / 2 + 1;
}
WITNESS(tls_late_twice) {
    handshakes(w, 2, 400000);
}
WITNESS(tls_late_once_target) {
    world_target(w, NAME, MODE_DOMAIN);
    handshakes(w, 1, 400000);
}
WITNESS(tls_late_and_loss) {
    tls_late(w);
    w->service[0].retransmitted_to_client = 20;
}
WITNESS(tls_far) {
    handshakes(w, 10, 250000);
    w->service[0].handshake_us = (struct dist){10, 120000, 121000, 125000, 126000};
}
WITNESS(tls_near_limit) {
    handshakes(w, 10, 100000);
}
WITNESS(tls_one_old) {
    handshakes(w, 10, 15000);
    w->service[0].tls_obsolete = 4;
    w->service[0].tls_oldest_version = 0x0301;
}
WITNESS(plain_server) {
    SERVICE;
    s->tls_mismatch = 10;
    s->tls_mismatch_class = TLS_MISMATCH_HTTP;
    s->tls_server_hellos = 0;
    s->tls_fatal_by_client = 10; /* the client complains of it: the same cause */
    s->tls_alert = 70;
}
WITNESS(plain_client) {
    SERVICE;
    s->tls_mismatch = 5;
    s->tls_mismatch_class = TLS_MISMATCH_ERROR;
    s->http_4xx = 5;
}
WITNESS(plain_rarely) {
    plain_client(w);
    w->service[0].established = w->s.totals.established = 100;
    w->service[0].http_responses = 100;
}

#define WITNESSES_DNSTLS                                                                           \
    {"dns_nodata", nodata_target, "warning", "confirmed", "name_resolution", "192.0.2.53"},        \
        {"dns_nodata", nodata_somewhere, "info", "confirmed", "name_resolution", "192.0.2.53"},    \
        {"dns_nodata", nodata_but_reached, "info", "confirmed", "name_resolution", "192.0.2.53"},  \
        {"dns_nodata", nodata_aaaa_beside_a, NULL, NULL, NULL, NULL},                              \
        {"dns_retry_needed", retried_twice,     "warning",                                         \
         "confirmed",        "name_resolution", "192.0.2.53"},                                     \
        {"dns_retry_needed", retried_once, "info", "likely", "name_resolution", "192.0.2.53"},     \
        {"dns_retry_needed", retried_once_for_the_target, "warning",                               \
         "likely",           "name_resolution",           "192.0.2.53"},                           \
        {"dns_retry_needed", retried_by_new_questions, "warning",                                  \
         "confirmed",        "name_resolution",        "192.0.2.53"},                              \
        {"dns_retry_needed", retried_elsewhere, "warning",                                         \
         "confirmed",        "name_resolution", "192.0.2.53"},                                     \
        {"dns_no_answer", retried_by_new_questions, NULL, NULL, NULL, NULL},                       \
        {"dns_retry_needed", retried_in_vain_and_late, NULL, NULL, NULL, NULL},                    \
        {"dns_retry_needed", copied_questions, NULL, NULL, NULL, NULL},                            \
        {"dns_retry_needed", retried_in_vain, NULL, NULL, NULL, NULL}, {"dns_no_answer",           \
                                                                        retried_in_vain,           \
                                                                        "warning",                 \
                                                                        "confirmed",               \
                                                                        "name_resolution",         \
                                                                        "192.0.2.53"},             \
        {"dns_slow", zone_server_far_away, NULL, NULL, NULL, NULL},                                \
        {"dns_first_server_dead", zone_server_dead, "info", "confirmed",                           \
         "name_resolution",       "192.0.2.53"},                                                   \
        {"dns_no_answer", zone_dead, "warning", "confirmed", "name_resolution", "192.0.2.53"},     \
        {"dns_retry_needed", first_resolver_dead, NULL, NULL, NULL, NULL},                         \
        {"dns_aaaa_stall", aaaa_silent, "warning", "confirmed", "name_resolution", "192.0.2.53"},  \
        {"dns_no_answer", aaaa_silent, NULL, NULL, NULL, NULL},                                    \
        {"dns_aaaa_stall", aaaa_lost_once, "info", "possible", "name_resolution", "192.0.2.53"},   \
        {"dns_aaaa_stall", aaaa_slow, "warning", "confirmed", "name_resolution", "192.0.2.53"},    \
        {"dns_aaaa_stall", aaaa_little_slower, NULL, NULL, NULL, NULL},                            \
        {"dns_aaaa_stall", aaaa_and_others_silent, NULL, NULL, NULL, NULL},                        \
        {"dns_aaaa_stall", aaaa_silent_beside_many, "info",                                        \
         "confirmed",      "name_resolution",       "192.0.2.53"},                                 \
        {"dns_aaaa_stall", aaaa_lost_like_others, NULL, NULL, NULL, NULL},                         \
        {"dns_truncated", cut_and_tcp_dead,  "warning",                                            \
         "confirmed",     "name_resolution", "192.0.2.53"},                                        \
        {"tcp_syn_timeout", cut_and_tcp_dead, NULL, NULL, NULL, NULL},                             \
        {"dns_truncated", cut_and_not_asked_again, "warning",                                      \
         "likely",        "name_resolution",       "192.0.2.53"},                                  \
        {"dns_truncated", cut_where_tcp_is_not_seen, "warning",                                    \
         "possible",      "name_resolution",         "192.0.2.53"},                                \
        {"dns_truncated", cut_but_enough, "info", "likely", "name_resolution", "192.0.2.53"},      \
        {"dns_truncated", cut_and_followed, NULL, NULL, NULL, NULL}, {"dns_two_answers",           \
                                                                      contradicted,                \
                                                                      "warning",                   \
                                                                      "confirmed",                 \
                                                                      "name_resolution",           \
                                                                      "192.0.2.53"},               \
        {"dns_two_answers", unasked_some, "warning", "likely", "name_resolution", "192.0.2.53"},   \
        {"dns_two_answers", unasked_two, "info", "possible", "name_resolution", "192.0.2.53"},     \
        {"dns_two_answers", unasked_and_drops, "info", "likely", "name_resolution", "192.0.2.53"}, \
        {"dns_two_answers", healthy, NULL, NULL, NULL, NULL},                                      \
        {"dns_private_answer", private_answer,    "warning",                                       \
         "confirmed",          "name_resolution", "192.0.2.53"},                                   \
        {"dns_private_answer", private_and_reached, "info",                                        \
         "confirmed",          "name_resolution",   "192.0.2.53"},                                 \
        {"dns_private_answer", private_not_the_target, "info",                                     \
         "confirmed",          "name_resolution",      "192.0.2.53"},                              \
        {"dns_private_answer", private_port_alone, NULL, NULL, NULL, NULL},                        \
        {"dns_private_answer", healthy, NULL, NULL, NULL, NULL}, {"tls_client_rejected",           \
                                                                  rejected_all,                    \
                                                                  "critical",                      \
                                                                  "confirmed",                     \
                                                                  "client",                        \
                                                                  "203.0.113.9:443"},              \
        {"tcp_reset_midstream", rejected_all, NULL, NULL, NULL, NULL},                             \
        {"tls_client_rejected", rejected_once, "critical", "likely", "client", "203.0.113.9:443"}, \
        {"tls_client_rejected", rejected_rarely, "warning",                                        \
         "confirmed",           "client",        "203.0.113.9:443"},                               \
        {"tls_client_rejected", tls_handshakes_fine, NULL, NULL, NULL, NULL},                      \
        {"tcp_reset_midstream", refused_in_clear_and_reset, NULL, NULL, NULL, NULL},               \
        {"tls_slow", tls_late, "warning", "confirmed", "server", "203.0.113.9:443"},               \
        {"tls_slow", tls_late_once_target, "warning", "likely", "server", "203.0.113.9:443"},      \
        {"tls_slow", tls_late_on_the_way, NULL, NULL, NULL, NULL},                                 \
        {"tls_slow", tls_late_twice, NULL, NULL, NULL, NULL},                                      \
        {"tls_slow", tls_late_and_loss, NULL, NULL, NULL, NULL},                                   \
        {"tls_slow", tls_far, NULL, NULL, NULL, NULL},                                             \
        {"tls_slow", tls_near_limit, NULL, NULL, NULL, NULL},                                      \
        {"tls_obsolete", tls_one_old, "info", "confirmed", "server", "203.0.113.9:443"},           \
        {"tls_obsolete", tls_handshakes_fine, NULL, NULL, NULL, NULL},                             \
        {"tls_plain_mismatch", plain_server, "warning",                                            \
         "confirmed",          "ambiguous",  "203.0.113.9:443"},                                   \
        {"tls_fatal_alert", plain_server, NULL, NULL, NULL, NULL},                                 \
        {"tls_plain_mismatch", plain_client, "warning",                                            \
         "confirmed",          "ambiguous",  "203.0.113.9:443"},                                   \
        {"http_client_errors", plain_client, NULL, NULL, NULL, NULL},                              \
        {"tls_plain_mismatch", plain_rarely, "info", "confirmed", "ambiguous", "203.0.113.9:443"}, \
        {"tls_plain_mismatch", tls_handshakes_fine, NULL, NULL, NULL, NULL},
#undef NAME
#endif
