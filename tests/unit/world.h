/* A capture filled in by hand, for the tests of rules and reports. */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H
#include "mcpd/diagnose/diagnose.h"
#include "mcpd/report/report.h"
#include <string.h>

struct world {
    struct snapshot s;
    struct msg_service service[8];
    struct msg_resolver resolver[4];
    struct msg_dns_row dns[16];
    struct msg_incident incident[8];
    struct msg_udp_service udp[16];
    struct msg_media media[4];
    struct target target;
    struct capture_view v;
};

/* A finished capture of the whole network, good quality, with nothing wrong: one web service with
 * ten connections and one resolver with ten answers. */
static inline void world_init(struct world *w) {
    memset(w, 0, sizeof *w);
    struct msg_totals *t = &w->s.totals;
    w->s.full = true;
    t->snapshot_id = 7;
    t->started_us = 1795000000123456u;
    t->duration_us = 30000000;
    t->packets = t->seen = t->received = 2000;
    t->bytes = 1000000;
    t->acks = 800;
    t->flows = t->tcp_flows = t->attempted = t->established = t->closed = 10;
    t->dns_transactions = t->dns_queries = t->dns_responses = 10;
    t->http_requests = t->tls_client_hellos = 10;
    w->service[0] = (struct msg_service){.address = addr_from_bytes((uint8_t[]){203, 0, 113, 9}, 4),
                                         .port = 443,
                                         .name = "api.example.com",
                                         .on_target = true,
                                         .both_directions = true,
                                         .packets = 1500,
                                         .first_us = 1000000,
                                         .last_us = 29000000,
                                         .heard_us = 29000000,
                                         .attempted = 10,
                                         .established = 10,
                                         .closed = 10,
                                         .data_segments_to_client = 1000,
                                         .data_segments_to_server = 200,
                                         .handshake_us = {10, 9000, 10000, 12000, 13000},
                                         .rtt_us = {100, 9000, 11000, 20000, 30000},
                                         .request_ack_us = {10, 9000, 10000, 40000, 41000},
                                         .first_byte_us = {10, 20000, 30000, 60000, 70000},
                                         .requests = 10,
                                         .tls_client_hellos = 10,
                                         .tls_server_hellos = 10,
                                         .http_responses = 10};
    w->resolver[0] =
        (struct msg_resolver){.address = addr_from_bytes((uint8_t[]){192, 0, 2, 53}, 4),
                              .port = 53,
                              .on_target = true,
                              .both_directions = true,
                              .queries = 10,
                              .transactions = 10,
                              .responses = 10,
                              .noerror = 10,
                              .latency_us = {10, 1000, 2000, 9000, 9000},
                              .trouble_name = "trouble.example.com"};
    w->s.services = (struct msg_services){.rows = w->service, .rows_n = 1, .of = 1};
    w->s.resolvers = (struct msg_resolvers){.rows = w->resolver, .rows_n = 1, .of = 1};
    w->s.dns = (struct msg_dns){.rows = w->dns};
    w->s.incidents = (struct msg_incidents){.rows = w->incident};
    w->s.udp = (struct msg_udp){.rows = w->udp};
    w->s.streams = (struct msg_streams){.rows = w->media};
    w->target.mode = MODE_DIAGNOSIS;
    w->v = (struct capture_view){.id = "0123456789abcdef0123456789abcdef",
                                 .state = CAPTURE_FINISHED,
                                 .target = &w->target,
                                 .interface = "eth0",
                                 .interface_why = "default route",
                                 .filter = "",
                                 .ended_why = "duration",
                                 .duration_ms = 30000,
                                 .snapshot = &w->s};
}

static inline void world_target(struct world *w, const char *name, enum mode mode) {
    strcpy(w->target.text, name);
    strcpy(w->target.name, name);
    w->target.mode = mode;
}

static inline struct msg_dns_row *world_dns(struct world *w, const char *name, unsigned rcode) {
    struct msg_dns_row *d = &w->dns[w->s.dns.rows_n++];
    w->s.dns.of++;
    *d = (struct msg_dns_row){.server = w->resolver[0].address,
                              .server_port = 53,
                              .type = 1,
                              .on_target = true,
                              .answered = true,
                              .rcode = rcode,
                              .tries = 1};
    strcpy(d->name, name);
    return d;
}

static inline struct msg_incident *world_incident(struct world *w, enum incident_kind kind) {
    struct msg_incident *n = &w->incident[w->s.incidents.rows_n++];
    *n = (struct msg_incident){.kind = kind,
                               .subject = w->service[0].address,
                               .port = w->service[0].port,
                               .peer = addr_from_bytes((uint8_t[]){198, 51, 100, 1}, 4),
                               .on_target = true,
                               .count = 1,
                               .first_us = 1000000,
                               .last_us = 2000000};
    return n;
}

static inline const struct finding *find_id(const struct diagnosis *d, const char *id) {
    for (uint32_t i = 0; i < d->n; i++)
        if (strcmp(d->finding[i].rule->id, id) == 0) return &d->finding[i];
    return NULL;
}
#endif
