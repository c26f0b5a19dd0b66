/* Does a command of Redis wait on purpose?  As an array ("*2\r\n$5\r\nBLPOP\r\n"...) or inline
 * ("PING\r\n"). Runs in: worker.  Input trust: packets. */
#include "capd/decode/redis.h"

#define DIGITS 6u  /* of a count or length; of a command it is short */
#define INLINE 16u /* letters of a command; what is longer is text */

/* Blocking reads, subscriptions, replicas, and pauses that were asked for. */
static const char *const waiting[] = {
    "BLPOP",     "BRPOP",      "BRPOPLPUSH", "BLMOVE",  "BLMPOP", "BZPOPMIN", "BZPOPMAX",
    "BZMPOP",    "XREAD",      "XREADGROUP", "MONITOR", "PSYNC",  "SYNC",     "REPLCONF",
    "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "WAITAOF", "WAIT",   "CLIENT",   "DEBUG"};

static uint8_t upper(uint8_t c) {
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

static bool is_word(const uint8_t *p, size_t n, const char *word) {
    for (size_t i = 0; i < n; i++)
        if (word[i] == '\0' || upper(p[i]) != (uint8_t)word[i]) return false;
    return word[n] == '\0';
}

static enum redis_says says(const uint8_t *p, size_t n) {
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++)
        if (is_word(p, n, waiting[i])) return REDIS_WAITS;
    return REDIS_ASKS;
}

/* "*2\r\n": this mark and a number, on a line of their own. */
static bool line(struct cursor *c, uint8_t mark, uint32_t *out) {
    uint8_t b = 0;
    *out = 0;
    if (!cursor_u8(c, &b) || b != mark) return false;
    for (unsigned n = 0; n <= DIGITS && cursor_u8(c, &b) && b >= '0' && b <= '9'; n++)
        *out = *out * 10 + (b - '0');
    return b == '\r' && cursor_u8(c, &b) && b == '\n';
}

static enum redis_says inline_says(struct cursor c) {
    const uint8_t *p = c.p;
    size_t n = 0;
    uint8_t b = 0;
    while (cursor_u8(&c, &b) && upper(b) >= 'A' && upper(b) <= 'Z') n++;
    bool ends = b == ' ' || b == '\r' || b == '\n';
    return ends && n > 1 && n <= INLINE ? says(p, n) : REDIS_UNREADABLE;
}

enum redis_says decode_redis(struct cursor c) {
    uint32_t words = 0, bytes = 0;
    if (cursor_left(&c) == 0 || *c.p != '*') return inline_says(c);
    if (!line(&c, '*', &words) || words == 0 || !line(&c, '$', &bytes) || bytes == 0)
        return REDIS_UNREADABLE;
    return cursor_left(&c) < bytes ? REDIS_UNREADABLE : says(c.p, bytes);
}
