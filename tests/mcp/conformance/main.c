/* A server for the MCP conformance suite: the project's MCP core and HTTP transport with the
 * suite's own tools, on a loopback port that the kernel chooses and standard output tells.  Ends
 * with its standard input.
 * Runs in: test.  Input trust: client. */
#include "mcpd/transport/http.h"
#include "tests/mcp/conformance/fixture.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A listening socket on 127.0.0.1; its port in *port_out.  -1: errno. */
static int listen_anywhere(unsigned *port_out) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 64) ||
        getsockname(fd, (struct sockaddr *)&a, &len))
        return -1;
    *port_out = ntohs(a.sin_port);
    return fd;
}

static void on_input(void *ctx, int fd, unsigned ready) {
    char bytes[64];
    (void)ready;
    if (read(fd, bytes, sizeof bytes) <= 0) loop_stop(((struct fixture *)ctx)->loop);
}

static int fail(const char *what) {
    fprintf(stderr, "conformance: %s\n", what);
    return 1;
}

int main(void) {
    struct fixture f = {.loop = loop_new()};
    char why[200];
    unsigned port;
    struct mcp_config config = {.instructions = "A server for the conformance suite.",
                                .tools = fixture_tools,
                                .tool_count = fixture_tool_count,
                                .resources = &fixture_resources,
                                .prompts = fixture_prompts,
                                .prompt_count = fixture_prompt_count,
                                .lists_change = true,
                                .app = &f,
                                .loop = f.loop};
    (void)signal(SIGPIPE, SIG_IGN);
    f.server = mcp_server_new(&config, why, sizeof why);
    if (!f.loop || !f.server) return fail(f.loop ? why : "out of memory");
    struct http *http =
        http_new(&(struct http_options){.loop = f.loop, .server = f.server}, why, sizeof why);
    int fd = http ? listen_anywhere(&port) : -1;
    if (fd < 0) return fail(http ? "cannot listen" : why);
    if (http_listen(http, fd) || loop_fd_add(f.loop, STDIN_FILENO, LOOP_READ, on_input, &f))
        return fail("cannot watch its files");
    printf("http://localhost:%u/mcp\n", port);
    fflush(stdout);
    int rc = loop_run(f.loop);
    http_free(http);
    mcp_server_free(f.server);
    loop_free(f.loop);
    return rc ? fail(strerror(-rc)) : 0;
}
