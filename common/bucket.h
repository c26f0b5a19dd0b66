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

/* A bucket for each user, by number, however many connections that user has.  When there are more
 * users than places, who asked longest ago starts afresh. */
#define BUCKET_SHARES 64
struct bucket_shares { /* zero: nobody has asked */
    struct bucket_share {
        uint32_t id;
        uint32_t missed; /* asked in vain since the last token */
        struct bucket bucket;
    } share[BUCKET_SHARES];
};

/* Of who has no number but a name. */
uint32_t bucket_id(const char *name);

/* Take one token of user `id`; false: none left, and that is counted.  True: *missed_out (may be
 * NULL) is how often it was asked in vain since the token before. */
bool bucket_take_of(struct bucket_shares *shares, uint32_t id, const struct bucket_rate *rate,
                    uint64_t mono_ms, uint32_t *missed_out);
#endif
