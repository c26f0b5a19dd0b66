/* The rules the package ships, read once for all tests of a file. */
#ifndef TESTS_UNIT_WITH_RULES_H
#define TESTS_UNIT_WITH_RULES_H
#include "mcpd/report/report.h"
#include <stdio.h>

static struct rules *set;

static int read_rules(void **state) {
    struct fail f;
    (void)state;
    set = rules_new(NULL, &f);
    if (!set) fprintf(stderr, "%s\n", f.why);
    return set ? 0 : -1;
}

static int free_rules(void **state) {
    (void)state;
    rules_free(set);
    return 0;
}

#endif
