#ifndef TESTS_UNIT_TIMED_H
#define TESTS_UNIT_TIMED_H
/* One connection with timestamps (RFC 7323), of which a test sends each segment. */
#include "tests/unit/pktbuild.h"

#define PIECE 1448u

/* A segment of the one connection of these tests, with timestamps; SACK block if right > left. */
struct timed {
    bool client; /* sends it */
    uint32_t seq, ack, len, ts, echo, left, right;
    uint8_t flags;
    uint16_t window;
};

static inline void send(struct lab *l, struct timed s) {
    uint8_t f[2048], *t = f + 34;
    size_t head = s.flags & TCP_SYN ? 40 : 44;
    memset(t, 0, head + s.len);
    put16(t, s.client ? 4000 : 80);
    put16(t + 2, s.client ? 80 : 4000);
    put32(t + 4, s.seq);
    put32(t + 8, s.ack);
    t[12] = (uint8_t)(head / 4 << 4);
    t[13] = s.flags;
    put16(t + 14, s.window ? s.window : 60000);
    memcpy(t + 20, "\x01\x01\x08\x0a", 4);
    put32(t + 24, s.ts);
    put32(t + 28, s.echo);
    if (s.flags & TCP_SYN) {
        memcpy(t + 32, "\x02\x04\x05\xb4\x01\x03\x03\x02", 8); /* MSS 1460, scale 4 */
    } else if (s.right > s.left) {
        memcpy(t + 32, "\x01\x01\x05\x0a", 4);
        put32(t + 36, s.left);
        put32(t + 40, s.right);
    } else {
        memset(t + 32, 1, 12);
    }
    lab_ip(l, f, 6, s.client ? A1 : B1, s.client ? B1 : A1, head + s.len);
}

static inline void open_in(struct lab *l, uint64_t rtt_us) {
    send(l, (struct timed){.client = true, .seq = 999, .ts = 1, .flags = TCP_SYN});
    l->us += rtt_us;
    send(l,
         (struct timed){.seq = 4999, .ack = 1000, .ts = 1, .echo = 1, .flags = TCP_SYN | TCP_ACK});
    l->us += 50;
    send(l, (struct timed){
                .client = true, .seq = 1000, .ack = 5000, .ts = 2, .echo = 1, .flags = TCP_ACK});
    send(l, (struct timed){.client = true,
                           .seq = 1000,
                           .ack = 5000,
                           .len = 100,
                           .ts = 2,
                           .echo = 1,
                           .flags = TCP_ACK | TCP_PSH});
}

static inline void data(struct lab *l, uint32_t n, uint32_t echo) {
    send(l, (struct timed){.seq = 5000 + n * PIECE,
                           .ack = 1100,
                           .len = PIECE,
                           .ts = 9,
                           .echo = echo,
                           .flags = TCP_ACK});
}

static inline void ack(struct lab *l, uint32_t n, uint32_t ts, uint16_t window) {
    send(l, (struct timed){.client = true,
                           .seq = 1100,
                           .ack = 5000 + n * PIECE,
                           .ts = ts,
                           .echo = 9,
                           .flags = TCP_ACK,
                           .window = window});
}

static inline const struct msg_service *look(struct lab *l) {
    lab_snapshot(l);
    return &l->services.rows[0];
}

#endif
