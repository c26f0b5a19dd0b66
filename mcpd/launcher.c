/* The launcher child.  It is forked first and keeps what privileges the person has (a private capd
 * of root needs them, and a capability on the capd binary is honoured only without
 * no-new-privileges), so it does next to nothing: it waits for one byte with descriptors, forks,
 * and executes one of two programs found before anybody could tell it anything.  It has a session
 * of its own: Ctrl-C on the terminal stops a capture through mcpd, it does not kill it.  When it
 * ends the network child's process group ends with it. Runs in: mcpd's launcher child.  Input
 * trust: mcpd (orders of one byte). */
#include "mcpd/launcher.h"
#include "common/log.h"
#include "mcpd/privs.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ORDER_CAPD      'c' /* 1 descriptor: the socket */
#define ORDER_CAPD_FILE 'f' /* 2 descriptors: the socket, the file */
#define ORDER_NET       'n' /* 1 descriptor: the socket */
#define ORDER_CONFINE   'z' /* 1 descriptor, unused: no private capd with privileges is wanted */
#define FDS_MAX         2
/* The copy with CAP_NET_RAW that an administrator may have made for a group; root needs none. */
#define LIVE_CAPD "/usr/libexec/packet-capture-mcp/capd-private"
#define NOBODY    65534 /* the overflow uid: owns nothing */

/* ---- finding the programs -------------------------------------------------------------------- */

static bool try_path(char out[256], const char *dir, int dir_len, const char *name) {
    int n = snprintf(out, 256, "%.*s/%s", dir_len, dir, name);
    if (n > 0 && n < 256 && access(out, X_OK) == 0) return true;
    out[0] = 0;
    return false;
}

static void find_program(char out[256], const char *name) {
    static const char *const places[] = {"/usr/sbin", "/usr/libexec/packet-capture-mcp"};
    char self[256];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;
    if (slash && try_path(out, self, (int)(slash - self), name)) return;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (try_path(out, places[i], (int)strlen(places[i]), name)) return;
}

void launcher_find(struct launcher *l) {
    l->fd = -1;
    find_program(l->capd, "capd");
    find_program(l->net, "mcpd-net");
    snprintf(l->live, sizeof l->live, "%s", l->capd);
    bool installed =
        strcmp(l->capd, "/usr/sbin/capd") == 0; /* else the copy may be another version */
    if (installed && geteuid() != 0 && access(LIVE_CAPD, X_OK) == 0)
        snprintf(l->live, sizeof l->live, "%s", LIVE_CAPD);
}

/* ---- in the child ---------------------------------------------------------------------------- */

/* Receive one order.  Returns the number of descriptors, -1 at the end or on nonsense. */
static int receive_order(int fd, char *order, int fds[FDS_MAX]) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    } control;
    struct iovec iov = {order, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    ssize_t n;
    do n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) return -1;
    int count = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    if (count < 1 || count > FDS_MAX || (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return -1;
    memcpy(fds, CMSG_DATA(c), sizeof(int) * (size_t)count);
    return count;
}

/* Put fds[i] at descriptor first + i, open across exec, and close everything above. */
static bool place_fds(int fds[FDS_MAX], int count, int first) {
    for (int i = 0; i < count; i++) {
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 16);
        if (fds[i] < 0) return false;
    }
    for (int i = 0; i < count; i++)
        if (dup2(fds[i], first + i) < 0) return false;
    return close_range((unsigned)(first + count > 3 ? first + count : 3), ~0u, 0) == 0;
}

/* The network child needs no privilege at all: as root it becomes nobody, where such a user exists
 * in this user namespace, and it never gets privileges back. */
static void shed_for_network(void) {
    if (geteuid() == 0) {
        privs_drop_bounding();
        (void)!setgroups(0, NULL);
        (void)!setresgid(NOBODY, NOBODY, NOBODY);
        (void)!setresuid(NOBODY, NOBODY, NOBODY);
    }
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

_Noreturn static void execute(const struct launcher *l, char order, int fds[FDS_MAX], int count) {
    char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *const net_env[] = {path, NULL};
    sigset_t none;
    sigemptyset(&none);
    (void)signal(SIGCHLD, SIG_DFL); /* capd waits for its workers */
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    /* capd ends by itself, when it has told its last counts.  The network child ends with the
     * launcher, whoever holds it by then: it stays in this group, its policy has no way out. */
    if (order != ORDER_NET) (void)setpgid(0, 0);
    if (order == ORDER_NET && count == 1) {
        int both[FDS_MAX] = {fds[0], fds[0]};
        if (place_fds(both, 2, 0)) {
            shed_for_network();
            execle(l->net, "mcpd-net", (char *)NULL, net_env);
        }
    } else if (order == ORDER_CAPD && count == 1) {
        if (place_fds(fds, 1, 3)) execl(l->live, "capd", "--private", (char *)NULL);
    } else if (order == ORDER_CAPD_FILE && count == 2) {
        if (place_fds(fds, 2, 3))
            execl(l->capd, "capd", "--private", "--private-file", (char *)NULL);
    }
    log_line("cannot start %s: %s", order == ORDER_NET ? l->net : l->capd, strerror(errno));
    _exit(127);
}

/* What is started from now on gains nothing by being started.  Returns no child. */
static pid_t confine(void) {
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
    return 1;
}

_Noreturn static void serve(const struct launcher *l, int fd) {
    char order;
    int fds[FDS_MAX], count;
    while ((count = receive_order(fd, &order, fds)) > 0) {
        pid_t pid = order == ORDER_CONFINE ? confine() : fork();
        if (pid == 0) execute(l, order, fds, count);
        if (pid < 0) log_line("cannot fork: %s", strerror(errno));
        for (int i = 0; i < count; i++) close(fds[i]);
    }
    (void)kill(0, SIGKILL); /* the network child too, and whatever it has forked */
    _exit(0);
}

/* Standard input empty, standard output the log: what is started here must not touch either.
 * mcpd hears 0, or the number of the error for which nothing can be started. */
_Noreturn static void become_launcher(const struct launcher *l, int fd) {
    (void)setsid();
    (void)signal(SIGCHLD, SIG_IGN); /* no zombies; execute() takes it back */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool ok = null >= 0 && dup2(null, 0) >= 0 && dup2(2, 1) >= 0 && dup2(fd, 3) >= 0 &&
              close_range(4, ~0u, 0) >= 0;
    int err = ok ? 0 : errno;
    if (write(ok ? 3 : fd, &err, sizeof err) != (ssize_t)sizeof err || err) _exit(1);
    (void)fcntl(3, F_SETFD, FD_CLOEXEC);
    serve(l, 3);
}

/* ---- in mcpd --------------------------------------------------------------------------------- */

int launcher_start(struct launcher *l) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -errno;
    l->pid = fork();
    if (l->pid == 0) become_launcher(l, pair[1]);
    int err = errno;
    close(pair[1]);
    if (l->pid > 0 && read(pair[0], &err, sizeof err) != (ssize_t)sizeof err) err = ECHILD;
    if (err == 0) {
        l->fd = pair[0];
        return 0;
    }
    close(pair[0]);
    return -err;
}

static bool send_order(int fd, char order, const int *fds, size_t count) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec iov = {&order, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
    return sendmsg(fd, &msg, MSG_NOSIGNAL) == 1;
}

/* Order a program with one end of a new socket pair; returns the other. */
static int order_program(struct launcher *l, char order, int type, int file_fd) {
    int pair[2];
    if (l->fd < 0) {
        errno = ECHILD;
        return -1;
    }
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0) return -1;
    int fds[FDS_MAX] = {pair[1], file_fd};
    bool ok = send_order(l->fd, order, fds, file_fd >= 0 ? 2 : 1);
    int err = errno;
    close(pair[1]);
    if (ok) return pair[0];
    close(pair[0]);
    errno = err;
    return -1;
}

bool launcher_confine(struct launcher *l) {
    int fd = STDERR_FILENO; /* an order has a descriptor; this one is of no use to anybody */
    return send_order(l->fd, ORDER_CONFINE, &fd, 1);
}

static int explain(const char *program, struct fail *fail) {
    fail_set(fail, FAIL_ENVIRONMENT, "", "cannot start %s: %s", program, strerror(errno));
    return -1;
}

int launcher_private_capd(struct launcher *l, int file_fd, struct fail *fail) {
    if (!l->capd[0]) {
        fail_set(fail, FAIL_ENVIRONMENT, "capd",
                 "the program capd was found neither beside mcpd nor in /usr/sbin or "
                 "/usr/libexec/packet-capture-mcp: install it there");
        return -1;
    }
    int fd = order_program(l, file_fd >= 0 ? ORDER_CAPD_FILE : ORDER_CAPD, SOCK_STREAM, file_fd);
    return fd >= 0 ? fd : explain("a private capd", fail);
}

int launcher_network_child(struct launcher *l, struct fail *fail) {
    if (!l->net[0]) {
        fail_set(fail, FAIL_ENVIRONMENT, "",
                 "the program mcpd-net was found neither beside mcpd nor in /usr/sbin or "
                 "/usr/libexec/packet-capture-mcp");
        return -1;
    }
    int fd = order_program(l, ORDER_NET, SOCK_SEQPACKET, -1);
    return fd >= 0 ? fd : explain("the network child", fail);
}

void launcher_close(struct launcher *l) {
    if (l->fd < 0) return;
    close(l->fd); /* the end of its orders: it leaves at once */
    (void)waitpid(l->pid, NULL, 0);
    l->fd = -1;
}
