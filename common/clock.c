/* The only clocks.  Monotonic for waiting, wall for stamps people read, CPU time for the load.
 * Runs in: any (never in decode, track or stat: time is a parameter there).  Input trust: none. */
#include "common/clock.h"
#include <stdbool.h>
#include <time.h>

uint64_t clock_mono_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

uint64_t clock_wall_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint64_t clock_cpu_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

#define STEP_US  500000        /* more than this between two looks is a step */
#define EARLY_US 1000000       /* a packet may have come since `now` was read */
#define LATE_US  3600000000ull /* and may have waited in the ring while the process was stopped */

void clock_capture_start(struct clock_capture *c, uint64_t wall_us, uint64_t mono_us) {
    *c = (struct clock_capture){wall_us, mono_us, wall_us, mono_us, 0};
}

uint64_t clock_capture_now(struct clock_capture *c, uint64_t wall_us, uint64_t mono_us) {
    int64_t apart = (int64_t)(wall_us - c->wall_us) - (int64_t)(mono_us - c->mono_us);
    if (apart > STEP_US || apart < -STEP_US) c->shift_us += apart;
    c->wall_us = wall_us;
    c->mono_us = mono_us;
    return c->start_wall_us + (mono_us - c->start_mono_us);
}

uint64_t clock_capture_stamp(const struct clock_capture *c, uint64_t stamp_ns, uint64_t now_us) {
    uint64_t own_ns = stamp_ns - (uint64_t)c->shift_us * 1000u;
    uint64_t now_ns = now_us * 1000u;
    bool fits = own_ns <= now_ns + EARLY_US * 1000u && own_ns + LATE_US * 1000u >= now_ns;
    return fits ? own_ns : now_ns;
}
