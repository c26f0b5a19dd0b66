#ifndef TESTS_FUZZ_FIELDS_H
#define TESTS_FUZZ_FIELDS_H
/* Messages made of fuzz bytes, field by field after the schema, so that every input is a message
 * that passes all checks and the fuzzer works on the numbers; and the way back, for seeds.
 *
 *   number, count    one byte below 248; else 248 + k, and k + 1 bytes, big endian; taken modulo
 *                    what the field allows
 *   text             number of bytes, bytes: what would be no UTF-8 is made ASCII, NUL a dot
 *   switch           number, odd for true
 *   address          0, 4 or 16, and so many bytes; MAC: six bytes
 *   distribution     samples and four numbers, put in order
 * Bytes that are missing are 0. */
#include "common/schema.h"
#include "common/text.h"
#include "tests/fuzz/fuzz.h"

struct feed {
    const uint8_t *p, *end;
};

static inline uint8_t feed_byte(struct feed *f) {
    return f->p < f->end ? *f->p++ : 0;
}

static inline uint64_t feed_number(struct feed *f, uint64_t most) {
    uint64_t v = feed_byte(f);
    if (v >= 248) {
        unsigned n = (unsigned)v - 247;
        for (v = 0; n > 0; n--) v = v << 8 | feed_byte(f);
    }
    return most == UINT64_MAX ? v : v % (most + 1);
}

static inline void feed_text(struct feed *f, char *out, size_t most) {
    size_t n = feed_number(f, most), left = (size_t)(f->end - f->p);
    if (n > left) n = left;
    memcpy(out, f->p, n);
    f->p += n;
    bool utf8 = text_is_utf8((const uint8_t *)out, n);
    for (size_t i = 0; i < n; i++) {
        if (!utf8) out[i] = (char)(out[i] & 0x7f);
        if (!out[i]) out[i] = '.';
    }
    out[n] = 0;
}

static inline struct addr feed_address(struct feed *f) {
    uint8_t b[16];
    size_t n = feed_number(f, 16);
    n = n >= 16 ? 16 : n >= 4 ? 4 : 0;
    for (size_t i = 0; i < n; i++) b[i] = feed_byte(f);
    return addr_from_bytes(b, n);
}

static inline struct dist feed_dist(struct feed *f) {
    uint64_t v[5];
    for (size_t i = 0; i < 5; i++) v[i] = feed_number(f, UINT64_MAX);
    for (size_t i = 2; i < 5; i++)
        if (v[i] < v[i - 1]) v[i] = v[i - 1];
    return (struct dist){v[0], v[1], v[2], v[3], v[4]};
}

static inline void feed_message(struct feed *f, const struct schema *s, uint8_t *msg,
                                struct schema_arena *arena);

static inline void feed_list(struct feed *f, const struct schema_field *d, uint8_t *msg,
                             struct schema_arena *arena) {
    size_t size = d->kind == 'L' ? d->row->struct_bytes : sizeof(uint64_t);
    uint32_t n = (uint32_t)feed_number(f, d->bound);
    uint8_t *items = arena->bytes + arena->used;
    size_t bytes = (n * size + 15) & ~(size_t)15;
    if (arena->cap - arena->used < bytes) n = 0;
    if (n == 0) return; /* the struct was zeroed */
    arena->used += bytes;
    memset(items, 0, bytes);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v;
        if (d->kind == 'L') {
            feed_message(f, d->row, items + i * size, arena);
        } else {
            v = feed_number(f, UINT64_MAX);
            memcpy(items + i * size, &v, sizeof v);
        }
    }
    memcpy(msg + d->offset, &items, sizeof items);
    memcpy(msg + d->count_offset, &n, sizeof n);
}

/* Fill the zeroed struct of a message or a row. */
static inline void feed_message(struct feed *f, const struct schema *s, uint8_t *msg,
                                struct schema_arena *arena) {
    for (uint32_t i = 0; i < s->fields_n; i++) {
        const struct schema_field *d = &s->fields[i];
        uint8_t *p = msg + d->offset;
        uint64_t u;
        bool b;
        struct addr a;
        struct dist dist;
        switch (d->kind) {
        case 'U':
            u = feed_number(f, d->bound);
            memcpy(p, &u, sizeof u);
            break;
        case 'B':
            b = feed_number(f, UINT64_MAX) & 1;
            memcpy(p, &b, sizeof b);
            break;
        case 'S': feed_text(f, (char *)p, d->bound); break;
        case 'A':
            a = feed_address(f);
            memcpy(p, &a, sizeof a);
            break;
        case 'M':
            for (size_t k = 0; k < 6; k++) p[k] = feed_byte(f);
            break;
        case 'D':
            dist = feed_dist(f);
            memcpy(p, &dist, sizeof dist);
            break;
        default: feed_list(f, d, msg, arena); break;
        }
    }
}

/* ---- and back ------------------------------------------------------------------------------- */

struct spill {
    uint8_t *bytes;
    size_t used, cap;
};

static inline void spill_byte(struct spill *s, uint8_t b) {
    HOLDS(s->used < s->cap);
    s->bytes[s->used++] = b;
}

static inline void spill_number(struct spill *s, uint64_t v) {
    unsigned n = 1;
    if (v < 248) {
        spill_byte(s, (uint8_t)v);
        return;
    }
    while (n < 8 && v >> (8 * n)) n++;
    spill_byte(s, (uint8_t)(247 + n));
    while (n-- > 0) spill_byte(s, (uint8_t)(v >> (8 * n)));
}

static inline void spill_bytes(struct spill *s, const void *bytes, size_t n) {
    HOLDS(s->cap - s->used >= n);
    memcpy(s->bytes + s->used, bytes, n);
    s->used += n;
}

static inline void spill_message(struct spill *s, const struct schema *schema, const uint8_t *msg);

static inline void spill_list(struct spill *s, const struct schema_field *d, const uint8_t *msg) {
    const uint8_t *items;
    uint32_t n;
    memcpy(&items, msg + d->offset, sizeof items);
    memcpy(&n, msg + d->count_offset, sizeof n);
    spill_number(s, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v;
        if (d->kind == 'L') {
            spill_message(s, d->row, items + (size_t)i * d->row->struct_bytes);
            continue;
        }
        memcpy(&v, items + i * sizeof v, sizeof v);
        spill_number(s, v);
    }
}

static inline void spill_message(struct spill *s, const struct schema *schema, const uint8_t *msg) {
    for (uint32_t i = 0; i < schema->fields_n; i++) {
        const struct schema_field *d = &schema->fields[i];
        const uint8_t *p = msg + d->offset;
        uint64_t v[5];
        struct addr a;
        switch (d->kind) {
        case 'U':
            memcpy(v, p, sizeof v[0]);
            spill_number(s, v[0]);
            break;
        case 'B': spill_byte(s, *p); break;
        case 'S':
            spill_number(s, strlen((const char *)p));
            spill_bytes(s, p, strlen((const char *)p));
            break;
        case 'A':
            memcpy(&a, p, sizeof a);
            spill_byte(s, a.len);
            spill_bytes(s, a.b, a.len);
            break;
        case 'M': spill_bytes(s, p, 6); break;
        case 'D':
            memcpy(v, p, sizeof v);
            for (size_t k = 0; k < 5; k++) spill_number(s, v[k]);
            break;
        default: spill_list(s, d, msg); break;
        }
    }
}
#endif
