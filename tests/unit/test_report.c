/* Reports within their budgets: full tables of hostile names, pages, determinism, the text block.
 */
#include "mcpd/mcp/jsoncheck.h"
#include "tests/unit/crowd.h"
#include "tests/unit/with_rules.h"
#include <stdio.h>

/* ---- helpers ------------------------------------------------------------------------------------
 */
static const cJSON *at(const cJSON *tree, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(tree, key);
}

static char *printed(const cJSON *tree) {
    char *text = cJSON_PrintUnformatted(tree);
    size_t offset;
    assert_non_null(text);
    assert_int_equal(json_check(text, strlen(text), &offset), JSON_OK); /* UTF-8, no controls */
    return text;
}

/* Sentences, wherever they stand, must not hold what came from the wire. */
static void check_no_wire_text(const cJSON *tree) {
    static const char *const keys[] = {"headline", "explanation", "next_step", "subject", "reason"};
    for (const cJSON *c = tree ? tree->child : NULL; c; c = c->next) {
        for (size_t k = 0; c->string && k < 5; k++)
            if (strcmp(c->string, keys[k]) == 0 && cJSON_IsString(c)) {
                assert_null(strstr(c->valuestring, "HOSTILE"));
                assert_null(strstr(c->valuestring, "script"));
                assert_null(strchr(c->valuestring, '\\'));
            }
        check_no_wire_text(c);
    }
}

static void check_essentials(const cJSON *summary) {
    assert_string_equal(cJSON_GetStringValue(at(summary, "state")), "finished");
    assert_string_equal(cJSON_GetStringValue(at(at(summary, "verdict"), "status")), "problems");
    assert_true(strlen(cJSON_GetStringValue(at(at(summary, "verdict"), "headline"))) > 10);
    assert_non_null(at(at(summary, "capture_quality"), "grade"));
    const cJSON *top = cJSON_GetArrayItem(at(summary, "problems_detected"), 0);
    assert_non_null(at(top, "id"));
    assert_non_null(at(top, "evidence"));
    assert_non_null(at(top, "next_step"));
}

/* ---- budget
 * --------------------------------------------------------------------------------------- */
static void test_report_fits_its_budget(void **state) {
    static const unsigned budgets[] = {540, 600, 1200, 2400, 8000};
    struct fail f;
    (void)state;
    for (size_t kind = 0; kind < HOSTILE; kind++) {
        struct crowd *c = crowd_new(kind);
        for (size_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++) {
            cJSON *r = report_section(set, &c->w.v, "summary", NULL, budgets[b], &f);
            char *text = printed(r), *block = report_text(r, budgets[b]);
            if (strlen(text) > budgets[b] * 3)
                fail_msg("names %zu, %u tokens: %zu bytes\n%s", kind, budgets[b], strlen(text),
                         text);
            if (strlen(block) > budgets[b] / 2 * 3)
                fail_msg("names %zu, %u tokens: block of %zu bytes", kind, budgets[b],
                         strlen(block));
            check_essentials(r);
            check_no_wire_text(r);
            assert_non_null(strstr(block, "0123456789abcdef0123456789abcdef"));
            assert_non_null(strstr(block, "**problems**"));
            free(block);
            cJSON_free(text);
            cJSON_Delete(r);
        }
        free(c);
    }
}

/* Nothing may give way before the rows of lists do, and the notes before any problem. */
static void test_report_gives_way_in_order(void **state) {
    struct fail f;
    struct crowd *c = crowd_new(3);
    (void)state;
    c->w.s.services.rows_n = 1;
    c->w.s.resolvers.rows_n = 0;
    cJSON *wide = report_section(set, &c->w.v, "summary", NULL, 8000, &f);
    cJSON *tight = report_section(set, &c->w.v, "summary", NULL, 1200, &f);
    assert_int_equal(cJSON_GetArraySize(at(at(wide, "dns_queries"), "rows")), 5);
    assert_true(cJSON_GetArraySize(at(at(tight, "dns_queries"), "rows")) < 5);
    const cJSON *p;
    cJSON_ArrayForEach(
        p, at(tight, "problems_detected")) if (strcmp(cJSON_GetStringValue(at(p, "severity")),
                                                      "info") != 0) assert_non_null(at(p, "id"));
    assert_non_null(at(tight, "lists"));
    assert_string_equal(cJSON_GetStringValue(at(at(wide, "lists"), "dns_queries")),
                        "5 of 100000 shown");
    cJSON_Delete(wide);
    cJSON_Delete(tight);
    free(c);
}

/* No finding is shortened or left out, not even a note, while a list has rows. */
static void test_report_cuts_lists_before_notes(void **state) {
    static const char *const lists[] = {"dns_queries", "http_requests", "tls_handshakes"};
    struct fail f;
    unsigned notes = 0, with_rows = 0, cut = 0;
    (void)state;
    for (size_t kind = 0; kind < HOSTILE; kind++) {
        struct crowd *c = crowd_new(kind);
        c->w.s.services.rows_n = 1;
        c->w.s.resolvers.rows_n = 1;
        for (unsigned tokens = 600; tokens <= 8000; tokens += 200) {
            cJSON *r = report_section(set, &c->w.v, "summary", NULL, tokens, &f);
            bool rows = at(at(r, "connection_analysis"), "connections") != NULL;
            bool whole = at(r, "problems_more") == NULL;
            for (size_t i = 0; i < 3; i++) rows = rows || at(r, lists[i]);
            const cJSON *p;
            cJSON_ArrayForEach(p, at(r, "problems_detected")) {
                whole = whole && at(p, "evidence") && at(p, "explanation") && at(p, "next_step");
                notes += strcmp(cJSON_GetStringValue(at(p, "severity")), "info") == 0;
            }
            with_rows += rows;
            cut += !whole;
            if (rows && !whole) fail_msg("crowd %zu, %u tokens: %s", kind, tokens, printed(r));
            cJSON_Delete(r);
        }
        free(c);
    }
    assert_true(notes > 0 && with_rows > 0 && cut > 0);
}

static void test_report_is_deterministic(void **state) {
    struct fail f;
    struct crowd *a = crowd_new(2), *b = crowd_new(2);
    (void)state;
    for (unsigned i = 0; report_sections[i]; i++) {
        cJSON *x = report_section(set, &a->w.v, report_sections[i], NULL, 1200, &f);
        cJSON *y = report_section(set, &b->w.v, report_sections[i], NULL, 1200, &f);
        char *s = printed(x), *t = printed(y);
        assert_string_equal(s, t);
        cJSON_free(s);
        cJSON_free(t);
        cJSON_Delete(x);
        cJSON_Delete(y);
    }
    free(a);
    free(b);
}

/* ---- pages
 * ------------------------------------------------------------------------------------------ */
/* The array a section pages through. */
static const cJSON *paged(const cJSON *page, const char *section) {
    static const char *const where[][3] = {{"connections", "connection_analysis", "connections"},
                                           {"dns", "dns_queries", NULL},
                                           {"http", "http_requests", NULL},
                                           {"tls", "tls_handshakes", NULL},
                                           {"hosts", "hosts", NULL},
                                           {"coverage", "coverage", "rules"}};
    if (strcmp(section, "problems") == 0) return at(page, "problems_detected");
    if (strcmp(section, "timeline") == 0) return at(at(page, "timeline"), "packets");
    for (size_t i = 0; i < 6; i++)
        if (strcmp(where[i][0], section) == 0) {
            const cJSON *table = at(page, where[i][1]);
            return at(where[i][2] ? at(table, where[i][2]) : table, "rows");
        }
    return NULL;
}

/* How many of a page's rows its text block shows. */
static int rows_in_text(const char *block, const char *section) {
    bool findings = strcmp(section, "problems") == 0, series = strcmp(section, "timeline") == 0;
    const char *row = findings ? "\n- **" : "\n|", *packets = strstr(block, "\npackets: [");
    int rows = 0;
    if (series && packets) rows = packets[strcspn(packets, "0123456789]")] != ']';
    for (size_t i = 0; series && packets && packets[i + 1] != '\n'; i++) rows += packets[i] == ',';
    for (const char *p = block; !series && (p = strstr(p, row)); p++) rows++;
    return findings || series || rows < 2 ? rows : rows - 2; /* names of columns, and a line */
}

/* Walk a section to its end; returns rows seen.  Each page fits, its text block shows the same
 * rows, and no row comes twice: rows are compared through `all`, the pages' rows in order. */
static unsigned walk(struct crowd *c, const char *section, unsigned tokens, cJSON *all) {
    char cursor[64] = "";
    unsigned rows = 0, pages = 0;
    struct fail f;
    do {
        cJSON *page = report_section(set, &c->w.v, section, cursor, tokens, &f);
        if (!page) fail_msg("%s at \"%s\": %s", section, cursor, f.why);
        char *text = printed(page), *block = report_text(page, tokens);
        if (strlen(text) > tokens * 3) fail_msg("%s: page of %zu bytes", section, strlen(text));
        assert_true(strlen(block) <= tokens / 2 * 3);
        if (rows_in_text(block, section) != cJSON_GetArraySize(paged(page, section)))
            fail_msg("%s, %u tokens: %d rows, and the text shows\n%s", section, tokens,
                     cJSON_GetArraySize(paged(page, section)), block);
        check_no_wire_text(page);
        const cJSON *row;
        cJSON_ArrayForEach(row, paged(page, section)) {
            if (all) cJSON_AddItemToArray(all, cJSON_Duplicate(row, true));
            rows++;
        }
        const char *next = cJSON_GetStringValue(at(page, "next_cursor"));
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        cJSON_free(text);
        free(block);
        cJSON_Delete(page);
        assert_true(++pages < 2000);
    } while (cursor[0]);
    return rows;
}

static void test_report_pages_cover_all_rows_once(void **state) {
    static const struct {
        const char *section;
        unsigned rows;
    } sections[] = {{"connections", LIM_CONNECTIONS}, {"dns", LIM_DNS_ROWS},
                    {"http", LIM_HTTP_ROWS},          {"tls", LIM_TLS_ROWS},
                    {"hosts", LIM_HOST_ROWS},         {"timeline", LIM_TIMELINE}};
    (void)state;
    for (size_t kind = 0; kind < 4; kind += 3) { /* the longest in JSON, and words */
        struct crowd *c = crowd_new(kind);
        for (uint32_t i = 0; i < LIM_CONNECTIONS; i++) c->connection[i].state = CONN_CLOSED;
        c->w.s.services.rows_n = c->w.s.resolvers.rows_n = 1; /* lists do not hang on findings */
        for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
            for (unsigned tokens = 600; tokens <= 8000;
                 tokens = tokens == 600 ? 1200 : tokens + 6800)
                assert_int_equal(walk(c, sections[i].section, tokens, NULL), sections[i].rows);
        assert_int_equal(walk(c, "coverage", 600, NULL), set->n);
        free(c);
    }
}

/* Pages joined are the rows of the whole report, in its order. */
static void test_report_pages_joined_are_the_whole(void **state) {
    struct crowd *c = crowd_new(3);
    (void)state;
    cJSON *whole = report_full(set, &c->w.v), *rows = cJSON_CreateArray();
    unsigned found = (unsigned)cJSON_GetArraySize(at(whole, "problems_detected"));
    assert_int_equal(walk(c, "connections", 8000, rows), LIM_CONNECTIONS);
    assert_true(cJSON_Compare(rows, paged(whole, "connections"), true));
    cJSON_Delete(rows);
    rows = cJSON_CreateArray();
    assert_int_equal(walk(c, "problems", 8000, rows), found);
    for (int i = 0; i < cJSON_GetArraySize(rows); i += 97)
        assert_true(cJSON_Compare(cJSON_GetArrayItem(rows, i),
                                  cJSON_GetArrayItem(at(whole, "problems_detected"), i), true));
    cJSON_Delete(rows);
    cJSON_Delete(whole);
    c->w.s.services.rows_n /= 8; /* small pages are many, and each is judged anew */
    whole = report_full(set, &c->w.v);
    found = (unsigned)cJSON_GetArraySize(at(whole, "problems_detected"));
    assert_true(found > 100);
    assert_int_equal(walk(c, "problems", 1200, NULL), found);
    assert_int_equal(walk(c, "problems", 600, NULL), found);
    cJSON_Delete(whole);
    free(c);
}

static void test_report_cursors(void **state) {
    static struct world w;
    struct fail f;
    static const char *const bad[] = {
        "x",       "7.dns",    "7.dns.",   "7.dns.x", "7.dns.9999999", "7.nosuch.0",
        "8.dns.0", "7.http.0", "7.dns.-1", "7.dns.5", "7.dns.1 ",      "7.dns.0x"};
    (void)state;
    world_init(&w);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cJSON *r = report_section(set, &w.v, "dns", bad[i], 1200, &f);
        if (r) fail_msg("cursor %s was taken", bad[i]);
        assert_string_equal(f.field, "cursor");
    }
    w.s.totals.snapshot_id = 8; /* a later moment: the old page is gone */
    assert_null(report_section(set, &w.v, "summary", "7.problems.0", 1200, &f));
    w.s.totals.snapshot_id = 7;
    assert_null(report_section(set, &w.v, "nosuch", NULL, 1200, &f));
    assert_string_equal(f.field, "section");
    assert_non_null(strstr(f.why, "timeline"));
    cJSON *r = report_section(set, &w.v, "summary", "7.problems.0", 1200, &f); /* where it leads */
    assert_string_equal(cJSON_GetStringValue(at(r, "section")), "problems");
    cJSON_Delete(r);
}

/* Left-out findings are counted by id, and the cursor leads to all of them. */
static void test_report_left_out_findings(void **state) {
    struct crowd *c = crowd_new(3);
    struct fail f;
    (void)state;
    cJSON *r = report_section(set, &c->w.v, "summary", NULL, 600, &f),
          *whole = report_full(set, &c->w.v);
    double left = 0;
    const cJSON *n;
    cJSON_ArrayForEach(n, at(r, "problems_more")) left += n->valuedouble;
    assert_int_equal((int)left + cJSON_GetArraySize(at(r, "problems_detected")),
                     cJSON_GetArraySize(at(whole, "problems_detected")));
    const char *cursor = cJSON_GetStringValue(at(r, "next_cursor"));
    assert_non_null(cursor);
    cJSON *page = report_section(set, &c->w.v, "problems", cursor, 600, &f);
    assert_non_null(page);
    cJSON_Delete(page);
    cJSON_Delete(whole);
    cJSON_Delete(r);
    free(c);
}

/* A text block that has no room for all findings says how many it leaves out. */
static void test_report_text_counts_findings(void **state) {
    static const unsigned budgets[] = {600, 1200, 2400};
    struct crowd *c = crowd_new(0);
    struct fail f;
    unsigned cut = 0;
    (void)state;
    for (size_t b = 0; b < sizeof budgets / sizeof budgets[0]; b++) {
        cJSON *r = report_section(set, &c->w.v, "summary", NULL, 8000, &f);
        char *block = report_text(r, budgets[b]);
        const char *line = strstr(block, " more: section problems");
        int shown = 0, left = 0;
        for (const char *p = block; (p = strstr(p, "\n- **")); p++) shown++;
        while (line && line > block && line[-1] != ' ') line--;
        if (line) left = atoi(line);
        assert_int_equal(shown + left, cJSON_GetArraySize(at(r, "problems_detected")));
        cut += left > 0;
        free(block);
        cJSON_Delete(r);
    }
    assert_true(cut > 0);
    free(c);
}

/* ---- the whole report
 * --------------------------------------------------------------------------------- */
static void test_report_fields(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    w.s.totals.bytes = ((uint64_t)1 << 53) + 1;
    w.s.totals.handshake_us = (struct dist){7, 9800, 10433, 12000, 12000};
    cJSON *r = report_full(set, &w.v);
    assert_string_equal(cJSON_GetStringValue(at(r, "started_at")), "2026-11-18T11:06:40.123Z");
    assert_string_equal(cJSON_GetStringValue(at(r, "total_bytes")), "9007199254740993");
    assert_string_equal(cJSON_GetStringValue(at(r, "target")), "*");
    assert_true(report_is_healthy(r));
    const cJSON *rtt = at(at(r, "connection_analysis"), "handshake_rtt_ms");
    char *text = cJSON_PrintUnformatted(rtt);
    assert_string_equal(text, "{\"min\":9.8,\"p50\":10.4,\"p95\":12,\"samples\":7}");
    cJSON_free(text);
    assert_null(at(at(r, "connection_analysis"), "rtt_ms")); /* not measured: absent, not faked */
    assert_null(at(at(r, "phases_ms"), "dns"));
    assert_string_equal(cJSON_GetStringValue(at(at(r, "lists"), "http_requests")), "encrypted");
    assert_string_equal(cJSON_GetStringValue(at(at(r, "lists"), "hosts")), "none seen");
    cJSON_Delete(r);
}

static void test_report_says_that_names_are_off(void **state) {
    static struct world w;
    (void)state;
    for (int off = 0; off < 2; off++) {
        world_init(&w);
        w.s.totals.names_hashed = off != 0;
        cJSON *r[3] = {report_full(set, &w.v)};
        struct fail fail;
        r[1] = report_section(set, &w.v, "dns", NULL, 1200, &fail);
        r[2] = report_section(set, &w.v, "summary", NULL, 1200, &fail);
        for (int i = 0; i < 3; i++) {
            const char *said = cJSON_GetStringValue(at(at(r[i], "lists"), "names"));
            assert_string_equal(said ? said : "", off ? "switched off" : "");
            char *text = report_text(r[i], 1200), *screen = report_terminal(r[i], false, false);
            assert_int_equal(strstr(text, "names: switched off") != NULL, off);
            if (i != 1) assert_int_equal(strstr(screen, "names: switched off") != NULL, off);
            free(text);
            free(screen);
            cJSON_Delete(r[i]);
        }
    }
}

static void test_report_names_are_checked_again(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    world_dns(&w, "a\x1b[31m\xe2\x80\xae\\x41\xff", 0);
    cJSON *r = report_full(set, &w.v);
    const cJSON *row = cJSON_GetArrayItem(at(at(r, "dns_queries"), "rows"), 0);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(row, 0)),
                        "a\\x1b[31m\\u{202e}\\x41\\xff"); /* what was clean stays as it was */
    cJSON_Delete(r);
    memset(w.dns[0].name, 0xff, LIM_NAME); /* each byte becomes four */
    r = report_full(set, &w.v);
    row = cJSON_GetArrayItem(at(at(r, "dns_queries"), "rows"), 0);
    assert_true(strlen(cJSON_GetStringValue(cJSON_GetArrayItem(row, 0))) <= LIM_NAME);
    cJSON_Delete(r);
}

static void test_report_status(void **state) {
    struct crowd *c = crowd_new(3);
    (void)state;
    c->w.v.state = CAPTURE_RUNNING;
    cJSON *r = report_status(set, &c->w.v);
    char *text = printed(r);
    assert_true(strlen(text) <= 3600);
    assert_string_equal(cJSON_GetStringValue(at(r, "state")), "running");
    assert_true(cJSON_GetArraySize(at(r, "problems_detected")) == 5);
    check_no_wire_text(r);
    cJSON_free(text);
    cJSON_Delete(r);
    free(c);
}

/* Characters of the longest line. */
static size_t widest(const char *text) {
    size_t most = 0, n = 0;
    for (; *text; text++) {
        if (*text == '\n')
            n = 0;
        else if (((unsigned char)*text & 0xc0) != 0x80)
            n++;
        if (n > most) most = n;
    }
    return most;
}

/* What capd has told nothing of was not captured well, nor to its end. */
static void test_report_status_of_nothing(void **state) {
    static struct world w;
    static const struct {
        enum capture_state state;
        uint32_t snapshot;
        const char *grade;
        int percent;
    } rows[] = {{CAPTURE_FAILED, 0, "poor", 0},
                {CAPTURE_FAILED, 1, "good", 0},
                {CAPTURE_RUNNING, 0, "good", 0},
                {CAPTURE_FINISHED, 1, "good", 100}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_init(&w);
        memset(&w.s.totals, 0, sizeof w.s.totals);
        w.s.totals.snapshot_id = rows[i].snapshot;
        w.v.state = rows[i].state;
        cJSON *r = report_status(set, &w.v);
        const cJSON *percent = at(at(r, "progress"), "percent");
        assert_string_equal(cJSON_GetStringValue(at(at(r, "capture_quality"), "grade")),
                            rows[i].grade);
        assert_int_equal((int)cJSON_GetNumberValue(percent), rows[i].percent);
        cJSON_Delete(r);
    }
}

static void test_report_terminal(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    w.service[0].retransmitted_to_client = 40;
    w.service[0].retransmit_last_us = 20000000;
    uint64_t series[4] = {1, 8, 0, 3};
    w.s.timeline = (struct msg_timeline){.bucket_us = 1000000, .bytes = series, .bytes_n = 4};
    cJSON *r = report_full(set, &w.v);
    char *plain = report_terminal(r, false, false), *coloured = report_terminal(r, true, false);
    assert_true(widest(plain) <= 80);
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strstr(coloured, "\x1b[1;31m"));
    assert_non_null(strstr(plain, "tcp_retransmissions"));
    assert_non_null(strstr(plain, "4 %"));
    assert_non_null(strstr(plain, "\xe2\x96\x81\xe2\x96\x88\xe2\x96\x81\xe2\x96\x83"));
    free(plain);
    free(coloured);
    cJSON_Delete(r);
}

/* Markdown made of wire text must not become markup. */
static void test_report_text_escapes(void **state) {
    static struct world w;
    (void)state;
    world_init(&w);
    w.service[0].retransmitted_to_client = 40;
    w.service[0].retransmit_last_us = 20000000;
    strcpy(w.service[0].name, "x|`<b>*y*[z](http://e)");
    cJSON *r = report_full(set, &w.v);
    char *block = report_text(r, 1200);
    assert_non_null(strstr(block, "x\\|\\`\\<b\\>\\*y\\*\\[z\\]"));
    assert_non_null(strstr(block, "Next step"));
    assert_non_null(strstr(block, "Evidence: rate_percent 4"));
    free(block);
    cJSON_Delete(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_fits_its_budget),
        cmocka_unit_test(test_report_gives_way_in_order),
        cmocka_unit_test(test_report_cuts_lists_before_notes),
        cmocka_unit_test(test_report_is_deterministic),
        cmocka_unit_test(test_report_pages_cover_all_rows_once),
        cmocka_unit_test(test_report_pages_joined_are_the_whole),
        cmocka_unit_test(test_report_cursors),
        cmocka_unit_test(test_report_left_out_findings),
        cmocka_unit_test(test_report_fields),
        cmocka_unit_test(test_report_says_that_names_are_off),
        cmocka_unit_test(test_report_names_are_checked_again),
        cmocka_unit_test(test_report_status),
        cmocka_unit_test(test_report_status_of_nothing),
        cmocka_unit_test(test_report_terminal),
        cmocka_unit_test(test_report_text_counts_findings),
        cmocka_unit_test(test_report_text_escapes),
    };
    return cmocka_run_group_tests(tests, read_rules, free_rules);
}
