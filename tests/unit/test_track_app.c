/* DNS, HTTP, TLS, names and selection, from packets to rows. */
#include "tests/unit/talk.h"
#define RESOLVER 0x0a000035u

/* ---- DNS
 * -------------------------------------------------------------------------------------------- */

struct dns_try {
    uint16_t id, type, rcode;
    const char *name;
    bool response;
    uint32_t address; /* 0: no answer record */
};

static size_t dns_bytes(uint8_t *m, const struct dns_try *d) {
    memset(m, 0, 12);
    put16(m, d->id);
    put16(m + 2, d->response ? 0x8180u | d->rcode : 0x0100);
    put16(m + 4, 1);
    put16(m + 6, d->address != 0);
    size_t n = 12 + put_name(m + 12, d->name);
    put16(m + n, d->type);
    put16(m + n + 2, 1);
    n += 4;
    if (d->address) {
        static const uint8_t head[10] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60};
        memcpy(m + n, head, 10);
        put16(m + n + 10, 4);
        put32(m + n + 12, d->address);
        n += 16;
    }
    return n;
}

static void dns(struct lab *l, struct dns_try d) {
    uint8_t m[512];
    size_t n = dns_bytes(m, &d);
    if (d.response)
        lab_udp(l, RESOLVER, 53, A1, 5000, m, n);
    else
        lab_udp(l, A1, 5000, RESOLVER, 53, m, n);
}

static void test_track_dns_retry_latency_and_tries(void **state) {
    (void)state;
    struct lab *l = lab_default();
    dns(l, (struct dns_try){7, 1, 0, "www.example.com", false, 0});
    l->us += 1 * S;
    dns(l, (struct dns_try){7, 1, 0, "WWW.example.com", false, 0});
    l->us += 30 * MS;
    dns(l, (struct dns_try){7, 1, 0, "www.example.com", true, B1});
    lab_snapshot(l);
    const struct msg_dns_row *r = &l->dns.rows[0];
    assert_int_equal(l->totals.dns_queries, 2);
    assert_int_equal(l->totals.dns_responses, 1);
    assert_int_equal(l->totals.dns_transactions, 1);
    assert_int_equal(l->dns.rows_n, 1);
    assert_string_equal(r->name, "www.example.com");
    assert_int_equal(r->tries, 2);
    assert_int_equal(r->latency_us, 30 * MS);
    assert_true(r->answered && r->resolved && !r->pending);
    assert_int_equal(l->resolvers.rows[0].retried, 1);
    assert_int_equal(l->resolvers.rows[0].latency_us.samples, 1);
    lab_free(l);
}

static void test_track_dns_unanswered_only_after_the_end_guard(void **state) {
    (void)state;
    struct lab *l = lab_default();
    dns(l, (struct dns_try){7, 1, 0, "a.example", false, 0});
    lab_wait(l, 1900 * MS);
    lab_snapshot(l);
    assert_int_equal(l->totals.dns_unanswered, 0);
    assert_true(l->dns.rows[0].pending);
    lab_wait(l, 200 * MS);
    lab_snapshot(l);
    assert_int_equal(l->totals.dns_unanswered, 1);
    assert_false(l->dns.rows[0].pending);
    assert_int_equal(l->resolvers.rows[0].unanswered, 1);
    assert_int_equal(l->resolvers.rows[0].unanswered_wait_us, 2100 * MS);
    assert_string_equal(l->resolvers.rows[0].trouble_name, "a.example");
    assert_int_equal(l->resolvers.rows[0].trouble_on_target, 1);
    assert_false(l->resolvers.rows[0].both_directions);
    lab_free(l);
}

static void test_track_dns_rcodes(void **state) {
    (void)state;
    static const uint16_t rcodes[] = {0, 2, 2, 3, 5};
    struct lab *l = lab_default();
    for (uint16_t i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "host%u.example", i);
        dns(l, (struct dns_try){i, 1, 0, name, false, 0});
        dns(l, (struct dns_try){i, 1, rcodes[i], name, true, 0});
    }
    lab_snapshot(l);
    const struct msg_resolver *r = &l->resolvers.rows[0];
    assert_int_equal(r->noerror, 1);
    assert_int_equal(r->servfail, 2);
    assert_int_equal(r->nxdomain, 1);
    assert_int_equal(r->refused, 1);
    assert_int_equal(l->totals.dns_rcodes_n, 4);
    assert_int_equal(l->totals.dns_rcodes[1].code, 2);
    assert_int_equal(l->totals.dns_rcodes[1].count, 2);
    lab_free(l);
}

static void test_track_dns_search_list_try_is_resolved(void **state) {
    (void)state;
    struct lab *l = lab_default();
    dns(l, (struct dns_try){1, 1, 0, "wiki.corp.example", false, 0});
    dns(l, (struct dns_try){1, 1, 3, "wiki.corp.example", true, 0});
    dns(l, (struct dns_try){2, 1, 0, "wiki", false, 0});
    dns(l, (struct dns_try){2, 1, 0, "wiki", true, B1});
    dns(l, (struct dns_try){3, 1, 0, "gone.example", false, 0});
    dns(l, (struct dns_try){3, 1, 3, "gone.example", true, 0});
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->dns.rows_n; i++)
        assert_int_equal(l->dns.rows[i].resolved, strcmp(l->dns.rows[i].name, "gone.example") != 0);
    lab_free(l);
}

/* apt asks for a service before it asks for the host itself, a mail server for a sender's policy:
 * few have them.  A name that is not there has no services either. */
static void test_track_dns_record_about_a_name_that_is_there(void **state) {
    (void)state;
    static const struct {
        const char *about, *name;
        uint8_t rcode;
        bool resolved;
    } cases[] = {{"_http._tcp.deb.example", "deb.example", 0, true},
                 {"default._bimi.deb.example", "deb.example", 0, true},
                 {"_http._tcp.deb", "deb.example", 0, true},
                 {"_ldap._tcp.dc._msdcs.deb.example", "deb.example", 0, false},
                 {"_kerberos._udp.deb.example", "deb.example", 0, false},
                 {"_http._tcp.deb.example", "deb.example", 3, false},
                 {"_http._tcp.deb.example", "other.example", 0, false},
                 {"http.tcp.deb.example", "deb.example", 0, false},
                 {"_http", "deb.example", 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        dns(l, (struct dns_try){1, 33, 0, cases[i].about, false, 0});
        dns(l, (struct dns_try){1, 33, 3, cases[i].about, true, 0});
        dns(l, (struct dns_try){2, 1, 0, cases[i].name, false, 0});
        dns(l, (struct dns_try){2, 1, cases[i].rcode, cases[i].name, true,
                                cases[i].rcode == 0 ? B1 : 0});
        lab_snapshot(l);
        for (uint32_t k = 0; k < l->dns.rows_n; k++)
            if (l->dns.rows[k].type == 33)
                assert_int_equal(l->dns.rows[k].resolved, cases[i].resolved);
        lab_free(l);
    }
}

static void test_track_dns_over_tcp_across_segments(void **state) {
    (void)state;
    uint8_t m[600];
    for (size_t cut = 1; cut < 20; cut++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 53);
        struct dns_try q = {9, 1, 0, "big.example", false, 0};
        conn_open(&k);
        size_t n = dns_bytes(m + 2, &q);
        put16(m, (uint32_t)n);
        from_client(&k, TCP_ACK, m, cut);
        from_client(&k, TCP_PSH | TCP_ACK, m + cut, n + 2 - cut);
        q.response = true;
        q.address = B1;
        n = dns_bytes(m + 2, &q);
        put16(m, (uint32_t)n);
        from_server(&k, TCP_ACK, m, cut);
        from_server(&k, TCP_PSH | TCP_ACK, m + cut, n + 2 - cut);
        lab_snapshot(l);
        assert_int_equal(l->totals.dns_queries, 1);
        assert_int_equal(l->totals.dns_responses, 1);
        assert_true(l->dns.rows[0].resolved);
        lab_free(l);
    }
}

/* ---- HTTP
 * ------------------------------------------------------------------------------------------ */

static void test_track_http_keep_alive_pairs_in_order(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 8123);
    conn_open(&k);
    say_client(&k, "GET /one HTTP/1.1\r\nHost: h.example:8123\r\n\r\n");
    say_server(&k, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    say_client(&k, "GET /two HTTP/1.1\r\nHost: h.example\r\n\r\nGET /three HTTP/1.1\r\nHost: "
                   "h.example\r\n\r\n");
    say_server(&k, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nHTTP/1.1 503 "
                   "No\r\nContent-Length: 0\r\n\r\n");
    lab_snapshot(l);
    static const struct {
        const char *path;
        unsigned status;
    } want[] = {{"/three", 503}, {"/two", 404}, {"/one", 200}}; /* worst first */
    assert_int_equal(l->totals.http_requests, 3);
    assert_int_equal(l->totals.http_responses, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(l->http.rows[i].path, want[i].path);
        assert_int_equal(l->http.rows[i].status, want[i].status);
        assert_string_equal(l->http.rows[i].host, "h.example");
        assert_int_equal(l->http.rows[i].first_byte_us, 5 * MS);
    }
    assert_int_equal(l->services.rows[0].http_4xx, 1);
    assert_int_equal(l->services.rows[0].http_5xx, 1);
    assert_string_equal(l->services.rows[0].name, "h.example");
    lab_free(l);
}

static void test_track_http_header_cut_at_every_byte(void **state) {
    (void)state;
    static const char request[] = "GET /index.html HTTP/1.1\r\nHost: split.example\r\n\r\n";
    for (size_t cut = 1; cut < sizeof request - 1; cut++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        from_client(&k, TCP_ACK, request, cut);
        from_client(&k, TCP_PSH | TCP_ACK, request + cut, sizeof request - 1 - cut);
        lab_snapshot(l);
        assert_int_equal(l->totals.http_requests, 1);
        assert_string_equal(l->http.rows[0].host, "split.example");
        lab_free(l);
    }
}

static void test_track_http_segments_out_of_order(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    const char *a = "GET / HTTP/1.1\r\nHost: or", *b = "der.example\r\n\r\n";
    say_client(&k, "GET /first HTTP/1.1\r\nHost: x.example\r\n\r\n");
    uint32_t start = k.cseq;
    k.cseq += (uint32_t)strlen(a);
    from_client(&k, TCP_ACK, b, strlen(b));
    k.cseq = start;
    from_client(&k, TCP_ACK, a, strlen(a));
    lab_snapshot(l);
    assert_int_equal(l->totals.http_requests, 2);
    assert_string_equal(l->http.rows[0].host, "x.example");
    assert_string_equal(l->http.rows[1].host, "order.example");
    lab_free(l);
}

static void test_track_http_request_whose_head_never_ends(void **state) {
    (void)state;
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    say_client(&k, "GET /open HTTP/1.0\r\nHost: h.example\r\n");
    say_server(&k, "HTTP/1.0 200 OK\r\n\r\nfine");
    lab_snapshot(l);
    assert_int_equal(l->http.rows_n, 1);
    assert_int_equal(l->http.rows[0].status, 200);
    assert_int_equal(l->http.rows[0].first_byte_us, 5 * MS);
    lab_free(l);
}

static void test_track_http_paths_keep_no_query_and_no_address(void **state) {
    (void)state;
    static const struct {
        const char *target, *path;
    } cases[] = {{"/a/b?token=secret", "/a/b"},
                 {"/user/jo@example.com/mail", "/user/*/mail"},
                 {"/user/jo%40example.com", "/user/*"},
                 {"http://h.example/x?y", "/x"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 80);
        conn_open(&k);
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h.example\r\n\r\n", cases[i].target);
        say_client(&k, text);
        lab_snapshot(l);
        assert_int_equal(l->http.rows_n, 1);
        assert_string_equal(l->http.rows[0].path, cases[i].path);
        lab_free(l);
    }
}

/* ---- TLS
 * --------------------------------------------------------------------------------------------- */

static void test_track_tls_hello_sni_and_time(void **state) {
    (void)state;
    uint8_t hello[600], answer[128];
    size_t n = client_hello(hello, "secure.example"), m = server_hello(answer);
    for (size_t cut = 1; cut < n; cut += 11) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 4433);
        conn_open(&k);
        from_client(&k, TCP_ACK, hello, cut);
        from_client(&k, TCP_PSH | TCP_ACK, hello + cut, n - cut);
        l->us += 40 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, answer, m);
        lab_snapshot(l);
        assert_int_equal(l->tls.rows_n, 1);
        assert_string_equal(l->tls.rows[0].sni, "secure.example");
        assert_int_equal(l->tls.rows[0].outcome, TLS_OUTCOME_ANSWERED);
        assert_int_equal(l->tls.rows[0].version, 0x0303);
        assert_int_equal(l->tls.rows[0].hello_us, 40 * MS);
        assert_int_equal(l->services.rows[0].tls_us.samples, 1);
        assert_int_equal(l->services.rows[0].requests, 0); /* a handshake is no request */
        assert_string_equal(l->connections.rows[0].name, "secure.example");
        lab_free(l);
    }
}

static void test_track_tls_first_segments_out_of_order(void **state) {
    (void)state;
    uint8_t hello[600];
    size_t n = client_hello(hello, "mixed.example");
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 40000, 443);
    conn_open(&k);
    uint32_t start = k.cseq;
    k.cseq += 60;
    from_client(&k, TCP_PSH | TCP_ACK, hello + 60, n - 60);
    k.cseq = start;
    from_client(&k, TCP_ACK, hello, 60);
    lab_snapshot(l);
    assert_int_equal(l->tls.rows_n, 1);
    assert_string_equal(l->tls.rows[0].sni, "mixed.example");
    lab_free(l);
}

static void test_track_tls_alert_and_silence(void **state) {
    (void)state;
    uint8_t hello[600];
    size_t n = client_hello(hello, "secure.example");
    for (int alert = 0; alert < 2; alert++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, hello, n);
        if (alert) from_server(&k, TCP_PSH | TCP_ACK, "\x15\x03\x03\x00\x02\x02\x28", 7);
        lab_wait(l, 3 * S);
        lab_snapshot(l);
        assert_int_equal(l->tls.rows[0].outcome,
                         alert ? TLS_OUTCOME_ALERT_SERVER : TLS_OUTCOME_NO_ANSWER);
        assert_int_equal(l->services.rows[0].tls_fatal_by_server, alert);
        assert_int_equal(l->services.rows[0].tls_alert, alert ? 40 : 0);
        lab_free(l);
    }
}

/* ---- names and selection
 * ----------------------------------------------------------------------------- */

static struct engine_options options_for(enum mode mode, const char *name) {
    struct engine_options o = lab_options();
    o.target.mode = mode;
    snprintf(o.target.name, sizeof o.target.name, "%s", name);
    return o;
}

static void test_track_names_from_dns_reach_hosts_and_connections(void **state) {
    (void)state;
    struct lab *l = lab_default();
    dns(l, (struct dns_try){1, 1, 0, "Www.Example.com", false, 0});
    dns(l, (struct dns_try){1, 1, 0, "Www.Example.com", true, B1});
    struct conn k = conn_new(l, 40000, 22);
    conn_open(&k);
    lab_snapshot(l);
    assert_string_equal(l->connections.rows[0].name, "www.example.com");
    assert_string_equal(l->services.rows[0].name, "www.example.com");
    lab_free(l);
}

static void test_track_names_off_gives_stable_hashes(void **state) {
    (void)state;
    char first[LIM_NAME + 1] = "";
    for (int i = 0; i < 2; i++) {
        struct engine_options o = lab_options();
        o.names = false;
        struct lab *l = lab_new(&o);
        dns(l, (struct dns_try){1, 1, 0, "secret.example", false, 0});
        dns(l, (struct dns_try){1, 1, 0, "secret.example", true, B1});
        lab_snapshot(l);
        assert_memory_equal(l->dns.rows[0].name, "name-", 5);
        assert_int_equal(strlen(l->dns.rows[0].name), 13);
        if (i) assert_string_equal(l->dns.rows[0].name, first);
        strcpy(first, l->dns.rows[0].name);
        lab_free(l);
    }
}

static void test_track_select_domain_counts_only_the_target(void **state) {
    (void)state;
    struct engine_options o = options_for(MODE_DOMAIN, "");
    o.target.addresses = 1;
    o.target.address[0].address = addr_from_bytes((const uint8_t *)"\xc0\x00\x02\x01", 4);
    o.target.address[0].prefix_len = 32;
    struct lab *l = lab_new(&o);
    struct conn mine = conn_new(l, 40000, 80), other = conn_new(l, 40001, 80);
    other.s = B1 + 1;
    conn_open(&mine);
    conn_open(&other);
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 3);
    assert_int_equal(l->totals.other_packets, 3);
    assert_int_equal(l->totals.seen, 6);
    assert_int_equal(l->connections.rows_n, 1);
    assert_true(l->connections.rows[0].on_target);
    lab_free(l);
}

static void test_track_select_late_by_sni_moves_all_counts(void **state) {
    (void)state;
    uint8_t hello[600];
    size_t n = client_hello(hello, "late.example");
    struct engine_options o = options_for(MODE_DOMAIN, "late.example");
    struct lab *l = lab_new(&o);
    struct conn k = conn_new(l, 40000, 443);
    conn_open(&k);
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 0);
    assert_int_equal(l->totals.other_packets, 3);
    from_client(&k, TCP_PSH | TCP_ACK, hello, n);
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 4);
    assert_int_equal(l->totals.other_packets, 0);
    assert_int_equal(l->totals.other_bytes, 0);
    assert_int_equal(l->totals.established, 1);
    assert_int_equal(l->totals.handshake_us.samples, 1);
    assert_int_equal(l->services.rows_n, 1);
    assert_int_equal(l->services.rows[0].handshake_us.samples, 1);
    assert_int_equal(l->services.rows[0].packets, 4);
    lab_free(l);
}

static void test_track_select_learns_addresses_from_dns(void **state) {
    (void)state;
    struct engine_options o = options_for(MODE_DOMAIN, "www.example.com");
    struct lab *l = lab_new(&o);
    dns(l, (struct dns_try){1, 1, 0, "other.example", false, 0});
    dns(l, (struct dns_try){2, 1, 0, "www.example.com", false, 0});
    dns(l, (struct dns_try){2, 1, 0, "www.example.com", true, B1});
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    engine_end(l->e);
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 5);
    assert_int_equal(l->totals.other_packets, 1);
    assert_int_equal(l->totals.dns_queries, 1);
    assert_true(l->dns.rows[0].on_target);
    assert_int_equal(l->totals.established, 1);
    lab_free(l);
}

static void test_track_select_retarget_widens_to_flows_already_there(void **state) {
    (void)state;
    struct engine_options o = options_for(MODE_DOMAIN, "www.example.com");
    struct lab *l = lab_new(&o);
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    struct msg_prefix p = {addr_from_bytes((const uint8_t *)"\xc0\x00\x02\x01", 4), 32};
    engine_retarget(l->e, &p, 1);
    engine_end(l->e);
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 3);
    assert_int_equal(l->totals.other_packets, 0);
    lab_free(l);
}

static void test_track_select_port_and_web(void **state) {
    (void)state;
    static const struct {
        enum mode mode;
        uint16_t port, own;
        unsigned packets;
    } cases[] = {{MODE_PORT, 8888, 8888, 3},
                 {MODE_PORT, 80, 8888, 0},
                 {MODE_WEB, 443, 0, 3},
                 {MODE_WEB, 22, 0, 0},
                 {MODE_WEB, 9000, 9000, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct engine_options o = options_for(cases[i].mode, "");
        o.target.ports = cases[i].own != 0;
        o.target.port[0] = cases[i].own;
        struct lab *l = lab_new(&o);
        struct conn k = conn_new(l, 40000, cases[i].port);
        conn_open(&k);
        lab_snapshot(l);
        assert_int_equal(l->totals.packets, cases[i].packets);
        assert_int_equal(l->totals.other_packets, 3 - cases[i].packets);
        lab_free(l);
    }
}

static void test_track_select_leaves_out_excluded_endpoints(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.target.excludes = 1;
    o.target.exclude[0] =
        (struct msg_endpoint){addr_from_bytes((const uint8_t *)"\x0a\x00\x00\x01", 4), 40000};
    struct lab *l = lab_new(&o);
    struct conn k = conn_new(l, 40000, 80), other = conn_new(l, 40001, 80);
    conn_open(&k);
    conn_open(&other);
    lab_snapshot(l);
    assert_int_equal(l->totals.packets, 3);
    assert_int_equal(l->totals.other_packets, 0);
    lab_free(l);
}

static void test_track_arp_unanswered(void **state) {
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct lab *l = lab_default();
        uint8_t f[42] = {0};
        memset(f, 0xff, 6);
        memcpy(f + 6, "\x02\x00\x00\x00\x00\x01", 6);
        memcpy(f + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10);
        memcpy(f + 22, "\x02\x00\x00\x00\x00\x01", 6);
        put32(f + 28, A1);
        put32(f + 38, 0x0a000002);
        for (int i = 0; i < 4; i++) {
            lab_frame(l, f, sizeof f, sizeof f);
            l->us += 1 * S;
        }
        if (answered) {
            f[21] = 2;
            put32(f + 28, 0x0a000002);
            put32(f + 38, A1);
            lab_frame(l, f, sizeof f, sizeof f);
        }
        lab_wait(l, 1 * S);
        lab_snapshot(l);
        assert_int_equal(l->totals.arp_requests, 4);
        assert_int_equal(l->totals.arp_replies, answered);
        assert_int_equal(l->incidents.rows_n, !answered);
        if (!answered) {
            assert_int_equal(l->incidents.rows[0].kind, INCIDENT_ARP_UNANSWERED);
            assert_int_equal(l->incidents.rows[0].tries, 4);
            assert_int_equal(l->incidents.rows[0].span_us, 3 * S);
        }
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_dns_retry_latency_and_tries),
        cmocka_unit_test(test_track_dns_unanswered_only_after_the_end_guard),
        cmocka_unit_test(test_track_dns_rcodes),
        cmocka_unit_test(test_track_dns_search_list_try_is_resolved),
        cmocka_unit_test(test_track_dns_record_about_a_name_that_is_there),
        cmocka_unit_test(test_track_dns_over_tcp_across_segments),
        cmocka_unit_test(test_track_http_keep_alive_pairs_in_order),
        cmocka_unit_test(test_track_http_header_cut_at_every_byte),
        cmocka_unit_test(test_track_http_segments_out_of_order),
        cmocka_unit_test(test_track_http_request_whose_head_never_ends),
        cmocka_unit_test(test_track_tls_first_segments_out_of_order),
        cmocka_unit_test(test_track_http_paths_keep_no_query_and_no_address),
        cmocka_unit_test(test_track_tls_hello_sni_and_time),
        cmocka_unit_test(test_track_tls_alert_and_silence),
        cmocka_unit_test(test_track_names_from_dns_reach_hosts_and_connections),
        cmocka_unit_test(test_track_names_off_gives_stable_hashes),
        cmocka_unit_test(test_track_select_domain_counts_only_the_target),
        cmocka_unit_test(test_track_select_late_by_sni_moves_all_counts),
        cmocka_unit_test(test_track_select_learns_addresses_from_dns),
        cmocka_unit_test(test_track_select_retarget_widens_to_flows_already_there),
        cmocka_unit_test(test_track_select_port_and_web),
        cmocka_unit_test(test_track_select_leaves_out_excluded_endpoints),
        cmocka_unit_test(test_track_arp_unanswered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
