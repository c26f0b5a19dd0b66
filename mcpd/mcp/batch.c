/* Batches of 2025-03-26, the one revision that has them.  A few bytes of requests can ask for many
 * megabytes of answers here, so three things are bounded: how many messages there are, how many
 * bytes of answers are collected for one batch, and how many for all of them and all of a caller.
 * What is over is told so instead of being worked out.  One message is taken per round of the loop:
 * between two of them everybody else is served. Runs in: mcpd.  Input trust: client (checked by
 * json_check). */
#include "mcpd/loop.h"
#include "mcpd/mcp/dispatch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mcp_batch {
    struct mcp_conn *conn; /* NULL: nobody hears the answers */
    struct mcp_server *server;
    struct mcp_batch *next, **link; /* in conn->batches */
    char *text;                     /* what is still to be taken begins at `pos` */
    size_t text_len, pos;
    char *out; /* the answers so far: "[" and then each with a comma before it */
    size_t out_len, out_room;
    const char *full; /* why there is no room for more answers; NULL: there is */
    bool lost;        /* not even for an error: no memory */
    size_t left;      /* messages not taken yet */
    size_t pending;   /* requests not ended, plus one while messages are left */
    uint64_t timer;   /* takes the next message */
};

static void batch_unlink(struct mcp_batch *b) {
    if (!b->link) return;
    *b->link = b->next;
    if (b->next) b->next->link = b->link;
    b->link = NULL;
}

static void batch_free(struct mcp_batch *b) {
    batch_unlink(b);
    b->server->batch_bytes -= b->text_len + b->out_room;
    free(b->text);
    free(b->out);
    free(b);
}

/* Room for so many more answer bytes, in this batch and beside all others. */
static bool batch_reserve(struct mcp_batch *b, size_t more) {
    if (b->out_len + more <= b->out_room) return true;
    size_t room = b->out_room ? 2 * b->out_room : 1024;
    while (room < b->out_len + more) room *= 2;
    if (room > MCP_BATCH_BYTES + MCP_OUT_SMALL * MCP_BATCH_MAX)
        room = MCP_BATCH_BYTES + MCP_OUT_SMALL * MCP_BATCH_MAX;
    char *p = room < b->out_len + more ? NULL : realloc(b->out, room);
    if (!p) return false;
    b->server->batch_bytes += room - b->out_room;
    b->out = p;
    b->out_room = room;
    return true;
}

static bool batch_append(struct mcp_batch *b, const char *json, size_t len) {
    if (!batch_reserve(b, len + 3)) return false; /* one before it, the last one, and a NUL */
    b->out[b->out_len] = b->out_len ? ',' : '[';
    memcpy(b->out + b->out_len + 1, json, len);
    b->out_len += len + 1;
    return true;
}

const char *batch_full(const struct mcp_batch *b) {
    return b ? b->full : NULL;
}

/* Is there no place for `len` bytes more beside all open batches, and those of this caller? */
static bool all_full(const struct mcp_conn *c, size_t len) {
    size_t own = 0;
    for (const struct mcp_conn *k = c->server->conns; k; k = k->next)
        for (const struct mcp_batch *b = k->batches; b; b = b->next)
            if (caller_same(&k->options.caller, &c->options.caller))
                own += b->text_len + b->out_room;
    return c->server->batch_bytes + len > MCP_BATCHES_BYTES || own + len > MCP_BATCHES_CALLER_BYTES;
}

/* Why an answer of `len` bytes has no place; NULL: it has. */
static const char *no_room(const struct mcp_batch *b, size_t len) {
    if (len < MCP_OUT_SMALL) return NULL;
    if (b->full) return b->full;
    if (b->out_len + len > MCP_BATCH_BYTES)
        return "the batch's answers are over 4 MiB: ask for this one alone";
    return b->conn && all_full(b->conn, len)
               ? "too many batches are being answered: ask for this one alone"
               : NULL;
}

void batch_reply(struct mcp_batch *b, const char *id, cJSON *message) {
    char *json = message ? cJSON_PrintUnformatted(message) : NULL;
    char small[MCP_OUT_SMALL];
    cJSON_Delete(message);
    const char *why = json ? no_room(b, strlen(json)) : "Internal error: out of memory";
    if (json && why) b->full = why;
    if (why || !batch_append(b, json, strlen(json))) {
        rpc_small_error(small, id, why ? why : "Internal error: out of memory");
        if (!batch_append(b, small, strlen(small))) b->lost = true;
    }
    free(json);
}

void batch_hold(struct mcp_batch *b) {
    if (b) b->pending++;
}

void batch_done_one(struct mcp_batch *b) {
    if (!b || --b->pending > 0) return;
    batch_unlink(b);
    if (b->conn && b->lost) {
        char small[MCP_OUT_SMALL];
        rpc_small_error(small, NULL, "Internal error: out of memory");
        conn_send_text(b->conn, NULL, small, strlen(small));
    } else if (b->conn && b->out_len > 0) {
        b->out[b->out_len++] = ']';
        b->out[b->out_len] = 0;
        conn_send_text(b->conn, NULL, b->out, b->out_len);
    }
    batch_free(b);
}

/* Take messages until one of them was a request: what is no request costs nothing. */
static void batch_step(void *ctx) {
    struct mcp_batch *b = ctx;
    struct loop *loop = b->server->config.loop;
    struct json_span all = json_span_make(b->text, b->text_len), element;
    b->timer = 0;
    while (!b->timer) {
        bool heard = b->conn && conn_is_heard(b->conn);
        if (!heard || !json_span_next(all, &b->pos, &element)) {
            batch_done_one(b);
            return;
        }
        b->left--;
        if (conn_receive_one(b->conn, b, element) && loop)
            b->timer = loop_timer_once(loop, 0, batch_step, b);
    }
}

static size_t count_elements(struct json_span array) {
    struct json_span element;
    size_t n = 0, pos = 0;
    while (json_span_next(array, &pos, &element)) n++;
    return n;
}

static struct mcp_batch *batch_new(struct mcp_conn *c, struct json_span text, size_t count) {
    struct mcp_batch *b = calloc(1, sizeof *b);
    if (b) b->text = malloc(text.len);
    if (!b || !b->text) {
        free(b);
        return NULL;
    }
    memcpy(b->text, text.p, text.len);
    b->text_len = text.len;
    b->left = count;
    b->conn = c;
    b->server = c->server;
    b->server->batch_bytes += text.len;
    b->pending = 1;
    b->next = c->batches;
    b->link = &c->batches;
    if (b->next) b->next->link = &b->next;
    c->batches = b;
    return b;
}

/* There is no place for the batch: each of its requests is told so. */
static void refuse_each(struct mcp_conn *c, struct json_span text) {
    static const char why[] = "too many batches at once; send the requests one by one";
    cJSON *answers = cJSON_CreateArray();
    struct json_span element;
    struct rpc_message m;
    size_t pos = 0;
    while (json_span_next(text, &pos, &element)) {
        bool told = rpc_message_parse(element, &m) && (m.kind == RPC_REQUEST || m.id);
        if (told && m.kind != RPC_RESPONSE)
            cJSON_AddItemToArray(answers, rpc_error_message(m.id, RPC_INTERNAL_ERROR, why, NULL));
        rpc_message_clear(&m);
    }
    char *json = cJSON_GetArraySize(answers) ? cJSON_PrintUnformatted(answers) : NULL;
    if (json) conn_send_text(c, NULL, json, strlen(json));
    free(json);
    cJSON_Delete(answers);
}

void batch_receive(struct mcp_conn *c, struct json_span text) {
    size_t count = count_elements(text);
    char why[100] = "";
    if (!c->legacy_version || strcmp(c->legacy_version, ERA_BATCH_VERSION) != 0) {
        snprintf(why, sizeof why, "batches exist only in protocol version %s", ERA_BATCH_VERSION);
    } else if (count == 0) {
        snprintf(why, sizeof why, "an empty batch");
    } else if (count > MCP_BATCH_MAX) {
        snprintf(why, sizeof why, "more than %u messages in a batch", MCP_BATCH_MAX);
    } else if (all_full(c, text.len)) {
        refuse_each(c, text);
        return;
    }
    struct mcp_batch *b = why[0] ? NULL : batch_new(c, text, count);
    if (b)
        batch_step(b);
    else
        conn_reject(c, NULL, NULL, why[0] ? RPC_INVALID_REQUEST : RPC_INTERNAL_ERROR,
                    why[0] ? why : "Internal error: out of memory", NULL);
}

size_t batches_left(const struct mcp_conn *c) {
    size_t left = 0;
    for (const struct mcp_batch *b = c->batches; b; b = b->next) left += b->left;
    return left;
}

void batches_abandon(struct mcp_conn *c) {
    while (c->batches) {
        struct mcp_batch *b = c->batches;
        batch_unlink(b);
        b->conn = NULL;
        if (!b->timer) continue; /* its last request takes it away */
        loop_timer_cancel(b->server->config.loop, b->timer);
        b->timer = 0;
        batch_done_one(b);
    }
}
