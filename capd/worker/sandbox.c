/* What is left to a worker that reads hostile packets: its pipe to the parent, the drained packet
 * socket or one file, memory and time.  A packet socket can transmit, change interface and rebuild
 * its ring without any capability, so each call is bound to the descriptor it is meant for.
 * Runs in: worker.  Input trust: none. */
#include "capd/worker/sandbox.h"
#include "common/landlock.h"
#include "common/sandbox_action.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

bool sandbox_landlock(unsigned *abi_out, struct fail *fail) {
    int rc = landlock_enter(&(struct landlock_keep){.readable_n = 0}, abi_out);
    if (rc == 0) return true;
    return fail_set(fail, FAIL_SANDBOX, "", "the capture worker could not enter Landlock: %s",
                    strerror(-rc));
}

/* ---- seccomp ------------------------------------------------------------------------------- */

#define ARG_IS(n, v) SCMP_CMP64(n, SCMP_CMP_EQ, (uint64_t)(v), 0)

/* Rules fail together: the first error sticks. */
struct rules {
    scmp_filter_ctx ctx;
    int error;
};

static void rule(struct rules *r, uint32_t action, int call, unsigned n,
                 const struct scmp_arg_cmp *args) {
    if (r->error == 0) r->error = seccomp_rule_add_array(r->ctx, action, call, n, args);
}

static void allow(struct rules *r, int call) {
    rule(r, SCMP_ACT_ALLOW, call, 0, NULL);
}

static void allow_on(struct rules *r, int call, int fd) {
    rule(r, SCMP_ACT_ALLOW, call, 1, (struct scmp_arg_cmp[]){ARG_IS(0, fd)});
}

/* For calls whose second (and third, unless -1) argument is a plain number. */
static void allow_option(struct rules *r, int call, int fd, int64_t a, int64_t b) {
    struct scmp_arg_cmp args[] = {ARG_IS(0, fd), ARG_IS(1, a), ARG_IS(2, b)};
    rule(r, SCMP_ACT_ALLOW, call, b < 0 ? 2 : 3, args);
}

static void allow_memory(struct rules *r) {
    static const int calls[] = {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
                                SCMP_SYS(madvise)};
    struct scmp_arg_cmp map[] = {SCMP_CMP64(2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                 SCMP_CMP64(3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) allow(r, calls[i]);
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, map);
    rule(r, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, map);
}

static void allow_general(struct rules *r, int ipc) {
    /* futex must be allowed: an error makes glibc abort.  poll does not exist on aarch64. */
    static const int calls[] = {SCMP_SYS(poll),         SCMP_SYS(ppoll),
                                SCMP_SYS(futex),        SCMP_SYS(clock_gettime),
                                SCMP_SYS(getrandom),    SCMP_SYS(restart_syscall),
                                SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group)};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) allow(r, calls[i]);
    allow_on(r, SCMP_SYS(read), ipc);
    allow_on(r, SCMP_SYS(write), ipc);
}

static void allow_packet(struct rules *r, int packet) {
    allow_on(r, SCMP_SYS(recvfrom), packet); /* pcap_setfilter drains the socket */
    allow_option(r, SCMP_SYS(fcntl), packet, F_GETFL, -1);
    allow_option(r, SCMP_SYS(fcntl), packet, F_SETFL, -1);
    allow_option(r, SCMP_SYS(setsockopt), packet, SOL_SOCKET, SO_ATTACH_FILTER);
    allow_option(r, SCMP_SYS(setsockopt), packet, SOL_SOCKET, SO_DETACH_FILTER);
    allow_option(r, SCMP_SYS(getsockopt), packet, SOL_PACKET, PACKET_STATISTICS);
    allow_option(r, SCMP_SYS(getsockopt), packet, SOL_SOCKET, SO_ERROR);
    allow_on(r, SCMP_SYS(getsockname), packet); /* device-gone check after ENETDOWN */
    allow_option(r, SCMP_SYS(ioctl), packet, SIOCGIFFLAGS, -1);
}

/* Calls that libc makes on its own when pcap_compile meets a literal address: an error, no death.
 */
static void refuse_probes(struct rules *r) {
    static const int calls[] = {SCMP_SYS(open),       SCMP_SYS(openat), SCMP_SYS(stat),
                                SCMP_SYS(newfstatat), SCMP_SYS(statx),  SCMP_SYS(access),
                                SCMP_SYS(faccessat),  SCMP_SYS(socket), SCMP_SYS(connect),
                                SCMP_SYS(uname),      SCMP_SYS(lseek)};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        rule(r, SCMP_ACT_ERRNO(EACCES), calls[i], 0, NULL);
}

bool sandbox_seccomp(const struct sandbox_fds *fds, struct fail *fail) {
    struct rules r = {seccomp_init(SANDBOX_FORBIDDEN), 0};
    if (!r.ctx)
        return fail_set(fail, FAIL_SANDBOX, "", "the kernel has no system call filters that kill");
    allow_general(&r, fds->ipc);
    allow_memory(&r);
    if (fds->packet >= 0) allow_packet(&r, fds->packet);
    if (fds->file >= 0) allow_on(&r, SCMP_SYS(pread64), fds->file);
    refuse_probes(&r);
    if (r.error == 0) r.error = seccomp_load(r.ctx);
    seccomp_release(r.ctx);
    if (r.error == 0) return true;
    return fail_set(fail, FAIL_SANDBOX, "",
                    "the capture worker could not install its system call filter: %s",
                    strerror(-r.error));
}

bool sandbox_check(struct fail *fail) {
    if (socket(AF_UNIX, SOCK_DGRAM, 0) == -1 && errno == EACCES) return true;
    return fail_set(fail, FAIL_SANDBOX, "", "the worker's system call filter is not in force");
}
