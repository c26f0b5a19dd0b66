/* libFuzzer: one text, by json_check and by cJSON.  What the check lets through cJSON reads whole
 * and within the limits; members are found by both alike; what cJSON prints of it passes again. */
#include "mcpd/mcp/jsonrpc.h"
#include "tests/fuzz/fuzz.h"

struct tally {
    size_t values, deepest;
};

static void measure(const cJSON *item, size_t depth, struct tally *t) {
    for (; item; item = item->next) {
        t->values++;
        if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
            if (depth + 1 > t->deepest) t->deepest = depth + 1;
            measure(item->child, depth + 1, t);
        }
    }
}

/* Every member that cJSON has is found in the text, and means the same. */
static void compare_members(struct json_span text, const cJSON *object) {
    unsigned compared = 0;
    for (const cJSON *m = object->child; m && compared < 16; m = m->next, compared++) {
        struct json_span value;
        HOLDS(json_span_member(text, m->string, &value));
        HOLDS(value.p >= text.p && value.p + value.len <= text.p + text.len);
        cJSON *again = cJSON_ParseWithLength(value.p, value.len);
        HOLDS(again && cJSON_Compare(again, m, true));
        HOLDS(cJSON_GetObjectItemCaseSensitive(object, m->string) == m);
        cJSON_Delete(again);
    }
}

static void compare_elements(struct json_span text, const cJSON *array) {
    struct json_span value;
    size_t at = 0;
    const cJSON *e = array->child;
    for (; json_span_next(text, &at, &value); e = e->next) {
        HOLDS(e && value.p >= text.p && value.p + value.len <= text.p + text.len);
    }
    HOLDS(!e);
}

static void read_as_message(struct json_span text) {
    struct rpc_message m;
    HOLDS(rpc_message_parse(text, &m));
    HOLDS(m.kind == RPC_INVALID ? m.code != 0 && m.why : m.kind <= RPC_RESPONSE);
    HOLDS((m.method != NULL) == (m.kind == RPC_REQUEST || m.kind == RPC_NOTIFICATION));
    HOLDS(m.kind != RPC_REQUEST || m.id);
    size_t at;
    if (m.id) HOLDS(json_check(m.id, strlen(m.id), &at) == JSON_OK);
    rpc_message_clear(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_copy(data, size);
    const char *end;
    size_t at = 0;
    enum json_fault fault = json_check(text, size, &at);
    HOLDS(at <= size && json_fault_text(fault));
    if (fault == JSON_OK) {
        struct json_span whole = json_span_make(text, size);
        struct tally t = {0, 0};
        cJSON *tree = cJSON_ParseWithLengthOpts(text, size, &end, 0);
        HOLDS(tree && end >= whole.p + whole.len); /* all of it, but for white space */
        measure(tree, 0, &t);
        HOLDS(t.values <= JSON_MAX_VALUES && t.deepest <= JSON_MAX_DEPTH);
        if (cJSON_IsObject(tree)) compare_members(whole, tree);
        if (cJSON_IsArray(tree)) compare_elements(whole, tree);
        char *printed = cJSON_PrintUnformatted(tree);
        HOLDS(printed && json_check(printed, strlen(printed), &at) == JSON_OK);
        free(printed);
        cJSON_Delete(tree);
        read_as_message(whole);
    }
    if (fault == JSON_NUL || fault == JSON_SURROGATE) { /* its id may be looked for */
        struct json_span id, whole = json_span_make(text, size);
        if (json_span_member(whole, "id", &id)) HOLDS(id.p >= text && id.p + id.len <= text + size);
    }
    free(text);
    return 0;
}
