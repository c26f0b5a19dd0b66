#ifndef CAPD_WORKER_PCAPNG_H
#define CAPD_WORKER_PCAPNG_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Reads what libpcap refuses: a pcapng file whose interfaces have different link types. */

#define PCAPNG_INTERFACES 256u /* per section; reading ends at a packet of a further one */

struct pcapng_interface {
    uint16_t linktype;
    uint8_t resolution; /* option if_tsresol as it stands there */
    int64_t offset_s;   /* option if_tsoffset */
};

struct pcapng {
    FILE *file;
    bool swapped; /* this section's byte order is not this machine's */
    uint32_t interfaces;
    struct pcapng_interface interface[PCAPNG_INTERFACES];
    const char *error; /* why reading ended, if not at the end */
};

struct pcapng_frame {
    const uint8_t *bytes; /* until the next call */
    uint32_t cap_bytes, wire_bytes;
    uint16_t linktype;
    uint64_t ts_ns;
};

/* Link types of the interfaces described before the first packet, as far as `cap` goes, each once;
 * 0: this is no pcapng file.  Reads with pread and leaves the descriptor's position alone. */
uint32_t pcapng_linktypes(int fd, uint16_t *out, uint32_t cap);

/* The next packet.  False: the end, or `error` is set. */
bool pcapng_next(struct pcapng *p, struct pcapng_frame *out);
#endif
