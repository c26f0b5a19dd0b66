/* What is left to the network child, which hears resolvers and servers: sockets of the internet
 * families, the files that name look-ups and TLS read, memory and time.  No program, no file
 * written, no packet socket, no server on TCP.
 *
 * Which calls a look-up makes is up to the modules that nsswitch.conf names (systemd-resolved,
 * multicast DNS, directories), which are code of this machine, not ours.  So a call that the policy
 * does not know gets an error instead of death: it is denied all the same, and a look-up that could
 * do without it goes on.  Death is for what none of them has a reason to try.
 * Runs in: network child.  Input trust: none. */
#include "mcpd/net/sandbox.h"
#include "common/landlock.h"
#include "common/rlimit.h"
#include "common/sandbox_action.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OPEN_FILES  128u
#define SOCKET_KIND 0xfu            /* of a socket's type; the rest are flags */
#define MEMORY      (1024ull << 20) /* address space: a thread's stack and arena each take some */

#ifdef SANDBOX_LOG
#define UNKNOWN SCMP_ACT_LOG
#else
#define UNKNOWN SCMP_ACT_ERRNO(EPERM)
#endif

/* ---- files ----------------------------------------------------------------------------------- */

/* Of the whole process.  Folders, because a file that is replaced while it serves (resolv.conf at
 * every change of network) is another file to Landlock. */
static const char *const folders[] = {
    "/etc",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/connman",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/var/lib/extrausers",
    "/dev/null",
    "/dev/urandom",
};

/* Of a grandchild, which lives for one look-up or probe. */
static const char *const files[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ld.so.cache",
    "/etc/ssl/openssl.cnf",
    "/etc/ssl/certs",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/dev/null",
    "/dev/urandom",
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static unsigned landlock_in_force;

/* ---- system calls ---------------------------------------------------------------------------- */

static const int calls[] = {
    /* sockets: mcpd's, resolvers', the probed target's */
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    /* descriptors */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(close),
    SCMP_SYS(lseek),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(close_range),
    /* what a file is */
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(fstatfs),
    SCMP_SYS(statfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(membarrier),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    /* a grandchild per slow request, in it the threads of libcurl's look-up */
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(alarm),
    SCMP_SYS(setitimer),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    /* time and chance */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    /* who we are */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getresuid),
    SCMP_SYS(getresgid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(getrlimit),
    SCMP_SYS(capget),
    /* a grandchild locks itself up further */
    SCMP_SYS(landlock_create_ruleset),
    SCMP_SYS(landlock_add_rule),
    SCMP_SYS(landlock_restrict_self),
};

/* Nothing that looks names up or speaks TLS tries these. */
static const int deadly[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(chroot),
    SCMP_SYS(pivot_root),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setgroups),
    SCMP_SYS(capset),
    SCMP_SYS(listen),
    SCMP_SYS(memfd_create),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(truncate),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(vfork),
};

#define ARG_IS(n, v)     SCMP_CMP64(n, SCMP_CMP_EQ, (uint64_t)(v), 0)
#define ARG_HAS(n, m, v) SCMP_CMP64(n, SCMP_CMP_MASKED_EQ, (uint64_t)(m), (uint64_t)(v))

/* Rules fail together: the first error sticks. */
struct rules {
    scmp_filter_ctx ctx;
    int error;
};

static void rule(struct rules *r, uint32_t action, int call, unsigned n,
                 const struct scmp_arg_cmp *args) {
    if (r->error == 0) r->error = seccomp_rule_add_array(r->ctx, action, call, n, args);
}

#define ALLOW(call, ...)                                                                           \
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(call),                                                        \
         sizeof((struct scmp_arg_cmp[]){__VA_ARGS__}) / sizeof(struct scmp_arg_cmp),               \
         (struct scmp_arg_cmp[]){__VA_ARGS__})

/* Code comes from files that Landlock lets be read, never from memory that was written. */
static void add_memory(struct rules *r) {
    ALLOW(mmap, ARG_HAS(2, PROT_EXEC, 0));
    ALLOW(mmap, ARG_HAS(2, PROT_EXEC | PROT_WRITE, PROT_EXEC), ARG_HAS(3, MAP_ANONYMOUS, 0));
    ALLOW(mprotect, ARG_HAS(2, PROT_EXEC, 0));
}

static void add_sockets(struct rules *r) {
    ALLOW(socket, ARG_IS(0, AF_INET));
    ALLOW(socket, ARG_IS(0, AF_INET6));
    ALLOW(socket, ARG_IS(0, AF_NETLINK)); /* the C library sorts addresses by our own */
    /* With one it could reach capd, mcpd or a session bus under mcpd's name.  Modules that ask a
     * daemon of this machine take the error for "not running" and leave it to DNS. */
    rule(r, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
         (struct scmp_arg_cmp[]){ARG_IS(0, AF_UNIX)});
    /* Not of datagrams: one end of such a pair may be connected, or sent from, to any path. */
    ALLOW(socketpair, ARG_IS(0, AF_UNIX), ARG_HAS(1, SOCKET_KIND, SOCK_STREAM));
    ALLOW(ioctl, ARG_IS(1, FIONREAD)); /* the resolver asks how long an answer is */
    ALLOW(ioctl, ARG_IS(1, FIONBIO));
}

static void add_files(struct rules *r) {
    ALLOW(openat, ARG_HAS(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
    ALLOW(open, ARG_HAS(1, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
}

/* Not those that have a signal sent when a descriptor is ready: to any process of the user. */
static void add_fcntl(struct rules *r) {
    static const int plain[] = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC};
    for (size_t i = 0; i < COUNT(plain); i++) ALLOW(fcntl, ARG_IS(1, plain[i]));
    ALLOW(fcntl, ARG_IS(1, F_SETFL), ARG_HAS(2, O_ASYNC, 0));
}

/* Children and threads in no other namespace; clone3 hides its flags behind a pointer, so the C
 * library is told to use clone. */
static void add_processes(struct rules *r) {
    ALLOW(clone, ARG_HAS(0,
                         CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS |
                             CLONE_NEWIPC | CLONE_NEWCGROUP,
                         0));
    rule(r, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
    ALLOW(prctl, ARG_IS(0, PR_SET_NAME)); /* threads name themselves */
    ALLOW(prctl, ARG_IS(0, PR_GET_NO_NEW_PRIVS));
    ALLOW(prctl, ARG_IS(0, PR_GET_SECCOMP));
    ALLOW(prctl, ARG_IS(0, PR_SET_VMA)); /* the C library names its memory */
    ALLOW(prlimit64, ARG_IS(2, 0));
}

static int load_filter(void) {
    struct rules r = {seccomp_init(UNKNOWN), 0};
    if (!r.ctx) return SANDBOX_NO_FILTERS;
    for (size_t i = 0; i < COUNT(calls); i++) rule(&r, SCMP_ACT_ALLOW, calls[i], 0, NULL);
    for (size_t i = 0; i < COUNT(deadly); i++) rule(&r, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
    add_memory(&r);
    add_sockets(&r);
    add_files(&r);
    add_fcntl(&r);
    add_processes(&r);
    if (r.error == 0) r.error = seccomp_load(r.ctx);
    seccomp_release(r.ctx);
    return r.error;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool refuse(struct fail *fail, const char *what, int rc) {
    return fail_set(fail, FAIL_SANDBOX, "", "the network child could not %s: %s", what,
                    strerror(-rc));
}

bool net_sandbox_enter(struct fail *fail) {
#ifdef TEST_BUILD /* sanitizers and coverage need calls, files and memory of their own */
    (void)fail;
    (void)refuse;
    (void)load_filter;
    (void)folders;
    return true;
#else
    struct landlock_keep keep = {folders, COUNT(folders), .connect_tcp = true};
    int rc = landlock_enter(&keep, &landlock_in_force);
    if (rc) return refuse(fail, "enter Landlock", rc);
    (void)signal(SIGXFSZ, SIG_IGN); /* a log line that goes to a file fails, and no more */
    rc = rlimit_lower(RLIMIT_CORE, 0);
    if (rc == 0) rc = rlimit_lower(RLIMIT_FSIZE, 0);
    if (rc == 0) rc = rlimit_lower(RLIMIT_NOFILE, OPEN_FILES);
    if (rc == 0) rc = rlimit_lower(RLIMIT_AS, MEMORY);
    if (rc) return refuse(fail, "limit itself", rc);
    rc = load_filter();
    return rc == 0 || refuse(fail, "install its system call filter", rc);
#endif
}

bool net_sandbox_narrow(void) {
#ifdef TEST_BUILD
    (void)files;
    return true;
#else
    unsigned abi;
    return landlock_enter(&(struct landlock_keep){files, COUNT(files), .connect_tcp = true},
                          &abi) == 0;
#endif
}

unsigned net_sandbox_landlock_abi(void) {
    return landlock_in_force;
}
