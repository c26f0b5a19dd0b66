#ifndef MCPD_SANDBOX_H
#define MCPD_SANDBOX_H
#include "common/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How mcpd runs: a column of the policy in sandbox.c. */
enum sandbox_mode {
    SANDBOX_STDIO = 1,  /* MCP on standard input and output */
    SANDBOX_SERVE = 2,  /* MCP over sockets */
    SANDBOX_PEOPLE = 4, /* diagnose, analyze, interfaces, check, status, stop, report */
};

struct sandbox_wishes {
    enum sandbox_mode mode;
    const char *const *readable; /* folders with capture files that clients may name; serve: the
                                    token file, or its folder */
    size_t readable_n;
    uint64_t keep_bytes; /* of finished reports: the limit of memory lies above them */
};

/* Lock this process up, for good: limits, Landlock, system call filter; then prove that the filter
 * holds.  Call last: after the launcher, the settings, listening sockets, and privs_drop().  A
 * kernel without Landlock is no failure (sandbox_landlock_abi() tells), one without system call
 * filters is. */
bool sandbox_enter(const struct sandbox_wishes *w, struct fail *fail)
    __attribute__((warn_unused_result));

/* Of the Landlock in force; 0: none. */
unsigned sandbox_landlock_abi(void);
#endif
