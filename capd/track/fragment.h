#ifndef CAPD_TRACK_FRAGMENT_H
#define CAPD_TRACK_FRAGMENT_H
#include "capd/track/state.h"

/* Take in a fragment.  Returns NULL, or, when the datagram is complete, a view of it as an
 * unfragmented raw IP packet: *cap_out bytes kept of *wire_out (valid until the next call). */
const uint8_t *fragment_take(struct engine *e, const struct packet *k, uint32_t *cap_out,
                             uint32_t *wire_out);
#endif
