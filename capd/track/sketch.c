/* A histogram at 856 bytes for the tables that need many.  As common/hist, but 26 octaves and
 * 16-bit counts: when one is full all are halved, which keeps the shape.
 * Runs in: worker.  Input trust: none needed. */
#include "capd/track/sketch.h"

static uint32_t bucket_of(uint64_t v) {
    if (v < 16) return (uint32_t)v;
    uint32_t msb = 63u - (uint32_t)__builtin_clzll(v), octave = msb - 3u;
    if (octave >= SKETCH_BUCKETS / 16) return SKETCH_BUCKETS - 1;
    return octave * 16u + (uint32_t)((v >> (msb - 4u)) & 15u);
}

static uint64_t bucket_middle(uint32_t i) {
    if (i < 16) return i;
    uint64_t width = UINT64_C(1) << (i / 16 - 1);
    return (16 + i % 16) * width + width / 2;
}

void sketch_add(struct sketch *s, uint64_t v) {
    if (s->samples == 0 || v < s->min_us) s->min_us = v;
    if (s->samples == 0 || v > s->max_us) s->max_us = v;
    s->samples++;
    uint16_t *b = &s->bucket[bucket_of(v)];
    if (*b == UINT16_MAX)
        for (uint32_t i = 0; i < SKETCH_BUCKETS; i++) s->bucket[i] = (uint16_t)(s->bucket[i] / 2);
    ++*b;
}

void sketch_correct(struct sketch *s, uint64_t was, uint64_t is) {
    uint16_t *b = &s->bucket[bucket_of(was)];
    if (*b == 0) return;
    --*b;
    s->samples--;
    sketch_add(s, is);
}

static uint64_t percentile(const struct sketch *s, uint64_t held, unsigned percent) {
    uint64_t rank = (held * percent + 99) / 100, seen = 0;
    for (uint32_t i = 0; i < SKETCH_BUCKETS; i++) {
        seen += s->bucket[i];
        if (seen < rank) continue;
        uint64_t v = bucket_middle(i);
        return v < s->min_us ? s->min_us : v > s->max_us ? s->max_us : v;
    }
    return s->max_us;
}

struct dist sketch_summary(const struct sketch *s) {
    struct dist d = {s->samples, s->min_us, 0, 0, s->max_us};
    uint64_t held = 0;
    for (uint32_t i = 0; i < SKETCH_BUCKETS; i++) held += s->bucket[i];
    d.p50_us = percentile(s, held, 50);
    d.p95_us = percentile(s, held, 95);
    return d;
}
