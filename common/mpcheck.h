#ifndef COMMON_MPCHECK_H
#define COMMON_MPCHECK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Structural check of one msgpack object, before msgpack-c sees it (it allocates what a length
 * field claims).  Accepts exactly one object that ends with the last byte; containers at most
 * `max_depth` deep; every claimed length fits the bytes that are left; map keys are strings;
 * strings are UTF-8; no extension types, no floats.  Allocates nothing, linear time. */
bool mpcheck(const uint8_t *bytes, size_t len, unsigned max_depth);
#endif
