/* Socket activation, readiness and signs of life.
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
        fail_set(fail, FAIL_ENVIRONMENT, "", "LISTEN_FDS is %.10s, at most %d is expected", count,
                 max);
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

bool sysd_listen_fd(int *fd_out, struct fail *fail) {
    int domain = 0, fd = -1, n = sysd_listen_fds(&fd, 1, fail);
    socklen_t len = sizeof domain;
    *fd_out = fd;
    if (n < 0) return false;
    if (n == 0 || (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX))
        return true;
    return fail_set(fail, FAIL_ENVIRONMENT, "", "the passed socket is no listening Unix socket");
}

static int connect_to_manager(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@')) return -1;
    memcpy(to.sun_path, path, len);
    if (path[0] == '@') to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (connect(fd, (const struct sockaddr *)&to, size) == 0) return fd;
    close(fd);
    return -1;
}

/* Microseconds that may pass between two signs of life, 0: nobody counts. */
static uint64_t watchdog_us(void) {
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (!us || (pid && strtol(pid, NULL, 10) != getpid())) return 0;
    return strtoull(us, NULL, 10);
}

void sysd_open(struct sysd *s) {
    uint64_t beat_ms = watchdog_us() / 3000u;
    *s = (struct sysd){.fd = connect_to_manager(getenv("NOTIFY_SOCKET")), .beat_ms = -1};
    if (s->fd >= 0 && beat_ms > 0 && beat_ms < INT32_MAX) s->beat_ms = (int)beat_ms;
}

void sysd_say(const struct sysd *s, const char *lines) {
    if (s->fd < 0) return;
    ssize_t done = write(s->fd, lines, strlen(lines));
    (void)done; /* the service manager times out and says so */
}

void sysd_beat(struct sysd *s, uint64_t mono_ms) {
    if (s->beat_ms < 0 || mono_ms < s->beat_at) return;
    s->beat_at = mono_ms + (uint64_t)s->beat_ms;
    sysd_say(s, "WATCHDOG=1\n");
}
