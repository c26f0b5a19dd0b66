/* Drives a real capd.  Runs in: tests.  Input trust: none. */
#include "tests/sandbox/client.h"
#include "common/clock.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void client_use(struct client *c, int fd) {
    memset(c, 0, sizeof *c);
    c->fd = fd;
    c->next_stream = 1;
}

bool client_connect(struct client *c, const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    for (int tries = 0; tries < 100; tries++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0) {
            client_use(c, fd);
            return true;
        }
        close(fd);
        usleep(50000);
    }
    return false;
}

uint32_t client_send(struct client *c, unsigned type, const void *msg) {
    uint8_t frame[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD];
    struct wire_header h = {.type = (uint8_t)type, .stream = c->next_stream++};
    size_t n =
        schema_encode(schema_of_wire(type), msg, frame + WIRE_HEADER_BYTES, LIM_FRAME_TO_CAPD);
    h.length = (uint32_t)n;
    wire_put_header(frame, &h);
    ssize_t sent = n ? send(c->fd, frame, WIRE_HEADER_BYTES + n, MSG_NOSIGNAL) : -1;
    return sent == (ssize_t)(WIRE_HEADER_BYTES + n) ? h.stream : 0;
}

/* 1: a whole frame lies in front of the buffer. */
static int parse(struct client *c) {
    struct fail fail;
    enum wire_result r = wire_get_header(c->in, c->in_used, LIM_FRAME_FROM_CAPD, &c->header, &fail);
    if (r == WIRE_BAD) return -1;
    if (r == WIRE_NEED_MORE) return 0;
    size_t head = wire_header_bytes(c->header.flags);
    if (c->in_used < head + c->header.length) return 0;
    c->frame = head + c->header.length;
    c->body = c->in + head;
    return 1;
}

int client_next(struct client *c, int timeout_ms) {
    uint64_t until = clock_mono_ms() + (uint64_t)timeout_ms;
    memmove(c->in, c->in + c->frame, c->in_used - c->frame);
    c->in_used -= c->frame;
    c->frame = 0;
    for (;;) {
        int r = parse(c);
        if (r != 0) return r;
        uint64_t now = clock_mono_ms();
        struct pollfd p = {c->fd, POLLIN, 0};
        if (now >= until || poll(&p, 1, (int)(until - now)) == 0) return 0;
        ssize_t n = read(c->fd, c->in + c->in_used, sizeof c->in - c->in_used);
        if (n <= 0) return -1;
        c->in_used += (size_t)n;
    }
}

int client_wait(struct client *c, unsigned type, int timeout_ms) {
    uint64_t until = clock_mono_ms() + (uint64_t)timeout_ms;
    for (;;) {
        uint64_t now = clock_mono_ms();
        int r = client_next(c, now < until ? (int)(until - now) : 0);
        if (r != 1 || c->header.type == type) return r;
    }
}

bool client_decode(struct client *c, void *msg_out) {
    const struct schema *s = schema_of_wire(c->header.type);
    struct schema_arena arena = {c->arena, 0, sizeof c->arena};
    struct fail fail = {0};
    memset(msg_out, 0, s->struct_bytes);
    if (schema_decode(s, c->body, c->header.length, msg_out, &arena, &fail)) return true;
    printf("# %s: %s\n", s->name, fail.why);
    return false;
}

bool client_hello(struct client *c) {
    struct msg_hello hello = {"test client"};
    return client_send(c, WIRE_HELLO, &hello) && client_wait(c, WIRE_HELLO_REPLY, 3000) == 1;
}

struct msg_start client_start_on(const char *interface, unsigned duration_ms) {
    struct msg_start m = {.mode = MODE_DIAGNOSIS, .duration_ms = duration_ms};
    snprintf(m.interface, sizeof m.interface, "%s", interface);
    snprintf(m.caller, sizeof m.caller, "test");
    return m;
}
