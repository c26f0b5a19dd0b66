/* Paths that take less than the ends know, and nobody says so: seen from behind the narrow place,
 * and from before it. */
#include "tests/unit/endings.h"
#include "tests/unit/timed.h"

#define TAIL 600u

static void from_web(struct lab *l, uint32_t seq, uint32_t len) {
    send(l,
         (struct timed){.seq = seq, .ack = 1100, .len = len, .ts = 9, .echo = 2, .flags = TCP_ACK});
}

static void asks_for(struct lab *l, uint32_t number, uint32_t left, uint32_t right, uint8_t more) {
    send(l, (struct timed){.client = true,
                           .seq = 1100,
                           .ack = number,
                           .ts = 3,
                           .echo = 9,
                           .left = left,
                           .right = right,
                           .flags = (uint8_t)(TCP_ACK | more)});
}

/* Once more what was acknowledged. */
static void asks_again(struct lab *l, uint32_t len) {
    send(l, (struct timed){.client = true,
                           .seq = 1000,
                           .ack = 5200,
                           .len = len,
                           .ts = 3,
                           .echo = 9,
                           .flags = TCP_ACK});
}

/* Full segments are missing in front of the end of an answer, and stay so. */
static void test_blackhole_behind_it(void **state) {
    (void)state;
    enum how { STAYS, FILLED, ACKNOWLEDGED, NOT_ASKED, FULL_BEFORE, LEFT };
    static const struct {
        uint32_t missing;
        enum how how;
        unsigned span_s; /* 0: nothing is told */
    } t[] = {{PIECE, STAYS, 5},     {5 * PIECE, STAYS, 5},
             {900, STAYS, 0},       {PIECE + 700, STAYS, 0},
             {PIECE, FILLED, 0},    {PIECE, ACKNOWLEDGED, 0},
             {PIECE, NOT_ASKED, 0}, {PIECE, FULL_BEFORE, 0},
             {2 * PIECE, LEFT, 1},  {2 * PIECE - 1, STAYS, 0},
             {1300, STAYS, 0},      {3 * 1388, STAYS, 5}, /* two messages; clamped */
             {2 * 1388, STAYS, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        uint32_t seq = 5000;
        open_in(l, 20 * MS);
        l->us += 20 * MS;
        if (t[i].how == FULL_BEFORE) {
            from_web(l, seq, PIECE);
            seq += PIECE;
            asks_for(l, seq, 0, 0, 0);
        }
        uint32_t tail = seq + t[i].missing, end = tail + TAIL;
        l->us += MS;
        from_web(l, tail, TAIL);
        if (t[i].how == ACKNOWLEDGED) asks_for(l, end, 0, 0, 0);
        if (t[i].how != ACKNOWLEDGED && t[i].how != NOT_ASKED) asks_for(l, seq, tail, end, 0);
        if (t[i].how == FILLED) {
            l->us += 300 * MS;
            from_web(l, seq, t[i].missing);
            asks_for(l, end, 0, 0, 0);
        }
        l->us += S;
        if (t[i].how == LEFT) asks_for(l, seq, tail, end, TCP_FIN);
        lab_wait(l, 4 * S);
        const struct msg_incident *n = incident_of(l, INCIDENT_DEAD_PATH);
        if ((n != NULL) != (t[i].span_s > 0)) fail_msg("case %zu: %d", i, n != NULL);
        if (n) {
            assert_true(n->unseen && n->toward_client);
            assert_int_equal(n->tries, 0);
            assert_int_equal(n->size_bytes, 52 + (t[i].missing % PIECE ? 1388 : PIECE));
            assert_int_equal(n->size_ok_bytes, TAIL + 52);
            assert_int_equal(n->span_us / S, t[i].span_s);
        }
        lab_free(l);
    }
}

/* Nothing but full segments is sent, and none comes: the number of an ACK tells. */
static void test_blackhole_of_a_whole_answer(void **state) {
    (void)state;
    static const char get[] = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
    for (uint32_t said = 9 * PIECE; said <= 10 * PIECE; said += PIECE / 2) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 4000, 80);
        k.cseq = 1100;
        k.sseq = 5000;
        open_in(l, 20 * MS);
        from_client(&k, TCP_PSH | TCP_ACK, get, sizeof get - 1);
        l->us += 20 * MS;
        from_server(&k, TCP_ACK, NULL, 0);
        lab_wait(l, 5 * S);
        from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        k.sseq += said;
        from_server(&k, TCP_ACK, NULL, 0);
        lab_wait(l, 5 * S);
        const struct msg_incident *n = incident_of(l, INCIDENT_DEAD_PATH);
        assert_int_equal(n != NULL, said % PIECE == 0);
        if (n) assert_int_equal(n->size_bytes, PIECE + 40);
        if (n) assert_int_equal(n->size_ok_bytes, 0);
        if (n) assert_int_equal(n->span_us / S, 5);
        assert_null(incident_of(l, INCIDENT_UNHEARD));
        lab_free(l);
    }
}

/* The sender cuts what does not pass: seen from before the narrow place, and from behind it.  What
 * passes whole in the end was lost otherwise. */
static void test_blackhole_found_by_the_sender(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        bool behind = i & 1, cut = i < 2;
        struct lab *l = lab_default();
        open_in(l, 20 * MS);
        l->us += 20 * MS;
        if (!behind) from_web(l, 5000, PIECE);
        from_web(l, 5000 + PIECE, TAIL);
        asks_for(l, 5000, 5000 + PIECE, 5000 + PIECE + TAIL, 0);
        for (unsigned n = 0; n < 4; n++) {
            l->us += (300u << n) * MS;
            if (!behind) from_web(l, 5000, PIECE);
        }
        l->us += 100 * MS;
        from_web(l, 5000, cut ? 1000 : PIECE);
        if (cut) from_web(l, 6000, PIECE - 1000);
        l->us += 20 * MS;
        asks_for(l, 5000 + PIECE + TAIL, 0, 0, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_DEAD_PATH);
        if ((n != NULL) != cut) fail_msg("case %u", i);
        if (n) {
            assert_true(n->unseen && n->passed == 1 && n->tries == 0);
            assert_int_equal(n->size_bytes, PIECE + 52);
            assert_int_equal(n->size_ok_bytes, 1000 + 52);
            assert_int_equal(n->span_us / S, 4);
        }
        lab_free(l);
    }
}

/* A full segment is sent in vain: does its receiver live? */
static void test_blackhole_before_it(void **state) {
    (void)state;
    enum how {
        SILENT,
        EARLY_WORD,
        LATE_WORD,
        GETS_THE_END,
        GETS_SOMETHING,
        HEARS_NOTHING,
        GETS_MANY,
        MISSES_AN_ACK
    };
    static const bool lives[] = {false, false, true, true, false, false, true, true};
    for (enum how how = SILENT; how <= MISSES_AN_ACK; how++) {
        bool gets_end = how == GETS_THE_END || how == MISSES_AN_ACK;
        struct lab *l = lab_default();
        open_in(l, 20 * MS);
        l->us += 20 * MS;
        from_web(l, 5000, 200);
        from_web(l, 5200, PIECE);
        if (gets_end || how == GETS_SOMETHING) from_web(l, 5200 + PIECE, TAIL);
        l->us += 20 * MS;
        if (how != SILENT) asks_for(l, 5200, 0, 0, 0);
        if (how == GETS_MANY) { /* acknowledged at once by one who joins what arrives */
            from_web(l, 5200 + PIECE, PIECE);
            from_web(l, 5200 + 2 * PIECE, PIECE);
            asks_for(l, 5200, 5200 + PIECE, 5200 + 3 * PIECE, 0);
        }
        if (gets_end) asks_for(l, 5200, 5200 + PIECE, 5200 + PIECE + TAIL, 0);
        if (how == GETS_SOMETHING) asks_for(l, 5200, 0, 0, 0); /* without SACK */
        if (how == HEARS_NOTHING) asks_again(l, 100);
        for (unsigned n = 0; n < 4; n++) {
            l->us += (300u << n) * MS;
            from_web(l, 5200, PIECE);
            if (how == HEARS_NOTHING) asks_again(l, 100);           /* though it was acknowledged */
            if (how == MISSES_AN_ACK && n == 1) asks_again(l, 100); /* it was with a large one */
        }
        if (how == LATE_WORD) asks_for(l, 5200, 0, 0, TCP_FIN);
        const struct msg_incident *n = incident_of(l, INCIDENT_DEAD_PATH);
        assert_non_null(n);
        assert_false(n->unseen);
        assert_int_equal(n->size_bytes, PIECE + 52);
        uint32_t passed = how == GETS_MANY ? PIECE : gets_end ? TAIL : how == SILENT ? 0 : 200;
        assert_int_equal(n->size_ok_bytes, passed ? passed + 52 : 0);
        if (n->requests != lives[how]) fail_msg("case %u: %d", how, (int)n->requests);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blackhole_behind_it),
        cmocka_unit_test(test_blackhole_of_a_whole_answer),
        cmocka_unit_test(test_blackhole_found_by_the_sender),
        cmocka_unit_test(test_blackhole_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
