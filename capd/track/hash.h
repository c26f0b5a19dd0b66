#ifndef CAPD_TRACK_HASH_H
#define CAPD_TRACK_HASH_H
#include "common/addr.h"
#include <stddef.h>
#include <stdint.h>

/* SipHash-1-3 (Aumasson, Bernstein 2012) of `len` bytes under a secret key: whoever chooses the
 * packets cannot choose the collisions. */
uint64_t hash_bytes(const uint64_t key[2], const void *bytes, size_t len);

/* The same of `n` words, which must tell themselves what form of key they are. */
uint64_t hash_words(const uint64_t key[2], const uint64_t *words, size_t n);

/* The same of an address and a number (a port, a VLAN). */
uint64_t hash_addr(const uint64_t key[2], const struct addr *a, uint16_t number);
#endif
