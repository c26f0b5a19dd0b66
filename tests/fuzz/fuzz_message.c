/* libFuzzer: one msgpack body.  Input: wire type, body.  What our structural check accepts
 * msgpack-c reads; what the schema accepts encodes to bytes that decode to the same again.  Type 0:
 * the bytes are what a worker says, and go through the parent's relay. */
#include "capd/parent/relay.h"
#include "common/mp.h"
#include "common/mpcheck.h"
#include "common/schema.h"
#include "tests/fuzz/fuzz.h"
#include <fcntl.h>
#include <unistd.h>

#define ARENA_BYTES (4u << 20)

static void decode_twice(const struct schema *s, const uint8_t *body, size_t n) {
    static uint8_t memory[2][ARENA_BYTES], bytes[2][LIM_FRAME_FROM_CAPD * 2];
    struct fail fail = {.code = FAIL_NONE};
    uint8_t *msg = malloc(s->struct_bytes);
    struct schema_arena one = {memory[0], 0, ARENA_BYTES}, two = {memory[1], 0, ARENA_BYTES};
    bool ok = schema_decode(s, body, n, msg, &one, &fail);
    HOLDS(ok || (fail.code != FAIL_NONE && fail.why[0]));
    if (ok) {
        size_t first = schema_encode(s, msg, bytes[0], sizeof bytes[0]);
        HOLDS(first > 0 && mpcheck(bytes[0], first, LIM_MP_DEPTH));
        HOLDS(schema_decode(s, bytes[0], first, msg, &two, &fail));
        HOLDS(schema_encode(s, msg, bytes[1], sizeof bytes[1]) == first);
        HOLDS(memcmp(bytes[0], bytes[1], first) == 0);
    }
    free(msg);
}

static void agree(const uint8_t *body, size_t n) {
    struct mp_message *m = mp_parse(body, n);
    HOLDS((m != NULL) == mpcheck(body, n, LIM_MP_DEPTH));
    mp_free(m);
}

/* Through a pipe, as from a worker that may say anything. */
static void relay_all(const uint8_t *bytes, size_t n) {
    static struct relay r;
    int fd[2];
    if (!r.bytes) HOLDS(relay_open(&r));
    relay_clear(&r);
    HOLDS(pipe2(fd, O_CLOEXEC | O_NONBLOCK) == 0);
    if (n > 60000) n = 60000; /* what a pipe holds */
    HOLDS(n == 0 || write(fd[1], bytes, n) == (ssize_t)n);
    close(fd[1]);
    enum relay_result s;
    size_t frames = 0;
    while ((s = relay_read(&r, fd[0], 7)) == RELAY_READY) {
        HOLDS(r.ready && r.used == r.need && r.header.stream == 7);
        HOLDS(r.used == wire_header_bytes(r.header.flags) + r.header.length);
        HOLDS(++frames <= n / WIRE_HEADER_BYTES);
        relay_clear(&r);
    }
    HOLDS(s == RELAY_EOF || s == RELAY_BAD);
    close(fd[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > LIM_FRAME_FROM_CAPD) return 0;
    uint8_t *body = fuzz_copy(data + 1, size - 1);
    const struct schema *s = schema_of_wire(data[0]);
    agree(body, size - 1);
    if (s) decode_twice(s, body, size - 1);
    if (data[0] == 0) relay_all(body, size - 1);
    free(body);
    return 0;
}
