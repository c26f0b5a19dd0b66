/* Asks an MCP server the same question over and over, with one or more clients at once, and prints
 * how long the answers took.  Small and in C so that what is measured is the server.
 *
 *   mcp_load http HOST PORT CALLS REQUEST...          one connection for each file: a whole HTTP
 * request mcp_load stdio CALLS REQUEST... -- COMMAND ...    one process for each file: lines of
 * JSON
 *
 * Each client asks again as soon as it has its answer, CALLS times.  Of a stdio file all lines but
 * the last are said once before the clock runs.  Prints milliseconds "p50 p99 longest", then the
 * number of answers and how many of them were errors.  Runs in: tests.  Input trust: local. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX  64
#define ANSWER_BYTES (1u << 20)

struct client {
    int in, out; /* the same descriptor for HTTP */
    bool http;
    char *request;
    size_t request_len;
    char *answer; /* ANSWER_BYTES and a NUL */
    size_t got;
    uint64_t asked_ns;
    long left;
};

static struct client clients[CLIENTS_MAX];
static int client_count;
static double *took_ms;
static long took, wrong;

static void die(const char *what) {
    fprintf(stderr, "mcp_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static char *read_file(const char *path, size_t *len_out) {
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(ANSWER_BYTES + 1);
    if (!f || !bytes) die(path);
    *len_out = fread(bytes, 1, ANSWER_BYTES, f);
    bytes[*len_out] = 0;
    fclose(f);
    return bytes;
}

static void say(const struct client *c, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = write(c->out, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) die("write");
        bytes += n;
        len -= (size_t)n;
    }
}

/* Is the answer whole?  HTTP: by Content-Length or the last chunk; stdio: a line with an id. */
static bool whole(struct client *c) {
    c->answer[c->got] = 0;
    if (!c->http) {
        char *end = memchr(c->answer, '\n', c->got);
        if (!end) return false;
        if (strstr(c->answer, "\"id\":")) return true;
        c->got -= (size_t)(end + 1 - c->answer); /* a notification */
        memmove(c->answer, end + 1, c->got);
        return whole(c);
    }
    char *body = strstr(c->answer, "\r\n\r\n");
    if (!body) return false;
    body += 4;
    char *length = strcasestr(c->answer, "\r\nContent-Length:");
    if (length && length < body)
        return c->got >= (size_t)(body - c->answer) + strtoul(length + 17, NULL, 10);
    return c->got >= 5 && memcmp(c->answer + c->got - 5, "0\r\n\r\n", 5) == 0;
}

static void more(struct client *c) {
    ssize_t n = read(c->in, c->answer + c->got, ANSWER_BYTES - c->got);
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) die("the server ended the connection");
    c->got += (size_t)n;
}

static void ask(struct client *c) {
    c->got = 0;
    c->asked_ns = now_ns();
    say(c, c->request, c->request_len);
}

static void connect_http(struct client *c, const char *host, const char *port) {
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int one = 1;
    c->http = true;
    c->in = c->out = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, host, &sa.sin_addr) != 1 || c->in < 0 ||
        connect(c->in, (const struct sockaddr *)&sa, sizeof sa) != 0)
        die("connect");
    setsockopt(c->in, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void start_stdio(struct client *c, char **command) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC)) die("pipe");
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(to[0], 0);
        dup2(from[1], 1);
        execvp(command[0], command);
        die(command[0]);
    }
    close(to[0]);
    close(from[1]);
    c->out = to[1];
    c->in = from[0];
    /* All lines but the last are the opening. */
    char *line = c->request, *next;
    while ((next = strchr(line, '\n')) && next[1]) {
        c->got = 0;
        say(c, line, (size_t)(next + 1 - line));
        *next = 0;
        if (strstr(line, "\"id\":"))
            while (!whole(c)) more(c);
        line = next + 1;
    }
    c->request_len -= (size_t)(line - c->request);
    c->request = line;
}

static void hear(struct client *c) {
    more(c);
    if (!whole(c)) return;
    took_ms[took++] = (double)(now_ns() - c->asked_ns) / 1e6;
    wrong += strstr(c->answer, "\"isError\":true") || strstr(c->answer, "\"error\":{") ||
             (c->http && strncmp(c->answer, "HTTP/1.1 200", 12) != 0);
    if (--c->left > 0) ask(c);
}

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void run(void) {
    struct pollfd fds[CLIENTS_MAX];
    for (int i = 0; i < client_count; i++) ask(&clients[i]);
    for (;;) {
        int open = 0;
        for (int i = 0; i < client_count; i++) {
            fds[i] =
                (struct pollfd){.fd = clients[i].left > 0 ? clients[i].in : -1, .events = POLLIN};
            open += clients[i].left > 0;
        }
        if (open == 0) return;
        if (poll(fds, (nfds_t)client_count, 10000) <= 0) die("no answer for ten seconds");
        for (int i = 0; i < client_count; i++)
            if (fds[i].revents) hear(&clients[i]);
    }
}

int main(int argc, char **argv) {
    bool http = argc > 1 && strcmp(argv[1], "http") == 0;
    int at = http ? 5 : 3, end = at;
    if (argc <= at) return 2;
    long calls = atol(argv[at - 1]);
    while (end < argc && strcmp(argv[end], "--") != 0) end++;
    if (end - at > CLIENTS_MAX || calls < 1 || (!http && end + 1 >= argc)) return 2;
    for (; at < end; at++) {
        struct client *c = &clients[client_count++];
        c->request = read_file(argv[at], &c->request_len);
        c->answer = malloc(ANSWER_BYTES + 1);
        c->left = calls;
        if (!c->answer) die("memory");
        if (http)
            connect_http(c, argv[2], argv[3]);
        else
            start_stdio(c, argv + end + 1);
    }
    took_ms = calloc((size_t)client_count * (size_t)calls, sizeof *took_ms);
    if (!took_ms) die("memory");
    run();
    qsort(took_ms, (size_t)took, sizeof *took_ms, by_value);
    printf("%.3f %.3f %.3f %ld %ld\n", took_ms[took / 2], took_ms[took * 99 / 100],
           took_ms[took - 1], took, wrong);
    return 0;
}
