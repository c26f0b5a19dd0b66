/* tools/call: argument complaints a model can act on, defaults, errors, progress, cancelling.
 * Runs in: test.  Input trust: none. */
#include "tests/unit/mcp_fake.h"

static void call(struct fake *f, int id, const char *args) {
    char line[1200];
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"tools/call\",\"params\":{\"name\":"
             "\"fake_tool\",\"arguments\":%s}}",
             id, args);
    fake_feed(f, line);
}

static void cancel(struct fake *f, int id) {
    char line[200];
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
             "{\"requestId\":%d,\"reason\":\"tired\"}}",
             id);
    fake_feed(f, line);
}

static void test_mcp_call_in_both_eras(void **state) {
    fake_expect(
        *state,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
        "\"fake_tool\",\"arguments\":{\"target\":\"x\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
        "\"hello\"}],\"structuredContent\":{\"said\":\"hello\"},\"isError\":false}}");
    fake_expect(
        *state,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
        "\"fake_tool\",\"arguments\":{\"target\":\"x\"}," FAKE_META "}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":"
        "\"hello\"}],\"structuredContent\":{\"said\":\"hello\"},\"isError\":false,"
        "\"resultType\":\"complete\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":"
        "{\"name\":\"packet_capture\",\"title\":\"Packet capture\",\"version\":\"" PCM_VERSION
        "\"}}}}");
}

static void test_mcp_call_fills_defaults(void **state) {
    struct fake *f = *state;
    call(f, 1, "{\"target\":\"x\",\"duration\":7.0}");
    assert_string_equal(f->last_args,
                        "{\"target\":\"x\",\"duration\":7,\"mode\":\"auto\",\"hold\":false}");
}

static void test_mcp_call_without_arguments(void **state) {
    struct fake *f = *state;
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"plain_tool\",\"task\":{\"ttl\":1}}}");
    assert_string_equal(f->last_args, "{}");
    assert_true(cJSON_IsFalse(fake_at(fake_next(f), "result|isError")));
}

static void test_mcp_call_protocol_errors(void **state) {
    static const char *const params[] = {
        "{\"name\":\"fake_tool\",\"arguments\":[]}",
        "{\"name\":\"fake_tool\",\"arguments\":null}",
        "{\"name\":\"fake_tool\",\"arguments\":\"x\"}",
        "{\"name\":7}",
        "{}",
    };
    struct fake *f = *state;
    char line[300];
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        snprintf(line, sizeof line,
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":%s}",
                 params[i]);
        fake_expect_error(f, line, -32602);
    }
    const cJSON *answer =
        fake_expect_error(f,
                          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":"
                          "{\"name\":\"no_such\\u202e\",\"arguments\":{}}}",
                          -32602);
    assert_string_equal(fake_at(answer, "error|message")->valuestring,
                        "Unknown tool: no_such\\u{202e}");
    assert_int_equal(f->starts, 0);
}

static const struct {
    const char *args, *complaint;
} complaints[] = {
    {"{}",
     "Argument \"target\": nothing was given, but it is required; allowed is a string of at most "
     "20 characters. Example: {\"target\":\"example.com:443\"}"},
    {"{\"target\":7}",
     "Argument \"target\": 7 was given; allowed is a string of at most 20 characters. "
     "Example: {\"target\":\"example.com:443\"}"},
    {"{\"target\":\"x\",\"mode\":\"Web\"}",
     "Argument \"mode\": \"Web\" was given; allowed is one of \"auto\", \"web\". Example: "
     "{\"mode\":\"auto\"}"},
    {"{\"target\":\"x\",\"duration\":0}",
     "Argument \"duration\": 0 was given; allowed is an integer from 1 to 3600. Example: "
     "{\"duration\":30}"},
    {"{\"target\":\"x\",\"duration\":3601}",
     "Argument \"duration\": 3601 was given; allowed is an integer from 1 to 3600. Example: "
     "{\"duration\":30}"},
    {"{\"target\":\"x\",\"duration\":1.5}",
     "Argument \"duration\": 1.5 was given; allowed is an integer from 1 to 3600. Example: "
     "{\"duration\":30}"},
    {"{\"target\":\"x\",\"duration\":\"30\"}",
     "Argument \"duration\": \"30\" was given; allowed is an integer from 1 to 3600. Example: "
     "{\"duration\":30}"},
    {"{\"target\":\"x\",\"duration\":null}",
     "Argument \"duration\": null was given; allowed is an integer from 1 to 3600. Example: "
     "{\"duration\":30}"},
    {"{\"target\":\"x\",\"share\":-0.5}", "Argument \"share\": -0.5 was given; allowed is a number "
                                          "of at least 0. Example: {\"share\":0}"},
    {"{\"target\":\"x\",\"hold\":\"yes\"}",
     "Argument \"hold\": \"yes\" was given; allowed is true or false. Example: {\"hold\":false}"},
    {"{\"target\":[\"x\",{\"y\":\"\\u001b[31m\"}]}",
     "Argument \"target\": [\"x\",{\"y\":\"\\\\u001b[31m\"}] was given; allowed is a string of at "
     "most 20 "
     "characters. Example: {\"target\":\"example.com:443\"}"},
    {"{\"target\":\"a\\u001b[31m\\u202eb\\n012345678901234567890\"}",
     "Argument \"target\": \"a\\x1b[31m\\u{202e}b\\x0a012345678901234567890\" was given; allowed "
     "is a "
     "string of at most 20 characters. Example: {\"target\":\"example.com:443\"}"},
    {"{\"target\":"
     "\"0123456789012345678901234567890123456789012345678901234567890123456789\xc3\xa9\xc3"
     "\xa9\"}",
     "Argument \"target\": "
     "\"0123456789012345678901234567890123456789012345678901234567890123456789\xc3"
     "\xa9…\" was given; allowed is a string of at most 20 characters. Example: "
     "{\"target\":\"example.com:443\"}"},
    {"{\"target\":\"x\",\"Duration\":5}",
     "Argument \"Duration\": there is no such argument; allowed are target, mode, duration, share, "
     "broken, hold. Example: {\"target\":\"example.com:443\"}"},
    {"{\"duration\":0,\"mode\":\"x\"}",
     "Argument \"duration\": 0 was given; allowed is an integer from 1 to 3600. Example: "
     "{\"duration\":30}\nArgument \"mode\": \"x\" was given; allowed is one of \"auto\", \"web\". "
     "Example: {\"mode\":\"auto\"}\nArgument \"target\": nothing was given, but it is required; "
     "allowed "
     "is a string of at most 20 characters. Example: {\"target\":\"example.com:443\"}"},
};

static void test_mcp_call_complaints_say_what_to_write(void **state) {
    struct fake *f = *state;
    for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++) {
        call(f, (int)i, complaints[i].args);
        const cJSON *answer = fake_next(f);
        assert_string_equal(fake_at(answer, "result|content|0|text")->valuestring,
                            complaints[i].complaint);
        assert_true(cJSON_IsTrue(fake_at(answer, "result|isError")));
        assert_null(fake_at(answer, "result|structuredContent"));
    }
    assert_int_equal(f->starts, 0);
}

static void test_mcp_call_counts_characters_not_bytes(void **state) {
    struct fake *f = *state;
    call(f, 1,
         "{\"target\":\"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
         "\"}");
    assert_true(cJSON_IsFalse(fake_at(fake_next(f), "result|isError")));
}

static void test_mcp_call_stops_complaining(void **state) {
    struct fake *f = *state;
    call(f, 1, "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1}");
    const char *text = fake_at(fake_next(f), "result|content|0|text")->valuestring;
    unsigned lines = 1;
    for (; *text; text++) lines += *text == '\n';
    assert_int_equal(lines, 4);
}

static void test_mcp_call_tool_without_arguments_says_so(void **state) {
    struct fake *f = *state;
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"plain_tool\",\"arguments\":{\"x\":1}}}");
    assert_string_equal(fake_at(fake_next(f), "result|content|0|text")->valuestring,
                        "Argument \"x\": there is no such argument; this tool takes none.");
}

static void test_mcp_call_error_is_cleaned(void **state) {
    struct fake *f = *state;
    call(f, 1, "{\"target\":\"x\",\"broken\":\"error\"}");
    const cJSON *answer = fake_next(f);
    assert_true(cJSON_IsTrue(fake_at(answer, "result|isError")));
    assert_string_equal(fake_at(answer, "result|content|0|text")->valuestring,
                        "no \\x01 such\ncapture: \\d \\xff");
}

static void test_mcp_call_with_bytes_that_are_no_text_is_an_internal_error(void **state) {
    struct fake *f = *state;
    call(f, 1, "{\"target\":\"x\",\"broken\":\"bytes\"}");
    assert_int_equal(fake_at(fake_next(f), "error|code")->valueint, -32603);
}

static void test_mcp_call_knows_caller_and_client(void **state) {
    struct fake *f = *state;
    fake_feed(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2025-11-25\",\"clientInfo\":{\"name\":\"claude\\u001b-ai\",\"version\":\"1.0\"}}}");
    call(f, 1, "{\"target\":\"x\",\"hold\":true}");
    assert_string_equal(f->last_client, "claude\\x1b-ai 1.0");
    assert_int_equal(tool_call_caller(f->held[0])->uid, 1000);
    fake_feed(f,
              "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":"
              "\"fake_tool\",\"arguments\":{\"target\":\"x\"},\"_meta\":{\"io.modelcontextprotocol/"
              "protocolVersion\":\"2026-07-28\",\"io.modelcontextprotocol/clientCapabilities\":{},"
              "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"modern\",\"version\":\"2\"}}}}");
    assert_string_equal(f->last_client, "modern 2");
}

static void test_mcp_same_caller(void **state) {
    struct caller a = {.kind = CALLER_UID, .has_uid = true, .uid = 7};
    struct caller b = {.kind = CALLER_TOKEN, .has_uid = true, .uid = 7, .name = "t"};
    struct caller c = {.kind = CALLER_TOKEN, .name = "t"}, d = {.kind = CALLER_TOKEN, .name = "u"};
    (void)state;
    assert_true(caller_same(&a, &b));
    assert_false(caller_same(&b, &c));
    assert_false(caller_same(&a, &c));
    assert_true(caller_same(&c, &c));
    assert_false(caller_same(&c, &d));
    b.uid = 8;
    assert_false(caller_same(&a, &b));
}

/* ---- progress ----------------------------------------------------------------------- */

static void hold_with_token(struct fake *f, const char *token) {
    char line[300];
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/"
             "call\",\"params\":{\"name\":\"fake_tool\","
             "\"arguments\":{\"target\":\"x\",\"hold\":true},\"_meta\":{\"progressToken\":%s}}}",
             token);
    fake_feed(f, line);
    assert_int_equal(f->held_count, 1);
}

static void test_mcp_progress_is_spaced_and_rising(void **state) {
    struct fake *f = *state;
    hold_with_token(f, "9007199254740993");
    struct tool_call *c = f->held[0];
    tool_call_progress(c, 0.0 / 0.0, 10, NULL);
    tool_call_progress(c, 1.0 / 0.0, 10, NULL);
    assert_int_equal(f->sent_count, 0);
    tool_call_progress(c, 0, 10, "starting");
    assert_string_equal(
        f->sent_text[0],
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":"
        "{\"progressToken\":9007199254740993,\"progress\":0,\"total\":10,\"message\":"
        "\"starting\"}}");
    fake_now_ms += 199;
    tool_call_progress(c, 1, 10, NULL);
    assert_int_equal(f->sent_count, 1);
    fake_now_ms += 1;
    tool_call_progress(c, 0, 10, NULL);
    assert_int_equal(f->sent_count, 1);
    tool_call_progress(c, 0.0 / 0.0, 10, NULL);
    assert_int_equal(f->sent_count, 1);
    tool_call_progress(c, 2.5, 0, "\xff");
    assert_string_equal(f->sent_text[1],
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
                        "\"params\":{\"progressToken\":9007199254740993,"
                        "\"progress\":2.5}}");
    for (int i = 0; i < 1000; i++, fake_now_ms++) tool_call_progress(c, 3 + i, 0, NULL);
    assert_in_range(f->sent_count, 2 + 4, 2 + 5);
}

/* What takes longer than was thought is not further than its end. */
static void test_mcp_progress_ends_at_its_total(void **state) {
    struct fake *f = *state;
    hold_with_token(f, "1");
    fake_now_ms += 200;
    tool_call_progress(f->held[0], 2.001, 2, NULL);
    assert_string_equal(f->sent_text[0],
                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\","
                        "\"params\":{\"progressToken\":1,\"progress\":2,\"total\":2}}");
    fake_now_ms += 200;
    tool_call_progress(f->held[0], 3, 2, NULL);
    assert_int_equal(f->sent_count, 1);
}

static void test_mcp_progress_only_if_asked_for(void **state) {
    static const char *const tokens[] = {"null", "1.5", "{}"};
    struct fake *f = *state;
    for (size_t i = 0; i < 3; i++) {
        hold_with_token(f, tokens[i]);
        assert_false(tool_call_wants_progress(f->held[0]));
        tool_call_progress(f->held[0], 1, 2, NULL);
        cancel(f, 1);
    }
    assert_int_equal(f->sent_count, 0);
    hold_with_token(f, "\"tok\"");
    assert_true(tool_call_wants_progress(f->held[0]));
    tool_call_progress(f->held[0], 1, 2, NULL);
    assert_string_equal(fake_at(fake_next(f), "params|progressToken")->valuestring, "tok");
}

/* ---- cancelling --------------------------------------------------------------------- */

static void test_mcp_cancelled_call_is_silent_and_its_id_free(void **state) {
    struct fake *f = *state;
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    call(f, 6, "{\"target\":\"x\",\"hold\":true}");
    assert_int_equal(mcp_conn_in_flight(f->conn), 2);
    cancel(f, 5);
    cancel(f, 5);
    cancel(f, 77);
    assert_int_equal(f->cancels, 1);
    assert_int_equal(mcp_conn_in_flight(f->conn), 1);
    assert_int_equal(f->sent_count, 0);
    call(f, 5, "{\"target\":\"x\"}");
    assert_int_equal(fake_at(fake_next(f), "id")->valueint, 5);
}

static void test_mcp_cancel_without_a_listener(void **state) {
    struct fake *f = *state;
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    tool_call_on_cancel(f->held[0], NULL, NULL);
    cancel(f, 5);
    assert_true(tool_call_cancelled(f->held[0]));
    tool_call_progress(f->held[0], 1, 1, NULL);
    tool_call_error(f->held[0], "too late");
    assert_int_equal(f->sent_count, 0);
}

static void test_mcp_cancel_tells_string_from_number(void **state) {
    struct fake *f = *state;
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
                 "{\"requestId\":\"5\"}}");
    assert_int_equal(f->cancels, 0);
}

static void test_mcp_same_id_in_flight_is_refused(void **state) {
    struct fake *f = *state;
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    assert_int_equal(fake_at(fake_next(f), "error|code")->valueint, -32600);
    assert_int_equal(f->held_count, 1);
}

static void test_mcp_many_calls_in_flight_and_no_more(void **state) {
    struct fake *f = *state;
    for (int i = 0; i < (int)MCP_IN_FLIGHT_MAX; i++) call(f, i, "{\"target\":\"x\",\"hold\":true}");
    assert_int_equal(f->held_count, MCP_IN_FLIGHT_MAX);
    call(f, 1000, "{\"target\":\"x\",\"hold\":true}");
    assert_int_equal(fake_at(fake_next(f), "error|code")->valueint, -32603);
    for (int i = (int)MCP_IN_FLIGHT_MAX - 1; i >= 0; i--) {
        tool_call_result(f->held[i], cJSON_CreateObject(), NULL);
        assert_int_equal(fake_at(fake_next(f), "id")->valueint, i);
    }
    f->held_count = 0;
    assert_int_equal(mcp_conn_in_flight(f->conn), 0);
    call(f, 1000, "{\"target\":\"x\"}");
    assert_int_equal(fake_at(fake_next(f), "id")->valueint, 1000);
}

static void test_mcp_ids_are_per_connection(void **state) {
    struct fake *f = *state;
    struct mcp_conn *first = f->conn, *second = fake_connect(f, 2000);
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    f->conn = second;
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    cancel(f, 5);
    assert_int_equal(f->cancels, 1);
    assert_int_equal(mcp_conn_in_flight(first), 1);
    assert_int_equal(tool_call_caller(f->held[0])->uid, 1000);
    mcp_conn_free(second);
    f->conn = first;
}

static void test_mcp_closing_cancels_and_frees(void **state) {
    struct fake *f = *state;
    call(f, 5, "{\"target\":\"x\",\"hold\":true}");
    call(f, 6, "{\"target\":\"x\",\"hold\":true}");
    tool_call_on_cancel(f->held[0], NULL, NULL); /* never ended: the server frees it */
    mcp_conn_free(f->conn);
    f->conn = NULL;
    assert_int_equal(f->cancels, 1);
    assert_int_equal(f->sent_count, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_mcp_call_in_both_eras),
        CASE(test_mcp_call_fills_defaults),
        CASE(test_mcp_call_without_arguments),
        CASE(test_mcp_call_protocol_errors),
        CASE(test_mcp_call_complaints_say_what_to_write),
        CASE(test_mcp_call_counts_characters_not_bytes),
        CASE(test_mcp_call_stops_complaining),
        CASE(test_mcp_call_tool_without_arguments_says_so),
        CASE(test_mcp_call_error_is_cleaned),
        CASE(test_mcp_call_with_bytes_that_are_no_text_is_an_internal_error),
        CASE(test_mcp_call_knows_caller_and_client),
        CASE(test_mcp_same_caller),
        CASE(test_mcp_progress_is_spaced_and_rising),
        CASE(test_mcp_progress_ends_at_its_total),
        CASE(test_mcp_progress_only_if_asked_for),
        CASE(test_mcp_cancelled_call_is_silent_and_its_id_free),
        CASE(test_mcp_cancel_without_a_listener),
        CASE(test_mcp_cancel_tells_string_from_number),
        CASE(test_mcp_same_id_in_flight_is_refused),
        CASE(test_mcp_many_calls_in_flight_and_no_more),
        CASE(test_mcp_ids_are_per_connection),
        CASE(test_mcp_closing_cancels_and_frees),
    };
    return cmocka_run_group_tests_name("mcp_calls", tests, NULL, NULL);
}
