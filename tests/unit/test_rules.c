/* Each rule with witnesses for and against it, from snapshots filled in by hand. */
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct rules *set;

/* ---- the witnesses: how the healthy capture has to change ------------------------------------ */
#define WITNESS(name) static void name(struct world *w)
#define SERVICE       struct msg_service *s = &w->service[0]
#define RESOLVER      struct msg_resolver *r = &w->resolver[0]
#define TOTALS        struct msg_totals *t = &w->s.totals

WITNESS(healthy) {
    (void)w;
}

WITNESS(nothing_seen) {
    TOTALS;
    world_target(w, "api.example.com", MODE_DOMAIN);
    memset(t, 0, sizeof *t);
    w->s.services.rows_n = w->s.resolvers.rows_n = 0;
    t->seen = t->other_packets = 99;
}
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
    w->s.totals.seen = 100;
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
WITNESS(port_unreachable_udp) {
    struct msg_incident *n = world_incident(w, INCIDENT_ICMP_UNREACHABLE);
    n->value = 3 * 256 + 3;
    n->port = 5353;
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
WITNESS(prohibited_but_up) {
    world_incident(w, INCIDENT_ICMP_UNREACHABLE)->value = 3 * 256 + 13;
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
WITNESS(silent_single_syn) {
    silent(w);
    w->service[0].timeout_repeated = 0;
    w->service[0].timeout_syn_sent = 1;
}
WITNESS(silent_one_sided) {
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
    s->refused_us = (struct dist){10, 300, 400, 500, 600};
}
WITNESS(refused_other_family) {
    refused(w);
    w->service[1] = w->service[0];
    w->service[1].address = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8}, 16);
    w->service[1].refused = 0;
    w->service[1].established = 5;
    w->s.services.rows_n = 2;
}
WITNESS(syn_retry) {
    w->service[0].syn_retried = 2;
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
WITNESS(slow_path) {
    slow(w);
    w->service[0].request_ack_us = (struct dist){10, 200000, 240000, 260000, 270000};
}
WITNESS(slow_by_ratio) {
    slow(w);
    w->service[0].request_ack_us = (struct dist){10, 100000, 170000, 180000, 190000};
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
WITNESS(far_by_delayed_ack) {
    w->service[0].rtt_us.min_us = 200000;
}
WITNESS(tls_alert_server) {
    w->service[0].tls_fatal_by_server = 2;
    w->service[0].tls_alert = 40;
}
WITNESS(tls_alert_client) {
    w->service[0].tls_fatal_by_client = 1;
    w->service[0].tls_alert = 48;
}
WITNESS(http_errors_target) {
    world_target(w, "api.example.com", MODE_DOMAIN);
    w->service[0].http_5xx = 1;
}
WITNESS(http_errors_other) {
    w->service[0].http_5xx = 1;
}
WITNESS(http_errors_many) {
    w->service[0].http_5xx = 6;
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
WITNESS(arp_sweep) {
    arp_target(w);
    w->incident[0].tries = 1;
    w->incident[0].span_us = 0;
}

/* expected NULL: the rule says nothing of it */
static const struct {
    const char *id;
    void (*change)(struct world *w);
    const char *severity, *confidence, *blame, *subject;
} witnesses[] = {
    {"no_matching_traffic", nothing_seen, "warning", "confirmed", "ambiguous", "api.example.com"},
    {"no_matching_traffic", healthy, NULL, NULL, NULL, NULL},
    {"no_matching_traffic", nothing_yet, NULL, NULL, NULL, NULL},
    {"capture_drops", drops_5_percent, "critical", "confirmed", "capture", "eth0"},
    {"capture_drops", drops_half_percent, "warning", "confirmed", "capture", "eth0"},
    {"capture_drops", drops_four_packets, NULL, NULL, NULL, NULL},
    {"capture_gaps", gaps_2_percent, "warning", "confirmed", "capture", "eth0"},
    {"capture_gaps", gaps_20_percent, "critical", "confirmed", "capture", "eth0"},
    {"capture_gaps", gaps_few, NULL, NULL, NULL, NULL},
    {"capture_one_sided", one_sided, "warning", "confirmed", "capture", "eth0"},
    {"capture_one_sided", one_sided_few, NULL, NULL, NULL, NULL},
    {"capture_midstream", midstream, "info", "confirmed", "capture", "eth0"},
    {"capture_midstream", healthy, NULL, NULL, NULL, NULL},
    {"capture_duplicates", duplicates, "info", "confirmed", "capture", "eth0"},
    {"capture_duplicates", duplicates_few, NULL, NULL, NULL, NULL},
    {"table_overflow", evicted, "warning", "confirmed", "capture", "eth0"},
    {"table_overflow", healthy, NULL, NULL, NULL, NULL},
    {"dns_no_answer", resolver_dead, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_no_answer", resolver_some_lost, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_no_answer", resolver_one_lost, NULL, NULL, NULL, NULL},
    {"dns_servfail", servfail_all, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_servfail", servfail_target, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_servfail", servfail_one_of_ten, "info", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_servfail", healthy, NULL, NULL, NULL, NULL},
    {"dns_refused", refused_all, "critical", "confirmed", "policy", "192.0.2.53"},
    {"dns_refused", healthy, NULL, NULL, NULL, NULL},
    {"dns_nxdomain", nxdomain_target, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_nxdomain", nxdomain_many, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_nxdomain", nxdomain_reverse, "info", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_nxdomain", nxdomain_search_list, NULL, NULL, NULL, NULL},
    {"dns_nxdomain", nxdomain_three, NULL, NULL, NULL, NULL},
    {"dns_slow", dns_slow, "warning", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_very_slow, "critical", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_once_slow, "info", "confirmed", "name_resolution", "192.0.2.53"},
    {"dns_slow", dns_slow_twice, NULL, NULL, NULL, NULL},
    {"icmp_unreachable", unreachable, "critical", "confirmed", "network", "203.0.113.9:443"},
    {"icmp_unreachable", unreachable_v6, "critical", "confirmed", "network", "203.0.113.9:443"},
    {"icmp_unreachable", rejected_by_firewall, "critical", "confirmed", "ambiguous",
     "203.0.113.9:443"},
    {"icmp_unreachable", port_unreachable_udp, NULL, NULL, NULL, NULL},
    {"icmp_unreachable", prohibited, NULL, NULL, NULL, NULL},
    {"icmp_prohibited", prohibited, "critical", "confirmed", "policy", "203.0.113.9:443"},
    {"icmp_prohibited", prohibited_but_up, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", silent, "critical", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_syn_timeout", silent_sometimes, "warning", "confirmed", "network_or_server",
     "203.0.113.9:443"},
    {"tcp_syn_timeout", silent_single_syn, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", silent_one_sided, NULL, NULL, NULL, NULL},
    {"tcp_syn_timeout", silent_and_icmp, NULL, NULL, NULL, NULL},
    {"tcp_refused", refused, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_refused", refused_other_family, "info", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_refused", healthy, NULL, NULL, NULL, NULL},
    {"tcp_syn_retry", syn_retry, "warning", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_syn_retry", syn_retry_once, "info", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_syn_retry", healthy, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_4_percent, "critical", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_retransmissions", loss_1_percent, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_retransmissions", loss_half_percent, "info", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_retransmissions", loss_gaps_2_percent, "critical", "possible", "network",
     "203.0.113.9:443"},
    {"tcp_retransmissions", loss_throughout_short, "critical", "confirmed", "network",
     "203.0.113.9:443"},
    {"tcp_retransmissions", loss_too_few, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_rare, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_gaps_20_percent, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", loss_burst, NULL, NULL, NULL, NULL},
    {"tcp_retransmissions", dead_path_and_loss, NULL, NULL, NULL, NULL},
    {"tcp_loss_burst", loss_burst, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_loss_burst", loss_4_percent, NULL, NULL, NULL, NULL},
    {"tcp_loss_burst", loss_throughout_short, NULL, NULL, NULL, NULL},
    {"tcp_dead_path", dead_path, "critical", "confirmed", "network_or_server", "203.0.113.9:443"},
    {"tcp_dead_path", dead_path_full_window, "critical", "confirmed", "ambiguous",
     "203.0.113.9:443"},
    {"tcp_dead_path", dead_path_two, NULL, NULL, NULL, NULL},
    {"tcp_reordering", reordering, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"tcp_reordering", reordering_rare, NULL, NULL, NULL, NULL},
    {"tcp_zero_window", zero_window_client, "critical", "confirmed", "client", "203.0.113.9:443"},
    {"tcp_zero_window", zero_window_server, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_zero_window", zero_window_brief, NULL, NULL, NULL, NULL},
    {"tcp_reset_midstream", reset_server, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tcp_reset_midstream", reset_client, "warning", "confirmed", "client", "203.0.113.9:443"},
    {"tcp_reset_midstream", reset_client_rare, "info", "confirmed", "client", "203.0.113.9:443"},
    {"tcp_reset_midstream", reset_foreign, "critical", "confirmed", "ambiguous", "203.0.113.9:443"},
    {"tcp_reset_midstream", healthy, NULL, NULL, NULL, NULL},
    {"slow_server", slow, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"slow_server", very_slow, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"slow_server", slow_once_target, "warning", "likely", "server", "203.0.113.9:443"},
    {"slow_server", slow_once, NULL, NULL, NULL, NULL},
    {"slow_server", slow_path, NULL, NULL, NULL, NULL},
    {"slow_server", slow_by_ratio, NULL, NULL, NULL, NULL},
    {"slow_server", slow_with_loss, NULL, NULL, NULL, NULL},
    {"slow_server", slow_250_ms, NULL, NULL, NULL, NULL},
    {"slow_server", slow_one_sided, NULL, NULL, NULL, NULL},
    {"path_latency_high", far_200_ms, "info", "confirmed", "network", "203.0.113.9:443"},
    {"path_latency_high", far_600_ms, "warning", "confirmed", "network", "203.0.113.9:443"},
    {"path_latency_high", far_by_delayed_ack, NULL, NULL, NULL, NULL},
    {"tls_fatal_alert", tls_alert_server, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"tls_fatal_alert", tls_alert_client, "critical", "confirmed", "client", "203.0.113.9:443"},
    {"tls_fatal_alert", healthy, NULL, NULL, NULL, NULL},
    {"http_server_errors", http_errors_target, "warning", "confirmed", "server", "203.0.113.9:443"},
    {"http_server_errors", http_errors_many, "critical", "confirmed", "server", "203.0.113.9:443"},
    {"http_server_errors", http_errors_other, NULL, NULL, NULL, NULL},
    {"arp_unanswered", arp_target, "warning", "confirmed", "local_link", "203.0.113.9"},
    {"arp_unanswered", arp_other, "info", "confirmed", "local_link", "203.0.113.9"},
    {"arp_unanswered", arp_sweep, NULL, NULL, NULL, NULL},
};
#define WITNESSES (sizeof witnesses / sizeof witnesses[0])

static void check_sentences(const struct finding *f) {
    const char *const texts[] = {f->headline, f->explanation, f->next_step};
    for (size_t k = 0; k < 3; k++) {
        assert_true(strlen(texts[k]) > 10);
        assert_null(strchr(texts[k], '{'));
        assert_null(strstr(texts[k], " ? ")); /* a number that was not known */
    }
}

static void test_rules_witnesses(void **state) {
    (void)state;
    static struct world w;
    for (size_t i = 0; i < WITNESSES; i++) {
        world_init(&w);
        witnesses[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, witnesses[i].id);
        if (!f != !witnesses[i].severity)
            fail_msg("witness %zu of %s: %s", i, witnesses[i].id, f ? "said" : "not said");
        if (f) {
            assert_string_equal(severity_names[f->severity], witnesses[i].severity);
            assert_string_equal(confidence_names[f->confidence], witnesses[i].confidence);
            assert_string_equal(f->blame, witnesses[i].blame);
            assert_string_equal(f->subject, witnesses[i].subject);
            check_sentences(f);
        }
        diagnosis_free(d);
    }
}

/* One fault gives one finding above info: nothing else may be said of the same capture. */
static void test_rules_one_cause_one_finding(void **state) {
    (void)state;
    static struct world w;
    for (size_t i = 0; i < WITNESSES; i++) {
        if (!witnesses[i].severity) continue;
        world_init(&w);
        witnesses[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        for (uint32_t k = 0; k < d->n; k++) {
            const struct finding *f = &d->finding[k];
            bool quality = strncmp(f->rule->id, "capture_", 8) == 0;
            if (f->severity > SEVERITY_INFO && !quality &&
                strcmp(f->rule->id, witnesses[i].id) != 0)
                fail_msg("witness %zu of %s also gives %s", i, witnesses[i].id, f->rule->id);
        }
        diagnosis_free(d);
    }
}

static void test_rules_each_has_both_witnesses(void **state) {
    (void)state;
    for (unsigned r = 0; r < set->n; r++) {
        unsigned positive = 0, negative = 0;
        for (size_t i = 0; i < WITNESSES; i++) {
            if (strcmp(witnesses[i].id, set->rule[r].id) != 0) continue;
            if (witnesses[i].severity)
                positive++;
            else
                negative++;
        }
        if (!positive || !negative) fail_msg("%s lacks a witness", set->rule[r].id);
    }
}

static void test_rules_thresholds_have_reasons(void **state) {
    (void)state;
    for (unsigned r = 0; r < set->n; r++)
        for (unsigned i = 0; i < set->rule[r].thresholds; i++)
            assert_true(strlen(set->rule[r].threshold[i].reason) > 20);
}

/* ---- verdict --------------------------------------------------------------------------------- */
static void test_rules_verdict(void **state) {
    static const struct {
        void (*change)(struct world *w);
        const char *status, *headline_has;
    } cases[] = {
        {healthy, "healthy", "10 TCP connections and 10 DNS questions"},
        {midstream, "healthy", "No problem found"},
        {nothing_seen, "no_traffic", "api.example.com"},
        {nothing_yet, "pending", "Make the traffic now"},
        {silent, "problems", "203.0.113.9:443 does not answer"},
        {drops_5_percent, "inconclusive", "The capture missed"},
        {loss_gaps_20_percent, "inconclusive", "withheld"},
        {loss_gaps_2_percent, "problems", "Packets are lost"},
        {one_sided, "inconclusive", "Only one direction"},
    };
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        assert_string_equal(status_names[d->verdict.status], cases[i].status);
        if (!strstr(d->verdict.headline, cases[i].headline_has))
            fail_msg("headline \"%s\" lacks \"%s\"", d->verdict.headline, cases[i].headline_has);
        diagnosis_free(d);
    }
}

static void test_rules_running_is_never_healthy(void **state) {
    static struct world w;
    (void)state;
    for (size_t i = 0; i < WITNESSES; i++) {
        world_init(&w);
        witnesses[i].change(&w);
        w.v.state = CAPTURE_RUNNING;
        struct diagnosis *d = diagnose(set, &w.v);
        assert_int_not_equal(d->verdict.status, STATUS_HEALTHY);
        diagnosis_free(d);
    }
    world_init(&w);
    w.v.state = CAPTURE_FAILED;
    struct diagnosis *d = diagnose(set, &w.v);
    assert_int_equal(d->verdict.status, STATUS_INCONCLUSIVE);
    diagnosis_free(d);
}

/* The target works, another service does not: kept, sorted behind, and not the verdict. */
static void test_rules_verdict_is_about_the_target(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    world_target(&w, "api.example.com", MODE_DIAGNOSIS);
    silent(&w);
    w.service[1] = w.service[0];
    w.service[1].port = 80;
    w.service[0].on_target = false;
    world_incident(&w, INCIDENT_DEAD_PATH)->tries = 0;
    memset(&w.service[1].timeout_first_us, 0, sizeof(uint64_t));
    w.service[1].timeout_repeated = w.service[1].timed_out = 0;
    w.service[1].established = 4;
    w.service[1].syn_retried = 1;
    w.s.services.rows_n = 2;
    struct diagnosis *d = diagnose(set, &w.v);
    assert_int_equal(d->verdict.status, STATUS_HEALTHY);
    assert_non_null(strstr(d->verdict.headline, "Elsewhere on the network: 1 problem."));
    assert_int_equal(d->n, 2);
    assert_string_equal(d->finding[0].rule->id, "tcp_syn_retry"); /* info, but the target's */
    assert_string_equal(d->finding[1].rule->id, "tcp_syn_timeout");
    diagnosis_free(d);
}

/* Two resets seen by different devices for one service are one finding. */
static void test_rules_same_subject_is_one_finding(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    unreachable(&w);
    struct msg_incident *second = world_incident(&w, INCIDENT_ICMP_UNREACHABLE);
    second->value = 3 * 256;
    second->count = 4;
    second->last_us = 9000000;
    struct diagnosis *d = diagnose(set, &w.v);
    assert_int_equal(d->n, 1);
    assert_true(d->finding[0].count == 5 && d->finding[0].last_s == 9);
    diagnosis_free(d);
}

static int set_up(void **state) {
    struct fail f;
    (void)state;
    set = rules_new(NULL, &f);
    if (!set) fprintf(stderr, "%s\n", f.why);
    return set ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    rules_free(set);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_witnesses),
        cmocka_unit_test(test_rules_one_cause_one_finding),
        cmocka_unit_test(test_rules_each_has_both_witnesses),
        cmocka_unit_test(test_rules_thresholds_have_reasons),
        cmocka_unit_test(test_rules_verdict),
        cmocka_unit_test(test_rules_running_is_never_healthy),
        cmocka_unit_test(test_rules_verdict_is_about_the_target),
        cmocka_unit_test(test_rules_same_subject_is_one_finding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
