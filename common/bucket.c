/* Token bucket.  Runs in: any.  Input trust: none. */
#include "common/bucket.h"

bool bucket_take(struct bucket *b, const struct bucket_rate *rate, uint64_t mono_ms) {
    uint64_t full = rate->burst * 1000ull;
    if (b->last_ms == 0) {
        b->millitokens = full;
    } else if (mono_ms > b->last_ms) {
        uint64_t passed = mono_ms - b->last_ms;
        uint64_t more = passed > full ? full : passed * rate->per_s;
        b->millitokens = b->millitokens + more > full ? full : b->millitokens + more;
    }
    b->last_ms = mono_ms ? mono_ms : 1;
    if (b->millitokens < 1000) return false;
    b->millitokens -= 1000;
    return true;
}

/* FNV-1a: two names that meet share their tokens. */
uint32_t bucket_id(const char *name) {
    uint32_t id = 2166136261u;
    for (; *name; name++) id = (id ^ (uint8_t)*name) * 16777619u;
    return id;
}

static struct bucket_share *share_of(struct bucket_shares *shares, uint32_t id) {
    struct bucket_share *oldest = &shares->share[0];
    for (unsigned i = 0; i < BUCKET_SHARES; i++) {
        struct bucket_share *k = &shares->share[i];
        if (k->bucket.last_ms && k->id == id) return k;
        if (k->bucket.last_ms < oldest->bucket.last_ms) oldest = k;
    }
    *oldest = (struct bucket_share){.id = id};
    return oldest;
}

bool bucket_take_of(struct bucket_shares *shares, uint32_t id, const struct bucket_rate *rate,
                    uint64_t mono_ms, uint32_t *missed_out) {
    struct bucket_share *k = share_of(shares, id);
    bool taken = bucket_take(&k->bucket, rate, mono_ms);
    if (taken && missed_out) *missed_out = k->missed;
    k->missed = taken ? 0 : k->missed + 1;
    return taken;
}
