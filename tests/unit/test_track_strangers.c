/* Who the other end is: strangers of the open internet, a client's own address of the other family,
 * clients near and far. */
#include "tests/unit/endings.h"

#define STRANGER 0x08080808u

static const struct msg_service *service_at(struct lab *l, uint16_t port) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->services.rows_n; i++)
        if (l->services.rows[i].port == port) return &l->services.rows[i];
    return NULL;
}

static struct conn from(struct lab *l, uint32_t client, uint16_t cport, uint16_t port) {
    struct conn k = conn_new(l, cport, port);
    k.c = client;
    return k;
}

/* A refused SYN of a client with a public address, unless something worked for it, before or
 * after. */
static void test_strangers_tcp(void **state) {
    (void)state;
    static const struct {
        uint32_t client;
        int worked; /* 1 before, 2 after, 3 over UDP */
        unsigned strangers;
    } t[] = {{STRANGER, 0, 1}, {STRANGER, 1, 0}, {STRANGER, 2, 0}, {STRANGER, 3, 0}, {A1, 0, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = from(l, t[i].client, 40000, 23), other = from(l, t[i].client, 40001, 443);
        if (t[i].worked == 1) conn_open(&other);
        if (t[i].worked == 3) {
            lab_udp(l, t[i].client, 5000, B1, 6000, "?", 1);
            lab_udp(l, B1, 6000, t[i].client, 5000, "!", 1);
        }
        from_client(&k, TCP_SYN, NULL, 0);
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        if (t[i].worked == 2) conn_open(&other);
        assert_int_equal(service_at(l, 23)->refused, 1);
        assert_int_equal(service_at(l, 23)->by_strangers, t[i].strangers);
        assert_int_equal(service_at(l, 23)->asked_again, 0);
        k.cport++;
        from_client(&k, TCP_SYN, NULL, 0);
        assert_int_equal(service_at(l, 23)->asked_again, 1);
        lab_free(l);
    }
}

/* However many others there are, and whatever the filter confuses: one attempt is no second one. */
static void test_strangers_try_once(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint32_t i = 0; i < 20000; i++) {
        struct conn k = from(l, STRANGER + i, 40000, (uint16_t)(1000 + i));
        from_client(&k, TCP_SYN, NULL, 0);
        from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
        l->us += 10;
    }
    lab_snapshot(l);
    assert_true(l->services.rows_n > 200);
    for (uint32_t i = 0; i < l->services.rows_n; i++)
        assert_int_equal(l->services.rows[i].asked_again, 0);
    lab_free(l);
}

static void test_strangers_own_address(void **state) {
    (void)state;
    struct engine_options o = lab_options();
    o.local[o.locals++] = addr_from_bytes((uint8_t[]){8, 8, 8, 8}, 4);
    struct lab *l = lab_new(&o);
    struct conn k = from(l, STRANGER, 40000, 23);
    from_client(&k, TCP_SYN, NULL, 0);
    from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
    assert_int_equal(service_at(l, 23)->by_strangers, 0);
    lab_free(l);
}

/* Scanners reset what they find open; the question of one to a host that is no resolver. */
static void test_strangers_elsewhere(void **state) {
    (void)state;
    for (int known = 0; known < 2; known++) {
        static const uint8_t question[] =
            "\0\1\1\0\0\1\0\0\0\0\0\0\1a\7example\0\0\1\0"; /* and the class's last byte */
        struct lab *l = lab_default();
        struct conn k = from(l, STRANGER, 40000, 443), other = from(l, STRANGER, 40001, 443);
        if (known) conn_open(&other);
        from_client(&k, TCP_SYN, NULL, 0);
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        from_client(&k, TCP_RST, NULL, 0);
        uint8_t dns[sizeof question];
        memcpy(dns, question, sizeof question);
        dns[sizeof question - 1] = 1;
        lab_udp(l, STRANGER, 5000, B1, 53, dns, sizeof dns);
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0); /* repeated all the same */
        lab_wait(l, 10 * S);
        const struct msg_incident *n = incident_of(l, INCIDENT_HALF_OPEN_RESET);
        assert_non_null(n);
        assert_int_equal(n->offers, !known);
        assert_int_equal(n->worked, false);
        assert_int_equal(l->resolvers.rows[0].unanswered, 1);
        assert_int_equal(l->resolvers.rows[0].by_strangers, !known);
        assert_int_equal(l->udp.rows[0].asked, 1);
        assert_int_equal(l->udp.rows[0].by_strangers, !known);
        n = incident_of(l, INCIDENT_SYNACK_AGAIN);
        assert_non_null(n);
        assert_int_equal(n->offers, !known);
        lab_free(l);
    }
}

static void tcp6(struct lab *l, bool by_server, uint8_t flags, uint32_t seq, uint32_t ack) {
    uint8_t f[14 + 40 + 20] = {0}, *ip = f + 14, *tcp = f + 54;
    memset(f, 2, 12);
    f[11] = (uint8_t)(2 + l->mac);
    put16(f + 12, 0x86dd);
    ip[0] = 0x60;
    put16(ip + 4, 20);
    ip[6] = 6;
    ip[7] = 64;
    put32(ip + 8, 0x20010db8);
    put32(ip + 24, 0x20010db8);
    ip[23] = by_server ? 9 : 1;
    ip[39] = by_server ? 1 : 9;
    put16(tcp, by_server ? 443 : 50000);
    put16(tcp + 2, by_server ? 50000 : 443);
    put32(tcp + 4, seq);
    put32(tcp + 8, ack);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    put16(tcp + 14, 8192);
    lab_frame(l, f, sizeof f, sizeof f);
}

/* A client that tries both families and drops the slower one, known by its link-layer address. */
static void test_lost_race_of_families(void **state) {
    (void)state;
    for (unsigned mac = 0; mac < 2; mac++) {
        struct lab *l = lab_default();
        struct conn slow = conn_new(l, 40000, 443);
        from_client(&slow, TCP_SYN, NULL, 0);
        l->us += 50 * MS;
        l->mac = (uint8_t)mac;
        tcp6(l, false, TCP_SYN, 1, 0);
        tcp6(l, true, TCP_SYN | TCP_ACK, 9, 2);
        tcp6(l, false, TCP_ACK, 2, 10);
        l->mac = 0;
        from_server(&slow, TCP_SYN | TCP_ACK, NULL, 0);
        from_client(&slow, TCP_RST, NULL, 0);
        const struct msg_incident *n = incident_of(l, INCIDENT_HALF_OPEN_RESET);
        assert_non_null(n);
        assert_int_equal(n->worked, mac == 0);
        lab_free(l);
    }
}

/* On which side of the capture the longer part of a handshake lay. */
static void test_handshakes_by_side(void **state) {
    (void)state;
    static const struct {
        unsigned server_ms, client_ms, by_client;
    } t[] = {{0, 80, 1}, {80, 0, 0}, {30, 50, 1}, {50, 30, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        from_client(&k, TCP_SYN, NULL, 0);
        l->us += t[i].server_ms * MS;
        from_server(&k, TCP_SYN | TCP_ACK, NULL, 0);
        l->us += t[i].client_ms * MS;
        from_client(&k, TCP_ACK, NULL, 0);
        assert_int_equal(service_at(l, 443)->handshake_us.samples, 1);
        assert_int_equal(service_at(l, 443)->handshakes_by_client, t[i].by_client);
        lab_free(l);
    }
}

/* A tunnel (IP in IP) that ends at the target carries what is not the target's. */
static void test_tunnel_of_the_target(void **state) {
    (void)state;
    for (int named = 0; named < 2; named++) {
        struct engine_options o = lab_options();
        o.target.mode = MODE_DOMAIN;
        o.target.addresses = 1;
        o.target.address[0].address = addr_from_bytes((uint8_t[]){192, 0, 2, named ? 1 : 77}, 4);
        o.target.address[0].prefix_len = 32;
        struct lab *l = lab_new(&o);
        uint8_t f[34 + 28] = {0}, *ip = f + 34;
        ip[0] = 0x45;
        ip[3] = 28;
        ip[8] = 64;
        ip[9] = 17;
        put32(ip + 12, 0x0a090901);
        put32(ip + 16, 0x0a090902);
        put32(ip + 20, 5000u << 16 | 6000);
        put32(ip + 24, 8u << 16);
        lab_ip(l, f, 4, A1, B1, 28);
        lab_snapshot(l);
        assert_int_equal(l->totals.other_packets, 1);
        assert_int_equal(l->totals.tunnel_packets, named);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers_tcp),         cmocka_unit_test(test_strangers_try_once),
        cmocka_unit_test(test_strangers_own_address), cmocka_unit_test(test_strangers_elsewhere),
        cmocka_unit_test(test_lost_race_of_families), cmocka_unit_test(test_handshakes_by_side),
        cmocka_unit_test(test_tunnel_of_the_target),
    };
    return cmocka_run_group_tests_name("track_strangers", tests, NULL, NULL);
}
