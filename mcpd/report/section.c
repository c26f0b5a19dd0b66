/* One section of a report, in pages.  A page is filled row by row as long as its budget lasts; the
 * cursor names the snapshot it belongs to, so that pages of different moments never mix.
 * Runs in: mcpd.  Input trust: client (cursor), packets (rows). */
#include "common/text.h"
#include "mcpd/report/build.h"
#include "mcpd/report/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const report_sections[] = {"summary", "connections", "dns",      "http",     "tls",
                                       "hosts",   "timeline",    "problems", "coverage", NULL};

#define PAGE_SLACK    160u /* lists reason, next_cursor and braces */
#define TIMELINE_STEP 4u

void cursor_make(char *out, size_t cap, const struct report_input *in, const char *section,
                 uint32_t offset) {
    snprintf(out, cap, "%" PRIu64 ".%s.%u", in->v->snapshot->totals.snapshot_id, section, offset);
}

/* False: not a cursor of this snapshot.  `section_out` is where it points. */
static bool cursor_read(const struct report_input *in, const char *cursor, const char **section_out,
                        uint32_t *offset_out, struct fail *fail) {
    for (unsigned i = 0; report_sections[i]; i++) {
        char head[64];
        size_t n = (size_t)snprintf(head, sizeof head, "%" PRIu64 ".%s.",
                                    in->v->snapshot->totals.snapshot_id, report_sections[i]);
        if (strncmp(cursor, head, n) != 0) continue;
        const char *digits = cursor + n;
        size_t len = strspn(digits, "0123456789");
        if (len == 0 || len > 6 || digits[len] != 0) break;
        *offset_out = (uint32_t)strtoul(digits, NULL, 10);
        *section_out = report_sections[i];
        return true;
    }
    char given[64], example[64];
    text_clean((const uint8_t *)cursor, strlen(cursor), given, sizeof given);
    if (!derive_ended(in->v))
        return fail_set(fail, FAIL_VALUE, "cursor",
                        "cursor \"%s\" belongs to no page of the present report: the capture "
                        "still runs and has gone on. Stop it, or wait for its end, and begin again "
                        "without cursor; or ask for larger max_tokens",
                        given);
    cursor_make(example, sizeof example, in, "connections", 5);
    return fail_set(
        fail, FAIL_VALUE, "cursor",
        "cursor \"%s\" belongs to no page of the present report; allowed: next_cursor of "
        "the page before, such as \"%s\"; or begin again without it",
        given, example);
}

/* ---- pages --------------------------------------------------------------------------------- */
static const struct report_detail page_detail = {.rows = 0,
                                                 .findings_full = EVERYTHING,
                                                 .findings_said = EVERYTHING,
                                                 .findings_kept = EVERYTHING,
                                                 .infos = EVERYTHING,
                                                 .infos_kept = EVERYTHING,
                                                 .threshold = true,
                                                 .clip = EVERYTHING};

struct page {
    const struct report_input *in;
    const char *section;
    uint32_t offset, total;
    size_t room;   /* bytes left for rows */
    uint32_t most; /* rows */
};

static cJSON *page_head(const struct report_input *in, const char *section) {
    cJSON *out = cJSON_CreateObject();
    if (out && tree_header(out, in, &page_detail) && tree_verdict(out, in) &&
        put_text(out, "section", section))
        return out;
    cJSON_Delete(out);
    return NULL;
}

/* Add items while they fit; at least one, so that every walk ends.  Returns the next offset. */
static uint32_t page_fill(struct page *p, cJSON *array,
                          cJSON *(*make)(const struct page *, uint32_t i, uint32_t clip)) {
    uint32_t i = p->offset;
    for (; i < p->total && i - p->offset < p->most; i++) {
        cJSON *item = make(p, i, EVERYTHING);
        size_t bytes = item ? tree_bytes(item) + 1 : SIZE_MAX;
        if (item && bytes > p->room && i == p->offset) {
            cJSON_Delete(item);
            item = make(p, i, 32);
            bytes = item ? tree_bytes(item) + 1 : SIZE_MAX;
            if (bytes > p->room) bytes = p->room;
        }
        if (!item || bytes > p->room) {
            cJSON_Delete(item);
            break;
        }
        p->room -= bytes;
        cJSON_AddItemToArray(array, item);
    }
    return i;
}

static bool page_end(cJSON *out, const struct page *p, uint32_t next) {
    char cursor[64];
    if (next >= p->total) return put(out, "next_cursor", cJSON_CreateNull());
    cursor_make(cursor, sizeof cursor, p->in, p->section, next);
    return put_text(out, "next_cursor", cursor);
}

static bool page_start(cJSON *out, struct page *p, unsigned max_tokens) {
    size_t used = tree_bytes(out) + PAGE_SLACK, all = (size_t)max_tokens * TOKEN_BYTES;
    p->room = used < all ? all - used : 0;
    return used != SIZE_MAX;
}

/* ---- lists --------------------------------------------------------------------------------- */
static enum list_id list_of_section(const char *section) {
    int i = list_index(list_sections, LIST_COUNT, section);
    return i < 0 ? LIST_COUNT : (enum list_id)i;
}

static cJSON *make_row(const struct page *p, uint32_t i, uint32_t clip) {
    return list_row(p->in->v->snapshot, list_of_section(p->section), i, clip);
}

static bool list_page(cJSON *out, struct page *p, unsigned max_tokens) {
    enum list_id list = list_of_section(p->section);
    char text[64];
    p->total = list_rows(p->in->v->snapshot, list);
    cJSON *at = list == LIST_CONNECTIONS ? put_object(out, "connection_analysis") : out;
    cJSON *table = at ? put_object(at, list_keys[list]) : NULL, *rows;
    if (!table || !put(table, "columns", list_columns(list)) ||
        !(rows = cJSON_AddArrayToObject(table, "rows")) || !page_start(out, p, max_tokens))
        return false;
    uint32_t next = page_fill(p, rows, make_row);
    uint32_t shown = next > p->offset ? next - p->offset : 0;
    const char *why = list_reason(p->in, list, shown, text, sizeof text);
    cJSON *lists = put_object(out, "lists");
    return lists && (!why || put_text(lists, list_keys[list], why)) &&
           list_names_off(lists, p->in) && page_end(out, p, next);
}

/* ---- problems ------------------------------------------------------------------------------ */
static cJSON *make_finding(const struct page *p, uint32_t i, uint32_t clip) {
    struct report_detail how = page_detail;
    how.clip = clip;
    how.threshold = clip == EVERYTHING;
    return finding_item(&p->in->d->finding[i], &how, 0);
}

static bool problems_page(cJSON *out, struct page *p, unsigned max_tokens) {
    p->total = p->in->d->n;
    cJSON *list = cJSON_AddArrayToObject(out, "problems_detected");
    if (!list || !page_start(out, p, max_tokens)) return false;
    uint32_t next = page_fill(p, list, make_finding), shown = next - p->offset;
    cJSON *lists = put_object(out, "lists");
    return lists && put_shown(lists, "problems_detected", shown, p->total) &&
           list_names_off(lists, p->in) && page_end(out, p, next);
}

/* ---- timeline and coverage ----------------------------------------------------------------- */
/* As many buckets as fit; numbers differ in length, so the size is found by halving. */
static bool timeline_page(cJSON *out, struct page *p, unsigned max_tokens) {
    const struct snapshot *s = p->in->v->snapshot;
    p->total = s->timeline.packets_n;
    if (!page_start(out, p, max_tokens)) return false;
    uint32_t n = p->total > p->offset ? p->total - p->offset : 0;
    if (n > p->most) n = p->most;
    cJSON *item = timeline_item(s, p->offset, n);
    while (item && n > 1 && tree_bytes(item) > p->room) {
        cJSON_Delete(item);
        n -= n > TIMELINE_STEP * 4 ? n / TIMELINE_STEP : 1;
        item = timeline_item(s, p->offset, n);
    }
    cJSON *lists = put(out, "timeline", item) ? put_object(out, "lists") : NULL;
    return lists && put_shown(lists, "timeline", n, p->total) && page_end(out, p, p->offset + n);
}

static cJSON *make_rule(const struct page *p, uint32_t i, uint32_t clip) {
    const struct rule_outcome *o = &p->in->d->outcome[i];
    const char *const row[] = {p->in->set->rule[i].id, o->reason ? o->reason : "evaluated"};
    (void)clip;
    return cJSON_CreateStringArray(row, 2);
}

static bool coverage_page(cJSON *out, struct page *p, unsigned max_tokens) {
    static const char *const columns[] = {"id", "outcome"};
    cJSON *rows = NULL;
    p->total = p->in->set->n;
    if (!tree_coverage(out, p->in, &page_detail)) return false;
    cJSON *coverage = cJSON_GetObjectItemCaseSensitive(out, "coverage");
    cJSON *rules = put_object(coverage, "rules");
    if (!rules || !put(rules, "columns", cJSON_CreateStringArray(columns, 2)) ||
        !(rows = cJSON_AddArrayToObject(rules, "rows")) || !page_start(out, p, max_tokens))
        return false;
    uint32_t next = page_fill(p, rows, make_rule);
    cJSON *lists = put_object(out, "lists");
    return lists && put_shown(lists, "rules", next - p->offset, p->total) && page_end(out, p, next);
}

/* ---- entry --------------------------------------------------------------------------------- */
static cJSON *section_build(struct page *p, unsigned max_tokens, struct fail *fail) {
    if (strcmp(p->section, "summary") == 0) return report_summary(p->in, max_tokens);
    cJSON *out = page_head(p->in, p->section);
    bool ok = out != NULL;
    if (ok && list_of_section(p->section) != LIST_COUNT)
        ok = list_page(out, p, max_tokens);
    else if (ok && strcmp(p->section, "problems") == 0)
        ok = problems_page(out, p, max_tokens);
    else if (ok && strcmp(p->section, "timeline") == 0)
        ok = timeline_page(out, p, max_tokens);
    else if (ok)
        ok = coverage_page(out, p, max_tokens);
    if (ok && p->offset > 0 && p->offset >= p->total) {
        ok = false;
        fail_set(fail, FAIL_VALUE, "cursor",
                 "cursor points at row %u of section %s, which has %u; allowed: next_cursor of the "
                 "page before, or begin again without it",
                 p->offset, p->section, p->total);
    }
    if (ok) return out;
    cJSON_Delete(out);
    return NULL;
}

static bool section_find(struct page *p, const char *section, const char *cursor,
                         struct fail *fail) {
    for (unsigned i = 0; report_sections[i] && !p->section; i++)
        if (strcmp(report_sections[i], section) == 0) p->section = report_sections[i];
    if (!p->section)
        return fail_set(fail, FAIL_VALUE, "section",
                        "no section \"%.40s\"; there are summary, connections, dns, http, tls, "
                        "hosts, timeline, problems, coverage",
                        section);
    if (!cursor || !cursor[0]) return true;
    const char *of = NULL;
    if (!cursor_read(p->in, cursor, &of, &p->offset, fail)) return false;
    /* The summary hands out cursors into `problems`: follow them also without the section's name.
     */
    if (strcmp(p->section, "summary") == 0) p->section = of;
    return strcmp(p->section, of) == 0 ||
           fail_set(fail, FAIL_VALUE, "cursor",
                    "cursor belongs to section %s, but section is %s; allowed with it: section "
                    "\"%s\"",
                    of, p->section, of);
}

static uint32_t rows_of(const struct page *p, const cJSON *out) {
    enum list_id list = list_of_section(p->section);
    const cJSON *at = list == LIST_CONNECTIONS ? tree_get(out, "connection_analysis") : out;
    if (list != LIST_COUNT)
        at = tree_get(tree_get(at, list_keys[list]), "rows");
    else
        at = tree_get(out, strcmp(p->section, "timeline") == 0   ? "timeline.packets"
                           : strcmp(p->section, "problems") == 0 ? "problems_detected"
                                                                 : "coverage.rules.rows");
    return (uint32_t)cJSON_GetArraySize(at);
}

/* Pages hold what both forms have room for: one count and one cursor speak of both. */
static cJSON *section_fit(struct page *p, unsigned max_tokens, struct fail *fail) {
    cJSON *out = section_build(p, max_tokens, fail);
    while (out) {
        uint32_t rows = rows_of(p, out), shown = report_text_rows(out, max_tokens);
        if (shown >= rows || rows <= 1) break;
        p->most = shown ? shown : rows - (rows + 3) / 4;
        cJSON_Delete(out);
        out = section_build(p, max_tokens, fail);
    }
    return out;
}

cJSON *report_section(const struct rules *r, const struct capture_view *v, const char *section,
                      const char *cursor, unsigned max_tokens, struct fail *fail) {
    unsigned tokens = max_tokens < TOKENS_MIN   ? TOKENS_MIN
                      : max_tokens > TOKENS_MAX ? TOKENS_MAX
                                                : max_tokens;
    struct diagnosis *d = diagnose(r, v);
    struct report_input in = {r, v, d};
    struct page p = {.in = &in, .most = EVERYTHING};
    cJSON *out = NULL;
    fail_set(fail, FAIL_ENVIRONMENT, "", "no memory");
    if (d && section_find(&p, section, cursor, fail)) out = section_fit(&p, tokens, fail);
    diagnosis_free(d);
    return out;
}
