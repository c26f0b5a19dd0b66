/* Reports of numbers that no honest worker counts: whatever a snapshot that passes the checks says,
 * the report is one, and says it as it is.  What the fuzzers found has its test here. */
#include "tests/unit/with_rules.h"
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

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

/* Rates and shares that no 64 bits hold are told as the largest number, not as one by chance. */
static void test_extremes_rates_stay_at_the_end_of_the_scale(void **state) {
    static struct world w;
    static struct msg_protocol tcp = {.proto = PROTO_TCP, .packets = UINT64_MAX};
    struct msg_totals *t = &w.s.totals;
    (void)state;
    world_init(&w);
    t->payload_to_client = UINT64_MAX;
    t->duration_us = 1;
    t->packets = 1;
    t->protocols = &tcp;
    t->protocols_n = 1;
    cJSON *report = report_full(set, &w.v);
    const cJSON *rate = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(
            cJSON_GetObjectItemCaseSensitive(report, "connection_analysis"), "throughput_bps"),
        "to_client");
    assert_true(cJSON_IsString(rate));
    assert_string_equal(rate->valuestring, "18446744073709551615");
    const cJSON *row = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(report, "protocols"), 0);
    const cJSON *share = cJSON_GetObjectItemCaseSensitive(row, "percent");
    assert_true(cJSON_IsNumber(share) && share->valuedouble > 1e18);
    cJSON_Delete(report);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extremes_count_stays_a_count),
        cmocka_unit_test(test_extremes_rates_stay_at_the_end_of_the_scale),
    };
    return cmocka_run_group_tests(tests, read_rules, free_rules);
}
