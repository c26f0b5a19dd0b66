#ifndef MCPD_LOOP_H
#define MCPD_LOOP_H
/* One poll(2) loop: descriptors, timers, signals.  No threads, no globals; every call on a loop is
 * made by the thread that runs it.  Adding and removing watchers and timers is allowed in any
 * callback, also of the one being called. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

/* `ready` holds what has come of what was asked for.  A hang-up or an error is reported as all that
 * was asked for: the next read or write tells which.  LOOP_HANGUP alone tells that the other side
 * sends no more, also while what it sent is unread; it is told again and again. */
typedef void loop_fd_fn(void *ctx, int fd, unsigned ready);
typedef void loop_timer_fn(void *ctx);
typedef void loop_signal_fn(void *ctx, int signo);

/* NULL if out of memory. */
struct loop *loop_new(void);

/* Frees watchers and timers without calling them; watched descriptors stay open, blocked signals
 * stay blocked.  Not inside a callback.  NULL is allowed. */
void loop_free(struct loop *l);

/* Watch `fd` for `interest` (LOOP_* joined, or 0 for none yet).  One watcher per
 * descriptor. 0 or -errno (-EEXIST, -EBADF for fd < 0, -ENOMEM). */
int loop_fd_add(struct loop *l, int fd, unsigned interest, loop_fd_fn *fn, void *ctx)
    __attribute__((warn_unused_result));

/* Change what a watched descriptor is watched for; with 0 even a hang-up is not reported.  Unknown
 * descriptors are ignored. */
void loop_fd_interest(struct loop *l, int fd, unsigned interest);

/* Stop watching; call before close(fd).  Unknown descriptors are ignored. */
void loop_fd_remove(struct loop *l, int fd);

/* Call fn once, delay_ms from now (0: in the next round), on the monotonic clock.  Returns an id
 * that is never used again, or 0 if out of memory. */
uint64_t loop_timer_once(struct loop *l, uint64_t delay_ms, loop_timer_fn *fn, void *ctx);

/* Call fn every period_ms (>= 1), first one period from now.  Rounds that were missed are not made
 * up. */
uint64_t loop_timer_every(struct loop *l, uint64_t period_ms, loop_timer_fn *fn, void *ctx);

/* Cancel; 0, unknown ids and timers that have fired are ignored. */
void loop_timer_cancel(struct loop *l, uint64_t id);

/* Block the given signals in this process and have them delivered to fn inside the loop (signalfd).
 * Once per loop.  0 or -errno. */
int loop_signals(struct loop *l, const int *signos, size_t count, loop_signal_fn *fn, void *ctx)
    __attribute__((warn_unused_result));

/* One round: wait at most max_wait_ms (-1: until something happens) and call what is due.  0 or
 * -errno. */
int loop_step(struct loop *l, int max_wait_ms) __attribute__((warn_unused_result));

/* Rounds until loop_stop().  0 or -errno.  A stop asked for before the run ends it at once. */
int loop_run(struct loop *l) __attribute__((warn_unused_result));
void loop_stop(struct loop *l);

#endif
