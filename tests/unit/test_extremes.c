/* Reports of numbers that no honest worker counts: whatever a snapshot that passes the checks says,
 * the report is one, and says it as it is.  What the fuzzers found has its test here. */
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct rules *set;

static const cJSON *problem(const cJSON *report, const char *id) {
    const cJSON *p;
    cJSON_ArrayForEach(p, cJSON_GetObjectItemCaseSensitive(report, "problems_detected")) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(p, "id");
        if (cJSON_IsString(name) && strcmp(name->valuestring, id) == 0) return p;
    }
    return NULL;
}

/* A count at the end of the scale, and the sum of two of them, is told as the largest number. */
static void test_extremes_count_stays_a_count(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    for (int i = 0; i < 2; i++) {
        struct msg_incident *n = world_incident(&w, INCIDENT_ARP_UNANSWERED);
        n->tries = UINT64_MAX;
        n->span_us = 9000000;
        n->port = 0;
    }
    cJSON *report = report_full(set, &w.v);
    const cJSON *p = problem(report, "arp_unanswered");
    assert_non_null(p);
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(p, "count");
    assert_true(cJSON_IsString(count));
    assert_string_equal(count->valuestring, "18446744073709551615");
    cJSON_Delete(report);
}

static int set_up(void **state) {
    struct fail f;
    (void)state;
    set = rules_new(NULL, &f);
    return set ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    rules_free(set);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extremes_count_stays_a_count),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
