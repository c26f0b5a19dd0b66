/* What is tried in vain on many ports or hosts, by whoever searches and by whoever needs it; a part
 * of witnesses.h. */
#ifndef TESTS_UNIT_WITNESSES_SCANS_H
#define TESTS_UNIT_WITNESSES_SCANS_H
#include "tests/unit/witnesses.h"

WITNESS(port_scan) {
    static struct msg_connection c[30];
    memset(c, 0, sizeof c);
    for (unsigned i = 0; i < 30; i++)
        c[i] = (struct msg_connection){.client = w->resolver[0].address,
                                       .server = w->service[0].address,
                                       .server_port = 1000 + i,
                                       .state = i % 2 ? CONN_REFUSED : CONN_TIMED_OUT,
                                       .start_us = i * 1000};
    w->s.connections = (struct msg_connections){.rows = c, .rows_n = 30, .of = 30};
}
WITNESS(port_scan_slow) {
    port_scan(w);
    for (unsigned i = 0; i < 30; i++) w->s.connections.rows[i].start_us = i * 1000000;
}
WITNESS(ports_that_work) {
    port_scan(w);
    for (unsigned i = 0; i < 30; i++)
        w->s.connections.rows[i].state = i < 20 ? CONN_CLOSED : CONN_REFUSED;
}
/* One client tried one dead service thirty times: an outage, no scan. */
WITNESS(retries_of_one_port) {
    port_scan(w);
    for (unsigned i = 0; i < 30; i++) w->s.connections.rows[i].server_port = 443;
}
/* Nothing listens on 30 ports of a host, and somebody tried each twice. */
WITNESS(refused_on_all_ports) {
    static struct msg_service s[30];
    refused(w);
    for (unsigned i = 0; i < 30; i++) {
        s[i] = w->service[0];
        s[i].port = 1000 + i;
        s[i].asked_again = 1;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = 30, .of = 30};
}
WITNESS(refused_by_slow_scan) {
    refused_on_all_ports(w);
    for (unsigned i = 0; i < 30; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        s->attempted = s->refused = 1;
        s->asked_again = 0;
    }
}
WITNESS(refused_by_scan) {
    refused_by_slow_scan(w);
    port_scan(w);
}
/* Behind so many tries that no row is left for some. */
WITNESS(refused_by_long_scan) {
    refused_by_scan(w);
    w->s.services.rows[0].port = 2000;
    w->s.connections.of = 5000;
}
/* Its clients know what it offers: more than one in five works. */
WITNESS(refused_on_most_ports) {
    refused_by_slow_scan(w);
    for (unsigned i = 22; i < 30; i++) {
        w->s.services.rows[i].established = w->s.services.rows[i].closed = 1;
        w->s.services.rows[i].refused = 0;
    }
}

/* Sixty hosts of a site on one port, each tried once, with so many SYNs. */
static inline void hosts_tried(struct world *w, uint64_t syns) {
    static struct msg_service s[60];
    silent(w);
    for (uint32_t i = 0; i < 60; i++) {
        s[i] = w->service[0];
        s[i].address = addr_from_bytes((uint8_t[]){10, 0, 0, (uint8_t)(100 + i)}, 4);
        s[i].name[0] = 0;
        s[i].attempted = s[i].timed_out = s[i].timeout_repeated = 1;
        s[i].timeout_syn_sent = syns;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = 60, .of = 60};
}
WITNESS(hosts_searched) {
    hosts_tried(w, 3);
}
WITNESS(hosts_waited_for) {
    hosts_tried(w, 4);
}

/* ---- two ports of one host, of which clients take what works ---- */
static inline void refused_beside(struct world *w, uint16_t refused_port, uint16_t port) {
    static struct msg_connection c[4];
    refused(w);
    w->service[0].port = refused_port;
    w->service[0].attempted = w->service[0].refused = 2;
    for (unsigned i = 0; i < 4; i++)
        c[i] = (struct msg_connection){.client = w->resolver[0].address,
                                       .server = w->service[0].address,
                                       .server_port = i % 2 ? port : refused_port,
                                       .state = i % 2 ? CONN_CLOSED : CONN_REFUSED,
                                       .start_us = 2000000 + 9000000 * (i / 2) + 100 * i};
    w->s.connections = (struct msg_connections){.rows = c, .rows_n = 4, .of = 4};
}
WITNESS(refused_beside_smb) {
    refused_beside(w, 139, 445);
    w->s.connections.rows[0].start_us += 1000;
}
WITNESS(refused_beside_another_port) {
    refused_beside(w, 139, 80);
}
WITNESS(refused_before_plain_http) {
    refused_beside(w, 443, 80);
}
/* A page without TLS leads to one with it. */
WITNESS(refused_after_plain_http) {
    refused_beside(w, 443, 80);
    w->s.connections.rows[2].start_us += 1000;
}
WITNESS(refused_again_before_plain_http) {
    refused_beside(w, 443, 80);
    w->service[0].asked_again = 2;
}
WITNESS(refused_before_plain_http_of_another) {
    refused_beside(w, 443, 80);
    w->s.connections.rows[3].client.b[3]++;
}
WITNESS(refused_long_before_plain_http) {
    refused_beside(w, 443, 80);
    w->s.connections.rows[3].start_us += 4000000;
}
WITNESS(refused_before_plain_http_and_more) {
    refused_beside(w, 443, 80);
    w->service[0].attempted = w->service[0].refused = 3;
}

/* ---- scans that have just begun ---- */
/* Too young to say, but for one in ten. */
WITNESS(refused_by_scan_just_begun) {
    refused_by_scan(w);
    for (uint32_t i = 0; i < 30; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        if (i % 10 == 0) continue;
        s->pending = s->attempted;
        s->refused = 0;
    }
}
WITNESS(refused_by_search_just_begun) {
    static struct msg_service s[60];
    static struct msg_connection c[60];
    refused(w);
    memset(c, 0, sizeof c);
    for (uint32_t i = 0; i < 60; i++) {
        s[i] = w->service[0];
        s[i].address.b[3] = (uint8_t)(9 + i);
        s[i].name[0] = 0;
        s[i].attempted = s[i].refused = 1;
        c[i] = (struct msg_connection){.client = w->resolver[0].address,
                                       .server = s[i].address,
                                       .server_port = s[i].port,
                                       .state = CONN_REFUSED,
                                       .start_us = i * 1000};
        if (i == 0) continue;
        s[i].pending = s[i].attempted;
        s[i].refused = 0;
    }
    w->s.services = (struct msg_services){.rows = s, .rows_n = 60, .of = 60};
    w->s.connections = (struct msg_connections){.rows = c, .rows_n = 60, .of = 60};
}
/* A client that goes from host to host: those that it has just begun with are no scan. */
WITNESS(refused_by_one_of_many) {
    refused_by_search_just_begun(w);
    w->s.connections.rows_n = 0;
    for (uint32_t i = 40; i < 60; i++) {
        struct msg_service *s = &w->s.services.rows[i];
        s->established = s->closed = s->attempted;
        s->pending = 0;
    }
}

#endif
