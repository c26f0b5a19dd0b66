/* libFuzzer: from a snapshot of any numbers and names to a report of it.  Input: state, mode and
 * section, token budget, the target's text, then the tables (tests/fuzz/fields.h).  Whatever was
 * counted: reports are strict JSON, keep to their budgets, page to an end, and their texts hold no
 * control character; the same capture gives the same report. */
#include "common/wire.h"
#include "mcpd/capture/target.h"
#include "mcpd/mcp/jsoncheck.h"
#include "mcpd/report/report.h"
#include "tests/fuzz/fields.h"
#include <cjson/cJSON.h>

#define ARENA_BYTES (8u << 20)
#define PAGES_MAX   3u

static const unsigned tables[] = {WIRE_TOTALS,      WIRE_SERVICES, WIRE_RESOLVERS, WIRE_INCIDENTS,
                                  WIRE_CONNECTIONS, WIRE_DNS,      WIRE_HTTP,      WIRE_TLS,
                                  WIRE_UDP,         WIRE_STREAMS,  WIRE_HOSTS,     WIRE_TIMELINE};

static void take_tables(struct feed *f, struct snapshot *s) {
    static uint8_t memory[ARENA_BYTES], body[LIM_SNAPSHOT];
    static uint64_t msg[1024];
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        const struct schema *schema = schema_of_wire(tables[i]);
        struct schema_arena arena = {memory, 0, sizeof memory};
        struct fail fail;
        HOLDS(schema->struct_bytes <= sizeof msg);
        memset(msg, 0, schema->struct_bytes);
        feed_message(f, schema, (uint8_t *)msg, &arena);
        size_t n = schema_encode(schema, msg, body, sizeof body);
        HOLDS(n > 0 && snapshot_take(s, tables[i], body, n, &fail));
    }
}

/* Strict JSON without control characters, at most `most` bytes (0: any). */
static char *check_tree(const cJSON *tree, size_t most) {
    size_t at;
    char *text = cJSON_PrintUnformatted(tree);
    HOLDS(text && json_check(text, strlen(text), &at) == JSON_OK);
    HOLDS(most == 0 || strlen(text) <= most);
    return text;
}

static void check_text(char *text, size_t most, bool colour, bool ascii) {
    HOLDS(text && text_is_utf8((const uint8_t *)text, strlen(text)));
    HOLDS(most == 0 || strlen(text) <= most);
    for (const char *p = text; *p; p++) {
        HOLDS((uint8_t)*p >= ' ' || *p == '\n' || (colour && *p == '\x1b'));
        HOLDS(*p != 0x7f && (!ascii || (uint8_t)*p < 0x80));
    }
    free(text);
}

/* One section, the first pages of it: the unit tests turn all of them. */
static void check_section(const struct rules *r, const struct capture_view *v, const char *section,
                          unsigned tokens) {
    char cursor[256] = "";
    for (unsigned pages = 0; pages == 0 || (cursor[0] && pages < PAGES_MAX); pages++) {
        struct fail fail;
        cJSON *page = report_section(r, v, section, cursor, tokens, &fail);
        HOLDS(page);
        free(check_tree(page, tokens * 3));
        check_text(report_text(page, tokens), tokens * 3 / 2, false, false);
        const cJSON *next = cJSON_GetObjectItemCaseSensitive(page, "next_cursor");
        HOLDS(!next || cJSON_IsNull(next) || cJSON_IsString(next));
        memset(cursor, 0, sizeof cursor);
        if (cJSON_IsString(next)) {
            HOLDS(strlen(next->valuestring) < sizeof cursor);
            memcpy(cursor, next->valuestring, strlen(next->valuestring));
        }
        cJSON_Delete(page);
    }
}

static unsigned count_of(const char *page, const char *what) {
    unsigned n = 0;
    for (const char *p = page; (p = strstr(p, what)); p++) n++;
    return n;
}

/* However things are called on the wire, the page has the elements that its empty one has. */
static void check_page(const cJSON *report) {
    static const char *const active[] = {"<script", "<img",  "<iframe", "<object", "<embed",
                                         "<base",   "<form", "<link",   "<meta",   "javascript:"};
    static char *empty;
    if (!empty) {
        cJSON *nothing = cJSON_CreateObject();
        empty = report_html(nothing);
        cJSON_Delete(nothing);
    }
    char *page = report_html(report);
    HOLDS(page && empty);
    for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
        HOLDS(count_of(page, active[i]) == count_of(empty, active[i]));
    check_text(page, 0, false, false);
}

/* RFC 4180: lines of equally many fields. */
static void check_csv(char *csv) {
    unsigned fields = 1, first = 0;
    bool quoted = false;
    HOLDS(csv && text_is_utf8((const uint8_t *)csv, strlen(csv)));
    for (const char *p = csv; *p; p++) {
        if (*p == '"') quoted = !quoted;
        if (quoted) continue;
        fields += *p == ',';
        if (*p != '\n') continue;
        if (!first) first = fields;
        HOLDS(fields == first);
        fields = 1;
    }
    HOLDS(!quoted);
    free(csv);
}

static void check_reports(const struct rules *r, const struct capture_view *v, unsigned tokens) {
    cJSON *full = report_full(r, v), *again = report_full(r, v), *status = report_status(r, v);
    char *one = check_tree(full, 0), *two = check_tree(again, 0);
    HOLDS(strcmp(one, two) == 0);
    free(one);
    free(two);
    free(check_tree(status, 0));
    check_text(report_text(full, tokens), tokens * 3 / 2, false, false);
    check_text(report_terminal(full, false, true), 0, false, true);
    check_text(report_terminal(full, true, false), 0, true, false);
    check_page(full);
    check_csv(report_csv_connections(full));
    check_csv(report_csv_timeline(full));
    (void)report_is_healthy(full);
    cJSON_Delete(full);
    cJSON_Delete(again);
    cJSON_Delete(status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct rules *rules;
    static struct snapshot *snapshot;
    struct feed f = {data, data + size};
    struct target target;
    struct fail fail;
    char text[64];
    if (!rules) rules = rules_new(NULL, &fail);
    if (!snapshot) snapshot = snapshot_new();
    HOLDS(rules && snapshot);
    if (size < 8) return 0;
    uint8_t state = feed_byte(&f), mode = feed_byte(&f);
    unsigned tokens = 600 + (unsigned)feed_number(&f, 7400);
    feed_text(&f, text, sizeof text - 1);
    if (!target_parse(text, (enum mode)(mode % MODE_COUNT), &target, &fail) &&
        !target_parse(NULL, MODE_AUTO, &target, &fail))
        __builtin_trap();
    struct capture_view v = {.id = "00112233445566778899aabbccddeeff",
                             .state = (enum capture_state)(state % 4),
                             .target = &target,
                             .interface = state & 4 ? "eth0" : "",
                             .interface_why = "it has the default route",
                             .filter = state & 8 ? "tcp port 80" : "",
                             .ended_why = state % 4 >= CAPTURE_FINISHED ? "duration" : "",
                             .duration_ms = state & 16 ? 30000 : 0,
                             .link_mbps = state & 32 ? 100 : 0,
                             .snapshot = snapshot};
    take_tables(&f, snapshot);
    size_t sections = 0;
    while (report_sections[sections]) sections++;
    if (mode / MODE_COUNT % (sections + 1) == sections)
        check_reports(rules, &v, tokens);
    else
        check_section(rules, &v, report_sections[mode / MODE_COUNT % (sections + 1)], tokens);
    return 0;
}
