/* What tells a copy that the capture made from data that was sent again, where the sender gives its
 * packets no IP id and its clock ticks in milliseconds; and a packet seen whole, then in pieces. */
#include "tests/unit/pktbuild.h"

#define PIECE 1428u
#define FIRST 5001u /* the server's first byte */

/* A segment of the one connection of these tests, between 10.0.0.1:4000 and 192.0.2.1:80. */
struct timed {
    bool client;                             /* sends it */
    uint32_t seq, ack, len, ts, left, right; /* SACK block if right > left */
    uint16_t id;
    uint8_t flags, hops;
};

static void send(struct lab *l, struct timed s) {
    static uint8_t f[128 + 16 * PIECE];
    uint8_t *t = f + 34;
    size_t head = 44;
    memset(t, 0, head + s.len);
    put16(t, s.client ? 4000 : 80);
    put16(t + 2, s.client ? 80 : 4000);
    put32(t + 4, s.seq);
    put32(t + 8, s.ack);
    t[12] = (uint8_t)(head / 4 << 4);
    t[13] = s.flags ? s.flags : TCP_ACK;
    put16(t + 14, 60000);
    memcpy(t + 20, "\x01\x01\x08\x0a", 4);
    put32(t + 24, s.ts);
    if (s.right > s.left) {
        memcpy(t + 32, "\x01\x01\x05\x0a", 4);
        put32(t + 36, s.left);
        put32(t + 40, s.right);
    } else {
        memset(t + 32, 1, 12);
    }
    l->ip_id = (uint16_t)(s.id - 1u);
    l->ttl = (uint8_t)(64 - s.hops);
    lab_ip(l, f, 6, s.client ? A1 : B1, s.client ? B1 : A1, head + s.len);
}

/* A connection over `rtt_us`, with one question of 100 bytes. */
static struct lab *opened(uint32_t rtt_us) {
    struct lab *l = lab_default();
    send(l, (struct timed){.client = true, .seq = 999, .ts = 1, .flags = TCP_SYN});
    l->us += rtt_us;
    send(l, (struct timed){.seq = FIRST - 1, .ack = 1000, .ts = 1, .flags = TCP_SYN | TCP_ACK});
    send(l, (struct timed){.client = true, .seq = 1000, .ack = FIRST, .ts = 1});
    send(l, (struct timed){.client = true, .seq = 1000, .ack = FIRST, .len = 100, .ts = 1});
    l->us += rtt_us;
    return l;
}

static struct timed piece(uint32_t n) {
    return (struct timed){.seq = FIRST + n * PIECE, .ack = 1100, .len = PIECE, .ts = 7};
}

/* Up to piece n, and of what lies beyond the pieces from .. to. */
static void heard(struct lab *l, uint32_t n, uint32_t from, uint32_t to) {
    send(l, (struct timed){.client = true,
                           .seq = 1100,
                           .ack = FIRST + n * PIECE,
                           .ts = 7,
                           .left = FIRST + from * PIECE,
                           .right = FIRST + to * PIECE});
}

/* Lost behind the capture and sent again within the same millisecond; against each packet seen
 * twice. */
static void test_copies_without_an_id(void **state) {
    (void)state;
    /* 0 a selective ACK told of the loss, 1 three duplicate ACKs did, 2 copies, as soon as that,
     * 3 copies while another piece is missing, 4 copies, two ACKs of which look like duplicates,
     * 5 copies of all in one batch, after a selective ACK told of a loss */
    for (int how = 0; how < 6; how++) {
        struct lab *l = opened(100);
        for (uint32_t n = 0; n < 8; n++) {
            send(l, piece(n));
            l->us += 2;
            if (how == 3) heard(l, 0, 1, n);
            if (how == 4) heard(l, n, 0, 0), heard(l, n, 0, 0);
            if (how >= 2 && how < 5) send(l, piece(n));
        }
        l->us += 50;
        if (how == 5) heard(l, 3, 4, 8);
        for (uint32_t n = 0; n < 8 && how == 5; n++) send(l, piece(n));
        for (int n = 0; n < 4 && how < 2; n++) heard(l, 3, 4, how == 0 ? 8 : 0);
        if (how < 2) send(l, piece(3));
        l->us += 50;
        heard(l, 8, 0, 0);
        lab_snapshot(l);
        if (l->totals.duplicates != (how < 2 ? 0 : 8))
            fail_msg("case %d: %u", how, (unsigned)l->totals.duplicates);
        assert_int_equal(l->totals.retransmitted_to_client, how < 2);
        lab_free(l);
    }
}

/* Seen whole and then in pieces, one hop on or on another interface; against a piece of it that was
 * sent again, which has a later IP id, or of which the other end had said that it misses it. */
static void test_copies_in_pieces(void **state) {
    (void)state;
    static const struct {
        uint16_t id, step; /* of the whole; from piece to piece */
        uint8_t hops;
        bool again;
    } t[] = {{100, 1, 1, false}, {100, 1, 0, false}, {100, 0, 1, false}, {0, 0, 1, false},
             {0, 0, 0, false},   {100, 1, 0, true},  {0, 0, 0, true},    {100, 1, 2, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = opened(100);
        struct timed whole = piece(0), p;
        whole.len = 8 * PIECE - 100;
        whole.id = t[i].id;
        send(l, whole);
        l->us += 10;
        if (t[i].again) heard(l, 0, 7, 8);
        for (uint32_t n = 0; n < (t[i].again ? 1 : 8); n++) {
            p = piece(n);
            if (n == 7) p.len -= 100;
            p.id = (uint16_t)(t[i].id + n * t[i].step +
                              (t[i].again && t[i].id && t[i].hops < 2 ? 8 : 0));
            p.hops = t[i].hops;
            send(l, p);
        }
        l->us += 50;
        lab_snapshot(l);
        if (l->totals.duplicates != (t[i].again ? 0 : 8))
            fail_msg("case %zu: %u", i, (unsigned)l->totals.duplicates);
        assert_int_equal(l->totals.retransmitted_to_client, t[i].again);
        assert_int_equal(l->totals.data_segments_to_client, 1 + t[i].again);
        lab_free(l);
    }
}

/* Captures of two places put together: everything once more, `AFTER` pieces later; against what
 * stacks of different kinds send again after as long. */
static void test_copies_of_two_places(void **state) {
    (void)state;
    enum { PIECES = 60, AFTER = 16, COPIES = PIECES - AFTER, FIRST_COPIES = 8 };
    static const struct {
        const char *what;
        uint8_t hops;  /* fewer */
        uint16_t skip; /* added to the IP id of what comes again */
        bool alike;    /* all packets have one IP id */
        bool acks;     /* they come again as well */
        uint32_t every, step_us, again, datagrams;
    } t[] = {
        {"other hops", 9, 0, false, true, 1, 4000, 0, 1},
        {"more hops first", 247, 0, false, true, 1, 4000, 0, 1},
        {"two seconds apart", 6, 0, false, true, 1, 130000, 0, 1},
        {"other hops, one direction", 9, 0, false, false, 1, 4000, 0, 0},
        {"the same hops", 0, 0, false, true, 1, 4000, FIRST_COPIES, 1},
        {"the kept packet again", 0, 0, false, false, 4, 4000, COPIES / 4, 0},
        {"again by another way", 9, 500, false, false, 4, 4000, COPIES / 4, 0},
        {"one id for all", 0, 0, true, true, 4, 4000, COPIES / 4, 0},
        {"one id for all, another way", 9, 0, true, false, 4, 4000, COPIES / 4, 0},
        {"long after", 9, 0, false, false, 1, 400000, COPIES, 0},
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = opened(100);
        for (uint32_t n = 0; n < PIECES; n++) {
            struct timed p = piece(n), a = {.client = true, .seq = 1100, .ts = 7};
            p.id = (uint16_t)(t[i].alike ? 77 : 100 + n);
            a.ack = FIRST + (n + 1) * PIECE;
            a.id = (uint16_t)(t[i].alike ? 77 : 300 + n);
            send(l, p);
            send(l, a);
            l->us += t[i].step_us;
            if (n < AFTER || n % t[i].every) continue;
            p.seq -= AFTER * PIECE;
            a.ack -= AFTER * PIECE;
            p.hops = a.hops = t[i].hops;
            if (!t[i].alike) p.id = (uint16_t)(p.id - AFTER + t[i].skip);
            if (!t[i].alike) a.id = (uint16_t)(a.id - AFTER);
            send(l, p);
            if (t[i].acks) send(l, a);
        }
        lab_snapshot(l);
        uint64_t again = l->totals.retransmitted_to_client + l->totals.spurious;
        if (again != t[i].again) fail_msg("%s: %u again", t[i].what, (unsigned)again);
        uint64_t copies = l->totals.duplicates;
        for (unsigned n = 0; n < 2; n++) {
            l->ip_id = 9000;
            lab_udp(l, A1, 5000, B1, 5001, "a question", 10);
            l->us += 300000;
        }
        lab_snapshot(l);
        if (l->totals.duplicates - copies != t[i].datagrams) fail_msg("%s: datagram", t[i].what);
        lab_free(l);
    }
}

/* The SYNs of a connection once more, by other hops; against one that is sent again, and probes of
 * a route. */
static void test_copies_of_the_handshake(void **state) {
    (void)state;
    static const struct {
        uint16_t skip;
        uint8_t hops, far; /* of the first; fewer of the second */
        uint32_t later_us;
        bool copy;
    } t[] = {{0, 0, 9, 2000000, true},   {1, 0, 9, 2000000, false}, {0, 0, 0, 2000000, false},
             {0, 60, 2, 2000000, false}, {0, 0, 9, 5500000, false}, {0, 9, 247, 60000, true}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < 2; n++) {
            uint8_t hops = (uint8_t)(t[i].hops + n * t[i].far);
            send(l, (struct timed){.client = true,
                                   .seq = 999,
                                   .ts = 1,
                                   .flags = TCP_SYN,
                                   .id = (uint16_t)(50 + n * t[i].skip),
                                   .hops = hops});
            l->us += 10;
            send(l, (struct timed){.seq = FIRST - 1,
                                   .ack = 1000,
                                   .ts = 1 + (uint32_t)n * t[i].skip,
                                   .flags = TCP_SYN | TCP_ACK,
                                   .hops = hops});
            l->us += t[i].later_us;
        }
        lab_snapshot(l);
        if (l->totals.duplicates != (t[i].copy ? 2 : 0))
            fail_msg("case %zu: %u", i, (unsigned)l->totals.duplicates);
        lab_free(l);
    }
}

/* A long segment at one place, its pieces at another one; a piece sent again by another way. */
static void test_copies_in_pieces_of_two_places(void **state) {
    (void)state;
    for (unsigned again = 0; again < 2; again++) {
        struct lab *l = opened(100);
        struct timed before = piece(0), whole = piece(1);
        before.id = 99;
        whole.len = 8 * PIECE;
        whole.id = 100;
        send(l, before);
        send(l, whole);
        l->us += 60000;
        for (uint32_t n = 0; n < (again ? 1 : 8); n++) {
            struct timed p = piece(1 + n);
            p.id = (uint16_t)(100 + n + again * 8);
            p.hops = 9;
            send(l, p);
        }
        lab_snapshot(l);
        assert_int_equal(l->totals.duplicates, again ? 0 : 8);
        assert_int_equal(l->totals.retransmitted_to_client, again);
        lab_free(l);
    }
}

/* A segment is held up so long that it is sent again: what came in its place was not needed, where
 * it comes at last; what is sent once more tells nothing of the first. */
static void test_copies_of_what_was_held_up(void **state) {
    (void)state;
    enum { LATE = 5, AGAIN = 9, END = 12 };
    for (int held = 0; held < 2; held++) {
        struct lab *l = opened(20 * MS);
        for (uint32_t n = 0; n <= END; n++) {
            struct timed p = piece(n == AGAIN || n == END ? LATE : n);
            p.id = (uint16_t)(100 + (n == END && held ? LATE : n));
            l->us += 9 * MS;
            if (n != LATE) send(l, p);
            if (n == AGAIN) heard(l, AGAIN, 0, 0);
        }
        lab_snapshot(l);
        assert_int_equal(l->totals.reordered, held);
        assert_int_equal(l->totals.lost_before, !held);
        assert_int_equal(l->totals.retransmitted_to_client, !held);
        assert_int_equal(l->totals.spurious, 1);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_without_an_id),
        cmocka_unit_test(test_copies_in_pieces),
        cmocka_unit_test(test_copies_of_two_places),
        cmocka_unit_test(test_copies_of_the_handshake),
        cmocka_unit_test(test_copies_in_pieces_of_two_places),
        cmocka_unit_test(test_copies_of_what_was_held_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
