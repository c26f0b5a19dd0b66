/* What the service manager hears: readiness, and signs of life as often as it asked for them.
 * Runs in: tests. */
#include "common/sysd.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

static int hear_as(const char *name) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s", name);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, size), 0);
    return fd;
}

static const char *heard(int fd) {
    static char text[200];
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    return text;
}

static int open_with(struct sysd *s, const char *watchdog_us, const char *pid) {
    char name[40], path[41];
    snprintf(name, sizeof name, "pcm-test-%d", getpid());
    snprintf(path, sizeof path, "@%s", name);
    int fd = hear_as(name);
    setenv("NOTIFY_SOCKET", path, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (watchdog_us) setenv("WATCHDOG_USEC", watchdog_us, 1);
    if (pid) setenv("WATCHDOG_PID", pid, 1);
    sysd_open(s);
    assert_true(s->fd >= 0);
    return fd;
}

static void test_sysd_beats_three_times_per_allowed_time(void **state) {
    struct sysd s;
    char pid[20];
    (void)state;
    snprintf(pid, sizeof pid, "%d", getpid());
    int fd = open_with(&s, "30000000", pid);
    assert_int_equal(s.beat_ms, 10000);
    sysd_say(&s, "READY=1\n");
    assert_string_equal(heard(fd), "READY=1\n");
    sysd_beat(&s, 5000);
    assert_string_equal(heard(fd), "WATCHDOG=1\n");
    sysd_beat(&s, 14999);
    assert_string_equal(heard(fd), "");
    sysd_beat(&s, 15000);
    assert_string_equal(heard(fd), "WATCHDOG=1\n");
    close(s.fd);
    close(fd);
}

static void test_sysd_beats_only_when_asked(void **state) {
    static const char *const cases[][2] = {
        {NULL, NULL}, {"30000000", "1"}, {"0", NULL}, {"nonsense", NULL}, {"2999", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sysd s;
        int fd = open_with(&s, cases[i][0], cases[i][1]);
        assert_int_equal(s.beat_ms, -1);
        sysd_beat(&s, 1u << 30);
        assert_string_equal(heard(fd), "");
        close(s.fd);
        close(fd);
    }
}

static void test_sysd_never_blocks_on_a_deaf_manager(void **state) {
    struct sysd s;
    (void)state;
    int fd = open_with(&s, "3000", NULL);
    assert_int_equal(s.beat_ms, 1);
    for (uint64_t now = 0; now < 5000; now++) sysd_beat(&s, now);
    close(s.fd);
    close(fd);
}

static void test_sysd_without_a_manager(void **state) {
    static const char *const wrong[] = {"", "relative", "/nonexistent/socket"};
    struct sysd s;
    (void)state;
    setenv("WATCHDOG_USEC", "30000000", 1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        sysd_open(&s);
        assert_int_equal(s.fd, -1);
        assert_int_equal(s.beat_ms, -1);
        sysd_say(&s, "READY=1\n");
        sysd_beat(&s, 1u << 30);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sysd_beats_three_times_per_allowed_time),
        cmocka_unit_test(test_sysd_beats_only_when_asked),
        cmocka_unit_test(test_sysd_never_blocks_on_a_deaf_manager),
        cmocka_unit_test(test_sysd_without_a_manager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
