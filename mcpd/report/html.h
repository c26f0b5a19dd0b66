#ifndef MCPD_REPORT_HTML_H
#define MCPD_REPORT_HTML_H
#include "mcpd/report/text.h"

/* Writing of HTML.  Markup stands in format strings only; whatever comes in as an argument is text
 * and is escaped, so that no name from the wire can become markup, in content or in a quoted
 * attribute. */

/* Add markup of ours as it stands. */
void html_raw(struct text *t, const char *markup);

/* Add text: & < > " ' as references; control, bidirectional and invisible characters and bytes that
 * are no UTF-8 as \xNN or \u{NNNN}. */
void html_text(struct text *t, const char *text);

/* As printf with %s (escaped as html_text() does), %d, %u, %g, %.1f and %%; nothing else.  %g gives
 * 6 digits. */
void html_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
