#ifndef CAPD_TRACK_STRAIN_H
#define CAPD_TRACK_STRAIN_H
#include "capd/track/tcp.h"

/* What slows a connection down without any packet being wrong. */

#define STRAIN_LOADED_BYTES 14600u /* ten segments: more than a short dialogue has in flight */

/* rounds.c: a segment with timestamps of a connection whose window scale is known; before ACK and
 * data of the segment are taken in. */
void rounds_segment(struct engine *e, const struct segment *s);

struct round_trip {
    uint32_t whole_us, bytes; /* in flight */
    bool sure;                /* else a delayed ACK may be in it: it proves no long way */
};

/* A whole round trip of data of side `d`.  A sender that has sent all there was keeps its own pace:
 * a queue on the path is not of its making. */
void strain_round_trip(struct engine *e, const struct flow *f, unsigned d, struct round_trip r);

/* A round in which data arrived: its whole round trip; full: it was as much as the window of side
 * `d` lets in, `window` bytes. */
struct round {
    uint32_t whole_us, window;
    bool full;
};
void strain_round(struct engine *e, const struct flow *f, unsigned d, struct round r);

/* An ACK with SACK blocks: is its first one a duplicate (RFC 2883)? */
void strain_sack(struct engine *e, const struct segment *s);

/* The flow said nothing for `quiet_us`, at least STRAIN_QUIET_US, until this packet of side
 * `dir`. */
#define STRAIN_QUIET_US 1000000u
void strain_silence(struct engine *e, struct flow *f, const struct packet *k, unsigned dir,
                    uint64_t quiet_us);

/* What was sent again and again, more and more seldom, has been acknowledged, `us` after it was
 * sent first. */
void strain_outage(struct engine *e, const struct flow *f, uint32_t us);

/* During the latest span without any packet no time passed: what was taken for stalls was none. */
void strain_clock_jumped(struct engine *e);

/* Does the rest of an announced message, or what is missing of the data, fail to come, now that the
 * flow is looked at? */
bool strain_waits(const struct engine *e, const struct flow *f);

/* load.c: one frame. */
void load_frame(struct engine *e, const struct packet *k);
#endif
