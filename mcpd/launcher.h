#ifndef MCPD_LAUNCHER_H
#define MCPD_LAUNCHER_H
#include "common/err.h"
#include <stdbool.h>
#include <sys/types.h>

/* A child that starts programs for mcpd, forked before mcpd gives up its privileges: after that
 * mcpd itself can neither execute anything nor pass on a privilege.  It takes one-byte orders and
 * knows two programs: a private capd, and the network child. */
struct launcher {
    int fd; /* -1: not running */
    pid_t pid;
    char capd[256]; /* "" if not found */
    char live[256]; /* the capd for live captures: a copy with a capability, else the same */
    char net[256];  /* "" if not found */
};

/* Find the programs: beside our own executable, else where they are installed. */
void launcher_find(struct launcher *l);

/* Fork it.  Call first, before descriptors are opened that it must not inherit.  0 or -errno. */
int launcher_start(struct launcher *l) __attribute__((warn_unused_result));

/* From now on it passes no privilege on: a private capd can read files and cannot capture.  False:
 * the order could not be given. */
bool launcher_confine(struct launcher *l) __attribute__((warn_unused_result));

/* Start a private capd, with an open capture file or without (file_fd -1).  Returns our end of its
 * socket pair, or -1 and `fail`. */
int launcher_private_capd(struct launcher *l, int file_fd, struct fail *fail);

/* Start the network child.  Returns a SOCK_SEQPACKET descriptor, or -1 and `fail`. */
int launcher_network_child(struct launcher *l, struct fail *fail);

/* End it, and the network child with it; a private capd ends by itself when its socket closes. */
void launcher_close(struct launcher *l);
#endif
