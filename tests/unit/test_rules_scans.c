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

static void test_rules_beside_a_scan(void **state) {
    static const struct {
        void (*change)(struct world *w);
        const char *subject; /* refused; NULL: none is told */
        enum severity severity;
    } cases[] = {{refused_by_scan, NULL, SEVERITY_INFO},
                 {refused_by_long_scan, NULL, SEVERITY_INFO},
                 {and_for_another, "203.0.113.9:1005", SEVERITY_INFO},
                 {and_for_many, "203.0.113.9:1005", SEVERITY_CRITICAL},
                 {and_often, "203.0.113.9:1005", SEVERITY_CRITICAL},
                 {beside_it, "203.0.113.9:2000", SEVERITY_INFO},
                 {half_served, "203.0.113.9:443", SEVERITY_CRITICAL}};
    static struct world w;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        world_init(&w);
        cases[i].change(&w);
        struct diagnosis *d = diagnose(set, &w.v);
        const struct finding *f = find_id(d, "tcp_refused");
        assert_non_null(find_id(d, "syn_scan"));
        if (!f != !cases[i].subject || d->n != 1u + (f != NULL) ||
            (f && (strcmp(f->subject, cases[i].subject) != 0 || f->severity != cases[i].severity)))
            fail_msg("case %zu: %u findings, %s", i, d->n, f ? f->subject : "no refusal");
        diagnosis_free(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_beside_a_scan),
    };
    return cmocka_run_group_tests_name("rules_scans", tests, read_rules, free_rules);
}
