/* The least that any program that reads a capture with libpcap does: take every packet and forget
 * it.  The yardstick of the benchmark.
 *   empty_loop FILE
 * Runs in: tests.  Input trust: captures made by the tests themselves. */
#include <pcap.h>
#include <stdint.h>
#include <stdio.h>

static void take(u_char *user, const struct pcap_pkthdr *h, const u_char *bytes) {
    (void)bytes;
    *(uint64_t *)user += h->len > 0;
}

int main(int argc, char **argv) {
    char error[PCAP_ERRBUF_SIZE];
    uint64_t packets = 0;
    pcap_t *in = argc == 2 ? pcap_open_offline(argv[1], error) : NULL;
    if (!in || pcap_loop(in, -1, take, (u_char *)&packets) != 0) {
        fprintf(stderr, "empty_loop: cannot read %s\n", argc == 2 ? argv[1] : "nothing");
        return 1;
    }
    printf("%llu\n", (unsigned long long)packets);
    pcap_close(in);
    return 0;
}
