/* Tool analyze_capture_file.  The file is opened and checked here and handed as a descriptor to a
 * private capd: whatever is in it is parsed by a sandboxed worker that can do nothing else.
 * Runs in: mcpd.  Input trust: client (the path). */
#include "common/text.h"
#include "mcpd/audit.h"
#include "mcpd/capture/target.h"
#include "mcpd/tools/tools.h"
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 50000u /* most clients give up after 60 s */

struct starting {
    struct app *app;
    struct tool_call *call;
    const cJSON *args;
};

static void fail_file(struct tool_call *call, const char *path, const struct fail *why) {
    char shown[200];
    if (strcmp(why->field, "file") != 0) {
        tool_fail(call, why);
        return;
    }
    text_clean((const uint8_t *)path, strlen(path), shown, sizeof shown);
    tool_call_error(call, "path \"%s\": %s; allowed: a pcap or pcapng file, not compressed.", shown,
                    why->why);
}

static void on_started(void *ctx, struct capture *c, const struct fail *fail) {
    struct starting s = *(struct starting *)ctx;
    free(ctx);
    audit_call(s.call, &(struct audit_call){.what = "analyze",
                                            .key = "path",
                                            .value = tool_text(s.args, "path"),
                                            .capture_id = c ? c->id : "",
                                            .refused = c ? NULL : fail});
    if (c)
        tool_await_own(s.app, s.call, s.args, c, WAIT_MS, tool_report_or_status);
    else
        fail_file(s.call, tool_text(s.args, "path"), fail);
}

static void start(struct tool_call *call, const cJSON *args, void *app) {
    struct app *a = app;
    struct target target;
    struct fail fail;
    if (!target_parse(tool_text(args, "target"), MODE_AUTO, &target, &fail)) {
        tool_fail(call, &fail);
        return;
    }
    int fd = app_open_capture_file(a, tool_text(args, "path"), &fail);
    if (fd < 0) {
        audit_call(call, &(struct audit_call){.what = "analyze",
                                              .key = "path",
                                              .value = tool_text(args, "path"),
                                              .refused = &fail});
        tool_fail(call, &fail);
        return;
    }
    struct starting *s = malloc(sizeof *s);
    ASSERT(s);
    *s = (struct starting){a, call, args};
    struct capture_request q = {.target = &target,
                                .caller = *tool_call_caller(call),
                                .label = tool_call_client(call),
                                .file_fd = fd};
    captures_start(a->captures, &q, on_started, s);
}

const struct tool tool_analyze_capture_file = {
    .name = "analyze_capture_file",
    .title = "Analyze capture file",
    .description = "The same report from a capture file (pcap or pcapng) on this machine. Use it "
                   "when the user already has a recording; nothing is captured.",
    .input_schema =
        "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\",\"maxLength\":4000,"
        "\"description\":\"Absolute, or ~/file where the server is your own; below an allowed "
        "directory\",\"examples\":[\"~/trace.pcap\",\"/srv/captures/trace.pcap\"]},"
        "\"target\":{\"type\":\"string\",\"maxLength\":2000,\"description\":\"Judge only this, as "
        "in start_packet_capture\",\"examples\":[\"example.com\"]}},"
        "\"required\":[\"path\"],\"additionalProperties\":false}",
    .output_schema = TOOL_CAPTURE_OUTPUT,
    .ui = TOOL_UI,
    .read_only = true,
    .idempotent = true,
    .start = start};
