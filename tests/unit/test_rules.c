/* Each rule with witnesses for and against it, from snapshots filled in by hand. */
#include "tests/unit/witness_rows.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct rules *set;

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
            const char *said[] = {severity_names[f->severity], confidence_names[f->confidence],
                                  f->blame, f->subject};
            const char *wanted[] = {witnesses[i].severity, witnesses[i].confidence,
                                    witnesses[i].blame, witnesses[i].subject};
            for (unsigned k = 0; k < 4; k++)
                if (strcmp(said[k], wanted[k]) != 0)
                    fail_msg("witness %zu of %s: %s, not %s", i, witnesses[i].id, said[k],
                             wanted[k]);
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
            /* The note on slow pages takes its blame from the finding beside it. */
            bool its_cause = strcmp(witnesses[i].id, "http_slow") == 0 &&
                             strcmp(f->rule->id, "slow_server") == 0;
            if (f->severity > SEVERITY_INFO && !quality && !its_cause &&
                strcmp(f->rule->id, witnesses[i].id) != 0)
                fail_msg("witness %zu of %s also gives %s", i, witnesses[i].id, f->rule->id);
        }
        diagnosis_free(d);
    }
}

/* Evidence of several addresses: a number each, what fails before what works. */
static void test_rules_evidence_by_address(void **state) {
    static struct world w;
    static const struct {
        void (*change)(struct world *w);
        const char *id, *evidence;
    } cases[] = {
        {partly_silent_two, "tcp_partial_addresses",
         "{\"addresses\":3,\"failing\":2,\"established\":{\"203.0.113.9\":0,\"203.0.113.11\":0,"
         "\"203.0.113.10\":10},\"failed\":{\"203.0.113.9\":4,\"203.0.113.11\":3,"
         "\"203.0.113.10\":0}}"},
        {refused_on_both_families, "tcp_refused",
         "{\"count\":10,\"connection_attempts\":10,\"ms\":10,\"refused\":{\"203.0.113.9\":10,"
         "\"2001:db8::\":6}}"},
        {idle_silence, "tcp_idle_timeout", "{\"idle_s\":300,\"connections\":1,\"who\":\"server\"}"},
        {ipv6_silent, "ipv6_broken_fallback",
         "{\"added_ms\":250,\"attempts\":2,\"syn_sent\":2,\"unreachable\":0,\"established\":{"
         "\"2001:db8::9\":0,\"203.0.113.10\":10}}"},
        {first_resolver_dead, "dns_first_server_dead",
         "{\"resolver\":\"192.0.2.53\",\"questions\":2,\"tries\":4,\"answered_elsewhere\":2,"
         "\"added_ms\":1005,\"answered_percent\":{\"192.0.2.53\":0,\"192.0.2.54\":100}}"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        char *text = cJSON_PrintUnformatted(find_id(d, cases[i].id)->evidence);
        assert_string_equal(text, cases[i].evidence);
        assert_int_equal(d->n, 1);
        cJSON_free(text);
        diagnosis_free(d);
    }
    /* Many dead addresses: not all fit, but a working one is among those shown. */
    world_init(&w);
    partly_silent(&w);
    for (uint8_t i = 11; i < 17; i++) sibling(&w, v4_of(i));
    struct diagnosis *d = diagnose(set, &w.v);
    const struct finding *f = find_id(d, "tcp_partial_addresses");
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(f->evidence, "failed"));
    assert_string_equal(text, "{\"203.0.113.9\":4,\"203.0.113.11\":4,\"203.0.113.12\":4,"
                              "\"203.0.113.10\":0}");
    assert_non_null(strstr(f->subject, ", ..."));
    assert_int_equal(d->n, 1);
    cJSON_free(text);
    diagnosis_free(d);
}

/* What a resolver says about its failure is said on, and sharpens the advice. */
static void test_rules_extended_dns_error(void **state) {
    static struct world w;
    (void)state;
    for (int known = 0; known < 2; known++) {
        world_init(&w);
        servfail_all(&w);
        w.dns[0].extended_error = known ? 6 + 1 : 4711 + 1;
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, "dns_servfail");
        const cJSON *e = cJSON_GetObjectItemCaseSensitive(f->evidence, "extended_error");
        if (known)
            assert_string_equal(cJSON_GetStringValue(e), "DNSSEC bogus");
        else
            assert_int_equal(e->valueint, 4711);
        assert_int_equal(strstr(f->next_step, "signatures") && strstr(f->next_step, "bogus"),
                         known);
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
        {only_arp_answered, "no_traffic", "api.example.com was seen, only address"},
        {only_arp_unanswered, "inconclusive", "no traffic of api.example.com"},
        {only_sealed_wifi, "inconclusive", "the Wi-Fi encrypts what passes (WPA, WEP: 5 frames)"},
        {only_beacons, "inconclusive", "12 packets passed, without one that can be looked into"},
        {sealed_wifi_of_others, "healthy", "No problem found"},
        {sealed_wifi_beside_all, "inconclusive", "the Wi-Fi encrypts what passes"},
        {few_beginnings_kept, "healthy", "No problem found"},
        {ipv6_beginnings_kept, "inconclusive", "of 300 packets the capture kept too few bytes"},
        {only_beginnings_kept, "inconclusive", "of 9 packets the capture kept too few bytes"},
        {sealed_wifi_without_the_target, "no_traffic", "what the Wi-Fi encrypts"},
        {file_cut_off, "healthy", "No problem found"},
        {file_damaged, "inconclusive", "the file is damaged, and 40 % of it"},
        {only_neighbour_discovery, "no_traffic", "api.example.com was seen, only address"},
        {discovery_unanswered, "inconclusive", "no traffic of api.example.com"},
        {ping_beside_discovery, "healthy", "No problem found"},
        {only_others_in_diagnosis, "no_traffic", "was seen; 2000 packets of other traffic"},
        {name_asked_in_diagnosis, "healthy", "No problem found"},
        {other_port_in_diagnosis, "no_traffic", "Nothing to or from other.example.com"},
        {host_of_no_port_in_diagnosis, "healthy", "No problem found"},
        {port_of_datagrams_in_diagnosis, "healthy", "No problem found"},
        {only_a_young_attempt, "inconclusive", "1 connection attempt was still without an answer"},
        {only_a_young_question, "inconclusive", "2 DNS questions were still without an answer"},
        {one_way_of_target, "inconclusive", "UDP of api.example.com passed in one"},
        {one_way_beside_both, "healthy", "No problem found"},
        {one_way_beside_ping, "healthy", "No problem found"},
        {one_way_of_port_beside_ping, "inconclusive", "passed in one direction only"},
        {one_way_of_a_stream, "healthy", "No problem found"},
        {one_way_of_anything, "healthy", "No problem found"},
        {nothing_yet, "pending", "Make the traffic now"},
        {only_health_checks, "healthy", "No problem found"},
        {only_half_open, "inconclusive", "None of 5 connection attempts succeeded"},
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

/* The target works, another service does not: kept, by its severity, and not the verdict. */
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
    assert_string_equal(d->finding[0].rule->id,
                        "tcp_syn_timeout"); /* not the target's, but worse */
    assert_string_equal(d->finding[1].rule->id, "tcp_syn_retry");
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

/* ---- one cause beyond the local network ------------------------------------------------------ */
static struct msg_connection first_client;

static struct msg_service *beyond(struct world *w, uint32_t i, uint8_t net, uint8_t last) {
    struct msg_service *s = &w->service[i];
    *s = w->service[0];
    s->address = addr_from_bytes((uint8_t[]){203, 0, net, last}, 4);
    s->on_target = false;
    snprintf(s->name, sizeof s->name, "host%u.example", i);
    w->s.services.rows_n = i + 1;
    return s;
}

/* Four hosts in four networks; none has answered. */
static void cut_off(struct world *w) {
    for (uint32_t i = 4; i-- > 0;) {
        struct msg_service *s = beyond(w, i, (uint8_t)(113 + i), 9);
        memset(&s->handshake_us, 0, (size_t)((char *)(s + 1) - (char *)&s->handshake_us));
        s->established = s->closed = 0;
        s->attempted = s->timed_out = s->timeout_repeated = 1;
        s->timeout_syn_sent = 4;
        s->timeout_first_us = 2000000 + i;
        s->both_directions = false;
        s->data_segments_to_client = s->data_segments_to_server = 0;
    }
    w->s.services.rows_n = 4;
    w->s.totals.established = 0;
    first_client = (struct msg_connection){.client = addr_from_bytes((uint8_t[]){10, 0, 0, 2}, 4)};
    w->s.connections = (struct msg_connections){.rows = &first_client, .rows_n = 1, .of = 1};
}

static void cut_off_and_no_names(struct world *w) {
    cut_off(w);
    struct msg_resolver *d = &w->resolver[0];
    d->responses = d->noerror = 0;
    d->unanswered = d->unanswered_tries = d->transactions;
    d->unanswered_wait_us = d->trouble_first_us = d->trouble_last_us = 5000000;
}

/* A connection that had worked dies as well. */
static void cut_off_later(struct world *w) {
    cut_off(w);
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->established = s->open = 1;
    s->timed_out = s->timeout_repeated = 0;
    s->both_directions = true;
    s->retransmitted_to_server = 9;
    s->data_segments_to_server = 20;
    struct msg_incident *n = world_incident(w, INCIDENT_DEAD_PATH);
    n->subject = s->address;
    n->tries = 5;
    n->span_us = n->first_us = 3000000;
}

static void cut_off_but_for_one(struct world *w) {
    cut_off_later(w);
    w->s.incidents.rows_n = 0;
    w->service[4].retransmitted_to_server = 0;
}

/* By the other address family they answer. */
static void cut_off_but_for_ipv6(struct world *w) {
    static struct msg_connection clients[2];
    cut_off(w);
    clients[0] = clients[1] = first_client;
    clients[1].client = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8, 9}, 16);
    w->s.connections.rows = clients;
    w->s.connections.rows_n = 2;
    struct msg_service *s = beyond(w, 4, 120, 9);
    s->address = addr_from_bytes((uint8_t[16]){0x20, 1, 0xd, 0xb8, 7}, 16);
    s->established = 1;
    s->timed_out = s->timeout_repeated = 0;
    s->both_directions = true;
}

static void cut_off_but_for_quic(struct world *w) {
    cut_off(w);
    w->udp[0] = (struct msg_udp_service){.address = w->service[3].address,
                                         .port = 443,
                                         .answered = 40,
                                         .answered_last_us = 9000000,
                                         .quic_attempts = 1,
                                         .quic_answered = 1};
    w->s.udp.rows_n = 1;
}

/* What it said before the silence began tells nothing of later. */
static void cut_off_after_quic(struct world *w) {
    cut_off_but_for_quic(w);
    w->udp[0].answered_last_us = 1000000;
}

/* The time was told once, and then no more. */
static void cut_off_between_two_polls(struct world *w) {
    cut_off_after_quic(w);
    w->udp[0].quic_attempts = w->udp[0].quic_answered = 0;
    w->udp[0].asked = 2;
    w->udp[0].ask_last_us = 8000000;
}

static void cut_off_but_for_a_poll(struct world *w) {
    cut_off_between_two_polls(w);
    w->udp[0].ask_last_us = 2500000;
    w->udp[0].answered_last_us = 2530000;
}

/* Another network of the same site has another way. */
static void cut_off_but_for_the_site(struct world *w) {
    cut_off_but_for_one(w);
    w->service[4].address = addr_from_bytes((uint8_t[]){172, 16, 0, 5}, 4);
}

static void site_cut_off_but_for_one(struct world *w) {
    cut_off_but_for_the_site(w);
    w->service[3].address = addr_from_bytes((uint8_t[]){172, 17, 0, 5}, 4);
}

/* A resolver nearby finds names of the internet all the while, later than its cache would. */
static void cut_off_but_for_names(struct world *w) {
    static struct msg_dns_row rows[4];
    cut_off(w);
    for (uint32_t i = 0; i < 4; i++) {
        rows[i] = (struct msg_dns_row){.client = first_client.client,
                                       .server = addr_from_bytes((uint8_t[]){10, 0, 0, 1}, 4),
                                       .server_port = 53,
                                       .answered = true,
                                       .answers = 1,
                                       .latency_us = 12000,
                                       .at_us = (3 + i) * UINT64_C(1000000)};
        snprintf(rows[i].name, sizeof rows[i].name, "new%u.example", i);
    }
    w->s.dns = (struct msg_dns){.rows = rows, .rows_n = 4, .of = 4};
}

static void cut_off_with_names_cached(struct world *w) {
    cut_off_but_for_names(w);
    for (uint32_t i = 0; i < 3; i++) w->s.dns.rows[i].latency_us = 300;
}

/* It knows what was asked before. */
static void cut_off_with_names_known(struct world *w) {
    cut_off_but_for_names(w);
    w->s.dns.rows[0].at_us = 1000000;
    for (uint32_t i = 1; i < 4; i++)
        memcpy(w->s.dns.rows[i].name, w->s.dns.rows[0].name, sizeof w->s.dns.rows[0].name);
}

static void cut_off_with_some_names(struct world *w) {
    cut_off_but_for_names(w);
    w->s.dns.rows[3].answered = false;
}

/* The target is one of them, and seen by itself. */
static void cut_off_target(struct world *w) {
    cut_off(w);
    world_target(w, "host3.example", MODE_DIAGNOSIS);
    w->service[3].on_target = true;
}

static void only_target_seen(struct world *w) {
    cut_off_target(w);
    w->target.mode = MODE_DOMAIN;
}

static void two_networks_silent(struct world *w) {
    cut_off(w);
    for (uint32_t i = 2; i < 4; i++) w->service[i].address.b[2] = w->service[i - 2].address.b[2];
    for (uint32_t i = 2; i < 4; i++) w->service[i].address.b[3]++;
}

static void no_way_out(struct world *w) {
    cut_off(w);
    for (uint32_t i = 0; i < 4; i++) {
        struct msg_incident *n = world_incident(w, INCIDENT_ICMP_UNREACHABLE);
        n->subject = w->service[i].address;
        n->value = 3 * 256;
        n->ip_proto = 6;
        w->service[i].unreachable = 1;
    }
    w->service[3].unreachable = 0; /* the router says it once a second */
    w->s.incidents.rows_n = 3;
}

static void all_lossy(struct world *w) {
    cut_off(w);
    world_init(w);
    w->s.connections = (struct msg_connections){.rows = &first_client, .rows_n = 1, .of = 1};
    for (uint32_t i = 4; i-- > 0;) {
        struct msg_service *s = beyond(w, i, 113, (uint8_t)(9 + i));
        s->retransmitted_to_client = 40 + i;
        s->retransmit_first_us = 2000000;
        s->retransmit_last_us = 20000000;
    }
    w->s.services.rows_n = 4;
}

static void lossy_but_for_one(struct world *w) {
    all_lossy(w);
    w->service[0].retransmitted_to_client = 0;
}

/* All lose some; one loses far more, and that is its own. */
static void lossy_and_one_worse(struct world *w) {
    all_lossy(w);
    w->service[0].retransmitted_to_client = 400;
}

static void all_far(struct world *w) {
    all_lossy(w);
    for (uint32_t i = 0; i < 4; i++) {
        w->service[i].retransmitted_to_client = w->service[i].http_responses = 0;
        w->service[i].handshake_us = (struct dist){10, 600000 + i, 610000, 620000, 630000};
        w->service[i].rtt_us = w->service[i].handshake_us;
        w->service[i].request_ack_us = w->service[i].first_byte_us = w->service[i].rtt_us;
    }
}

static void far_but_for_one(struct world *w) {
    all_far(w);
    w->service[3].handshake_us = w->service[3].rtt_us =
        (struct dist){10, 20000, 21000, 22000, 23000};
}

static void test_rules_one_cause_beyond(void **state) {
    static struct world w;
    static const struct {
        void (*change)(struct world *w);
        const char *id;
        uint32_t findings;
        const char *blame, *subject, *headline;
    } cases[] = {
        {cut_off, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "Nothing beyond the gateway"},
        {cut_off_and_no_names, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {cut_off_later, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "5 hosts"},
        {cut_off_but_for_one, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443",
         "does not answer"},
        {cut_off_but_for_ipv6, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
        {cut_off_but_for_quic, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
        {cut_off_after_quic, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {cut_off_between_two_polls, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {cut_off_but_for_a_poll, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
        {cut_off_but_for_the_site, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {site_cut_off_but_for_one, "tcp_syn_timeout", 4, "network_or_server", "172.17.0.5:443", ""},
        {cut_off_but_for_names, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.9:443", ""},
        {cut_off_with_names_cached, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {cut_off_with_names_known, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {cut_off_with_some_names, "tcp_syn_timeout", 1, "network", "203.0.113.9:443", "4 hosts"},
        {cut_off_target, "tcp_syn_timeout", 1, "network", "203.0.116.9:443", "Nothing beyond"},
        {only_target_seen, "tcp_syn_timeout", 4, "network_or_server", "203.0.116.9:443",
         "does not answer"},
        {two_networks_silent, "tcp_syn_timeout", 4, "network_or_server", "203.0.113.10:443",
         "does not answer"},
        {no_way_out, "icmp_unreachable", 1, "network", "203.0.113.9:443",
         "Nothing beyond 198.51.100.1 can be reached"},
        {all_lossy, "tcp_retransmissions", 1, "network", "203.0.113.12:443", "all of 4 servers"},
        {lossy_but_for_one, "tcp_retransmissions", 3, "network", "203.0.113.12:443",
         "to or from 203.0.113.12:"},
        {lossy_and_one_worse, "tcp_retransmissions", 2, "network", "203.0.113.9:443",
         "to or from 203.0.113.9:"},
        {crossed_and_loss, "tcp_retransmissions", 2, "network", "203.0.113.9:443",
         "to or from 203.0.113.9:"},
        {all_far, "path_latency_high", 1, "network", "203.0.113.10:443", "all of 4 servers"},
        {far_but_for_one, "path_latency_high", 3, "network", "203.0.113.10:443",
         "The path to 203.0.113.10 is long"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, cases[i].id);
        if (!f || d->n != cases[i].findings || strcmp(f->blame, cases[i].blame) != 0 ||
            strcmp(f->subject, cases[i].subject) != 0 || !strstr(f->headline, cases[i].headline))
            fail_msg("case %zu: %u findings, %s, %s, %s", i, d->n, f ? f->blame : "none",
                     f ? f->subject : "", f ? f->headline : "");
        diagnosis_free(d);
    }
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
        cmocka_unit_test(test_rules_evidence_by_address),
        cmocka_unit_test(test_rules_one_cause_beyond),
        cmocka_unit_test(test_rules_extended_dns_error),
        cmocka_unit_test(test_rules_each_has_both_witnesses),
        cmocka_unit_test(test_rules_thresholds_have_reasons),
        cmocka_unit_test(test_rules_verdict),
        cmocka_unit_test(test_rules_running_is_never_healthy),
        cmocka_unit_test(test_rules_verdict_is_about_the_target),
        cmocka_unit_test(test_rules_same_subject_is_one_finding),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
