/* mcpd/capture/interfaces: the interface that a capture takes, and the reason given for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/capture/interfaces.h"
#include <stdio.h>
#include <string.h>

/* lo, eth0 (IPv4 default route), wlan0 (busy), tun0 (IPv6 default route), off0 (down). */
static struct interfaces machine(void) {
    struct interfaces i = {.rows = 5, .addresses = 5};
    static const char *const names[] = {"lo", "eth0", "wlan0", "tun0", "off0"};
    static const char *const addresses[] = {"127.0.0.1", "192.0.2.10", "198.51.100.3",
                                            "2001:db8::10", "192.0.2.129"};
    static const uint64_t prefixes[] = {8, 24, 24, 64, 25};
    for (uint32_t k = 0; k < 5; k++) {
        snprintf(i.row[k].name, sizeof i.row[k].name, "%s", names[k]);
        i.row[k].index = k + 1;
        i.row[k].up = k != 4;
        i.row[k].allowed = true;
        i.address[k].index = k + 1;
        i.address[k].prefix_len = prefixes[k];
        assert_true(addr_parse(addresses[k], &i.address[k].address));
    }
    i.row[0].loopback = true;
    i.row[0].rx_packets = 1000000; /* the busiest, and yet no network */
    i.row[1].default_v4 = true;
    i.row[2].rx_packets = 1000;
    i.row[3].default_v6 = true;
    return i;
}

static struct addr address(const char *text) {
    struct addr a;
    assert_true(addr_parse(text, &a));
    return a;
}

static void test_interface_choice_default_order(void **state) {
    (void)state;
    struct interfaces i = machine();
    struct interface_choice c;
    assert_true(interfaces_choose_default(&i, &c));
    assert_string_equal(c.name, "eth0");
    assert_non_null(strstr(c.why, "IPv4"));
    i.row[1].default_v4 = false;
    assert_true(interfaces_choose_default(&i, &c));
    assert_string_equal(c.name, "tun0");
    i.row[3].default_v6 = false;
    assert_true(interfaces_choose_default(&i, &c));
    assert_string_equal(c.name, "wlan0");
    assert_non_null(strstr(c.why, "busiest"));
    i.row[1].up = i.row[2].up = i.row[3].up = false;
    assert_true(interfaces_choose_default(&i, &c));
    assert_string_equal(c.name, "lo");
    i.row[0].allowed = false;
    assert_false(interfaces_choose_default(&i, &c));
}

static void test_interface_choice_skips_what_is_not_allowed(void **state) {
    (void)state;
    struct interfaces i = machine();
    struct interface_choice c;
    i.row[1].allowed = false;
    assert_true(interfaces_choose_default(&i, &c));
    assert_string_equal(c.name, "tun0");
    struct addr source = address("192.0.2.10");
    assert_false(interfaces_choose_by_source(&i, &source, "", &c));
}

static void test_interface_choice_by_route_and_prefix(void **state) {
    (void)state;
    struct interfaces i = machine();
    struct interface_choice c;
    struct addr a = address("2001:db8::10");
    assert_true(interfaces_choose_by_source(&i, &a, "", &c));
    assert_string_equal(c.name, "tun0");
    assert_non_null(strstr(c.why, "2001:db8::10"));
    a = address("203.0.113.1");
    assert_false(interfaces_choose_by_source(&i, &a, "", &c));
    assert_false(interfaces_choose_by_prefix(&i, &a, &c));
    a = address("192.0.2.77");
    assert_true(interfaces_choose_by_prefix(&i, &a, &c));
    assert_string_equal(c.name, "eth0");
    a = address("192.0.2.200"); /* in two networks: the narrower one */
    assert_true(interfaces_choose_by_prefix(&i, &a, &c));
    assert_string_equal(c.name, "off0");
    assert_true(interfaces_is_local(&i, &i.address[2].address));
    assert_false(interfaces_is_local(&i, &a));
}

static void test_interface_choice_lists_in_a_stable_order(void **state) {
    (void)state;
    static struct msg_interface rows[] = {
        {.name = "cali2", .index = 4, .kind = "virtual", .up = true},
        {.name = "cali1", .index = 5, .kind = "virtual", .up = true},
        {.name = "eno9", .index = 6, .kind = "ethernet"},
        {.name = "lo", .index = 1, .kind = "loopback", .up = true},
        {.name = "br0", .index = 7, .kind = "bridge", .up = true},
        {.name = "svc0", .index = 8, .kind = "virtual"},
        {.name = "zz0", .index = 300, .kind = "virtual", .up = true, .default_v6 = true}};
    static const char *const order[] = {"zz0", "br0", "lo", "eno9", "cali1", "cali2", "svc0"};
    /* a link-local address says nothing, nor does one of an interface that is down */
    struct msg_if_address addresses[] = {{1, address("127.0.0.1"), 8},
                                         {4, address("fe80::1"), 64},
                                         {7, address("192.0.2.1"), 24},
                                         {8, address("198.51.100.1"), 32}};
    static struct interfaces i;
    struct msg_interfaces_reply reply = {.interfaces = rows,
                                         .interfaces_n = 7,
                                         .addresses = addresses,
                                         .addresses_n = 4,
                                         .interfaces_all = 400,
                                         .addresses_all = 900};
    interfaces_copy(&i, &reply);
    for (size_t k = 0; k < 7; k++) assert_string_equal(i.row[k].name, order[k]);
    assert_int_equal(i.row[0].index, 300);
    assert_int_equal(i.rows_all, 400);
    assert_int_equal(i.addresses_all, 900);
}

/* What a list that was cut does not show is there all the same. */
static void test_interface_choice_beyond_a_cut_list(void **state) {
    (void)state;
    struct interfaces i = machine();
    struct interface_choice c;
    struct fail f;
    struct addr source = address("203.0.113.7");
    assert_false(interfaces_choose_by_source(&i, &source, "vlan300", &c)); /* gone since */
    i.rows_all = 300;
    assert_true(interfaces_choose_by_source(&i, &source, "vlan300", &c));
    assert_string_equal(c.name, "vlan300");
    assert_non_null(strstr(c.why, "203.0.113.7"));
    assert_true(interfaces_choose_by_source(&i, &source, "eth0", &c)); /* one address of too many */
    assert_string_equal(c.name, "eth0");
    assert_false(interfaces_choose_by_source(&i, &source, "", &c));
    assert_true(interfaces_choose_named(&i, "vlan300", &c, &f));
    assert_string_equal(c.name, "vlan300");
    assert_false(interfaces_choose_named(&i, "off0", &c, &f));
    assert_non_null(strstr(f.why, "off0 (down) and 295 more"));
    assert_false(interfaces_choose_named(&i, "longer-than-a-name-is", &c, &f));
}

static void test_interface_choice_by_name(void **state) {
    (void)state;
    struct interfaces i = machine();
    struct interface_choice c;
    struct fail f;
    assert_true(interfaces_choose_named(&i, "wlan0", &c, &f));
    assert_string_equal(c.name, "wlan0");
    assert_string_equal(c.why, "as asked");
    assert_false(interfaces_choose_named(&i, "eth1", &c, &f));
    assert_int_equal(f.code, FAIL_NOT_FOUND);
    assert_string_equal(f.field, "interface");
    assert_non_null(strstr(f.why, "lo, eth0, wlan0, tun0, off0 (down)"));
    assert_false(interfaces_choose_named(&i, "a2345678901234567890123", &c, &f));
    assert_non_null(strstr(f.why, "\"a2345678901234567890\""));
    assert_false(interfaces_choose_named(&i,
                                         "a\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                                         "\xc3\xa9\xc3\xa9\xc3\xa9",
                                         &c, &f)); /* its 20th byte is within a character */
    assert_non_null(strstr(f.why, "\xc3\xa9\""));
    assert_false(interfaces_choose_named(&i, "off0", &c, &f));
    assert_non_null(strstr(f.why, "is down"));
    i.row[2].allowed = false;
    assert_false(interfaces_choose_named(&i, "wlan0", &c, &f));
    assert_int_equal(f.code, FAIL_PERMISSION);
    assert_null(strstr(strstr(f.why, "allowed:"), "wlan0"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interface_choice_default_order),
        cmocka_unit_test(test_interface_choice_skips_what_is_not_allowed),
        cmocka_unit_test(test_interface_choice_by_route_and_prefix),
        cmocka_unit_test(test_interface_choice_by_name),
        cmocka_unit_test(test_interface_choice_lists_in_a_stable_order),
        cmocka_unit_test(test_interface_choice_beyond_a_cut_list),
    };
    return cmocka_run_group_tests_name("interface choice", tests, NULL, NULL);
}
