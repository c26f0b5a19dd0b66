/* Who is who.
 * Runs in: mcpd.  Input trust: local. */
#include "mcpd/mcp/caller.h"
#include <string.h>

bool caller_same(const struct caller *a, const struct caller *b) {
    if (a->has_uid && b->has_uid) return a->uid == b->uid;
    if (a->has_uid || b->has_uid) return false;
    return strcmp(a->name, b->name) == 0;
}

bool caller_sees(const struct caller *who, const struct caller *owner) {
    return who->privileged || caller_same(who, owner);
}
