/* Makes a large capture out of small ones: copies with shifted addresses, interleaved in time, as
 * if many such networks shared one link.  Checksums stay right, so that every reader takes the
 * copies for real traffic.
 *
 *   grow OUTPUT PACKETS AT_ONCE INPUT...
 *
 * OUTPUT gets PACKETS packets of copies of the INPUTs (Ethernet; everything but plain IPv4, IPv6
 * and ARP is left out); AT_ONCE copies overlap at any time.  Prints the number of copies begun.
 * Runs in: tests.  Input trust: captures made by the tests themselves. */
#include <pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    uint64_t us; /* since the first packet of its capture */
    uint32_t caplen, len;
    uint8_t *bytes;
};

struct recording {
    struct record *record;
    uint32_t n;
    uint64_t us; /* first to last packet */
};

/* One copy under way: which recording, how far, when it began. */
struct copy {
    uint64_t next_us, began_us;
    uint32_t number, recording, at;
};

static uint16_t get16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* RFC 1624: the checksum at `sum` after a 16-bit word of what it covers changed. */
static void sum_update(uint8_t *sum, uint16_t was, uint16_t is) {
    uint32_t s = (uint16_t)~get16(sum) + (uint32_t)(uint16_t)~was + is;
    while (s >> 16) s = (s & 0xffff) + (s >> 16);
    put16(sum, (uint16_t)~s);
}

/* Change a word that the checksums (NULL: none) cover. */
static void word_change(uint8_t *word, uint16_t is, uint8_t *sum, uint8_t *other) {
    uint16_t was = get16(word);
    put16(word, is);
    if (sum) sum_update(sum, was, is);
    if (other) sum_update(other, was, is);
}

/* Copy `number` moves to networks of its own: the low 16 bits go into the middle of the addresses,
 * the rest into the ports of clients. */
static void address4_shift(uint8_t *a, uint32_t number, uint8_t *sum, uint8_t *other) {
    uint32_t middle = (uint32_t)(a[1] << 8 | a[2]) + number;
    uint8_t moved[4] = {a[0], (uint8_t)(middle >> 8), (uint8_t)middle, a[3]};
    word_change(a, get16(moved), sum, other);
    word_change(a + 2, get16(moved + 2), sum, other);
}

static void port_shift(uint8_t *p, uint32_t number, uint8_t *sum) {
    uint16_t port = get16(p);
    if (port >= 32768)
        word_change(p, (uint16_t)(32768 + (port + (number >> 16) * 7) % 32768), sum, NULL);
}

static uint8_t *sum_of_transport(uint8_t *l4, uint32_t left, uint8_t protocol) {
    if (protocol == 6 && left >= 18) return l4 + 16;
    if (protocol == 17 && left >= 8 && get16(l4 + 6) != 0) return l4 + 6;
    if (protocol == 58 && left >= 4) return l4 + 2;
    return NULL;
}

static void frame_shift(uint8_t *f, uint32_t caplen, uint32_t number) {
    uint16_t type = get16(f + 12);
    uint8_t *ip = f + 14;
    if (type == 0x0806 && caplen >= 42) {
        address4_shift(ip + 14, number, NULL, NULL);
        address4_shift(ip + 24, number, NULL, NULL);
    } else if (type == 0x0800 && caplen >= 34) {
        uint32_t head = (ip[0] & 15u) * 4u;
        uint8_t *l4 = ip + head;
        bool first = (get16(ip + 6) & 0x1fff) == 0 && caplen > 14 + head;
        uint8_t *sum = first ? sum_of_transport(l4, caplen - 14 - head, ip[9]) : NULL;
        address4_shift(ip + 12, number, ip + 10, ip[9] == 1 ? NULL : sum);
        address4_shift(ip + 16, number, ip + 10, ip[9] == 1 ? NULL : sum);
        if (sum && ip[9] != 1) {
            port_shift(l4, number, sum);
            port_shift(l4 + 2, number, sum);
        }
    } else if (type == 0x86dd && caplen >= 54) {
        uint8_t *sum = sum_of_transport(ip + 40, caplen - 54, ip[6]);
        for (int at = 8; at <= 24; at += 16)
            if (ip[at] != 0xff)
                word_change(ip + at + 6, (uint16_t)(get16(ip + at + 6) + number), sum, NULL);
        if (sum && ip[6] != 58) {
            port_shift(ip + 40, number, sum);
            port_shift(ip + 42, number, sum);
        }
    }
}

static bool frame_is_wanted(const struct pcap_pkthdr *h, const uint8_t *f) {
    uint16_t type = h->caplen >= 14 ? get16(f + 12) : 0;
    return type == 0x0806 || type == 0x0800 || type == 0x86dd;
}

static void recording_read(struct recording *r, const char *path) {
    char error[PCAP_ERRBUF_SIZE];
    pcap_t *in = pcap_open_offline(path, error);
    struct pcap_pkthdr *h;
    const uint8_t *f;
    uint64_t first = 0;
    uint32_t room = 0;
    if (!in || pcap_datalink(in) != DLT_EN10MB) {
        fprintf(stderr, "grow: %s: %s\n", path, in ? "not Ethernet" : error);
        exit(1);
    }
    while (pcap_next_ex(in, &h, &f) == 1) {
        if (!frame_is_wanted(h, f)) continue;
        if (r->n == room)
            r->record = realloc(r->record, (room = room ? 2 * room : 1024) * sizeof *r->record);
        uint64_t us = (uint64_t)h->ts.tv_sec * 1000000u + (uint64_t)h->ts.tv_usec;
        if (r->n == 0) first = us;
        struct record *one = &r->record[r->n++];
        *one = (struct record){us > first ? us - first : 0, h->caplen, h->len, malloc(h->caplen)};
        memcpy(one->bytes, f, h->caplen);
        r->us = one->us > r->us ? one->us : r->us;
    }
    pcap_close(in);
}

/* ---- a heap of the copies under way, earliest packet first ------------------------------------
 */
static void heap_sink(struct copy *heap, uint32_t n, uint32_t i) {
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        if (child + 1 < n && heap[child + 1].next_us < heap[child].next_us) child++;
        if (heap[i].next_us <= heap[child].next_us) return;
        struct copy moved = heap[i];
        heap[i] = heap[child];
        heap[child] = moved;
    }
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: grow OUTPUT PACKETS AT_ONCE INPUT...\n");
        return 2;
    }
    uint64_t packets = strtoull(argv[2], NULL, 10);
    uint32_t at_once = (uint32_t)strtoul(argv[3], NULL, 10), inputs = (uint32_t)argc - 4, begun = 0;
    struct recording *in = calloc(inputs, sizeof *in);
    struct copy *heap = calloc(at_once, sizeof *heap);
    for (uint32_t i = 0; i < inputs; i++) recording_read(&in[i], argv[4 + i]);
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t *out = pcap_dump_open(dead, argv[1]);
    uint8_t frame[65536];
    if (!out || !heap) return 1;
    /* The first ones begin spread over a recording's length, later ones where one has ended. */
    for (; begun < at_once; begun++) {
        uint64_t at = in[begun % inputs].us * begun / at_once;
        heap[begun] = (struct copy){at, at, begun, begun % inputs, 0};
    }
    for (uint32_t i = at_once / 2; i-- > 0;) heap_sink(heap, at_once, i);
    for (uint64_t written = 0; written < packets; written++) {
        struct copy *c = &heap[0];
        const struct record *r = &in[c->recording].record[c->at];
        struct pcap_pkthdr h = {.caplen = r->caplen, .len = r->len};
        h.ts.tv_sec = 1700000000 + (time_t)(c->next_us / 1000000u);
        h.ts.tv_usec = (suseconds_t)(c->next_us % 1000000u);
        memcpy(frame, r->bytes, r->caplen);
        frame_shift(frame, r->caplen, c->number);
        pcap_dump((u_char *)out, &h, frame);
        if (++c->at == in[c->recording].n) {
            uint32_t which = begun % inputs;
            *c = (struct copy){c->next_us + 1000, c->next_us + 1000, begun++, which, 0};
        } else {
            uint64_t due = c->began_us + r[1].us;
            c->next_us = due > c->next_us ? due : c->next_us;
        }
        heap_sink(heap, at_once, 0);
    }
    pcap_dump_close(out);
    printf("%u\n", begun);
    return 0;
}
