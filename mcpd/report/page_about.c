/* How far the report can be trusted: what was checked and what could not be, what the capture
 * missed, and how it was made.
 * Runs in: mcpd.  Input trust: packets (numbers), client (target, filter), local. */
#include "mcpd/report/page.h"
#include <stdio.h>
#include <string.h>

/* The rules with one outcome, by name. */
static void add_rules(struct page *p, const char *outcome) {
    const cJSON *row;
    int n = 0;
    cJSON_ArrayForEach(row, tree_get(p->report, "coverage.rules.rows")) {
        if (strcmp(entry_text(row, 1), outcome) != 0) continue;
        html_addf(&p->t, "%s<code>%s</code>", n++ ? " " : "", entry_text(row, 0));
    }
}

static void add_coverage(struct page *p) {
    const cJSON *coverage = tree_get(p->report, "coverage");
    const cJSON *unjudged = tree_get(coverage, "not_evaluable");
    char value[VALUE_BYTES];
    page_open(p, "coverage", "");
    html_addf(&p->t, "<details><summary><b>%s</b> rules were judged</summary><p class=\"rules\">",
              value_text(tree_get(coverage, "rules_evaluated"), "count", value));
    add_rules(p, "evaluated");
    html_raw(&p->t, "</p></details>\n");
    for (const cJSON *n = unjudged ? unjudged->child : NULL; n; n = n->next) {
        html_addf(&p->t, "<details><summary><b>%s</b> not judged: ", value_text(n, "count", value));
        html_addf(&p->t, "%s</summary><p class=\"rules\">", n->string);
        add_rules(p, n->string);
        html_raw(&p->t, "</p></details>\n");
    }
    if (tree_value(coverage, "withheld") > 0)
        html_addf(&p->t, "<p><b>%s</b> findings were withheld: the capture missed too much.</p>\n",
                  value_text(tree_get(coverage, "withheld"), "count", value));
    html_raw(&p->t, "</section>\n");
}

/* Addresses that the probe tried in vain before. */
static void add_tried(struct page *p, const cJSON *tried) {
    const cJSON *address;
    int n = 0;
    cJSON_ArrayForEach(address, tried) {
        const char *text = cJSON_GetStringValue(address);
        html_raw(&p->t, n++ ? ", " : "<p>No answer in time before that: ");
        html_addf(&p->t, "%s", text ? text : "");
    }
    if (n) html_raw(&p->t, "</p>\n");
}

void page_about(struct page *p) {
    char line[800];
    add_coverage(p);
    page_section(p, "quality", "", "pairs");
    page_open(p, "setup", "");
    page_pairs(p, "setup", "pairs long");
    if (families_line(p->report, line, sizeof line)) html_addf(&p->t, "<p>%s.</p>\n", line);
    html_raw(&p->t, "</section>\n");
    if (!tree_get(p->report, "probe")) return;
    page_open(p, "probe", "");
    page_pairs(p, "probe", "pairs");
    add_tried(p, tree_get(p->report, "probe.tried_before"));
    html_raw(&p->t, "</section>\n");
}
