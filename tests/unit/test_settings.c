/* mcpd/settings: mcpd.conf is read as written, or refused with file, line, key and what is allowed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/settings.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/mcpd-settings-XXXXXX";

static bool read_text(const char *text, struct settings *c, struct fail *f) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    settings_defaults(c);
    f->why[0] = 0;
    return settings_read(c, path, true, f);
}

static void test_settings_read_every_key(void **state) {
    (void)state;
    struct settings c;
    struct fail f;
    if (!read_text("# comment\n\n  capd = private  \nfile_directories = /a b:/c\r\nresolve=off\n"
                   "probe = off\ntoken_budget = 8000\nretention_hours = 2\nretention_mib = 3\n"
                   "max_captures = 6\nmax_captures_per_caller = 1\n"
                   "listen = 127.0.0.1:1 [::1]:65535\nsocket = /a/b.sock\nsocket_group = g\n"
                   "token_file = /t\nallowed_origins = https://a.example http://b:8\n"
                   "allowed_hosts = c.example [::2]",
                   &c, &f))
        fail_msg("%s", f.why);
    assert_string_equal(c.capd, "private");
    assert_int_equal(c.dirs, 2);
    assert_string_equal(c.dir[0], "/a b");
    assert_string_equal(c.dir[1], "/c");
    assert_false(c.resolve || c.probe);
    assert_int_equal(c.token_budget, 8000);
    assert_int_equal(c.retention_s, 7200);
    assert_int_equal(c.retention_bytes, 3 << 20);
    assert_int_equal(c.max_captures, 6);
    assert_int_equal(c.max_captures_per_caller, 1);
    assert_int_equal(c.listens, 2);
    assert_string_equal(c.listen[1], "[::1]:65535");
    assert_string_equal(c.socket, "/a/b.sock");
    assert_string_equal(c.socket_group, "g");
    assert_string_equal(c.token_file, "/t");
    assert_int_equal(c.origins, 2);
    assert_string_equal(c.origin[1], "http://b:8");
    assert_int_equal(c.hosts, 2);
    assert_string_equal(c.host[1], "[::2]");
    assert_string_equal(c.limit_file, path); /* who set it */
    assert_string_equal(c.limit_caller_file, path);
}

static void test_settings_refuse_with_line_key_and_allowed(void **state) {
    static const struct {
        const char *text, *must_say[3];
    } bad[] = {
        {"\n\ncolour = blue\n", {":3:", "colour", "token_budget"}},
        {"probe = maybe\n", {":1:", "probe", "on or off"}},
        {"token_budget = 599\n", {":1:", "token_budget", "600 to 8000"}},
        {"token_budget = 1200x\n", {":1:", "token_budget", "600"}},
        {"token_budget = -1\n", {":1:", "token_budget", "600"}},
        {"capd = run/capd.sock\n", {":1:", "capd", "absolute"}},
        {"listen = localhost:80\n", {":1:", "listen", "ADDRESS:PORT"}},
        {"listen = 127.0.0.1\n", {":1:", "listen", "ADDRESS:PORT"}},
        {"listen = 127.0.0.1:70000\n", {":1:", "listen", "ADDRESS:PORT"}},
        {"listen = ::1:80\n", {":1:", "listen", "[ADDRESS]:PORT"}},
        {"listen = none 127.0.0.1:1\n", {":1:", "listen", "none"}},
        {"listen = 1.1.1.1:1 1.1.1.1:2 1.1.1.1:3 1.1.1.1:4 1.1.1.1:5\n", {":1:", "listen", "4"}},
        {"socket_group = 4294967296\n", {":1:", "socket_group", "number of a group"}},
        {"socket_group = 4294967295\n", {":1:", "socket_group", "number of a group"}},
        {"socket = mcpd.sock\n", {":1:", "socket", "absolute"}},
        {"token_file = tokens\n", {":1:", "token_file", "absolute"}},
        {"allowed_origins = null\n", {":1:", "allowed_origins", "https://host"}},
        {"allowed_origins = https://a/\n", {":1:", "allowed_origins", "https://host"}},
        {"allowed_origins = *\n", {":1:", "allowed_origins", "https://host"}},
        {"allowed_hosts = a/b\n", {":1:", "allowed_hosts", "host names"}},
        {"file_directories = tmp\n", {":1:", "file_directories", "absolute"}},
        {"file_directories =\n", {":1:", "file_directories", "absolute"}},
        {"retention_hours = 745\n", {":1:", "retention_hours", "744"}},
        {"max_captures = 0\n", {":1:", "max_captures", "1 to 8"}},
        {"max_captures_per_caller = 9\n", {":1:", "max_captures_per_caller", "1 to 8"}},
        {"capd = /run/capd/capd.sock # x\n", {":1:", "capd", "a line of its own"}},
        {"token_file = /tokens # x\n", {":1:", "token_file", "a line of its own"}},
        {"allowed_hosts = a;b\n", {":1:", "allowed_hosts", "host names"}},
        {"probe = on\nprobe = on\n", {":2:", "probe", "twice"}},
        {"probe\n", {":1:", "key = value", ""}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct settings c;
        struct fail f;
        if (read_text(bad[i].text, &c, &f)) fail_msg("taken: %s", bad[i].text);
        assert_non_null(strstr(f.why, path));
        for (int k = 0; k < 3; k++)
            if (!strstr(f.why, bad[i].must_say[k])) fail_msg("%s", f.why);
    }
}

static void test_settings_refuse_a_long_line(void **state) {
    char text[3000];
    struct settings c;
    struct fail f;
    (void)state;
    memset(text, 'x', sizeof text);
    text[0] = '#';
    text[sizeof text - 1] = 0;
    assert_false(read_text(text, &c, &f));
    assert_non_null(strstr(f.why, ":1:"));
    assert_non_null(strstr(f.why, "1023"));
}

/* What a NUL byte hides would be a setting that the admin believes in. */
static void test_settings_refuse_a_nul_byte_and_a_link(void **state) {
    struct settings c;
    struct fail f;
    char link[sizeof path + 2];
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite("probe = on\n\0resolve = off\n", 1, 26, file), 26);
    fclose(file);
    settings_defaults(&c);
    assert_false(settings_read(&c, path, true, &f));
    assert_non_null(strstr(f.why, ":2:"));
    assert_non_null(strstr(f.why, "NUL"));
    assert_true(read_text("probe = on\n", &c, &f));
    snprintf(link, sizeof link, "%s.l", path);
    assert_int_equal(symlink(path, link), 0);
    bool taken = settings_read(&c, link, true, &f);
    assert_int_equal(unlink(link), 0);
    assert_false(taken);
    assert_non_null(strstr(f.why, "symbolic link"));
}

static void test_settings_refuse_what_others_can_write(void **state) {
    struct settings c;
    struct fail f;
    (void)state;
    assert_true(read_text("probe = on\n", &c, &f));
    assert_int_equal(chmod(path, 0666), 0);
    assert_false(settings_read(&c, path, true, &f));
    assert_non_null(strstr(f.why, "writable"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_false(settings_read(&c, "/tmp", true, &f));
}

static void test_settings_need_no_file(void **state) {
    struct settings c;
    struct fail f;
    (void)state;
    settings_defaults(&c);
    assert_true(settings_read(&c, "/nonexistent/mcpd.conf", false, &f));
    assert_false(settings_read(&c, "/nonexistent/mcpd.conf", true, &f)); /* asked for by name */
    assert_string_equal(c.capd, "/run/capd/capd.sock");
    assert_true(c.resolve && c.probe);
    assert_int_equal(c.token_budget, 1200);
    assert_int_equal(c.max_captures, 8);
    assert_int_equal(c.max_captures_per_caller, 4);
    assert_string_equal(c.limit_file, ""); /* nobody set it */
}

/* What deploy/ installs says the defaults and is taken. */
static void test_settings_of_the_shipped_file(void **state) {
    struct settings c;
    struct fail f;
    char line[256], all[4096] = "";
    (void)state;
    FILE *shipped = fopen("deploy/config/mcpd.conf", "r");
    if (!shipped) skip();
    while (fgets(line, sizeof line, shipped)) { /* "#key = value" shows a default */
        bool shown = line[0] == '#' && line[1] != ' ' && line[1] != '\n';
        if (shown && !strstr(line, "file_directories"))
            strncat(all, line + 1, sizeof all - strlen(all) - 1);
    }
    fclose(shipped);
    struct settings defaults;
    settings_defaults(&defaults);
    if (!read_text(all, &c, &f)) fail_msg("%s", f.why);
    assert_string_equal(c.capd, defaults.capd);
    assert_int_equal(c.token_budget, defaults.token_budget);
    assert_int_equal(c.retention_s, defaults.retention_s);
    assert_int_equal(c.retention_bytes, defaults.retention_bytes);
    assert_int_equal(c.resolve, defaults.resolve);
    assert_int_equal(c.probe, defaults.probe);
    assert_int_equal(c.max_captures, defaults.max_captures);
    assert_int_equal(c.max_captures_per_caller, defaults.max_captures_per_caller);
    assert_true(c.limit_file[0] && c.limit_caller_file[0]); /* the shipped file shows every key */
}

static int set_up(void **state) {
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
    (void)state;
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_read_every_key),
        cmocka_unit_test(test_settings_refuse_with_line_key_and_allowed),
        cmocka_unit_test(test_settings_refuse_a_long_line),
        cmocka_unit_test(test_settings_refuse_a_nul_byte_and_a_link),
        cmocka_unit_test(test_settings_refuse_what_others_can_write),
        cmocka_unit_test(test_settings_need_no_file),
        cmocka_unit_test(test_settings_of_the_shipped_file),
    };
    return cmocka_run_group_tests_name("settings", tests, set_up, tear_down);
}
