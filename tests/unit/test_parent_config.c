/* capd.conf: what is understood, and how what is not is refused.  Runs in: tests. */
#include "capd/parent/config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static bool parse(struct config *c, const char *text, struct fail *fail) {
    char copy[2048];
    snprintf(copy, sizeof copy, "%s", text);
    config_defaults(c);
    memset(fail, 0, sizeof *fail);
    return config_parse(c, "capd.conf", copy, fail);
}

static void test_config_defaults_need_no_file(void **state) {
    (void)state;
    struct config c;
    struct fail fail;
    assert_true(parse(&c, "\n# nothing\n   \n", &fail));
    assert_string_equal(c.socket, "/run/capd/capd.sock");
    assert_int_equal(c.max_captures, 8);
    assert_int_equal(c.snap_length, 2048);
    assert_true(c.names);
    assert_false(c.promiscuous);
    config_defaults(&c);
    assert_true(config_read(&c, "/nonexistent/capd.conf", false, &fail));
    assert_false(config_read(&c, "/nonexistent/capd.conf", true, &fail));
}

static void test_config_reads_every_key(void **state) {
    (void)state;
    struct config c;
    struct fail fail;
    assert_true(parse(&c,
                      "socket = /run/x/y.sock\nsocket_group=root\nusers = root, 1000\n"
                      "groups = root 33\n interfaces = eth0, lo \nmax_captures = 2\n"
                      "max_captures_per_user = 1\nmax_duration = 60\nsnap_length = 256\n"
                      "service_users = 12, root\nring_mib = 16\nnames = off\npromiscuous = on\r\n",
                      &fail));
    assert_string_equal(c.socket, "/run/x/y.sock");
    assert_int_equal(c.users.n, 2);
    assert_int_equal(c.users.id[0], 0);
    assert_int_equal(c.users.id[1], 1000);
    assert_int_equal(c.groups.id[1], 33);
    assert_int_equal(c.interfaces_n, 2);
    assert_string_equal(c.interfaces[1], "lo");
    assert_int_equal(c.max_captures, 2);
    assert_int_equal(c.max_captures_per_user, 1);
    assert_int_equal(c.max_duration_s, 60);
    assert_int_equal(c.snap_length, 256);
    assert_int_equal(c.services.n, 2);
    assert_int_equal(c.services.id[0], 12);
    assert_int_equal(c.ring_mib, 16);
    assert_false(c.names);
    assert_true(c.promiscuous);
}

static void test_config_refuses_naming_line_key_and_allowed(void **state) {
    static const struct {
        const char *text, *words[3];
    } cases[] = {
        {"colour = red", {"capd.conf:1", "colour", "max_captures"}},
        {"names = on\n\nmax_duration = 3601", {"capd.conf:3", "max_duration", "1 to 3600"}},
        {"max_duration = 0", {"capd.conf:1", "max_duration", "1 to 3600"}},
        {"max_duration = 10s", {"capd.conf:1", "10s", "1 to 3600"}},
        {"max_duration = -1", {"capd.conf:1", "-1", "1 to 3600"}},
        {"max_duration =", {"capd.conf:1", "max_duration", "1 to 3600"}},
        {"max_captures = 99999999999999999999", {"max_captures", "1 to 8", ""}},
        {"names = yes", {"names", "on or off", ""}},
        {"names", {"capd.conf:1", "key = value", ""}},
        {"= on", {"unknown key", "", ""}},
        {"names = on\nnames = on", {"capd.conf:2", "twice", ""}},
        {"socket = relative.sock", {"socket", "absolute path", ""}},
        {"users = no-such-user-here", {"users", "no-such-user-here", "known user"}},
        {"users = ", {"users", "known user", ""}},
        {"socket_group = no-such-group", {"socket_group", "no-such-group", "known group"}},
        {"interfaces = an-interface-name-too-long", {"interfaces", "interface names", ""}},
        {"interfaces = ../etc", {"interfaces", "", ""}},
        {"interfaces = eth0 # never lo", {"interfaces", "never lo", "a line of its own"}},
        {"interfaces = eth0; never lo", {"interfaces", "never lo", "interface names"}},
        {"interfaces = eth0 -- never lo", {"interfaces", "never lo", "interface names"}},
        {"interfaces = eth0,#lo", {"interfaces", "#lo", "interface names"}},
        {"interfaces = \"eth0\"", {"interfaces", "eth0", "interface names"}},
        {"socket = /run/capd.sock\t# here", {"socket", "a line of its own", ""}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config c;
        struct fail fail;
        assert_false(parse(&c, cases[i].text, &fail));
        for (size_t k = 0; k < 3; k++)
            if (!cases[i].words[k] || !strstr(fail.why, cases[i].words[k])) {
                if (cases[i].words[k]) fail_msg("`%s`: %s", cases[i].text, fail.why);
            }
    }
}

static void test_config_takes_as_many_interfaces_as_a_line_holds(void **state) {
    (void)state;
    char text[1100] = "interfaces =", names[60] = "\nmax_captures = 3\n";
    unsigned n = 0;
    for (size_t used = strlen(text); used < 1000; n++)
        used += (size_t)snprintf(text + used, sizeof text - used, " veth%u", n);
    memcpy(text + strlen(text), names, sizeof names);
    struct config c;
    struct fail fail;
    assert_true(parse(&c, text, &fail));
    assert_true(n > 100);
    assert_int_equal(c.interfaces_n, n);
    assert_int_equal(c.max_captures, 3);
    memset(text, ' ', 1030);
    memcpy(text, "interfaces = lo", 15);
    memcpy(text + 1030, "eth0", 5);
    assert_false(parse(&c, text, &fail));
    assert_non_null(strstr(fail.why, "1034 bytes; allowed: 1023"));
}

static void test_config_refuses_a_file_others_can_change(void **state) {
    (void)state;
    char path[] = "/tmp/capd-conf-XXXXXX";
    struct config c;
    struct fail fail;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "names = off\n", 12), 12);
    config_defaults(&c);
    assert_true(config_read(&c, path, true, &fail));
    assert_false(c.names);
    assert_int_equal(fchmod(fd, 0620), 0);
    assert_false(config_read(&c, path, true, &fail));
    assert_non_null(strstr(fail.why, "620"));
    if (geteuid() == 0) {
        assert_int_equal(fchmod(fd, 0600), 0);
        assert_int_equal(fchown(fd, 12345, 0), 0);
        assert_false(config_read(&c, path, true, &fail));
        assert_non_null(strstr(fail.why, "12345"));
    }
    assert_false(config_read(&c, "/tmp", true, &fail));
    close(fd);
    unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_defaults_need_no_file),
        cmocka_unit_test(test_config_reads_every_key),
        cmocka_unit_test(test_config_refuses_naming_line_key_and_allowed),
        cmocka_unit_test(test_config_takes_as_many_interfaces_as_a_line_holds),
        cmocka_unit_test(test_config_refuses_a_file_others_can_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
