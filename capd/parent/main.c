/* capd: captures and counts, for clients it admits.  Start-up in one fixed order: what needs root
 * or the file system first, then privileges go, then the system call filter, then the first client.
 * Runs in: parent.  Input trust: local (arguments, environment). */
#include "capd/check/check.h"
#include "capd/parent/priv.h"
#include "capd/parent/sandbox.h"
#include "capd/parent/server.h"
#include "common/conf.h"
#include "common/listen.h"
#include "common/log.h"
#include "common/protocol.h"
#include "common/start.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_OUTPUT = 4, PRIVATE_FD = 3, FILE_FD = 4 };

struct arguments {
    const char *config, *socket, *user;
    bool check, private_mode, private_file, sandbox_off;
};

static const char usage[] =
    "usage: capd [--config FILE] [--socket PATH] [--user NAME] [--check] [--version] [--help]\n"
    "  --config FILE   read FILE instead of " CONFIG_DEFAULT_PATH "\n"
    "  --socket PATH   listen there (default /run/capd/capd.sock)\n"
    "  --user NAME     when started as root: become NAME (default capd, else nobody)\n"
    "  --check         say what the configuration means and what holds the processes, and exit\n"
    "  --protocol      print the wire protocol and exit\n"
    "  --private       serve the one client connected to descriptor 3 (used by mcpd)\n"
    "  --private-file  with --private: descriptor 4 is the capture file to analyse\n";

static bool parse_arguments(int argc, char **argv, struct arguments *a, int *status) {
#define OPTION(name, letter)                                                                       \
    { name, no_argument, NULL, letter }
#define OPTION_OF(name, letter)                                                                    \
    { name, required_argument, NULL, letter }
    static const struct option options[] = {
        OPTION_OF("config", 'c'),   OPTION_OF("socket", 's'), OPTION_OF("user", 'u'),
        OPTION("check", 'k'),       OPTION("version", 'V'),   OPTION("help", 'h'),
        OPTION("protocol", 'p'),    OPTION("private", 'P'),   OPTION("private-file", 'F'),
#ifdef TEST_BUILD
        OPTION("sandbox-off", 'o'),
#endif
        {NULL, 0, NULL, 0}};
    int o;
    *status = 0;
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) switch (o) {
        case 'c': a->config = optarg; break;
        case 's': a->socket = optarg; break;
        case 'u': a->user = optarg; break;
        case 'k': a->check = true; break;
        case 'P': a->private_mode = true; break;
        case 'F': a->private_file = true; break;
        case 'o': a->sandbox_off = true; break;
        case 'V': return printf("capd %s\n", PCM_VERSION), false;
        case 'h': return fputs(usage, stdout), false;
        case 'p': return protocol_print(stdout), false;
        default: return *status = EXIT_USAGE, fputs(usage, stderr), false;
        }
    if (optind == argc && (!a->private_file || a->private_mode)) return true;
    return *status = EXIT_USAGE, fputs(usage, stderr), false;
}

static bool choose_user(const char *name, struct priv_options *o, struct fail *fail) {
    const struct passwd *p = getpwnam(name ? name : "capd");
    if (!p && !name) p = getpwnam("nobody");
    if (!p || p->pw_uid == 0)
        return fail_set(fail, FAIL_VALUE, "", "user %s %s", name ? name : "nobody",
                        p ? "is root; name an unprivileged one" : "does not exist");
    o->uid = p->pw_uid;
    o->gid = p->pw_gid;
    return true;
}

static bool check_private_descriptors(bool file, struct fail *fail) {
    struct stat st;
    int domain = 0;
    socklen_t len = sizeof domain;
    if (getsockopt(PRIVATE_FD, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain != AF_UNIX ||
        fcntl(PRIVATE_FD, F_SETFL, O_NONBLOCK) != 0)
        return fail_set(fail, FAIL_VALUE, "", "--private: descriptor 3 is no Unix socket");
    if (file && (fstat(FILE_FD, &st) != 0 || !S_ISREG(st.st_mode) ||
                 (fcntl(FILE_FD, F_GETFL) & O_ACCMODE) != O_RDONLY))
        return fail_set(fail, FAIL_VALUE, "",
                        "--private-file: descriptor 4 is no regular file opened for reading");
    return true;
}

/* Read what the admin wrote.  A copy with file capabilities, which anybody of its group may start,
 * obeys nobody's paths but its own and takes no sockets that strangers reach: it serves its caller
 * over the connection it is handed.  What it can do goes beyond what its caller can, so the admin's
 * file rules it in private mode too. */
static bool configure(struct arguments *a, struct config *c, struct fail *fail) {
    bool more_than_caller = getauxval(AT_SECURE);
    if (more_than_caller && (a->config || a->socket)) {
        log_line("--config and --socket are ignored: this copy of capd has file capabilities");
        a->config = a->socket = NULL;
    }
    if (more_than_caller &&
        (unsetenv("LISTEN_FDS") || unsetenv("NOTIFY_SOCKET") || (!a->private_mode && !a->check)))
        return fail_set(fail, FAIL_PERMISSION, "",
                        "this copy of capd has file capabilities: it only serves mcpd (--private)");
    config_defaults(c);
    if ((!a->private_mode || more_than_caller) &&
        !config_read(c, a->config ? a->config : CONFIG_DEFAULT_PATH, a->config != NULL, fail))
        return false;
    if (!a->socket) return true;
    if (a->socket[0] == '/' && strlen(a->socket) < sizeof c->socket)
        return snprintf(c->socket, sizeof c->socket, "%s", a->socket) > 0;
    return fail_set(fail, FAIL_VALUE, "", "--socket: an absolute path of at most 107 bytes");
}

static int listen_to_clients(const struct config *c, struct fail *fail) {
    unsigned gid;
    if (strncmp(c->socket, "/run/capd/", 10) == 0 && mkdir("/run/capd", 0755) == 0)
        (void)chmod("/run/capd", 0755);
    int fd = listen_at(c->socket, "capd", SOMAXCONN, fail);
    if (fd < 0) return fd;
    int error = conf_group(c->socket_group, &gid) ? listen_open_to(c->socket, gid) : -ESRCH;
    if (error && chmod(c->socket, 0660) == 0)
        log_line("%s cannot be given to group %s, only this group and user can connect: %s",
                 c->socket, c->socket_group, strerror(-error));
    return fd;
}

static bool open_endpoints(const struct arguments *a, struct server *s, int passed_fd,
                           struct fail *fail) {
    s->private_mode = a->private_mode;
    if (a->private_mode) {
        s->file_fd = a->private_file ? FILE_FD : -1;
        /* Its one client is mcpd, which may serve several callers: each has a share of its own. */
        s->config.services = (struct config_ids){.n = 1, .id = {getuid()}};
        return check_private_descriptors(a->private_file, fail);
    }
    s->listen_fd = passed_fd >= 0 ? passed_fd : listen_to_clients(&s->config, fail);
    return s->listen_fd >= 0;
}

static bool lock_up(const struct arguments *a, struct priv_options *o, struct server *s,
                    struct fail *fail) {
    struct sysinfo info;
    unsigned abi;
    if (sysinfo(&info) == 0)
        s->small_machine = info.totalram * (uint64_t)info.mem_unit < 1ull << 30;
    s->signal_fd = start_signals();
    if (s->signal_fd < 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "signals: %s", strerror(errno));
    o->service = !a->private_mode;
    o->dumpable = s->sandbox_off = a->sandbox_off;
    if (!priv_lock(o, &s->live, fail)) return false;
    return a->sandbox_off || (parent_landlock(&abi, fail) && parent_sandbox_enter(fail));
}

static int run(struct arguments *a, struct fail *fail) {
    struct priv_options o = {.is_root = geteuid() == 0, .uid = getuid(), .gid = getgid()};
    struct server *s = server_new();
    int passed_fd;
    if (!s) return fail_set(fail, FAIL_ENVIRONMENT, "", "no memory"), 1;
    if (!configure(a, &s->config, fail)) return EXIT_USAGE;
    if (!sysd_listen_fd(&passed_fd, fail)) return 1;
    if (o.is_root && !choose_user(a->user, &o, fail)) return 1;
    if (a->check) return check_run(&s->config, &o);
    if (!start_tidy_descriptors(3u + (a->private_mode || passed_fd >= 0) + a->private_file))
        return fail_set(fail, FAIL_ENVIRONMENT, "", "descriptors: %s", strerror(errno)), 1;
    if (!a->private_mode) sysd_open(&s->manager);
    clearenv();
    if (!open_endpoints(a, s, passed_fd, fail) || !lock_up(a, &o, s, fail)) return 1;
    if (a->private_mode && server_adopt(s, PRIVATE_FD) != 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "descriptor 3 has no peer that is served"), 1;
    if (!a->private_mode)
        log_line("listening on %s as uid %u%s",
                 passed_fd < 0 ? s->config.socket
                               : "a passed socket (not `socket` and `socket_group` of capd.conf)",
                 getuid(), s->live ? "" : "; without CAP_NET_RAW, so no interface can be opened");
    sysd_say(&s->manager, "READY=1\nSTATUS=waiting for clients\n");
    server_run(s);
    return 0;
}

int main(int argc, char **argv) {
    struct arguments a = {0};
    struct fail fail = {0};
    int status;
    log_open("capd");
    log_never_wait();
    umask(077);
    if (parse_arguments(argc, argv, &a, &status)) status = run(&a, &fail);
    if (status != 0 && fail.code) log_line("%s", fail.why); /* a check has said it already */
    return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_OUTPUT;
}
