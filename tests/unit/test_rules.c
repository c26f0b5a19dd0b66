/* Each rule with witnesses for and against it, from snapshots filled in by hand. */
#include "tests/unit/with_rules.h"
#include "tests/unit/witness_rows.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

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

/* A single closing that does not explain slow answers is a fault of its own; several explain them.
 */
static void test_rules_slow_and_closed(void **state) {
    (void)state;
    static struct world w;
    static const struct {
        void (*change)(struct world *w);
        const char *id;
    } cases[] = {{slow, "slow_server"}, {slow_at_times, "slow_at_times"}};
    for (size_t i = 0; i < 4; i++) {
        uint64_t times = 1 + i / 2;
        bool slow_said = false, closed_said = false;
        world_init(&w);
        cases[i % 2].change(&w);
        zero_window_server(&w);
        w.service[0].zero_window_by_server_times = times;
        w.service[0].late_answers = 5;
        struct diagnosis *d = diagnose(set, &w.v);
        for (uint32_t k = 0; k < d->n; k++) {
            slow_said |= strcmp(d->finding[k].rule->id, cases[i % 2].id) == 0;
            closed_said |= strcmp(d->finding[k].rule->id, "tcp_zero_window") == 0;
        }
        assert_int_equal(slow_said, times == 1);
        assert_true(closed_said);
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

/* A loss that has a cause of its own takes no other with it. */
static void test_rules_loss_beside_crossed_data(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    crossed_and_loss(&w);
    struct diagnosis *d = diagnose(set, &w.v);
    const struct finding *f = find_id(d, "tcp_retransmissions");
    assert_true(f && d->n == 2);
    assert_string_equal(f->blame, "network");
    assert_string_equal(f->subject, "203.0.113.9:443");
    assert_non_null(strstr(f->headline, "to or from 203.0.113.9:"));
    diagnosis_free(d);
}

/* A proxy and the server behind it, both seen: service 0 in front, service 1 behind. */
static void proxy(struct world *w, struct msg_connection *between) {
    world_init(w);
    w->service[1] = w->service[0];
    w->service[1].address = addr_from_bytes((uint8_t[]){10, 0, 1, 9}, 4);
    w->service[1].port = 8080;
    w->service[1].name[0] = 0;
    w->s.services.rows_n = 2;
    w->s.services.of = 2;
    *between = (struct msg_connection){
        .client = w->service[0].address, .server = w->service[1].address, .server_port = 8080};
    w->s.connections = (struct msg_connections){.rows = between, .rows_n = 1, .of = 1};
}

/* What a proxy waits for behind it is not its own slowness; its own is, and so is that of a server
 * which it does not ask. */
static void test_rules_slow_behind_a_proxy(void **state) {
    (void)state;
    static struct world w;
    static struct msg_connection between;
    static const struct {
        uint64_t behind_us, times;
        bool asked;
        const char *slow; /* the only slow server; NULL: both */
    } t[] = {{1990000, 10, true, "10.0.1.9:8080"},
             {1990000, 10, false, NULL},
             {1990000, 4, true, NULL},
             {1200000, 10, true, NULL}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        proxy(&w, &between);
        if (!t[i].asked) between.server_port = 9090;
        for (int k = 0; k < 2; k++) {
            uint64_t us = k ? t[i].behind_us : 2000000;
            w.service[k].http_responses = 10;
            w.service[k].first_byte_us = (struct dist){k ? t[i].times : 10, us, us, us, us};
            w.service[k].request_ack_us = (struct dist){10, 1000, 1000, 2000, 2000};
        }
        struct diagnosis *d = diagnose(set, &w.v);
        unsigned slow = 0;
        for (uint32_t k = 0; k < d->n; k++) slow += !strcmp(d->finding[k].rule->id, "slow_server");
        assert_int_equal(slow, t[i].slow ? 1 : 2);
        if (t[i].slow) assert_string_equal(find_id(d, "slow_server")->subject, t[i].slow);
        diagnosis_free(d);
    }
}

/* Errors 502 of a gateway whose server refuses; errors of its own are told beside that. */
static void test_rules_gateway_errors(void **state) {
    (void)state;
    static struct world w;
    static struct msg_connection between;
    for (int own = 0; own < 3; own++) {
        proxy(&w, &between);
        w.service[0].http_responses = w.service[0].http_5xx = 10;
        *(own == 1 ? &w.service[0].http_500 : &w.service[0].http_502) = 10;
        w.service[1].established = w.service[1].closed = 0;
        w.service[1].first_byte_us = (struct dist){0};
        w.service[1].attempted = w.service[1].refused = own == 2 ? 4 : 10; /* 2: another's */
        struct diagnosis *d = diagnose(set, &w.v);
        assert_non_null(find_id(d, "tcp_refused"));
        assert_int_equal(find_id(d, "http_server_errors") != NULL, own > 0);
        diagnosis_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_slow_behind_a_proxy),
        cmocka_unit_test(test_rules_gateway_errors),
        cmocka_unit_test(test_rules_witnesses),
        cmocka_unit_test(test_rules_one_cause_one_finding),
        cmocka_unit_test(test_rules_slow_and_closed),
        cmocka_unit_test(test_rules_evidence_by_address),
        cmocka_unit_test(test_rules_extended_dns_error),
        cmocka_unit_test(test_rules_each_has_both_witnesses),
        cmocka_unit_test(test_rules_thresholds_have_reasons),
        cmocka_unit_test(test_rules_verdict),
        cmocka_unit_test(test_rules_running_is_never_healthy),
        cmocka_unit_test(test_rules_verdict_is_about_the_target),
        cmocka_unit_test(test_rules_same_subject_is_one_finding),
        cmocka_unit_test(test_rules_loss_beside_crossed_data),
    };
    return cmocka_run_group_tests(tests, read_rules, free_rules);
}
