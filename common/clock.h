#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H
#include <stdint.h>
/* CLOCK_MONOTONIC in milliseconds. */
uint64_t clock_mono_ms(void);
/* CLOCK_REALTIME in microseconds since the epoch. */
uint64_t clock_wall_us(void);
/* CPU time of this process in microseconds. */
uint64_t clock_cpu_us(void);
#endif
