/* Enter the worker's sandbox by the product's own code, with a real packet socket on `lo`, and try
 * what a taken-over worker would try.  Each attempt runs in a process of its own.
 * Runs in: tests, as root.  Input trust: none. */
#include "capd/parent/priv.h"
#include "capd/worker/drop.h"
#include "capd/worker/sandbox.h"
#include "capd/worker/source.h"
#include "capd/parent/relay.h"
#include "tests/sandbox/attempt.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

static int P = -1, I = -1, F = -1; /* packet socket, pipe to the parent, capture file */

static struct relay others; /* frames of another capture, in the parent's memory */
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
/* Another capture's process: its memory, and the files through which the kernel shows it. */
static int others_memory(void) {
    uint8_t byte;
    struct iovec here = {&byte, 1}, there = {frame, 1};
    return TRY(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}
/* What the parent held of another capture when this worker was forked. */
static int inherited_frames(void) {
    for (size_t i = 0; i < 4096; i++)
        if (others.bytes[i]) return 0;
    return ENODATA;
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
ATTEMPT(open_memory, open("/proc/1/mem", O_RDONLY))
ATTEMPT(signal_thread, syscall(SYS_tgkill, getppid(), getppid(), SIGTERM))
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

static const struct attempt on_both[] = {
    {"open a file", open_file, EACCES},
    {"open a socket", open_socket, EACCES},
    {"open a packet socket", open_packet, EACCES},
    {"read another process's memory", others_memory, DIES},
    {"open another process's memory", open_memory, EACCES},
    {"find another capture's frames in its own memory", inherited_frames, ENODATA},
    {"signal another process's thread", signal_thread, DIES},
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
/* The product's order: privileges, source, capabilities, Landlock, limits, seccomp. */
static bool enter(int live, const int pair[2]) {
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

int main(void) {
    if (geteuid() != 0) {
        tap_skip("worker sandbox", "needs root to open a packet socket");
        return tap_end();
    }
    if (!relay_open(&others)) return 1;
    memset(others.bytes, 0x5a, 4096);
    attempt_all("worker, live", on_both, COUNT(on_both), enter, true);
    attempt_all("worker, live", on_live, COUNT(on_live), enter, true);
    attempt_all("worker of a file", on_both, COUNT(on_both), enter, false);
    attempt_all("worker of a file", on_file, COUNT(on_file), enter, false);
    return tap_end();
}
