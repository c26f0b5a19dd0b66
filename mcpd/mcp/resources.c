/* resources/list, resources/templates/list, resources/read.  The tables say what there is; lists
 * are made for the caller who asks: the fixed resources first, then every listed item with each of
 * the templates, a page at a time.  A cursor is the key of the last item of its page. Runs in:
 * mcpd.  Input trust: client (checked by json_check). */
#include "mcpd/mcp/resources.h"
#include "common/text.h"
#include "mcpd/mcp/content.h"
#include "mcpd/mcp/dispatch.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-"

struct mcp_read {
    struct mcp_request *rq;
    const struct mcp_resource *row;
    char uri[MCP_URI_MAX + 1];
    char key[MCP_KEY_MAX + 1];
    void (*on_cancel)(struct mcp_read *read, void *ctx);
    void *cancel_ctx;
};

/* ---- addresses ---------------------------------------------------------------------- */

/* The address of an item by a template; false if it is too long. */
static bool expand(const char *template, const char *key, char out[MCP_URI_MAX + 1]) {
    const char *open = strchr(template, '{'), *close = open ? strchr(open, '}') : NULL;
    if (!close) return false;
    int n = snprintf(out, MCP_URI_MAX + 1, "%.*s%s%s", (int)(open - template), template, key,
                     close + 1);
    return n > 0 && (size_t)n <= MCP_URI_MAX;
}

/* Does `uri` come from this template?  Then `key` is what stands for its variable. */
static bool matches(const char *template, const char *uri, char key[MCP_KEY_MAX + 1]) {
    char again[MCP_URI_MAX + 1];
    size_t before = strcspn(template, "{");
    if (strncmp(template, uri, before) != 0) return false;
    size_t len = strspn(uri + before, KEY_CHARACTERS), after = strlen(strchr(template, '}') + 1);
    if (strlen(uri + before) < after) return false;
    if (len > strlen(uri + before) - after) len = strlen(uri + before) - after;
    if (len == 0 || len > MCP_KEY_MAX) return false;
    snprintf(key, MCP_KEY_MAX + 1, "%.*s", (int)len, uri + before);
    return expand(template, key, again) && strcmp(again, uri) == 0;
}

/* The row for an address that is there for `who`, with its key; NULL if it is not. */
static const struct mcp_resource *find(const struct mcp_server *s, const struct caller *who,
                                       const char *uri, char key[MCP_KEY_MAX + 1]) {
    const struct mcp_resources *r = s->config.resources;
    key[0] = '\0';
    for (size_t i = 0; i < r->fixed_count; i++)
        if (strcmp(r->fixed[i].uri, uri) == 0) return &r->fixed[i];
    for (size_t i = 0; i < r->template_count; i++)
        if (matches(r->templates[i].uri, uri, key) && r->exists(s->config.app, who, key))
            return &r->templates[i];
    return NULL;
}

bool resources_exist(const struct mcp_server *s, const struct caller *who, const char *uri) {
    char key[MCP_KEY_MAX + 1];
    return strlen(uri) <= MCP_URI_MAX && find(s, who, uri, key) != NULL;
}

static bool row_ok(const struct mcp_resource *row, bool template) {
    char uri[MCP_URI_MAX + 1];
    bool variable = expand(row->uri, "", uri);
    cJSON *meta = row->meta ? cJSON_Parse(row->meta) : NULL;
    bool meta_ok = !row->meta || cJSON_IsObject(meta);
    cJSON_Delete(meta);
    return meta_ok && variable == template && strlen(row->uri) <= MCP_URI_MAX;
}

bool resources_prepare(const struct mcp_resources *r, char *why, size_t cap) {
    for (size_t i = 0; r && i < r->fixed_count + r->template_count; i++) {
        bool fixed = i < r->fixed_count;
        const struct mcp_resource *row = fixed ? &r->fixed[i] : &r->templates[i - r->fixed_count];
        if (row_ok(row, !fixed)) continue;
        snprintf(why, cap, "resource %s: the address or _meta is not allowed", row->uri);
        return false;
    }
    return true;
}

/* ---- lists -------------------------------------------------------------------------- */

static void add_meta(cJSON *to, const struct mcp_resource *row) {
    cJSON *meta = row->meta ? cJSON_Parse(row->meta) : NULL;
    if (meta) cJSON_AddItemToObject(to, "_meta", meta);
}

/* An entry of a list; `key` names the address, "uri" or "uriTemplate". */
static cJSON *entry(const struct mcp_resource *row, const char *key, const char *uri,
                    const char *name, const char *title) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, key, uri);
    cJSON_AddStringToObject(o, "name", name);
    cJSON_AddStringToObject(o, "title", title);
    cJSON_AddStringToObject(o, "description", row->description);
    cJSON_AddStringToObject(o, "mimeType", row->mime_type);
    add_meta(o, row);
    return o;
}

static void add_item(const struct mcp_resource *row, const struct mcp_item *item, cJSON *list) {
    char uri[MCP_URI_MAX + 1], name[200], title[300];
    if (!expand(row->uri, item->key, uri)) return;
    snprintf(name, sizeof name, "%.120s %s", row->name, item->key);
    snprintf(title, sizeof title, "%.120s: %s", row->title, item->label);
    cJSON *o = entry(row, "uri", uri, name, title);
    if (item->modified[0])
        cJSON_AddStringToObject(cJSON_AddObjectToObject(o, "annotations"), "lastModified",
                                item->modified);
    cJSON_AddItemToArray(list, o);
}

/* The items after *after; false if there never was such an item.  `after` becomes the key of the
 * last one if there are more, else "". */
static bool add_items(struct mcp_request *rq, char after[MCP_KEY_MAX + 1], cJSON *list) {
    const struct mcp_resources *r = rq->server->config.resources;
    struct mcp_item item;
    char last[MCP_KEY_MAX + 1];
    bool unknown = false;
    size_t n = 0;
    snprintf(last, sizeof last, "%s", after);
    after[0] = '\0';
    while (r->next && r->next(rq->server->config.app, &rq->caller, last, &item, &unknown)) {
        if (n++ == MCP_PAGE) {
            snprintf(after, MCP_KEY_MAX + 1, "%s", last);
            break;
        }
        for (size_t i = 0; i < r->template_count; i++) add_item(&r->templates[i], &item, list);
        snprintf(last, sizeof last, "%s", item.key);
    }
    return !unknown;
}

void resources_list(struct mcp_request *rq, const cJSON *params) {
    const struct mcp_resources *r = rq->server->config.resources;
    const cJSON *cursor = cJSON_GetObjectItemCaseSensitive(params, "cursor");
    char after[MCP_KEY_MAX + 1] = "";
    bool ok = !cursor || (cJSON_IsString(cursor) && strlen(cursor->valuestring) <= MCP_KEY_MAX);
    if (ok && cursor) snprintf(after, sizeof after, "%s", cursor->valuestring);
    cJSON *result = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(result, "resources");
    for (size_t i = 0; ok && !after[0] && i < r->fixed_count; i++)
        cJSON_AddItemToArray(
            list, entry(&r->fixed[i], "uri", r->fixed[i].uri, r->fixed[i].name, r->fixed[i].title));
    if (!ok || !add_items(rq, after, list)) {
        cJSON_Delete(result);
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "Invalid cursor: it is none of this list's");
        return;
    }
    if (after[0]) cJSON_AddStringToObject(result, "nextCursor", after);
    mcp_reply(rq, result);
}

void resources_templates_list(struct mcp_request *rq, const cJSON *params) {
    const struct mcp_resources *r = rq->server->config.resources;
    if (!mcp_only_page(rq, params)) return;
    cJSON *result = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(result, "resourceTemplates");
    for (size_t i = 0; i < r->template_count; i++) {
        const struct mcp_resource *row = &r->templates[i];
        cJSON_AddItemToArray(list, entry(row, "uriTemplate", row->uri, row->name, row->title));
    }
    mcp_reply(rq, result);
}

/* ---- one read ----------------------------------------------------------------------- */

static const struct era_cache keeps[] = {
    [MCP_KEEP_FOR_ALL] = {.ttl_ms = 3600000, .scope = "public"},
    [MCP_KEEP_OWN] = {.ttl_ms = 3600000, .scope = "private"},
    [MCP_KEEP_NOT] = {.ttl_ms = 0, .scope = "private"},
};

static void read_release(struct mcp_request *rq) {
    free(rq->state);
}

static void read_cancelled(struct mcp_request *rq) {
    struct mcp_read *read = rq->state;
    void (*fn)(struct mcp_read *, void *) = read->on_cancel;
    read->on_cancel = NULL;
    if (fn) fn(read, read->cancel_ctx);
}

static bool has_expired(const struct mcp_server *s, const char *uri) {
    const struct mcp_resources *r = s->config.resources;
    char key[MCP_KEY_MAX + 1];
    for (size_t i = 0; r->expired && strlen(uri) <= MCP_URI_MAX && i < r->template_count; i++)
        if (matches(r->templates[i].uri, uri, key)) return r->expired(s->config.app, key);
    return false;
}

void resources_refuse_missing(struct mcp_request *rq, const char *uri) {
    char shown[161];
    cJSON *data = cJSON_CreateObject();
    int code = rq->era == ERA_MODERN ? RPC_INVALID_PARAMS : RPC_RESOURCE_NOT_FOUND;
    cJSON_AddStringToObject(data, "uri", uri);
    text_clean((const uint8_t *)uri, strlen(uri), shown, sizeof shown);
    mcp_refuse(rq, code, data, "Resource %s: %s",
               has_expired(rq->server, uri) ? "has expired" : "not found", shown);
}

void resources_read(struct mcp_request *rq, const cJSON *params) {
    const cJSON *uri = cJSON_GetObjectItemCaseSensitive(params, "uri");
    char key[MCP_KEY_MAX + 1];
    if (!cJSON_IsString(uri)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.uri must be a string");
        return;
    }
    const struct mcp_resource *row = strlen(uri->valuestring) > MCP_URI_MAX
                                         ? NULL
                                         : find(rq->server, &rq->caller, uri->valuestring, key);
    if (!row) {
        resources_refuse_missing(rq, uri->valuestring);
        return;
    }
    struct mcp_read *read = calloc(1, sizeof *read);
    if (!read) {
        mcp_refuse(rq, RPC_INTERNAL_ERROR, NULL, "Internal error: out of memory");
        return;
    }
    read->rq = rq;
    read->row = row;
    memcpy(read->key, key, sizeof read->key);
    snprintf(read->uri, sizeof read->uri, "%s", uri->valuestring);
    rq->state = read;
    rq->release = read_release;
    rq->cancelled = read_cancelled;
    row->read(read, read->key, rq->server->config.app);
}

static void end_read(struct mcp_read *read, const char *member, char *text, enum mcp_keep keep) {
    if (!text) {
        mcp_read_failed(read, "out of memory");
        return;
    }
    cJSON *result = cJSON_CreateObject(), *content = cJSON_CreateObject();
    cJSON_AddItemToArray(cJSON_AddArrayToObject(result, "contents"), content);
    cJSON_AddStringToObject(content, "uri", read->uri);
    cJSON_AddStringToObject(content, "mimeType", read->row->mime_type);
    cJSON_AddStringToObject(content, member, text);
    add_meta(content, read->row);
    free(text);
    read->rq->cache = &keeps[keep];
    mcp_reply(read->rq, result);
}

void mcp_read_text(struct mcp_read *read, char *text, enum mcp_keep keep) {
    end_read(read, "text", text, keep);
}

void mcp_read_bytes(struct mcp_read *read, const void *bytes, size_t len, enum mcp_keep keep) {
    end_read(read, "blob", content_base64(bytes, len), keep);
}

void mcp_read_missing(struct mcp_read *read) {
    resources_refuse_missing(read->rq, read->uri);
}

void mcp_read_failed(struct mcp_read *read, const char *why) {
    mcp_refuse(read->rq, RPC_INTERNAL_ERROR, NULL, "Internal error: %s", why);
}

bool mcp_read_is_heard(const struct mcp_read *read) {
    return read->rq->conn && conn_is_heard(read->rq->conn);
}

const struct caller *mcp_read_caller(const struct mcp_read *read) {
    return &read->rq->caller;
}

void mcp_read_on_cancel(struct mcp_read *read, void (*fn)(struct mcp_read *read, void *ctx),
                        void *ctx) {
    read->on_cancel = fn;
    read->cancel_ctx = ctx;
}
