#ifndef CAPD_WORKER_PCAPFILE_H
#define CAPD_WORKER_PCAPFILE_H
#include "capd/worker/file_window.h"

/* Reads classic capture files (draft-ietf-opsawg-pcap), of microseconds and of nanoseconds, and
 * those with the longer record headers of old Linux systems. */

struct pcapfile {
    bool swapped;       /* the file's byte order is not this machine's */
    bool nanoseconds;   /* else microseconds */
    uint8_t head_bytes; /* of a record's header */
    uint16_t minor;     /* of version 2.x */
    uint32_t linktype;
    uint32_t snaplen; /* up to FRAME_BYTES_MOST */
};

/* Read the header of the file.  False: `w->error` says why. */
bool pcapfile_open(struct pcapfile *p, struct file_window *w);

/* The next packet.  False: the end, or `w->error` is set. */
bool pcapfile_next(const struct pcapfile *p, struct file_window *w, struct file_frame *out);
#endif
