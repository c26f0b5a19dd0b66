/* Even beats of datagrams: which are followed, what a gap tells, and the percentiles, compared with
 * what the test computes on its own. */
#include "capd/track/media.h"
#include "tests/unit/datagrams.h"
#include "tests/unit/pktbuild.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* Without time stamps: a gap after which what waited comes at once was the network's; one after
 * which the beat goes on was the sender's, also if he has two things to say then. */
static void test_pace_of_datagrams(void **state) {
    (void)state;
    enum { SAYS_NOTHING, HELD, SAYS_TWO };
    for (unsigned how = SAYS_NOTHING; how <= SAYS_TWO; how++) {
        bool held = how == HELD;
        struct lab *l = lab_default();
        uint64_t due = 0;
        for (unsigned n = 0; n < 300; n++) {
            due += 33 * MS;
            bool late = n % 100 >= 50 && n % 100 < 56;
            l->us = held && late ? (n / 100 * 100 + 56) * UINT64_C(33) * MS + n % 100 * 100 : due;
            if (!held && late) continue; /* it has nothing to say */
            lab_udp(l, A1, 27005, B1, 27015, "\x01\x02\x03\x04\x05\x06", 6);
            l->us += MS;
            if (how == SAYS_TWO && n % 100 == 56) lab_udp(l, A1, 27005, B1, 27015, "\x07\x08", 2);
        }
        lab_snapshot(l);
        assert_int_equal(l->streams.rows_n, 1);
        const struct msg_media *m = &l->streams.rows[0];
        assert_int_equal(m->kind, MEDIA_PACED);
        assert_int_equal(m->gaps, held ? 3 : 0);
        assert_in_range(m->interval_p50_us, 33 * MS * 7 / 8, 33 * MS * 9 / 8);
        assert_true(m->regular_percent >= 90);
        lab_free(l);
    }
}

/* A second has 50 datagrams, of which the network keeps some back and lets them go at once: however
 * many these are, the rest has its beat. */
static void test_pace_of_freezes(void **state) {
    (void)state;
    for (unsigned held = 6; held <= 30; held += 8) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 500; n++) {
            bool late = n % 50 >= 50 - held;
            l->us =
                late ? (n / 50 + 1) * 50 * UINT64_C(20) * MS + n % 50 * 50 : n * UINT64_C(20) * MS;
            if (n % 50 == 0 && n > 0) l->us += 5 * MS;
            lab_udp(l, A1, 27005, B1, 27015, "\x01\x02\x03\x04\x05\x06", 6);
        }
        lab_snapshot(l);
        const struct msg_media *m = &l->streams.rows[0];
        assert_in_range(m->gaps, 8, 10);
        assert_in_range(m->interval_p50_us, 17 * MS, 23 * MS);
        assert_true(m->regular_percent >= 90 && m->interval_p99_us > 100 * MS);
        lab_free(l);
    }
}

/* More even streams than are followed: those that are followed stay so. */
static void test_pace_of_too_many(void **state) {
    (void)state;
    struct lab *l = lab_default(); /* 512 states */
    for (unsigned n = 0; n < 200; n++)
        for (unsigned i = 0; i < 800; i++) {
            l->us += 25;
            lab_udp(l, A1 + i, 27005, B1, 27015, "\x01\x02\x03\x04\x05\x06", 6);
        }
    lab_snapshot(l);
    assert_int_equal(l->totals.evicted, 0);
    assert_int_equal(l->totals.rows_dropped, 0);
    assert_int_equal(l->streams.rows_n, LIM_MEDIA_ROWS);
    for (uint32_t i = 0; i < l->streams.rows_n; i++)
        assert_in_range(l->streams.rows[i].intervals, 150, 200);
    lab_free(l);
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Percentiles of the histogram against those of the sorted numbers: within a bucket, an eighth. */
static void test_pace_percentiles(void **state) {
    static const unsigned percents[] = {1, 25, 50, 90, 99};
    static uint64_t sorted[5000];
    (void)state;
    struct pace p = {0};
    uint32_t dice = 3;
    for (size_t n = 0; n < COUNT(sorted); n++) {
        dice = dice * 1103515245u + 12345u;
        unsigned octave = 9 + (dice >> 20) % 7; /* no gap among them */
        dice = dice * 1103515245u + 12345u;
        sorted[n] = (UINT64_C(1) << octave) + (dice >> 8) % (1u << octave);
        pace_interval(&p, sorted[n]);
    }
    qsort(sorted, COUNT(sorted), sizeof *sorted, by_size);
    for (size_t i = 0; i < COUNT(percents); i++) {
        uint64_t want = sorted[(COUNT(sorted) * percents[i] + 99) / 100 - 1];
        uint64_t got = pace_percentile(&p, percents[i]);
        if (got * 8 < want * 7 || got * 8 > want * 9)
            fail_msg("%u: %u, not %u", percents[i], (unsigned)got, (unsigned)want);
    }
    assert_int_equal(p.longest_us, sorted[COUNT(sorted) - 1]);
    p = (struct pace){0};
    assert_int_equal(pace_percentile(&p, 50), 0);
    assert_int_equal(pace_regular_percent(&p), 0);
    for (uint32_t n = 0; n < 200000; n++) pace_interval(&p, 20 * MS); /* buckets overflow */
    assert_int_equal(p.intervals, 200000);
    assert_int_equal(pace_regular_percent(&p), 100);
    assert_in_range(pace_percentile(&p, 99), 18 * MS, 22 * MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_of_datagrams),
        cmocka_unit_test(test_pace_of_freezes),
        cmocka_unit_test(test_pace_of_too_many),
        cmocka_unit_test(test_pace_percentiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
