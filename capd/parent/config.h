#ifndef CAPD_PARENT_CONFIG_H
#define CAPD_PARENT_CONFIG_H
#include "common/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFIG_DEFAULT_PATH "/etc/packet-capture-mcp/capd.conf"
#define CONFIG_IDS          32u
#define CONFIG_SOCKET_BYTES 108u /* sun_path */

/* Users or groups that the file names. */
struct config_ids {
    uint32_t id[CONFIG_IDS];
    unsigned n;
};

/* What the admin allows.  Lists that are empty allow everybody who can connect, every interface. */
struct config {
    char socket[CONFIG_SOCKET_BYTES];
    char socket_group[33];
    struct config_ids users, groups;
    struct config_ids services; /* users that capture for others, see policy_account() */
    char interfaces[LIM_INTERFACES][LIM_IFNAME + 1];
    unsigned interfaces_n, max_captures, max_captures_per_user, max_duration_s, snap_length,
        ring_mib;
    bool names, promiscuous;
};

void config_defaults(struct config *c);

/* Read `path` over the defaults.  A missing file is an error only if `required`.  False: `fail`
 * names file, line, key and what is allowed.  The file must be a regular one that only root or the
 * caller can change. */
bool config_read(struct config *c, const char *path, bool required, struct fail *fail);

/* The parser alone: `text` (NUL-terminated, changed) as read from `path`. */
bool config_parse(struct config *c, const char *path, char *text, struct fail *fail);
#endif
