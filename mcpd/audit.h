#ifndef MCPD_AUDIT_H
#define MCPD_AUDIT_H
/* One line of the log per decision of `mcpd serve`, for whom it was made first: capd's own lines
 * see one and the same mcpd.  Other ways of running log none: who runs them sees what they do. */
#include "common/err.h"
#include "mcpd/mcp/tools.h"

/* From now on there are lines. */
void audit_open(void);

/* What a call asked for: `what` and its object (`key`="`value`"), for a start with all that it asks
 * for; every text of the client's is quoted here. */
struct audit_call {
    const char *what, *key, *value;
    const char *interface, *filter; /* of a start ("": not given), else NULL */
    bool probe;
    const char *capture_id;     /* granted as that capture */
    const struct fail *refused; /* or not, NULL: granted */
};
void audit_call(const struct tool_call *call, const struct audit_call *a);

/* A resource of a capture that is none of this caller's, or of none; granted to who may see all. */
void audit_resource(const struct caller *who, const char *capture_id, bool granted);

/* The token file was read again: who came, who went (names with commas), how many requests and
 * streams that ended; or why the old tokens stay in force. */
struct audit_reload {
    const char *file, *added, *removed;
    unsigned in_force, ended;
    const struct fail *refused; /* NULL: it was read */
};
void audit_reload(const struct audit_reload *r);
#endif
