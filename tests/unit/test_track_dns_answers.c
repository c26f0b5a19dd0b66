/* Answers of DNS servers beyond their code: from packets to rows. */
#include "tests/unit/talk.h"
#define INNER   0x0a000035u /* 10.0.0.53 */
#define OUTER   0x08080808u
#define SHARED  0x64646464u /* 100.100.100.100 */
#define PUBLIC  0xcb007109u
#define PRIVATE 0x0a010203u

enum { A = 1, TXT = 16, AAAA = 28, TC = 0x0200, RA = 0x0080, AA = 0x0400 };
enum { NO_RD = 0x0100 }; /* among the flags: asked without it */

struct message {
    const char *name;
    uint16_t type, id, port;
    uint32_t server;
    uint32_t address[2]; /* 0: none */
    uint16_t flags;      /* of an answer, besides QR and RD */
    uint16_t room;       /* EDNS; 0: no OPT */
};

static size_t dns_write(uint8_t *m, const struct message *d, bool response) {
    unsigned records = (d->address[0] ? 1u : 0u) + (d->address[1] ? 1u : 0u);
    memset(m, 0, 12);
    put16(m, d->id);
    put16(m + 2, response ? 0x8100u | d->flags : d->flags & NO_RD ? 0 : 0x0100);
    put16(m + 4, 1);
    put16(m + 6, response ? records : 0);
    put16(m + 10, d->room != 0);
    size_t n = 12;
    for (const char *p = d->name; *p;) {
        size_t len = strcspn(p, ".");
        m[n++] = (uint8_t)len;
        memcpy(m + n, p, len);
        n += len;
        p += len + (p[len] == '.');
    }
    m[n++] = 0;
    put16(m + n, d->type);
    put16(m + n + 2, 1);
    n += 4;
    for (unsigned i = 0; response && i < records; i++) {
        static const uint8_t head[12] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4};
        memcpy(m + n, head, 12);
        put32(m + n + 12, d->address[i]);
        n += 16;
    }
    if (d->room) {
        memset(m + n, 0, 11);
        m[n + 2] = 41;
        put16(m + n + 3, d->room);
        n += 11;
    }
    return n;
}

static void ask_from(struct lab *l, uint32_t client, struct message d) {
    uint8_t m[512];
    size_t n = dns_write(m, &d, false);
    lab_udp(l, client, d.port ? d.port : 5000, d.server ? d.server : INNER, 53, m, n);
}

static void ask(struct lab *l, struct message d) {
    ask_from(l, A1, d);
}

static void answer_to(struct lab *l, uint32_t client, struct message d) {
    uint8_t m[512];
    if (d.flags == 0) d.flags = RA;
    size_t n = dns_write(m, &d, true);
    lab_udp(l, d.server ? d.server : INNER, 53, client, d.port ? d.port : 5000, m, n);
}

static void answer(struct lab *l, struct message d) {
    answer_to(l, A1, d);
}

/* The same over TCP: a connection of its own, with the length prefix. */
static void over_tcp(struct lab *l, struct message d, bool answered) {
    uint8_t m[512];
    struct conn k = conn_new(l, d.port, 53);
    k.s = INNER;
    conn_open(&k);
    size_t n = dns_write(m + 2, &d, false);
    put16(m, (uint32_t)n);
    from_client(&k, TCP_PSH | TCP_ACK, m, n + 2);
    l->us += 10 * MS;
    if (!answered) return;
    d.flags = RA;
    n = dns_write(m + 2, &d, true);
    put16(m, (uint32_t)n);
    from_server(&k, TCP_PSH | TCP_ACK, m, n + 2);
}

static const struct msg_dns_row *dns_row(const struct lab *l, unsigned type) {
    for (uint32_t i = 0; i < l->dns.rows_n; i++)
        if (l->dns.rows[i].type == type) return &l->dns.rows[i];
    fail_msg("no row of type %u", type);
    return NULL;
}

static void test_dns_cut_answer_must_be_followed(void **state) {
    (void)state;
    enum { NOTHING, TCP_FAILS, TCP_ANSWERS, TCP_UNREADABLE, MORE_ROOM, STILL_YOUNG };
    static const struct {
        int then;
        bool unfollowed;
        unsigned tcp_tries;
    } cases[] = {{NOTHING, true, 0},         {TCP_FAILS, true, 1},  {TCP_ANSWERS, false, 1},
                 {TCP_UNREADABLE, false, 0}, {MORE_ROOM, false, 0}, {STILL_YOUNG, false, 0}};
    struct message q = {"long.example", TXT, 7, 5000, 0, {0, 0}, 0, 1232};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        ask(l, q);
        l->us += 5 * MS;
        struct message cut = q;
        cut.flags = RA | TC;
        answer(l, cut);
        l->us += 5 * MS;
        struct message again = q;
        again.port = 5001;
        again.id = 8;
        if (cases[i].then == TCP_FAILS || cases[i].then == TCP_ANSWERS)
            over_tcp(l, again, cases[i].then == TCP_ANSWERS);
        if (cases[i].then == TCP_UNREADABLE) { /* the capture keeps the headers only */
            l->snap = 60;
            over_tcp(l, again, true);
            l->snap = 0;
        }
        if (cases[i].then == MORE_ROOM) {
            ask(l, again);
            answer(l, again);
        }
        lab_wait(l, cases[i].then == STILL_YOUNG ? 1 * S : 4 * S);
        lab_snapshot(l);
        const struct msg_dns_row *r = NULL;
        for (uint32_t k = 0; k < l->dns.rows_n; k++)
            if (l->dns.rows[k].truncated) r = &l->dns.rows[k];
        assert_non_null(r);
        assert_int_equal(r->unfollowed, cases[i].unfollowed);
        assert_int_equal(r->tcp_tries, cases[i].tcp_tries);
        assert_int_equal(r->tcp_connects, cases[i].tcp_tries || cases[i].then == TCP_UNREADABLE);
        assert_int_equal(r->size_bytes, 41);
        assert_int_equal(r->room_bytes, 1232);
        assert_false(r->nodata);
        lab_free(l);
    }
}

/* More cut answers than are waited for: what is forgotten is not called unfollowed. */
static void test_dns_cut_answers_without_number(void **state) {
    (void)state;
    struct lab *l = lab_default();
    for (uint16_t i = 0; i < 100; i++) {
        struct message q = {"long.example", TXT, i, (uint16_t)(5000 + i), 0, {0, 0}, TC, 0};
        char name[32];
        snprintf(name, sizeof name, "n%u.example", i);
        q.name = name;
        ask(l, q);
        answer(l, q);
    }
    lab_wait(l, 4 * S);
    lab_snapshot(l);
    unsigned unfollowed = 0;
    for (uint32_t i = 0; i < l->dns.rows_n; i++) unfollowed += l->dns.rows[i].unfollowed;
    assert_int_equal(unfollowed, 32);
    lab_free(l);
}

static void test_dns_retry_or_only_late(void **state) {
    (void)state;
    struct message q = {"www.example.com", A, 7, 5000, 0, {PUBLIC, 0}, 0, 0};
    for (int both = 0; both < 2; both++) {
        struct lab *l = lab_default();
        ask(l, q);
        l->us += 1 * S;
        ask(l, q);
        l->us += 30 * MS;
        answer(l, q);
        if (both) answer(l, q);
        lab_snapshot(l);
        assert_int_equal(dns_row(l, A)->retry_us, both ? 0 : 1 * S);
        assert_int_equal(dns_row(l, A)->took_us, 1 * S + 30 * MS);
        assert_int_equal(dns_row(l, A)->tries, 2);
        lab_free(l);
    }
}

static void test_dns_aaaa_beside_a(void **state) {
    (void)state;
    enum { SILENT, LATE, SOON, NO_A, A_WITHOUT_DATA, A_ASKED_AFTERWARDS };
    for (int how = SILENT; how <= A_ASKED_AFTERWARDS; how++) {
        struct lab *l = lab_default();
        struct message a = {"www.example.com", A, 7, 5000, 0, {PUBLIC, 0}, 0, 0};
        struct message six = {"www.example.com", AAAA, 8, 5000, 0, {0, 0}, 0, 0};
        if (how == A_WITHOUT_DATA) a.address[0] = 0;
        if (how != A_ASKED_AFTERWARDS) ask(l, a);
        ask(l, six);
        l->us += 20 * MS;
        if (how != NO_A && how != A_ASKED_AFTERWARDS) answer(l, a);
        if (how == SOON) answer(l, six);
        l->us += 2 * S;
        if (how == LATE || how == A_ASKED_AFTERWARDS) answer(l, six);
        if (how == A_ASKED_AFTERWARDS) {
            l->us += 1 * MS;
            ask(l, a);
            answer(l, a);
        }
        lab_wait(l, 5 * S);
        lab_snapshot(l);
        const struct msg_dns_row *r = dns_row(l, AAAA);
        assert_int_equal(r->a_us, how == SILENT || how == LATE ? 20 * MS : 0);
        assert_int_equal(r->answered, how == LATE || how == SOON || how == A_ASKED_AFTERWARDS);
        if (how == LATE) assert_int_equal(r->took_us, 2 * S + 20 * MS);
        lab_free(l);
    }
}

static void test_dns_nodata_is_no_referral(void **state) {
    (void)state;
    static const struct {
        uint16_t type, flags;
        uint32_t address;
        bool nodata;
    } cases[] = {{A, RA, 0, true},
                 {A, AA, 0, true},
                 {AAAA, RA, 0, true},
                 {A, 0x0010, 0, false},
                 /* neither: a referral */ {A, RA, PUBLIC, false},
                 {TXT, RA, 0, false},
                 {A, RA | TC, 0, false},
                 {A, RA | 3, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct message q = {"bare.example", cases[i].type, 7, 0, 0, {cases[i].address, 0}, 0, 0};
        ask(l, q);
        q.flags = cases[i].flags;
        answer(l, q);
        lab_snapshot(l);
        assert_int_equal(l->dns.rows[0].nodata, cases[i].nodata);
        lab_free(l);
    }
}

static void test_dns_two_answers(void **state) {
    (void)state;
    enum { ALIKE, OTHER_ORDER, DIFFERENT, OTHER_CODE, DIFFERENT_BUT_ASKED_TWICE };
    static const unsigned found[] = {0, 0, 1, 1, 0};
    struct message q = {"www.example.com", A, 7, 5000, 0, {PUBLIC, PUBLIC + 1}, 0, 0};
    for (int how = ALIKE; how <= DIFFERENT_BUT_ASKED_TWICE; how++) {
        struct lab *l = lab_default();
        struct message second = q;
        ask(l, q);
        if (how == DIFFERENT_BUT_ASKED_TWICE) ask(l, q);
        l->us += 5 * MS;
        answer(l, q);
        if (how == OTHER_ORDER) second.address[0] = PUBLIC + 1, second.address[1] = PUBLIC;
        if (how == DIFFERENT || how == DIFFERENT_BUT_ASKED_TWICE) second.address[1] = PUBLIC + 7;
        if (how == OTHER_CODE) second.flags = RA | 3;
        l->us += 5 * MS;
        answer(l, second);
        lab_snapshot(l);
        assert_int_equal(l->resolvers.rows[0].two_answers, found[how]);
        assert_int_equal(l->resolvers.rows[0].unasked, 0);
        if (found[how]) assert_string_equal(l->resolvers.rows[0].disputed_name, "www.example.com");
        lab_free(l);
    }
}

static void test_dns_answers_nobody_asked_for(void **state) {
    (void)state;
    enum { STRANGER, AT_THE_START, TO_ANOTHER_PORT };
    static const unsigned found[] = {1, 0, 0};
    struct message q = {"www.example.com", A, 7, 5000, 0, {PUBLIC, 0}, 0, 0};
    for (int how = STRANGER; how <= TO_ANOTHER_PORT; how++) {
        struct lab *l = lab_default();
        lab_wait(l, 0);
        if (how != AT_THE_START) lab_wait(l, 6 * S);
        ask(l, q);
        struct message other = q;
        other.id = 4711;
        if (how == TO_ANOTHER_PORT) other.port = 6000;
        answer(l, other);
        answer(l, q);
        lab_snapshot(l);
        assert_int_equal(l->resolvers.rows[0].unasked, found[how]);
        lab_free(l);
    }
}

static void test_dns_private_answers(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t server, address;
        unsigned found;
    } cases[] = {{"www.example.com", OUTER, PRIVATE, 1},
                 {"www.example.com", OUTER, 0x7f000001u, 1},
                 {"www.example.com", OUTER, PUBLIC, 0},
                 {"www.example.com", INNER, PRIVATE, 0}, /* split horizon */
                 {"www.example.com", OUTER, 0x00000000u, 0},
                 {"nas.fritz.box", OUTER, PRIVATE, 0},
                 {"printer.home.arpa", OUTER, PRIVATE, 0},
                 {"a.local", OUTER, PRIVATE, 0},
                 {"printer", OUTER, PRIVATE, 0},
                 {"2.0.0.127.list.example.com", OUTER, 0x7f000002u, 0}, /* block lists */
                 {"shop.example.dbl.example.com", OUTER, 0x7f000102u, 0},
                 {"shop.example.multi.uribl.example", OUTER, 0x7f000001u, 0},
                 {"dbl.example.com", OUTER, PUBLIC, 0},
                 {"127-0-0-1.0a1b.example.com", OUTER, 0x7f000001u, 0}, /* made of the address */
                 {"127.0.0.1.example.com", OUTER, 0x7f000001u, 0},
                 {"www.example.com", SHARED, PRIVATE, 0}}; /* an overlay's resolver */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct message q = {cases[i].name, A, 7, 0, cases[i].server, {cases[i].address, 0}, 0, 0};
        ask(l, q);
        answer(l, q);
        lab_snapshot(l);
        const struct msg_resolver *r = &l->resolvers.rows[0];
        assert_int_equal(r->private_answers, cases[i].found);
        if (cases[i].found) assert_string_equal(r->private_name, "www.example.com");
        if (cases[i].found) assert_int_equal(r->private_address.len, 4);
        lab_free(l);
    }
}

/* A site with public addresses: its own resolver tells of its inside. */
static void test_dns_private_answers_of_a_site(void **state) {
    (void)state;
    for (unsigned next = 0; next < 2; next++) {
        struct lab *l = lab_default();
        struct message q = {"www.example.com", A, 7, 0, OUTER, {PRIVATE, 0}, 0, 0};
        uint32_t client = next ? OUTER + 0x2009 : PUBLIC;
        ask_from(l, client, q);
        answer_to(l, client, q);
        lab_snapshot(l);
        assert_int_equal(l->resolvers.rows[0].private_answers, !next);
        lab_free(l);
    }
}

#define NIBBLES "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"

/* "Not listed" is what a mail server wants to hear of a block list; others ask what the network is.
 */
static void test_dns_not_on_a_block_list(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool answered, resolved;
    } cases[] = {{"2.0.0.127.list.example.com", true, true},
                 {NIBBLES ".list.example.com", true, true},
                 {"shop.example.dbl.example.com", true, true},
                 {"2.0.0.127.list.example.com", false, false},
                 {"nosuch.example.com", true, false},
                 {"0.0.127.list.example.com", true, false},
                 {"1234.0.0.127.list.example.com", true, false},
                 {"wpad.office.example.com", true, true},
                 {"isatap", true, true},
                 {"_dns.resolver.arpa", true, true},
                 {"use-application-dns.net", true, true},
                 {"_ta-4f66", true, true},
                 {"swpad.example.com", true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *l = lab_default();
        struct message q = {cases[i].name, A, 7, 0, 0, {0, 0}, RA | 3, 0};
        ask(l, q);
        if (cases[i].answered) answer(l, q);
        lab_snapshot(l);
        assert_int_equal(dns_row(l, A)->resolved, cases[i].resolved);
        lab_free(l);
    }
}

/* A resolver asks the servers of zones itself; where more than one question in five is asked as
 * clients do, and not by a stranger now and then, it is a resolver's row. */
static void test_dns_servers_of_zones(void **state) {
    (void)state;
    for (unsigned recursive = 0; recursive < 3; recursive++) {
        struct lab *l = lab_default();
        for (uint16_t n = 0; n < 9; n++) {
            struct message q = {"www.example.com", A, n, 0, OUTER, {PUBLIC, 0}, AA, 0};
            if (n >= recursive) q.flags |= NO_RD;
            ask(l, q);
            answer(l, q);
        }
        lab_snapshot(l);
        assert_int_equal(l->resolvers.rows[0].iterative, recursive < 2);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns_cut_answer_must_be_followed),
        cmocka_unit_test(test_dns_cut_answers_without_number),
        cmocka_unit_test(test_dns_retry_or_only_late),
        cmocka_unit_test(test_dns_aaaa_beside_a),
        cmocka_unit_test(test_dns_nodata_is_no_referral),
        cmocka_unit_test(test_dns_two_answers),
        cmocka_unit_test(test_dns_answers_nobody_asked_for),
        cmocka_unit_test(test_dns_private_answers),
        cmocka_unit_test(test_dns_private_answers_of_a_site),
        cmocka_unit_test(test_dns_not_on_a_block_list),
        cmocka_unit_test(test_dns_servers_of_zones),
    };
    return cmocka_run_group_tests_name("track_dns_answers", tests, NULL, NULL);
}
