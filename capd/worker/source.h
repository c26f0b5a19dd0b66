#ifndef CAPD_WORKER_SOURCE_H
#define CAPD_WORKER_SOURCE_H
#include "common/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where frames come from: an interface's ring or a capture file.  The only user of libpcap. */
struct source;

struct source_live {
    const char *interface;
    uint32_t snaplen, ring_bytes;
    bool promiscuous;
};

/* Open an interface.  Before the sandbox, with CAP_NET_RAW effective. */
struct source *source_open_live(const struct source_live *o, struct fail *fail);

/* Prepare a file (memory only), before the sandbox; then read its header, inside it. */
struct source *source_prepare_file(int fd, struct fail *fail);
bool source_open_file(struct source *s, struct fail *fail);

int source_packet_fd(const struct source *s); /* -1 for a file */
int source_datalink(const struct source *s);  /* libpcap's DLT_ number; while a frame is
                                                  delivered: the frame's */

/* While a frame is delivered: by its number, at which of a pcapng file's interfaces; else 0. */
uint32_t source_interface(const struct source *s);

const char *source_datalink_name(const struct source *s);
uint32_t source_snaplen(const struct source *s);

/* Live: can the interface carry nothing now, which it could at the start?  Of one that was renamed
 * nothing is known: false. */
bool source_is_down(const struct source *s);

/* A pcap-filter expression, as it is for Ethernet, whose frames may carry 802.1Q tags, and for all
 * other links. */
struct source_filter {
    const char *tagged, *plain;
};

/* Compile and install a filter.  False: `fail` has libpcap's words. */
bool source_set_filter(struct source *s, const struct source_filter *text, bool *in_kernel_out,
                       struct fail *fail);

/* Put another filter in the place of the one in force, between two packets and without losing any;
 * live only.  False: the old one stays; `fail` says why. */
bool source_replace_filter(struct source *s, const char *text, struct fail *fail);

/* Link-layer address of the interface, all zero when it has none of 6 bytes.  Live only. */
const uint8_t *source_mac(const struct source *s);

/* Who takes the frames.  Their bytes stay during frame(); of a file until gone(). */
struct source_sink {
    void *ctx;
    void (*frame)(void *ctx, uint64_t ts_ns, const uint8_t *bytes, uint32_t cap_bytes,
                  uint32_t wire_bytes);
    void (*gone)(void *ctx);
};

enum source_result {
    SOURCE_MORE,  /* ask again: at once for a file, after poll for an interface */
    SOURCE_END,   /* end of file */
    SOURCE_BROKEN /* source_error says why */
};

/* Deliver up to about `max` frames that are there now. */
enum source_result source_read(struct source *s, int max, const struct source_sink *to);

/* Words for the last failure, live libpcap's; valid until the next call. */
const char *source_error(struct source *s);

/* After SOURCE_BROKEN: how many of the file's *of_out bytes were not analysed.  0 also where the
 * file ends within a packet, as it does when its writer was stopped. */
uint64_t source_unread(struct source *s, uint64_t *of_out);

/* Frames dropped for want of room in the ring since the start; of a file, by the system that wrote
 * it, as a pcapng file tells, else 0. */
uint64_t source_missed(struct source *s);

/* Frames the interface itself had no room for since the start.  Live: read by pread from a
 * descriptor opened before the sandbox; stays as it was once the interface is gone.  Of a file as
 * above. */
uint64_t source_interface_missed(struct source *s);

/* Of a file: how many its capture received, beside those dropped: as many as were read, or more if
 * the file says so (it may hold a part of them).  Live 0. */
uint64_t source_received(const struct source *s);

int source_drops_fd(const struct source *s); /* that descriptor, -1 if none */
#endif
