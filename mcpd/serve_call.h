#ifndef MCPD_SERVE_CALL_H
#define MCPD_SERVE_CALL_H
#include "common/err.h"
#include <cjson/cJSON.h>

/* A client of `mcpd serve` on its Unix socket.  Blocking, with deadlines; trusts nothing that comes
 * back. */

/* Connected, or -1 and `fail` (field "capd": exit code 3). */
int serve_connect(const char *path, struct fail *fail);

/* One request of the modern era and its result, owned by the caller; `params` is consumed, `name`
 * is what Mcp-Name repeats (NULL: nothing).  NULL: `fail`. */
cJSON *serve_ask(int fd, const char *method, const char *name, cJSON *params, struct fail *fail);

/* The value of a text that is JSON, within the limits of a message; NULL: it is none. */
cJSON *serve_parse(const char *text);

#endif
