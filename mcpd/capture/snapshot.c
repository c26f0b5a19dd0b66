/* Takes a worker's frames and holds the decoded tables.  Every message has a region of its own in
 * one block, sized by the bounds of schema.h: a table that is sent again overwrites its old rows,
 * so a capture of an hour needs no more memory than one of a second, and no row is ever freed
 * alone. Runs in: mcpd.  Input trust: workers (checked by schema_decode). */
#include "mcpd/capture/snapshot.h"
#include "common/wire.h"
#include <stdlib.h>
#include <string.h>

const char *const capture_state_names[] = {"starting", "running", "finished", "failed"};

#define TABLES(X)                                                                                  \
    X(WIRE_TOTALS, totals)                                                                         \
    X(WIRE_SERVICES, services)                                                                     \
    X(WIRE_RESOLVERS, resolvers)                                                                   \
    X(WIRE_CONNECTIONS, connections)                                                               \
    X(WIRE_DNS, dns)                                                                               \
    X(WIRE_HTTP, http)                                                                             \
    X(WIRE_TLS, tls)                                                                               \
    X(WIRE_HOSTS, hosts)                                                                           \
    X(WIRE_TIMELINE, timeline)                                                                     \
    X(WIRE_UDP, udp)                                                                               \
    X(WIRE_STREAMS, streams)                                                                       \
    X(WIRE_INCIDENTS, incidents)

#define TABLE_ROW(type, name) {type, &schema_##name, offsetof(struct snapshot, name)},
static const struct table {
    unsigned type;
    const struct schema *schema;
    size_t offset;
} tables[] = {TABLES(TABLE_ROW)};
#define TABLES_N (sizeof tables / sizeof tables[0])
#define ALL_SEEN ((1u << TABLES_N) - 1)
#define ALIGN    16u

static size_t rounded(size_t bytes) {
    return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static size_t item_bytes(const struct schema_field *f) {
    return f->kind == 'L' ? f->row->struct_bytes : sizeof(uint64_t);
}

static bool is_list(const struct schema_field *f) {
    return f->kind == 'L' || f->kind == 'N';
}

/* Room for every list of a message at its largest. */
static size_t region_bytes(const struct schema *s) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < s->fields_n; i++)
        if (is_list(&s->fields[i]))
            bytes += rounded((size_t)s->fields[i].bound * item_bytes(&s->fields[i]));
    return bytes;
}

struct snapshot *snapshot_new(void) {
    struct snapshot *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    for (size_t i = 0; i < TABLES_N; i++) s->arena.cap += region_bytes(tables[i].schema);
    s->arena.bytes = calloc(1, s->arena.cap); /* large: the kernel gives pages as they are used */
    if (s->arena.bytes) return s;
    free(s);
    return NULL;
}

void snapshot_free(struct snapshot *s) {
    if (!s) return;
    free(s->arena.bytes);
    free(s);
}

bool snapshot_take(struct snapshot *s, unsigned type, const uint8_t *body, size_t len,
                   struct fail *fail) {
    size_t at = 0, start = 0;
    while (at < TABLES_N && tables[at].type != type) start += region_bytes(tables[at++].schema);
    if (at == TABLES_N)
        return fail_set(fail, FAIL_MALFORMED, "type", "frame type %u is no part of a snapshot",
                        type);
    const struct table *t = &tables[at];
    struct schema_arena region = {s->arena.bytes + start, 0, region_bytes(t->schema)};
    uint8_t *msg = (uint8_t *)s + t->offset;
    if (!schema_decode(t->schema, body, len, msg, &region, fail)) {
        memset(msg, 0, t->schema->struct_bytes);
        return false;
    }
    s->seen = (type == WIRE_TOTALS ? 0 : s->seen) | 1u << at;
    if (s->seen == ALL_SEEN) s->full = true;
    return true;
}

static uint32_t list_count(const uint8_t *msg, const struct schema_field *f) {
    uint32_t n;
    memcpy(&n, msg + f->count_offset, sizeof n);
    return n;
}

/* Bytes of all rows that are there. */
static size_t rows_bytes(const struct snapshot *s) {
    size_t bytes = 0;
    for (size_t i = 0; i < TABLES_N; i++) {
        const struct schema *schema = tables[i].schema;
        const uint8_t *msg = (const uint8_t *)s + tables[i].offset;
        for (uint32_t k = 0; k < schema->fields_n; k++)
            if (is_list(&schema->fields[k]))
                bytes +=
                    rounded(list_count(msg, &schema->fields[k]) * item_bytes(&schema->fields[k]));
    }
    return bytes;
}

/* Move one message's lists of `copy` (still pointing into the old block) into its own block. */
static void move_lists(struct snapshot *copy, const struct table *t) {
    uint8_t *msg = (uint8_t *)copy + t->offset;
    for (uint32_t k = 0; k < t->schema->fields_n; k++) {
        const struct schema_field *f = &t->schema->fields[k];
        if (!is_list(f)) continue;
        uint8_t *rows, *own = copy->arena.bytes + copy->arena.used;
        size_t bytes = list_count(msg, f) * item_bytes(f);
        memcpy(&rows, msg + f->offset, sizeof rows);
        if (bytes) memcpy(own, rows, bytes);
        memcpy(msg + f->offset, &own, sizeof own);
        copy->arena.used += rounded(bytes);
    }
}

struct snapshot *snapshot_compact(const struct snapshot *s) {
    struct snapshot *copy = malloc(sizeof *copy);
    if (!copy) return NULL;
    *copy = *s;
    size_t bytes = rows_bytes(s);
    copy->arena = (struct schema_arena){calloc(1, bytes + ALIGN), 0, bytes + ALIGN};
    if (!copy->arena.bytes) {
        free(copy);
        return NULL;
    }
    for (size_t i = 0; i < TABLES_N; i++) move_lists(copy, &tables[i]);
    return copy;
}

size_t snapshot_bytes(const struct snapshot *s) {
    return sizeof *s + s->arena.cap;
}
