#ifndef CAPD_PARENT_AUDIT_H
#define CAPD_PARENT_AUDIT_H
#include "capd/parent/server.h"

/* One line per decision: who, what, on which interface, with which filter, granted or why not.
 * The caller's own words stand in quotes, with quotes and backslashes replaced. */
void audit_start(const struct client *c, const struct msg_start *m, const char *capture_id,
                 const struct fail *refused);
/* `more`: connections of this user that were refused since the line before and had none. */
void audit_connect(const struct client *c, const struct fail *refused, unsigned more);
/* An order (`what`) to a capture; `of`: one of this client's user, NULL: there is none with that
 * id.  `m`: its new addresses, or NULL. */
void audit_order(const struct client *c, const char *what, const char *capture_id,
                 const struct capture *of, const struct msg_retarget *m);

/* The end of a capture, with what it counted; `failed`: why it did not end as it should. */
void audit_end(const struct capture *c, const struct fail *failed);
#endif
