#ifndef CAPD_WORKER_SANDBOX_H
#define CAPD_WORKER_SANDBOX_H
#include "common/err.h"
#include <stdbool.h>

/* The worker's walls.  Order: sandbox_landlock, drop_limits, sandbox_seccomp, sandbox_check. */

/* Landlock: no file, no TCP, no abstract socket or signal to others, as far as the kernel knows
 * them.  *abi_out 0: the kernel has no Landlock, which is reported but no failure.  Needs
 * no-new-privileges. */
bool sandbox_landlock(unsigned *abi_out, struct fail *fail);

/* The descriptors that the system call filter is bound to; -1: none.  `file` may only be read at an
 * offset: the capture file, or the interface's drop counter.  Their numbers are what the
 * kernel compares, so they must never be duplicated or closed afterwards. */
struct sandbox_fds {
    int ipc, packet, file;
};

/* Only the calls a running worker needs, each bound to its descriptor; the rest kills. */
bool sandbox_seccomp(const struct sandbox_fds *fds, struct fail *fail);

/* Prove that the filter is in force. */
bool sandbox_check(struct fail *fail);
#endif
