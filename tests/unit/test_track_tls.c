/* TLS that fails without a word, and what of it is an answer: from packets to rows. */
#include "tests/unit/talk.h"

static void test_tls_versions_out_of_date(void **state) {
    (void)state;
    static const unsigned versions[] = {0x0304, 0x0303, 0x0302, 0x0301, 0x0300};
    for (size_t i = 0; i < 5; i++) {
        uint8_t b[256];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, versions[i], false));
        const struct msg_service *s = service_of(l);
        assert_int_equal(s->tls_obsolete, versions[i] < 0x0303);
        assert_int_equal(s->tls_oldest_version, versions[i] < 0x0303 ? versions[i] : 0);
        lab_free(l);
    }
}

static void test_tls_meets_clear_text(void **state) {
    (void)state;
    static const struct {
        const char *answer;
        enum tls_mismatch how;
    } cases[] = {{"HTTP/1.1 400 Bad Request\r\n\r\n", TLS_MISMATCH_HTTP},
                 {"SSH-2.0-OpenSSH_9.2\r\n", TLS_MISMATCH_SSH},
                 {"220 mail.example ESMTP\r\n", TLS_MISMATCH_GREETING},
                 {"* OK IMAP4rev1\r\n", TLS_MISMATCH_GREETING},
                 {"what is that?\r\n", TLS_MISMATCH_TEXT},
                 {"\x01\x02\x03\x04\x05\x06", TLS_MISMATCH_BINARY},
                 {"\x15\x03\x03", TLS_MISMATCH_NONE}, /* an alert that is not all there */
                 {"\x15\x03\x01\x02\x02\x02\x28", TLS_MISMATCH_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[256];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        l->us += 12 * MS;
        uint32_t at = k.sseq;
        from_server(&k, TCP_PSH | TCP_ACK, cases[i].answer, strlen(cases[i].answer));
        k.sseq = at; /* and once more: the same bytes are the same event */
        l->us += 300 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, cases[i].answer, strlen(cases[i].answer));
        const struct msg_service *s = service_of(l);
        assert_int_equal(s->tls_mismatch, cases[i].how != TLS_MISMATCH_NONE);
        assert_int_equal(s->tls_mismatch_class, cases[i].how);
        lab_free(l);
    }
}

static void test_clear_text_meets_tls(void **state) {
    (void)state;
    static const struct {
        uint16_t port;
        const char *answer; /* NULL: closed */
        size_t len;
        enum tls_mismatch how;
    } cases[] = {
        {8080, "\x15\x03\x01\0\2\2\x46", 7, TLS_MISMATCH_TLS},
        {443, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 47, TLS_MISMATCH_ERROR},
        {443, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38, TLS_MISMATCH_NONE},
        {80, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", 47, TLS_MISMATCH_NONE},
        {443, NULL, 0, TLS_MISMATCH_CLOSED},
        {80, NULL, 0, TLS_MISMATCH_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const char get[] = "GET / HTTP/1.1\r\nHost: h.example\r\n\r\n";
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, cases[i].port);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, get, sizeof get - 1);
        l->us += 12 * MS;
        if (cases[i].answer)
            from_server(&k, TCP_PSH | TCP_ACK, cases[i].answer, cases[i].len);
        else
            from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        const struct msg_service *s = service_of(l);
        assert_int_equal(s->tls_mismatch, cases[i].how != TLS_MISMATCH_NONE);
        assert_int_equal(s->tls_mismatch_class, cases[i].how);
        lab_free(l);
    }
}

/* TLS 1.3 up to the server's Finished. */
static void hellos(struct conn *k, uint8_t *b) {
    conn_open(k);
    from_client(k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
    k->l->us += 12 * MS;
    from_server(k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, false));
    from_server(k, TCP_PSH | TCP_ACK, b, record(b, 200));
}

/* Requests over TLS 1.3 in one connection: what of the server's small records was the answer, and
 * how long it took. */
static void test_tls_small_answers(void **state) {
    (void)state;
    enum { TICKETS = 1, SETTINGS = 2, FAREWELL = 4, OPEN = 8 };
    static const struct {
        unsigned how, wait_ms, requests; /* wait_ms: of the last request's answer; others 3 */
        uint32_t bytes;                  /* of each answer */
        unsigned samples, least_ms, most_ms;
    } cases[] = {
        {TICKETS, 900, 1, 300, 1, 900, 900},  /* slow, and tickets at once */
        {0, 900, 1, 300, 1, 900, 900},        /* slow, without tickets */
        {TICKETS, 3, 1, 300, 1, 3, 3},        /* the latest of what came at once */
        {TICKETS | OPEN, 3, 1, 300, 1, 3, 3}, /* ... of a connection that stays */
        {TICKETS, 900, 1, 3000, 1, 900, 900},
        {TICKETS | SETTINGS, 900, 1, 300, 1, 900, 900},
        {TICKETS | SETTINGS | FAREWELL, 3, 1, 300, 1, 3, 3}, /* what closes answers nothing */
        {TICKETS, 900, 4, 300, 4, 3, 900},
        {TICKETS, 30000, 1, 300, 1, 1, 1}, /* news, or a poll that ran out */
        {0, 30000, 1, 300, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[4096];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        hellos(&k, b);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53)); /* Finished */
        for (unsigned n = 0; n < cases[i].requests; n++) {
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 180));
            l->us += MS;
            if (n == 0 && cases[i].how & TICKETS) from_server(&k, TCP_ACK, b, record(b, 250));
            if (n == 0 && cases[i].how & SETTINGS) {
                from_server(&k, TCP_ACK, b, record(b, 40));
                from_client(&k, TCP_ACK, b, record(b, 26));
            }
            l->us += (n + 1 == cases[i].requests ? cases[i].wait_ms - 1 : 2) * MS;
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].bytes));
            lab_wait(l, 1 * S);
        }
        if (cases[i].how & FAREWELL) lab_wait(l, 15 * S);
        if (cases[i].how & FAREWELL) from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 34));
        if (!(cases[i].how & OPEN)) conn_close(&k);
        lab_wait(l, 2 * S);
        const struct dist *d = &service_of(l)->first_byte_us;
        if (d->samples != cases[i].samples || d->min_us != cases[i].least_ms * MS ||
            d->max_us != cases[i].most_ms * MS)
            fail_msg("case %zu: %u samples, %u to %u us", i, (unsigned)d->samples,
                     (unsigned)d->min_us, (unsigned)d->max_us);
        lab_free(l);
    }
}

/* A check of the certificate, by a client that asks nothing and goes: with its farewell or without,
 * in the segment of its Finished.  One that asked and goes has broken off. */
static void test_tls_check(void **state) {
    (void)state;
    for (int how = 0; how < 3; how++) { /* 0 no word, 1 farewell, 2 request */
        uint8_t b[512];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        hellos(&k, b);
        size_t n = record(b, 53);
        if (how) n += record(b + n, how == 1 ? 19 : 200);
        from_client(&k, TCP_PSH | TCP_ACK, b, n);
        l->us += 1 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 250)); /* a ticket */
        from_client(&k, TCP_RST, NULL, 0);
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 250));
        assert_int_equal(service_of(l)->reset_by_client, how == 2);
        lab_free(l);
    }
}

/* A talk: what a server says of its own accord (the client's receipt asks nothing), or a client
 * without an answer.  Not the rest of an answer, nor requests one after the other. */
static void test_tls_talk(void **state) {
    (void)state;
    static const struct {
        unsigned gap_ms;
        uint32_t asked, said, receipt; /* bytes, each time */
        unsigned unpaired, samples;
    } cases[] = {{3000, 0, 80, 0, 5, 1},
                 {3000, 0, 80, 4, 5, 1},
                 {300, 0, 80, 0, 0, 1},
                 {3000, 100, 80, 0, 0, 6},
                 {3000, 100, 0, 0, 4, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[512];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        from_server(&k, TCP_PSH | TCP_ACK, b, server_hello_of(b, 0x0304, false));
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        lab_wait(l, 1 * S);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 180));
        l->us += 20 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 300));
        for (unsigned n = 0; n < 5; n++) {
            lab_wait(l, cases[i].gap_ms * MS);
            const uint32_t bytes[] = {cases[i].asked, cases[i].said, cases[i].receipt};
            for (unsigned step = 0; step < 3; step++, l->us += 20 * MS)
                if (bytes[step] && step != 1)
                    from_client(&k, TCP_PSH | TCP_ACK, b, record(b, bytes[step]));
                else if (bytes[step])
                    from_server(&k, TCP_PSH | TCP_ACK, b, record(b, bytes[step]));
        }
        const struct msg_service *s = service_of(l);
        assert_int_equal(s->unpaired, cases[i].unpaired);
        assert_int_equal(s->first_byte_us.samples, cases[i].samples);
        lab_free(l);
    }
}

/* Several requests whose answers come one after the other are no talk, however long each takes;
 * messages of any size without an order are one, and a page that is asked for once more is not. */
static void test_tls_talk_or_several_requests(void **state) {
    (void)state;
    enum { ASKED, SAID };
    static const struct {
        struct {
            unsigned at_ms, how, bytes;
        } word[10];
        unsigned unpaired;
    } cases[] = {{{{0, ASKED, 180},
                   {100, ASKED, 180},
                   {200, ASKED, 180},
                   {1500, SAID, 80},
                   {2700, SAID, 80},
                   {4000, SAID, 80}},
                  0},
                 {{{0, ASKED, 180},
                   {1500, SAID, 900},
                   {3000, SAID, 900},
                   {4700, ASKED, 180},
                   {6500, SAID, 900},
                   {8000, SAID, 900},
                   {9500, SAID, 400}},
                  3},
                 {{{0, ASKED, 180},
                   {900, SAID, 900},
                   {3000, ASKED, 90},
                   {6000, ASKED, 90},
                   {6500, SAID, 900},
                   {9000, ASKED, 90},
                   {12000, ASKED, 90}},
                  2},
                 {{{0, ASKED, 180}, {900, SAID, 3500}, {3000, ASKED, 90}, {6000, ASKED, 90}}, 0},
                 {{{0, ASKED, 180},
                   {900, SAID, 3500},
                   {3000, ASKED, 90},
                   {6000, ASKED, 90},
                   {9000, ASKED, 90},
                   {9500, SAID, 3500},
                   {10800, SAID, 3500}},
                  2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[4096];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        hellos(&k, b);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        lab_wait(l, 1 * S);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 180));
        l->us += 20 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 300));
        lab_wait(l, 2 * S);
        uint64_t began_us = l->us;
        for (unsigned n = 0; n < 10 && cases[i].word[n].bytes; n++) {
            lab_wait(l, began_us + cases[i].word[n].at_ms * MS - l->us);
            if (cases[i].word[n].how == ASKED)
                from_client(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].word[n].bytes));
            else
                from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i].word[n].bytes));
        }
        if (service_of(l)->unpaired != cases[i].unpaired)
            fail_msg("case %zu: %u", i, (unsigned)service_of(l)->unpaired);
        lab_free(l);
    }
}

/* One record with that much content, in as many segments as it takes. */
static void say(struct conn *k, bool client, uint32_t content, uint32_t seal) {
    uint8_t b[1500];
    uint32_t left = content + seal;
    for (bool first = true; left > 0; first = false) {
        uint32_t part = left > 1400 ? 1400 : left;
        memset(b, 0xee, sizeof b);
        if (first) b[0] = 23, b[1] = 3, b[2] = 3, put16(b + 3, left);
        (client ? from_client : from_server)(k, TCP_PSH | TCP_ACK, b, first ? part + 5 : part);
        left -= part;
    }
}

/* What a client sends back to what it is sent asks nothing, neither in TLS 1.2 nor 1.3: pongs of a
 * web socket, updates of windows, receipts.  Short requests are requests where the client is kept
 * waiting, however the server's first frames look. */
static void test_tls_receipts_ask_nothing(void **state) {
    (void)state;
    static const struct {
        bool old;                  /* TLS 1.2 */
        unsigned first_ms, gap_ms; /* to the first answer; between the others, or of them */
        uint32_t said, back[2];    /* bytes of content; `back` at once, in two records */
        unsigned samples;
        uint32_t middle_ms;
    } cases[] = {{false, 5, 3000, 4000, {11, 0}, 1, 5},
                 {true, 5, 3000, 4000, {11, 0}, 1, 5},
                 {true, 5, 10000, 7, {11, 0}, 1, 5},     /* idle web sockets */
                 {false, 5, 1000, 40000, {26, 0}, 1, 5}, /* HTTP/2: two updates at once */
                 {false, 5, 1000, 40000, {13, 13}, 1, 5},
                 {true, 5, 1000, 40000, {13, 13}, 1, 5},
                 {false, 5, 3000, 1500, {26, 0}, 1, 5},
                 {false, 5, 10000, 17, {17, 0}, 1, 5}, /* PING */
                 {false, 800, 800, 5000, {15, 0}, 6, 800},
                 {false, 800, 800, 60, {15, 0}, 6, 800},
                 {true, 800, 800, 60, {15, 0}, 6, 800},
                 {false, 5, 800, 5000, {22, 0}, 6, 800}, /* one page was quick */
                 {true, 5, 800, 60, {28, 0}, 6, 800},
                 {false, 800, 800, 40000, {26, 0}, 1, 800}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[1500];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        uint32_t seal = cases[i].old ? 24 : 17;
        conn_open(&k);
        from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
        l->us += 12 * MS;
        size_t hello = server_hello_of(b, cases[i].old ? 0x0303 : 0x0304, false);
        from_server(&k, TCP_PSH | TCP_ACK, b, hello);
        if (!cases[i].old) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 180));
        l->us += 2 * MS;
        if (cases[i].first_ms > 100) from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 9 + seal));
        l->us += (cases[i].first_ms - 2) * MS;
        for (unsigned n = 0; n < 6; n++) {
            say(&k, false, n == 0 && cases[i].said < 150 ? 150 : cases[i].said, seal);
            if (n == 5) break;
            l->us += MS;
            size_t back = record(b, cases[i].back[0] + seal);
            if (cases[i].back[1]) back += record(b + back, cases[i].back[1] + seal);
            from_client(&k, TCP_PSH | TCP_ACK, b, back);
            l->us += cases[i].gap_ms * MS;
        }
        lab_wait(l, 2 * S);
        const struct dist *d = &service_of(l)->first_byte_us;
        if (d->samples != cases[i].samples || d->p50_us / MS != cases[i].middle_ms)
            fail_msg("case %zu: %u samples, %u us", i, (unsigned)d->samples, (unsigned)d->p50_us);
        lab_free(l);
    }
}

/* A client that shows a certificate asks nothing by it, and tickets that hold it answer nothing;
 * nor where its Finished comes in a segment of its own, or the server asked in vain. */
static void test_tls_client_certificate(void **state) {
    (void)state;
    static const struct {
        uint32_t first[3]; /* records up to the Finished */
        unsigned apart;    /* those from here on come in another segment */
        uint32_t ticket;
        unsigned early_ms; /* the request comes so long before the second ticket */
    } cases[] = {{{842, 281, 69}, 3, 1066, 1}, {{842, 281, 69}, 3, 1066, 0},
                 {{1300, 97, 53}, 2, 1400, 1}, {{1300, 97, 53}, 1, 1400, 1},
                 {{25, 53, 0}, 2, 250, 1},     {{1200, 0, 0}, 1, 1100, 1}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[4096];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        uint32_t wait_ms = i % 2 ? 3000 : 20, bytes = 0;
        hellos(&k, b);
        for (unsigned n = 0; n < 3; n++) {
            if (n == cases[i / 2].apart && bytes)
                from_client(&k, TCP_ACK, b, bytes), bytes = 0, l->us += MS;
            if (cases[i / 2].first[n]) bytes += (uint32_t)record(b + bytes, cases[i / 2].first[n]);
        }
        if (bytes) from_client(&k, TCP_PSH | TCP_ACK, b, bytes);
        l->us += 8 * MS;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i / 2].ticket));
        l->us += MS;
        uint32_t knew = k.cseq;
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 100));
        uint32_t asked = k.cseq;
        if (!cases[i / 2].early_ms) k.cseq = knew;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, cases[i / 2].ticket));
        k.cseq = asked;
        from_server(&k, TCP_ACK, NULL, 0);
        l->us += wait_ms * MS;
        from_server(&k, TCP_ACK, b, record(b, 3058));
        l->us += MS;
        conn_close(&k);
        lab_wait(l, 2 * S);
        const struct dist *d = &service_of(l)->first_byte_us;
        if (d->samples != 1 || d->max_us / MS != wait_ms)
            fail_msg("case %zu: %u samples, %u us", i, (unsigned)d->samples, (unsigned)d->max_us);
        lab_free(l);
    }
}

/* A request of a few bytes (HPACK) comes after a pause, and its answer comes for it, whatever the
 * answers before took.  Not so what a client says by its own clock to a server that does the same,
 * nor a late update of windows. */
static void test_tls_short_requests(void **state) {
    (void)state;
    static const struct {
        bool old, middle; /* TLS 1.2; joined in mid-connection */
        uint16_t port;
        uint32_t asks, says;      /* bytes of content */
        unsigned quick, pause_ms; /* answers of 30 ms before slow ones; of the client */
        bool pushes;              /* the server says another word on its own */
        unsigned samples;
    } cases[] = {{false, false, 443, 15, 4000, 4, 800, false, 11},
                 {true, false, 443, 15, 4000, 4, 800, false, 11},
                 {false, true, 443, 15, 2000, 0, 800, false, 10},
                 {true, true, 443, 15, 2000, 0, 800, false, 10},
                 {false, false, 443, 39, 4000, 0, 800, false, 11},
                 {true, false, 443, 52, 4000, 2, 800, false, 11},
                 {false, false, 443, 26, 4000, 0, 800, false, 1}, /* an update of windows */
                 {false, false, 443, 15, 4000, 4, 5, false, 1},   /* at once: a pong */
                 {true, false, 443, 4, 400, 0, 5, false, 1},      /* MQTT */
                 {true, false, 443, 9, 400, 4, 800, false, 1},    /* beats, by the size */
                 {true, false, 443, 17, 13, 1, 6000, false, 3},
                 {false, true, 443, 17, 400, 1, 6000, true, 1}, /* news in between */
                 {true, false, 995, 8, 5000, 4, 5, false, 11},
                 {false, false, 995, 8, 5000, 4, 5, false, 11}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t b[512];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, cases[i].port);
        uint32_t seal = cases[i].old ? 24 : 17;
        if (!cases[i].middle) {
            conn_open(&k);
            from_client(&k, TCP_PSH | TCP_ACK, b, client_hello(b, ""));
            l->us += 12 * MS;
            size_t hello = server_hello_of(b, cases[i].old ? 0x0303 : 0x0304, false);
            from_server(&k, TCP_PSH | TCP_ACK, b, hello);
            if (!cases[i].old) from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
            say(&k, true, 180, seal);
            l->us += 12 * MS;
        }
        say(&k, false, 4000, seal);
        for (unsigned n = 0; n < 10; n++) {
            l->us += cases[i].pause_ms * MS;
            say(&k, true, cases[i].asks, seal);
            l->us += n < cases[i].quick ? 30 * MS : (2000 + 100 * n) * MS;
            say(&k, false, cases[i].says, seal);
            if (!cases[i].pushes) continue;
            l->us += 3 * S;
            say(&k, false, cases[i].says, seal);
        }
        lab_wait(l, 2 * S);
        const struct dist *d = &service_of(l)->first_byte_us;
        if (d->samples != cases[i].samples)
            fail_msg("case %zu: %u samples, %u us", i, (unsigned)d->samples, (unsigned)d->p50_us);
        lab_free(l);
    }
}

/* A connection that was there before is known by its records, too. */
static void test_tls_receipts_in_mid_connection(void **state) {
    (void)state;
    for (uint32_t content = 11; content <= 200; content += 189) {
        uint8_t b[512];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        for (unsigned n = 0; n < 6; n++) {
            from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 300));
            l->us += 1 * MS;
            from_client(&k, TCP_PSH | TCP_ACK, b, record(b, content + 17));
            lab_wait(l, 3 * S);
        }
        assert_int_equal(service_of(l)->first_byte_us.samples, content > 11 ? 5 : 0);
        lab_free(l);
    }
}

/* The same over TLS: the server's farewell answers nothing, and the client's is no request. */
static void test_tls_crossed_by_a_request(void **state) {
    (void)state;
    static const uint32_t asked[] = {300, 19};
    for (size_t i = 0; i < 2; i++) {
        uint8_t b[4096];
        struct lab *l = lab_default();
        struct conn k = conn_new(l, 40000, 443);
        hellos(&k, b);
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 53));
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, 180));
        lab_wait(l, 200 * MS);
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 3000)); /* large: what is small may ask */
        lab_wait(l, 60 * S);
        uint32_t before = k.cseq;
        from_client(&k, TCP_PSH | TCP_ACK, b, record(b, asked[i]));
        l->us += 5 * MS;
        uint32_t after = k.cseq;
        k.cseq = before;
        from_server(&k, TCP_PSH | TCP_ACK, b, record(b, 19));
        from_server(&k, TCP_FIN | TCP_ACK, NULL, 0);
        k.cseq = after;
        from_client(&k, TCP_ACK, NULL, 0);
        l->us += 10 * MS;
        from_server(&k, TCP_RST, NULL, 0);
        lab_snapshot(l);
        const struct msg_incident *n = l->incidents.rows_n ? &l->incidents.rows[0] : NULL;
        assert_int_equal(n && n->kind == INCIDENT_IDLE_END && n->value == 3, asked[i] > 100);
        lab_free(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_versions_out_of_date),
        cmocka_unit_test(test_tls_meets_clear_text),
        cmocka_unit_test(test_clear_text_meets_tls),
        cmocka_unit_test(test_tls_small_answers),
        cmocka_unit_test(test_tls_check),
        cmocka_unit_test(test_tls_talk),
        cmocka_unit_test(test_tls_talk_or_several_requests),
        cmocka_unit_test(test_tls_receipts_ask_nothing),
        cmocka_unit_test(test_tls_client_certificate),
        cmocka_unit_test(test_tls_short_requests),
        cmocka_unit_test(test_tls_receipts_in_mid_connection),
        cmocka_unit_test(test_tls_crossed_by_a_request),
    };
    return cmocka_run_group_tests_name("track_tls", tests, NULL, NULL);
}
