/* The report as a page for people: one file, complete without a script and without any other file,
 * which says first what is wrong and last how it was found out.  Its content security policy allows
 * the one style sheet and the one script that it carries, by their hashes, and nothing else, so
 * that even markup that slipped through the escaping could neither run nor load anything.
 * Runs in: mcpd.  Input trust: packets (names), client (target, filter). */
#include "mcpd/report/page.h"
#include "mcpd/report/report.h"
#include "page/hashes.inc"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MOST (8u * 1024 * 1024) /* full tables with the longest names stay far below */

static const char style[] = {
#include "page/style.css.inc"
    0};
static const char script[] = {
#include "page/table.js.inc"
    0};

static const char app_page[] = {
#include "page/app.html.inc"
    0};

static void add_start(struct page *p) {
    char path[48];
    const char *target = tree_text(p->report, "target");
    snprintf(path, sizeof path, "status.%.30s", tree_text(p->report, "verdict.status"));
    html_raw(&p->t,
             "<!DOCTYPE html>\n<html lang=\"en\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src '" STYLE_HASH "'; script-src '" SCRIPT_HASH "'; base-uri 'none'; "
             "form-action 'none'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<meta name=\"referrer\" content=\"no-referrer\">\n");
    html_addf(&p->t, "<title>%s: %s - packet capture report</title>\n<style>",
              strcmp(target, "*") == 0 ? "All traffic" : target, page_word(p, path));
    html_raw(&p->t, style);
    html_raw(&p->t, "</style>\n</head>\n<body>\n");
}

static void add_verdict(struct page *p) {
    char path[48];
    const char *status = tree_text(p->report, "verdict.status");
    snprintf(path, sizeof path, "status.%.30s", status);
    html_addf(&p->t,
              "<header class=\"verdict %s\"><p class=\"what\">Packet capture report</p>\n"
              "<p class=\"status\"><span class=\"mark\" aria-hidden=\"true\"></span>%s</p>\n"
              "<h1>%s</h1>\n",
              status, page_word(p, path), tree_text(p->report, "verdict.headline"));
    if (tree_text(p->report, "verdict.blame")[0])
        html_addf(&p->t, "<p class=\"blame\">%s <b>%s</b> (%s)</p>\n", page_word(p, "titles.blame"),
                  blame_words(p, tree_text(p->report, "verdict.blame")),
                  tree_text(p->report, "verdict.blame_confidence"));
    page_pairs(p, "facts", "facts");
    html_raw(&p->t, "</header>\n");
}

/* The few numbers that one looks at first. */
static void add_tiles(struct page *p) {
    const cJSON *e;
    char value[VALUE_BYTES], beside[VALUE_BYTES];
    int n = 0;
    cJSON_ArrayForEach(e, tree_get(p->words, "tiles")) {
        value_text(tree_get(p->report, entry_text(e, 0)), entry_text(e, 2), value);
        value_text(tree_get(p->report, entry_text(e, 3)), entry_text(e, 5), beside);
        if (!value[0] || strcmp(beside[0] ? beside : value, "0") == 0) continue;
        if (n++ == 0) html_raw(&p->t, "<ul class=\"tiles\">\n");
        html_addf(&p->t, "<li><span>%s</span> <b>%s</b>", entry_text(e, 1), value);
        if (beside[0]) html_addf(&p->t, " <small>%s %s</small>", entry_text(e, 4), beside);
        html_raw(&p->t, "</li>\n");
    }
    if (n) html_raw(&p->t, "</ul>\n");
}

static void add_end(struct page *p) {
    html_addf(&p->t, "</main>\n<footer><p>%s</p><p>Capture <code>%s</code></p></footer>\n<script>",
              page_word(p, "hints.footer"), tree_text(p->report, "capture_id"));
    html_raw(&p->t, script);
    html_raw(&p->t, "</script>\n</body>\n</html>\n");
}

char *report_html(const cJSON *report) {
    cJSON *words = words_tree();
    struct page p = {.t = {.most = PAGE_MOST}, .report = report, .words = words};
    if (!words) return NULL;
    add_start(&p);
    add_verdict(&p);
    html_raw(&p.t, "<main>\n");
    page_problems(&p);
    add_tiles(&p);
    page_phases(&p);
    page_outcomes(&p);
    page_time(&p);
    page_section(&p, "tcp", "wide", "pairs");
    page_protocols(&p);
    page_lists(&p);
    page_about(&p);
    add_end(&p);
    cJSON_Delete(words);
    if (!p.t.failed) return p.t.bytes;
    free(p.t.bytes);
    return NULL;
}

const char *report_app_html(size_t *len_out) {
    *len_out = sizeof app_page - 1;
    return app_page;
}
