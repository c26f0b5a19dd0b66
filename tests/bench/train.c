/* Writes the capture that the release build trains the engine with: ordinary traffic, a hundred
 * conversations at once, most of them TLS and HTTP.  What is common here is what the compiler makes
 * fast and lays close together; it says nothing about what is right.  Always the same bytes.
 *   train OUTPUT
 * Runs in: the build.  Input trust: none. */
#include <pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PACKETS = 50000, OPEN = 100, MSS = 1448, RECORD = 16384, WINDOW = 501 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum kind { TLS, HTTP, SSH, DNS, QUIC, RTP, GAME, PING, ARP, KINDS };
enum phase { OPENING, ACCEPTING, OPENED, ASKING, ANSWERING, CLOSING, CLOSED, LAST, GONE };

/* Of 64 conversations that begin. */
static const uint8_t share[KINDS] = {22, 14, 2, 19, 2, 1, 1, 2, 1};
static const uint16_t port[KINDS] = {443, 80, 22, 53, 443, 5004, 27015, 0, 0};
static const uint32_t answer_bytes[8] = {300, 600, 1500, 3000, 6000, 12000, 25000, 80000};

struct talk {
    enum kind kind;
    enum phase phase;
    bool v6, stamps;
    uint32_t who, seq[2]; /* of the next byte of the client, of the server */
    uint32_t turns, turn; /* of questions and answers, or of datagrams */
    uint32_t bytes, at;   /* of the message under way: all, and written */
    uint32_t unacked;     /* segments since the last ACK */
    uint32_t hole;        /* where one was lost, 0: nowhere; the ACKs that ask for it */
    uint32_t asked;
};

static pcap_dumper_t *out;
static uint64_t now_us = 1700000000000000u;
static uint8_t frame[1600];

static uint32_t chance(uint32_t of) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % of;
}

static uint8_t *put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v) {
    return put16(put16(p, v >> 16), v);
}

static uint8_t *put(uint8_t *p, const void *bytes, size_t n) {
    memcpy(p, bytes, n);
    return p + n;
}

static void write_frame(const uint8_t *end) {
    struct pcap_pkthdr h = {.caplen = (uint32_t)(end - frame), .len = (uint32_t)(end - frame)};
    now_us += 1 + chance(40);
    h.ts.tv_sec = (time_t)(now_us / 1000000u);
    h.ts.tv_usec = (suseconds_t)(now_us % 1000000u);
    pcap_dump((u_char *)out, &h, frame);
}

/* Everything below the payload of IP; networks set aside for benchmarks and documentation. */
static uint8_t *put_ip(const struct talk *t, bool back, uint8_t protocol, uint32_t bytes) {
    uint8_t end[2][4] = {{198, 18, (uint8_t)(t->who >> 8 & 3), (uint8_t)t->who},
                         {198, 19, 0, (uint8_t)(1 + t->who % 61)}};
    uint8_t *p = put(frame, back ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
    if (t->v6) {
        p = put32(put16(p, 0x86dd), 0x60000000);
        p = put16(p, bytes);
        *p++ = protocol;
        *p++ = 64;
        for (int i = 0; i < 2; i++)
            p = put(put(p, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0", 12), end[back ^ i], 4);
        return p;
    }
    p = put16(put16(put16(p, 0x0800), 0x4500), 20 + bytes);
    static uint32_t id;
    p = put16(put16(p, ++id), 0x4000);
    *p++ = 64;
    *p++ = protocol;
    p = put16(p, 0); /* as a network card that fills checksums in leaves it */
    return put(put(p, end[back], 4), end[!back], 4);
}

static uint8_t *put_ports(uint8_t *p, const struct talk *t, bool back) {
    uint32_t client = 32768 + t->who % 28000;
    return put16(put16(p, back ? port[t->kind] : client), back ? client : port[t->kind]);
}

/* Returns where the payload belongs.  An ACK behind a hole names what came after it (SACK). */
static uint8_t *put_tcp(const struct talk *t, bool back, uint32_t seq, int flags, uint32_t bytes) {
    bool sack = t->hole && !back;
    uint32_t options = flags & SYN ? 20 : (t->stamps ? 12u : 0u) + (sack ? 12u : 0u);
    uint8_t *p = put_ports(put_ip(t, back, 6, 20 + options + bytes), t, back);
    p = put32(put32(p, seq), flags & ACK ? (sack ? t->hole : t->seq[!back]) : 0);
    p = put16(put16(p, (5 + options / 4) << 12 | (uint32_t)flags), flags & SYN ? 64240 : WINDOW);
    p = put32(p, 0);
    if (flags & SYN) p = put(p, "\2\4\5\xb4\4\2", 6);
    if (flags & SYN && !t->stamps) return put(p, "\1\3\3\7\1\1\1\1\1\1\1\1\1\1", 14);
    if (t->stamps) {
        p = flags & SYN ? put(p, "\x08\x0a", 2) : put(p, "\1\1\x08\x0a", 4);
        p = put32(put32(p, (uint32_t)(now_us / 1000)), flags & ACK ? 7 : 0);
    }
    if (flags & SYN) return put(p, "\1\3\3\7", 4);
    return sack ? put32(put32(put(p, "\1\1\5\x0a", 4), t->hole + MSS), t->seq[1]) : p;
}

static void tcp(struct talk *t, bool back, int flags) {
    write_frame(put_tcp(t, back, t->seq[back], flags, 0));
    if (flags & (SYN | FIN)) t->seq[back]++;
}

/* What a message of `t->bytes` begins with. */
static size_t put_head(char *head, size_t cap, const struct talk *t, bool back) {
    static const char hello[] = "\x16\3\1\0\x5e\1\0\0\x5a\3\3 random of a client, 32 octets..\0"
                                "\0\2\x13\1\1\0\0\x2f\0\0\0\x15\0\x13\0\0\x10www.example.test"
                                "\0\x10\0\x0b\0\x09\x08http/1.1\0\x2b\0\3\2\3\4";
    static const char answer[] = "\x16\3\3\0\x32\2\0\0\x2e\3\3 random of a server, 32 octets..\0"
                                 "\x13\1\0\0\6\0\x2b\0\2\3\4";
    if (t->kind == HTTP && back)
        return (size_t)snprintf(head, cap,
                                "HTTP/1.1 200 OK\r\nServer: train\r\nContent-Type: text/html\r\n"
                                "Content-Length: %8u\r\n\r\n",
                                t->bytes - 85);
    if (t->kind == HTTP)
        return (size_t)snprintf(head, cap,
                                "GET /page/%u HTTP/1.1\r\nHost: www.example.test\r\n"
                                "User-Agent: train/1.0\r\nAccept: */*\r\nCookie: id=%u\r\n\r\n",
                                t->turn, t->who);
    if (t->turn > 0) return 0;
    if (t->kind == SSH) return (size_t)snprintf(head, cap, "SSH-2.0-OpenSSH_9.2\r\n");
    size_t n = back ? sizeof answer - 1 : sizeof hello - 1;
    memcpy(head, back ? answer : hello, n);
    return n;
}

/* The message from t->at on: its head, then what looks enciphered, for TLS in records. */
static void put_message(uint8_t *p, const struct talk *t, bool back, uint32_t n) {
    char head[256];
    uint32_t head_bytes = (uint32_t)put_head(head, sizeof head, t, back);
    for (uint32_t i = 0, at = t->at; i < n; i++, at++) {
        uint32_t of = at - head_bytes, in = of % (RECORD + 5), left = t->bytes - at + in - 5;
        uint32_t record = left < RECORD ? left : RECORD;
        if (at < head_bytes)
            p[i] = (uint8_t)head[at];
        else if (t->kind == TLS && in < 5)
            p[i] = (uint8_t[]){23, 3, 3, (uint8_t)(record >> 8), (uint8_t)record}[in];
        else
            p[i] = (uint8_t)(of * 2654435761u >> 13);
    }
}

/* The segment at t->at, as far as the message goes. */
static void segment(struct talk *t, bool back, bool lost) {
    uint32_t n = t->bytes - t->at < MSS ? t->bytes - t->at : MSS;
    int flags = ACK | (t->at + n == t->bytes ? PSH : 0);
    uint8_t *p = put_tcp(t, back, t->seq[back], flags, n);
    put_message(p, t, back, n);
    if (!lost) write_frame(p + n);
    t->at += n;
    t->seq[back] += n;
}

static void repeat(struct talk *t) {
    struct talk then = *t;
    then.at -= t->seq[1] - t->hole;
    then.seq[1] = t->hole;
    segment(&then, true, false);
    t->hole = t->asked = 0;
    t->unacked = 2;
}

static void ask(struct talk *t) {
    char head[256];
    t->at = 0;
    t->bytes = (uint32_t)put_head(head, sizeof head, t, false);
    if (t->bytes == 0) t->bytes = 60 + chance(400);
    segment(t, false, false);
    t->at = t->unacked = 0;
    t->bytes = t->kind == SSH ? 40 + chance(200) : answer_bytes[chance(8)] + chance(200);
    t->phase = ANSWERING;
}

/* The client acknowledges every other segment, and each behind a hole. */
static void answer(struct talk *t) {
    bool all = t->at == t->bytes;
    if (t->hole && (t->asked == 3 || (all && t->unacked == 0))) {
        repeat(t);
    } else if (t->unacked >= 2 || (t->unacked && (all || t->hole))) {
        t->unacked = 0;
        if (t->hole) t->asked++;
        tcp(t, false, ACK);
    } else if (!all) {
        bool lost = !t->hole && t->bytes - t->at > 3 * MSS && chance(500) == 0;
        if (lost) t->hole = t->seq[1];
        segment(t, true, lost);
        t->unacked += !lost;
    } else {
        t->phase = ++t->turn < t->turns ? ASKING : CLOSING;
    }
}

static void stream(struct talk *t) {
    switch (t->phase) {
    case OPENING: tcp(t, false, SYN); break;
    case ACCEPTING: tcp(t, true, SYN | ACK); break;
    case OPENED: tcp(t, false, ACK); break;
    case ASKING: ask(t); return;
    case ANSWERING: answer(t); return;
    case CLOSING:
        if (chance(8) == 0) t->phase = LAST;
        tcp(t, false, t->phase == LAST ? RST | ACK : FIN | ACK);
        break;
    case CLOSED: tcp(t, true, FIN | ACK); break;
    default: tcp(t, false, ACK); break;
    }
    t->phase++;
}

/* A datagram; every other one is the server's. */
static void datagram(struct talk *t) {
    static const char name[] = "\3www\7example\4test\0\0\1\0\1";
    bool back = t->turn & 1;
    uint8_t body[1200] = {0}, *p = body;
    if (t->kind == DNS) {
        p = put16(put16(p, t->who), back ? 0x8180 : 0x0100);
        p = put(put(p, back ? "\0\1\0\1\0\0\0\0" : "\0\1\0\0\0\0\0\0", 8), name, sizeof name - 1);
        if (back) p = put32(put(p, "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4", 12), 0xc6130001);
    } else if (t->kind == RTP) {
        p = put32(put16(put16(p, 0x8000), t->turn / 2), t->turn / 2 * 160);
        p = put32(p, t->who + back) + 160;
    } else if (t->kind == GAME) {
        p = put32(put32(p, t->turn / 2), t->who) + 10 + chance(80);
    } else {
        p = t->turn < 2 ? put(p,
                              "\xc3\0\0\0\1\x08"
                              "connects\x08"
                              "answers.\0\x44\x96",
                              25)
                        : put(p, "\x43", 1);
        p = t->turn < 2 ? body + sizeof body : p + 30 + chance(1100);
    }
    uint32_t n = (uint32_t)(p - body);
    p = put_ports(put_ip(t, back, 17, 8 + n), t, back);
    write_frame(put(put16(put16(p, 8 + n), 0), body, n));
}

static void ping_or_arp(struct talk *t) {
    bool back = t->turn & 1;
    uint8_t *p;
    if (t->kind == PING) {
        p = put_ip(t, back, t->v6 ? 58 : 1, 64);
        p = put32(put16(p, (t->v6 ? 128u + back : back ? 0u : 8u) << 8), t->who);
        p = put16(p, t->turn / 2);
        memset(p, 'p', 56);
        write_frame(p + 56);
        return;
    }
    p = put(frame, back ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\xff\xff\xff\xff\xff\xff\2\0\0\0\0\1", 12);
    p = put16(put(p, "\x08\6\0\1\x08\0\6\4", 8), 1u + back);
    p = put32(put(p, frame + 6, 6), back ? 0xc6130001 : 0xc6120001);
    p = put32(put(p, back ? "\2\0\0\0\0\1" : "\0\0\0\0\0\0", 6), back ? 0xc6120001 : 0xc6130001);
    write_frame(p);
}

static void begin(struct talk *t) {
    static const uint32_t turns[KINDS] = {4, 6, 30, 1, 60, 200, 200, 4, 1};
    static uint32_t begun;
    uint32_t drawn = chance(64), kind = 0;
    while (drawn >= share[kind]) drawn -= share[kind++];
    *t = (struct talk){.kind = (enum kind)kind, .who = begun++};
    t->v6 = chance(4) == 0;
    t->stamps = chance(4) != 0;
    t->seq[0] = chance(1u << 31);
    t->seq[1] = chance(1u << 31);
    t->turns = kind <= SSH ? 1 + chance(turns[kind]) : 2 * turns[kind];
}

int main(int argc, char **argv) {
    static struct talk talk[OPEN];
    out = argc == 2 ? pcap_dump_open(pcap_open_dead(DLT_EN10MB, 65535), argv[1]) : NULL;
    if (!out) {
        fprintf(stderr, "usage: train OUTPUT\n");
        return 2;
    }
    for (uint32_t i = 0; i < OPEN; i++) begin(&talk[i]);
    for (uint32_t n = 0; n < PACKETS; n++) {
        struct talk *t = &talk[chance(OPEN)];
        bool over = t->kind <= SSH ? t->phase == GONE : t->turn == t->turns;
        if (over) begin(t);
        if (t->kind <= SSH) {
            stream(t);
            continue;
        }
        if (t->kind < PING)
            datagram(t);
        else
            ping_or_arp(t);
        t->turn++;
    }
    if (pcap_dump_flush(out) != 0) return 1;
    pcap_dump_close(out);
    return 0;
}
