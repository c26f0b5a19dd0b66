/* A capture that cannot keep up: when the filter is narrowed, to what, and what is judged then. */
#include "capd/worker/filter.h"
#include "capd/worker/narrow.h"
#include "tests/unit/pktbuild.h"
#include <pcap/pcap.h>

/* ---- when ------------------------------------------------------------------------------------ */

struct second {
    uint64_t cpu_us, seen, missed; /* in this second */
    enum narrow_cause want;
};

static void run_load(const struct second *s, size_t n) {
    struct load_sample at = {.mono_ms = 5000, .cpu_us = 900000};
    struct load l = {.last = at};
    for (size_t i = 0; i < n; i++) {
        at.mono_ms += 1000;
        at.cpu_us += s[i].cpu_us;
        at.seen += s[i].seen;
        at.missed += s[i].missed;
        assert_int_equal(load_judge(&l, &at), s[i].want);
    }
}

static void test_load_drops(void **state) {
    (void)state;
    static const struct second quiet[] = {{1000, 100000, 0, NARROW_NONE},
                                          {1000, 100, 4, NARROW_NONE}, /* too few for a rate */
                                          {1000, 1000000, 50, NARROW_NONE} /* 0.005 % */};
    static const struct second lost[] = {{1000, 100000, 0, NARROW_NONE},
                                         {1000, 1000, 10, NARROW_DROPS}};
    run_load(quiet, 3);
    run_load(lost, 2);
}

static void test_load_cpu(void **state) {
    (void)state;
    static const struct second busy[] = {{600000, 1000, 0, NARROW_NONE},
                                         {600000, 1000, 0, NARROW_CPU}};
    static const struct second pauses[] = {{900000, 1000, 0, NARROW_NONE},
                                           {400000, 1000, 0, NARROW_NONE},
                                           {900000, 1000, 0, NARROW_NONE}};
    run_load(busy, 2);
    run_load(pauses, 3); /* never two seconds in a row */
}

/* ---- to what --------------------------------------------------------------------------------- */

struct probe {
    uint32_t src, dst;
    uint16_t sport, dport;
    uint8_t proto, flags; /* TCP flags */
    bool tagged;
};

static size_t make_frame(const struct probe *p, uint8_t f[64]) {
    size_t at = 12;
    memset(f, 0, 64);
    if (p->tagged) {
        put16(f + 12, 0x8100);
        put16(f + 14, 5);
        at = 16;
    }
    put16(f + at, 0x0800);
    uint8_t *ip = f + at + 2;
    ip[0] = 0x45;
    put16(ip + 2, 40);
    ip[9] = p->proto;
    put32(ip + 12, p->src);
    put32(ip + 16, p->dst);
    put16(ip + 20, p->sport);
    put16(ip + 22, p->dport);
    ip[32] = 5 << 4;
    ip[33] = p->flags;
    return at + 2 + 40;
}

static void expect(const struct msg_start *s, const struct addr *a, uint32_t n,
                   const struct probe *p, bool want) {
    static struct filter_text text;
    static char narrow[FILTER_NARROW_BYTES];
    uint8_t frame[64];
    struct bpf_program program;
    struct pcap_pkthdr h = {0};
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 2048);
    assert_true(narrow_text(s, a, n, narrow, sizeof narrow));
    assert_true(filter_build(s, narrow, true, &text));
    if (pcap_compile(dead, &program, text.kernel, 1, PCAP_NETMASK_UNKNOWN) != 0)
        fail_msg("`%s`: %s", text.kernel, pcap_geterr(dead));
    assert_true(program.bf_len <= 4096);
    h.caplen = h.len = (uint32_t)make_frame(p, frame);
    bool passed = pcap_offline_filter(&program, &h, frame) != 0;
    pcap_freecode(&program);
    pcap_close(dead);
    if (passed != want)
        fail_msg("port %u flags %u: %s by `%s`", p->dport, p->flags,
                 want ? "kept out" : "let through", text.kernel);
}

#define OTHER 0xc6336401u /* 198.51.100.1 */

static const struct probe target_data = {A1, B1, 40000, 9000, 6, TCP_ACK, false},
                          target_tagged = {A1, B1, 40000, 9000, 6, TCP_ACK, true},
                          other_data = {A1, OTHER, 40001, 9000, 6, TCP_ACK, false},
                          other_syn = {A1, OTHER, 40001, 9000, 6, TCP_SYN, false},
                          other_web = {A1, OTHER, 40001, 443, 6, TCP_ACK, false},
                          dns = {A1, OTHER, 40002, 53, 17, 0, false},
                          ntp = {A1, OTHER, 123, 123, 17, 0, false},
                          ping = {A1, OTHER, 0, 0, 1, 0, false},
                          media = {A1, OTHER, 40004, 40006, 17, 0, false};

static struct addr server(void) {
    uint8_t b[4];
    put32(b, B1);
    return addr_from_bytes(b, 4);
}

static void test_narrow_domain(void **state) {
    (void)state;
    struct addr a = server();
    struct msg_start s = {.mode = MODE_DOMAIN, .name = "example.com"};
    expect(&s, &a, 1, &target_data, true);
    expect(&s, &a, 1, &target_tagged, true);
    expect(&s, &a, 1, &dns, true);
    expect(&s, &a, 1, &ping, true);
    expect(&s, &a, 1, &other_data, false);
    expect(&s, &a, 1, &other_syn, false);
    expect(&s, NULL, 0, &other_web, true); /* no address yet: SNI and Host must stay in sight */
    expect(&s, NULL, 0, &dns, true);
    uint64_t port = 443;
    s.ports = &port;
    s.ports_n = 1;
    expect(&s, &a, 1, &target_data, false); /* another port of it */
    expect(&s, NULL, 0, &other_web, true);
}

static void test_narrow_prefix(void **state) {
    (void)state;
    struct msg_prefix net = {server(), 24};
    struct msg_start s = {.mode = MODE_DOMAIN, .addresses = &net, .addresses_n = 1};
    net.address.b[3] = 0;
    expect(&s, NULL, 0, &target_data, true);
    expect(&s, NULL, 0, &other_data, false);
}

static void test_narrow_diagnosis(void **state) {
    (void)state;
    struct msg_start s = {.mode = MODE_DIAGNOSIS};
    const struct probe *in[] = {&other_syn, &other_web, &dns, &ntp, &ping};
    const struct probe *out[] = {&other_data, &target_data, &media};
    for (size_t i = 0; i < 5; i++) expect(&s, NULL, 0, in[i], true);
    for (size_t i = 0; i < 3; i++) expect(&s, NULL, 0, out[i], false);
    struct addr a = server();
    memcpy(s.name, "x.test", 7);
    expect(&s, &a, 1, &target_data, true); /* the target's own stays whole */
}

static void test_narrow_port_and_web(void **state) {
    (void)state;
    uint64_t port = 9000;
    struct msg_start s = {.mode = MODE_PORT, .ports = &port, .ports_n = 1};
    expect(&s, NULL, 0, &other_data, true);
    expect(&s, NULL, 0, &other_web, false);
    s.mode = MODE_WEB;
    s.ports_n = 0;
    expect(&s, NULL, 0, &other_web, true);
    expect(&s, NULL, 0, &other_syn, false);
}

static void test_narrow_keeps_the_callers_filter(void **state) {
    (void)state;
    char text[FILTER_NARROW_BYTES];
    struct addr a = server();
    struct msg_start s = {.mode = MODE_DOMAIN, .name = "x.test", .filter = "udp"};
    expect(&s, &a, 1, &target_data, false);
    expect(&s, &a, 1, &dns, true);
    s.filter_only = true;
    assert_false(narrow_text(&s, &a, 1, text, sizeof text)); /* what was asked for, nothing else */
}

static void test_narrow_longest_fits_the_kernel(void **state) {
    (void)state;
    struct addr many[LIM_TARGET_ADDRESSES];
    struct msg_start s = {.mode = MODE_DIAGNOSIS, .name = "x.test"};
    for (uint32_t i = 0; i < LIM_TARGET_ADDRESSES; i++) {
        uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = 1, [15] = (uint8_t)i};
        many[i] = addr_from_bytes(b, 16);
    }
    expect(&s, many, LIM_TARGET_ADDRESSES, &other_web, true);
}

/* ---- what is judged then --------------------------------------------------------------------- */

/* A download over a port whose data is hidden from `narrowed` on: only SYN, FIN and RST come. */
static void hidden_connection(struct lab *l, uint16_t cport, uint16_t sport) {
    struct conn k = conn_new(l, cport, sport);
    from_client(&k, TCP_SYN, NULL, 0);
    l->us += 10 * MS;
    from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
    l->us += 900 * MS;
    k.cseq += 300;
    k.sseq += 90000;
    from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
    l->us += 10 * MS;
    from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
}

static void test_hidden_data_is_not_judged(void **state) {
    (void)state;
    struct lab *l = lab_default();
    lab_wait(l, 0);
    lab_wait(l, 1 * S);
    engine_narrowed(l->e, NARROW_DROPS, "tcp");
    for (uint16_t i = 0; i < 10; i++) hidden_connection(l, (uint16_t)(40000 + i), 9000);
    lab_wait(l, 5 * S);
    lab_snapshot(l);
    assert_int_equal(l->totals.narrow_cause, NARROW_DROPS);
    assert_int_equal(l->totals.narrowed_us, 1 * S);
    assert_string_equal(l->totals.narrow_filter, "tcp");
    assert_int_equal(l->totals.hidden, 10);
    assert_int_equal(l->totals.established, 10);
    assert_int_equal(l->totals.closed, 10);
    assert_int_equal(l->totals.timed_out, 0);
    assert_int_equal(l->totals.gap_acks, 0);
    assert_int_equal(l->totals.lost_segment, 0);
    assert_int_equal(l->totals.ack_lost_segment, 0);
    assert_int_equal(l->totals.retransmitted_to_client, 0);
    assert_int_equal(l->totals.handshake_us.samples, 0); /* the FIN is no end of the handshake */
    assert_int_equal(l->totals.one_sided_flows, 0);
    lab_free(l);
}

static void test_visible_ports_are_judged_as_before(void **state) {
    (void)state;
    struct lab *l = lab_default();
    lab_wait(l, 1 * S);
    engine_narrowed(l->e, NARROW_CPU, "tcp");
    struct conn k = conn_new(l, 40000, 443);
    conn_open(&k);
    from_client(&k, TCP_ACK | TCP_PSH, NULL, 100);
    l->us += 10 * MS;
    from_server(&k, TCP_ACK | TCP_PSH, NULL, 1000);
    conn_close(&k);
    lab_snapshot(l);
    assert_int_equal(l->totals.hidden, 0);
    assert_int_equal(l->totals.handshake_us.samples, 1);
    assert_int_equal(l->totals.payload_to_client, 1000);
    lab_free(l);
}

/* What was under way when the filter closed must not look like a dead path or a stuck reader. */
static void test_live_connections_are_let_go(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 9000);
    conn_open(&k);
    from_server(&k, TCP_ACK, NULL, 1000);
    l->us += 10 * MS;
    l->window = 0;
    from_client(&k, TCP_ACK, NULL, 0);
    l->window = 8192;
    for (int i = 0; i < 3; i++) { /* sent again and again: almost a dead path */
        l->us += (300u << i) * MS;
        k.sseq -= 1000;
        from_server(&k, TCP_ACK, NULL, 1000);
    }
    engine_narrowed(l->e, NARROW_DROPS, "tcp");
    lab_wait(l, 10 * S);
    lab_snapshot(l);
    assert_int_equal(l->totals.hidden, 1);
    assert_int_equal(l->incidents.rows_n, 0);
    assert_int_equal(l->services.rows[0].zero_window_by_client_stuck, 0);
    assert_int_equal(l->totals.open, 1);
    lab_free(l);
}

/* The caller's own filter may leave the client's ACK out; a handshake without it says nothing. */
static void test_callers_filter_makes_no_timeouts(void **state) {
    (void)state;
    for (int filtered = 0; filtered < 2; filtered++) {
        struct engine_options o = lab_options();
        o.filtered = filtered;
        struct lab *l = lab_new(&o);
        struct conn k = conn_new(l, 40000, 9000);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += 10 * MS;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        lab_wait(l, 20 * S);
        lab_snapshot(l);
        assert_int_equal(l->totals.timed_out, !filtered);
        assert_int_equal(l->totals.pending, filtered);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_drops),
        cmocka_unit_test(test_load_cpu),
        cmocka_unit_test(test_narrow_domain),
        cmocka_unit_test(test_narrow_prefix),
        cmocka_unit_test(test_narrow_diagnosis),
        cmocka_unit_test(test_narrow_port_and_web),
        cmocka_unit_test(test_narrow_keeps_the_callers_filter),
        cmocka_unit_test(test_narrow_longest_fits_the_kernel),
        cmocka_unit_test(test_hidden_data_is_not_judged),
        cmocka_unit_test(test_visible_ports_are_judged_as_before),
        cmocka_unit_test(test_live_connections_are_let_go),
        cmocka_unit_test(test_callers_filter_makes_no_timeouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
