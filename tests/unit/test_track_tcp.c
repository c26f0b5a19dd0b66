/* TCP: every outcome of contract section 4, both counts of retransmissions, windows, resets. */
#include "tests/unit/resend.h"

/* ---- outcomes
 * ------------------------------------------------------------------------------------ */

enum script {
    OPEN,
    CLOSED,
    RESET,
    REFUSED,
    SILENT,
    SILENT_TWICE,
    YOUNG,
    HALF_OPEN,
    ICMP,
    ABORTED,
    ABORTED_LATE,
    MIDSTREAM
};

static void icmp_unreachable(struct lab *l, uint32_t from, const struct conn *k) {
    uint8_t f[128] = {0}, *i = f + 34;
    i[0] = 3;
    i[1] = 1;
    i[8] = 0x45;
    put16(i + 10, 40);
    i[17] = 6;
    put32(i + 20, k->c);
    put32(i + 24, k->s);
    put16(i + 28, k->cport);
    put16(i + 30, k->sport);
    put32(i + 32, k->cseq - 1);
    lab_ip(l, f, 1, from, k->c, 36);
}

static void play(struct lab *l, enum script what) {
    struct conn k = conn_new(l, 40000, 80);
    switch (what) {
    case OPEN: conn_open(&k); break;
    case CLOSED:
        conn_open(&k);
        conn_close(&k);
        break;
    case RESET:
        conn_open(&k);
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        break;
    case REFUSED:
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 300;
        lab_tcp(l, (struct seg){B1, A1, 80, 40000, 0, k.cseq, TCP_RST | TCP_ACK, NULL, 0});
        break;
    case SILENT:
    case SILENT_TWICE:
    case YOUNG: from_client(&k, TCP_SYN, NULL, 0); break;
    case HALF_OPEN:
        from_client(&k, TCP_SYN, NULL, 0);
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        break;
    case ICMP:
        from_client(&k, TCP_SYN, NULL, 0);
        icmp_unreachable(l, 0x0a0000feu, &k);
        break;
    case ABORTED:
        from_client(&k, TCP_SYN, NULL, 0);
        from_client(&k, TCP_RST, NULL, 0);
        break;
    case ABORTED_LATE:
        from_client(&k, TCP_SYN, NULL, 0);
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        from_client(&k, TCP_RST, NULL, 0);
        break;
    case MIDSTREAM: from_server(&k, TCP_ACK, NULL, 100); break;
    }
    if (what == SILENT_TWICE) {
        l->us += 1 * S;
        k.cseq--;
        from_client(&k, TCP_SYN, NULL, 0);
    }
    lab_wait(l, what == YOUNG ? 1900 * MS : 5 * S);
}

static void test_track_tcp_outcomes(void **state) {
    (void)state;
    static const struct {
        enum script what;
        enum conn_state state;
    } cases[] = {
        {OPEN, CONN_OPEN},       {CLOSED, CONN_CLOSED},        {RESET, CONN_RESET},
        {REFUSED, CONN_REFUSED}, {SILENT, CONN_TIMED_OUT},     {SILENT_TWICE, CONN_TIMED_OUT},
        {YOUNG, CONN_PENDING},   {HALF_OPEN, CONN_TIMED_OUT},  {ICMP, CONN_UNREACHABLE},
        {ABORTED, CONN_ABORTED}, {ABORTED_LATE, CONN_ABORTED}, {MIDSTREAM, CONN_MIDSTREAM}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        play(l, cases[i].what);
        lab_snapshot(l);
        const struct msg_totals *t = &l->totals;
        assert_int_equal(l->connections.rows_n, 1);
        assert_string_equal(conn_names[l->connections.rows[0].state], conn_names[cases[i].state]);
        assert_int_equal(t->attempted, cases[i].state != CONN_MIDSTREAM);
        assert_int_equal(t->attempted, t->established + t->refused + t->timed_out + t->unreachable +
                                           t->aborted + t->pending);
        assert_int_equal(t->established, t->closed + t->reset + t->open);
        assert_int_equal(t->midstream, cases[i].state == CONN_MIDSTREAM);
        assert_int_equal(t->tcp_flows, 1);
        assert_int_equal(l->connections.rows[0].server_port, 80);
        lab_free(l);
    }
}

static void test_track_tcp_silent_attempt_is_summed_in_its_service(void **state) {
    (void)state;
    struct lab *l = lab_default();
    play(l, SILENT_TWICE);
    lab_snapshot(l);
    const struct msg_service *v = &l->services.rows[0];
    assert_int_equal(v->timed_out, 1);
    assert_int_equal(v->timeout_syn_sent, 2);
    assert_int_equal(v->timeout_repeated, 1);
    assert_int_equal(v->timeout_wait_us, 3 * S); /* by then the third SYN was due */
    assert_int_equal(v->timeout_last_us - v->timeout_first_us, 1 * S);
    assert_false(v->both_directions);
    lab_free(l);
}

static void test_track_tcp_new_syn_on_a_tuple_is_a_new_connection(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    conn_close(&k);
    struct conn again = conn_new(l, 40000, 80);
    again.cseq = 900000;
    conn_open(&again);
    lab_snapshot(l);
    assert_int_equal(l->totals.tcp_flows, 2);
    assert_int_equal(l->totals.closed, 1);
    assert_int_equal(l->totals.open, 1);
    assert_int_equal(l->services.rows_n, 1);
    assert_int_equal(l->services.rows[0].established, 2);
    lab_free(l);
}

static void test_track_tcp_handshake_time_and_history(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    from_client(&k, TCP_PSH | TCP_ACK, NULL, 100);
    l->us += 10 * MS;
    from_server(&k, TCP_ACK, NULL, DATA);
    conn_close(&k);
    lab_snapshot(l);
    assert_int_equal(l->totals.handshake_us.samples, 1);
    assert_int_equal(l->totals.handshake_us.min_us, 10 * MS + 50);
    assert_string_equal(l->connections.rows[0].history, "ShADdFf");
    lab_free(l);
}

static void test_track_tcp_retried_handshake_gives_no_time(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    from_client(&k, TCP_SYN, NULL, 0);
    k.cseq--;
    l->us += 1 * S;
    conn_open(&k);
    lab_snapshot(l);
    assert_int_equal(l->totals.established, 1);
    assert_int_equal(l->totals.syn_retried, 1);
    assert_int_equal(l->totals.syn_sent, 2);
    assert_int_equal(l->totals.handshake_us.samples, 0);
    lab_free(l);
}

/* ---- data sent twice
 * ------------------------------------------------------------------------------- */

static void test_track_tcp_lost_after_the_capture_point(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    uint32_t first = k.sseq;
    from_server(&k, TCP_ACK, NULL, DATA);
    l->us += 300 * MS;
    send_at(&k, first);
    lab_snapshot(l);
    assert_int_equal(l->totals.retransmitted_to_client, 1);
    assert_int_equal(l->totals.lost_after, 1);
    assert_int_equal(l->totals.lost_before, 0);
    assert_int_equal(l->totals.retransmission, 1);
    assert_int_equal(l->totals.payload_to_client, DATA);
    assert_int_equal(l->totals.data_segments_to_client, 2);
    assert_int_equal(l->connections.rows[0].retransmitted, 1);
    lab_free(l);
}

static void test_track_tcp_lost_before_the_capture_point(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    uint32_t lost = k.sseq;
    k.sseq += DATA; /* never came this far */
    for (int i = 0; i < 4; i++) {
        from_server(&k, TCP_ACK, NULL, DATA);
        ack(&k, lost);
        l->us += 100;
    }
    l->us += 12 * MS; /* a round trip later */
    send_at(&k, lost);
    lab_snapshot(l);
    assert_int_equal(l->totals.lost_before, 1);
    assert_int_equal(l->totals.lost_after, 0);
    assert_int_equal(l->totals.reordered, 0);
    assert_int_equal(l->totals.lost_segment, 1);
    assert_int_equal(l->totals.payload_to_client, 5 * DATA);
    lab_free(l);
}

/* Soon, or later with an IP id from before what overtook it; later with a newer one was lost. */
static void test_track_tcp_reordered_is_no_retransmission(void **state) {
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        uint32_t late = k.sseq;
        uint16_t id = l->ip_id++;
        k.sseq += DATA;
        from_server(&k, TCP_ACK, NULL, DATA);
        l->us += i == 0 ? 400 : 40 * MS;
        if (i == 1) l->ip_id = id;
        send_at(&k, late);
        lab_snapshot(l);
        assert_int_equal(l->totals.reordered, i < 2);
        assert_int_equal(l->totals.lost_before, i == 2);
        assert_int_equal(l->totals.out_of_order, i == 0);
        lab_free(l);
    }
}

static void test_track_tcp_spurious_when_acknowledged(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    uint32_t first = k.sseq;
    from_server(&k, TCP_ACK, NULL, DATA);
    ack(&k, k.sseq);
    l->us += 300 * MS;
    send_at(&k, first);
    lab_snapshot(l);
    assert_int_equal(l->totals.spurious, 1);
    assert_int_equal(l->totals.retransmitted_to_client, 0);
    assert_int_equal(l->totals.spurious_retransmission, 1);
    lab_free(l);
}

static void test_track_tcp_keep_alives_are_no_retransmissions(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    from_server(&k, TCP_ACK, NULL, DATA);
    ack(&k, k.sseq);
    for (int i = 0; i < 3; i++) {
        l->us += 10 * S;
        lab_tcp(l, (struct seg){B1, A1, 80, 40000, k.sseq - 1, k.cseq, TCP_ACK, "x", 1});
        l->us += 1 * MS;
        ack(&k, k.sseq);
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.keep_alive, 3);
    assert_int_equal(l->totals.retransmission, 0);
    assert_int_equal(l->totals.retransmitted_to_client + l->totals.spurious, 0);
    lab_free(l);
}

static void test_track_tcp_fast_retransmission(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    uint32_t lost = k.sseq;
    for (int i = 0; i < 5; i++) from_server(&k, TCP_ACK, NULL, DATA);
    for (int i = 0; i < 4; i++) ack(&k, lost);
    l->us += 15 * MS;
    send_at(&k, lost);
    lab_snapshot(l);
    assert_int_equal(l->totals.duplicate_ack, 4); /* the request carried that number too */
    assert_int_equal(l->totals.fast_retransmission, 1);
    assert_int_equal(l->totals.retransmission, 1);
    assert_int_equal(l->totals.lost_after, 1);
    lab_free(l);
}

static void test_track_tcp_dead_path_needs_growing_gaps(void **state) {
    (void)state;
    for (int growing = 0; growing < 2; growing++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        uint32_t seq = k.sseq, gap = 400 * MS;
        from_server(&k, TCP_ACK, NULL, DATA);
        for (int i = 0; i < 3; i++) {
            l->us += gap;
            send_at(&k, seq);
            gap = growing ? gap * 2 : gap / 2;
        }
        lab_snapshot(l);
        assert_int_equal(l->incidents.rows_n, growing);
        if (growing) {
            assert_int_equal(l->incidents.rows[0].kind, INCIDENT_DEAD_PATH);
            assert_int_equal(l->incidents.rows[0].port, 80);
            assert_true(l->incidents.rows[0].tries >= 3);
            assert_true(l->incidents.rows[0].span_us >= 500 * MS);
        }
        lab_free(l);
    }
}

static void test_track_tcp_dead_path_is_none_once_acknowledged(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    uint32_t seq = k.sseq;
    l->window = 1200; /* of both ends: the segment fills it */
    ack(&k, k.sseq);
    from_server(&k, TCP_ACK, NULL, 1200);
    for (int i = 0; i < 3; i++) {
        l->us += (400u << i) * MS;
        uint32_t keep = k.sseq;
        k.sseq = seq;
        from_server(&k, TCP_ACK, NULL, 1200);
        k.sseq = keep;
    }
    lab_snapshot(l);
    assert_int_equal(l->incidents.rows_n, 1);
    assert_int_equal(l->incidents.rows[0].value, 1);
    assert_int_equal(l->incidents.rows[0].tries, 4);
    ack(&k, k.sseq);
    lab_snapshot(l);
    assert_int_equal(l->incidents.rows_n, 0);
    lab_free(l);
}

static void test_track_tcp_capture_gap_is_no_loss(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    k.sseq += DATA; /* the capture missed it, the client did not */
    from_server(&k, TCP_ACK, NULL, DATA);
    ack(&k, k.sseq);
    from_server(&k, TCP_ACK, NULL, DATA);
    ack(&k, k.sseq);
    lab_snapshot(l);
    assert_int_equal(l->totals.gap_acks, 1);
    assert_true(l->totals.acks >= 2);
    assert_int_equal(l->totals.retransmitted_to_client, 0);
    lab_free(l);
}

/* ---- windows and resets
 * --------------------------------------------------------------------------- */

static void test_track_tcp_zero_window_time_and_side(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    for (int i = 0; i < 2; i++) {
        from_server(&k, TCP_ACK, NULL, DATA);
        l->window = 0;
        ack(&k, k.sseq);
        l->us += 250 * MS;
        l->window = 8192;
        ack(&k, k.sseq);
    }
    lab_snapshot(l);
    const struct msg_service *v = &l->services.rows[0];
    assert_int_equal(v->zero_window_by_client_us, 500 * MS);
    assert_int_equal(v->zero_window_by_client_times, 2);
    assert_int_equal(v->zero_window_by_client_stuck, 0);
    assert_int_equal(v->zero_window_by_server_times, 0);
    assert_int_equal(l->totals.zero_window, 2);
    lab_free(l);
}

static void test_track_tcp_window_that_never_reopens_is_stuck(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = serving(l);
    from_server(&k, TCP_ACK, NULL, DATA);
    l->window = 0;
    ack(&k, k.sseq);
    lab_wait(l, 4 * S);
    lab_snapshot(l);
    const struct msg_service *v = &l->services.rows[0];
    assert_int_equal(v->zero_window_by_client_stuck, 1);
    assert_int_equal(v->zero_window_by_client_us, 4 * S);
    assert_true(v->zero_window_by_client_life_us >= 4 * S);
    from_server(&k, TCP_FIN | TCP_ACK, NULL, 0); /* it has said all: nobody waits any more */
    lab_wait(l, 4 * S);
    lab_snapshot(l);
    assert_int_equal(l->services.rows[0].zero_window_by_client_us, 4 * S);
    lab_free(l);
}

static void test_track_tcp_reset_in_midstream_and_its_guards(void **state) {
    (void)state;
    for (int fin_first = 0; fin_first < 2; fin_first++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        if (fin_first) from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        l->ttl = 63;
        if (fin_first)
            from_client(&k, TCP_RST, NULL, 0);
        else
            from_server(&k, TCP_RST, NULL, 0);
        lab_snapshot(l);
        const struct msg_service *v = &l->services.rows[0];
        assert_int_equal(v->reset_by_server, !fin_first);
        assert_int_equal(v->reset_by_client, 0);
        assert_int_equal(v->reset_bytes_before, fin_first ? 0 : DATA + 100);
        assert_int_equal(v->reset_ttl_delta, fin_first ? 0 : 1);
        assert_int_equal(l->totals.reset, 1);
        lab_free(l);
    }
}

static void test_track_tcp_idle_client_may_close_by_reset(void **state) {
    (void)state;
    for (int idle = 0; idle < 2; idle++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_ACK, NULL, DATA);
        ack(&k, k.sseq);
        l->us += idle ? 30 * S : 5 * MS;
        from_client(&k, TCP_RST | TCP_ACK, NULL, 0);
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].reset_by_client, !idle);
        lab_free(l);
    }
}

static void test_track_tcp_client_may_reset_once_it_has_the_whole_answer(void **state) {
    (void)state;
    static const struct {
        bool pushed, acked, goes_on;
        unsigned resets;
    } t[] = {{true, true, false, 0},
             {false, true, false, 1},
             {true, false, false, 1},
             {true, true, true, 1}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, t[i].pushed ? TCP_PSH | TCP_ACK : TCP_ACK, NULL, DATA);
        if (t[i].acked) ack(&k, k.sseq);
        l->us += 5 * MS;
        struct conn before = k;
        from_client(&k, t[i].acked ? TCP_RST | TCP_ACK : TCP_RST, NULL, 0);
        if (t[i].goes_on) from_server(&before, TCP_ACK, NULL, DATA);
        lab_snapshot(l);
        if (l->services.rows[0].reset_by_client != t[i].resets) fail_msg("row %zu", i);
        lab_free(l);
    }
}

/* It was in use when the capture began: whoever had spoken here tears it down, who had not may know
 * nothing of it any more. */
static void test_track_tcp_joined_connection_is_reset(void **state) {
    (void)state;
    for (unsigned spoke = 0; spoke < 2; spoke++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        from_client(&k, TCP_PSH | TCP_ACK, NULL, 300);
        l->us += 20 * MS;
        if (spoke) from_server(&k, TCP_ACK, NULL, DATA);
        l->us += 20 * MS;
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        lab_snapshot(l);
        assert_int_equal(l->services.rows[0].reset_by_server, spoke);
        lab_free(l);
    }
}

/* close_notify, QUIT: a short last word, and the RST right behind it.  What waits for its answer,
 * says more, or comes before all was taken, is none. */
static void test_track_tcp_client_may_reset_after_a_farewell(void **state) {
    (void)state;
    static const struct {
        unsigned bytes;
        uint64_t after_us;
        bool acked, receipt, asked;
        unsigned resets;
    } t[] = {{31, 100, true, false, false, 0},      {31, 50 * MS, true, true, false, 0},
             {31, 300 * MS, true, false, false, 1}, {300, 100, true, false, false, 1},
             {31, 100, false, false, false, 1},     {31, 100, true, false, true, 1}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = serving(l);
        from_server(&k, TCP_PSH | TCP_ACK, NULL, DATA);
        if (t[i].acked) ack(&k, k.sseq);
        if (t[i].asked) {
            l->us += 300 * MS;
            from_client(&k, TCP_PSH | TCP_ACK, NULL, 200);
            l->us += 5 * MS;
            from_server(&k, TCP_ACK, NULL, 0);
        }
        l->us += 200 * MS;
        from_client(&k, t[i].acked ? TCP_PSH | TCP_ACK : TCP_PSH, NULL, t[i].bytes);
        if (t[i].receipt) from_server(&k, TCP_ACK, NULL, 0);
        l->us += t[i].after_us;
        from_client(&k, t[i].acked ? TCP_RST | TCP_ACK : TCP_RST, NULL, 0);
        lab_snapshot(l);
        if (l->services.rows[0].reset_by_client != t[i].resets) fail_msg("row %zu", i);
        lab_free(l);
    }
}

/* ---- times
 * ------------------------------------------------------------------------------------------ */

static void test_track_tcp_slow_answer_is_told_from_its_acknowledgement(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    for (int i = 0; i < 4; i++) {
        from_client(&k, TCP_PSH | TCP_ACK, NULL, 200);
        l->us += 10 * MS;
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += 700 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, NULL, DATA);
        l->us += 100;
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += 5 * MS;
    }
    lab_snapshot(l);
    const struct msg_service *v = &l->services.rows[0];
    assert_int_equal(v->requests, 4);
    assert_int_equal(v->request_ack_us.samples, 4);
    assert_int_equal(v->request_ack_us.max_us, 10 * MS);
    assert_int_equal(v->first_byte_us.samples, 4);
    assert_int_equal(v->first_byte_us.min_us, 710 * MS);
    assert_int_equal(l->connections.rows[0].first_byte_us, 710 * MS);
    lab_free(l);
}

static void test_track_tcp_round_trip_never_holds_a_delayed_ack(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    for (int i = 0; i < 8; i++) { /* one small segment, acknowledged by the timer */
        from_client(&k, TCP_PSH | TCP_ACK, NULL, 50);
        l->us += 50 * MS;
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += 1 * MS;
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.rtt_us.samples, 0);
    for (int i = 0; i < 8; i++) { /* two full ones, acknowledged at once */
        from_client(&k, TCP_ACK, NULL, 1400);
        from_client(&k, TCP_PSH | TCP_ACK, NULL, 1400);
        l->us += 60 * MS;
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += 1 * MS;
    }
    lab_snapshot(l);
    assert_int_equal(l->totals.rtt_us.samples, 8);
    assert_int_equal(l->totals.rtt_us.min_us, 60 * MS + 50); /* both sides of the capture point */
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_tcp_outcomes),
        cmocka_unit_test(test_track_tcp_silent_attempt_is_summed_in_its_service),
        cmocka_unit_test(test_track_tcp_new_syn_on_a_tuple_is_a_new_connection),
        cmocka_unit_test(test_track_tcp_handshake_time_and_history),
        cmocka_unit_test(test_track_tcp_retried_handshake_gives_no_time),
        cmocka_unit_test(test_track_tcp_lost_after_the_capture_point),
        cmocka_unit_test(test_track_tcp_lost_before_the_capture_point),
        cmocka_unit_test(test_track_tcp_reordered_is_no_retransmission),
        cmocka_unit_test(test_track_tcp_spurious_when_acknowledged),
        cmocka_unit_test(test_track_tcp_keep_alives_are_no_retransmissions),
        cmocka_unit_test(test_track_tcp_fast_retransmission),
        cmocka_unit_test(test_track_tcp_dead_path_needs_growing_gaps),
        cmocka_unit_test(test_track_tcp_dead_path_is_none_once_acknowledged),
        cmocka_unit_test(test_track_tcp_capture_gap_is_no_loss),
        cmocka_unit_test(test_track_tcp_idle_client_may_close_by_reset),
        cmocka_unit_test(test_track_tcp_joined_connection_is_reset),
        cmocka_unit_test(test_track_tcp_client_may_reset_after_a_farewell),
        cmocka_unit_test(test_track_tcp_client_may_reset_once_it_has_the_whole_answer),
        cmocka_unit_test(test_track_tcp_zero_window_time_and_side),
        cmocka_unit_test(test_track_tcp_window_that_never_reopens_is_stuck),
        cmocka_unit_test(test_track_tcp_reset_in_midstream_and_its_guards),
        cmocka_unit_test(test_track_tcp_slow_answer_is_told_from_its_acknowledgement),
        cmocka_unit_test(test_track_tcp_round_trip_never_holds_a_delayed_ack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
