/* More services and resolvers than there is room for: what is kept is what a finding is about. */
#include "tests/unit/talk.h"

#define MANY 3000u /* of 512 services and 64 resolvers that there is room for */

static struct conn conn_to(struct lab *l, uint32_t i, uint16_t port) {
    struct conn k = conn_new(l, (uint16_t)(10000 + i % 50000), port);
    k.s = 0xc6120000u + i;
    return k;
}

static void healthy(struct lab *l, uint32_t i, unsigned exchanges) {
    struct conn k = conn_to(l, i, 443);
    conn_open(&k);
    for (unsigned n = 0; n < exchanges; n++) {
        from_client(&k, TCP_PSH | TCP_ACK, NULL, 100);
        l->us += 1 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, NULL, 500);
    }
    conn_close(&k);
    l->us += 1 * MS;
}

static void tried(struct lab *l, struct conn k, bool refused) {
    from_client(&k, TCP_SYN, NULL, 0);
    l->us += 1 * MS;
    if (refused) from_server(&k, TCP_RST | TCP_ACK, NULL, 0);
    l->us += 1 * MS;
}

/* A little that went wrong with 192.0.2.1:80. */
enum fault { REFUSED, SILENT, RESET, SENT_AGAIN, ERROR, SLOW, FAULTS };

static void faulty(struct lab *l, enum fault how) {
    struct conn k = conn_new(l, 40000, 80);
    if (how == REFUSED) {
        tried(l, k, true);
        return;
    }
    if (how == SILENT) {
        for (unsigned n = 0; n < 3; n++) {
            tried(l, k, false);
            l->us += 1 * S;
        }
        return;
    }
    conn_open(&k);
    say_client(&k, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    if (how == SLOW) {
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += 2 * S;
    }
    say_server(&k, how == ERROR   ? "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno"
                   : how == RESET ? "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\nok"
                                  : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    from_client(&k, TCP_ACK, NULL, 0);
    if (how == SENT_AGAIN)
        for (unsigned n = 0; n < 5; n++) {
            l->us += 300 * MS;
            say_client(&k, "more");
            k.cseq -= 4;
            l->us += 300 * MS;
            say_client(&k, "more");
            from_server(&k, TCP_ACK, NULL, 0);
        }
    if (how == RESET)
        from_server(&k, TCP_RST, NULL, 0);
    else
        conn_close(&k);
}

static const struct msg_service *service_at(const struct lab *l, uint32_t address, uint16_t port) {
    uint8_t b[4];
    put32(b, address);
    struct addr a = addr_from_bytes(b, 4);
    for (size_t i = 0; i < l->services.rows_n; i++)
        if (l->services.rows[i].port == port && addr_equal(&l->services.rows[i].address, &a))
            return &l->services.rows[i];
    return NULL;
}

/* Thousands of busy healthy services do not hide the one that fails, whenever it did. */
static void test_full_a_fault_outlasts_healthy_services(void **state) {
    (void)state;
    for (enum fault how = 0; how < FAULTS; how++)
        for (uint32_t at = 0; at < MANY; at += 1400) {
            struct lab *l = lab_default();
            for (uint32_t i = 0; i < MANY; i++) {
                if (i == at) faulty(l, how);
                healthy(l, i, 10);
            }
            lab_wait(l, 10 * S);
            lab_snapshot(l);
            const struct msg_service *v = service_at(l, B1, 80);
            if (!v) fail_msg("fault %d of service %u is lost", (int)how, at);
            if (how == REFUSED) assert_int_equal(v->refused, 1);
            if (how == SILENT) assert_int_equal(v->timed_out, 1);
            if (how == RESET) assert_int_equal(v->reset_by_server, 1);
            if (how == SENT_AGAIN) assert_int_equal(v->retransmitted_to_server, 5);
            if (how == ERROR) assert_int_equal(v->http_5xx, 1);
            if (how == SLOW) assert_true(v->first_byte_us.max_us >= 2 * S);
            assert_true(l->totals.evicted > 0); /* the healthy ones had statistics */
            lab_free(l);
        }
}

/* A scan before or after hides neither the services that work nor the one that was tried in
 * earnest. */
static void test_full_a_scan_pushes_out_its_own(void **state) {
    enum { WORKING = 40 };
    (void)state;
    for (unsigned scan_first = 0; scan_first < 2; scan_first++)
        for (unsigned refused = 0; refused < 2; refused++) {
            struct lab *l = lab_default();
            for (unsigned turn = 0; turn < 2; turn++) {
                if (turn == scan_first) {
                    for (uint32_t i = 0; i < WORKING; i++) healthy(l, i, 10);
                    faulty(l, SILENT);
                    continue;
                }
                for (uint32_t i = 0; i < MANY; i++) tried(l, conn_to(l, 500 + i, 22), refused);
            }
            lab_wait(l, 10 * S);
            lab_snapshot(l);
            for (uint32_t i = 0; i < WORKING; i++)
                if (!service_at(l, 0xc6120000u + i, 443)) fail_msg("service %u is lost", i);
            const struct msg_service *v = service_at(l, B1, 80);
            assert_non_null(v);
            assert_int_equal(v->timed_out, 1);
            assert_true(l->totals.evicted > 0);
            lab_free(l);
        }
}

/* Tried in vain, but not once: one SYN from each of two ports, two SYNs from one, or refused twice.
 */
enum vain { TWO_PORTS, TWO_SYNS, REFUSED_TWICE, VAIN };

static void tried_twice(struct lab *l, uint32_t i, enum vain how) {
    struct conn k = conn_to(l, 5000 + i, 22);
    tried(l, k, how == REFUSED_TWICE);
    if (how != TWO_SYNS) k.cport++;
    tried(l, k, how == REFUSED_TWICE);
}

/* Hundreds that answer nobody leave room for those that work, also badly, and get the rest. */
static void test_full_failures_leave_room_for_what_works(void **state) {
    enum { WORKING = 60, DEAD = 300 };
    (void)state;
    for (enum vain vain = 0; vain < VAIN; vain++)
        for (enum fault how = RESET; how < FAULTS; how++) {
            struct lab *l = lab_default();
            uint32_t kept = 0, dead = 0;
            for (uint32_t i = 0; i < DEAD; i++) {
                if (i == DEAD / 2) faulty(l, how);
                if (i % 5 == 0) healthy(l, i, 1);
                tried_twice(l, i, vain);
            }
            lab_wait(l, 10 * S);
            lab_snapshot(l);
            assert_non_null(service_at(l, B1, 80));
            for (uint32_t i = 0; i < DEAD; i += 5)
                kept += service_at(l, 0xc6120000u + i, 443) != NULL;
            for (uint32_t i = 0; i < DEAD; i++)
                dead += service_at(l, 0xc6120000u + 5000 + i, 22) != NULL;
            assert_int_equal(kept, WORKING);
            assert_int_equal(dead, LIM_SERVICE_ROWS - WORKING - 1);
            assert_int_equal(l->totals.evicted, 0);
            lab_free(l);
        }
}

/* Neither many failed connections nor many good ones push out the others' rows. */
static void test_full_connections_of_both_kinds_have_rows(void **state) {
    enum { FEW = 100 };
    (void)state;
    for (unsigned good_first = 0; good_first < 2; good_first++)
        for (unsigned refused = 0; refused < 2; refused++)
            for (unsigned few_good = 0; few_good < 2; few_good++) {
                struct lab *l = lab_default();
                uint32_t good = 0, failed = 0;
                for (unsigned turn = 0; turn < 2; turn++) {
                    bool is_good = (turn == 0) == good_first;
                    for (uint32_t i = 0; i < (is_good == few_good ? FEW : MANY); i++) {
                        if (is_good)
                            healthy(l, i, 1);
                        else
                            tried(l, conn_to(l, 5000 + i, 22), refused);
                    }
                }
                lab_wait(l, 10 * S);
                lab_snapshot(l);
                assert_int_equal(l->connections.rows_n, LIM_CONNECTIONS);
                for (uint32_t i = 0; i < LIM_CONNECTIONS; i++)
                    *(l->connections.rows[i].server_port == 443 ? &good : &failed) += 1;
                assert_int_equal(few_good ? good : failed, FEW);
                lab_free(l);
            }
}

/* When one that has no row was heard last is told, whether it is still in the table or not. */
static void test_full_others_are_heard(void **state) {
    static const uint32_t services[] = {LIM_SERVICE_ROWS, LIM_SERVICE_ROWS + 1, MANY};
    (void)state;
    for (size_t n = 0; n < sizeof services / sizeof services[0]; n++) {
        struct lab *l = lab_default();
        uint64_t began = l->us, last = 0;
        for (uint32_t i = 0; i < services[n]; i++) {
            healthy(l, i, i < services[n] / 2 ? 1 : 3);
            if (i < services[n] / 2) last = l->us - began;
        }
        lab_snapshot(l);
        if (n == 0) assert_int_equal(l->services.others_heard_us, 0);
        if (n == 1) assert_in_range(l->services.others_heard_us, last - 10 * MS, last);
        if (n == 2) assert_true(l->services.others_heard_us > last);
        lab_free(l);
    }
}

/* One resolver asked, with its answer `late_us` later; 0: none comes. */
static void resolve(struct lab *l, uint32_t server, uint8_t id, uint64_t late_us) {
    static const uint8_t query[] = "\0\0\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
    uint8_t m[sizeof query];
    memcpy(m, query, sizeof m);
    m[1] = id;
    lab_udp(l, A1, 5000, server, 53, m, sizeof m - 1);
    l->us += late_us;
    m[2] = 0x81;
    if (late_us) lab_udp(l, server, 53, A1, 5000, m, sizeof m - 1);
    l->us += 1 * MS;
}

static const struct msg_resolver *resolver_at(const struct lab *l, uint32_t address) {
    uint8_t b[4];
    put32(b, address);
    struct addr a = addr_from_bytes(b, 4);
    for (size_t i = 0; i < l->resolvers.rows_n; i++)
        if (addr_equal(&l->resolvers.rows[i].address, &a)) return &l->resolvers.rows[i];
    return NULL;
}

/* A slow resolver, and one that is asked twice, stay among many that are asked more often. */
static void test_full_a_slow_resolver_stays(void **state) {
    (void)state;
    for (unsigned twice = 0; twice < 2; twice++) {
        struct lab *l = lab_default();
        for (uint8_t n = 0; n < 4; n++) {
            if (twice)
                lab_udp(l, A1, 5000, B1, 53, "\0\0\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1", 26);
            l->us += 1 * MS;
            resolve(l, B1, twice ? 0 : n, twice ? 5 * MS : 1500 * MS);
        }
        for (uint32_t i = 0; i < 300; i++)
            for (uint8_t n = 0; n < 10; n++) resolve(l, 0xc6120000u + i, n, 5 * MS);
        lab_snapshot(l);
        assert_non_null(resolver_at(l, B1));
        lab_free(l);
    }
}

/* Questions at addresses where nobody listens push out each other, not the resolver in use. */
static void test_full_dead_resolvers_push_out_their_own(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint8_t n = 0; n < 100; n++) resolve(l, B1, n, 5 * MS);
    for (uint32_t i = 0; i < 300; i++)
        for (uint8_t n = 0; n < 3; n++) resolve(l, 0xc6120000u + i, n, 0);
    lab_snapshot(l);
    const struct msg_resolver *r = resolver_at(l, B1);
    assert_non_null(r);
    assert_int_equal(r->responses, 100);
    assert_true(l->totals.evicted > 0);
    lab_free(l);
}

/* One name asked for; the answer has an address, or says that it could not be found. */
static void look_up(struct lab *l, uint16_t id, bool found) {
    uint8_t m[] = "\0\0\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1"
                  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc6\x33\x64\1";
    size_t record = 16, question = sizeof m - 1 - record;
    put16(m, id);
    lab_udp(l, A1, 5000, B1, 53, m, question);
    l->us += 20 * MS;
    m[2] = 0x81;
    m[3] = found ? 0 : 2;
    m[7] = found;
    lab_udp(l, B1, 53, A1, 5000, m, question + (found ? record : 0));
    l->us += 1 * MS;
}

/* Hundreds of names that cannot be found leave room for those that can. */
static void test_full_names_in_vain_leave_room(void **state) {
    enum { FOUND_KEPT = 32, BAD = 300 };
    (void)state;
    struct lab *l = lab_default();
    uint32_t found = 0;
    for (uint16_t n = 0; n < BAD; n++) {
        look_up(l, n, false);
        if (n % 3 == 0) look_up(l, BAD + n, true);
    }
    lab_snapshot(l);
    assert_int_equal(l->dns.rows_n, LIM_DNS_ROWS);
    for (uint32_t i = 0; i < LIM_DNS_ROWS; i++) found += l->dns.rows[i].rcode == 0;
    assert_int_equal(found, FOUND_KEPT);
    assert_int_equal(l->dns.rows[0].rcode, 2);
    lab_free(l);
}

/* Neither silent SYNs nor half-open connections push out those that are up and idle. */
static void test_full_idle_connections_outlast_attempts(void **state) {
    enum { IDLE = 100 };
    (void)state;
    for (unsigned answered = 0; answered < 2; answered++) {
        struct lab *l = lab_default();
        struct conn k[IDLE];
        for (uint32_t i = 0; i < IDLE; i++) {
            k[i] = conn_to(l, i, 443);
            conn_open(&k[i]);
        }
        for (uint32_t i = 0; i < MANY; i++) { /* 1024 have room */
            struct conn s = conn_to(l, 500 + i, 22);
            from_client(&s, TCP_SYN, NULL, 0);
            if (answered) from_server(&s, TCP_SYN | TCP_ACK, NULL, 0);
            l->us += 20 * MS;
        }
        for (uint32_t i = 0; i < IDLE; i++) from_client(&k[i], TCP_PSH | TCP_ACK, NULL, 100);
        lab_snapshot(l);
        assert_int_equal(l->totals.midstream, 0);
        assert_int_equal(l->totals.established, IDLE);
        assert_int_equal(l->totals.tcp_flows, IDLE + MANY);
        assert_true(l->totals.evicted > 0);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_a_fault_outlasts_healthy_services),
        cmocka_unit_test(test_full_a_scan_pushes_out_its_own),
        cmocka_unit_test(test_full_failures_leave_room_for_what_works),
        cmocka_unit_test(test_full_connections_of_both_kinds_have_rows),
        cmocka_unit_test(test_full_others_are_heard),
        cmocka_unit_test(test_full_a_slow_resolver_stays),
        cmocka_unit_test(test_full_dead_resolvers_push_out_their_own),
        cmocka_unit_test(test_full_names_in_vain_leave_room),
        cmocka_unit_test(test_full_idle_connections_outlast_attempts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
