/* Clients for which something worked, and what was tried, as bits of Bloom filters (Bloom 1970) of
 * a fixed size: what is asked is only whether one was never among them, and that they answer
 * without fail. Runs in: worker.  Input trust: packets. */
#include "capd/track/stranger.h"
#include "capd/track/dns_faults.h"
#include "capd/track/hash.h"
#include "capd/track/select.h"

#define PROBES 2u
#define BITS   (STRANGER_WORDS * 64u)

/* Put it in; true if all its bits were set already. */
static bool put(uint64_t *bits, uint64_t hash) {
    bool was = true;
    for (unsigned n = 0; n < PROBES; n++) {
        uint32_t bit = (uint32_t)(hash >> (32u * n)) % BITS;
        was &= bits[bit / 64] >> bit % 64 & 1;
        bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    return was;
}

void stranger_worked(struct engine *e, const struct addr *client) {
    (void)put(e->welcome, hash_addr(e->o.seed, client, 0));
}

bool stranger_tries_again(struct engine *e, const struct flow *f) {
    uint64_t server = hash_addr(e->o.seed, &f->end[SERVER], f->port[SERVER]);
    return put(e->tried, server ^ hash_addr(e->o.seed, &f->end[CLIENT], 0));
}

bool stranger_is(const struct engine *e, const struct addr *client) {
    uint64_t hash = hash_addr(e->o.seed, client, 0);
    if (addr_is_private(client) || select_local(e, client)) return false;
    for (unsigned n = 0; n < PROBES; n++) {
        uint32_t bit = (uint32_t)(hash >> (32u * n)) % BITS;
        if (!(e->welcome[bit / 64] >> bit % 64 & 1)) return true;
    }
    return false;
}
