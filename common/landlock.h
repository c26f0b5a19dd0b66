#ifndef COMMON_LANDLOCK_H
#define COMMON_LANDLOCK_H
#include <stdbool.h>
#include <stddef.h>

/* What the calling process keeps: reading the files and the files below the folders named here, and
 * connecting TCP sockets where it asks to.  Everything else that the running kernel's Landlock can
 * deny is denied: writing, executing, listing folders, listening on TCP, reaching abstract sockets
 * and signalling processes outside. */
struct landlock_keep {
    const char *const *readable; /* paths; what is not there now is left out */
    size_t readable_n;
    bool connect_tcp;
};

/* The ABI version that this kernel speaks; 0: it has no Landlock, or it is switched off. */
unsigned landlock_abi(void);

/* Enter it, for good.  *abi_out 0: the kernel has none, which is no failure.  Needs
 * no-new-privileges, and a free descriptor.  0 or -errno. */
int landlock_enter(const struct landlock_keep *keep, unsigned *abi_out)
    __attribute__((warn_unused_result));
#endif
