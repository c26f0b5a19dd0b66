/* One table name, one table address -> name.  The name stored for a DNS answer is the one that was
 * asked for, so CNAME chains end at the name the person knows.  What the target's name stands for
 * (CNAME) is followed as the target's: whoever asks for an alias by itself asks for the target's
 * addresses.  That an address is the target's has a life of its own: an address that serves many
 * names must not stay the target's because the others are asked for.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/names.h"
#include "capd/track/hash.h"

#define LEAST_LIFE_S 600u /* resolvers and browsers keep an address longer than its TTL */
#define SPARED       64u  /* addresses of the target that a new one passes over */

void names_init(struct names *n) {
    memset(n->name_bucket, 0xff, (size_t)n->names_cap * sizeof *n->name_bucket);
    memset(n->address_bucket, 0xff, (size_t)n->addresses_cap * sizeof *n->address_bucket);
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same_name(const uint8_t *text, size_t len, const uint8_t *low, size_t low_len) {
    if (len > 0 && text[len - 1] == '.') len--;
    if (len == 0 || len != low_len) return false;
    for (size_t i = 0; i < len; i++)
        if (lower(text[i]) != low[i]) return false;
    return true;
}

static uint64_t end_of_life(const struct engine *e, uint32_t ttl_s) {
    return e->now_us + (uint64_t)(ttl_s > LEAST_LIFE_S ? ttl_s : LEAST_LIFE_S) * 1000000u;
}

/* ---- the target's names ------------------------------------------------------------------------
 */

static struct name_alias *alias_find(struct engine *e, const uint8_t *text, size_t len) {
    for (uint32_t i = 0; i < TARGET_ALIASES; i++) {
        struct name_alias *a = &e->names.alias[i];
        if (a->until_us && same_name(text, len, a->text, a->len)) return a;
    }
    return NULL;
}

/* Full: the one that ends first gives way. */
static struct name_alias *alias_take(struct engine *e) {
    struct name_alias *a = &e->names.alias[0];
    for (uint32_t i = 1; i < TARGET_ALIASES; i++)
        if (e->names.alias[i].until_us < a->until_us) a = &e->names.alias[i];
    return a;
}

/* That of the one network which offers it to all it serves.  The extension itself says nothing, as
 * browsers send it always. */
bool names_is_outer(const uint8_t *text, size_t len) {
    static const char outer[] = "cloudflare-ech.com";
    return same_name(text, len, (const uint8_t *)outer, sizeof outer - 1);
}

bool names_match_target(const struct engine *e, const uint8_t *text, size_t len) {
    if (e->target_name_len == 0) return false;
    if (same_name(text, len, (const uint8_t *)e->o.target.name, e->target_name_len)) return true;
    for (uint32_t i = 0; i < TARGET_ALIASES; i++) {
        const struct name_alias *a = &e->names.alias[i];
        if (a->until_us >= e->now_us && a->until_us && same_name(text, len, a->text, a->len))
            return true;
    }
    return false;
}

/* Addresses that were learned under the alias before it was known as one. */
static bool mark_addresses(struct engine *e, const struct name_alias *a) {
    bool fresh = false;
    for (uint32_t i = 0; i < e->names.addresses_cap; i++) {
        struct name_address *v = &e->names.address[i];
        const struct name *n = v->used ? names_get(e, v->name, v->name_gen) : NULL;
        if (!n || !same_name(n->text, n->len, a->text, a->len)) continue;
        fresh |= v->until_us >= e->now_us;
        if (v->until_us > v->target_until_us) v->target_until_us = v->until_us;
    }
    return fresh;
}

bool names_follow(struct engine *e, const uint8_t *text, size_t len, uint32_t ttl_s) {
    if (len > 0 && text[len - 1] == '.') len--;
    if (len == 0 || len > LIM_NAME) return false;
    if (same_name(text, len, (const uint8_t *)e->o.target.name, e->target_name_len)) return false;
    struct name_alias *a = alias_find(e, text, len);
    bool known = a && a->until_us >= e->now_us;
    if (!a) a = alias_take(e);
    a->len = (uint32_t)len;
    for (size_t i = 0; i < len; i++) a->text[i] = lower(text[i]);
    uint64_t until = end_of_life(e, ttl_s);
    if (!known || until > a->until_us) a->until_us = until;
    return !known && mark_addresses(e, a);
}

/* ---- names --------------------------------------------------------------------------------------
 */

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
        v->resolved = false;
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

/* ---- addresses ----------------------------------------------------------------------------------
 */

static uint32_t *address_bucket(const struct engine *e, const struct addr *a) {
    const struct names *n = &e->names;
    return &n->address_bucket[(uint32_t)hash_addr(e->o.seed, a, 0) & (n->addresses_cap - 1)];
}

static struct name_address *address_find(const struct engine *e, const struct addr *a) {
    uint32_t i = *address_bucket(e, a);
    while (i != NONE && !addr_equal(&e->names.address[i].address, a)) i = e->names.address[i].chain;
    return i == NONE ? NULL : &e->names.address[i];
}

static struct name_address *address_take(struct engine *e, const struct addr *a) {
    struct names *n = &e->names;
    uint32_t i = n->addresses_hand;
    for (uint32_t k = 0; k < SPARED && n->address[i].target_until_us > e->now_us; k++)
        i = (i + 1) & (n->addresses_cap - 1);
    n->addresses_hand = (i + 1) & (n->addresses_cap - 1);
    struct name_address *v = &n->address[i];
    if (v->used) {
        if (v->until_us > e->now_us) e->total.evicted++;
        uint32_t *at = address_bucket(e, &v->address);
        while (*at != i) at = &n->address[*at].chain;
        *at = v->chain;
    }
    uint32_t *b = address_bucket(e, a);
    *v = (struct name_address){.address = *a, .name = NONE, .chain = *b, .used = true};
    *b = i;
    return v;
}

bool names_learn(struct engine *e, const struct addr *address, uint32_t name, uint32_t gen,
                 uint32_t ttl_s) {
    const struct name *text = names_get(e, name, gen);
    if (!text || address->len == 0) return false;
    struct name_address *v = address_find(e, address);
    if (!v) v = address_take(e, address);
    v->name = name;
    v->name_gen = gen;
    uint64_t until = end_of_life(e, ttl_s);
    if (until > v->until_us) v->until_us = until;
    if (!names_match_target(e, text->text, text->len)) return false;
    bool fresh = v->target_until_us < e->now_us || v->target_until_us == 0;
    if (until > v->target_until_us) v->target_until_us = until;
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
    return v && v->target_until_us && v->target_until_us >= e->now_us;
}

uint32_t names_target_addresses(const struct engine *e, struct addr *out, uint32_t room) {
    const struct names *n = &e->names;
    uint32_t found = 0;
    for (uint32_t i = 0; i < n->addresses_cap && found < room; i++) {
        const struct name_address *v = &n->address[i];
        if (v->used && v->target_until_us && v->target_until_us >= e->now_us)
            out[found++] = v->address;
    }
    return found;
}
