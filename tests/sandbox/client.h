#ifndef TESTS_SANDBOX_CLIENT_H
#define TESTS_SANDBOX_CLIENT_H
#include "common/schema.h"
#include "common/wire.h"

/* A small blocking client of capd's protocol, for tests. */
struct client {
    int fd;
    uint32_t next_stream;
    uint8_t in[WIRE_HEADER_BYTES + WIRE_EXT_BYTES + LIM_FRAME_FROM_CAPD];
    size_t in_used, frame;     /* frame: bytes of the one last returned */
    struct wire_header header; /* of the frame last returned */
    const uint8_t *body;
    uint8_t arena[4 * 1024 * 1024];
};

/* Connect to a path; waits up to 5 s for the socket to appear.  false: errno says why. */
bool client_connect(struct client *c, const char *path);
void client_use(struct client *c, int fd);

/* Send one request; returns its stream id, 0 when it could not be sent. */
uint32_t client_send(struct client *c, unsigned type, const void *msg);

/* Wait for the next frame, up to timeout_ms.  1: there is one; 0: timeout; -1: connection ended. */
int client_next(struct client *c, int timeout_ms);

/* Skip frames until one of `type` comes; same result. */
int client_wait(struct client *c, unsigned type, int timeout_ms);

/* Decode the frame last returned into the struct of its type; false prints why. */
bool client_decode(struct client *c, void *msg_out);

/* hello, and a start request with sane values. */
bool client_hello(struct client *c);
struct msg_start client_start_on(const char *interface, unsigned duration_ms);
#endif
