/* mcpd/capture/capclient against a peer on a socket pair that may be honest, slow, mad or gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/capture/capclient.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct world {
    struct loop *loop;
    struct capclient *client;
    int peer;
    struct snapshot *snapshot;
    /* what the client was told */
    unsigned lost, started, updated, fresh, ended, answers, refusals;
    enum end_reason reason;
    struct fail why;
    char id[LIM_CAPTURE_ID + 1];
};

static void on_lost(void *ctx, const struct fail *why) {
    struct world *w = ctx;
    w->lost++;
    w->why = *why;
}
static void on_started(void *ctx, const struct msg_started *s) {
    struct world *w = ctx;
    w->started++;
    memcpy(w->id, s->capture_id, sizeof w->id);
}
static void on_updated(void *ctx, bool fresh) {
    struct world *w = ctx;
    w->updated++;
    w->fresh += fresh;
}
static void on_ended(void *ctx, enum end_reason reason, const struct fail *why) {
    struct world *w = ctx;
    w->ended++;
    w->reason = reason;
    w->why = why ? *why : (struct fail){.code = FAIL_NONE};
}
static void on_answer(void *ctx, const void *msg, const struct fail *fail) {
    struct world *w = ctx;
    w->answers += msg != NULL;
    w->refusals += msg == NULL;
    if (fail) w->why = *fail;
}
static void on_refused(void *ctx) {
    struct world *w = ctx;
    w->refusals++;
}
static const struct capclient_capture_ops ops = {on_started, on_updated, on_refused, on_ended};

static void turn(struct world *w) {
    for (int i = 0; i < 8; i++) assert_int_equal(loop_step(w->loop, 0), 0);
}

static int set_up(void **state) {
    struct world *w = calloc(1, sizeof *w);
    struct fail f;
    int pair[2];
    w->loop = loop_new();
    w->snapshot = snapshot_new();
    w->client = capclient_new(w->loop, "test", on_lost, w);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) return -1;
    int size = 1 << 20;
    setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    w->peer = pair[1];
    *state = w;
    return capclient_adopt(w->client, pair[0], &f) ? 0 : -1;
}

static int tear_down(void **state) {
    struct world *w = *state;
    capclient_free(w->client);
    if (w->peer >= 0) close(w->peer);
    snapshot_free(w->snapshot);
    loop_free(w->loop);
    free(w);
    return 0;
}

/* ---- the peer -------------------------------------------------------------------------------- */

static size_t make_frame(uint8_t *out, unsigned type, unsigned flags, uint32_t stream,
                         const void *msg) {
    static uint8_t body[LIM_FRAME_FROM_CAPD];
    size_t len = schema_encode(schema_of_wire(type), msg, body, sizeof body);
    assert_true(len > 0);
    struct wire_header h = {
        .type = (uint8_t)type, .flags = (uint16_t)flags, .stream = stream, .length = (uint32_t)len};
    size_t head = wire_put_header(out, &h);
    memcpy(out + head, body, len);
    return head + len;
}

static void say_bytes(struct world *w, const void *bytes, size_t len) {
    assert_int_equal(write(w->peer, bytes, len), (ssize_t)len);
}

static void say(struct world *w, unsigned type, unsigned flags, uint32_t stream, const void *msg) {
    static uint8_t frame[LIM_FRAME_FROM_CAPD + 64];
    say_bytes(w, frame, make_frame(frame, type, flags, stream, msg));
    turn(w);
}

/* Read one request; returns its type. */
static unsigned hear(struct world *w, uint32_t *stream_out) {
    uint8_t head[WIRE_HEADER_BYTES], body[LIM_FRAME_TO_CAPD];
    struct wire_header h;
    struct fail f;
    assert_int_equal(read(w->peer, head, sizeof head), (ssize_t)sizeof head);
    assert_int_equal(wire_get_header(head, sizeof head, LIM_FRAME_TO_CAPD, &h, &f), WIRE_PARSED);
    assert_int_equal(read(w->peer, body, h.length), (ssize_t)h.length);
    if (stream_out) *stream_out = h.stream;
    return h.type;
}

static void greet(struct world *w) {
    struct msg_hello_reply hello = {.version = "capd test", .max_captures = 8};
    uint32_t stream;
    assert_int_equal(hear(w, &stream), WIRE_HELLO);
    assert_int_equal(capclient_state(w->client), CAPCLIENT_GREETING);
    say(w, WIRE_HELLO_REPLY, 0, stream, &hello);
    assert_int_equal(capclient_state(w->client), CAPCLIENT_READY);
}

static uint32_t start(struct world *w) {
    struct msg_start msg = {.mode = MODE_DIAGNOSIS, .duration_ms = 1000};
    struct fail f;
    uint32_t heard, handle = capclient_start(w->client, &msg, w->snapshot, &ops, w, &f);
    assert_int_not_equal(handle, 0);
    assert_int_equal(hear(w, &heard), WIRE_START);
    assert_int_equal(heard, handle);
    return handle;
}

static uint32_t run(struct world *w) {
    struct msg_started started = {.capture_id = "00112233445566778899aabbccddeeff"};
    greet(w);
    uint32_t handle = start(w);
    say(w, WIRE_STARTED, 0, handle, &started);
    assert_int_equal(w->started, 1);
    return handle;
}

static void say_full(struct world *w, uint32_t handle, uint64_t packets) {
    struct msg_totals totals = {.packets = packets};
    struct msg_timeline timeline = {.bucket_us = 1000000};
    struct msg_services empty = {.of = 0}; /* every table of rows alone has this shape */
    say(w, WIRE_TOTALS, WIRE_MORE, handle, &totals);
    for (unsigned type = WIRE_SERVICES; type <= WIRE_INCIDENTS; type++)
        say(w, type, type == WIRE_INCIDENTS ? 0 : WIRE_MORE, handle,
            type == WIRE_TIMELINE ? (const void *)&timeline : &empty);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_capclient_runs_a_capture(void **state) {
    struct world *w = *state;
    struct msg_totals totals = {.packets = 7};
    struct msg_ended ended = {.reason = END_DURATION};
    uint32_t handle = run(w);
    say(w, WIRE_TOTALS, 0, handle, &totals);
    assert_int_equal(w->updated, 1);
    assert_int_equal(w->fresh, 0);
    assert_int_equal(w->snapshot->totals.packets, 7);
    assert_false(w->snapshot->full);
    say_full(w, handle, 9);
    assert_int_equal(w->fresh, 1);
    assert_true(w->snapshot->full);
    say(w, WIRE_TOTALS, 0, handle, &totals); /* newer totals do not take the tables away */
    assert_true(w->snapshot->full);
    assert_int_equal(w->fresh, 1);
    say(w, WIRE_ENDED, WIRE_FINAL, handle, &ended);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->reason, END_DURATION);
    assert_int_equal(w->why.code, FAIL_NONE);
    assert_int_equal(w->lost, 0);
}

static void test_capclient_shows_no_half_snapshot(void **state) {
    struct world *w = *state;
    struct msg_totals totals = {.packets = 7};
    uint32_t handle = run(w);
    say_full(w, handle, 3);
    say(w, WIRE_TOTALS, WIRE_MORE, handle, &totals);
    assert_int_equal(w->snapshot->totals.packets, 3);
    assert_int_equal(w->updated, 1);
    say_full(w, handle, 8);
    assert_int_equal(w->snapshot->totals.packets, 8);
}

static void test_capclient_takes_frames_byte_by_byte(void **state) {
    struct world *w = *state;
    static uint8_t frame[65536];
    struct msg_totals totals = {.packets = 42};
    uint32_t handle = run(w);
    size_t len = make_frame(frame, WIRE_TOTALS, 0, handle, &totals);
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(w->updated, 0);
        say_bytes(w, frame + i, 1);
        turn(w);
    }
    assert_int_equal(w->updated, 1);
    assert_int_equal(w->snapshot->totals.packets, 42);
}

static void test_capclient_ends_captures_of_a_lost_capd(void **state) {
    struct world *w = *state;
    struct fail f;
    uint32_t handle = run(w);
    close(w->peer);
    w->peer = -1;
    turn(w);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->lost, 1);
    assert_int_equal(capclient_state(w->client), CAPCLIENT_CLOSED);
    assert_string_equal(w->why.why, "the private capd ended");
    assert_false(capclient_stop(w->client, handle, &f));
    int pair[2]; /* and it can be opened again */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    w->peer = pair[1];
    assert_true(capclient_adopt(w->client, pair[0], &f));
    w->started = 0;
    run(w);
}

static void test_capclient_tells_why_capd_refused(void **state) {
    struct world *w = *state;
    struct msg_error error = {.code = FAIL_FILTER, .field = "filter", .why = "syntax error"};
    greet(w);
    uint32_t handle = start(w);
    say(w, WIRE_ERROR, 0, handle, &error);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->started, 0);
    assert_int_equal(w->why.code, FAIL_FILTER);
    assert_string_equal(w->why.field, "filter");
    assert_string_equal(w->why.why, "syntax error");
    assert_int_equal(capclient_state(w->client), CAPCLIENT_READY);
}

static void test_capclient_tells_a_wrong_version(void **state) {
    struct world *w = *state;
    struct fail f;
    uint8_t frame[WIRE_HEADER_BYTES] = {'P', 'C', 'M', '1', WIRE_VERSION + 1};
    assert_true(capclient_when_ready(w->client, on_answer, w, &f));
    say_bytes(w, frame, sizeof frame);
    turn(w);
    assert_int_equal(w->refusals, 1);
    assert_int_equal(w->lost, 1);
    assert_int_equal(w->why.code, FAIL_VERSION);
}

static void test_capclient_passes_on_capds_last_words(void **state) {
    struct world *w = *state;
    struct msg_error error = {.code = FAIL_PERMISSION, .why = "uid 995 is not among `users`"};
    struct fail f;
    assert_true(capclient_when_ready(w->client, on_answer, w, &f));
    say(w, WIRE_ERROR, 0, 0, &error);
    close(w->peer);
    w->peer = -1;
    turn(w);
    assert_int_equal(w->refusals, 1);
    assert_int_equal(w->why.code, FAIL_PERMISSION);
    assert_string_equal(w->why.why, "capd does not serve the user that runs this mcpd: "
                                    "uid 995 is not among `users`");
}

/* Whatever comes, the connection is given up, the capture ends once, and nothing else happens. */
static void expect_broken(struct world *w) {
    turn(w);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->lost, 1);
    assert_int_equal(capclient_state(w->client), CAPCLIENT_CLOSED);
}

static void test_capclient_gives_up_on_garbage(void **state) {
    struct world *w = *state;
    run(w);
    say_bytes(w, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    expect_broken(w);
}

static void test_capclient_gives_up_on_an_oversize_frame(void **state) {
    struct world *w = *state;
    uint8_t head[32];
    struct wire_header h = {
        .type = WIRE_TOTALS, .stream = run(w), .length = LIM_FRAME_FROM_CAPD + 1};
    say_bytes(w, head, wire_put_header(head, &h));
    expect_broken(w);
    assert_int_equal(w->why.code, FAIL_LIMIT);
}

static void test_capclient_gives_up_on_a_bad_body(void **state) {
    struct world *w = *state;
    uint8_t bytes[64] = {0};
    struct wire_header h = {.type = WIRE_TOTALS, .stream = run(w), .length = 5};
    size_t head = wire_put_header(bytes, &h);
    memcpy(bytes + head, "\xdf\xff\xff\xff\xff", 5); /* a map that claims 4 G entries */
    say_bytes(w, bytes, head + 5);
    expect_broken(w);
}

static void test_capclient_gives_up_on_an_unknown_type(void **state) {
    struct world *w = *state;
    uint8_t head[32];
    struct wire_header h = {.type = 99, .stream = run(w)};
    say_bytes(w, head, wire_put_header(head, &h));
    expect_broken(w);
}

static void test_capclient_gives_up_on_a_second_start(void **state) {
    struct world *w = *state;
    struct msg_started again = {.capture_id = "ffffffffffffffffffffffffffffffff"};
    uint32_t handle = run(w);
    say(w, WIRE_STARTED, 0, handle, &again);
    assert_int_equal(w->started, 1);
    assert_int_equal(w->lost, 1);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->why.code, FAIL_MALFORMED);
}

static void test_capclient_gives_up_on_counts_before_the_start(void **state) {
    struct world *w = *state;
    struct msg_totals totals = {.packets = 1};
    greet(w);
    say(w, WIRE_TOTALS, 0, start(w), &totals);
    assert_int_equal(w->updated, 0);
    assert_int_equal(w->lost, 1);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->why.code, FAIL_MALFORMED);
}

static void test_capclient_bounds_a_snapshot_without_end(void **state) {
    struct world *w = *state;
    static uint64_t zeros[LIM_TIMELINE];
    for (unsigned i = 0; i < LIM_TIMELINE; i++) zeros[i] = UINT64_MAX; /* 9 bytes each */
    struct msg_timeline t = {.packets = zeros,
                             .packets_n = LIM_TIMELINE,
                             .bytes = zeros,
                             .bytes_n = LIM_TIMELINE,
                             .to_client = zeros,
                             .to_client_n = LIM_TIMELINE,
                             .to_server = zeros,
                             .to_server_n = LIM_TIMELINE,
                             .retransmitted = zeros,
                             .retransmitted_n = LIM_TIMELINE};
    uint32_t handle = run(w);
    static uint8_t frame[65536];
    size_t len = make_frame(frame, WIRE_TIMELINE, WIRE_MORE, handle, &t);
    for (size_t sent = 0; sent < 4u * LIM_SNAPSHOT && !w->lost; sent += len) {
        say_bytes(w, frame, len);
        turn(w);
    }
    expect_broken(w);
    assert_int_equal(w->why.code, FAIL_LIMIT);
}

static void test_capclient_ignores_frames_for_nobody(void **state) {
    struct world *w = *state;
    struct msg_totals totals = {.packets = 7};
    struct msg_ended ended = {.reason = END_STOPPED};
    uint32_t handle = run(w);
    capclient_drop(w->client, handle);
    say(w, WIRE_TOTALS, 0, handle, &totals);
    say(w, WIRE_ENDED, WIRE_FINAL, handle, &ended);
    say(w, WIRE_TOTALS, 0, 4711, &totals);
    assert_int_equal(w->updated + w->ended + w->lost, 0);
    assert_int_equal(capclient_state(w->client), CAPCLIENT_READY);
}

static void test_capclient_refused_refresh_is_told(void **state) {
    struct world *w = *state;
    struct msg_error error = {.code = FAIL_LIMIT, .why = "once a second"};
    struct fail f;
    uint32_t order, handle = run(w);
    assert_true(capclient_refresh(w->client, handle, &f));
    assert_int_equal(hear(w, &order), WIRE_SNAPSHOT);
    say(w, WIRE_ERROR, 0, order, &error);
    assert_int_equal(w->refusals, 1);
    assert_int_equal(w->updated, 0);
    assert_int_equal(w->ended, 0);
}

static void test_capclient_answered_refresh_is_not_refused_later(void **state) {
    struct world *w = *state;
    struct msg_error error = {.code = FAIL_LIMIT, .why = "once a second"};
    struct fail f;
    uint32_t order, handle = run(w);
    assert_true(capclient_refresh(w->client, handle, &f));
    assert_int_equal(hear(w, &order), WIRE_SNAPSHOT);
    say_full(w, handle, 1);
    say(w, WIRE_ERROR, 0, order, &error);
    assert_int_equal(w->fresh, 1);
    assert_int_equal(w->refusals, 0);
}

static void test_capclient_final_frame_without_end_ends(void **state) {
    struct world *w = *state;
    struct msg_totals totals = {.packets = 7};
    uint32_t handle = run(w);
    say(w, WIRE_TOTALS, WIRE_FINAL, handle, &totals);
    assert_int_equal(w->updated, 1);
    assert_int_equal(w->ended, 1);
    assert_int_equal(w->reason, END_FAILED);
    assert_int_equal(w->lost, 0);
}

static void test_capclient_failed_end_has_its_reason(void **state) {
    struct world *w = *state;
    struct msg_ended ended = {.reason = END_FAILED, .detail = "the disk is on fire"};
    say(w, WIRE_ENDED, WIRE_FINAL, run(w), &ended);
    assert_int_equal(w->ended, 1);
    assert_string_equal(w->why.why, "the disk is on fire");
}

static void test_capclient_interfaces(void **state) {
    struct world *w = *state;
    struct msg_interface row = {.name = "eth0", .index = 2};
    struct msg_interfaces_reply reply = {.interfaces = &row, .interfaces_n = 1};
    struct fail f;
    uint32_t stream;
    greet(w);
    assert_true(capclient_interfaces(w->client, on_answer, w, &f));
    assert_int_equal(hear(w, &stream), WIRE_INTERFACES);
    say(w, WIRE_INTERFACES_REPLY, 0, stream + 1, &reply); /* nobody's */
    assert_int_equal(w->answers, 0);
    say(w, WIRE_INTERFACES_REPLY, 0, stream, &reply);
    assert_int_equal(w->answers, 1);
}

/* What a person reads who cannot connect (contract section 7). */
static void test_capclient_explains_a_missing_socket(void **state) {
    struct world *w = *state;
    struct fail f;
    capclient_free(w->client);
    w->client = capclient_new(w->loop, "test", on_lost, w);
    assert_false(capclient_connect(w->client, "/nonexistent/capd.sock", &f));
    assert_string_equal(f.field, "capd");
    assert_non_null(strstr(f.why, "/nonexistent/capd.sock"));
    assert_non_null(strstr(f.why, "No such file"));
    assert_non_null(strstr(f.why, "systemctl start capd"));
    assert_non_null(strstr(f.why, "--capd private"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_capclient_runs_a_capture),
        TEST(test_capclient_shows_no_half_snapshot),
        TEST(test_capclient_takes_frames_byte_by_byte),
        TEST(test_capclient_ends_captures_of_a_lost_capd),
        TEST(test_capclient_tells_why_capd_refused),
        TEST(test_capclient_tells_a_wrong_version),
        TEST(test_capclient_passes_on_capds_last_words),
        TEST(test_capclient_gives_up_on_garbage),
        TEST(test_capclient_gives_up_on_an_oversize_frame),
        TEST(test_capclient_gives_up_on_a_bad_body),
        TEST(test_capclient_gives_up_on_an_unknown_type),
        TEST(test_capclient_gives_up_on_a_second_start),
        TEST(test_capclient_gives_up_on_counts_before_the_start),
        TEST(test_capclient_bounds_a_snapshot_without_end),
        TEST(test_capclient_ignores_frames_for_nobody),
        TEST(test_capclient_refused_refresh_is_told),
        TEST(test_capclient_answered_refresh_is_not_refused_later),
        TEST(test_capclient_final_frame_without_end_ends),
        TEST(test_capclient_failed_end_has_its_reason),
        TEST(test_capclient_interfaces),
        TEST(test_capclient_explains_a_missing_socket),
    };
    return cmocka_run_group_tests_name("capclient", tests, NULL, NULL);
}
