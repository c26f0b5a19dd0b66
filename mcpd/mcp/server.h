#ifndef MCPD_MCP_SERVER_H
#define MCPD_MCP_SERVER_H
/* The MCP server for a program that embeds it: tools, resources and prompts in, lines of JSON in
 * and out.  It knows nothing of transports: a connection is a caller and a function that sends. One
 * thread, no globals. */
#include "mcpd/mcp/prompts.h"
#include "mcpd/mcp/resources.h"
#include "mcpd/mcp/tools.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

#define MCP_INSTRUCTIONS_MAX 2000u /* clients cut what they give the model at about 2 KB */
#define MCP_IN_FLIGHT_MAX    64u   /* unanswered requests of one connection */
#define MCP_BATCH_MAX                                                                              \
    32u /* messages in one batch; 2025-03-26 names no number.  Half of the requests of a           \
           connection */
#define MCP_BATCH_BYTES   (4u * 1024u * 1024u)  /* of one batch's answers: as long as a message */
#define MCP_BATCHES_BYTES (16u * 1024u * 1024u) /* of all open batches, requests and answers */
#define MCP_BATCHES_CALLER_BYTES                                                                   \
    (MCP_BATCHES_BYTES / 2)   /* the same of one caller: others have room beside it */
#define MCP_OUT_SMALL   2048u /* an error without data: an id of RPC_ID_MAX bytes, and a sentence */
#define MCP_WATCHED_MAX 64u   /* resources one subscription watches: a page of them is 100 */

struct mcp_server;
struct mcp_conn;

/* Everything pointed at must outlive the server. */
struct mcp_config {
    const char *instructions; /* for the model, at most MCP_INSTRUCTIONS_MAX bytes; may be NULL */
    const struct tool *const *tools; /* listed in this order */
    size_t tool_count;
    const struct mcp_resources *resources; /* NULL: none */
    const struct mcp_prompt *prompts;      /* listed in this order; NULL: none */
    size_t prompt_count;
    const char *const *extensions; /* names of extensions to advertise */
    size_t extension_count;
    bool lists_change; /* the lists of tools and prompts: mcp_server_list_changed() is used */
    void *app;         /* given to every function of the tables */
    uint64_t (*now_ms)(void); /* monotonic; NULL: clock_mono_ms */
    struct loop *loop;        /* batches are taken message by message in it; NULL: at once */
};

/* NULL with `why` filled if a schema cannot be enforced, a name is not allowed or taken twice, the
 * instructions are too long, or memory is out. */
struct mcp_server *mcp_server_new(const struct mcp_config *config, char *why, size_t cap);

/* A list is not what it was.  `owner`: only callers who see what is his are told; NULL: all. */
enum mcp_list { MCP_LIST_TOOLS, MCP_LIST_PROMPTS, MCP_LIST_RESOURCES, MCP_LISTS };
void mcp_server_list_changed(struct mcp_server *s, enum mcp_list list, const struct caller *owner);

/* A resource is not what it was: tell who has subscribed to it, but nobody more than once in
 * MCP_UPDATE_GAP_MS unless it is the `last` time. */
#define MCP_UPDATE_GAP_MS 900u /* once a second, by clocks that tick once a second */
void mcp_server_resource_updated(struct mcp_server *s, const char *uri, bool last);

/* Before the program ends by itself: every subscription of the modern era gets its result. */
void mcp_server_end_subscriptions(struct mcp_server *s);

/* After all connections are freed, and after the app has stopped whatever could still end a call.
 */
void mcp_server_free(struct mcp_server *s);

enum mcp_out_kind {
    MCP_OUT_REPLY,        /* answers what the client sent; must not be lost */
    MCP_OUT_NOTIFICATION, /* progress: may be dropped when the client reads too slowly */
    MCP_OUT_EVENT /* a notification that must not be lost: an acknowledgement, an end, a new list */
};

struct mcp_out {
    enum mcp_out_kind kind;
    const char
        *json; /* one JSON text without line breaks, valid UTF-8; valid during the call only */
    size_t len;
    int error_code; /* JSON-RPC code of an error reply, 0 otherwise and for batches */
};

struct mcp_conn_options {
    struct caller caller; /* copied */
    /* The connection is one client's and lasts (stdio): notifications that belong to no request
     * reach it, and its own notifications/cancelled is heard.  Without this the legacy era has
     * neither subscriptions nor changing lists here, and the transport says what is cancelled. */
    bool unsolicited;
    /* The legacy version in force when the transport knows it without an initialize on this
     * connection (HTTP's MCP-Protocol-Version header); a constant, NULL if unknown. */
    const char *legacy_version;
    /* Must not free the connection and must not call mcp_conn_receive().  False: there is no room
     * for this reply, and its client shall be told so; but what has at most MCP_OUT_SMALL bytes is
     * never refused: who cannot send that either ends the connection. */
    bool (*send)(void *ctx, const struct mcp_out *out);
    /* Does anybody wait for answers?  NULL: yes.  What only reads is not worked out for nobody. */
    bool (*is_heard)(void *ctx);
    void *ctx;
};

/* NULL if out of memory. */
struct mcp_conn *mcp_conn_new(struct mcp_server *s, const struct mcp_conn_options *options);

/* Cancels all unanswered calls; nothing is sent any more.  NULL is allowed. */
void mcp_conn_free(struct mcp_conn *c);

/* Is there a request whose answer is still to come?  Subscriptions are none. */
bool mcp_conn_is_asked(const struct mcp_conn *c);

/* One message (or legacy batch), any bytes.  Answers come through send(), at once or later, in any
 * order. */
void mcp_conn_receive(struct mcp_conn *c, const char *bytes, size_t len);

/* Is there a request of this id (canonical text) that is not answered yet?  Cancel it, if there is
 * one: nothing is sent for it. */
bool mcp_conn_has(struct mcp_conn *c, const char *id);
void mcp_conn_cancel(struct mcp_conn *c, const char *id);

/* The transport skipped a message longer than JSON_MAX_BYTES: tell the client. */
void mcp_conn_refuse_oversize(struct mcp_conn *c);

/* Requests that are not answered yet, with those of batches that are not begun; not 0 before every
 * batch is answered. */
size_t mcp_conn_in_flight(const struct mcp_conn *c);

#endif
