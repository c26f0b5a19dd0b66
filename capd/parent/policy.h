#ifndef CAPD_PARENT_POLICY_H
#define CAPD_PARENT_POLICY_H
#include "capd/parent/config.h"
#include "common/bucket.h"
#include "common/schema.h"

#define PEER_GROUPS 64u

/* Who is at the other end of a socket, as the kernel says. */
struct peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    gid_t groups[PEER_GROUPS]; /* supplementary */
    unsigned groups_n;
};

/* Read SO_PEERCRED and SO_PEERGROUPS.  0 or -errno. */
int policy_read_peer(int fd, struct peer *out);

/* May this peer talk to capd at all?  Root always may. */
bool policy_admits(const struct config *c, const struct peer *p, struct fail *fail);

bool policy_allows_interface(const struct config *c, const char *name);

/* Is `p` the owner of something that `owner` started?  Root and the service's own user are. */
bool policy_owns(const struct peer *p, uid_t owner);

/* Who wants a new capture, and how many run already. */
struct policy_start {
    uid_t uid;
    unsigned in_all, of_user;
    uint64_t duration_ms;
};

/* Limits of a new capture.  A service user shares out what it has by limits of its own. */
bool policy_allows_start(const struct config *c, const struct policy_start *w, struct fail *fail);

#endif
