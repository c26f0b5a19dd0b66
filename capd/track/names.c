/* One table name, one table address -> name.  The name stored for a DNS answer is the one that was
 * asked for, so CNAME chains end at the name the person knows.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/names.h"
#include "capd/track/hash.h"

#define LEAST_LIFE_S 600u /* resolvers and browsers keep an address longer than its TTL */

void names_init(struct names *n) {
    memset(n->name_bucket, 0xff, (size_t)n->names_cap * sizeof *n->name_bucket);
    memset(n->address_bucket, 0xff, (size_t)n->addresses_cap * sizeof *n->address_bucket);
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool names_match_target(const struct engine *e, const uint8_t *text, size_t len) {
    if (len > 0 && text[len - 1] == '.') len--;
    if (len == 0 || len != e->target_name_len) return false;
    for (size_t i = 0; i < len; i++)
        if (lower(text[i]) != (uint8_t)e->o.target.name[i]) return false;
    return true;
}

static uint32_t name_take(struct engine *e) {
    struct names *n = &e->names;
    uint32_t i = n->names_hand;
    n->names_hand = (i + 1) & (n->names_cap - 1);
    struct name *old = &n->name[i];
    if (old->gen == 0) return i;
    uint32_t *at = &n->name_bucket[(uint32_t)old->hash & (n->names_cap - 1)];
    while (*at != i) at = &n->name_chain[*at];
    *at = n->name_chain[i];
    return i;
}

uint32_t names_keep(struct engine *e, const uint8_t *text, size_t len, uint32_t *gen_out) {
    struct names *n = &e->names;
    uint8_t low[LIM_NAME];
    if (len > 0 && text[len - 1] == '.') len--;
    if (len == 0 || len > LIM_NAME) return NONE;
    for (size_t i = 0; i < len; i++) low[i] = lower(text[i]);
    uint64_t hash = hash_bytes(e->o.seed, low, len);
    uint32_t *b = &n->name_bucket[(uint32_t)hash & (n->names_cap - 1)], i = *b;
    while (i != NONE && !(n->name[i].hash == hash && n->name[i].len == len &&
                          memcmp(n->name[i].text, low, len) == 0))
        i = n->name_chain[i];
    if (i == NONE) {
        i = name_take(e);
        struct name *v = &n->name[i];
        v->gen = ++n->gen;
        v->len = (uint32_t)len;
        v->hash = hash;
        memcpy(v->text, low, len);
        n->name_chain[i] = *b;
        *b = i;
    }
    *gen_out = n->name[i].gen;
    return i;
}

const struct name *names_get(const struct engine *e, uint32_t i, uint32_t gen) {
    if (i == NONE || gen == 0) return NULL;
    const struct name *v = &e->names.name[i];
    return v->gen == gen ? v : NULL;
}

static uint32_t *address_bucket(const struct engine *e, const struct addr *a) {
    const struct names *n = &e->names;
    return &n->address_bucket[(uint32_t)hash_bytes(e->o.seed, a->b, a->len) &
                              (n->addresses_cap - 1)];
}

static struct name_address *address_find(const struct engine *e, const struct addr *a) {
    uint32_t i = *address_bucket(e, a);
    while (i != NONE && !addr_equal(&e->names.address[i].address, a)) i = e->names.address[i].chain;
    return i == NONE ? NULL : &e->names.address[i];
}

static struct name_address *address_take(struct engine *e, const struct addr *a) {
    struct names *n = &e->names;
    uint32_t i = n->addresses_hand;
    n->addresses_hand = (i + 1) & (n->addresses_cap - 1);
    struct name_address *v = &n->address[i];
    if (v->used) {
        uint32_t *at = address_bucket(e, &v->address);
        while (*at != i) at = &n->address[*at].chain;
        *at = v->chain;
    }
    uint32_t *b = address_bucket(e, a);
    *v = (struct name_address){*a, NONE, 0, *b, 0, false, true};
    *b = i;
    return v;
}

bool names_learn(struct engine *e, const struct addr *address, uint32_t name, uint32_t gen,
                 uint32_t ttl_s) {
    const struct name *text = names_get(e, name, gen);
    if (!text || address->len == 0) return false;
    struct name_address *v = address_find(e, address);
    if (!v) v = address_take(e, address);
    bool target = names_match_target(e, text->text, text->len), fresh = target && !v->target;
    v->name = name;
    v->name_gen = gen;
    v->target |= target;
    uint64_t until = e->now_us + (uint64_t)(ttl_s > LEAST_LIFE_S ? ttl_s : LEAST_LIFE_S) * 1000000u;
    if (until > v->until_us) v->until_us = until;
    return fresh;
}

const struct name *names_of(const struct engine *e, const struct addr *address, uint32_t *i_out) {
    const struct name_address *v = address_find(e, address);
    if (!v || v->until_us < e->now_us) return NULL;
    if (i_out) *i_out = v->name;
    return names_get(e, v->name, v->name_gen);
}

bool names_is_target(const struct engine *e, const struct addr *address) {
    const struct name_address *v = address_find(e, address);
    return v && v->target && v->until_us >= e->now_us;
}

uint32_t names_target_addresses(const struct engine *e, struct addr *out, uint32_t room) {
    const struct names *n = &e->names;
    uint32_t found = 0;
    for (uint32_t i = 0; i < n->addresses_cap && found < room; i++) {
        const struct name_address *v = &n->address[i];
        if (v->used && v->target && v->until_us >= e->now_us) out[found++] = v->address;
    }
    return found;
}
