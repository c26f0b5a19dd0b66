#ifndef COMMON_LISTEN_H
#define COMMON_LISTEN_H
#include "common/err.h"
#include <stdbool.h>
#include <sys/types.h>

/* A Unix stream socket at `path` that only this user can connect to.  A socket left behind there is
 * removed; one on which another `program` listens is not, nor is anything else.  The descriptor,
 * which does not block, or -1 and `fail`. */
int listen_at(const char *path, const char *program, int backlog, struct fail *fail);

/* Let that group connect as well; 0 or -errno. */
int listen_open_to(const char *path, gid_t group);
#endif
