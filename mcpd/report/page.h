#ifndef MCPD_REPORT_PAGE_H
#define MCPD_REPORT_PAGE_H
#include "mcpd/report/html.h"

/* What the parts of the page for people share.  The words, and which numbers and columns are shown
 * under which, are data (page/words.json), since the MCP App says the same in a browser. */
struct page {
    struct text t;
    const cJSON *report;
    const cJSON *words;
};

/* ---- page_words.c -------------------------------------------------------------------------- */

/* page/words.json; the caller deletes it.  NULL: no memory. */
cJSON *words_tree(void);
/* Word `index` of an entry such as ["dns", "Name look-up"]; "" if there is none. */
const char *entry_text(const cJSON *entry, int index);
/* A title or a hint of page/words.json by path: "titles.problems". */
const char *page_word(const struct page *p, const char *path);

#define VALUE_BYTES 4096u
/* A value as people read it.  kind: text, word (underscores are spaces), count (12,345), bytes
 * (1.2 MB), bps (3.0 Mbit/s), rate (12/s), ms, s, percent, number and status (as they are),
 * time (to the second), target ("*" is all traffic) and vantage (nothing when unknown).
 * "": null or no value. */
const char *value_text(const cJSON *value, const char *kind, char out[VALUE_BYTES]);
/* The same of a number. */
const char *number_words(double number, const char *kind, char out[VALUE_BYTES]);
/* Is it a word or an HTTP status that tells of a failure? */
bool value_is_bad(const struct page *p, const cJSON *value, const char *kind);
/* "failed_percent" -> words "failed", and the kind its ending means. */
const char *key_words(const char *key, char words[64]);
double tree_value(const cJSON *tree, const char *path); /* 0: none */

/* ---- page_charts.c: SVG that scales with the page ------------------------------------------- */

/* A bar from `from` to `from + width`, in percent of the whole. */
void chart_bar(struct page *p, double from, double width, const char *class);
void page_phases(struct page *p);
void page_outcomes(struct page *p);
void page_protocols(struct page *p);

/* page_time.c: everything that has a time axis. */
void page_time(struct page *p);

/* page_problems.c */
void page_problems(struct page *p);
/* Begin a section (`class` "" or "wide") with its title and its hint of page/words.json. */
void page_open(struct page *p, const char *id, const char *class);
/* Whom a finding blames, in words. */
const char *blame_words(const struct page *p, const char *blame);
/* Pairs of term and value, of the entries of words.json `list` that have a value. */
void page_pairs(struct page *p, const char *list, const char *class);

/* A section of nothing but such pairs; left out when there are none. */
void page_section(struct page *p, const char *list, const char *section_class,
                  const char *pairs_class);

/* page_lists.c: the tables. */
void page_lists(struct page *p);
/* page_about.c: what was checked, how good the capture was, how it was made. */
void page_about(struct page *p);
#endif
