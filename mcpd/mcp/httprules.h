#ifndef MCPD_MCP_HTTPRULES_H
#define MCPD_MCP_HTTPRULES_H
/* What Streamable HTTP adds to a JSON-RPC message: headers that repeat what the body says, and
 * statuses that repeat what the answer says.  Pure: bytes and header values in, a decision out. */
#include "mcpd/mcp/era.h"
#include "mcpd/mcp/jsonrpc.h"

#define RPC_HEADER_MISMATCH    (-32020) /* MCP 2026-07-28 */
#define RPC_CAPABILITY_MISSING (-32021) /* MCP 2026-07-28 */
#define RPC_LEGACY_HTTP_REFUSED                                                                    \
    (-32000) /* what legacy servers say to an unknown version header                               \
              */

/* Values as received; NULL: absent. */
struct httprules_headers {
    const char *version; /* MCP-Protocol-Version */
    const char *method;  /* Mcp-Method */
    const char *name;    /* Mcp-Name, perhaps =?base64?...?= */
};

enum httprules_kind {
    HTTPRULES_REFUSED, /* answer with `status`, and a JSON-RPC error of `code` and `text` */
    HTTPRULES_QUIET,   /* nothing in it wants an answer: 202 once it has been received */
    HTTPRULES_ASKS     /* a request, or a batch that may hold some */
};

struct httprules {
    enum httprules_kind kind;
    bool modern;
    bool listens;  /* subscriptions/listen: it stays open */
    char *id;      /* canonical text of a request's id, NULL if there is none; owned */
    char *cancels; /* the same of the request that a legacy message takes back; owned */
    const char *legacy_version; /* a constant; NULL: not told (or modern) */
    unsigned status;            /* the last four: refusals only */
    int code;
    char text[200];
    cJSON *data; /* owned, may be NULL */
};

/* Judge a body.  Always fills *out; free it with httprules_clear(). */
void httprules_check(const char *bytes, size_t len, const struct httprules_headers *headers,
                     struct httprules *out);
void httprules_clear(struct httprules *r);

/* The status of an answer whose JSON-RPC error code is `code` (0: a result).  Legacy clients do not
 * read the body of anything but 200. */
unsigned httprules_status(bool modern, int code);

/* True if the header value says the same as `text`: literally, or as =?base64?BASE64?= with strict
 * RFC 4648 base64. */
bool httprules_header_says(const char *value, const char *text);

#endif
