#ifndef MCPD_MCP_TOOLS_H
#define MCPD_MCP_TOOLS_H
/* What a tool is, and how it answers a call.  This is all that mcpd/tools/<name>.c needs from the
 * MCP core; eras, JSON-RPC, ids, transports and argument checking stay on the other side.
 *
 * A tool is a constant table row.  A call is asynchronous: `start` is called once, in the event
 * loop, with arguments that already satisfy the tool's own input schema, and must return at once.
 * The tool then ends the call EXACTLY ONCE, inside `start` or at any time later, by
 * tool_call_result() or tool_call_error().  The call is freed by that; the pointer must not be used
 * afterwards.
 *
 *     static void list_start(struct tool_call *call, const cJSON *args, void *app) {
 *         (void)args;
 *         struct app *a = app;
 *         if (!a->connected) {
 *             tool_call_error(call, "capd cannot be reached at %s: %s.", a->path, a->why);
 *             return;
 *         }
 *         tool_call_result(call, app_interfaces_json(a), app_interfaces_text(a));
 *     }
 *     const struct tool tool_list_network_interfaces = {
 *         .name = "list_network_interfaces", ..., .read_only = true, .start = list_start};
 *
 * Long waits: keep `call` in a struct of your own, register tool_call_on_cancel(), arm a loop
 * timer, report with tool_call_progress(), and end the call later. */
#include "mcpd/mcp/caller.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

struct tool_call;

/* One row of the tool table.  All strings are constants that live as long as the server.
 *
 * input_schema: JSON text, root {"type":"object","properties":{...},"required":[...],
 * "additionalProperties":false}.  Only these keywords may be used in a property, because only these
 * are enforced: type (one of string, integer, number, boolean), enum, minimum, maximum, maxLength
 * (code points), default, and for people title, description, examples.  Any other keyword, a
 * missing additionalProperties:false or JSON that does not parse makes mcp_server_new() fail.
 *
 * output_schema: JSON text, root {"type":"object",...}, or NULL.  With a schema, tool_call_result()
 * must be given an object that conforms: clients validate it. */
struct tool {
    const char *name;        /* [a-z0-9_]{1,64} */
    const char *title;       /* for people, a few words */
    const char *description; /* for the model: what it does, when to use it, what to do next */
    const char *input_schema;
    const char *output_schema;
    bool read_only;   /* readOnlyHint: changes nothing */
    bool destructive; /* destructiveHint: may destroy something (meaningless if read_only) */
    bool idempotent;  /* idempotentHint: the same call again adds nothing */
    bool open_world;  /* openWorldHint: deals with things outside this server */
    const char *ui;   /* ui:// resource that shows its results (MCP Apps), NULL if none */
    /* Show the input schema as it is, check nothing: for keywords that are not enforced here. */
    bool unchecked;
    const char *needs; /* client capability without which modern calls are refused; NULL: none */
    /* Begin a call.  `args` is never NULL: an object with every given argument of the right type
     * and range and the schema's defaults filled in; it is the core's and valid until the call
     * ends. `app` is mcp_config.app.  Must not block. */
    void (*start)(struct tool_call *call, const cJSON *args, void *app);
};

/* End the call well.  `structured` (owned by the core from now on, also on failure) is an object,
 * or NULL if the tool has no output schema; `text` (malloc'd, owned likewise) is the text block,
 * valid UTF-8; NULL means the compact JSON of `structured`, for small results only.  If the call
 * was cancelled, both are freed and nothing is sent. */
void tool_call_result(struct tool_call *call, cJSON *structured, char *text);

/* End the call with an array of content blocks (content.h); both trees are owned by the core from
 * now on, `structured` may be NULL. */
void tool_call_content(struct tool_call *call, cJSON *blocks, cJSON *structured);

/* Like tool_call_result() with isError:true and no structuredContent: what is wrong, and how to
 * mend it, for the model to read.  Bytes that are no UTF-8 and control characters but newline come
 * out escaped. */
void tool_call_error(struct tool_call *call, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Tell the client how far the call is.  Sent only if it asked (a progressToken), if `progress` is
 * greater than the last one sent and 200 ms have passed since; else silently dropped, so call it as
 * often as convenient.  total <= 0: unknown; no more than it is told.  message may be NULL; it is
 * valid UTF-8, short. Clients may drop one that comes right before the result: never rely on a
 * final 100 %. */
void tool_call_progress(struct tool_call *call, double progress, double total, const char *message);

/* True if the client gave a progressToken (to spare arming a timer for nothing). */
bool tool_call_wants_progress(const struct tool_call *call);

/* Have `fn(call, ctx)` called once if the client cancels the call or goes away.  The call still has
 * to be ended (any text will do, it is not sent), in `fn` or later; without a registered function
 * the tool simply runs to its end.  fn NULL unregisters.  What the call has set going, and
 * whose handle the client has not been told yet, the tool ends then.  Returns true at once, without
 * calling, if already cancelled. */
bool tool_call_on_cancel(struct tool_call *call, void (*fn)(struct tool_call *call, void *ctx),
                         void *ctx);

/* True once the client has cancelled or gone. */
bool tool_call_cancelled(const struct tool_call *call);

/* Who asks; valid until the call ends: copy it to keep it. */
const struct caller *tool_call_caller(const struct tool_call *call);

/* The client's name and version as it claims them ("claude-ai 1.0"), cleaned, at most 63 bytes, ""
 * if not told; for capd's caller label only: claimed, not proved. */
const char *tool_call_client(const struct tool_call *call);

#endif
