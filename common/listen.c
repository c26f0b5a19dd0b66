/* Sockets with a path: who may connect is decided by their mode.
 * Runs in: parent, mcpd; before they give up privileges.  Input trust: local. */
#include "common/listen.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What another one left behind goes, who listens stays. */
static bool clear(const struct sockaddr_un *path, const char *program, struct fail *fail) {
    struct stat st;
    if (lstat(path->sun_path, &st) != 0) return true;
    if (!S_ISSOCK(st.st_mode))
        return fail_set(fail, FAIL_ENVIRONMENT, "socket", "%.107s: exists and is no socket",
                        path->sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int rc = fd < 0 ? -1 : connect(fd, (const struct sockaddr *)path, sizeof *path);
    bool stale = rc != 0 && errno == ECONNREFUSED;
    if (fd >= 0) close(fd);
    if (stale && unlink(path->sun_path) == 0) return true;
    return fail_set(fail, FAIL_ENVIRONMENT, "socket", "%.107s: %s%s%s", path->sun_path,
                    stale ? strerror(errno) : "another ", stale ? "" : program,
                    stale ? "" : " listens there");
}

int listen_at(const char *path, const char *program, int backlog, struct fail *fail) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (!clear(&to, program, fail)) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0177); /* nobody else gets in before the group is given */
    int rc = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&to, sizeof to);
    int error = errno;
    (void)umask(mask);
    if (rc == 0 && listen(fd, backlog) == 0) return fd;
    if (rc == 0) error = errno;
    if (fd >= 0) close(fd);
    fail_set(fail, error == EACCES ? FAIL_PERMISSION : FAIL_ENVIRONMENT, "socket",
             "cannot listen on %.107s: %s", path, strerror(error));
    return -1;
}

int listen_open_to(const char *path, gid_t group) {
    return chown(path, (uid_t)-1, group) == 0 && chmod(path, 0660) == 0 ? 0 : -errno;
}
