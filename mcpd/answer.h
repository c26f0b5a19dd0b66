#ifndef MCPD_ANSWER_H
#define MCPD_ANSWER_H
#include "mcpd/app.h"

/* A capture as an answer: the report tree, and beside it what only mcpd itself knows (the probe it
 * made, what became of the look-up). */

/* The whole report; NULL only without memory. */
cJSON *answer_full(const struct app *a, const struct capture *c);

/* One section within max_tokens, the additions included.  NULL: `fail`. */
cJSON *answer_section(const struct app *a, const struct capture *c, const char *section,
                      const char *cursor, unsigned max_tokens, struct fail *fail);

/* State and counts so far. */
cJSON *answer_status(const struct app *a, const struct capture *c);

/* The text block of one of these trees with the probe's line below it; both within max_tokens / 2.
 * malloc'd, NULL without memory. */
char *answer_report_text(const cJSON *tree, unsigned max_tokens);

/* "2026-11-23T10:00:00.000Z" */
#define ANSWER_TIME_BYTES 32
const char *answer_time(uint64_t wall_us, char out[ANSWER_TIME_BYTES]);
#endif
