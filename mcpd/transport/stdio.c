/* Lines in, lines out, on two descriptors whose flags are left alone: the other end may share them
 * (a terminal, a pipe of a shell), and O_NONBLOCK would be set for it too.  Instead nothing is read
 * or written before poll says so: one read takes what is there, and a write to a pipe that poll
 * calls writable takes PIPE_BUF bytes without blocking; sockets are told MSG_DONTWAIT.
 *
 * Slow readers: replies wait in a queue.  While it holds more than QUEUE_PAUSE bytes no further
 * request is read or taken from what was read, and progress is dropped; an answer that would take
 * it over QUEUE_MAX becomes an error, and only when not even errors are read any more the client is
 * taken for dead.
 *
 * The end of input ends the session, and clients kill who has not gone after 2 s.  For half of that
 * what was asked before is still read and answered: requests may come from a file.
 * Runs in: mcpd.  Input trust: client. */
#include "mcpd/transport/stdio.h"
#include "common/clock.h"
#include "common/log.h"
#include "mcpd/mcp/jsoncheck.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BYTES  (64u * 1024u)   /* one read: Linux pipes hold as much */
#define KEEP_BYTES  (256u * 1024u)  /* a line buffer larger than this is given back after use */
#define QUEUE_PAUSE (1024u * 1024u) /* stop taking requests, drop progress */
#define QUEUE_MAX   (16u * 1024u * 1024u) /* 64 requests in flight of 256 KiB each */
#define QUEUE_SPARE (1024u * 1024u)       /* for errors beyond it: several for each of those */
#define END_MS      1000u                 /* to answer what was asked before the end of input */
#define END_LOOK_MS 20u

struct buffer {
    char *p;
    size_t len, room;
};

struct stdio {
    struct loop *loop;
    struct stdio_options options;
    struct mcp_conn *conn;
    struct buffer in;    /* the line being read */
    struct buffer ahead; /* what was read behind it and is not looked at yet: at most READ_BYTES */
    struct buffer out;   /* what is not written yet: out.p + sent .. out.p + len */
    size_t sent;
    bool skipping; /* the rest of an over-long line */
    bool out_is_socket;
    bool out_broken;
    bool at_end;        /* all input has been read */
    bool gone;          /* the client is; on_eof is due or done */
    uint64_t end_id;    /* timer that looks whether all is answered, since the input has ended */
    uint64_t end_by_ms; /* then it has waited long enough */
    uint64_t eof_id;    /* timer that will call on_eof */
};

/* ---- descriptors -------------------------------------------------------------------- */

int stdio_take(int *in_out, int *out_out) {
    int null = -1, in = -1, out = -1, rc;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) goto fail;
    in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (in < 0) goto fail;
    out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (out < 0 || dup2(null, STDIN_FILENO) < 0) goto fail;
    if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0 && dup2(null, STDOUT_FILENO) < 0) goto fail;
    if (sigaction(SIGPIPE, &ignore, NULL) < 0) goto fail;
    if (null > 2) close(null);
    *in_out = in;
    *out_out = out;
    return 0;
fail:
    rc = -errno;
    if (null > 2) close(null);
    if (in >= 0) close(in);
    if (out >= 0) close(out);
    return rc;
}

static bool buffer_reserve(struct buffer *b, size_t more) {
    if (b->room - b->len >= more) return true;
    size_t room = b->room ? b->room : 4096;
    while (room - b->len < more) room *= 2;
    char *p = realloc(b->p, room);
    if (!p) return false;
    b->p = p;
    b->room = room;
    return true;
}

/* Empty it, and give a large one back. */
static void buffer_reset(struct buffer *b) {
    b->len = 0;
    if (b->room <= KEEP_BYTES) return;
    free(b->p);
    *b = (struct buffer){0};
}

static size_t queued(const struct stdio *t) {
    return t->out.len - t->sent;
}

/* ---- the client goes ---------------------------------------------------------------- */

static void tell_eof(void *ctx) {
    struct stdio *t = ctx;
    t->eof_id = 0;
    mcp_conn_free(t->conn);
    t->conn = NULL;
    if (t->options.on_eof) t->options.on_eof(t->options.ctx); /* may free t */
}

/* By a timer, because it is noticed in the middle of a tool's own call as well. */
static void client_gone(struct stdio *t) {
    if (t->gone) return;
    t->gone = true;
    loop_timer_cancel(t->loop, t->end_id);
    loop_fd_interest(t->loop, t->options.in_fd, 0);
    t->eof_id = loop_timer_once(t->loop, 0, tell_eof, t);
    if (t->eof_id == 0) loop_stop(t->loop); /* no memory even for that */
}

/* Read on, or only notice when the client goes. */
static void watch_input(struct stdio *t) {
    bool paused = queued(t) > QUEUE_PAUSE || t->ahead.len > 0;
    if (t->gone || t->at_end) return;
    loop_fd_interest(t->loop, t->options.in_fd, !paused ? LOOP_READ : t->end_id ? 0 : LOOP_HANGUP);
}

static void look_at_end(void *ctx) {
    struct stdio *t = ctx;
    bool busy = !t->at_end || mcp_conn_is_asked(t->conn) || queued(t) > 0;
    if (!busy || clock_mono_ms() >= t->end_by_ms) client_gone(t);
}

/* The client sends no more; some of what it sent may still be unread. */
static void begin_end(struct stdio *t) {
    if (t->end_id || t->gone) return;
    t->end_by_ms = clock_mono_ms() + END_MS;
    t->end_id = loop_timer_every(t->loop, END_LOOK_MS, look_at_end, t);
    if (t->end_id == 0) client_gone(t);
}

static void output_broken(struct stdio *t, const char *why) {
    t->out_broken = true;
    t->out.len = t->sent = 0;
    loop_fd_interest(t->loop, t->options.out_fd, 0);
    if (!t->gone) log_line("the client does not read any more: %s", why);
    client_gone(t);
}

/* ---- writing ------------------------------------------------------------------------ */

/* One write that does not block.  Bytes written, 0 if it would block, -1 if nobody reads. */
static ssize_t write_some(struct stdio *t) {
    const char *p = t->out.p + t->sent;
    size_t len = queued(t);
    ssize_t n = -1;
    if (t->out_is_socket) {
        n = send(t->options.out_fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        t->out_is_socket = n >= 0 || errno != ENOTSOCK;
    }
    if (!t->out_is_socket) {
        struct pollfd ready = {.fd = t->options.out_fd, .events = POLLOUT};
        if (poll(&ready, 1, 0) <= 0) return 0;
        n = write(t->options.out_fd, p, len < PIPE_BUF ? len : PIPE_BUF);
    }
    if (n >= 0) return n;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

static void write_queue(struct stdio *t) {
    while (queued(t) > 0) {
        ssize_t n = write_some(t);
        if (n < 0) {
            output_broken(t, strerror(errno));
            return;
        }
        if (n == 0) break;
        t->sent += (size_t)n;
    }
    if (queued(t) == 0) {
        buffer_reset(&t->out);
        t->sent = 0;
    }
    loop_fd_interest(t->loop, t->options.out_fd, queued(t) > 0 ? LOOP_WRITE : 0);
    watch_input(t);
}

static bool send_line(void *ctx, const struct mcp_out *out) {
    struct stdio *t = ctx;
    bool small = out->len <= MCP_OUT_SMALL;
    if (t->out_broken) return true;
    if (out->kind == MCP_OUT_NOTIFICATION && queued(t) > QUEUE_PAUSE) return true;
    if (out->kind == MCP_OUT_REPLY && !small && queued(t) + out->len >= QUEUE_MAX) return false;
    if (t->sent > 0) {
        memmove(t->out.p, t->out.p + t->sent, queued(t));
        t->out.len -= t->sent;
        t->sent = 0;
    }
    size_t most = QUEUE_MAX + (small ? QUEUE_SPARE : 0);
    if (t->out.len + out->len + 1 > most || !buffer_reserve(&t->out, out->len + 1)) {
        output_broken(t, "16 MiB of replies are waiting");
        return true;
    }
    memcpy(t->out.p + t->out.len, out->json, out->len);
    t->out.p[t->out.len + out->len] = '\n';
    t->out.len += out->len + 1;
    write_queue(t);
    return true;
}

/* ---- reading ------------------------------------------------------------------------ */

static bool is_blank(const char *p, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r') return false;
    return true;
}

static void take_line(struct stdio *t, const char *p, size_t len) {
    if (len > 0 && p[len - 1] == '\r') len--;
    if (len > JSON_MAX_BYTES)
        mcp_conn_refuse_oversize(t->conn);
    else if (!is_blank(p, len))
        mcp_conn_receive(t->conn, p, len);
}

/* The line in the buffer ends here with `len` more bytes; `len` bytes at p belong to it. */
static void end_line(struct stdio *t, const char *p, size_t len) {
    if (t->skipping) {
        t->skipping = false;
    } else if (t->in.len == 0) {
        take_line(t, p, len);
    } else if (t->in.len + len > JSON_MAX_BYTES + 1) {
        mcp_conn_refuse_oversize(t->conn);
    } else if (buffer_reserve(&t->in, len)) {
        memcpy(t->in.p + t->in.len, p, len);
        take_line(t, t->in.p, t->in.len + len);
    } else {
        log_line("out of memory: a request is lost");
    }
    buffer_reset(&t->in);
}

/* A part of a line whose end is not here yet.  One byte over the limit is kept for a possible '\r'.
 */
static void keep_part(struct stdio *t, const char *p, size_t len) {
    if (t->skipping) return;
    if (t->in.len + len > JSON_MAX_BYTES + 1 || !buffer_reserve(&t->in, len)) {
        mcp_conn_refuse_oversize(t->conn);
        t->skipping = true;
        buffer_reset(&t->in);
        return;
    }
    memcpy(t->in.p + t->in.len, p, len);
    t->in.len += len;
}

/* The rest must wait until the client has read some answers. */
static void keep_ahead(struct stdio *t, const char *p, size_t len) {
    if (!buffer_reserve(&t->ahead, len)) {
        log_line("out of memory: requests are lost");
        return;
    }
    memcpy(t->ahead.p + t->ahead.len, p, len);
    t->ahead.len += len;
    watch_input(t);
}

static void take_bytes(struct stdio *t, const char *p, size_t len) {
    while (len > 0) {
        if (queued(t) > QUEUE_PAUSE) {
            keep_ahead(t, p, len);
            return;
        }
        const char *newline = memchr(p, '\n', len);
        if (!newline) {
            keep_part(t, p, len);
            return;
        }
        size_t part = (size_t)(newline - p);
        end_line(t, p, part);
        p += part + 1;
        len -= part + 1;
    }
}

static void out_ready(void *ctx, int fd, unsigned ready) {
    struct stdio *t = ctx;
    (void)fd;
    (void)ready;
    write_queue(t);
    if (t->ahead.len == 0 || t->gone || queued(t) > QUEUE_PAUSE) return;
    struct buffer rest = t->ahead;
    t->ahead = (struct buffer){0};
    take_bytes(t, rest.p, rest.len);
    free(rest.p);
    write_queue(t); /* reads on unless some had to wait again */
}

static void in_ready(void *ctx, int fd, unsigned ready) {
    struct stdio *t = ctx;
    char bytes[READ_BYTES];
    if (!(ready & LOOP_READ)) { /* paused */
        begin_end(t);
        watch_input(t);
        return;
    }
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n > 0) {
        take_bytes(t, bytes, (size_t)n);
        return;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (t->in.len > 0 && !t->skipping) end_line(t, "", 0); /* a last line without its newline */
    t->at_end = true;
    loop_fd_interest(t->loop, fd, 0);
    begin_end(t);
    if (!t->gone) look_at_end(t);
}

/* ---- life --------------------------------------------------------------------------- */

struct stdio *stdio_new(struct loop *loop, struct mcp_server *server,
                        const struct stdio_options *options) {
    struct stdio *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->loop = loop;
    t->options = *options;
    t->out_is_socket = true; /* until send() says otherwise */
    struct mcp_conn_options conn = {
        .caller = options->caller, .send = send_line, .ctx = t, .unsolicited = true};
    t->conn = mcp_conn_new(server, &conn);
    if (!t->conn) goto fail;
    if (loop_fd_add(loop, options->out_fd, 0, out_ready, t)) goto fail;
    if (loop_fd_add(loop, options->in_fd, LOOP_READ, in_ready, t)) {
        loop_fd_remove(loop, options->out_fd);
        goto fail;
    }
    return t;
fail:
    mcp_conn_free(t->conn);
    free(t);
    return NULL;
}

/* Write what is queued, waiting for the reader until the time is up. */
static void flush_queue(struct stdio *t, unsigned flush_ms) {
    uint64_t deadline = clock_mono_ms() + flush_ms;
    while (queued(t) > 0) {
        uint64_t now = clock_mono_ms();
        struct pollfd ready = {.fd = t->options.out_fd, .events = POLLOUT};
        if (now >= deadline || poll(&ready, 1, (int)(deadline - now)) <= 0) return;
        ssize_t n = write_some(t);
        if (n < 0) return;
        t->sent += (size_t)n;
    }
}

void stdio_free(struct stdio *t, unsigned flush_ms) {
    if (!t) return;
    t->gone = true;
    loop_timer_cancel(t->loop, t->end_id);
    loop_timer_cancel(t->loop, t->eof_id);
    mcp_conn_free(t->conn);
    flush_queue(t, flush_ms);
    loop_fd_remove(t->loop, t->options.in_fd);
    loop_fd_remove(t->loop, t->options.out_fd);
    close(t->options.in_fd);
    close(t->options.out_fd);
    free(t->in.p);
    free(t->ahead.p);
    free(t->out.p);
    free(t);
}
