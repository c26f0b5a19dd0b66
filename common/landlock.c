/* Landlock by bare system calls and numbers: the header of Debian 12 stops at ABI 2, its C library
 * has no wrappers, and kernels run from none to ABI 7 and beyond.  A kernel refuses bits it does
 * not know, so what is asked for follows the version it reports. Runs in: worker, mcpd, network
 * child.  Input trust: none. */
#include "common/landlock.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

struct landlock_attr {
    uint64_t fs, net, scoped;
};

#define QUERY_VERSION   1u
#define FS_ABI1         ((1ull << 13) - 1) /* execute .. make_sym */
#define FS_REFER        (1ull << 13)       /* ABI 2 */
#define FS_TRUNCATE     (1ull << 14)       /* ABI 3 */
#define FS_IOCTL        (1ull << 15)       /* ABI 5 */
#define NET_BIND        1ull               /* ABI 4 */
#define NET_CONNECT     2ull
#define SCOPE_ALL       3ull /* ABI 6: abstract sockets, signals */
#define ATTR_BYTES(abi) ((abi) >= 6 ? 24u : (abi) >= 4 ? 16u : 8u)

unsigned landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, QUERY_VERSION);
    return abi < 1 ? 0 : abi > 64 ? 64 : (unsigned)abi; /* 64: what the wire protocol can tell */
}

static int allow_reading(int ruleset, const char *path) {
    struct landlock_path_beneath_attr rule = {LANDLOCK_ACCESS_FS_READ_FILE,
                                              open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent_fd < 0) return 0;
    int rc =
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ? -errno : 0;
    close(rule.parent_fd);
    return rc;
}

int landlock_enter(const struct landlock_keep *keep, unsigned *abi_out) {
    unsigned abi = landlock_abi();
    *abi_out = abi;
    if (abi == 0) return 0;
    uint64_t net = keep->connect_tcp ? NET_BIND : NET_BIND | NET_CONNECT;
    struct landlock_attr attr = {FS_ABI1 | (abi >= 2 ? FS_REFER : 0) |
                                     (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL : 0),
                                 abi >= 4 ? net : 0, abi >= 6 ? SCOPE_ALL : 0};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, ATTR_BYTES(abi), 0);
    if (ruleset < 0) return -errno;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < keep->readable_n; i++)
        rc = allow_reading(ruleset, keep->readable[i]);
    if (rc == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) rc = -errno;
    close(ruleset);
    return rc;
}
