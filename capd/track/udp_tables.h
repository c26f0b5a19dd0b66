#ifndef CAPD_TRACK_UDP_TABLES_H
#define CAPD_TRACK_UDP_TABLES_H
#include "capd/track/flow.h"

/* What is kept of UDP beside the flow itself.  A flow finds its state by `row` and `row_gen`, an
 * RTP stream is found through its flow's state; both may be given up when their table is full. */

/* ---- the beat of a stream ---------------------------------------------------------------------
 */
/* Times between neighbours: 4 buckets per octave from 256 us to 16 s. */
#define PACE_BUCKETS 64u
struct pace {
    uint64_t last_us; /* previous datagram; 0: none yet */
    uint64_t first_us;
    uint32_t intervals;  /* in the buckets */
    uint32_t gaps;       /* of them longer than 100 ms */
    uint32_t longest_us; /* of them */
    uint32_t pending_us; /* a gap of which the next datagram says whether the sender made it */
    uint16_t held;       /* datagrams that the latest gap kept back and that may come at once now */
    uint16_t together;   /* that came at once behind the pending gap */
    uint16_t bucket[PACE_BUCKETS];
};

/* ---- RTP ----------------------------------------------------------------------------------------
 */
/* What may become a stream: so many packets must go together first. */
#define RTP_PROBATION  6u
#define RTP_CANDIDATES 2u /* audio and video of one flow begin together */
struct rtp_candidate {
    uint32_t ssrc, timestamp, first_stamp, bytes;
    uint16_t seq, first_seq;
    uint8_t good; /* packets that went together; 0: free */
    uint8_t payload_type;
    uint64_t first_us, last_us;
};

#define RTP_WINDOW 128u /* sequence numbers remembered: later ones than that begin anew */
struct media {
    struct addr end[2]; /* sender, receiver */
    uint16_t port[2];
    bool selected, target, sender_is_client, multicast;
    uint8_t kind;                 /* enum media_kind */
    uint32_t gen, next, next_gen; /* next stream of the same flow and direction */
    uint64_t first_us, last_us, packets, bytes;
    struct pace pace;

    /* RTP only from here. */
    uint8_t payload_type;
    bool checked; /* the clock was compared with the arrival times */
    uint32_t ssrc, clock_hz;
    uint16_t seq_max;  /* highest sequence number */
    uint64_t seen[2];  /* bit n: seq_max - n has arrived */
    uint64_t expected; /* of the run before seq_max, and of earlier runs */
    uint64_t reordered, repeated, restarts, backwards; /* backwards: time stamps that fell */
    uint32_t lost_in_a_row;
    uint16_t bad_seq; /* where a new numbering would go on */
    bool has_bad_seq;
    uint32_t stamp,
        stamp_first;     /* time stamp of the latest, and of where the clock is measured from */
    uint64_t resumed_us; /* after a span without any packet; 0: it is not the latest packet */
    uint64_t stamp_us, stamp_first_us, jitter_us; /* when `stamp` was seen first; times 16 */
    uint64_t jitter_samples, jitter_sum_us, jitter_max_us;
};
struct media_table {
    struct media *media;
    uint32_t capacity, used, gen;
    uint64_t gone[MEDIA_COUNT]; /* selected streams that gave way, by kind */
};

/* ---- one UDP flow -------------------------------------------------------------------------------
 */
enum udp_bit {
    UDP_QUIC = 1u << 0,          /* a long header was seen */
    UDP_QUIC_INITIAL = 1u << 1,  /* its first Initial was seen, from end[CLIENT] */
    UDP_QUIC_ANSWERED = 1u << 2, /* the server sent anything */
    UDP_QUIC_SHOOK = 1u << 3,    /* ... its Handshake packet */
    UDP_SPIN = 1u << 4,          /* spin is valid */
    UDP_SPIN_VALUE = 1u << 5,
    UDP_WIREGUARD = 1u << 6 /* a handshake of it was begun */
};

/* Counters of one flow that its service sums up. */
struct udp_facts {
    uint64_t asked, answered, answered_last_us, ask_first_us, ask_second_us, ask_last_us, icmp;
    uint64_t by_strangers; /* of `asked`; see stranger.h */
    uint64_t quic_attempts, quic_answered, quic_tries, quic_first_us, quic_last_us, quic_waited_us;
    uint64_t quic_retries, quic_negotiations;
    uint64_t handshakes, handshake_min_us, handshake_max_us;
    uint64_t spin_samples, spin_rtt_min_us;
};

struct udp_state {
    uint32_t flow; /* its index; the flow's row and row_gen point back */
    uint32_t gen, bits;
    bool used;
    uint8_t server; /* CLIENT or SERVER: the end of the flow that serves; the flow only guesses */
    struct pace pace[2]; /* by sender; in front, as most states are of streams with a beat */
    struct udp_facts facts;
    uint64_t spin_us; /* latest edge seen from the client */
    uint32_t spin_edges, spin_packets;
    struct rtp_candidate candidate[2][RTP_CANDIDATES]; /* by sender */
    uint32_t media[2], media_gen[2];                   /* by sender: head of its list */
};
struct udp_table {
    struct udp_state *state;
    uint64_t *last_us; /* when each was used last; apart from them, since all are compared */
    uint32_t *free;
    uint64_t full_until_us; /* until then nobody looks for one that is silent */
    uint32_t capacity, used, frees, hand, gen;
};

/* ---- UDP services -------------------------------------------------------------------------------
 */
struct udp_service {
    struct addr address;
    uint16_t port;
    bool target;
    uint32_t chain;
    struct udp_facts facts;
};
struct udp_services {
    struct udp_service *service;
    uint32_t *bucket;
    uint32_t capacity, used, hand;
    uint64_t seen;
    struct udp_facts gone; /* counters of those that gave way: the totals keep them */
};
#endif
