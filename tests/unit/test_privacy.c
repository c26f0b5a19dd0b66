/* What may leave the worker and what may not: targets of requests, bodies that look like messages,
 * what is no DNS on port 53, and names switched off. */
#include "capd/decode/http_target.h"
#include "tests/unit/pktbuild.h"

#define RESOLVER 0x0a000035u

static struct cursor text_cursor(const char *text) {
    return cursor_make(text, strlen(text));
}

static void test_privacy_hosts(void **state) {
    (void)state;
    static const struct {
        const char *text, *host;
    } cases[] = {
        {"example.com", "example.com"},
        {"example.com:8080", "example.com:8080"},
        {"[2001:db8::1]:80", "[2001:db8::1]:80"},
        {"[2001:db8::1]", "[2001:db8::1]"},
        {"user:pw@example.com", "example.com"},
        {"a@b@example.com", "example.com"},
        {"user%3Apw%40example.com", "example.com"},
        {"user%2540example.com", "example.com"},
        {"example.com/secret", "example.com"},
        {"example.com?secret", "example.com"},
        {"example.com%2Fsecret", "example.com"},
        {"example.com secret", "example.com"},
        {"example.com,secret", "example.com"},
        {"user:secret/x@example.com", ""}, /* which part is the host? */
        {"example.com/mail=a@secret", ""},
        {"user:secret", ""}, /* no port */
        {"", ""},
        {"%", "%"},
        {"a%4", "a%4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_view v = http_host_of(text_cursor(cases[i].text));
        if (v.len != strlen(cases[i].host) || (v.len && memcmp(v.p, cases[i].host, v.len) != 0))
            fail_msg("%s became %.*s", cases[i].text, (int)v.len, (const char *)v.p);
    }
}

static void test_privacy_paths(void **state) {
    (void)state;
    static const struct {
        const char *text, *path;
    } cases[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"//a//", "//a//"},
        {"*", "*"},
        {"/a/secret@example.com/b", "/a/*/b"},
        {"/a/secret%40example.com/b", "/a/*/b"},
        {"/secret%252540x", "/*"},
        {"/a;sid=secret/b", "/a;*/b"},
        {"/a%3bsid=secret/b", "/a%3b*/b"},
        {"/key=secret/b;v=secret", "/key=*/b;*"},
        {"/a&k=secret", "/a&*"},
        {"/a%3Fk=x/secret", "/a%3F*"},
        {"/a%253fk=x/secret", "/a%253f*"},
        {"/a%23secret/secret", "/a%23*"},
        {"/100%/x%4", "/100%/x%4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[LIM_PATH_TEXT];
        struct http_view v = {(const uint8_t *)cases[i].text, (uint32_t)strlen(cases[i].text)};
        size_t n = http_path_copy(v, out, sizeof out);
        if (n != strlen(cases[i].path) || memcmp(out, cases[i].path, n) != 0)
            fail_msg("%s became %.*s", cases[i].text, (int)n, (const char *)out);
        for (size_t cap = 0; cap < n; cap++) { /* cut, never over */
            uint8_t *exact = malloc(cap ? cap : 1);
            assert_true(http_path_copy(v, exact, cap) <= cap);
            assert_memory_equal(exact, out, cap);
            free(exact);
        }
    }
}

/* ---- through the engine ------------------------------------------------------------------------
 */

static void ask(struct lab *l, const char *name, uint16_t id) {
    uint8_t m[300] = {(uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1};
    size_t n = 12, len = strlen(name);
    m[n++] = (uint8_t)len;
    memcpy(m + n, name, len);
    n += len + 1;
    m[n + 1] = 1, m[n + 3] = 1;
    lab_udp(l, A1, 5000, RESOLVER, 53, m, n + 4);
}

static size_t hello(uint8_t *p, const char *sni, const char *alpn) {
    size_t s = strlen(sni), a = strlen(alpn), n = 50;
    memset(p, 0, 512);
    p[0] = 22, p[1] = 3, p[2] = 1, p[5] = 1, p[9] = 3, p[10] = 3;
    p[45] = 2, p[46] = 0x13, p[47] = 1, p[48] = 1; /* one cipher suite, one compression */
    put16(p + n, (uint32_t)(9 + s + 7 + a));
    n += 2;
    put16(p + n + 2, (uint32_t)s + 5), put16(p + n + 4, (uint32_t)s + 3);
    put16(p + n + 7, (uint32_t)s);
    memcpy(p + n + 9, sni, s);
    n += 9 + s;
    put16(p + n, 16), put16(p + n + 2, (uint32_t)a + 3), put16(p + n + 4, (uint32_t)a + 1);
    p[n + 6] = (uint8_t)a;
    memcpy(p + n + 7, alpn, a);
    n += 7 + a;
    put16(p + 3, (uint32_t)(n - 5)), put16(p + 7, (uint32_t)(n - 9));
    return n;
}

static void say(struct conn *k, const char *text) {
    from_client(k, TCP_PSH | TCP_ACK, text, strlen(text));
    k->l->us += 1 * MS;
}

static void answer(struct conn *k, const char *text) {
    from_server(k, TCP_PSH | TCP_ACK, text, strlen(text));
    k->l->us += 1 * MS;
}

/* The same names in every place, in the given key. */
static struct lab *names_everywhere(bool names, uint64_t seed) {
    struct engine_options o = lab_options();
    o.names = names;
    o.seed[0] = seed;
    struct lab *l = lab_new(&o);
    uint8_t bytes[512];
    ask(l, "www-secret", 1);
    struct conn web = conn_new(l, 1000, 80), odd = conn_new(l, 1001, 80);
    struct conn tls = conn_new(l, 1002, 443), own = conn_new(l, 1003, 443);
    conn_open(&web);
    say(&web, "GET /path-secret HTTP/1.1\r\nHost: WWW-Secret.:80\r\n\r\n");
    answer(&web, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    conn_open(&odd);
    say(&odd, "SECRETMETHOD /path-secret HTTP/1.1\r\nHost: www-secret\r\n\r\n");
    answer(&odd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    conn_open(&tls);
    from_client(&tls, TCP_PSH | TCP_ACK, bytes, hello(bytes, "www-Secret", "h2"));
    conn_open(&own);
    from_client(&own, TCP_PSH | TCP_ACK, bytes, hello(bytes, "other-secret", "secret/1"));
    lab_wait(l, 10 * S); /* the question stays open: its name is trouble */
    lab_snapshot(l);
    assert_int_equal(l->totals.names_hashed, !names);
    assert_int_equal(l->http.rows_n, 2);
    assert_int_equal(l->tls.rows_n, 2);
    return l;
}

static void test_privacy_names_off(void **state) {
    (void)state;
    char first[LIM_NAME + 1];
    for (uint64_t seed = 1; seed < 3; seed++) {
        struct lab *l = names_everywhere(false, seed);
        const char *name = l->dns.rows[0].name;
        assert_int_equal(strlen(name), 13);
        assert_memory_equal(name, "name-", 5);
        for (uint32_t i = 0; i < 2; i++) {
            assert_string_equal(l->http.rows[i].host, name); /* case, port, last dot aside */
            assert_memory_equal(l->http.rows[i].path, "path-", 5);
            const struct msg_tls_row *t = &l->tls.rows[i];
            bool known = strcmp(t->alpn, "h2") == 0;
            assert_string_equal(t->alpn, known ? "h2" : "other");
            assert_int_equal(strcmp(t->sni, name) == 0, known);
            assert_memory_equal(t->sni, "name-", 5);
        }
        assert_string_equal(l->http.rows[0].path, l->http.rows[1].path);
        assert_int_not_equal(strcmp(l->http.rows[0].method, l->http.rows[1].method), 0);
        for (uint32_t i = 0; i < 2; i++)
            assert_true(strcmp(l->http.rows[i].method, "GET") == 0 ||
                        strcmp(l->http.rows[i].method, "other") == 0);
        assert_string_equal(l->resolvers.rows[0].trouble_name, name);
        for (uint32_t i = 0; i < l->connections.rows_n; i++)
            assert_memory_equal(l->connections.rows[i].name, "name-", 5);
        if (seed == 1)
            strcpy(first, name);
        else
            assert_string_not_equal(first, name); /* another capture, another hash */
        lab_free(l);
    }
}

static void test_privacy_names_on(void **state) {
    (void)state;
    struct lab *l = names_everywhere(true, 1);
    assert_string_equal(l->dns.rows[0].name, "www-secret");
    assert_string_equal(l->http.rows[0].path, "/path-secret");
    lab_free(l);
}

#define FAKE "GET /secret HTTP/1.1\r\nHost: secret.example\r\n\r\n"

/* No row may speak of the secret, and the requests around it must still be there. */
static void check_requests(struct lab *l, uint64_t requests) {
    lab_snapshot(l);
    assert_int_equal(l->totals.http_requests, requests);
    for (uint32_t i = 0; i < l->http.rows_n; i++) {
        assert_string_not_equal(l->http.rows[i].path, "/secret");
        assert_string_not_equal(l->http.rows[i].host, "secret.example");
    }
    for (uint32_t i = 0; i < l->connections.rows_n; i++)
        assert_string_not_equal(l->connections.rows[i].name, "secret.example");
    lab_free(l);
}

static void test_privacy_bodies_that_look_like_requests(void **state) {
    (void)state;
    static const char *const heads[] = {
        "POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 94\r\n\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 1, 80);
        conn_open(&k);
        say(&k, heads[i]);
        say(&k, FAKE);
        say(&k, FAKE);
        answer(&k, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        say(&k, "GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n");
        check_requests(l, 2);
    }
    struct lab *l = lab_default();
    struct conn k = conn_new(l, 1, 80);
    conn_open(&k);
    say(&k, "GET /log HTTP/1.1\r\nHost: a.example\r\n\r\n");
    answer(&k, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    answer(&k, FAKE);
    say(&k, "GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n");
    answer(&k, FAKE);
    check_requests(l, 2);
}

static void datagram(struct lab *l, const char *bytes, size_t n) {
    lab_udp(l, A1, 5000, RESOLVER, 53, bytes, n);
}
#define DATAGRAM(l, text) datagram(l, text, sizeof(text) - 1)

static void test_privacy_what_is_no_dns_on_port_53(void **state) {
    (void)state;
    struct lab *l = lab_default();
    DATAGRAM(l, "login=secret&password=secret");
    DATAGRAM(l, "0123456789ab\x06secret\0\0\1\0\1");
    DATAGRAM(l, "\0\1\1\0\0\2\0\0\0\0\0\0\x06secret\0\0\1\0\1\x06secret\0\0\1\0\1");
    DATAGRAM(l, "\0\1\1\0\0\1\0\1\0\0\0\0\x06secret\0\0\1\0\1\x40");
    DATAGRAM(l, "\0\1\1\0\0\1\0\0\0\0\0\0\x06secret\0\0\1\x20\x20");
    DATAGRAM(l, "\0\1\1\0\0\1\0\0\0\0\0\0\x06secret\0\0\0\0\1");
    DATAGRAM(l, "\0\1\1\x40\0\1\0\0\0\0\0\0\x06secret\0\0\1\0\1");
    DATAGRAM(l, "\0\1\x41\0\0\1\0\0\0\0\0\0\x06secret\0\0\1\0\1");
    lab_udp(l, RESOLVER, 53, A1, 5000, "\0\1\x81\x80\0\1\0\1\0\0\0\0\x06secret\0\0\1\0\1\xc0", 25);
    lab_snapshot(l);
    assert_int_equal(l->dns.rows_n, 0);
    assert_int_equal(l->totals.dns_queries, 0);
    assert_int_equal(l->resolvers.rows_n, 0);
    ask(l, "plain", 9);
    /* a broken answer to a real question is an answer all the same */
    lab_udp(l, RESOLVER, 53, A1, 5000, "\0\x09\x81\x80\0\1\0\1\0\0\0\0\x05plain\0\0\1\0\1\xc0", 24);
    lab_snapshot(l);
    assert_int_equal(l->dns.rows_n, 1);
    assert_true(l->dns.rows[0].answered);
    lab_free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_privacy_hosts),
        cmocka_unit_test(test_privacy_paths),
        cmocka_unit_test(test_privacy_names_off),
        cmocka_unit_test(test_privacy_names_on),
        cmocka_unit_test(test_privacy_bodies_that_look_like_requests),
        cmocka_unit_test(test_privacy_what_is_no_dns_on_port_53),
    };
    return cmocka_run_group_tests_name("privacy", tests, NULL, NULL);
}
