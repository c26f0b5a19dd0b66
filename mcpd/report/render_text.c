/* The Markdown block for clients that show text: the same numbers as the tree, in the order in
 * which a person asks.  Pieces are added as long as they fit, most important first.
 * Runs in: mcpd.  Input trust: packets (names, escaped here). */
#include "mcpd/report/build.h"
#include "mcpd/report/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SHOWN 60u

/* A text of the tree, escaped and clipped. */
struct shown {
    char text[NAME_SHOWN * 2 + 8];
};
static const char *shown(const char *in, struct shown *s) {
    markdown_escape(in, s->text, sizeof s->text);
    return s->text;
}

static void add_head(struct text *t, const cJSON *report) {
    struct shown target, interface;
    char seconds[32];
    text_addf(t, "capture_id `%s`, state %s\n", tree_text(report, "capture_id"),
              tree_text(report, "state"));
    const char *section = tree_text(report, "section");
    text_addf(t, "target %s, mode %s", shown(tree_text(report, "target"), &target),
              tree_text(report, "mode"));
    if (tree_text(report, "interface")[0])
        text_addf(t, " on %s", shown(tree_text(report, "interface"), &interface));
    if (tree_number(report, "duration_s", seconds)[0]) text_addf(t, ", %s s", seconds);
    if (section[0]) text_addf(t, ", section %s", section);
    text_add(t, "\n\n");
}

static void add_verdict(struct text *t, const cJSON *report, bool lean) {
    char headline[1024];
    struct shown ended;
    markdown_escape(tree_text(report, "verdict.headline"), headline, sizeof headline);
    text_addf(t, lean ? "**%s**\n" : "**%s**: %s\n", tree_text(report, "verdict.status"), headline);
    if (lean) return;
    if (strcmp(tree_text(report, "state"), "failed") == 0)
        text_addf(t, "Ended: %s\n", shown(tree_text(report, "ended_why"), &ended));
    if (tree_text(report, "verdict.blame")[0])
        text_addf(t, "Blame: %s (%s)", tree_text(report, "verdict.blame"),
                  tree_text(report, "verdict.blame_confidence"));
    const char *grade = tree_text(report, "capture_quality.grade");
    if (grade[0])
        text_addf(t, "%sCapture quality: %s", tree_text(report, "verdict.blame")[0] ? ". " : "",
                  grade);
    if (tree_text(report, "capture_quality.file_error")[0])
        text_add(t, ", and the file could not be read to its end");
    text_add(t, "\n");
}

#define MORE_BYTES 60u /* kept for the line that says how many findings had no room */

/* False: there is no room for its first line; or, unless a part will do, for any other. */
static bool add_finding(struct text *t, const cJSON *f, bool partly) {
    char text[1024];
    struct shown name, subject;
    size_t before = t->used;
    if (!text_addf(t, "\n- **%s** (%s) %s", tree_text(f, "id"), tree_text(f, "severity"),
                   shown(tree_text(f, "subject"), &subject)))
        return false;
    bool whole = !tree_text(f, "name")[0] ||
                 text_addf(t, " (name on the wire: %s)", shown(tree_text(f, "name"), &name));
    markdown_escape(tree_text(f, "explanation"), text, sizeof text);
    if (text[0]) whole &= text_addf(t, ": %s", text);
    evidence_line(tree_get(f, "evidence"), true, text, sizeof text);
    if (text[0]) whole &= text_addf(t, "\n  Evidence: %s", text);
    markdown_escape(tree_text(f, "next_step"), text, sizeof text);
    if (text[0]) whole &= text_addf(t, "\n  Next step: %s", text);
    if (!whole && !partly) text_cut(t, before);
    return whole || partly;
}

/* What of a list there was room for. */
struct tally {
    uint32_t shown, left;
};

static struct tally add_findings(struct text *t, const cJSON *report, bool lean) {
    const cJSON *f;
    char number[32];
    struct tally n = {0, 0};
    bool summary = !tree_text(report, "section")[0];
    size_t kept = t->most - t->used > MORE_BYTES ? MORE_BYTES : 0;
    t->most -= kept;
    cJSON_ArrayForEach(f, tree_get(report, "problems_detected")) {
        bool there = add_finding(t, f, summary || (lean && n.shown == 0));
        *(there ? &n.shown : &n.left) += 1;
    }
    t->most += kept;
    if (n.left) text_addf(t, "\n- %u more: section problems, or more max_tokens", n.left);
    const cJSON *more = tree_get(report, "problems_more");
    for (const cJSON *m = more ? more->child : NULL; m; m = m->next)
        text_addf(t, "\n- %s: %s more", m->string, tree_number(m, "", number));
    text_add(t, "\n");
    return n;
}

static void add_table(struct text *t, const cJSON *report) {
    static const struct {
        const char *label, *path;
    } rows[] = {{"packets", "total_packets"},
                {"bytes", "total_bytes"},
                {"other packets", "other_packets"},
                {"handshake p50 ms", "connection_analysis.handshake_rtt_ms.p50"},
                {"round trip p50 ms", "connection_analysis.rtt_ms.p50"},
                {"retransmitted", "connection_analysis.retransmitted"},
                {"DNS ms", "phases_ms.dns"},
                {"TLS ms", "phases_ms.tls"},
                {"first byte ms", "phases_ms.first_byte"}};
    char number[32], line[320];
    if (!tree_get(report, "total_packets")) return;
    if (!text_add(t, "\n| what | value |\n|---|---|\n")) return;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (tree_number(report, rows[i].path, number)[0])
            text_addf(t, "| %s | %s |\n", rows[i].label, number);
    connections_line(report, line, sizeof line);
    if (line[0]) text_addf(t, "| connections | %s |\n", line);
}

/* The list of a section, as a table, as far as it fits. */
static void add_cell(char *line, size_t cap, const cJSON *cell) {
    char number[32];
    struct shown text;
    size_t used = strlen(line);
    const char *value = cJSON_IsString(cell)   ? shown(cell->valuestring, &text)
                        : cJSON_IsNumber(cell) ? tree_number(cell, "", number)
                                               : "-";
    snprintf(line + used, cap - used, " %s |", value);
}

static struct tally add_list(struct text *t, const cJSON *table) {
    char line[2048] = "|", rule[256] = "|";
    const cJSON *cell, *row;
    struct tally n = {0, (uint32_t)cJSON_GetArraySize(tree_get(table, "rows"))};
    cJSON_ArrayForEach(cell, tree_get(table, "columns")) {
        add_cell(line, sizeof line, cell);
        strncat(rule, "---|", sizeof rule - strlen(rule) - 1);
    }
    if (!text_addf(t, "\n%s\n%s\n", line, rule)) return n;
    cJSON_ArrayForEach(row, tree_get(table, "rows")) {
        snprintf(line, sizeof line, "|");
        cJSON_ArrayForEach(cell, row) add_cell(line, sizeof line, cell);
        if (!text_addf(t, "%s\n", line)) break;
        n.shown++;
        n.left--;
    }
    return n;
}

/* All series or none, since one without the others misleads. */
static struct tally add_series(struct text *t, const cJSON *timeline) {
    size_t before = t->used;
    uint32_t buckets = (uint32_t)cJSON_GetArraySize(tree_get(timeline, "packets"));
    const cJSON *series;
    bool ok = text_add(t, "\n");
    cJSON_ArrayForEach(series, timeline) {
        char *numbers = cJSON_PrintUnformatted(series);
        ok = ok && numbers && text_addf(t, "%s: ", series->string) && text_add(t, numbers) &&
             text_add(t, "\n");
        free(numbers);
    }
    if (!ok) text_cut(t, before);
    return ok ? (struct tally){buckets, 0} : (struct tally){0, buckets};
}

static struct tally add_rows(struct text *t, const cJSON *report, bool lean) {
    static const char *const paths[] = {"connection_analysis.connections",
                                        "dns_queries",
                                        "http_requests",
                                        "tls_handshakes",
                                        "hosts",
                                        "coverage.rules"};
    struct tally n = add_findings(t, report, lean); /* none in most sections */
    if (tree_get(report, "timeline.packets")) return add_series(t, tree_get(report, "timeline"));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (tree_get(report, paths[i])) return add_list(t, tree_get(report, paths[i]));
    return n;
}

static void add_foot(struct text *t, const cJSON *report) {
    char line[600], number[32];
    const char *spark = tree_text(report, "timeline.sparkline");
    if (spark[0])
        text_addf(t, "\nBytes over time (%s s each): %s\n",
                  tree_number(report, "timeline.bucket_s", number), spark);
    if (tree_get(report, "coverage.rules_evaluated")) {
        coverage_line(report, line, sizeof line);
        text_addf(t, "\nChecked: %s.\n", line);
    }
    if (families_line(report, line, sizeof line)) text_addf(t, "%s.\n", line);
    if (narrowed_line(report, line, sizeof line)) text_addf(t, "Filter narrowed: %s.\n", line);
    const cJSON *reason, *lists = tree_get(report, "lists");
    if (tree_text(report, "section")[0])
        cJSON_ArrayForEach(reason, lists)
            text_addf(t, "%s: %s\n", reason->string, cJSON_GetStringValue(reason));
    else if (tree_text(lists, "names")[0])
        text_addf(t, "names: %s\n", tree_text(lists, "names"));
    if (tree_text(report, "next_cursor")[0])
        text_addf(t, "\nMore: cursor `%s`\n", tree_text(report, "next_cursor"));
}

/* `lean`: without what the summary says as well. */
static char *render(const cJSON *report, unsigned max_tokens, bool lean, struct tally *rows_out) {
    struct text t = {.most = (size_t)(max_tokens / 2) * TOKEN_BYTES};
    struct text foot = {.most = t.most / 4};
    add_head(&t, report);
    add_verdict(&t, report, lean);
    add_foot(&foot, report);
    t.most -= foot.used;
    if (tree_text(report, "section")[0]) {
        *rows_out = add_rows(&t, report, lean);
    } else {
        *rows_out = add_findings(&t, report, lean);
        add_table(&t, report);
    }
    t.most += foot.used;
    if (foot.bytes) text_add(&t, foot.bytes);
    free(foot.bytes);
    return t.bytes;
}

/* A page of a section has one row at least: where the text has no room for it, what stands before
 * it gives way. */
static char *render_page(const cJSON *report, unsigned max_tokens, struct tally *rows_out) {
    char *text = render(report, max_tokens, false, rows_out);
    if (rows_out->shown || !rows_out->left || !tree_text(report, "section")[0]) return text;
    free(text);
    return render(report, max_tokens, true, rows_out);
}

char *report_text(const cJSON *report, unsigned max_tokens) {
    struct tally rows;
    return render_page(report, max_tokens, &rows);
}

uint32_t report_text_rows(const cJSON *report, unsigned max_tokens) {
    struct tally rows;
    free(render_page(report, max_tokens, &rows));
    return rows.shown;
}
