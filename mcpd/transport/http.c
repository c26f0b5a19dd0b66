/* The HTTP server as one watcher in the program's loop.  libmicrohttpd runs without threads and
 * without a listening socket of its own: it is handed connections that http_peers.c has accepted,
 * waits on an epoll descriptor that the loop watches, and calls on_request() for each piece of a
 * request.
 * Runs in: mcpd. Input trust: client. */
#include "mcpd/transport/http.h"
#include "common/clock.h"
#include "mcpd/transport/http_private.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define SWEEP_MS 1000u

static struct http_peer *peer_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* Called with the headers, then with pieces of the body, then with nothing, and once more whenever
 * the exchange has been woken. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **request) {
    struct http_exchange *x = *request;
    (void)cls;
    (void)version;
    if (!x) {
        struct http_peer *p = peer_of(connection);
        *request = x = p ? exchange_new(p) : NULL;
        if (!x) return MHD_NO;
        exchange_check_head(x, url, method);
        /* A client that asks first is told first; others get to read why after their body, if it
         * is known where that ends. */
        bool asks = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect") != NULL;
        if (x->status == 0 || !(asks || x->endless)) return MHD_YES;
    }
    if (x->gone) return MHD_NO;
    if (*upload_size > 0) {
        exchange_take_body(x, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (x->state == EXCHANGE_BODY) exchange_end_body(x);
    return reply_proceed(x);
}

/* Addresses stay as they are written: decoded, "/mcp%00x" would end where ours does. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text) {
    (void)cls;
    (void)connection;
    return strlen(text);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
                         enum MHD_RequestTerminationCode how) {
    struct http_exchange *x = *request;
    (void)cls;
    (void)connection;
    *request = NULL;
    if (!x) return;
    x->peer->exchange = NULL;
    x->peer->since_ms = clock_mono_ms();
    x->peer = NULL;
    bool goes_on = how != MHD_REQUEST_TERMINATED_COMPLETED_OK && x->conn && !x->rules.modern &&
                   !x->done && !x->h->stopping;
    if (!goes_on) exchange_free(x); /* modern: what was not answered is cancelled by it */
}

static void run_late(void *ctx) {
    struct http *h = ctx;
    h->run_timer = 0;
    http_run(h);
}

static void run_in(struct http *h, uint64_t wait_ms) {
    loop_timer_cancel(h->o.loop, h->run_timer);
    h->run_timer = loop_timer_once(h->o.loop, wait_ms, run_late, h);
}

void http_run(struct http *h) {
    MHD_UNSIGNED_LONG_LONG wait_ms;
    h->woken = false;
    h->round_ms = clock_mono_ms();
    MHD_run(h->daemon);
    loop_timer_cancel(h->o.loop, h->run_timer);
    h->run_timer = 0;
    if (h->woken)
        run_in(h, 0);
    else if (MHD_get_timeout(h->daemon, &wait_ms) == MHD_YES)
        run_in(h, wait_ms);
}

void http_run_soon(struct http *h) {
    h->woken = true;
    run_in(h, 0);
}

static void on_daemon(void *ctx, int fd, unsigned ready) {
    (void)fd;
    (void)ready;
    http_run(ctx);
}

static void on_sweep(void *ctx) {
    struct http *h = ctx;
    uint64_t now = clock_mono_ms();
    exchange_sweep(h, now);
    peers_sweep(h, now);
}

static bool start_daemon(struct http *h, char *why, size_t cap) {
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME;
    h->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
        MHD_OPTION_NOTIFY_CONNECTION, peers_new_connection, h, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HTTP_HEADER_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(2 * (HTTP_TCP_MAX + HTTP_UNIX_MAX)), MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) {
        snprintf(why, cap, "libmicrohttpd does not start");
        return false;
    }
    h->daemon_fd = info->epoll_fd;
    return true;
}

/* Places must run out before files do: when they do, somebody who can be spared makes room. */
static unsigned tcp_places(void) {
    const rlim_t others = HTTP_UNIX_MAX + HTTP_OWN_FILES;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= others + HTTP_TCP_MAX)
        return HTTP_TCP_MAX;
    if (files.rlim_cur <= others + HTTP_TCP_FEW) return HTTP_TCP_FEW;
    return (unsigned)(files.rlim_cur - others);
}

struct http *http_new(const struct http_options *o, char *why, size_t cap) {
    struct http *h = calloc(1, sizeof *h);
    if (!h) {
        snprintf(why, cap, "no memory");
        return NULL;
    }
    h->o = *o;
    h->daemon_fd = -1;
    h->tcp_max = tcp_places();
    h->hangup_fd = epoll_create1(EPOLL_CLOEXEC);
    if (h->hangup_fd < 0) {
        snprintf(why, cap, "epoll: %s", strerror(errno));
        free(h);
        return NULL;
    }
    if (!start_daemon(h, why, cap)) {
        http_free(h);
        return NULL;
    }
    h->sweep_timer = loop_timer_every(o->loop, SWEEP_MS, on_sweep, h);
    if (h->sweep_timer && loop_fd_add(o->loop, h->daemon_fd, LOOP_READ, on_daemon, h) == 0 &&
        loop_fd_add(o->loop, h->hangup_fd, LOOP_READ, peers_on_hangup, h) == 0)
        return h;
    snprintf(why, cap, "no memory");
    http_free(h);
    return NULL;
}

unsigned http_change_tokens(struct http *h, const struct tokens *tokens) {
    const struct tokens *before = h->o.tokens;
    unsigned ended = 0;
    h->o.tokens = tokens;
    for (struct http_peer *p = h->peers; p; p = p->next) {
        if (p->token == 0) continue;
        p->token = tokens_kept(tokens, before, p->token);
        p->proved = p->token != 0;
    }
    for (struct http_exchange *x = h->exchanges, *next; x; x = next) {
        next = x->next;
        if (x->token == 0) continue;
        x->token = tokens_kept(tokens, before, x->token);
        if (x->token == 0) ended += exchange_revoke(x);
    }
    return ended;
}

void http_stop(struct http *h) {
    if (h->stopping) return;
    h->stopping = true;
    peers_stop_listening(h);
    mcp_server_end_subscriptions(h->o.server);
    for (struct http_exchange *x = h->exchanges, *next; x; x = next) {
        next = x->next;
        exchange_stop(x);
    }
}

bool http_is_busy(const struct http *h) {
    for (const struct http_exchange *x = h->exchanges; x; x = x->next)
        if (x->peer && x->state != EXCHANGE_BODY) return true;
    return false;
}

void http_free(struct http *h) {
    if (!h) return;
    http_stop(h);
    for (struct http_exchange *x = h->exchanges; x; x = x->next) exchange_lost(x);
    if (h->daemon) {
        MHD_run(h->daemon); /* it must not be stopped while a connection is suspended */
        loop_fd_remove(h->o.loop, h->daemon_fd);
        MHD_stop_daemon(h->daemon);
    }
    while (h->exchanges) exchange_free(h->exchanges);
    loop_timer_cancel(h->o.loop, h->run_timer);
    loop_timer_cancel(h->o.loop, h->sweep_timer);
    loop_timer_cancel(h->o.loop, h->accept_timer);
    loop_timer_cancel(h->o.loop, h->turn_timer);
    loop_fd_remove(h->o.loop, h->hangup_fd);
    close(h->hangup_fd);
    free(h);
}
