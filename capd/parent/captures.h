#ifndef CAPD_PARENT_CAPTURES_H
#define CAPD_PARENT_CAPTURES_H
#include "capd/parent/server.h"

/* Start a worker for a checked request.  Returns NULL and fills `fail` if the system refuses. */
struct capture *captures_start(struct server *s, int client, uint32_t stream,
                               const struct msg_start *start, struct fail *fail);

/* A capture that `peer` may see and stop, by id; NULL: none (or not this peer's). */
struct capture *captures_find(struct server *s, const struct peer *peer, const char *id);

/* Captures that have a place, in all and on that account: the worker runs, or the client has not
 * taken the last frame yet. */
unsigned captures_count(const struct server *s, const char *account, unsigned *of_account_out);

/* Hand an order to the worker.  false: it does not take it now. */
bool captures_order(struct capture *c, unsigned type, const uint8_t *body, size_t bytes);

/* Stop; the worker gets a moment for its last snapshot. */
void captures_stop(struct capture *c);

/* The client is gone: nobody gets frames any more, the workers are stopped. */
void captures_abandon(struct server *s, int client);

/* Free the place, with a line in the audit; a worker that still lives is killed. */
void captures_end(const struct server *s, struct capture *c);

/* Worker's socket is readable; reap children; pass deadlines; end what has ended. */
void captures_read(struct capture *c);
void captures_reap(struct server *s);
void captures_tend(struct server *s, uint64_t now_ms);
#endif
