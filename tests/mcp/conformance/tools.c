/* The tools of the conformance suite that a server without sampling, elicitation and logging can
 * have.
 * Runs in: test.  Input trust: client. */
#include "mcpd/mcp/content.h"
#include "tests/mcp/conformance/fixture.h"
#include <stdlib.h>
#include <string.h>

#define PROGRESS_MS 250u /* more than the core lets pass in a row */

/* RFC 2083; colour type 2, one pixel. */
const unsigned char fixture_png[] = {
    0x89, 'P',  'N',  'G',  '\r', '\n', 0x1a, '\n', 0,   0,    0,    13,   'I',  'H',
    'D',  'R',  0,    0,    0,    1,    0,    0,    0,   1,    8,    2,    0,    0,
    0,    0x90, 0x77, 0x53, 0xde, 0,    0,    0,    12,  'I',  'D',  'A',  'T',  0x08,
    0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0,    0,    3,    1,   1,    0,    0x18, 0xdd, 0x8d,
    0xb0, 0,    0,    0,    0,    'I',  'E',  'N',  'D', 0xae, 0x42, 0x60, 0x82};
const size_t fixture_png_bytes = sizeof fixture_png;

/* RIFF WAVE: PCM, one channel, 8000 Hz, 8 bits, one sample. */
static const unsigned char wav[] = {'R', 'I', 'F', 'F', 37, 0,  0, 0, 'W', 'A', 'V', 'E',
                                    'f', 'm', 't', ' ', 16, 0,  0, 0, 1,   0,   1,   0,
                                    64,  31,  0,   0,   64, 31, 0, 0, 1,   0,   8,   0,
                                    'd', 'a', 't', 'a', 1,  0,  0, 0, 128};

static void end_with(struct tool_call *call, cJSON *first, cJSON *second, cJSON *third) {
    cJSON *blocks = cJSON_CreateArray();
    cJSON_AddItemToArray(blocks, first);
    if (second) cJSON_AddItemToArray(blocks, second);
    if (third) cJSON_AddItemToArray(blocks, third);
    tool_call_content(call, blocks, NULL);
}

static void simple_text(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    tool_call_result(call, NULL, strdup("This is a simple text response for testing."));
}

static void image(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    end_with(call, content_media("image", "image/png", fixture_png, sizeof fixture_png), NULL,
             NULL);
}

static void audio(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    end_with(call, content_media("audio", "audio/wav", wav, sizeof wav), NULL, NULL);
}

static void embedded(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    end_with(call,
             content_resource("test://embedded-resource", "text/plain",
                              "This is an embedded resource content."),
             NULL, NULL);
}

static void mixed(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    end_with(call, content_text("Multiple content types test:"),
             content_media("image", "image/png", fixture_png, sizeof fixture_png),
             content_resource("test://mixed-content-resource", "application/json",
                              "{\"test\":\"data\",\"value\":123}"));
}

static void failing(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    tool_call_error(call, "This tool intentionally returns an error for testing");
}

static void streaming(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    tool_call_result(call, NULL, strdup("Done without asking the client anything."));
}

static void quiet(struct tool_call *call, const cJSON *args, void *app) {
    (void)args;
    (void)app;
    tool_call_result(call, NULL, strdup("Done; nothing is logged to clients."));
}

static void change_tools(struct tool_call *call, const cJSON *args, void *app) {
    struct fixture *f = app;
    (void)args;
    mcp_server_list_changed(f->server, MCP_LIST_TOOLS, NULL);
    tool_call_result(call, NULL, strdup("The list of tools counts as changed."));
}

static void change_prompts(struct tool_call *call, const cJSON *args, void *app) {
    struct fixture *f = app;
    (void)args;
    mcp_server_list_changed(f->server, MCP_LIST_PROMPTS, NULL);
    tool_call_result(call, NULL, strdup("The list of prompts counts as changed."));
}

/* ---- progress ------------------------------------------------------------------------------- */

struct progressing {
    struct fixture *fixture;
    struct tool_call *call;
    unsigned percent;
    uint64_t timer;
};

static void progress_step(void *ctx) {
    struct progressing *p = ctx;
    if (p->percent <= 100) {
        tool_call_progress(p->call, p->percent, 100, "counting");
        p->percent += 50;
        p->timer = loop_timer_once(p->fixture->loop, PROGRESS_MS, progress_step, p);
        return;
    }
    tool_call_on_cancel(p->call, NULL, NULL);
    tool_call_result(p->call, NULL, strdup("Counted to 100."));
    free(p);
}

static void progress_cancelled(struct tool_call *call, void *ctx) {
    struct progressing *p = ctx;
    loop_timer_cancel(p->fixture->loop, p->timer);
    free(p);
    tool_call_error(call, "Cancelled.");
}

static void progress(struct tool_call *call, const cJSON *args, void *app) {
    struct progressing *p = calloc(1, sizeof *p);
    (void)args;
    if (!p) abort();
    *p = (struct progressing){.fixture = app, .call = call};
    (void)tool_call_on_cancel(call, progress_cancelled, p);
    progress_step(p);
}

/* ---- the table ------------------------------------------------------------------------------ */

#define NOTHING "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}"
#define TOOL(id, what, fn)                                                                         \
    static const struct tool id = {.name = #id,                                                    \
                                   .title = #id,                                                   \
                                   .description = what,                                            \
                                   .input_schema = NOTHING,                                        \
                                   .read_only = true,                                              \
                                   .idempotent = true,                                             \
                                   .start = fn};

TOOL(test_simple_text, "Returns one text", simple_text)
TOOL(test_image_content, "Returns a picture", image)
TOOL(test_audio_content, "Returns a sound", audio)
TOOL(test_embedded_resource, "Returns an embedded resource", embedded)
TOOL(test_multiple_content_types, "Returns text, picture and resource", mixed)
TOOL(test_tool_with_progress, "Tells how far it is", progress)
TOOL(test_error_handling, "Always fails", failing)
TOOL(test_streaming_elicitation, "Ends without requests to the client", streaming)
TOOL(test_logging_tool, "Ends without log messages to the client", quiet)
TOOL(test_trigger_tool_change, "Says that the tools have changed", change_tools)
TOOL(test_trigger_prompt_change, "Says that the prompts have changed", change_prompts)

static const struct tool test_missing_capability = {.name = "test_missing_capability",
                                                    .title = "test_missing_capability",
                                                    .description = "Needs sampling",
                                                    .input_schema = NOTHING,
                                                    .needs = "sampling",
                                                    .start = simple_text};

static const struct tool json_schema_2020_12_tool = {
    .name = "json_schema_2020_12_tool",
    .title = "json_schema_2020_12_tool",
    .description = "Tool with JSON Schema 2020-12 features",
    .input_schema =
        "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
        "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":"
        "{\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"
        "\"properties\":{\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"
        "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"
        "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},"
        "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
        "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},"
        "\"required\":[\"contactMethod\"]},\"then\":{\"required\":[\"phone\"]},"
        "\"else\":{\"required\":[\"email\"]},\"additionalProperties\":false}",
    .unchecked = true,
    .start = simple_text};

const struct tool *const fixture_tools[] = {
    &test_simple_text,           &test_image_content,          &test_audio_content,
    &test_embedded_resource,     &test_multiple_content_types, &test_tool_with_progress,
    &test_error_handling,        &json_schema_2020_12_tool,    &test_missing_capability,
    &test_streaming_elicitation, &test_logging_tool,           &test_trigger_tool_change,
    &test_trigger_prompt_change};
const size_t fixture_tool_count = sizeof fixture_tools / sizeof *fixture_tools;
