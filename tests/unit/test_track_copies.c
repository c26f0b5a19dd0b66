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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_without_an_id),
        cmocka_unit_test(test_copies_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
