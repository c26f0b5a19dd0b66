/* The engine's state as frames.  A table whose rows do not fit its frame, or the whole snapshot,
 * loses rows from the end, where the least bad ones are.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/snapshot.h"
#include "capd/stat/rows.h"
#include "capd/track/path.h"
#include "capd/track/ping.h"
#include "capd/track/tcp_end.h"
#include "capd/track/tcp_setup.h"
#include "capd/track/seconds.h"
#include "capd/track/select.h"
#include "capd/track/dhcp_track.h"
#include "capd/track/link.h"
#include "capd/track/tcp.h"
#include "common/wire.h"

/* Room of each table in the 1 MiB of a snapshot, the frame limit at most. */
#define ROOM_SMALL (40u * 1024u)
#define ROOM_TABLE (150u * 1024u)

struct out {
    struct engine *e;
    snapshot_sink sink;
    void *ctx;
};

static void send(struct out *o, unsigned type, bool more, const void *msg) {
    size_t n = schema_encode(schema_of_wire(type), msg, o->e->frame, LIM_FRAME_FROM_CAPD);
    ASSERT(n > 0);
    o->sink(o->ctx, type, more, o->e->frame, n);
}

/* Every table message is {rows, of}, and perhaps more: shrink until it fits. */
#define SEND_ROWS(o, type, T, row, fn, room, last)                                                 \
    SEND_TABLE(o, type, T, row, fn, room, last, (void)0)
#define SEND_TABLE(o, type, T, row, fn, room, last, more)                                          \
    do {                                                                                           \
        struct msg_##T m = {.rows = (struct msg_##row *)(void *)(o)->e->rows};                     \
        m.rows_n = fn((o)->e, m.rows, &m.of);                                                      \
        more;                                                                                      \
        size_t n = schema_encode(&schema_##T, &m, (o)->e->frame, room);                            \
        while (n == 0 && m.rows_n > 0) {                                                           \
            m.rows_n -= m.rows_n / 8 + 1;                                                          \
            n = schema_encode(&schema_##T, &m, (o)->e->frame, room);                               \
        }                                                                                          \
        (o)->sink((o)->ctx, type, !(last), (o)->e->frame, n);                                      \
    } while (0)

static void send_totals(struct out *o, bool more) {
    struct msg_totals t;
    struct msg_code_count codes[4][LIM_CODES];
    struct msg_protocol protocols[LIM_PROTOCOLS];
    totals_fill(o->e, &t, codes, protocols);
    send(o, WIRE_TOTALS, more, &t);
}

static void send_timeline(struct out *o) {
    struct seconds *s = &o->e->seconds;
    uint64_t rtt_us[LIM_TIMELINE];
    seconds_rtt_means(s, rtt_us);
    struct msg_timeline t = {.bucket_us = s->bucket_us,
                             .packets = s->packets,
                             .packets_n = s->used,
                             .bytes = s->bytes,
                             .bytes_n = s->used,
                             .to_client = s->to_client,
                             .to_client_n = s->used,
                             .to_server = s->to_server,
                             .to_server_n = s->used,
                             .retransmitted = s->retransmitted,
                             .retransmitted_n = s->used,
                             .rtt_us = rtt_us,
                             .rtt_us_n = s->used};
    send(o, WIRE_TIMELINE, true, &t);
}

static uint32_t rows_incidents(struct engine *e, struct msg_incident *rows, uint64_t *of_out) {
    struct incidents *all = (struct incidents *)(void *)e->facts; /* free between the tables */
    *all = e->incidents;
    for (uint32_t i = 0; i < e->flows.fresh; i++) {
        const struct flow *f = &e->flows.flow[i];
        if (e->flows.link[i].list == FLOWS_FREE || f->ip_proto != 6) continue;
        if (f->bits & FLOW_SELECTED) tcp_end_report(e, f, all);
    }
    tcp_setup_report(e, all);
    ping_report(e, all);
    path_report(e, all);
    dhcp_report(e, all);
    memcpy(rows, all->row, all->used * sizeof *rows);
    *of_out = all->seen;
    return all->used;
}

static void send_all(struct out *o) {
    struct engine *e = o->e;
    link_report(e);
    send_totals(o, true);
    SEND_TABLE(o, WIRE_SERVICES, services, service, rows_services, ROOM_TABLE, false,
               m.others_heard_us = e->services.others_heard_us);
    SEND_ROWS(o, WIRE_RESOLVERS, resolvers, resolver, rows_resolvers, ROOM_SMALL, false);
    SEND_ROWS(o, WIRE_CONNECTIONS, connections, connection, rows_connections, ROOM_TABLE, false);
    SEND_ROWS(o, WIRE_DNS, dns, dns_row, rows_dns, ROOM_TABLE, false);
    SEND_ROWS(o, WIRE_HTTP, http, http_row, rows_http, ROOM_TABLE, false);
    SEND_ROWS(o, WIRE_TLS, tls, tls_row, rows_tls, ROOM_TABLE, false);
    SEND_ROWS(o, WIRE_HOSTS, hosts, host, rows_hosts, ROOM_SMALL, false);
    send_timeline(o);
    SEND_ROWS(o, WIRE_UDP, udp, udp_service, rows_udp, ROOM_SMALL, false);
    SEND_ROWS(o, WIRE_STREAMS, streams, media, rows_media, ROOM_SMALL, false);
    SEND_ROWS(o, WIRE_INCIDENTS, incidents, incident, rows_incidents, ROOM_SMALL, true);
}

void snapshot_encode(struct engine *e, uint64_t now_ns, bool full, snapshot_sink sink, void *ctx) {
    struct out o = {e, sink, ctx};
    if (!e->o.file && now_ns > e->last_ns) e->last_ns = now_ns;
    uint64_t packet_us = e->now_us;
    e->now_us = e->last_ns > e->epoch_ns ? (e->last_ns - e->epoch_ns) / 1000 : 0;
    select_settle_all(e, SELECT_WAIT_US);
    tcp_answers_settle(e);
    if (full) {
        e->snapshot_id++;
        send_all(&o);
    } else {
        send_totals(&o, false);
    }
    e->now_us = packet_us;
}

void snapshot_counts(const struct engine *e, uint64_t *packets_out, uint64_t *bytes_out) {
    *packets_out = e->total.packets;
    *bytes_out = e->total.bytes;
}
