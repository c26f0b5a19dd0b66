/* What the tools share: finding the caller's capture, waiting for it, and ending a call with a
 * report.  A wait holds the call, not the capture: it is over when the capture ends, when its time
 * is over, or when the client gives up.
 * Runs in: mcpd.  Input trust: client (arguments, checked by the core). */
#include "common/clock.h"
#include "common/text.h"
#include "mcpd/audit.h"
#include "mcpd/diagnose/diagnose.h"
#include "mcpd/tools/tools.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_MS    1000u /* capd gives all tables at most once a second */
#define PROGRESS_MS 1000u

const char *tool_text(const cJSON *args, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(args, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

unsigned tool_number(const cJSON *args, const char *name, unsigned missing) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(args, name);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 ? (unsigned)item->valuedouble : missing;
}

void tool_fail(struct tool_call *call, const struct fail *why) {
    tool_call_error(call, "%s.", why->why);
}

/* ---- finding --------------------------------------------------------------------------------- */

static bool is_running(const struct capture *c) {
    return c->run != NULL;
}

/* "id (target, state), ..." of the newest captures of the caller, or else of all it may see. */
static void list_ids(struct store *s, const struct caller *who, bool own, bool running, char *out,
                     size_t cap) {
    size_t used = 0;
    unsigned shown = 0, more = 0;
    out[0] = 0;
    for (uint32_t i = store_count(s); i-- > 0;) {
        const struct capture *c = store_at(s, i);
        bool meant = own ? capture_same_owner(c, who) : capture_visible(c, who);
        if (!meant || (running && !is_running(c))) continue;
        if (shown == 8 || used + 130 > cap) {
            more++;
            continue;
        }
        used += (size_t)snprintf(out + used, cap - used, "%s%s (%.40s, %s)", used ? ", " : "",
                                 c->id, c->target.text[0] ? c->target.text : "no target",
                                 capture_state_names[c->state]);
        shown++;
    }
    if (!used) snprintf(out, cap, "none");
    if (more) snprintf(out + used, cap - used, ", and %u older", more);
}

static struct capture *find_only(struct store *s, const struct caller *who, bool running,
                                 unsigned *found_out) {
    struct capture *only = NULL;
    *found_out = 0;
    for (uint32_t i = 0; i < store_count(s); i++) {
        struct capture *c = store_at(s, i);
        if (!capture_same_owner(c, who) || (running && !is_running(c))) continue;
        only = c;
        ++*found_out;
    }
    return *found_out == 1 ? only : NULL;
}

static void refuse_missing(struct tool_call *call, unsigned found, bool running, const char *ids) {
    const char *kind = running ? "running capture" : "capture";
    if (found == 0)
        tool_call_error(call,
                        "You have no %s. Start one with start_packet_capture, or look at "
                        "list_captures.",
                        kind);
    else
        tool_call_error(call,
                        "capture_id is missing and you have %u %ss; allowed: %s. Example: "
                        "{\"capture_id\":\"%.32s\"}.",
                        found, kind, ids, ids);
}

struct capture *tool_find_capture(struct app *a, struct tool_call *call, const cJSON *args,
                                  enum tool_meant meant) {
    bool running = meant != MEANT_ONE;
    struct store *s = captures_store(a->captures);
    const struct caller *who = tool_call_caller(call);
    const char *id = tool_text(args, "capture_id");
    char ids[900];
    bool expired;
    unsigned found;
    if (!*id) {
        struct capture *only = find_only(s, who, running, &found);
        if (found == 0 && meant == MEANT_RUNNING_OR_ONE) {
            running = false;
            only = find_only(s, who, running, &found);
        }
        list_ids(s, who, true, running, ids, sizeof ids);
        if (!only) refuse_missing(call, found, running, ids);
        return only;
    }
    struct capture *c = store_find(s, id, &expired);
    if (c && capture_visible(c, who)) {
        if (!capture_same_owner(c, who))
            audit_call(call, &(struct audit_call){
                                 .what = "use", .key = "asked", .value = id, .capture_id = c->id});
        return c;
    }
    audit_call(call, &(struct audit_call){
                         .what = "use",
                         .key = "asked",
                         .value = id,
                         .refused = &(struct fail){.why = "no such capture of this caller"}});
    char given[65];
    text_clean((const uint8_t *)id, strlen(id), given, sizeof given);
    list_ids(s, who, false, false, ids, sizeof ids);
    char why[160] = "is unknown";
    if (expired)
        snprintf(why, sizeof why,
                 "has expired: what has ended is kept for %u h, and %u MiB of it at most "
                 "(retention_hours, retention_mib in mcpd.conf)",
                 a->settings.retention_s / 3600, a->settings.retention_bytes >> 20);
    char example[80] = "start_packet_capture makes one";
    if (strcmp(ids, "none") != 0)
        snprintf(example, sizeof example, "example: {\"capture_id\":\"%.32s\"}", ids);
    tool_call_error(call, "capture_id \"%s\" %s; allowed: %s; %s. list_captures shows yours.",
                    given, why, ids, example);
    return NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void end_with(struct tool_call *call, cJSON *tree, unsigned max_tokens) {
    char *text = tree ? answer_report_text(tree, max_tokens) : NULL;
    if (tree && text) {
        tool_call_result(call, tree, text);
        return;
    }
    cJSON_Delete(tree);
    free(text);
    tool_call_error(call, "Out of memory while the report was made.");
}

void tool_report(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c) {
    unsigned tokens = tool_number(args, "max_tokens", a->settings.token_budget);
    const char *section = tool_text(args, "section");
    struct fail why = {.code = FAIL_NONE};
    cJSON *tree = answer_section(a, c, *section ? section : "summary", tool_text(args, "cursor"),
                                 tokens, &why);
    if (!tree && why.code)
        tool_fail(call, &why);
    else
        end_with(call, tree, tokens);
}

/* How far it is, by our clock; of a file, what it holds, by that of its packets. */
#define STATUS_TIME_BYTES 64u
static const char *status_time(const struct capture *c, char out[STATUS_TIME_BYTES]) {
    uint64_t until = c->ended_mono_ms ? c->ended_mono_ms : clock_mono_ms();
    uint64_t ran = until - c->started_mono_ms;
    if (c->duration_ms == 0)
        snprintf(out, STATUS_TIME_BYTES, "Capture file of %.1f s",
                 (double)c->snapshot->totals.duration_us / 1e6);
    else
        snprintf(out, STATUS_TIME_BYTES, "%llu of %llu s",
                 (unsigned long long)(ran < c->duration_ms ? ran : c->duration_ms) / 1000,
                 (unsigned long long)c->duration_ms / 1000);
    return out;
}

/* A few words for a person; the numbers are in the structured content. */
/* "12 connections attempted, 3 dns queries." */
static void write_counts(FILE *out, const cJSON *counts) {
    const cJSON *n;
    const char *before = "Counted: ";
    cJSON_ArrayForEach(n, counts) {
        if (!cJSON_IsNumber(n) || n->valuedouble <= 0) continue;
        fprintf(out, "%s%.0f ", before, n->valuedouble);
        for (const char *c = n->string; *c; c++) fputc(*c == '_' ? ' ' : *c, out);
        before = ", ";
    }
    if (*before == ',') fputs(".\n", out);
}

static void write_problems(FILE *out, const cJSON *problems) {
    const cJSON *p;
    cJSON_ArrayForEach(p, problems) {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(p, "id");
        const cJSON *severity = cJSON_GetObjectItemCaseSensitive(p, "severity");
        const cJSON *subject = cJSON_GetObjectItemCaseSensitive(p, "subject");
        if (cJSON_IsString(id) && cJSON_IsString(severity) && cJSON_IsString(subject))
            fprintf(out, "- %s: %s, %s\n", severity->valuestring, id->valuestring,
                    subject->valuestring);
    }
}

static char *status_text(const struct capture *c, const cJSON *tree) {
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return NULL;
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(tree, "verdict");
    const cJSON *headline = cJSON_GetObjectItemCaseSensitive(verdict, "headline");
    struct capture_view v = capture_view(c);
    fprintf(out, "capture_id: %s, state: %s\n", c->id, capture_state_names[c->state]);
    if (quality_is_unknown(&v))
        fprintf(out, "Nothing was counted.\n");
    else
        fprintf(out, "%s, %llu packets of the target, %llu others.\n",
                status_time(c, (char[STATUS_TIME_BYTES]){0}),
                (unsigned long long)c->snapshot->totals.packets,
                (unsigned long long)c->snapshot->totals.other_packets);
    write_counts(out, cJSON_GetObjectItemCaseSensitive(tree, "counts"));
    if (cJSON_IsString(headline)) fprintf(out, "%s\n", headline->valuestring);
    write_problems(out, cJSON_GetObjectItemCaseSensitive(tree, "problems_detected"));
    if (c->ended_why[0]) fprintf(out, "It ended: %s.\n", c->ended_why);
    fclose(out);
    return text;
}

void tool_status(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c) {
    (void)args;
    cJSON *tree = answer_status(a, c);
    if (tree)
        tool_call_result(call, tree, status_text(c, tree));
    else
        tool_call_error(call, "Out of memory while the status was made.");
}

void tool_report_or_status(struct app *a, struct tool_call *call, const cJSON *args,
                           struct capture *c) {
    struct fail why;
    if (!is_running(c)) {
        unsigned tokens = tool_number(args, "max_tokens", a->settings.token_budget);
        cJSON *report = answer_section(a, c, "summary", NULL, tokens, &why);
        end_with(call, report, tokens);
    } else {
        tool_status(a, call, args, c);
    }
}

/* ---- waiting --------------------------------------------------------------------------------- */

struct wait {
    struct app *app;
    struct tool_call *call;
    const cJSON *args;
    struct capture *capture;
    tool_done_fn *done;
    enum capture_event until; /* CAPTURE_ENDED satisfies all */
    bool owns;                /* nobody knows the capture's id yet: it goes with the call */
    uint64_t watch, timer, tick;
};

static void wait_free(struct wait *w) {
    captures_unwatch(w->app->captures, w->watch);
    loop_timer_cancel(w->app->loop, w->timer);
    loop_timer_cancel(w->app->loop, w->tick);
    free(w);
}

static void wait_done(void *ctx) {
    struct wait was = *(struct wait *)ctx;
    tool_call_on_cancel(was.call, NULL, NULL);
    wait_free(ctx);
    was.done(was.app, was.call, was.args, was.capture);
}

static void wait_cancelled(struct tool_call *call, void *ctx) {
    struct wait was = *(struct wait *)ctx;
    struct fail fail;
    wait_free(ctx);
    if (was.owns) (void)captures_stop(was.app->captures, was.capture, &fail);
    tool_call_error(call, "Cancelled.");
}

static void wait_event(void *ctx, struct capture *c, enum capture_event event) {
    struct wait *w = ctx;
    (void)c;
    if (event == CAPTURE_ENDED || event == w->until) wait_done(w);
}

static void wait_progress(void *ctx) {
    struct wait *w = ctx;
    const struct capture *c = w->capture;
    char message[96];
    double ran = (double)(clock_mono_ms() - c->started_mono_ms) / 1000.0;
    snprintf(message, sizeof message, "%llu packets of the target, %llu others",
             (unsigned long long)c->snapshot->totals.packets,
             (unsigned long long)c->snapshot->totals.other_packets);
    tool_call_progress(w->call, ran, (double)c->duration_ms / 1000.0, message);
}

static void await(struct wait start, unsigned max_ms) {
    struct wait *w = start.capture->run ? malloc(sizeof *w) : NULL;
    if (!w) { /* ended already: nothing to wait for */
        start.done(start.app, start.call, start.args, start.capture);
        return;
    }
    *w = start;
    w->watch = captures_watch(w->app->captures, w->capture, wait_event, w);
    w->timer = loop_timer_once(w->app->loop, max_ms, wait_done, w);
    ASSERT(w->timer);
    if (tool_call_wants_progress(w->call))
        w->tick = loop_timer_every(w->app->loop, PROGRESS_MS, wait_progress, w);
    if (tool_call_on_cancel(w->call, wait_cancelled, w)) wait_cancelled(w->call, w);
}

void tool_await_end(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c,
                    unsigned max_ms, tool_done_fn *done) {
    await((struct wait){a, call, args, c, done, CAPTURE_ENDED, false, 0, 0, 0}, max_ms);
}

void tool_await_own(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c,
                    unsigned max_ms, tool_done_fn *done) {
    await((struct wait){a, call, args, c, done, CAPTURE_ENDED, true, 0, 0, 0}, max_ms);
}

void tool_await_tables(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c,
                       tool_done_fn *done) {
    bool fresh = c->refreshed_mono_ms && clock_mono_ms() - c->refreshed_mono_ms < FRESH_MS;
    /* A page is one of the report that the page before is of. */
    if (fresh || !c->run || *tool_text(args, "cursor")) {
        done(a, call, args, c);
        return;
    }
    captures_refresh(a->captures, c);
    await((struct wait){a, call, args, c, done, CAPTURE_REFRESHED, false, 0, 0, 0}, 3 * FRESH_MS);
}
