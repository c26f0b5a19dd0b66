#ifndef CAPD_PARENT_AUDIT_H
#define CAPD_PARENT_AUDIT_H
#include "capd/parent/server.h"

/* One line per decision: who, what, on which interface, with which filter, granted or why not.
 * The caller's own words stand in quotes, with quotes and backslashes replaced.  Of one user,
 * and of one account's starts, 10 refusals have lines at once and then one each second, which says
 * how many had none. */
void audit_start(const struct client *c, const struct msg_start *m, const char *account,
                 const char *capture_id, const struct fail *refused);
void audit_connect(const struct peer *p, const struct fail *refused);
/* An order (WIRE_STOP, ...) to a capture; `of`: one of this client's user, NULL: there is none with
 * that id.  `m`: its new addresses, or NULL. */
void audit_order(const struct client *c, unsigned type, const char *capture_id,
                 const struct capture *of, const struct msg_retarget *m,
                 const struct fail *refused);

/* The end of a capture, with what it counted if its worker said so; `failed`: why it did not end as
 * it should. */
void audit_end(const struct capture *c, const struct fail *failed);
#endif
