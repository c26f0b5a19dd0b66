#ifndef MCPD_REPORT_REPORT_H
#define MCPD_REPORT_REPORT_H
#include "mcpd/capture/snapshot.h"
#include <cjson/cJSON.h>

/* From a capture to an answer: derive -> rules -> findings -> verdict -> report tree -> renderers.
 * Pure: no sockets, no files, no clock. */

struct rules; /* the compiled rule set */

/* Compile rules.json (the built-in text when `json` is NULL).  NULL: `fail` says where. */
struct rules *rules_new(const char *json, struct fail *fail);
void rules_free(struct rules *r);

/* The rules in force with the reason of every threshold, without their sentences: JSON text,
 * malloc'd, NULL without memory. */
char *rules_active(const struct rules *r);

/* The whole report (contract section 4) as a tree, without any budget: `--json`.  Owned by the
 * caller; NULL only without memory. */
cJSON *report_full(const struct rules *r, const struct capture_view *v);

/* One section of it within `max_tokens` (600..8000; tokens are UTF-8 bytes / 3): section is one of
 * report_sections[].  `cursor` NULL or "" for the beginning, else a next_cursor of the same
 * section.  NULL: `fail` (unknown section, bad cursor). */
extern const char *const report_sections[]; /* NULL-terminated */
cJSON *report_section(const struct rules *r, const struct capture_view *v, const char *section,
                      const char *cursor, unsigned max_tokens, struct fail *fail);

/* The Markdown text block of a section or summary, within max_tokens / 2.  `report` is the full or
 * section tree.  malloc'd. */
char *report_text(const cJSON *report, unsigned max_tokens);

/* How many rows (of a timeline: buckets, of problems: findings) of a section tree that text shows.
 */
uint32_t report_text_rows(const cJSON *report, unsigned max_tokens);

/* For a terminal: 80 columns, optional ANSI colour, with `ascii` nothing but ASCII, no budget.
 * `report` is report_full's, with what answer_full() adds.  malloc'd. */
char *report_terminal(const cJSON *report, bool colour, bool ascii);

/* A page for people: one self-contained HTML file, of report_full's tree with what answer_full()
 * adds; byte for byte the same for the same report.  malloc'd; NULL only without memory. */
char *report_html(const cJSON *report);

/* Spreadsheet tables (RFC 4180) of the same tree: one line per connection of the table, one line
 * per bucket of the timeline.  malloc'd; NULL only without memory. */
char *report_csv_connections(const cJSON *report);
char *report_csv_timeline(const cJSON *report);

/* The MCP App, ui://packet-capture/report.html: one page for all captures, which gets its data from
 * its host.  Static, NUL-terminated; length without the NUL. */
const char *report_app_html(size_t *len_out);

/* Status of a running capture: state, counts so far, problems so far (tool get_capture_status). */
cJSON *report_status(const struct rules *r, const struct capture_view *v);

/* How many findings are more than notes, as the verdict counts them. */
uint32_t report_problems(const struct rules *r, const struct capture_view *v);

/* True when the verdict's status is `healthy` (exit code 0). */
bool report_is_healthy(const cJSON *report);
#endif
