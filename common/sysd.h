#ifndef COMMON_SYSD_H
#define COMMON_SYSD_H
#include "common/err.h"
#include <stdbool.h>

/* The two pieces of systemd's protocol that are needed, by hand (sd_listen_fds(3), sd_notify(3)),
 * rather than its library in a privileged process.  Both read the environment: call before it is
 * cleared. */

/* *fd_out: the inherited listening Unix stream socket, or -1 if there is none.  False: something
 * else was passed. */
bool sysd_listen_fd(int *fd_out, struct fail *fail);

/* Every inherited listening TCP or Unix stream socket, close-on-exec and non-blocking.  Returns how
 * many, 0 if there is none; -1 and `fail` if something else was passed or there are more than max.
 */
int sysd_listen_fds(int *fds_out, int max, struct fail *fail);

/* Connected notification socket, or -1 if nobody wants to know. */
int sysd_notify_open(void);

/* Say READY=1 and close.  -1 is fine. */
void sysd_notify_ready(int fd);

/* Send lines as sd_notify(3) has them ("READY=1", "WATCHDOG=1", "STOPPING=1") and keep the socket.
 * -1 is fine. */
void sysd_notify(int fd, const char *lines);

/* How often the service manager wants to see WATCHDOG=1 at most, in ms; 0: it does not. */
unsigned sysd_watchdog_ms(void);
#endif
