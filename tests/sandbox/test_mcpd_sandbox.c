/* What a taken-over mcpd, and a taken-over network child, would try; and what their own work needs.
 * Runs in: tests.  Input trust: none. */
#include "common/landlock.h"
#include "mcpd/net/sandbox.h"
#include "mcpd/privs.h"
#include "mcpd/sandbox.h"
#include "tests/sandbox/attempt.h"
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

static char folder[] = "/tmp/mcpd-sandbox-XXXXXX", inside[64], hidden[32];
static char served[64], told[64];
static uint8_t bytes[64];

/* ---- attempts -------------------------------------------------------------------------------- */

/* A path that does not exist: were the call allowed, it would fail with an error. */
static int run_program(void) {
    char name[] = "/nonexistent", *argv[] = {name, NULL};
    return TRY(execv(name, argv));
}
static int map_exec(void) {
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int map_file_writable_exec(void) {
    int fd = open("/etc/ld.so.cache", O_RDONLY);
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int much_memory(void) {
    void *p = mmap(NULL, 2048ull << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int some_memory(void) {
    char *p = malloc(32u << 20);
    if (!p) return ENOMEM;
    memset(p, 1, 32u << 20);
    free(p);
    return 0;
}
static int others_memory(void) {
    struct iovec here = {bytes, 1}, there = {bytes + 1, 1};
    return TRY(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}
static int open_memory(void) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/mem", getppid());
    return TRY(open(path, O_RDONLY));
}
static int bind_local(void) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    return TRY(bind(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&sa, sizeof sa));
}
/* The abstract socket on which main() listens. */
static int reach_hidden(void) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    size_t n = strlen(hidden);
    memcpy(sa.sun_path + 1, hidden, n);
    return TRY(connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&sa,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)));
}
/* The path socket on which main() listens, and another for datagrams. */
static int reach_path(int type) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type, 0);
    if (fd < 0) return errno;
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", type == SOCK_STREAM ? served : told);
    return TRY(connect(fd, (const struct sockaddr *)&sa, sizeof sa));
}
static int reach_server(void) {
    return reach_path(SOCK_STREAM);
}
static int reach_datagrams(void) {
    return reach_path(SOCK_DGRAM);
}
static int tell_by_pair(void) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) return errno;
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", told);
    return TRY(sendto(pair[0], bytes, 1, 0, (const struct sockaddr *)&sa, sizeof sa));
}
static int name_owner(void) {
    return TRY(fcntl(0, F_SETOWN, 1));
}
static int choose_signal(void) {
    return TRY(fcntl(0, F_SETSIG, SIGKILL));
}
static int want_signals(void) {
    return TRY(fcntl(0, F_SETFL, O_ASYNC));
}
static int look_at_flags(void) {
    return TRY(fcntl(0, F_GETFL));
}
static int type_ahead(void) {
    char c = 'x';
    return TRY(ioctl(2, TIOCSTI, &c));
}
static int pass_bytes(void) {
    struct iovec v = {bytes, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    int pair[2];
    return TRY(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair)) || TRY(sendmsg(pair[0], &m, 0));
}
static int ask_time(void) {
    struct timespec t;
    return TRY(syscall(SYS_clock_gettime, CLOCK_REALTIME, &t));
}
static int ask_path(void) {
    struct stat st;
    return TRY(stat("/etc/passwd", &st));
}
static int wait_a_moment(void) {
    return TRY(poll(NULL, 0, 1));
}
static int connect_tcp(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return TRY(connect(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&to, sizeof to));
}
static int bind_tcp(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(4711)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return TRY(bind(socket(AF_INET, SOCK_STREAM, 0), (const struct sockaddr *)&to, sizeof to));
}
static int look_up(void) {
    struct addrinfo *found;
    return getaddrinfo("localhost", NULL, NULL, &found) == 0 ? 0 : ENOENT;
}
static void *nothing(void *p) {
    return p;
}
static int thread(void) {
    pthread_t t;
    int rc = pthread_create(&t, NULL, nothing, NULL);
    return rc ? rc : pthread_join(t, NULL);
}
static int child(void) {
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return pid > 0 && waitpid(pid, NULL, 0) == pid ? 0 : errno;
}

ATTEMPT(open_secret, open("/etc/passwd", O_RDONLY))
ATTEMPT(open_own_maps, open("/proc/self/maps", O_RDONLY))
ATTEMPT(open_resolv, open("/etc/nsswitch.conf", O_RDONLY))
ATTEMPT(open_inside, open(inside, O_RDONLY))
ATTEMPT(write_inside, open(inside, O_WRONLY))
ATTEMPT(create_file, open("/tmp/mcpd-sandbox-new", O_WRONLY | O_CREAT, 0600))
ATTEMPT(truncate_file, open("/dev/null", O_RDONLY | O_TRUNC))
ATTEMPT(remove_file, syscall(SYS_unlinkat, AT_FDCWD, "/nonexistent", 0))
ATTEMPT(rename_file, syscall(SYS_renameat2, AT_FDCWD, "/nonexistent", AT_FDCWD, "/none", 0))
ATTEMPT(make_dir, syscall(SYS_mkdirat, AT_FDCWD, "/nonexistent/x", 0700))
ATTEMPT(inet, socket(AF_INET, SOCK_STREAM, 0))
ATTEMPT(inet6_udp, socket(AF_INET6, SOCK_DGRAM, 0))
ATTEMPT(packet, socket(AF_PACKET, SOCK_RAW, 0))
ATTEMPT(netlink, socket(AF_NETLINK, SOCK_RAW, 0))
ATTEMPT(stream_pair, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, (int[2]){0}))
ATTEMPT(listening, listen(socket(AF_UNIX, SOCK_STREAM, 0), 1))
ATTEMPT(accepting, accept4(0, NULL, NULL, 0))
ATTEMPT(make_child, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
ATTEMPT(trace_parent, ptrace(PTRACE_ATTACH, getppid(), 0, 0))
ATTEMPT(kill_parent, syscall(SYS_kill, getppid(), 0))
ATTEMPT(signal_thread, syscall(SYS_tgkill, getppid(), getppid(), 0))
ATTEMPT(become_root, syscall(SYS_setresuid, 0, 0, 0))
ATTEMPT(raise_capability, syscall(SYS_capset, bytes, bytes))
ATTEMPT(change_process, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ATTEMPT(namespaces, syscall(SYS_unshare, 0))
ATTEMPT(clone_namespace, syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0))
ATTEMPT(bpf, syscall(SYS_bpf, 0, 0, 0))
ATTEMPT(io_uring, syscall(SYS_io_uring_setup, 1, bytes))
ATTEMPT(memory_file, syscall(SYS_memfd_create, "x", 0))
ATTEMPT(executable_code,
        mprotect((void *)((uintptr_t)bytes & ~4095ul), 4096, PROT_READ | PROT_EXEC))
ATTEMPT(write_out, write(1, "", 0))

static const struct attempt on_mcpd[] = {
    {"run a program", run_program, DIES},
    {"fork", make_child, DIES},
    {"map executable memory", map_exec, DIES},
    {"make data executable", executable_code, DIES},
    {"open an internet socket", inet, DIES},
    {"open a UDP socket", inet6_udp, DIES},
    {"open a packet socket", packet, DIES},
    {"open a netlink socket", netlink, DIES},
    {"listen", listening, DIES},
    {"bind a socket", bind_local, DIES},
    {"trace its parent", trace_parent, DIES},
    {"read another process's memory", others_memory, DIES},
    {"kill another process", kill_parent, DIES},
    {"signal another process's thread", signal_thread, DIES},
    {"become root", become_root, DIES},
    {"raise capabilities", raise_capability, DIES},
    {"become dumpable", change_process, DIES},
    {"remove a file", remove_file, DIES},
    {"rename a file", rename_file, DIES},
    {"make a directory", make_dir, DIES},
    {"make a namespace", namespaces, DIES},
    {"load a BPF program", bpf, DIES},
    {"set up io_uring", io_uring, DIES},
    {"make a memory file", memory_file, DIES},
    {"take 2 GiB", much_memory, ENOMEM},
    {"take 32 MiB", some_memory, WORKS},
    {"connect to a program's Unix socket (capd's)", reach_server, WORKS},
    {"connect to a Unix socket for datagrams", reach_datagrams, DIES},
    {"have a descriptor's signals sent to another process", name_owner, DIES},
    {"choose which", choose_signal, DIES},
    {"have them sent", want_signals, DIES},
    {"ask for a descriptor's flags", look_at_flags, WORKS},
    {"type into its terminal", type_ahead, DIES},
    {"send to one from a pair", tell_by_pair, DIES},
    {"send to what the launcher started", pass_bytes, WORKS},
    {"write to standard output", write_out, WORKS},
    {"ask what a path is", ask_path, WORKS},
    {"ask for the time", ask_time, WORKS},
    {"wait", wait_a_moment, WORKS},
};
static const struct attempt on_reading[] = {
    {"create a file", create_file, DIES},
    {"write a capture file", write_inside, DIES},
    {"truncate a file", truncate_file, DIES},
    {"read a file below a folder of capture files", open_inside, WORKS},
};
static const struct attempt on_stdio[] = {{"accept a connection", accepting, DIES}};
static const struct attempt on_people[] = {
    {"accept a connection", accepting, DIES},
    {"create a file", create_file, EACCES},
    {"open a file", open_secret, EACCES},
    {"open another process's memory", open_memory, EACCES},
};
/* Where the kernel has Landlock. */
static const struct attempt on_landlock[] = {
    {"open another file", open_secret, EACCES},
    {"open another process's memory", open_memory, EACCES},
};
static const struct attempt on_scopes[] = {
    {"reach another program's abstract socket", reach_hidden, EPERM},
};

static const struct attempt on_net[] = {
    {"run a program", run_program, DIES},
    {"trace its parent", trace_parent, DIES},
    {"read another process's memory", others_memory, DIES},
    {"kill another process", kill_parent, DIES},
    {"signal another process's thread", signal_thread, EPERM},
    {"become root", become_root, DIES},
    {"raise capabilities", raise_capability, DIES},
    {"become dumpable", change_process, EPERM},
    {"listen", listening, DIES},
    {"remove a file", remove_file, DIES},
    {"make a directory", make_dir, DIES},
    {"create a file", create_file, EPERM},
    {"make a namespace", namespaces, DIES},
    {"make a child in a namespace", clone_namespace, EPERM},
    {"have a descriptor's signals sent to another process", name_owner, EPERM},
    {"choose which", choose_signal, EPERM},
    {"have them sent", want_signals, EPERM},
    {"make a memory file", memory_file, DIES},
    {"load a BPF program", bpf, DIES},
    {"set up io_uring", io_uring, DIES},
    {"open a packet socket", packet, EPERM},
    {"connect to a program's Unix socket", reach_server, EAFNOSUPPORT},
    {"connect to a Unix socket for datagrams", reach_datagrams, EAFNOSUPPORT},
    {"type into its terminal", type_ahead, EPERM},
    {"send to one from a pair", tell_by_pair, EPERM},
    {"make a pair for a thread", stream_pair, WORKS},
    {"map executable memory", map_exec, EPERM},
    {"map a file writable and executable", map_file_writable_exec, EPERM},
    {"make data executable", executable_code, EPERM},
    {"take 2 GiB", much_memory, ENOMEM},
    {"open an internet socket", inet, WORKS},
    {"reach a TCP server (there is none)", connect_tcp, ECONNREFUSED},
    {"read the resolver's configuration", open_resolv, WORKS},
    {"look up localhost", look_up, WORKS},
    {"start a thread", thread, WORKS},
    {"fork", child, WORKS},
};
static const struct attempt on_net_landlock[] = {
    {"read a capture file", open_inside, EACCES},
    {"read its own memory map", open_own_maps, EACCES},
    {"open another process's memory", open_memory, EACCES},
};
static const struct attempt on_grandchild[] = {
    {"read /etc/passwd", open_secret, EACCES},
};
static const struct attempt on_net_tcp[] = {{"serve on a TCP port", bind_tcp, EACCES}};

/* ---- locking up ------------------------------------------------------------------------------ */

static bool drop(struct fail *fail) {
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return fail_set(fail, FAIL_ENVIRONMENT, "", "setuid: %s", strerror(errno));
    return privs_drop() == 0 || fail_set(fail, FAIL_ENVIRONMENT, "", "privs_drop failed");
}

static bool enter_mcpd(int mode, const int pair[2]) {
    const char *const folders[] = {folder};
    struct sandbox_wishes w = {.mode = (enum sandbox_mode)mode, folders, 1, 16u << 20};
    struct fail fail = {0};
    if (mode == SANDBOX_PEOPLE) w.readable_n = 0;
    if (drop(&fail) && sandbox_enter(&w, &fail)) return true;
    return write(pair[1], fail.why, strlen(fail.why)) < 0;
}

static bool enter_net(int grandchild, const int pair[2]) {
    struct fail fail = {0};
    if (drop(&fail) && net_sandbox_enter(&fail) && (!grandchild || net_sandbox_narrow()))
        return true;
    return write(pair[1], fail.why, strlen(fail.why)) < 0;
}

static bool serve_path(char path[64], const char *name, int type) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    snprintf(path, 64, "%s/%s", folder, name);
    memcpy(sa.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    return bind(fd, (const struct sockaddr *)&sa, sizeof sa) == 0 && chmod(path, 0666) == 0 &&
           (type == SOCK_DGRAM || listen(fd, 64) == 0);
}

static bool prepare(void) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    if (!mkdtemp(folder) || chmod(folder, 0755) != 0) return false;
    snprintf(inside, sizeof inside, "%s/trace.pcap", folder);
    int fd = open(inside, O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || fchmod(fd, 0644) != 0 || close(fd) != 0) return false;
    if (!serve_path(served, "stream", SOCK_STREAM) || !serve_path(told, "datagrams", SOCK_DGRAM))
        return false;
    snprintf(hidden, sizeof hidden, "mcpd-sandbox-%d", getpid());
    memcpy(sa.sun_path + 1, hidden, strlen(hidden));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return bind(fd, (const struct sockaddr *)&sa,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(hidden))) == 0 &&
           listen(fd, 8) == 0;
}

static void try_mcpd(const char *who, int mode, unsigned abi) {
    attempt_all(who, on_mcpd, COUNT(on_mcpd), enter_mcpd, mode);
    if (mode == SANDBOX_PEOPLE)
        attempt_all(who, on_people, COUNT(on_people), enter_mcpd, mode);
    else
        attempt_all(who, on_reading, COUNT(on_reading), enter_mcpd, mode);
    if (mode == SANDBOX_STDIO) attempt_all(who, on_stdio, COUNT(on_stdio), enter_mcpd, mode);
    if (abi && mode != SANDBOX_PEOPLE)
        attempt_all(who, on_landlock, COUNT(on_landlock), enter_mcpd, mode);
    if (abi >= 6) attempt_all(who, on_scopes, COUNT(on_scopes), enter_mcpd, mode);
}

static void try_net(const char *who, int grandchild, unsigned abi) {
    attempt_all(who, on_net, COUNT(on_net), enter_net, grandchild);
    if (abi) attempt_all(who, on_net_landlock, COUNT(on_net_landlock), enter_net, grandchild);
    if (abi && grandchild) attempt_all(who, on_grandchild, COUNT(on_grandchild), enter_net, 1);
    if (abi >= 4) attempt_all(who, on_net_tcp, COUNT(on_net_tcp), enter_net, grandchild);
}

int main(void) {
    unsigned abi = landlock_abi();
    if (!prepare()) return 1;
    if (abi == 0) tap_skip("what Landlock denies", "this kernel has no Landlock");
    try_mcpd("mcpd stdio", SANDBOX_STDIO, abi);
    try_mcpd("mcpd serve", SANDBOX_SERVE, abi);
    try_mcpd("mcpd diagnose ...", SANDBOX_PEOPLE, abi);
    try_net("network child", 0, abi);
    try_net("network grandchild", 1, abi);
    unlink(inside);
    unlink(served);
    unlink(told);
    rmdir(folder);
    return tap_end();
}
