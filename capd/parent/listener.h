#ifndef CAPD_PARENT_LISTENER_H
#define CAPD_PARENT_LISTENER_H
#include "capd/parent/config.h"

/* Bind the configured path and listen: mode 0660, group `socket_group` if it exists and may be
 * given.  A socket nobody listens on is replaced.  Returns the descriptor, or -1 and `fail`. */
int listener_open(const struct config *c, struct fail *fail);
#endif
