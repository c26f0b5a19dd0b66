/* A server that sends its data where the test says, and a client that acknowledges as it says. */
#ifndef TESTS_UNIT_RESEND_H
#define TESTS_UNIT_RESEND_H
#include "tests/unit/pktbuild.h"

#define DATA 1000u

/* An open connection with one request made, so that the server may send. */
static inline struct conn serving(struct lab *l) {
    struct conn k = conn_new(l, 40000, 80);
    conn_open(&k);
    from_client(&k, TCP_PSH | TCP_ACK, NULL, 100);
    l->us += 10 * MS;
    return k;
}

static inline void ack(struct conn *k, uint32_t number) {
    uint32_t keep = k->sseq;
    k->sseq = number;
    from_client(k, TCP_ACK, NULL, 0);
    k->sseq = keep;
}

static inline void send_at(struct conn *k, uint32_t seq) {
    uint32_t keep = k->sseq;
    k->sseq = seq;
    from_server(k, TCP_ACK, NULL, DATA);
    k->sseq = keep;
}
#endif
