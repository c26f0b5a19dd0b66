/* What Streamable HTTP makes of a body and its headers, and what single header values mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/mcp/httprules.h"
#include "mcpd/transport/httphead.h"
#include <stdio.h>
#include <string.h>

#define META(version)                                                                              \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":" version                              \
    ",\"io.modelcontextprotocol/clientCapabilities\":{}}"
#define NEW "\"2026-07-28\""

struct judged {
    const char *body, *version, *method, *name;
    enum httprules_kind kind;
    unsigned status;
    int code;
    bool modern;
    const char *id;
};

static void check(const struct judged *j) {
    struct httprules r;
    const struct httprules_headers h = {j->version, j->method, j->name};
    httprules_check(j->body, strlen(j->body), &h, &r);
    if (r.kind != j->kind || r.status != j->status || r.code != j->code || r.modern != j->modern)
        fail_msg("%s [%s, %s, %s]: kind %d status %u code %d modern %d: %s", j->body,
                 j->version ? j->version : "-", j->method ? j->method : "-",
                 j->name ? j->name : "-", (int)r.kind, r.status, r.code, r.modern, r.text);
    if (j->id) assert_string_equal(r.id, j->id);
    httprules_clear(&r);
}

#define LIST "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"tools/list\",\"params\":{" META(NEW) "}}"
#define CALL                                                                                       \
    "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"tools/"                                        \
    "call\",\"params\":{\"name\":\"\u00e9\"," META(NEW) "}}"
#define READ                                                                                       \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{\"uri\":\"x://"       \
    "y\"," META(NEW) "}}"
#define OLD "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\"}"
#define INIT                                                                                       \
    "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"     \
    "\"2025-11-25\"}}"
#define NOTE "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"
#define FUTURE                                                                                     \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{" META(                   \
        "\"2099-01-01\"") "}}"
#define MODERN "2026-07-28"

static void test_http_rules_ladder(void **state) {
    static const struct judged rows[] = {
        {LIST, MODERN, "tools/list", NULL, HTTPRULES_ASKS, 0, 0, true, "0"},
        {LIST, NULL, "tools/list", NULL, HTTPRULES_REFUSED, 400, -32020, true, "0"},
        {LIST, MODERN, NULL, NULL, HTTPRULES_REFUSED, 400, -32020, true, "0"},
        {LIST, MODERN, "TOOLS/LIST", NULL, HTTPRULES_REFUSED, 400, -32020, true, "0"},
        {LIST, "2025-11-25", "tools/list", NULL, HTTPRULES_REFUSED, 400, -32020, true, "0"},
        {CALL, MODERN, "tools/call", "\u00e9", HTTPRULES_ASKS, 0, 0, true, "\"a\""},
        {CALL, MODERN, "tools/call", "=?base64?w6k=?=", HTTPRULES_ASKS, 0, 0, true, "\"a\""},
        {CALL, MODERN, "tools/call", "=?base64?w6k?=", HTTPRULES_REFUSED, 400, -32020, true, NULL},
        {CALL, MODERN, "tools/call", NULL, HTTPRULES_REFUSED, 400, -32020, true, NULL},
        {READ, MODERN, "resources/read", "x://y", HTTPRULES_ASKS, 0, 0, true, "1"},
        {READ, MODERN, "resources/read", "x://z", HTTPRULES_REFUSED, 400, -32020, true, "1"},
        {FUTURE, "2099-01-01", "tools/list", NULL, HTTPRULES_REFUSED, 400, -32022, true, "1"},
        {FUTURE, MODERN, "tools/list", NULL, HTTPRULES_REFUSED, 400, -32020, true, "1"},
        {FUTURE, NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32022, true, "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":{" META("5") "}}", MODERN, "x",
         NULL, HTTPRULES_REFUSED, 400, -32602, true, "1"},
        {OLD, NULL, NULL, NULL, HTTPRULES_ASKS, 0, 0, false, "7"},
        {OLD, "2025-06-18", NULL, NULL, HTTPRULES_ASKS, 0, 0, false, "7"},
        {OLD, MODERN, NULL, NULL, HTTPRULES_REFUSED, 400, -32602, false, "7"},
        {OLD, "2099-12-31", NULL, NULL, HTTPRULES_REFUSED, 400, -32602, false, "7"},
        {OLD, "2020-01-01", NULL, NULL, HTTPRULES_REFUSED, 400, -32000, false, "7"},
        {OLD, "", NULL, NULL, HTTPRULES_REFUSED, 400, -32000, false, "7"},
        {INIT, NULL, NULL, NULL, HTTPRULES_ASKS, 0, 0, false, "0"},
        {INIT, "2020-01-01", NULL, NULL, HTTPRULES_ASKS, 0, 0, false, "0"},
        {INIT, MODERN, NULL, NULL, HTTPRULES_REFUSED, 400, -32020, false, "0"},
        {NOTE, NULL, NULL, NULL, HTTPRULES_QUIET, 0, 0, false, NULL},
        {NOTE, MODERN, NULL, NULL, HTTPRULES_QUIET, 0, 0, false, NULL},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", NULL, NULL, NULL, HTTPRULES_QUIET, 0, 0,
         false, NULL},
        {"[" OLD "]", NULL, NULL, NULL, HTTPRULES_ASKS, 0, 0, false, NULL},
        {"[" OLD "]", "2025-03-26", NULL, NULL, HTTPRULES_ASKS, 0, 0, false, NULL},
        {"[" OLD "]", "2025-11-25", NULL, NULL, HTTPRULES_REFUSED, 400, -32600, false, NULL},
        {"[" LIST "]", NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32600, false, NULL},
        {"[]", NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32600, false, NULL},
        {"5", NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32600, false, NULL},
        {"", NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32700, false, NULL},
        {"{}x", NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32700, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) check(&rows[i]);
}

/* A text that C cannot hold spoils the message, not its id; legacy clients read only a 200. */
static void test_http_rules_spoilt_texts(void **state) {
#define SPOILT(id, meta)                                                                           \
    "{\"jsonrpc\":\"2.0\",\"params\":{\"a\":\"\\u0000\\ud800\"" meta "},\"id\":" id                \
    ",\"method\":\"x\"}"
    static const struct judged rows[] = {
        {SPOILT("7", ""), NULL, NULL, NULL, HTTPRULES_REFUSED, 200, -32600, false, "7"},
        {SPOILT("\"é\"", ""), "2025-11-25", NULL, NULL, HTTPRULES_REFUSED, 200, -32600, false,
         "\"é\""},
        {SPOILT("7", "," META(NEW)), MODERN, "x", NULL, HTTPRULES_REFUSED, 400, -32600, true, "7"},
        {SPOILT("\"\\u0000\"", ""), NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32700, false, NULL},
        {SPOILT("null", ""), NULL, NULL, NULL, HTTPRULES_REFUSED, 400, -32700, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) check(&rows[i]);
}

/* Only a request keeps its stream open. */
static void test_http_rules_who_listens(void **state) {
    (void)state;
    static const char *const ids[] = {"\"id\":1,", ""};
    const struct httprules_headers h = {MODERN, "subscriptions/listen", NULL};
    for (size_t i = 0; i < 2; i++) {
        char body[300];
        struct httprules r;
        snprintf(body, sizeof body,
                 "{\"jsonrpc\":\"2.0\",%s\"method\":\"subscriptions/listen\",\"params\":{" META(
                     NEW) "}}",
                 ids[i]);
        httprules_check(body, strlen(body), &h, &r);
        assert_int_equal(r.kind, i == 0 ? HTTPRULES_ASKS : HTTPRULES_QUIET);
        assert_int_equal(r.listens, i == 0);
        httprules_clear(&r);
    }
}

static void test_http_rules_every_truncation_is_refused_or_read(void **state) {
    const struct httprules_headers h = {MODERN, "tools/call", "\u00e9"};
    struct httprules r;
    (void)state;
    for (size_t len = 0; len < strlen(CALL); len++) {
        httprules_check(CALL, len, &h, &r);
        assert_int_equal(r.code, -32700);
        httprules_clear(&r);
    }
}

static void test_http_rules_header_values(void **state) {
    static const struct {
        const char *value, *text;
        bool same;
    } rows[] = {
        {"a", "a", true},
        {"a", "A", false},
        {"", "", true},
        {"=?base64?YQ==?=", "a", true},
        {"=?base64?YWI=?=", "ab", true},
        {"=?base64?YWJj?=", "abc", true},
        {"=?base64?"
         "?=",
         "", true},
        {"=?base64?YQ==?=", "b", false},
        {"=?base64?YR==?=", "a", false}, /* bits left over */
        {"=?base64?YQ?=", "a", false},   /* no padding */
        {"=?base64?YQ=?=", "a", false},
        {"=?base64?YQ==YQ==?=", "aa", false},
        {"=?base64?Y Q=?=", "a", false},
        {"=?base64?____?=", "\xff\xff\xff", false}, /* the other alphabet */
        {"=?base64?YQ==", "a", false},
        {"=?base64?=", "a", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (httprules_header_says(rows[i].value, rows[i].text) != rows[i].same)
            fail_msg("%s against %s", rows[i].value, rows[i].text);
}

static void test_http_rules_statuses(void **state) {
    static const struct {
        int code;
        unsigned modern;
    } rows[] = {{0, 200},      {-32602, 200}, {-32603, 200}, {-32601, 404},
                {-32600, 400}, {-32020, 400}, {-32021, 400}, {-32022, 400}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(httprules_status(true, rows[i].code), rows[i].modern);
        assert_int_equal(httprules_status(false, rows[i].code), 200);
    }
}

/* ---- single headers ------------------------------------------------------------------------- */

static void test_http_head_hosts(void **state) {
    static const char *const name[] = {"capture.example.com"};
    const struct head_names more = {name, 1};
    static const struct {
        const char *host;
        bool ours;
    } rows[] = {{"localhost", true},
                {"LOCALHOST:8808", true},
                {"127.0.0.1", true},
                {"127.0.0.1:1", true},
                {"[::1]", true},
                {"[::1]:8808", true},
                {"192.0.2.7", true},
                {"Capture.example.com:443", true},
                {NULL, false},
                {"", false},
                {"127.0.0.2", false},
                {"localhost.", false},
                {"localhost.example.com", false},
                {"127.0.0.1.example.com", false},
                {"localhost:", false},
                {"localhost:x", false},
                {"localhost@example.com", false},
                {"localhost/x", false},
                {"[::1", false},
                {"[::1]x", false},
                {"::1", false},
                {"192.0.2.70", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (head_host_is_ours(rows[i].host, "192.0.2.7", &more) != rows[i].ours)
            fail_msg("%s", rows[i].host);
}

static void test_http_head_origins(void **state) {
    static const char *const name[] = {"https://page.example.com", "http://page.example.com:81"};
    const struct head_names listed = {name, 2};
    static const struct {
        const char *origin;
        enum head_origin is;
    } rows[] = {{NULL, HEAD_ORIGIN_NONE},
                {"null", HEAD_ORIGIN_REFUSED},
                {"", HEAD_ORIGIN_REFUSED},
                {"http://localhost", HEAD_ORIGIN_LOCAL},
                {"https://localhost:5173", HEAD_ORIGIN_LOCAL},
                {"http://[::1]:3", HEAD_ORIGIN_LOCAL},
                {"http://127.0.0.1:3", HEAD_ORIGIN_LOCAL},
                {"file://localhost", HEAD_ORIGIN_REFUSED},
                {"http://localhost.example.com", HEAD_ORIGIN_REFUSED},
                {"http://localhost:80@example.com", HEAD_ORIGIN_REFUSED},
                {"https://page.example.com", HEAD_ORIGIN_LISTED},
                {"https://page.example.com:81", HEAD_ORIGIN_REFUSED},
                {"http://page.example.com:81", HEAD_ORIGIN_LISTED},
                {"https://page.example.com.", HEAD_ORIGIN_REFUSED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (head_origin(rows[i].origin, &listed) != rows[i].is) fail_msg("%s", rows[i].origin);
}

static void test_http_head_types(void **state) {
    static const struct {
        const char *accept;
        bool json, sse, named;
    } rows[] = {{NULL, true, true, false},
                {"*/*", true, true, false},
                {"application/json", true, false, false},
                {"text/event-stream", false, true, true},
                {"application/json, text/event-stream", true, true, true},
                {"Application/JSON;q=0.9 ,TEXT/EVENT-STREAM; q=1", true, true, true},
                {"application/*", true, false, false},
                {"text/*", false, true, false},
                {"text/html", false, false, false},
                {"", false, false, false},
                {"text/event-stream;q=0, */*", true, true, false},
                {"application/json;q=0.0", false, false, false},
                {"application/json;q=0.01", true, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct head_accept a = head_accept(rows[i].accept);
        if (a.json != rows[i].json || a.sse != rows[i].sse || a.sse_named != rows[i].named)
            fail_msg("%s: %d %d %d", rows[i].accept, a.json, a.sse, a.sse_named);
    }
    assert_true(head_is_json("application/json"));
    assert_true(head_is_json(" Application/Json ; charset=utf-8"));
    assert_false(head_is_json("application/jsonx"));
    assert_false(head_is_json("application/json, text/plain"));
    assert_false(head_is_json(NULL));
    assert_string_equal(head_bearer("bearer  abc"), "abc");
    assert_null(head_bearer("Bearer "));
    assert_null(head_bearer("Bearer a b"));
    assert_null(head_bearer("Basic abc"));
    assert_null(head_bearer(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_rules_ladder),
        cmocka_unit_test(test_http_rules_spoilt_texts),
        cmocka_unit_test(test_http_rules_who_listens),
        cmocka_unit_test(test_http_rules_every_truncation_is_refused_or_read),
        cmocka_unit_test(test_http_rules_header_values),
        cmocka_unit_test(test_http_rules_statuses),
        cmocka_unit_test(test_http_head_hosts),
        cmocka_unit_test(test_http_head_origins),
        cmocka_unit_test(test_http_head_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
