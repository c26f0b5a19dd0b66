/* Capture files, of several link types and sections, too, and damaged everywhere: what is read is
 * what libpcap reads, or reading ends and says why. */
#include "capd/worker/pcapfile.h"
#include "capd/worker/pcapng.h"
#include "tests/unit/pktbuild.h"
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* A file of these bytes, the same one each time. */
static int file_of(const uint8_t *p, size_t n) {
    static int fd = -1;
    if (fd < 0) fd = memfd_create("capture", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, p, n, 0), n);
    return fd;
}

/* How many packets there are in it; the last one in *last. */
static unsigned read_all(const uint8_t *p, size_t n, struct file_frame *last, const char **why) {
    static struct pcapng reader;
    struct file_window w;
    struct file_frame f;
    unsigned frames = 0;
    memset(&reader, 0, sizeof reader);
    assert_true(window_open(&w, file_of(p, n)));
    for (; pcapng_next(&reader, &w, &f); frames++) {
        assert_true(f.cap_bytes <= f.wire_bytes && f.cap_bytes <= CAP);
        *last = f;
    }
    window_close(&w);
    *why = w.error;
    return frames;
}

static void test_pcapng_whole(void **state) {
    (void)state;
    uint8_t p[CAP];
    const char *why;
    struct file_frame last;
    size_t n = file_make(p);
    assert_int_equal(read_all(p, n, &last, &why), 4);
    assert_null(why);
    assert_int_equal(last.linktype, 101);
    assert_int_equal(last.interface, 1);
    assert_int_equal(last.ts_ns, 10000000000u + 7000); /* 10 s are the interface's offset */
    assert_int_equal(last.cap_bytes, 8);
    uint16_t types[4];
    assert_int_equal(pcapng_linktypes(file_of(p, n), types, 4), 2);
    assert_true(types[0] == 1 && types[1] == 101);
}

/* Little endian, then big, whose interface cuts at 3 bytes; the simple packet has 1 of padding. */
static void test_pcapng_sections(void **state) {
    (void)state;
    uint8_t p[CAP];
    const char *why;
    struct file_frame last;
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
    assert_int_equal(last.ts_ns, 10000000000u + 7000); /* it has no time: that of the one before */
}

static void test_pcapng_damaged(void **state) {
    (void)state;
    uint8_t p[CAP], *copy;
    const char *why;
    struct file_frame last;
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
    for (size_t end = n - 39; end < n; end++) { /* the last block has 40: its writer was stopped */
        static struct pcapng reader;
        struct file_window w;
        struct file_frame f;
        memset(&reader, 0, sizeof reader);
        assert_true(window_open(&w, file_of(p, end)));
        while (pcapng_next(&reader, &w, &f))
            ;
        assert_true(w.error && window_unread(&w) == 0);
        window_close(&w);
    }
    copy = malloc(n);
    for (size_t i = 0; i < n * 256; i++) {
        memcpy(copy, p, n);
        copy[i / 256] = (uint8_t)i;
        (void)read_all(copy, n, &last, &why);
    }
    free(copy);
}

/* ---- classic files -----------------------------------------------------------------------------
 */
static uint8_t *word_put(uint8_t *p, uint32_t v, bool swapped) {
    if (swapped) v = __builtin_bswap32(v);
    memcpy(p, &v, 4);
    return p + 4;
}

/* Packets of 0, 7 and 60 bytes.  `most`: of the records' headers eight bytes more follow. */
static size_t classic_make(uint8_t *p, uint32_t magic, bool swapped, unsigned minor, bool most) {
    uint8_t *at = word_put(p, magic, swapped);
    uint16_t version[2] = {2, (uint16_t)minor};
    for (int i = 0; i < 2; i++)
        if (swapped) version[i] = __builtin_bswap16(version[i]);
    memcpy(at, version, 4);
    at = word_put(at + 4, 0, swapped);
    at = word_put(at, 0, swapped);
    at = word_put(at, 65535, swapped);
    at = word_put(at, 0x14000001, swapped); /* Ethernet, frames that end with a checksum */
    for (uint32_t i = 0, bytes = 0; i < 3; i++, bytes = i == 1 ? 7 : 60) {
        at = word_put(at, 1700000000 + i, swapped);
        at = word_put(at, 999999 - i, swapped);
        at = word_put(at, minor < 3 ? bytes + i : bytes, swapped);
        at = word_put(at, minor < 3 ? bytes : bytes + i, swapped);
        memset(at, most ? 0 : (int)i, most ? 8 : 0);
        at += most ? 8 : 0;
        memset(at, (int)(0x50 + i), bytes);
        at += bytes;
    }
    return (size_t)(at - p);
}

/* Up to where libpcap gives up or we do, both read the same; *files_out counts what is opened.
 * libpcap takes seconds and fractions for signed, and leaves out what is beyond the snap length. */
static void compare(const uint8_t *p, size_t n, unsigned *opened_out, unsigned *frames_out) {
    char error[PCAP_ERRBUF_SIZE];
    FILE *file = fmemopen((void *)(uintptr_t)p, n, "rb");
    pcap_t *theirs =
        pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, error);
    struct pcapfile ours;
    struct file_window w;
    struct file_frame f;
    struct pcap_pkthdr *h;
    const u_char *bytes;
    assert_true(window_open(&w, file_of(p, n)));
    bool open = pcapfile_open(&ours, &w);
    assert_int_equal(open, theirs != NULL);
    *opened_out += open;
    while (open && pcap_next_ex(theirs, &h, &bytes) == 1) {
        assert_true(pcapfile_next(&ours, &w, &f));
        assert_int_equal(f.cap_bytes < ours.snaplen ? f.cap_bytes : ours.snaplen, h->caplen);
        if (h->len >= f.cap_bytes) assert_int_equal(f.wire_bytes, h->len);
        assert_memory_equal(f.bytes, bytes, h->caplen);
        if (h->ts.tv_sec >= 0 && h->ts.tv_usec >= 0)
            assert_int_equal(f.ts_ns,
                             (uint64_t)h->ts.tv_sec * 1000000000u + (uint64_t)h->ts.tv_usec);
        ++*frames_out;
    }
    if (open) assert_false(pcapfile_next(&ours, &w, &f));
    window_close(&w);
    if (theirs)
        pcap_close(theirs);
    else
        fclose(file);
}

#ifdef TEST_BUILD /* the sanitizers take twenty times as long */
#define STEP 3
#else
#define STEP 1
#endif

static void test_classic_as_libpcap(void **state) {
    (void)state;
    static const struct {
        uint32_t magic;
        unsigned minor;
        bool most;
    } kinds[] = {{0xa1b2c3d4, 4, false},
                 {0xa1b23c4d, 4, false},
                 {0xa1b2cd34, 4, true},
                 {0xa1b2c3d4, 3, false},
                 {0xa1b2c3d4, 2, false}};
    for (size_t k = 0; k < 2 * sizeof kinds / sizeof *kinds; k += STEP) {
        uint8_t p[CAP];
        unsigned opened = 0, frames = 0;
        size_t n =
            classic_make(p, kinds[k / 2].magic, k & 1, kinds[k / 2].minor, kinds[k / 2].most);
        compare(p, n, &opened, &frames);
        assert_true(opened == 1 && frames == 3);
        for (size_t end = 1; end < n; end++) compare(p, end, &opened, &frames);
        for (size_t i = 0; i < n * 256; i++) {
            uint8_t was = p[i / 256];
            p[i / 256] = (uint8_t)i;
            compare(p, n, &opened, &frames);
            p[i / 256] = was;
        }
    }
}

/* More than the window holds: records lie across its ends, and none is lost or read twice. */
static void test_classic_long(void **state) {
    (void)state;
    static uint8_t p[3u * 1024 * 1024];
    unsigned opened = 0, frames = 0, records = 0;
    size_t classic = classic_make(p, 0xa1b2c3d4, false, 4, false) - 60 - 7 - 3 * 16, n = classic;
    for (uint32_t bytes = 1; n + 16 + bytes <= sizeof p; bytes = bytes * 7 % 65521, records++) {
        uint8_t *at = word_put(word_put(p + n, records, false), 0, false);
        at = word_put(word_put(at, bytes, false), bytes, false);
        for (uint32_t i = 0; i < bytes; i++) at[i] = (uint8_t)(i * 31 + records);
        n += 16 + bytes;
    }
    compare(p, n, &opened, &frames);
    assert_true(records > 80 && frames == records);
    (void)word_put(p + classic + 8, 262145, false); /* the first is now longer than any may be */
    compare(p, n, &opened, &frames);
    assert_int_equal(frames, records);
}

/* Reads to the end, of a file that is cut after it was opened if cut_to is not 0: what was not
 * read, and why. */
static uint64_t unread_of(int fd, size_t cut_to, const char **why) {
    struct pcapfile records;
    struct file_window w;
    struct file_frame f;
    assert_true(window_open(&w, fd));
    if (cut_to) assert_int_equal(ftruncate(fd, (off_t)cut_to), 0);
    if (pcapfile_open(&records, &w))
        while (pcapfile_next(&records, &w, &f))
            ;
    window_close(&w);
    *why = w.error;
    return window_unread(&w);
}

/* A writer that was stopped leaves a part of one packet; all else that is not read is told. */
static void test_unread(void **state) {
    (void)state;
    static uint8_t p[128u * 1024];
    const char *why;
    size_t n = classic_make(p, 0xa1b2c3d4, false, 4, false), last = n - 76, first = 24 + 8;
    assert_int_equal(unread_of(file_of(p, n), 0, &why), 0);
    assert_null(why);
    assert_int_equal(unread_of(file_of(p, n - 1), 0, &why), 0);
    assert_string_equal(why, "the file ends within a packet or block");
    for (size_t end = last + 1; end < n; end++)
        assert_int_equal(unread_of(file_of(p, end), 0, &why), 0);
    (void)word_put(p + last + 8, 70000, false); /* more than the snap length, than there was */
    assert_int_equal(unread_of(file_of(p, n), 0, &why), 76);
    (void)word_put(p + last + 8, 60, false);
    memset(p + n, 0, 4096); /* as after a crash */
    assert_int_equal(unread_of(file_of(p, n + 4096), 0, &why), 4096);
    assert_string_equal(why, "there are zeros in the place of packets");
    (void)word_put(p + first, 60000, false); /* of many segments that the kernel joined */
    (void)word_put(p + first + 4, 60000, false);
    assert_int_equal(unread_of(file_of(p, 20000), 0, &why), 0);
    (void)word_put(p + first, 200000, false); /* the rest of the file is more than a packet */
    (void)word_put(p + first + 4, 200000, false);
    assert_int_equal(unread_of(file_of(p, sizeof p), 0, &why), sizeof p - 24);
    (void)word_put(p + first, 0, false);
    assert_int_equal(unread_of(file_of(p, n), last, &why), 76);
    assert_string_equal(why, "the file became shorter while it was read");
    int none = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)unread_of(none, 0, &why);
    assert_string_equal(why, strerror(EBADF));
    close(none);
}

/* An option behind a long one counts, too. */
static void test_pcapng_long_options(void **state) {
    (void)state;
    static uint8_t p[8192], body[4096];
    const uint32_t section[4] = {0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX};
    const uint32_t packet[7] = {0, 0, 7, 8, 8, 0, 0}, comment = 1 | 2000 << 16;
    const uint32_t resolution[2] = {9 | 1 << 16, 9};
    const char *why;
    struct file_frame last;
    body[0] = 1;
    memcpy(body + 8, &comment, 4);
    memcpy(body + 12 + 2000, resolution, 8);
    size_t n = block(p, 0x0a0d0d0a, section, 16);
    n += block(p + n, 1, body, 2020);
    n += block(p + n, 6, packet, 28);
    assert_int_equal(read_all(p, n, &last, &why), 1);
    assert_int_equal(last.ts_ns, 7);
}

/* What a block says goes on from the one before, of each interface; all ones mean not known. */
static void test_pcapng_counts(void **state) {
    (void)state;
    static uint8_t p[8192];
    static struct pcapng reader;
    const uint32_t section[4] = {0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX}, ethernet[2] = {1, 0};
    const struct {
        uint32_t interface, received, by_interface, by_system;
    } said[] = {{0, 900, 20, 3}, {1, 50, 7, 0}, {0, 1000, 30, 5}, {2, 9, 9, 9}, {1, 60, ~0u, 1}};
    size_t n = block(p, 0x0a0d0d0a, section, 16);
    for (int i = 0; i < 2; i++) n += block(p + n, 1, ethernet, 8);
    for (unsigned i = 0; i < 5; i++) {
        uint32_t drops = said[i].by_interface, high = drops == ~0u ? drops : 0;
        const uint32_t body[12] = {
            said[i].interface, 0,     0,    4 | 8 << 16, said[i].received,  0,
            5 | 8 << 16,       drops, high, 7 | 8 << 16, said[i].by_system, 0};
        n += block(p + n, 5, body, sizeof body);
    }
    struct file_window w;
    struct file_frame f;
    assert_true(window_open(&w, file_of(p, n)));
    assert_false(pcapng_next(&reader, &w, &f) || w.error);
    window_close(&w);
    assert_int_equal(reader.counts.received, 1060);
    assert_int_equal(reader.counts.by_interface, 37);
    assert_int_equal(reader.counts.by_system, 6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcapng_whole),        cmocka_unit_test(test_pcapng_sections),
        cmocka_unit_test(test_pcapng_damaged),      cmocka_unit_test(test_classic_as_libpcap),
        cmocka_unit_test(test_classic_long),        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_pcapng_long_options), cmocka_unit_test(test_pcapng_counts),
    };
    return cmocka_run_group_tests_name("capture files", tests, NULL, NULL);
}
