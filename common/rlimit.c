/* One way to lower a limit, for every process that locks itself up.
 * Runs in: any.  Input trust: none. */
#include "common/rlimit.h"
#include <errno.h>

int rlimit_lower(__rlimit_resource_t what, rlim_t to) {
    struct rlimit r;
    if (getrlimit(what, &r) != 0) return -errno;
    if (r.rlim_max < to) to = r.rlim_max;
    r = (struct rlimit){to, to};
    return setrlimit(what, &r) == 0 ? 0 : -errno;
}
