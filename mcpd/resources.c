/* Captures as resources.  Each kind of report is a row with a function that makes text of the whole
 * report tree; which captures there are, and for whom, is asked of the store.  Of a running capture
 * the tables are fetched first, as the tools do.
 * Runs in: mcpd.  Input trust: client (ids), packets (through the report). */
#include "mcpd/resources.h"
#include "common/text.h"
#include "mcpd/answer.h"
#include "mcpd/audit.h"
#include "mcpd/tools/tools.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKDOWN_TOKENS 8000u /* the longest text that the tools make */

static const char report_schema[] = {
#include "report_schema.inc"
};

/* ---- which captures ---------------------------------------------------------------------- */

static struct store *store_of(void *app) {
    return captures_store(((struct app *)app)->captures);
}

static struct capture *find(void *app, const struct caller *who, const char *id,
                            bool *expired_out) {
    struct capture *c = store_find(store_of(app), id, expired_out);
    return c && capture_visible(c, who) ? c : NULL;
}

static bool exists(void *app, const struct caller *who, const char *key) {
    bool expired;
    const struct capture *c = find(app, who, key, &expired);
    if (!c || !capture_same_owner(c, who)) audit_resource(who, key, c != NULL);
    return c != NULL;
}

static bool has_expired(void *app, const char *key) {
    bool expired;
    return !store_find(store_of(app), key, &expired) && expired;
}

static void describe(const struct capture *c, struct mcp_item *out) {
    char target[100], when[ANSWER_TIME_BYTES];
    const char *text = c->target.text[0] ? c->target.text : "whole network";
    text_clean((const uint8_t *)text, strlen(text), target, sizeof target);
    memcpy(out->key, c->id, strlen(c->id) + 1);
    snprintf(out->label, sizeof out->label, "%s, %s", target, answer_time(c->started_us, when));
    answer_time(c->started_us + (c->ended_mono_ms - c->started_mono_ms) * 1000, when);
    snprintf(out->modified, sizeof out->modified, "%s", when);
}

/* Newest first, those that have ended. */
static bool next(void *app, const struct caller *who, const char *after, struct mcp_item *out,
                 bool *unknown_out) {
    struct store *s = store_of(app);
    bool expired = false, found = !*after;
    if (*after && !find(app, who, after, &expired)) {
        *unknown_out = !expired; /* where it was, all that was older has expired as well */
        return false;
    }
    for (uint32_t i = store_count(s); i-- > 0;) {
        const struct capture *c = store_at(s, i);
        if (found && !c->run && capture_visible(c, who)) {
            describe(c, out);
            return true;
        }
        if (strcmp(c->id, after) == 0) found = true;
    }
    return false;
}

static bool next_key(void *app, const struct caller *who, size_t *at, char out[MCP_KEY_MAX + 1]) {
    struct store *s = store_of(app);
    while (*at < store_count(s)) {
        const struct capture *c = store_at(s, store_count(s) - 1 - (uint32_t)(*at)++);
        if (!capture_visible(c, who)) continue;
        memcpy(out, c->id, sizeof c->id);
        return true;
    }
    return false;
}

/* ---- reading one --------------------------------------------------------------------------- */

typedef char *render_fn(const cJSON *report);

struct reading {
    struct app *app;
    struct mcp_read *read;
    render_fn *render;
    uint64_t watch;
};

static void render_now(struct app *a, struct mcp_read *read, const struct capture *c,
                       render_fn *render) {
    if (!mcp_read_is_heard(read)) { /* it would be work for nobody */
        mcp_read_failed(read, "cancelled");
        return;
    }
    cJSON *tree = answer_full(a, c);
    mcp_read_text(read, tree ? render(tree) : NULL, c->run ? MCP_KEEP_NOT : MCP_KEEP_OWN);
    cJSON_Delete(tree);
}

static void on_event(void *ctx, struct capture *c, enum capture_event event) {
    struct reading r = *(struct reading *)ctx;
    if (event != CAPTURE_REFRESHED && event != CAPTURE_ENDED) return;
    captures_unwatch(r.app->captures, r.watch);
    free(ctx);
    mcp_read_on_cancel(r.read, NULL, NULL);
    render_now(r.app, r.read, c, r.render);
}

static void on_cancel(struct mcp_read *read, void *ctx) {
    struct reading *r = ctx;
    captures_unwatch(r->app->captures, r->watch);
    free(r);
    mcp_read_failed(read, "cancelled");
}

static void read_capture(struct mcp_read *read, const char *id, void *app, render_fn *render) {
    bool expired;
    struct app *a = app;
    struct capture *c = find(app, mcp_read_caller(read), id, &expired);
    if (!c) {
        mcp_read_missing(read);
        return;
    }
    struct reading *r = c->run ? malloc(sizeof *r) : NULL;
    if (!r) {
        render_now(a, read, c, render);
        return;
    }
    *r = (struct reading){a, read, render, captures_watch(a->captures, c, on_event, r)};
    mcp_read_on_cancel(read, on_cancel, r);
    captures_refresh(a->captures, c); /* CAPTURE_REFRESHED follows in any case */
}

static char *markdown(const cJSON *report) {
    return answer_report_text(report, MARKDOWN_TOKENS);
}

static char *json(const cJSON *report) {
    return cJSON_PrintUnformatted(report);
}

static void read_markdown(struct mcp_read *read, const char *id, void *app) {
    read_capture(read, id, app, markdown);
}

static void read_json(struct mcp_read *read, const char *id, void *app) {
    read_capture(read, id, app, json);
}

static void read_html(struct mcp_read *read, const char *id, void *app) {
    read_capture(read, id, app, report_html);
}

static void read_connections(struct mcp_read *read, const char *id, void *app) {
    read_capture(read, id, app, report_csv_connections);
}

static void read_timeline(struct mcp_read *read, const char *id, void *app) {
    read_capture(read, id, app, report_csv_timeline);
}

static void read_schema(struct mcp_read *read, const char *key, void *app) {
    (void)key;
    (void)app;
    mcp_read_text(read, strndup(report_schema, sizeof report_schema), MCP_KEEP_FOR_ALL);
}

static void read_rules(struct mcp_read *read, const char *key, void *app) {
    const struct app *a = app;
    (void)key;
    mcp_read_text(read, rules_active(a->rules), MCP_KEEP_FOR_ALL);
}

static void read_app(struct mcp_read *read, const char *key, void *app) {
    size_t len;
    const char *page = report_app_html(&len);
    (void)key;
    (void)app;
    mcp_read_text(read, strndup(page, len), MCP_KEEP_FOR_ALL);
}

/* ---- the tables ---------------------------------------------------------------------------- */

static const struct mcp_resource fixed[] = {
    {.uri = "schema://report",
     .name = "report_schema",
     .title = "Schema of reports",
     .description = "JSON Schema of report.json and of what get_capture_report returns.",
     .mime_type = "application/schema+json",
     .read = read_schema},
    {.uri = "rules://active",
     .name = "active_rules",
     .title = "Rules in force",
     .description = "The rules that captures are judged by: conditions, and every threshold with "
                    "its reason.",
     .mime_type = "application/json",
     .read = read_rules},
    {.uri = TOOL_UI,
     .name = "report_app",
     .title = "Report (app)",
     .description = "Shows reports of the tools inside of hosts that speak MCP Apps.",
     .mime_type = "text/html;profile=mcp-app",
     .meta = "{\"ui\":{\"prefersBorder\":true,\"csp\":{}}}",
     .read = read_app},
};

static const struct mcp_resource templates[] = {
    {.uri = "capture://{id}/report",
     .name = "report",
     .title = "Report",
     .description = "The findings of a capture as Markdown.",
     .mime_type = "text/markdown",
     .read = read_markdown},
    {.uri = "capture://{id}/report.json",
     .name = "report.json",
     .title = "Report (JSON)",
     .description = "The whole report with every row, as schema://report describes it.",
     .mime_type = "application/json",
     .read = read_json},
    {.uri = "capture://{id}/report.html",
     .name = "report.html",
     .title = "Report (page)",
     .description = "The whole report as one self-contained page for people, with charts.",
     .mime_type = "text/html",
     .read = read_html},
    {.uri = "capture://{id}/connections.csv",
     .name = "connections.csv",
     .title = "Connections (table)",
     .description = "One line for each connection; of more than 512 for the most telling.",
     .mime_type = "text/csv",
     .read = read_connections},
    {.uri = "capture://{id}/timeline.csv",
     .name = "timeline.csv",
     .title = "Timeline (table)",
     .description = "One line for each second or longer stretch of the capture.",
     .mime_type = "text/csv",
     .read = read_timeline},
};

#define TEMPLATES (sizeof templates / sizeof *templates)

const struct mcp_resources app_resources = {.fixed = fixed,
                                            .fixed_count = sizeof fixed / sizeof *fixed,
                                            .templates = templates,
                                            .template_count = TEMPLATES,
                                            .next = next,
                                            .exists = exists,
                                            .expired = has_expired,
                                            .key = next_key,
                                            .changes = true};

/* ---- changes ------------------------------------------------------------------------------- */

static void on_any(void *ctx, struct capture *c, enum capture_event event) {
    const struct resources_watch *w = ctx;
    char uri[MCP_URI_MAX + 1];
    if (event != CAPTURE_UPDATED && event != CAPTURE_ENDED) return;
    for (size_t i = 0; i < TEMPLATES; i++) {
        const char *rest = strchr(templates[i].uri, '}') + 1;
        snprintf(uri, sizeof uri, "capture://%s%s", c->id, rest);
        mcp_server_resource_updated(w->server, uri, event == CAPTURE_ENDED);
    }
    if (event == CAPTURE_ENDED) mcp_server_list_changed(w->server, MCP_LIST_RESOURCES, &c->caller);
}

bool resources_watch(struct resources_watch *w, struct app *a, struct mcp_server *server) {
    *w = (struct resources_watch){a, server};
    return captures_watch_all(a->captures, on_any, w);
}
