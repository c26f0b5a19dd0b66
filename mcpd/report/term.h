#ifndef MCPD_REPORT_TERM_H
#define MCPD_REPORT_TERM_H
#include "mcpd/report/text.h"

/* What the terminal's renderers share: texts fitted to 80 columns.  Widths are counted as a
 * terminal draws them: a Chinese character takes two columns, an accent that is put on top of a
 * letter none. */
#define TERM_COLUMNS 80u

/* Columns of the first `bytes` bytes of a UTF-8 text. */
size_t term_width(const char *s, size_t bytes);

/* Bytes of the longest beginning that takes at most `columns`; at least one character. */
size_t term_fitting(const char *s, size_t bytes, size_t columns);

/* How a text is shown: as it is, or with `ascii` all else as \u{...}, block characters of a
 * sparkline by marks of the same order.  Cut at a character if `cap` is too small. */
const char *term_shown(const struct text *t, const char *in, char *out, size_t cap);

/* Add words, breaking lines before column 80; `indent` spaces lead each line.  A number is not torn
 * from its unit; a word that is longer than a line is broken where the line ends. */
void term_wrap(struct text *t, size_t indent, const char *label, const char *text);

/* ANSI code for a severity, a status, "bold" or "off"; "" without colour. */
const char *term_paint(const struct text *t, const char *word);

/* 1234567 -> "1.2 MB". */
const char *term_bytes(double bytes, char out[32]);

/* render_tables.c: the worst rows of the report's lists. */
void term_tables(struct text *t, const cJSON *report);
#endif
