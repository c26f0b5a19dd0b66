/* From bytes to handlers and back.  One message is checked, parsed, given its era and looked up in
 * the method table; everything that may go wrong on the way is an error reply here, so that
 * handlers see only requests they can serve.  A request lives until its handler ends it. Cancelling
 * takes it off its connection at once: from then on nobody hears its answer, its id may be used
 * again, and it only waits in the server's list to be ended. Runs in: mcpd. Input trust: client. */
#include "mcpd/mcp/dispatch.h"
#include "common/err.h"
#include "common/log.h"
#include "common/text.h"
#include "common/clock.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- out ---------------------------------------------------------------------------- */

bool conn_is_heard(const struct mcp_conn *c) {
    return !c->options.is_heard || c->options.is_heard(c->options.ctx);
}

/* Instead of an answer that cannot be had: an error that needs no memory here. */
static void send_small_error(struct mcp_conn *c, const char *id, const char *text) {
    char json[MCP_OUT_SMALL];
    rpc_small_error(json, id, text);
    struct mcp_out out = {MCP_OUT_REPLY, json, strlen(json), RPC_INTERNAL_ERROR};
    (void)c->options.send(c->options.ctx, &out);
}

void conn_send_text(struct mcp_conn *c, const char *id, const char *json, size_t len) {
    struct mcp_out out = {.kind = MCP_OUT_REPLY, .json = json, .len = len};
    if (!c->options.send(c->options.ctx, &out))
        send_small_error(c, id, "too many answers wait to be read; ask again");
}

/* Print and send the answer to `id` (NULL: to none); `message` is consumed, NULL: no memory. */
static void send_reply(struct mcp_conn *c, const char *id, cJSON *message, int code) {
    char *json = message ? cJSON_PrintUnformatted(message) : NULL;
    cJSON_Delete(message);
    if (!json) {
        send_small_error(c, id, "Internal error: out of memory");
        return;
    }
    struct mcp_out out = {
        .kind = MCP_OUT_REPLY, .json = json, .len = strlen(json), .error_code = code};
    if (!c->options.send(c->options.ctx, &out))
        send_small_error(c, id, "too many answers wait to be read; ask again");
    free(json);
}

/* The same for what answers nothing.  */
static void send_message(struct mcp_conn *c, enum mcp_out_kind kind, cJSON *message) {
    char *json = message ? cJSON_PrintUnformatted(message) : NULL;
    cJSON_Delete(message);
    if (!json) {
        log_line("out of memory: a message to the client is lost");
        return;
    }
    struct mcp_out out = {.kind = kind, .json = json, .len = strlen(json)};
    (void)c->options.send(c->options.ctx, &out);
    free(json);
}

/* ---- requests ----------------------------------------------------------------------- */

static void request_link(struct mcp_request **list, struct mcp_request *rq) {
    rq->next = *list;
    rq->link = list;
    if (rq->next) rq->next->link = &rq->next;
    *list = rq;
}

static void request_unlink(struct mcp_request *rq) {
    *rq->link = rq->next;
    if (rq->next) rq->next->link = rq->link;
}

static void request_free(struct mcp_request *rq) {
    if (rq->conn) rq->conn->in_flight_count--;
    request_unlink(rq);
    if (rq->release) rq->release(rq);
    free(rq->id);
    free(rq->progress_token);
    free(rq);
}

/* Send `message` (consumed) as the end of a request. */
static void request_end(struct mcp_request *rq, cJSON *message, int code) {
    struct mcp_batch *batch = rq->batch;
    if (rq->conn && batch)
        batch_reply(batch, rq->id, message);
    else if (rq->conn)
        send_reply(rq->conn, rq->id, message, code);
    else
        cJSON_Delete(message);
    request_free(rq);
    batch_done_one(batch);
}

/* Nobody waits for it any more.  The handler is told last: it may end the request inside. */
static void request_abandon(struct mcp_request *rq) {
    struct mcp_batch *batch = rq->batch;
    request_unlink(rq);
    rq->conn->in_flight_count--;
    rq->conn = NULL;
    rq->batch = NULL;
    request_link(&rq->server->abandoned, rq);
    batch_done_one(batch);
    if (rq->cancelled) rq->cancelled(rq);
}

/* Text that is no UTF-8 can only come from a handler's mistake; no client could read such a line.
 */
static bool json_is_utf8(const cJSON *item) {
    for (; item; item = item->next) {
        if (item->string && !text_is_utf8((const uint8_t *)item->string, strlen(item->string)))
            return false;
        if (cJSON_IsString(item) &&
            !text_is_utf8((const uint8_t *)item->valuestring, strlen(item->valuestring)))
            return false;
        if (!json_is_utf8(item->child)) return false;
    }
    return true;
}

void mcp_reply(struct mcp_request *rq, cJSON *result) {
    if (!result || !json_is_utf8(result)) {
        cJSON_Delete(result);
        log_line("%s: the result could not be built", rq->method->name);
        mcp_refuse(rq, RPC_INTERNAL_ERROR, NULL, "Internal error: the result could not be built");
        return;
    }
    era_encode_result(rq->era, rq->cache, result);
    request_end(rq, rpc_result_message(rq->id, result), 0);
}

void mcp_refuse(struct mcp_request *rq, int code, cJSON *data, const char *fmt, ...) {
    char text[LIM_ERROR_TEXT + 1];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    request_end(rq, rpc_error_message(rq->id, code, text, data), code);
}

void mcp_notify(struct mcp_request *rq, const char *method, cJSON *params) {
    if (rq->conn)
        send_message(rq->conn, MCP_OUT_NOTIFICATION, rpc_notification_message(method, params));
    else
        cJSON_Delete(params);
}

void mcp_conn_notify(struct mcp_conn *c, enum mcp_out_kind kind, const char *method,
                     cJSON *params) {
    send_message(c, kind, rpc_notification_message(method, params));
}

bool mcp_only_page(struct mcp_request *rq, const cJSON *params) {
    const cJSON *cursor = cJSON_GetObjectItemCaseSensitive(params, "cursor");
    if (!cursor || (cJSON_IsString(cursor) && !cursor->valuestring[0])) return true;
    mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "Invalid cursor: the list has only one page");
    return false;
}

void mcp_client_label(const cJSON *client_info, char *out, size_t cap) {
    char raw[256];
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(client_info, "name");
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(client_info, "version");
    snprintf(raw, sizeof raw, "%.100s%s%.100s", cJSON_IsString(name) ? name->valuestring : "",
             cJSON_IsString(version) ? " " : "",
             cJSON_IsString(version) ? version->valuestring : "");
    text_clean((const uint8_t *)raw, strlen(raw), out, cap);
}

/* ---- in ----------------------------------------------------------------------------- */

static struct mcp_request *find_in_flight(struct mcp_conn *c, const char *id) {
    for (struct mcp_request *rq = c->in_flight; rq; rq = rq->next)
        if (strcmp(rq->id, id) == 0) return rq;
    return NULL;
}

/* The progress token as text: only a string or an integer counts. */
static char *progress_token(const struct rpc_message *m) {
    struct json_span meta, token;
    if (m->params_raw.len == 0 || !json_span_member(m->params_raw, "_meta", &meta) ||
        !json_span_member(meta, "progressToken", &token))
        return NULL;
    return rpc_id_text(token);
}

static void receive_notification(struct mcp_conn *c, const struct rpc_message *m) {
    if (!c->options.unsolicited) return; /* HTTP: what it says of other requests, http_exchange.c */
    if (strcmp(m->method, "notifications/initialized") == 0)
        for (size_t i = 0; i < MCP_LISTS; i++) c->legacy.lists[i] = true;
    char *id = rpc_cancelled_id(m);
    if (id) mcp_conn_cancel(c, id);
    free(id);
}

void conn_reject(struct mcp_conn *c, struct mcp_batch *batch, const char *id, int code,
                 const char *text, cJSON *data) {
    cJSON *message = rpc_error_message(id, code, text, data);
    if (batch)
        batch_reply(batch, id, message);
    else
        send_reply(c, id, message, code);
}

static void begin_request(struct mcp_conn *c, struct mcp_batch *batch, struct rpc_message *m,
                          enum mcp_era era, const struct mcp_method *method) {
    struct mcp_request *rq = calloc(1, sizeof *rq);
    if (!rq) {
        conn_reject(c, batch, m->id, RPC_INTERNAL_ERROR, "Internal error: out of memory", NULL);
        return;
    }
    rq->server = c->server;
    rq->conn = c;
    rq->method = method;
    rq->era = era;
    rq->cache = method->cache;
    rq->id = m->id;
    m->id = NULL;
    rq->progress_token = progress_token(m);
    rq->batch = batch;
    rq->caller = c->options.caller;
    if (era == ERA_MODERN) {
        const cJSON *meta = cJSON_GetObjectItemCaseSensitive(m->params, "_meta");
        mcp_client_label(cJSON_GetObjectItemCaseSensitive(meta, ERA_META_CLIENT), rq->client,
                         sizeof rq->client);
    } else {
        memcpy(rq->client, c->legacy_client, sizeof rq->client);
    }
    batch_hold(batch);
    c->in_flight_count++;
    request_link(&c->in_flight, rq);
    method->handle(rq, m->params);
}

static void receive_request(struct mcp_conn *c, struct mcp_batch *batch, struct rpc_message *m) {
    enum mcp_era era;
    struct era_refusal refusal;
    char text[LIM_ERROR_TEXT + 1], name[65];
    if (!era_of_request(m, &era, &refusal)) {
        conn_reject(c, batch, m->id, refusal.code, refusal.text, refusal.data);
        return;
    }
    const struct mcp_method *method = mcp_method_find(c, m->method, era);
    if (!method) {
        text_clean((const uint8_t *)m->method, strlen(m->method), name, sizeof name);
        snprintf(text, sizeof text, "Method not found: %s", name);
        conn_reject(c, batch, m->id, RPC_METHOD_NOT_FOUND, text, NULL);
    } else if (batch && strcmp(m->method, "initialize") == 0) {
        conn_reject(c, batch, m->id, RPC_INVALID_REQUEST, "initialize must not be in a batch",
                    NULL);
    } else if (batch && era == ERA_MODERN) {
        conn_reject(c, batch, m->id, RPC_INVALID_REQUEST, "a batch is no place for 2026-07-28",
                    NULL);
    } else if (find_in_flight(c, m->id)) {
        conn_reject(c, batch, m->id, RPC_INVALID_REQUEST,
                    "this id belongs to a request that is not answered yet", NULL);
    } else if (batch_full(batch)) {
        conn_reject(c, batch, m->id, RPC_INTERNAL_ERROR, batch_full(batch), NULL);
    } else if (c->in_flight_count >= MCP_IN_FLIGHT_MAX) {
        snprintf(text, sizeof text, "too many requests at once: %u are not answered yet",
                 MCP_IN_FLIGHT_MAX);
        conn_reject(c, batch, m->id, RPC_INTERNAL_ERROR, text, NULL);
    } else {
        begin_request(c, batch, m, era, method);
    }
}

bool conn_receive_one(struct mcp_conn *c, struct mcp_batch *batch, struct json_span text) {
    struct rpc_message m;
    if (!rpc_message_parse(text, &m)) {
        m.kind = RPC_INVALID;
        m.code = RPC_INTERNAL_ERROR;
        m.why = "Internal error: out of memory";
    }
    switch (m.kind) {
    case RPC_REQUEST: receive_request(c, batch, &m); break;
    case RPC_NOTIFICATION: receive_notification(c, &m); break;
    case RPC_RESPONSE: break;
    case RPC_INVALID: conn_reject(c, batch, m.id, m.code, m.why, NULL); break;
    }
    bool asked = m.kind == RPC_REQUEST;
    rpc_message_clear(&m);
    return asked;
}

void mcp_conn_receive(struct mcp_conn *c, const char *bytes, size_t len) {
    size_t offset;
    enum json_fault fault = json_check(bytes, len, &offset);
    if (fault != JSON_OK) {
        char text[128], *id = rpc_spoilt_id(fault, json_span_make(bytes, len));
        snprintf(text, sizeof text, "%s: %s (byte %zu)", id ? "Invalid request" : "Parse error",
                 json_fault_text(fault), offset);
        conn_reject(c, NULL, id, id ? RPC_INVALID_REQUEST : RPC_PARSE_ERROR, text, NULL);
        free(id);
        return;
    }
    struct json_span text = json_span_make(bytes, len);
    if (text.p[0] == '[')
        batch_receive(c, text);
    else
        (void)conn_receive_one(c, NULL, text);
}

void mcp_conn_refuse_oversize(struct mcp_conn *c) {
    conn_reject(c, NULL, NULL, RPC_INVALID_REQUEST, "the message is longer than 4 MiB", NULL);
}

/* ---- life --------------------------------------------------------------------------- */

struct mcp_conn *mcp_conn_new(struct mcp_server *s, const struct mcp_conn_options *options) {
    struct mcp_conn *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->server = s;
    c->options = *options;
    c->legacy_version = options->legacy_version;
    c->next = s->conns;
    c->link = &s->conns;
    if (c->next) c->next->link = &c->next;
    s->conns = c;
    return c;
}

void mcp_conn_free(struct mcp_conn *c) {
    if (!c) return;
    batches_abandon(c);
    while (c->in_flight) request_abandon(c->in_flight);
    *c->link = c->next;
    if (c->next) c->next->link = c->link;
    listener_clear(&c->legacy);
    free(c);
}

bool mcp_conn_has(struct mcp_conn *c, const char *id) {
    return find_in_flight(c, id) != NULL;
}

void mcp_conn_cancel(struct mcp_conn *c, const char *id) {
    struct mcp_request *rq = find_in_flight(c, id);
    if (rq) request_abandon(rq);
}

size_t mcp_conn_in_flight(const struct mcp_conn *c) {
    size_t n = c->in_flight_count + batches_left(c);
    return n ? n : c->batches != NULL;
}

struct mcp_server *mcp_server_new(const struct mcp_config *config, char *why, size_t cap) {
    if (config->instructions && strlen(config->instructions) > MCP_INSTRUCTIONS_MAX) {
        snprintf(why, cap, "the instructions are longer than %u bytes", MCP_INSTRUCTIONS_MAX);
        return NULL;
    }
    struct mcp_server *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, cap, "out of memory");
        return NULL;
    }
    s->config = *config;
    if (!s->config.now_ms) s->config.now_ms = clock_mono_ms;
    if (tools_prepare(s, why, cap) && resources_prepare(config->resources, why, cap) &&
        prompts_prepare(config, why, cap))
        return s;
    mcp_server_free(s);
    return NULL;
}

void mcp_server_free(struct mcp_server *s) {
    if (!s) return;
    while (s->abandoned) request_free(s->abandoned);
    tools_discard(s);
    free(s);
}
