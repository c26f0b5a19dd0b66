#ifndef MCPD_MCP_ERA_H
#define MCPD_MCP_ERA_H
/* The two eras of MCP.  Legacy (2024-11-05 .. 2025-11-25) opens with `initialize`; modern
 * (2026-07-28) has no handshake: every request names its version in params._meta.  The era is a
 * property of one message, never of a connection: clients are known to mix them. */
#include "mcpd/mcp/jsonrpc.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

enum mcp_era { ERA_LEGACY = 1, ERA_MODERN = 2 };

#define ERA_META_VERSION      "io.modelcontextprotocol/protocolVersion"
#define ERA_META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define ERA_META_CLIENT       "io.modelcontextprotocol/clientInfo"
#define ERA_META_LOG_LEVEL    "io.modelcontextprotocol/logLevel"
#define ERA_META_SERVER       "io.modelcontextprotocol/serverInfo"

#define ERA_MODERN_VERSION "2026-07-28"
#define ERA_BATCH_VERSION  "2025-03-26" /* the only revision with JSON-RPC batches */
#define ERA_LEGACY_LATEST  "2025-11-25"
#define ERA_NO_CACHE       (-1) /* method whose results carry no cache fields */

/* What modern clients are told about keeping a result. */
struct era_cache {
    long ttl_ms;       /* >= 0 */
    const char *scope; /* "public" or "private" */
};

/* Why a request cannot be served in the era it claims. */
struct era_refusal {
    int code;
    char text[160];
    cJSON *data; /* owned by the taker, may be NULL */
};

/* True if the message says that it is modern: params._meta names a protocol version, of whatever
 * type. */
bool era_is_claimed(const struct rpc_message *m);

/* The era of a request.  False, with *refusal_out filled, if it claims to be modern and its _meta
 * is not valid
 * (-32602) or its version is not served (-32022). */
bool era_of_request(const struct rpc_message *m, enum mcp_era *era_out,
                    struct era_refusal *refusal_out) __attribute__((warn_unused_result));

/* The version to answer `initialize` with: the one asked for if it is a legacy version we speak,
 * else the latest legacy one; never a modern one, never an error.  A constant. */
const char *era_negotiate(const char *requested);

/* {"name":"packet_capture","title":...,"version":...}: serverInfo, the same in both eras. */
cJSON *era_server_info(void);

/* Put into a complete result what its era wants to see: nothing for legacy; for modern resultType,
 * serverInfo in _meta, and ttlMs with cacheScope if `cache` is not NULL (the methods that must have
 * them are marked so in the method table). */
void era_encode_result(enum mcp_era era, const struct era_cache *cache, cJSON *result);

#endif
