#ifndef MCPD_SETTINGS_H
#define MCPD_SETTINGS_H
#include "common/err.h"
#include <stdbool.h>
#include <stdint.h>

#define SETTINGS_PATH        "/etc/packet-capture-mcp/mcpd.conf"
#define SETTINGS_CAPD_SOCKET "/run/capd/capd.sock"
#define SETTINGS_DIRS        8u
#define SETTINGS_LISTEN      "127.0.0.1:8808"
#define SETTINGS_RUN_DIR     "/run/mcpd"
#define SETTINGS_SOCKET      SETTINGS_RUN_DIR "/mcpd.sock"
#define SETTINGS_ADDRESSES   4u /* both loopback addresses and two more */
#define SETTINGS_NAMES       8u
#define SETTINGS_NAME_BYTES  128u
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
    /* `mcpd serve`: addresses as ADDRESS:PORT (none: Unix sockets alone), the Unix socket ("": the
     * default where its directory is there), its group ("": its owner alone), the token file ("":
     * the default place), names of pages and hosts that are accepted besides local ones. */
    char listen[SETTINGS_ADDRESSES][64];
    uint32_t listens;
    char socket[108], socket_group[33], token_file[SETTINGS_PATH_BYTES];
    char origin[SETTINGS_NAMES][SETTINGS_NAME_BYTES], host[SETTINGS_NAMES][SETTINGS_NAME_BYTES];
    uint32_t origins, hosts;
    /* The file that set the limits, for the message when one is reached; "": they are defaults. */
    char limit_file[SETTINGS_PATH_BYTES], limit_caller_file[SETTINGS_PATH_BYTES];
};

void settings_defaults(struct settings *c);

/* Values that the command line may give as well.  False: not allowed. */
bool settings_set_listen(struct settings *c, const char *value);
bool settings_set_socket(struct settings *c, const char *value);
#define SETTINGS_LISTEN_ALLOWED                                                                    \
    "up to 4 of ADDRESS:PORT or [ADDRESS]:PORT with blanks between them, or none"

/* Read `path` over the defaults.  A missing file is fine when it was not asked for by name
 * (`required` false).  False: `fail` names file, line, key and what is allowed. */
bool settings_read(struct settings *c, const char *path, bool required, struct fail *fail);
#endif
