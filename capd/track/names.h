#ifndef CAPD_TRACK_NAMES_H
#define CAPD_TRACK_NAMES_H
#include "capd/track/state.h"

/* Names seen on the wire and the addresses they stood for.  Both tables are rings: the oldest entry
 * goes first, an address of the target later than others. */

void names_init(struct names *n);

/* Keep a name (lower-cased, a final dot dropped); returns its index and generation, NONE if empty.
 */
uint32_t names_keep(struct engine *e, const uint8_t *text, size_t len, uint32_t *gen_out);

/* The name, NULL if it was given up since. */
const struct name *names_get(const struct engine *e, uint32_t i, uint32_t gen);

/* The target's name stands for this one (CNAME, RFC 1034 section 3.6.2): from now on its DNS
 * messages and addresses are the target's as well, for the TTL but at least ten minutes.  True if
 * an address became one of the target's by it. */
bool names_follow(struct engine *e, const uint8_t *text, size_t len, uint32_t ttl_s);

/* Remember that `address` belongs to the name for the TTL, at least ten minutes.  True if it is an
 * address of the target's name that was not known before. */
bool names_learn(struct engine *e, const struct addr *address, uint32_t name, uint32_t gen,
                 uint32_t ttl_s);

/* Name last learned for the address; NULL if there is none. */
const struct name *names_of(const struct engine *e, const struct addr *address, uint32_t *i_out);

/* True if the address was learned as one of the target's name and has not expired. */
bool names_is_target(const struct engine *e, const struct addr *address);

/* Write the addresses for which that holds; returns how many, at most `room`. */
uint32_t names_target_addresses(const struct engine *e, struct addr *out, uint32_t room);

/* A server name behind which any other may be meant, enciphered (Encrypted Client Hello)? */
bool names_is_outer(const uint8_t *text, size_t len);
/* True if the bytes are the target's name, or one that it stands for. */
bool names_match_target(const struct engine *e, const uint8_t *text, size_t len);
#endif
