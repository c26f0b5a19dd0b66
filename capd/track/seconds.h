#ifndef CAPD_TRACK_SECONDS_H
#define CAPD_TRACK_SECONDS_H
#include "capd/track/tables.h"

/* Timeline of at most LIM_TIMELINE buckets; a bucket is one second and doubles whenever the capture
 * outgrows the table. */
void seconds_init(struct seconds *s);

/* Count a selected packet.  to: CLIENT or SERVER, whoever it goes to; 2: neither. */
void seconds_add(struct seconds *s, uint64_t us, uint64_t bytes, unsigned to);

void seconds_retransmitted(struct seconds *s, uint64_t us);

/* A round trip of `rtt_us` was measured. */
void seconds_rtt(struct seconds *s, uint64_t us, uint64_t rtt_us);
/* Mean round trip of each of the s->used buckets; 0: none measured. */
void seconds_rtt_means(const struct seconds *s, uint64_t out[LIM_TIMELINE]);

/* Packets selected late; they count in the bucket of `us` and towards no direction. */
void seconds_move(struct seconds *s, uint64_t us, uint64_t packets, uint64_t bytes);
#endif
