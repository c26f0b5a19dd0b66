/* TLS in clear: hellos whole, cut, and spread over records; alerts; what only looks like TLS. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "capd/decode/tls.h"
#include "tests/unit/frames.h"

#define RANDOM "000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f"
#define RETRY  "cf21ad74e59a6111be1d8c021e65b891 c2a211167abb8c5e079e09e2c8a8339c"

/* Offers TLS_AES_128_GCM_SHA256 and ECDHE-RSA-AES128-GCM-SHA256 for "example.com", ALPN h2 and
 * http/1.1, versions GREASE 7a7a, 1.3, 1.2.  The message of 98 bytes: */
#define CLIENT_HELLO                                                                               \
    "01 00005e 0303" RANDOM "00 0004 1301 c02f 01 00 0031"                                         \
    "0000 0010 000e 00 000b 6578616d706c652e636f6d"                                                \
    "0010 000e 000c 02 6832 08 687474702f312e31"                                                   \
    "002b 0007 06 7a7a 0304 0303"
#define CLIENT_RECORD "16 0301 0062" CLIENT_HELLO
#define SERVER_12     "16 0303 0035 02 000031 0303" RANDOM "00 c02f 00 0009 0010 0005 0003 02 6832"
#define SERVER_13     "16 0303 0032 02 00002e 0303" RANDOM "00 1301 00 0006 002b 0002 0304"
#define SERVER_RETRY  "16 0303 0032 02 00002e 0303" RETRY "00 1301 00 0006 002b 0002 0304"
#define SSLV2                                                                                      \
    "80 2b 01 0301 0012 0000 0010 010080 0700c0 030080 060040 020080 040080"                       \
    "000102030405060708090a0b0c0d0e0f"

static uint8_t input[8192];

static enum tls_status decode_bytes(size_t len, struct tls_message *m) {
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, input, len);
    memset(m, 0xa5, sizeof *m);
    enum tls_status s = decode_tls(cursor_make(exact, len), m);
    assert_in_range(m->kind, 0, TLS_HEARTBEAT);
    assert_true(m->hello.alpn_len <= TLS_MAX_ALPN);
    (void)tls_can_begin(cursor_make(exact, len));
    (void)tls_is_data(cursor_make(exact, len));
    free(exact);
    return s;
}

static enum tls_status decode_hex(const char *hex, struct tls_message *m) {
    return decode_bytes(hex_read(hex, input, sizeof input), m);
}

static void check_client(const struct tls_message *m) {
    assert_int_equal(m->kind, TLS_CLIENT_HELLO);
    assert_int_equal(m->hello.legacy_version, 0x0303);
    assert_int_equal(m->hello.version, 0x0304);
    assert_int_equal(m->hello.sni_len, 11);
    assert_memory_equal(m->hello.sni, "example.com", 11);
    assert_int_equal(m->hello.alpn_len, 2);
    assert_memory_equal(m->hello.alpn, "h2", 2);
    assert_false(m->hello.sslv2);
}

static void test_tls_client_hello(void **state) {
    (void)state;
    struct tls_message m;
    assert_int_equal(decode_hex(CLIENT_RECORD, &m), TLS_OK);
    check_client(&m);
    assert_int_equal(m.record_version, 0x0301);
    assert_int_equal(m.stream_bytes, 103);
}

static void test_tls_server_hellos(void **state) {
    (void)state;
    struct tls_message m;
    assert_int_equal(decode_hex(SERVER_12, &m), TLS_OK);
    assert_int_equal(m.kind, TLS_SERVER_HELLO);
    assert_int_equal(m.hello.version, 0x0303);
    assert_int_equal(m.hello.cipher, 0xc02f);
    assert_int_equal(m.hello.alpn_len, 2);
    assert_int_equal(decode_hex(SERVER_13, &m), TLS_OK);
    assert_int_equal(m.hello.version, 0x0304);
    assert_int_equal(m.hello.legacy_version, 0x0303);
    assert_false(m.hello.hello_retry);
    assert_int_equal(decode_hex(SERVER_RETRY, &m), TLS_OK);
    assert_true(m.hello.hello_retry);
}

/* A ServerHello is read as soon as it is there, though its record goes on (certificate). */
static void test_tls_hello_in_a_longer_record(void **state) {
    (void)state;
    struct tls_message m;
    assert_int_equal(
        decode_hex("16 0303 1000 02 00002e 0303" RANDOM "00 1301 00 0006 002b 0002 0304", &m),
        TLS_OK);
    assert_int_equal(m.kind, TLS_SERVER_HELLO);
    assert_int_equal(m.stream_bytes, 5 + 0x1000);
}

static void test_tls_every_truncation(void **state) {
    (void)state;
    static const char *const texts[] = {CLIENT_RECORD, SERVER_12, SERVER_13, SSLV2};
    struct tls_message m;
    for (size_t i = 0; i < 4; i++) {
        uint32_t len = hex_read(texts[i], input, sizeof input);
        assert_int_equal(decode_bytes(len, &m), TLS_OK);
        for (uint32_t cut = 0; cut < len; cut++) {
            enum tls_status s = decode_bytes(cut, &m);
            /* of the SSLv2 hello only the head is looked at */
            if (i < 3 || cut < 11) assert_int_equal(s, TLS_NEED_MORE);
            if (cut > 0) assert_true(tls_can_begin(cursor_make(input, cut)));
            if (i == 0) assert_int_equal(m.hello.sni_len, cut >= 5 + 49 + 20 ? 11 : 0);
        }
    }
    assert_false(tls_can_begin(cursor_make(input, 0)));
}

static void test_tls_hello_spread_over_records(void **state) {
    (void)state;
    uint8_t hello[128];
    struct tls_message m;
    uint32_t len = hex_read(CLIENT_HELLO, hello, sizeof hello);
    for (uint32_t piece = 2; piece < len; piece++) {
        size_t n = 0;
        for (uint32_t at = 0; at < len; at += piece) {
            uint32_t take = len - at < piece ? len - at : piece;
            const uint8_t head[5] = {22, 3, 1, 0, (uint8_t)take};
            memcpy(input + n, head, 5);
            memcpy(input + n + 5, hello + at, take);
            n += 5 + take;
        }
        assert_int_equal(decode_bytes(n, &m), TLS_OK);
        check_client(&m);
        assert_int_equal(m.stream_bytes, n);
        for (size_t cut = 0; cut < n; cut++) assert_int_equal(decode_bytes(cut, &m), TLS_NEED_MORE);
    }
}

/* Bytes after the extensions belong to the hello, too: it is not over before they are there. */
static void test_tls_hello_with_trailing_bytes(void **state) {
    (void)state;
    struct tls_message m;
    uint32_t len =
        hex_read("16 0303 0034 02 000030 0303" RANDOM "00 1301 00 0006 002b 0002 0304 0000", input,
                 sizeof input);
    for (uint32_t cut = 0; cut < len; cut++) assert_int_equal(decode_bytes(cut, &m), TLS_NEED_MORE);
    assert_int_equal(decode_bytes(len, &m), TLS_OK);
}

static void test_tls_other_records(void **state) {
    (void)state;
    static const struct {
        const char *hex;
        enum tls_status status;
        enum tls_kind kind;
        uint32_t stream_bytes;
    } cases[] = {
        {"15 0303 0002 02 28", TLS_OK, TLS_ALERT, 7},
        {"15 0303 0002 02", TLS_NEED_MORE, TLS_ENCRYPTED_ALERT, 7},
        {"15 0303 0002 77 28", TLS_MALFORMED, TLS_ALERT, 7},
        {"15 0303 0001 02", TLS_MALFORMED, TLS_ENCRYPTED_ALERT, 6},
        {"15 0303 001a 00", TLS_OK, TLS_ENCRYPTED_ALERT, 31},
        {"14 0303 0001", TLS_OK, TLS_CHANGE_CIPHER, 6},
        {"17 0303 4000", TLS_OK, TLS_APPLICATION_DATA, 16389},
        {"18 0303 0003", TLS_OK, TLS_HEARTBEAT, 8},
        {"16 0303 0004 0e 000000", TLS_OK, TLS_OTHER_HANDSHAKE, 9},
        /* a Finished message, encrypted, that begins like a hello by chance */
        {"16 0303 0028 01 9f3c21 77", TLS_OK, TLS_OTHER_HANDSHAKE, 45},
        {"16 0303 0028 02 000021 03", TLS_OK, TLS_OTHER_HANDSHAKE, 45},
        {"16 0303 0028 02 000024 77", TLS_OK, TLS_OTHER_HANDSHAKE, 45},
    };
    struct tls_message m;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(decode_hex(cases[i].hex, &m), cases[i].status);
        assert_int_equal(m.kind, cases[i].kind);
        assert_int_equal(m.stream_bytes, cases[i].stream_bytes);
    }
    /* two bytes like a hello's, which the next record shows to be none: only the first counts */
    assert_int_equal(decode_hex("16 0303 0002 01 80 16 0303 0004 16030100", &m), TLS_OK);
    assert_int_equal(m.kind, TLS_OTHER_HANDSHAKE);
    assert_int_equal(m.stream_bytes, 7);
    assert_int_equal(decode_hex("15 0303 0002 02 28", &m), TLS_OK);
    assert_int_equal(m.alert_level, 2);
    assert_int_equal(m.alert_description, 40);
}

/* Application data as it stands in the middle of a stream, and what is none. */
static void test_tls_data_in_mid_stream(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        bool is;
    } rows[] = {{"\x17\3\3\0\x11", 5, true},  {"\x17\3\1\x40\x18more", 9, true},
                {"\x17\3\3\0\x10", 5, false}, {"\x17\3\0\0\x40", 5, false},
                {"\x16\3\3\0\x40", 5, false}, {"\x17\3\3\0", 4, false},
                {"\x17\3\3\x60\0", 5, false}, {"", 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (tls_is_data(cursor_make(rows[i].text, rows[i].n)) != rows[i].is) fail_msg("row %zu", i);
}

static void test_tls_sslv2_hello(void **state) {
    (void)state;
    struct tls_message m;
    assert_int_equal(decode_hex(SSLV2, &m), TLS_OK);
    assert_int_equal(m.kind, TLS_CLIENT_HELLO);
    assert_true(m.hello.sslv2);
    assert_int_equal(m.hello.version, 0x0301);
    assert_int_equal(m.stream_bytes, 45);
}

static void test_tls_is_not(void **state) {
    (void)state;
    static const char *const texts[] = {
        "474554",
        "16 04",
        "16 0305",
        "19 0303",
        "16 0303 4801",
        "80 2b 02",
        "80 08 01",
        "80 2b 01 0301 0011 0000 0011",
        "80 2b 01 0400",
        "80 2b 01 0301 0012 0000 0011",
        "00",
    };
    struct tls_message m;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint32_t len = hex_read(texts[i], input, sizeof input);
        assert_int_equal(decode_bytes(len, &m), TLS_NOT_TLS);
        assert_false(tls_can_begin(cursor_make(input, len)));
    }
    /* TLS all right, but no beginning */
    uint32_t len = hex_read("17 0303 0100 00", input, sizeof input);
    assert_false(tls_can_begin(cursor_make(input, len)));
}

static void test_tls_contradictory_lengths(void **state) {
    (void)state;
    /* body of 34 bytes: nothing after the random; session id, ciphers, extensions beyond the end */
    static const char *const texts[] = {
        "16 0301 0026 01 000022 0303" RANDOM,
        "16 0301 0027 01 000023 0303" RANDOM "01",
        "16 0301 0029 01 000025 0303" RANDOM "00 00ff",
        "16 0301 002f 01 00002b 0303" RANDOM "00 0002 1301 01 00 00ff",
        "16 0301 0033 01 00002f 0303" RANDOM "00 0002 1301 01 00 0004 0000 00ff",
        "16 0301 0035 01 000031 0303" RANDOM "00 0002 1301 01 00 0006 0000 0002 00ff",
        "16 0301 0034 01 000030 0303" RANDOM "00 0002 1301 01 00 0005 002b 0001 02",
    };
    struct tls_message m;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(decode_hex(texts[i], &m), TLS_MALFORMED);
        assert_int_equal(m.kind, TLS_CLIENT_HELLO);
        assert_int_equal(m.hello.sni_len, 0);
    }
    /* SSL 3: no extensions at all */
    assert_int_equal(decode_hex("16 0300 002d 01 000029 0300" RANDOM "00 0002 0035 01 00", &m),
                     TLS_OK);
    assert_int_equal(m.hello.version, 0x0300);
}

static void test_tls_survives_broken_bytes(void **state) {
    (void)state;
    static const char *const texts[] = {CLIENT_RECORD, SERVER_12, SERVER_RETRY, SSLV2};
    struct tls_message m;
    for (size_t i = 0; i < 4; i++) {
        uint32_t len = hex_read(texts[i], input, sizeof input);
        for (uint32_t at = 0; at < len; at++) {
            uint8_t was = input[at];
            for (unsigned value = 0; value < 256; value++) {
                input[at] = (uint8_t)value;
                (void)decode_bytes(len, &m);
            }
            input[at] = was;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_client_hello),
        cmocka_unit_test(test_tls_server_hellos),
        cmocka_unit_test(test_tls_hello_in_a_longer_record),
        cmocka_unit_test(test_tls_every_truncation),
        cmocka_unit_test(test_tls_hello_spread_over_records),
        cmocka_unit_test(test_tls_hello_with_trailing_bytes),
        cmocka_unit_test(test_tls_other_records),
        cmocka_unit_test(test_tls_data_in_mid_stream),
        cmocka_unit_test(test_tls_sslv2_hello),
        cmocka_unit_test(test_tls_is_not),
        cmocka_unit_test(test_tls_contradictory_lengths),
        cmocka_unit_test(test_tls_survives_broken_bytes),
    };
    return cmocka_run_group_tests_name("decode_tls", tests, NULL, NULL);
}
