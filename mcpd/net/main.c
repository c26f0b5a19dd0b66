/* The network child of mcpd, a program of its own so that mcpd links neither libcurl nor its TLS
 * library, and parses nothing that comes from another host.  It looks names up, tells which source
 * address leads to a target, and probes.  What may block is done by a grandchild with a deadline,
 * which answers by itself: one datagram, so answers never mix.
 * Runs in: network child.  Input trust: mcpd (requests), packets (what resolvers and servers say).
 */
#include "mcpd/net/net.h"
#include "common/held.h"
#include "common/log.h"
#include "common/text.h"
#include "mcpd/net/sandbox.h"
#include "mcpd/privs.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 6

void net_answer(const char *id, const char *fmt, ...) {
    char message[NET_MESSAGE_MAX], text[NET_MESSAGE_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    int n = snprintf(message, sizeof message, "%s %s", id, text);
    if (n < 0 || (size_t)n >= sizeof message) return; /* mcpd's own deadline covers it */
    (void)!send(STDOUT_FILENO, message, (size_t)n, MSG_NOSIGNAL);
}

void net_answer_error(const char *id, const char *text) {
    char clean[240];
    text_clean((const uint8_t *)text, strlen(text), clean, sizeof clean);
    net_answer(id, "error %s", clean);
}

/* Split in place at single spaces; returns the number of words, 0 if there are too many. */
static int split(char *text, char *words[WORDS_MAX]) {
    int n = 0;
    for (char *p = text; p; n++) {
        if (n == WORDS_MAX) return 0;
        words[n] = p;
        p = strchr(p, ' ');
        if (p) *p++ = 0;
    }
    return n;
}

static bool is_number(const char *text) {
    return *text && strlen(text) <= 10 && text[strspn(text, "0123456789")] == 0;
}

static int children_running(int known) {
    while (known > 0 && waitpid(-1, NULL, WNOHANG) > 0) known--;
    return known;
}

/* The slow requests, in a grandchild. */
_Noreturn static void work(char *words[WORDS_MAX]) {
    (void)alarm(NET_RESOLVE_S);
    if (!net_sandbox_narrow()) _exit(1);
    if (strcmp(words[0], "resolve") == 0)
        net_resolve(words[1], words[2]);
    else
        net_probe(words[1], words[2], words[3], words[4]);
    _exit(0);
}

static int held_fd = -1; /* opened before the sandbox */

static void tell_held(const char *id) {
    char held[HELD_TEXT_BYTES];
    if (held_text(held_fd, net_sandbox_landlock_abi(), held))
        net_answer(id, "ok %s", held);
    else
        net_answer_error(id, "not known: /proc is not mounted");
}

static void handle(char *text, int *children) {
    char *words[WORDS_MAX];
    int n = split(text, words);
    if (n < 2 || !is_number(words[1])) return;
    const char *id = words[1];
    if (strcmp(words[0], "route") == 0 && n == 3) {
        net_route(id, words[2]);
    } else if (strcmp(words[0], "resolvers") == 0 && n == 2) {
        net_resolvers(id);
    } else if (strcmp(words[0], "held") == 0 && n == 2) {
        tell_held(id);
    } else if ((strcmp(words[0], "resolve") == 0 && n == 3) ||
               (strcmp(words[0], "probe") == 0 && n == 5)) {
        *children = children_running(*children);
        if (*children >= NET_CHILDREN_MAX) {
            net_answer_error(id, "too many look-ups are waiting");
            return;
        }
        pid_t pid = fork();
        if (pid == 0) work(words);
        if (pid > 0)
            ++*children;
        else
            net_answer_error(id, strerror(errno));
    } else {
        net_answer_error(id, "unknown request");
    }
}

int main(int argc, char **argv) {
    static char message[NET_MESSAGE_MAX + 1];
    int children = 0;
    struct fail fail;
    (void)argv;
    log_open("mcpd-net");
    if (argc > 1) {
        log_line("started by mcpd; it takes no arguments (version %s)", PCM_VERSION);
        return 2;
    }
    held_fd = held_open();
    int rc = privs_drop();
    if (rc) {
        log_line("cannot drop privileges: %s", strerror(-rc));
        return 1;
    }
    /* Its standard error is mcpd's log, in which it could forge mcpd's words. */
    int log = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (log < 0 || nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0) {
        log_line("standard error: %s", strerror(errno));
        return 1;
    }
    close(nowhere);
    if (!net_sandbox_enter(&fail)) {
        (void)dup2(log, STDERR_FILENO);
        log_line("%s", fail.why);
        return 1;
    }
    close(log);
    for (;;) {
        ssize_t n = recv(STDIN_FILENO, message, NET_MESSAGE_MAX, MSG_TRUNC);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == ENOTSOCK) log_line("started by mcpd; not to be run by hand");
        if (n <= 0) return n < 0;
        if (n > NET_MESSAGE_MAX) continue;
        message[n] = 0;
        handle(message, &children);
    }
}
