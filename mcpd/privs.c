/* mcpd parses what clients, workers and files say, so it holds nothing worth taking, also when a
 * person runs it as root.  It keeps the uid (capd's answer to "who asks" must stay true) and drops
 * every capability by the bare system call: linking a library for one call would be more code to
 * trust than the call.
 * Runs in: mcpd, its network child.  Input trust: none. */
#include "mcpd/privs.h"
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST_POSSIBLE 63 /* capability sets are 64 bits wide */

/* Works only with the right to do so; without it there is nothing to be gained by an exec either,
 * since no-new-privileges is set before one. */
void privs_drop_bounding(void) {
    for (unsigned long i = 0; i <= LAST_POSSIBLE; i++)
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static int drop_sets(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2], have[2];
    memset(none, 0, sizeof none);
    memset(have, 0xff, sizeof have);
    if (syscall(SYS_capset, &header, none) < 0) return -errno;
    if (syscall(SYS_capget, &header, have) < 0) return -errno;
    return memcmp(none, have, sizeof none) == 0 ? 0 : -EPERM;
}

int privs_drop(void) {
    privs_drop_bounding();
    int rc = drop_sets();
    if (rc) return rc;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
#ifndef TEST_BUILD /* sanitizers and coverage read /proc/self */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return -errno;
#endif
    return 0;
}
