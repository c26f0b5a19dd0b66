#ifndef MCPD_SETTINGS_H
#define MCPD_SETTINGS_H
#include "common/err.h"
#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_PATH        "/etc/packet-capture-mcp/mcpd.conf"
#define SETTINGS_CAPD_SOCKET "/run/capd/capd.sock"
#define SETTINGS_DIRS        8u
#define SETTINGS_PATH_BYTES  256u

/* mcpd.conf: `key = value` lines and # comments.  Every key has a safe default. */
struct settings {
    char capd[108];                               /* socket path, or "private" */
    char dir[SETTINGS_DIRS][SETTINGS_PATH_BYTES]; /* capture files may lie below these */
    uint32_t dirs;            /* 0: not configured; stdio then allows the home */
    bool resolve;             /* look names up */
    bool probe;               /* make traffic when asked to */
    uint32_t token_budget;    /* default of max_tokens, 600..8000 */
    uint32_t retention_s;     /* finished captures are kept so long */
    uint32_t retention_bytes; /* and take at most so much */
    uint32_t max_captures;    /* running or starting at once, in all, 1..8 */
    uint32_t max_captures_per_caller;
    /* The file that set the limits, for the message when one is reached; "": they are defaults. */
    char limit_file[SETTINGS_PATH_BYTES], limit_caller_file[SETTINGS_PATH_BYTES];
};

void settings_defaults(struct settings *c);

/* Read `path` over the defaults.  A missing file is fine when it was not asked for by name
 * (`required` false).  False: `fail` names file, line, key and what is allowed. */
bool settings_read(struct settings *c, const char *path, bool required, struct fail *fail);
#endif
