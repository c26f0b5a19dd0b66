/* mcpd: reads the command line, forks the launcher while nothing has been opened yet, reads its
 * settings, gives up its privileges and runs one command.
 * Runs in: mcpd.  Input trust: local. */
#include "common/held.h"
#include "common/log.h"
#include "mcpd/capture/capconn.h"
#include "mcpd/cli_serve.h"
#include "mcpd/privs.h"
#include "mcpd/sandbox.h"
#include "mcpd/transport/stdio.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool read_settings(struct app *a, const struct cli *c, struct fail *fail) {
    settings_defaults(&a->settings);
    bool ok =
        settings_read(&a->settings, c->config ? c->config : SETTINGS_PATH, c->config != NULL, fail);
    if (!ok) settings_defaults(&a->settings); /* `check` goes on: nothing half read */
    if (!c->capd) return ok;
    if (strlen(c->capd) >= sizeof a->settings.capd)
        return fail_set(fail, FAIL_VALUE, "capd", "--capd: the path is longer than 107 bytes");
    snprintf(a->settings.capd, sizeof a->settings.capd, "%s", c->capd);
    return ok;
}

/* The C library reads the time zone when a date is first written; ours are all UTC. */
static void settle_time_zone(void) {
    (void)setenv("TZ", "UTC0", 1);
    tzset();
}

/* From here on mcpd can do what its command needs and no more. */
static bool lock_up(struct app *a, const struct cli *c, struct fail *fail) {
    enum cli_command command = c->command;
    const char *folder[SETTINGS_DIRS + 1] = {a->home};
    const char *tokens = serve_tokens_readable(c->sockets);
    struct sandbox_wishes w = {.mode = command == CLI_STDIO   ? SANDBOX_STDIO
                                       : command == CLI_SERVE ? SANDBOX_SERVE
                                                              : SANDBOX_PEOPLE,
                               .readable = folder,
                               .keep_bytes = a->settings.retention_bytes};
    for (uint32_t i = 0; i < a->settings.dirs; i++) folder[i] = a->settings.dir[i];
    w.readable_n = a->settings.dirs;
    if (w.mode == SANDBOX_STDIO && w.readable_n == 0) w.readable_n = a->home[0] != 0;
    if (w.mode == SANDBOX_PEOPLE) w.readable_n = 0;
    if (tokens) folder[w.readable_n++] = tokens;
    settle_time_zone();
    if (a->settings.capd[0] == '/' && !launcher_confine(&a->launcher))
        return fail_set(fail, FAIL_ENVIRONMENT, "", "the launcher ended");
    int rc = privs_drop();
    if (rc == 0) return sandbox_enter(&w, fail);
    return fail_set(fail, FAIL_ENVIRONMENT, "", "cannot give up privileges: %s", strerror(-rc));
}

/* What needs the person's own rights happens before they are given up: opening the file that was
 * named on the command line, connecting to a socket that only root may use. */
static bool use_rights(struct app *a, struct cli *c, struct fail *fail) {
    struct fail later;
    if (c->command == CLI_ANALYZE) {
        c->file_fd = app_open_capture_file(NULL, c->file, fail);
        if (c->file_fd < 0) return false;
    }
    if (c->command == CLI_DIAGNOSE || c->command == CLI_INTERFACES || c->command == CLI_CHECK)
        (void)!captures_connect(a->captures, &later); /* told when it is needed */
    if (c->command == CLI_SERVE) {
        c->sockets = cli_serve_open(a, c, fail);
        if (!c->sockets) return false;
    }
    if (c->command == CLI_CHECK) {
        c->held_fd = held_open();
        c->net_raw = held_may_give_net_raw(c->held_fd);
        cli_serve_look(a, c->look);
    }
    capconn_prepare(a->settings.capd);
    return lock_up(a, c, fail);
}

static int run(struct app *a, struct cli *c, int in_fd, int out_fd) {
    struct fail fail, fault;
    bool settings = read_settings(a, c, &fault);
    if (!settings && c->command != CLI_CHECK) {
        log_line("%s", fault.why);
        return EXIT_USAGE;
    }
    if (!app_init(a, &fail) || !use_rights(a, c, &fail))
        return c->command == CLI_CHECK && fail.code == FAIL_SANDBOX ? cli_check_unheld(&fail)
                                                                    : cli_fail(&fail);
    switch (c->command) {
    case CLI_STDIO: return cli_stdio(a, in_fd, out_fd);
    case CLI_DIAGNOSE: return cli_diagnose(a, c);
    case CLI_ANALYZE: return cli_analyze(a, c);
    case CLI_INTERFACES: return cli_interfaces(a, c);
    case CLI_SERVE: return cli_serve(a, c->sockets);
    default: return cli_check(a, c, settings ? NULL : &fault);
    }
}

/* What is closed would be taken by the next file or socket, and reports written into that.  Opened
 * for reading only, so that writing fails and is told. */
static void hold_standard_files(void) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", O_RDONLY);
}

int main(int argc, char **argv) {
    struct app app = {.net = NULL};
    struct cli cli;
    struct serve_look look;
    struct fail fail;
    int in_fd = -1, out_fd = -1;
    hold_standard_files();
    log_open("mcpd");
    if (!cli_parse(&cli, argc, argv, &fail)) {
        log_line("%s", fail.why);
        return EXIT_USAGE;
    }
    if (cli.command == CLI_HELP) return fputs(cli_help, stdout), cli_flushed(EXIT_HEALTHY);
    if (cli.command == CLI_STATUS || cli.command == CLI_STOP || cli.command == CLI_REPORT)
        return cli_serve_client(&cli);
    if (cli.command == CLI_VERSION)
        return printf("mcpd %s\n", PCM_VERSION), cli_flushed(EXIT_HEALTHY);
    cli.look = &look;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077);
    int rc = cli.command == CLI_STDIO ? stdio_take(&in_fd, &out_fd) : 0;
    launcher_find(&app.launcher);
    if (rc == 0) rc = launcher_start(&app.launcher);
    if (rc) {
        log_line("cannot start: %s", strerror(-rc));
        return EXIT_CAPTURE_FAILED;
    }
    int code = run(&app, &cli, in_fd, out_fd);
    app_free(&app);
    return cli.command == CLI_STDIO ? code : cli_flushed(code);
}
