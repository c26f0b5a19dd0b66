#ifndef CAPD_TRACK_COPIES_H
#define CAPD_TRACK_COPIES_H
#include "capd/track/tcp.h"

/* Is this a copy, made by the capture, of a packet of flow `flow`?  dir: its sender.  Remembers
 * the packet if not. */
bool copies_is_one(struct engine *e, uint32_t flow, const struct packet *k, unsigned dir);

/* Soon asked for a packet of this flow: have its place in memory fetched. */
void copies_expect(const struct engine *e, const struct flow_key *key, const struct packet *k);

/* What an ACK, counted already, says that its sender misses. */
void copies_note_ack(struct engine *e, const struct segment *s);
#endif
