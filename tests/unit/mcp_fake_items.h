#ifndef TESTS_UNIT_MCP_FAKE_ITEMS_H
#define TESTS_UNIT_MCP_FAKE_ITEMS_H
/* Resources and prompts for the fake server: two fixed resources, and items "u<uid>-<n>" of which
 * uid 1000 has `fake_items_own` and uid 2000 has two; root sees all. */
#include "mcpd/mcp/content.h"
#include "tests/unit/mcp_fake.h"

static unsigned fake_items_own;
static struct mcp_read *fake_held_read;
static unsigned fake_read_cancels;

/* The items in order: those of uid 1000, then those of uid 2000. */
static inline bool fake_item_at(unsigned i, struct caller *owner, char key[MCP_KEY_MAX + 1]) {
    unsigned uid = i < fake_items_own ? 1000 : 2000;
    unsigned n = i < fake_items_own ? i : i - fake_items_own;
    if (uid == 2000 && n >= 2) return false;
    *owner = (struct caller){.kind = CALLER_UID, .has_uid = true, .uid = uid};
    snprintf(key, MCP_KEY_MAX + 1, "u%u-%u", uid, n);
    return true;
}

static inline bool fake_next_item(void *app, const struct caller *who, const char *after,
                                  struct mcp_item *out, bool *unknown_out) {
    struct caller owner;
    bool found = !*after;
    (void)app;
    for (unsigned i = 0; fake_item_at(i, &owner, out->key); i++) {
        if (!caller_sees(who, &owner)) continue;
        if (found) {
            snprintf(out->label, sizeof out->label, "number %u", i);
            snprintf(out->modified, sizeof out->modified, "2026-11-23T10:00:00.000Z");
            return true;
        }
        found = strcmp(out->key, after) == 0;
    }
    *unknown_out = !found;
    return false;
}

static inline bool fake_item_exists(void *app, const struct caller *who, const char *key) {
    struct caller owner;
    char one[MCP_KEY_MAX + 1];
    (void)app;
    for (unsigned i = 0; fake_item_at(i, &owner, one); i++)
        if (strcmp(one, key) == 0) return caller_sees(who, &owner);
    return false;
}

static inline bool fake_item_key(void *app, const struct caller *who, size_t *at,
                                 char out[MCP_KEY_MAX + 1]) {
    struct caller owner;
    (void)app;
    while (fake_item_at((unsigned)(*at)++, &owner, out))
        if (caller_sees(who, &owner)) return true;
    return false;
}

static inline void fake_read_fixed(struct mcp_read *read, const char *key, void *app) {
    (void)app;
    assert_string_equal(key, "");
    mcp_read_text(read, strdup("fixed text"), MCP_KEEP_FOR_ALL);
}

static inline void fake_read_bytes(struct mcp_read *read, const char *key, void *app) {
    (void)app;
    (void)key;
    mcp_read_bytes(read, "\x89PNG", 4, MCP_KEEP_FOR_ALL);
}

static inline void fake_read_item(struct mcp_read *read, const char *key, void *app) {
    char text[100];
    (void)app;
    snprintf(text, sizeof text, "item %s", key);
    mcp_read_text(read, strdup(text), MCP_KEEP_NOT);
}

static inline void fake_read_cancelled(struct mcp_read *read, void *ctx) {
    (void)ctx;
    fake_read_cancels++;
    fake_held_read = NULL;
    mcp_read_failed(read, "cancelled");
}

static inline void fake_read_later(struct mcp_read *read, const char *key, void *app) {
    (void)app;
    (void)key;
    fake_held_read = read;
    mcp_read_on_cancel(read, fake_read_cancelled, NULL);
}

static const struct mcp_resource fake_fixed[] = {{.uri = "test://fixed",
                                                  .name = "fixed",
                                                  .title = "Fixed",
                                                  .description = "Never changes.",
                                                  .mime_type = "text/plain",
                                                  .meta = "{\"ui\":{\"prefersBorder\":true}}",
                                                  .read = fake_read_fixed},
                                                 {.uri = "test://picture",
                                                  .name = "picture",
                                                  .title = "Picture",
                                                  .description = "Bytes.",
                                                  .mime_type = "image/png",
                                                  .read = fake_read_bytes}};
static const struct mcp_resource fake_templates[] = {{.uri = "test://{id}/text",
                                                      .name = "text",
                                                      .title = "Text",
                                                      .description = "Of an item.",
                                                      .mime_type = "text/plain",
                                                      .read = fake_read_item},
                                                     {.uri = "test://{id}/text.later",
                                                      .name = "later",
                                                      .title = "Later",
                                                      .description = "Takes its time.",
                                                      .mime_type = "text/csv",
                                                      .read = fake_read_later}};
static const struct mcp_resources fake_resources = {.fixed = fake_fixed,
                                                    .fixed_count = 2,
                                                    .templates = fake_templates,
                                                    .template_count = 2,
                                                    .next = fake_next_item,
                                                    .exists = fake_item_exists,
                                                    .key = fake_item_key,
                                                    .changes = true};

static inline void fake_offer(struct mcp_completion *c, void *app) {
    char text[16];
    (void)app;
    mcp_completion_offer(c, "Zeta");
    mcp_completion_offer(c, "zeta2");
    mcp_completion_offer(c, "Zeta");
    for (unsigned i = 0; i < 150; i++) {
        snprintf(text, sizeof text, "a%u", i);
        mcp_completion_offer(c, text);
    }
    mcp_completion_end(c);
}

static inline cJSON *fake_messages(const cJSON *arguments, char *why, size_t cap, void *app) {
    char text[64];
    (void)app;
    if (strcmp(mcp_prompt_text(arguments, "target"), "wrong") == 0) {
        snprintf(why, cap, "target: wrong");
        return NULL;
    }
    cJSON *list = cJSON_CreateArray();
    snprintf(text, sizeof text, "about %s", mcp_prompt_text(arguments, "target"));
    cJSON_AddItemToArray(list, content_message("user", content_text(text)));
    return list;
}

static const struct mcp_prompt_argument fake_arguments[] = {{"target", "What", true, fake_offer},
                                                            {"free", "Any text", false, NULL}};
static const struct mcp_prompt fake_prompts[] = {
    {"look_at", "Look at", "Looks at a target.", fake_arguments, 2, fake_messages}};
static const char *const fake_extensions[] = {"io.modelcontextprotocol/ui"};

static inline struct mcp_config fake_items_config(void) {
    fake_items_own = 3;
    fake_held_read = NULL;
    fake_read_cancels = 0;
    return (struct mcp_config){.resources = &fake_resources,
                               .prompts = fake_prompts,
                               .prompt_count = 1,
                               .extensions = fake_extensions,
                               .extension_count = 1};
}

static inline int fake_items_setup(void **state) {
    return fake_setup_with(state, fake_items_config());
}

/* Another caller's connection instead of the first one's. */
static inline void fake_reconnect(struct fake *f, uid_t uid) {
    mcp_conn_free(f->conn);
    f->conn = fake_connect(f, uid);
    assert_non_null(f->conn);
}

/* Send a legacy or modern request with id 1; `params` is the inside of the object, may be "". */
static inline const cJSON *fake_ask(struct fake *f, bool modern, const char *method,
                                    const char *params) {
    char line[2000];
    const char *meta = modern ? FAKE_META : "";
    snprintf(line, sizeof line,
             "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s%s}}", method, params,
             *params && modern ? "," : "", meta);
    f->sent_taken = f->sent_count;
    fake_feed(f, line);
    return fake_next(f);
}

static inline void fake_text_is(const cJSON *tree, const char *path, const char *want) {
    const cJSON *item = fake_at(tree, path);
    char *got = cJSON_PrintUnformatted(item);
    if (!cJSON_IsString(item) || strcmp(item->valuestring, want) != 0)
        fail_msg("%s is %s, not %s", path, got ? got : "absent", want);
    free(got);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_items_setup, fake_teardown)

#endif
