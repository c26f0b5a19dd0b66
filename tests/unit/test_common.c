/* common/: what both sides agree on must refuse everything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "common/clock.h"
#include "common/addr.h"
#include "common/bytes.h"
#include "common/hist.h"
#include "common/log.h"
#include "common/mp.h"
#include "common/mpcheck.h"
#include "common/routes.h"
#include "common/schema.h"
#include "common/targets.h"
#include "common/text.h"
#include "common/wire.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint8_t body[LIM_FRAME_FROM_CAPD];
static uint8_t rows[1 << 20];

static struct schema_arena arena(void) {
    return (struct schema_arena){rows, 0, sizeof rows};
}

static void test_cursor_refuses_reads_past_the_end(void **state) {
    (void)state;
    uint8_t b[3] = {1, 2, 3}, u8 = 9;
    uint16_t u16 = 9;
    uint32_t u32 = 9;
    struct cursor c = cursor_make(b, 3);
    assert_false(cursor_be32(&c, &u32));
    assert_int_equal(u32, 9);
    assert_true(cursor_be16(&c, &u16));
    assert_int_equal(u16, 0x0102);
    assert_false(cursor_be16(&c, &u16));
    assert_int_equal(u16, 0x0102);
    assert_true(cursor_u8(&c, &u8));
    assert_false(cursor_u8(&c, &u8));
    assert_false(cursor_skip(&c, 1));
    c = cursor_make(b, 3);
    struct cursor sub = cursor_sub(&c, 100);
    assert_int_equal(cursor_left(&sub), 3);
    assert_int_equal(cursor_left(&c), 0);
}

static void test_addr_prefix_and_text(void **state) {
    (void)state;
    static const struct {
        const char *a, *net;
        unsigned len;
        bool in;
    } t[] = {
        {"192.0.2.1", "192.0.2.0", 24, true},      {"192.0.3.1", "192.0.2.0", 24, false},
        {"192.0.2.1", "0.0.0.0", 0, true},         {"192.0.2.129", "192.0.2.128", 25, true},
        {"192.0.2.127", "192.0.2.128", 25, false}, {"2001:db8::1", "2001:db8::", 32, true},
        {"2001:db9::1", "2001:db8::", 32, false},  {"192.0.2.1", "::", 0, false},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct addr a, n;
        assert_true(addr_parse(t[i].a, &a));
        assert_true(addr_parse(t[i].net, &n));
        assert_int_equal(addr_in_prefix(&a, &n, t[i].len), t[i].in);
    }
    struct addr a;
    char text[ENDPOINT_TEXT_BYTES];
    assert_false(addr_parse("192.0.2.1:80", &a));
    assert_false(addr_parse("fe80::1%eth0", &a));
    assert_true(addr_parse("2001:db8::1", &a));
    assert_string_equal(addr_format_endpoint(&a, 443, text), "[2001:db8::1]:443");
}

static void test_addr_reach(void **state) {
    static const char *const of[] = {"10.0.0.1", "fe80::1", "fd00::1", "2001:db8::1"};
    static const char *const other[] = {"203.0.113.1", "fe80::2", "fc00::2", "2001:db8::2"};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            struct addr a, b;
            assert_true(addr_parse(of[i], &a) && addr_parse(other[k], &b));
            assert_int_equal(addr_same_reach(&a, &b), i == k);
        }
}

static void test_addr_of_socket_addresses(void **state) {
    (void)state;
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct addr a;
    char text[ADDR_TEXT_BYTES];
    in.sin_addr.s_addr = htonl(0xfffff800);
    a = addr_from_sockaddr((const struct sockaddr *)&in);
    assert_string_equal(addr_format(&a, text), "255.255.248.0");
    assert_int_equal(addr_count_bits(&a), 21);
    assert_int_equal(inet_pton(AF_INET6, "febf::1", &in6.sin6_addr), 1);
    a = addr_from_sockaddr((const struct sockaddr *)&in6);
    assert_true(addr_is_link_local(&a));
    assert_true(addr_parse("fec0::1", &a) && !addr_is_link_local(&a));
    assert_true(addr_parse("254.128.0.1", &a) && !addr_is_link_local(&a));
    in.sin_family = AF_UNIX;
    assert_int_equal(addr_from_sockaddr((const struct sockaddr *)&in).len, 0);
    assert_int_equal(addr_from_sockaddr(NULL).len, 0);
}

/* Lines as the kernel writes them. */
static void test_routes_finds_default_routes(void **state) {
    (void)state;
    static const struct {
        bool (*parse)(const char *line, struct default_route *out);
        const char *line, *interface, *gateway; /* interface NULL: no default route */
    } t[] = {
        {routes_parse_v4, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask", NULL,
         NULL},
        {routes_parse_v4, "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0", "eth0",
         "192.0.2.1"},
        {routes_parse_v4, "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0", "ppp0",
         "-"},
        {routes_parse_v4, "eth0\t00000000\t010200C0\t0002\t0\t0\t0\t00000000\t0\t0\t0", NULL, NULL},
        {routes_parse_v4, "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0", NULL, NULL},
        {routes_parse_v4, "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0", NULL, NULL},
        {routes_parse_v6,
         "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
         "20010db8000000000000000000000001 00000400 00000001 00000000 00000003 eth1",
         "eth1", "2001:db8::1"},
        {routes_parse_v6,
         "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
         "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo",
         NULL, NULL},
        {routes_parse_v6,
         "20010db8000000000000000000000000 40 00000000000000000000000000000000 00 "
         "00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth1",
         NULL, NULL},
        {routes_parse_v6, "", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct default_route route;
        char text[ADDR_TEXT_BYTES];
        assert_int_equal(t[i].parse(t[i].line, &route), t[i].interface != NULL);
        if (!t[i].interface) continue;
        assert_string_equal(route.interface, t[i].interface);
        assert_string_equal(addr_format(&route.gateway, text), t[i].gateway);
        assert_int_equal(route.v6, t[i].parse == routes_parse_v6);
    }
}

static void test_hist_percentiles_stay_within_three_percent(void **state) {
    (void)state;
    static struct hist h;
    for (uint64_t v = 1; v <= 100000; v++) hist_add(&h, v);
    struct dist d = hist_summary(&h);
    assert_int_equal(d.samples, 100000);
    assert_int_equal(d.min_us, 1);
    assert_int_equal(d.max_us, 100000);
    assert_in_range(d.p50_us, 48437, 51563);
    assert_in_range(d.p95_us, 92031, 97969);
    hist_add(&h, UINT64_MAX); /* beyond the last bucket: counted, never out of bounds */
    assert_int_equal(hist_percentile(&h, 100), UINT64_MAX);
}

static void test_text_clean_disarms_hostile_names(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } t[] = {
        {"plain.example", "plain.example"},
        {"a\x1b[31mb", "a\\x1b[31mb"},
        {"a\nb\tc", "a\\x0ab\\x09c"},
        {"back\\slash", "back\\\\slash"},
        {"\xff\xfe", "\\xff\\xfe"},
        {"\xe2\x80\xae"
         "evil",
         "\\u{202e}evil"},                   /* right-to-left override */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
        {"\xc0\x80", "\\xc0\\x80"},          /* overlong NUL */
        {"m\xc3\xbcller", "m\xc3\xbcller"},
        {"a b", "a b"},
        {"a\xc2\x9b\x33\x31m", "a\\u{9b}31m"},              /* C1: CSI */
        {"a\xc2\xa0\xe3\x80\x80", "a\\u{a0}\\u{3000}"},     /* blanks that are no space */
        {"\xe2\x81\xa6\xd8\x9c", "\\u{2066}\\u{61c}"},      /* isolate, Arabic mark */
        {"\xe3\x85\xa4\xe2\xa0\x80", "\\u{3164}\\u{2800}"}, /* drawn as nothing */
        {"\xef\xb8\x8f\xef\xbf\xbe", "\\u{fe0f}\\u{fffe}"}, /* variation, noncharacter */
        {"\xf3\xa0\x81\x81", "\\u{e0041}"},                 /* tag */
        {"e\xcc\x81\xcc\x82", "e\xcc\x81\xcc\x82"},
        {"e\xcc\x81\xcc\x82\xcc\x83", "e\xcc\x81\xcc\x82\\u{303}"},
        {"\xcc\x81", "\\u{301}"}, /* would join what stands before it */
    };
    char out[300];
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        text_clean((const uint8_t *)t[i].in, strlen(t[i].in), out, sizeof out);
        assert_string_equal(out, t[i].out);
        char again[300];
        text_clean_again(out, again, sizeof again); /* changes nothing */
        assert_string_equal(again, out);
    }
    text_clean_again("a\\b\x1b", out, sizeof out);
    assert_string_equal(out, "a\\b\\x1b");
    /* cut at a whole escape, never in one */
    assert_int_equal(text_clean((const uint8_t *)"ab\x01", 3, out, 6), 2);
    assert_string_equal(out, "ab");
}

static void test_text_is_cut_between_characters(void **state) {
    (void)state;
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa3z"; /* of 1 to 4 bytes */
    static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t most = 0; most < sizeof fits / sizeof fits[0]; most++)
        assert_int_equal(text_fitting(text, most), fits[most]);
    assert_int_equal(text_fitting("", 5), 0);
    assert_int_equal(text_fitting("\x80\x80\x80\x80\x80\x80", 5),
                     2); /* no UTF-8: bounded all the same */
}

static void test_wire_header_refuses_what_it_does_not_know(void **state) {
    (void)state;
    uint8_t b[32];
    struct wire_header h = {WIRE_ENDED, WIRE_FINAL, 7, 100, 5, 6}, got;
    struct fail f;
    assert_int_equal(wire_put_header(b, &h), 32);
    for (size_t n = 0; n < 32; n++)
        assert_int_equal(wire_get_header(b, n, 4096, &got, &f), WIRE_NEED_MORE);
    assert_int_equal(wire_get_header(b, 32, 4096, &got, &f), WIRE_PARSED);
    assert_int_equal(got.type, WIRE_ENDED);
    assert_int_equal(got.stream, 7);
    assert_int_equal(got.length, 100);
    assert_int_equal(got.final_packets, 5);
    assert_int_equal(got.final_bytes, 6);
    assert_int_equal(wire_get_header(b, 32, 99, &got, &f), WIRE_BAD);
    assert_int_equal(f.code, FAIL_LIMIT);
    b[4] = 9;
    assert_int_equal(wire_get_header(b, 32, 4096, &got, &f), WIRE_BAD);
    assert_int_equal(f.code, FAIL_VERSION);
    b[4] = WIRE_VERSION;
    b[6] = 0x80;
    assert_int_equal(wire_get_header(b, 32, 4096, &got, &f), WIRE_BAD);
    b[0] = 'X';
    assert_int_equal(wire_get_header(b, 32, 4096, &got, &f), WIRE_BAD);
}

struct bytes_case {
    const char *what;
    uint8_t b[24];
    size_t n;
};

static void test_mpcheck_refuses_bombs_and_broken_bytes(void **state) {
    (void)state;
    static const struct bytes_case bad[] = {
        {"array claims 2^32-1 items", {0xdd, 0xff, 0xff, 0xff, 0xff}, 5},
        {"map claims 2^32-1 pairs", {0xdf, 0xff, 0xff, 0xff, 0xff}, 5},
        {"string longer than the bytes", {0xdb, 0x20, 0, 0, 0, 'a'}, 6},
        {"binary longer than the bytes", {0xc6, 0x20, 0, 0, 0, 'a'}, 6},
        {"trailing byte", {0x01, 0x02}, 2},
        {"key is no string", {0x81, 0x01, 0x01}, 3},
        {"string is no UTF-8", {0xa1, 0xff}, 2},
        {"string holds NUL", {0xa1, 0x00}, 2},
        {"float", {0xca, 0, 0, 0, 0}, 5},
        {"extension", {0xd4, 0x01, 0x00}, 3},
        {"reserved tag", {0xc1}, 1},
        {"nothing", {0}, 0},
        {"too deep", {0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x01}, 8},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (mpcheck(bad[i].b, bad[i].n, LIM_MP_DEPTH)) fail_msg("accepted: %s", bad[i].what);
    static const uint8_t good[] = {0x82, 0xa1, 'a', 0x92, 0x01, 0xcd, 0x01, 0x02, 0xa1, 'b', 0xc3};
    assert_true(mpcheck(good, sizeof good, LIM_MP_DEPTH));
    for (size_t n = 0; n < sizeof good; n++) assert_false(mpcheck(good, n, LIM_MP_DEPTH));
}

static struct msg_start sample_start(struct msg_prefix *p, uint64_t *ports) {
    struct msg_start m;
    memset(&m, 0, sizeof m);
    snprintf(m.interface, sizeof m.interface, "eth0");
    m.mode = MODE_DOMAIN;
    m.duration_ms = 30000;
    snprintf(m.name, sizeof m.name, "example.org");
    addr_parse("2001:db8::1", &p[0].address);
    p[0].prefix_len = 128;
    m.addresses = p;
    m.addresses_n = 1;
    ports[0] = 443;
    m.ports = ports;
    m.ports_n = 1;
    snprintf(m.caller, sizeof m.caller, "test");
    return m;
}

static void test_schema_round_trip_and_every_truncation(void **state) {
    (void)state;
    struct msg_prefix p[1] = {{{{0}, 0}, 0}};
    uint64_t ports[1];
    struct msg_start in = sample_start(p, ports), out;
    struct fail f;
    size_t n = schema_encode(&schema_start, &in, body, sizeof body);
    assert_in_range(n, 1, LIM_FRAME_TO_CAPD);
    struct schema_arena a = arena();
    assert_true(schema_decode(&schema_start, body, n, &out, &a, &f));
    assert_string_equal(out.name, in.name);
    assert_int_equal(out.addresses_n, 1);
    assert_true(addr_equal(&out.addresses[0].address, &p[0].address));
    assert_int_equal(out.ports[0], 443);
    for (size_t k = 0; k < n; k++) {
        uint8_t *exact = malloc(k ? k : 1); /* exact size: the sanitizer sees an over-read */
        memcpy(exact, body, k);
        a = arena();
        assert_false(schema_decode(&schema_start, exact, k, &out, &a, &f));
        free(exact);
    }
}

static void test_schema_survives_every_flipped_byte(void **state) {
    (void)state;
    struct msg_prefix p[1] = {{{{0}, 0}, 0}};
    uint64_t ports[1];
    struct msg_start in = sample_start(p, ports), out;
    struct fail f;
    size_t n = schema_encode(&schema_start, &in, body, sizeof body);
    for (size_t i = 0; i < n; i++)
        for (unsigned v = 0; v < 256; v += 5) {
            uint8_t keep = body[i];
            body[i] = (uint8_t)v;
            struct schema_arena a = arena();
            if (schema_decode(&schema_start, body, n, &out, &a, &f)) {
                assert_in_range(out.mode, 0, MODE_COUNT - 1);
                assert_in_range(out.duration_ms, 0, LIM_DURATION_S * 1000u);
                assert_true(strlen(out.name) <= LIM_NAME);
            }
            body[i] = keep;
        }
}

/* A capture message {capture_id: ...} written by hand, to bend its rules one at a time. */
static bool decode_bent(void (*bend)(struct mp_writer *), struct fail *f) {
    struct mp_writer w;
    struct msg_capture out;
    struct schema_arena a = arena();
    mp_writer_init(&w, body, sizeof body);
    bend(&w);
    return schema_decode(&schema_capture, body, w.used, &out, &a, f);
}

static void bent_unknown(struct mp_writer *w) {
    mp_put_map(w, 2);
    mp_put_str(w, "capture_id");
    mp_put_str(w, "x");
    mp_put_str(w, "shell");
    mp_put_uint(w, 1);
}
static void bent_twice(struct mp_writer *w) {
    mp_put_map(w, 2);
    for (int i = 0; i < 2; i++) {
        mp_put_str(w, "capture_id");
        mp_put_str(w, "x");
    }
}
static void bent_missing(struct mp_writer *w) {
    mp_put_map(w, 0);
}
static void bent_type(struct mp_writer *w) {
    mp_put_map(w, 1);
    mp_put_str(w, "capture_id");
    mp_put_uint(w, 1);
}
static void bent_long(struct mp_writer *w) {
    char text[LIM_CAPTURE_ID + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    mp_put_map(w, 1);
    mp_put_str(w, "capture_id");
    mp_put_str(w, text);
}
static void bent_no_map(struct mp_writer *w) {
    mp_put_uint(w, 1);
}

static void test_schema_names_the_field_at_fault(void **state) {
    (void)state;
    static const struct {
        void (*bend)(struct mp_writer *);
        const char *says;
    } t[] = {{bent_unknown, "shell"}, {bent_twice, "twice"},     {bent_missing, "missing"},
             {bent_type, "no text"},  {bent_long, "at most 32"}, {bent_no_map, "no map"}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct fail f = {0};
        assert_false(decode_bent(t[i].bend, &f));
        if (!strstr(f.why, t[i].says)) fail_msg("expected '%s' in '%s'", t[i].says, f.why);
    }
}

static void test_schema_largest_tables_fit_one_frame(void **state) {
    (void)state;
    static struct msg_service s[LIM_SERVICE_ROWS];
    for (size_t i = 0; i < LIM_SERVICE_ROWS; i++) {
        memset(s[i].name, 'n', 60);
        s[i].address =
            addr_from_bytes((const uint8_t *)"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
        s[i].packets = s[i].bytes = UINT32_MAX;
        s[i].first_us = s[i].last_us = (uint64_t)3600 * 1000000;
    }
    struct msg_services m = {.rows = s, .rows_n = LIM_SERVICE_ROWS, .of = 5000};
    assert_in_range(schema_encode(&schema_services, &m, body, sizeof body), 1, sizeof body);
    assert_int_equal(schema_encode(&schema_services, &m, body, 1000), 0); /* too small: nothing */
}

/* The longest list of interfaces is at most half of what capd holds of replies for one client. */
static void test_schema_longest_interface_list_fits(void **state) {
    (void)state;
    static struct msg_interface row[LIM_INTERFACES];
    static struct msg_if_address address[LIM_IF_ADDRESSES];
    static struct msg_route gateway[LIM_ROUTES];
    struct addr a =
        addr_from_bytes((const uint8_t *)"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    for (size_t i = 0; i < LIM_INTERFACES; i++) {
        row[i] = (struct msg_interface){.name = "veth0123456789a", .kind = "ethernet"};
        row[i].index = row[i].mtu = row[i].speed_mbps = UINT32_MAX;
        row[i].rx_packets = row[i].tx_packets = UINT64_MAX;
    }
    for (size_t i = 0; i < LIM_IF_ADDRESSES; i++)
        address[i] = (struct msg_if_address){UINT32_MAX, a, 128};
    for (size_t i = 0; i < LIM_ROUTES; i++) gateway[i] = (struct msg_route){UINT32_MAX, a};
    struct msg_interfaces_reply m = {row,     LIM_INTERFACES, address,    LIM_IF_ADDRESSES,
                                     gateway, LIM_ROUTES,     UINT32_MAX, UINT32_MAX};
    assert_in_range(schema_encode(&schema_interfaces_reply, &m, body, sizeof body), 1, 36 * 1024);
}

/* ---- a capture's clock ------------------------------------------------------------------------
 */

static void test_capture_clock_ignores_steps(void **state) {
    static const struct {
        int64_t step_us;           /* of the wall clock, 10 s into the capture */
        int64_t stamp_us, want_us; /* a packet read 12 s into it: stamped when, counted when */
    } cases[] = {
        {0, 11900000, 11900000},
        {3 * 3600000000ll, 3 * 3600000000ll + 11900000, 11900000},
        {-5 * 3600000000ll, -5 * 3600000000ll + 11900000, 11900000},
        {-5 * 3600000000ll, 9900000, 12000000},         /* from before the step: now */
        {3 * 3600000000ll, 9900000, 12000000},          /* likewise */
        {200000, 200000 + 11900000, 200000 + 11900000}, /* slewing, not a step */
        {0, 12500000, 12500000},                        /* it came after the clock was read */
    };
    const uint64_t start = 1700000000000000ull;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct clock_capture c;
        clock_capture_start(&c, start, 5000000);
        for (uint64_t s = 1; s <= 10; s++)
            assert_int_equal(clock_capture_now(&c, start + s * 1000000, 5000000 + s * 1000000),
                             start + s * 1000000);
        uint64_t wall = start + 12000000 + (uint64_t)cases[i].step_us;
        uint64_t now = clock_capture_now(&c, wall, 17000000);
        assert_int_equal(now, start + 12000000);
        uint64_t stamp = (start + (uint64_t)cases[i].stamp_us) * 1000;
        assert_int_equal(clock_capture_stamp(&c, stamp, now),
                         (start + (uint64_t)cases[i].want_us) * 1000);
    }
}

static void test_targets_text_is_cut_at_a_word(void **state) {
    const uint8_t v4[] = {192, 0, 2, 1};
    struct msg_prefix p[3] = {{addr_from_bytes(v4, 4), 32}, {addr_from_bytes(v4, 4), 24}};
    const uint64_t ports[] = {80, 65535};
    char out[2400], small[80];
    (void)state;
    p[2] = p[1];
    assert_string_equal(targets_addresses(p, 2, out, sizeof out), "192.0.2.1 192.0.2.1/24");
    assert_string_equal(targets_addresses(p, 0, out, sizeof out), "");
    assert_string_equal(targets_addresses(p, 3, small, sizeof small),
                        "192.0.2.1 192.0.2.1/24 and 1 more, all: fnv1a64=57af9417ff5f4624");
    assert_string_equal(targets_ports(ports, 2, out, sizeof out), "80 65535");
    p[2].prefix_len = 0; /* what is left out counts */
    targets_addresses(p, 3, small, sizeof small);
    assert_string_equal(small + strlen(small) - 16, "a993bde62931aade");
}

/* A pipe that nobody reads: lines are lost, nothing waits, and the number is told when there is
 * room again.  In a process of its own, whose standard error the pipe is. */
static void test_log_does_not_wait_for_its_reader(void **state) {
    static char text[1 << 20];
    int pipes[2], status;
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(5); /* a log that waits ends here */
        dup2(pipes[1], STDERR_FILENO);
        log_open("test");
        log_never_wait();
        for (int i = 0; i < 3000; i++)
            log_line("line %d of some length, so that the pipe fills", i);
        if (read(pipes[0], text, sizeof text) < 0) _exit(1);
        memset(text, 0, sizeof text);
        log_line("room again");
        if (read(pipes[0], text, sizeof text - 1) < 0) _exit(1);
        _exit(strstr(text, "lines of the log were lost") && strstr(text, "room again") ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets_text_is_cut_at_a_word),
        cmocka_unit_test(test_log_does_not_wait_for_its_reader),
        cmocka_unit_test(test_capture_clock_ignores_steps),
        cmocka_unit_test(test_cursor_refuses_reads_past_the_end),
        cmocka_unit_test(test_addr_prefix_and_text),
        cmocka_unit_test(test_addr_reach),
        cmocka_unit_test(test_addr_of_socket_addresses),
        cmocka_unit_test(test_routes_finds_default_routes),
        cmocka_unit_test(test_hist_percentiles_stay_within_three_percent),
        cmocka_unit_test(test_text_clean_disarms_hostile_names),
        cmocka_unit_test(test_text_is_cut_between_characters),
        cmocka_unit_test(test_wire_header_refuses_what_it_does_not_know),
        cmocka_unit_test(test_mpcheck_refuses_bombs_and_broken_bytes),
        cmocka_unit_test(test_schema_round_trip_and_every_truncation),
        cmocka_unit_test(test_schema_survives_every_flipped_byte),
        cmocka_unit_test(test_schema_names_the_field_at_fault),
        cmocka_unit_test(test_schema_largest_tables_fit_one_frame),
        cmocka_unit_test(test_schema_longest_interface_list_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
