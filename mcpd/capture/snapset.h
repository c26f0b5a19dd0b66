#ifndef MCPD_CAPTURE_SNAPSET_H
#define MCPD_CAPTURE_SNAPSET_H
#include "common/wire.h"
#include "mcpd/capture/snapshot.h"

/* The frames of one snapshot, kept as bytes until the last of them is there and then decoded in one
 * go, so that nobody ever sees half a snapshot.  A zeroed struct is an empty set. */
struct snapset {
    uint8_t *bytes; /* type, length, body; one after the other */
    size_t used, cap;
};

/* Keep a copy of one frame.  False: more than LIM_SNAPSHOT in all, or no memory. */
bool snapset_add(struct snapset *s, const struct wire_header *h, const uint8_t *body,
                 struct fail *fail);

/* Decode all frames into `out` and empty the set.  *fresh_out: every table was among them; totals
 * alone do not take the tables away that `out` has.  False: `fail`; `out` may then be mixed. */
bool snapset_apply(struct snapset *s, struct snapshot *out, bool *fresh_out, struct fail *fail);

void snapset_clear(struct snapset *s);
#endif
