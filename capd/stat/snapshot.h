#ifndef CAPD_STAT_SNAPSHOT_H
#define CAPD_STAT_SNAPSHOT_H
#include "capd/track/engine.h"

/* Receives one encoded frame body (valid during the call).  `more` is false on the last frame of
 * the snapshot.  `type` is an enum wire_type. */
typedef void (*snapshot_sink)(void *ctx, unsigned type, bool more, const uint8_t *body,
                              size_t bytes);

/* Encode the state at packet time `now_ns` (live: wall clock; file: ignored, the last packet
 * counts).  full: every table, else only totals.  All bodies together stay <= LIM_SNAPSHOT and
 * each <= LIM_FRAME_FROM_CAPD: rows give way from the end.  Uses the engine's own scratch memory.
 */
void snapshot_encode(struct engine *e, uint64_t now_ns, bool full, snapshot_sink sink, void *ctx);

/* Selected packets and bytes so far, for the audit line. */
void snapshot_counts(const struct engine *e, uint64_t *packets_out, uint64_t *bytes_out);
#endif
