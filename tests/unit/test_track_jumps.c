/* A clock that is set forward between two packets, or a host that slept while it captured: what
 * goes on after it did not stand still.  And a capture that begins in the middle of something. */
#include "tests/unit/timed.h"

static void one_on_its_way(struct lab *l) {
    open_in(l, 10 * MS);
    data(l, 0, 2);
    l->us += 5 * MS;
    ack(l, 1, 3, 60000);
    data(l, 1, 3);
}

/* A clock that is set forward makes a silence of everything.  A sender would have sent again what
 * nobody acknowledged, and it, or another flow, would have been seen. */
static void test_jump_of_the_clock(void **state) {
    enum ends { ACKNOWLEDGED, SENT_AGAIN, GOES_ON };
    static const struct {
        unsigned quiet_s;
        enum ends by;
        bool others; /* are seen all the time */
        uint64_t stalls;
    } cases[] = {
        {2, ACKNOWLEDGED, false, 1}, {30, ACKNOWLEDGED, false, 0}, {30, SENT_AGAIN, false, 1},
        {30, GOES_ON, false, 1},     {30, ACKNOWLEDGED, true, 1},  {3600, ACKNOWLEDGED, false, 0},
        {3600, GOES_ON, false, 0},   {3600, GOES_ON, true, 1},     {1700000000, GOES_ON, false, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        one_on_its_way(l);
        uint64_t until = l->us + (uint64_t)cases[i].quiet_s * S;
        while (cases[i].others && l->us + 1 * S < until) {
            l->us += 1 * S;
            lab_udp(l, A1 + 1, 5000, B1, 9999, "x", 1);
        }
        l->us = until;
        if (cases[i].by == ACKNOWLEDGED) ack(l, 2, 99, 60000);
        if (cases[i].by != ACKNOWLEDGED) data(l, cases[i].by == SENT_AGAIN ? 1 : 2, 99);
        const struct msg_service *s = look(l);
        if (s->stalls != cases[i].stalls) fail_msg("case %zu: %u stalls", i, (unsigned)s->stalls);
        lab_free(l);
    }
}

/* The receiver's own clock tells whether time passed: what it acknowledges had just come. */
static void test_jump_by_the_receivers_clock(void **state) {
    static const struct {
        uint32_t ts, n; /* of the ACK that follows: its stamp, and how much it acknowledges */
        bool others;
        uint64_t stalls;
    } cases[] = {{8, 3, false, 0},
                 {30003, 3, false, 1}, /* in milliseconds */
                 {303, 3, false, 1},   /* in tenths of a second */
                 {8, 2, false, 1},     /* it may have been on its way for as long */
                 {8, 3, true, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        one_on_its_way(l);
        for (unsigned n = 0; n < 30; n++) {
            l->us += 1 * S;
            if (cases[i].others) lab_udp(l, A1 + 1, 5000, B1, 9999, "x", 1);
        }
        data(l, 2, 3);
        assert_int_equal(look(l)->stalls, 1);
        l->us += 1 * MS;
        ack(l, cases[i].n, cases[i].ts, 60000);
        const struct msg_service *s = look(l);
        if (s->stalls != cases[i].stalls) fail_msg("case %zu: %u stalls", i, (unsigned)s->stalls);
        assert_int_equal(s->stall_longest_us > 0, cases[i].stalls);
        lab_free(l);
    }
}

static void call(struct lab *l, uint16_t n, uint32_t stamp) {
    uint8_t m[12 + 160] = {0x80};
    put16(m + 2, n);
    put32(m + 4, stamp);
    put32(m + 8, 7);
    lab_udp(l, A1, 4002, B1 + 9, 5002, m, sizeof m);
}

/* So does the clock of who speaks, if its packets go on in their beat; those that the network held
 * up come at once. */
static void test_jump_in_a_call(void **state) {
    static const struct {
        uint32_t missing, later, beat_ms;
        uint64_t stalls;
    } cases[] = {{0, 0, 20, 0}, {0, 0, 1, 1}, {0, 30 * 8000, 20, 1}, {1500, 30 * 8000, 20, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        uint32_t n = 0;
        one_on_its_way(l);
        for (; n < 20; n++, l->us += 20 * MS) call(l, (uint16_t)n, n * 160);
        data(l, 2, 3);
        l->us += 30 * S;
        data(l, 3, 3);
        for (unsigned k = 0; k < 5; k++, n++, l->us += cases[i].beat_ms * MS)
            call(l, (uint16_t)(n + cases[i].missing), n * 160 + cases[i].later);
        const struct msg_service *s = look(l);
        if (s->stalls != cases[i].stalls) fail_msg("case %zu: %u stalls", i, (unsigned)s->stalls);
        lab_free(l);
    }
}

/* Begun while what was lost before is sent again: the rest its receiver has, as it says. */
static void test_jump_into_a_recovery(void **state) {
    (void)state;
    for (int said = 0; said < 2; said++) {
        struct lab *l = lab_default();
        for (uint32_t n = 0; n < 20; n += 2) {
            data(l, n, 2);
            struct timed a = {
                .client = true, .seq = 1100, .ack = 5000 + (n + 2) * PIECE, .flags = TCP_ACK};
            a.left = said ? 5000 + 19 * PIECE : 0;
            a.right = said ? a.left + PIECE : 0;
            l->us += MS;
            send(l, a);
        }
        lab_snapshot(l);
        assert_int_equal(l->totals.gap_acks > 0, !said);
        data(l, 21, 2);
        send(l, (struct timed){
                    .client = true, .seq = 1100, .ack = 5000 + 23 * PIECE, .flags = TCP_ACK});
        uint64_t before = l->totals.gap_acks;
        lab_snapshot(l);
        assert_int_equal(l->totals.gap_acks, before + 1); /* of the capture's own */
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jump_of_the_clock),
        cmocka_unit_test(test_jump_by_the_receivers_clock),
        cmocka_unit_test(test_jump_in_a_call),
        cmocka_unit_test(test_jump_into_a_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
