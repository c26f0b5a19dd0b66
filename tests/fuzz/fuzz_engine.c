/* The whole engine on hostile packets: a small configuration, so that eviction and overflow are
 * reached quickly, and a full snapshot at the end whose frames must decode.
 * Input: byte 0 picks mode and names; then records of {length u16, time step u8, bytes}. */
#include "capd/stat/snapshot.h"
#include "common/wire.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *ctx, unsigned type, bool more, const uint8_t *body, size_t bytes) {
    const struct schema *s = schema_of_wire(type);
    static uint8_t memory[4u << 20];
    struct schema_arena arena = {memory, 0, sizeof memory};
    static union {
        struct msg_totals totals;
        uint64_t any[1024];
    } msg;
    struct fail fail;
    (void)more;
    *(size_t *)ctx += bytes;
    ASSERT(s && s->struct_bytes <= sizeof msg && bytes <= LIM_FRAME_FROM_CAPD);
    ASSERT(schema_decode(s, body, bytes, &msg, &arena, &fail));
    if (type != WIRE_TOTALS) return;
    const struct msg_totals *t = &msg.totals;
    ASSERT(t->packets + t->other_packets == t->seen);
    ASSERT(t->attempted ==
           t->established + t->refused + t->timed_out + t->unreachable + t->aborted + t->pending);
    ASSERT(t->established == t->closed + t->reset + t->open);
    ASSERT(t->tcp_flows == t->attempted + t->midstream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void *memory;
    static size_t bytes;
    if (size < 1) return 0;
    struct engine_options o = {
        .target = {.mode = (enum mode)(1 + data[0] % (MODE_COUNT - 1)), .name = "www.example.com"},
        .seed = {3, 4},
        .flows = 256,
        .names = data[0] & 64,
        .file = true};
    if (!memory) {
        bytes = engine_memory(&o);
        memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    }
    memset(memory, 0, bytes);
    struct engine *e = engine_init(memory, &o);
    int datalink = data[0] & 128 ? 101 : 1;
    uint64_t ns = 1700000000000000000u;
    for (size_t at = 1; at + 3 <= size;) {
        size_t n = (size_t)data[at] << 8 | data[at + 1];
        ns += (uint64_t)data[at + 2] * data[at + 2] * 100000u;
        at += 3;
        if (n > size - at) n = size - at;
        uint8_t *copy = malloc(n ? n : 1); /* of the exact size, so that over-reads are seen */
        memcpy(copy, data + at, n);
        engine_frame(e, datalink, ns, copy, (uint32_t)n, (uint32_t)n);
        free(copy);
        at += n;
    }
    size_t sent = 0;
    snapshot_encode(e, 0, true, check, &sent);
    ASSERT(sent <= LIM_SNAPSHOT);
    return 0;
}
