/* Timeline.  Time may jump by years in a damaged file: doubling is a loop of at most 64 rounds.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/seconds.h"

void seconds_init(struct seconds *s) {
    s->bucket_us = 1000000;
}

static void halve(struct seconds *s) {
    uint64_t *const series[] = {s->packets,       s->bytes,      s->to_client,  s->to_server,
                                s->retransmitted, s->rtt_sum_us, s->rtt_samples};
    for (size_t n = 0; n < sizeof series / sizeof series[0]; n++)
        for (uint32_t i = 0; i < LIM_TIMELINE; i++)
            series[n][i] = i < LIM_TIMELINE / 2 ? series[n][2 * i] + series[n][2 * i + 1] : 0;
    s->bucket_us *= 2;
    s->latest_from_us = s->latest_until_us = 0;
    s->used = (s->used + 1) / 2;
}

static uint32_t bucket_at(struct seconds *s, uint64_t us) {
    if (us >= s->latest_from_us && us < s->latest_until_us) return s->latest;
    while (us / s->bucket_us >= LIM_TIMELINE) halve(s);
    uint32_t i = (uint32_t)(us / s->bucket_us);
    if (i >= s->used) s->used = i + 1;
    s->latest = i;
    s->latest_from_us = i * s->bucket_us;
    s->latest_until_us = s->latest_from_us + s->bucket_us;
    return i;
}

void seconds_add(struct seconds *s, uint64_t us, uint64_t bytes, unsigned to) {
    uint32_t i = bucket_at(s, us);
    s->packets[i]++;
    s->bytes[i] += bytes;
    if (us / 1000000 != s->second) {
        s->second = us / 1000000;
        s->second_to[0] = s->second_to[1] = 0;
    }
    if (to > SERVER) return;
    (to == CLIENT ? s->to_client : s->to_server)[i] += bytes;
    s->second_to[to] += bytes;
    if (s->second_to[to] > s->peak_to[to]) s->peak_to[to] = s->second_to[to];
}

void seconds_retransmitted(struct seconds *s, uint64_t us) {
    s->retransmitted[bucket_at(s, us)]++;
}

void seconds_rtt(struct seconds *s, uint64_t us, uint64_t rtt_us) {
    uint32_t i = bucket_at(s, us);
    s->rtt_sum_us[i] += rtt_us;
    s->rtt_samples[i]++;
}

void seconds_rtt_means(const struct seconds *s, uint64_t out[LIM_TIMELINE]) {
    for (uint32_t i = 0; i < s->used; i++)
        out[i] = s->rtt_samples[i] ? s->rtt_sum_us[i] / s->rtt_samples[i] : 0;
}

void seconds_move(struct seconds *s, uint64_t us, uint64_t packets, uint64_t bytes) {
    uint32_t i = bucket_at(s, us);
    s->packets[i] += packets;
    s->bytes[i] += bytes;
}
