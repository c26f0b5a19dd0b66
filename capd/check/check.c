/* `capd --check`.  Nothing is listened on and no client is served; what is printed about the walls
 * is not what the program intends but what the kernel says once they stand.
 * Runs in: capd, instead of the parent.  Input trust: local. */
#include "capd/check/check.h"
#include "capd/parent/sandbox.h"
#include "capd/worker/worker.h"
#include "common/held.h"
#include "common/landlock.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static void say_ids(const char *what, const struct config_ids *ids, const char *none) {
    printf("%s:", what);
    for (unsigned i = 0; i < ids->n; i++) printf(" %u", ids->id[i]);
    printf("%s\n", ids->n ? "" : none);
}

static void say_configuration(const struct config *c, const struct priv_options *o) {
    printf(
        "configuration is valid\nsocket %s, group %s, unless the service manager passes one, as "
        "capd.socket does: then path and group are that one's\nruns as uid %u gid %u, %s capture\n"
        "limits: %u captures, %u per user, %u s, %u bytes per packet, ring %u MiB\n"
        "names and paths: %s; promiscuous mode: %s\ninterfaces:",
        c->socket, c->socket_group, o->uid, o->gid,
        priv_has_net_raw() ? "can" : "cannot (no CAP_NET_RAW)", c->max_captures,
        c->max_captures_per_user, c->max_duration_s, c->snap_length, c->ring_mib,
        c->names ? "told" : "hashed", c->promiscuous ? "on" : "off");
    for (unsigned i = 0; i < c->interfaces_n; i++) printf(" %s", c->interfaces[i]);
    printf("%s\n", c->interfaces_n ? "" : " all");
    bool all = c->users.n == 0 && c->groups.n == 0;
    say_ids("uids", &c->users, all ? " all who can connect" : " none");
    say_ids("gids", &c->groups, all ? " all who can connect" : " none");
    say_ids("uids of services", &c->services, " none");
}

static void say_kernel(void) {
    struct utsname u;
    unsigned abi = landlock_abi();
    if (uname(&u) == 0) printf("kernel: %s %s, ", u.release, u.machine);
    printf("system call filters %s, ", access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0
                                           ? "yes"
                                           : "not seen in /proc");
    if (abi)
        printf("Landlock ABI %u (files%s%s)\n", abi, abi >= 4 ? ", TCP" : "",
               abi >= 6 ? ", abstract sockets, signals" : "");
    else
        printf("no Landlock: workers are kept from files by their system call filter alone\n");
}

/* A child locks itself up as a worker, and says how that went. */
static bool say_worker(void) {
    char text[HELD_TEXT_BYTES + 64];
    int pair[2], status = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return false;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) worker_check(pair[1], parent);
    close(pair[1]);
    ssize_t n = pid > 0 ? read(pair[0], text, sizeof text) : -1;
    close(pair[0]);
    if (pid > 0) (void)waitpid(pid, &status, 0);
    if (n > 0)
        printf("worker: %.*s\n", (int)n, text);
    else
        printf("worker: it ended without a word (status %d)\n", status);
    return n > 0 && status == 0;
}

int check_run(const struct config *c, struct priv_options *o) {
    char text[HELD_TEXT_BYTES];
    struct fail fail = {0};
    bool live;
    unsigned abi;
    int fd = held_open();
    say_configuration(c, o);
    say_kernel();
    fflush(stdout);
#ifdef TEST_BUILD /* sanitizers need calls that the filters forbid */
    (void)fd, (void)text, (void)fail, (void)live, (void)abi, (void)say_worker;
    return 0;
#else
    o->service = true;
    if (!priv_lock(o, &live, &fail) || !parent_landlock(&abi, &fail) ||
        !parent_sandbox_enter(&fail)) {
        printf("parent: %s\n", fail.why);
        return 1;
    }
    printf("parent: %s\n", held_text(fd, abi, text) ? text : "not known: /proc is not mounted");
    bool ok = say_worker();
    fflush(stdout);
    return ok ? 0 : 1;
#endif
}
