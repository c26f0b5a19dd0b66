/* tools/list, tools/call, and the life of one call.  The list is built once: it must not depend on
 * who asks.  A call is the state of its request; ending the request frees it, so there is one place
 * where a call ends. Runs in: mcpd. Input trust: client (checked by json_check). */
#include "mcpd/mcp/tools.h"
#include "common/text.h"
#include "mcpd/mcp/argcheck.h"
#include "mcpd/mcp/content.h"
#include "mcpd/mcp/dispatch.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRESS_GAP_MS 200u  /* at most five a second */
#define ERROR_TEXT      4096u /* one tool error, for a model to read */

struct tool_call {
    struct mcp_request *rq;
    cJSON *args;
    void (*on_cancel)(struct tool_call *call, void *ctx);
    void *cancel_ctx;
    bool progress_sent;
    double progress;      /* the last one sent */
    uint64_t progress_ms; /* when */
};

/* ---- the list ----------------------------------------------------------------------- */

static bool name_ok(const char *name) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return len >= 1 && len <= 64 && name[len] == '\0';
}

/* Where hosts that show apps find the tool's page; the flat key is for older ones. */
static void add_ui(cJSON *entry, const char *uri) {
    cJSON *meta = cJSON_AddObjectToObject(entry, "_meta");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(meta, "ui"), "resourceUri", uri);
    cJSON_AddStringToObject(meta, "ui/resourceUri", uri);
}

static cJSON *list_entry(const struct tool *tool, const cJSON *input, cJSON *output) {
    cJSON *entry = cJSON_CreateObject();
    cJSON_AddStringToObject(entry, "name", tool->name);
    cJSON_AddStringToObject(entry, "title", tool->title);
    cJSON_AddStringToObject(entry, "description", tool->description);
    cJSON_AddItemToObject(entry, "inputSchema", cJSON_Duplicate(input, true));
    if (output) cJSON_AddItemToObject(entry, "outputSchema", output);
    cJSON *hints = cJSON_AddObjectToObject(entry, "annotations");
    cJSON_AddBoolToObject(hints, "readOnlyHint", tool->read_only);
    cJSON_AddBoolToObject(hints, "destructiveHint", tool->destructive);
    cJSON_AddBoolToObject(hints, "idempotentHint", tool->idempotent);
    cJSON_AddBoolToObject(hints, "openWorldHint", tool->open_world);
    if (tool->ui) add_ui(entry, tool->ui);
    return entry;
}

static const struct tool_entry *find_tool(const struct mcp_server *s, const char *name) {
    for (size_t i = 0; i < s->config.tool_count; i++)
        if (s->tools[i].tool && strcmp(s->tools[i].tool->name, name) == 0) return &s->tools[i];
    return NULL;
}

/* A parsed schema with an object at its root, or NULL. */
static cJSON *parse_schema(const char *text) {
    cJSON *schema = cJSON_Parse(text);
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
    if (cJSON_IsString(type) && strcmp(type->valuestring, "object") == 0) return schema;
    cJSON_Delete(schema);
    return NULL;
}

static bool prepare_one(struct mcp_server *s, struct tool_entry *entry, const struct tool *tool,
                        char *why, size_t cap) {
    char schema_why[160];
    if (!name_ok(tool->name) || find_tool(s, tool->name)) {
        snprintf(why, cap, "tool %s: the name is not allowed or taken", tool->name);
        return false;
    }
    entry->input_schema = parse_schema(tool->input_schema);
    if (!entry->input_schema) {
        snprintf(why, cap, "tool %s: the input schema is no JSON object schema", tool->name);
        return false;
    }
    if (!tool->unchecked &&
        !argcheck_schema_ok(entry->input_schema, schema_why, sizeof schema_why)) {
        snprintf(why, cap, "tool %s: input schema: %s", tool->name, schema_why);
        return false;
    }
    cJSON *output = tool->output_schema ? parse_schema(tool->output_schema) : NULL;
    if (tool->output_schema && !output) {
        snprintf(why, cap, "tool %s: the output schema is no JSON object schema", tool->name);
        return false;
    }
    entry->tool = tool;
    cJSON_AddItemToArray(s->tool_list, list_entry(tool, entry->input_schema, output));
    return true;
}

bool tools_prepare(struct mcp_server *s, char *why, size_t cap) {
    size_t count = s->config.tool_count;
    s->tools = calloc(count ? count : 1, sizeof *s->tools);
    s->tool_list = cJSON_CreateArray();
    if (!s->tools || !s->tool_list) {
        snprintf(why, cap, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (!prepare_one(s, &s->tools[i], s->config.tools[i], why, cap)) return false;
    return true;
}

void tools_discard(struct mcp_server *s) {
    for (size_t i = 0; s->tools && i < s->config.tool_count; i++)
        cJSON_Delete(s->tools[i].input_schema);
    free(s->tools);
    cJSON_Delete(s->tool_list);
}

void tools_list(struct mcp_request *rq, const cJSON *params) {
    if (!mcp_only_page(rq, params)) return;
    cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "tools",
                          cJSON_CreateArrayReference(rq->server->tool_list->child));
    mcp_reply(rq, result);
}

/* ---- one call ----------------------------------------------------------------------- */

static void call_release(struct mcp_request *rq) {
    struct tool_call *call = rq->state;
    cJSON_Delete(call->args);
    free(call);
}

static void call_cancelled(struct mcp_request *rq) {
    struct tool_call *call = rq->state;
    void (*fn)(struct tool_call *, void *) = call->on_cancel;
    call->on_cancel = NULL;
    if (fn) fn(call, call->cancel_ctx);
}

static struct tool_call *call_new(struct mcp_request *rq, const cJSON *args) {
    struct tool_call *call = calloc(1, sizeof *call);
    if (!call) return NULL;
    call->rq = rq;
    call->args = args ? cJSON_Duplicate(args, true) : cJSON_CreateObject();
    rq->state = call;
    rq->release = call_release;
    rq->cancelled = call_cancelled;
    return call;
}

/* Modern clients say with each request what they can do.  False: refused. */
static bool client_can(struct mcp_request *rq, const cJSON *params, const char *needed) {
    const cJSON *meta = cJSON_GetObjectItemCaseSensitive(params, "_meta");
    const cJSON *has = cJSON_GetObjectItemCaseSensitive(meta, ERA_META_CAPABILITIES);
    if (!needed || rq->era != ERA_MODERN || cJSON_GetObjectItemCaseSensitive(has, needed))
        return true;
    cJSON *data = cJSON_CreateObject();
    cJSON_AddObjectToObject(cJSON_AddObjectToObject(data, "requiredCapabilities"), needed);
    mcp_refuse(rq, RPC_MISSING_CAPABILITY, data, "This tool needs the client capability %s",
               needed);
    return false;
}

void tools_call(struct mcp_request *rq, const cJSON *params) {
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(params, "name");
    const cJSON *args = cJSON_GetObjectItemCaseSensitive(params, "arguments");
    char why[ARGCHECK_TEXT];
    if (!cJSON_IsString(name)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.name must be a string");
        return;
    }
    const struct tool_entry *entry = find_tool(rq->server, name->valuestring);
    if (!entry) {
        text_clean((const uint8_t *)name->valuestring, strlen(name->valuestring), why, 65);
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "Unknown tool: %s", why);
        return;
    }
    if (args && !cJSON_IsObject(args)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.arguments must be an object");
        return;
    }
    if (!client_can(rq, params, entry->tool->needs)) return;
    struct tool_call *call = call_new(rq, args);
    if (!call || !call->args) {
        mcp_refuse(rq, RPC_INTERNAL_ERROR, NULL, "Internal error: out of memory");
        return;
    }
    if (!entry->tool->unchecked &&
        !argcheck_apply(entry->input_schema, call->args, why, sizeof why)) {
        tool_call_error(call, "%s", why);
        return;
    }
    entry->tool->start(call, call->args, rq->server->config.app);
}

/* `blocks` and `structured` are consumed; structured may be NULL. */
static void end_call(struct tool_call *call, cJSON *blocks, cJSON *structured, bool is_error) {
    cJSON *result = cJSON_CreateObject();
    if (!cJSON_AddItemToObject(result, "content", blocks)) cJSON_Delete(blocks);
    if (structured) cJSON_AddItemToObject(result, "structuredContent", structured);
    cJSON_AddBoolToObject(result, "isError", is_error);
    mcp_reply(call->rq, result);
}

static cJSON *one_text(const char *text) {
    cJSON *blocks = cJSON_CreateArray();
    cJSON_AddItemToArray(blocks, content_text(text));
    return blocks;
}

void tool_call_result(struct tool_call *call, cJSON *structured, char *text) {
    if (!text) text = cJSON_PrintUnformatted(structured);
    end_call(call, one_text(text ? text : ""), structured, false);
    free(text);
}

void tool_call_content(struct tool_call *call, cJSON *blocks, cJSON *structured) {
    end_call(call, blocks, structured, false);
}

/* Copy, line by line, with what could hide or forge text escaped. */
static void copy_clean_lines(char *in, char *out, size_t cap) {
    size_t used = 0;
    for (char *end; in && used + 1 < cap; in = end) {
        end = strchr(in, '\n');
        if (end) *end++ = '\0';
        used += text_clean_again(in, out + used, cap - used);
        if (end && used + 1 < cap) out[used++] = '\n';
    }
    out[used] = '\0';
}

void tool_call_error(struct tool_call *call, const char *fmt, ...) {
    char raw[ERROR_TEXT], text[ERROR_TEXT * 2];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    copy_clean_lines(raw, text, sizeof text);
    end_call(call, one_text(text), NULL, true);
}

/* ---- while it runs ------------------------------------------------------------------ */

bool tool_call_wants_progress(const struct tool_call *call) {
    return call->rq->progress_token && call->rq->conn;
}

void tool_call_progress(struct tool_call *call, double progress, double total,
                        const char *message) {
    uint64_t now = call->rq->server->config.now_ms();
    if (!tool_call_wants_progress(call) || !isfinite(progress)) return;
    if (total > 0 && progress > total) progress = total;
    if (call->progress_sent &&
        (!(progress > call->progress) || now - call->progress_ms < PROGRESS_GAP_MS))
        return;
    call->progress_sent = true;
    call->progress = progress;
    call->progress_ms = now;
    cJSON *params = cJSON_CreateObject();
    cJSON_AddRawToObject(params, "progressToken", call->rq->progress_token);
    cJSON_AddNumberToObject(params, "progress", progress);
    if (total > 0) cJSON_AddNumberToObject(params, "total", total);
    if (message && text_is_utf8((const uint8_t *)message, strlen(message)))
        cJSON_AddStringToObject(params, "message", message);
    mcp_notify(call->rq, "notifications/progress", params);
}

bool tool_call_on_cancel(struct tool_call *call, void (*fn)(struct tool_call *call, void *ctx),
                         void *ctx) {
    call->on_cancel = fn;
    call->cancel_ctx = ctx;
    return tool_call_cancelled(call);
}

bool tool_call_cancelled(const struct tool_call *call) {
    return !call->rq->conn;
}

const struct caller *tool_call_caller(const struct tool_call *call) {
    return &call->rq->caller;
}

const char *tool_call_client(const struct tool_call *call) {
    return call->rq->client;
}
