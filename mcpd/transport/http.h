#ifndef MCPD_TRANSPORT_HTTP_H
#define MCPD_TRANSPORT_HTTP_H
/* MCP over Streamable HTTP: one endpoint, /mcp, for both eras, on any number of listening sockets.
 * libmicrohttpd parses, in the program's one event loop; who may connect, who may ask, what a
 * message is and what its answer looks like is decided here.  Modern clients cancel by going away;
 * legacy ones keep no session. */
#include "mcpd/loop.h"
#include "mcpd/mcp/server.h"
#include "mcpd/transport/httphead.h"
#include "mcpd/transport/tokens.h"

struct http;

/* What is pointed at must outlive it. */
struct http_options {
    struct loop *loop;
    struct mcp_server *server;
    const struct tokens *tokens; /* NULL: none is asked for; for loopback only */
    struct head_names origins;   /* pages that may talk to us besides local ones */
    struct head_names hosts;     /* names of this machine besides localhost */
};

/* NULL with `why` filled. */
struct http *http_new(const struct http_options *o, char *why, size_t cap);

/* Serve what connects to a listening TCP or Unix stream socket, which is owned from then on.
 * Callers on Unix sockets are the users the kernel names and need no token.  0 or -errno. */
int http_listen(struct http *h, int fd) __attribute__((warn_unused_result));

/* From now on these are the tokens (not from none, nor to none); the old set is not used after
 * that. Requests and streams of a token that is not among them, or that is another caller's now,
 * are ended with a word why, and its connections have to show another.  Returns how many were
 * ended. */
unsigned http_change_tokens(struct http *h, const struct tokens *tokens);

/* Accept nobody any more, end every stream and answer what is unanswered with an error.  The loop
 * writes that while http_is_busy(). */
void http_stop(struct http *h);
bool http_is_busy(const struct http *h);

/* Close everything and free.  Not from within the loop.  NULL is allowed. */
void http_free(struct http *h);

#endif
