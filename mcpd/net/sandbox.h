#ifndef MCPD_NET_SANDBOX_H
#define MCPD_NET_SANDBOX_H
#include "common/err.h"
#include <stdbool.h>

/* The network child's own walls: its system call filter, limits, and Landlock with the system's
 * configuration and libraries to read.  False: `fail`, and it must not serve. */
bool net_sandbox_enter(struct fail *fail) __attribute__((warn_unused_result));

/* In a grandchild that is about to hear other hosts: from now on only the files that name look-ups
 * and TLS need, as they are at this moment.  False: it must end. */
bool net_sandbox_narrow(void) __attribute__((warn_unused_result));

/* Of the Landlock in force; 0: none. */
unsigned net_sandbox_landlock_abi(void);
#endif
