/* Files of several link types and sections, damaged everywhere: reading ends, and says why. */
#include "capd/worker/pcapng.h"
#include "tests/unit/pktbuild.h"

#define CAP 512u

/* Little endian. */
static size_t block(uint8_t *p, uint32_t type, const void *body, uint32_t n) {
    uint32_t bytes = 12 + n;
    memcpy(p, &type, 4);
    memcpy(p + 4, &bytes, 4);
    memcpy(p + 8, body, n);
    memcpy(p + 8 + n, &bytes, 4);
    return bytes;
}

static size_t file_make(uint8_t *p) {
    const uint32_t section[4] = {0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX};
    const uint32_t ethernet[4] = {1, 0, 0x00010009, 9}, raw[6] = {101, 0, 0x0008000e, 10, 0, 0};
    const uint32_t first[7] = {0, 1, 2, 8, 8, 0, 0}, second[7] = {1, 0, 5, 6, 1500, 0, 0};
    const uint32_t simple[3] = {5, 0, 0}, old[7] = {1, 0, 7, 8, 8, 0, 0};
    size_t n = block(p, 0x0a0d0d0a, section, 16);
    n += block(p + n, 1, ethernet, 16);
    n += block(p + n, 1, raw, 24);
    n += block(p + n, 6, first, 28);
    n += block(p + n, 6, second, 28);
    n += block(p + n, 3, simple, 12);
    return n + block(p + n, 2, old, 28);
}

/* How many packets there are in it; the last one in *last. */
static unsigned read_all(const uint8_t *p, size_t n, struct pcapng_frame *last, const char **why) {
    static struct pcapng reader;
    struct pcapng_frame f;
    unsigned frames = 0;
    memset(&reader, 0, sizeof reader);
    reader.file = fmemopen((void *)(uintptr_t)p, n, "rb");
    assert_non_null(reader.file);
    for (; pcapng_next(&reader, &f); frames++) {
        assert_true(f.cap_bytes <= f.wire_bytes && f.cap_bytes <= CAP);
        *last = f;
    }
    fclose(reader.file);
    *why = reader.error;
    return frames;
}

static void test_pcapng_whole(void **state) {
    (void)state;
    uint8_t p[CAP];
    const char *why;
    struct pcapng_frame last;
    size_t n = file_make(p);
    assert_int_equal(read_all(p, n, &last, &why), 4);
    assert_null(why);
    assert_int_equal(last.linktype, 101);
    assert_int_equal(last.interface, 1);
    assert_int_equal(last.ts_ns, 10000000000u + 7000); /* 10 s are the interface's offset */
    assert_int_equal(last.cap_bytes, 8);
    FILE *f = tmpfile();
    uint16_t types[4];
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fflush(f);
    assert_int_equal(pcapng_linktypes(fileno(f), types, 4), 2);
    assert_true(types[0] == 1 && types[1] == 101);
    fclose(f);
}

/* Little endian, then big, whose interface cuts at 3 bytes; the simple packet has 1 of padding. */
static void test_pcapng_sections(void **state) {
    (void)state;
    uint8_t p[CAP];
    const char *why;
    struct pcapng_frame last;
    const uint8_t big[] = {
        0x0a, 0x0d, 0x0d, 0x0a, 0,    0,    0,    28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1,  0, 0, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0,  0,    0,    28,   0,    0, 0,  1, 0, 0,
        0,    20,   0,    101,  0,    0,    0,    0,  0,    3,    0,    0,    0, 20, 0, 0, 0,
        3,    0,    0,    0,    20,   0,    0,    5,  220,  1,    2,    3,    0, 0,  0, 0, 20};
    size_t n = file_make(p);
    memcpy(p + n, big, sizeof big);
    assert_int_equal(read_all(p, n + sizeof big, &last, &why), 5);
    assert_null(why);
    assert_true(last.linktype == 101 && last.cap_bytes == 3 && last.wire_bytes == 1500);
}

static void test_pcapng_damaged(void **state) {
    (void)state;
    uint8_t p[CAP], *copy;
    const char *why;
    struct pcapng_frame last;
    size_t n = file_make(p);
    p[n - 4]++; /* a block ends with its length again */
    assert_int_equal(read_all(p, n, &last, &why), 3);
    assert_string_equal(why, "the two lengths of a block differ");
    p[n - 4]--;
    for (size_t end = 1; end < n; end++) {
        copy = malloc(end);
        memcpy(copy, p, end);
        assert_true(read_all(copy, end, &last, &why) < 4);
        free(copy);
    }
    copy = malloc(n);
    for (size_t i = 0; i < n * 256; i++) {
        memcpy(copy, p, n);
        copy[i / 256] = (uint8_t)i;
        (void)read_all(copy, n, &last, &why);
    }
    free(copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcapng_whole),
        cmocka_unit_test(test_pcapng_sections),
        cmocka_unit_test(test_pcapng_damaged),
    };
    return cmocka_run_group_tests_name("pcapng", tests, NULL, NULL);
}
