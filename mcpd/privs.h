#ifndef MCPD_PRIVS_H
#define MCPD_PRIVS_H

/* Empty the bounding set, where this process may: for a launcher whose child changes its uid. */
void privs_drop_bounding(void);

/* Give up every privilege this process may have been started with, for good: bounding, permitted,
 * effective, inheritable and ambient capability sets empty, no-new-privileges, not dumpable.  The
 * uid stays: root's mcpd is still seen as root by capd and may read root's files, but can do
 * nothing else.  0, or -errno when something would not go; the caller must then not go on. */
int privs_drop(void) __attribute__((warn_unused_result));
#endif
