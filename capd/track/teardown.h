#ifndef CAPD_TRACK_TEARDOWN_H
#define CAPD_TRACK_TEARDOWN_H
#include "capd/track/state.h"

/* Connections of one service that it resets in one moment.  A time-out ends each after the same
 * silence, two time-outs after one of two; a server that stops ends all, whatever their silence. */

/* The flow was reset in mid-stream. */
void teardown_note(struct engine *e, struct flow *f);
#endif
