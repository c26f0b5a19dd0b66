/* A worker starts as a copy of its parent, which may raise CAP_NET_RAW and holds other people's
 * connections.  Here it loses them.  The descriptors get fixed numbers because seccomp compares
 * numbers, never what is behind them.
 * Runs in: worker.  Input trust: none. */
#include "capd/worker/drop.h"
#include "common/rlimit.h"
#include <errno.h>
#include <linux/if_ether.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define IPC_AT               3
#define FILE_AT              4
#define ADDRESS_SPACE_MARGIN (32ull << 20) /* pcap_compile and msgpack-c allocate a little */

static bool refuse(struct fail *fail, const char *what) {
    return fail_set(fail, FAIL_SANDBOX, "", "the capture worker could not %s: %s", what,
                    strerror(errno));
}

static bool move_fd(int *fd, int to) {
    if (*fd == to) return true;
    if (dup2(*fd, to) != to) return false;
    *fd = to;
    return true;
}

/* A terminal and a service manager send their signals to all processes of capd: when a capture ends
 * is the parent's to say. */
static bool is_ignored(int sig) {
    return sig == SIGPIPE || sig == SIGINT || sig == SIGTERM || sig == SIGHUP;
}

bool drop_inherited(int *ipc_fd, int *file_fd, int parent_pid, struct fail *fail) {
    for (int sig = 1; sig < NSIG; sig++)
        if (sig != SIGKILL && sig != SIGSTOP) signal(sig, is_ignored(sig) ? SIG_IGN : SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) return refuse(fail, "unblock signals");
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return refuse(fail, "tie itself to its parent");
    if (getppid() != parent_pid) _exit(0);
    /* The file first goes out of the way of the two fixed numbers. */
    if (*file_fd == IPC_AT && (*file_fd = dup(*file_fd)) < 0) return refuse(fail, "move its file");
    if (!move_fd(ipc_fd, IPC_AT)) return refuse(fail, "move its socket");
    if (*file_fd >= 0 && !move_fd(file_fd, FILE_AT)) return refuse(fail, "move its file");
    if (dup2(0, 1) < 0 || dup2(0, 2) < 0) return refuse(fail, "redirect its output");
    if (close_range(*file_fd >= 0 ? FILE_AT + 1 : IPC_AT + 1, ~0u, 0) != 0)
        return refuse(fail, "close what it inherited");
    return true;
}

static bool set_capabilities(const char *text) {
    cap_t caps = cap_from_text(text);
    if (!caps) return false;
    int result = cap_set_proc(caps);
    cap_free(caps);
    return result == 0;
}

bool drop_raise_net_raw(struct fail *fail) {
    if (set_capabilities("cap_net_raw=ep")) return true;
    return fail_set(fail, FAIL_ENVIRONMENT, "",
                    "the capture worker could not raise CAP_NET_RAW: %s", strerror(errno));
}

uint64_t drop_capabilities_left(void) {
    static const cap_flag_t sets[] = {CAP_EFFECTIVE, CAP_PERMITTED, CAP_INHERITABLE};
    uint64_t left = 0;
    cap_t caps = cap_get_proc();
    if (!caps) return UINT64_MAX;
    for (cap_value_t c = 0; c < 64; c++)
        for (unsigned i = 0; i < sizeof sets / sizeof sets[0]; i++) {
            cap_flag_value_t on;
            if (cap_get_flag(caps, c, sets[i], &on) == 0 && on == CAP_SET) left |= 1ull << c;
        }
    cap_free(caps);
    return left;
}

bool drop_capabilities(struct fail *fail) {
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return refuse(fail, "clear ambient capabilities");
    if (!set_capabilities("=")) return refuse(fail, "drop its capabilities");
    if (drop_capabilities_left() != 0)
        return fail_set(fail, FAIL_SANDBOX, "", "the capture worker still holds capabilities");
    int fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd >= 0 || errno != EPERM)
        return fail_set(fail, FAIL_SANDBOX, "",
                        "the capture worker can still open packet sockets after dropping");
    return true;
}

bool drop_address_space(struct fail *fail) {
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    bool ok = f && fscanf(f, "%llu", &pages) == 1;
    if (f) fclose(f);
    ok = ok &&
         rlimit_lower(RLIMIT_AS, pages * (rlim_t)sysconf(_SC_PAGESIZE) + ADDRESS_SPACE_MARGIN) == 0;
    return ok || refuse(fail, "limit its address space");
}

bool drop_limits(unsigned polled_fds, struct fail *fail) {
    if (rlimit_lower(RLIMIT_CORE, 0) == 0 && rlimit_lower(RLIMIT_NPROC, 0) == 0 &&
        rlimit_lower(RLIMIT_FSIZE, 0) == 0 && rlimit_lower(RLIMIT_NOFILE, polled_fds) == 0)
        return true;
    return refuse(fail, "limit itself");
}
