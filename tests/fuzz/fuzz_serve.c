/* libFuzzer: the bytes of a connection to the real HTTP server of `mcpd serve`, libmicrohttpd
 * included, in pieces, over a Unix socket (who asks is known) or TCP (a token is not).  Tools
 * answer at once or are held, with progress, until the client has gone or the input ends.  Whatever
 * comes in, what comes out is HTTP, every call ends once, and no connection stays. */
#include "mcpd/mcp/server.h"
#include "mcpd/tools/tools.h"
#include "mcpd/transport/http.h"
#include "tests/fuzz/fuzz.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TOOLS_MAX 16
#define HELD_MAX  64
#define PIECES    8u
#define ROUNDS    6

struct fuzzed {
    struct loop *loop;
    struct http *http;
    struct tool_call *held[HELD_MAX];
    size_t held_n;
    unsigned turn;
    struct sockaddr_un unix_at;
    struct sockaddr_in tcp_at;
};

static void end_call(struct tool_call *call) {
    tool_call_result(call, cJSON_CreateObject(), strdup("said"));
}

static void on_cancel(struct tool_call *call, void *ctx) {
    struct fuzzed *f = ctx;
    for (size_t i = 0; i < f->held_n; i++) {
        if (f->held[i] != call) continue;
        f->held[i] = f->held[--f->held_n];
        end_call(call);
        return;
    }
    HOLDS(false); /* cancelled twice, or after its end */
}

static void start(struct tool_call *call, const cJSON *args, void *ctx) {
    struct fuzzed *f = ctx;
    HOLDS(cJSON_IsObject(args));
    if (f->turn++ % 2 == 0 || f->held_n == HELD_MAX || tool_call_on_cancel(call, on_cancel, f)) {
        end_call(call);
        return;
    }
    f->held[f->held_n++] = call;
    tool_call_progress(call, 1, 10, "on its way");
}

static void rounds(struct fuzzed *f, int n) {
    while (n-- > 0) HOLDS(loop_step(f->loop, 0) == 0);
}

static int listen_at(int domain, void *at, socklen_t len, socklen_t room) {
    int fd = socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    HOLDS(fd >= 0 && bind(fd, at, len) == 0 && listen(fd, 16) == 0);
    HOLDS(getsockname(fd, at, &room) == 0);
    return fd;
}

static void set_up(struct fuzzed *f) {
    static struct tool copy[TOOLS_MAX];
    static const struct tool *row[TOOLS_MAX];
    char why[400];
    struct fail fail;
    char path[] = "/tmp/fuzz-tokens-XXXXXX";
    int fd = mkstemp(path);
    HOLDS(tool_table_count <= TOOLS_MAX && fd >= 0 && write(fd, "a:0123456789abcdef\n", 19) == 19);
    close(fd);
    for (size_t i = 0; i < tool_table_count; i++) {
        copy[i] = *tool_table[i];
        copy[i].start = start;
        row[i] = &copy[i];
    }
    f->loop = loop_new();
    struct mcp_config config = {
        .tools = row, .tool_count = tool_table_count, .app = f, .loop = f->loop};
    struct http_options o = {.loop = f->loop,
                             .server = mcp_server_new(&config, why, sizeof why),
                             .tokens = tokens_read(path, &fail)};
    unlink(path);
    HOLDS(o.loop && o.server && o.tokens);
    f->http = http_new(&o, why, sizeof why);
    f->unix_at.sun_family = AF_UNIX; /* an abstract name of the kernel's choice */
    f->tcp_at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    HOLDS(f->http);
    HOLDS(http_listen(f->http, listen_at(AF_UNIX, &f->unix_at, sizeof(sa_family_t),
                                         sizeof f->unix_at)) == 0);
    HOLDS(http_listen(f->http,
                      listen_at(AF_INET, &f->tcp_at, sizeof f->tcp_at, sizeof f->tcp_at)) == 0);
}

/* Read what is there; the first bytes of a connection must be those of an answer. */
static void drain(int fd, bool *begun) {
    char bytes[65536];
    ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) return;
    HOLDS(*begun || (n >= 9 && memcmp(bytes, "HTTP/1.", 7) == 0));
    *begun = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct fuzzed f;
    bool begun = false;
    if (size < 2) return 0;
    if (!f.loop) set_up(&f);
    bool tcp = data[0] & 1, half = data[0] & 2;
    size_t pieces = 1 + (data[0] >> 2) % PIECES, cut = (size - 1) / pieces + 1;
    int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    f.turn = data[0] >> 5;
    const struct sockaddr *to = tcp ? (void *)&f.tcp_at : (void *)&f.unix_at;
    socklen_t len = tcp ? sizeof f.tcp_at : sizeof(sa_family_t) + 6; /* NUL and five digits */
    const struct linger at_once = {.l_onoff = 1};                    /* or the ports run out */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    HOLDS(fd >= 0 && connect(fd, to, len) == 0);
    for (size_t at = 1; at < size; at += cut) {
        size_t n = size - at < cut ? size - at : cut;
        (void)!send(fd, data + at, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        rounds(&f, ROUNDS);
        drain(fd, &begun);
    }
    if (half) (void)shutdown(fd, SHUT_WR);
    rounds(&f, ROUNDS);
    if (size % 2)
        while (f.held_n > 0) end_call(f.held[--f.held_n]);
    rounds(&f, ROUNDS);
    drain(fd, &begun);
    close(fd);
    rounds(&f, ROUNDS);
    while (f.held_n > 0) end_call(f.held[--f.held_n]); /* of legacy clients that went */
    rounds(&f, ROUNDS);
    HOLDS(!http_is_busy(f.http));
    return 0;
}
