#ifndef CAPD_TRACK_STATE_H
#define CAPD_TRACK_STATE_H
#include "capd/track/engine.h"
#include "capd/track/flow_table.h"
#include "capd/track/link_tables.h"
#include "capd/track/tables.h"

/* The engine from the inside: for track and stat only. */

/* A frame that was decoded and waits for its turn. */
struct waiting {
    struct packet packet;
    const uint8_t *bytes; /* of the frame; the packet borrows from them as well */
    bool has_flow;
    struct flow_key key; /* if has_flow; borrows from the packet */
};

/* Frames whose flows are fetched from memory at the same time, and which pass one part of the code
 * after the other: all of it at once does not fit the fastest cache. */
#define WAITING 32u
/* A frame up to this length is copied to wait: what Ethernet carries, but no joined segments. */
#define WAITING_BYTES 1600u

struct queue {
    uint32_t used;
    struct waiting frame[WAITING];
    uint8_t bytes[WAITING][WAITING_BYTES];
};

struct engine {
    struct engine_options o;
    uint8_t target_name_len;
    bool has_host;                     /* the target names a host, not only ports */
    bool started;                      /* epoch_ns is set */
    uint64_t epoch_ns, last_ns;        /* first and latest packet time; live: of the last look */
    uint64_t packet_ns;                /* of the last packet */
    uint64_t shift_ns, other_shift_ns; /* what two clocks of the source are behind (modulo 2^64) */
    uint64_t now_us;   /* time of the packet at hand, since the epoch; never goes back */
    uint32_t stamp_us; /* the same, also where it is a little out of order */
    uint64_t still_from_us, still_us; /* the latest span of a second or more without any packet */
    uint64_t jumped_from_us; /* the latest such span in which no time passed, plus 1; 0: none */
    bool message_selected;   /* the packet at hand is selected for what it carries (DNS) */
    uint32_t from;           /* see engine_from() */
    uint32_t snapshot_id;
    uint32_t addresses_generation;
    enum narrow_cause narrow_cause;
    uint64_t narrowed_us;
    char narrow_filter[LIM_FILTER + 1];
    char file_error[LIM_ERROR_TEXT + 1];

    struct queue queue;
    struct packet *packet; /* the one at hand */
    struct totals total;
    struct seconds seconds;
    struct load load;
    struct incidents incidents;
    struct flow_table flows;
    struct recent recent;
    struct services services;
    struct last_open last_open;
    struct teardown teardown[TEARDOWNS];                     /* by index of the service */
    uint64_t welcome[STRANGER_WORDS], tried[STRANGER_WORDS]; /* stranger.c */
    struct names names;
    struct dns_table dns;
    struct dns_cut_list dns_cut;
    struct resolver resolver[RESOLVERS];
    uint32_t resolvers;
    struct http_table http;
    struct tls_table tls;
    struct holes holes;
    struct streams streams;
    struct fragment *fragment;   /* FRAGMENTS */
    uint64_t icmp_hash, icmp_us; /* the last ICMP error, and when */
    struct pings pings;
    struct circle circle[CIRCLES];
    struct path_mtu path_mtu[PATH_MTUS];
    struct link_state link;
    struct dhcp_client dhcp_client[DHCP_CLIENTS];
    struct hosts hosts; /* of packets without flow, and of flows that left */

    struct flow *retired; /* LIM_CONNECTIONS connections that left the flow table */
    uint64_t *retired_score;
    uint32_t retired_n;

    struct udp_table udp;
    struct media_table media;
    struct udp_services udp_done; /* of flows that left, or whose state did */

    /* Scratch of a snapshot. */
    struct udp_services udp_sums;
    struct service_facts *facts; /* one per service */
    struct hosts host_sums;
    uint8_t *frame; /* LIM_FRAME_FROM_CAPD */
    uint8_t *rows;  /* decoded rows of the largest table */
    size_t rows_bytes;
};

/* Age from which a request without answer counts as unanswered (findings.md, rule 5). */
static inline uint64_t end_guard_us(uint64_t slowest_us) {
    return slowest_us + 200000 > 2000000 ? slowest_us + 200000 : 2000000;
}

/* A selected packet was cut so short that what it says cannot be read: count it, also as `kind`. */
static inline void state_count_unread(struct engine *e, const struct flow *f, uint64_t *kind) {
    if (!(f->bits & FLOW_SELECTED)) return;
    ++*kind;
    e->total.truncated++;
}

static inline bool seq_before(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) < 0;
}
static inline bool seq_after(uint32_t a, uint32_t b) {
    return (int32_t)(a - b) > 0;
}

/* Add to a counter by code; codes beyond the table's room are left out of it. */
void codes_add(struct codes *c, uint32_t code);

/* The same thing again is counted in the row there is; rows stay in the order of their first time.
 * Full: what is new is only counted in `seen`. */
void incidents_join(struct incidents *all, const struct msg_incident *row);
void incident_add(struct engine *e, const struct msg_incident *row);

/* Rows that tell how long `subject` stayed silent: is there one to which more can be added?  Its
 * end: it has spoken, and what comes is a new one. */
bool incident_goes_on(const struct engine *e, enum incident_kind kind, const struct addr *subject);
void incident_ends(struct engine *e, enum incident_kind kind, const struct addr *subject);
#endif
