/* Hash chains over a compact array of links, so that a look-up that misses never touches a flow.
 * Eviction order: flows that ended (oldest first), then the flow that was silent longest.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/flow_table.h"
#include "capd/track/hash.h"

static int endpoint_compare(const struct addr *a, uint16_t aport, const struct addr *b,
                            uint16_t bport) {
    if (a->len != b->len) return a->len < b->len ? -1 : 1;
    int c = memcmp(a->b, b->b, a->len);
    return c ? c : (int)aport - (int)bport;
}

void flow_key_make(const struct flow_table *t, struct flow_key *out, uint8_t ip_proto,
                   const struct addr *src, uint16_t sport, const struct addr *dst, uint16_t dport) {
    bool swap = endpoint_compare(src, sport, dst, dport) > 0;
    out->a = swap ? *dst : *src;
    out->b = swap ? *src : *dst;
    out->aport = swap ? dport : sport;
    out->bport = swap ? sport : dport;
    out->ip_proto = ip_proto;
    uint8_t bytes[40];
    size_t n = 0;
    memcpy(bytes, &out->aport, 2);
    memcpy(bytes + 2, &out->bport, 2);
    bytes[4] = ip_proto;
    n = 5;
    memcpy(bytes + n, out->a.b, out->a.len);
    n += out->a.len;
    memcpy(bytes + n, out->b.b, out->b.len);
    n += out->b.len;
    out->hash = hash_bytes(t->seed, bytes, n);
}

void flow_table_init(struct flow_table *t) {
    memset(t->bucket, 0xff, (size_t)t->capacity * sizeof *t->bucket);
    t->free = t->recent = NONE;
    for (int i = 0; i < FLOW_LISTS; i++) t->oldest[i] = t->newest[i] = NONE;
}

static bool flow_has_key(const struct flow *f, const struct flow_key *key) {
    if (f->ip_proto != key->ip_proto) return false;
    if (f->port[0] == key->aport && f->port[1] == key->bport && addr_equal(&f->end[0], &key->a) &&
        addr_equal(&f->end[1], &key->b))
        return true;
    return f->port[1] == key->aport && f->port[0] == key->bport &&
           addr_equal(&f->end[1], &key->a) && addr_equal(&f->end[0], &key->b);
}

uint32_t flow_table_recent(const struct flow_table *t, const struct flow_end *from,
                           const struct flow_end *to, uint8_t ip_proto) {
    if (t->recent == NONE) return NONE;
    const struct flow *f = &t->flow[t->recent];
    unsigned c = f->port[0] == from->port && f->port[1] == to->port ? 0 : 1;
    bool same = f->ip_proto == ip_proto && f->port[c] == from->port && f->port[!c] == to->port &&
                addr_equal(&f->end[c], from->address) && addr_equal(&f->end[!c], to->address);
    return same ? t->recent : NONE;
}

static uint32_t *bucket_of(const struct flow_table *t, uint64_t hash) {
    return &t->bucket[(uint32_t)hash & (t->capacity - 1)];
}

/* A TCP flow is ten cache lines, of which a packet touches most: fetch them together, not one by
 * one.  Of the others only the beginning is in use. */
static void fetch(const struct flow *f, uint8_t ip_proto) {
    size_t used = ip_proto == 6 ? sizeof *f : offsetof(struct flow, data_segments);
    for (size_t at = 0; at < used; at += 64) __builtin_prefetch((const uint8_t *)f + at, 1);
}

uint32_t flow_table_find(const struct flow_table *t, const struct flow_key *key) {
    uint32_t tag = (uint32_t)(key->hash >> 32);
    for (uint32_t i = *bucket_of(t, key->hash); i != NONE; i = t->link[i].chain) {
        if (t->link[i].tag != tag) continue;
        fetch(&t->flow[i], key->ip_proto);
        if (flow_has_key(&t->flow[i], key)) return i;
    }
    return NONE;
}

uint32_t flow_table_victim(const struct flow_table *t) {
    if (t->used < t->capacity) return NONE;
    return t->oldest[FLOWS_ENDED] != NONE ? t->oldest[FLOWS_ENDED] : t->oldest[FLOWS_LIVE];
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
    t->link[i] = (struct flow_link){.tag = (uint32_t)(key->hash >> 32),
                                    .chain = *b,
                                    .older = NONE,
                                    .newer = NONE,
                                    .bucket = (uint32_t)(b - t->bucket) & 0xffffffu,
                                    .list = FLOWS_FREE};
    *b = i;
    flow_table_touch(t, i, FLOWS_LIVE);
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
    uint32_t next = t->oldest[FLOWS_ENDED] != NONE ? t->oldest[FLOWS_ENDED] : t->oldest[FLOWS_LIVE];
    if (next == NONE) return;
    fetch(&t->flow[next], 6);
    __builtin_prefetch(&t->bucket[t->link[next].bucket], 1);
}
