/* `mcpd status`, `stop` and `report` are about the captures of a running `mcpd serve`, which
 * outlive the connection that started them.  This version can run no `mcpd serve`, so what is left
 * to do is to look whether one of another version is there, and to say what helps instead. Runs in:
 * mcpd.  Input trust: local (the person who runs it). */
#include "common/log.h"
#include "mcpd/cli.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SERVE_SOCKET "/run/mcpd/mcpd.sock" /* contract section 2 */

/* 0: somebody listens there; else the errno. */
static int try_socket(void) {
    const struct sockaddr_un sa = {.sun_family = AF_UNIX, .sun_path = SERVE_SOCKET};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int err = fd < 0 || connect(fd, (const struct sockaddr *)&sa, sizeof sa) != 0 ? errno : 0;
    if (fd >= 0) close(fd);
    return err;
}

int cli_serve_client(const struct cli *c) {
    static const char *const names[] = {
        [CLI_STATUS] = "status", [CLI_STOP] = "stop", [CLI_REPORT] = "report"};
    int err = try_socket();
    bool there = err == 0 || err == EACCES || err == EPERM || err == EAGAIN;
    if (there)
        log_line("%s: an `mcpd serve` of another version may run behind %s (%s); this version, %s, "
                 "cannot talk to it",
                 names[c->command], SERVE_SOCKET, err ? strerror(err) : "it listens", PCM_VERSION);
    else
        log_line("%s: no `mcpd serve` runs here: %s: %s", names[c->command], SERVE_SOCKET,
                 strerror(err));
    log_line("this version has no `serve`: capture and report with `mcpd diagnose`;");
    log_line("captures of an `mcpd stdio` belong to the client that started it: ask there");
    return EXIT_NOT_PERMITTED;
}
