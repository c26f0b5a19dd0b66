#ifndef TESTS_UNIT_ENDINGS_H
#define TESTS_UNIT_ENDINGS_H
#include "tests/unit/pktbuild.h"

static inline const struct msg_incident *incident_of(struct lab *l, enum incident_kind kind) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->incidents.rows_n; i++)
        if (l->incidents.rows[i].kind == kind) return &l->incidents.rows[i];
    return NULL;
}

static inline void ask(struct conn *k) {
    static const char get[] = "GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n";
    from_client(k, TCP_PSH | TCP_ACK, get, sizeof get - 1);
    k->l->us += 5 * MS;
}

static inline void answer(struct conn *k, const char *text) {
    from_server(k, TCP_PSH | TCP_ACK, text, strlen(text));
    k->l->us += MS;
    from_client(k, TCP_ACK, NULL, 0);
    k->l->us += MS;
}

static inline struct conn opened(struct lab *l, uint16_t sport) {
    struct conn k = conn_new(l, 40000, sport);
    conn_open(&k);
    return k;
}

#define COMPLETE "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"

#endif
