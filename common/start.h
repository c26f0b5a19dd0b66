#ifndef COMMON_START_H
#define COMMON_START_H
#include "common/err.h"
#include <stdbool.h>
#include <stddef.h>

/* Descriptors 0 to 2 exist afterwards, or a socket could become stderr (0 and 1 are /dev/null), and
 * none from `first_unwanted` on. */
bool start_tidy_descriptors(unsigned first_unwanted);

/* Block SIGCHLD, SIGTERM, SIGINT and, unless it is ignored (nohup), SIGHUP; ignore SIGPIPE; returns
 * the descriptor that tells of the former, -1 and errno. */
int start_signals(void);

/* Random hex digits that fill `out`, an odd number of bytes (up to 65). */
bool start_make_id(char *out, size_t cap);

/* Zeroed memory, whole pages, that a process forked from this one finds empty; NULL: none.  The
 * caller's, to be given back by munmap(). */
void *start_map_secret(size_t bytes);
#endif
