/* libFuzzer: what a capd (or who sits in its place) says to mcpd, over a real socket pair: frames,
 * snapshots, ends.  Input: records of {type u8, flags u8, stream u8, length u16, body}; type 255:
 * the body as it is, without a header.  Each request is answered once, nothing is told of a capture
 * after its end, and a snapshot is whole or the old one. */
#include "common/wire.h"
#include "mcpd/capture/capclient.h"
#include "tests/fuzz/fuzz.h"
#include <sys/socket.h>
#include <unistd.h>

struct seen {
    unsigned answers, lost, started, ended, updates;
};

static void on_lost(void *ctx, const struct fail *why) {
    struct seen *s = ctx;
    HOLDS(why->why[0] && ++s->lost == 1);
}

static void on_answer(void *ctx, const void *msg, const struct fail *fail) {
    struct seen *s = ctx;
    HOLDS((msg == NULL) == (fail != NULL) && s->lost == 0);
    s->answers++;
}

static void on_started(void *ctx, const struct msg_started *m) {
    struct seen *s = ctx;
    HOLDS(m->capture_id[LIM_CAPTURE_ID] == 0);
    HOLDS(++s->started == 1 && s->ended == 0);
}

static void on_updated(void *ctx, bool fresh) {
    struct seen *s = ctx;
    (void)fresh;
    HOLDS(s->ended == 0);
    s->updates++;
}

static void on_refused(void *ctx) {
    struct seen *s = ctx;
    HOLDS(s->ended == 0);
}

static void on_ended(void *ctx, enum end_reason reason, const struct fail *why) {
    struct seen *s = ctx;
    HOLDS(++s->ended == 1 && reason < END_COUNT && (reason == END_FAILED) == (why != NULL));
}

static const struct capclient_capture_ops ops = {on_started, on_updated, on_refused, on_ended};

static void turn(struct loop *loop) {
    for (int i = 0; i < 4; i++) HOLDS(loop_step(loop, 0) == 0);
}

/* One record on its way; returns how long it is in the input. */
static size_t say(int fd, const uint8_t *p, size_t left) {
    static uint8_t frame[WIRE_HEADER_BYTES + WIRE_EXT_BYTES + 65536];
    if (left < 5) return left;
    size_t n = (size_t)p[3] << 8 | p[4], head = 0;
    if (n > left - 5) n = left - 5;
    struct wire_header h = {
        .type = p[0], .flags = p[1] & 3, .stream = p[2], .length = (uint32_t)n, .final_packets = n};
    if (p[0] != 255) head = wire_put_header(frame, &h);
    memcpy(frame + head, p + 5, n);
    (void)!send(fd, frame, head + n, MSG_NOSIGNAL | MSG_DONTWAIT); /* it may have hung up */
    return 5 + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct snapshot *snapshot;
    struct seen told = {0}, asked = {0};
    struct fail fail;
    int pair[2];
    if (!snapshot) snapshot = snapshot_new();
    struct loop *loop = loop_new();
    struct capclient *c = capclient_new(loop, "fuzz", on_lost, &told);
    HOLDS(snapshot && loop && c && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    HOLDS(capclient_adopt(c, pair[0], &fail));
    HOLDS(capclient_interfaces(c, on_answer, &asked, &fail));
    struct msg_start start = {.mode = MODE_DIAGNOSIS, .duration_ms = 1000};
    HOLDS(capclient_start(c, &start, snapshot, &ops, &told, &fail) != 0);
    for (size_t at = 0; at < size;) {
        at += say(pair[1], data + at, size - at);
        turn(loop);
    }
    close(pair[1]);
    turn(loop);
    HOLDS(capclient_state(c) == CAPCLIENT_CLOSED && told.lost == 1);
    HOLDS(asked.answers == 1 && told.ended == 1);
    capclient_free(c);
    loop_free(loop);
    struct snapshot *kept = snapshot_compact(snapshot);
    HOLDS(kept && snapshot_bytes(kept) <= snapshot_bytes(snapshot));
    snapshot_free(kept);
    return 0;
}
