/* The parent's filter: what a taken-over parent may not do, and what its own work needs.
 * Runs in: tests.  Input trust: none. */
#include "capd/parent/interfaces.h"
#include "capd/parent/priv.h"
#include "capd/parent/sandbox.h"
#include "common/landlock.h"
#include "tests/sandbox/attempt.h"
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* A path that does not exist: were the call allowed, it would fail with an error. */
static int run_program(void) {
    char name[] = "/nonexistent", *argv[] = {name, NULL};
    return TRY(execv(name, argv));
}
static int write_open(void) {
    return TRY(open("/tmp/capd-test", O_WRONLY | O_CREAT, 0600));
}
static int truncate_open(void) {
    return TRY(open("/dev/null", O_RDONLY | O_TRUNC));
}
static int read_open(void) {
    return TRY(open("/proc/net/route", O_RDONLY));
}
static int read_other(void) {
    return TRY(open("/etc/passwd", O_RDONLY));
}
static int inet(void) {
    return TRY(socket(AF_INET, SOCK_STREAM, 0));
}
static int packet(void) {
    return TRY(socket(AF_PACKET, SOCK_RAW, 0));
}
static int connect_out(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/run/none"};
    return TRY(connect(0, (const struct sockaddr *)&to, sizeof to));
}
static int trace(void) {
    return TRY(ptrace(PTRACE_TRACEME, 0, 0, 0));
}
static int map_exec(void) {
    void *p = mmap(NULL, 4096, PROT_EXEC | PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int namespaces(void) {
    return TRY(syscall(SYS_unshare, 0));
}
static int clone_namespace(void) {
    long pid = syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) _exit(0);
    return pid > 0 ? 0 : errno;
}
static int netfilter(void) {
    return TRY(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
}
static int bpf(void) {
    return TRY(syscall(SYS_bpf, 0, 0, 0));
}
static int make_dir(void) {
    return TRY(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/capd-test-dir", 0700));
}
static int child(void) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : errno;
}
static int type_ahead(void) {
    char c = 'x';
    return TRY(ioctl(2, TIOCSTI, &c));
}
static int type_ahead_high(void) {
    char c = 'x';
    return TRY(syscall(SYS_ioctl, 2, (1ul << 32) | TIOCSTI, &c));
}
static int console(void) {
    char paste = 3;
    return TRY(ioctl(2, TIOCLINUX, &paste));
}
static int ask_interface(void) {
    struct ifreq r = {.ifr_name = "lo"};
    return TRY(ioctl(socket(AF_UNIX, SOCK_DGRAM, 0), SIOCGIFFLAGS, &r));
}
static int read_interfaces(void) {
    static struct interfaces all;
    int error = interfaces_read(&all, "");
    return error ? -error : all.interfaces > 0 ? 0 : ENODEV;
}

static const struct attempt attempts[] = {
    {"run a program", run_program, DIES},
    {"create a file", write_open, DIES},
    {"truncate a file", truncate_open, DIES},
    {"open an internet socket", inet, DIES},
    {"trace", trace, DIES},
    {"map executable memory", map_exec, DIES},
    {"make a namespace", namespaces, DIES},
    {"make a child in a namespace of its own", clone_namespace, DIES},
    {"open a socket to the packet filter", netfilter, DIES},
    {"load a BPF program", bpf, DIES},
    {"make a directory", make_dir, DIES},
    {"type into its terminal", type_ahead, DIES},
    {"the same, disguised by the upper half", type_ahead_high, DIES},
    {"paste into its console", console, DIES},
    {"connect", connect_out, EACCES},
    {"open a packet socket without raising the capability", packet, EPERM},
    {"read a file", read_open, WORKS},
    {"fork", child, WORKS},
    {"ask an interface", ask_interface, WORKS},
    {"list interfaces", read_interfaces, WORKS},
};

static bool enter(int kind, const int pair[2]) {
    struct priv_options o = {.is_root = geteuid() == 0,
                             .uid = geteuid() ? geteuid() : 65534,
                             .gid = getegid() ? getegid() : 65534};
    struct fail fail;
    bool live;
    unsigned abi;
    (void)kind;
    if (priv_lock(&o, &live, &fail) && parent_landlock(&abi, &fail) && parent_sandbox_enter(&fail))
        return true;
    return write(pair[1], fail.why, strlen(fail.why)) < 0;
}

int main(void) {
    attempt_all("parent", attempts, COUNT(attempts), enter, 0);
    if (landlock_abi())
        attempt_try("parent", &(struct attempt){"read another file", read_other, EACCES}, enter, 0);
    else
        tap_skip("what Landlock denies", "this kernel has no Landlock");
    return tap_end();
}
