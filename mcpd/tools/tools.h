#ifndef MCPD_TOOLS_TOOLS_H
#define MCPD_TOOLS_TOOLS_H
#include "mcpd/answer.h"
#include "mcpd/mcp/tools.h"

/* The table of tools, in the order in which clients see them. */
extern const struct tool *const tool_table[];
extern const size_t tool_table_count;

/* One file each. */
extern const struct tool tool_list_network_interfaces, tool_start_packet_capture,
    tool_get_capture_status, tool_stop_packet_capture, tool_get_capture_report, tool_list_captures,
    tool_analyze_capture_file;

/* What several tools share (common.c). */

/* Every result of a capture has these two; the rest is described by schema://report. */
#define TOOL_CAPTURE_OUTPUT                                                                        \
    "{\"type\":\"object\",\"properties\":{\"capture_id\":{\"type\":\"string\"},"                   \
    "\"state\":{\"type\":\"string\"}},\"required\":[\"capture_id\",\"state\"]}"

/* The page that shows what these tools return (MCP Apps). */
#define TOOL_UI "ui://packet-capture/report.html"

/* Which capture is meant when `capture_id` is left out: the caller's one running capture; that, or
 * where none runs the one there is; the one there is, running or not. */
enum tool_meant { MEANT_RUNNING, MEANT_RUNNING_OR_ONE, MEANT_ONE };

/* The capture that `capture_id` names, or the only one there can be when it is left out.  NULL: the
 * call has been ended with an error that lists the ids. */
struct capture *tool_find_capture(struct app *a, struct tool_call *call, const cJSON *args,
                                  enum tool_meant meant);

/* End the call with the sentence of a failure. */
void tool_fail(struct tool_call *call, const struct fail *why);

/* End the call with one section of the report. */
void tool_report(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c);
/* End the call with state, progress, counts and problems so far. */
void tool_status(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c);
/* End the call with the report's summary when the capture has ended, else with its status. */
void tool_report_or_status(struct app *a, struct tool_call *call, const cJSON *args,
                           struct capture *c);

typedef void tool_done_fn(struct app *a, struct tool_call *call, const cJSON *args,
                          struct capture *c);

/* Wait until the capture has ended, at most max_ms, telling progress; then call `done`.  If the
 * call is cancelled meanwhile, it ends without `done`. */
void tool_await_end(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c,
                    unsigned max_ms, tool_done_fn *done);

/* The same for the capture that this call has made: who cancels the call before the end has never
 * heard its id, so it is stopped. */
void tool_await_own(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c,
                    unsigned max_ms, tool_done_fn *done);

/* See to it that the tables are at most a second old, then call `done`. */
void tool_await_tables(struct app *a, struct tool_call *call, const cJSON *args, struct capture *c,
                       tool_done_fn *done);

/* Arguments: the core has checked types and ranges. */
const char *tool_text(const cJSON *args, const char *name); /* "" if not given */
unsigned tool_number(const cJSON *args, const char *name, unsigned missing);
#endif
