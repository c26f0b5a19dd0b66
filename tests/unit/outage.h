/* Hosts beyond the local network that are silent together. */
#ifndef TESTS_UNIT_OUTAGE_H
#define TESTS_UNIT_OUTAGE_H
#include "tests/unit/world.h"
#include <stdio.h>

/* By its address a capture knows what lies beyond. */
static struct msg_connection first_client;

static inline struct msg_service *beyond(struct world *w, uint32_t i, uint8_t net, uint8_t last) {
    struct msg_service *s = &w->service[i];
    *s = w->service[0];
    s->address = addr_from_bytes((uint8_t[]){203, 0, net, last}, 4);
    s->on_target = false;
    snprintf(s->name, sizeof s->name, "host%u.example", i);
    w->s.services.rows_n = i + 1;
    return s;
}

/* Four hosts in four networks; none has answered. */
static inline void cut_off(struct world *w) {
    for (uint32_t i = 4; i-- > 0;) {
        struct msg_service *s = beyond(w, i, (uint8_t)(113 + i), 9);
        memset(&s->handshake_us, 0, (size_t)((char *)(s + 1) - (char *)&s->handshake_us));
        s->established = s->closed = 0;
        s->attempted = s->timed_out = s->timeout_repeated = 1;
        s->timeout_syn_sent = 4;
        s->timeout_first_us = 2000000 + i;
        s->both_directions = false;
        s->heard_us = 0;
        s->data_segments_to_client = s->data_segments_to_server = 0;
    }
    w->s.services.rows_n = 4;
    w->s.totals.established = 0;
    first_client = (struct msg_connection){.client = addr_from_bytes((uint8_t[]){10, 0, 0, 2}, 4)};
    w->s.connections = (struct msg_connections){.rows = &first_client, .rows_n = 1, .of = 1};
}
#endif
