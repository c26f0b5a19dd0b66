#ifndef MCPD_AUDIT_H
#define MCPD_AUDIT_H
/* One line of the log per decision of `mcpd serve`, for whom it was made first: capd's own lines
 * see one and the same mcpd.  Other ways of running log none: who runs them sees what they do. */
#include "common/err.h"
#include "mcpd/mcp/tools.h"

/* From now on there are lines. */
void audit_open(void);

/* What a call asked for: `what` and its object (`key`="`value`", the value quoted here); granted as
 * that capture, or refused. */
void audit_call(const struct tool_call *call, const char *what, const char *key, const char *value,
                bool probe, const char *capture_id, const struct fail *refused);

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
