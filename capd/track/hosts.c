/* Bytes by address.  Full: of 16 entries, taken in turn, the smallest gives way, so that a sweep
 * over many addresses cannot push out the busy ones.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/flows.h"
#include "capd/track/hash.h"

void hosts_init(struct hosts *h) {
    memset(h->bucket, 0xff, (size_t)h->capacity * sizeof *h->bucket);
    h->used = h->hand = 0;
    h->gone = 0;
}

static uint32_t *bucket_of(struct hosts *h, const uint64_t seed[2], const struct addr *a) {
    return &h->bucket[(uint32_t)hash_addr(seed, a, 0) & (h->capacity - 1)];
}

static uint32_t make_room(struct hosts *h, const uint64_t seed[2]) {
    if (h->used < h->capacity) return h->used++;
    uint32_t victim = h->hand;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (h->hand + n) & (h->capacity - 1);
        if (h->host[i].bytes < h->host[victim].bytes) victim = i;
    }
    h->hand = (h->hand + 16) & (h->capacity - 1);
    uint32_t *at = bucket_of(h, seed, &h->host[victim].address);
    while (*at != victim) at = &h->host[*at].chain;
    *at = h->host[victim].chain;
    h->gone++;
    return victim;
}

void hosts_add(struct hosts *h, const uint64_t seed[2], const struct addr *a, uint64_t packets,
               uint64_t bytes, uint64_t said_us) {
    if (a->len == 0) return;
    uint32_t *b = bucket_of(h, seed, a), i = *b;
    while (i != NONE && !addr_equal(&h->host[i].address, a)) i = h->host[i].chain;
    if (i == NONE) {
        i = make_room(h, seed);
        h->host[i] = (struct host){.address = *a, .chain = *b};
        *b = i;
    }
    h->host[i].packets += packets;
    h->host[i].bytes += bytes;
    if (said_us > h->host[i].said_us) h->host[i].said_us = said_us;
}
