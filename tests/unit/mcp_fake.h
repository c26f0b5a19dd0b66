#ifndef TESTS_UNIT_MCP_FAKE_H
#define TESTS_UNIT_MCP_FAKE_H
/* A server with one tool whose every move the test decides, and a connection that keeps what was
 * sent. */
#include "mcpd/mcp/server.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FAKE_MOST 512

struct fake {
    struct mcp_server *server;
    struct mcp_conn *conn;
    cJSON *sent[FAKE_MOST]; /* parsed */
    char *sent_text[FAKE_MOST];
    int sent_code[FAKE_MOST];
    size_t sent_count, sent_taken;
    struct tool_call *held[FAKE_MOST]; /* calls with "hold":true, not ended */
    size_t held_count;
    unsigned starts, cancels;
    char *last_args; /* as start() saw them */
    char last_client[64];
    size_t refuse_over; /* longer replies are not sent; 0: all are */
};

static uint64_t fake_now_ms;

static inline uint64_t fake_clock(void) {
    return fake_now_ms;
}

static inline void fake_cancelled(struct tool_call *call, void *ctx) {
    struct fake *f = ctx;
    f->cancels++;
    for (size_t i = 0; i < f->held_count; i++) {
        if (f->held[i] != call) continue;
        f->held[i] = f->held[--f->held_count];
        tool_call_result(call, cJSON_CreateObject(), NULL);
        return;
    }
    fail_msg("cancelled twice, or something else");
}

static inline void fake_start(struct tool_call *call, const cJSON *args, void *app) {
    struct fake *f = app;
    f->starts++;
    free(f->last_args);
    f->last_args = cJSON_PrintUnformatted(args);
    snprintf(f->last_client, sizeof f->last_client, "%s", tool_call_client(call));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(args, "hold"))) {
        f->held[f->held_count++] = call;
        assert_false(tool_call_on_cancel(call, fake_cancelled, f));
        return;
    }
    const cJSON *broken = cJSON_GetObjectItemCaseSensitive(args, "broken");
    if (cJSON_IsString(broken) && strcmp(broken->valuestring, "error") == 0) {
        tool_call_error(call, "no \x01 such\ncapture: \\d \xff");
        return;
    }
    if (cJSON_IsString(broken) && strcmp(broken->valuestring, "bytes") == 0) {
        tool_call_result(call, NULL, strdup("\xff"));
        return;
    }
    if (cJSON_IsString(broken) && strcmp(broken->valuestring, "big") == 0) {
        char *text = malloc((1u << 20) + 1);
        memset(text, 'a', 1u << 20);
        text[1u << 20] = '\0';
        tool_call_result(call, cJSON_CreateObject(), text);
        return;
    }
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "said", "hello");
    tool_call_result(call, answer, strdup("hello"));
}

static const struct tool fake_tool = {
    .name = "fake_tool",
    .title = "Fake tool",
    .description = "Does what the test says.",
    .input_schema =
        "{\"type\":\"object\",\"properties\":{"
        "\"target\":{\"type\":\"string\",\"maxLength\":20,\"examples\":[\"example.com:443\"]},"
        "\"mode\":{\"type\":\"string\",\"enum\":[\"auto\",\"web\"],\"default\":\"auto\"},"
        "\"duration\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":3600,\"default\":30},"
        "\"share\":{\"type\":\"number\",\"minimum\":0},"
        "\"broken\":{\"type\":\"string\"},"
        "\"hold\":{\"type\":\"boolean\",\"default\":false}},"
        "\"required\":[\"target\"],\"additionalProperties\":false}",
    .output_schema = "{\"type\":\"object\"}",
    .read_only = true,
    .idempotent = true,
    .start = fake_start,
};

static const struct tool plain_tool = {
    .name = "plain_tool",
    .title = "Plain tool",
    .description = "Takes nothing.",
    .input_schema = "{\"type\":\"object\",\"additionalProperties\":false}",
    .start = fake_start,
};

static const struct tool *const fake_tools[] = {&fake_tool, &plain_tool};

static inline bool fake_send(void *ctx, const struct mcp_out *out) {
    struct fake *f = ctx;
    assert_in_range(f->sent_count, 0, FAKE_MOST - 1);
    assert_int_equal(strlen(out->json), out->len);
    if (f->refuse_over && out->len > f->refuse_over) {
        assert_in_range(out->len, MCP_OUT_SMALL + 1, SIZE_MAX);
        return false;
    }
    assert_null(strpbrk(out->json, "\r\n"));
    cJSON *tree = cJSON_Parse(out->json);
    assert_non_null(tree);
    bool notification = cJSON_GetObjectItemCaseSensitive(tree, "method") != NULL;
    assert_true(notification == (out->kind != MCP_OUT_REPLY));
    f->sent[f->sent_count] = tree;
    f->sent_text[f->sent_count] = strdup(out->json);
    f->sent_code[f->sent_count++] = out->error_code;
    return true;
}

static inline struct mcp_conn *fake_connect(struct fake *f, uid_t uid) {
    struct mcp_conn_options options = {
        .caller = {.kind = CALLER_UID, .has_uid = true, .uid = uid, .privileged = uid == 0},
        .unsolicited = true,
        .send = fake_send,
        .ctx = f};
    return mcp_conn_new(f->server, &options);
}

/* A server with the fake tools and whatever else `config` has. */
static inline int fake_setup_with(void **state, struct mcp_config config) {
    char why[200];
    struct fake *f = calloc(1, sizeof *f);
    config.instructions = "Start here.";
    config.tools = fake_tools;
    config.tool_count = 2;
    config.app = f;
    config.now_ms = fake_clock;
    fake_now_ms = 1000;
    f->server = mcp_server_new(&config, why, sizeof why);
    if (!f->server) fail_msg("%s", why);
    f->conn = fake_connect(f, 1000);
    *state = f;
    return 0;
}

static inline int fake_setup(void **state) {
    return fake_setup_with(state, (struct mcp_config){.tools = NULL});
}

static inline int fake_teardown(void **state) {
    struct fake *f = *state;
    mcp_conn_free(f->conn);
    mcp_server_free(f->server);
    for (size_t i = 0; i < f->sent_count; i++) {
        cJSON_Delete(f->sent[i]);
        free(f->sent_text[i]);
    }
    free(f->last_args);
    free(f);
    return 0;
}

/* Feed a line, from an allocation of exactly its size. */
static inline void fake_feed(struct fake *f, const char *line) {
    size_t len = strlen(line);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, line, len);
    mcp_conn_receive(f->conn, copy, len);
    free(copy);
}

/* The next thing sent; NULL if there is none. */
static inline const cJSON *fake_next(struct fake *f) {
    return f->sent_taken < f->sent_count ? f->sent[f->sent_taken++] : NULL;
}

/* Look up "a.b.c" ("/" keeps dots in names apart, so keys may have them). */
static inline const cJSON *fake_at(const cJSON *tree, const char *path) {
    char part[128];
    while (tree && *path) {
        size_t len = strcspn(path, "|");
        snprintf(part, sizeof part, "%.*s", (int)len, path);
        tree = part[0] >= '0' && part[0] <= '9' ? cJSON_GetArrayItem(tree, atoi(part))
                                                : cJSON_GetObjectItemCaseSensitive(tree, part);
        path += len + (path[len] == '|');
    }
    return tree;
}

/* Feed a line and expect exactly one text back. */
static inline void fake_expect(struct fake *f, const char *line, const char *want) {
    size_t before = f->sent_count;
    fake_feed(f, line);
    f->sent_taken = f->sent_count;
    if (!want) {
        assert_int_equal(f->sent_count, before);
        return;
    }
    if (f->sent_count != before + 1) fail_msg("%s: %zu answers", line, f->sent_count - before);
    assert_string_equal(f->sent_text[before], want);
}

/* Feed a line and expect one error with this code; returns the answer. */
static inline const cJSON *fake_expect_error(struct fake *f, const char *line, int code) {
    size_t before = f->sent_count;
    fake_feed(f, line);
    f->sent_taken = f->sent_count;
    if (f->sent_count != before + 1) fail_msg("%s: %zu answers", line, f->sent_count - before);
    const cJSON *got = fake_at(f->sent[before], "error|code");
    if (!cJSON_IsNumber(got) || got->valueint != code)
        fail_msg("%s: answered %s", line, f->sent_text[before]);
    assert_int_equal(f->sent_code[before], code);
    return f->sent[before];
}

#define FAKE_META                                                                                  \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","                       \
    "\"io.modelcontextprotocol/clientCapabilities\":{}}"

#endif
