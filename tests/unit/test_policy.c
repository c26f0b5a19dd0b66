/* Who may talk to capd, what may be started, how fast.  Runs in: tests. */
#include "capd/parent/policy.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static struct config config_of(void) {
    struct config c;
    config_defaults(&c);
    return c;
}

static void test_policy_without_lists_admits_all(void **state) {
    (void)state;
    struct config c = config_of();
    struct peer p = {.uid = 1000, .gid = 1000};
    struct fail fail;
    assert_true(policy_admits(&c, &p, &fail));
}

static void test_policy_admits_listed_users_and_groups_only(void **state) {
    static const struct {
        struct peer peer;
        bool admitted;
    } cases[] = {
        {{.uid = 1000, .gid = 1}, true},
        {{.uid = 1001, .gid = 1}, false},
        {{.uid = 1001, .gid = 50}, true},
        {{.uid = 1001, .gid = 1, .groups = {7, 50}, .groups_n = 2}, true},
        {{.uid = 1001, .gid = 1, .groups = {7, 50}, .groups_n = 1}, false},
        {{.uid = 50, .gid = 1000}, false}, /* a uid is no gid */
        {{.uid = 0, .gid = 0}, true},
    };
    (void)state;
    struct config c = config_of();
    struct fail fail;
    c.users.id[c.users.n++] = 1000;
    c.groups.id[c.groups.n++] = 50;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&fail, 0, sizeof fail);
        assert_int_equal(policy_admits(&c, &cases[i].peer, &fail), cases[i].admitted);
        assert_int_equal(fail.code, cases[i].admitted ? FAIL_NONE : FAIL_PERMISSION);
    }
}

static void test_policy_interfaces(void **state) {
    (void)state;
    struct config c = config_of();
    assert_true(policy_allows_interface(&c, "eth0"));
    memcpy(c.interfaces[c.interfaces_n++], "lo", 3);
    assert_true(policy_allows_interface(&c, "lo"));
    assert_false(policy_allows_interface(&c, "eth0"));
    assert_false(policy_allows_interface(&c, "l"));
}

static bool allows(const struct config *c, unsigned in_all, unsigned of_user, uint64_t duration_ms,
                   struct fail *fail) {
    struct policy_start w = {in_all, of_user, duration_ms};
    return policy_allows_start(c, &w, fail);
}

static void test_policy_limits_name_the_key(void **state) {
    (void)state;
    struct config c = config_of();
    struct fail fail;
    c.max_captures = 3;
    c.max_captures_per_user = 2;
    c.max_duration_s = 60;
    assert_true(allows(&c, 2, 1, 60000, &fail));
    assert_false(allows(&c, 3, 0, 1000, &fail));
    assert_non_null(strstr(fail.why, "max_captures = 3"));
    assert_false(allows(&c, 2, 2, 1000, &fail));
    assert_non_null(strstr(fail.why, "max_captures_per_user = 2"));
    assert_false(allows(&c, 0, 0, 60001, &fail));
    assert_string_equal(fail.field, "duration_ms");
    assert_int_equal(fail.code, FAIL_LIMIT);
}

static void test_policy_accounts(void **state) {
    static const struct {
        uid_t uid;
        const char *caller, *account;
    } cases[] = {
        {1000, "stdio", "uid 1000"},
        {1000, "uid 1001, codex", "uid 1000"}, /* only a service is believed */
        {7, "uid 1000, codex", "uid 1000"},    /* the same as when 1000 comes itself */
        {7, "uid 1000", "uid 1000"},
        {7, "token default, uid 1000", "token default"},
        {7, "", "uid 7"},
    };
    (void)state;
    struct config c = config_of();
    c.services.id[c.services.n++] = 7;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[LIM_LABEL + 1];
        assert_string_equal(policy_account(&c, cases[i].uid, cases[i].caller, out),
                            cases[i].account);
    }
}

static void test_policy_ownership(void **state) {
    (void)state;
    struct peer other = {.uid = 4001}, owner = {.uid = 4000}, root = {.uid = 0};
    assert_true(policy_owns(&owner, 4000));
    assert_false(policy_owns(&other, 4000));
    assert_true(policy_owns(&root, 4000));
}

static void test_policy_reads_the_peer_from_the_kernel(void **state) {
    (void)state;
    int pair[2];
    struct peer p;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(peer_read(pair[0], &p), 0);
    assert_int_equal(p.uid, geteuid());
    assert_int_equal(p.gid, getegid());
    assert_int_equal(p.pid, getpid());
    close(pair[0]);
    close(pair[1]);
    assert_true(peer_read(pair[0], &p) < 0);
}

static void test_bucket_limits_and_refills(void **state) {
    (void)state;
    const struct bucket_rate rate = {20, 40};
    struct bucket b = {0, 0};
    unsigned taken = 0;
    for (unsigned i = 0; i < 1000; i++) taken += bucket_take(&b, &rate, 5000);
    assert_int_equal(taken, rate.burst);
    assert_false(bucket_take(&b, &rate, 4000)); /* a clock that steps back gives nothing */
    taken = 0;
    for (unsigned i = 0; i < 1000; i++) taken += bucket_take(&b, &rate, 5000 + i); /* one second */
    assert_in_range(taken, rate.per_s - 1, rate.per_s + 21);
    taken = 0;
    for (unsigned i = 0; i < 1000; i++) taken += bucket_take(&b, &rate, UINT64_MAX / 2);
    assert_int_equal(taken, rate.burst);
}

static void test_bucket_shares_are_of_one_user_each(void **state) {
    (void)state;
    const struct bucket_rate rate = {1, 10};
    static struct bucket_shares s;
    unsigned taken = 0;
    uint32_t missed = 99;
    for (unsigned i = 0; i < 100; i++) taken += bucket_take_of(&s, 1000, &rate, 5000, &missed);
    assert_int_equal(taken, rate.burst);
    assert_int_equal(missed, 0);
    assert_true(bucket_take_of(&s, 0, &rate, 5000, &missed)); /* root is a user like others */
    assert_true(bucket_take_of(&s, 1001, &rate, 5000, NULL));
    assert_true(bucket_take_of(&s, 1000, &rate, 6000, &missed));
    assert_int_equal(missed, 90);
    assert_false(bucket_take_of(&s, 1000, &rate, 6000, &missed));
    for (uint32_t id = 2000; id < 2000 + BUCKET_SHARES - 1; id++) /* crowded out: others */
        assert_true(bucket_take_of(&s, id, &rate, 6001, NULL));
    assert_false(bucket_take_of(&s, 1000, &rate, 6001, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_without_lists_admits_all),
        cmocka_unit_test(test_policy_admits_listed_users_and_groups_only),
        cmocka_unit_test(test_policy_interfaces),
        cmocka_unit_test(test_policy_limits_name_the_key),
        cmocka_unit_test(test_policy_accounts),
        cmocka_unit_test(test_policy_ownership),
        cmocka_unit_test(test_policy_reads_the_peer_from_the_kernel),
        cmocka_unit_test(test_bucket_limits_and_refills),
        cmocka_unit_test(test_bucket_shares_are_of_one_user_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
