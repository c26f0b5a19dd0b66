/* What is seen again without being lost: copies that the capture makes, and what is repeated to a
 * receiver that sleeps; and what tshark makes of packets that the capture missed. */
#include "tests/unit/resend.h"

static void test_track_repeats_copies_of_the_capture_are_no_loss(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    for (int i = 0; i < 10; i++) {
        uint32_t seq = k.sseq;
        from_server(&k, TCP_ACK, NULL, DATA);
        l->us += 100;
        l->ip_id--; /* the same packet, one hop on */
        l->ttl = 63;
        send_at(&k, seq);
        l->ttl = 64;
        ack(&k, k.sseq);
        l->us += 1 * MS;
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.duplicates, 10);
    assert_int_equal(l->totals.retransmitted_to_client + l->totals.spurious, 0);
    assert_int_equal(l->totals.retransmission, 10); /* as tshark sees it */
    assert_int_equal(l->totals.data_segments_to_client, 10);
    lab_free(l);
}

/* A mirror port that holds packets back hands over a batch, then the copies of the batch. */
static void test_track_repeats_copies_in_batches(void **state) {
    (void)state;
    static const struct {
        uint32_t batch;
        int32_t later_us; /* below 0: the copies have earlier times */
        uint8_t hops;
        bool copies;
    } t[] = {
        {1, 40 * MS, 0, true},      {3, 10 * MS, 0, true},       {64, 40 * MS, 0, true},
        {64, 500 * MS, 1, true},    {64, 200 * MS, 0, false},    {3, 10 * MS, 4, true},
        {1, -5 * (int)MS, 0, true}, {3, -20 * (int)MS, 0, true}, {3, -200 * (int)MS, 0, false}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l), before;
        uint16_t id;
        for (unsigned n = 0; n < 8; n++) {
            l->us += 500 * MS;
            for (int copy = 0; copy < 2; copy++) {
                if (copy)
                    k = before, l->ip_id = id, l->us += (uint64_t)(int64_t)t[i].later_us;
                else
                    before = k, id = l->ip_id;
                l->ttl = (uint8_t)(64 - (copy ? t[i].hops : 0));
                for (uint32_t m = 0; m < t[i].batch; m++) from_server(&k, TCP_ACK, NULL, 500);
            }
            l->us += 50;
            ack(&k, k.sseq);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        uint32_t copies = t[i].copies ? 8 * t[i].batch : 0;
        if (l->totals.duplicates != copies)
            fail_msg("case %zu: %u", i, (unsigned)l->totals.duplicates);
        assert_int_equal(v->retransmitted_to_client, 8 * t[i].batch - copies);
        lab_free(l);
    }
}

/* Handshakes of stacks that give their SYN-ACKs no IP id: repeated after a timer, not at once. */
static void test_track_repeats_copies_of_a_handshake(void **state) {
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80), before;
        for (int copy = 0; copy < 2; copy++) {
            if (copy)
                k = before, l->us += late ? 1 * S : 30 * MS;
            else
                before = k;
            l->ip_id = UINT16_MAX;
            from_client(&k, TCP_SYN, NULL, 0);
            l->us += 100;
            l->ip_id = UINT16_MAX;
            from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        }
        from_client(&k, TCP_ACK, NULL, 0);
        from_client(&k, TCP_ACK, NULL, 100);
        lab_snapshot(l);
        assert_int_equal(l->totals.duplicates, late ? 0 : 2);
        assert_int_equal(l->services.rows[0].syn_retried, late);
        lab_free(l);
    }
}

/* Pushed to a client that has been idle: it takes them when it wakes.  What answers a request of
 * the client, or goes to a client that was just heard, is lost when it has to be repeated. */
static void test_track_repeats_to_a_sleeper(void **state) {
    (void)state;
    static const struct {
        uint32_t idle_us;
        bool asked, wakes;
        unsigned lost;
    } t[] = {{30 * S, false, true, 0},
             {30 * S, false, false, 0},
             {30 * S, true, true, 12},
             {1 * S, false, true, 12}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        ack(&k, k.sseq);
        for (unsigned push = 0; push < 3; push++) {
            l->us += t[i].idle_us;
            if (t[i].asked) {
                from_client(&k, TCP_PSH | TCP_ACK, NULL, 50);
                l->us += 10 * MS;
            }
            uint32_t first = k.sseq;
            from_server(&k, TCP_PSH | TCP_ACK, NULL, DATA);
            for (unsigned n = 0; n < 4; n++) {
                l->us += 200 * MS << n;
                send_at(&k, first);
            }
            if (!t[i].wakes) break;
            l->us += 300 * MS;
            ack(&k, k.sseq);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (v->retransmitted_to_client != t[i].lost)
            fail_msg("case %zu: %u", i, (unsigned)v->retransmitted_to_client);
        assert_int_equal(v->lost_after, t[i].lost);
        if (t[i].lost == 0) assert_int_equal(v->stalls, 0);
        assert_int_equal(l->incidents.rows_n, !t[i].wakes);
        if (!t[i].wakes) {
            assert_int_equal(l->incidents.rows[0].kind, INCIDENT_DEAD_PATH);
            assert_true(l->incidents.rows[0].toward_client && l->incidents.rows[0].worked);
        }
        lab_free(l);
    }
}

/* A client that takes one push at once and the next one not: what it missed was lost.  One that was
 * awake and then put aside, and one for which the copies are kept until it listens: not. */
static void test_track_repeats_pushes_lost_at_random(void **state) {
    (void)state;
    static const struct {
        const char *pushes; /* times each is repeated */
        bool kept;
        unsigned lost;
    } t[] = {{"0201030", false, 6},
             {"0002222", false, 0},
             {"2222000", false, 0},
             {"0101010", true, 0},
             {"0", false, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        ack(&k, k.sseq);
        for (const char *p = t[i].pushes; *p; p++) {
            l->us += 20 * S;
            uint32_t first = k.sseq;
            from_server(&k, TCP_PSH | TCP_ACK, NULL, DATA);
            for (int n = 0; n < *p - '0'; n++) {
                l->us += 200 * MS << n;
                send_at(&k, first);
            }
            l->us += 30 * MS;
            ack(&k, k.sseq);
            if (t[i].kept && *p != '0') ack(&k, k.sseq);
        }
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        if (v->retransmitted_to_client != t[i].lost)
            fail_msg("case %zu: %u", i, (unsigned)v->retransmitted_to_client);
        assert_int_equal(v->lost_after, t[i].lost);
        if (t[i].lost > 0) assert_in_range(v->retransmit_first_us, 40 * S, 41 * S);
        lab_free(l);
    }
}

/* Of a push of many segments some get lost: only the first can be repeated because nobody hears. */
static void test_track_repeats_losses_within_a_push(void **state) {
    (void)state;
    for (int asleep = 0; asleep < 2; asleep++) { /* then the rest follows once it is awake */
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        ack(&k, k.sseq);
        l->us += 20 * S;
        uint32_t first = k.sseq;
        for (unsigned n = 0; n < 8; n++) from_server(&k, TCP_PSH | TCP_ACK, NULL, DATA);
        for (unsigned n = 0; n < 4; n++) {
            l->us += 300 * MS;
            send_at(&k, first + (asleep && n < 2 ? 0 : n) * DATA);
            if (asleep && n == 1) ack(&k, first + DATA);
        }
        l->us += 30 * MS;
        ack(&k, k.sseq);
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].retransmitted_to_client, asleep ? 0 : 3);
        lab_free(l);
    }
}

/* Three details of tshark 4.0.17: a probe of a closed window does not belong to the stream, data
 * that begins with the byte before it is new, and bare ACKs are compared by the header's window. */
static void test_track_repeats_counts_of_tshark(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    l->window = 0;
    from_server(&k, TCP_ACK, NULL, 0);
    l->window = 8192;
    from_client(&k, TCP_ACK, NULL, 1);
    k.cseq--;
    for (int open = 0; open < 2; open++) {
        l->window = open ? 8192 : 0;
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += 10 * MS;
    }
    from_client(&k, TCP_PSH | TCP_ACK, NULL, 500);
    from_server(&k, TCP_ACK, NULL, 0);
    lab_snapshot(l);
    assert_int_equal(l->totals.zero_window_probe, 1);
    assert_int_equal(l->totals.ack_lost_segment, 0);
    lab_free(l);

    l = lab_default();
    k = conn_new(l, 40000, 80);
    conn_open(&k);
    from_client(&k, TCP_PSH | TCP_ACK, NULL, 1);
    l->us += 300 * MS;
    k.cseq--;
    from_client(&k, TCP_PSH | TCP_ACK, NULL, 20);
    lab_snapshot(l);
    assert_int_equal(l->totals.retransmission + l->totals.out_of_order, 0);
    lab_free(l);

    for (uint8_t scale = 0; scale < 8; scale = (uint8_t)(scale + 7)) {
        l = lab_default();
        l->scale = scale;
        k = conn_new(l, 40000, 80);
        conn_open(&k);
        for (int n = 0; n < 2; n++) from_server(&k, TCP_ACK, NULL, 0);
        lab_snapshot(l);
        assert_int_equal(l->totals.duplicate_ack, 2);
        lab_free(l);
    }
}

/* ACKs of what was never seen: told once, and again when the other end's own ACKs have moved on. */
static void test_track_repeats_unseen_segments(void **state) {
    static const uint64_t told[] = {1, 1, 1, 2, 0};
    (void)state;
    for (unsigned steps = 0; steps < 5; steps++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        l->us += 50 * MS;
        if (steps == 4) { /* it repeats its own ACKs */
            from_server(&k, TCP_ACK, NULL, 0);
            from_server(&k, TCP_ACK, NULL, 0);
        }
        ack(&k, k.sseq + 1 * DATA);
        if (steps > 0 && steps < 4) ack(&k, k.sseq + 2 * DATA);
        if (steps > 1 && steps < 4) from_client(&k, TCP_ACK, NULL, 50);
        if (steps == 3) {
            k.sseq += 2 * DATA;
            from_server(&k, TCP_ACK, NULL, DATA);
            k.sseq += 2 * DATA;
            ack(&k, k.sseq);
        }
        lab_snapshot(l);
        assert_int_equal(l->totals.ack_lost_segment, told[steps]);
        lab_free(l);
    }
}

/* The client's SYN was seen, its ACK was not, and the server's numbers lie beyond half of all. */
static void test_track_repeats_first_data_without_an_ack(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    k.sseq = 0xa0000000u;
    from_client(&k, TCP_SYN, NULL, 0);
    l->us += 10 * MS;
    from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
    from_server(&k, TCP_ACK, NULL, DATA);
    lab_snapshot(l);
    assert_int_equal(l->totals.spurious_retransmission + l->totals.retransmission, 0);
    lab_free(l);
}

/* The client's SYN tells how to read its windows, though the server's was missed. */
static void test_track_repeats_full_window_after_one_syn(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    l->window = 2 * DATA;
    from_client(&k, TCP_SYN, NULL, 0);
    k.sseq++;
    from_client(&k, TCP_ACK, NULL, 0);
    from_server(&k, TCP_ACK, NULL, DATA);
    from_server(&k, TCP_ACK, NULL, DATA);
    lab_snapshot(l);
    assert_int_equal(l->totals.window_full, 1);
    lab_free(l);
}

/* SYN to the first ACK: so late may a segment be and count as out of order, SYN-ACK or not. */
static void test_track_repeats_order_after_one_syn(void **state) {
    (void)state;
    for (int soon = 0; soon < 2; soon++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 50 * MS;
        k.sseq++;
        from_client(&k, TCP_ACK, NULL, 0);
        send_at(&k, k.sseq + DATA);
        l->us += soon ? 20 * MS : 80 * MS;
        send_at(&k, k.sseq);
        lab_snapshot(l);
        assert_int_equal(l->totals.out_of_order, soon);
        assert_int_equal(l->totals.retransmission, !soon);
        lab_free(l);
    }
}

/* Directions captured apart: an ACK may stand before its data.  That is no gap of the capture and
 * no loss; what comes much later, or in part, or never, is one. */
static void test_track_repeats_ack_before_its_data(void **state) {
    (void)state;
    static const struct {
        uint32_t late_us; /* 0: it never comes */
        uint32_t pieces;  /* of four */
        bool swapped;     /* ... within the data as well: the last piece came before the ACK */
        unsigned gaps;    /* of two ACKs in each of ten rounds */
        unsigned mixed;   /* the pieces come in another order */
    } t[] = {{20, 4, false, 0, 0},  {20, 4, false, 0, 1}, {20 * MS, 4, false, 0, 0},
             {20, 4, true, 0, 0},   {0, 4, false, 20, 0}, {200 * MS, 4, false, 20, 0},
             {20, 3, false, 20, 0}, {20, 3, true, 10, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        l->us += 50;
        ack(&k, k.sseq);
        for (int round = 0; round < 10; round++) {
            uint32_t first = k.sseq;
            if (t[i].swapped) send_at(&k, first + 3 * DATA);
            ack(&k, first + 2 * DATA);
            l->us += 2;
            ack(&k, first + 4 * DATA);
            l->us += t[i].late_us;
            for (uint32_t n = 0; n < t[i].pieces - t[i].swapped && t[i].late_us; n++)
                send_at(&k, first + (t[i].pieces == 4 ? n ^ t[i].mixed : n) * DATA);
            k.sseq = first + 4 * DATA;
            l->us += 300 * MS;
        }
        lab_snapshot(l);
        assert_int_equal(l->totals.acks, 22);
        if (l->totals.gap_acks != t[i].gaps)
            fail_msg("case %zu: %u", i, (unsigned)l->totals.gap_acks);
        assert_int_equal(l->totals.retransmitted_to_client + l->totals.reordered, 0);
        assert_int_equal(l->totals.spurious, t[i].late_us > 50 * MS ? 40 : 0);
        if (t[i].gaps == 0) assert_int_equal(l->totals.payload_to_client, 41 * DATA);
        lab_free(l);
    }
}

/* Within a LAN a segment is sent again sooner than networks put packets out of order.  The IP id of
 * who counts his packets tells it; it is not asked where no sender could have learnt of a loss. */
static void test_track_repeats_within_a_lan(void **state) {
    (void)state;
    static const struct {
        bool overtaken;
        uint64_t late_us;
        unsigned lost;
    } t[] = {{true, 400, 0}, {false, 400, 1}, {false, 10, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        for (unsigned n = 0; n < 6; n++) from_server(&k, TCP_ACK, NULL, DATA);
        uint32_t late = k.sseq;
        uint16_t id = l->ip_id++;
        k.sseq += DATA;
        from_server(&k, TCP_ACK, NULL, DATA);
        l->us += t[i].late_us;
        if (t[i].overtaken) l->ip_id = id;
        send_at(&k, late);
        lab_snapshot(l);
        assert_int_equal(l->totals.lost_before, t[i].lost);
        assert_int_equal(l->totals.reordered, !t[i].lost);
        lab_free(l);
    }
}

/* A capture that takes the directions apart does not keep the order within one of them either. */
static void test_track_repeats_order_of_the_capture(void **state) {
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        for (int round = 0; round < 10; round++) {
            uint32_t first = k.sseq;
            send_at(&k, first + DATA);
            l->us += 10;
            send_at(&k, first);
            if (apart) ack(&k, first + 3 * DATA);
            l->us += 10;
            send_at(&k, first + 2 * DATA);
            k.sseq = first + 3 * DATA;
            l->us += 50 * MS;
            ack(&k, k.sseq);
        }
        lab_snapshot(l);
        assert_int_equal(l->totals.reordered, apart ? 1 : 10);
        assert_int_equal(l->totals.retransmitted_to_client + l->totals.gap_acks, 0);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_repeats_copies_of_the_capture_are_no_loss),
        cmocka_unit_test(test_track_repeats_copies_in_batches),
        cmocka_unit_test(test_track_repeats_copies_of_a_handshake),
        cmocka_unit_test(test_track_repeats_ack_before_its_data),
        cmocka_unit_test(test_track_repeats_within_a_lan),
        cmocka_unit_test(test_track_repeats_order_of_the_capture),
        cmocka_unit_test(test_track_repeats_to_a_sleeper),
        cmocka_unit_test(test_track_repeats_pushes_lost_at_random),
        cmocka_unit_test(test_track_repeats_losses_within_a_push),
        cmocka_unit_test(test_track_repeats_counts_of_tshark),
        cmocka_unit_test(test_track_repeats_unseen_segments),
        cmocka_unit_test(test_track_repeats_first_data_without_an_ack),
        cmocka_unit_test(test_track_repeats_order_after_one_syn),
        cmocka_unit_test(test_track_repeats_full_window_after_one_syn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
