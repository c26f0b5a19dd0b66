/* No program can be started, no file written, none read but the kernel's own, no connection made
 * once this is in force. Runs in: parent.  Input trust: none. */
#include "capd/parent/sandbox.h"
#include "common/landlock.h"
#include "common/sandbox_action.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The loop; memory, time and end; then what starting, ending and setting up a worker needs. */
static const int calls[] = {SCMP_SYS(read),
                            SCMP_SYS(write),
                            SCMP_SYS(writev),
                            SCMP_SYS(close),
                            SCMP_SYS(poll),
                            SCMP_SYS(ppoll),
                            SCMP_SYS(accept4),
                            SCMP_SYS(recvmsg),
                            SCMP_SYS(recvfrom),
                            SCMP_SYS(sendto),
                            SCMP_SYS(sendmsg),
                            SCMP_SYS(fcntl),
                            SCMP_SYS(shutdown),
                            SCMP_SYS(getsockopt),
                            SCMP_SYS(brk),
                            SCMP_SYS(munmap),
                            SCMP_SYS(mremap),
                            SCMP_SYS(madvise),
                            SCMP_SYS(clock_gettime),
                            SCMP_SYS(getrandom),
                            SCMP_SYS(restart_syscall),
                            SCMP_SYS(rt_sigreturn),
                            SCMP_SYS(rt_sigprocmask),
                            SCMP_SYS(rt_sigaction),
                            SCMP_SYS(exit_group),
                            SCMP_SYS(futex),
                            SCMP_SYS(getpid),
                            SCMP_SYS(getppid),
                            SCMP_SYS(gettid),
                            SCMP_SYS(tgkill),
                            SCMP_SYS(getuid),
                            SCMP_SYS(geteuid),
                            SCMP_SYS(getgid),
                            SCMP_SYS(getegid),
                            SCMP_SYS(set_robust_list),
                            SCMP_SYS(rseq),
                            SCMP_SYS(wait4),
                            SCMP_SYS(kill),
                            SCMP_SYS(socketpair),
                            SCMP_SYS(close_range),
                            SCMP_SYS(dup),
                            SCMP_SYS(dup2),
                            SCMP_SYS(dup3),
                            SCMP_SYS(bind),
                            SCMP_SYS(getsockname),
                            SCMP_SYS(setsockopt),
                            SCMP_SYS(eventfd2),
                            SCMP_SYS(uname),
                            SCMP_SYS(newfstatat),
                            SCMP_SYS(fstat),
                            SCMP_SYS(stat),
                            SCMP_SYS(lstat),
                            SCMP_SYS(statx),
                            SCMP_SYS(access),
                            SCMP_SYS(faccessat),
                            SCMP_SYS(readlink),
                            SCMP_SYS(readlinkat),
                            SCMP_SYS(getdents64),
                            SCMP_SYS(lseek),
                            SCMP_SYS(pread64),
                            SCMP_SYS(prctl),
                            SCMP_SYS(capget),
                            SCMP_SYS(capset),
                            SCMP_SYS(prlimit64),
                            SCMP_SYS(setrlimit),
                            SCMP_SYS(seccomp),
                            SCMP_SYS(landlock_create_ruleset),
                            SCMP_SYS(landlock_restrict_self)};

/* Calls of which only some forms are harmless. */
static int add_conditional(scmp_filter_ctx ctx) {
    static const int families[] = {AF_UNIX, AF_PACKET};
    static const int netlinks[] = {NETLINK_ROUTE, NETLINK_GENERIC}; /* interfaces; their Wi-Fi */
    const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID |
                                CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;
    static const uint32_t requests[] = {0x8900, 0x8b00}; /* SIOC..., and those of wireless */
    const struct scmp_arg_cmp no_exec = SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
    int error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec);
    if (!error) error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
    if (!error)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                 SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
    if (!error)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
                                 SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
    for (size_t i = 0; !error && i < sizeof families / sizeof families[0]; i++)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                 SCMP_CMP64(0, SCMP_CMP_EQ, (uint64_t)families[i], 0));
    for (size_t i = 0; !error && i < sizeof netlinks / sizeof netlinks[0]; i++)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                                 SCMP_CMP64(0, SCMP_CMP_EQ, AF_NETLINK, 0),
                                 SCMP_CMP64(2, SCMP_CMP_EQ, (uint64_t)netlinks[i], 0));
    /* A worker lives in the parent's namespaces: in one of its own it would be root. */
    if (!error)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                 SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, namespaces, 0));
    /* The kernel looks at the lower half of the request only.  Not those of terminals, by which
     * what is typed there could be forged. */
    for (size_t i = 0; !error && i < sizeof requests / sizeof requests[0]; i++)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                 SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, 0xffffff00, requests[i]));
    /* fork() falls back to clone; connect() an error, since libc may probe with it in a worker. */
    if (!error) error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (!error) error = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(connect), 0);
    return error;
}

/* What interfaces_read() and, in a worker, libpcap look up: names, states, routes. */
static const char *const readable[] = {"/sys", "/proc"};

bool parent_landlock(unsigned *abi_out, struct fail *fail) {
    int rc = landlock_enter(&(struct landlock_keep){readable, 2, false}, abi_out);
    return rc == 0 ||
           fail_set(fail, FAIL_SANDBOX, "", "Landlock could not be entered: %s", strerror(-rc));
}

bool parent_sandbox_enter(struct fail *fail) {
    scmp_filter_ctx ctx = seccomp_init(SANDBOX_FORBIDDEN);
    int error = ctx ? 0 : SANDBOX_NO_FILTERS;
    for (size_t i = 0; !error && i < sizeof calls / sizeof calls[0]; i++)
        error = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
    if (!error) error = add_conditional(ctx);
    if (!error) error = seccomp_load(ctx);
    if (ctx) seccomp_release(ctx);
    if (!error) return true;
    return fail_set(fail, FAIL_SANDBOX, "", "the system call filter could not be installed: %s",
                    strerror(-error));
}
