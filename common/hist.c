/* Log-linear histogram.  Values below 16 us have a bucket each; above, the top four bits
 * after the leading one pick the bucket.  Percentiles follow the nearest-rank definition.
 * Runs in: any.  Input trust: none needed. */
#include "common/hist.h"

static unsigned bucket_of(uint64_t v) {
    if (v < HIST_SUB) return (unsigned)v;
    unsigned msb = 63u - (unsigned)__builtin_clzll(v);
    unsigned octave = msb - 3u; /* 16..31 is octave 1 */
    if (octave >= HIST_OCTAVES) return HIST_BUCKETS - 1;
    return octave * HIST_SUB + (unsigned)((v >> (msb - 4u)) & (HIST_SUB - 1));
}

static uint64_t bucket_middle(unsigned i) {
    if (i < HIST_SUB) return i;
    unsigned octave = i / HIST_SUB, sub = i % HIST_SUB;
    uint64_t width = (uint64_t)1 << (octave - 1);
    return (HIST_SUB + sub) * width + width / 2;
}

void hist_add(struct hist *h, uint64_t value_us) {
    if (h->samples == 0 || value_us < h->min_us) h->min_us = value_us;
    if (h->samples == 0 || value_us > h->max_us) h->max_us = value_us;
    h->samples++;
    h->sum_us += value_us;
    h->bucket[bucket_of(value_us)]++;
}

void hist_correct(struct hist *h, uint64_t was_us, uint64_t is_us) {
    uint32_t *b = &h->bucket[bucket_of(was_us)];
    if (*b == 0) return;
    --*b;
    h->samples--;
    h->sum_us -= was_us;
    hist_add(h, is_us);
}

uint64_t hist_percentile(const struct hist *h, unsigned percent) {
    if (h->samples == 0) return 0;
    if (percent == 0) return h->min_us;
    if (percent >= 100) return h->max_us;
    uint64_t rank = (h->samples * percent + 99) / 100, seen = 0;
    for (unsigned i = 0; i < HIST_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen < rank) continue;
        uint64_t v = bucket_middle(i);
        return v < h->min_us ? h->min_us : v > h->max_us ? h->max_us : v;
    }
    return h->max_us;
}

struct dist hist_summary(const struct hist *h) {
    struct dist d = {0, 0, 0, 0, 0};
    if (h->samples == 0) return d;
    d.samples = h->samples;
    d.min_us = h->min_us;
    d.p50_us = hist_percentile(h, 50);
    d.p95_us = hist_percentile(h, 95);
    d.max_us = h->max_us;
    return d;
}
