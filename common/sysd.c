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
    ssize_t done = write(fd, ready, sizeof ready - 1);
    (void)done; /* the service manager times out and says so */
    close(fd);
}
