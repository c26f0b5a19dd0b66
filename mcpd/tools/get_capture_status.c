/* Tool get_capture_status.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/tools/tools.h"

static void waited(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c) {
    tool_await_tables(a, call, args, c, tool_status);
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    struct capture *c = tool_find_capture(app, call, args, MEANT_RUNNING_OR_ONE);
    if (!c) return; /* the call has ended, and args with it */
    unsigned wait_s = tool_number(args, "wait_s", 0);
    if (wait_s)
        tool_await_end(app, call, args, c, wait_s * 1000, waited);
    else
        waited(app, call, args, c);
}

const struct tool tool_get_capture_status = {
    .name = "get_capture_status",
    .title = "Get capture status",
    .description = "State, progress, counts and problems so far of a capture. With wait_s it waits "
                   "up to so long for the end. Use it while a capture runs; for the findings of a "
                   "finished one use get_capture_report.",
    .input_schema =
        "{\"type\":\"object\",\"properties\":{\"capture_id\":{\"type\":\"string\",\"maxLength\":64,"
        "\"description\":\"May be left out when only one can be meant\"},"
        "\"wait_s\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":50,\"default\":0}},"
        "\"additionalProperties\":false}",
    .output_schema = TOOL_CAPTURE_OUTPUT,
    .read_only = true,
    .idempotent = true,
    .start = start};
