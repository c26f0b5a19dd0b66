/* Read a capture file through the engine and print what it counted as JSON, keys in a fixed order:
 * for the comparison with tshark and for the golden captures.  A test tool, never installed.
 *   pcm-count [-t] FILE     -t: totals only
 * PCM_LIVE in the environment: as captured by the client of tests/bench/train.c.
 * Runs in: tests.  Input trust: packets (with the rights of whoever runs it). */
#include "capd/stat/snapshot.h"
#include "capd/worker/source.h"
#include "common/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool totals_only;

static void print_text(const char *s) {
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') putchar('\\');
        putchar(*s);
    }
    putchar('"');
}

static void print_row(const struct schema *s, const uint8_t *row, const char *indent);

static void print_list(const struct schema_field *f, const uint8_t *row, const char *indent) {
    const uint8_t *items;
    uint32_t n;
    char deeper[32];
    memcpy(&items, row + f->offset, sizeof items);
    memcpy(&n, row + f->count_offset, sizeof n);
    snprintf(deeper, sizeof deeper, "%s ", indent);
    printf("[");
    for (uint32_t i = 0; i < n; i++) {
        printf(i ? ",\n%s" : "\n%s", deeper);
        if (f->kind == 'L') {
            print_row(f->row, items + (size_t)i * f->row->struct_bytes, deeper);
        } else {
            uint64_t v;
            memcpy(&v, items + i * sizeof v, sizeof v);
            printf("%llu", (unsigned long long)v);
        }
    }
    printf("]");
}

static void print_field(const struct schema_field *f, const uint8_t *row, const char *indent) {
    const uint8_t *p = row + f->offset;
    uint64_t u;
    struct addr a;
    struct dist d;
    char text[ADDR_TEXT_BYTES];
    switch (f->kind) {
    case 'U':
        memcpy(&u, p, sizeof u);
        printf("%llu", (unsigned long long)u);
        break;
    case 'B': fputs(*p ? "true" : "false", stdout); break;
    case 'S': print_text((const char *)p); break;
    case 'A':
        memcpy(&a, p, sizeof a);
        print_text(addr_format(&a, text));
        break;
    case 'D':
        memcpy(&d, p, sizeof d);
        printf("[%llu,%llu,%llu,%llu,%llu]", (unsigned long long)d.samples,
               (unsigned long long)d.min_us, (unsigned long long)d.p50_us,
               (unsigned long long)d.p95_us, (unsigned long long)d.max_us);
        break;
    case 'M': printf("\"%02x%02x%02x%02x%02x%02x\"", p[0], p[1], p[2], p[3], p[4], p[5]); break;
    default: print_list(f, row, indent); break;
    }
}

static void print_row(const struct schema *s, const uint8_t *row, const char *indent) {
    printf("{");
    for (uint32_t i = 0; i < s->fields_n; i++) {
        printf(i ? ",\"%s\":" : "\"%s\":", s->fields[i].name);
        print_field(&s->fields[i], row, indent);
    }
    printf("}");
}

static void print_frame(void *ctx, unsigned type, bool more, const uint8_t *body, size_t bytes) {
    const struct schema *s = schema_of_wire(type);
    struct schema_arena arena = {malloc(4u << 20), 0, 4u << 20};
    uint8_t *msg = calloc(1, s->struct_bytes);
    struct fail fail;
    (void)ctx;
    if (!schema_decode(s, body, bytes, msg, &arena, &fail)) {
        fprintf(stderr, "pcm-count: %s: %s\n", s->name, fail.why);
        exit(1);
    }
    printf(" \"%s\":", s->name);
    print_row(s, msg, " ");
    puts(more ? "," : "");
    free(arena.bytes);
    free(msg);
}

struct reading {
    struct source *source;
    struct engine *engine;
};

static void on_frame(void *ctx, uint64_t ts_ns, const uint8_t *bytes, uint32_t cap_bytes,
                     uint32_t wire_bytes) {
    struct reading *r = ctx;
    engine_queue(r->engine, source_datalink(r->source), ts_ns, bytes, cap_bytes, wire_bytes);
}

static void on_gone(void *ctx) {
    engine_flush(((struct reading *)ctx)->engine);
}

static int run(const char *path) {
    static struct reading r; /* a source lives as long as its process */
    struct fail fail = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    r.source = fd < 0 ? NULL : source_prepare_file(fd, &fail);
    if (!r.source || !source_open_file(r.source, &fail)) {
        fprintf(stderr, "%s: %s\n", path, fd < 0 ? strerror(errno) : fail.why);
        return 3;
    }
    struct engine_options o = {
        .target.mode = MODE_DIAGNOSIS, .seed = {1, 2}, .flows = 65536, .names = true};
    const char *seed = getenv("PCM_SEED"), *flows = getenv("PCM_FLOWS");
    o.file = o.bytes_stay = getenv("PCM_LIVE") == NULL;
    if (!o.file) memcpy(o.own_mac, "\2\0\0\0\0\2", sizeof o.own_mac);
    if (seed) o.seed[0] = strtoull(seed, NULL, 10);
    if (flows) o.flows = (uint32_t)strtoul(flows, NULL, 10);
    void *memory = calloc(1, engine_memory(&o));
    if (!memory) return 3;
    r.engine = engine_init(memory, &o);
    const struct source_sink sink = {&r, on_frame, on_gone};
    enum source_result got;
    while ((got = source_read(r.source, 64, &sink)) == SOURCE_MORE)
        ;
    engine_flush(r.engine);
    struct engine_quality q = {source_received(r.source), source_missed(r.source),
                               source_interface_missed(r.source)};
    engine_quality(r.engine, &q);
    if (got == SOURCE_BROKEN) {
        uint64_t of, unread = source_unread(r.source, &of);
        engine_unread(r.engine, unread, of, source_error(r.source));
    }
    engine_end(r.engine);
    puts("{");
    snapshot_encode(r.engine, 0, !totals_only, print_frame, NULL);
    puts("}");
    free(memory);
    return 0;
}

int main(int argc, char **argv) {
    int i = 1;
    if (i < argc && strcmp(argv[i], "-t") == 0) totals_only = true, i++;
    if (i + 1 != argc) {
        fprintf(stderr, "usage: pcm-count [-t] FILE\n");
        return 2;
    }
    return run(argv[i]);
}
