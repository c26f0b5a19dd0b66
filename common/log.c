/* Diagnostics go to stderr, one whole line per write, control characters replaced, so that
 * nothing a client names can forge a second line in the journal.
 * Runs in: any but a sandboxed worker.  Input trust: clients (names in messages). */
#include "common/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *log_program = "packet-capture";

void log_open(const char *program) {
    log_program = program;
}

void log_line(const char *fmt, ...) {
    char line[1024];
    int used = snprintf(line, sizeof line, "%s: ", log_program);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line + used, sizeof line - (size_t)used - 1, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    size_t len = (size_t)used + (size_t)n;
    if (len > sizeof line - 2) len = sizeof line - 2;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) line[i] = '?';
    line[len++] = '\n';
    ssize_t done = write(STDERR_FILENO, line, len);
    (void)done; /* nowhere left to complain */
}
