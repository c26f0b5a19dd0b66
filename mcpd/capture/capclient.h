#ifndef MCPD_CAPTURE_CAPCLIENT_H
#define MCPD_CAPTURE_CAPCLIENT_H
#include "mcpd/capture/capconn.h"
#include "mcpd/capture/snapshot.h"

/* A client of one capd: the system's, over its socket, or a private one, over a socket pair.
 * Asynchronous; every callback comes from the event loop.  Callbacks may call any function here but
 * capclient_free(). */
struct capclient;

enum capclient_state { CAPCLIENT_CLOSED, CAPCLIENT_GREETING, CAPCLIENT_READY };

/* The connection was lost, after every request and capture on it was told.  May be NULL. */
typedef void capclient_lost_fn(void *ctx, const struct fail *why);

/* Answer to a request: `msg` is the decoded reply (struct msg_*, valid during the call), or NULL
 * and `fail` says why. */
typedef void capclient_answer_fn(void *ctx, const void *msg, const struct fail *fail);

/* What happens to one capture, in this order: started once, updated any number of times, ended
 * once, as the last call.  A capture that could not start is only ended. */
struct capclient_capture_ops {
    void (*started)(void *ctx, const struct msg_started *started);
    /* The snapshot given to capclient_start() was renewed; fresh: with all tables. */
    void (*updated)(void *ctx, bool fresh);
    /* The answer to capclient_refresh() when capd would not send the tables now. */
    void (*refused)(void *ctx);
    /* `why` is NULL for a good end (reason is not END_FAILED). */
    void (*ended)(void *ctx, enum end_reason reason, const struct fail *why);
};

struct capclient *capclient_new(struct loop *loop, const char *label, capclient_lost_fn *lost,
                                void *ctx);
void capclient_free(struct capclient *c); /* ends nothing politely, calls nobody; NULL allowed */

/* Open the connection and greet.  Requests may follow at once; they are answered in order, or told
 * why not.  False: `fail` is for a person to read. */
bool capclient_connect(struct capclient *c, const char *path, struct fail *fail);
bool capclient_adopt(struct capclient *c, int fd, struct fail *fail); /* owns fd, also on failure */

enum capclient_state capclient_state(const struct capclient *c);
/* capd's greeting; NULL before CAPCLIENT_READY. */
const struct msg_hello_reply *capclient_hello(const struct capclient *c);

/* Wait for the greeting: answers at once when it is there. */
bool capclient_when_ready(struct capclient *c, capclient_answer_fn *fn, void *ctx,
                          struct fail *fail);
bool capclient_interfaces(struct capclient *c, capclient_answer_fn *fn, void *ctx,
                          struct fail *fail);

/* Start a capture whose frames are taken into `snapshot` (borrowed until `ended`).  Returns its
 * handle, or 0 and `fail`. */
uint32_t capclient_start(struct capclient *c, const struct msg_start *start,
                         struct snapshot *snapshot, const struct capclient_capture_ops *ops,
                         void *ctx, struct fail *fail);

/* Requests about a started capture; unknown handles are refused. */
bool capclient_refresh(struct capclient *c, uint32_t handle, struct fail *fail);
bool capclient_stop(struct capclient *c, uint32_t handle, struct fail *fail);
bool capclient_retarget(struct capclient *c, uint32_t handle, struct msg_prefix *address,
                        uint32_t n, struct fail *fail);

/* Forget a capture without waiting for its end: nothing more is called for it. */
void capclient_drop(struct capclient *c, uint32_t handle);
#endif
