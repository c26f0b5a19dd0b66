/* Shares and phases as bars.  Lengths are attributes of SVG, not styles, because the page's content
 * security policy allows no style but its own; the numbers stand beside the bars as text.
 * Runs in: mcpd.  Input trust: packets (numbers). */
#include "mcpd/report/page.h"
#include <stdio.h>
#include <string.h>

#define VISIBLE_LEAST  0.4 /* percent: a bar that would be thinner than a hair */
#define PROTOCOLS_MOST 12  /* rows; the rest are traces */

void chart_bar(struct page *p, double from, double width, const char *class) {
    if (width < VISIBLE_LEAST) width = VISIBLE_LEAST;
    if (from + width > 100) from = 100 - width;
    html_addf(&p->t,
              "<svg class=\"bar\" aria-hidden=\"true\"><rect x=\"%.1f%%\" width=\"%.1f%%\" "
              "height=\"100%%\" class=\"%s\"/></svg>",
              from, width, class);
}

/* ---- phases ---------------------------------------------------------------------------------- */

static void add_phase(struct page *p, const cJSON *entry, double samples, double from, double all) {
    char value[VALUE_BYTES] = "-";
    const cJSON *ms = tree_get(tree_get(p->report, "phases_ms"), entry_text(entry, 0));
    if (ms) value_text(ms, "ms", value);
    html_addf(&p->t, "<tr><th scope=\"row\">%s</th><td class=\"track\">", entry_text(entry, 1));
    if (ms) chart_bar(p, 100 * from / all, 100 * ms->valuedouble / all, entry_text(entry, 0));
    html_addf(&p->t, "</td><td class=\"n\">%s</td><td class=\"n dim\">", value);
    html_addf(&p->t, "%s</td></tr>\n", number_words(samples, "count", value));
}

void page_phases(struct page *p) {
    const cJSON *phases = tree_get(p->report, "phases_ms"), *entry;
    const cJSON *samples = tree_get(phases, "samples");
    double all = 0, from = 0;
    int i = 0;
    cJSON_ArrayForEach(entry, tree_get(p->words, "phases")) all +=
        tree_value(phases, entry_text(entry, 0));
    if (all <= 0) return;
    page_open(p, "phases", "");
    html_raw(&p->t, "<table class=\"bars\"><thead><tr><th scope=\"col\">Phase</th>"
                    "<th scope=\"col\"><span class=\"vh\">Share</span></th>"
                    "<th scope=\"col\" class=\"n\">Median</th>"
                    "<th scope=\"col\" class=\"n\">Times</th></tr></thead><tbody>\n");
    cJSON_ArrayForEach(entry, tree_get(p->words, "phases")) {
        const cJSON *n = cJSON_GetArrayItem(samples, i++);
        add_phase(p, entry, cJSON_IsNumber(n) ? n->valuedouble : 0, from, all);
        from += tree_value(phases, entry_text(entry, 0));
    }
    html_raw(&p->t, "</tbody></table></section>\n");
}

/* ---- connection attempts --------------------------------------------------------------------- */

void page_outcomes(struct page *p) {
    const cJSON *analysis = tree_get(p->report, "connection_analysis"), *entry;
    double attempted = tree_value(analysis, "attempted"), from = 0;
    char value[VALUE_BYTES];
    if (attempted <= 0) return;
    page_open(p, "outcomes", "");
    html_raw(&p->t, "<svg class=\"bar stack\" aria-hidden=\"true\">");
    cJSON_ArrayForEach(entry, tree_get(p->words, "outcomes")) {
        double n = 100 * tree_value(analysis, entry_text(entry, 0)) / attempted;
        if (n > 0)
            html_addf(&p->t, "<rect x=\"%.1f%%\" width=\"%.1f%%\" height=\"100%%\" class=\"%s\"/>",
                      from, n, entry_text(entry, 2));
        from += n;
    }
    html_raw(&p->t, "</svg>\n<ul class=\"legend\">");
    cJSON_ArrayForEach(entry, tree_get(p->words, "outcomes")) {
        double n = tree_value(analysis, entry_text(entry, 0));
        if (n > 0)
            html_addf(&p->t, "<li class=\"%s\"><b>%s</b> %s</li>", entry_text(entry, 2),
                      number_words(n, "count", value), entry_text(entry, 1));
    }
    html_raw(&p->t, "</ul>\n");
    page_pairs(p, "ended", "pairs");
    html_raw(&p->t, "</section>\n");
}

/* ---- protocols ------------------------------------------------------------------------------- */

void page_protocols(struct page *p) {
    static const char *const columns[] = {"Packets", "Volume"};
    const cJSON *list = tree_get(p->report, "protocols"), *one;
    char value[VALUE_BYTES];
    int n = 0;
    if (cJSON_GetArraySize(list) == 0) return;
    page_open(p, "protocols", "");
    html_raw(&p->t, "<table class=\"bars\"><thead><tr><th scope=\"col\">Protocol</th>"
                    "<th scope=\"col\"><span class=\"vh\">Share</span></th>"
                    "<th scope=\"col\" class=\"n\">Share</th>");
    for (int i = 0; i < 2; i++)
        html_addf(&p->t, "<th scope=\"col\" class=\"n\">%s</th>", columns[i]);
    html_raw(&p->t, "</tr></thead><tbody>\n");
    cJSON_ArrayForEach(one, list) {
        if (n++ == PROTOCOLS_MOST) break;
        html_addf(&p->t, "<tr><th scope=\"row\">%s</th><td class=\"track\">",
                  tree_text(one, "name"));
        chart_bar(p, 0, tree_value(one, "percent"), "share");
        html_addf(&p->t, "</td><td class=\"n\">%s</td>",
                  value_text(tree_get(one, "percent"), "percent", value));
        html_addf(&p->t, "<td class=\"n\">%s</td>",
                  value_text(tree_get(one, "packets"), "count", value));
        html_addf(&p->t, "<td class=\"n\">%s</td></tr>\n",
                  value_text(tree_get(one, "bytes"), "bytes", value));
    }
    html_raw(&p->t, "</tbody></table></section>\n");
}
