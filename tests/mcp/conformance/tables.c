/* The resources and prompts of the conformance suite.
 * Runs in: test.  Input trust: client. */
#include "mcpd/mcp/content.h"
#include "tests/mcp/conformance/fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- resources ------------------------------------------------------------------------------ */

static void read_text(struct mcp_read *read, const char *key, void *app) {
    (void)key;
    (void)app;
    mcp_read_text(read, strdup("This is the content of the static text resource."),
                  MCP_KEEP_FOR_ALL);
}

static void read_binary(struct mcp_read *read, const char *key, void *app) {
    (void)key;
    (void)app;
    mcp_read_bytes(read, fixture_png, fixture_png_bytes, MCP_KEEP_FOR_ALL);
}

static void read_template(struct mcp_read *read, const char *key, void *app) {
    char text[200];
    (void)app;
    snprintf(text, sizeof text,
             "{\"id\":\"%s\",\"templateTest\":true,\"data\":\"Data for ID: %s\"}", key, key);
    mcp_read_text(read, strdup(text), MCP_KEEP_NOT);
}

/* Every id is there. */
static bool exists(void *app, const struct caller *who, const char *key) {
    (void)app;
    (void)who;
    (void)key;
    return true;
}

static const struct mcp_resource fixed[] = {{.uri = "test://static-text",
                                             .name = "static-text",
                                             .title = "Static text",
                                             .description = "A static text",
                                             .mime_type = "text/plain",
                                             .read = read_text},
                                            {.uri = "test://static-binary",
                                             .name = "static-binary",
                                             .title = "Static binary",
                                             .description = "A static picture",
                                             .mime_type = "image/png",
                                             .read = read_binary},
                                            {.uri = "test://watched-resource",
                                             .name = "watched-resource",
                                             .title = "Watched resource",
                                             .description = "A text to subscribe to",
                                             .mime_type = "text/plain",
                                             .read = read_text}};
static const struct mcp_resource templates[] = {{.uri = "test://template/{id}/data",
                                                 .name = "template",
                                                 .title = "Template",
                                                 .description = "Says its id",
                                                 .mime_type = "application/json",
                                                 .read = read_template}};

const struct mcp_resources fixture_resources = {.fixed = fixed,
                                                .fixed_count = 3,
                                                .templates = templates,
                                                .template_count = 1,
                                                .exists = exists,
                                                .changes = true};

/* ---- prompts -------------------------------------------------------------------------------- */

static cJSON *messages(cJSON *first, const char *text) {
    cJSON *list = cJSON_CreateArray();
    if (first) cJSON_AddItemToArray(list, content_message("user", first));
    cJSON_AddItemToArray(list, content_message("user", content_text(text)));
    return list;
}

#define UNUSED (void)arguments, (void)why, (void)cap, (void)app

static cJSON *simple(const cJSON *arguments, char *why, size_t cap, void *app) {
    UNUSED;
    return messages(NULL, "This is a simple prompt for testing.");
}

static cJSON *with_arguments(const cJSON *arguments, char *why, size_t cap, void *app) {
    char text[MCP_ARGUMENT_MAX * 2 + 100];
    UNUSED;
    snprintf(text, sizeof text, "Prompt with arguments: arg1='%s', arg2='%s'",
             mcp_prompt_text(arguments, "arg1"), mcp_prompt_text(arguments, "arg2"));
    return messages(NULL, text);
}

static cJSON *with_resource(const cJSON *arguments, char *why, size_t cap, void *app) {
    UNUSED;
    return messages(content_resource(mcp_prompt_text(arguments, "resourceUri"), "text/plain",
                                     "Embedded resource content for testing."),
                    "Please process the embedded resource above.");
}

static cJSON *with_image(const cJSON *arguments, char *why, size_t cap, void *app) {
    UNUSED;
    return messages(content_media("image", "image/png", fixture_png, fixture_png_bytes),
                    "Please analyze the image above.");
}

static void offer(struct mcp_completion *c, void *app) {
    (void)app;
    mcp_completion_offer(c, "paris");
    mcp_completion_offer(c, "park");
    mcp_completion_offer(c, "party");
    mcp_completion_end(c);
}

static const struct mcp_prompt_argument two[] = {{"arg1", "First test argument", true, offer},
                                                 {"arg2", "Second test argument", true, NULL}};
static const struct mcp_prompt_argument uri[] = {
    {"resourceUri", "URI of the resource to embed", true, NULL}};

const struct mcp_prompt fixture_prompts[] = {
    {"test_simple_prompt", "Simple", "A simple prompt", NULL, 0, simple},
    {"test_prompt_with_arguments", "Arguments", "A prompt with arguments", two, 2, with_arguments},
    {"test_prompt_with_embedded_resource", "Resource", "A prompt with a resource", uri, 1,
     with_resource},
    {"test_prompt_with_image", "Picture", "A prompt with a picture", NULL, 0, with_image},
};
const size_t fixture_prompt_count = sizeof fixture_prompts / sizeof *fixture_prompts;
