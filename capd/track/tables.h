#ifndef CAPD_TRACK_TABLES_H
#define CAPD_TRACK_TABLES_H
#include "capd/track/flow.h"
#include "capd/track/strain_tables.h"
#include "capd/track/udp_tables.h"

/* The bounded tables beside the flow table.  Every one has a fixed capacity; what goes first when
 * it is full stands with the module that owns it.  An index into a table that may give entries up
 * travels with the entry's generation; a stale pair finds nothing. */

/* ---- recent packets, by which copies of the capture are known ----------------------------------
 */
/* One cache line; the oldest of its packets gives way. */
#define RECENT_PACKETS 7u
struct recent_set {
    uint32_t hash[RECENT_PACKETS]; /* 0: unused */
    uint32_t us[RECENT_PACKETS];
    uint8_t ttl[RECENT_PACKETS], at;
};
/* Segments longer than the path takes, as offloads show them: they may be seen in pieces next. */
#define LONG_SETS     64u
#define LONG_SEGMENTS 16u
struct long_segment {
    uint32_t whose; /* flow and sender */
    uint32_t seq, len, ack, ts, us;
    uint16_t id;
    uint8_t ttl;
};
struct long_set {
    struct long_segment segment[LONG_SEGMENTS]; /* the oldest gives way */
    uint8_t at;
};
/* Of a sender without IP ids: what the other end said that it misses, and what was seen twice. */
#define TOLD_SENDERS 2048u
struct told {
    uint32_t whose;  /* the sender; another one with the same place takes it over */
    uint32_t us;     /* when the other end said it last; 0: it never did */
    uint32_t end;    /* something below is missing */
    uint32_t copies; /* made by the capture */
};
struct recent {
    struct recent_set *set;
    uint32_t sets;           /* a power of two */
    uint64_t bare, bare_far; /* TCP without data, with IP ids: seen; and known to be late copies */
    struct long_set longs[LONG_SETS];
    struct told told[TOLD_SENDERS];
};

/* ---- sketch: a small histogram --------------------------------------------------------------- */
/* 16 buckets per octave up to 2^29 us (9 min); counts are halved together when one is full. */
#define SKETCH_BUCKETS (16u * 26u)
struct sketch {
    uint64_t samples, min_us, max_us;
    uint16_t bucket[SKETCH_BUCKETS];
};

/* ---- names ------------------------------------------------------------------------------------
 */
struct name {
    uint32_t gen, len;
    uint64_t hash;
    uint8_t text[LIM_NAME + 1]; /* lower case, bytes as on the wire */
    bool resolved;              /* a DNS answer told its address */
};
struct name_address {
    struct addr address;
    uint32_t name, name_gen;
    uint32_t chain;
    uint64_t until_us;
    uint64_t target_until_us; /* learned as an address of the target's name: until then; 0: not */
    bool used;
};
/* A name that the target's name stands for (CNAME), directly or through others. */
#define TARGET_ALIASES 16u
struct name_alias {
    uint64_t until_us; /* 0: free */
    uint32_t len;
    uint8_t text[LIM_NAME + 1]; /* lower case */
};
struct names {
    struct name_alias alias[TARGET_ALIASES];
    struct name *name;
    struct name_address *address;
    uint32_t *name_bucket, *name_chain, *address_bucket;
    uint32_t names_cap, addresses_cap, names_hand, addresses_hand, gen;
};

/* ---- services ---------------------------------------------------------------------------------
 */
/* Counters of contract section 4 in the order of FIELDS_CONNECTION_COUNTS. */
#define COUNT_MEMBER(T, kind, name, bound, unit, doc) uint64_t name;
struct conn_counts {
    FIELDS_CONNECTION_COUNTS(COUNT_MEMBER, unused)
};

/* What is summed over flows for the totals. */
struct flow_sums {
    struct conn_counts counts;
    uint64_t one_sided, local_client, local_server, not_local;
    uint64_t target_both, target_one_way;
};

/* What is summed over connections, finished and live, per service. */
struct service_facts {
    struct conn_counts counts;
    uint64_t packets, bytes, first_us, last_us; /* first_us: UINT64_MAX when there was none */
    uint64_t heard_us;                          /* last packet of the server */
    bool to_client, to_server;
    uint64_t timeout_first_us, timeout_last_us, timeout_wait_us, timeout_syn_sent, timeout_repeated;
    uint64_t refused_first_us, refused_last_us;
    uint64_t by_strangers;   /* attempts that failed; see stranger.h */
    uint64_t refused_beside; /* see tcp_setup_refused_beside() */
    uint64_t retransmit_first_us, retransmit_last_us;
    uint64_t zero_us[2], zero_times[2], zero_stuck[2], zero_life_us[2];
    uint64_t zero_first_us, zero_last_us;
    uint64_t reset_by[2], reset_bytes, reset_ttl_delta, reset_first_us, reset_last_us;
    uint64_t reset_idle_us, reset_other_mac;
    struct addr reset_from; /* who sent the last of them */
    uint64_t syn_added_us, syn_added_longest_us, syn_retry_first_us, syn_retry_last_us;
    uint64_t hello_unanswered, hello_wait_us, hello_first_us, hello_last_us;
    uint64_t plain_closed, plain_first_us,
        plain_last_us; /* tls_fault_closed(), this and the next */
    uint64_t tls_refused, tls_refused_first_us, tls_refused_last_us;
    uint64_t waits, waits_longest_us; /* announced data that does not come, up to now */
};

/* Widen the span [first, last] that holds `times` events by [from, to]. */
static inline void span_add(uint64_t *first, uint64_t *last, uint64_t times, uint64_t from,
                            uint64_t to) {
    if (times == 0 || from < *first) *first = from;
    if (times == 0 || to > *last) *last = to;
}

enum service_sketch {
    SERVICE_HANDSHAKE,
    SERVICE_RTT,
    SERVICE_REQUEST_ACK,
    SERVICE_FIRST_BYTE,
    SERVICE_TLS,
    SERVICE_REFUSED,
    SERVICE_ROUND, /* round trips that have a handshake to be held against */
    SERVICE_RISE,  /* of these, with much in flight: how much longer than the handshake */
    SERVICE_SKETCHES
};

/* A client that let its server wait.  Of a service the two that do it most are kept: a new one
 * takes the place of the one whose credit is used up (the counting of frequent items by Misra and
 * Gries).
 */
#define SLOW_CLIENTS 2u
struct slow_client {
    struct addr address;
    uint32_t credit;
    uint64_t opens, late_opens, answers, late_acks;
    uint64_t wait_us, longest_us, first_us, last_us;
};

/* When a client asked last. */
#define ASKED 8u
struct asked {
    uint64_t us;     /* since the start; 0: unused */
    uint32_t client; /* keyed hash of its address */
};

/* What a web server answered.  soft: says nothing about the site; met: a challenge, then success.
 */
struct http_counts {
    uint64_t responses, e4xx, e5xx, e401, e403, e404, e407, e429, e500, e502, e503, e504;
    uint64_t soft, met, challenges;
    uint64_t first_4xx_us, last_4xx_us, first_5xx_us, last_5xx_us;
};

/* SYNs of the running second; hot: those of all seconds that had too many, and what came since. */
struct syn_rate {
    uint64_t second, first_us, last_us, hot, hot_done, hot_answered;
    uint32_t syns, done, worst;
};

/* tls_faults.c */
struct tls_faults {
    uint64_t rejected_first_us, rejected_last_us;
    uint64_t obsolete_first_us, obsolete_last_us, mismatch_first_us, mismatch_last_us;
    uint32_t rejected, obsolete, mismatch, prompt;
    uint16_t rejected_bytes, oldest;
    uint8_t mismatch_class;
};

struct service {
    struct addr address;
    uint16_t port;
    bool used, target, target_address;
    bool worked; /* a connection came up, or was up before the capture */
    uint32_t gen, chain;
    uint32_t live;                        /* flows in the table that belong to it */
    uint32_t asked_again;                 /* attempts of clients that had tried before */
    uint32_t repeated_syns, live_trouble; /* see services_note_trouble() */
    uint32_t name, name_gen;
    uint32_t sketch[SERVICE_SKETCHES]; /* NONE: no sample yet */
    uint64_t requests, unpaired, small_answers, renewed, replies, handshakes_by_client;
    struct http_counts http;
    uint64_t client_hellos, server_hellos, fatal_by[2], alert_first_us, alert_last_us;
    uint32_t tls_alert, late_answers;
    struct tls_faults tls;
    struct slow_client slow[SLOW_CLIENTS];
    struct asked asked[ASKED]; /* the clients that asked last */
    struct syn_rate syn_rate;
    struct strain strain;
    struct service_facts done; /* of connections that left the flow table */
};

/* teardown.c: the latest resets of one service that came in one moment. */
#define TEARDOWN_FLOWS 8u
struct teardown {
    uint32_t service, gen, last_us;
    uint32_t flows;                /* ever noted */
    uint32_t flow[TEARDOWN_FLOWS]; /* indexes in the flow table */
    bool apart;                    /* their silences differ */
};
#define TEARDOWNS 64u

struct services {
    struct service *service;
    struct sketch *sketch;
    uint32_t *bucket, *sketch_free;
    uint32_t capacity, sketches, used, sketches_left, hand, gen;
    uint64_t seen;            /* services ever added */
    uint64_t others_heard_us; /* last packet of public ones that gave way or had no row */
};

/* ---- DNS ---------------------------------------------------------------------------------------
 */
struct dns_entry {
    struct addr client, server;
    uint16_t client_port, server_port, id, type;
    uint16_t client_mark; /* of the asker's link-layer address; 0: not known */
    uint16_t rcode, answers;
    uint8_t addresses;       /* A and AAAA records in the answer */
    uint32_t extended_error; /* INFO-CODE + 1, 0: none */
    bool used, answered, target;
    bool iterative; /* asked without recursion (RD clear), as resolvers ask each zone's servers */
    uint32_t chain, tries;
    uint32_t answer_tries, responses; /* tries before the answer; answers, later ones included */
    uint64_t hash, first_us, last_us, latency_us;
    uint8_t name_len;
    uint8_t name[255]; /* lower case */
    /* dns_faults.c */
    uint64_t took_us;             /* first query to answer */
    uint64_t retry_us;            /* first query to the one that was answered; 0: all were */
    uint64_t digest;              /* of the first answer */
    uint32_t replies, tries_then; /* answers seen; queries sent when the first one came */
    uint32_t size_bytes;          /* of an answer that was cut */
    uint32_t tcp_tries;           /* questions over TCP that followed it */
    uint32_t tcp_connects;        /* connections over TCP to its server that followed it */
    uint16_t udp_size;            /* room for answers that the query offers (RFC 6891); 0: no OPT */
    bool comparable, disputed;    /* first answer read whole; another one contradicted it */
    bool nodata;                  /* NOERROR without an address, though one was asked for */
    bool truncated, whole_later;  /* cut (TC); a whole answer came after it */
};
struct dns_table {
    struct dns_entry *entry;
    uint32_t *bucket;
    uint32_t capacity, used, hand;
};

/* Answers cut (TC) that wait for a whole one: indexes of their questions. */
#define DNS_CUT 32u
struct dns_cut_list {
    uint32_t entry[DNS_CUT];
    uint32_t used, hand;
};

/* Something seen of a resolver's answers, with the latest name it was about. */
struct dns_fault {
    uint64_t count, first_us, last_us;
    bool target;
    uint8_t name_len;
    uint8_t name[255];
};

struct resolver {
    struct addr address;
    uint16_t port;
    bool used, target, to_client, to_server;
    uint64_t queries, transactions, iterative, responses, retried, late, rcode[6], other_rcode;
    uint64_t lost, lost_tries, lost_wait_us; /* unanswered transactions that left the table */
    uint64_t lost_strangers;                 /* of these; see stranger.h */
    uint64_t trouble_first_us, trouble_last_us, trouble_target;
    uint8_t trouble_len;
    uint8_t trouble_name[255];
    struct sketch latency;
    struct dns_fault two_answers, unasked, private_answer;
    struct addr private_address;
};
#define RESOLVERS 64u

/* ---- HTTP, TLS ---------------------------------------------------------------------------------
 */
struct http_entry {
    struct addr client, server;
    uint16_t client_port, server_port, status;
    bool used, answered, target;
    bool challenge; /* answered by 401 or 407, no success since */
    uint8_t method_len, path_len, host_len;
    uint32_t gen, next, next_gen; /* next request of the same connection */
    uint32_t flow_name, flow_name_gen;
    uint64_t at_us, first_byte_us;
    uint8_t method[16], path[LIM_PATH_TEXT], host[LIM_NAME];
};
struct http_table {
    struct http_entry *entry;
    uint32_t capacity, used, hand, gen;
};

struct tls_entry {
    struct addr client, server;
    uint16_t server_port, version;
    bool used, target, answered, reset, done;
    bool went_on;       /* the client, after the ServerHello */
    uint8_t alert_from; /* 0 none, 1 client, 2 server */
    uint8_t alert, sni_len, alpn_len;
    uint32_t gen;
    uint64_t at_us, hello_us; /* the ClientHello, the second one if there was; to the answer */
    uint64_t retry_us;        /* to the HelloRetryRequest */
    uint8_t sni[255], alpn[32];
};
struct tls_table {
    struct tls_entry *entry;
    uint32_t capacity, used, hand, gen;
};

/* ---- gaps, stream buffers, fragments ------------------------------------------------------------
 */
struct hole {
    uint32_t seq, end, us, chain;
    /* Of the segment that overtook what is missing: its IP id and timestamp, where it had them. */
    uint32_t stamp;
    uint16_t id;
    /* acked: acknowledged at `us` without having been seen; so many ACKs were counted as gaps. */
    bool has_id : 1, has_stamp : 1, acked : 1;
    uint8_t gap_acks;
};
struct holes {
    struct hole *hole;
    uint32_t capacity, free, fresh;
};

#define STREAM_BYTES  4096u
#define STREAM_RANGES 4u
struct stream_buffer {
    uint32_t base;  /* sequence number of byte[0] */
    uint32_t chain; /* free list */
    uint32_t ranges;
    uint16_t from[STREAM_RANGES], to[STREAM_RANGES]; /* filled, in order, apart from each other */
    uint8_t byte[STREAM_BYTES];
};
struct streams {
    struct stream_buffer *buffer;
    uint32_t capacity, free, fresh;
};

#define FRAGMENT_BYTES 2048u /* kept of a datagram: headers and the start of the payload */
#define FRAGMENT_UNITS 8192u /* 64 KiB in units of 8 bytes */
struct fragment {
    struct addr src, dst;
    uint32_t id, total, have, chain; /* bytes; total 0: last fragment not seen */
    uint64_t us;
    uint8_t ip_proto, version, ttl;
    bool used, has_ports;
    uint16_t sport, dport;
    uint64_t unit[FRAGMENT_UNITS / 64];
    uint8_t byte[40 + FRAGMENT_BYTES]; /* room for the IP header in front */
};
#define FRAGMENTS 64u

/* ---- ping, paths ------------------------------------------------------------------------------
 */
#define PINGS      1024u /* pairs of hosts: a monitor of a large site, or a sweep of some networks */
#define PING_TRIES 32u
struct ping_try {
    uint64_t us;
    uint16_t id, seq;
    bool waiting;
};
struct ping {
    struct addr asker, asked;
    bool target;
    uint32_t chain; /* the next of the same bucket, NONE: the last */
    uint32_t hand;
    uint64_t first_us, last_us, judged, lost, answered, took_us, longest_us;
    struct ping_try try[PING_TRIES];
};

struct pings {
    uint32_t used, hand;
    uint32_t bucket[PINGS];
    struct ping ping[PINGS];
};

#define CIRCLES        64u
#define CIRCLE_ROUTERS 4u
struct circle {
    struct addr src, dst, router[CIRCLE_ROUTERS];
    bool used, target;
    bool traced;  /* packets left with few hops: a trace, ... */
    bool circled; /* ... or the same packet came by again with fewer */
    uint8_t ttl;
    uint32_t ip_id, routers;
    uint64_t first_us, last_us, count;
};

#define PATH_MTUS 32u
struct path_mtu {
    struct addr src, dst, from, server;
    uint16_t mtu, port;
    bool used, target, by_server;
    uint64_t first_us, last_us, count;
    uint64_t told_us;      /* first message of those that follow each other closely */
    uint64_t larger, fits; /* segments sent later: larger than mtu, or not */
    uint32_t largest;      /* bytes of such a packet */
};

#define STRANGER_WORDS 1024u /* of 64 bits; few are set by chance up to some 10 000 clients */

/* The latest connection that came up. */
struct last_open {
    struct addr client, server;
    uint16_t port, mac_mark; /* of the client's link-layer address, see flow.h */
    uint64_t us;
};

struct incidents {
    struct msg_incident row[LIM_INCIDENTS];
    uint32_t used;
    uint64_t seen;
};

/* ---- counters
 * -------------------------------------------------------------------------------------- */
struct codes {
    uint32_t code[LIM_CODES];
    uint64_t count[LIM_CODES];
    uint32_t used;
};

struct seconds {
    uint64_t bucket_us;
    uint64_t packets[LIM_TIMELINE], bytes[LIM_TIMELINE], to_client[LIM_TIMELINE],
        to_server[LIM_TIMELINE], retransmitted[LIM_TIMELINE], rtt_sum_us[LIM_TIMELINE],
        rtt_samples[LIM_TIMELINE];
    uint32_t used;
    uint32_t latest; /* bucket of the latest packet, and its span: saves the division */
    uint64_t latest_from_us, latest_until_us;
    uint64_t second, second_to[2], peak_to[2]; /* bytes of the running second; [CLIENT]: to it */
};

struct host {
    struct addr address;
    uint32_t chain;
    uint64_t packets, bytes;
    uint64_t said_us; /* its last word to somebody who spoke as late, or later */
};
struct hosts {
    struct host *host;
    uint32_t *bucket;
    uint32_t capacity, used, hand;
    uint64_t gone; /* gave way */
};

struct totals {
    uint64_t packets, bytes, other_packets, other_bytes, tunnel_packets, seen;
    uint64_t received, missed_kernel, missed_interface;
    uint64_t truncated, malformed, undecoded, fragments, duplicates;
    uint64_t interface_down_us;
    uint64_t file_unread_bytes, file_bytes, sealed_packets, headless_packets;
    uint64_t unread_dns, unread_dhcp, unread_tcp;
    uint64_t own_frames, foreign_frames;
    uint64_t evicted, rows_dropped, acks, gap_acks, flows, tcp_flows;
    uint64_t analysis[ANALYSIS_COUNT];
    uint64_t dns_queries, dns_responses, dns_transactions, dns_lost;
    uint64_t http_requests, http_responses;
    uint64_t tls_client_hellos, tls_server_hellos, tls_alerts;
    uint64_t arp_requests, arp_replies;
    uint64_t stp_changes, sctp_inits, sctp_init_acks, sctp_aborts;
    uint64_t proto_packets[PROTO_COUNT], proto_bytes[PROTO_COUNT];
    struct codes dns_rcodes, http_statuses, icmp_types, icmpv6_types;
    struct hist handshake, rtt, dns, tls, first_byte, transfer;
    struct flow_sums done; /* of selected flows that left the flow table */
    uint64_t slowest_answer_us, slowest_dns_us;
};
#endif
