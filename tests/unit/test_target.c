/* mcpd/capture/target: every form of a target, in every mode, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/capture/captures_run.h"
#include "mcpd/capture/target.h"
#include <stdio.h>
#include <string.h>

static struct target parsed(const char *text, enum mode asked) {
    struct target t;
    struct fail f = {.code = FAIL_NONE};
    if (!target_parse(text, asked, &t, &f)) fail_msg("\"%s\": %s", text, f.why);
    return t;
}

static struct fail refused(const char *text, enum mode asked) {
    struct target t;
    struct fail f = {.code = FAIL_NONE};
    if (target_parse(text, asked, &t, &f)) fail_msg("\"%s\" was taken", text);
    assert_true(strlen(f.why) > 0);
    assert_true(strcmp(f.field, "target") == 0 || strcmp(f.field, "mode") == 0);
    return f;
}

/* name, first address with prefix and ports as one text */
static void describe(const struct target *t, char out[400]) {
    char a[ADDR_TEXT_BYTES] = "-";
    int used = snprintf(out, 400, "%s ", t->name[0] ? t->name : "-");
    if (t->addresses) addr_format(&t->address[0].address, a);
    used += snprintf(out + used, 400 - (size_t)used, "%s/%u", a,
                     t->addresses ? (unsigned)t->address[0].prefix_len : 0);
    for (uint32_t i = 0; i < t->ports; i++)
        used += snprintf(out + used, 400 - (size_t)used, " %u", t->port[i]);
}

static const struct {
    const char *text, *means, *shown;
    enum mode mode; /* that auto becomes */
} forms[] = {
    {"", "- -/0", "", MODE_DIAGNOSIS},
    {"auto", "- -/0", "", MODE_DIAGNOSIS},
    {" * ", "- -/0", "", MODE_DIAGNOSIS},
    {"Example.COM", "example.com -/0", "example.com", MODE_DOMAIN},
    {"example.com.", "example.com -/0", "example.com", MODE_DOMAIN},
    {"localhost", "localhost -/0", "localhost", MODE_DOMAIN},
    {"_dmarc.example.com", "_dmarc.example.com -/0", "_dmarc.example.com", MODE_DOMAIN},
    {"b\xc3\xbc"
     "cher.example",
     "xn--bcher-kva.example -/0", "xn--bcher-kva.example", MODE_DOMAIN},
    {"192.0.2.7", "- 192.0.2.7/32", "192.0.2.7", MODE_DOMAIN},
    {"2001:DB8::1", "- 2001:db8::1/128", "2001:db8::1", MODE_DOMAIN},
    {"[2001:db8::1]", "- 2001:db8::1/128", "2001:db8::1", MODE_DOMAIN},
    {"::ffff:192.0.2.7", "- 192.0.2.7/32", "192.0.2.7", MODE_DOMAIN},
    {"http://[::ffff:192.0.2.7]/", "- 192.0.2.7/32 80", "192.0.2.7:80", MODE_DOMAIN},
    {"10.1.2.3/8", "- 10.0.0.0/8", "10.0.0.0/8", MODE_DOMAIN},
    {"2001:db8::ff/64", "- 2001:db8::/64", "2001:db8::/64", MODE_DOMAIN},
    {"example.com:8443", "example.com -/0 8443", "example.com:8443", MODE_DOMAIN},
    {"192.0.2.7:22", "- 192.0.2.7/32 22", "192.0.2.7:22", MODE_DOMAIN},
    {"[2001:db8::1]:443", "- 2001:db8::1/128 443", "[2001:db8::1]:443", MODE_DOMAIN},
    {"443", "- -/0 443", "443", MODE_PORT},
    {"65535", "- -/0 65535", "65535", MODE_PORT},
    {"0000000000000000000000000000000000000000000000000000000000000000443", "- -/0 443", "443",
     MODE_PORT},
    {"https://example.com", "example.com -/0 443", "example.com:443", MODE_DOMAIN},
    {"HTTP://me:secret@Example.com:8080/a/b?token=x#y", "example.com -/0 8080", "example.com:8080",
     MODE_DOMAIN},
    {"https://a@b@example.com/", "example.com -/0 443", "example.com:443", MODE_DOMAIN},
    {"https://[2001:db8::1]/x", "- 2001:db8::1/128 443", "[2001:db8::1]:443", MODE_DOMAIN},
    {"wss://example.com?x=1", "example.com -/0 443", "example.com:443", MODE_DOMAIN},
    {"postgresql://u:p@db.example:5433/name", "db.example -/0 5433", "db.example:5433",
     MODE_DOMAIN},
    {"gopher://example.com:70/", "example.com -/0 70", "example.com:70", MODE_DOMAIN},
    {"example.com/some/page?x", "example.com -/0", "example.com", MODE_DOMAIN},
    {"user@example.com", "example.com -/0", "example.com", MODE_DOMAIN},
    {"https", "- -/0", "https", MODE_WEB}, /* a port that mode web covers by itself */
    {"http", "- -/0", "http", MODE_WEB},
    {"dns", "- -/0 53", "dns", MODE_PORT},
    {"SSH", "- -/0 22", "ssh", MODE_PORT},
    {"smtp", "- -/0 25 465 587", "smtp", MODE_PORT},
    {"sip", "- -/0 5060 5061", "sip", MODE_PORT},
    {"ftp", "ftp -/0", "ftp", MODE_DOMAIN}, /* no word of the table: a host name */
};

static void test_target_forms(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct target t = parsed(forms[i].text, MODE_AUTO);
        char got[400];
        describe(&t, got);
        if (strcmp(got, forms[i].means) != 0 || strcmp(t.text, forms[i].shown) != 0)
            fail_msg("\"%s\" means \"%s\", shown as \"%s\"", forms[i].text, got, t.text);
        assert_int_equal(t.mode, forms[i].mode);
        assert_true(strncmp(t.mode_why, "auto: ", 6) == 0);
    }
}

static void test_target_refuses_what_is_no_target(void **state) {
    static const char *const texts[] = {"example com",
                                        "exa$mple.com",
                                        "0",
                                        "65536",
                                        "99999999999999",
                                        "host:0",
                                        "host:65536",
                                        "host:x",
                                        "host:",
                                        ":443",
                                        "[2001:db8::1",
                                        "[example.com]:1",
                                        "[::1]x",
                                        "10.0.0.0/33",
                                        "10.0.0.0/x",
                                        "2001:db8::/129",
                                        "fe80::1%eth0",
                                        "[fe80::1%eth0]:80",
                                        "1.2.3.4.5",
                                        "256.1.1.1",
                                        "a..b",
                                        ".example.com",
                                        "gopher://host/",
                                        "https://",
                                        "https:///path",
                                        "\xff\xfe",
                                        "a\x01"
                                        "b",
                                        "http://h:99999/",
                                        "-\"; rm x"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct fail f = refused(texts[i], MODE_AUTO);
        assert_string_equal(f.field, "target");
        if (!strstr(f.why, "example.com")) fail_msg("no example in: %s", f.why);
        for (const char *p = f.why; *p; p++) assert_true((unsigned char)*p >= 0x20);
    }
    static const char wide[] =
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"
        "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
    for (size_t skip = 0; skip < 3; skip++) { /* what is too long is cut between characters */
        char url[100];
        snprintf(url, sizeof url, "%s%s://%s%s", "aa" + 2 - skip, wide, "aa" + 2 - skip, wide);
        struct fail f = refused(url, MODE_AUTO);
        assert_non_null(strstr(f.why, "\xe2\x82\xac://"));
        assert_null(strstr(f.why, "\\x"));
    }
    assert_non_null(strstr(refused("http://[fe80::1%25eth0]/", MODE_AUTO).why, "interface"));
    char label[300];
    memset(label, 'a', sizeof label);
    label[64] = 0;
    refused(label, MODE_AUTO); /* a label of 64 */
    label[63] = 0;
    parsed(label, MODE_AUTO);
    memset(label, 'a', sizeof label);
    for (int i = 50; i < 290; i += 50) label[i] = '.';
    label[254] = 0;
    refused(label, MODE_AUTO); /* a name of 254 */
}

static void test_target_never_shows_secrets(void **state) {
    static char long_one[600];
    static const char *const texts[] = {"https://user:secret@exa mple.com/secret?secret",
                                        "https://user:secret@/secret",
                                        "secret://u@h/secret#secret",
                                        "https://secret@host:99999/secret",
                                        "192.0.2.1/secret",
                                        "192.0.2.1/24/secret?x=secret",
                                        long_one};
    (void)state;
    memset(long_one, 'a', sizeof long_one - 1);
    memcpy(long_one, "https://user:secret@", 20);
    for (size_t i = 0; i < 7; i++) {
        struct fail f = refused(texts[i], MODE_AUTO);
        if (i != 2 && strstr(f.why, "secret")) fail_msg("%s", f.why);
        if (strstr(f.why, "u@")) fail_msg("%s", f.why);
    }
}

/* Contract section 3, the table of targets and modes. */
static const struct {
    const char *text;
    const char *by_mode[MODE_COUNT]; /* ports left, "-" for an error; AUTO unused */
} matrix[] = {
    {"", {"", "-", "-", "", ""}},
    {"example.com", {"", "", "-", "", ""}},
    {"192.0.2.0/24", {"", "", "-", "", ""}},
    {"2001:db8::1", {"", "", "-", "", ""}},
    {"example.com:9000", {"", "", " 9000", " 9000", " 9000"}},
    {"https://example.com/", {"", "", " 443", "", " 443"}},
    {"5432", {"", "-", " 5432", " 5432", " 5432"}},
    {"redis", {"", "-", " 6379", " 6379", " 6379"}},
    {"https", {"", "-", " 443", "", " 443"}},
};

static void test_target_matrix_of_modes(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof matrix / sizeof matrix[0]; i++)
        for (unsigned m = MODE_DOMAIN; m < MODE_COUNT; m++) {
            const char *want = matrix[i].by_mode[m];
            if (strcmp(want, "-") == 0) {
                struct fail f = refused(matrix[i].text, (enum mode)m);
                assert_non_null(strstr(f.why, mode_names[m]));
                continue;
            }
            struct target t = parsed(matrix[i].text, (enum mode)m);
            char ports[64] = "";
            for (uint32_t k = 0, used = 0; k < t.ports; k++)
                used += (uint32_t)snprintf(ports + used, sizeof ports - used, " %u", t.port[k]);
            assert_string_equal(ports, want);
            assert_int_equal(t.mode, m);
            assert_true(strncmp(t.mode_why, "as asked: ", 10) == 0);
        }
}

static void test_target_auto_keeps_the_port_of_a_host(void **state) {
    (void)state;
    struct target t = parsed("example.com:8443", MODE_AUTO);
    assert_int_equal(t.mode, MODE_DOMAIN);
    assert_int_equal(t.ports, 1);
    t = parsed("example.com:8443", MODE_DOMAIN);
    assert_int_equal(t.ports, 0); /* asked for the whole host */
}

static void test_target_port_mode_of_a_host_names_host_port(void **state) {
    (void)state;
    struct fail f = refused("example.com", MODE_PORT);
    assert_non_null(strstr(f.why, "example.com:443"));
    f = refused("2001:db8::1", MODE_PORT);
    assert_non_null(strstr(f.why, "[2001:db8::1]:443"));
    f = refused("10.0.0.0/8", MODE_PORT); /* which takes no port itself */
    assert_null(strstr(f.why, "10.0.0.0/8:443"));
    assert_non_null(strstr(f.why, ":443"));
}

static void test_target_add_addresses(void **state) {
    (void)state;
    struct target t = parsed("example.com", MODE_AUTO);
    struct addr a[3];
    assert_true(addr_parse("192.0.2.1", &a[0]) && addr_parse("2001:db8::1", &a[1]) &&
                addr_parse("192.0.2.1", &a[2]));
    assert_int_equal(target_add_addresses(&t, a, 3), 2);
    assert_int_equal(target_add_addresses(&t, a, 3), 0);
    assert_int_equal(t.address[1].prefix_len, 128);
    for (unsigned i = 0; i < 100; i++) {
        struct addr one = a[0];
        one.b[2] = (uint8_t)i;
        target_add_addresses(&t, &one, 1);
    }
    assert_int_equal(t.addresses, LIM_TARGET_ADDRESSES);
}

static void test_target_probe_plans(void **state) {
    static const struct {
        const char *text, *asked; /* NULL: nothing to probe */
        enum mode mode;
    } plans[] = {{"example.com", "HEAD https://example.com:443/", MODE_AUTO},
                 {"http://example.com/x", "HEAD http://example.com:80/", MODE_AUTO},
                 {"192.0.2.1:8443", "HEAD https://192.0.2.1:8443/", MODE_AUTO},
                 {"[2001:db8::1]:22", "connect to [2001:db8::1]:22", MODE_AUTO},
                 {"192.0.2.1", NULL, MODE_AUTO},
                 {"10.0.0.0/8", NULL, MODE_AUTO},
                 {"443", NULL, MODE_AUTO},
                 {"auto", NULL, MODE_AUTO},
                 {"example.com:53", NULL, MODE_AUTO},
                 {"http://example.com/x", "HEAD http://example.com:80/", MODE_WEB},
                 {"example.com:9999", "connect to example.com:9999", MODE_DOMAIN},
                 {"192.0.2.1:80", "HEAD http://192.0.2.1:80/", MODE_WEB}};
    (void)state;
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        struct target t = parsed(plans[i].text, plans[i].mode);
        struct run_probe plan;
        struct capture_probe probe = {.asked = ""};
        assert_int_equal(run_plan_probe(&t, &plan, &probe), plans[i].asked != NULL);
        assert_string_equal(probe.asked, plans[i].asked ? plans[i].asked : "");
        assert_int_equal(probe.why_not[0] != 0, plans[i].asked == NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_forms),
        cmocka_unit_test(test_target_refuses_what_is_no_target),
        cmocka_unit_test(test_target_never_shows_secrets),
        cmocka_unit_test(test_target_matrix_of_modes),
        cmocka_unit_test(test_target_auto_keeps_the_port_of_a_host),
        cmocka_unit_test(test_target_port_mode_of_a_host_names_host_port),
        cmocka_unit_test(test_target_add_addresses),
        cmocka_unit_test(test_target_probe_plans),
    };
    return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
