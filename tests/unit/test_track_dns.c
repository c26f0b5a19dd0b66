/* What a resolver is not to be blamed for, and how long it really took. */
#include "tests/unit/pktbuild.h"

static void dns_from(struct lab *l, uint32_t client) {
    static const uint8_t m[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
    lab_udp(l, client, 5000, B1, 53, m, sizeof m - 1);
}

static void dns_flags(struct lab *l, bool answer, uint8_t high, uint8_t low) {
    uint8_t m[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
    m[2] = high, m[3] = low;
    uint32_t a = answer ? B1 : A1, b = answer ? A1 : B1;
    lab_udp(l, a, answer ? 53 : 5000, b, answer ? 5000 : 53, m, sizeof m - 1);
}

static void dns(struct lab *l, bool answer) {
    dns_flags(l, answer, answer ? 0x81 : 1, 0);
}

/* A host that tries to enter its own name into a zone (RFC 2136) asks nobody for a name. */
static void test_track_dns_update_is_no_question(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (int n = 0; n < 3; n++) dns_flags(l, false, 0x28, 0);
    dns_flags(l, true, 0xa8, 5);
    lab_wait(l, 6 * S);
    lab_snapshot(l);
    assert_int_equal(l->totals.dns_queries, 3);
    assert_int_equal(l->totals.dns_responses, 1);
    assert_int_equal(l->totals.dns_transactions, 0);
    assert_int_equal(l->resolvers.rows_n + l->dns.rows_n, 0);
    lab_free(l);
}

/* A client that does not wait long enough asks again.  Both questions get their answer: the first
 * came late and was not lost.  With one answer, or when it was asked once more, that is not known.
 */
static void test_track_dns_answer_of_the_first_try(void **state) {
    (void)state;
    static const struct {
        unsigned answers;
        bool again;
        uint64_t latency_us;
    } cases[] = {
        {1, false, 60 * MS}, {2, false, 1060 * MS}, {3, false, 1060 * MS}, {2, true, 60 * MS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        dns(l, false);
        l->us += 1 * S;
        dns(l, false);
        l->us += 60 * MS;
        for (unsigned n = 0; n < cases[i].answers; n++) {
            dns(l, true);
            if (cases[i].again) dns(l, false);
            l->us += 1 * S;
        }
        lab_snapshot(l);
        const struct msg_resolver *r = &l->resolvers.rows[0];
        assert_int_equal(l->dns.rows[0].latency_us, cases[i].latency_us);
        assert_int_equal(r->latency_us.samples, 1);
        assert_int_equal(r->latency_us.max_us, cases[i].latency_us);
        assert_in_range(r->latency_us.p50_us, cases[i].latency_us * 9 / 10,
                        cases[i].latency_us * 11 / 10);
        assert_int_equal(l->totals.dns_us.samples, 1);
        lab_free(l);
    }
}

/* A dead resolver, asked twice, among twenty busy ones. */
static void test_track_dns_dead_resolver_is_not_crowded_out(void **state) {
    static const uint8_t query[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
    (void)state;
    struct lab *l = lab_default();
    uint8_t m[sizeof query];
    for (unsigned n = 0; n < 5; n++)
        for (uint32_t i = 0; i <= 20; i++) {
            bool dead = i == 20;
            if (dead && n >= 2) continue;
            memcpy(m, query, sizeof m);
            m[1] = (uint8_t)(10 * n + 1);
            lab_udp(l, A1, 5000, B1 + i, 53, m, sizeof m - 1);
            l->us += 10 * MS;
            m[2] = 0x81;
            if (!dead) lab_udp(l, B1 + i, 53, A1, 5000, m, sizeof m - 1);
        }
    lab_wait(l, 10 * S);
    lab_snapshot(l);
    assert_int_equal(l->resolvers.of, 21);
    const struct msg_resolver *dead = &l->resolvers.rows[0];
    assert_int_equal(dead->address.b[3], (B1 + 20) & 255);
    assert_true(dead->unanswered > 0 && dead->responses == 0);
    lab_free(l);
}

/* More resolvers than have room, as a recursive one asks: healthy ones give way and are no loss;
 * one that is dead, fails or answers late stays, whenever it was asked. */
static void test_track_dns_more_resolvers_than_room(void **state) {
    static const uint8_t query[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
    (void)state;
    enum { HEALTHY, DEAD, FAILS, OPEN_ONES, CASES };
    for (int how = 0; how < CASES; how++)
        for (unsigned at = 0; at < 200; at += 199) { /* the odd one is the first, or the last */
            struct lab *l = lab_default();
            uint8_t m[sizeof query];
            for (uint32_t i = 0; i < 200; i++)
                for (unsigned n = 0; n < 3; n++) {
                    bool odd = i == at && how != HEALTHY;
                    memcpy(m, query, sizeof m);
                    m[1] = (uint8_t)(10 * n + 1);
                    lab_udp(l, A1, 5000, B1 + i, 53, m, sizeof m - 1);
                    l->us += 10 * MS;
                    m[2] = 0x81, m[3] = odd && how == FAILS ? 2 : 0;
                    if (!odd && how == OPEN_ONES) break;
                    if (odd && how == DEAD) continue;
                    lab_udp(l, B1 + i, 53, A1, 5000, m, sizeof m - 1);
                }
            lab_wait(l, 10 * S);
            lab_snapshot(l);
            assert_int_equal(l->totals.evicted > 0, how == OPEN_ONES);
            const struct msg_resolver *worst = &l->resolvers.rows[0];
            if (how == DEAD || how == FAILS) assert_int_equal(worst->address.b[3], (B1 + at) & 255);
            if (how == DEAD) assert_int_equal(worst->unanswered, 3);
            if (how == FAILS) assert_int_equal(worst->servfail, 3);
            lab_free(l);
        }
}

static const uint8_t question[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
static const uint8_t found[] = "\0\7\x81\x80\0\1\0\1\0\0\0\0\3www\4test\0\0\1\0\1"
                               "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\7";

/* fd00::1 asks fd00::35, or the same hosts of another network, for the same; `mac` is the last byte
 * of the asker's link-layer address. */
static void dns_over_ipv6(struct lab *l, uint8_t mac, const uint8_t net[2], bool answer) {
    uint8_t f[54 + 8 + sizeof found] = {0}, *ip = f + 14;
    size_t n = (answer ? sizeof found : sizeof question) - 1;
    memset(f, 2, 12);
    f[answer ? 5 : 11] = mac;
    put16(f + 12, 0x86dd);
    ip[0] = 0x60;
    put16(ip + 4, (uint16_t)(8 + n));
    ip[6] = 17;
    ip[7] = 64;
    memcpy(ip + 8, net, 2);
    memcpy(ip + 24, net, 2);
    ip[23] = answer ? 0x35 : 1;
    ip[39] = answer ? 1 : 0x35;
    put16(f + 54, answer ? 53 : 5001);
    put16(f + 56, answer ? 5001 : 53);
    put16(f + 58, (uint16_t)(8 + n));
    memcpy(f + 62, answer ? found : question, n);
    lab_frame(l, f, 62 + n, 62 + n);
}

static const uint8_t unique[2] = {0xfd}, global[2] = {0x20, 1}, local[2] = {0xfe, 0x80};

/* A host asks a resolver of each family, and one is dead: the name is known all the same, unless it
 * was another host that found it, or may have been, behind the same router. */
static void test_track_dns_resolved_over_the_other_family(void **state) {
    (void)state;
    enum { OTHER_HOST, SAME_HOST, ROUTER, CASES };
    for (int how = 0; how < CASES; how++) {
        struct lab *l = lab_default();
        dns_over_ipv6(l, how == OTHER_HOST ? 9 : 2, unique, false);
        l->us += 5 * S;
        dns(l, false);
        l->us += 10 * MS;
        lab_udp(l, B1, 53, A1, 5000, found, sizeof found - 1);
        if (how == ROUTER) dns_from(l, A1 + 1);
        lab_wait(l, 10 * S);
        lab_snapshot(l);
        const struct msg_dns_row *d = l->dns.rows;
        while (d->client.len == 4) d++;
        assert_false(d->answered);
        assert_int_equal(d->resolved, how == SAME_HOST);
        lab_free(l);
    }
}

/* Likewise where both are of IPv6: of its addresses the one is taken that reaches as far as the
 * resolver.  Two of the same reach are two hosts behind a router. */
static void test_track_dns_resolved_from_an_address_of_other_reach(void **state) {
    static const uint8_t near[2] = {0xfd, 1};
    const struct {
        uint8_t mac;
        const uint8_t *net;
        bool resolved;
    } cases[] = {{2, local, true}, {2, global, true}, {9, local, false}, {2, near, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        dns_over_ipv6(l, 2, unique, false);
        l->us += 1 * S;
        dns_over_ipv6(l, cases[i].mac, cases[i].net, false);
        l->us += 10 * MS;
        dns_over_ipv6(l, cases[i].mac, cases[i].net, true);
        lab_wait(l, 10 * S);
        lab_snapshot(l);
        assert_int_equal(l->dns.rows_n, 2);
        for (uint32_t k = 0; k < 2; k++)
            if (!l->dns.rows[k].answered)
                assert_int_equal(l->dns.rows[k].resolved, cases[i].resolved);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_track_dns_update_is_no_question),
        cmocka_unit_test(test_track_dns_answer_of_the_first_try),
        cmocka_unit_test(test_track_dns_dead_resolver_is_not_crowded_out),
        cmocka_unit_test(test_track_dns_more_resolvers_than_room),
        cmocka_unit_test(test_track_dns_resolved_over_the_other_family),
        cmocka_unit_test(test_track_dns_resolved_from_an_address_of_other_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
