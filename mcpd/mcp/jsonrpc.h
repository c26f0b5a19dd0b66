#ifndef MCPD_MCP_JSONRPC_H
#define MCPD_MCP_JSONRPC_H
/* JSON-RPC 2.0: what one message is, and the text of answers.  Ids are kept as JSON text in a
 * canonical spelling: integers exactly as written (also over 2^53), strings as cJSON prints them;
 * so equal ids are equal text. */
#include "mcpd/mcp/jsoncheck.h"
#include <cjson/cJSON.h>
#include <stdbool.h>

enum rpc_error_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    RPC_RESOURCE_NOT_FOUND = -32002, /* MCP up to 2025-11-25 */
    RPC_MISSING_CAPABILITY = -32021, /* MCP 2026-07-28: MissingRequiredClientCapability */
    RPC_UNSUPPORTED_VERSION = -32022 /* MCP 2026-07-28: UnsupportedProtocolVersion */
};

enum rpc_kind {
    RPC_REQUEST,
    RPC_NOTIFICATION, /* never answered, whatever is wrong with it */
    RPC_RESPONSE,     /* an answer to something; this server asks nothing, so it is ignored */
    RPC_INVALID       /* answer with `code` and `why`, with the id if there is one */
};

struct rpc_message {
    enum rpc_kind kind;
    char *id;            /* owned; canonical JSON text, NULL if there is none that is valid */
    const char *method;  /* borrowed from tree; NULL unless request or notification */
    const cJSON *params; /* borrowed; an object, or NULL if absent */
    struct json_span params_raw; /* text of params, len 0 if absent; borrowed from the input */
    int code;                    /* RPC_INVALID only */
    const char *why;             /* RPC_INVALID only; a constant */
    cJSON *tree;                 /* owned */
};

/* Take a checked text apart.  False only if out of memory.  Free with rpc_message_clear(), always.
 */
bool rpc_message_parse(struct json_span text, struct rpc_message *out)
    __attribute__((warn_unused_result));
void rpc_message_clear(struct rpc_message *m);

#define RPC_ID_MAX 256u /* bytes of an id as written: ids are kept while a request runs */

/* Canonical text (malloc'd) of a string or integer value, NULL for anything else: null, fractions,
 * exponents, objects, more than RPC_ID_MAX bytes. */
char *rpc_id_text(struct json_span value);

/* The same of the id of a message in which json_check() found a text that C cannot hold; NULL: for
 * another fault, or if it cannot be told. */
char *rpc_spoilt_id(enum json_fault fault, struct json_span message);

/* Canonical text (malloc'd) of the id that a notifications/cancelled names; NULL: it is none, or
 * names none. */
char *rpc_cancelled_id(const struct rpc_message *m);

/* {"jsonrpc":"2.0","id":ID,"result":RESULT}.  `result` is consumed.  NULL if out of memory. */
cJSON *rpc_result_message(const char *id, cJSON *result);

/* An error answer; id NULL leaves the member out (null is refused by MCP clients).  `data` is
 * consumed, may be NULL. */
cJSON *rpc_error_message(const char *id, int code, const char *text, cJSON *data);

/* The text of an error -32603, for when there is no memory to build one.  `text` is a constant
 * without anything to escape; with an id of RPC_ID_MAX it fits 2048 bytes. */
void rpc_small_error(char out[2048], const char *id, const char *text);

/* {"jsonrpc":"2.0","method":METHOD,"params":PARAMS}.  `params` is consumed, may be NULL. */
cJSON *rpc_notification_message(const char *method, cJSON *params);

#endif
