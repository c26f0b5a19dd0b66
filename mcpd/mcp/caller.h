#ifndef MCPD_MCP_CALLER_H
#define MCPD_MCP_CALLER_H
/* Who is asking.  Captures belong to a caller. */
#include <stdbool.h>
#include <sys/types.h>

enum caller_kind {
    CALLER_UID,  /* stdio, Unix socket: proved by the kernel */
    CALLER_TOKEN /* HTTP: the name of the token in the token file */
};

struct caller {
    enum caller_kind kind;
    bool has_uid;    /* always true for CALLER_UID; for a token only if its line names a uid */
    uid_t uid;       /* valid if has_uid */
    char name[33];   /* token name, "" for CALLER_UID */
    bool privileged; /* root or the service's own user: sees and stops every caller's captures */
};

/* True if both are the same caller: equal uid if both have one, else equal token name. */
bool caller_same(const struct caller *a, const struct caller *b);

/* True if `who` may see what belongs to `owner`: the same caller, or privileged. */
bool caller_sees(const struct caller *who, const struct caller *owner);

#endif
