#ifndef MCPD_REPORT_TEXT_H
#define MCPD_REPORT_TEXT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

/* Growing text with an upper bound, and reading of report trees, for the renderers. */
struct text {
    char *bytes; /* NUL-terminated once anything was added; NULL without memory */
    size_t used, cap, most;
    bool failed;        /* no memory */
    bool colour, ascii; /* for a terminal: ANSI codes; nothing but ASCII */
};

/* Add, all of it or nothing; false: it does not fit `most` any more. */
bool text_add(struct text *t, const char *piece);
bool text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Take back all that was added after the first `used` bytes. */
void text_cut(struct text *t, size_t used);

/* Members by path "verdict.status"; never NULL: "" if there is no such text. */
const char *tree_text(const cJSON *tree, const char *path);
const cJSON *tree_get(const cJSON *tree, const char *path);
/* A number as it stands in the JSON, "" if there is none. */
const char *tree_number(const cJSON *tree, const char *path, char out[32]);

/* Copy with Markdown's special characters escaped, for texts from the wire and of the caller. */
void markdown_escape(const char *in, char *out, size_t cap);

/* "closed_ms 120, times 3" of an evidence object; texts escaped when `markdown`. */
void evidence_line(const cJSON *evidence, bool markdown, char *out, size_t cap);

/* "connections 10: 7 established, 1 refused" */
void connections_line(const cJSON *report, char *out, size_t cap);

/* What was checked, and what could not be. */
void coverage_line(const cJSON *report, char *out, size_t cap);

/* From when on the capture saw less, why, and what; false: it saw all the time the same. */
bool narrowed_line(const cJSON *report, char *out, size_t cap);

/* How many attempts succeeded over IPv4 and IPv6; false: not both were tried. */
bool families_line(const cJSON *report, char *out, size_t cap);
#endif
