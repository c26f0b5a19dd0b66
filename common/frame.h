#ifndef COMMON_FRAME_H
#define COMMON_FRAME_H
#include "common/wire.h"

/* Whole frames: header and encoded body in one go. */

/* Write a frame of type h.type with the body `msg` (the struct of that type, common/schema.h);
 * h.length is filled in.  Returns its bytes, 0 if it does not fit `cap`. */
size_t frame_put(uint8_t *out, size_t cap, struct wire_header h, const void *msg);

/* The same for a WIRE_ERROR that says `fail`. */
size_t frame_put_error(uint8_t *out, size_t cap, struct wire_header h, const struct fail *fail);
#endif
