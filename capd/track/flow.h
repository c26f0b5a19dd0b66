#ifndef CAPD_TRACK_FLOW_H
#define CAPD_TRACK_FLOW_H
#include "capd/decode/packet.h"
#include "common/limits.h"
#include "common/schema.h"

/* One flow: a TCP connection, or the datagrams of one UDP or SCTP five-tuple.
 *
 * Times are microseconds since the start of the capture; the 32-bit ones wrap after 71 minutes.
 * tcp_hold_times() sees to it that what they are subtracted from is never more than half of that
 * later: longer times are told as FLOW_LONGEST_US. */
#define FLOW_LONGEST_US INT32_MAX /* 35 minutes */

#define NONE UINT32_MAX /* no index */

#define CLIENT 0u /* sends to the server: index of struct flow_side and of every [2] below */
#define SERVER 1u

#define TIMED_SEGMENTS 2u

/* Wireshark's counters, one per entry of TCP_ANALYSIS_LIST. */
#define ANALYSIS_ENUM(name) ANALYSIS_##name,
enum analysis { TCP_ANALYSIS_LIST(ANALYSIS_ENUM) ANALYSIS_COUNT };

enum side_bit {
    SIDE_NEXT = 1u << 0,     /* next is valid */
    SIDE_ACK = 1u << 1,      /* acked is valid */
    SIDE_FIN = 1u << 2,      /* this end sent FIN */
    SIDE_RST = 1u << 3,      /* this end sent RST */
    SIDE_WINDOW = 1u << 4,   /* window is valid */
    SIDE_CLOSED = 1u << 5,   /* its receive window is closed now */
    SIDE_ADVANCED = 1u << 6, /* its ACK number rose */
    SIDE_TTL = 1u << 7,      /* ttl is valid */
    SIDE_RTT = 1u << 8,      /* rtt_us is valid */
    SIDE_SCALE = 1u << 9,    /* it offered window scaling */
    SIDE_DEAD = 1u << 10,    /* a dead path was reported, and no ACK came since */
    WS_NEXT = 1u << 11,      /* ws_* below: Wireshark's state */
    WS_ACK = 1u << 12,
    WS_WINDOW = 1u << 13,
    WS_KEEP_ALIVE = 1u << 14, /* its last segment was a keep-alive */
    WS_ZERO_PROBE = 1u << 15, /* its last segment was a zero-window probe */
    WS_BASE = 1u << 16,       /* ws_base is valid */
    APP_STARTED = 1u << 17,   /* app_next is valid */
    APP_LOST = 1u << 18,      /* the stream has a gap: wait for a segment that starts a message */
    WS_EXPECT = 1u << 20,
    WS_SYN = 1u << 22,       /* its last segment was a SYN, whose window is not scaled */
    SIDE_PUSHED = 1u << 21,  /* its highest data segment ended a write (PSH) */
    APP_GAPPED = 1u << 29,   /* the stream has had a gap, or bytes that were no message */
    APP_ASKED = 1u << 23,    /* what is skipped answers a request that was seen */
    APP_DEAF = 1u << 19,     /* nothing more to read in this direction */
    APP_CHUNKED = 1u << 26,  /* inside a chunked body: the size of a chunk comes next */
    APP_TURN = 1u << 30,     /* the other end has spoken since this one did */
    ROUND_OPEN = 1u << 24,   /* round_* below: an ACK whose echo is awaited */
    SIDE_ASLEEP = 1u << 28,  /* what it sends breaks a silence, and the other end has not woken */
    SIDE_SPENT = 1u << 27,   /* its highest data segment ended a write and is no full one */
    ROUND_BACK = 1u << 25,   /* ... data with that echo has come */
    SIDE_TOLD_MTU = 1u << 31 /* a router told it of a smaller MTU */
};

/* What one end of a TCP connection sent. */
struct flow_side {
    uint32_t bits;
    uint32_t isn;     /* joined later: up to where its receiver had data then, or has by now */
    uint32_t next;    /* end of the highest segment seen */
    uint32_t next_us; /* when that was */
    uint32_t acked;   /* highest ACK number this end sent */
    uint32_t holes;   /* list of gaps below next, NONE if none */
    uint32_t window;  /* last receive window it advertised, scaled if that is known */
    uint32_t rtt_us;  /* latest: its data to the other end's ACK */
    uint32_t
        timed_end[TIMED_SEGMENTS]; /* segments whose ACK is awaited; bit 0 in timed_bits: used */
    uint32_t timed_us[TIMED_SEGMENTS];
    uint32_t timed_bits; /* one per timed segment: its ACK is awaited */
    uint32_t try_seq, try_first_us, try_last_us, try_gap_us; /* one segment sent again and again */
    uint32_t zero_since_us, zero_total_ms;
    uint16_t window_most; /* largest window it advertised behind its SYN; counted to 65535 */
    /* Payload of a segment that was sent in vain for so long, in tenths of a second, counted to
     * 255, until smaller ones in its place passed; 0: none. */
    uint16_t narrow;
    uint64_t zero_first_us;
    uint32_t ws_base, ws_next, ws_next_us, ws_ack, ws_ack_us, ws_window, ws_dup_acks, ws_expect;
    uint32_t app_next;     /* sequence number of the next stream byte to be looked at */
    uint32_t app_buffer;   /* reassembly buffer, NONE if none */
    uint32_t app_skip;     /* stream bytes before the next message */
    uint32_t largest_end;  /* where the segment that set `largest` ends */
    uint32_t told_end;     /* end of what it had sent when told of a smaller MTU */
    uint16_t dup_acks;     /* in a row, sent by this end */
    uint16_t mss, largest; /* largest payload of a segment */
    uint16_t passed;       /* largest payload that is known to have arrived */
    uint16_t try_len;      /* payload of the segment sent again and again */
    uint16_t zero_times;
    uint8_t wscale, ttl, tries, narrow_ds;
    bool tries_growing : 1, tries_fill : 1;
    bool stamped : 1;         /* its largest segment has timestamps (RFC 7323) */
    bool quick_when_full : 1; /* what filled its window it acknowledged as soon as the handshake */
    uint8_t unheard : 2; /* its peer sent again what it acknowledged since the first try, to 3 */
    uint8_t records;     /* TLS application records, counted to 255 */
    uint8_t ttl_low, ttl_high, id_steps; /* tcp_end_sender(): of all but resets */
    bool id_changed;                     /* to last_id, from the packet before */
    uint16_t last_id;
    /* An ACK of this end: its timestamp, when it passed, and where its window ends. */
    uint32_t round_ts, round_us, round_edge;
};

enum flow_bit {
    FLOW_SELECTED = 1u << 0,
    FLOW_TARGET = 1u << 1,
    FLOW_SYN = 1u << 2,
    FLOW_SYNACK = 1u << 3,
    FLOW_ESTABLISHED = 1u << 4,
    FLOW_ICMP = 1u << 5,         /* an ICMP error quoted it */
    FLOW_REFUSED = 1u << 6,      /* RST from the server before any SYN-ACK */
    FLOW_GAVE_UP = 1u << 7,      /* RST or FIN before the handshake was done */
    FLOW_RESET_MID = 1u << 8,    /* reset in mid-stream */
    FLOW_RESET_CLIENT = 1u << 9, /* ... by the client */
    FLOW_REQUEST = 1u << 10,     /* a request waits for its first answer byte */
    FLOW_REQUEST_ACK = 1u << 11, /* ... and for its acknowledgement */
    FLOW_ANSWER = 1u << 12,      /* an answer is under way */
    FLOW_GUESSED = 1u << 13,     /* who is the client is a guess */
    FLOW_ENDED = 1u << 14,       /* in the list of ended flows */
    FLOW_TLS_DONE = 1u << 15,    /* application data may follow */
    FLOW_TLS13 = 1u << 16,
    FLOW_COUNTED = 1u << 17,      /* among totals.flows */
    FLOW_SERVER_FIRST = 1u << 18, /* the server spoke first */
    FLOW_SCALE_KNOWN = 1u << 19,  /* both SYNs seen */
    FLOW_HELLO = 1u << 20,        /* a ClientHello was seen */
    FLOW_WORKED = 1u << 21,       /* it had worked before the first ICMP error quoted it */
    FLOW_ALERT = 1u << 22,        /* a fatal alert of TLS ended it */
    FLOW_PUSH_WAITS = 1u << 23,   /* the server broke a silence, and the client says nothing yet */
    FLOW_PUSH_LATE = 1u << 24,    /* the latest such push had to be repeated */
    FLOW_MAYBE_ANSWER = 1u << 25, /* a ticket of TLS, or the answer: it came at answer_first_us */
    FLOW_RESUMED = 1u << 26,      /* after a silence nothing was acknowledged yet */
    FLOW_APART = 1u << 27,        /* an ACK stood before its data: the order is not the wire's */
    FLOW_HIDDEN = 1u << 28,       /* the filter lets only its SYN, FIN and RST through */
    FLOW_FOREIGN = 1u << 29,      /* its own SNI or Host is not the target's name */
    FLOW_LEFT_WAITING = 1u << 31, /* closed by an end that had waited long for data in vain */
    FLOW_WAITS = 1u << 30 /* the target's by its address, unless its SNI or Host says otherwise */
};

/* What the first payload said the flow is.  Of UDP: QUIC (APP_TLS), or none by its ports, of which
 * some checks whether a way can be had (APP_ICE). */
enum app {
    APP_UNKNOWN,
    APP_NONE,
    APP_HTTP,
    APP_TLS,
    APP_DNS,
    APP_SSH,
    APP_HTTP2,
    APP_ICE,
    APP_COUNT
};

/* SSH and HTTP/2 are recognised, and nothing of them is read. */
static inline bool app_is_read(uint8_t app) {
    return app == APP_UNKNOWN || app == APP_HTTP || app == APP_TLS || app == APP_DNS;
}

/* The SYN-ACK was repeated long after this had passed here. */
enum ack_heard { HEARD_NOTHING, HEARD_ACK, HEARD_DATA };

struct flow {
    struct addr end[2]; /* CLIENT, SERVER */
    uint16_t port[2];
    uint8_t ip_proto;
    uint8_t app; /* enum app */
    uint32_t bits;
    uint32_t service; /* index and generation in the service table */
    uint32_t service_gen;
    uint32_t name, name_gen; /* name seen for the server: index and generation in names */
    /* HTTP: oldest request without response; TLS: its row; UDP: its state */
    uint32_t row, row_gen;
    uint32_t other_packets; /* counted as not selected so far */
    uint64_t first_us, last_us;
    uint32_t packets[2]; /* sent by */
    uint64_t bytes[2];   /* on the wire, sent by */
    union {
        uint64_t payload[2]; /* TCP, sent by, without retransmissions */
        uint64_t said_us[2]; /* UDP: last datagram with something in it */
    };

    /* Of UDP nothing from here is used by every packet; but for other_bytes, TCP only. */
    uint64_t other_bytes;
    uint64_t retransmit_first_us, retransmit_last_us;
    uint32_t data_segments[2], retransmitted[2], lost_before, lost_after, spurious, reordered;
    uint16_t analysis[ANALYSIS_COUNT]; /* counted while not selected, to be moved on selection */
    uint16_t syn_sent;
    uint32_t syn_us, syn_last_us, synack_us;
    uint32_t handshake_us; /* when refused: SYN to RST */
    uint32_t first_rtt_us; /* Wireshark's iRTT: last SYN to ACK, 0 if unknown */
    uint32_t tls_us, first_byte_us, rtt_smooth_us;
    uint32_t reset_us;
    uint32_t request_ack_us; /* request to the server's ACK of it */
    uint32_t request_us, request_end, answer_first_us, answer_last_us;
    uint32_t hello_us; /* ClientHello */
    uint8_t reset_ttl_delta, history_len;
    uint16_t history_seen[2]; /* one bit per letter */
    char history[LIM_HISTORY];
    struct flow_side side[2];
    /* How it ended: seldom touched, so behind what every segment needs. */
    uint32_t idle_ms, resume_us; /* data came after a long silence: its length; when */
    /* Repetitions taken for a sleeper's, before the latest push and of it; when the first was; how
     * often a push went through at once after one that did not. */
    uint32_t excused_us;
    uint16_t excused;
    uint8_t excused_now, turns_awake;
    uint32_t end_us, rst_seq; /* first FIN or RST: when; the RST's number */
    uint16_t mac_mark[2];     /* of the link-layer address of each end's first packet */
    uint8_t synack_sent, rst_ttl;
    uint8_t
        retry_bytes;  /* of the server, up to its HelloRetryRequest, while that is its last word */
    uint8_t probes;   /* keep-alives in a row, after a long silence, to which nothing came back */
    uint16_t end_how; /* see tcp_end.c */
    /* The client's first record of TLS 1.3, if it was not its Finished; counted to 2048. */
    uint16_t certificate_bytes;
    uint32_t turn_us;      /* the first word of the client since the server's last */
    bool prompt : 1;       /* an answer may have begun sooner than a slow server's */
    bool pushes : 1;       /* TLS: the server said something of its own accord */
    bool asked_late : 1;   /* the latest request acknowledged the server's FIN */
    bool replied : 1;      /* the client's latest words may be a reply, not a request */
    bool h2 : 1;           /* TLS: HTTP/2, as offered first, or chosen in clear */
    bool goes_on : 1;      /* the client spoke again a while after a question without an answer */
    bool aside : 1;        /* the server's latest word is counted as out of turn, and short */
    bool tls_refused : 1;  /* the latest record may be the server's alert behind the handshake */
    bool large_answer : 1; /* an answer began with more than tickets of TLS may have */
    bool sacks : 1;        /* an end said what it has behind what is missing (RFC 2018) */
    uint8_t ack_heard : 2; /* enum ack_heard */
    uint8_t asked;         /* what the client asked, less what the server said; counted to 255 */
    uint8_t news_bytes;    /* latest of the server, if short and nobody asked for it */
    uint16_t spoken;       /* bytes that the server said without a pause, counted to 65535 */
    uint8_t said_bytes;    /* latest of the client, counted to 255 */
    uint8_t stream;        /* HTTP/2 in clear: of the latest request; see request_of() */
};

/* From the client's ACK of the SYN-ACK until then, in microseconds.  A round trip of 0 is kept as
 * 1, so that what comes at the same moment would be before it. */
static inline uint32_t flow_since_open(const struct flow *f, uint32_t us) {
    uint32_t since_syn = us - f->syn_last_us;
    return since_syn > f->first_rtt_us ? since_syn - f->first_rtt_us : 0;
}
#endif
