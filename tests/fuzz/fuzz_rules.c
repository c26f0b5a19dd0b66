/* libFuzzer: a text in the place of rules.json.  It is refused with a reason, or it judges a
 * capture without harm. */
#include "mcpd/capture/target.h"
#include "mcpd/mcp/jsoncheck.h"
#include "mcpd/report/report.h"
#include "tests/fuzz/fuzz.h"

/* A capture in which one server refuses and one answers, so that conditions have something to say.
 */
static void judge(const struct rules *r) {
    static struct msg_service rows[2] = {
        {.address = {{192, 0, 2, 1}, 4}, .port = 80, .attempted = 9, .refused = 9},
        {.address = {{192, 0, 2, 2}, 4},
         .port = 443,
         .attempted = 9,
         .established = 9,
         .closed = 9}};
    struct snapshot s = {.full = true, .services = {.rows = rows, .rows_n = 2, .of = 2}};
    struct target t;
    struct fail fail;
    size_t at;
    s.totals.packets = s.totals.seen = 100;
    s.totals.attempted = 18;
    HOLDS(target_parse("192.0.2.1", MODE_AUTO, &t, &fail));
    struct capture_view v = {.id = "00",
                             .state = CAPTURE_FINISHED,
                             .target = &t,
                             .interface = "eth0",
                             .interface_why = "",
                             .filter = "",
                             .ended_why = "duration",
                             .snapshot = &s};
    cJSON *report = report_full(r, &v);
    HOLDS(report);
    char *text = cJSON_PrintUnformatted(report);
    HOLDS(text && json_check(text, strlen(text), &at) == JSON_OK);
    free(text);
    cJSON_Delete(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fail fail = {.code = FAIL_NONE};
    char *text = fuzz_text(data, size);
    if (!text) return 0;
    struct rules *r = rules_new(text, &fail);
    HOLDS(r || (fail.code != FAIL_NONE && memchr(fail.why, 0, sizeof fail.why) && fail.why[0]));
    if (r) judge(r);
    rules_free(r);
    free(text);
    return 0;
}
