/* Keyed hash for every table of the engine.  One compression and three finalisation rounds: the
 * variant made for hash tables.
 * Runs in: worker.  Input trust: none needed, total. */
#include "capd/track/hash.h"
#include <string.h>

struct sip {
    uint64_t a, b, c, d;
};

static inline uint64_t rotate(uint64_t v, unsigned n) {
    return v << n | v >> (64u - n);
}

static inline void sip_round(struct sip *s) {
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static inline void sip_word(struct sip *s, uint64_t w) {
    s->d ^= w;
    sip_round(s);
    s->a ^= w;
}

static inline struct sip sip_begin(const uint64_t key[2]) {
    return (struct sip){key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
                        key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
}

static inline uint64_t sip_end(struct sip *s) {
    s->c ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(s);
    return s->a ^ s->b ^ s->c ^ s->d;
}

uint64_t hash_bytes(const uint64_t key[2], const void *bytes, size_t len) {
    struct sip s = sip_begin(key);
    const uint8_t *p = bytes;
    size_t left = len;
    uint64_t w;
    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&w, p, 8);
        sip_word(&s, w);
    }
    w = 0;
    if (left > 0) memcpy(&w, p, left);
    sip_word(&s, w ^ (uint64_t)len << 56);
    return sip_end(&s);
}

uint64_t hash_words(const uint64_t key[2], const uint64_t *words, size_t n) {
    struct sip s = sip_begin(key);
    for (size_t i = 0; i < n; i++) sip_word(&s, words[i]);
    return sip_end(&s);
}

uint64_t hash_addr(const uint64_t key[2], const struct addr *a, uint16_t number) {
    uint64_t words[3];
    memcpy(words, a->b, sizeof a->b);
    words[2] = number | (uint64_t)a->len << 56;
    return hash_words(key, words, 3);
}
