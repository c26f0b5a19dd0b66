#ifndef CAPD_PARENT_PRIV_H
#define CAPD_PARENT_PRIV_H
#include "common/err.h"
#include <stdbool.h>
#include <sys/types.h>

/* Reach the state of SECURITY.md: CAP_NET_RAW permitted but not effective, nothing else, no new
 * privileges, not dumpable, no groups, small limits. */
struct priv_options {
    bool is_root;  /* started by root: change to uid and gid */
    bool service;  /* system service: limit processes (the limit counts the user's others too) */
    bool dumpable; /* test builds only */
    uid_t uid;
    gid_t gid;
};

/* False: `fail` says what; the caller must not go on.  *live_out: CAP_NET_RAW is there. */
bool priv_lock(const struct priv_options *o, bool *live_out, struct fail *fail);

/* CAP_NET_RAW among the permitted ones now? */
bool priv_has_net_raw(void);
#endif
