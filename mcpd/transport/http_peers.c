/* Connections: who may have one, and for how long.  Everybody on this machine comes from 127.0.0.1,
 * so that a limit by address says little there.  What helps instead: until a connection has shown
 * that it may ask, it holds its place only on sufferance.  It has a short time for its headers, and
 * when places run out the oldest such connection makes room.  Where there is none, the caller with
 * most connections gives up one, if need be one that it does not read or that waits: so nobody can
 * take all places for himself.  Unix sockets have places of their own.
 * Runs in: mcpd. Input trust: client. */
#include "common/clock.h"
#include "common/log.h"
#include "mcpd/transport/http_private.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_AT_ONCE 64    /* then others get a turn */
#define ACCEPT_WAIT_MS 50u   /* until the next look when there is no place */
#define VANISHED_MS    60000 /* a peer that acknowledges nothing, not even keep-alives */

/* ---- addresses ------------------------------------------------------------------------------ */

/* As in a URL, v4-mapped ones as IPv4; "" if it is no IP address.  *loopback_out tells which. */
static void address_text(const struct sockaddr_storage *sa, char *out, bool *loopback_out) {
    const struct sockaddr_in *v4 = (const void *)sa;
    const struct sockaddr_in6 *v6 = (const void *)sa;
    char text[INET6_ADDRSTRLEN] = "";
    *loopback_out = false;
    out[0] = 0;
    if (sa->ss_family == AF_INET) {
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        *loopback_out = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    } else if (sa->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof text);
        *loopback_out = v6->sin6_addr.s6_addr[12] == 127;
    } else if (sa->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        *loopback_out = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    if (text[0]) snprintf(out, HTTP_ADDRESS_TEXT, strchr(text, ':') ? "[%s]" : "%s", text);
}

/* Whose connection it is.  False: it cannot be told, so it has none. */
static bool identify(struct http_peer *p, const struct sockaddr_storage *from) {
    struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof to;
    bool loopback;
    if (p->is_unix) {
        struct ucred who;
        len = sizeof who;
        if (getsockopt(p->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0) return false;
        p->uid = who.uid;
        return true;
    }
    address_text(from, p->remote, &loopback);
    if (loopback) p->remote[0] = 0;
    if (getsockname(p->fd, (struct sockaddr *)&to, &len) != 0) return false;
    address_text(&to, p->address, &loopback);
    return true;
}

/* ---- places --------------------------------------------------------------------------------- */

/* Shares the limit for one user, or one other machine. */
static bool same_origin(const struct http_peer *a, const struct http_peer *b) {
    if (a->is_unix != b->is_unix) return false;
    if (a->is_unix) return a->uid == b->uid;
    return a->remote[0] && strcmp(a->remote, b->remote) == 0;
}

static bool has_too_many(const struct http_peer *p) {
    unsigned others = 0, limit = p->is_unix ? HTTP_UNIX_MAX / 2 : HTTP_PEER_MAX;
    if (p->is_unix && (p->uid == 0 || p->uid == getuid())) return false;
    for (const struct http_peer *k = p->h->peers; k; k = k->next)
        if (k != p) others += same_origin(k, p);
    return others >= limit;
}

static bool has_place(const struct http *h, bool is_unix) {
    return is_unix ? h->unix_peers < HTTP_UNIX_MAX : h->tcp_peers < h->tcp_max;
}

/* May it have to go for another?  First who has shown no token, whatever it does: its request has
 * been refused, and it only sends the rest or does not read why.  Then who waits between requests,
 * then who has not sent all of one: an honest client has sent it by then.  Then who does not read
 * its answer, and last who waits for one. */
enum spare { SPARE_STRANGER, SPARE_IDLE, SPARE_SENDING, SPARE_STUCK, SPARE_WAITING };

static enum spare spare_of(const struct http_peer *p) {
    const struct http_exchange *x = p->exchange;
    if (!p->proved && (!x || !x->suspended)) return SPARE_STRANGER;
    if (!x) return SPARE_IDLE;
    if (x->state == EXCHANGE_BODY) return SPARE_SENDING;
    return x->suspended ? SPARE_WAITING : SPARE_STUCK;
}

/* Since when it is that. */
static uint64_t since_of(const struct http_peer *p, enum spare spare) {
    if (spare == SPARE_SENDING) return p->exchange->began_ms;
    return spare == SPARE_STUCK || spare == SPARE_WAITING ? p->exchange->written_ms : p->since_ms;
}

/* Places of one caller: on TCP all who have shown no token are one. */
static bool same_holder(const struct http_peer *a, const struct http_peer *b) {
    if (a->is_unix || b->is_unix) return a->is_unix && b->is_unix && a->uid == b->uid;
    if (!a->proved || !b->proved) return !a->proved && !b->proved;
    return caller_same(&a->caller, &b->caller);
}

static unsigned places_of(const struct http_peer *holder) {
    unsigned places = 0;
    for (const struct http_peer *p = holder->h->peers; p; p = p->next)
        places += same_holder(p, holder);
    return places;
}

/* A connection of who has most of them. */
static const struct http_peer *greediest(const struct http *h, bool is_unix) {
    const struct http_peer *found = NULL;
    unsigned most = 0;
    for (const struct http_peer *p = h->peers; p; p = p->next) {
        if (p->is_unix != is_unix || (found && same_holder(p, found))) continue;
        unsigned places = places_of(p);
        if (places <= most) continue;
        most = places;
        found = p;
    }
    return found;
}

/* The one that can be spared most, of strangers and of `holder`; of those alike, the one that has
 * been so longest.  NULL: none that had its chance. */
static struct http_peer *idlest(struct http *h, const struct http_peer *holder, uint64_t now_ms) {
    struct http_peer *found = NULL;
    enum spare least = SPARE_WAITING;
    uint64_t oldest_ms = 0;
    for (struct http_peer *p = h->peers; p; p = p->next) {
        enum spare spare = spare_of(p);
        uint64_t since_ms = since_of(p, spare);
        if (p->is_unix != holder->is_unix || now_ms - since_ms < HTTP_GRACE_MS) continue;
        if (spare != SPARE_STRANGER && !same_holder(p, holder)) continue;
        if (found && (spare > least || (spare == least && since_ms >= oldest_ms))) continue;
        found = p;
        least = spare;
        oldest_ms = since_ms;
    }
    return found;
}

static bool make_place(struct http *h, bool is_unix) {
    if (has_place(h, is_unix)) return true;
    const struct http_peer *holder = greediest(h, is_unix);
    struct http_peer *p = holder ? idlest(h, holder, clock_mono_ms()) : NULL;
    if (!p) return false;
    peers_shut(p);
    if (p->exchange && p->exchange->suspended) exchange_lost(p->exchange);
    MHD_run(h->daemon); /* it is closed there, which frees `p` */
    return has_place(h, is_unix);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void peer_free(struct http_peer *p) {
    *p->link = p->next;
    if (p->next) p->next->link = p->link;
    *(p->is_unix ? &p->h->unix_peers : &p->h->tcp_peers) -= 1;
    free(p);
}

static struct http_peer *peer_new(const struct http_listener *l, int fd) {
    struct http_peer *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->h = l->h;
    p->fd = fd;
    p->is_unix = l->is_unix;
    p->since_ms = clock_mono_ms();
    p->next = l->h->peers;
    p->link = &l->h->peers;
    if (p->next) p->next->link = &p->next;
    l->h->peers = p;
    *(p->is_unix ? &l->h->unix_peers : &l->h->tcp_peers) += 1;
    return p;
}

void peers_new_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
    struct http *h = cls;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = h->accepting;
        h->accepting->connection = connection;
    } else if (*context) {
        peer_free(*context);
        *context = NULL;
    }
}

static void set_options(const struct http_peer *p) {
    const int on = 1, vanished_ms = VANISHED_MS, send_bytes = HTTP_SEND_BYTES;
    (void)setsockopt(p->fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
    if (p->is_unix) return;
    (void)setsockopt(p->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)setsockopt(p->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &vanished_ms, sizeof vanished_ms);
}

static void take_connection(struct http_listener *l, int fd, const struct sockaddr_storage *from,
                            socklen_t len) {
    struct http_peer *p = peer_new(l, fd);
    if (!p || !identify(p, from) || has_too_many(p)) {
        if (p) peer_free(p);
        close(fd);
        return;
    }
    set_options(p);
    l->h->accepting = p;
    enum MHD_Result taken =
        MHD_add_connection(l->h->daemon, fd, (const struct sockaddr *)from, len);
    l->h->accepting = NULL;
    if (taken != MHD_YES && !p->connection) peer_free(p); /* it has closed the descriptor */
}

static void accept_again(void *ctx) {
    struct http *h = ctx;
    h->accept_timer = 0;
    for (size_t i = 0; i < h->listeners; i++)
        loop_fd_interest(h->o.loop, h->listener[i].fd, LOOP_READ);
}

/* What waits in the queue of the kernel is not lost. */
static void pause_accepting(struct http_listener *l) {
    loop_fd_interest(l->h->o.loop, l->fd, 0);
    if (!l->h->accept_timer)
        l->h->accept_timer = loop_timer_once(l->h->o.loop, ACCEPT_WAIT_MS, accept_again, l->h);
}

static void on_accept(void *ctx, int listening, unsigned ready) {
    struct http_listener *l = ctx;
    (void)ready;
    for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t len = sizeof from;
        if (!make_place(l->h, l->is_unix)) {
            pause_accepting(l);
            break;
        }
        int fd = accept4(listening, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take_connection(l, fd, &from, len);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            pause_accepting(l);
        break; /* nobody waits, or who waited has gone */
    }
    http_run(l->h);
}

int http_listen(struct http *h, int fd) {
    int domain = 0;
    socklen_t len = sizeof domain;
    if (h->listeners == HTTP_LISTENERS) return -ENOSPC;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0) return -errno;
    struct http_listener *l = &h->listener[h->listeners];
    *l = (struct http_listener){.h = h, .fd = fd, .is_unix = domain == AF_UNIX};
    int rc = loop_fd_add(h->o.loop, fd, LOOP_READ, on_accept, l);
    if (rc == 0) h->listeners++;
    return rc;
}

void peers_stop_listening(struct http *h) {
    for (size_t i = 0; i < h->listeners; i++) {
        loop_fd_remove(h->o.loop, h->listener[i].fd);
        close(h->listener[i].fd);
    }
    h->listeners = 0;
    loop_timer_cancel(h->o.loop, h->accept_timer);
    h->accept_timer = 0;
}

/* ---- time, and ends ------------------------------------------------------------------------- */

void peers_shut(struct http_peer *p) {
    (void)shutdown(p->fd, SHUT_RDWR);
}

/* libmicrohttpd misses that when the end arrived together with data: it waits for an edge that has
 * been. */
bool peers_has_ended(const struct http_peer *p) {
    char byte;
    return recv(p->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void peers_sweep(struct http *h, uint64_t now_ms) {
    for (struct http_peer *p = h->peers; p; p = p->next) {
        const struct http_exchange *x = p->exchange;
        uint64_t since = p->since_ms, limit = p->proved ? HTTP_IDLE_MS : HTTP_FIRST_MS;
        if (x && x->state == EXCHANGE_BODY) {
            since = x->began_ms;
            limit = p->proved ? HTTP_BODY_MS : HTTP_REFUSED_MS;
        } else if (x) {
            since = x->written_ms;
            limit = p->proved ? HTTP_STALL_MS : HTTP_REFUSED_MS;
        }
        bool waits = !x || x->state == EXCHANGE_BODY;
        bool late = !(x && x->suspended) && now_ms - since > limit;
        if (late || (waits && peers_has_ended(p))) peers_shut(p);
    }
}

void peers_watch_hangup(struct http_peer *p, bool watch) {
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = p};
    (void)epoll_ctl(p->h->hangup_fd, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, p->fd, &event);
}

void peers_on_hangup(void *ctx, int fd, unsigned ready) {
    struct epoll_event events[32];
    (void)ctx;
    (void)ready;
    int n = epoll_wait(fd, events, 32, 0);
    for (int i = 0; i < n; i++) {
        struct http_peer *p = events[i].data.ptr;
        if (p->exchange) exchange_lost(p->exchange);
    }
}

void peers_log_refused(const struct http_peer *p, unsigned status, const char *why) {
    static const struct bucket_rate rate = {1, 10};
    if (!bucket_take(&p->h->refusals, &rate, clock_mono_ms())) {
        p->h->refusals_missed++;
        return;
    }
    log_line("audit: request from=\"%s\" refused: \"%u: %s\", and %u more before",
             p->is_unix     ? "a Unix socket"
             : p->remote[0] ? p->remote
                            : "this machine",
             status, why, p->h->refusals_missed);
    p->h->refusals_missed = 0;
}
