/* The beat of a stream of datagrams: a small histogram of the times between neighbours, four
 * buckets per octave, values taken from the bucket's middle (off by at most an eighth). Runs in:
 * worker.  Input trust: packets. */
#include "capd/track/media.h"

#define FIRST_US       256u    /* below: one bucket */
#define GAP_US         100000u /* findings.md, udp_pacing */
#define TOGETHER_LEAST 2u
#define TOGETHER_MOST  6u /* of a long gap */

static unsigned bucket_of(uint64_t us) {
    if (us < FIRST_US) return 0;
    unsigned msb = 63u - (unsigned)__builtin_clzll(us);
    unsigned at = (msb - 8u) * 4u + (unsigned)(us >> (msb - 2u) & 3u);
    return at < PACE_BUCKETS ? at : PACE_BUCKETS - 1;
}

static uint64_t middle_of(unsigned bucket) {
    uint64_t octave = UINT64_C(256) << (bucket / 4);
    return octave + octave / 4 * (bucket % 4) + octave / 8;
}

/* What a gap kept back comes in a row, and is no other beat: it is not counted. */
static bool is_caught_up(struct pace *p, uint64_t us) {
    uint64_t median = p->held || us > GAP_US ? pace_percentile(p, 50) : 0;
    if (p->held && us <= median / 2) {
        p->held--;
        return true;
    }
    uint64_t missing = us > GAP_US && median > 0 ? us / median : 0;
    p->held = missing > UINT16_MAX ? UINT16_MAX : (uint16_t)missing;
    return false;
}

void pace_interval(struct pace *p, uint64_t us) {
    if (is_caught_up(p, us)) return;
    uint16_t *b = &p->bucket[bucket_of(us)];
    if (*b == UINT16_MAX)
        for (unsigned i = 0; i < PACE_BUCKETS; i++) p->bucket[i] = (uint16_t)(p->bucket[i] / 2);
    ++*b;
    p->intervals++;
    if (us > GAP_US) p->gaps++;
    if (us > p->longest_us) p->longest_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static uint32_t held(const struct pace *p) {
    uint32_t n = 0;
    for (unsigned i = 0; i < PACE_BUCKETS; i++) n += p->bucket[i];
    return n;
}

uint64_t pace_percentile(const struct pace *p, unsigned percent) {
    uint32_t all = held(p), rank = (uint32_t)(((uint64_t)all * percent + 99) / 100), seen = 0;
    if (all == 0) return 0;
    for (unsigned i = 0; i < PACE_BUCKETS; i++) {
        seen += p->bucket[i];
        if (seen >= rank) return middle_of(i);
    }
    return p->longest_us;
}

unsigned pace_regular_percent(const struct pace *p) {
    uint32_t all = held(p), near = 0;
    uint64_t median = pace_percentile(p, 50);
    if (all == 0) return 0;
    for (unsigned i = 0; i < PACE_BUCKETS; i++)
        if (middle_of(i) * 2 >= median && middle_of(i) <= median * 2) near += p->bucket[i];
    return near * 100 / all;
}

/* So many must come at once behind a gap for the way to have made it: half of what was due during
 * it, as some may be lost.  Two do also behind a pause of the sender, who says several things then.
 */
static uint64_t wanted(const struct pace *p) {
    uint64_t median = pace_percentile(p, 50), half = median ? p->pending_us / median / 2 : 0;
    return half < TOGETHER_LEAST ? TOGETHER_LEAST : half < TOGETHER_MOST ? half : TOGETHER_MOST;
}

void pace_datagram(struct pace *p, uint64_t now_us) {
    if (p->first_us == 0) {
        p->first_us = p->last_us = now_us + 1; /* 0 says that there is none */
        return;
    }
    uint64_t us = now_us + 1 > p->last_us ? now_us + 1 - p->last_us : 0;
    p->last_us = now_us + 1;
    if (p->pending_us && us <= pace_percentile(p, 50) / 2) {
        if (++p->together < wanted(p)) return;
        pace_interval(p, p->pending_us);
    }
    p->pending_us = p->together = 0;
    if (us > GAP_US && us > 3 * pace_percentile(p, 50))
        p->pending_us = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
    else
        pace_interval(p, us);
}
