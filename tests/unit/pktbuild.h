#ifndef TESTS_UNIT_PKTBUILD_H
#define TESTS_UNIT_PKTBUILD_H
/* Packets by hand, through the engine, and the snapshot read back: what the tests of track and stat
 * share.  Checksums are zero: the engine does not look at them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "capd/stat/snapshot.h"
#include "capd/track/engine.h"
#include "common/wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000u /* the builder's clock counts microseconds */
#define S  (1000u * MS)
#define A1 0x0a000001u /* the usual client, 10.0.0.1 */
#define B1 0xc0000201u /* the usual server, 192.0.2.1 */

struct lab {
    struct engine *e;
    size_t snap; /* of IPv4; 0: none */
    uint64_t us; /* now, since the start */
    uint16_t ip_id;
    uint8_t ttl;
    bool no_option_scale;
    uint16_t window;
    uint8_t scale; /* of windows, in SYNs */
    uint8_t mac;   /* last byte of the sender's link-layer address, less 2 */
    bool queued;   /* frames may wait for each other */
    /* the last snapshot */
    struct msg_totals totals;
    struct msg_services services;
    struct msg_resolvers resolvers;
    struct msg_connections connections;
    struct msg_dns dns;
    struct msg_http http;
    struct msg_tls tls;
    struct msg_hosts hosts;
    struct msg_timeline timeline;
    struct msg_udp udp;
    struct msg_streams streams;
    struct msg_incidents incidents;
    struct schema_arena arena;
    uint64_t digest; /* of all frames */
    size_t bytes;    /* of all frames */
    unsigned frames;
};

static inline struct engine_options lab_options(void) {
    return (struct engine_options){.target.mode = MODE_DIAGNOSIS,
                                   .seed = {11, 22},
                                   .flows = 1024,
                                   .names = true,
                                   .file = true};
}

static inline struct lab *lab_new(const struct engine_options *o) {
    struct lab *l = calloc(1, sizeof *l);
    size_t bytes = engine_memory(o);
    void *memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    memset(memory, 0, bytes);
    l->e = engine_init(memory, o);
    l->arena = (struct schema_arena){malloc(4u << 20), 0, 4u << 20};
    l->ttl = 64;
    l->window = 8192;
    return l;
}

static inline struct lab *lab_default(void) {
    struct engine_options o = lab_options();
    return lab_new(&o);
}

static inline void lab_free(struct lab *l) {
    free(l->e);
    free(l->arena.bytes);
    free(l);
}

static inline void put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void put32(uint8_t *p, uint32_t v) {
    put16(p, v >> 16);
    put16(p + 2, v);
}

#define LAB_START_NS UINT64_C(1700000000000000000)

static inline void lab_frame(struct lab *l, const uint8_t *frame, size_t bytes, size_t wire) {
    uint64_t ns = LAB_START_NS + l->us * 1000;
    if (!l->queued) {
        engine_frame(l->e, 1, ns, frame, (uint32_t)bytes, (uint32_t)wire);
        return;
    }
    uint8_t *lent = malloc(bytes > 0 ? bytes : 1); /* gone afterwards, as in a capture */
    memcpy(lent, frame, bytes);
    engine_queue(l->e, 1, ns, lent, (uint32_t)bytes, (uint32_t)wire);
    memset(lent, 0xa5, bytes);
    free(lent);
}

#define LAB_BROADCAST 0x0a0000ffu

/* Of a station whose link-layer address is that of lab_ip() with no `mac`. */
static inline void lab_arp(struct lab *l, uint8_t op, uint32_t sender, uint32_t target) {
    uint8_t f[42] = {0};
    memset(f, op == 2 && sender != target ? 2 : 0xff, 6);
    memset(f + 6, 2, 6);
    memcpy(f + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00", 9);
    f[21] = op;
    memset(f + 22, 2, 6);
    put32(f + 28, sender);
    put32(f + 38, target);
    lab_frame(l, f, sizeof f, sizeof f);
}

/* Ethernet and IPv4 around `n` bytes of transport already at frame + 34. */
static inline void lab_ip(struct lab *l, uint8_t *frame, uint8_t proto, uint32_t src, uint32_t dst,
                          size_t n) {
    memset(frame, 2, 12);
    frame[11] = (uint8_t)(2 + l->mac);
    if (dst == LAB_BROADCAST || dst == 0xffffffffu) memset(frame, 0xff, 6);
    put16(frame + 12, 0x0800);
    uint8_t *ip = frame + 14;
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(20 + n));
    put16(ip + 4, ++l->ip_id);
    ip[8] = l->ttl;
    ip[9] = proto;
    put32(ip + 12, src);
    put32(ip + 16, dst);
    lab_frame(l, frame, l->snap && l->snap < 34 + n ? l->snap : 34 + n, 34 + n);
}

struct seg {
    uint32_t src, dst;
    uint16_t sport, dport;
    uint32_t seq, ack;
    uint8_t flags;
    const void *data;
    size_t len; /* data NULL: len bytes of 'x' */
};

static inline void lab_tcp(struct lab *l, struct seg s) {
    uint8_t f[4096];
    uint8_t *t = f + 34;
    bool syn = s.flags & TCP_SYN;
    size_t head = syn ? 28 : 20;
    memset(t, 0, head);
    put16(t, s.sport);
    put16(t + 2, s.dport);
    put32(t + 4, s.seq);
    put32(t + 8, s.ack);
    t[12] = (uint8_t)(head / 4 << 4);
    t[13] = s.flags;
    put16(t + 14, l->window);
    if (syn) memcpy(t + 20, "\x02\x04\x05\xb4\x01\x03\x03", 7), t[27] = l->scale; /* MSS 1460 */
    if (s.data)
        memcpy(t + head, s.data, s.len);
    else
        memset(t + head, 'x', s.len);
    lab_ip(l, f, 6, s.src, s.dst, head + s.len);
}

static inline void lab_udp(struct lab *l, uint32_t src, uint16_t sport, uint32_t dst,
                           uint16_t dport, const void *data, size_t n) {
    uint8_t f[4096];
    uint8_t *u = f + 34;
    put16(u, sport);
    put16(u + 2, dport);
    put16(u + 4, (uint32_t)(8 + n));
    put16(u + 6, 0);
    memcpy(u + 8, data, n);
    lab_ip(l, f, 17, src, dst, 8 + n);
}

/* One connection, its sequence numbers kept. */
struct conn {
    struct lab *l;
    uint32_t c, s, cseq, sseq;
    uint16_t cport, sport;
};

static inline struct conn conn_new(struct lab *l, uint16_t cport, uint16_t sport) {
    return (struct conn){l, A1, B1, 1000, 500000, cport, sport};
}

/* What the client (server) sends now; advances its sequence number when `count` is set. */
static inline void from_client(struct conn *k, uint8_t flags, const void *data, size_t n) {
    lab_tcp(k->l, (struct seg){k->c, k->s, k->cport, k->sport, k->cseq,
                               flags & TCP_ACK ? k->sseq : 0, flags, data, n});
    k->cseq += (uint32_t)n + (flags & TCP_SYN ? 1u : 0u) + (flags & TCP_FIN ? 1u : 0u);
}

static inline void from_server(struct conn *k, uint8_t flags, const void *data, size_t n) {
    lab_tcp(k->l, (struct seg){k->s, k->c, k->sport, k->cport, k->sseq,
                               flags & TCP_ACK ? k->cseq : 0, flags, data, n});
    k->sseq += (uint32_t)n + (flags & TCP_SYN ? 1u : 0u) + (flags & TCP_FIN ? 1u : 0u);
}

/* Handshake of 10 ms as seen at the client. */
/* round_us: from the capture to the client and back. */
static inline void conn_open_far(struct conn *k, uint64_t round_us) {
    from_client(k, TCP_SYN, NULL, 0);
    k->l->us += 10 * MS;
    from_server(k, TCP_SYN | TCP_ACK, NULL, 0);
    k->l->us += round_us;
    from_client(k, TCP_ACK, NULL, 0);
    k->l->us += 1 * MS;
}

static inline void conn_open(struct conn *k) {
    conn_open_far(k, 50);
}

static inline void conn_close(struct conn *k) {
    from_client(k, TCP_FIN | TCP_ACK, NULL, 0);
    k->l->us += 10 * MS;
    from_server(k, TCP_FIN | TCP_ACK, NULL, 0);
    k->l->us += 50;
    from_client(k, TCP_ACK, NULL, 0);
}

/* Any packet that only moves the clock, and shows no way that others take. */
static inline void lab_wait(struct lab *l, uint64_t us) {
    l->us += us;
    lab_udp(l, 0x0a0000feu, 9999, LAB_BROADCAST, 9998, "tick", 4);
}

static inline void lab_take(void *ctx, unsigned type, bool more, const uint8_t *body, size_t n) {
    struct lab *l = ctx;
    void *into[] = {&l->totals,   &l->services, &l->resolvers, &l->connections,
                    &l->dns,      &l->http,     &l->tls,       &l->hosts,
                    &l->timeline, &l->udp,      &l->streams,   &l->incidents};
    struct fail fail;
    assert_in_range(type, WIRE_TOTALS, WIRE_INCIDENTS);
    assert_true(n > 0 && n <= LIM_FRAME_FROM_CAPD);
    if (!schema_decode(schema_of_wire(type), body, n, into[type - WIRE_TOTALS], &l->arena, &fail))
        fail_msg("%s", fail.why);
    for (size_t i = 0; i < n; i++) l->digest = (l->digest ^ body[i]) * 0x100000001b3u;
    l->bytes += n;
    l->frames++;
    (void)more;
}

static inline void lab_snapshot(struct lab *l) {
    l->arena.used = 0;
    l->digest = 0xcbf29ce484222325u;
    l->bytes = l->frames = 0;
    engine_flush(l->e);
    snapshot_encode(l->e, 0, true, lab_take, l);
}

#endif
