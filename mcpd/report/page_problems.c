/* What is wrong: each finding as a card, with the numbers that prove it and what to do next.
 * Runs in: mcpd.  Input trust: packets (the name in its own field, and evidence). */
#include "mcpd/report/page.h"
#include <stdio.h>
#include <string.h>

#define OPEN_MOST 10 /* cards that stand open; of a scanned network there may be hundreds */

static void add_pair(struct page *p, const char *term, const char *value) {
    html_addf(&p->t, "<div><dt>%s</dt><dd>%s</dd></div>", term, value);
}

void page_open(struct page *p, const char *id, const char *class) {
    char path[32];
    snprintf(path, sizeof path, "titles.%s", id);
    html_addf(&p->t, "<section id=\"%s\"", id);
    if (class[0]) html_addf(&p->t, " class=\"%s\"", class);
    html_addf(&p->t, "><h2>%s</h2>\n", page_word(p, path));
    snprintf(path, sizeof path, "hints.%s", id);
    if (page_word(p, path)[0]) html_addf(&p->t, "<p class=\"hint\">%s</p>\n", page_word(p, path));
}

void page_pairs(struct page *p, const char *list, const char *class) {
    const cJSON *entry;
    char value[VALUE_BYTES];
    int n = 0;
    cJSON_ArrayForEach(entry, tree_get(p->words, list)) {
        value_text(tree_get(p->report, entry_text(entry, 0)), entry_text(entry, 2), value);
        bool zero = strcmp(value, "0") == 0 || strcmp(value, "0 %") == 0;
        if (!value[0] || (zero && strcmp(entry_text(entry, 3), "zero") != 0)) continue;
        if (n++ == 0) html_addf(&p->t, "<dl class=\"%s\">", class);
        add_pair(p, entry_text(entry, 1), value);
    }
    if (n) html_raw(&p->t, "</dl>\n");
}

void page_section(struct page *p, const char *list, const char *section_class,
                  const char *pairs_class) {
    size_t before = p->t.used;
    page_open(p, list, section_class);
    size_t opened = p->t.used;
    page_pairs(p, list, pairs_class);
    if (p->t.used > opened)
        html_raw(&p->t, "</section>\n");
    else
        text_cut(&p->t, before);
}

/* "192.0.2.1 3, 192.0.2.2 0": a number for each of several addresses. */
static void several(const cJSON *values, const char *kind, char out[VALUE_BYTES]) {
    char one[VALUE_BYTES];
    size_t used = 0;
    out[0] = 0;
    for (const cJSON *v = values->child; v && used < VALUE_BYTES - 1; v = v->next) {
        value_text(v, kind, one);
        int n = snprintf(out + used, VALUE_BYTES - used, "%s%s %s", used ? ", " : "",
                         v->string ? v->string : "", one);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void add_numbers(struct page *p, const cJSON *numbers, const char *class) {
    char words[64], value[VALUE_BYTES];
    if (!numbers || !numbers->child) return;
    html_addf(&p->t, "<dl class=\"%s\">", class);
    for (const cJSON *e = numbers->child; e; e = e->next) {
        const char *kind = key_words(e->string, words);
        if (cJSON_IsObject(e))
            several(e, kind, value);
        else
            value_text(e, kind, value);
        add_pair(p, words, value);
    }
    html_raw(&p->t, "</dl>");
}

/* "192 times, between 0 s and 2.95 s" */
static void add_seen(struct page *p, const cJSON *f) {
    char value[VALUE_BYTES];
    double count = tree_value(f, "count"), first = tree_value(f, "first_s"),
           last = tree_value(f, "last_s");
    if (count > 0)
        html_addf(&p->t, " <span>%s %s time%s", page_word(p, "titles.seen"),
                  number_words(count, "count", value), count == 1 ? "" : "s");
    if (count > 0 && tree_get(f, "first_s"))
        html_addf(&p->t, first == last ? ", at %g s" : ", between %g s and %g s", first, last);
    if (count > 0) html_raw(&p->t, "</span>");
}

const char *blame_words(const struct page *p, const char *blame) {
    char path[48];
    snprintf(path, sizeof path, "blame.%.40s", blame);
    const char *words = page_word(p, path);
    return words[0] ? words : blame;
}

static void add_blame(struct page *p, const cJSON *f) {
    html_addf(&p->t, "<span>%s %s (%s)</span> <span>Symptom: %s</span>",
              page_word(p, "titles.blame"), blame_words(p, tree_text(f, "blame")),
              tree_text(f, "blame_confidence"), tree_text(f, "confidence"));
}

static void add_card(struct page *p, const cJSON *f) {
    char path[32], subject[VALUE_BYTES];
    snprintf(path, sizeof path, "severity.%.20s", tree_text(f, "severity"));
    html_addf(&p->t,
              "<article class=\"card %s\"><header><span class=\"chip\">%s</span> <h3>%s</h3> "
              "<code>%s</code></header>\n",
              tree_text(f, "severity"), page_word(p, path),
              value_text(tree_get(f, "subject"), "target", subject), tree_text(f, "id"));
    if (tree_text(f, "name")[0])
        html_addf(&p->t, "<p class=\"name\">%s: <bdi>%s</bdi></p>\n", page_word(p, "titles.name"),
                  tree_text(f, "name"));
    html_addf(&p->t, "<div class=\"both\"><div><p>%s</p>\n", tree_text(f, "explanation"));
    if (tree_text(f, "next_step")[0])
        html_addf(&p->t, "<p class=\"next\"><b>%s</b> %s</p>\n", page_word(p, "titles.next"),
                  tree_text(f, "next_step"));
    html_raw(&p->t, "<p class=\"meta\">");
    add_blame(p, f);
    add_seen(p, f);
    html_raw(&p->t, "</p></div>\n<div>");
    add_numbers(p, tree_get(f, "evidence"), "evidence");
    if (tree_get(f, "threshold")) {
        html_addf(&p->t, "<details><summary>%s</summary>", page_word(p, "titles.limits"));
        add_numbers(p, tree_get(f, "threshold"), "evidence");
        html_raw(&p->t, "</details>");
    }
    html_raw(&p->t, "</div></div></article>\n");
}

/* Those that are notes, or those that are not. */
static int add_cards(struct page *p, bool notes) {
    const cJSON *f;
    int n = 0;
    cJSON_ArrayForEach(f, tree_get(p->report, "problems_detected")) {
        if ((strcmp(tree_text(f, "severity"), "info") == 0) != notes) continue;
        if (n == 0 && notes)
            html_addf(&p->t, "<section id=\"notes\"><h2>%s</h2>\n", page_word(p, "titles.notes"));
        if (n++ == OPEN_MOST)
            html_raw(&p->t, "<details class=\"more\"><summary>All the others</summary>\n");
        add_card(p, f);
    }
    if (n > OPEN_MOST) html_raw(&p->t, "</details>\n");
    return n;
}

/* What the lack of problems means. */
static void add_none(struct page *p) {
    bool failed = strcmp(tree_text(p->report, "state"), "failed") == 0;
    bool pending = strcmp(tree_text(p->report, "verdict.status"), "pending") == 0;
    html_addf(&p->t, "<p class=\"hint\">%s%s%s</p>\n",
              page_word(p, pending  ? "titles.none_yet"
                           : failed ? "titles.none_failed"
                                    : "titles.none"),
              failed ? " " : "", failed ? tree_text(p->report, "ended_why") : "");
}

void page_problems(struct page *p) {
    html_addf(&p->t, "<section id=\"problems\"><h2>%s</h2>\n", page_word(p, "titles.problems"));
    if (add_cards(p, false) == 0) add_none(p);
    html_raw(&p->t, "</section>\n");
    if (add_cards(p, true)) html_raw(&p->t, "</section>\n");
}
