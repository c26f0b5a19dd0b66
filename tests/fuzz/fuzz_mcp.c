/* libFuzzer: lines of JSON-RPC to the MCP core, both eras, with the product's own tools and their
 * schemas; a tool here answers at once, is held and answered later, or refuses, by turns.  Every
 * answer must be one line of JSON that our own strict check accepts, and each line gets one at
 * most. */
#include "mcpd/mcp/jsoncheck.h"
#include "mcpd/mcp/server.h"
#include "mcpd/tools/tools.h"
#include "tests/fuzz/fuzz.h"

#define TOOLS_MAX 16
#define HELD_MAX  8

struct fake_app {
    struct tool_call *held[HELD_MAX];
    size_t held_n;
    unsigned turn;
    size_t replies;
};

static void end_call(struct tool_call *call, unsigned how) {
    if (how % 3 == 0)
        tool_call_error(call, "no \x01 such\nthing \xff %u", how);
    else
        tool_call_result(call, cJSON_CreateObject(),
                         how % 3 == 1 ? strdup("said \xf0\x9f\x92\xa3") : NULL);
}

static void on_cancel(struct tool_call *call, void *ctx) {
    struct fake_app *a = ctx;
    for (size_t i = 0; i < a->held_n; i++) {
        if (a->held[i] != call) continue;
        a->held[i] = a->held[--a->held_n];
        end_call(call, 2);
        return;
    }
    __builtin_trap(); /* cancelled twice, or after its end */
}

static void start(struct tool_call *call, const cJSON *args, void *ctx) {
    struct fake_app *a = ctx;
    HOLDS(cJSON_IsObject(args));
    if (++a->turn % 2 == 0 && a->held_n < HELD_MAX && !tool_call_on_cancel(call, on_cancel, a))
        a->held[a->held_n++] = call;
    else
        end_call(call, a->turn);
}

static void check_sent(void *ctx, const struct mcp_out *out) {
    struct fake_app *a = ctx;
    size_t at;
    HOLDS(strlen(out->json) == out->len && !strpbrk(out->json, "\r\n"));
    HOLDS(json_check(out->json, out->len, &at) == JSON_OK);
    a->replies += out->kind == MCP_OUT_REPLY;
}

static void progress(struct fake_app *a) {
    for (size_t i = 0; i < a->held_n; i++) tool_call_progress(a->held[i], 1, 10, "half \xff way");
}

static uint64_t now_ms(void) {
    static uint64_t now;
    return now += 700;
}

/* The real table with another start. */
static struct mcp_server *server_of(struct fake_app *a) {
    static struct tool copy[TOOLS_MAX];
    static const struct tool *row[TOOLS_MAX];
    char why[400];
    HOLDS(tool_table_count <= TOOLS_MAX);
    for (size_t i = 0; i < tool_table_count; i++) {
        copy[i] = *tool_table[i];
        copy[i].start = start;
        row[i] = &copy[i];
    }
    struct mcp_config config = {.instructions = "Start here.",
                                .tools = row,
                                .tool_count = tool_table_count,
                                .app = a,
                                .now_ms = now_ms};
    return mcp_server_new(&config, why, sizeof why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct fake_app app;
    static struct mcp_server *server;
    if (!server) server = server_of(&app);
    HOLDS(server);
    struct mcp_conn_options o = {
        .caller = {.kind = CALLER_UID, .has_uid = true, .uid = 1}, .send = check_sent, .ctx = &app};
    struct mcp_conn *conn = mcp_conn_new(server, &o);
    HOLDS(conn);
    app.turn = 0;
    size_t lines = 0;
    app.replies = 0;
    for (size_t at = 0; at < size;) {
        const uint8_t *stop = memchr(data + at, '\n', size - at);
        size_t n = stop ? (size_t)(stop - (data + at)) : size - at;
        char *line = fuzz_copy(data + at, n);
        mcp_conn_receive(conn, line, n);
        free(line);
        progress(&app);
        at += n + 1;
        HOLDS(app.replies <= ++lines);
    }
    if (size % 2) /* else the connection goes first */
        while (app.held_n > 0) end_call(app.held[--app.held_n], 1);
    HOLDS(app.replies <= lines);
    mcp_conn_free(conn);
    HOLDS(app.held_n == 0);
    return 0;
}
