/* Both eras through one dispatcher: framing, ids, the era ladder, version negotiation, batches.
 * Runs in: test.  Input trust: none. */
#include "tests/unit/mcp_fake.h"

#define SERVER_INFO                                                                                \
    "{\"name\":\"packet_capture\",\"title\":\"Packet capture\",\"version\":\"" PCM_VERSION "\"}"

static void test_mcp_legacy_initialize_negotiates(void **state) {
    static const char *const cases[][2] = {
        {"2024-11-05", "2024-11-05"}, {"2025-03-26", "2025-03-26"}, {"2025-06-18", "2025-06-18"},
        {"2025-11-25", "2025-11-25"}, {"2026-07-28", "2025-11-25"}, {"2024-10-07", "2025-11-25"},
        {"2099-01-01", "2025-11-25"}, {"", "2025-11-25"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[300], want[400];
        snprintf(
            line, sizeof line,
            "{\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"%s\",\"capabilities\":"
            "{},\"clientInfo\":{\"name\":\"v1\",\"version\":\"1\"}},\"jsonrpc\":\"2.0\",\"id\":0}",
            cases[i][0]);
        snprintf(want, sizeof want,
                 "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"protocolVersion\":\"%s\","
                 "\"serverInfo\":" SERVER_INFO ",\"capabilities\":{\"tools\":{}},"
                 "\"instructions\":\"Start here.\"}}",
                 cases[i][1]);
        fake_expect(*state, line, want);
    }
    fake_expect(*state, "{\"method\":\"notifications/initialized\",\"jsonrpc\":\"2.0\"}", NULL);
}

static void test_mcp_initialize_without_version_is_refused(void **state) {
    fake_expect_error(*state, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}", -32602);
    fake_expect_error(*state,
                      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":"
                      "{\"protocolVersion\":1}}",
                      -32602);
}

static void test_mcp_ids_come_back_as_they_were(void **state) {
    static const char *const ids[] = {
        "0",
        "\"\"",
        "1",
        "-1",
        "\"server-discover-probe-1\"",
        "9007199254740993",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "\"a\\\"\\\\\\n\xc3\xa9\"",
        "\"1\"",
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char line[200], want[200];
        snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"ping\"}", ids[i]);
        snprintf(want, sizeof want, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{}}", ids[i]);
        fake_expect(*state, line, want);
    }
}

static void test_mcp_ids_that_are_none(void **state) {
    static const char *const ids[] = {"null", "1.5", "1e3", "true", "{}", "[1]"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char line[200];
        snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"ping\"}", ids[i]);
        assert_null(fake_at(fake_expect_error(*state, line, -32600), "id"));
    }
    char line[500],
        *end = line + sprintf(line, "{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":\"");
    memset(end, 'x', 255);
    strcpy(end + 255, "\"}");
    fake_expect_error(*state, line, -32600);
}

static void test_mcp_refuses_what_is_no_message(void **state) {
    static const struct {
        const char *line;
        int code;
        const char *id; /* NULL: none */
    } cases[] = {
        {"{", -32700, NULL},
        {"hello", -32700, NULL},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"ping\"}", -32700, NULL},
        {"1", -32600, NULL},
        {"\"ping\"", -32600, NULL},
        {"null", -32600, NULL},
        {"{}", -32600, NULL},
        {"{\"id\":5,\"method\":\"ping\"}", -32600, "5"},
        {"{\"jsonrpc\":\"1.0\",\"id\":5,\"method\":\"ping\"}", -32600, "5"},
        {"{\"jsonrpc\":2.0,\"id\":5,\"method\":\"ping\"}", -32600, "5"},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"x\"}", -32600, "\"x\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":7}", -32600, "\"x\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"METHOD\":\"ping\"}", -32600, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\",\"params\":[]}", -32602, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\",\"params\":null}", -32602, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"Ping\"}", -32601, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"\"}", -32601, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"resources/list\"}", -32601, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"prompts/list\"}", -32601, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"logging/setLevel\"}", -32601, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"server/discover\"}", -32601, "0"},
        {"{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"subscriptions/listen\"}", -32601, "0"},
        {"[]", -32600, NULL},
        {"[{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"ping\"}]", -32600, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cJSON *answer = fake_expect_error(*state, cases[i].line, cases[i].code);
        char *id = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(answer, "id"));
        if (cases[i].id)
            assert_string_equal(id ? id : "none", cases[i].id);
        else
            assert_null(id);
        free(id);
    }
}

static void test_mcp_never_answers_notifications_and_responses(void **state) {
    static const char *const lines[] = {
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/unheard_of\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
        "cancelled\",\"params\":{\"requestId\":99}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
        "cancelled\",\"params\":{\"requestId\":null}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":[1]}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"tools/call\",\"params\":{\"name\":\"plain_tool\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"initialize\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":1,\"message\":\"x\"}}",
    };
    struct fake *f = *state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) fake_expect(f, lines[i], NULL);
    assert_int_equal(f->starts, 0);
}

static void test_mcp_modern_discover(void **state) {
    fake_expect(*state,
                "{\"jsonrpc\":\"2.0\",\"id\":\"server-discover-probe-1\",\"method\":\"server/"
                "discover\",\"params\":{" FAKE_META "}}",
                "{\"jsonrpc\":\"2.0\",\"id\":\"server-discover-probe-1\",\"result\":{"
                "\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":{\"tools\":{}},"
                "\"instructions\":\"Start here.\",\"resultType\":\"complete\",\"ttlMs\":3600000,"
                "\"cacheScope\":\"public\",\"_meta\":{\"io.modelcontextprotocol/"
                "serverInfo\":" SERVER_INFO "}}}");
}

static void test_mcp_modern_has_its_own_methods(void **state) {
    static const char *const gone[] = {"initialize", "ping", "logging/setLevel",
                                       "resources/subscribe", "notifications/initialized"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        char line[300];
        snprintf(line, sizeof line,
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{" FAKE_META
                 ",\"protocolVersion\":\"2025-11-25\"}}",
                 gone[i]);
        fake_expect_error(*state, line, -32601);
    }
}

static const cJSON *modern_meta(struct fake *f, const char *meta, int code) {
    char line[500];
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{%s}}}",
             meta);
    return fake_expect_error(f, line, code);
}

static void test_mcp_modern_envelope_is_checked(void **state) {
    const cJSON *answer =
        modern_meta(*state, "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"", -32602);
    assert_non_null(strstr(fake_at(answer, "error|message")->valuestring, "clientCapabilities"));
    answer = modern_meta(*state,
                         "\"io.modelcontextprotocol/protocolVersion\":7,"
                         "\"io.modelcontextprotocol/clientCapabilities\":{}",
                         -32602);
    assert_non_null(strstr(fake_at(answer, "error|message")->valuestring, "protocolVersion"));
    modern_meta(*state,
                "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                "\"io.modelcontextprotocol/clientCapabilities\":[]",
                -32602);
    answer = modern_meta(*state,
                         "\"io.modelcontextprotocol/protocolVersion\":\"v999\","
                         "\"io.modelcontextprotocol/clientCapabilities\":{}",
                         -32022);
    assert_string_equal(fake_at(answer, "error|data|requested")->valuestring, "v999");
    assert_string_equal(fake_at(answer, "error|data|supported|0")->valuestring, "2026-07-28");
    modern_meta(*state,
                "\"io.modelcontextprotocol/protocolVersion\":\"2025-11-25\","
                "\"io.modelcontextprotocol/clientCapabilities\":{}",
                -32022);
}

static void test_mcp_modern_log_level_is_checked(void **state) {
    static const char *const bad[] = {"\"bogus\"", "\"\"", "\"INFO\"", "7", "null", "{}"};
    static const char *const good[] = {"\"debug\"", "\"info\"", "\"emergency\""};
    char line[400];
    static const char text[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
        "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientCapabilities\":{},"
        "\"io.modelcontextprotocol/logLevel\":%s}}}";
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(line, sizeof line, text, bad[i]);
        const cJSON *answer = fake_expect_error(*state, line, -32602);
        assert_non_null(strstr(fake_at(answer, "error|message")->valuestring, "logLevel"));
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct fake *f = *state;
        snprintf(line, sizeof line, text, good[i]);
        fake_feed(f, line);
        assert_non_null(fake_at(f->sent[f->sent_count - 1], "result"));
    }
}

static void test_mcp_era_is_per_message(void **state) {
    struct fake *f = *state;
    fake_feed(f,
              "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server/discover\",\"params\":{" FAKE_META
              "}}");
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":"
                 "{\"protocolVersion\":\"2025-11-25\"}}");
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/list\",\"params\":{" FAKE_META
                 "}}");
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/list\"}");
    assert_int_equal(f->sent_count, 4);
    assert_string_equal(fake_at(f->sent[1], "result|protocolVersion")->valuestring, "2025-11-25");
    assert_string_equal(fake_at(f->sent[2], "result|cacheScope")->valuestring, "public");
    assert_null(fake_at(f->sent[3], "result|resultType"));
    assert_null(fake_at(f->sent[3], "result|_meta"));
    assert_true(cJSON_Compare(fake_at(f->sent[2], "result|tools"),
                              fake_at(f->sent[3], "result|tools"), true));
}

static void test_mcp_initialize_with_an_unservable_claim_is_legacy(void **state) {
    struct fake *f = *state;
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":{\"_meta\":"
                 "{\"io.modelcontextprotocol/protocolVersion\":\"v999\"},"
                 "\"protocolVersion\":\"2025-06-18\"}}");
    assert_string_equal(fake_at(fake_next(f), "result|protocolVersion")->valuestring, "2025-06-18");
}

static void test_mcp_tools_list(void **state) {
    struct fake *f = *state;
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}");
    const cJSON *tools = fake_at(fake_next(f), "result|tools");
    assert_int_equal(cJSON_GetArraySize(tools), 2);
    assert_string_equal(fake_at(tools, "0|name")->valuestring, "fake_tool");
    assert_string_equal(fake_at(tools, "0|title")->valuestring, "Fake tool");
    assert_true(cJSON_IsTrue(fake_at(tools, "0|annotations|readOnlyHint")));
    assert_true(cJSON_IsFalse(fake_at(tools, "0|annotations|destructiveHint")));
    assert_true(cJSON_IsTrue(fake_at(tools, "0|annotations|idempotentHint")));
    assert_true(cJSON_IsFalse(fake_at(tools, "0|annotations|openWorldHint")));
    assert_string_equal(fake_at(tools, "0|outputSchema|type")->valuestring, "object");
    assert_string_equal(fake_at(tools, "1|name")->valuestring, "plain_tool");
    assert_null(fake_at(tools, "1|outputSchema"));
    fake_expect_error(
        f,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"cursor\":"
        "\"x\"}}",
        -32602);
}

/* ---- batches ------------------------------------------------------------------------ */

static void negotiate(struct fake *f, const char *version) {
    char line[200];
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":"
             "{\"protocolVersion\":\"%s\"}}",
             version);
    fake_feed(f, line);
    f->sent_taken = f->sent_count;
}

static void test_mcp_batches_only_in_their_version(void **state) {
    static const char batch[] = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]";
    static const char *const without[] = {"2024-11-05", "2025-06-18", "2025-11-25"};
    for (size_t i = 0; i < 3; i++) {
        negotiate(*state, without[i]);
        fake_expect_error(*state, batch, -32600);
    }
    negotiate(*state, "2025-03-26");
    fake_expect(*state, batch, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]");
    negotiate(*state, "2025-11-25");
    fake_expect_error(*state, batch, -32600);
}

static void test_mcp_batch_answers_each_request(void **state) {
    struct fake *f = *state;
    negotiate(f, "2025-03-26");
    fake_feed(f, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},"
                 "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"},"
                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"initialize\",\"params\":"
                 "{\"protocolVersion\":\"2025-03-26\"}},7,"
                 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":"
                 "{\"name\":\"plain_tool\"}},{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"nope\"}]");
    const cJSON *answer = fake_next(f);
    assert_null(fake_next(f));
    assert_int_equal(cJSON_GetArraySize(answer), 5);
    assert_int_equal(fake_at(answer, "0|id")->valueint, 1);
    assert_int_equal(fake_at(answer, "1|error|code")->valueint, -32600);
    assert_int_equal(fake_at(answer, "2|error|code")->valueint, -32600);
    assert_null(fake_at(answer, "2|id"));
    assert_non_null(fake_at(answer, "3|result|content"));
    assert_int_equal(fake_at(answer, "4|error|code")->valueint, -32601);
}

static void test_mcp_batch_waits_for_the_slowest(void **state) {
    struct fake *f = *state;
    negotiate(f, "2025-03-26");
    fake_feed(f, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"fake_tool\",\"arguments\":{\"target\":\"a\",\"hold\":true}}},"
                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"fake_tool\",\"arguments\":{\"target\":\"a\",\"hold\":true}}},"
                 "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"ping\"}]");
    assert_null(fake_next(f));
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
                 "{\"requestId\":2}}");
    assert_null(fake_next(f));
    assert_int_equal(f->held_count, 1);
    tool_call_result(f->held[0], cJSON_CreateObject(), NULL);
    f->held_count = 0;
    const cJSON *answer = fake_next(f);
    assert_int_equal(cJSON_GetArraySize(answer), 2);
    assert_int_equal(fake_at(answer, "0|id")->valueint, 3);
    assert_int_equal(fake_at(answer, "1|id")->valueint, 1);
}

static void test_mcp_batch_without_requests_is_silent(void **state) {
    negotiate(*state, "2025-03-26");
    fake_expect(*state, "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]", NULL);
    fake_expect_error(*state, "[]", -32600);
    char line[8000], *end = line;
    *end++ = '[';
    for (unsigned i = 0; i <= MCP_BATCH_MAX; i++)
        end +=
            sprintf(end, "%s{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"ping\"}", i ? "," : "", i);
    strcpy(end, "]");
    fake_expect_error(*state, line, -32600);
}

static void test_mcp_batch_dies_with_its_connection(void **state) {
    struct fake *f = *state;
    negotiate(f, "2025-03-26");
    fake_feed(f, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},"
                 "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":"
                 "\"fake_tool\",\"arguments\":{\"target\":\"a\",\"hold\":true}}}]");
    mcp_conn_free(f->conn);
    f->conn = NULL;
    assert_null(fake_next(f));
    assert_int_equal(f->cancels, 1);
}

/* ---- start-up ----------------------------------------------------------------------- */

static void test_mcp_refuses_schemas_it_cannot_enforce(void **state) {
    static const char *const schemas[] = {
        "",
        "{",
        "[]",
        "{\"type\":\"object\"}",
        "{\"type\":\"string\",\"additionalProperties\":false}",
        "{\"type\":\"object\",\"additionalProperties\":true}",
        "{\"type\":\"object\",\"additionalProperties\":false,\"oneOf\":[]}",
        "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"x\"]}",
        "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"x\":{}}}",
        "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"x\":true}}",
        "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"x\":{\"type\":"
        "\"array\"}}}",
        "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
        "{\"x\":{\"type\":\"string\",\"pattern\":\"a\"}}}",
    };
    char why[200];
    (void)state;
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        struct tool tool = plain_tool;
        const struct tool *tools[] = {&tool};
        tool.input_schema = schemas[i];
        struct mcp_config config = {.tools = tools, .tool_count = 1};
        why[0] = '\0';
        assert_null(mcp_server_new(&config, why, sizeof why));
        assert_non_null(strstr(why, "plain_tool"));
    }
}

static void test_mcp_refuses_bad_names_and_long_instructions(void **state) {
    const struct tool *twice[] = {&plain_tool, &plain_tool};
    struct mcp_config config = {.tools = twice, .tool_count = 2};
    char why[200], *text = malloc(MCP_INSTRUCTIONS_MAX + 2);
    (void)state;
    assert_null(mcp_server_new(&config, why, sizeof why));
    struct tool bad = plain_tool;
    bad.name = "Bad-Name";
    const struct tool *named[] = {&bad};
    config = (struct mcp_config){.tools = named, .tool_count = 1};
    assert_null(mcp_server_new(&config, why, sizeof why));
    memset(text, 'x', MCP_INSTRUCTIONS_MAX + 1);
    text[MCP_INSTRUCTIONS_MAX + 1] = '\0';
    config = (struct mcp_config){.instructions = text};
    assert_null(mcp_server_new(&config, why, sizeof why));
    text[MCP_INSTRUCTIONS_MAX] = '\0';
    struct mcp_server *s = mcp_server_new(&config, why, sizeof why);
    assert_non_null(s);
    mcp_server_free(s);
    free(text);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_mcp_legacy_initialize_negotiates),
        CASE(test_mcp_initialize_without_version_is_refused),
        CASE(test_mcp_ids_come_back_as_they_were),
        CASE(test_mcp_ids_that_are_none),
        CASE(test_mcp_refuses_what_is_no_message),
        CASE(test_mcp_never_answers_notifications_and_responses),
        CASE(test_mcp_modern_discover),
        CASE(test_mcp_modern_has_its_own_methods),
        CASE(test_mcp_modern_envelope_is_checked),
        CASE(test_mcp_modern_log_level_is_checked),
        CASE(test_mcp_era_is_per_message),
        CASE(test_mcp_initialize_with_an_unservable_claim_is_legacy),
        CASE(test_mcp_tools_list),
        CASE(test_mcp_batches_only_in_their_version),
        CASE(test_mcp_batch_answers_each_request),
        CASE(test_mcp_batch_waits_for_the_slowest),
        CASE(test_mcp_batch_without_requests_is_silent),
        CASE(test_mcp_batch_dies_with_its_connection),
        CASE(test_mcp_refuses_schemas_it_cannot_enforce),
        CASE(test_mcp_refuses_bad_names_and_long_instructions),
    };
    return cmocka_run_group_tests_name("mcp_dispatch", tests, NULL, NULL);
}
