/* libFuzzer: what the network child answers.  Input: records of {length u16, message}.  The child
 * parses what strangers send, so mcpd believes nothing of it: every request ends once, with
 * addresses and numbers in their bounds, or with a clean sentence. */
#include "common/text.h"
#include "mcpd/netchild.h"
#include "tests/unit/launch_order.h"
#include "tests/fuzz/fuzz.h"
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS 6

static void on_answer(void *ctx, const struct netchild_answer *a) {
    unsigned *answers = ctx;
    HOLDS(++*answers == 1 && a->addresses <= NET_ADDRESSES && a->status <= 999);
    HOLDS(a->ok || (a->why[0] && text_is_utf8((const uint8_t *)a->why, strlen(a->why))));
    for (const char *p = a->why; !a->ok && *p; p++) HOLDS((uint8_t)*p >= ' ' && *p != 0x7f);
}

static void ask_everything(struct netchild *n, unsigned answers[REQUESTS]) {
    const struct caller who = {.kind = CALLER_TOKEN, .name = "a"};
    struct addr a;
    HOLDS(addr_parse("192.0.2.1", &a));
    netchild_resolve(n, &who, "www.example.com", on_answer, &answers[0]);
    netchild_route(n, &a, on_answer, &answers[1]);
    netchild_resolvers(n, on_answer, &answers[2]);
    netchild_probe(n, &who, "tcp", "www.example.com", 443, on_answer, &answers[3]);
    netchild_probe(n, &who, "https", "192.0.2.1", 443, on_answer, &answers[4]);
    netchild_resolve(n, &who, "forgotten.example", on_answer, &answers[5]);
    netchild_cancel(n, &answers[5]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static int pair[2] = {-1, -1};
    unsigned answers[REQUESTS] = {0};
    if (pair[0] < 0) HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    struct launcher launcher = {.fd = pair[0], .net = "mcpd-net"};
    struct loop *loop = loop_new();
    HOLDS(loop);
    struct netchild *n = netchild_new(loop, &launcher);
    HOLDS(n);
    ask_everything(n, answers);
    int child = launch_order_take(pair[1]);
    HOLDS(child >= 0);
    for (size_t at = 0; at + 2 <= size;) {
        size_t len = (size_t)data[at] << 8 | data[at + 1];
        at += 2;
        if (len > size - at) len = size - at;
        (void)!send(child, data + at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        at += len;
        HOLDS(loop_step(loop, 0) == 0);
    }
    close(child); /* the rest is told that it ended */
    for (int i = 0; i < 20; i++) HOLDS(loop_step(loop, 0) == 0);
    for (int i = 0; i < REQUESTS - 1; i++) HOLDS(answers[i] == 1);
    HOLDS(answers[REQUESTS - 1] == 0);
    netchild_free(n);
    loop_free(loop);
    return 0;
}
