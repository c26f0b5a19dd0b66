#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H
#include <stdint.h>
/* CLOCK_MONOTONIC in milliseconds. */
uint64_t clock_mono_ms(void);
/* CLOCK_REALTIME in microseconds since the epoch. */
uint64_t clock_wall_us(void);
/* CPU time of this process in microseconds. */
uint64_t clock_cpu_us(void);

/* A capture's own time: the wall clock as it was at the start, going on by the monotonic clock, so
 * that somebody who sets the clock (or a machine that slept) does not tear a capture apart.  The
 * kernel stamps packets by the wall clock; `shift` is what has been added to that since. */
struct clock_capture {
    uint64_t start_wall_us, start_mono_us; /* at the start */
    uint64_t wall_us, mono_us;             /* when last looked at */
    int64_t shift_us;
};

void clock_capture_start(struct clock_capture *c, uint64_t wall_us, uint64_t mono_us);

/* Look at both clocks; returns the capture's time.  They part by half a second and more between two
 * looks only when one was set: slewing is slower than that by far. */
uint64_t clock_capture_now(struct clock_capture *c, uint64_t wall_us, uint64_t mono_us);

/* The capture's time of a packet stamped `stamp_ns`, read at capture time `now_us`.  A stamp from
 * before a step that is read after it fits neither clock: it counts as now. */
uint64_t clock_capture_stamp(const struct clock_capture *c, uint64_t stamp_ns, uint64_t now_us);
#endif
