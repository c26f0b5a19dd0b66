/* The three error idioms' shared pieces.  Runs in: any.  Input trust: none. */
#include "common/err.h"
#include "common/log.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Bool fail_set(struct fail *f, enum fail_code code, const char *field, const char *fmt, ...) {
    f->code = code;
    snprintf(f->field, sizeof f->field, "%s", field ? field : "");
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(f->why, sizeof f->why, fmt, ap);
    va_end(ap);
    return 0;
}

_Noreturn void assert_fail(const char *cond, const char *file, int line) {
    log_line("impossible: %s at %s:%d", cond, file, line);
    abort();
}
