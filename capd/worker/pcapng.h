#ifndef CAPD_WORKER_PCAPNG_H
#define CAPD_WORKER_PCAPNG_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Reads pcapng files, also those that libpcap refuses or ends in: whose interfaces differ in link
 * type or snap length, or whose later sections do. */

#define PCAPNG_INTERFACES 4096u /* per section; reading ends at a packet of a further one */

struct pcapng_interface {
    uint16_t linktype;
    uint8_t resolution; /* option if_tsresol as it stands there */
    uint32_t snaplen;   /* 0: no limit */
    int64_t offset_s;   /* option if_tsoffset */
};

struct pcapng {
    FILE *file;
    bool swapped; /* this section's byte order is not this machine's */
    uint32_t interfaces;
    struct pcapng_interface interface[PCAPNG_INTERFACES];
    uint64_t at;       /* bytes of the file before the block being read */
    bool cut;          /* `error` is that the file ends within a block */
    const char *error; /* why reading ended, if not at the end */
};

struct pcapng_frame {
    const uint8_t *bytes; /* until the next call */
    uint32_t cap_bytes, wire_bytes;
    uint32_t interface; /* its number in the section */
    uint16_t linktype;
    uint64_t ts_ns;
};

/* Link types of the interfaces described before the first packet, as far as `cap` goes, each once;
 * 0: this is no pcapng file, or describes none.  Reads with pread and leaves the descriptor's
 * position alone. */
uint32_t pcapng_linktypes(int fd, uint16_t *out, uint32_t cap);

/* The next packet.  False: the end, or `error` is set. */
bool pcapng_next(struct pcapng *p, struct pcapng_frame *out);
#endif
