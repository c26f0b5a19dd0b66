/* Subscriptions in both eras: who hears what, how often, and how they end.
 * Runs in: test.  Input trust: none. */
#include "tests/unit/mcp_fake_items.h"

#define LISTEN_ID "\"listen:0\""
#define ITEM      "test://u1000-0/text"

static void listen_for(struct fake *f, const char *id, const char *wanted) {
    char line[1000];
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"subscriptions/listen\",\"params\":"
             "{\"notifications\":%s," FAKE_META "}}",
             id, wanted);
    f->sent_taken = f->sent_count;
    fake_feed(f, line);
}

/* The next thing sent is this text. */
static void next_is(struct fake *f, const char *want) {
    assert_true(f->sent_taken < f->sent_count);
    assert_string_equal(f->sent_text[f->sent_taken++], want);
}

#define TAGGED(id) "{\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":" id "}}"

static void test_mcp_listen_is_acknowledged_first(void **state) {
    struct fake *f = *state;
    listen_for(f, LISTEN_ID,
               "{\"toolsListChanged\":true,\"promptsListChanged\":true,"
               "\"resourcesListChanged\":true,\"resourceSubscriptions\":[\"" ITEM
               "\",\"test://u2000-0/text\",\"test://nothing\",\"" ITEM "\"],\"unheard\":1}");
    next_is(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/subscriptions/acknowledged\","
               "\"params\":{\"notifications\":{\"resourcesListChanged\":true,"
               "\"resourceSubscriptions\":[\"" ITEM "\"]},\"_meta\":{\"io."
               "modelcontextprotocol/subscriptionId\":" LISTEN_ID "}}}");
    assert_null(fake_next(f));
    mcp_server_resource_updated(f->server, ITEM, false);
    next_is(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/updated\",\"params\":"
               "{\"uri\":\"" ITEM
               "\",\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":" LISTEN_ID "}}}");
    mcp_server_resource_updated(f->server, "test://u2000-0/text", false);
    mcp_server_list_changed(f->server, MCP_LIST_TOOLS, NULL);
    assert_null(fake_next(f));
    mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, NULL);
    next_is(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/list_changed\","
               "\"params\":" TAGGED(LISTEN_ID) "}");
}

static void test_mcp_listen_ends_by_a_result_or_a_cancel(void **state) {
    struct fake *f = *state;
    listen_for(f, "7", "{\"resourcesListChanged\":true}");
    listen_for(f, "8", "{\"resourcesListChanged\":true}");
    f->sent_taken = f->sent_count;
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":"
                 "{\"requestId\":7}}");
    mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, NULL);
    assert_int_equal(
        fake_at(fake_next(f), "params|_meta|io.modelcontextprotocol/subscriptionId")->valueint, 8);
    assert_null(fake_next(f));
    mcp_server_end_subscriptions(f->server);
    const cJSON *answer = fake_next(f);
    assert_int_equal(fake_at(answer, "id")->valueint, 8);
    fake_text_is(answer, "result|resultType", "complete");
    assert_int_equal(
        fake_at(answer, "result|_meta|io.modelcontextprotocol/subscriptionId")->valueint, 8);
    mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, NULL);
    assert_null(fake_next(f));
    assert_int_equal(mcp_conn_in_flight(f->conn), 0);
}

static void test_mcp_listen_for_nothing_ends_at_once(void **state) {
    struct fake *f = *state;
    static const char *const nothing[] = {"{}", "{\"toolsListChanged\":true}",
                                          "{\"resourceSubscriptions\":[\"test://nothing\"]}"};
    for (size_t i = 0; i < 3; i++) {
        listen_for(f, "9", nothing[i]);
        fake_text_is(fake_next(f), "method", "notifications/subscriptions/acknowledged");
        fake_text_is(fake_next(f), "result|resultType", "complete");
        assert_null(fake_next(f));
    }
}

static void test_mcp_listen_checks_what_is_wanted(void **state) {
    struct fake *f = *state;
    static const char *const bad[] = {"[]", "7", "{\"resourcesListChanged\":1}",
                                      "{\"resourceSubscriptions\":{}}",
                                      "{\"resourceSubscriptions\":[7]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        listen_for(f, "1", bad[i]);
        assert_int_equal(fake_at(fake_next(f), "error|code")->valueint, -32602);
    }
    assert_int_equal(fake_at(fake_ask(f, true, "subscriptions/listen", ""), "error|code")->valueint,
                     -32602);
    assert_int_equal(
        fake_at(fake_ask(f, false, "subscriptions/listen", ""), "error|code")->valueint, -32601);
}

static void test_mcp_updates_come_once_a_second_and_at_the_end(void **state) {
    struct fake *f = *state;
    listen_for(f, "1", "{\"resourceSubscriptions\":[\"" ITEM "\"]}");
    f->sent_taken = f->sent_count;
    size_t before = f->sent_count;
    for (unsigned ms = 0; ms < 3000; ms += 100) { /* ten times too often */
        mcp_server_resource_updated(f->server, ITEM, false);
        fake_now_ms += 100;
    }
    assert_in_range(f->sent_count - before, 3, 4);
    before = f->sent_count;
    mcp_server_resource_updated(f->server, ITEM, false);
    mcp_server_resource_updated(f->server, ITEM, true);
    assert_true(f->sent_count > before);
}

static void test_mcp_legacy_subscription(void **state) {
    struct fake *f = *state;
    static const char updated[] = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/"
                                  "updated\",\"params\":{\"uri\":\"" ITEM "\"}}";
    assert_non_null(
        fake_at(fake_ask(f, false, "resources/subscribe", "\"uri\":\"" ITEM "\""), "result"));
    assert_non_null(
        fake_at(fake_ask(f, false, "resources/subscribe", "\"uri\":\"" ITEM "\""), "result"));
    mcp_server_resource_updated(f->server, ITEM, true);
    next_is(f, updated);
    assert_null(fake_next(f));
    const cJSON *answer =
        fake_ask(f, false, "resources/subscribe", "\"uri\":\"test://u2000-0/text\"");
    assert_int_equal(fake_at(answer, "error|code")->valueint, -32002);
    assert_int_equal(fake_at(fake_ask(f, false, "resources/subscribe", ""), "error|code")->valueint,
                     -32602);
    fake_ask(f, false, "resources/unsubscribe", "\"uri\":\"" ITEM "\"");
    mcp_server_resource_updated(f->server, ITEM, true);
    assert_null(fake_next(f));
    answer = fake_ask(f, true, "resources/subscribe", "\"uri\":\"" ITEM "\"");
    assert_int_equal(fake_at(answer, "error|code")->valueint, -32601);
}

static void test_mcp_legacy_subscriptions_are_bounded(void **state) {
    struct fake *f = *state;
    char params[100];
    int code = 0;
    fake_items_own = 100;
    for (unsigned i = 0; i < 100 && !code; i++) {
        snprintf(params, sizeof params, "\"uri\":\"test://u1000-%u/text\"", i);
        const cJSON *answer = fake_ask(f, false, "resources/subscribe", params);
        code = fake_at(answer, "error") ? fake_at(answer, "error|code")->valueint : 0;
        assert_true(code == 0 || i == MCP_WATCHED_MAX);
    }
    assert_int_equal(code, -32603);
}

/* Not before the client says that it is ready. */
static void test_mcp_legacy_lists_are_told_after_initialized(void **state) {
    struct fake *f = *state;
    fake_ask(f, false, "initialize", "\"protocolVersion\":\"2025-11-25\"");
    mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, NULL);
    assert_null(fake_next(f));
    fake_feed(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
    mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, NULL);
    next_is(f, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/resources/list_changed\"}");
    mcp_server_list_changed(f->server, MCP_LIST_TOOLS, NULL); /* never promised */
    assert_null(fake_next(f));
}

static void test_mcp_changes_are_told_to_those_who_see_them(void **state) {
    struct fake *f = *state;
    struct caller other = {.kind = CALLER_UID, .has_uid = true, .uid = 2000};
    static const uid_t who[] = {1000, 2000, 0};
    for (size_t i = 0; i < 3; i++) {
        fake_reconnect(f, who[i]);
        listen_for(f, "1", "{\"resourcesListChanged\":true}");
        f->sent_taken = f->sent_count;
        mcp_server_list_changed(f->server, MCP_LIST_RESOURCES, &other);
        assert_int_equal(fake_next(f) != NULL, who[i] != 1000);
    }
}

static int changing_setup(void **state) {
    struct mcp_config config = fake_items_config();
    config.lists_change = true;
    return fake_setup_with(state, config);
}

static void test_mcp_lists_of_tools_and_prompts_may_change(void **state) {
    struct fake *f = *state;
    assert_true(cJSON_IsTrue(fake_at(fake_ask(f, true, "server/discover", ""),
                                     "result|capabilities|tools|listChanged")));
    listen_for(f, "3", "{\"toolsListChanged\":true}");
    assert_true(cJSON_IsTrue(fake_at(fake_next(f), "params|notifications|toolsListChanged")));
    mcp_server_list_changed(f->server, MCP_LIST_PROMPTS, NULL);
    assert_null(fake_next(f));
    mcp_server_list_changed(f->server, MCP_LIST_TOOLS, NULL);
    fake_text_is(fake_next(f), "method", "notifications/tools/list_changed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_mcp_listen_is_acknowledged_first),
        CASE(test_mcp_listen_ends_by_a_result_or_a_cancel),
        CASE(test_mcp_listen_for_nothing_ends_at_once),
        CASE(test_mcp_listen_checks_what_is_wanted),
        CASE(test_mcp_updates_come_once_a_second_and_at_the_end),
        CASE(test_mcp_legacy_subscription),
        CASE(test_mcp_legacy_subscriptions_are_bounded),
        CASE(test_mcp_legacy_lists_are_told_after_initialized),
        CASE(test_mcp_changes_are_told_to_those_who_see_them),
        cmocka_unit_test_setup_teardown(test_mcp_lists_of_tools_and_prompts_may_change,
                                        changing_setup, fake_teardown),
    };
    return cmocka_run_group_tests_name("mcp_subscribe", tests, NULL, NULL);
}
