#ifndef COMMON_PEER_H
#define COMMON_PEER_H
#include <sys/types.h>

#define PEER_GROUPS 1024u /* directories of large organisations give people some hundreds */

/* Who is at the other end of a socket, as the kernel says. */
struct peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    gid_t groups[PEER_GROUPS]; /* supplementary */
    unsigned groups_n;
};

/* Read SO_PEERCRED and SO_PEERGROUPS.  0 or -errno. */
int peer_read(int fd, struct peer *out);
#endif
