/* Opaque frames: header checked, body passed on.
 * Runs in: parent.  Input trust: client (a worker may have been taken over by a packet). */
#include "capd/parent/relay.h"
#include "common/frame.h"
#include "common/limits.h"
#include "common/start.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RELAY_BYTES (WIRE_HEADER_BYTES + WIRE_EXT_BYTES + LIM_FRAME_FROM_CAPD)

bool relay_open(struct relay *r) {
    *r = (struct relay){.bytes = start_map_secret(RELAY_BYTES)};
    return r->bytes != NULL;
}

void relay_close(struct relay *r) {
    if (r->bytes) munmap(r->bytes, RELAY_BYTES);
    memset(r, 0, sizeof *r);
}

static bool may_send(const struct wire_header *h, uint32_t stream) {
    bool event = h->type >= WIRE_STARTED && h->type <= WIRE_ENDED;
    bool final = h->flags & WIRE_FINAL;
    return h->stream == stream && (event || h->type == WIRE_ERROR) &&
           final == (h->type == WIRE_ENDED || h->type == WIRE_ERROR);
}

enum relay_result relay_read(struct relay *r, int fd, uint32_t stream) {
    while (!r->ready) {
        size_t target = r->need ? r->need : WIRE_HEADER_BYTES;
        if (!r->need && r->used >= target) target = WIRE_HEADER_BYTES + WIRE_EXT_BYTES;
        ssize_t n = read(fd, r->bytes + r->used, target - r->used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return RELAY_WAIT;
        if (n <= 0) return RELAY_EOF;
        r->used += (size_t)n;
        if (!r->need) {
            struct fail fail;
            enum wire_result w =
                wire_get_header(r->bytes, r->used, LIM_FRAME_FROM_CAPD, &r->header, &fail);
            if (w == WIRE_BAD || (w == WIRE_PARSED && !may_send(&r->header, stream)))
                return RELAY_BAD;
            if (w == WIRE_PARSED) r->need = wire_header_bytes(r->header.flags) + r->header.length;
        }
        r->ready = r->need != 0 && r->used == r->need;
    }
    return RELAY_READY;
}

void relay_clear(struct relay *r) {
    r->used = r->need = r->sent = 0;
    r->ready = false;
}

void relay_put_error(struct relay *r, uint32_t stream, const struct fail *fail) {
    relay_clear(r);
    r->header = (struct wire_header){.type = WIRE_ERROR, .flags = WIRE_FINAL, .stream = stream};
    r->need = r->used = frame_put_error(r->bytes, RELAY_BYTES, r->header, fail);
    ASSERT(r->used > 0);
    r->ready = true;
}
