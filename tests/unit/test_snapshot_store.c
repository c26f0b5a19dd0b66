/* mcpd/capture/snapshot and store: frames that are no snapshot are refused, what is kept is kept
 * as long and as large as promised. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "common/wire.h"
#include "mcpd/capture/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t body[LIM_FRAME_FROM_CAPD];

static size_t encode(unsigned type, const void *msg) {
    size_t len = schema_encode(schema_of_wire(type), msg, body, sizeof body);
    assert_true(len > 0);
    return len;
}

static struct msg_hosts two_hosts(struct msg_host row[2]) {
    memset(row, 0, 2 * sizeof *row);
    snprintf(row[0].name, sizeof row[0].name, "one.example");
    snprintf(row[1].name, sizeof row[1].name, "two.example");
    row[0].packets = 11;
    row[1].packets = 22;
    return (struct msg_hosts){.rows = row, .rows_n = 2, .of = 2};
}

static void test_snapshot_takes_tables_again_and_again(void **state) {
    (void)state;
    struct msg_host row[2];
    struct msg_hosts hosts = two_hosts(row);
    struct msg_totals totals = {.packets = 5};
    struct fail f;
    struct snapshot *s = snapshot_new();
    for (int i = 0; i < 1000; i++) { /* would overrun an arena that only grows */
        assert_true(snapshot_take(s, WIRE_HOSTS, body, encode(WIRE_HOSTS, &hosts), &f));
        assert_true(snapshot_take(s, WIRE_TOTALS, body, encode(WIRE_TOTALS, &totals), &f));
    }
    assert_int_equal(s->hosts.rows_n, 2);
    assert_string_equal(s->hosts.rows[1].name, "two.example");
    assert_int_equal(s->totals.packets, 5);
    assert_false(s->full);
    snapshot_free(s);
}

static void test_snapshot_is_full_with_all_tables_of_one_set(void **state) {
    (void)state;
    struct msg_totals totals = {.packets = 5};
    struct msg_timeline timeline = {.bucket_us = 1};
    struct msg_services none = {.of = 0};
    struct fail f;
    struct snapshot *s = snapshot_new();
    for (unsigned round = 0; round < 3; round++) {
        assert_true(snapshot_take(s, WIRE_TOTALS, body, encode(WIRE_TOTALS, &totals), &f));
        for (unsigned type = WIRE_SERVICES; type <= WIRE_INCIDENTS; type++) {
            const void *msg = type == WIRE_TIMELINE ? (const void *)&timeline : &none;
            if (round == 0 && type == WIRE_DNS) continue; /* one is missing */
            if (round == 1 && type == WIRE_TLS) continue; /* another: two halves make no whole */
            assert_true(snapshot_take(s, type, body, encode(type, msg), &f));
        }
        assert_int_equal(s->full, round == 2);
    }
    snapshot_free(s);
}

static void test_snapshot_refuses_bad_frames(void **state) {
    (void)state;
    struct msg_host row[2];
    struct msg_hosts hosts = two_hosts(row);
    struct fail f;
    struct snapshot *s = snapshot_new();
    size_t len = encode(WIRE_HOSTS, &hosts);
    assert_false(snapshot_take(s, WIRE_STARTED, body, len, &f)); /* no table */
    assert_false(snapshot_take(s, 200, body, len, &f));
    assert_false(snapshot_take(s, WIRE_SERVICES, body, len, &f)); /* another table's rows */
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees an over-read */
        memcpy(exact, body, cut);
        assert_false(snapshot_take(s, WIRE_HOSTS, exact, cut, &f));
        assert_int_equal(s->hosts.rows_n, 0);
        free(exact);
    }
    for (size_t i = 0; i < len; i++) { /* every byte spoiled: refused or taken, never a crash */
        uint8_t was = body[i];
        body[i] = 0xc1; /* the one byte that msgpack never uses */
        if (snapshot_take(s, WIRE_HOSTS, body, len, &f)) assert_true(s->hosts.rows_n <= 2);
        body[i] = was;
    }
    assert_true(snapshot_take(s, WIRE_HOSTS, body, len, &f));
    assert_int_equal(s->hosts.rows_n, 2);
    body[len - 2]++; /* the last key's name: unknown, found out after the rows were decoded */
    assert_false(snapshot_take(s, WIRE_HOSTS, body, len, &f));
    assert_int_equal(s->hosts.rows_n, 0);
    snapshot_free(s);
}

static void test_snapshot_compact_keeps_every_row(void **state) {
    (void)state;
    struct msg_host row[2];
    struct msg_hosts hosts = two_hosts(row);
    struct msg_code_count code = {.code = 404, .count = 3};
    struct msg_totals totals = {.packets = 5, .http_statuses = &code, .http_statuses_n = 1};
    struct fail f;
    struct snapshot *s = snapshot_new();
    assert_true(snapshot_take(s, WIRE_TOTALS, body, encode(WIRE_TOTALS, &totals), &f));
    assert_true(snapshot_take(s, WIRE_HOSTS, body, encode(WIRE_HOSTS, &hosts), &f));
    struct snapshot *small = snapshot_compact(s);
    assert_true(snapshot_bytes(small) < snapshot_bytes(s) / 20);
    snapshot_free(s); /* the copy must not need it */
    assert_int_equal(small->totals.http_statuses[0].code, 404);
    assert_string_equal(small->hosts.rows[0].name, "one.example");
    assert_int_equal(small->hosts.rows[1].packets, 22);
    snapshot_free(small);
}

/* ---- store ----------------------------------------------------------------------------------- */

static struct capture *add(struct store *s, const char *id, enum capture_state state,
                           uint64_t ended_ms) {
    struct capture *c = capture_new();
    snprintf(c->id, sizeof c->id, "%s", id);
    c->state = state;
    c->ended_mono_ms = ended_ms;
    assert_true(store_add(s, c));
    return c;
}

static bool has(struct store *s, const char *id) {
    bool expired;
    return store_find(s, id, &expired) != NULL;
}

static void test_store_expires_by_age_but_never_what_runs(void **state) {
    (void)state;
    struct store *s = store_new(1000, 16 << 20);
    bool expired;
    add(s, "running", CAPTURE_RUNNING, 0);
    add(s, "old", CAPTURE_FINISHED, 5000);
    add(s, "new", CAPTURE_FAILED, 5500);
    store_expire(s, 6000);
    assert_true(has(s, "old"));
    store_expire(s, 6001);
    assert_false(has(s, "old"));
    assert_true(has(s, "new") && has(s, "running"));
    assert_null(store_find(s, "old", &expired));
    assert_true(expired); /* the answer can say so */
    assert_null(store_find(s, "never", &expired));
    assert_false(expired);
    store_expire(s, 1u << 30);
    assert_int_equal(store_count(s), 1);
    store_free(s);
}

static void test_store_drops_of_who_keeps_most(void **state) {
    (void)state;
    struct store *s = store_new(1u << 30, 100 * 1024);
    char id[16];
    add(s, "theirs", CAPTURE_FINISHED, 1)->caller =
        (struct caller){.kind = CALLER_TOKEN, .name = "b"};
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "id%d", i);
        add(s, id, CAPTURE_FINISHED, 1)->caller =
            (struct caller){.kind = CALLER_TOKEN, .name = "a"};
        store_expire(s, 2);
        assert_true(has(s, "theirs") && has(s, id));
    }
    assert_in_range(store_count(s), 3, 50);
    store_free(s);
}

static void test_store_keeps_to_its_size_oldest_first(void **state) {
    (void)state;
    struct store *s = store_new(1u << 30, 100 * 1024);
    char id[16];
    add(s, "running", CAPTURE_RUNNING, 0);
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "id%d", i);
        add(s, id, CAPTURE_FINISHED, 1);
        store_expire(s, 2);
    }
    uint32_t kept = store_count(s);
    assert_true(kept > 2 && kept < 50);
    assert_true(has(s, "running") && has(s, "id99"));
    assert_false(has(s, "id0"));
    for (uint32_t i = 1; i < kept; i++) { /* no holes: exactly the newest are there */
        snprintf(id, sizeof id, "id%u", 100 - kept + i);
        assert_string_equal(store_at(s, i)->id, id);
    }
    store_free(s);
}

static void test_store_shows_a_caller_its_own(void **state) {
    (void)state;
    struct store *s = store_new(1000, 1 << 20);
    struct capture *c = add(s, "x", CAPTURE_RUNNING, 0);
    c->caller = (struct caller){.kind = CALLER_UID, .has_uid = true, .uid = 1000};
    struct caller other = {.kind = CALLER_UID, .has_uid = true, .uid = 1001};
    struct caller root = {.kind = CALLER_UID, .has_uid = true, .uid = 0, .privileged = true};
    assert_true(capture_visible(c, &c->caller));
    assert_false(capture_visible(c, &other));
    assert_true(capture_visible(c, &root));
    assert_false(capture_same_owner(c, &root)); /* but not meant when no id is given */
    store_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot_takes_tables_again_and_again),
        cmocka_unit_test(test_snapshot_is_full_with_all_tables_of_one_set),
        cmocka_unit_test(test_snapshot_refuses_bad_frames),
        cmocka_unit_test(test_snapshot_compact_keeps_every_row),
        cmocka_unit_test(test_store_expires_by_age_but_never_what_runs),
        cmocka_unit_test(test_store_drops_of_who_keeps_most),
        cmocka_unit_test(test_store_keeps_to_its_size_oldest_first),
        cmocka_unit_test(test_store_shows_a_caller_its_own),
    };
    return cmocka_run_group_tests_name("snapshot and store", tests, NULL, NULL);
}
