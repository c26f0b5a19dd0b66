/* Opens what `mcpd serve` listens on: the sockets that systemd passes, else those of the settings.
 * Runs in: mcpd, at the start. Input trust: local (settings, environment). */
#include "common/conf.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/sysd.h"
#include "mcpd/cli_serve.h"
#include "mcpd/transport/http_limits.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- TCP ------------------------------------------------------------------------------------- */

/* ADDRESS:PORT as settings_set_listen() accepts it. */
static socklen_t parse_address(const char *text, struct sockaddr_storage *sa) {
    struct sockaddr_in *v4 = (void *)sa;
    struct sockaddr_in6 *v6 = (void *)sa;
    char address[64];
    snprintf(address, sizeof address, "%s", text);
    char *colon = strrchr(address, ':');
    in_port_t port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    *sa = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (address[0] == '[') {
        colon[-1] = 0;
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        return inet_pton(AF_INET6, address + 1, &v6->sin6_addr) == 1 ? sizeof *v6 : 0;
    }
    *colon = 0;
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    return inet_pton(AF_INET, address, &v4->sin_addr) == 1 ? sizeof *v4 : 0;
}

static int open_tcp(const char *text, struct fail *fail) {
    struct sockaddr_storage sa;
    const int on = 1;
    socklen_t len = parse_address(text, &sa);
    int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (sa.ss_family == AF_INET6)
            (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&sa, len) == 0 && listen(fd, HTTP_BACKLOG) == 0) return fd;
    }
    fail_set(fail, errno == EACCES ? FAIL_PERMISSION : FAIL_ENVIRONMENT, "listen",
             "cannot listen on %.64s: %s (--listen, or listen in mcpd.conf, names another)", text,
             strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

static void note_own(struct serve_sockets *s, const void *address, uint8_t len, uint16_t port) {
    struct msg_endpoint *own = &s->own[s->own_n];
    if (s->own_n == CAPTURES_OWN) return;
    own->address.len = len;
    memcpy(own->address.b, address, len);
    own->port = port;
    s->own_n++;
}

static void describe(struct serve_sockets *s, int fd, struct listener_kind *kind) {
    struct sockaddr_storage sa = {.ss_family = AF_UNSPEC};
    const struct sockaddr_in *v4 = (void *)&sa;
    const struct sockaddr_in6 *v6 = (void *)&sa;
    const struct sockaddr_un *un = (void *)&sa;
    socklen_t len = sizeof sa;
    char address[INET6_ADDRSTRLEN], text[160];
    bool loopback = true;
    if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0) return;
    if (sa.ss_family == AF_INET) {
        loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
        note_own(s, &v4->sin_addr, 4, ntohs(v4->sin_port));
        snprintf(text, sizeof text, "http://%s:%u/mcp",
                 inet_ntop(AF_INET, &v4->sin_addr, address, sizeof address), ntohs(v4->sin_port));
    } else if (sa.ss_family == AF_INET6) {
        loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
        note_own(s, &v6->sin6_addr, 16, ntohs(v6->sin6_port));
        snprintf(text, sizeof text, "http://[%s]:%u/mcp",
                 inet_ntop(AF_INET6, &v6->sin6_addr, address, sizeof address),
                 ntohs(v6->sin6_port));
    } else {
        snprintf(text, sizeof text, "unix:%.107s", un->sun_path);
    }
    kind->tcp = kind->tcp || sa.ss_family != AF_UNIX;
    kind->beyond_loopback = kind->beyond_loopback || !loopback;
    size_t used = strlen(s->where);
    snprintf(s->where + used, sizeof s->where - used, "%s%s", used ? ", " : "", text);
}

/* ---- Unix ------------------------------------------------------------------------------------ */

/* The group's number; 0 if none is named. */
static bool find_group(const char *name, gid_t *gid_out, struct fail *fail) {
    *gid_out = 0;
    return !name[0] || conf_group(name, gid_out) ||
           fail_set(fail, FAIL_VALUE, "socket_group", "socket_group: there is no group %.32s",
                    name);
}

/* The owner may connect, and the group if one is named. */
static int open_unix(const struct settings *c, const char *path, struct fail *fail) {
    const char *group = c->socket_group;
    gid_t gid;
    if (!find_group(group, &gid, fail)) return -1;
    int fd = listen_at(path, "mcpd serve", HTTP_BACKLOG, fail);
    int error = fd < 0 || !group[0] ? 0 : listen_open_to(path, gid);
    if (error == 0) return fd;
    fail_set(fail, FAIL_PERMISSION, "socket_group",
             "cannot give %.107s to the group %.32s: %s (who runs mcpd must be in it)", path, group,
             strerror(-error));
    (void)unlink(path); /* ours, and of no use to anybody; locked up it cannot be removed later */
    close(fd);
    return -1;
}

/* "": none.  Without a word about it: the well-known place, where it can be used. */
static const char *socket_path(const struct settings *c) {
    if (c->socket[0]) return c->socket;
    if (getuid() == 0) (void)mkdir(SETTINGS_RUN_DIR, 0755);
    if (getuid() == 0) (void)chmod(SETTINGS_RUN_DIR, 0755); /* whatever the umask */
    return access(SETTINGS_RUN_DIR, W_OK | X_OK) == 0 ? SETTINGS_SOCKET : "";
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool add_socket(struct serve_sockets *s, int fd) {
    if (fd >= 0) s->fd[s->count++] = fd;
    return fd >= 0;
}

static bool open_sockets(struct serve_sockets *s, const struct settings *c, struct fail *fail) {
    int passed = sysd_listen_fds(s->fd, (int)SERVE_SOCKETS, fail);
    if (passed != 0) {
        s->count = passed > 0 ? (unsigned)passed : 0;
        return passed > 0;
    }
    for (uint32_t i = 0; i < c->listens; i++)
        if (!add_socket(s, open_tcp(c->listen[i], fail))) return false;
    const char *path = socket_path(c);
    if (path[0] && !add_socket(s, open_unix(c, path, fail))) return false;
    return s->count > 0 || fail_set(fail, FAIL_VALUE, "listen",
                                    "there is nothing to listen on: listen is none, and there is "
                                    "no socket (--socket PATH)");
}

struct serve_sockets *cli_serve_open(const struct app *a, const struct cli *c, struct fail *fail) {
    struct serve_sockets *s = calloc(1, sizeof *s);
    struct settings settings = a->settings;
    struct listener_kind kind = {false, false};
    if (!s) {
        fail_set(fail, FAIL_ENVIRONMENT, "", "no memory");
        return NULL;
    }
    s->manager.fd = -1;
    s->hangup_reloads = !isatty(STDIN_FILENO);
    if (c->listen) (void)settings_set_listen(&settings, c->listen);
    if (c->socket) (void)settings_set_socket(&settings, c->socket);
    bool ok = open_sockets(s, &settings, fail);
    for (unsigned i = 0; ok && i < s->count; i++) describe(s, s->fd[i], &kind);
    if (!ok || !serve_tokens_open(s, a, c, &kind, fail)) {
        serve_sockets_free(s);
        return NULL;
    }
    sysd_open(&s->manager);
    return s;
}

void cli_serve_look(const struct app *a, struct serve_look *out) {
    gid_t gid = 0;
    *out = (struct serve_look){.tokens_are = LOOK_NOT_MADE};
    serve_tokens_look(a, out);
    out->group_bad = !find_group(a->settings.socket_group, &gid, &out->group_fault);
}

void serve_sockets_free(struct serve_sockets *s) {
    if (!s) return;
    for (unsigned i = 0; i < s->count; i++) close(s->fd[i]);
    if (s->manager.fd >= 0) close(s->manager.fd);
    tokens_free(s->tokens);
    free(s);
}
