/* Frames to the parent over a non-blocking socket.
 * Runs in: worker.  Input trust: none. */
#include "capd/worker/output.h"
#include "common/frame.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A whole snapshot, its headers, and the `ended` frame. */
#define OUTPUT_BYTES (LIM_SNAPSHOT + 64u * 1024u)

bool output_init(struct output *o, int fd, uint32_t stream) {
    void *p = mmap(NULL, OUTPUT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return false;
    *o = (struct output){p, OUTPUT_BYTES, 0, 0, fd, stream};
    return true;
}

void output_frame(struct output *o, struct wire_header h, const uint8_t *body, size_t bytes) {
    uint8_t head[WIRE_HEADER_BYTES + WIRE_EXT_BYTES];
    ASSERT(bytes <= LIM_FRAME_FROM_CAPD);
    h.stream = o->stream;
    h.length = (uint32_t)bytes;
    size_t n = wire_put_header(head, &h);
    ASSERT(o->cap - o->used >= n + bytes);
    memcpy(o->bytes + o->used, head, n);
    memcpy(o->bytes + o->used + n, body, bytes);
    o->used += n + bytes;
}

static void appended(struct output *o, size_t bytes) {
    ASSERT(bytes > 0);
    o->used += bytes;
}

void output_message(struct output *o, struct wire_header h, const void *msg) {
    h.stream = o->stream;
    appended(o, frame_put(o->bytes + o->used, o->cap - o->used, h, msg));
}

void output_last_error(struct output *o, const struct fail *fail) {
    struct wire_header h = {.flags = WIRE_FINAL, .stream = o->stream};
    o->used = o->sent = 0;
    appended(o, frame_put_error(o->bytes, o->cap, h, fail));
}

bool output_idle(const struct output *o) {
    return o->used == 0;
}

bool output_flush(struct output *o) {
    while (o->sent < o->used) {
        ssize_t n = write(o->fd, o->bytes + o->sent, o->used - o->sent);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return true;
        if (n <= 0) return false;
        o->sent += (size_t)n;
    }
    o->used = o->sent = 0;
    return true;
}

bool output_drain(struct output *o) {
    while (output_flush(o)) {
        struct pollfd p = {o->fd, POLLOUT, 0};
        if (output_idle(o)) return true;
        if (poll(&p, 1, -1) < 0 && errno != EINTR) return false;
        if (p.revents & (POLLERR | POLLHUP)) return false;
    }
    return false;
}
