/* Tool list_captures.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/tools/tools.h"
#include <stdio.h>
#include <stdlib.h>

#define ROWS_MAX 20u /* the newest; a longer list would only cost tokens */

static int problems_of(const struct app *a, const struct capture *c) {
    cJSON *tree = answer_full(a, c);
    int n = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tree, "problems_detected"));
    cJSON_Delete(tree);
    return n;
}

static void add_row(const struct app *a, const struct capture *c, cJSON *list, FILE *text) {
    char started[ANSWER_TIME_BYTES];
    int problems = problems_of(a, c);
    answer_time(c->started_us, started);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", c->id);
    cJSON_AddStringToObject(o, "target", c->target.text);
    cJSON_AddStringToObject(o, "mode", mode_names[c->target.mode]);
    cJSON_AddStringToObject(o, "state", capture_state_names[c->state]);
    cJSON_AddStringToObject(o, "started", started);
    cJSON_AddNumberToObject(o, "problems", problems);
    cJSON_AddItemToArray(list, o);
    fprintf(text, "%s  %s  %s, mode %s, started %s, %d problems\n", c->id,
            capture_state_names[c->state], c->target.text[0] ? c->target.text : "no target",
            mode_names[c->target.mode], started, problems);
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    struct app *a = app;
    struct store *s = captures_store(a->captures);
    const struct caller *who = tool_call_caller(call);
    char *text = NULL;
    size_t bytes;
    uint32_t shown = 0, seen = 0;
    (void)args;
    FILE *out = open_memstream(&text, &bytes);
    ASSERT(out);
    cJSON *tree = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(tree, "captures");
    for (uint32_t i = store_count(s); i-- > 0;) {
        const struct capture *c = store_at(s, i);
        if (!capture_visible(c, who)) continue;
        if (++seen <= ROWS_MAX) add_row(a, c, list, out), shown++;
    }
    if (seen == 0) fputs("No captures yet. start_packet_capture makes one.\n", out);
    if (seen > shown) {
        cJSON_AddNumberToObject(tree, "of", seen);
        fprintf(out, "%u of %u shown, the newest.\n", shown, seen);
    }
    fclose(out);
    tool_call_result(call, tree, text);
}

const struct tool tool_list_captures = {
    .name = "list_captures",
    .title = "List captures",
    .description = "Your captures, newest first, with id, target, mode, state, start and number of "
                   "problems. Use it when a capture_id is not known any more.",
    .input_schema = "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}",
    .output_schema = "{\"type\":\"object\",\"properties\":{\"captures\":{\"type\":\"array\"}},"
                     "\"required\":[\"captures\"]}",
    .read_only = true,
    .idempotent = true,
    .start = start};
