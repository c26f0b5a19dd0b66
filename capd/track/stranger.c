/* Clients for which something worked, as bits of a Bloom filter (Bloom 1970) of a fixed size: what
 * is asked is only whether a client was never among them, and that it answers without fail. Runs
 * in: worker.  Input trust: packets. */
#include "capd/track/stranger.h"
#include "capd/track/dns_faults.h"
#include "capd/track/hash.h"
#include "capd/track/select.h"

#define PROBES 2u
#define BITS   (STRANGER_WORDS * 64u)

static uint32_t bit_of(uint64_t hash, unsigned probe) {
    return (uint32_t)(hash >> (32u * probe)) % BITS;
}

void stranger_worked(struct engine *e, const struct addr *client) {
    uint64_t hash = hash_addr(e->o.seed, client, 0);
    for (unsigned n = 0; n < PROBES; n++) {
        uint32_t bit = bit_of(hash, n);
        e->welcome[bit / 64] |= UINT64_C(1) << bit % 64;
    }
}

bool stranger_is(const struct engine *e, const struct addr *client) {
    uint64_t hash = hash_addr(e->o.seed, client, 0);
    if (dns_is_private_address(client) || select_local(e, client)) return false;
    for (unsigned n = 0; n < PROBES; n++) {
        uint32_t bit = bit_of(hash, n);
        if (!(e->welcome[bit / 64] >> bit % 64 & 1)) return true;
    }
    return false;
}
