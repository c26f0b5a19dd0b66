#ifndef CAPD_DECODE_REDIS_H
#define CAPD_DECODE_REDIS_H
#include "common/bytes.h"

/* The first command in what a client of Redis says (RESP): of which only this is kept. */
enum redis_says {
    REDIS_UNREADABLE, /* none begins here: the rest of a value, say */
    REDIS_ASKS,       /* it is answered as soon as the server gets to it */
    REDIS_WAITS       /* an answer comes with the news that it waits for, or none does */
};

enum redis_says decode_redis(struct cursor c);
#endif
