#ifndef MCPD_CAPTURE_TARGET_MODE_H
#define MCPD_CAPTURE_TARGET_MODE_H
#include "mcpd/capture/snapshot.h"

/* What a target text named. */
enum target_kind {
    TARGET_NONE,
    TARGET_HOST,      /* name, address or prefix */
    TARGET_HOST_PORT, /* host:port or URL */
    TARGET_PORT,      /* a port or a service word */
    TARGET_WEB_WORD,  /* http, https */
    TARGET_KINDS
};

/* Resolve the mode (contract section 3, the table of targets and modes): sets t->mode and
 * t->mode_why and adapts t->ports.  False: the mode cannot judge such a target; `fail` names
 * "mode" or "target" and gives an example. */
bool target_choose_mode(struct target *t, enum target_kind kind, enum mode asked,
                        struct fail *fail);
#endif
