/* Hash chains over a compact array of links, so that a look-up that misses never touches a flow.
 * Eviction order: flows that ended (oldest first), then the flow that was silent longest; but what
 * a scan or a flood leaves, attempts of which nothing came, gets no more than half of the table.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/flow_table.h"
#include "capd/track/hash.h"

/* The hash must be the same for both directions: the lower end comes first, lower by its bytes as
 * this machine reads them. */
static uint64_t hash_v4(const uint64_t seed[2], const struct flow_key *key) {
    uint32_t from, to;
    memcpy(&from, key->from->b, 4);
    memcpy(&to, key->to->b, 4);
    uint64_t a = (uint64_t)from << 16 | key->from_port, b = (uint64_t)to << 16 | key->to_port;
    uint64_t words[2] = {(a < b ? a : b) | (uint64_t)key->ip_proto << 48,
                         (a < b ? b : a) | UINT64_C(4) << 56};
    return hash_words(seed, words, 2);
}

static uint64_t hash_v6(const uint64_t seed[2], const struct flow_key *key) {
    uint64_t from[2], to[2];
    memcpy(from, key->from->b, 16);
    memcpy(to, key->to->b, 16);
    bool swap = from[0] != to[0]   ? from[0] > to[0]
                : from[1] != to[1] ? from[1] > to[1]
                                   : key->from_port > key->to_port;
    uint64_t ports = swap ? (uint64_t)key->to_port << 16 | key->from_port
                          : (uint64_t)key->from_port << 16 | key->to_port;
    uint64_t words[5] = {swap ? to[0] : from[0], swap ? to[1] : from[1], swap ? from[0] : to[0],
                         swap ? from[1] : to[1],
                         ports | (uint64_t)key->ip_proto << 48 | UINT64_C(16) << 56};
    return hash_words(seed, words, 5);
}

void flow_key_hash(const struct flow_table *t, struct flow_key *key) {
    bool v4 = key->from->len == 4 && key->to->len == 4;
    key->hash = v4 ? hash_v4(t->seed, key) : hash_v6(t->seed, key);
}

bool flow_key_same(const struct flow_key *a, const struct flow_key *b) {
    if (a->ip_proto != b->ip_proto) return false;
    if (a->from_port == b->from_port && a->to_port == b->to_port)
        return addr_equal(a->from, b->from) && addr_equal(a->to, b->to);
    return a->from_port == b->to_port && a->to_port == b->from_port && addr_equal(a->from, b->to) &&
           addr_equal(a->to, b->from);
}

void flow_table_init(struct flow_table *t) {
    memset(t->bucket, 0xff, (size_t)t->capacity * sizeof *t->bucket);
    t->free = t->recent = NONE;
    for (int i = 0; i < FLOW_LISTS; i++) t->oldest[i] = t->newest[i] = NONE;
}

bool flow_has_key(const struct flow *f, const struct flow_key *key, unsigned *dir_out) {
    if (f->ip_proto != key->ip_proto) return false;
    for (unsigned d = CLIENT; d <= SERVER; d++) {
        if (f->port[d] != key->from_port || f->port[!d] != key->to_port) continue;
        if (!addr_equal(&f->end[d], key->from) || !addr_equal(&f->end[!d], key->to)) continue;
        *dir_out = d;
        return true;
    }
    return false;
}

uint32_t flow_table_recent(const struct flow_table *t, const struct flow_key *key,
                           unsigned *dir_out) {
    if (t->recent == NONE || !flow_has_key(&t->flow[t->recent], key, dir_out)) return NONE;
    return t->recent;
}

static uint32_t *bucket_of(const struct flow_table *t, uint64_t hash) {
    return &t->bucket[(uint32_t)hash & (t->capacity - 1)];
}

/* A TCP flow is ten cache lines, of which a packet touches most: fetch them together, not one by
 * one.  Of the others only the beginning is in use. */
static void fetch(const struct flow *f, uint8_t ip_proto) {
    size_t used = ip_proto == 6 ? sizeof *f : offsetof(struct flow, other_bytes);
    for (size_t at = 0; at < used; at += 64) __builtin_prefetch((const uint8_t *)f + at, 1);
}

void flow_table_expect(const struct flow_table *t, const struct flow_key *key) {
    __builtin_prefetch(bucket_of(t, key->hash));
}

void flow_table_expect_flow(const struct flow_table *t, const struct flow_key *key) {
    uint32_t i = *bucket_of(t, key->hash);
    if (i == NONE) return;
    __builtin_prefetch(&t->link[i], 1);
    fetch(&t->flow[i], key->ip_proto);
}

uint32_t flow_table_find(const struct flow_table *t, const struct flow_key *key,
                         unsigned *dir_out) {
    uint32_t tag = flow_key_tag(key);
    for (uint32_t i = *bucket_of(t, key->hash); i != NONE; i = t->link[i].chain) {
        if (t->link[i].tag != tag) continue;
        if (flow_has_key(&t->flow[i], key, dir_out)) return i;
    }
    return NONE;
}

static uint32_t least_useful(const struct flow_table *t) {
    uint32_t ended = t->oldest[FLOWS_ENDED], tried = t->oldest[FLOWS_TRIED];
    uint32_t live = t->oldest[FLOWS_LIVE];
    if (ended != NONE) return ended;
    if (tried == NONE || live == NONE) return tried == NONE ? live : tried;
    bool many = t->length[FLOWS_TRIED] > t->capacity / 2;
    if (many) return tried;
    return (int32_t)(t->link[tried].touched_us - t->link[live].touched_us) < 0 ? tried : live;
}

uint32_t flow_table_victim(const struct flow_table *t) {
    return t->used < t->capacity ? NONE : least_useful(t);
}

static void list_leave(struct flow_table *t, uint32_t i) {
    struct flow_link *l = &t->link[i];
    if (l->list == FLOWS_FREE) return;
    if (l->older == NONE)
        t->oldest[l->list] = l->newer;
    else
        t->link[l->older].newer = l->newer;
    if (l->newer == NONE)
        t->newest[l->list] = l->older;
    else
        t->link[l->newer].older = l->older;
    t->length[l->list]--;
    l->list = FLOWS_FREE;
}

void flow_table_touch(struct flow_table *t, uint32_t i, enum flow_list list) {
    struct flow_link *l = &t->link[i];
    if (l->list == list && t->newest[list] == i) return;
    list_leave(t, i);
    l->list = (uint8_t)list;
    l->older = t->newest[list];
    l->newer = NONE;
    if (l->older == NONE)
        t->oldest[list] = i;
    else
        t->link[l->older].newer = i;
    t->newest[list] = i;
    t->length[list]++;
}

uint32_t flow_table_add(struct flow_table *t, const struct flow_key *key) {
    uint32_t i = t->free;
    if (i != NONE)
        t->free = t->link[i].chain;
    else
        i = t->fresh++;
    memset(&t->flow[i], 0, sizeof t->flow[i]);
    t->used++;
    uint32_t *b = bucket_of(t, key->hash);
    t->link[i] = (struct flow_link){.tag = flow_key_tag(key),
                                    .chain = *b,
                                    .older = NONE,
                                    .newer = NONE,
                                    .bucket = (uint32_t)(b - t->bucket) & 0xffffffu,
                                    .list = FLOWS_FREE};
    *b = i;
    flow_table_touch(t, i, FLOWS_TRIED);
    return i;
}

void flow_table_remove(struct flow_table *t, uint32_t i) {
    uint32_t *at = &t->bucket[t->link[i].bucket];
    while (*at != i) at = &t->link[*at].chain;
    *at = t->link[i].chain;
    list_leave(t, i);
    if (t->recent == i) t->recent = NONE;
    t->link[i].chain = t->free;
    t->free = i;
    t->used--;
    /* A table that is full removes one after the other: have the next one at hand. */
    uint32_t next = least_useful(t);
    if (next == NONE) return;
    fetch(&t->flow[next], 6);
    __builtin_prefetch(&t->bucket[t->link[next].bucket], 1);
}
