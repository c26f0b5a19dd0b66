#ifndef TESTS_SANDBOX_TAP_H
#define TESTS_SANDBOX_TAP_H
#include <stdbool.h>
#include <stdio.h>

/* The few lines of TAP that these programs print. */
static int tap_count, tap_failed;

static inline void tap_ok(bool ok, const char *name) {
    printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_count, name);
    tap_failed += !ok;
    fflush(stdout);
}

static inline void tap_skip(const char *name, const char *why) {
    printf("ok %d - %s # SKIP %s\n", ++tap_count, name, why);
}

static inline int tap_end(void) {
    printf("1..%d\n", tap_count);
    return tap_failed != 0;
}
#endif
