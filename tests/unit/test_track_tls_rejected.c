/* In TLS 1.3 alerts are sealed: what has their size, and stands where no other record does. */
#include "tests/unit/talk.h"

static void test_tls_client_breaks_off(void **state) {
    (void)state;
    static const struct {
        unsigned version, first; /* bytes of the client's first record */
        bool gap, rejected;
    } cases[] = {{0x0304, 19, false, true},  {0x0304, 11, false, true},  {0x0304, 53, false, false},
                 {0x0304, 69, false, false}, {0x0304, 21, false, false}, {0x0303, 19, false, false},
                 {0x0304, 19, true, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[256];
        struct lab *l = lab_default();
        struct conn k = tls_begun(l, 40000, cases[i].version, 50);
        from_client(&k, TCP_PSH | TCP_ACK, "\x14\x03\x03\0\1\1", 6);
        if (cases[i].gap) k.cseq += 5000; /* more than waits in a buffer */
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].first));
        if (cases[i].first > 50) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 19));
        const struct msg_service *s = service_of(l);
        assert_int_equal(s->tls_rejected, cases[i].rejected);
        assert_int_equal(s->tls_rejected_bytes, cases[i].rejected ? cases[i].first : 0);
        lab_free(l);
    }
}

/* After the client's Finished others send tickets or an answer; a refusal is a single alert. */
static void test_tls_server_refuses(void **state) {
    (void)state;
    static const struct {
        const char *what;
        unsigned version, asks, leaves, says[2]; /* bytes of records, 0: none */
        uint64_t after_us;
        bool refused;
        enum {
            SEEN,
            ENDS,    /* the client's FIN comes before */
            GAP,     /* something was missed */
            AT_ONCE, /* the client said nothing yet */
            BARE,    /* it was not asked for a certificate */
            LEAVES,  /* the client closes first */
            READS,   /* the same, of one that had no certificate */
            STAYS,   /* nobody closes */
            TALKED,  /* after many a record */
            CROSSED, /* the client asks while it comes */
            GOES_ON, /* the client asks after it */
            PARTS    /* the client says more after the end */
        } how;
    } cases[] = {{"refused", 0x0304, 0, 0, {19, 0}, 20 * MS, true, SEEN},
                 {"asked at once", 0x0304, 200, 0, {19, 0}, 20 * MS, true, SEEN},
                 {"short tag", 0x0304, 200, 0, {11, 0}, 20 * MS, true, SEEN},
                 {"tickets", 0x0304, 0, 0, {230, 19}, 20 * MS, false, SEEN},
                 {"an answer", 0x0304, 200, 0, {500, 19}, 20 * MS, false, SEEN},
                 {"the client leaves", 0x0304, 0, 19, {19, 0}, 20 * MS, false, SEEN},
                 {"asks who revoked it", 0x0304, 200, 0, {19, 0}, 15 * S, true, SEEN},
                 {"unused", 0x0304, 0, 0, {19, 0}, 10 * S, false, SEEN},
                 {"idle for long", 0x0304, 200, 0, {19, 0}, 20 * S, false, SEEN},
                 {"no certificate", 0x0304, 0, 0, {19, 0}, 20 * MS, false, BARE},
                 {"two bytes, and more", 0x0304, 200, 0, {19, 300}, 20 * MS, false, SEEN},
                 {"two bytes", 0x0304, 200, 0, {19, 0}, 20 * MS, false, LEAVES},
                 {"refused, and read", 0x0304, 200, 0, {19, 0}, 20 * MS, true, READS},
                 {"still open", 0x0304, 200, 0, {19, 0}, 20 * MS, false, STAYS},
                 {"drained", 0x0304, 200, 0, {19, 0}, 20 * MS, false, TALKED},
                 {"crossed", 0x0304, 0, 0, {19, 0}, 20 * MS, true, CROSSED},
                 {"two bytes, then asked", 0x0304, 200, 0, {19, 0}, 20 * MS, false, GOES_ON},
                 {"a last word", 0x0304, 200, 0, {19, 0}, 20 * MS, true, PARTS},
                 {"TLS 1.2", 0x0303, 200, 0, {19, 0}, 20 * MS, false, SEEN},
                 {"the client ends", 0x0304, 0, 0, {19, 0}, 20 * MS, false, ENDS},
                 {"something was missed", 0x0304, 0, 0, {19, 0}, 20 * MS, false, GAP},
                 {"before a word", 0x0304, 0, 0, {19, 0}, 20 * MS, false, AT_ONCE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[1024];
        struct lab *l = lab_default();
        struct conn k = tls_begun(l, 40000, cases[i].version, 50);
        if (cases[i].how != AT_ONCE && cases[i].how != BARE)
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].how == LEAVES ? 900 : 25));
        if (cases[i].how != AT_ONCE) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        if (cases[i].how == ENDS) from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (cases[i].how == GAP) k.sseq += 5000; /* more than waits in a buffer */
        if (cases[i].asks) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].asks));
        for (unsigned n = 0; n < 3 && cases[i].how == TALKED; n++)
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].asks));
        if (cases[i].leaves) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].leaves));
        lab_wait(l, cases[i].after_us);
        for (unsigned n = 0; n < 2 && cases[i].says[n]; n++)
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].says[n]));
        if (cases[i].how == GOES_ON) lab_wait(l, 20 * MS);
        if (cases[i].how == CROSSED || cases[i].how == GOES_ON)
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 200));
        if (cases[i].how == LEAVES || cases[i].how == READS)
            from_client(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (cases[i].how != STAYS) from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        if (cases[i].how == PARTS) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 19));
        if (service_of(l)->tls_refused != cases[i].refused) fail_msg("%s", cases[i].what);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_client_breaks_off),
        cmocka_unit_test(test_tls_server_refuses),
    };
    return cmocka_run_group_tests_name("track_tls_rejected", tests, NULL, NULL);
}
