#ifndef CAPD_PARENT_POLICY_H
#define CAPD_PARENT_POLICY_H
#include "capd/parent/config.h"
#include "common/bucket.h"
#include "common/peer.h"
#include "common/schema.h"

/* May this peer talk to capd at all?  Root always may. */
bool policy_admits(const struct config *c, const struct peer *p, struct fail *fail);

bool policy_allows_interface(const struct config *c, const char *name);

/* Is `p` the owner of something that `owner` started?  Root and the service's own user are. */
bool policy_owns(const struct peer *p, uid_t owner);

/* On whose account a capture of `uid` goes: its own, or for a service user that of the one it says
 * it captures for (`caller` up to the first comma).  mcpd says "uid N" for a user of this machine,
 * who so has one account however the captures come.  Returns `out`. */
const char *policy_account(const struct config *c, uid_t uid, const char *caller,
                           char out[LIM_LABEL + 1]);

/* A new capture, and how many run already. */
struct policy_start {
    unsigned in_all, of_user;
    uint64_t duration_ms;
};

/* Limits of a new capture. */
bool policy_allows_start(const struct config *c, const struct policy_start *w, struct fail *fail);

#endif
