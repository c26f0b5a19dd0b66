#ifndef CAPD_TRACK_DNS_TRACK_H
#define CAPD_TRACK_DNS_TRACK_H
#include "capd/track/state.h"

void dns_init(struct engine *e);

/* A datagram of port 53.  False: not a DNS message. */
bool dns_datagram(struct engine *e, const struct packet *k);

/* A message (without length prefix) of the packet's connection. */
bool dns_message_seen(struct engine *e, const struct packet *k, struct cursor message, bool cut);

/* Transactions that had their chance and got no answer, at time now_us. */
bool dns_is_unanswered(const struct engine *e, const struct dns_entry *d);

/* How long somebody waited for an answer that has not come: until now, but not longer than the
 * resolvers of the C libraries (resolv.conf(5): 5 s) after the last try. */
uint64_t dns_waited_us(const struct engine *e, const struct dns_entry *d);

/* Did the name, with any suffix tried beside it, get an address in the end? */
bool dns_is_resolved(const struct engine *e, const struct dns_entry *d);

/* Did it fail, stay silent, answer late or only after a repetition? */
bool dns_resolver_failed(const struct resolver *r);

/* Was this server asked for the target's name, and has answered nobody yet? */
bool dns_serves_target(struct engine *e, const struct addr *server, uint16_t port);

/* How bad the transaction is, for the choice of rows. */
uint64_t dns_score(const struct engine *e, const struct dns_entry *d);
#endif
