#ifndef COMMON_BUCKET_H
#define COMMON_BUCKET_H
#include <stdbool.h>
#include <stdint.h>

/* Token bucket for requests of one client: so many per second on average, so many at once. */
struct bucket_rate {
    uint32_t per_s, burst;
};
struct bucket { /* zero: full */
    uint64_t millitokens, last_ms;
};

/* Take one token at `mono_ms`; false: none left.  A clock that steps back counts as no time. */
bool bucket_take(struct bucket *b, const struct bucket_rate *rate, uint64_t mono_ms);
#endif
