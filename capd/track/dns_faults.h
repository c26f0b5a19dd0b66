#ifndef CAPD_TRACK_DNS_FAULTS_H
#define CAPD_TRACK_DNS_FAULTS_H
#include "capd/decode/dns.h"
#include "capd/track/state.h"

/* What an answer says beyond its code: was it the only one, was it asked for, did all of it fit,
 * may the address it gives be reached from everywhere. */

/* One response on its way: what was read of it, and whether all of it was. */
struct dns_response {
    const struct packet *k;
    const struct dns_message *m;
    bool whole; /* every record was read */
};

/* The first answer to `d`, which dns_track.c has just taken. */
void dns_fault_first_answer(struct engine *e, struct resolver *r, struct dns_entry *d,
                            const struct dns_response *a);

/* One more answer to `d`. */
void dns_fault_next_answer(struct engine *e, struct resolver *r, struct dns_entry *d,
                           const struct dns_response *a);

/* A response to no question that was seen. */
void dns_fault_unasked(struct engine *e, struct resolver *r, const struct dns_entry *key,
                       const struct dns_response *a);

/* A question over TCP: does it follow an answer that was cut? */
void dns_fault_asked_over_tcp(struct engine *e, const struct dns_entry *key);

/* A TCP connection is begun, selected or not: to where a cut answer came from? */
void dns_fault_connects(struct engine *e, const struct flow *f);

/* What this connection's server says was cut off by the snap length: it may be the whole answer. */
void dns_fault_unreadable(struct engine *e, const struct flow *f);

/* The answer was cut, and no whole one came, though there was time. */
bool dns_is_unfollowed(const struct engine *e, const struct dns_entry *d);

/* Of a question for AAAA: how long the same client waited for the good answer to its question for A
 * of the same name, 1 at least; 0: there was none. */
uint64_t dns_sibling_a_us(const struct engine *e, const struct dns_entry *d);

/* Of this name, in lower case, NXDOMAIN is what its asker expects: it asks a block list about an
 * address, "2.0.0.127.list.example" (RFC 5782, sections 2.1 and 2.4), or what the network is. */
bool dns_may_not_exist(const uint8_t *name, size_t len);

/* The name ends in one of the domains that no public zone holds (RFC 6761, 6762, 8375, those that
 * home routers use, and that of a probe), has no dot, or is asked in reverse or of a block list
 * (RFC 5782). */
bool dns_is_private_name(const uint8_t *name, size_t len);
#endif
