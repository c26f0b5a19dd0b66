/* Who hears of changes.  The legacy era subscribes a connection, one resource at a time; the modern
 * era opens a request that stays unanswered and whose notifications carry its id.  Both are a
 * listener, and a change walks all of them: there are few, and changes are rare.
 * Runs in: mcpd.  Input trust: client (checked by json_check). */
#include "mcpd/mcp/dispatch.h"
#include <stdlib.h>
#include <string.h>

#define META_SUBSCRIPTION "io.modelcontextprotocol/subscriptionId"

/* The lists: what a listen request calls them, which capability promises them, what is sent. */
static const struct {
    const char *wanted, *method;
} lists[MCP_LISTS] = {
    [MCP_LIST_TOOLS] = {"toolsListChanged", "notifications/tools/list_changed"},
    [MCP_LIST_PROMPTS] = {"promptsListChanged", "notifications/prompts/list_changed"},
    [MCP_LIST_RESOURCES] = {"resourcesListChanged", "notifications/resources/list_changed"},
};

static bool list_is_told(const struct mcp_config *config, size_t list) {
    if (list == MCP_LIST_RESOURCES) return config->resources && config->resources->changes;
    return config->lists_change && (list == MCP_LIST_TOOLS || config->prompt_count > 0);
}

/* ---- listeners ---------------------------------------------------------------------- */

static struct watched *find_watched(struct listener *l, const char *uri) {
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->at[i].uri, uri) == 0) return &l->at[i];
    return NULL;
}

/* False: no room or no memory. */
static bool watch(struct listener *l, const char *uri) {
    if (find_watched(l, uri)) return true;
    char *copy = l->count < MCP_WATCHED_MAX ? strdup(uri) : NULL;
    if (!copy) return false;
    l->at[l->count++] = (struct watched){.uri = copy};
    return true;
}

static void unwatch(struct listener *l, const char *uri) {
    struct watched *w = find_watched(l, uri);
    if (!w) return;
    free(w->uri);
    *w = l->at[--l->count];
}

void listener_clear(struct listener *l) {
    for (size_t i = 0; i < l->count; i++) free(l->at[i].uri);
    l->count = 0;
}

/* ---- the legacy era ----------------------------------------------------------------- */

/* params.uri, or NULL: refused. */
static const char *uri_of(struct mcp_request *rq, const cJSON *params) {
    const cJSON *uri = cJSON_GetObjectItemCaseSensitive(params, "uri");
    if (cJSON_IsString(uri)) return uri->valuestring;
    mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.uri must be a string");
    return NULL;
}

void resources_subscribe(struct mcp_request *rq, const cJSON *params) {
    const char *uri = uri_of(rq, params);
    if (!uri) return;
    if (!resources_exist(rq->server, &rq->caller, uri))
        resources_refuse_missing(rq, uri);
    else if (!watch(&rq->conn->legacy, uri))
        mcp_refuse(rq, RPC_INTERNAL_ERROR, NULL, "more than %u subscriptions", MCP_WATCHED_MAX);
    else
        mcp_reply(rq, cJSON_CreateObject());
}

void resources_unsubscribe(struct mcp_request *rq, const cJSON *params) {
    const char *uri = uri_of(rq, params);
    if (!uri) return;
    unwatch(&rq->conn->legacy, uri);
    mcp_reply(rq, cJSON_CreateObject());
}

/* ---- the modern era ----------------------------------------------------------------- */

static void listen_release(struct mcp_request *rq) {
    listener_clear(rq->state);
    free(rq->state);
}

/* Nothing is waited for: a listen request that is cancelled has ended. */
static void listen_cancelled(struct mcp_request *rq) {
    mcp_reply(rq, cJSON_CreateObject());
}

static void add_subscription(const struct mcp_request *rq, cJSON *to) {
    cJSON_AddRawToObject(cJSON_AddObjectToObject(to, "_meta"), META_SUBSCRIPTION, rq->id);
}

/* A notification that belongs to a listen request; `params` is consumed. */
static void tell(struct mcp_request *rq, enum mcp_out_kind kind, const char *method,
                 cJSON *params) {
    add_subscription(rq, params);
    mcp_conn_notify(rq->conn, kind, method, params);
}

/* Take over what can be heard here of what is wanted, and say what that is. */
static cJSON *take_wanted(struct mcp_request *rq, const cJSON *wanted, struct listener *l) {
    cJSON *honoured = cJSON_CreateObject(), *uris = NULL;
    for (size_t i = 0; i < MCP_LISTS; i++) {
        l->lists[i] = list_is_told(&rq->server->config, i) &&
                      cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(wanted, lists[i].wanted));
        if (l->lists[i]) cJSON_AddTrueToObject(honoured, lists[i].wanted);
    }
    const cJSON *uri, *given = cJSON_GetObjectItemCaseSensitive(wanted, "resourceSubscriptions");
    bool possible = list_is_told(&rq->server->config, MCP_LIST_RESOURCES);
    cJSON_ArrayForEach(uri, given) {
        if (!possible || find_watched(l, uri->valuestring) ||
            !resources_exist(rq->server, &rq->caller, uri->valuestring) ||
            !watch(l, uri->valuestring))
            continue;
        if (!uris) uris = cJSON_AddArrayToObject(honoured, "resourceSubscriptions");
        cJSON_AddItemToArray(uris, cJSON_CreateString(uri->valuestring));
    }
    return honoured;
}

static bool wanted_ok(const cJSON *wanted) {
    const cJSON *item, *given = cJSON_GetObjectItemCaseSensitive(wanted, "resourceSubscriptions");
    if (!cJSON_IsObject(wanted) || (given && !cJSON_IsArray(given))) return false;
    cJSON_ArrayForEach(item, given) if (!cJSON_IsString(item)) return false;
    for (size_t i = 0; i < MCP_LISTS; i++) {
        item = cJSON_GetObjectItemCaseSensitive(wanted, lists[i].wanted);
        if (item && !cJSON_IsBool(item)) return false;
    }
    return true;
}

static void listen_end(struct mcp_request *rq) {
    cJSON *result = cJSON_CreateObject();
    add_subscription(rq, result);
    mcp_reply(rq, result);
}

void subscriptions_listen(struct mcp_request *rq, const cJSON *params) {
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(params, "notifications");
    if (!wanted_ok(wanted)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL,
                   "params.notifications must be an object of toolsListChanged, "
                   "promptsListChanged, resourcesListChanged (booleans) and "
                   "resourceSubscriptions (an array of URIs)");
        return;
    }
    struct listener *l = calloc(1, sizeof *l);
    if (!l) {
        mcp_refuse(rq, RPC_INTERNAL_ERROR, NULL, "Internal error: out of memory");
        return;
    }
    cJSON *ack = cJSON_CreateObject(), *honoured = take_wanted(rq, wanted, l);
    bool nothing = cJSON_GetArraySize(honoured) == 0;
    cJSON_AddItemToObject(ack, "notifications", honoured);
    rq->state = l;
    rq->release = listen_release;
    rq->cancelled = listen_cancelled;
    tell(rq, MCP_OUT_EVENT, "notifications/subscriptions/acknowledged", ack);
    if (nothing) listen_end(rq);
}

/* ---- changes ------------------------------------------------------------------------ */

static bool is_listening(const struct mcp_request *rq) {
    return rq->method->handle == subscriptions_listen && rq->state;
}

bool mcp_conn_is_asked(const struct mcp_conn *c) {
    for (const struct mcp_request *rq = c->in_flight; rq; rq = rq->next)
        if (!is_listening(rq)) return true;
    return c->batches != NULL;
}

void mcp_server_list_changed(struct mcp_server *s, enum mcp_list list, const struct caller *owner) {
    if (!list_is_told(&s->config, list)) return;
    for (struct mcp_conn *c = s->conns; c; c = c->next) {
        if (owner && !caller_sees(&c->options.caller, owner)) continue;
        if (c->legacy.lists[list]) mcp_conn_notify(c, MCP_OUT_EVENT, lists[list].method, NULL);
        for (struct mcp_request *rq = c->in_flight; rq; rq = rq->next)
            if (is_listening(rq) && ((struct listener *)rq->state)->lists[list])
                tell(rq, MCP_OUT_EVENT, lists[list].method, cJSON_CreateObject());
    }
}

/* Is it this listener's turn to hear of `uri`?  Then it counts as told. */
static bool is_due(struct listener *l, const char *uri, bool last, uint64_t now_ms) {
    struct watched *w = find_watched(l, uri);
    if (!w || (!last && w->told && now_ms - w->told_ms < MCP_UPDATE_GAP_MS)) return false;
    w->told = true;
    w->told_ms = now_ms;
    return true;
}

static cJSON *uri_params(const char *uri) {
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "uri", uri);
    return params;
}

void mcp_server_resource_updated(struct mcp_server *s, const char *uri, bool last) {
    static const char method[] = "notifications/resources/updated";
    enum mcp_out_kind kind = last ? MCP_OUT_EVENT : MCP_OUT_NOTIFICATION;
    uint64_t now_ms = s->config.now_ms();
    for (struct mcp_conn *c = s->conns; c; c = c->next) {
        if (is_due(&c->legacy, uri, last, now_ms))
            mcp_conn_notify(c, kind, method, uri_params(uri));
        for (struct mcp_request *rq = c->in_flight; rq; rq = rq->next)
            if (is_listening(rq) && is_due(rq->state, uri, last, now_ms))
                tell(rq, kind, method, uri_params(uri));
    }
}

void mcp_server_end_subscriptions(struct mcp_server *s) {
    for (struct mcp_conn *c = s->conns; c; c = c->next)
        for (struct mcp_request *next, *rq = c->in_flight; rq; rq = next) {
            next = rq->next;
            if (is_listening(rq)) listen_end(rq);
        }
}
