/* Tool list_captures.
 * Runs in: mcpd.  Input trust: client. */
#include "common/clock.h"
#include "mcpd/tools/tools.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    20u /* a longer list would only cost tokens */
#define FRESH_MS    1000u
#define END_BYTES   64u /* "N of M", twice, and braces */
#define TOKEN_BYTES 3u  /* contract of the reports: tokens are UTF-8 bytes / 3 */

/* The list as it grows: the structured content may have the token budget, the text half of it. */
struct listing {
    const struct app *app;
    cJSON *rows;
    FILE *text;
    size_t bytes, text_bytes; /* left */
    uint32_t shown, seen;
};

/* Counted once when it has ended, and once a second while it runs: to judge a capture costs
 * milliseconds, and a list has many. */
static uint32_t problems_of(const struct app *a, struct capture *c) {
    uint64_t now_ms = clock_mono_ms();
    bool fresh =
        c->run ? now_ms - c->problems_mono_ms < FRESH_MS : c->problems_mono_ms >= c->ended_mono_ms;
    if (c->problems_mono_ms && fresh) return c->problems;
    struct capture_view v = capture_view(c);
    c->problems = report_problems(a->rules, &v);
    c->problems_mono_ms = now_ms;
    return c->problems;
}

static cJSON *row_object(const struct capture *c, const char *started, uint32_t problems) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", c->id);
    cJSON_AddStringToObject(o, "target", c->target.text);
    cJSON_AddStringToObject(o, "mode", mode_names[c->target.mode]);
    cJSON_AddStringToObject(o, "state", capture_state_names[c->state]);
    cJSON_AddStringToObject(o, "started", started);
    cJSON_AddNumberToObject(o, "problems", problems);
    return o;
}

/* Rows that no longer fit, and all after them, are counted only. */
static void add_row(struct listing *l, struct capture *c) {
    char started[ANSWER_TIME_BYTES], line[LIM_NAME + 160];
    l->seen++;
    if (l->shown >= ROWS_MAX || l->shown + 1 < l->seen) return;
    uint32_t problems = problems_of(l->app, c);
    answer_time(c->started_us, started);
    int text = snprintf(
        line, sizeof line, "%s  %s  %s, mode %s, started %s, %u %s\n", c->id,
        capture_state_names[c->state], c->target.text[0] ? c->target.text : "no target",
        mode_names[c->target.mode], started, problems, problems == 1 ? "problem" : "problems");
    cJSON *row = row_object(c, started, problems);
    char *json = cJSON_PrintUnformatted(row);
    size_t bytes = json ? strlen(json) + 1 : SIZE_MAX;
    free(json);
    if (bytes > l->bytes || (size_t)text > l->text_bytes) {
        cJSON_Delete(row);
        return;
    }
    l->bytes -= bytes;
    l->text_bytes -= (size_t)text;
    l->shown++;
    cJSON_AddItemToArray(l->rows, row);
    fputs(line, l->text);
}

/* Running ones first: those can still be stopped; then the newest. */
static void add_rows(struct listing *l, const struct caller *who) {
    struct store *s = captures_store(l->app->captures);
    for (int running = 1; running >= 0; running--)
        for (uint32_t i = store_count(s); i-- > 0;) {
            struct capture *c = store_at(s, i);
            if (capture_visible(c, who) && (c->run != NULL) == running) add_row(l, c);
        }
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    const struct app *a = app;
    char *text = NULL, of[40];
    size_t bytes, budget = (size_t)a->settings.token_budget * TOKEN_BYTES;
    (void)args;
    cJSON *tree = cJSON_CreateObject();
    struct listing l = {.app = a,
                        .rows = cJSON_AddArrayToObject(tree, "captures"),
                        .text = open_memstream(&text, &bytes),
                        .bytes = budget - END_BYTES,
                        .text_bytes = budget / 2 - END_BYTES};
    ASSERT(l.text);
    add_rows(&l, tool_call_caller(call));
    if (l.seen == 0) fputs("No captures yet. start_packet_capture makes one.\n", l.text);
    if (l.seen > l.shown) {
        snprintf(of, sizeof of, "%u of %u shown", l.shown, l.seen);
        cJSON_AddStringToObject(cJSON_AddObjectToObject(tree, "lists"), "captures", of);
        fprintf(l.text, "%s: the running ones, then the newest.\n", of);
    }
    fclose(l.text);
    tool_call_result(call, tree, text);
}

const struct tool tool_list_captures = {
    .name = "list_captures",
    .title = "List captures",
    .description = "Your captures, running ones first, then the newest, with id, target, mode, "
                   "state, start and number of "
                   "problems. Use it when a capture_id is not known any more.",
    .input_schema = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}",
    .output_schema = "{\"type\":\"object\",\"properties\":{\"captures\":{\"type\":\"array\"}},"
                     "\"required\":[\"captures\"]}",
    .read_only = true,
    .idempotent = true,
    .start = start};
