/* Enter the worker's sandbox by the product's own code, with a real packet socket on `lo`, and try
 * what a taken-over worker would try.  Each attempt runs in a process of its own.
 * Runs in: tests, as root.  Input trust: none. */
#include "capd/parent/priv.h"
#include "capd/worker/drop.h"
#include "capd/worker/sandbox.h"
#include "capd/worker/source.h"
#include "tests/sandbox/tap.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int P = -1, I = -1, F = -1; /* packet socket, pipe to the parent, capture file */

/* An attempt returns 0 when it got through, else the errno it got. */
#define TRY(call) ((call) >= 0 ? 0 : errno)
#define ATTEMPT(name, call)                                                                        \
    static int name(void) {                                                                        \
        return TRY(call);                                                                          \
    }

static uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static int bind_other(void) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = 2};
    return TRY(bind(P, (const struct sockaddr *)&to, sizeof to));
}
static int send_to(void) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = 1, .sll_halen = 6};
    return TRY(sendto(P, frame, sizeof frame, 0, (const struct sockaddr *)&to, sizeof to));
}
static int send_msg(void) {
    struct iovec v = {frame, sizeof frame};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    return TRY(sendmsg(P, &m, 0));
}
static int pass_fd(void) {
    struct msghdr m = {0};
    return TRY(sendmsg(I, &m, 0));
}
static int new_ring(void) {
    struct tpacket_req r = {4096, 4, 2048, 8};
    return TRY(setsockopt(P, SOL_PACKET, PACKET_TX_RING, &r, sizeof r));
}
static int fanout(void) {
    int v = 1;
    return TRY(setsockopt(P, SOL_PACKET, PACKET_FANOUT, &v, sizeof v));
}
static int set_flags(void) {
    struct ifreq r = {.ifr_name = "lo"};
    return TRY(ioctl(P, SIOCSIFFLAGS, &r));
}
static int get_flags(void) {
    struct ifreq r = {.ifr_name = "lo"};
    return TRY(ioctl(P, SIOCGIFFLAGS, &r));
}
/* A path that does not exist: were the call allowed, it would fail with an error. */
static int run_program(void) {
    char name[] = "/nonexistent", *argv[] = {name, NULL};
    return TRY(execv(name, argv));
}
static int map_exec(void) {
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int map_file(void) {
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, F, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int much_memory(void) {
    void *p = mmap(NULL, 64u << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : 0;
}
static int some_memory(void) {
    char *p = malloc(4u << 20);
    if (!p) return ENOMEM;
    memset(p, 1, 4u << 20);
    free(p);
    return 0;
}
static int attach_filter(void) {
    struct sock_filter ret = {BPF_RET | BPF_K, 0, 0, 2048};
    struct sock_fprog p = {1, &ret};
    return TRY(setsockopt(P, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof p));
}
static int statistics(void) {
    struct tpacket_stats_v3 s;
    socklen_t len = sizeof s;
    return TRY(getsockopt(P, SOL_PACKET, PACKET_STATISTICS, &s, &len));
}
static int wait_ready(void) {
    struct pollfd p[2] = {{I, POLLIN, 0}, {P, POLLIN, 0}};
    return TRY(poll(p, P >= 0 ? 2 : 1, 1));
}
static int now(void) {
    struct timespec t;
    return TRY(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
}

ATTEMPT(open_file, open("/etc/passwd", O_RDONLY))
ATTEMPT(open_socket, socket(AF_INET, SOCK_STREAM, 0))
ATTEMPT(open_packet, socket(AF_PACKET, SOCK_RAW, 0))
ATTEMPT(inject, write(P, frame, sizeof frame))
ATTEMPT(read_packet, read(P, frame, sizeof frame))
ATTEMPT(drain, recv(P, frame, sizeof frame, MSG_DONTWAIT | MSG_TRUNC))
ATTEMPT(write_ipc, write(I, frame, 1))
ATTEMPT(write_stderr, write(2, frame, 1))
ATTEMPT(write_file, write(F, frame, 1))
ATTEMPT(pread_file, pread(F, frame, 1, 0))
ATTEMPT(read_file, read(F, frame, 1))
ATTEMPT(pread_ipc, pread(I, frame, 1, 0))
ATTEMPT(seek_file, lseek(F, 0, SEEK_SET))
ATTEMPT(make_child, syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0))
ATTEMPT(trace_parent, ptrace(PTRACE_ATTACH, getppid(), 0, 0))
ATTEMPT(kill_parent, syscall(SYS_kill, 1, SIGTERM))
ATTEMPT(duplicate, dup2(I, P))
ATTEMPT(close_fd, close(P))
ATTEMPT(change_process, prctl(PR_SET_NAME, "x"))
ATTEMPT(raise_capability, syscall(SYS_capset, frame, frame))
ATTEMPT(become_root, setuid(0))
ATTEMPT(remove_file, syscall(SYS_unlinkat, AT_FDCWD, "/tmp/x", 0))
ATTEMPT(make_pipe, pipe((int[2]){0, 0}))
ATTEMPT(executable_code, mprotect((void *)((uintptr_t)&make_pipe & ~4095ul), 4096,
                                  PROT_READ | PROT_WRITE | PROT_EXEC))

enum { DIES = -1, WORKS = 0 };
struct attempt {
    const char *name;
    int (*run)(void);
    int want; /* DIES, WORKS or an errno */
};

static const struct attempt on_both[] = {
    {"open a file", open_file, EACCES},
    {"open a socket", open_socket, EACCES},
    {"open a packet socket", open_packet, EACCES},
    {"run a program", run_program, DIES},
    {"fork", make_child, DIES},
    {"map executable memory", map_exec, DIES},
    {"make code writable", executable_code, DIES},
    {"trace its parent", trace_parent, DIES},
    {"kill another process", kill_parent, DIES},
    {"rename itself by prctl", change_process, DIES},
    {"raise capabilities", raise_capability, DIES},
    {"become root", become_root, DIES},
    {"remove a file", remove_file, DIES},
    {"make a pipe", make_pipe, DIES},
    {"write to stderr", write_stderr, DIES},
    {"send messages or descriptors over the pipe", pass_fd, DIES},
    {"take 64 MiB more", much_memory, ENOMEM},
    {"take 4 MiB more", some_memory, WORKS},
    {"write to its parent", write_ipc, WORKS},
    {"wait", wait_ready, WORKS},
    {"ask for the time", now, WORKS},
};
static const struct attempt on_live[] = {
    {"inject a frame by write", inject, DIES},
    {"inject a frame by sendto", send_to, DIES},
    {"inject a frame by sendmsg", send_msg, DIES},
    {"read the packet socket", read_packet, DIES},
    {"bind to another interface", bind_other, DIES},
    {"make a transmit ring", new_ring, DIES},
    {"join a fanout group", fanout, DIES},
    {"change interface flags", set_flags, DIES},
    {"put the pipe in the place of the packet socket", duplicate, DIES},
    {"close the packet socket", close_fd, DIES},
    {"ask for interface flags", get_flags, WORKS},
    {"attach a filter", attach_filter, WORKS},
    {"ask for statistics", statistics, WORKS},
    {"drain the packet socket", drain, EAGAIN},
};
static const struct attempt on_file[] = {
    {"write the file", write_file, DIES},
    {"read at the file's offset", read_file, DIES},
    {"map the file", map_file, DIES},
    {"pread something else", pread_ipc, DIES},
    {"move the file's offset", seek_file, EACCES},
    {"pread the file", pread_file, WORKS},
};
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define EXIT_SETUP   99
#define EXIT_THROUGH 98

/* The product's order: privileges, source, capabilities, Landlock, limits, seccomp. */
static bool enter(bool live, const int pair[2]) {
    struct priv_options o = {.is_root = true, .uid = 65534, .gid = 65534};
    struct source_live s = {"lo", 2048, 1 << 20, false};
    struct fail fail = {0};
    unsigned abi;
    bool has_capability;
    int file = live ? -1 : open("/etc/hostname", O_RDONLY), ipc = pair[1];
    bool ok =
        priv_lock(&o, &has_capability, &fail) && drop_inherited(&ipc, &file, getppid(), &fail);
    if (ok && live) {
        struct source *source = drop_raise_net_raw(&fail) ? source_open_live(&s, &fail) : NULL;
        ok = source != NULL;
        if (ok) P = source_packet_fd(source);
    }
    I = ipc;
    F = file;
    ok = ok && drop_capabilities(&fail) && drop_address_space(&fail) &&
         sandbox_landlock(&abi, &fail) && drop_limits(2, &fail) &&
         sandbox_seccomp(&(struct sandbox_fds){I, P, F}, &fail) && sandbox_check(&fail);
    if (!ok && write(pair[1], fail.why, strlen(fail.why)) < 0) return false;
    return ok;
}

static void try(const struct attempt *a, bool live) {
    char name[160];
    int pair[2], status;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) abort();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (!enter(live, pair)) _exit(EXIT_SETUP);
        int result = a->run();
        _exit(result == 0 ? EXIT_THROUGH : result);
    }
    waitpid(pid, &status, 0);
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    bool ok = a->want == DIES ? died : code == (a->want == WORKS ? EXIT_THROUGH : a->want);
    const char *what = a->want == DIES    ? "kills it"
                       : a->want == WORKS ? "works"
                                          : strerror(a->want);
    snprintf(name, sizeof name, "%s worker: to %s: %s", live ? "live" : "file", a->name, what);
    tap_ok(ok, name);
    if (!ok)
        printf("# got signal %d, status %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0, code);
    if (code == EXIT_SETUP) {
        char why[400] = "";
        if (read(pair[0], why, sizeof why - 1) > 0) printf("# set-up failed: %s\n", why);
    }
    close(pair[0]);
    close(pair[1]);
}

int main(void) {
    if (geteuid() != 0) {
        tap_skip("worker sandbox", "needs root to open a packet socket");
        return tap_end();
    }
    for (int live = 1; live >= 0; live--)
        for (size_t i = 0; i < COUNT(on_both); i++) try(&on_both[i], live);
    for (size_t i = 0; i < COUNT(on_live); i++) try(&on_live[i], true);
    for (size_t i = 0; i < COUNT(on_file); i++) try(&on_file[i], false);
    return tap_end();
}
