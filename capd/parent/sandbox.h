#ifndef CAPD_PARENT_SANDBOX_H
#define CAPD_PARENT_SANDBOX_H
#include "common/err.h"
#include <stdbool.h>

/* The parent's system call filter: a list of what may be called, the rest kills.  Workers inherit
 * it and add their own narrower one, so it also holds what a worker needs to set itself up.
 * Needs no-new-privileges. */
bool parent_sandbox_enter(struct fail *fail);

/* Before it: no file but the kernel's own in /sys and /proc, for reading; workers deny themselves
 * these too.  *abi_out 0: the kernel has no Landlock, which is no failure. */
bool parent_landlock(unsigned *abi_out, struct fail *fail);
#endif
