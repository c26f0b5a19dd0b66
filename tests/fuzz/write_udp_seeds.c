/* Write the datagrams of tests/unit/datagrams.h as seeds of fuzz_udp and fuzz_udp_track into the
 * two directories given. */
#include "tests/unit/datagrams.h"
#include <stdio.h>

/* `port`: index of the table in fuzz_udp_track.c */
static const struct {
    const char *name, *hex;
    uint8_t decoder, port;
} seeds[] = {
    {"quic-initial", QUIC_CLIENT_INITIAL, 0, 3},
    {"quic-server", QUIC_SERVER_INITIAL, 0, 3},
    {"quic-retry", QUIC_RETRY_V1, 0, 3},
    {"quic-short", QUIC_SHORT_V1, 1, 3},
    {"quic-initial-2", QUIC_CLIENT_INITIAL_V2, 0, 3},
    {"quic-negotiation", QUIC_NEGOTIATION, 0, 3},
    {"quic-0rtt", QUIC_ZERO_RTT_V1, 0, 3},
    {"quic-handshake", QUIC_HANDSHAKE_V1, 0, 3},
    {"quic-greased", QUIC_GREASED, 0, 3},
    {"rtp", RTP_PLAIN, 2, 7},
    {"rtp-marked", RTP_MARKED, 2, 7},
    {"rtp-mixed", RTP_MIXED, 2, 7},
    {"rtcp-sender", RTCP_SENDER, 2, 7},
    {"rtcp-receiver", RTCP_RECEIVER, 2, 7},
    {"ntp", NTP_ASKS, 3, 1},
    {"ntp-answer", NTP_ANSWERS, 3, 1},
    {"ntp-kiss", NTP_KISS, 3, 1},
    {"ntp-control", NTP_QUERY, 3, 1},
    {"stun", STUN_ASKS, 3, 6},
    {"stun-answer", STUN_ANSWERS, 3, 6},
    {"stun-error", STUN_REFUSED, 3, 6},
};

static int save(const char *folder, const char *name, const uint8_t *bytes, size_t n) {
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    return f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0;
}

/* The same datagram eight times, both ways; numbers and time stamps of RTP go on. */
static size_t story(uint8_t *out, const uint8_t *datagram, uint8_t n, uint8_t port) {
    size_t at = 0;
    for (uint8_t k = 0; k < 8; k++) {
        out[at++] = (uint8_t)(port | (port != 7 && k & 1 ? 0x80 : 0));
        out[at++] = 14; /* 19.6 ms */
        out[at++] = n;
        memcpy(out + at, datagram, n);
        if (port == 7 && n >= 12) {
            out[at + 3] = (uint8_t)(out[at + 3] + k);
            out[at + 6] = (uint8_t)(out[at + 6] + k);
        }
        at += n;
    }
    return at;
}

int main(int argc, char **argv) {
    static uint8_t bytes[512], many[8 * 300];
    if (argc != 3) return 2;
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++) {
        uint32_t n = hex_read(seeds[i].hex, bytes + 1, 250);
        bytes[0] = seeds[i].decoder;
        if (save(argv[1], seeds[i].name, bytes, n + 1)) return 1;
        size_t len = story(many, bytes + 1, (uint8_t)n, seeds[i].port);
        if (save(argv[2], seeds[i].name, many, len)) return 1;
    }
    return 0;
}
