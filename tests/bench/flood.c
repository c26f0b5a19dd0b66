/* Sends UDP datagrams, small ones if not told otherwise, as fast as one core can, straight into an
 * interface: the load of the capture benchmark.  A packet socket with sendmmsg and without queueing
 * discipline, so that the sender costs as little as possible of the machine it shares with what is
 * measured; flows rotate over many source ports and addresses so that the flow table works too.
 *
 *   flood INTERFACE PACKETS [FLOWS] [PACKETS_PER_SECOND] [BYTES]     60 to 1514 bytes
 *
 * Prints one line: packets sent and seconds.  Only ever run inside a namespace of the benchmark's
 * own. Runs in: tests. Input trust: local. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, FRAME_MIN = 60, FRAME_MAX = 1514, IP_AT = 14, UDP_AT = 34 };

struct flood {
    int fd;
    uint64_t packets, sent;
    uint32_t flows, bytes; /* of a frame */
    uint64_t per_second;   /* 0: as fast as it goes */
    uint8_t frames[BATCH][FRAME_MAX];
    struct iovec vectors[BATCH];
    struct mmsghdr messages[BATCH];
};

static void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t header_sum(const uint8_t *header) {
    uint32_t sum = 0;
    for (int i = 0; i < 20; i += 2) sum += (uint32_t)(header[i] << 8 | header[i + 1]);
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* 198.18.0.0/15 is the range set aside for benchmarks (RFC 2544). */
static void frame_fill(uint8_t *frame, uint32_t flow, uint32_t bytes) {
    static const uint8_t start[] = {2, 0, 0, 0, 0, 2,  2,  0, 0, 0,   0,  1, 8, 0,   0x45, 0, 0,
                                    0, 0, 0, 0, 0, 64, 17, 0, 0, 198, 18, 0, 1, 198, 19,   0, 1};
    memset(frame, 0, FRAME_MIN);
    memcpy(frame, start, sizeof start);
    put16(frame + IP_AT + 2, bytes - IP_AT);
    frame[IP_AT + 14] = (uint8_t)(flow >> 16 & 0x7f);
    put16(frame + IP_AT + 10, header_sum(frame + IP_AT));
    put16(frame + UDP_AT, 1024 + flow % 50000);
    put16(frame + UDP_AT + 2, 9);
    put16(frame + UDP_AT + 4, bytes - UDP_AT);
}

static int flood_open(struct flood *f, const char *interface) {
    const struct sockaddr_ll to = {.sll_family = AF_PACKET,
                                   .sll_protocol = htons(ETH_P_IP),
                                   .sll_ifindex = (int)if_nametoindex(interface)};
    const int on = 1;
    f->fd = socket(AF_PACKET, SOCK_RAW, 0); /* protocol 0: receives nothing */
    if (f->fd < 0 || to.sll_ifindex == 0) return -1;
    if (setsockopt(f->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on) != 0) return -1;
    return bind(f->fd, (const struct sockaddr *)&to, sizeof to);
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_for_rate(const struct flood *f, double began_s) {
    if (f->per_second == 0) return;
    const double due_s = began_s + (double)f->sent / (double)f->per_second,
                 left_s = due_s - now_s();
    if (left_s > 0) usleep((useconds_t)(left_s * 1e6));
}

static int flood_send(struct flood *f, double began_s) {
    for (int i = 0; i < BATCH; i++) {
        f->vectors[i] = (struct iovec){f->frames[i], f->bytes};
        f->messages[i].msg_hdr.msg_iov = &f->vectors[i];
        f->messages[i].msg_hdr.msg_iovlen = 1;
    }
    while (f->sent < f->packets) {
        const uint64_t left = f->packets - f->sent;
        const unsigned batch = left < BATCH ? (unsigned)left : BATCH;
        for (unsigned i = 0; i < batch; i++)
            frame_fill(f->frames[i], (uint32_t)((f->sent + i) % f->flows), f->bytes);
        const int done = sendmmsg(f->fd, f->messages, batch, 0);
        if (done > 0) f->sent += (uint64_t)done;
        if (done < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) return -1;
        wait_for_rate(f, began_s);
    }
    return 0;
}

int main(int argc, char **argv) {
    static struct flood f;
    if (argc < 3) {
        fprintf(stderr, "usage: flood INTERFACE PACKETS [FLOWS] [PACKETS_PER_SECOND] [BYTES]\n");
        return 2;
    }
    f.packets = strtoull(argv[2], NULL, 10);
    f.flows = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1000;
    f.per_second = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
    f.bytes = argc > 5 ? (uint32_t)strtoul(argv[5], NULL, 10) : FRAME_MIN;
    if (f.flows == 0) f.flows = 1;
    if (f.bytes < FRAME_MIN || f.bytes > FRAME_MAX) f.bytes = FRAME_MIN;
    if (flood_open(&f, argv[1]) != 0) {
        perror(argv[1]);
        return 1;
    }
    const double began_s = now_s();
    if (flood_send(&f, began_s) != 0) {
        perror("sendmmsg");
        return 1;
    }
    printf("%llu packets sent in %.3f s\n", (unsigned long long)f.sent, now_s() - began_s);
    return 0;
}
