/* The kernel's word on who is at the other end.
 * Runs in: parent.  Input trust: none. */
#include "common/peer.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int peer_read(int fd, struct peer *out) {
    struct ucred cred;
    socklen_t len = sizeof cred;
    memset(out, 0, sizeof *out);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) return -errno;
    out->uid = cred.uid;
    out->gid = cred.gid;
    out->pid = cred.pid;
    len = sizeof out->groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, out->groups, &len) == 0)
        out->groups_n = (unsigned)(len / sizeof(gid_t));
    return 0; /* over PEER_GROUPS (ERANGE): only the primary one counts */
}
