/* JSON-RPC 2.0 framing, without any knowledge of MCP.  One message in, its kind and parts out; what
 * is wrong with it is part of the result rather than an error of the function, because the answer
 * may still need the id. Runs in: mcpd. Input trust: client (checked by json_check). */
#include "mcpd/mcp/jsonrpc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *span_copy(struct json_span s) {
    char *copy = malloc(s.len + 1);
    if (!copy) return NULL;
    memcpy(copy, s.p, s.len);
    copy[s.len] = '\0';
    return copy;
}

char *rpc_id_text(struct json_span value) {
    if (value.len == 0 || value.len > RPC_ID_MAX) return NULL;
    if (value.p[0] == '"') {
        cJSON *decoded = cJSON_ParseWithLength(value.p, value.len);
        char *text = cJSON_IsString(decoded) ? cJSON_PrintUnformatted(decoded) : NULL;
        cJSON_Delete(decoded);
        return text;
    }
    size_t i = value.p[0] == '-';
    if (i == value.len) return NULL;
    for (; i < value.len; i++)
        if (value.p[i] < '0' || value.p[i] > '9') return NULL;
    return span_copy(value);
}

char *rpc_spoilt_id(enum json_fault fault, struct json_span message) {
    struct json_span id;
    size_t offset;
    if ((fault != JSON_NUL && fault != JSON_SURROGATE) || !json_span_member(message, "id", &id))
        return NULL;
    return json_check(id.p, id.len, &offset) == JSON_OK ? rpc_id_text(id) : NULL;
}

static bool invalid(struct rpc_message *m, int code, const char *why) {
    m->kind = RPC_INVALID;
    m->code = code;
    m->why = why;
    return true;
}

/* The id first: every later complaint can then carry it. */
static bool parse_id(struct json_span text, struct rpc_message *m, bool *present_out) {
    struct json_span id;
    *present_out = json_span_member(text, "id", &id);
    if (*present_out) m->id = rpc_id_text(id);
    return !*present_out || m->id;
}

bool rpc_message_parse(struct json_span text, struct rpc_message *out) {
    bool has_id;
    *out = (struct rpc_message){.kind = RPC_INVALID};
    out->tree = cJSON_ParseWithLength(text.p, text.len);
    if (!out->tree) return false;
    if (!cJSON_IsObject(out->tree))
        return invalid(out, RPC_INVALID_REQUEST, "a message must be a JSON object");
    if (!parse_id(text, out, &has_id))
        return invalid(out, RPC_INVALID_REQUEST,
                       "id must be a string or an integer of at most 256 bytes");
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(out->tree, "jsonrpc");
    if (!cJSON_IsString(version) || strcmp(version->valuestring, "2.0") != 0)
        return invalid(out, RPC_INVALID_REQUEST, "jsonrpc must be \"2.0\"");
    const cJSON *method = cJSON_GetObjectItemCaseSensitive(out->tree, "method");
    if (!method) {
        out->kind = RPC_RESPONSE;
        if (cJSON_GetObjectItemCaseSensitive(out->tree, "result") ||
            cJSON_GetObjectItemCaseSensitive(out->tree, "error"))
            return true;
        return invalid(out, RPC_INVALID_REQUEST, "method is missing");
    }
    if (!cJSON_IsString(method))
        return invalid(out, RPC_INVALID_REQUEST, "method must be a string");
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(out->tree, "params");
    if (params && !cJSON_IsObject(params) && has_id)
        return invalid(out, RPC_INVALID_PARAMS, "params must be an object");
    out->kind = has_id ? RPC_REQUEST : RPC_NOTIFICATION;
    out->method = method->valuestring;
    if (!cJSON_IsObject(params)) return true;
    out->params = params;
    (void)json_span_member(text, "params", &out->params_raw);
    return true;
}

void rpc_message_clear(struct rpc_message *m) {
    free(m->id);
    cJSON_Delete(m->tree);
    *m = (struct rpc_message){.kind = RPC_INVALID};
}

char *rpc_cancelled_id(const struct rpc_message *m) {
    struct json_span target;
    if (strcmp(m->method, "notifications/cancelled") != 0 || m->params_raw.len == 0) return NULL;
    return json_span_member(m->params_raw, "requestId", &target) ? rpc_id_text(target) : NULL;
}

static cJSON *message_new(const char *id) {
    cJSON *m = cJSON_CreateObject();
    cJSON_AddStringToObject(m, "jsonrpc", "2.0");
    if (id) cJSON_AddRawToObject(m, "id", id);
    return m;
}

/* cJSON_AddItemToObject leaves the item with the caller when it fails. */
static bool add_owned(cJSON *object, const char *key, cJSON *item) {
    if (cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

cJSON *rpc_result_message(const char *id, cJSON *result) {
    cJSON *m = message_new(id);
    if (add_owned(m, "result", result)) return m;
    cJSON_Delete(m);
    return NULL;
}

cJSON *rpc_error_message(const char *id, int code, const char *text, cJSON *data) {
    cJSON *m = message_new(id);
    cJSON *error = cJSON_AddObjectToObject(m, "error");
    cJSON_AddNumberToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", text);
    if (data) (void)add_owned(error, "data", data);
    return m;
}

cJSON *rpc_notification_message(const char *method, cJSON *params) {
    cJSON *m = message_new(NULL);
    cJSON_AddStringToObject(m, "method", method);
    if (params) (void)add_owned(m, "params", params);
    return m;
}

void rpc_small_error(char out[2048], const char *id, const char *text) {
    snprintf(out, 2048, "{\"jsonrpc\":\"2.0\",%s%s%s\"error\":{\"code\":%d,\"message\":\"%s\"}}",
             id ? "\"id\":" : "", id ? id : "", id ? "," : "", RPC_INTERNAL_ERROR, text);
}
