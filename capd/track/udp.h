#ifndef CAPD_TRACK_UDP_H
#define CAPD_TRACK_UDP_H
#include "capd/track/state.h"

/* Tell the application protocol of a datagram, add its bit to k->layers, run its tracker. */
void udp_packet(struct engine *e, struct packet *k, struct flow *f, unsigned dir);

/* udp_state.c: the state of a UDP flow, and what services sum up of it. */
void udp_init(struct engine *e);
/* The flow's state; NULL: it has none. */
struct udp_state *udp_state_find(const struct engine *e, const struct flow *f);
/* The flow's state; a new one when it has none.  Full: of 16 entries, taken in turn, the one that
 * was silent longest is folded and given up.  Never NULL. */
struct udp_state *udp_state_of(struct engine *e, struct flow *f);
/* Is there a state that nobody uses now?  Tells floods of flows from a few streams. */
bool udp_state_spare(struct engine *e);
/* The flow leaves its table: fold its state. */
void udp_leave(struct engine *e, struct flow *f);
/* Facts of a live state as of now. */
struct udp_facts udp_facts_of(const struct engine *e, const struct udp_state *s);
void udp_services_init(struct udp_services *all);
/* Whose sums. */
struct udp_end {
    const struct addr *address;
    uint16_t port;
    bool target;
};
/* Add what flows to a service have seen.  Full: the least of 16, taken in turn, gives way. */
void udp_services_add(struct engine *e, struct udp_services *all, const struct udp_end *server,
                      const struct udp_facts *facts);
/* Add a live state to the sums of its service, if its flow is selected. */
void udp_fold(struct engine *e, struct udp_services *all, const struct udp_state *s);

/* udp_ask.c: count requests and answers of services that must answer.  Returns the protocol's bit,
 * PROTO_OTHER when there is none. */
enum proto udp_ask(struct engine *e, const struct packet *k, struct flow *f, unsigned dir);
/* To a group or to all of a network: whoever answers does so from another address. */
bool udp_is_group(const struct packet *k);

/* quic_track.c: true if the datagram is QUIC. */
bool quic_datagram(struct engine *e, const struct packet *k, struct flow *f, unsigned dir);
#endif
