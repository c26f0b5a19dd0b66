#ifndef CAPD_TRACK_FLOW_TABLE_H
#define CAPD_TRACK_FLOW_TABLE_H
#include "capd/track/flow.h"

/* Fixed table of flows.  A flow is found by its endpoints in either order; slots are handed out in
 * an order that depends on the packets only, never on the hash seed. */

/* What is touched on every look-up, apart from the flow itself: 20 bytes instead of 600. */
struct flow_link {
    uint32_t tag;          /* upper half of the hash */
    uint32_t chain;        /* next flow of the bucket, or next free slot */
    uint32_t older, newer; /* in its list, least recently used first */
    uint32_t touched_us;   /* when it was moved in its list last */
    uint32_t bucket : 24;  /* that it hangs in */
    uint32_t list : 8;     /* enum flow_list */
};

/* tried: nothing came of it yet */
enum flow_list { FLOWS_FREE, FLOWS_TRIED, FLOWS_LIVE, FLOWS_ENDED, FLOW_LISTS };

struct flow_table {
    struct flow *flow;
    struct flow_link *link;
    uint32_t *bucket;
    uint32_t capacity, used, fresh; /* slots below `fresh` were used once */
    uint32_t free;
    uint32_t recent; /* flow of the last packet, NONE if it has left */
    uint32_t oldest[FLOW_LISTS], newest[FLOW_LISTS], length[FLOW_LISTS];
    uint64_t seed[2];
};

/* Who sends what to whom; the addresses are borrowed. */
struct flow_key {
    const struct addr *from, *to;
    uint16_t from_port, to_port;
    uint8_t ip_proto;
    uint64_t hash; /* the same for both directions */
};

/* What the table keeps of the hash. */
static inline uint32_t flow_key_tag(const struct flow_key *key) {
    return (uint32_t)(key->hash >> 32);
}

/* Set the hash of a key whose other members are set. */
void flow_key_hash(const struct flow_table *t, struct flow_key *key);

/* Do both keys name the same flow and direction, or the same flow and the other direction? */
bool flow_key_same(const struct flow_key *a, const struct flow_key *b);

void flow_table_init(struct flow_table *t); /* arrays, capacity and seed are set */

/* Is it the key's flow?  *dir_out: who sends, CLIENT or SERVER. */
bool flow_has_key(const struct flow *f, const struct flow_key *key, unsigned *dir_out);

/* A packet with this key comes soon: first its bucket is fetched from memory, then, when that has
 * had time to come, the flow. */
void flow_table_expect(const struct flow_table *t, const struct flow_key *key);
void flow_table_expect_flow(const struct flow_table *t, const struct flow_key *key);

/* The flow of the last packet if it is this one, NONE otherwise: packets come in trains. */
uint32_t flow_table_recent(const struct flow_table *t, const struct flow_key *key,
                           unsigned *dir_out);

/* Index of the flow, NONE if there is none. */
uint32_t flow_table_find(const struct flow_table *t, const struct flow_key *key, unsigned *dir_out);

/* Slot to give up when the table is full: the flow that ended longest ago; else the one that was
 * silent longest, of those of which nothing came when they are more than half; NONE while there is
 * room. */
uint32_t flow_table_victim(const struct flow_table *t);

/* Take a zeroed slot for a key that is not in the table; there must be room. */
uint32_t flow_table_add(struct flow_table *t, const struct flow_key *key);

/* Give the slot back. */
void flow_table_remove(struct flow_table *t, uint32_t i);

/* Make the flow the most recently used one of `list`. */
void flow_table_touch(struct flow_table *t, uint32_t i, enum flow_list list);
#endif
