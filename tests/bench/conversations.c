/* Writes a capture of so many packets in so many flows: exchanges of small datagrams between many
 * clients and 250 servers, a thousand of them open at any time.  Shows what a flow costs.
 *   conversations OUTPUT PACKETS FLOWS
 * Runs in: tests.  Input trust: local. */
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN = 1000, FRAME_BYTES = 142 };

static void put16(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint16_t header_sum(const uint8_t *h) {
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) sum += (uint32_t)(h[i] << 8 | h[i + 1]);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* 198.18.0.0/15 is set aside for benchmarks (RFC 2544): clients in the lower half, servers in the
 * upper. */
static void frame_fill(uint8_t *f, uint32_t flow, int back) {
    uint8_t client[4] = {198, 18, (uint8_t)(flow >> 8), (uint8_t)flow};
    uint8_t server[4] = {198, 19, 0, (uint8_t)(1 + flow % 250)};
    uint32_t client_port = 32768 + (flow >> 16), server_port = 40000 + flow % 7;
    memset(f, 0, FRAME_BYTES);
    memcpy(f, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\x00\x45\0", 16);
    put16(f + 16, FRAME_BYTES - 14);
    f[22] = 64;
    f[23] = 17;
    memcpy(f + 26, back ? server : client, 4);
    memcpy(f + 30, back ? client : server, 4);
    put16(f + 24, header_sum(f + 14));
    put16(f + 34, back ? server_port : client_port);
    put16(f + 36, back ? client_port : server_port);
    put16(f + 38, FRAME_BYTES - 34);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: conversations OUTPUT PACKETS FLOWS\n");
        return 2;
    }
    uint64_t packets = strtoull(argv[2], NULL, 10);
    uint32_t flows = (uint32_t)strtoul(argv[3], NULL, 10), flow[OPEN], begun = 0;
    uint64_t each = flows ? packets / flows : 0, left[OPEN];
    pcap_dumper_t *out = pcap_dump_open(pcap_open_dead(DLT_EN10MB, 65535), argv[1]);
    uint8_t frame[FRAME_BYTES];
    if (!out || each == 0) return 1;
    memset(left, 0, sizeof left);
    for (uint64_t n = 0; n < packets; n++) {
        uint32_t slot = (uint32_t)(n % OPEN);
        if (left[slot] == 0) {
            flow[slot] = begun++ % flows;
            left[slot] = each;
        }
        frame_fill(frame, flow[slot], left[slot]-- % 2 == 1);
        struct pcap_pkthdr h = {.caplen = FRAME_BYTES, .len = FRAME_BYTES};
        h.ts.tv_sec = 1700000000 + (time_t)(n * 5 / 1000000u);
        h.ts.tv_usec = (suseconds_t)(n * 5 % 1000000u);
        pcap_dump((u_char *)out, &h, frame);
    }
    pcap_dump_close(out);
    return 0;
}
