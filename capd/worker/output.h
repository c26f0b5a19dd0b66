#ifndef CAPD_WORKER_OUTPUT_H
#define CAPD_WORKER_OUTPUT_H
#include "common/wire.h"

/* The frames on their way to the parent: one snapshot's worth, never more.  Nothing is added while
 * an older snapshot is still unsent, so a slow reader costs its own snapshots and no memory. */
struct output {
    uint8_t *bytes;
    size_t cap, used, sent;
    int fd;
    uint32_t stream;
};

/* Memory for `o`; false: none left. */
bool output_init(struct output *o, int fd, uint32_t stream);

/* Append one frame.  The caller checks output_idle() first; more than a snapshot is impossible. */
void output_frame(struct output *o, struct wire_header h, const uint8_t *body, size_t bytes);

/* The same with the body still to be encoded: the struct of that message type. */
void output_message(struct output *o, struct wire_header h, const void *msg);

/* Drop what is unsent and put an error as the last frame. */
void output_last_error(struct output *o, const struct fail *fail);

bool output_idle(const struct output *o);

/* Send what the socket takes.  False: the parent is gone. */
bool output_flush(struct output *o);

/* Send everything, waiting for the parent.  False: the parent is gone. */
bool output_drain(struct output *o);
#endif
