#ifndef MCPD_CAPTURE_CAPCONN_H
#define MCPD_CAPTURE_CAPCONN_H
#include "common/schema.h"
#include "common/wire.h"
#include "mcpd/loop.h"

/* One byte stream to a capd: connect, frame, queue.  Knows headers, not messages. */

struct capconn_ops {
    /* One whole frame; `body` is valid during the call.  May call capconn_close(). */
    void (*frame)(void *ctx, const struct wire_header *h, const uint8_t *body);
    /* The stream ended or broke the protocol; it is closed already.  Not called by
     * capconn_close(). */
    void (*lost)(void *ctx, const struct fail *why);
};

struct capconn {
    struct loop *loop;
    const struct capconn_ops *ops;
    void *ctx;
    int fd; /* -1: closed */
    uint8_t *in, *out;
    size_t in_used, in_cap, out_used, out_cap;
};

/* Connect to a Unix socket.  Returns the descriptor, or -1: `fail` tells a person which socket was
 * tried, what was wrong and how to mend it (contract section 7). */
int capconn_dial(const char *path, struct fail *fail) __attribute__((warn_unused_result));

/* Look up now what capconn_dial() may have to say about people and groups: after the sandbox is
 * entered it cannot.  Without this call it looks them up when it needs them. */
void capconn_prepare(const char *path);

/* Begin with a closed connection; then open it with a connected descriptor, which it owns from then
 * on, also on failure.  False: no memory or no such descriptor. */
void capconn_init(struct capconn *c, struct loop *loop, const struct capconn_ops *ops, void *ctx);
bool capconn_open(struct capconn *c, int fd, struct fail *fail) __attribute__((warn_unused_result));

/* Queue one frame.  False: not open, does not fit LIM_FRAME_TO_CAPD, or the queue is full. */
bool capconn_send(struct capconn *c, unsigned type, uint32_t stream, const struct schema *schema,
                  const void *msg, struct fail *fail) __attribute__((warn_unused_result));

/* Close without a word; allowed at any time, also when closed. */
void capconn_close(struct capconn *c);
#endif
