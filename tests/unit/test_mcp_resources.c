/* Resources, prompts and completion in both eras, as a client sees them.
 * Runs in: test.  Input trust: none. */
#include "tests/unit/mcp_fake_items.h"

/* ---- resources ---------------------------------------------------------------------- */

static void test_mcp_resources_are_listed_for_their_caller(void **state) {
    struct fake *f = *state;
    const cJSON *list = fake_at(fake_ask(f, false, "resources/list", ""), "result|resources");
    assert_int_equal(cJSON_GetArraySize(list), 2 + 3 * 2);
    fake_text_is(list, "0|uri", "test://fixed");
    assert_true(cJSON_IsTrue(fake_at(list, "0|_meta|ui|prefersBorder")));
    fake_text_is(list, "2|uri", "test://u1000-0/text");
    fake_text_is(list, "2|name", "text u1000-0");
    fake_text_is(list, "2|title", "Text: number 0");
    fake_text_is(list, "2|mimeType", "text/plain");
    fake_text_is(list, "2|annotations|lastModified", "2026-11-23T10:00:00.000Z");
    fake_text_is(list, "7|uri", "test://u1000-2/text.later");
    fake_reconnect(f, 2000);
    list = fake_at(fake_ask(f, false, "resources/list", ""), "result|resources");
    assert_int_equal(cJSON_GetArraySize(list), 2 + 2 * 2);
    fake_text_is(list, "2|uri", "test://u2000-0/text");
    fake_reconnect(f, 0);
    list = fake_at(fake_ask(f, false, "resources/list", ""), "result|resources");
    assert_int_equal(cJSON_GetArraySize(list), 2 + 5 * 2);
}

static void test_mcp_resources_come_in_pages(void **state) {
    struct fake *f = *state;
    char params[200];
    size_t pages = 0, seen = 0;
    fake_items_own = 47;
    const cJSON *answer = fake_ask(f, true, "resources/list", "");
    for (;;) {
        const cJSON *cursor = fake_at(answer, "result|nextCursor");
        fake_text_is(answer, "result|cacheScope", "private");
        seen += (size_t)cJSON_GetArraySize(fake_at(answer, "result|resources"));
        pages++;
        if (!cursor) break;
        snprintf(params, sizeof params, "\"cursor\":\"%s\"", cursor->valuestring);
        answer = fake_ask(f, true, "resources/list", params);
    }
    assert_int_equal(pages, 3);
    assert_int_equal(seen, 2 + 47 * 2);
    fake_items_own = 20; /* exactly one page: no cursor that leads nowhere */
    assert_null(fake_at(fake_ask(f, true, "resources/list", ""), "result|nextCursor"));
}

static void test_mcp_resources_refuse_cursors_of_others(void **state) {
    static const char *const bad[] = {
        "\"cursor\":\"u2000-0\"", "\"cursor\":\"nothing\"", "\"cursor\":7",
        "\"cursor\":\"0123456789012345678901234567890123456789012345678901234567890123456789\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const cJSON *answer = fake_ask(*state, i % 2, "resources/list", bad[i]);
        assert_int_equal(fake_at(answer, "error|code")->valueint, -32602);
    }
    static const char *const methods[] = {"tools/list", "prompts/list", "resources/templates/list"};
    for (size_t i = 0; i < 3; i++) {
        const cJSON *answer = fake_ask(*state, true, methods[i], "\"cursor\":\"x\"");
        assert_int_equal(fake_at(answer, "error|code")->valueint, -32602);
        assert_non_null(fake_at(fake_ask(*state, true, methods[i], "\"cursor\":\"\""), "result"));
    }
    assert_non_null(fake_at(fake_ask(*state, true, "resources/list", "\"cursor\":\"\""), "result"));
}

static void test_mcp_resource_templates_are_listed(void **state) {
    const cJSON *answer = fake_ask(*state, true, "resources/templates/list", "");
    fake_text_is(answer, "result|resourceTemplates|0|uriTemplate", "test://{id}/text");
    fake_text_is(answer, "result|resourceTemplates|1|uriTemplate", "test://{id}/text.later");
    fake_text_is(answer, "result|cacheScope", "public");
    assert_null(fake_at(answer, "result|resourceTemplates|0|uri"));
}

static void test_mcp_resource_reads(void **state) {
    struct fake *f = *state;
    const cJSON *answer = fake_ask(f, true, "resources/read", "\"uri\":\"test://fixed\"");
    fake_text_is(answer, "result|contents|0|text", "fixed text");
    fake_text_is(answer, "result|contents|0|mimeType", "text/plain");
    assert_true(cJSON_IsTrue(fake_at(answer, "result|contents|0|_meta|ui|prefersBorder")));
    fake_text_is(answer, "result|cacheScope", "public");
    assert_int_equal(fake_at(answer, "result|ttlMs")->valueint, 3600000);
    answer = fake_ask(f, true, "resources/read", "\"uri\":\"test://u1000-1/text\"");
    fake_text_is(answer, "result|contents|0|text", "item u1000-1");
    fake_text_is(answer, "result|contents|0|uri", "test://u1000-1/text");
    fake_text_is(answer, "result|cacheScope", "private");
    assert_int_equal(fake_at(answer, "result|ttlMs")->valueint, 0);
    answer = fake_ask(f, false, "resources/read", "\"uri\":\"test://picture\"");
    fake_text_is(answer, "result|contents|0|blob", "iVBORw==");
    assert_null(fake_at(answer, "result|ttlMs"));
}

/* What is not there and what is somebody else's are the same, but for the address. */
static void test_mcp_resource_not_found(void **state) {
    static const char *const missing[] = {
        "test://u2000-0/text",
        "test://u1000-9/text",
        "test://u1000-0/",
        "test://u1000-0/text/",
        "test:///text",
        "test://u1000-0%2f/text",
        "test://a/u1000-0/text",
        "TEST://fixed",
        "test://u1000-0/textx",
        "test://{id}/text",
        "",
    };
    struct fake *f = *state;
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        char params[200], want[200];
        snprintf(params, sizeof params, "\"uri\":\"%s\"", missing[i]);
        snprintf(want, sizeof want, "Resource not found: %s", missing[i]);
        const cJSON *answer = fake_ask(f, true, "resources/read", params);
        assert_int_equal(fake_at(answer, "error|code")->valueint, -32602);
        fake_text_is(answer, "error|data|uri", missing[i]);
        fake_text_is(answer, "error|message", want);
        answer = fake_ask(f, false, "resources/read", params);
        assert_int_equal(fake_at(answer, "error|code")->valueint, -32002);
        fake_text_is(answer, "error|data|uri", missing[i]);
    }
    assert_int_equal(
        fake_at(fake_ask(f, false, "resources/read", "\"uri\":1"), "error|code")->valueint, -32602);
    fake_reconnect(f, 2000);
    assert_non_null(
        fake_at(fake_ask(f, true, "resources/read", "\"uri\":\"test://u2000-0/text\""), "result"));
}

static void test_mcp_resource_reads_take_their_time(void **state) {
    struct fake *f = *state;
    assert_null(fake_ask(f, true, "resources/read", "\"uri\":\"test://u1000-0/text.later\""));
    assert_non_null(fake_held_read);
    mcp_read_text(fake_held_read, strdup("now"), MCP_KEEP_OWN);
    const cJSON *answer = fake_next(f);
    fake_text_is(answer, "result|contents|0|text", "now");
    fake_text_is(answer, "result|cacheScope", "private");
    assert_null(fake_ask(f, false, "resources/read", "\"uri\":\"test://u1000-0/text.later\""));
    fake_expect(f,
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
                "{\"requestId\":1}}",
                NULL);
    assert_int_equal(fake_read_cancels, 1);
    assert_null(fake_ask(f, false, "resources/read", "\"uri\":\"test://u1000-0/text.later\""));
    fake_reconnect(f, 1000);
    assert_int_equal(fake_read_cancels, 2);
    assert_null(fake_next(f));
}

/* ---- capabilities ------------------------------------------------------------------- */

static void test_mcp_capabilities_are_those_of_the_tables(void **state) {
    static const char hello[] = "\"protocolVersion\":\"2025-11-25\"";
    static const char want[] =
        "{\"tools\":{},\"resources\":{\"subscribe\":true,\"listChanged\":true},\"prompts\":{},"
        "\"completions\":{},\"extensions\":{\"io.modelcontextprotocol/ui\":{}}}";
    struct fake *f = *state;
    char *got = cJSON_PrintUnformatted(
        fake_at(fake_ask(f, false, "initialize", hello), "result|capabilities"));
    assert_string_equal(got, want);
    free(got);
    got = cJSON_PrintUnformatted(
        fake_at(fake_ask(f, true, "server/discover", ""), "result|capabilities"));
    assert_string_equal(got, want);
    free(got);
}

/* Where nothing can be told outside of a request, the legacy era promises nothing of the kind, and
 * does not have the methods. */
static void test_mcp_capabilities_without_unsolicited(void **state) {
    struct fake *f = *state;
    struct mcp_conn_options options = {.caller = {.kind = CALLER_UID, .has_uid = true, .uid = 1000},
                                       .send = fake_send,
                                       .legacy_version = "2025-03-26",
                                       .ctx = f};
    mcp_conn_free(f->conn);
    f->conn = mcp_conn_new(f->server, &options);
    char *got = cJSON_PrintUnformatted(
        fake_at(fake_ask(f, false, "initialize", "\"protocolVersion\":\"2025-03-26\""),
                "result|capabilities|resources"));
    assert_string_equal(got, "{}");
    free(got);
    assert_true(cJSON_IsTrue(fake_at(fake_ask(f, true, "server/discover", ""),
                                     "result|capabilities|resources|subscribe")));
    static const char *const gone[] = {"resources/subscribe", "resources/unsubscribe"};
    for (size_t i = 0; i < 2; i++) {
        const cJSON *answer = fake_ask(f, false, gone[i], "\"uri\":\"test://fixed\"");
        assert_int_equal(fake_at(answer, "error|code")->valueint, -32601);
    }
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, NULL);
    assert_null(fake_next(f));
}

static void test_mcp_version_the_transport_knows(void **state) {
    static const char batch[] = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]";
    struct fake *f = *state;
    fake_expect_error(f, batch, -32600);
    struct mcp_conn_options options = {.caller = {.kind = CALLER_TOKEN},
                                       .send = fake_send,
                                       .legacy_version = "2025-03-26",
                                       .ctx = f};
    mcp_conn_free(f->conn);
    f->conn = mcp_conn_new(f->server, &options);
    fake_expect(f, batch, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]");
    fake_feed(f, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" FAKE_META
                 "}}]");
    assert_int_equal(fake_at(fake_next(f), "0|error|code")->valueint, -32600);
}

/* ---- prompts and completion --------------------------------------------------------- */

static void test_mcp_prompts(void **state) {
    struct fake *f = *state;
    const cJSON *answer = fake_ask(f, true, "prompts/list", "");
    fake_text_is(answer, "result|prompts|0|name", "look_at");
    fake_text_is(answer, "result|prompts|0|arguments|0|name", "target");
    assert_true(cJSON_IsTrue(fake_at(answer, "result|prompts|0|arguments|0|required")));
    assert_true(cJSON_IsFalse(fake_at(answer, "result|prompts|0|arguments|1|required")));
    fake_text_is(answer, "result|cacheScope", "public");
    answer =
        fake_ask(f, true, "prompts/get", "\"name\":\"look_at\",\"arguments\":{\"target\":\"x\"}");
    fake_text_is(answer, "result|messages|0|role", "user");
    fake_text_is(answer, "result|messages|0|content|text", "about x");
    fake_text_is(answer, "result|resultType", "complete");
    assert_null(fake_at(answer, "result|ttlMs"));
    static const char *const bad[] = {
        "",
        "\"name\":\"nothing\"",
        "\"name\":\"look_at\"",
        "\"name\":\"look_at\",\"arguments\":{}",
        "\"name\":\"look_at\",\"arguments\":{\"target\":\"\"}",
        "\"name\":\"look_at\",\"arguments\":{\"target\":7}",
        "\"name\":\"look_at\",\"arguments\":{\"target\":\"wrong\"}",
        "\"name\":\"look_at\",\"arguments\":{\"target\":\"x\",\"free\":[]}",
        "\"name\":\"look_at\",\"arguments\":\"x\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(fake_at(fake_ask(f, i % 2, "prompts/get", bad[i]), "error|code")->valueint,
                         -32602);
}

static const cJSON *complete(struct fake *f, const char *ref, const char *name, const char *typed) {
    char params[300];
    snprintf(params, sizeof params, "\"ref\":{%s},\"argument\":{\"name\":\"%s\",\"value\":\"%s\"}",
             ref, name, typed);
    return fake_at(fake_ask(f, true, "completion/complete", params), "result|completion");
}

#define PROMPT   "\"type\":\"ref/prompt\",\"name\":\"look_at\""
#define TEMPLATE "\"type\":\"ref/resource\",\"uri\":\"test://{id}/text\""

/* What has been typed chooses before a hundred are counted. */
static void test_mcp_completion_finds_what_is_far(void **state) {
    unsigned before = fake_items_own;
    fake_items_own = 300;
    const cJSON *got =
        fake_at(fake_ask(*state, true, "completion/complete",
                         "\"ref\":{\"type\":\"ref/resource\",\"uri\":\"test://{id}/text\"},"
                         "\"argument\":{\"name\":\"id\",\"value\":\"u1000-29\"}"),
                "result|completion");
    fake_items_own = before;
    assert_int_equal(fake_at(got, "total")->valueint, 11); /* 29, 290 to 299 */
    fake_text_is(got, "values|10", "u1000-299");
}

static void test_mcp_completion(void **state) {
    static const struct {
        const char *ref, *name, *typed;
        int values, total;
        const char *first;
    } cases[] = {
        {PROMPT, "target", "ZE", 2, 2, "Zeta"},
        {PROMPT, "target", "zeta2", 1, 1, "zeta2"},
        {PROMPT, "target", "", 100, 152, "Zeta"},
        {PROMPT, "target", "a14", 11, 11, "a14"},
        {PROMPT, "target", "q", 0, 0, NULL},
        {PROMPT, "free", "", 0, 0, NULL},
        {PROMPT, "nothing", "", 0, 0, NULL},
        {"\"type\":\"ref/prompt\",\"name\":\"other\"", "target", "", 0, 0, NULL},
        {"\"type\":\"ref/tool\",\"name\":\"look_at\"", "target", "", 0, 0, NULL},
        {TEMPLATE, "id", "u1", 3, 3, "u1000-0"},
        {TEMPLATE, "id", "u2", 0, 0, NULL}, /* somebody else's */
        {TEMPLATE, "i", "", 0, 0, NULL},
        {"\"type\":\"ref/resource\",\"uri\":\"test://x\"", "id", "", 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cJSON *c = complete(*state, cases[i].ref, cases[i].name, cases[i].typed);
        assert_int_equal(cJSON_GetArraySize(fake_at(c, "values")), cases[i].values);
        assert_int_equal(fake_at(c, "total")->valueint, cases[i].total);
        assert_true(cJSON_IsBool(fake_at(c, "hasMore")));
        assert_int_equal(cJSON_IsTrue(fake_at(c, "hasMore")), cases[i].total > 100);
        if (cases[i].first) fake_text_is(c, "values|0", cases[i].first);
    }
    assert_int_equal(
        fake_at(fake_ask(*state, false, "completion/complete", "\"ref\":{}"), "error|code")
            ->valueint,
        -32602);
}

/* ---- what a tool may ask for besides -------------------------------------------------- */

static void blocks_start(struct tool_call *call, const cJSON *args, void *app) {
    cJSON *blocks = cJSON_CreateArray();
    (void)args;
    (void)app;
    cJSON_AddItemToArray(blocks, content_media("image", "image/png", "\x89PNG\r", 5));
    cJSON_AddItemToArray(blocks, content_resource("test://x", "text/plain", "inside"));
    tool_call_content(call, blocks, NULL);
}

static const struct tool special_tool = {
    .name = "special_tool",
    .title = "Special",
    .description = "Has all that tools may have.",
    .input_schema = "{\"type\":\"object\",\"anyOf\":[{\"required\":[\"x\"]}]}",
    .unchecked = true,
    .needs = "sampling",
    .ui = "ui://test/page.html",
    .start = blocks_start};

static int special_setup(void **state) {
    static const struct tool *const tools[] = {&special_tool};
    char why[200];
    struct fake *f = calloc(1, sizeof *f);
    struct mcp_config config = {.tools = tools, .tool_count = 1, .app = f};
    f->server = mcp_server_new(&config, why, sizeof why);
    if (!f->server) fail_msg("%s", why);
    f->conn = fake_connect(f, 1000);
    *state = f;
    return 0;
}

static void test_mcp_tool_with_page_and_free_schema(void **state) {
    const cJSON *answer = fake_ask(*state, true, "tools/list", "");
    fake_text_is(answer, "result|tools|0|_meta|ui|resourceUri", "ui://test/page.html");
    fake_text_is(answer, "result|tools|0|_meta|ui/resourceUri", "ui://test/page.html");
    fake_text_is(answer, "result|tools|0|inputSchema|anyOf|0|required|0", "x");
}

static void test_mcp_tool_needs_a_client_capability(void **state) {
    static const char able[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":"
        "\"special_tool\",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientCapabilities\":{\"sampling\":{}}}}}";
    struct fake *f = *state;
    const cJSON *answer = fake_ask(f, true, "tools/call", "\"name\":\"special_tool\"");
    assert_int_equal(fake_at(answer, "error|code")->valueint, -32021);
    assert_true(cJSON_IsObject(fake_at(answer, "error|data|requiredCapabilities|sampling")));
    fake_feed(f, able);
    answer = fake_next(f);
    fake_text_is(answer, "result|content|0|data", "iVBORw0=");
    fake_text_is(answer, "result|content|1|resource|text", "inside");
    assert_non_null(
        fake_at(fake_ask(f, false, "tools/call", "\"name\":\"special_tool\""), "result|content"));
}

/* ---- start-up ----------------------------------------------------------------------- */

static void test_mcp_refuses_tables_it_cannot_serve(void **state) {
    char why[200];
    struct mcp_resource row = fake_templates[0];
    struct mcp_resources r = fake_resources;
    struct mcp_config config = {.resources = &r};
    (void)state;
    r.templates = &row;
    r.template_count = 1;
    row.uri = "test://no-variable";
    assert_null(mcp_server_new(&config, why, sizeof why));
    assert_non_null(strstr(why, "no-variable"));
    row.uri = "test://{id}/x";
    row.meta = "[]";
    assert_null(mcp_server_new(&config, why, sizeof why));
    struct mcp_prompt twice[] = {fake_prompts[0], fake_prompts[0]};
    config = (struct mcp_config){.prompts = twice, .prompt_count = 2};
    assert_null(mcp_server_new(&config, why, sizeof why));
    assert_non_null(strstr(why, "look_at"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_mcp_resources_are_listed_for_their_caller),
        CASE(test_mcp_resources_come_in_pages),
        CASE(test_mcp_resources_refuse_cursors_of_others),
        CASE(test_mcp_resource_templates_are_listed),
        CASE(test_mcp_resource_reads),
        CASE(test_mcp_resource_not_found),
        CASE(test_mcp_resource_reads_take_their_time),
        CASE(test_mcp_capabilities_are_those_of_the_tables),
        CASE(test_mcp_capabilities_without_unsolicited),
        CASE(test_mcp_version_the_transport_knows),
        CASE(test_mcp_prompts),
        CASE(test_mcp_completion),
        CASE(test_mcp_completion_finds_what_is_far),
        CASE(test_mcp_refuses_tables_it_cannot_serve),
        cmocka_unit_test_setup_teardown(test_mcp_tool_with_page_and_free_schema, special_setup,
                                        fake_teardown),
        cmocka_unit_test_setup_teardown(test_mcp_tool_needs_a_client_capability, special_setup,
                                        fake_teardown),
    };
    return cmocka_run_group_tests_name("mcp_resources", tests, NULL, NULL);
}
