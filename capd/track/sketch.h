#ifndef CAPD_TRACK_SKETCH_H
#define CAPD_TRACK_SKETCH_H
#include "capd/track/tables.h"

void sketch_add(struct sketch *s, uint64_t value_us);
void sketch_correct(struct sketch *s, uint64_t was, uint64_t is); /* as hist_correct */
struct dist sketch_summary(const struct sketch *s);
#endif
