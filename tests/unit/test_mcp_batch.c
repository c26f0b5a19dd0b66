/* What a batch may cost: bytes, and everybody else's time.
 * Runs in: test.  Input trust: none. */
#include "mcpd/loop.h"
#include "tests/unit/mcp_fake.h"

#define CALL(id, what)                                                                             \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":"           \
    "\"fake_tool\",\"arguments\":{\"target\":\"a\",\"broken\":\"" what "\"}}}"
#define CANCEL                                                                                     \
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}"

static struct loop *loop;

static struct mcp_conn *connect_batches(struct fake *f, uid_t uid, bool unsolicited) {
    struct mcp_conn_options options = {.caller = {.kind = CALLER_UID, .has_uid = true, .uid = uid},
                                       .send = fake_send,
                                       .unsolicited = unsolicited,
                                       .legacy_version = "2025-03-26",
                                       .ctx = f};
    return mcp_conn_new(f->server, &options);
}

static int setup(void **state) {
    loop = NULL;
    fake_setup(state);
    struct fake *f = *state;
    mcp_conn_free(f->conn);
    f->conn = connect_batches(f, 1000, false);
    return 0;
}

static int setup_loop(void **state) {
    loop = loop_new();
    fake_setup_with(state, (struct mcp_config){.loop = loop});
    struct fake *f = *state;
    mcp_conn_free(f->conn);
    f->conn = connect_batches(f, 1000, false);
    return 0;
}

static int teardown(void **state) {
    fake_teardown(state);
    loop_free(loop);
    return 0;
}

/* Seven answers of a MiB: three fit, the fourth does not, the others are not worked out. */
static void test_mcp_batch_answers_have_an_end(void **state) {
    struct fake *f = *state;
    fake_feed(f, "[" CALL("0", "big") "," CALL("1", "big") "," CALL("2", "big") "," CALL(
                     "3", "big") "," CALL("4", "big") "," CALL("5", "no") "," CALL("6", "big") "]");
    const cJSON *answer = fake_next(f), *one;
    int i = 0;
    assert_int_equal(cJSON_GetArraySize(answer), 7);
    assert_int_equal(f->starts, 4);
    cJSON_ArrayForEach(one, answer) {
        assert_int_equal(fake_at(one, "id")->valueint, i);
        assert_true((i < 3) == (fake_at(one, "result") != NULL));
        if (i >= 3) assert_int_equal(fake_at(one, "error|code")->valueint, -32603);
        if (i++ < 3) continue;
        assert_non_null(strstr(fake_at(one, "error|message")->valuestring, "ask for this one"));
    }
    /* the next batch begins anew */
    fake_feed(f, "[" CALL("0", "big") "]");
    assert_non_null(fake_at(fake_next(f), "0|result"));
}

/* What one caller keeps open leaves room for another; each request that finds none is told so. */
static void test_mcp_batch_has_room_beside_other_callers(void **state) {
    static const char hold[] = "{\"jsonrpc\":\"2.0\",\"id\":\"h\",\"method\":\"tools/call\","
                               "\"params\":{\"name\":\"fake_tool\",\"arguments\":{\"target\":"
                               "\"a\",\"hold\":true}}}";
    struct fake *f = *state;
    struct mcp_conn *conns[30], *first = f->conn;
    char batch[600];
    size_t n = 0;
    snprintf(batch, sizeof batch, "[%s,%s,%s]", hold, CALL("1", "big"), CANCEL);
    while (n < 30 && f->sent_taken == f->sent_count) {
        f->conn = conns[n++] = connect_batches(f, 1000, false);
        fake_feed(f, batch);
    }
    const cJSON *answer = fake_next(f);
    assert_true(cJSON_IsArray(answer));
    assert_int_equal(cJSON_GetArraySize(answer), 2);
    assert_string_equal(fake_at(answer, "0|id")->valuestring, "h");
    assert_int_equal(fake_at(answer, "1|id")->valueint, 1);
    assert_int_equal(fake_at(answer, "1|error|code")->valueint, -32603);
    f->conn = conns[n++] = connect_batches(f, 2000, false);
    fake_feed(f, "[" CALL("2", "big") "]");
    assert_non_null(fake_at(fake_next(f), "0|result"));
    while (n > 0) mcp_conn_free(conns[--n]);
    f->conn = first;
    fake_feed(f, "[" CALL("3", "big") "]");
    assert_non_null(fake_at(fake_next(f), "0|result"));
}

static void test_mcp_batch_takes_turns(void **state) {
    struct fake *f = *state;
    fake_feed(f, "[" CALL("0", "") ",{\"jsonrpc\":\"2.0\",\"method\":\"x\"}," CALL(
                     "1", "") "," CALL("2", "") "]");
    assert_int_equal(f->starts, 1);
    assert_int_equal(mcp_conn_in_flight(f->conn), 3); /* what waits in a batch counts */
    for (unsigned turn = 2; turn <= 3; turn++) {
        assert_int_equal(loop_step(loop, 100), 0);
        assert_int_equal(f->starts, turn);
        assert_null(fake_next(f));
    }
    assert_int_equal(loop_step(loop, 100), 0);
    assert_int_equal(cJSON_GetArraySize(fake_next(f)), 3);
    assert_int_equal(mcp_conn_in_flight(f->conn), 0);
}

static void test_mcp_batch_ends_with_its_connection(void **state) {
    struct fake *f = *state;
    fake_feed(f, "[" CALL("0", "") "," CALL("1", "") "]");
    mcp_conn_free(f->conn);
    f->conn = NULL;
    assert_int_equal(loop_step(loop, 0), 0);
    assert_int_equal(f->starts, 1);
    assert_null(fake_next(f));
}

/* A reply for which there is no room is told by an error that names the request. */
static void test_mcp_refused_reply_is_told(void **state) {
    struct fake *f = *state;
    f->refuse_over = 100000;
    fake_feed(f, CALL("\"me\"", "big"));
    const cJSON *answer = fake_next(f);
    assert_string_equal(fake_at(answer, "id")->valuestring, "me");
    assert_int_equal(fake_at(answer, "error|code")->valueint, -32603);
    assert_null(fake_next(f));
}

/* Where each message comes on a connection of its own, nothing shows whose the cancellation is. */
static void test_mcp_cancel_needs_a_lasting_connection(void **state) {
    static const char held[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
        "\"fake_tool\",\"arguments\":{\"target\":\"a\",\"hold\":true}}}";
    struct fake *f = *state;
    for (unsigned lasting = 0; lasting < 2; lasting++) {
        mcp_conn_free(f->conn);
        f->conn = connect_batches(f, 1000, lasting);
        f->cancels = 0;
        fake_feed(f, held);
        fake_feed(f, CANCEL);
        assert_int_equal(f->cancels, lasting);
    }
}

#define CASE(fn, up) cmocka_unit_test_setup_teardown(fn, up, teardown)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_mcp_batch_answers_have_an_end, setup),
        CASE(test_mcp_batch_has_room_beside_other_callers, setup),
        CASE(test_mcp_batch_takes_turns, setup_loop),
        CASE(test_mcp_batch_ends_with_its_connection, setup_loop),
        CASE(test_mcp_refused_reply_is_told, setup),
        CASE(test_mcp_cancel_needs_a_lasting_connection, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
