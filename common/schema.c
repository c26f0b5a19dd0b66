/* One walker over the descriptors of schema.h serves every message: encode, and decode with all
 * checks (exact key set, types, bounds).  Adding a field is one line in schema.h.
 * Runs in: any.  Input trust: clients, workers. */
#include "common/schema.h"
#include "common/mp.h"
#include "common/wire.h"
#include <string.h>

#define NAME_OF(a, b) b,
const char *const mode_names[MODE_COUNT] = {MODE_LIST(NAME_OF)};
const char *const conn_names[CONN_COUNT] = {CONN_LIST(NAME_OF)};
const char *const proto_names[PROTO_COUNT] = {PROTO_LIST(NAME_OF)};
const char *const tls_outcome_names[TLS_OUTCOME_COUNT] = {TLS_OUTCOME_LIST(NAME_OF)};
const char *const incident_names[INCIDENT_COUNT] = {INCIDENT_LIST(NAME_OF)};
const char *const end_names[END_COUNT] = {END_LIST(NAME_OF)};
const char *const narrow_names[NARROW_COUNT] = {NARROW_LIST(NAME_OF)};

#define NO_COUNT(T, name)  0
#define HAS_COUNT(T, name) (uint32_t) offsetof(struct msg_##T, name##_n)
#define COUNT_U            NO_COUNT
#define COUNT_B            NO_COUNT
#define COUNT_S            NO_COUNT
#define COUNT_A            NO_COUNT
#define COUNT_M            NO_COUNT
#define COUNT_D            NO_COUNT
#define COUNT_N            HAS_COUNT
#define COUNT_L            HAS_COUNT
#define ROW_NONE(unit)     NULL
#define ROW_OF(unit)       &schema_##unit
#define ROW_U              ROW_NONE
#define ROW_B              ROW_NONE
#define ROW_S              ROW_NONE
#define ROW_A              ROW_NONE
#define ROW_M              ROW_NONE
#define ROW_D              ROW_NONE
#define ROW_N              ROW_NONE
#define ROW_L              ROW_OF
#define LETTER_U           'U'
#define LETTER_B           'B'
#define LETTER_S           'S'
#define LETTER_A           'A'
#define LETTER_M           'M'
#define LETTER_D           'D'
#define LETTER_N           'N'
#define LETTER_L           'L'
#define DESCRIBE(T, kind, name, bound, unit, doc)                                                  \
    {#name,                                                                                        \
     #unit,                                                                                        \
     doc,                                                                                          \
     ROW_##kind(unit),                                                                             \
     (bound),                                                                                      \
     (uint32_t)offsetof(struct msg_##T, name),                                                     \
     COUNT_##kind(T, name),                                                                        \
     LETTER_##kind},
#define DEFINE(T)                                                                                  \
    static const struct schema_field fields_##T[] = {FIELDS_##T(DESCRIBE, T)};                     \
    const struct schema schema_##T = {#T, fields_##T, sizeof fields_##T / sizeof fields_##T[0],    \
                                      sizeof(struct msg_##T)};
SCHEMA_LIST(DEFINE)

const struct schema *schema_of_wire(unsigned wire_type) {
#define CASE(type, name)                                                                           \
    case type: return &schema_##name;
    switch (wire_type) { WIRE_BODY_LIST(CASE) default : return NULL; }
}

/* ---- encode -------------------------------------------------------------------------------- */

static uint32_t count_of(const struct schema_field *f, const uint8_t *msg) {
    uint32_t n;
    memcpy(&n, msg + f->count_offset, sizeof n);
    return n;
}

static void put_field(struct mp_writer *w, const struct schema_field *f, const uint8_t *msg);

static void put_row(struct mp_writer *w, const struct schema *s, const uint8_t *row) {
    mp_put_array(w, s->fields_n);
    for (uint32_t i = 0; i < s->fields_n; i++) put_field(w, &s->fields[i], row);
}

static void put_list(struct mp_writer *w, const struct schema_field *f, const uint8_t *msg) {
    const uint8_t *items;
    uint32_t n = count_of(f, msg);
    memcpy(&items, msg + f->offset, sizeof items);
    ASSERT(n <= f->bound);
    mp_put_array(w, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v;
        if (f->kind == 'L') {
            put_row(w, f->row, items + (size_t)i * f->row->struct_bytes);
            continue;
        }
        memcpy(&v, items + i * sizeof v, sizeof v);
        mp_put_uint(w, v);
    }
}

static void put_dist(struct mp_writer *w, const uint8_t *p) {
    struct dist d;
    memcpy(&d, p, sizeof d);
    mp_put_array(w, 5);
    mp_put_uint(w, d.samples);
    mp_put_uint(w, d.min_us);
    mp_put_uint(w, d.p50_us);
    mp_put_uint(w, d.p95_us);
    mp_put_uint(w, d.max_us);
}

static void put_field(struct mp_writer *w, const struct schema_field *f, const uint8_t *msg) {
    static const uint8_t no_mac[6];
    const uint8_t *p = msg + f->offset;
    uint64_t u;
    bool b;
    struct addr a;
    switch (f->kind) {
    case 'U':
        memcpy(&u, p, sizeof u);
        mp_put_uint(w, u < f->bound ? u : f->bound);
        break;
    case 'B':
        memcpy(&b, p, sizeof b);
        mp_put_bool(w, b);
        break;
    case 'S': mp_put_str(w, (const char *)p); break;
    case 'A':
        memcpy(&a, p, sizeof a);
        mp_put_bin(w, a.b, a.len);
        break;
    case 'M': mp_put_bin(w, p, memcmp(p, no_mac, 6) == 0 ? 0 : 6); break;
    case 'D': put_dist(w, p); break;
    default: put_list(w, f, msg); break;
    }
}

size_t schema_encode(const struct schema *s, const void *msg, uint8_t *out, size_t cap) {
    struct mp_writer w;
    mp_writer_init(&w, out, cap);
    mp_put_map(&w, s->fields_n);
    for (uint32_t i = 0; i < s->fields_n; i++) {
        mp_put_str(&w, s->fields[i].name);
        put_field(&w, &s->fields[i], msg);
    }
    return w.overflow ? 0 : w.used;
}

/* ---- decode --------------------------------------------------------------------------------- */

struct decoder {
    struct schema_arena *arena;
    struct fail *fail;
};

static void *arena_take(struct schema_arena *a, size_t bytes) {
    size_t start = (a->used + 15u) & ~(size_t)15u;
    if (start > a->cap || a->cap - start < bytes) return NULL;
    a->used = start + bytes;
    memset(a->bytes + start, 0, bytes);
    return a->bytes + start;
}

static bool refuse(struct decoder *d, const struct schema_field *f, const char *why) {
    return fail_set(d->fail, FAIL_VALUE, f->name, "field `%s` %s", f->name, why);
}

static bool get_field(struct decoder *d, const struct schema_field *f, const mp_object *o,
                      uint8_t *msg);

static bool get_uint(struct decoder *d, const struct schema_field *f, const mp_object *o,
                     uint8_t *p) {
    uint64_t u;
    if (!mp_get_uint(o, &u)) return refuse(d, f, "is no unsigned integer");
    if (u > f->bound)
        return fail_set(d->fail, FAIL_VALUE, f->name, "field `%s` is %llu, at most %llu is allowed",
                        f->name, (unsigned long long)u, (unsigned long long)f->bound);
    memcpy(p, &u, sizeof u);
    return true;
}

static bool get_text(struct decoder *d, const struct schema_field *f, const mp_object *o,
                     uint8_t *p) {
    const char *text;
    size_t len;
    if (!mp_get_str(o, &text, &len)) return refuse(d, f, "is no text");
    if (len > f->bound)
        return fail_set(d->fail, FAIL_VALUE, f->name,
                        "field `%s` has %zu bytes, at most %llu are allowed", f->name, len,
                        (unsigned long long)f->bound);
    memcpy(p, text, len); /* UTF-8 without NUL: mpcheck saw to it; p was zeroed */
    return true;
}

static bool get_bin(struct decoder *d, const struct schema_field *f, const mp_object *o,
                    uint8_t *p) {
    const uint8_t *bytes;
    size_t len;
    if (!mp_get_bin(o, &bytes, &len)) return refuse(d, f, "is no address");
    if (f->kind == 'M') {
        if (len != 0 && len != 6) return refuse(d, f, "has no length of a MAC address");
        memcpy(p, bytes, len);
        return true;
    }
    if (len != 0 && len != 4 && len != 16) return refuse(d, f, "has no length of an address");
    struct addr a = addr_from_bytes(bytes, len);
    memcpy(p, &a, sizeof a);
    return true;
}

static bool get_dist(struct decoder *d, const struct schema_field *f, const mp_object *o,
                     uint8_t *p) {
    uint32_t n;
    uint64_t v[5];
    if (!mp_get_array(o, &n) || n != 5) return refuse(d, f, "is no array of 5");
    for (uint32_t i = 0; i < 5; i++)
        if (!mp_get_uint(mp_item(o, i), &v[i]))
            return refuse(d, f, "holds something else than integers");
    if (v[0] && (v[1] > v[2] || v[2] > v[3] || v[3] > v[4])) return refuse(d, f, "is not in order");
    struct dist out = {v[0], v[1], v[2], v[3], v[4]};
    memcpy(p, &out, sizeof out);
    return true;
}

static bool get_row(struct decoder *d, const struct schema *s, const mp_object *o, uint8_t *row) {
    uint32_t n;
    if (!mp_get_array(o, &n) || n != s->fields_n)
        return fail_set(d->fail, FAIL_VALUE, s->name, "a row of type `%s` has no %u items", s->name,
                        s->fields_n);
    for (uint32_t i = 0; i < n; i++)
        if (!get_field(d, &s->fields[i], mp_item(o, i), row)) return false;
    return true;
}

static bool get_list(struct decoder *d, const struct schema_field *f, const mp_object *o,
                     uint8_t *msg) {
    uint32_t n;
    if (!mp_get_array(o, &n)) return refuse(d, f, "is no array");
    if (n > f->bound) return refuse(d, f, "has too many items");
    size_t size = f->kind == 'L' ? f->row->struct_bytes : sizeof(uint64_t);
    uint8_t *items = arena_take(d->arena, n * size);
    if (!items) return refuse(d, f, "does not fit into memory");
    for (uint32_t i = 0; i < n; i++) {
        uint64_t v;
        if (f->kind == 'L') {
            if (!get_row(d, f->row, mp_item(o, i), items + i * size)) return false;
            continue;
        }
        if (!mp_get_uint(mp_item(o, i), &v))
            return refuse(d, f, "holds something else than integers");
        memcpy(items + i * size, &v, sizeof v);
    }
    memcpy(msg + f->offset, &items, sizeof items);
    memcpy(msg + f->count_offset, &n, sizeof n);
    return true;
}

static bool get_field(struct decoder *d, const struct schema_field *f, const mp_object *o,
                      uint8_t *msg) {
    uint8_t *p = msg + f->offset;
    bool b;
    switch (f->kind) {
    case 'U': return get_uint(d, f, o, p);
    case 'B':
        if (!mp_get_bool(o, &b)) return refuse(d, f, "is neither true nor false");
        memcpy(p, &b, sizeof b);
        return true;
    case 'S': return get_text(d, f, o, p);
    case 'A':
    case 'M': return get_bin(d, f, o, p);
    case 'D': return get_dist(d, f, o, p);
    default: return get_list(d, f, o, msg);
    }
}

static const struct schema_field *find_field(const struct schema *s, const char *key, size_t len) {
    for (uint32_t i = 0; i < s->fields_n; i++)
        if (strlen(s->fields[i].name) == len && memcmp(s->fields[i].name, key, len) == 0)
            return &s->fields[i];
    return NULL;
}

static bool decode_map(struct decoder *d, const struct schema *s, const mp_object *root,
                       uint8_t *msg) {
    uint64_t have[4] = {0}; /* one bit per field */
    uint32_t pairs;
    ASSERT(s->fields_n <= 256);
    if (!mp_get_map(root, &pairs))
        return fail_set(d->fail, FAIL_MALFORMED, "", "the body is no map");
    for (uint32_t i = 0; i < pairs; i++) {
        const char *key;
        size_t len;
        if (!mp_get_str(mp_key(root, i), &key, &len))
            return fail_set(d->fail, FAIL_MALFORMED, "", "a key is no text");
        const struct schema_field *f = find_field(s, key, len);
        if (!f)
            return fail_set(d->fail, FAIL_MALFORMED, "", "unknown field `%.*s` in `%s`",
                            (int)(len < 31 ? len : 31), key, s->name);
        uint32_t at = (uint32_t)(f - s->fields);
        if (have[at / 64] >> (at % 64) & 1)
            return fail_set(d->fail, FAIL_MALFORMED, f->name, "field `%s` stands twice", f->name);
        have[at / 64] |= (uint64_t)1 << (at % 64);
        if (!get_field(d, f, mp_value(root, i), msg)) return false;
    }
    for (uint32_t i = 0; i < s->fields_n; i++)
        if (!(have[i / 64] >> (i % 64) & 1))
            return fail_set(d->fail, FAIL_MALFORMED, s->fields[i].name, "field `%s` is missing",
                            s->fields[i].name);
    return true;
}

bool schema_decode(const struct schema *s, const uint8_t *bytes, size_t len, void *msg_out,
                   struct schema_arena *arena, struct fail *fail) {
    struct mp_message *m = mp_parse(bytes, len);
    if (!m) return fail_set(fail, FAIL_MALFORMED, "", "the body is not well-formed msgpack");
    struct decoder d = {arena, fail};
    memset(msg_out, 0, s->struct_bytes);
    bool ok = decode_map(&d, s, mp_root(m), msg_out);
    mp_free(m);
    return ok;
}
