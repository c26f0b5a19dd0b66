/* Answers.  A request that is answered at once, and without notifications before its result, gets
 * plain JSON with the status that its era wants.  Else it becomes an event stream: as soon as there
 * is a notification, after a second, or at once for subscriptions/listen.  While there is nothing
 * to write the connection is suspended, which costs libmicrohttpd nothing; it does not look at the
 * socket then, so a watch of our own tells when the client goes, for plain JSON as for streams.  A
 * client that only closes its sending side counts as gone: the two cannot be told apart.
 * Runs in: mcpd. Input trust: client. */
#include "common/clock.h"
#include "mcpd/transport/http_private.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_BLOCK (8u * 1024u) /* one chunk; half of a connection's memory */

static void suspend(struct http_exchange *x) {
    x->suspended = true;
    MHD_suspend_connection(x->peer->connection);
    peers_watch_hangup(x->peer, true);
}

void reply_wake(struct http_exchange *x) {
    if (!x->suspended) return;
    x->suspended = false;
    x->written_ms = clock_mono_ms();
    peers_watch_hangup(x->peer, false);
    MHD_resume_connection(x->peer->connection);
    http_run_soon(x->h);
}

void reply_error(struct http_exchange *x, int code, const char *text, cJSON *data) {
    cJSON *message = rpc_error_message(x->rules.id, code, text, data);
    char *json = message ? cJSON_PrintUnformatted(message) : NULL;
    cJSON_Delete(message);
    x->code = code;
    x->done = true;
    if (!json)
        x->gone = true;
    else if (x->streaming)
        exchange_append_event(x, json, strlen(json));
    else if (!exchange_append(x, json, strlen(json)))
        x->gone = true;
    free(json);
}

/* ---- responses ------------------------------------------------------------------------------ */

static void add(struct MHD_Response *response, const char *name, const char *value) {
    (void)MHD_add_response_header(response, name, value);
}

/* For pages of configured origins alone. */
static void add_cors(const struct http_exchange *x, struct MHD_Response *response) {
    struct MHD_Connection *c = x->peer->connection;
    const char *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
    if (head_origin(origin, &x->h->o.origins) != HEAD_ORIGIN_LISTED) return;
    add(response, "Access-Control-Allow-Origin", origin);
    add(response, "Vary", "Origin");
    if (x->status != 204) return;
    add(response, "Access-Control-Allow-Methods", "POST");
    add(response, "Access-Control-Allow-Headers",
        "content-type, authorization, mcp-protocol-version, mcp-method, mcp-name, mcp-session-id, "
        "last-event-id");
    add(response, "Access-Control-Max-Age", "600");
}

static enum MHD_Result queue(struct http_exchange *x, unsigned status,
                             struct MHD_Response *response) {
    if (!response) return MHD_NO;
    add_cors(x, response);
    x->state = EXCHANGE_REPLYING;
    x->written_ms = clock_mono_ms();
    enum MHD_Result queued = MHD_queue_response(x->peer->connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Refused by its head or size: for people, in words. */
static enum MHD_Result queue_refusal(struct http_exchange *x) {
    char text[128];
    int len = x->why[0] ? snprintf(text, sizeof text, "%s\n", x->why) : 0;
    struct MHD_Response *response =
        MHD_create_response_from_buffer((size_t)len, text, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    if (len) add(response, "Content-Type", "text/plain; charset=utf-8");
    if (x->status == 405) add(response, "Allow", x->h->o.origins.count ? "POST, OPTIONS" : "POST");
    if (x->status == 429) add(response, "Retry-After", "1");
    if (x->status == 401) {
        const char *shown =
            MHD_lookup_connection_value(x->peer->connection, MHD_HEADER_KIND, "Authorization");
        add(response, "WWW-Authenticate",
            shown ? "Bearer realm=\"packet-capture-mcp\", error=\"invalid_token\""
                  : "Bearer realm=\"packet-capture-mcp\"");
    }
    return queue(x, x->status, response);
}

/* ---- bodies --------------------------------------------------------------------------------- */

/* libmicrohttpd frees a connection that a reader of ours has ended when it looks at it again.  It
 * looks in the order of age, and stops at the first that lives: only at those with a time limit of
 * their own it looks every time. */
static ssize_t end_at_once(struct http_exchange *x) {
    const unsigned limit_s = HTTP_STALL_MS / 1000;
    (void)MHD_set_connection_option(x->peer->connection, MHD_CONNECTION_OPTION_TIMEOUT, limit_s);
    http_run_soon(x->h);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static ssize_t read_out(void *cls, uint64_t pos, char *out, size_t cap) {
    struct http_exchange *x = cls;
    size_t len = x->out_len - x->sent;
    (void)pos;
    if (x->gone) return end_at_once(x);
    x->written_ms = clock_mono_ms();
    if (len > 0) {
        if (len > cap) len = cap;
        memcpy(out, x->out + x->sent, len);
        x->sent += len;
        return (ssize_t)len;
    }
    if (x->done) return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(x);
    return 0;
}

static enum MHD_Result queue_stream(struct http_exchange *x) {
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_out, x, NULL);
    if (!response) return MHD_NO;
    add(response, "Content-Type", "text/event-stream");
    add(response, "Cache-Control", "no-cache, no-transform");
    add(response, "X-Accel-Buffering", "no");
    return queue(x, 200, response);
}

/* What the kernel does not take at once is read from here piece by piece: so it shows that a slow
 * client takes some of it. */
static struct MHD_Response *json_response(struct http_exchange *x) {
    if (x->out_len > HTTP_SEND_BYTES)
        return MHD_create_response_from_callback(x->out_len, STREAM_BLOCK, read_out, x, NULL);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(x->out_len, x->out, MHD_RESPMEM_MUST_FREE);
    if (!response) return NULL;
    x->out = NULL;
    x->out_len = x->out_room = 0;
    return response;
}

static enum MHD_Result queue_json(struct http_exchange *x) {
    unsigned status = x->status ? x->status : httprules_status(x->rules.modern, x->code);
    if (x->out_len == 0) /* nothing wanted an answer */
        return queue(x, 202, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
    struct MHD_Response *response = json_response(x);
    if (!response) return MHD_NO;
    add(response, "Content-Type", "application/json");
    return queue(x, status, response);
}

static void on_sse_due(void *ctx) {
    struct http_exchange *x = ctx;
    x->sse_timer = 0;
    if (x->done || x->streaming || !x->suspended) return;
    if (x->turn) { /* nobody knows yet what status it will have */
        x->sse_timer = loop_timer_once(x->h->o.loop, HTTP_SSE_AFTER_MS, on_sse_due, x);
        return;
    }
    x->streaming = true;
    reply_wake(x);
}

enum MHD_Result reply_proceed(struct http_exchange *x) {
    if (x->gone) return MHD_NO; /* also: the answer is lost */
    if (x->status && x->why) return queue_refusal(x);
    if (x->rules.listens && !x->done && x->accept.sse) x->streaming = true;
    if (x->streaming) return queue_stream(x);
    if (x->done) return queue_json(x);
    if (!x->sse_timer && (x->accept.sse_named || !x->accept.json))
        x->sse_timer = loop_timer_once(x->h->o.loop, HTTP_SSE_AFTER_MS, on_sse_due, x);
    suspend(x);
    return MHD_YES;
}
