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
