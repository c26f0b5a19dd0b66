/* libFuzzer: one client of a capd that holds no capability: its server as it runs, over a socket
 * pair.  Input: records of {type u8, flags u8, stream u8, length u16, body}; type 255: the body as
 * it is, without a header.  Whatever is asked, each answer is a whole frame of the schema, no
 * capture starts, and the server ends when the client goes. */
#include "capd/parent/captures.h"
#include "capd/parent/server.h"
#include "common/schema.h"
#include "tests/fuzz/fuzz.h"
#include <sys/socket.h>
#include <unistd.h>

#define ANSWERS_MAX (1u << 20)

static size_t put_record(uint8_t *out, const uint8_t *p, size_t left, size_t *taken_out) {
    size_t n = (size_t)p[3] << 8 | p[4], head = 0;
    if (n > left - 5) n = left - 5;
    struct wire_header h = {
        .type = p[0], .flags = p[1], .stream = p[2], .length = (uint32_t)n, .final_packets = n};
    if (p[0] != 255) head = wire_put_header(out, &h);
    memcpy(out + head, p + 5, n);
    *taken_out = 5 + n;
    return head + n;
}

/* All requests at once; then the client says that it is done. */
static void ask(int fd, const uint8_t *data, size_t size) {
    static uint8_t bytes[WIRE_HEADER_BYTES + WIRE_EXT_BYTES + 65536];
    for (size_t at = 0, taken = 0; at + 5 <= size; at += taken) {
        size_t n = put_record(bytes, data + at, size - at, &taken);
        if (send(fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n) break;
    }
    shutdown(fd, SHUT_WR);
}

static void check_answers(int fd) {
    static uint8_t bytes[ANSWERS_MAX], memory[1u << 20];
    static uint64_t msg[4096];
    size_t used = 0, at = 0;
    ssize_t n;
    while (used < sizeof bytes && (n = read(fd, bytes + used, sizeof bytes - used)) > 0)
        used += (size_t)n;
    while (at < used) {
        struct wire_header h;
        struct fail fail;
        struct schema_arena arena = {memory, 0, sizeof memory};
        HOLDS(wire_get_header(bytes + at, used - at, 65536, &h, &fail) == WIRE_PARSED);
        HOLDS(h.type >= WIRE_HELLO_REPLY && h.type <= WIRE_ERROR && h.flags == 0);
        at += WIRE_HEADER_BYTES;
        HOLDS(used - at >= h.length);
        const struct schema *s = schema_of_wire(h.type);
        HOLDS(s && s->struct_bytes <= sizeof msg);
        HOLDS(schema_decode(s, bytes + at, h.length, msg, &arena, &fail));
        at += h.length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct server *s;
    int pair[2];
    if (!s) s = server_new();
    HOLDS(s && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    config_defaults(&s->config);
    s->private_mode = true;
    s->live = s->stopping = false;
    HOLDS(server_adopt(s, pair[1]) == 0);
    ask(pair[0], data, size);
    server_run(s);
    for (unsigned i = 0; i < LIM_CAPTURES; i++) HOLDS(!s->capture[i].used);
    for (unsigned i = 0; i < SERVER_CLIENTS; i++) HOLDS(s->client[i].fd < 0);
    check_answers(pair[0]);
    close(pair[0]);
    return 0;
}
