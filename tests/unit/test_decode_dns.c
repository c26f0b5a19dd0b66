/* DNS messages: what is read, and what hostile ones cannot do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "capd/decode/dns.h"
#include "tests/unit/frames.h"
#include <stdio.h>

#define MAX_BYTES 8192u

/* example.com; www.example.com by a pointer to byte 12 */
#define NAME  "07 6578616d706c65 03 636f6d 00"
#define QUERY "abcd 0100 0001 0000 0000 0000" NAME "0001 0001"
/* CNAME www.example.com (at 29: 16 bytes of record head and data), two addresses, OPT with rcode 0
 */
#define ANSWER                                                                                     \
    "abcd 8180 0001 0003 0000 0001" NAME "0001 0001"                                               \
    "c00c 0005 0001 00000e10 0006 03 777777 c00c"                                                  \
    "c029 0001 0001 0000003c 0004 cb007109"                                                        \
    "c029 001c 0001 0000012c 0010 20010db8000000000000000000000009"                                \
    "00 0029 04d0 00000000 0000"

static enum dns_status decode_exact(const uint8_t *bytes, size_t len, struct dns_message *m) {
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, len);
    memset(m, 0xa5, sizeof *m);
    enum dns_status s = decode_dns(cursor_make(exact, len), m);
    free(exact);
    if (s == DNS_NO_HEADER) return s;
    assert_true(m->addresses <= DNS_MAX_ADDRESSES && m->name_len <= 253);
    assert_true(m->answers_read <= m->answers);
    if (!m->has_question) assert_int_equal(m->name_len, 0);
    return s;
}

static enum dns_status decode_hex(const char *hex, struct dns_message *m) {
    uint8_t bytes[MAX_BYTES];
    return decode_exact(bytes, hex_read(hex, bytes, sizeof bytes), m);
}

static void test_dns_query(void **state) {
    (void)state;
    struct dns_message m;
    assert_int_equal(decode_hex(QUERY, &m), DNS_OK);
    assert_int_equal(m.id, 0xabcd);
    assert_false(m.response);
    assert_true(m.recursion_desired && m.has_question);
    assert_int_equal(m.name_len, 11);
    assert_memory_equal(m.name, "example.com", 11);
    assert_int_equal(m.qtype, 1);
    assert_int_equal(m.qclass, 1);
}

static void test_dns_answer(void **state) {
    (void)state;
    struct dns_message m;
    struct addr v4, v6;
    assert_true(addr_parse("203.0.113.9", &v4) && addr_parse("2001:db8::9", &v6));
    assert_int_equal(decode_hex(ANSWER, &m), DNS_OK);
    assert_true(m.response && m.recursion_available && m.has_opt && !m.truncated);
    assert_int_equal(m.rcode, 0);
    assert_int_equal(m.answers_read, 3);
    assert_int_equal(m.cnames, 1);
    assert_int_equal(m.addresses, 2);
    assert_true(addr_equal(&m.address[0].address, &v4));
    assert_int_equal(m.address[0].ttl_s, 60);
    assert_true(addr_equal(&m.address[1].address, &v6));
    assert_int_equal(m.min_ttl_s, 60);
}

/* Addresses and aliases of a name that was not asked for, nor leads there from it, are none of it.
 */
static void test_dns_records_of_other_names(void **state) {
    (void)state;
    struct dns_message m;
    assert_int_equal(decode_hex("abcd 8180 0001 0004 0000 0000" NAME "0001 0001"
                                "03 626164 00 0001 0001 0000003c 0004 cb007163"     /* bad. */
                                "03 626164 00 0005 0001 0000003c 0005 03 626565 00" /* to bee. */
                                "03 626565 00 0001 0001 0000003c 0004 cb007164"
                                "c00c 0001 0001 0000003c 0004 cb007109",
                                &m),
                     DNS_OK);
    assert_int_equal(m.answers_read, 4);
    assert_int_equal(m.aliases, 0);
    assert_int_equal(m.addresses, 1);
    assert_int_equal(m.address[0].address.b[3], 9);
}

/* The chain of aliases in order, by pointer and in place; one that breaks the rules is left out. */
static void test_dns_aliases(void **state) {
    (void)state;
    struct dns_message m;
    assert_int_equal(decode_hex(ANSWER, &m), DNS_OK);
    assert_int_equal(m.aliases, 1);
    assert_int_equal(m.alias[0].name_len, 15);
    assert_memory_equal(m.alias[0].name, "www.example.com", 15);
    assert_int_equal(m.alias[0].ttl_s, 3600);
    assert_int_equal(decode_hex("abcd 8180 0001 0003 0000 0000" NAME "0001 0001"
                                "c00c 0005 0001 0000003c 0006 03 636464 c00c"
                                "c029 0005 0001 0000003c 0002 c0ff"
                                "c029 0005 0001 00000000 0007 03 414141 01 41 00",
                                &m),
                     DNS_OK);
    assert_int_equal(m.cnames, 3);
    assert_int_equal(m.aliases, 2);
    assert_memory_equal(m.alias[1].name, "AAA.A", 5);
    assert_int_equal(m.alias[1].name_len, 5);
    /* another class says nothing of the Internet */
    assert_int_equal(decode_hex("abcd 8180 0001 0001 0000 0000" NAME "0001 0001"
                                "c00c 0005 0003 0000003c 0006 03 636464 c00c",
                                &m),
                     DNS_OK);
    assert_int_equal(m.aliases, 0);
}

#define HTTPS(len, params)                                                                         \
    "abcd 8180 0001 0001 0000 0000" NAME "0041 0001 c00c 0041 0001 0000003c" len "0001 00" params

static void test_dns_address_hints(void **state) {
    (void)state;
    struct dns_message m;
    struct addr v4, v6;
    assert_true(addr_parse("203.0.113.9", &v4) && addr_parse("2001:db8::9", &v6));
    assert_int_equal(decode_hex(HTTPS("002e", "0001 0003 026832"
                                              "0004 0008 cb007108 cb007109"
                                              "0006 0010 20010db8000000000000000000000009"
                                              "0009 0000"),
                                &m),
                     DNS_OK);
    assert_int_equal(m.addresses, 3);
    assert_true(addr_equal(&m.address[1].address, &v4));
    assert_true(addr_equal(&m.address[2].address, &v6));
    assert_int_equal(m.address[2].ttl_s, 60);
    /* a length beyond the record, and half an address */
    assert_int_equal(decode_hex(HTTPS("000d", "0004 0008 cb007108 cb00"), &m), DNS_OK);
    assert_int_equal(m.addresses, 0);
    assert_int_equal(decode_hex(HTTPS("000d", "0004 0006 cb007108 cb00"), &m), DNS_OK);
    assert_int_equal(m.addresses, 1);
}

static void test_dns_extended_error(void **state) {
    (void)state;
    struct dns_message m;
    /* a cookie before it, a text in it; then one that is too short */
    assert_int_equal(
        decode_hex("abcd 8182 0001 0000 0000 0001" NAME "0001 0001"
                   "00 0029 04d0 00000000 0012 000a 0002 aabb 000f 0008 0016 6e6f206e73",
                   &m),
        DNS_INCOMPLETE);
    assert_int_equal(
        decode_hex("abcd 8182 0001 0000 0000 0001" NAME "0001 0001"
                   "00 0029 04d0 00000000 0011 000a 0002 aabb 000f 0007 0016 6e6f206e73",
                   &m),
        DNS_OK);
    assert_true(m.has_extended_error);
    assert_int_equal(m.extended_error, 22);
    assert_int_equal(m.udp_size, 1232);
    assert_int_equal(decode_hex("abcd 8182 0001 0000 0000 0001" NAME "0001 0001"
                                "00 0029 04d0 00000000 0005 000f 0001 00",
                                &m),
                     DNS_OK);
    assert_false(m.has_extended_error);
}

static void test_dns_flags_and_rcodes(void **state) {
    (void)state;
    struct dns_message m;
    static const struct {
        const char *hex;
        uint16_t rcode;
        uint8_t opcode;
        bool truncated;
    } cases[] = {
        {"0001 8183 0000 0000 0000 0000", 3, 0, false},
        {"0001 8382 0000 0000 0000 0000", 2, 0, true},
        {"0001 a800 0000 0000 0000 0000", 0, 5, false},
        /* BADVERS 16: upper bits 1 in the OPT record, lower bits 0 in the header */
        {"0001 8180 0000 0000 0000 0001 00 0029 04d0 01000000 0000", 16, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(decode_hex(cases[i].hex, &m), DNS_OK);
        assert_int_equal(m.rcode, cases[i].rcode);
        assert_int_equal(m.opcode, cases[i].opcode);
        assert_int_equal(m.truncated, cases[i].truncated);
        assert_false(m.has_question);
    }
}

/* The header and question of a cut answer are there, and the answers as far as they are whole. */
static void test_dns_every_truncation(void **state) {
    (void)state;
    uint8_t bytes[MAX_BYTES];
    struct dns_message m;
    uint32_t len = hex_read(ANSWER, bytes, sizeof bytes);
    for (uint32_t cut = 0; cut < len; cut++) {
        enum dns_status s = decode_exact(bytes, cut, &m);
        assert_int_equal(s, cut < 12 ? DNS_NO_HEADER : DNS_INCOMPLETE);
        if (cut < 12) continue;
        assert_int_equal(m.id, 0xabcd);
        assert_int_equal(m.answers, 3);
        assert_int_equal(m.has_question, cut >= 29);
        assert_int_equal(m.addresses, (cut >= 63) + (cut >= 91));
    }
}

static void test_dns_survives_broken_bytes(void **state) {
    (void)state;
    uint8_t bytes[MAX_BYTES];
    struct dns_message m;
    uint32_t len = hex_read(ANSWER, bytes, sizeof bytes);
    for (uint32_t at = 0; at < len; at++) {
        uint8_t was = bytes[at];
        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            (void)decode_exact(bytes, len, &m);
        }
        bytes[at] = was;
    }
}

static void test_dns_bad_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum dns_status status;
    } cases[] = {
        {"c00c 0001 0001", DNS_MALFORMED},       /* points at itself */
        {"01 61 c00c 0001 0001", DNS_MALFORMED}, /* points at its own beginning */
        {"c010 0001 0001 00", DNS_MALFORMED},    /* points forward */
        {"c0ff 0001 0001", DNS_MALFORMED},       /* points beyond the end */
        {"40 00 0001 0001", DNS_MALFORMED},      /* extended label */
        {"80 00 0001 0001", DNS_MALFORMED},      /* reserved */
        {"3f 61", DNS_INCOMPLETE},               /* label runs over the end */
        {"00 0001", DNS_INCOMPLETE},             /* no class */
    };
    struct dns_message m;
    char hex[256];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(hex, sizeof hex, "0001 0100 0001 0000 0000 0000 %s", cases[i].name);
        assert_int_equal(decode_hex(hex, &m), cases[i].status);
        assert_false(m.has_question);
        assert_int_equal(m.id, 1);
    }
    /* the root: a name of no length */
    assert_int_equal(decode_hex("0001 0100 0001 0000 0000 0000 00 0002 0001", &m), DNS_OK);
    assert_true(m.has_question);
    assert_int_equal(m.name_len, 0);
}

/* Four labels of 63, 63, 63 and `last` bytes: 255 bytes on the wire when `last` is 61. */
static enum dns_status decode_long_name(unsigned last, struct dns_message *m) {
    uint8_t bytes[320] = {0, 1, 1, 0, 0, 1};
    size_t n = 12;
    for (unsigned i = 0; i < 4; i++) {
        unsigned len = i < 3 ? 63 : last;
        bytes[n++] = (uint8_t)len;
        memset(bytes + n, 'a', len);
        n += len;
    }
    n++; /* root */
    bytes[n + 1] = bytes[n + 3] = 1;
    return decode_exact(bytes, n + 4, m);
}

static void test_dns_name_length_limit(void **state) {
    (void)state;
    struct dns_message m;
    assert_int_equal(decode_long_name(61, &m), DNS_OK);
    assert_int_equal(m.name_len, 253);
    assert_int_equal(decode_long_name(62, &m), DNS_MALFORMED);
}

static void test_dns_many_questions(void **state) {
    (void)state;
    static uint8_t bytes[12 + 600 * 5] = {0, 1, 1, 0, 600 >> 8, 600 & 0xff};
    struct dns_message m;
    assert_int_equal(decode_exact(bytes, sizeof bytes, &m), DNS_INCOMPLETE);
    assert_true(m.has_question);
    assert_int_equal(m.questions, 600);
}

static void test_dns_many_records(void **state) {
    (void)state;
    static uint8_t bytes[12 + 600 * 15] = {0, 1, 0x81, 0x80, 0, 0, 600 >> 8, 600 & 0xff};
    static const uint8_t record[15] = {0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    for (size_t i = 0; i < 600; i++) memcpy(bytes + 12 + 15 * i, record, 15);
    struct dns_message m;
    assert_int_equal(decode_exact(bytes, sizeof bytes, &m), DNS_INCOMPLETE);
    assert_int_equal(m.answers_read, DNS_MAX_RECORDS);
    assert_int_equal(m.addresses, DNS_MAX_ADDRESSES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns_query),
        cmocka_unit_test(test_dns_answer),
        cmocka_unit_test(test_dns_aliases),
        cmocka_unit_test(test_dns_records_of_other_names),
        cmocka_unit_test(test_dns_address_hints),
        cmocka_unit_test(test_dns_extended_error),
        cmocka_unit_test(test_dns_flags_and_rcodes),
        cmocka_unit_test(test_dns_every_truncation),
        cmocka_unit_test(test_dns_survives_broken_bytes),
        cmocka_unit_test(test_dns_bad_names),
        cmocka_unit_test(test_dns_name_length_limit),
        cmocka_unit_test(test_dns_many_questions),
        cmocka_unit_test(test_dns_many_records),
    };
    return cmocka_run_group_tests_name("decode_dns", tests, NULL, NULL);
}
