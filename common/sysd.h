#ifndef COMMON_SYSD_H
#define COMMON_SYSD_H
#include "common/err.h"
#include <stdbool.h>
#include <stdint.h>

/* The pieces of systemd's protocol that are needed, by hand (sd_listen_fds(3), sd_notify(3),
 * sd_watchdog_enabled(3)), rather than its library in a privileged process. */

/* *fd_out: the inherited listening Unix stream socket, or -1 if there is none.  False: something
 * else was passed.  Reads the environment: call before it is cleared. */
bool sysd_listen_fd(int *fd_out, struct fail *fail);

/* Every inherited listening TCP or Unix stream socket, close-on-exec and non-blocking.  Returns how
 * many, 0 if there is none; -1 and `fail` if something else was passed or there are more than max.
 */
int sysd_listen_fds(int *fds_out, int max, struct fail *fail);

/* The service manager's ear.  All zero but fd = -1: nobody listens. */
struct sysd {
    int fd;           /* connected datagram socket, -1: nobody wants to know */
    int beat_ms;      /* a sign of life is due so often, -1: never */
    uint64_t beat_at; /* monotonic ms of the next one */
};

/* Fill from the environment, with a third of the time the watchdog allows between two signs of
 * life.  Call before the environment is cleared and before sockets are forbidden. */
void sysd_open(struct sysd *s);

/* Say lines of sd_notify(3), such as "READY=1\n".  Never blocks. */
void sysd_say(const struct sysd *s, const char *lines);

/* Say that this process lives, when that is due at time `mono_ms`. */
void sysd_beat(struct sysd *s, uint64_t mono_ms);
#endif
