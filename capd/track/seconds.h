#ifndef CAPD_TRACK_SECONDS_H
#define CAPD_TRACK_SECONDS_H
#include "capd/track/tables.h"

/* Timeline of at most LIM_TIMELINE buckets; a bucket is one second and doubles whenever the capture
 * outgrows the table. */
void seconds_init(struct seconds *s);

/* Count a selected packet.  to: CLIENT or SERVER, whoever it goes to; 2: neither. */
void seconds_add(struct seconds *s, uint64_t us, uint64_t bytes, unsigned to);

void seconds_retransmitted(struct seconds *s, uint64_t us);

/* Packets selected late; they count in the bucket of `us` and towards no direction. */
void seconds_move(struct seconds *s, uint64_t us, uint64_t packets, uint64_t bytes);
#endif
