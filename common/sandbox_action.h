#ifndef COMMON_SANDBOX_ACTION_H
#define COMMON_SANDBOX_ACTION_H
#include <seccomp.h>

/* What a call outside of a policy gets: death.  The variant `make V=log` lets it pass and has the
 * kernel write a record, so that one run of all tests shows every call that a policy forgot. */
#ifdef SANDBOX_LOG
#define SANDBOX_FORBIDDEN SCMP_ACT_LOG
#else
#define SANDBOX_FORBIDDEN SCMP_ACT_KILL_PROCESS
#endif

/* What it means that seccomp_init() gives no context: the kernel does not know that action. */
#define SANDBOX_NO_FILTERS (-ENOSYS)
#endif
