#ifndef MCPD_CLI_CHECK_H
#define MCPD_CLI_CHECK_H
#include "mcpd/cli.h"

/* Inside of `mcpd check`: one line per fact on stdout. */
enum check_word {
    CHECK_OK,
    CHECK_NOTE,    /* worth knowing; nothing fails for it */
    CHECK_MISSING, /* something that is wanted does not work; the line says how to mend it */
};

void check_line(enum check_word word, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* What this process can find out alone: configuration (`fault` when it could not be read),
 * programs, folders, kernel.  True: a capture file can be analysed. */
bool check_local(const struct app *a, const struct cli *c, const struct fail *fault);
#endif
