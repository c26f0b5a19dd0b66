/* Tool stop_packet_capture.  Stopping what has ended already is no error: the answer is the same
 * report.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/audit.h"
#include "mcpd/tools/tools.h"

#define STOP_WAIT_MS 10000u

static void stopped(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c) {
    if (c->run)
        tool_call_error(call,
                        "Capture %s has not ended within %u s after it was stopped; "
                        "get_capture_status tells when it has.",
                        c->id, STOP_WAIT_MS / 1000);
    else
        tool_report_or_status(a, call, args, c);
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    struct app *a = app;
    struct fail fail;
    struct capture *c = tool_find_capture(a, call, args, MEANT_RUNNING);
    if (!c) return;
    bool refused = c->run && !captures_stop(a->captures, c, &fail);
    audit_call(call, &(struct audit_call){.what = "stop",
                                          .key = "asked",
                                          .value = tool_text(args, "capture_id"),
                                          .capture_id = c->id,
                                          .refused = refused ? &fail : NULL});
    if (refused)
        tool_fail(call, &fail);
    else
        tool_await_end(a, call, args, c, STOP_WAIT_MS, stopped);
}

const struct tool tool_stop_packet_capture = {
    .name = "stop_packet_capture",
    .title = "Stop packet capture",
    .description = "Ends a running capture now and returns its final report. Use it as soon as the "
                   "trouble has been reproduced; captures also end by themselves.",
    .input_schema =
        "{\"type\":\"object\",\"properties\":{\"capture_id\":{\"type\":\"string\",\"maxLength\":64,"
        "\"description\":\"May be left out when only one capture runs\"}},"
        "\"additionalProperties\":false}",
    .output_schema = TOOL_CAPTURE_OUTPUT,
    .ui = TOOL_UI,
    .idempotent = true,
    .start = start};
