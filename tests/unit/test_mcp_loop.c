/* The event loop: timers, descriptors, signals, and changes made in the middle of a round.
 * Runs in: test.  Input trust: none. */
#include "mcpd/loop.h"
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

struct trace {
    struct loop *loop;
    char text[64];
    uint64_t id;
    int signo;
};

static void note(struct trace *t, char what) {
    size_t len = strlen(t->text);
    if (len + 1 < sizeof t->text) t->text[len] = what;
}

static void on_a(void *ctx) {
    note(ctx, 'a');
}
static void on_b(void *ctx) {
    note(ctx, 'b');
}

static void on_stop(void *ctx) {
    struct trace *t = ctx;
    note(t, 's');
    loop_stop(t->loop);
}

static void on_cancel_other(void *ctx) {
    struct trace *t = ctx;
    note(t, 'c');
    loop_timer_cancel(t->loop, t->id);
}

static void on_again(void *ctx) {
    struct trace *t = ctx;
    note(t, 'g');
    for (int i = 0; i < 20; i++) loop_timer_once(t->loop, 0, on_a, t); /* moves the array */
}

static void test_loop_timers(void **state) {
    struct trace t = {.loop = loop_new()};
    (void)state;
    loop_timer_once(t.loop, 0, on_cancel_other, &t);
    t.id = loop_timer_once(t.loop, 0, on_b, &t);
    uint64_t every = loop_timer_every(t.loop, 10, on_a, &t);
    loop_timer_once(t.loop, 55, on_stop, &t);
    assert_int_equal(loop_run(t.loop), 0);
    assert_true(t.text[0] == 'c' && strchr(t.text, 's') && !strchr(t.text, 'b'));
    assert_in_range(strlen(t.text), 3, 7); /* c, one to five a (late rounds are not made up), s */
    loop_timer_cancel(t.loop, every);
    loop_timer_cancel(t.loop, every);
    loop_timer_cancel(t.loop, 0);
    loop_free(t.loop);
}

static void test_loop_timer_added_in_a_callback_runs_later(void **state) {
    struct trace t = {.loop = loop_new()};
    (void)state;
    loop_timer_once(t.loop, 0, on_again, &t);
    assert_int_equal(loop_step(t.loop, 0), 0);
    assert_string_equal(t.text, "g");
    assert_int_equal(loop_step(t.loop, 0), 0);
    assert_string_equal(t.text, "gaaaaaaaaaaaaaaaaaaaa");
    loop_free(t.loop);
}

static void on_read(void *ctx, int fd, unsigned ready) {
    struct trace *t = ctx;
    char byte;
    assert_int_equal(ready, LOOP_READ);
    ssize_t n = read(fd, &byte, 1);
    note(t, n == 1 ? byte : '.');
    if (n != 1) loop_fd_remove(t->loop, fd);
}

static void test_loop_watches_descriptors(void **state) {
    struct trace t = {.loop = loop_new()};
    int fd[2];
    (void)state;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(loop_fd_add(t.loop, fd[0], LOOP_READ, on_read, &t), 0);
    assert_int_equal(loop_fd_add(t.loop, fd[0], LOOP_READ, on_read, &t), -EEXIST);
    assert_int_equal(loop_fd_add(t.loop, -1, LOOP_READ, on_read, &t), -EBADF);
    assert_int_equal(loop_step(t.loop, 0), 0);
    assert_int_equal(write(fd[1], "xy", 2), 2);
    loop_fd_interest(t.loop, fd[0], 0);
    assert_int_equal(loop_step(t.loop, 0), 0);
    assert_string_equal(t.text, "");
    loop_fd_interest(t.loop, fd[0], LOOP_READ);
    close(fd[1]);
    for (int i = 0; i < 5; i++) assert_int_equal(loop_step(t.loop, 0), 0);
    assert_string_equal(t.text, "xy.");
    close(fd[0]);
    loop_free(t.loop);
}

static void on_hangup(void *ctx, int fd, unsigned ready) {
    struct trace *t = ctx;
    assert_int_equal(ready, LOOP_HANGUP);
    note(t, 'h');
    loop_fd_interest(t->loop, fd, 0);
}

/* What was sent before stays unread. */
static void test_loop_tells_of_a_hangup_alone(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) { /* a pipe; a socket that is closed, or only half */
        struct trace t = {.loop = loop_new()};
        int fd[2];
        assert_int_equal(kind == 0 ? pipe(fd) : socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
        assert_int_equal(loop_fd_add(t.loop, fd[0], LOOP_HANGUP, on_hangup, &t), 0);
        assert_int_equal(write(fd[1], "xy", 2), 2);
        for (int i = 0; i < 3; i++) assert_int_equal(loop_step(t.loop, 0), 0);
        assert_string_equal(t.text, "");
        assert_int_equal(kind == 2 ? shutdown(fd[1], SHUT_WR) : close(fd[1]), 0);
        for (int i = 0; i < 3; i++) assert_int_equal(loop_step(t.loop, 0), 0);
        assert_string_equal(t.text, "h");
        close(fd[0]);
        if (kind == 2) close(fd[1]);
        loop_free(t.loop);
    }
}

static void on_signal(void *ctx, int signo) {
    struct trace *t = ctx;
    t->signo = signo;
    loop_stop(t->loop);
}

static void test_loop_signals(void **state) {
    static const int signos[] = {SIGUSR1, SIGTERM};
    struct trace t = {.loop = loop_new()};
    (void)state;
    assert_int_equal(loop_signals(t.loop, signos, 2, on_signal, &t), 0);
    kill(getpid(), SIGTERM);
    assert_int_equal(loop_run(t.loop), 0);
    assert_int_equal(t.signo, SIGTERM);
    loop_free(t.loop);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_timers),
        cmocka_unit_test(test_loop_timer_added_in_a_callback_runs_later),
        cmocka_unit_test(test_loop_watches_descriptors),
        cmocka_unit_test(test_loop_tells_of_a_hangup_alone),
        cmocka_unit_test(test_loop_signals),
    };
    return cmocka_run_group_tests_name("mcp_loop", tests, NULL, NULL);
}
