#ifndef CAPD_PARENT_AUDIT_H
#define CAPD_PARENT_AUDIT_H
#include "capd/parent/server.h"

/* One line per decision: who, what, on which interface, with which filter, granted or why not.
 * The caller's own words stand in quotes, with quotes and backslashes replaced. */
void audit_start(const struct client *c, const struct msg_start *m, const char *capture_id,
                 const struct fail *refused);
void audit_stop(const struct client *c, const struct capture *of);

/* The end of a capture, with what it counted. */
void audit_end(const struct capture *c);
#endif
