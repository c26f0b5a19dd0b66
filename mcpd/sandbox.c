/* What is left to mcpd, which parses what clients, workers and files say: its sockets, memory, time
 * and reading: below the folders of capture files that clients may name, and the token file again.
 * No program, no child, no socket but Unix ones, no file written, no executable memory.  What needs
 * more was started before: the launcher (programs) and through it the network child (other hosts).
 * One table, one column per way of running; SECURITY.md shows it and tests/lint compares the two.
 * Runs in: mcpd.  Input trust: none. */
#include "mcpd/sandbox.h"
#include "common/landlock.h"
#include "common/rlimit.h"
#include "common/sandbox_action.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN_FILES      64u /* stdio: 3 standard ones, launcher, network child, capd, files' capds */
#define OPEN_FILES_MANY 640u           /* serve: HTTP_TCP_MAX + HTTP_UNIX_MAX + HTTP_OWN_FILES */
#define SOCKET_KIND     0xfu           /* of a socket's type; the rest are flags */
#define MEMORY_MARGIN   (512ull << 20) /* snapshots on their way, one tree and its renderings */
/* serve, below MemoryMax of its unit, so that it is told rather than killed: answers not read yet
 * 64 MiB, bodies 32, batches 16, snapshots of 8 captures in several forms 32, what one message is
 * parsed into 64, libraries and stack 24, and what the allocator cannot give back */
#define MEMORY_MARGIN_SERVE (288ull << 20)

#define S   SANDBOX_STDIO
#define H   SANDBOX_SERVE
#define P   SANDBOX_PEOPLE
#define ALL (S | H | P)

static const struct row {
    int call;
    unsigned modes;
} rows[] = {
    /* sockets and pipes that are open; the launcher gets descriptors by sendmsg */
    {SCMP_SYS(read), ALL},
    {SCMP_SYS(readv), ALL},
    {SCMP_SYS(write), ALL},
    {SCMP_SYS(writev), ALL},
    {SCMP_SYS(recvfrom), ALL},
    {SCMP_SYS(recvmsg), ALL},
    {SCMP_SYS(sendto), ALL},
    {SCMP_SYS(sendmsg), ALL},
    {SCMP_SYS(connect), ALL},
    {SCMP_SYS(getsockopt), ALL},
    {SCMP_SYS(close), ALL},
    {SCMP_SYS(lseek), ALL},
    /* clients that connect */
    {SCMP_SYS(accept4), H},
    {SCMP_SYS(shutdown), H},
    {SCMP_SYS(setsockopt), H},
    {SCMP_SYS(getsockname), H},
    {SCMP_SYS(getpeername), H},
    /* the loop: signals come through a descriptor */
    {SCMP_SYS(poll), ALL},
    {SCMP_SYS(ppoll), ALL},
    {SCMP_SYS(signalfd4), ALL},
    {SCMP_SYS(rt_sigprocmask), ALL},
    {SCMP_SYS(rt_sigaction), ALL},
    {SCMP_SYS(rt_sigreturn), ALL},
    {SCMP_SYS(epoll_create1), H},
    {SCMP_SYS(epoll_ctl), H},
    {SCMP_SYS(epoll_wait), H},
    {SCMP_SYS(epoll_pwait), H},
    {SCMP_SYS(eventfd2), H},
    /* the end of the launcher, and our own */
    {SCMP_SYS(wait4), ALL},
    {SCMP_SYS(exit), ALL},
    {SCMP_SYS(exit_group), ALL},
    /* memory */
    {SCMP_SYS(brk), ALL},
    {SCMP_SYS(munmap), ALL},
    {SCMP_SYS(mremap), ALL},
    {SCMP_SYS(madvise), ALL},
    {SCMP_SYS(futex), ALL}, /* an error would make the C library abort */
    /* time and chance */
    {SCMP_SYS(clock_gettime), ALL},
    {SCMP_SYS(clock_getres), ALL},
    {SCMP_SYS(gettimeofday), ALL},
    {SCMP_SYS(time), ALL},
    {SCMP_SYS(getrandom), ALL},
    {SCMP_SYS(restart_syscall), ALL},
    /* who we are, and what holds us: `mcpd check` shows it */
    {SCMP_SYS(getpid), ALL},
    {SCMP_SYS(gettid), ALL},
    {SCMP_SYS(getppid), ALL},
    {SCMP_SYS(getuid), ALL},
    {SCMP_SYS(geteuid), ALL},
    {SCMP_SYS(getgid), ALL},
    {SCMP_SYS(getegid), ALL},
    {SCMP_SYS(uname), ALL},
    {SCMP_SYS(sysinfo), ALL}, /* qsort asks how much memory there is */
    {SCMP_SYS(capget), P},
    {SCMP_SYS(getxattr), P},
    {SCMP_SYS(pread64), P},
    {SCMP_SYS(landlock_create_ruleset), P},
    /* what a path is, for error messages and before a capture file is opened */
    {SCMP_SYS(newfstatat), ALL},
    {SCMP_SYS(fstat), ALL},
    {SCMP_SYS(stat), ALL},
    {SCMP_SYS(lstat), ALL},
    {SCMP_SYS(statx), ALL},
    {SCMP_SYS(access), ALL},
    {SCMP_SYS(faccessat), ALL},
    {SCMP_SYS(faccessat2), ALL},
    {SCMP_SYS(readlink), ALL},
    {SCMP_SYS(readlinkat), ALL},
};

static unsigned landlock_in_force;

/* ---- calls of which only some forms are harmless --------------------------------------------- */

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

static void add_memory(struct rules *r) {
    struct scmp_arg_cmp plain[] = {ARG_HAS(2, PROT_EXEC, 0),
                                   ARG_HAS(3, MAP_ANONYMOUS, MAP_ANONYMOUS)};
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, plain);
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, plain);
}

/* Sockets: to capd and, as a pair, to what the launcher starts.  None of datagrams: with one, or
 * with one end of a pair, the journal, the service manager and others could be told anything. */
static void add_sockets(struct rules *r) {
    struct scmp_arg_cmp stream[] = {ARG_IS(0, AF_UNIX), ARG_HAS(1, SOCKET_KIND, SOCK_STREAM)},
                        packets[] = {ARG_IS(0, AF_UNIX), ARG_HAS(1, SOCKET_KIND, SOCK_SEQPACKET)};
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, stream);
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2, stream);
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 2, packets);
}

/* Opening for reading only, where clients may name files; elsewhere an error, since the C library
 * opens what it likes and lives without. */
static void add_open(struct rules *r, enum sandbox_mode mode) {
    uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);
    struct scmp_arg_cmp at[] = {ARG_HAS(2, writing, O_RDONLY)},
                        plain[] = {ARG_HAS(1, writing, O_RDONLY)};
    if (mode == SANDBOX_PEOPLE) {
        rule(r, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0, NULL);
        rule(r, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 0, NULL);
        return;
    }
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, at);
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, plain);
}

/* Not those that have a signal sent when a descriptor is ready: to any process of the user. */
static void add_fcntl(struct rules *r) {
    static const int plain[] = {F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        rule(r, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, (struct scmp_arg_cmp[]){ARG_IS(1, plain[i])});
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 2,
         (struct scmp_arg_cmp[]){ARG_IS(1, F_SETFL), ARG_HAS(2, O_ASYNC, 0)});
}

static void add_terminal(struct rules *r) {
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, (struct scmp_arg_cmp[]){ARG_IS(1, TCGETS)});
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, (struct scmp_arg_cmp[]){ARG_IS(1, TIOCGWINSZ)});
}

/* Asking about oneself; and dying by abort(), which signals this very process. */
static void add_self(struct rules *r) {
    static const int questions[] = {PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_GET_DUMPABLE,
                                    PR_CAPBSET_READ, PR_CAP_AMBIENT};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        rule(r, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
             (struct scmp_arg_cmp[]){ARG_IS(0, questions[i])});
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, (struct scmp_arg_cmp[]){ARG_IS(2, 0)});
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, (struct scmp_arg_cmp[]){ARG_IS(0, getpid())});
}

static int load_filter(enum sandbox_mode mode) {
    struct rules r = {seccomp_init(SANDBOX_FORBIDDEN), 0};
    if (!r.ctx) return SANDBOX_NO_FILTERS;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].modes & mode) rule(&r, SCMP_ACT_ALLOW, rows[i].call, 0, NULL);
    add_memory(&r);
    add_sockets(&r);
    add_open(&r, mode);
    add_fcntl(&r);
    add_terminal(&r);
    add_self(&r);
    if (r.error == 0) r.error = seccomp_load(r.ctx);
    seccomp_release(r.ctx);
    return r.error;
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* Not RLIMIT_FSIZE: standard output may be a file. */
static int set_limits(const struct sandbox_wishes *w) {
    bool many = w->mode == SANDBOX_SERVE;
    int rc = rlimit_lower(RLIMIT_CORE, 0);
    if (rc == 0) rc = rlimit_lower(RLIMIT_NPROC, 0);
    if (rc == 0) rc = rlimit_lower(RLIMIT_NOFILE, many ? OPEN_FILES_MANY : OPEN_FILES);
    if (rc == 0)
        rc = rlimit_lower(RLIMIT_AS,
                          (many ? MEMORY_MARGIN_SERVE : MEMORY_MARGIN) + 2 * w->keep_bytes);
    return rc;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool refuse(struct fail *fail, const char *what, int rc) {
    return fail_set(fail, FAIL_SANDBOX, "", "mcpd could not %s: %s", what, strerror(-rc));
}

bool sandbox_enter(const struct sandbox_wishes *w, struct fail *fail) {
#ifdef TEST_BUILD /* sanitizers and coverage need calls, files and memory of their own */
    (void)w;
    (void)refuse;
    (void)set_limits;
    (void)load_filter;
    (void)fail;
    return true;
#else
    struct landlock_keep keep = {.readable = w->readable, .readable_n = w->readable_n};
    int rc = landlock_enter(&keep, &landlock_in_force);
    if (rc) return refuse(fail, "enter Landlock", rc);
    rc = set_limits(w);
    if (rc) return refuse(fail, "limit itself", rc);
    rc = load_filter(w->mode);
    if (rc) return refuse(fail, "install its system call filter", rc);
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2) return true; /* SECCOMP_MODE_FILTER */
    return refuse(fail, "see its system call filter in force", -ENOSYS);
#endif
}

unsigned sandbox_landlock_abi(void) {
    return landlock_in_force;
}
