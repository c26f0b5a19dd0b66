#ifndef CAPD_WORKER_DROP_H
#define CAPD_WORKER_DROP_H
#include "common/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Give up what a worker was forked with.  All: false fills `fail` and the worker must end. */

/* Keep only ipc_fd and file_fd (-1: none), moved to 3 and 4; 0, 1 and 2 become /dev/null (libpcap
 * prints to stderr, and a stderr that is a file would kill by SIGXFSZ later).  Resets signals but
 * SIGPIPE, which stays ignored.  The worker dies with `parent_pid`. */
bool drop_inherited(int *ipc_fd, int *file_fd, int parent_pid, struct fail *fail);

/* Make CAP_NET_RAW effective, for opening the interface. */
bool drop_raise_net_raw(struct fail *fail);

/* Give up every capability, check that none is left and that a packet socket is refused now. */
bool drop_capabilities(struct fail *fail);

/* Capabilities left, one bit each (0 after drop_capabilities). */
uint64_t drop_capabilities_left(void);

/* At most 32 MiB more address space than now.  Before Landlock: it reads /proc. */
bool drop_address_space(struct fail *fail);

/* No cores, children or files; at most `polled_fds` descriptors (those there are stay). */
bool drop_limits(unsigned polled_fds, struct fail *fail);
#endif
