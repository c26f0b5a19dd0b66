#ifndef CAPD_TRACK_FLOWS_H
#define CAPD_TRACK_FLOWS_H
#include "capd/track/state.h"

/* Life of a flow: found or opened by a packet, folded into sums when it leaves the table. */

/* Count the packet, whose key is given, in its flow and run the protocol's tracker.  Returns the
 * flow's index and the sender (CLIENT or SERVER) in *dir_out. */
uint32_t flows_packet(struct engine *e, struct packet *k, const struct flow_key *key,
                      unsigned *dir_out);

/* Find the flow of an IP packet from src to dst; NONE if there is none.  *dir_out: who sent it. */
uint32_t flows_find(const struct engine *e, uint8_t ip_proto, const struct addr *src,
                    uint16_t sport, const struct addr *dst, uint16_t dport, unsigned *dir_out);

/* 16 bits of the link-layer address of the sender; 0: none.  A chance match hides a difference, no
 * more. */
uint16_t flows_mac_mark(const struct packet *k);
/* The same, also of a capture on "any", where what is forwarded has the address of each sender on
 * its way. */
uint16_t flows_sender_mark(const struct packet *k);

/* Fold the flow and free its slot. */
void flows_retire(struct engine *e, uint32_t i);

/* fold.c */
/* Outcome of a connection at time now_us; guard_us is end_guard_us() of the slowest answer. */
enum conn_state flow_state(const struct flow *f, uint64_t now_us, uint64_t guard_us);
void flow_add_sums(const struct engine *e, const struct flow *f, struct flow_sums *sums);
void flow_add_facts(const struct engine *e, const struct flow *f, struct service_facts *facts);
/* How bad the connection is, for the choice of rows: the larger, the worse.  Its last bit: it came
 * up, or was up before. */
#define FLOW_SCORE_UP 1u
uint64_t flow_score(const struct engine *e, const struct flow *f);
/* Bytes and packets of the flow to both ends. */
void flow_add_hosts(const struct flow *f, struct hosts *h, const uint64_t seed[2]);

/* hosts.c */
void hosts_init(struct hosts *h);
/* Full: the smallest of 16 entries, taken in turn, gives way. */
void hosts_add(struct hosts *h, const uint64_t seed[2], const struct addr *a, uint64_t packets,
               uint64_t bytes, uint64_t said_us);
#endif
