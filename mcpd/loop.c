/* The event loop of mcpd.  poll(2) and two small arrays: mcpd watches a handful of descriptors and
 * timers, for which linear search beats any cleverness.  Callbacks may change both arrays at any
 * time, so rounds walk by index over entries that are only marked dead, and the dead are swept when
 * nobody is walking. Runs in: mcpd. Input trust: none. */
#include "mcpd/loop.h"
#include "common/clock.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct watcher {
    int fd; /* -1: removed, to be swept */
    unsigned interest;
    loop_fd_fn *fn;
    void *ctx;
};

struct timer {
    uint64_t id;        /* 0: cancelled, to be swept */
    uint64_t due_ms;    /* monotonic */
    uint64_t period_ms; /* 0: one-shot */
    uint64_t born;      /* round in which it was added: runs in a later one */
    loop_timer_fn *fn;
    void *ctx;
};

struct loop {
    struct watcher *watchers;
    size_t watcher_count, watcher_room;
    struct timer *timers;
    size_t timer_count, timer_room;
    struct pollfd *polls;
    size_t poll_room;
    uint64_t last_id, round;
    bool stop;
    int signal_fd;
    loop_signal_fn *signal_fn;
    void *signal_ctx;
};

/* The array with room for `need` elements, or NULL with the old one untouched. */
static void *grown(void *array, size_t *room, size_t need, size_t element_bytes) {
    if (array && need <= *room) return array;
    size_t more = *room ? *room * 2 : 8;
    if (more < need) more = need;
    void *bigger = realloc(array, more * element_bytes);
    if (bigger) *room = more;
    return bigger;
}

struct loop *loop_new(void) {
    struct loop *l = calloc(1, sizeof *l);
    if (l) l->signal_fd = -1;
    return l;
}

void loop_free(struct loop *l) {
    if (!l) return;
    if (l->signal_fd >= 0) close(l->signal_fd);
    free(l->watchers);
    free(l->timers);
    free(l->polls);
    free(l);
}

static struct watcher *watcher_find(struct loop *l, int fd) {
    for (size_t i = 0; i < l->watcher_count; i++)
        if (l->watchers[i].fd == fd) return &l->watchers[i];
    return NULL;
}

int loop_fd_add(struct loop *l, int fd, unsigned interest, loop_fd_fn *fn, void *ctx) {
    if (fd < 0) return -EBADF;
    if (watcher_find(l, fd)) return -EEXIST;
    struct watcher *room =
        grown(l->watchers, &l->watcher_room, l->watcher_count + 1, sizeof *l->watchers);
    if (!room) return -ENOMEM;
    l->watchers = room;
    l->watchers[l->watcher_count++] = (struct watcher){fd, interest, fn, ctx};
    return 0;
}

void loop_fd_interest(struct loop *l, int fd, unsigned interest) {
    struct watcher *w = fd >= 0 ? watcher_find(l, fd) : NULL;
    if (w) w->interest = interest;
}

void loop_fd_remove(struct loop *l, int fd) {
    struct watcher *w = fd >= 0 ? watcher_find(l, fd) : NULL;
    if (w) w->fd = -1;
}

static uint64_t timer_add(struct loop *l, struct timer t) {
    struct timer *room = grown(l->timers, &l->timer_room, l->timer_count + 1, sizeof *l->timers);
    if (!room) return 0;
    l->timers = room;
    t.id = ++l->last_id;
    t.born = l->round;
    l->timers[l->timer_count++] = t;
    return t.id;
}

uint64_t loop_timer_once(struct loop *l, uint64_t delay_ms, loop_timer_fn *fn, void *ctx) {
    return timer_add(l, (struct timer){.due_ms = clock_mono_ms() + delay_ms, .fn = fn, .ctx = ctx});
}

uint64_t loop_timer_every(struct loop *l, uint64_t period_ms, loop_timer_fn *fn, void *ctx) {
    if (period_ms == 0) period_ms = 1;
    return timer_add(l, (struct timer){.due_ms = clock_mono_ms() + period_ms,
                                       .period_ms = period_ms,
                                       .fn = fn,
                                       .ctx = ctx});
}

void loop_timer_cancel(struct loop *l, uint64_t id) {
    if (id == 0) return;
    for (size_t i = 0; i < l->timer_count; i++)
        if (l->timers[i].id == id) l->timers[i].id = 0;
}

static void signal_ready(void *ctx, int fd, unsigned ready) {
    struct loop *l = ctx;
    struct signalfd_siginfo info;
    (void)ready;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        l->signal_fn(l->signal_ctx, (int)info.ssi_signo);
}

int loop_signals(struct loop *l, const int *signos, size_t count, loop_signal_fn *fn, void *ctx) {
    sigset_t set;
    if (l->signal_fd >= 0) return -EBUSY;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++) sigaddset(&set, signos[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) return -errno;
    int rc = loop_fd_add(l, fd, LOOP_READ, signal_ready, l);
    if (rc) {
        close(fd);
        return rc;
    }
    l->signal_fd = fd;
    l->signal_fn = fn;
    l->signal_ctx = ctx;
    return 0;
}

/* Milliseconds until the first timer, at most max_wait_ms; -1 for ever. */
static int wait_ms(const struct loop *l, int max_wait_ms) {
    uint64_t now = clock_mono_ms();
    int wait = max_wait_ms;
    for (size_t i = 0; i < l->timer_count; i++) {
        const struct timer *t = &l->timers[i];
        if (t->id == 0) continue;
        uint64_t left = t->due_ms > now ? t->due_ms - now : 0;
        if (wait < 0 || left < (uint64_t)wait) wait = left > 3600000u ? 3600000 : (int)left;
    }
    return wait;
}

static void sweep(struct loop *l) {
    size_t kept = 0;
    for (size_t i = 0; i < l->watcher_count; i++)
        if (l->watchers[i].fd >= 0) l->watchers[kept++] = l->watchers[i];
    l->watcher_count = kept;
    kept = 0;
    for (size_t i = 0; i < l->timer_count; i++)
        if (l->timers[i].id != 0) l->timers[kept++] = l->timers[i];
    l->timer_count = kept;
}

/* Watcher i's pollfd is polls[i]; one that is watched for nothing is passed as fd -1, which poll
 * skips. */
static int fill_polls(struct loop *l) {
    struct pollfd *room = grown(l->polls, &l->poll_room, l->watcher_count, sizeof *l->polls);
    if (!room) return -ENOMEM;
    l->polls = room;
    for (size_t i = 0; i < l->watcher_count; i++) {
        const struct watcher *w = &l->watchers[i];
        short events = (short)((w->interest & LOOP_READ ? POLLIN : 0) |
                               (w->interest & LOOP_WRITE ? POLLOUT : 0) |
                               (w->interest & LOOP_HANGUP ? POLLRDHUP : 0));
        l->polls[i] = (struct pollfd){.fd = w->interest ? w->fd : -1, .events = events};
    }
    return 0;
}

static void call_watchers(struct loop *l, size_t polled) {
    for (size_t i = 0; i < polled; i++) {
        struct watcher w = l->watchers[i]; /* a copy: the array may move under the callback */
        short got = l->polls[i].revents;
        if (got == 0 || w.fd < 0 || w.fd != l->polls[i].fd) continue;
        unsigned ready = (got & POLLIN ? LOOP_READ : 0u) | (got & POLLOUT ? LOOP_WRITE : 0u);
        if (got & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL))
            ready = LOOP_READ | LOOP_WRITE | LOOP_HANGUP;
        ready &= w.interest; /* an earlier callback of this round may have changed its mind */
        if (ready) w.fn(w.ctx, w.fd, ready);
    }
}

static void call_timers(struct loop *l) {
    uint64_t now = clock_mono_ms();
    for (size_t i = 0; i < l->timer_count; i++) {
        struct timer *t = &l->timers[i];
        if (t->id == 0 || t->born == l->round || t->due_ms > now) continue;
        loop_timer_fn *fn = t->fn;
        void *ctx = t->ctx;
        if (t->period_ms) {
            uint64_t missed = (now - t->due_ms) / t->period_ms;
            t->due_ms += (missed + 1) * t->period_ms;
        } else {
            t->id = 0;
        }
        fn(ctx);
    }
}

int loop_step(struct loop *l, int max_wait_ms) {
    sweep(l);
    int rc = fill_polls(l);
    if (rc) return rc;
    size_t polled = l->watcher_count;
    int wait = l->stop ? 0 : wait_ms(l, max_wait_ms);
    l->round++; /* what callbacks add from here on belongs to the next round */
    int got = poll(l->polls, polled, wait);
    if (got < 0 && errno != EINTR) return -errno;
    if (got > 0) call_watchers(l, polled);
    call_timers(l);
    return 0;
}

int loop_run(struct loop *l) {
    while (!l->stop) {
        int rc = loop_step(l, -1);
        if (rc) return rc;
    }
    return 0;
}

void loop_stop(struct loop *l) {
    l->stop = true;
}
