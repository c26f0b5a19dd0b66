/* libFuzzer: the trackers of UDP on stories of datagrams: requests, QUIC, RTP, beats.  Records of
 * {who and port u8, time step u8, length u8, payload}; the flow table is small, so that states
 * and streams are given up as well.  What the snapshot says must go together. */
#include "capd/stat/snapshot.h"
#include "common/wire.h"
#include <stdlib.h>
#include <string.h>

#define HOLDS(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) __builtin_trap();                                                             \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_service(const struct msg_udp_service *v) {
    HOLDS(v->quic_answered <= v->quic_attempts && v->quic_handshakes <= v->quic_attempts);
    HOLDS(v->quic_handshake_min_us <= v->quic_handshake_max_us);
    HOLDS(v->quic_first_us <= v->quic_last_us && v->ask_first_us <= v->ask_last_us);
    HOLDS(v->asked > 1 || v->waited_us == 0);
    HOLDS(v->spin_samples > 0 || v->spin_rtt_min_us == 0);
}

static void check_stream(const struct msg_media *m) {
    HOLDS(m->first_us <= m->last_us && m->regular_percent <= 100);
    HOLDS(m->lost_in_a_row <= m->lost || m->reordered > 0 || m->restarts > 0);
    HOLDS(m->reordered <= m->packets && m->gaps <= m->intervals);
    HOLDS(m->interval_p50_us <= m->interval_p99_us);
    HOLDS(m->jitter_samples > 0 || m->jitter_us == 0);
    HOLDS(m->jitter_us <= m->jitter_max_us);
    HOLDS(m->kind != MEDIA_RTP || m->packets >= 6);
}

static void check(void *ctx, unsigned type, bool more, const uint8_t *body, size_t bytes) {
    static uint8_t memory[4u << 20];
    struct schema_arena arena = {memory, 0, sizeof memory};
    struct msg_udp udp;
    struct msg_streams streams;
    struct fail fail;
    (void)ctx;
    (void)more;
    if (type == WIRE_UDP) {
        HOLDS(schema_decode(schema_of_wire(type), body, bytes, &udp, &arena, &fail));
        for (uint32_t i = 0; i < udp.rows_n; i++) check_service(&udp.rows[i]);
    } else if (type == WIRE_STREAMS) {
        HOLDS(schema_decode(schema_of_wire(type), body, bytes, &streams, &arena, &fail));
        for (uint32_t i = 0; i < streams.rows_n; i++) check_stream(&streams.rows[i]);
    }
}

/* The frame of a record: of one of two hosts, on one of eight pairs of ports. */
static void datagram(struct engine *e, uint8_t who, uint64_t ns, const uint8_t *payload, size_t n) {
    static const uint16_t ports[8] = {53, 123, 161, 443, 500, 1812, 3478, 5004};
    static const uint8_t ip[20] = {0x45, 0, 0,  0, 0, 0, 0,  0, 64, 17,
                                   0,    0, 10, 0, 0, 1, 10, 0, 0,  2};
    uint8_t frame[300] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0};
    uint16_t server = ports[who & 7],
             client = who & 0x40 ? server : (uint16_t)(40000 + (who >> 3 & 3));
    memcpy(frame + 14, ip, sizeof ip);
    frame[17] = (uint8_t)(28 + n);
    frame[16] = (uint8_t)((28 + n) >> 8);
    if (who & 0x80) {
        frame[29] = 2;
        frame[33] = 1;
    }
    uint16_t from = who & 0x80 ? server : client, to = who & 0x80 ? client : server;
    frame[34] = (uint8_t)(from >> 8);
    frame[35] = (uint8_t)from;
    frame[36] = (uint8_t)(to >> 8);
    frame[37] = (uint8_t)to;
    frame[38] = (uint8_t)((8 + n) >> 8);
    frame[39] = (uint8_t)(8 + n);
    memcpy(frame + 42, payload, n);
    engine_frame(e, 1, ns, frame, (uint32_t)(42 + n), (uint32_t)(42 + n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void *memory;
    static size_t bytes;
    const struct engine_options o = {
        .target.mode = MODE_DIAGNOSIS, .seed = {5, 6}, .flows = 256, .names = true, .file = true};
    if (!memory) {
        bytes = engine_memory(&o);
        memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    }
    memset(memory, 0, bytes);
    struct engine *e = engine_init(memory, &o);
    uint64_t ns = 1700000000000000000u;
    for (size_t at = 0; at + 3 <= size;) {
        size_t n = data[at + 2];
        ns += (uint64_t)data[at + 1] * data[at + 1] * 100000u;
        if (n > size - at - 3) n = size - at - 3;
        datagram(e, data[at], ns, data + at + 3, n);
        at += 3 + n;
    }
    snapshot_encode(e, 0, true, check, NULL);
    return 0;
}
