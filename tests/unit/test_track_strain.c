/* What slows connections down, as the engine counts it: queues, windows, silences, needless
 * repetitions, and the link's load. */
#include "tests/unit/timed.h"

/* A download seen at its receiver: one segment each millisecond, each acknowledged at once, whose
 * timestamp (milliseconds) comes back after `round` segments. */
static void download(struct lab *l, uint32_t segments, uint32_t round, uint16_t window) {
    for (uint32_t n = 0; n < segments; n++) {
        l->us += 1 * MS;
        data(l, n, 1000 + n - round);
        l->us += 10;
        ack(l, n + 1, 1000 + n, window);
    }
}

static void test_strain_queue_is_seen_at_the_receiver(void **state) {
    static const struct {
        uint32_t round;
        uint64_t rise_ms; /* 0: no queue */
    } cases[] = {{150, 140}, {12, 0}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lab *l = lab_default();
        open_in(l, 10 * MS);
        download(l, 3000, cases[i].round, 60000);
        const struct msg_service *s = look(l);
        if (cases[i].rise_ms) {
            assert_true(s->loaded_rise_us.samples >= 10);
            assert_in_range(s->loaded_rise_us.p50_us / 1000, cases[i].rise_ms - 10,
                            cases[i].rise_ms + 10);
            assert_true(s->rtt_inflated * 2 >= s->rtt_judged);
            assert_int_equal(s->rtt_beats, 0); /* much keeps a sleeping card awake */
        } else {
            assert_int_equal(s->loaded_rise_us.samples, 0);
            assert_int_equal(s->rtt_inflated, 0);
        }
        lab_free(l);
    }
}

/* The sender knows of the window's edge what the echoed ACK said, and went up to it or not. */
static void test_strain_full_window(void **state) {
    static const struct {
        uint64_t rtt_ms;
        uint32_t round;
        uint16_t window; /* scaled by 4 */
        bool full;
    } cases[] = {{40, 40, 40 * PIECE / 4, true},
                 {40, 40, 60 * PIECE / 4, false},  /* room for twenty more */
                 {10, 40, 40 * PIECE / 4, false}}; /* a queue: the link sets the pace */
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct lab *l = lab_default();
        open_in(l, cases[i].rtt_ms * MS);
        download(l, 2000, cases[i].round, cases[i].window);
        const struct msg_service *s = look(l);
        assert_true(s->rounds_to_client_us > 1 * S);
        if (cases[i].full) {
            assert_true(s->full_to_client_rounds >= 10);
            assert_true(s->full_to_client_us * 10 >= s->rounds_to_client_us * 9);
            assert_int_equal(s->full_to_client_window_bytes / s->full_to_client_rounds,
                             cases[i].window * 4);
            assert_in_range(s->full_to_client_rtt_us / s->full_to_client_rounds, 38 * MS, 45 * MS);
        } else {
            assert_int_equal(s->full_to_client_rounds, 0);
        }
        assert_int_equal(s->full_to_server_rounds, 0);
        lab_free(l);
    }
}

/* Without timestamps: bursts of eleven segments, one ACK for each, seen beside the receiver or
 * beside the sender. */
static void test_strain_full_window_without_timestamps(void **state) {
    (void)state;
    static const struct {
        unsigned before_ms, after_ms; /* from ACK to data, from data to ACK */
        uint16_t window, last;        /* last: bytes of a burst's last segment */
        bool full;
    } cases[] = {{80, 1, 11 * 1460, 1460, true},   {1, 80, 11 * 1460, 1460, true},
                 {80, 1, 22 * 1460, 1460, false},  {1, 80, 22 * 1460, 1460, false},
                 {1, 80, 11 * 1460, 900, false},   /* it had no more to send */
                 {200, 1, 11 * 1460, 1460, false}, /* a queue */
                 {80, 1, 8 * 1460, 1460, false}};  /* more than fits: no window of its */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        l->window = cases[i].window;
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 80 * MS;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        from_client(&k, TCP_ACK, NULL, 0);
        from_client(&k, TCP_PSH | TCP_ACK, "GET\n", 4);
        for (unsigned round = 0; round < 30; round++) {
            l->us += cases[i].before_ms * MS;
            for (unsigned n = 0; n < 10; n++) from_server(&k, TCP_ACK, NULL, 1460);
            from_server(&k, TCP_PSH | TCP_ACK, NULL, cases[i].last);
            l->us += cases[i].after_ms * MS;
            from_client(&k, TCP_ACK, NULL, 0);
        }
        const struct msg_service *s = look(l);
        assert_true(s->rounds_to_client_us > 1 * S);
        if (cases[i].full != (s->full_to_client_rounds >= 20)) fail_msg("case %zu", i);
        if (cases[i].full)
            assert_in_range(s->full_to_client_rtt_us / s->full_to_client_rounds, 80 * MS, 82 * MS);
        lab_free(l);
    }
}

static void test_strain_duplicate_sack(void **state) {
    (void)state;
    struct lab *l = lab_default();
    open_in(l, 10 * MS);
    for (uint32_t n = 0; n < 4; n++) data(l, n, 2);
    struct timed a = {
        .client = true, .seq = 1100, .ack = 5000 + PIECE, .ts = 3, .echo = 9, .flags = TCP_ACK};
    a.left = 5000 + 2 * PIECE; /* beyond a gap: an ordinary SACK */
    a.right = 5000 + 3 * PIECE;
    send(l, a);
    assert_int_equal(look(l)->dsacks_to_client, 0);
    l->us += 2 * MS;
    a.ack = 5000 + 4 * PIECE; /* below the ACK: had it already */
    send(l, a);
    assert_int_equal(look(l)->dsacks_to_client, 1);
    l->us += 2 * MS;
    a.left = a.right - 1; /* the answer to a keep-alive of one byte */
    send(l, a);
    assert_int_equal(look(l)->dsacks_to_client, 1);
    lab_free(l);
}

/* An answer is lost, so the question is sent again: its receiver says that it had it, at once or
 * behind an ACK that was on its way. */
static void test_strain_needless(void **state) {
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct lab *l = lab_default();
        struct timed ask = {.client = true, .seq = 1101, .ack = 5001, .flags = TCP_ACK, .len = 40};
        struct timed had = {.seq = 5401, .ack = 1141, .flags = TCP_ACK};
        open_in(l, 10 * MS);
        for (int times = 0; times < 2; times++) {
            l->us += 300 * MS;
            send(l, ask);
        }
        assert_int_equal(look(l)->retransmitted_to_server, 1);
        assert_int_equal(look(l)->lost_after, 1);
        if (late) send(l, had);
        had.left = 1101;
        had.right = 1141;
        send(l, had);
        send(l, had);
        const struct msg_service *s = look(l);
        assert_int_equal(s->retransmitted_to_server + s->lost_after, 0);
        assert_int_equal(s->spurious, 1);
        assert_int_equal(s->spurious_to_server, 1);
        lab_free(l);
    }
}

enum before { RUNNING, IDLE, CLOSED_WINDOW, ACKED };
static void test_strain_silence(void **state) {
    static const struct {
        enum before before;
        uint64_t quiet_us;
        uint8_t flags; /* of the segment that ends it */
        uint64_t stalls;
    } cases[] = {{RUNNING, 1500 * MS, TCP_ACK, 1},
                 {RUNNING, 900 * MS, TCP_ACK, 0},
                 {RUNNING, 1500 * MS, TCP_ACK | TCP_FIN, 0}, /* it was not waiting */
                 {IDLE, 1500 * MS, TCP_ACK, 0},              /* it may have slept */
                 {CLOSED_WINDOW, 1500 * MS, TCP_ACK, 0},     /* that has a finding of its own */
                 {ACKED, 3 * S, TCP_ACK, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        open_in(l, 10 * MS);
        data(l, 0, 2);
        l->us += 5 * MS;
        ack(l, 1, 3, 60000);
        if (cases[i].before == IDLE) l->us += 60 * S;
        if (cases[i].before == CLOSED_WINDOW)
            send(l, (struct timed){.client = true,
                                   .seq = 1100,
                                   .ack = 5000 + PIECE,
                                   .ts = 3,
                                   .echo = 9,
                                   .flags = TCP_ACK,
                                   .window = 1});
        if (cases[i].before != ACKED) data(l, 1, 3);
        l->us += cases[i].quiet_us;
        send(l, (struct timed){.client = true,
                               .seq = 1100,
                               .ack = 5000 + (cases[i].before == ACKED ? 1 : 2) * PIECE,
                               .ts = 99,
                               .echo = 9,
                               .flags = cases[i].flags});
        const struct msg_service *s = look(l);
        if (s->stalls != cases[i].stalls) fail_msg("case %zu: %u stalls", i, (unsigned)s->stalls);
        if (s->stalls) assert_int_equal(s->stall_longest_us, cases[i].quiet_us);
        lab_free(l);
    }
}

/* Sent again more and more seldom until the way works again: one stall, from the first time on. */
static void test_strain_outage(void **state) {
    static const struct { unsigned tries, stall_s; } cases[] = {{3, 3}, {6, 31}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 5000, 443);
        conn_open(&k);
        from_client(&k, TCP_ACK | TCP_PSH, "hello", 5);
        l->us += 10 * MS;
        from_server(&k, TCP_ACK | TCP_PSH, NULL, 1000);
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += 10 * MS;
        uint64_t began_us = l->us, rto_us = 500 * MS;
        uint32_t again = k.sseq;
        from_server(&k, TCP_ACK | TCP_PSH, NULL, 1000);
        for (unsigned n = 0; n < cases[i].tries; n++, rto_us *= 2) {
            lab_wait(l, rto_us);
            k.sseq = again;
            from_server(&k, TCP_ACK | TCP_PSH, NULL, 1000);
        }
        from_client(&k, TCP_ACK, NULL, 0);
        const struct msg_service *s = look(l);
        assert_int_equal(s->stalls, 1);
        assert_in_range(s->stall_longest_us, cases[i].stall_s * S, l->us - began_us);
        lab_free(l);
    }
}

/* The rest of an announced answer does not come; when it is paced, the pauses are short. */
static void test_strain_rest_of_an_answer(void **state) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n";
    static const struct { uint64_t quiet_us, stalls; } cases[] = {{2 * S, 0}, {5 * S, 1}};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        /* It comes late, or not at all up to now; the client, or the server, leaves then. */
        for (int ends = 0; ends < 5; ends++) {
            struct lab *l = lab_default();
            struct conn k = conn_new(l, 5000, 80);
            conn_open(&k);
            from_client(&k, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
            l->us += 10 * MS;
            from_server(&k, TCP_ACK, head, sizeof head - 1);
            from_server(&k, TCP_ACK, NULL, 1000);
            from_client(&k, TCP_ACK, NULL, 0);
            lab_wait(l, cases[i].quiet_us);
            if (ends == 1) from_server(&k, TCP_ACK, NULL, 1000);
            if (ends == 2) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
            if (ends == 3) from_client(&k, TCP_RST | TCP_ACK, NULL, 0);
            if (ends == 4) from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
            assert_int_equal(look(l)->stalls, ends == 4 ? 0 : cases[i].stalls);
            lab_free(l);
        }
}

/* An end that closes after a silence of `quiet_us` had waited for something: the rest of what was
 * announced, or data of which it lacks a part; or it had all.  What it waited for explains its
 * reset. */
static void test_strain_closed_while_waiting(void **state) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n";
    static const struct {
        const char *asked;
        bool hole;
        unsigned quiet_s;
        uint8_t flags; /* 0: it does not close */
        bool stalled;
    } cases[] = {{"GET / HTTP/1.1\r\n\r\n", false, 5, TCP_FIN | TCP_ACK, true},
                 {"GET / HTTP/1.1\r\n\r\n", false, 5, TCP_RST | TCP_ACK, true},
                 {"GET / HTTP/1.1\r\n\r\n", false, 3, TCP_FIN | TCP_ACK, false},
                 {"HEAD / HTTP/1.1\r\n\r\n", false, 5, TCP_FIN | TCP_ACK, false},
                 {"GET / HTTP/1.1\r\n\r\n", true, 5, TCP_FIN | TCP_ACK, true},
                 {"GET / HTTP/1.1\r\n\r\n", true, 5, TCP_RST | TCP_ACK, true},
                 {"GET / HTTP/1.1\r\n\r\n", true, 5, 0, true},
                 {"anything", false, 5, TCP_RST | TCP_ACK, false},
                 {"anything", true, 5, TCP_RST | TCP_ACK, true}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 5000, 80);
        conn_open(&k);
        from_client(&k, TCP_ACK | TCP_PSH, cases[i].asked, strlen(cases[i].asked));
        l->us += 10 * MS;
        bool web = cases[i].asked[0] != 'a';
        from_server(&k, TCP_ACK | TCP_PSH, web ? head : "something", web ? sizeof head - 1 : 9);
        uint32_t got = k.sseq;
        if (cases[i].hole) {
            k.sseq += 1460; /* lost before this capture */
            from_server(&k, TCP_ACK, NULL, 1000);
        }
        k.sseq = got;
        from_client(&k, TCP_ACK, NULL, 0);
        lab_wait(l, (uint64_t)cases[i].quiet_s * S);
        if (cases[i].flags) from_client(&k, cases[i].flags, NULL, 0);
        const struct msg_service *s = look(l);
        if (s->stalls != cases[i].stalled) fail_msg("case %zu: %u stalls", i, (unsigned)s->stalls);
        if (cases[i].stalled) assert_in_range(s->stall_longest_us, 5 * S, 5 * S + 10 * MS);
        assert_int_equal(s->reset_by_client, 0);
        lab_free(l);
    }
}

/* In the middle of an answer nothing comes for a while: the server sent nothing, when its next
 * packet has the very next IP id; else what it sent may have been lost on the way. */
static void test_strain_server_pauses(void **state) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n";
    static const struct {
        uint16_t skipped, from_client;
        uint64_t pauses;
    } cases[] = {{0, 0, 1}, {3, 0, 0}, {0, 1, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 5000, 80);
        conn_open(&k);
        from_client(&k, TCP_ACK | TCP_PSH, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27);
        l->us += 10 * MS;
        from_server(&k, TCP_ACK, head, sizeof head - 1);
        for (unsigned n = 0; n < 5; n++) from_server(&k, TCP_ACK | TCP_PSH, NULL, 1000);
        uint16_t id = l->ip_id;
        from_client(&k, TCP_ACK, NULL, 0);
        lab_wait(l, 8 * S);
        if (cases[i].from_client) from_client(&k, TCP_ACK, NULL, 0);
        l->ip_id = (uint16_t)(id + cases[i].skipped);
        from_server(&k, TCP_ACK | TCP_PSH, NULL, 1000);
        assert_int_equal(look(l)->stalls, 1);
        assert_int_equal(look(l)->stall_pauses, cases[i].pauses);
        lab_free(l);
    }
}

/* An ACK that waited for a delayed-ACK timer says nothing; one of a row of them does. */
static void test_strain_delayed_acks(void **state) {
    (void)state;
    for (int row = 0; row < 2; row++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 5000, 22);
        conn_open(&k);
        for (unsigned n = 0; n < 20; n++) {
            from_client(&k, TCP_ACK | TCP_PSH, NULL, 100);
            if (row) from_client(&k, TCP_ACK | TCP_PSH, NULL, 100);
            l->us += 150 * MS;
            if (row) {
                k.cseq -= 100;
                from_server(&k, TCP_ACK, NULL, 0);
                k.cseq += 100;
                l->us += 100;
            }
            from_server(&k, TCP_ACK, NULL, 0);
            l->us += 50 * MS;
        }
        const struct msg_service *s = look(l);
        if (row)
            assert_true(s->rtt_inflated >= 15);
        else
            assert_int_equal(s->rtt_judged, 0);
        lab_free(l);
    }
}

static uint32_t by_chance(uint32_t *chance, uint32_t most) {
    *chance = *chance * 1103515245u + 12345u;
    return (*chance >> 8) % most;
}

/* A client as small devices have it (lwIP): it acknowledges every second segment at once, a single
 * one when its clock of 250 ms ticks.  On a path of 2 ms, seen at either end, it is sent one
 * segment or a few now and then: no round trip is long. */
static void slow_clock(struct lab *l, uint32_t chance, uint32_t bytes, uint32_t every_us,
                       bool at_server) {
    struct conn k = conn_new(l, 5000, 80);
    uint64_t way_us = at_server ? 1 * MS : 10, tick_us = by_chance(&chance, 250 * MS);
    uint32_t acked;
    conn_open(&k);
    acked = k.sseq;
    uint64_t next_us = l->us, ack_us = 0;
    for (unsigned n = 0; n < 400;) {
        while (tick_us < l->us) tick_us += 250 * MS;
        if (ack_us && ack_us <= next_us) {
            l->us = ack_us;
            uint32_t sent = k.sseq;
            k.sseq = acked;
            from_client(&k, TCP_ACK, NULL, 0);
            k.sseq = sent;
            ack_us = 0;
            continue;
        }
        l->us = next_us;
        for (unsigned m = by_chance(&chance, 3) + 1; m > 0; m--, n++) {
            bool second = ack_us > 0;
            from_server(&k, TCP_ACK | TCP_PSH, NULL, bytes);
            acked = k.sseq;
            while (tick_us < l->us + way_us) tick_us += 250 * MS;
            ack_us = tick_us + way_us;
            if (!second) continue;
            l->us += 2 * way_us;
            from_client(&k, TCP_ACK, NULL, 0);
            ack_us = 0;
        }
        next_us = l->us + 1 * MS + by_chance(&chance, every_us);
    }
}

static void test_strain_acks_of_a_slow_clock(void **state) {
    static const uint32_t sizes[] = {80, 600, 1460}, gaps[] = {50 * MS, 300 * MS, 700 * MS};
    (void)state;
    for (uint32_t i = 0; i < 9; i++)
        for (uint32_t seed = 1; seed <= 16; seed++) {
            struct lab *l = lab_default();
            slow_clock(l, seed * 7919u, sizes[i % 3], gaps[i / 3], seed & 1u);
            const struct msg_service *s = look(l);
            if (s->rtt_judged >= 10 && s->rtt_inflated * 5 >= s->rtt_judged)
                fail_msg("case %u seed %u: %u of %u", i, seed, (unsigned)s->rtt_inflated,
                         (unsigned)s->rtt_judged);
            lab_free(l);
        }
}

/* A receiver with little room acknowledges as it takes data out of it: no long way.  With room for
 * more it was the way. */
static void test_strain_receiver_takes_its_time(void **state) {
    static const uint16_t windows[] = {1340, 1095, 2200, 60000}; /* in units of 4 bytes */
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct lab *l = lab_default();
        uint32_t n = 0;
        open_in(l, 1 * MS);
        for (unsigned turn = 0; turn < 40; turn++) {
            for (unsigned m = 0; m < 3; m++) data(l, n++, 1);
            l->us += 150 * MS;
            ack(l, n, 2000 + turn, windows[i]);
            l->us += 100;
        }
        const struct msg_service *s = look(l);
        if ((s->rtt_inflated >= 15) != (i >= 2)) fail_msg("case %zu", i);
        lab_free(l);
    }
}

/* A device whose small window stays open in full, and which acknowledged all of it at once before
 * the way got longer: the way.  Not so if it has less room now, or never was quick. */
static void test_strain_small_window_long_way(void **state) {
    static const struct {
        unsigned quick; /* turns at first */
        uint16_t later; /* window then, in units of 4 bytes */
        bool inflated;
    } cases[] = {{8, 1340, true}, {8, 1240, false}, {0, 1340, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        uint32_t n = 0;
        struct timed a = {.client = true, .seq = 999, .ts = 1, .flags = TCP_SYN};
        send(l, a);
        l->us += 10 * MS;
        send(l, (struct timed){.seq = 4999, .ack = 1000, .ts = 1, .flags = TCP_SYN | TCP_ACK});
        a = (struct timed){.client = true, .seq = 1000, .ack = 5000, .flags = TCP_ACK};
        a.len = 100, a.window = 1340;
        send(l, a);
        for (unsigned turn = 0; turn < 40 + cases[i].quick; turn++) {
            bool quick = turn < cases[i].quick;
            for (unsigned m = 0; m < 3; m++) data(l, n++, 1);
            l->us += (quick ? 10 : 150) * MS;
            ack(l, n, 2000 + turn, quick ? 1340 : cases[i].later);
            l->us += 100;
        }
        const struct msg_service *s = look(l);
        if ((s->rtt_inflated >= 15) != cases[i].inflated) fail_msg("case %zu", i);
        lab_free(l);
    }
}

/* Pushes of three segments: taken at the next beacon, or after a queue of that length, whatever the
 * times between them. */
static void test_strain_beacons(void **state) {
    static const struct {
        uint32_t beat_us; /* 0: a queue */
        uint32_t every_us, jitter_us;
        unsigned on_beat_from, on_beat_to; /* percent of the pairs */
    } cases[] = {{102400, 337 * MS, 0, 90, 100},
                 {100000, 337 * MS, 0, 90, 100},
                 {102400, 337 * MS, 10 * MS, 70, 100},
                 {0, 337 * MS, 0, 0, 50},
                 {0, 300 * MS, 0, 0, 0}, /* all sent on the beat: not told */
                 {0, 250 * MS, 90 * MS, 0, 50}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        uint32_t n = 0, chance = 7;
        open_in(l, 5 * MS);
        for (unsigned push = 0; push < 40; push++) {
            l->us = (push + 1) * (uint64_t)cases[i].every_us;
            chance = chance * 1103515245u + 12345u;
            if (!cases[i].beat_us && cases[i].jitter_us)
                l->us += (chance >> 8) % cases[i].jitter_us;
            for (unsigned m = 0; m < 3; m++) data(l, n++, 1000);
            chance = chance * 1103515245u + 12345u;
            l->us += cases[i].beat_us ? cases[i].beat_us - l->us % cases[i].beat_us : 60 * MS;
            if (cases[i].jitter_us) l->us += (chance >> 8) % cases[i].jitter_us;
            ack(l, n, 2000 + push, 60000);
        }
        const struct msg_service *s = look(l);
        assert_true(s->rtt_inflated >= 15);
        unsigned share = s->rtt_beats ? (unsigned)(s->rtt_on_beat * 100 / s->rtt_beats) : 0;
        if (share < cases[i].on_beat_from || share > cases[i].on_beat_to ||
            (cases[i].beat_us && s->rtt_beats < 15))
            fail_msg("case %zu: %u of %u", i, (unsigned)s->rtt_on_beat, (unsigned)s->rtt_beats);
        lab_free(l);
    }
}

/* A queue takes the same time each time, here seven beats. */
static void test_strain_beats_of_a_queue(void **state) {
    (void)state;
    static const struct { unsigned beats, least, most; } cases[] = {{7, 0, 0}, {2, 15, 40}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        uint32_t n = 0;
        open_in(l, 5 * MS);
        for (unsigned turn = 0; turn < 30; turn++) {
            for (unsigned m = 0; m < 3; m++) data(l, n++, 1000);
            l->us += cases[i].beats * 102400;
            ack(l, n, 2000 + turn, 60000);
            l->us += 10 * MS;
        }
        const struct msg_service *s = look(l);
        assert_true(s->rtt_inflated >= 15);
        if (s->rtt_on_beat < cases[i].least || s->rtt_on_beat > cases[i].most)
            fail_msg("case %zu: %u of %u", i, (unsigned)s->rtt_on_beat, (unsigned)s->rtt_beats);
        lab_free(l);
    }
}

/* Six whole seconds in a row count, a shorter rush does not; each direction by itself. */
static void test_strain_link_load(void **state) {
    (void)state;
    for (unsigned seconds = 5; seconds < 9; seconds++) {
        struct lab *l = lab_default();
        for (unsigned n = 0; n < seconds * 10 + 1; n++) {
            l->us = n * 100 * MS;
            lab_udp(l, A1, 1, B1, 2, (uint8_t[1000]){0}, 1000);
        }
        l->us += 2 * S;
        lab_wait(l, 0);
        lab_snapshot(l);
        uint64_t bps = 10u * (1000 + 42) * 8;
        assert_int_equal(l->totals.link_peak_in_bps + l->totals.link_peak_out_bps, bps);
        uint64_t held = l->totals.link_held_in_bps + l->totals.link_held_out_bps;
        if (seconds >= 6)
            assert_int_equal(held, bps);
        else
            assert_true(held < bps / 2);
        lab_free(l);
    }
}

/* Five seconds, a break, and five more are no six in a row. */
static void test_strain_link_load_with_a_break(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (unsigned n = 0; n < 100; n++) {
        l->us = n * 100 * MS + (n < 50 ? 0 : 3 * S);
        lab_udp(l, A1, 1, B1, 2, (uint8_t[1000]){0}, 1000);
    }
    lab_wait(l, 2 * S);
    lab_snapshot(l);
    assert_int_equal(l->totals.link_held_in_bps + l->totals.link_held_out_bps, 0);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strain_queue_is_seen_at_the_receiver),
        cmocka_unit_test(test_strain_full_window),
        cmocka_unit_test(test_strain_full_window_without_timestamps),
        cmocka_unit_test(test_strain_duplicate_sack),
        cmocka_unit_test(test_strain_needless),
        cmocka_unit_test(test_strain_silence),
        cmocka_unit_test(test_strain_closed_while_waiting),
        cmocka_unit_test(test_strain_outage),
        cmocka_unit_test(test_strain_rest_of_an_answer),
        cmocka_unit_test(test_strain_server_pauses),
        cmocka_unit_test(test_strain_delayed_acks),
        cmocka_unit_test(test_strain_acks_of_a_slow_clock),
        cmocka_unit_test(test_strain_receiver_takes_its_time),
        cmocka_unit_test(test_strain_small_window_long_way),
        cmocka_unit_test(test_strain_beacons),
        cmocka_unit_test(test_strain_beats_of_a_queue),
        cmocka_unit_test(test_strain_link_load),
        cmocka_unit_test(test_strain_link_load_with_a_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
