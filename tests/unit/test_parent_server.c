/* The parent's server against clients that do not keep to the protocol: every one gets a clear
 * error or loses its connection, and the server goes on.  Runs in: tests. */
#include "capd/parent/captures.h"
#include "capd/parent/server.h"
#include "common/clock.h"
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

/* A server of one client in a process of its own, ended by closing the connection. */
struct peer_process {
    pid_t pid;
    int fd;
};

/* With room for so many bytes of answers in the socket, 0: what the kernel gives. */
static struct peer_process start_server_with(int room) {
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    if (room) assert_int_equal(setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        struct server *s = server_new();
        config_defaults(&s->config);
        s->private_mode = true;
        if (server_adopt(s, pair[1]) != 0) _exit(2);
        server_run(s);
        _exit(0);
    }
    close(pair[1]);
    return (struct peer_process){pid, pair[0]};
}

static struct peer_process start_server(void) {
    return start_server_with(0);
}

static void end_server(struct peer_process p) {
    int status;
    close(p.fd);
    waitpid(p.pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static size_t frame_of(uint8_t *out, unsigned type, uint32_t stream, const void *msg) {
    struct wire_header h = {.type = (uint8_t)type, .stream = stream};
    h.length = (uint32_t)schema_encode(schema_of_wire(type), msg, out + WIRE_HEADER_BYTES,
                                       LIM_FRAME_TO_CAPD);
    assert_true(h.length > 0);
    wire_put_header(out, &h);
    return WIRE_HEADER_BYTES + h.length;
}

static void send_bytes(int fd, const void *bytes, size_t n) {
    assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* Read one frame's header and body; false: the connection ended (or nothing came for 8 s). */
static bool read_frame(int fd, struct wire_header *h, uint8_t body[65536]) {
    uint8_t head[WIRE_HEADER_BYTES];
    struct fail fail;
    struct pollfd p = {fd, POLLIN, 0};
    if (poll(&p, 1, 8000) != 1) return false;
    if (recv(fd, head, sizeof head, MSG_WAITALL) != (ssize_t)sizeof head) return false;
    assert_int_equal(wire_get_header(head, sizeof head, 65536, h, &fail), WIRE_PARSED);
    return h->length == 0 || recv(fd, body, h->length, MSG_WAITALL) == (ssize_t)h->length;
}

static struct msg_error read_error(int fd, uint32_t stream) {
    static uint8_t body[65536];
    uint8_t memory[64];
    struct schema_arena arena = {memory, 0, sizeof memory};
    struct msg_error e = {0};
    struct wire_header h;
    struct fail fail;
    assert_true(read_frame(fd, &h, body));
    assert_int_equal(h.type, WIRE_ERROR);
    assert_int_equal(h.stream, stream);
    assert_true(schema_decode(&schema_error, body, h.length, &e, &arena, &fail));
    return e;
}

static bool is_closed(int fd) {
    uint8_t byte;
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, 8000) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

static void say_hello(int fd) {
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD], body[65536];
    struct msg_hello hello = {"unit test"};
    struct wire_header h;
    send_bytes(fd, frame, frame_of(frame, WIRE_HELLO, 1, &hello));
    assert_true(read_frame(fd, &h, body));
    assert_int_equal(h.type, WIRE_HELLO_REPLY);
}

static void test_server_closes_after_a_bad_header(void **state) {
    static const struct {
        const char *bytes;
        enum fail_code code;
    } cases[] = {
        {"GET / HTTP/1.1\r\n", FAIL_MALFORMED},
        {"PCM1\x02\x01\0\0\0\0\0\x01\0\0\0\0", FAIL_VERSION},
        {"PCM1\x01\x01\x80\0\0\0\0\x01\0\0\0\0", FAIL_MALFORMED}, /* unknown flag */
        {"PCM1\x01\x01\0\x01\0\0\0\x01\0\0\0\0", FAIL_MALFORMED}, /* a flag no request has */
        {"PCM1\x01\x01\0\0\0\0\0\x01\0\0\x10\x01", FAIL_LIMIT},   /* 4097 bytes */
        {"PCM1\x01\x01\0\0\0\0\0\x01\xff\xff\xff\xff", FAIL_LIMIT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct peer_process p = start_server();
        send_bytes(p.fd, cases[i].bytes, 16);
        assert_int_equal(read_error(p.fd, 0).code, cases[i].code);
        assert_true(is_closed(p.fd));
        end_server(p);
    }
}

static void test_server_survives_malformed_bodies(void **state) {
    static const struct {
        const char *body;
        size_t bytes;
    } cases[] = {
        {"", 0},
        {"\xc0", 1},
        {"\x80", 1},
        {"\x81\xa3"
         "all\x00",
         6},
        {"\x81\xa3"
         "all\xc2\xc2",
         7},
        {"\x82\xa3"
         "all\xc2\xa3"
         "all\xc2",
         11},
        {"\x82\xa3"
         "all\xc2\xa3"
         "two\xc2",
         11},
        {"\xdf\xff\xff\xff\xff", 5},
        {"\xdd\x7f\xff\xff\xff", 5},
        {"\xc6\x7f\xff\xff\xff", 5},
        {"\x91\x91\x91\x91\x91\x91\x91\x91\x91\xc0", 10},
        {"\x81\xa3"
         "\xff\xff\xff\xc2",
         6},
        {"\xc7\x01\x05\x00", 4},
    };
    (void)state;
    struct peer_process p = start_server();
    say_hello(p.fd);
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t frame[64];
        struct wire_header h = {
            .type = WIRE_STATUS, .stream = 100 + i, .length = (uint32_t)cases[i].bytes};
        wire_put_header(frame, &h);
        memcpy(frame + WIRE_HEADER_BYTES, cases[i].body, cases[i].bytes);
        send_bytes(p.fd, frame, WIRE_HEADER_BYTES + cases[i].bytes);
        struct msg_error e = read_error(p.fd, 100 + i);
        assert_true(e.code == FAIL_MALFORMED || e.code == FAIL_VALUE);
    }
    say_hello(p.fd); /* still in step */
    end_server(p);
}

static void test_server_refuses_unknown_and_early_requests(void **state) {
    (void)state;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    struct msg_empty empty = {false};
    struct peer_process p = start_server();
    send_bytes(p.fd, frame, frame_of(frame, WIRE_STATUS, 7, &empty));
    assert_non_null(strstr(read_error(p.fd, 7).why, "hello"));
    say_hello(p.fd);
    static const uint8_t types[] = {0, 8, 31, WIRE_HELLO_REPLY, WIRE_ERROR, WIRE_STARTED, 255};
    for (uint32_t i = 0; i < sizeof types; i++) {
        size_t n = frame_of(frame, WIRE_STATUS, 20 + i, &empty);
        frame[5] = types[i];
        send_bytes(p.fd, frame, n);
        assert_int_equal(read_error(p.fd, 20 + i).code, FAIL_MALFORMED);
    }
    end_server(p);
}

/* One valid request with one thing wrong; the error names the field. */
static struct msg_start sane_start(void) {
    return (struct msg_start){.mode = MODE_DIAGNOSIS, .duration_ms = 5000, .interface = "lo"};
}

static void expect_refused(int fd, const struct msg_start *m, const char *field,
                           enum fail_code code) {
    static uint32_t stream = 1000;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    send_bytes(fd, frame, frame_of(frame, WIRE_START, ++stream, m));
    struct msg_error e = read_error(fd, stream);
    if (e.code != code || strcmp(e.field, field) != 0)
        fail_msg("field `%s`, code %d: %s", e.field, (int)e.code, e.why);
}

static void test_server_names_what_is_wrong_with_a_start(void **state) {
    (void)state;
    uint64_t port = 0;
    struct msg_prefix prefix = {addr_from_bytes((const uint8_t[4]){192, 0, 2, 1}, 4), 33};
    struct peer_process p = start_server();
    struct msg_start m = sane_start();
    say_hello(p.fd);
    m.mode = MODE_AUTO;
    expect_refused(p.fd, &m, "mode", FAIL_VALUE);
    m = sane_start();
    m.mode = MODE_PORT;
    expect_refused(p.fd, &m, "ports", FAIL_VALUE);
    m.ports = &port;
    m.ports_n = 1;
    expect_refused(p.fd, &m, "ports", FAIL_VALUE);
    m = sane_start();
    m.duration_ms = 999;
    expect_refused(p.fd, &m, "duration_ms", FAIL_VALUE);
    m = sane_start();
    m.addresses = &prefix;
    m.addresses_n = 1;
    expect_refused(p.fd, &m, "addresses", FAIL_VALUE);
    m = sane_start();
    memcpy(m.name, "Upper", 6);
    expect_refused(p.fd, &m, "name", FAIL_VALUE);
    m = sane_start();
    m.filter_only = true;
    expect_refused(p.fd, &m, "filter", FAIL_VALUE);
    memcpy(m.filter, "tcp[40]", 8);
    expect_refused(p.fd, &m, "filter", FAIL_FILTER);
    m = sane_start();
    m.file = true; /* no file was given */
    expect_refused(p.fd, &m, "file", FAIL_VALUE);
    end_server(p);
}

static void test_server_without_the_capability_names_three_ways(void **state) {
    (void)state;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    struct msg_start m = sane_start();
    struct peer_process p = start_server();
    say_hello(p.fd);
    send_bytes(p.fd, frame, frame_of(frame, WIRE_START, 3, &m));
    struct msg_error e = read_error(p.fd, 3);
    assert_int_equal(e.code, FAIL_PERMISSION);
    assert_non_null(strstr(e.why, "CAP_NET_RAW"));
    assert_non_null(strstr(e.why, "systemctl start capd"));
    assert_non_null(strstr(e.why, "setcap"));
    assert_non_null(strstr(e.why, "root"));
    end_server(p);
}

static void test_server_limits_the_rate(void **state) {
    (void)state;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    static uint8_t body[65536];
    struct msg_empty empty = {false};
    struct wire_header h;
    struct peer_process p = start_server();
    say_hello(p.fd);
    uint64_t began = clock_mono_ms();
    for (uint32_t i = 0; i < 200; i++)
        send_bytes(p.fd, frame, frame_of(frame, WIRE_STATUS, i + 2, &empty));
    for (uint32_t i = 0; i < 200; i++) {
        assert_true(read_frame(p.fd, &h, body));
        assert_int_equal(h.stream, i + 2); /* one answer each, in order, none refused */
        assert_int_equal(h.type, WIRE_STATUS_REPLY);
        if (i == 70) assert_in_range(clock_mono_ms() - began, 0, 500); /* a burst is answered */
    }
    /* 80 at once, hello among them; then 40 a second */
    assert_in_range(clock_mono_ms() - began, 2500, 5000);
    end_server(p);
}

static void test_server_closes_half_frames(void **state) {
    (void)state;
    struct peer_process p = start_server();
    uint64_t began = clock_mono_ms();
    send_bytes(p.fd, "PCM1\x01", 5);
    assert_true(is_closed(p.fd));
    assert_in_range(clock_mono_ms() - began, 4000, 7500);
    end_server(p);
}

static void test_server_closes_a_client_that_does_not_read(void **state) {
    (void)state;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    struct msg_empty empty = {false};
    struct peer_process p = start_server_with(4096);
    say_hello(p.fd);
    size_t n = frame_of(frame, WIRE_STATUS, 2, &empty);
    bool lost = false;
    uint64_t began = clock_mono_ms();
    for (unsigned i = 0; i < 200000 && !lost; i++) {
        struct pollfd w = {p.fd, POLLOUT, 0};
        lost = poll(&w, 1, 20000) != 1 || send(p.fd, frame, n, MSG_NOSIGNAL) <= 0;
    }
    assert_true(lost);
    /* Its answers, 20 a second, fill the socket first; then it is not a moment's delay that counts.
     */
    assert_in_range(clock_mono_ms() - began, 9000, 19000);
    end_server(p);
}

static void test_server_takes_bytes_one_by_one(void **state) {
    (void)state;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    static uint8_t body[65536];
    struct msg_hello hello = {"slow"};
    struct wire_header h;
    struct peer_process p = start_server();
    size_t n = frame_of(frame, WIRE_HELLO, 9, &hello);
    for (size_t i = 0; i < n; i++) send_bytes(p.fd, frame + i, 1);
    assert_true(read_frame(p.fd, &h, body));
    assert_int_equal(h.type, WIRE_HELLO_REPLY);
    assert_int_equal(h.stream, 9);
    end_server(p);
}

/* Random damage of valid frames: no crash, no hang, and either an answer or the end. */
static void test_server_survives_damaged_frames(void **state) {
    (void)state;
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD], body[65536];
    uint32_t seed = 1;
    for (unsigned round = 0; round < 60; round++) {
        struct peer_process p = start_server();
        struct msg_start m = sane_start();
        struct wire_header h;
        say_hello(p.fd);
        for (unsigned i = 0; i < 30; i++) {
            size_t n = frame_of(frame, WIRE_START, i + 2, &m);
            for (unsigned k = 0; k < 2; k++) {
                seed = seed * 1664525u + 1013904223u;
                frame[4 + (seed >> 8) % (n - 4)] = (uint8_t)(seed >> 24);
            }
            if (send(p.fd, frame, n, MSG_NOSIGNAL) < 0) break;
        }
        shutdown(p.fd, SHUT_WR);
        while (read_frame(p.fd, &h, body))
            assert_true(h.type == WIRE_ERROR || h.type < WIRE_STARTED);
        end_server(p);
    }
}

/* ---- what a worker may send
 * ---------------------------------------------------------------------- */

static void test_relay_refuses_frames_no_worker_may_send(void **state) {
    static const struct {
        struct wire_header h;
        enum relay_result want;
    } cases[] = {
        {{.type = WIRE_TOTALS, .stream = 5}, RELAY_READY},
        {{.type = WIRE_ENDED, .stream = 5, .flags = WIRE_FINAL}, RELAY_READY},
        {{.type = WIRE_ERROR, .stream = 5, .flags = WIRE_FINAL}, RELAY_READY},
        {{.type = WIRE_TOTALS, .stream = 6}, RELAY_BAD}, /* somebody else's */
        {{.type = WIRE_TOTALS, .stream = 5, .flags = WIRE_FINAL}, RELAY_BAD},
        {{.type = WIRE_ENDED, .stream = 5}, RELAY_BAD},
        {{.type = WIRE_HELLO_REPLY, .stream = 5}, RELAY_BAD},
        {{.type = WIRE_STATUS_REPLY, .stream = 5}, RELAY_BAD},
        {{.type = 200, .stream = 5}, RELAY_BAD},
        {{.type = WIRE_TOTALS, .stream = 5, .length = LIM_FRAME_FROM_CAPD + 1}, RELAY_BAD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t head[WIRE_HEADER_BYTES + WIRE_EXT_BYTES];
        struct relay r;
        int pair[2];
        assert_true(relay_open(&r));
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        assert_int_equal(relay_read(&r, pair[0], 5), RELAY_WAIT);
        send_bytes(pair[1], head, wire_put_header(head, &cases[i].h));
        assert_int_equal(relay_read(&r, pair[0], 5), cases[i].want);
        close(pair[0]);
        close(pair[1]);
        relay_close(&r);
    }
}

static void test_relay_memory_is_wiped_in_a_fork(void **state) {
    (void)state;
    struct relay r;
    int status;
    assert_true(relay_open(&r));
    memset(r.bytes, 0x5a, 4096);
    pid_t pid = fork();
    if (pid == 0) _exit(r.bytes[0] == 0 && r.bytes[4095] == 0 ? 0 : 1);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(r.bytes[0], 0x5a);
    relay_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_closes_after_a_bad_header),
        cmocka_unit_test(test_server_survives_malformed_bodies),
        cmocka_unit_test(test_server_refuses_unknown_and_early_requests),
        cmocka_unit_test(test_server_names_what_is_wrong_with_a_start),
        cmocka_unit_test(test_server_without_the_capability_names_three_ways),
        cmocka_unit_test(test_server_limits_the_rate),
        cmocka_unit_test(test_server_closes_half_frames),
        cmocka_unit_test(test_server_closes_a_client_that_does_not_read),
        cmocka_unit_test(test_server_takes_bytes_one_by_one),
        cmocka_unit_test(test_server_survives_damaged_frames),
        cmocka_unit_test(test_relay_refuses_frames_no_worker_may_send),
        cmocka_unit_test(test_relay_memory_is_wiped_in_a_fork),
    };
    size_t n = sizeof tests / sizeof tests[0];
    if (getenv("PCM_EMULATED")) n--; /* qemu-user takes no notice of MADV_WIPEONFORK */
    return _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
}
