#ifndef CAPD_TRACK_NEIGHBOURS_H
#define CAPD_TRACK_NEIGHBOURS_H
#include "capd/track/state.h"

/* Who asks for the link-layer address of whom, and gets no answer: ARP (RFC 826) and neighbour
 * discovery (RFC 4861 section 7.2), told apart by the length of the addresses. */

/* This packet asks where `target` is. */
void neighbours_asked(struct engine *e, const struct packet *k, const struct addr *asker,
                      const struct addr *target);

/* The address has spoken: nobody waits for it any more. */
void neighbours_heard(struct engine *e, const struct addr *a);

/* An answer from and to somebody else was seen. */
void neighbours_answers_pass(struct engine *e, bool v6);

/* Report every address that stayed without answer; called before the incidents are read. */
void neighbours_report(struct engine *e);
#endif
