/* The socket's path: who may connect is decided by its mode first, by policy second.
 * Runs in: parent, before it gives up privileges.  Input trust: local. */
#include "capd/parent/listener.h"
#include "common/conf.h"
#include "common/log.h"
#include "common/start.h"
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int refuse(struct fail *fail, const char *path, const char *why) {
    fail_set(fail, FAIL_ENVIRONMENT, "socket", "%s: %s", path, why);
    return -1;
}

static void give_to_group(const struct config *c) {
    unsigned gid = 0;
    const struct group *g = getgrnam(c->socket_group);
    if (!g && !conf_number(c->socket_group, 0, UINT32_MAX - 1ul, &gid))
        log_line("group %s does not exist: only this group and user can connect to %s",
                 c->socket_group, c->socket);
    else if (chown(c->socket, (uid_t)-1, g ? g->gr_gid : gid) != 0)
        log_line("%s cannot be given to group %s: %s", c->socket, c->socket_group, strerror(errno));
}

int listener_open(const struct config *c, struct fail *fail) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", c->socket);
    if (strncmp(c->socket, "/run/capd/", 10) == 0 && mkdir("/run/capd", 0755) == 0 &&
        chmod("/run/capd", 0755) != 0)
        return refuse(fail, "/run/capd", strerror(errno));
    if (!start_clear_socket(&to, "capd", fail)) return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return refuse(fail, c->socket, strerror(errno));
    /* umask 077: nobody else gets in between bind and chmod */
    if (bind(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        give_to_group(c);
        if (chmod(c->socket, 0660) == 0 && listen(fd, SOMAXCONN) == 0) return fd;
    }
    int error = errno;
    close(fd);
    return refuse(fail, c->socket, strerror(error));
}
