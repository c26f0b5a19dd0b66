#ifndef CAPD_PARENT_RELAY_H
#define CAPD_PARENT_RELAY_H
#include "common/wire.h"

/* One frame on its way from a worker to a client.  The body is never looked at.  Its memory is
 * mapped apart and wiped in every fork, so that no worker sees another one's frames. */
struct relay {
    uint8_t *bytes;
    size_t used, need, sent; /* need: bytes of the whole frame, 0 until its header is there */
    bool ready;              /* a whole frame waits to be sent */
    struct wire_header header;
};

bool relay_open(struct relay *r);
void relay_close(struct relay *r);

enum relay_result { RELAY_WAIT, RELAY_READY, RELAY_EOF, RELAY_BAD };

/* Read from the worker until one frame is complete.  RELAY_BAD: no frame a worker may send. */
enum relay_result relay_read(struct relay *r, int fd, uint32_t stream);

/* The frame is sent or not wanted: make room for the next. */
void relay_clear(struct relay *r);

/* Put an error frame of the parent's own, the last one of the capture. */
void relay_put_error(struct relay *r, uint32_t stream, const struct fail *fail);
#endif
