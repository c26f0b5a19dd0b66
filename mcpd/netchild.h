#ifndef MCPD_NETCHILD_H
#define MCPD_NETCHILD_H
#include "common/addr.h"
#include "common/err.h"
#include "common/held.h"
#include "mcpd/launcher.h"
#include "mcpd/loop.h"
#include "mcpd/mcp/caller.h"
#include "mcpd/net/netproto.h"

/* Client of the network child (mcpd/net).  Started at the first request. */
struct netchild;

/* One answer.  !ok: `why` is the resolver's, the kernel's or libcurl's sentence. */
struct netchild_answer {
    bool ok;
    char why[256];
    char held[HELD_TEXT_BYTES]; /* held: what holds the child */
    /* resolve, resolvers; route: the source; probe: the peer (len 0: unknown), then others tried */
    struct addr address[NET_ADDRESSES];
    uint32_t addresses;
    char interface[LIM_IFNAME + 1];                     /* route: of the source, "": unknown */
    uint32_t status;                                    /* probe: HTTP status, 0 for tcp */
    uint64_t dns_us, connect_us, tls_us, first_byte_us; /* probe: since it began, 0: not reached */
};

/* Called once per request, never from within the call that made it. */
typedef void netchild_fn(void *ctx, const struct netchild_answer *answer);

struct netchild *netchild_new(struct loop *loop, struct launcher *launcher);
void netchild_free(struct netchild *n); /* calls nobody; NULL allowed */

/* `who` has a share of the look-ups and probes that last; those it forgot count until they end. */
void netchild_resolve(struct netchild *n, const struct caller *who, const char *name,
                      netchild_fn *fn, void *ctx);
void netchild_route(struct netchild *n, const struct addr *address, netchild_fn *fn, void *ctx);
void netchild_resolvers(struct netchild *n, netchild_fn *fn, void *ctx);
void netchild_held(struct netchild *n, netchild_fn *fn, void *ctx);
/* kind: "tcp", "http" or "https"; host: a name or an address. */
void netchild_probe(struct netchild *n, const struct caller *who, const char *kind,
                    const char *host, uint16_t port, netchild_fn *fn, void *ctx);

/* Forget every request made with this ctx. */
void netchild_cancel(struct netchild *n, const void *ctx);
#endif
