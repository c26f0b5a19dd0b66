/* What a scan explains, and what it does not: the failures of services that others miss. */
#include "tests/unit/with_rules.h"
#include "tests/unit/witnesses_scans.h"
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* One port has been tried by others, too, or again and again: those miss it. */
static void and_for_another(struct world *w) {
    refused_by_scan(w);
    w->s.connections.rows[5].client.b[3]++;
}
static void and_for_many(struct world *w) {
    refused_by_scan(w);
    w->s.services.rows[5].attempted = w->s.services.rows[5].refused = 2;
}
static void and_often(struct world *w) {
    refused_by_scan(w);
    w->s.services.rows[5].attempted = w->s.services.rows[5].refused = 3;
    w->s.services.rows[5].asked_again = 2;
}
/* The others are scanned, this one is not. */
static void elsewhere(struct world *w) {
    refused_by_long_scan(w);
    w->s.services.rows[0].address.b[3] = 77;
    w->s.services.rows[0].attempted = w->s.services.rows[0].refused = 2;
    w->s.services.rows[0].asked_again = 1;
}
static void beside_it(struct world *w) {
    refused_by_scan(w);
    w->s.services.rows[0].port = 2000;
}
/* Scanned, and served to others. */
static void half_served(struct world *w) {
    refused_by_scan(w);
    struct msg_service *s = &w->s.services.rows[0];
    s->port = 443;
    s->attempted = 90;
    s->refused = 50;
    s->established = s->closed = 40;
}

/* `hosts` tried on `ports` each, all in vain; each host has ports of its own, or all the same. */
static struct msg_connection tried[102];

static void tries(struct world *w, uint32_t hosts, uint32_t ports, bool own) {
    uint32_t n = 0;
    memset(tried, 0, sizeof tried);
    for (uint32_t h = 0; h < hosts; h++)
        for (uint32_t p = 0; p < ports; p++, n++)
            tried[n] = (struct msg_connection){
                .client = w->resolver[0].address,
                .server = addr_from_bytes((uint8_t[]){203, 0, (uint8_t)(113 + h), 9}, 4),
                .server_port = (uint16_t)(1000 + p + (own ? 100 * h : 0)),
                .state = CONN_REFUSED,
                .start_us = 1000 * n};
    w->s.connections = (struct msg_connections){.rows = tried, .rows_n = n, .of = n};
}

static void test_rules_what_a_scan_is(void **state) {
    static const struct {
        uint32_t hosts, ports;
        bool own;
        uint64_t up; /* connections that came up: two of them have a row */
        bool own_up, scan;
    } cases[] = {{51, 1, false, 0, false, true},   {50, 1, false, 0, false, false},
                 {51, 1, true, 0, false, false},   {1, 21, false, 0, false, true},
                 {1, 20, false, 0, false, false},  {4, 10, false, 0, false, true},
                 {4, 9, false, 0, false, false},   {25, 4, false, 0, false, false},
                 {51, 1, false, 32, true, true},   {51, 1, false, 202, true, false},
                 {51, 1, false, 2000, false, true}};
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        tries(&w, cases[i].hosts, cases[i].ports, cases[i].own);
        for (uint32_t k = 0; k < (cases[i].up ? 2u : 0u); k++) {
            struct msg_connection *c = &tried[w.s.connections.rows_n++];
            *c = tried[0];
            c->state = CONN_CLOSED;
            c->start_us = 20000000;
            c->server_port = 9;
            c->client.b[3] ^= !cases[i].own_up;
        }
        w.s.totals.established = cases[i].up;
        w.s.totals.duration_us = 30000000;
        struct diagnosis *d = diagnose(set, &w.v);
        if (!find_id(d, "syn_scan") == cases[i].scan) fail_msg("case %zu", i);
        diagnosis_free(d);
    }
}

/* A program that a firewall rejects asks again, and on its second port: no port is new. */
static void test_rules_again_is_no_scan(void **state) {
    static struct world w;
    (void)state;
    for (unsigned ports = 2; ports <= 8; ports += 6) {
        world_init(&w);
        tries(&w, 12, 8, false);
        for (uint32_t i = 0; i < 96; i++) tried[i].server_port = (uint16_t)(443 + i % 8 % ports);
        struct diagnosis *d = diagnose(set, &w.v);
        assert_int_equal(find_id(d, "syn_scan") != NULL, ports == 8);
        diagnosis_free(d);
    }
}

/* A monitor looks at the same each 15 s: the hosts are down. */
static void test_rules_in_rounds(void **state) {
    static struct world w;
    (void)state;
    for (uint64_t apart = 13; apart <= 15; apart += 2) {
        world_init(&w);
        refused_by_scan(&w);
        tries(&w, 30, 2, true);
        for (uint32_t i = 0; i < 60; i++) {
            struct msg_service *s = &w.s.services.rows[i / 2];
            s->attempted = s->refused = 2;
            s->asked_again = 1;
            s->first_us = 0;
            s->last_us = apart * 1000000;
            tried[i].server = s->address;
            tried[i].server_port = s->port;
            tried[i].start_us = i % 2 * s->last_us;
        }
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, "tcp_refused");
        bool rounds = apart == 15;
        assert_int_equal(find_id(d, "syn_scan") == NULL, rounds);
        assert_int_equal(f != NULL, rounds);
        if (f) assert_int_equal(f->severity, SEVERITY_CRITICAL);
        diagnosis_free(d);
    }
}

static void test_rules_beside_a_scan(void **state) {
    static const struct {
        void (*change)(struct world *w);
        const char *subject; /* refused; NULL: none is told */
        enum severity severity;
        const char *headline_has;
    } cases[] = {{refused_by_scan, NULL, SEVERITY_INFO, ""},
                 {refused_by_long_scan, NULL, SEVERITY_INFO, ""},
                 {and_for_another, "203.0.113.9:1005", SEVERITY_INFO, "30 ports"},
                 {and_for_many, "203.0.113.9:1005", SEVERITY_CRITICAL, "30 ports"},
                 {and_often, "203.0.113.9:1005", SEVERITY_CRITICAL, "30 ports"},
                 {elsewhere, "203.0.113.77:2000", SEVERITY_CRITICAL, "refuses"},
                 {beside_it, "203.0.113.9:2000", SEVERITY_INFO, "30 ports"},
                 {half_served, "203.0.113.9:443", SEVERITY_CRITICAL, "refuses 55.56 %"}};
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, "tcp_refused");
        assert_non_null(find_id(d, "syn_scan"));
        if (!f != !cases[i].subject || d->n != 1u + (f != NULL) ||
            (f && (strcmp(f->subject, cases[i].subject) != 0 || f->severity != cases[i].severity ||
                   !strstr(f->headline, cases[i].headline_has))))
            fail_msg("case %zu: %u findings, %s", i, d->n, f ? f->subject : "no refusal");
        diagnosis_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_beside_a_scan),
        cmocka_unit_test(test_rules_what_a_scan_is),
        cmocka_unit_test(test_rules_again_is_no_scan),
        cmocka_unit_test(test_rules_in_rounds),
    };
    return cmocka_run_group_tests_name("rules_scans", tests, read_rules, free_rules);
}
