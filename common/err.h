#ifndef COMMON_ERR_H
#define COMMON_ERR_H
#include "common/limits.h"

/* Why an input was refused, so that the answer can name the argument (style: errors, class 1). */
enum fail_code {
    FAIL_NONE = 0,
    FAIL_MALFORMED,   /* not a well-formed message */
    FAIL_VERSION,     /* the other side speaks another protocol version */
    FAIL_VALUE,       /* a field has a value that is not allowed */
    FAIL_PERMISSION,  /* policy says no */
    FAIL_LIMIT,       /* a limit is reached */
    FAIL_NOT_FOUND,   /* no such capture, interface */
    FAIL_ENVIRONMENT, /* the system refused: capability, device, memory */
    FAIL_FILTER,      /* the filter expression */
    FAIL_SANDBOX,     /* the worker could not lock itself up */
    FAIL_CODES
};

struct fail {
    enum fail_code code;
    char field[32];               /* name of the field or argument, "" if none */
    char why[LIM_ERROR_TEXT + 1]; /* one sentence */
};

/* Fill `f` and return false, so that validators can `return fail_set(...)`. */
_Bool fail_set(struct fail *f, enum fail_code code, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Impossible states: one line, then abort.  On in release builds. */
#define ASSERT(cond) ((cond) ? (void)0 : assert_fail(#cond, __FILE__, __LINE__))
_Noreturn void assert_fail(const char *cond, const char *file, int line);
#endif
