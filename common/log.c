/* Diagnostics go to stderr, one whole line per write, everything that could forge a second
 * line, colour it or turn it round escaped: lines quote what clients say.
 * Runs in: any but a sandboxed worker.  Input trust: clients (names in messages). */
#include "common/log.h"
#include "common/text.h"
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char *log_program = "packet-capture";
static bool never_wait;
static unsigned long lost;

void log_open(const char *program) {
    log_program = program;
}

void log_never_wait(void) {
    never_wait = true;
}

/* Is there room for a whole line?  A pipe is writable when it has room for a page. */
static bool has_room(void) {
    struct pollfd p = {STDERR_FILENO, POLLOUT, 0};
    return !never_wait || (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT));
}

static bool write_line(const char *line, size_t len) {
    return has_room() && write(STDERR_FILENO, line, len) == (ssize_t)len;
}

/* Those that nobody took, as soon as somebody takes lines again. */
static bool tell_lost(void) {
    char line[120];
    int n = snprintf(line, sizeof line,
                     "%s: %lu lines of the log were lost: standard error took none\n", log_program,
                     lost);
    if (lost == 0) return true;
    if (n < 0 || !write_line(line, (size_t)n)) return false;
    lost = 0;
    return true;
}

void log_line(const char *fmt, ...) {
    char raw[LOG_LINE_BYTES], line[LOG_LINE_BYTES];
    int used = snprintf(raw, sizeof raw, "%s: ", log_program);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(raw + used, sizeof raw - (size_t)used, fmt, ap);
    va_end(ap);
    if (n < 0) return;
    size_t len = text_clean_again(raw, line, sizeof line - 1);
    line[len++] = '\n';
    lost += !tell_lost() || !write_line(line, len);
}
