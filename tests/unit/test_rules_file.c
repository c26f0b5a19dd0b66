/* The rule file's loader: what it must refuse, and that it names the rule. */
#include "tests/unit/world.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* A whole file with one rule; the parts in capitals are replaced by each case. */
static const char frame[] =
    "{\"version\":1,"
    "\"quality_gate\":{\"possible_at\":1,\"withheld_at\":10,\"good_below\":0.1,\"fair_up_to\":1,"
    "\"min_events\":5,\"reason\":\"because it is a test\"},"
    "\"words\":{\"en\":{\"sides\":{\"1\":\"client\"}}},"
    "\"visibility\":{\"tcp\":{\"is\":\"tcp_flows > 0\",\"text\":{\"en\":\"no TCP seen\"}}},"
    "\"verdicts\":{\"en\":{\"healthy\":\"fine\",\"pending\":\"wait\",\"failed\":\"failed\","
    "\"nothing\":\"nothing\",\"more\":\"more\",\"elsewhere\":\"elsewhere\",\"withheld\":\"w\"}},"
    "\"rules\":[%s]}";

static const char good_rule[] =
    "{\"id\":\"r1\",\"table\":\"services\",\"needs\":[\"tcp\"],"
    "\"thresholds\":{\"min\":{\"value\":2,\"reason\":\"two are more than one\"}},"
    "\"when\":{\"all\":[\"refused >= $min\",{\"not\":\"refused > 2 * $min\"}]},"
    "\"severity\":\"warning\",\"confidence\":\"confirmed\","
    "\"blame\":{\"is\":\"server\",\"confidence\":\"likely\"},\"subject\":\"{service}\","
    "\"evidence\":[{\"key\":\"count\",\"value\":\"refused\"}],"
    "\"text\":{\"en\":{\"headline\":\"{service} refused {refused|time|times}\","
    "\"explanation\":\"{refused} of {attempted} {refused@sides}\",\"next_step\":\"look\"}}}";

static struct rules *load(const char *rule, struct fail *fail) {
    static char text[16384];
    snprintf(text, sizeof text, frame, rule);
    memset(fail, 0, sizeof *fail);
    return rules_new(text, fail);
}

/* The good rule with `from` replaced by `to`. */
static const char *changed(const char *from, const char *to) {
    static char rule[8192];
    const char *at = strstr(good_rule, from);
    assert_non_null(at);
    snprintf(rule, sizeof rule, "%.*s%s%s", (int)(at - good_rule), good_rule, to,
             at + strlen(from));
    return rule;
}

static void test_rules_file_good(void **state) {
    struct fail f;
    (void)state;
    struct rules *r = load(good_rule, &f);
    assert_non_null(r);
    rules_free(r);
    r = rules_new(NULL, &f);
    assert_non_null(r);
    rules_free(r);
}

static void test_rules_file_refuses(void **state) {
    static const struct {
        const char *from, *to, *why;
    } cases[] = {
        {"\"needs\"", "\"neds\"", "unknown key \"neds\""},
        {"\"id\":\"r1\",", "\"id\":\"r1\",\"id\":\"r2\",", ""},
        {"\"services\"", "\"servers\"", "no table \"servers\""},
        {"\"services\"", "\"incidents:nosuch\"", "no incident \"nosuch\""},
        {"[\"tcp\"]", "[\"udp\"]", "needs something unknown"},
        {"refused >= $min", "refusals >= $min", "no value \"refusals\" in table services"},
        {"refused >= $min", "refused => $min", "no comparison \"=>\""},
        {"refused >= $min", "refused >= $max", "no threshold \"max\""},
        {"refused >= $min", "refused >=", "is not \"name op value\""},
        {"refused >= $min", "often", "no condition \"often\" stands in `where` before it"},
        {"\"needs\":[\"tcp\"],",
         "\"needs\":[\"tcp\"],\"where\":{\"a\":\"b\",\"b\":\"refused > 1\"},",
         "no condition \"b\""},
        {"\"needs\":[\"tcp\"],", "\"needs\":[\"tcp\"],\"where\":{\"a\":\"a\"},",
         "no condition \"a\""},
        {"\"needs\":[\"tcp\"],", "\"needs\":[\"tcp\"],\"where\":[\"refused > 1\"],",
         "where is an object"},
        {"refused >= $min", "refused >= 1 and more", "has more after its value"},
        {"refused >= $min", "name = 1", "no value \"name\""},
        {"{\"not\":", "{\"nor\":", "unknown key \"nor\""},
        {"\"all\":[", "\"all\":[],\"any\":[", "one of all, any, not"},
        {"\"reason\":\"two are more than one\"", "\"reason\":\"\"", "threshold min has no reason"},
        {"\"value\":2", "\"value\":-2", "threshold min is no number"},
        {"\"value\":2", "\"value\":\"2\"", "threshold min is no number"},
        {"\"severity\":\"warning\"", "\"severity\":\"severe\"", "\"severe\" is not allowed"},
        {"\"severity\":\"warning\"", "\"severity\":[]", "empty list"},
        {"\"confidence\":\"confirmed\"", "\"confidence\":\"sure\"", "\"sure\" is not allowed"},
        {"\"is\":\"server\"", "\"is\":\"printer\"", "\"printer\" is not allowed"},
        {"\"confidence\":\"likely\"", "\"confidence\":\"maybe\"", "unknown confidence of a blame"},
        {"{\"is\":\"server\",\"confidence\":\"likely\"}", "\"server\"", "an object is expected"},
        {"{service} refused", "{name} refused", "no value {name} in table services"},
        {"{service} refused", "{sni} refused", "no value {sni} in table services"},
        {"{service} refused", "{peer} refused", "no {peer} in table services"},
        {"{refused|time|times}", "{refused|time}", "bad placeholder"},
        {"{refused|time|times}", "{refused", "bad placeholder"},
        {"{refused@sides}", "{refused@nosuch}", "no list of words \"nosuch\""},
        {"\"value\":\"refused\"}", "\"value\":\"name\"}", "no value \"name\" for evidence"},
        {"\"value\":\"refused\"}", "\"text\":\"{name}\"}", "no value {name}"},
        {"\"next_step\":\"look\"", "\"next\":\"look\"", "unknown key \"next\""},
        {",\"next_step\":\"look\"", "", "key \"next_step\" is missing"},
        {"\"text\":{\"en\"", "\"text\":{\"de\"", "unknown key \"de\""},
        {"\"needs\":[\"tcp\"],",
         "\"needs\":[\"tcp\"],\"suppressed_by\":[{\"rule\":\"r9\",\"same\":\"subject\"}],",
         "unknown rule \"r9\""},
        {"\"needs\":[\"tcp\"],",
         "\"needs\":[\"tcp\"],\"suppressed_by\":[{\"rule\":\"r1\",\"same\":\"subject\"}],",
         "in a circle"},
        {"\"needs\":[\"tcp\"],", "\"needs\":[\"tcp\"],\"status\":\"healthy\",",
         "cannot give that status"},
        {"\"needs\":[\"tcp\"],", "\"needs\":[\"tcp\"],\"quality\":\"gain\",", "quality is loss"},
        {"\"needs\":[\"tcp\"],", "\"needs\":[\"tcp\"],\"name\":\"sni\",", "no name \"sni\""},
        {"\"needs\":[\"tcp\"],", "\"needs\":[\"tcp\"],\"count\":\"name\",",
         "no value \"name\" for count"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fail f;
        struct rules *r = load(changed(cases[i].from, cases[i].to), &f);
        if (r) fail_msg("case %zu was taken", i);
        if (!strstr(f.why, cases[i].why)) fail_msg("case %zu says: %s", i, f.why);
        if (cases[i].why[0] && !strstr(f.why, "r1"))
            fail_msg("case %zu names no rule: %s", i, f.why);
    }
}

static void test_rules_file_refuses_frames(void **state) {
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "null",
                                        "{\"version\":2}",
                                        "{\"version\":1,\"rules\":[]}",
                                        "{\"version\":1,\"version\":1}",
                                        "\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fail f = {0};
        assert_null(rules_new(texts[i], &f));
        assert_true(f.why[0] != 0);
    }
}

/* 64 rules, each suppressed by the four after it: billions of ways, and loaded at once. */
static void test_rules_file_many_ways(void **state) {
    static char list[65536], text[sizeof list + sizeof frame];
    size_t used = 0;
    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        char by[400] = "", rule[2048], id[8];
        for (unsigned k = i + 1, n = 0; k < i + 5 && k < 64; k++)
            n += (unsigned)snprintf(by + n, sizeof by - n, "%s{\"rule\":\"r%u\",\"same\":\"any\"}",
                                    n ? "," : "", k);
        snprintf(rule, sizeof rule, "\"needs\":[\"tcp\"],\"suppressed_by\":[%s],", by);
        snprintf(id, sizeof id, "r%u", i);
        const char *whole = changed("\"needs\":[\"tcp\"],", rule);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s{\"id\":\"%s\"%s",
                                 i ? "," : "", id, whole + strlen("{\"id\":\"r1\""));
    }
    assert_true(used < sizeof list);
    snprintf(text, sizeof text, frame, list);
    struct fail f = {0};
    (void)alarm(20);
    struct rules *r = rules_new(text, &f);
    (void)alarm(0);
    if (!r) fail_msg("%s", f.why);
    rules_free(r);
}

/* The text cut anywhere is refused, never half taken. */
static void test_rules_file_truncated(void **state) {
    static char text[16384];
    (void)state;
    int len = snprintf(text, sizeof text, frame, good_rule);
    for (int n = len - 1; n >= 0; n--) {
        struct fail f;
        text[n] = 0;
        assert_null(rules_new(text, &f));
    }
}

static void test_rules_file_two_of_one_id(void **state) {
    static char both[8192];
    struct fail f;
    (void)state;
    snprintf(both, sizeof both, "%s,%s", good_rule, good_rule);
    assert_null(load(both, &f));
    assert_non_null(strstr(f.why, "id occurs twice"));
}

/* Conditions mean what they say: refused >= 2 and not > 4. */
static void test_rules_file_conditions(void **state) {
    static const struct {
        unsigned refused;
        bool said;
    } cases[] = {{0, false}, {1, false}, {2, true}, {4, true}, {5, false}};
    static struct world w;
    struct fail f;
    struct rules *r = load(good_rule, &f);
    (void)state;
    assert_non_null(r);
    for (size_t i = 0; i < 5; i++) {
        world_init(&w);
        w.service[0].refused = cases[i].refused;
        struct diagnosis *d = diagnose(r, &w.v);
        assert_int_equal(d->n, cases[i].said);
        if (d->n) assert_non_null(strstr(d->finding[0].headline, "203.0.113.9:443 refused"));
        diagnosis_free(d);
    }
    w.s.totals.tcp_flows = 0; /* the rule's need */
    w.service[0].refused = 2;
    struct diagnosis *d = diagnose(r, &w.v);
    assert_int_equal(d->n, 0);
    assert_int_equal(d->evaluated, 0);
    assert_string_equal(d->outcome[0].reason, "no TCP seen");
    diagnosis_free(d);
    rules_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_file_good),
        cmocka_unit_test(test_rules_file_refuses),
        cmocka_unit_test(test_rules_file_refuses_frames),
        cmocka_unit_test(test_rules_file_many_ways),
        cmocka_unit_test(test_rules_file_truncated),
        cmocka_unit_test(test_rules_file_two_of_one_id),
        cmocka_unit_test(test_rules_file_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
