#ifndef MCPD_TRANSPORT_STDIO_H
#define MCPD_TRANSPORT_STDIO_H
/* MCP over standard input and output: one JSON text per line. */
#include "mcpd/loop.h"
#include "mcpd/mcp/server.h"

struct stdio;

/* Take standard input and output away from everybody else: *in_out and *out_out are private
 * close-on-exec duplicates, descriptor 0 becomes /dev/null and 1 becomes stderr, so that no
 * library, child or stray printf can write into the protocol or read from it.  SIGPIPE is ignored
 * from here on. Call before anything is forked or printed.  0 or -errno. */
int stdio_take(int *in_out, int *out_out) __attribute__((warn_unused_result));

struct stdio_options {
    int in_fd,
        out_fd; /* owned by the transport once stdio_new() has succeeded; flags are not changed */
    struct caller caller;
    /* The client has gone: end of input, with what was asked before answered or a second over; or
     * nobody reads the output.  Called once, from the loop, after all calls were cancelled.  The
     * program then stops its captures and ends, within 2 s of the end of input. May call
     * stdio_free(). */
    void (*on_eof)(void *ctx);
    void *ctx;
};

/* Start reading.  NULL if out of memory. */
struct stdio *stdio_new(struct loop *loop, struct mcp_server *server,
                        const struct stdio_options *options);

/* Stop taking requests and cancel what runs, then write what is queued for at most flush_ms, close
 * both descriptors, free.  Not from within a tool's start or an on_cancel function.  NULL is
 * allowed. */
void stdio_free(struct stdio *t, unsigned flush_ms);

#endif
