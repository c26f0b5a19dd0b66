#ifndef CAPD_WORKER_PCAPNG_H
#define CAPD_WORKER_PCAPNG_H
#include "capd/worker/file_window.h"

/* Reads pcapng files, also those that libpcap refuses or ends in: whose interfaces differ in link
 * type or snap length, or whose later sections do. */

#define PCAPNG_SECTION    0x0a0d0d0au /* how a file begins, in either byte order */
#define PCAPNG_INTERFACES 4096u       /* per section; reading ends at a packet of a further one */

/* What whoever captured says of it (isb_ifrecv, isb_ifdrop, isb_osdrop): packets. */
struct pcapng_counts {
    uint64_t received, by_interface, by_system; /* got, those dropped among them; dropped */
};

struct pcapng_interface {
    uint16_t linktype;
    uint8_t resolution; /* option if_tsresol as it stands there */
    uint32_t snaplen;   /* 0: no limit */
    int64_t offset_s;   /* option if_tsoffset */
    struct pcapng_counts counts;
};

struct pcapng {
    bool swapped;                /* this section's byte order is not this machine's */
    uint64_t last_ns;            /* time of the packet before: a simple packet block has none */
    struct pcapng_counts counts; /* of all interfaces */
    uint32_t interfaces;
    struct pcapng_interface interface[PCAPNG_INTERFACES];
};

/* Link types of the interfaces described before the first packet, as far as `cap` goes, each once;
 * 0: this is no pcapng file, or describes none.  Reads with pread and leaves the descriptor's
 * position alone. */
uint32_t pcapng_linktypes(int fd, uint16_t *out, uint32_t cap);

/* The next packet.  False: the end, or `w->error` is set. */
bool pcapng_next(struct pcapng *p, struct file_window *w, struct file_frame *out);
#endif
