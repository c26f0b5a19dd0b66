/* Diagnostics go to stderr, one whole line per write, everything that could forge a second
 * line, colour it or turn it round escaped: lines quote what clients say.
 * Runs in: any but a sandboxed worker.  Input trust: clients (names in messages). */
#include "common/log.h"
#include "common/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *log_program = "packet-capture";

void log_open(const char *program) {
    log_program = program;
}

void log_line(const char *fmt, ...) {
    char raw[1024], line[1024];
    int used = snprintf(raw, sizeof raw, "%s: ", log_program);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(raw + used, sizeof raw - (size_t)used, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    size_t len = text_clean_again(raw, line, sizeof line - 1);
    line[len++] = '\n';
    ssize_t done = write(STDERR_FILENO, line, len);
    (void)done; /* nowhere left to complain */
}
