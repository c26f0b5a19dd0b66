/* Following a target's name from packets: CNAME chains, SNI and Host, expiry, shared addresses. */
#include "tests/unit/talk.h"

#define RESOLVER 0x0a000035u
#define TARGET   "www.example.com"

/* ---- messages ----------------------------------------------------------------------------------
 */

struct answer {
    const char *alias; /* CNAME to it; NULL: an address */
    uint32_t address, ttl_s;
};

static void ask(struct lab *l, const char *name, uint16_t id) {
    uint8_t m[512] = {0};
    put16(m, id);
    put16(m + 2, 0x0100);
    put16(m + 4, 1);
    size_t n = 12 + put_name(m + 12, name);
    put16(m + n, 1);
    put16(m + n + 2, 1);
    lab_udp(l, A1, 5000, RESOLVER, 53, m, n + 4);
    l->us += 5 * MS;
}

/* The owner of each record is the name asked for: nobody here looks at it. */
static void tell(struct lab *l, const char *name, uint16_t id, const struct answer *a, unsigned n) {
    uint8_t m[1024] = {0};
    put16(m, id);
    put16(m + 2, 0x8180);
    put16(m + 4, 1);
    put16(m + 6, n);
    size_t at = 12 + put_name(m + 12, name);
    put16(m + at, 1);
    put16(m + at + 2, 1);
    at += 4;
    for (unsigned i = 0; i < n; i++) {
        put16(m + at, 0xc00c);
        put16(m + at + 2, a[i].alias ? 5 : 1);
        put16(m + at + 4, 1);
        put32(m + at + 6, a[i].ttl_s);
        size_t len = 4;
        if (a[i].alias)
            len = put_name(m + at + 12, a[i].alias);
        else
            put32(m + at + 12, a[i].address);
        put16(m + at + 10, (uint32_t)len);
        at += 12 + len;
    }
    lab_udp(l, RESOLVER, 53, A1, 5000, m, at);
    l->us += 1 * MS;
}

static void resolve(struct lab *l, const char *name, uint32_t address, uint32_t ttl_s) {
    static uint16_t id;
    ask(l, name, ++id);
    tell(l, name, id, &(struct answer){NULL, address, ttl_s}, 1);
}

/* A new connection of `port` from another client port each time; sni "": none, NULL: no hello. */
static struct conn connect_to(struct lab *l, uint32_t address, uint16_t port, const char *sni) {
    static uint16_t cport = 40000;
    uint8_t hello[600];
    struct conn k = conn_new(l, ++cport, port);
    k.s = address;
    conn_open(&k);
    if (sni) from_client(&k, TCP_PSH | TCP_ACK, hello, client_hello(hello, sni));
    l->us += 1 * MS;
    return k;
}

static struct lab *lab_target(enum mode mode) {
    struct engine_options o = lab_options();
    o.target.mode = mode;
    strcpy(o.target.name, TARGET);
    return lab_new(&o);
}

static void finish(struct lab *l) {
    engine_end(l->e);
    lab_snapshot(l);
}

/* Are later connections to the address the target's? */
static bool follows(struct lab *l, uint32_t address) {
    uint64_t before = (finish(l), l->totals.tcp_flows);
    connect_to(l, address, 22, NULL);
    finish(l);
    return l->totals.tcp_flows > before;
}

/* ---- DNS ---------------------------------------------------------------------------------------
 */

static void test_track_names_chain_of_cnames_in_one_answer(void **state) {
    (void)state;
    static const struct answer chain[] = {{"edge.cdn.example", 0, 60},
                                          {"region7.cdn.example", 0, 60},
                                          {"host-99.cdn.example", 0, 60},
                                          {NULL, B1, 60},
                                          {NULL, B1 + 1, 60}};
    struct lab *l = lab_target(MODE_DOMAIN);
    ask(l, "WWW.Example.com", 1);
    tell(l, "www.example.COM", 1, chain, 5);
    connect_to(l, B1 + 1, 443, NULL);
    connect_to(l, B1 + 2, 443, NULL);
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 1);
    assert_string_equal(l->connections.rows[0].name, TARGET);
    assert_string_equal(l->services.rows[0].name, TARGET);
    assert_true(l->services.rows[0].on_target);
    lab_free(l);
}

/* At an address of the target another name is another site; one behind which any may be meant (ECH)
 * is none, and the address decides. */
static void test_track_names_outer_name(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    resolve(l, TARGET, B1, 60);
    connect_to(l, B1, 443, "other.example");
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 0);
    connect_to(l, B1, 443, "CLOUDFLARE-ech.com");
    connect_to(l, B1 + 1, 443, "cloudflare-ech.com");
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 1);
    lab_free(l);
}

/* A resolver library that gets the CNAME alone asks for what it points at, hop by hop. */
static void test_track_names_chain_asked_hop_by_hop(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    ask(l, "edge.cdn.example", 9); /* before anybody knows: another name */
    ask(l, TARGET, 1);
    tell(l, TARGET, 1, &(struct answer){"Edge.CDN.example", 0, 60}, 1);
    ask(l, "edge.cdn.example", 2);
    tell(l, "edge.cdn.example", 2, &(struct answer){"host.cdn.example", 0, 60}, 1);
    ask(l, "host.cdn.example", 3);
    tell(l, "host.cdn.example", 3, &(struct answer){NULL, B1, 60}, 1);
    connect_to(l, B1, 443, NULL);
    finish(l);
    assert_int_equal(l->totals.dns_transactions, 3);
    for (uint32_t i = 0; i < l->dns.rows_n; i++) assert_true(l->dns.rows[i].on_target);
    assert_int_equal(l->totals.tcp_flows, 1);
    assert_string_equal(l->connections.rows[0].name, TARGET);
    lab_free(l);
}

/* The alias was resolved, and used, before the target's CNAME was seen. */
static void test_track_names_alias_known_before_its_cname(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    resolve(l, "host.cdn.example", B1, 60);
    resolve(l, "else.cdn.example", B1 + 1, 60);
    connect_to(l, B1, 443, NULL);
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 0);
    ask(l, TARGET, 1);
    tell(l, TARGET, 1, &(struct answer){"host.cdn.example", 0, 60}, 1);
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 1); /* with all it had */
    assert_int_equal(l->totals.established, 1);
    assert_false(follows(l, B1 + 1));
    lab_free(l);
}

/* What another name stands for is nothing to us, also when the answer claims the target's. */
static void test_track_names_chain_of_another_name(void **state) {
    (void)state;
    static const struct answer chain[] = {{TARGET, 0, 60}, {"evil.example", 0, 60}, {NULL, B1, 60}};
    struct lab *l = lab_target(MODE_DOMAIN);
    ask(l, "other.example", 1);
    tell(l, "other.example", 1, chain, 3);
    assert_false(follows(l, B1));
    lab_free(l);
}

/* More aliases than there is room for: the newest are followed, nothing is overrun. */
static void test_track_names_many_aliases(void **state) {
    (void)state;
    char name[32];
    struct lab *l = lab_target(MODE_DOMAIN);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "edge%u.cdn.example", i);
        tell(l, TARGET, (uint16_t)i, &(struct answer){name, 0, 60}, 1);
        tell(l, name, (uint16_t)(100 + i), &(struct answer){NULL, B1 + i, 60}, 1);
        assert_true(follows(l, B1 + i));
    }
    lab_free(l);
}

/* ---- expiry ------------------------------------------------------------------------------------
 */

static void test_track_names_addresses_expire(void **state) {
    (void)state;
    static const struct { uint32_t ttl_s, lives_s; } cases[] = {{0, 600}, {60, 600}, {3600, 3600}};
    for (size_t i = 0; i < 3; i++) {
        struct lab *l = lab_target(MODE_DOMAIN);
        uint64_t start;
        resolve(l, TARGET, B1, cases[i].ttl_s);
        start = l->us;
        l->us = start + (uint64_t)(cases[i].lives_s - 5) * S;
        assert_true(follows(l, B1));
        l->us = start + (uint64_t)(cases[i].lives_s + 5) * S;
        assert_false(follows(l, B1));
        resolve(l, TARGET, B1, cases[i].ttl_s); /* and is learned anew */
        assert_true(follows(l, B1));
        lab_free(l);
    }
}

/* Another name on the same address, asked for again and again, must not keep it the target's. */
static void test_track_names_expiry_is_the_targets_own(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    resolve(l, TARGET, B1, 60);
    for (unsigned i = 0; i < 3; i++) {
        l->us += 300 * (uint64_t)S;
        resolve(l, "other.example", B1, 60);
    }
    assert_false(follows(l, B1));
    lab_free(l);
}

static void test_track_names_aliases_expire(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    ask(l, TARGET, 1);
    tell(l, TARGET, 1, &(struct answer){"host.cdn.example", 0, 60}, 1);
    l->us += 700 * (uint64_t)S;
    resolve(l, "host.cdn.example", B1, 60);
    assert_false(follows(l, B1));
    assert_int_equal(l->totals.dns_transactions, 1);
    lab_free(l);
}

/* ---- SNI and Host ------------------------------------------------------------------------------
 */

static void test_track_names_sni_and_host_teach_the_address(void **state) {
    (void)state;
    for (int http = 0; http < 2; http++) {
        struct lab *l = lab_target(MODE_DOMAIN);
        connect_to(l, B1, 443, NULL); /* joins when the name is heard */
        struct conn k = connect_to(l, B1, 443, http ? NULL : "WWW.example.com");
        if (http) {
            const char *text = "GET / HTTP/1.1\r\nHost: www.example.com.:443\r\n\r\n";
            from_client(&k, TCP_PSH | TCP_ACK, text, strlen(text));
        }
        struct conn silent = conn_new(l, 39999, 443);
        from_client(&silent, TCP_SYN, NULL, 0);
        lab_wait(l, 5 * S);
        finish(l);
        assert_int_equal(l->totals.attempted, 3);
        assert_int_equal(l->totals.established, 2);
        assert_int_equal(l->totals.timed_out, 1);
        lab_free(l);
    }
}

/* One address, many names: what the connection says of itself decides. */
static void test_track_names_shared_address(void **state) {
    (void)state;
    static const enum mode modes[] = {MODE_DOMAIN, MODE_WEB, MODE_DIAGNOSIS};
    for (size_t i = 0; i < 3; i++) {
        struct lab *l = lab_target(modes[i]);
        bool all = modes[i] == MODE_DIAGNOSIS;
        resolve(l, TARGET, B1, 60);
        resolve(l, "other.example", B1, 60);
        connect_to(l, B1, 443, "other.example");
        connect_to(l, B1, 443, TARGET);
        const char *text = "GET / HTTP/1.1\r\nHost: third.example\r\n\r\n";
        struct conn k = connect_to(l, B1, 80, NULL);
        from_client(&k, TCP_PSH | TCP_ACK, text, strlen(text));
        from_server(&k, TCP_PSH | TCP_ACK, "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 38);
        finish(l);
        unsigned on_target = 0;
        for (uint32_t n = 0; n < l->connections.rows_n; n++)
            on_target += l->connections.rows[n].on_target;
        assert_int_equal(on_target, 1);
        assert_int_equal(l->connections.rows_n, all ? 3 : 1);
        assert_int_equal(l->totals.established, all ? 3 : 1);
        assert_int_equal(l->totals.handshake_us.samples, all ? 3 : 1);
        assert_int_equal(l->totals.http_responses, all);
        for (uint32_t n = 0; n < l->services.rows_n; n++)
            assert_int_equal(l->services.rows[n].on_target, l->services.rows[n].port == 443);
        if (!all) {
            assert_int_equal(l->services.rows_n, 1);
            assert_int_equal(l->services.rows[0].packets, 4);
            assert_int_equal(l->services.rows[0].attempted, 1);
            assert_int_equal(l->tls.rows_n, 1);
        }
        assert_int_equal(l->totals.packets + l->totals.other_packets, l->totals.seen);
        lab_free(l);
    }
}

/* A connection that never says a name is told by its address. */
static void test_track_names_nameless_connections_go_by_address(void **state) {
    (void)state;
    static const char *const said[] = {"GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n",
                                       "GET / HTTP/1.0\r\n\r\n", "EHLO me\r\n", ""};
    for (size_t i = 0; i < 6; i++) {
        struct lab *l = lab_target(MODE_DOMAIN);
        resolve(l, TARGET, B1, 60);
        struct conn k = connect_to(l, B1, i == 4 ? 443 : 8025, i == 4 ? "" : NULL);
        if (i < 3) from_client(&k, TCP_PSH | TCP_ACK, said[i], strlen(said[i]));
        if (i < 5) from_server(&k, TCP_PSH | TCP_ACK, "220 hello\r\n", 11);
        if (i == 5) lab_wait(l, 1 * S); /* it says nothing at all */
        lab_snapshot(l);                /* while the capture runs */
        assert_int_equal(l->totals.tcp_flows, 1);
        assert_int_equal(l->totals.established, 1);
        assert_int_equal(l->totals.handshake_us.samples, 1);
        assert_int_equal(l->totals.http_requests, i < 2);
        assert_int_equal(l->totals.tls_client_hellos, i == 4);
        lab_free(l);
    }
}

/* What fails before a name can be said is the target's, with its times. */
static void test_track_names_failed_attempts_go_by_address(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    resolve(l, TARGET, B1, 60);
    struct conn refused = conn_new(l, 39000, 443), silent = conn_new(l, 39001, 443);
    from_client(&refused, TCP_SYN, NULL, 0);
    l->us += 20 * MS;
    from_server(&refused, TCP_RST | TCP_ACK, NULL, 0);
    from_client(&silent, TCP_SYN, NULL, 0);
    l->us += 1 * S;
    silent.cseq--;
    from_client(&silent, TCP_SYN, NULL, 0);
    lab_wait(l, 3 * S);
    lab_snapshot(l);
    assert_int_equal(l->totals.refused, 1);
    assert_int_equal(l->totals.timed_out, 1);
    assert_int_equal(l->services.rows[0].refused_us.samples, 1);
    assert_int_equal(l->services.rows[0].refused_us.p50_us, 20 * MS);
    assert_int_equal(l->services.rows[0].timeout_syn_sent, 2);
    lab_free(l);
}

/* Several names on one connection, as through a proxy: the target's makes it the target's. */
static void test_track_names_several_hosts_on_one_connection(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    resolve(l, TARGET, B1, 60);
    struct conn k = connect_to(l, B1, 8080, NULL);
    const char *other = "GET / HTTP/1.1\r\nHost: other.example\r\n\r\n",
               *mine = "GET / HTTP/1.1\r\nHost: " TARGET "\r\n\r\n";
    from_client(&k, TCP_PSH | TCP_ACK, other, strlen(other));
    l->us += 2 * S;
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 0);
    from_client(&k, TCP_PSH | TCP_ACK, mine, strlen(mine));
    from_client(&k, TCP_PSH | TCP_ACK, other, strlen(other));
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 1);
    assert_int_equal(l->totals.http_requests, 2);
    lab_free(l);
}

/* The target itself is the client: the name of whom it calls says nothing. */
static void test_track_names_target_as_client(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    resolve(l, TARGET, A1, 60);
    connect_to(l, B1, 443, "other.example");
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 1);
    lab_free(l);
}

/* Late addresses: told twice, they take room once; a shared one does not draw in other names. */
static void test_track_names_late_addresses(void **state) {
    (void)state;
    struct lab *l = lab_target(MODE_DOMAIN);
    struct msg_prefix p = {addr_from_bytes((const uint8_t *)"\xc0\x00\x02\x01", 4), 32};
    connect_to(l, B1, 443, "other.example");
    connect_to(l, B1, 443, NULL);
    for (unsigned i = 0; i < 2 * LIM_TARGET_ADDRESSES; i++) engine_retarget(l->e, &p, 1);
    finish(l);
    assert_int_equal(l->totals.tcp_flows, 1);
    p.address.b[3] = 9;
    engine_retarget(l->e, &p, 1);
    assert_true(follows(l, B1 + 8));
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_names_chain_of_cnames_in_one_answer),
        cmocka_unit_test(test_track_names_outer_name),
        cmocka_unit_test(test_track_names_chain_asked_hop_by_hop),
        cmocka_unit_test(test_track_names_alias_known_before_its_cname),
        cmocka_unit_test(test_track_names_chain_of_another_name),
        cmocka_unit_test(test_track_names_many_aliases),
        cmocka_unit_test(test_track_names_addresses_expire),
        cmocka_unit_test(test_track_names_expiry_is_the_targets_own),
        cmocka_unit_test(test_track_names_aliases_expire),
        cmocka_unit_test(test_track_names_sni_and_host_teach_the_address),
        cmocka_unit_test(test_track_names_shared_address),
        cmocka_unit_test(test_track_names_nameless_connections_go_by_address),
        cmocka_unit_test(test_track_names_failed_attempts_go_by_address),
        cmocka_unit_test(test_track_names_several_hosts_on_one_connection),
        cmocka_unit_test(test_track_names_target_as_client),
        cmocka_unit_test(test_track_names_late_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
