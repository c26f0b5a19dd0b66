/* `mcpd serve`: the MCP server for many clients, over HTTP.  Captures belong to the caller who
 * started them and outlive the connection they were started on; they end with this program.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/audit.h"
#include "mcpd/cli_serve.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/sysd.h"
#include "mcpd/surface.h"
#include "mcpd/transport/http.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FLUSH_MS 1000u /* of the 2 s in which the program ends */
#define LOOK_MS  20u   /* is everything written? */

struct service {
    struct app *app;
    struct serve_sockets *sockets;
    struct http *http;
    struct surface surface;
    uint64_t deadline_ms; /* 0: nobody wants it to end yet */
    const char *origin[SETTINGS_NAMES], *host[SETTINGS_NAMES];
};

static void end_when_written(void *ctx) {
    struct service *s = ctx;
    if (!http_is_busy(s->http) || clock_mono_ms() >= s->deadline_ms) loop_stop(s->app->loop);
}

/* A file that is refused changes nothing: who is served goes on being served. */
static void read_tokens_again(struct service *s) {
    struct serve_sockets *k = s->sockets;
    struct fail fail;
    char added[512] = "", removed[512] = "";
    struct audit_reload told = {.file = k->token_file, .added = added, .removed = removed};
    sysd_say(&k->manager, "RELOADING=1\n");
    struct tokens *now = serve_tokens_read(k, &fail);
    if (now) {
        (void)tokens_only_in(now, k->tokens, added, sizeof added);
        (void)tokens_only_in(k->tokens, now, removed, sizeof removed);
        told.ended = http_change_tokens(s->http, now);
        tokens_free(k->tokens);
        k->tokens = now;
    } else {
        told.refused = &fail;
    }
    told.in_force = (unsigned)tokens_count(k->tokens);
    audit_reload(&told);
    sysd_say(&k->manager, "READY=1\n");
}

/* SIGHUP is an administrator's wish, or it says that the terminal has gone. */
static bool is_reload(const struct service *s, int signo) {
    return signo == SIGHUP && s->sockets->hangup_reloads && !s->deadline_ms;
}

/* The first signal lets clients read how it ends, the second ends it at once. */
static void on_signal(void *ctx, int signo) {
    struct service *s = ctx;
    if (is_reload(s, signo)) {
        if (s->sockets->tokens)
            read_tokens_again(s);
        else
            log_line("SIGHUP: there are no tokens to read again");
        return;
    }
    if (s->deadline_ms) loop_stop(s->app->loop);
    s->deadline_ms = clock_mono_ms() + FLUSH_MS;
    sysd_say(&s->sockets->manager, "STOPPING=1\n");
    http_stop(s->http);
    mcp_server_end_subscriptions(s->surface.server);
    if (!loop_timer_every(s->app->loop, LOOK_MS, end_when_written, s)) loop_stop(s->app->loop);
}

static void on_beat(void *ctx) {
    const struct service *s = ctx;
    sysd_beat(&s->sockets->manager, clock_mono_ms());
}

static struct http *open_http(struct service *s) {
    const struct settings *c = &s->app->settings;
    char why[128];
    for (uint32_t i = 0; i < c->origins; i++) s->origin[i] = c->origin[i];
    for (uint32_t i = 0; i < c->hosts; i++) s->host[i] = c->host[i];
    struct http_options o = {.loop = s->app->loop,
                             .server = s->surface.server,
                             .tokens = s->sockets->tokens,
                             .origins = {s->origin, c->origins},
                             .hosts = {s->host, c->hosts}};
    struct http *h = http_new(&o, why, sizeof why);
    if (!h) {
        log_line("cannot start the HTTP server: %s", why);
        return NULL;
    }
    for (struct serve_sockets *k = s->sockets; k->count > 0; k->count--) {
        int rc = http_listen(h, k->fd[k->count - 1]); /* the server's from then on */
        if (rc == 0) continue;
        log_line("cannot listen: %s", strerror(-rc));
        http_free(h);
        return NULL;
    }
    return h;
}

static int run(struct service *s) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    int rc = loop_signals(s->app->loop, signals, 3, on_signal, s);
    if (rc) return rc;
    if (s->sockets->manager.beat_ms > 0)
        (void)loop_timer_every(s->app->loop, (uint64_t)s->sockets->manager.beat_ms / 2 + 1, on_beat,
                               s);
    sysd_say(&s->sockets->manager, "READY=1\nSTATUS=waiting for clients\n");
    log_line("serving MCP at %s", s->sockets->where);
    return loop_run(s->app->loop);
}

int cli_serve(struct app *a, struct serve_sockets *sockets) {
    struct service s = {.app = a, .sockets = sockets};
    audit_open();
    log_never_wait();
    a->home[0] = 0; /* not a client's: capture files only below configured directories */
    captures_leave_out(a->captures, sockets->own, sockets->own_n);
    char why[256];
    int rc = -ENOMEM;
    if (surface_open(&s.surface, a, why, sizeof why)) {
        s.http = open_http(&s);
        if (s.http) rc = run(&s);
        if (rc && s.http) log_line("the server failed: %s", strerror(-rc));
        http_free(s.http);
        surface_close(&s.surface, a);
    } else {
        log_line("cannot start the server: %s", why);
    }
    serve_sockets_free(sockets);
    return rc ? EXIT_CAPTURE_FAILED : EXIT_HEALTHY;
}
