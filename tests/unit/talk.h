#ifndef TESTS_UNIT_TALK_H
#define TESTS_UNIT_TALK_H
#include "tests/unit/pktbuild.h"

/* What the ends of a connection say: lines of text, and the two hellos of TLS. */

static inline void say_client(struct conn *k, const char *text) {
    from_client(k, TCP_PSH | TCP_ACK, text, strlen(text));
    k->l->us += 5 * MS;
}

static inline void say_server(struct conn *k, const char *text) {
    from_server(k, TCP_PSH | TCP_ACK, text, strlen(text));
    k->l->us += 1 * MS;
}

/* A ClientHello with this name, "" none, into 64 bytes and those of the name. */
static inline size_t client_hello(uint8_t *p, const char *sni) {
    size_t name = strlen(sni);
    memset(p, 0, 64 + name);
    p[0] = 22, p[1] = 3, p[2] = 1, p[5] = 1, p[9] = 3, p[10] = 3;
    size_t n = 11 + 32;
    p[n++] = 0;                                /* session id */
    put16(p + n, 2), put16(p + n + 2, 0x1301); /* cipher suites */
    n += 4;
    p[n++] = 1, p[n++] = 0; /* compression */
    size_t ext = n;
    n += 2;
    if (name > 0) {
        put16(p + n, 0), put16(p + n + 2, (uint32_t)name + 5); /* server_name */
        put16(p + n + 4, (uint32_t)name + 3);
        put16(p + n + 7, (uint32_t)name);
        memcpy(p + n + 9, sni, name);
        n += 9 + name;
    }
    put16(p + ext, (uint32_t)(n - ext - 2));
    put16(p + 3, (uint32_t)(n - 5));
    put16(p + 7, (uint32_t)(n - 9));
    return n;
}

static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* Of TLS 1.2 or 1.3; retry: a HelloRetryRequest. */
static inline size_t server_hello_of(uint8_t *p, unsigned version, bool retry) {
    size_t n = 47;
    memset(p, 0, 128);
    p[0] = 22, p[1] = 3, p[2] = 3, p[5] = 2;
    put16(p + 9, version > 0x0303 ? 0x0303 : version);
    memset(p + 11, 7, 32);
    if (retry) memcpy(p + 11, retry_random, 32);
    put16(p + 44, 0x1301);
    if (version > 0x0303) {
        put16(p + n, 6), put16(p + n + 2, 43), put16(p + n + 4, 2), put16(p + n + 6, version);
        n += 8;
    }
    put16(p + 3, (uint32_t)(n - 5));
    put16(p + 7, (uint32_t)(n - 9));
    return n;
}

static inline size_t server_hello(uint8_t *p) {
    return server_hello_of(p, 0x0303, false);
}

/* A record of application data, of that many bytes of content. */
static inline size_t record(uint8_t *p, uint32_t len) {
    p[0] = 23, p[1] = 3, p[2] = 3;
    put16(p + 3, len);
    memset(p + 5, 0xee, len);
    return len + 5;
}

/* A DNS name as on the wire, without compression; returns its bytes. */
static inline size_t put_name(uint8_t *p, const char *name) {
    size_t n = 0;
    while (*name) {
        size_t len = strcspn(name, ".");
        p[n++] = (uint8_t)len;
        memcpy(p + n, name, len);
        n += len;
        name += len + (name[len] == '.');
    }
    p[n++] = 0;
    return n;
}

/* A new connection up to what the server sends after its hello; round_us: from the capture to the
 * client and back. */
static inline void tls_begin(struct conn *k, unsigned version, uint64_t round_us) {
    uint8_t b[256];
    conn_open_far(k, round_us);
    from_client(k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
    k->l->us += 12 * MS;
    from_server(k, TCP_PSH | TCP_ACK, b, server_hello_of(b, version, false));
    from_server(k, TCP_PSH | TCP_ACK, b, record(b, 200));
}

static inline struct conn tls_begun(struct lab *l, uint16_t port, unsigned version,
                                    uint64_t round_us) {
    struct conn k = conn_new(l, port, 443);
    tls_begin(&k, version, round_us);
    return k;
}

/* The only one. */
static inline const struct msg_service *service_of(struct lab *l) {
    lab_snapshot(l);
    assert_int_equal(l->services.rows_n, 1);
    return &l->services.rows[0];
}
#endif
