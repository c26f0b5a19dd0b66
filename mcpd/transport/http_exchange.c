/* One request: may it be asked, what is in it, and what the core says to it.  Each has a connection
 * of its own to the core, so that ids of different clients cannot meet.  A legacy client's
 * notifications/cancelled comes as a request of its own, and without sessions nothing shows that
 * its sender is who sent the request it names (clients that share a token all count from 0): it is
 * received and changes nothing.
 *
 * Nothing is kept of who has not shown a token: a refused body is read and forgotten, so that its
 * sender gets to read the refusal.
 * Runs in: mcpd. Input trust: client. */
#include "common/clock.h"
#include "mcpd/transport/http_private.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BODY_START 4096u

struct http_exchange *exchange_new(struct http_peer *p) {
    struct http_exchange *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->h = p->h;
    x->peer = p;
    x->began_ms = x->written_ms = clock_mono_ms();
    x->next = p->h->exchanges;
    x->link = &p->h->exchanges;
    if (x->next) x->next->link = &x->next;
    p->h->exchanges = x;
    p->exchange = x;
    return x;
}

static void drop_body(struct http_exchange *x) {
    x->h->bodies_bytes -= x->body_room;
    free(x->body);
    x->body = NULL;
    x->body_len = x->body_room = 0;
}

void exchange_free(struct http_exchange *x) {
    *x->link = x->next;
    if (x->next) x->next->link = x->link;
    loop_timer_cancel(x->h->o.loop, x->sse_timer);
    mcp_conn_free(x->conn);
    drop_body(x);
    httprules_clear(&x->rules);
    free(x->out);
    x->h->out_bytes -= x->out_counted;
    free(x);
}

/* ---- the head ------------------------------------------------------------------------------- */

static const char *header(const struct http_exchange *x, const char *name) {
    return MHD_lookup_connection_value(x->peer->connection, MHD_HEADER_KIND, name);
}

/* Headers whose meaning depends on there being one of them. */
static enum MHD_Result count_single(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
    static const char *const single[] = {"Host",
                                         "Content-Length",
                                         "Transfer-Encoding",
                                         "Authorization",
                                         "MCP-Protocol-Version",
                                         "Mcp-Method",
                                         "Mcp-Name",
                                         "Origin",
                                         "Content-Type"};
    unsigned *seen = cls;
    (void)kind;
    (void)value;
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (strcasecmp(name, single[i]) != 0) continue;
        seen[1] |= seen[0] & 1u << i; /* there has been one */
        seen[0] |= 1u << i;
    }
    return MHD_YES;
}

static void refuse(struct http_exchange *x, unsigned status, const char *why) {
    if (x->status) return;
    x->status = status;
    x->why = why;
    drop_body(x);
}

/* What two programs on the way could understand differently. */
static void check_framing(struct http_exchange *x) {
    unsigned seen[2] = {0, 0};
    const char *coding = header(x, "Transfer-Encoding"), *length = header(x, "Content-Length");
    MHD_get_connection_values(x->peer->connection, MHD_HEADER_KIND, count_single, seen);
    if (seen[1])
        refuse(x, 400, "a header that must stand alone is there twice");
    else if (coding && (length || strcasecmp(coding, "chunked") != 0))
        refuse(x, 400, "Transfer-Encoding may be chunked, and stands without Content-Length");
    x->endless = x->status != 0;
}

/* `authority`: that of the request target, "" if it has none. */
static bool page_is_allowed(struct http_exchange *x, const char *authority) {
    const struct http_peer *p = x->peer;
    const struct head_names *names = &p->h->o.hosts;
    return head_origin(header(x, "Origin"), &p->h->o.origins) != HEAD_ORIGIN_REFUSED &&
           (p->is_unix || (head_host_is_ours(header(x, "Host"), p->address, names) &&
                           (!authority[0] || head_host_is_ours(authority, p->address, names))));
}

static bool find_caller(struct http_exchange *x) {
    const struct http_peer *p = x->peer;
    const char *token = head_bearer(header(x, "Authorization"));
    if (p->is_unix) {
        x->caller = (struct caller){.kind = CALLER_UID, .has_uid = true, .uid = p->uid};
        x->caller.privileged = p->uid == 0 || p->uid == getuid();
        return true;
    }
    if (!p->h->o.tokens) {
        x->caller = (struct caller){.kind = CALLER_TOKEN, .name = "no-token"};
        return true;
    }
    x->token = token ? tokens_find(p->h->o.tokens, token, &x->caller) : 0;
    return x->token != 0;
}

/* The lines of a list are one list (RFC 9110, section 5.3). */
static enum MHD_Result take_accept(void *cls, enum MHD_ValueKind kind, const char *name,
                                   const char *value) {
    struct http_exchange *x = cls;
    (void)kind;
    if (strcasecmp(name, "Accept") != 0 || !value) return MHD_YES;
    struct head_accept one = head_accept(value);
    x->accept.json |= one.json;
    x->accept.sse |= one.sse;
    x->accept.sse_named |= one.sse_named;
    return MHD_YES;
}

static void check_types(struct http_exchange *x) {
    const char *length = header(x, "Content-Length");
    if (!header(x, "Accept")) x->accept = head_accept(NULL);
    MHD_get_connection_values(x->peer->connection, MHD_HEADER_KIND, take_accept, x);
    if (!head_is_json(header(x, "Content-Type")))
        refuse(x, 415, "Content-Type must be application/json");
    else if (!x->accept.json && !x->accept.sse)
        refuse(x, 406, "Accept must allow application/json or text/event-stream");
    else if (length && (strlen(length) > 9 || strtoul(length, NULL, 10) > JSON_MAX_BYTES))
        refuse(x, 413, "a message may have 4 MiB");
}

void exchange_check_head(struct http_exchange *x, const char *url, const char *method) {
    char authority[300]; /* a host name has 253 characters at most */
    const char *path = head_target_path(url, authority, sizeof authority);
    bool endpoint = path && (strcmp(path, "/mcp") == 0 || strcmp(path, "/mcp/") == 0);
    check_framing(x);
    if (!page_is_allowed(x, authority))
        refuse(x, 403, "this Host or Origin is not allowed");
    else if (!endpoint)
        refuse(x, 404, "MCP is at /mcp");
    else if (strcmp(method, "OPTIONS") == 0 &&
             head_origin(header(x, "Origin"), &x->h->o.origins) == HEAD_ORIGIN_LISTED)
        refuse(x, 204, "");
    else if (strcmp(method, "POST") != 0)
        refuse(x, 405, "only POST: there are no sessions, and no streams but those of requests");
    else if (!find_caller(x))
        refuse(x, 401, "a bearer token of the token file is needed");
    else
        x->peer->proved = true, x->peer->caller = x->caller;
    if (x->token) x->peer->token = x->token;
    if (x->status == 401 || x->status == 403) peers_log_refused(x->peer, x->status, x->why);
    if (!x->status) check_types(x);
}

/* ---- the body ------------------------------------------------------------------------------- */

static bool body_reserve(struct http_exchange *x, size_t more) {
    size_t room = x->body_room ? x->body_room : BODY_START;
    while (room < x->body_len + more) room *= 2;
    if (room == x->body_room) return true;
    if (room > HTTP_BODY_FREE && x->h->bodies_bytes + room - x->body_room > HTTP_BODIES_BYTES)
        return false;
    char *p = realloc(x->body, room);
    if (!p) return false;
    x->h->bodies_bytes += room - x->body_room;
    x->body = p;
    x->body_room = room;
    return true;
}

void exchange_take_body(struct http_exchange *x, const char *bytes, size_t len) {
    if (!x->status && x->body_len + len > JSON_MAX_BYTES)
        refuse(x, 413, "a message may have 4 MiB");
    if (!x->status && !body_reserve(x, len))
        refuse(x, 429, "too much is being received; try again in a second");
    if (!x->status) {
        memcpy(x->body + x->body_len, bytes, len);
        x->body_len += len;
        return;
    }
    x->swallowed += len;
    if (x->swallowed > (x->peer->proved ? HTTP_SWALLOW_BYTES : HTTP_SWALLOW_STRANGER))
        peers_shut(x->peer);
}

/* ---- what the core says --------------------------------------------------------------------- */

bool exchange_append(struct http_exchange *x, const char *bytes, size_t len) {
    if (x->sent == x->out_len) x->sent = x->out_len = 0;
    if (x->out_len + len > x->out_room) {
        size_t room = x->out_room ? x->out_room : len;
        while (room < x->out_len + len) room *= 2;
        char *p = realloc(x->out, room);
        if (!p) return false;
        x->out = p;
        x->h->out_bytes += room - x->out_room;
        x->out_counted += room - x->out_room;
        x->out_room = room;
    }
    memcpy(x->out + x->out_len, bytes, len);
    x->out_len += len;
    return true;
}

void exchange_append_event(struct http_exchange *x, const char *json, size_t len) {
    static const char head[] = "event: message\ndata: ", tail[] = "\n\n";
    if (!exchange_append(x, head, sizeof head - 1) || !exchange_append(x, json, len) ||
        !exchange_append(x, tail, sizeof tail - 1))
        x->gone = true; /* a stream with a hole is worth less than none */
}

/* Answers of the same caller that are not read yet. */
static size_t waiting_bytes(const struct http_exchange *x) {
    size_t bytes = 0;
    for (const struct http_exchange *k = x->h->exchanges; k; k = k->next)
        if (k->out_counted && caller_same(&k->caller, &x->caller)) bytes += k->out_counted;
    return bytes;
}

static bool has_room(const struct http_exchange *x, size_t len) {
    return len <= MCP_OUT_SMALL || (x->h->out_bytes + len <= HTTP_OUT_BYTES &&
                                    waiting_bytes(x) + len <= HTTP_CALLER_OUT_BYTES);
}

static bool on_out(void *ctx, const struct mcp_out *out) {
    struct http_exchange *x = ctx;
    bool reply = out->kind == MCP_OUT_REPLY;
    if (reply && x->peer && !x->done && !has_room(x, out->len)) return false;
    if (x->done) return true;
    x->done = reply;
    if (!x->peer) return true;
    if (reply) x->code = out->error_code;
    if (!reply && (x->accept.sse_named || x->rules.listens)) x->streaming = true;
    if (reply && !x->accept.json && httprules_status(x->rules.modern, x->code) == 200)
        x->streaming = true;
    bool dropped = out->kind == MCP_OUT_NOTIFICATION && x->out_len - x->sent >= HTTP_STREAM_PAUSE;
    if (x->streaming && !dropped)
        exchange_append_event(x, out->json, out->len);
    else if (!x->streaming && reply && !exchange_append(x, out->json, out->len))
        x->gone = true;
    reply_wake(x);
    return true;
}

static bool is_heard(void *ctx) {
    const struct http_exchange *x = ctx;
    return x->peer && !x->gone && !peers_has_ended(x->peer);
}

/* What a legacy client asked goes on when it has gone. */
static bool is_active(const struct http_exchange *x) {
    return (x->conn || x->turn) && !x->done;
}

/* Of a batch each request counts. */
static bool within_quota(const struct http_exchange *x) {
    size_t active = 0, listens = 0;
    for (const struct http_exchange *k = x->h->exchanges; k; k = k->next) {
        if (!is_active(k) || !caller_same(&k->caller, &x->caller)) continue;
        active += k->turn ? 1 : mcp_conn_in_flight(k->conn);
        listens += k->rules.listens;
    }
    return active < HTTP_CALLER_MAX && (!x->rules.listens || listens < HTTP_CALLER_LISTENS);
}

static bool may_ask(struct http_exchange *x) {
    if (!within_quota(x))
        refuse(x, 429, "too many requests of this caller are not answered yet");
    else if (waiting_bytes(x) > HTTP_CALLER_OUT_BYTES / 2)
        refuse(x, 429, "too many answers wait to be read; try again in a second");
    else if (x->rules.listens && !x->accept.sse)
        refuse(x, 406, "what stays open needs Accept: text/event-stream");
    return x->status == 0;
}

static void give_to_core(struct http_exchange *x) {
    struct mcp_conn_options o = {.caller = x->caller,
                                 .send = on_out,
                                 .is_heard = is_heard,
                                 .ctx = x,
                                 .legacy_version = x->rules.legacy_version};
    x->conn = mcp_conn_new(x->h->o.server, &o);
    if (x->conn)
        mcp_conn_receive(x->conn, x->body, x->body_len);
    else
        reply_error(x, RPC_INTERNAL_ERROR, "Internal error: out of memory", NULL);
    if (x->conn && mcp_conn_in_flight(x->conn) == 0) x->done = true;
}

/* Others of the same caller may have been begun since it came. */
void exchange_begin(struct http_exchange *x) {
    if (may_ask(x)) give_to_core(x);
    drop_body(x);
    if (x->status || x->done) reply_wake(x);
}

static bool asks(const struct http_exchange *x, const char *id) {
    if (x->turn) return x->rules.id && strcmp(x->rules.id, id) == 0;
    return is_active(x) && mcp_conn_has(x->conn, id);
}

/* A legacy client takes a request back, which came on another connection or in another message.  It
 * is meant if no other of the same caller has that id; nothing is said for it: its stream ends. */
static void take_back(const struct http_exchange *x) {
    const char *id = x->rules.cancels;
    struct http_exchange *meant = NULL;
    for (struct http_exchange *k = x->h->exchanges; k; k = k->next) {
        if (k->rules.modern || !caller_same(&k->caller, &x->caller) || !asks(k, id)) continue;
        if (meant) return;
        meant = k;
    }
    if (!meant) return;
    meant->turn = 0;
    if (meant->conn) mcp_conn_cancel(meant->conn, id);
    if (meant->done || (meant->conn && mcp_conn_in_flight(meant->conn) > 0)) return;
    meant->done = true;
    if (meant->accept.sse) meant->streaming = true;
    if (meant->peer) reply_wake(meant);
}

static char *trimmed(const char *value) {
    if (!value) return NULL;
    size_t len = strlen(value);
    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) len--;
    return strndup(value, len);
}

static void judge_body(struct http_exchange *x) {
    char *version = trimmed(header(x, "MCP-Protocol-Version"));
    char *method = trimmed(header(x, "Mcp-Method")), *name = trimmed(header(x, "Mcp-Name"));
    struct httprules_headers values = {version, method, name};
    httprules_check(x->body ? x->body : "", x->body_len, &values, &x->rules);
    free(version);
    free(method);
    free(name);
}

void exchange_end_body(struct http_exchange *x) {
    x->state = EXCHANGE_RUNNING;
    x->written_ms = clock_mono_ms();
    if (x->status) return;
    if (x->h->stopping) {
        peers_shut(x->peer);
        return;
    }
    judge_body(x);
    if (x->rules.kind == HTTPRULES_ASKS) {
        if (may_ask(x)) turns_take(x);
        return;
    }
    if (x->rules.kind == HTTPRULES_REFUSED) {
        x->status = x->rules.status;
        reply_error(x, x->rules.code, x->rules.text, x->rules.data);
        x->rules.data = NULL;
    } else {
        if (x->rules.cancels) take_back(x);
        x->done = true; /* nothing in it wants an answer */
    }
    drop_body(x);
}

/* ---- ends ----------------------------------------------------------------------------------- */

void exchange_lost(struct http_exchange *x) {
    x->gone = true;
    if (x->peer) reply_wake(x);
}

void exchange_stop(struct http_exchange *x) {
    if (!is_active(x)) return;
    x->turn = 0;
    mcp_conn_free(x->conn); /* from here on the core is silent */
    x->conn = NULL;
    if (!x->done && !x->gone) reply_error(x, RPC_INTERNAL_ERROR, "the server is ending", NULL);
    x->done = true;
    if (x->peer) reply_wake(x);
}

/* A stream gets an error as its last event, what is not answered yet the status it would get now.
 */
bool exchange_revoke(struct http_exchange *x) {
    static const char why[] = "this bearer token is not in the token file any more";
    if (x->done || x->gone || x->status) return false;
    if (x->state == EXCHANGE_BODY) {
        refuse(x, 401, why);
        return true;
    }
    x->turn = 0;
    mcp_conn_free(x->conn); /* from here on the core is silent */
    x->conn = NULL;
    if (x->state == EXCHANGE_REPLYING)
        reply_error(x, RPC_INVALID_REQUEST, why, NULL);
    else
        refuse(x, 401, why);
    x->done = true;
    if (x->peer) reply_wake(x);
    return true;
}

void exchange_sweep(struct http *h, uint64_t now_ms) {
    for (struct http_exchange *x = h->exchanges, *next; x; x = next) {
        next = x->next;
        if (!x->peer) {
            if (x->done || mcp_conn_in_flight(x->conn) == 0) exchange_free(x);
            continue;
        }
        if (!x->streaming || x->done || x->out_len > x->sent) continue;
        if (now_ms - x->written_ms < HTTP_KEEPALIVE_MS) continue;
        (void)!exchange_append(x, ": keepalive\n\n", 13);
        reply_wake(x);
    }
}
