#ifndef CAPD_WORKER_NARROW_H
#define CAPD_WORKER_NARROW_H
#include "common/schema.h"
#include <stdbool.h>

/* When a capture cannot keep up, and what its kernel filter becomes then (contract section 3,
 * "Targets and modes").  Pure: the worker measures, compiles and attaches. */

/* What the worker measured since its start. */
struct load_sample {
    uint64_t mono_ms, cpu_us, seen, missed;
};

/* State between samples. */
struct load {
    struct load_sample last; /* at first: as the capture starts */
    uint32_t busy_ms;        /* how long the worker takes more than half a core, without a break */
};

/* Take the next sample (about one a second).  Says whether the machine cannot keep up: packets
 * dropped since the last one, by capture_drops' measure, or more than half a core for 2 s. */
enum narrow_cause load_judge(struct load *l, const struct load_sample *now);

/* Write the narrow filter of the mode: the known addresses and ports of the target, with names,
 * ICMP, ARP and ND; in `diagnosis` the protocols that explain most, and of all others the SYN, FIN
 * and RST.  False: there is nothing to narrow (the caller's own filter rules alone), or it does not
 * fit into `cap` bytes. */
bool narrow_text(const struct msg_start *start, const struct addr *address, uint32_t addresses,
                 char *out, size_t cap);
#endif
