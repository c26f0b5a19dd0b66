#ifndef COMMON_HELD_H
#define COMMON_HELD_H
#include <stdbool.h>
#include <stddef.h>

/* What holds a process at this moment, in the kernel's own words: for `capd --check`, `mcpd check`
 * and whoever wants to see it rather than believe it. */

#define HELD_TEXT_BYTES 400u
#define HELD_NET_RAW    (1u << 13) /* in a set of capabilities */

/* Open before the sandbox is entered; it stays readable behind any.  -1: there is no /proc. */
int held_open(void);

/* One line: user, capability sets, no-new-privileges, system call filters, Landlock.  `landlock`:
 * the ABI that was entered.  False: `fd` cannot be read. */
bool held_text(int fd, unsigned landlock, char out[HELD_TEXT_BYTES]);

/* Could a program that this process starts be given CAP_NET_RAW, by root or by its file?  Not when
 * the bounding set lacks it.  True also when `fd` does not tell. */
bool held_may_give_net_raw(int fd);
#endif
