#ifndef COMMON_HIST_H
#define COMMON_HIST_H
#include <stdint.h>

/* Log-linear histogram of durations: 16 buckets per octave, so that a percentile is off by
 * at most 1/32 (3 %).  Range 0 .. 2^36 us (19 h); larger values count in the last bucket.
 * Fixed size, no allocation. */
#define HIST_SUB     16u
#define HIST_OCTAVES 33u
#define HIST_BUCKETS (HIST_SUB * HIST_OCTAVES)

struct hist {
    uint64_t samples, sum_us;
    uint64_t min_us, max_us; /* exact; only meaningful when samples > 0 */
    uint32_t bucket[HIST_BUCKETS];
};

/* Five numbers that stand for a histogram on the wire; all 0 when there are no samples. */
struct dist {
    uint64_t samples, min_us, p50_us, p95_us, max_us;
};

void hist_add(struct hist *h, uint64_t value_us);
/* A value that was added turned out to be another one; min_us keeps it. */
void hist_correct(struct hist *h, uint64_t was_us, uint64_t is_us);

/* Value at quantile `percent` (0..100): exact at the ends, else the bucket's middle. */
uint64_t hist_percentile(const struct hist *h, unsigned percent);

struct dist hist_summary(const struct hist *h);
#endif
