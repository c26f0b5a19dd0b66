#ifndef CAPD_TRACK_TCP_END_H
#define CAPD_TRACK_TCP_END_H
#include "capd/track/tcp.h"

/* How a connection ended, and who ended it.  Times in microseconds. */

/* Data after a silence of this length is worth a note. */
#define TCP_END_IDLE_US 5000000u

enum tcp_ending {
    ENDING_NONE,
    ENDING_HALF_OPEN,     /* RST after the SYN-ACK, before any data */
    ENDING_MUTE,          /* the server closed without a byte */
    ENDING_EMPTY,         /* ... of answer to the request it had read, after others or inside TLS */
    ENDING_FOREIGN_RESET, /* the RST came from elsewhere than the data */
    ENDING_AFTER_HELLO,   /* RST in place of an answer to the first request */
    ENDING_IDLE,          /* it did not survive a silence */
    ENDING_CROSSED,       /* the server closed it while a request was on its way */
    ENDING_STALE,         /* the client used it again after the server had closed it */
    ENDING_SHORT,         /* the server's FIN came before the announced length */
    ENDING_UNHEARD,       /* the server never acknowledged the client's first data */
    ENDING_UNANSWERED     /* it did, and never sent a byte: the client gave up, or still waits */
};

/* Hops from the sender, by the usual first values of TTL: some hosts give their resets another
 * first value than their data.  A neighbour's may be 1, as between routers (BGP). */
unsigned tcp_end_hops(uint8_t ttl);

/* An incident of this kind at the connection's service, once, at `at_us` of its clock. */
struct msg_incident tcp_end_row(const struct flow *f, enum incident_kind kind, uint32_t at_us);

/* The first packet of one end. */
void tcp_end_first(const struct segment *s);

/* What a segment that is no reset says of where its sender is and how it numbers its packets. */
void tcp_end_sender(const struct segment *s);

/* This end counts its packets by their IP ids, and this one has one. */
bool tcp_end_counts_ids(const struct flow_side *side, const struct packet *k);

/* Sent after all of this side that were seen: its IP id is the very next, of a sender that counts
 * them. */
bool tcp_end_sent_next(const struct flow_side *side, const struct packet *k);

/* How far a TTL is from those that this end's packets have had; 0: among them, or none is known. */
unsigned tcp_end_ttl_off(const struct flow_side *side, uint8_t ttl);

/* Data after a long silence, before it is counted. */
void tcp_end_resumed(const struct segment *s);

/* New data of an end that has sent RST. */
void tcp_end_goes_on(const struct segment *s);

/* FIN or RST; `clean`: nothing was open. */
void tcp_end_note(const struct segment *s, bool clean);

/* How it ended, as far as it can be told at e->now_us. */
enum tcp_ending tcp_ending_of(const struct engine *e, const struct flow *f);

/* Is its reset no longer one in mid-stream, since something better explains it? */
bool tcp_end_explains_reset(const struct engine *e, const struct flow *f);

/* Did the other end answer by RST what `dir` sent again and again?  Not when that RST came by
 * itself and says that the data has not arrived: then it had waited for it. */
bool tcp_end_denies(const struct flow *f, unsigned dir);

/* Microseconds without data before the first FIN or RST. */
uint64_t tcp_end_idle(const struct flow *f);

/* Did the server reset it while nothing of the client's was on its way? */
bool tcp_end_by_itself(const struct flow *f);

/* Others ended with it, and no time-out explains that. */
void tcp_end_torn(struct flow *f);

/* Did the RST come from another link-layer address than that end's first packet? */
bool tcp_end_other_mac(const struct flow *f);

/* What is to be told of this selected connection's set-up and end. */
void tcp_end_report(const struct engine *e, const struct flow *f, struct incidents *all);
#endif
