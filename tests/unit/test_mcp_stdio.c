/* Lines over real pipes and sockets: framing, over-long lines, slow and vanished readers, end of
 * input. Runs in: test.  Input trust: none. */
#include "common/clock.h"
#include "mcpd/mcp/jsoncheck.h"
#include "mcpd/transport/stdio.h"
#include "tests/unit/mcp_fake.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct rig {
    struct fake *fake;
    struct loop *loop;
    struct stdio *stdio;
    int to_server, from_server;
    int stdio_out; /* the transport's own end */
    unsigned eofs;
    char *got;
    size_t got_len;
};

static void on_eof(void *ctx) {
    struct rig *r = ctx;
    r->eofs++;
}

static void rig_open(struct rig *r, void **state, bool sockets) {
    int in[2], out[2];
    *r = (struct rig){.fake = *state, .loop = loop_new()};
    if (sockets) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, in), 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, out), 0);
    } else {
        assert_int_equal(pipe(in), 0);
        assert_int_equal(pipe(out), 0);
    }
    signal(SIGPIPE, SIG_IGN);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    struct stdio_options options = {.in_fd = in[0],
                                    .out_fd = out[1],
                                    .caller = {.kind = CALLER_UID, .has_uid = true, .uid = 7},
                                    .on_eof = on_eof,
                                    .ctx = r};
    r->stdio = stdio_new(r->loop, r->fake->server, &options);
    assert_non_null(r->stdio);
    r->to_server = in[1];
    r->from_server = out[0];
    r->stdio_out = out[1];
    r->got = calloc(1, 1);
}

static void rig_close(struct rig *r) {
    stdio_free(r->stdio, 0);
    if (r->to_server >= 0) close(r->to_server);
    if (r->from_server >= 0) close(r->from_server);
    loop_free(r->loop);
    free(r->got);
}

/* Take what the server has written; at most `most` bytes. */
static void rig_drain(struct rig *r, size_t most) {
    char bytes[4096];
    for (size_t sum = 0; sum < most;) {
        ssize_t n =
            read(r->from_server, bytes, sizeof bytes < most - sum ? sizeof bytes : most - sum);
        if (n <= 0) return;
        r->got = realloc(r->got, r->got_len + (size_t)n + 1);
        memcpy(r->got + r->got_len, bytes, (size_t)n);
        r->got_len += (size_t)n;
        r->got[r->got_len] = '\0';
        sum += (size_t)n;
    }
}

static void rig_steps(struct rig *r, unsigned rounds) {
    while (rounds--) assert_int_equal(loop_step(r->loop, 0), 0);
}

static void rig_write(struct rig *r, const char *bytes, size_t len) {
    while (len > 0) {
        size_t part = len < 30000 ? len : 30000;
        ssize_t n = write(r->to_server, bytes, part);
        assert_true(n > 0);
        bytes += n;
        len -= (size_t)n;
        rig_steps(r, 2);
        rig_drain(r, 1u << 30);
    }
}

static void rig_say(struct rig *r, const char *text) {
    rig_write(r, text, strlen(text));
}

static void rig_end_input(struct rig *r) {
    close(r->to_server);
    r->to_server = -1;
}

/* Until the transport has given the client up; hangs no longer than the suite may. */
static void rig_wait_eof(struct rig *r) {
    for (int i = 0; i < 600 && r->eofs == 0; i++) assert_int_equal(loop_step(r->loop, 50), 0);
    assert_int_equal(r->eofs, 1);
}

#define PING(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ping\"}"
#define PONG(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{}}\n"
#define HOLD(id)                                                                                   \
    "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"tools/call\",\"params\":{\"name\":"           \
    "\"fake_tool\",\"arguments\":{\"target\":\"x\",\"hold\":true}}}\n"

static void test_stdio_frames_lines(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    rig_say(&r, PING("1") "\n" PING("2") "\r\n\n\r\n  \t\n " PING("3") " \n");
    assert_string_equal(r.got, PONG("1") PONG("2") PONG("3"));
    rig_close(&r);
}

static void test_stdio_takes_lines_in_pieces(void **state) {
    static const char line[] = PING("\"x\"") "\n" PING("2") "\n";
    struct rig r;
    rig_open(&r, state, true);
    for (size_t i = 0; i < sizeof line - 1; i++) rig_write(&r, line + i, 1);
    assert_string_equal(r.got, PONG("\"x\"") PONG("2"));
    rig_close(&r);
}

static void test_stdio_answers_a_broken_line_and_goes_on(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    rig_say(&r, "{\"jsonrpc\":\n" PING("2") "\n");
    assert_ptr_equal(strstr(r.got, "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,"), r.got);
    assert_non_null(strstr(r.got, "\n" PONG("2")));
    rig_close(&r);
}

/* A text that nobody may keep spoils its request, but its sender is told which one that was. */
static void test_stdio_answers_a_spoilt_text_with_the_id(void **state) {
    static const char *const spoilt[] = {"\\u0000", "x\\ud800", "\\udc00\\ud800", "\\ud83d\\u0041"};
    char line[300], head[100];
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        struct rig r;
        rig_open(&r, state, false);
        snprintf(
            line, sizeof line,
            "{\"jsonrpc\":\"2.0\",\"id\":\"r%zu\",\"method\":\"tools/call\",\"params\":{\"name\":"
            "\"%s\"}}\n",
            i, spoilt[i]);
        rig_say(&r, line);
        snprintf(head, sizeof head,
                 "{\"jsonrpc\":\"2.0\",\"id\":\"r%zu\",\"error\":{\"code\":-32600,", i);
        assert_ptr_equal(strstr(r.got, head), r.got);
        rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":\"a\\u0000b\",\"method\":\"ping\"}\n");
        rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"\\u0000\"\n"); /* and no JSON */
        assert_null(strstr(strchr(r.got, '\n'), "\"id\""));
        rig_close(&r);
    }
}

/* A ping, filled up to a line of `len` bytes. */
static char *padded_ping(size_t len, char fill) {
    char *line = malloc(len + 1);
    memset(line, fill, len);
    memcpy(line, PING("1"), strlen(PING("1")));
    line[len] = '\0';
    return line;
}

static void test_stdio_line_limit(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    char *fits = padded_ping(JSON_MAX_BYTES, ' '), *over = padded_ping(JSON_MAX_BYTES + 1, ' ');
    char *far_over = padded_ping(2 * JSON_MAX_BYTES + 7, 'x');
    rig_say(&r, fits);
    rig_say(&r, "\r\n");
    assert_string_equal(r.got, PONG("1"));
    r.got_len = 0;
    rig_say(&r, over);
    rig_say(&r, "\n" PING("2") "\n");
    rig_say(&r, far_over);
    rig_say(&r, "\n" PING("3") "\n");
    static const char refusal[] = "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32600,\"message\":"
                                  "\"the message is longer than 4 MiB\"}}\n";
    char want[600];
    snprintf(want, sizeof want, "%s%s%s%s", refusal, PONG("2"), refusal, PONG("3"));
    assert_string_equal(r.got, want);
    free(fits);
    free(over);
    free(far_over);
    rig_close(&r);
}

static void test_stdio_end_of_input(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    rig_say(&r, HOLD("1") PING("2")); /* the last line has no newline */
    assert_string_equal(r.got, "");
    rig_end_input(&r);
    rig_steps(&r, 3);
    rig_drain(&r, 1000);
    assert_string_equal(r.got, PONG("2"));
    rig_wait_eof(&r); /* what takes long is cancelled */
    assert_int_equal(r.fake->cancels, 1);
    rig_steps(&r, 3);
    assert_int_equal(r.eofs, 1);
    rig_close(&r);
}

/* "mcpd stdio < requests": what was asked before the end is answered. */
static void test_stdio_answers_what_was_asked_before_the_end(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    rig_say(&r, HOLD("1") HOLD("2"));
    rig_end_input(&r);
    rig_steps(&r, 3);
    assert_int_equal(r.eofs, 0);
    for (int i = 0; i < 2; i++)
        tool_call_result(r.fake->held[i], NULL, strdup(i ? "second" : "first"));
    rig_wait_eof(&r);
    rig_drain(&r, 10000);
    assert_int_equal(r.fake->cancels, 0);
    assert_non_null(strstr(r.got, "first"));
    assert_non_null(strstr(r.got, "second"));
    rig_close(&r);
}

static int changing_setup(void **state) {
    return fake_setup_with(state, (struct mcp_config){.lists_change = true});
}

/* A subscription has no answer to wait for. */
static void test_stdio_end_of_input_ends_subscriptions_at_once(void **state) {
    struct rig r;
    rig_open(&r, state, true);
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscriptions/listen\",\"params\":{"
                "\"notifications\":{\"toolsListChanged\":true}," FAKE_META "}}\n");
    assert_non_null(strstr(r.got, "notifications/subscriptions/acknowledged"));
    rig_end_input(&r);
    rig_steps(&r, 3);
    assert_int_equal(r.eofs, 1);
    rig_close(&r);
}

static void test_stdio_caller_and_cancel(void **state) {
    struct rig r;
    rig_open(&r, state, true);
    rig_say(&r, HOLD("1") HOLD("2"));
    assert_int_equal(r.fake->held_count, 2);
    assert_int_equal(tool_call_caller(r.fake->held[0])->uid, 7);
    rig_say(&r, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/"
                "cancelled\",\"params\":{\"requestId\":1}}\n");
    assert_int_equal(r.fake->cancels, 1);
    assert_string_equal(r.got, "");
    rig_close(&r);
}

/* End a held call with a reply of about `bytes`. */
static void end_big(struct rig *r, size_t bytes) {
    char *text = malloc(bytes + 1);
    memset(text, 'x', bytes);
    text[bytes] = '\0';
    tool_call_result(r->fake->held[--r->fake->held_count], NULL, text);
}

static unsigned lines_in(const char *text) {
    unsigned n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

static void check_slow_reader(void **state, bool sockets) {
    static const char line[] = HOLD("9");
    struct rig r;
    rig_open(&r, state, sockets);
    rig_say(&r, HOLD("1") HOLD("2") HOLD("3"));
    for (int i = 0; i < 3; i++) end_big(&r, 700000);
    rig_steps(&r, 5);
    assert_int_equal(write(r.to_server, line, sizeof line - 1), sizeof line - 1);
    rig_steps(&r, 5);
    rig_drain(&r, 100000);
    rig_steps(&r, 5);
    assert_int_equal(r.fake->starts, 3); /* the fourth is not even read */
    for (int i = 0; i < 2000 && lines_in(r.got) < 3; i++) {
        rig_drain(&r, 3001);
        rig_steps(&r, 1);
    }
    assert_int_equal(lines_in(r.got), 3);
    rig_steps(&r, 2);
    assert_int_equal(r.fake->starts, 4);
    assert_int_equal(r.eofs, 0);
    rig_close(&r);
}

static void test_stdio_slow_reader_on_a_pipe(void **state) {
    check_slow_reader(state, false);
}
static void test_stdio_slow_reader_on_a_socket(void **state) {
    check_slow_reader(state, true);
}

static void check_vanished_reader(void **state, bool sockets) {
    struct rig r;
    rig_open(&r, state, sockets);
    rig_say(&r, HOLD("1") HOLD("2"));
    close(r.from_server);
    r.from_server = -1;
    end_big(&r, 10);
    rig_steps(&r, 3);
    assert_int_equal(r.eofs, 1);
    assert_int_equal(r.fake->cancels, 1);
    rig_close(&r);
}

static void test_stdio_vanished_reader_of_a_pipe(void **state) {
    check_vanished_reader(state, false);
}
static void test_stdio_vanished_reader_of_a_socket(void **state) {
    check_vanished_reader(state, true);
}

static void test_stdio_queue_is_bounded(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    rig_say(&r, HOLD("1") HOLD("2") HOLD("3") HOLD("4") HOLD("5"));
    for (int i = 0; i < 4; i++) end_big(&r, 5000000);
    rig_steps(&r, 3);
    assert_int_equal(r.eofs, 0); /* who asked for much is not gone: the fourth became an error */
    assert_int_equal(r.fake->cancels, 0);
    for (int i = 0; i < 20000 && lines_in(r.got) < 4; i++) {
        rig_drain(&r, 65536);
        rig_steps(&r, 1);
    }
    assert_int_equal(lines_in(r.got), 4);
    assert_non_null(strstr(r.got + 15000000, "too many answers wait to be read"));
    rig_close(&r);
}

/* A process that reads all there is; its status tells whether it was `want` bytes. */
static pid_t reader(struct rig *r, size_t want) {
    pid_t child = fork();
    if (child != 0) return child;
    char bytes[4096];
    size_t sum = 0;
    close(r->to_server);
    close(r->stdio_out); /* else its end would never come */
    fcntl(r->from_server, F_SETFL, 0);
    for (ssize_t n; (n = read(r->from_server, bytes, sizeof bytes)) > 0;) sum += (size_t)n;
    _exit(sum >= want ? 0 : 1);
}

/* ---- large answers ------------------------------------------------------------------ */

#define LARGE 200000

static void read_large(struct mcp_read *read, const char *key, void *app) {
    char *text = malloc(LARGE + 1);
    (void)key;
    (void)app;
    memset(text, 'x', LARGE);
    text[LARGE] = '\0';
    mcp_read_text(read, text, MCP_KEEP_FOR_ALL);
}

static const struct mcp_resource large[] = {{.uri = "test://large",
                                             .name = "large",
                                             .title = "Large",
                                             .description = "Large.",
                                             .mime_type = "text/plain",
                                             .read = read_large}};
static const struct mcp_resources large_resources = {.fixed = large, .fixed_count = 1};

static int large_setup(void **state) {
    return fake_setup_with(state, (struct mcp_config){.resources = &large_resources});
}

/* Requests that came at once for more than the queue holds: all are answered, in the end. */
static void test_stdio_many_requests_for_large_answers(void **state) {
    static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\","
                               "\"params\":{\"uri\":\"test://large\"}}\n";
    struct rig r;
    size_t bytes = 0, answers = 0;
    rig_open(&r, state, false);
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(write(r.to_server, line, sizeof line - 1), sizeof line - 1);
    assert_int_equal(write(r.to_server, PING("2") "\n", sizeof PING("2")), sizeof PING("2"));
    for (unsigned quiet = 0; quiet < 3;) {
        rig_steps(&r, 50);
        r.got_len = 0;
        rig_drain(&r, 1u << 30);
        for (size_t i = 0; i < r.got_len; i++) answers += r.got[i] == '\n';
        bytes += r.got_len;
        quiet = r.got_len ? 0 : quiet + 1;
    }
    assert_int_equal(answers, 301);
    assert_true(bytes > (size_t)300 * LARGE);
    assert_int_equal(r.eofs, 0);
    rig_end_input(&r);
    rig_steps(&r, 5);
    assert_int_equal(r.eofs, 1);
    rig_close(&r);
}

/* The client asks for much, reads nothing and goes: that is noticed although nothing is read. */
static void check_end_while_answers_wait(void **state, bool sockets) {
    static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\","
                               "\"params\":{\"uri\":\"test://large\"}}\n";
    struct rig r;
    rig_open(&r, state, sockets);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(write(r.to_server, line, sizeof line - 1), sizeof line - 1);
    rig_steps(&r, 50);
    rig_end_input(&r);
    rig_wait_eof(&r);
    rig_close(&r);
}

static void test_stdio_end_of_a_pipe_while_answers_wait(void **state) {
    check_end_while_answers_wait(state, false);
}
static void test_stdio_end_of_a_socket_while_answers_wait(void **state) {
    check_end_while_answers_wait(state, true);
}

/* The same by one who reads: what was not even taken from the input when it ended is answered. */
static void test_stdio_end_of_input_before_its_answers_are_read(void **state) {
    static const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\","
                               "\"params\":{\"uri\":\"test://large\"}}\n";
    struct rig r;
    rig_open(&r, state, false);
    for (unsigned i = 0; i < 9; i++) /* six fill the queue */
        assert_int_equal(write(r.to_server, line, sizeof line - 1), sizeof line - 1);
    rig_steps(&r, 20);
    rig_end_input(&r);
    rig_steps(&r, 20);
    assert_int_equal(r.eofs, 0);
    for (int i = 0; i < 30000 && r.eofs == 0; i++) {
        assert_int_equal(loop_step(r.loop, 1), 0);
        rig_drain(&r, 1u << 30);
    }
    assert_int_equal(r.eofs, 1); /* not before all is there */
    assert_int_equal(lines_in(r.got), 9);
    rig_close(&r);
}

static void test_stdio_free_flushes(void **state) {
    struct rig r;
    int status = -1;
    rig_open(&r, state, false);
    rig_say(&r, HOLD("1"));
    end_big(&r, 300000); /* more than a pipe holds */
    pid_t child = reader(&r, 300000);
    stdio_free(r.stdio, 5000);
    r.stdio = NULL;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    rig_close(&r);
}

static void test_stdio_free_does_not_wait_for_ever(void **state) {
    struct rig r;
    rig_open(&r, state, false);
    rig_say(&r, HOLD("1"));
    end_big(&r, 300000);
    uint64_t before = clock_mono_ms();
    stdio_free(r.stdio, 50);
    r.stdio = NULL;
    assert_in_range(clock_mono_ms() - before, 40, 1000);
    rig_close(&r);
}

/* In a child, since it rearranges the standard descriptors. */
static int take_in_child(int in_read, int out_write) {
    int in, out;
    char byte = 0;
    dup2(in_read, 0);
    dup2(out_write, 1);
    if (stdio_take(&in, &out) < 0) return 1;
    if (write(1, "stray", 5) != 5) return 2; /* goes to stderr */
    if (read(0, &byte, 1) != 0) return 3;    /* /dev/null */
    if (read(in, &byte, 1) != 1 || byte != 'i') return 4;
    if (!(fcntl(in, F_GETFD) & FD_CLOEXEC) || !(fcntl(out, F_GETFD) & FD_CLOEXEC)) return 5;
    if (fcntl(out, F_GETFL) & O_NONBLOCK) return 6;
    return write(out, "o", 1) == 1 ? 0 : 7;
}

static void test_stdio_take_keeps_the_protocol_private(void **state) {
    int in[2], out[2], err[2];
    char got[16] = "";
    (void)state;
    assert_int_equal(pipe(in) | pipe(out) | pipe(err), 0);
    assert_int_equal(write(in[1], "i", 1), 1);
    pid_t child = fork();
    if (child == 0) {
        dup2(err[1], 2);
        _exit(take_in_child(in[0], out[1]));
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(out[0], got, sizeof got - 1), 1);
    assert_string_equal(got, "o");
    assert_int_equal(read(err[0], got, sizeof got - 1), 5);
    for (int i = 0; i < 2; i++) close(in[i]), close(out[i]), close(err[i]);
}

#define CASE(test)       cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)
#define LARGE_CASE(test) cmocka_unit_test_setup_teardown(test, large_setup, fake_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(test_stdio_frames_lines),
        CASE(test_stdio_takes_lines_in_pieces),
        CASE(test_stdio_answers_a_broken_line_and_goes_on),
        CASE(test_stdio_answers_a_spoilt_text_with_the_id),
        CASE(test_stdio_line_limit),
        CASE(test_stdio_end_of_input),
        CASE(test_stdio_answers_what_was_asked_before_the_end),
        cmocka_unit_test_setup_teardown(test_stdio_end_of_input_ends_subscriptions_at_once,
                                        changing_setup, fake_teardown),
        CASE(test_stdio_caller_and_cancel),
        CASE(test_stdio_slow_reader_on_a_pipe),
        CASE(test_stdio_slow_reader_on_a_socket),
        CASE(test_stdio_vanished_reader_of_a_pipe),
        CASE(test_stdio_vanished_reader_of_a_socket),
        CASE(test_stdio_queue_is_bounded),
        LARGE_CASE(test_stdio_many_requests_for_large_answers),
        LARGE_CASE(test_stdio_end_of_a_pipe_while_answers_wait),
        LARGE_CASE(test_stdio_end_of_a_socket_while_answers_wait),
        LARGE_CASE(test_stdio_end_of_input_before_its_answers_are_read),
        CASE(test_stdio_free_flushes),
        CASE(test_stdio_free_does_not_wait_for_ever),
        cmocka_unit_test(test_stdio_take_keeps_the_protocol_private),
    };
    return cmocka_run_group_tests_name("mcp_stdio", tests, NULL, NULL);
}
