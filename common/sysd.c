/* Socket activation and readiness.
 * Runs in: any, at the start.  Input trust: local (the environment systemd set). */
#include "common/sysd.h"
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3

bool sysd_listen_fd(int *fd_out, struct fail *fail) {
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    int domain = 0, listening = 0;
    socklen_t len = sizeof domain;
    *fd_out = -1;
    if (!pid || !count || strtol(pid, NULL, 10) != getpid()) return true;
    if (strcmp(count, "1") != 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "LISTEN_FDS is %.10s, one socket is expected",
                        count);
    if (getsockopt(FIRST_FD, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain != AF_UNIX ||
        getsockopt(FIRST_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || !listening)
        return fail_set(fail, FAIL_ENVIRONMENT, "",
                        "the passed socket is no listening Unix socket");
    if (fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) != 0 || fcntl(FIRST_FD, F_SETFL, O_NONBLOCK) != 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "the passed socket cannot be used");
    *fd_out = FIRST_FD;
    return true;
}

static bool is_listener(int fd) {
    int domain = 0, listening = 0, type = 0;
    socklen_t len = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
           (domain == AF_UNIX || domain == AF_INET || domain == AF_INET6) &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

int sysd_listen_fds(int *fds_out, int max, struct fail *fail) {
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
    if (!pid || !count || strtol(pid, NULL, 10) != getpid()) return 0;
    long n = strtol(count, NULL, 10);
    if (n < 1 || n > max) {
        fail_set(fail, FAIL_ENVIRONMENT, "", "LISTEN_FDS is %.10s, 1 to %d sockets are expected",
                 count, max);
        return -1;
    }
    for (int i = 0; i < (int)n; i++) {
        fds_out[i] = FIRST_FD + i;
        if (is_listener(fds_out[i]) && fcntl(fds_out[i], F_SETFD, FD_CLOEXEC) == 0 &&
            fcntl(fds_out[i], F_SETFL, O_NONBLOCK) == 0)
            continue;
        fail_set(fail, FAIL_ENVIRONMENT, "",
                 "passed socket %d is no listening TCP or Unix stream socket", i + 1);
        return -1;
    }
    return (int)n;
}

int sysd_notify_open(void) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) return -1;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (connect(fd, (const struct sockaddr *)&to, size) == 0) return fd;
    close(fd);
    return -1;
}

void sysd_notify_ready(int fd) {
    static const char ready[] = "READY=1\nSTATUS=waiting for clients\n";
    if (fd < 0) return;
    sysd_notify(fd, ready);
    close(fd);
}

void sysd_notify(int fd, const char *lines) {
    if (fd < 0) return;
    ssize_t done = write(fd, lines, strlen(lines));
    (void)done; /* the service manager times out and says so */
}

unsigned sysd_watchdog_ms(void) {
    const char *pid = getenv("WATCHDOG_PID"), *usec = getenv("WATCHDOG_USEC");
    if (!usec || (pid && strtol(pid, NULL, 10) != getpid())) return 0;
    unsigned long long ms = strtoull(usec, NULL, 10) / 1000;
    return ms > 0 && ms < 3600000 ? (unsigned)ms : 0;
}
