#ifndef CAPD_TRACK_ENGINE_H
#define CAPD_TRACK_ENGINE_H
#include "capd/decode/packet.h"
#include "common/schema.h"

/* The analysis engine: everything between a frame and a snapshot.  One instance per capture,
 * all memory given at the start, none taken later.  Calls nothing but mem*: time, randomness and
 * addresses are parameters, so that a file, a test and a live capture run the same code. */

struct engine_target {
    enum mode mode; /* never MODE_AUTO */
    char name[LIM_NAME + 1];
    struct msg_prefix address[LIM_TARGET_ADDRESSES];
    uint32_t addresses;
    uint16_t port[LIM_TARGET_PORTS];
    uint32_t ports;
    struct msg_endpoint exclude[LIM_TARGET_ADDRESSES];
    uint32_t excludes;
    struct addr gateway[LIM_GATEWAYS]; /* next hops of the interface */
    uint32_t gateways;
};

struct engine_options {
    struct engine_target target;
    struct addr
        local[LIM_IF_ADDRESSES]; /* this host's addresses, to tell the vantage; 0 for files */
    uint32_t locals;
    uint64_t seed[2]; /* secret key of every hash table */
    uint32_t flows;   /* capacity of the flow table, a power of two */
    bool names;       /* false: names leave as stable hashes */
    bool file;
    bool bytes_stay;    /* frames' bytes stay where they are until engine_flush() */
    bool filtered;      /* the caller's own filter may hide part of a connection */
    uint8_t own_mac[6]; /* link-layer address of the interface; all zero: not known */
    uint64_t start_ns;  /* wall clock at READY; 0 for files: the first packet's time */
};

struct engine;

/* Bytes that engine_init needs for these options. */
size_t engine_memory(const struct engine_options *o);

/* Set up an engine in `memory` (16-byte aligned, zeroed, engine_memory() bytes).  Never fails. */
struct engine *engine_init(void *memory, const struct engine_options *o);

/* Decode and count one frame. */
void engine_frame(struct engine *e, int datalink, uint64_t ts_ns, const uint8_t *bytes,
                  uint32_t cap_bytes, uint32_t wire_bytes);

/* At which of several interfaces the next frames were seen: their links are links of their own. */
void engine_from(struct engine *e, uint32_t interface);

/* The same, but it may wait for the frames after it, so that what several need from memory is
 * fetched at once; `bytes` are copied for it if they do not stay.  engine_flush() counts those that
 * wait: to be called before anything else is asked of the engine.  What is counted is the same
 * either way. */
void engine_queue(struct engine *e, int datalink, uint64_t ts_ns, const uint8_t *bytes,
                  uint32_t cap_bytes, uint32_t wire_bytes);
void engine_flush(struct engine *e);

/* Add target addresses learned late. */
void engine_retarget(struct engine *e, const struct msg_prefix *address, uint32_t n);

/* The target's addresses known now: given, looked up, learned on the wire and not expired.
 * Returns how many were written, at most `room`. */
uint32_t engine_addresses(const struct engine *e, struct addr *out, uint32_t room);

/* Rises whenever the target gets an address it did not have. */
uint32_t engine_addresses_generation(const struct engine *e);

/* Frames counted so far. */
uint64_t engine_seen(const struct engine *e);

/* The kernel filter was narrowed: what it hides from now on is not judged.  `filter` is the text
 * reported.  A second call replaces the text only. */
void engine_narrowed(struct engine *e, enum narrow_cause cause, const char *filter);

/* Nothing comes any more: what waited to be told by its name is told by its address.  Before the
 * last snapshot. */
void engine_end(struct engine *e);

/* For so long in all the interface could carry nothing. */
void engine_interface_down(struct engine *e, uint64_t us);

/* What only the source knows; totals since the start.  received: of a file, packets its capture
 * got, beside those missed; 0: those seen. */
struct engine_quality {
    uint64_t received, missed_kernel, missed_interface;
};
void engine_quality(struct engine *e, const struct engine_quality *q);

/* The file is cut off or damaged, as `why` says: so many of its bytes were not analysed. */
void engine_unread(struct engine *e, uint64_t bytes, uint64_t of_bytes, const char *why);
#endif
