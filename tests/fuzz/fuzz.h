#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H
/* What the fuzz targets share: a claim that stays on whatever the build, and bytes of an exact
 * size, so that the sanitizer sees the first one too many. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLDS(cond) ((cond) ? (void)0 : fuzz_fail(#cond, __FILE__, __LINE__))

static inline _Noreturn void fuzz_fail(const char *cond, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, cond);
    __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy in a block of exactly `n` bytes; to be freed. */
static inline void *fuzz_copy(const void *bytes, size_t n) {
    void *copy = malloc(n ? n : 1);
    HOLDS(copy);
    if (n) memcpy(copy, bytes, n);
    return copy;
}

/* The same as a text: NUL after the last byte.  NULL if there is one before. */
static inline char *fuzz_text(const void *bytes, size_t n) {
    if (n && memchr(bytes, 0, n)) return NULL;
    char *copy = malloc(n + 1);
    HOLDS(copy);
    if (n) memcpy(copy, bytes, n);
    copy[n] = 0;
    return copy;
}
#endif
