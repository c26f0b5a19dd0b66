/* One poll loop: the listening socket, signals, clients, workers.  Nothing blocks and every queue
 * is bounded: a client that sends half a frame, says nothing or reads too slowly loses its
 * connection, never capd its packets.
 * Runs in: parent.  Input trust: client. */
#include "capd/parent/server.h"
#include "capd/parent/audit.h"
#include "capd/parent/captures.h"
#include "common/clock.h"
#include "common/frame.h"
#include "common/log.h"
#include "common/start.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define HALF_FRAME_MS 5000u               /* also the time to say hello */
#define STALLED_MS    10000u              /* a socket that takes nothing */
#define IDLE_MS       (15u * 60u * 1000u) /* no request and no capture */
#define THROTTLED_MS  50                  /* then a client that must wait is looked at again */
#define LAST_WORDS_MS 2000u               /* for the workers, when capd is stopped */
#define TURN_MS       500                 /* granularity of all deadlines */

struct server *server_new(void) {
    struct server *s = start_map_secret(sizeof *s);
    if (!s) return NULL;
    s->listen_fd = s->signal_fd = s->file_fd = s->manager.fd = s->manager.beat_ms = -1;
    for (int i = 0; i < SERVER_CLIENTS; i++) s->client[i].fd = -1;
    return s;
}

/* ---- output
 * -------------------------------------------------------------------------------------- */

/* A reply that does not fit means a client that does not read: close. */
static void queued(struct client *c, size_t bytes) {
    c->out_used += bytes;
    c->closing |= bytes == 0;
}

void server_reply(struct client *c, uint32_t stream, unsigned type, const void *msg) {
    struct wire_header h = {.type = (uint8_t)type, .stream = stream};
    queued(c, frame_put(c->out + c->out_used, sizeof c->out - c->out_used, h, msg));
}

void server_reply_error(struct client *c, uint32_t stream, const struct fail *fail) {
    struct wire_header h = {.stream = stream};
    queued(c, frame_put_error(c->out + c->out_used, sizeof c->out - c->out_used, h, fail));
}

static bool is_for(const struct capture *k, const struct server *s, const struct client *c) {
    return k->used && k->client == (int)(c - s->client);
}

/* A whole frame.  The last one waits until its worker is gone: who was told of the end may start
 * another capture in its place. */
static bool is_due(const struct capture *k) {
    return k->relay.ready && (!k->final || k->reaped);
}

/* Frames must not be mixed: choose what is sent next, only between frames. */
static bool choose_next(struct server *s, struct client *c) {
    if (c->sending_replies || c->sending >= 0) return true;
    c->sending_replies = c->out_used > 0;
    for (int i = 0; i < (int)LIM_CAPTURES && !c->sending_replies && c->sending < 0; i++)
        if (is_for(&s->capture[i], s, c) && is_due(&s->capture[i])) c->sending = i;
    return c->sending_replies || c->sending >= 0;
}

static ssize_t send_some(int fd, const uint8_t *bytes, size_t used, size_t *sent) {
    ssize_t n = send(fd, bytes + *sent, used - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) *sent += (size_t)n;
    return n;
}

/* Send until nothing is left or the socket is full.  False: the connection is lost. */
static bool flush(struct server *s, struct client *c) {
    while (choose_next(s, c)) {
        struct relay *r = c->sending >= 0 ? &s->capture[c->sending].relay : NULL;
        ssize_t n = r ? send_some(c->fd, r->bytes, r->used, &r->sent)
                      : send_some(c->fd, c->out, c->out_used, &c->out_sent);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            if (!c->stalled_ms) c->stalled_ms = clock_mono_ms();
            return true;
        }
        if (n <= 0) return false;
        c->stalled_ms = 0;
        if (r && r->sent == r->used) {
            relay_clear(r);
            c->sending = -1;
        } else if (!r && c->out_sent == c->out_used) {
            c->out_used = c->out_sent = 0;
            c->sending_replies = false;
        }
    }
    return !c->closing;
}

/* ---- clients
 * ------------------------------------------------------------------------------------- */

static void drop_client(struct server *s, struct client *c) {
    close(c->fd);
    captures_abandon(s, (int)(c - s->client));
    memset(c, 0, sizeof *c);
    c->fd = -1;
    if (s->private_mode) s->stopping = true;
}

static bool has_captures(const struct server *s, const struct client *c) {
    for (unsigned i = 0; i < LIM_CAPTURES; i++)
        if (is_for(&s->capture[i], s, c)) return true;
    return false;
}

static unsigned connections_of(const struct server *s, uid_t uid) {
    unsigned n = 0;
    for (int i = 0; i < SERVER_CLIENTS; i++)
        n += s->client[i].fd >= 0 && s->client[i].peer.uid == uid;
    return n;
}

/* Who is turned away is told why, at once or not at all. */
static void turn_away(int fd, const struct peer *peer, const struct fail *why) {
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    size_t n = frame_put_error(frame, sizeof frame, (struct wire_header){0}, why);
    audit_connect(peer, why);
    (void)!send(fd, frame, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A free place.  There is always one: when all are taken, the connection without a capture that is
 * idle longest, of the user with most of them, gives way. */
static struct client *find_place(struct server *s) {
    struct client *idle = s->client;
    unsigned most = 0;
    for (struct client *c = s->client; c < s->client + SERVER_CLIENTS; c++) {
        if (c->fd < 0) return c;
        unsigned n = has_captures(s, c) ? 0 : connections_of(s, c->peer.uid);
        if (n < most || n == 0 || (n == most && c->last_request_ms >= idle->last_request_ms))
            continue;
        most = n;
        idle = c;
    }
    struct fail full;
    ASSERT(most > 0); /* there are more places than captures */
    fail_set(&full, FAIL_LIMIT, "", "all %d connections to capd are in use and this one was idle",
             SERVER_CLIENTS);
    if (idle->out_used == 0) turn_away(idle->fd, &idle->peer, &full);
    drop_client(s, idle);
    return idle;
}

int server_adopt(struct server *s, int fd) {
    struct fail fail;
    struct peer peer;
    int error = peer_read(fd, &peer);
    if (error) return error;
    bool has_room = s->private_mode || peer.uid == 0 ||
                    connections_of(s, peer.uid) < SERVER_PER_USER ||
                    fail_set(&fail, FAIL_LIMIT, "", "this user has %u connections to capd already",
                             SERVER_PER_USER);
    if (!has_room || !policy_admits(&s->config, &peer, &fail)) {
        turn_away(fd, &peer, &fail);
        return -EACCES;
    }
    struct client *c = find_place(s);
    c->fd = fd;
    c->peer = peer;
    c->sending = -1;
    c->last_request_ms = clock_mono_ms();
    return 0;
}

static void accept_clients(struct server *s) {
    for (int i = 0; i < SERVER_CLIENTS; i++) { /* who floods shall not hold the loop */
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return; /* poll says again if there is more */
        if (server_adopt(s, fd) != 0) close(fd);
    }
}

/* Handle the whole frames in the buffer.  A client that asks too often, or faster than it takes the
 * answers, is not refused but made to wait: nothing more is read from it until it may ask again. */
static void eat_frames(struct server *s, struct client *c) {
    while (!c->closing && c->in_used > 0) {
        struct wire_header h;
        struct fail fail;
        enum wire_result r = wire_get_header(c->in, c->in_used, LIM_FRAME_TO_CAPD, &h, &fail);
        if (r == WIRE_PARSED && h.flags) {
            fail_set(&fail, FAIL_MALFORMED, "flags", "a request has no flags");
            r = WIRE_BAD;
        }
        if (r == WIRE_BAD) {
            server_reply_error(c, 0, &fail);
            c->closing = true; /* where the next frame starts cannot be known */
            return;
        }
        size_t frame = WIRE_HEADER_BYTES + h.length;
        if (r == WIRE_NEED_MORE || c->in_used < frame) {
            if (!c->half_frame_ms) c->half_frame_ms = clock_mono_ms();
            return;
        }
        c->last_request_ms = clock_mono_ms();
        /* The rate is one user's, for all its MCP clients; the room the longest reply's. */
        c->throttled = c->out_used > sizeof c->out / 4 ||
                       !bucket_take_of(&s->requests, c->peer.uid, &(struct bucket_rate){40, 80},
                                       c->last_request_ms, NULL);
        if (c->throttled) return;
        request_handle(s, c, &h, c->in + WIRE_HEADER_BYTES);
        memmove(c->in, c->in + frame, c->in_used - frame);
        c->in_used -= frame;
        c->half_frame_ms = 0;
    }
}

/* False: the connection has ended. */
static bool read_client(struct server *s, struct client *c) {
    ssize_t n = recv(c->fd, c->in + c->in_used, sizeof c->in - c->in_used, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    c->in_used += (size_t)n;
    eat_frames(s, c);
    return true;
}

/* More than `ms` since `since_ms`?  0: it has not begun.  `since_ms` may be later than `now`. */
static bool over(uint64_t since_ms, uint64_t ms, uint64_t now) {
    return since_ms && now > since_ms + ms;
}

static bool is_late(const struct server *s, const struct client *c, uint64_t now) {
    return over(c->stalled_ms, STALLED_MS, now) || over(c->half_frame_ms, HALF_FRAME_MS, now) ||
           (!s->private_mode && !has_captures(s, c) &&
            over(c->last_request_ms, c->greeted ? IDLE_MS : HALF_FRAME_MS, now));
}

/* ---- loop
 * ---------------------------------------------------------------------------------------- */

static void read_signals(struct server *s) {
    struct signalfd_siginfo info;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGCHLD) s->stopping = true;
    captures_reap(s);
}

/* Fill the poll set: 0 signals, 1 listener, then clients, then workers.  Returns how long to wait:
 * deadlines are looked at while there is somebody to have one, the service manager wants beats. */
static int fill_polls(const struct server *s, struct pollfd *p) {
    int wait_ms = s->manager.beat_ms;
    p[0] = (struct pollfd){s->signal_fd, POLLIN, 0};
    p[1] = (struct pollfd){s->listen_fd, POLLIN, 0};
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) {
        const struct client *c = &s->client[i];
        short events = c->closing || c->throttled ? 0 : POLLIN;
        p[2 + i] = (struct pollfd){c->fd, (short)(events | (c->stalled_ms ? POLLOUT : 0)), 0};
        if (c->fd >= 0 && wait_ms != THROTTLED_MS) wait_ms = c->throttled ? THROTTLED_MS : TURN_MS;
    }
    for (unsigned i = 0; i < LIM_CAPTURES; i++) {
        const struct capture *k = &s->capture[i];
        bool wanted = k->used && k->ipc >= 0 && !k->relay.ready;
        p[2 + SERVER_CLIENTS + i] = (struct pollfd){wanted ? k->ipc : -1, POLLIN, 0};
        if (k->used && wait_ms < 0) wait_ms = TURN_MS;
    }
    return wait_ms;
}

static void turn(struct server *s) {
    struct pollfd p[2 + SERVER_CLIENTS + LIM_CAPTURES];
    int wait_ms = fill_polls(s, p);
    if (poll(p, sizeof p / sizeof p[0], wait_ms) < 0) return; /* EINTR; priv.c: enough files */
    if (p[0].revents) read_signals(s);
    for (unsigned i = 0; i < LIM_CAPTURES; i++)
        if (p[2 + SERVER_CLIENTS + i].revents) captures_read(&s->capture[i]);
    uint64_t now = clock_mono_ms();
    sysd_beat(&s->manager, now);
    captures_tend(s, now);
    s->turn++; /* another client is the first each time: those of one user share its requests */
    for (unsigned k = 0; k < SERVER_CLIENTS; k++) {
        unsigned i = (s->turn + k) % SERVER_CLIENTS;
        struct client *c = &s->client[i];
        if (c->fd < 0) continue;
        if (c->throttled) eat_frames(s, c);
        bool gone = (p[2 + i].revents & (POLLIN | POLLHUP | POLLERR)) && !read_client(s, c);
        if (gone || !flush(s, c) || is_late(s, c, now)) drop_client(s, c);
    }
    captures_tend(s, now); /* a last frame may just have been sent */
    if (p[1].revents & POLLIN) accept_clients(s);
}

void server_run(struct server *s) {
    while (!s->stopping) turn(s);
    close(s->listen_fd); /* -1: nothing */
    s->listen_fd = -1;
    for (int i = 0; i < SERVER_CLIENTS; i++)
        if (s->client[i].fd >= 0) drop_client(s, &s->client[i]);
    /* What the workers say now is for the audit alone. */
    uint64_t end = clock_mono_ms() + (s->private_mode ? 0 : LAST_WORDS_MS);
    for (unsigned n; captures_count(s, "", &n) > 0 && clock_mono_ms() < end;) turn(s);
    for (unsigned i = 0; i < LIM_CAPTURES; i++)
        if (s->capture[i].used) captures_end(s, &s->capture[i]);
}
