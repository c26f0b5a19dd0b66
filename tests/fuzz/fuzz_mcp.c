/* libFuzzer: lines of JSON-RPC to the MCP core, both eras, with the product's own tools and their
 * schemas, with resources, prompts, completion and subscriptions; a tool here answers at once, is
 * held and answered later, or refuses, by turns, and after each line resources change.  Every
 * answer must be one line of JSON that our own strict check accepts, and each line gets one at
 * most. */
#include "mcpd/mcp/content.h"
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

static bool check_sent(void *ctx, const struct mcp_out *out) {
    struct fake_app *a = ctx;
    size_t at;
    HOLDS(strlen(out->json) == out->len && !strpbrk(out->json, "\r\n"));
    HOLDS(json_check(out->json, out->len, &at) == JSON_OK);
    a->replies += out->kind == MCP_OUT_REPLY;
    return true;
}

static void progress(struct fake_app *a) {
    for (size_t i = 0; i < a->held_n; i++) tool_call_progress(a->held[i], 1, 10, "half \xff way");
}

/* ---- tables ------------------------------------------------------------------------- */

static void read_now(struct mcp_read *read, const char *key, void *ctx) {
    struct fake_app *a = ctx;
    HOLDS(strlen(key) <= MCP_KEY_MAX);
    switch (++a->turn % 4) {
    case 0: mcp_read_missing(read); break;
    case 1: mcp_read_failed(read, "no \x01 luck"); break;
    case 2: mcp_read_bytes(read, key, strlen(key), MCP_KEEP_OWN); break;
    default: mcp_read_text(read, strdup(key), MCP_KEEP_NOT); break;
    }
}

/* Every key but those that begin with z belongs to everybody; a, b, c are listed. */
static bool exists(void *ctx, const struct caller *who, const char *key) {
    (void)ctx;
    (void)who;
    return key[0] != 'z';
}

static bool next(void *ctx, const struct caller *who, const char *after, struct mcp_item *out,
                 bool *unknown_out) {
    (void)ctx;
    (void)who;
    memset(out, 0, sizeof *out);
    *unknown_out = after[0] && (after[0] < 'a' || after[0] > 'c');
    if (*unknown_out || after[0] == 'c') return false;
    out->key[0] = after[0] ? (char)(after[0] + 1) : 'a';
    return true;
}

static bool key(void *ctx, const struct caller *who, size_t *at, char out[MCP_KEY_MAX + 1]) {
    (void)ctx;
    (void)who;
    memcpy(out, "a", 2);
    return (*at)++ == 0;
}

static const struct mcp_resource fixed[] = {
    {"fixed://x", "x", "X", "An x", "text/plain", "{}", read_now}};
static const struct mcp_resource templates[] = {
    {"item://{id}/x", "x", "X", "An x", "text/plain", NULL, read_now}};
static const struct mcp_resources resources = {.fixed = fixed,
                                               .fixed_count = 1,
                                               .templates = templates,
                                               .template_count = 1,
                                               .next = next,
                                               .exists = exists,
                                               .key = key,
                                               .changes = true};

static cJSON *messages(const cJSON *arguments, char *why, size_t cap, void *ctx) {
    (void)ctx;
    if (!mcp_prompt_text(arguments, "b")[0]) {
        snprintf(why, cap, "b is missing");
        return NULL;
    }
    cJSON *list = cJSON_CreateArray();
    cJSON_AddItemToArray(list,
                         content_message("user", content_text(mcp_prompt_text(arguments, "a"))));
    return list;
}

static void offer(struct mcp_completion *c, void *ctx) {
    (void)ctx;
    mcp_completion_offer(c, "abc");
    mcp_completion_offer(c, "abd");
    mcp_completion_end(c);
}

static const struct mcp_prompt_argument arguments[] = {{"a", "An a", true, offer},
                                                       {"b", "A b", false, NULL}};
static const struct mcp_prompt prompts[] = {{"p", "P", "A p", arguments, 2, messages}};

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
                                .resources = &resources,
                                .prompts = prompts,
                                .prompt_count = 1,
                                .lists_change = true,
                                .app = a,
                                .now_ms = now_ms};
    return mcp_server_new(&config, why, sizeof why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct fake_app app;
    static struct mcp_server *server;
    if (!server) server = server_of(&app);
    HOLDS(server);
    struct mcp_conn_options o = {.caller = {.kind = CALLER_UID, .has_uid = true, .uid = 1},
                                 .unsolicited = size % 3 != 0,
                                 .send = check_sent,
                                 .ctx = &app};
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
        mcp_server_resource_updated(server, "item://a/x", n % 2);
        mcp_server_list_changed(server, (enum mcp_list)(n % MCP_LISTS), NULL);
        at += n + 1;
        HOLDS(app.replies <= ++lines);
    }
    if (size % 2) /* else the connection goes first */
        while (app.held_n > 0) end_call(app.held[--app.held_n], 1);
    if (size % 5 == 0) mcp_server_end_subscriptions(server);
    HOLDS(app.replies <= lines);
    mcp_conn_free(conn);
    HOLDS(app.held_n == 0);
    return 0;
}
