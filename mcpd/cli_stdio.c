/* `mcpd stdio`: the MCP server for one client, its parent process.  Captures belong to the person
 * who runs it and end with it.
 * Runs in: mcpd.  Input trust: client. */
#include "common/log.h"
#include "mcpd/cli.h"
#include "mcpd/surface.h"
#include "mcpd/transport/stdio.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define FLUSH_MS 500

struct session {
    struct app *app;
    struct stdio *transport;
};

static void on_eof(void *ctx) {
    struct session *s = ctx;
    loop_stop(s->app->loop);
}

static void on_signal(void *ctx, int signo) {
    struct session *s = ctx;
    (void)signo;
    loop_stop(s->app->loop);
}

int cli_stdio(struct app *a, int in_fd, int out_fd) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct session s = {.app = a};
    struct surface surface;
    char why[256];
    if (!surface_open(&surface, a, why, sizeof why)) {
        log_line("cannot start the server: %s", why);
        return EXIT_CAPTURE_FAILED;
    }
    struct stdio_options o = {
        .in_fd = in_fd, .out_fd = out_fd, .caller = app_own_caller(), .on_eof = on_eof, .ctx = &s};
    s.transport = stdio_new(a->loop, surface.server, &o);
    int rc = s.transport ? loop_signals(a->loop, signals, 3, on_signal, &s) : -ENOMEM;
    if (rc == 0) rc = loop_run(a->loop);
    if (rc) log_line("the server failed: %s", strerror(-rc));
    mcp_server_end_subscriptions(surface.server);
    stdio_free(s.transport, FLUSH_MS);
    surface_close(&surface, a);
    return rc ? EXIT_CAPTURE_FAILED : EXIT_HEALTHY;
}
