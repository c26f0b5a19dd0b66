#ifndef MCPD_MCP_DISPATCH_H
#define MCPD_MCP_DISPATCH_H
/* Inside the MCP core: what a method handler sees.  Adding a method is one handler and one row of
 * the table in methods.c. */
#include "mcpd/mcp/era.h"
#include "mcpd/mcp/server.h"

struct mcp_request;

/* A row of the method table. */
struct mcp_method {
    const char *name;
    unsigned eras;                 /* ERA_LEGACY and/or ERA_MODERN */
    const struct era_cache *cache; /* NULL unless the modern result must carry cache fields */
    /* Does it exist on this connection?  The capabilities that are advertised come from the same
     * functions. */
    bool (*offered)(const struct mcp_conn *c);
    /* Ends the request exactly once, now or later, by mcp_reply() or mcp_refuse().  `params` is
     * NULL if absent; valid during the call only. */
    void (*handle)(struct mcp_request *rq, const cJSON *params);
};

/* NULL if there is no such method in that era on that connection. */
const struct mcp_method *mcp_method_find(const struct mcp_conn *c, const char *name,
                                         enum mcp_era era);

/* What a tool list looks like, built once (tools.c). */
struct tool_entry {
    const struct tool *tool;
    cJSON *input_schema; /* parsed */
};

struct mcp_server {
    struct mcp_config config;
    struct tool_entry *tools;
    cJSON *tool_list; /* the array of tools/list, the same for everybody */
    struct mcp_conn *conns;
    struct mcp_request
        *abandoned;     /* cancelled or their connection gone; not ended by their tool yet */
    size_t batch_bytes; /* what open batches hold, requests and answers */
};

struct mcp_batch; /* answers that wait for their siblings (batch.c) */

/* What one subscription wants to hear. */
struct watched {
    char *uri;
    bool told;
    uint64_t told_ms;
};
struct listener {
    bool lists[MCP_LISTS];
    struct watched at[MCP_WATCHED_MAX];
    size_t count;
};

struct mcp_conn {
    struct mcp_server *server;
    struct mcp_conn *next, **link; /* in server->conns */
    struct listener legacy;        /* what notifications outside of requests tell */
    struct mcp_conn_options options;
    const char *legacy_version; /* as negotiated by initialize; NULL before */
    char legacy_client[64];     /* clientInfo of initialize, cleaned */
    struct mcp_request *in_flight;
    size_t in_flight_count;
    struct mcp_batch *batches; /* that are not answered yet */
};

struct mcp_request {
    struct mcp_server *server;
    struct mcp_conn
        *conn; /* NULL once cancelled or the connection is gone: nobody hears an answer */
    struct mcp_request *next, **link; /* in conn->in_flight or server->abandoned */
    const struct mcp_method *method;
    enum mcp_era era;
    const struct era_cache *cache; /* for the result: the method's, unless the handler says more */
    char *id;                      /* canonical JSON text */
    char *progress_token;          /* JSON text as given, NULL if none */
    char client[64];               /* who the client says it is, cleaned */
    struct mcp_batch *batch;       /* NULL if it came alone */
    struct caller caller;
    /* Set by an asynchronous handler; `state` is freed by `release` when the request ends. */
    void (*cancelled)(struct mcp_request *rq);
    void (*release)(struct mcp_request *rq);
    void *state;
};

/* End a request well: `result` is consumed, the era's fields are added. */
void mcp_reply(struct mcp_request *rq, cJSON *result);

/* End it with a JSON-RPC error.  `data` is consumed, may be NULL. */
void mcp_refuse(struct mcp_request *rq, int code, cJSON *data, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Send a notification on the request's connection; `params` is consumed.  Nothing if it is
 * cancelled. */
void mcp_notify(struct mcp_request *rq, const char *method, cJSON *params);

/* Send one on a connection, in answer to nothing. */
void mcp_conn_notify(struct mcp_conn *c, enum mcp_out_kind kind, const char *method, cJSON *params);

/* The answer to `id` (NULL: to none, or to many) as JSON text. */
void conn_send_text(struct mcp_conn *c, const char *id, const char *json, size_t len);
/* An error for a message that never became a request; `data` is consumed. */
void conn_reject(struct mcp_conn *c, struct mcp_batch *batch, const char *id, int code,
                 const char *text, cJSON *data);
/* One message, checked.  True: it was a request, which may have been work. */
bool conn_receive_one(struct mcp_conn *c, struct mcp_batch *batch, struct json_span text);
/* Does anybody wait for answers? */
bool conn_is_heard(const struct mcp_conn *c);

/* batch.c */
void batch_receive(struct mcp_conn *c, struct json_span text);
/* The answer of one of its requests; `message` is consumed, NULL: out of memory. */
void batch_reply(struct mcp_batch *b, const char *id, cJSON *message);
/* A request more, and one less; NULL is allowed. */
void batch_hold(struct mcp_batch *b);
void batch_done_one(struct mcp_batch *b);
/* Why nothing more is to be worked out for it; NULL: it is, or there is no batch. */
const char *batch_full(const struct mcp_batch *b);
/* Messages of its batches that are still to be taken. */
size_t batches_left(const struct mcp_conn *c);
/* The connection ends: nothing of them is begun or sent any more. */
void batches_abandon(struct mcp_conn *c);

/* "name version" of a clientInfo object, cleaned, cut; "" if absent. */
void mcp_client_label(const cJSON *client_info, char *out, size_t cap);

/* tools.c: the handlers of tools/list and tools/call, and what they need from start-up. */
bool tools_prepare(struct mcp_server *s, char *why, size_t cap);
void tools_discard(struct mcp_server *s);
void tools_list(struct mcp_request *rq, const cJSON *params);
void tools_call(struct mcp_request *rq, const cJSON *params);

/* A page that is no page: the lists that have only one.  False: refused. */
bool mcp_only_page(struct mcp_request *rq, const cJSON *params);

/* resources.c */
bool resources_prepare(const struct mcp_resources *r, char *why, size_t cap);
void resources_list(struct mcp_request *rq, const cJSON *params);
void resources_templates_list(struct mcp_request *rq, const cJSON *params);
void resources_read(struct mcp_request *rq, const cJSON *params);
/* Is there such a resource for this caller? */
bool resources_exist(const struct mcp_server *s, const struct caller *who, const char *uri);
/* End a request with what the era says about a resource that is not there. */
void resources_refuse_missing(struct mcp_request *rq, const char *uri);

/* prompts.c, completion.c */
bool prompts_prepare(const struct mcp_config *config, char *why, size_t cap);
void prompts_list(struct mcp_request *rq, const cJSON *params);
void prompts_get(struct mcp_request *rq, const cJSON *params);
void completion_complete(struct mcp_request *rq, const cJSON *params);

/* subscribe.c */
void resources_subscribe(struct mcp_request *rq, const cJSON *params);
void resources_unsubscribe(struct mcp_request *rq, const cJSON *params);
void subscriptions_listen(struct mcp_request *rq, const cJSON *params);
void listener_clear(struct listener *l);

#endif
