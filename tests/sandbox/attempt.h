#ifndef TESTS_SANDBOX_ATTEMPT_H
#define TESTS_SANDBOX_ATTEMPT_H
/* What a taken-over process would try, each attempt in a process of its own that has locked itself
 * up by the product's code; and the table of how each ended. */
#include "tests/sandbox/tap.h"
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* An attempt returns 0 when it got through, else the errno it got. */
#define TRY(call) ((call) >= 0 ? 0 : errno)
#define ATTEMPT(name, call)                                                                        \
    static int name(void) {                                                                        \
        return TRY(call);                                                                          \
    }
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { DIES = -1, WORKS = 0 };
struct attempt {
    const char *name;
    int (*run)(void);
    int want; /* DIES, WORKS or an errno */
};

#define EXIT_SETUP   99
#define EXIT_THROUGH 98

/* Lock this process up as `kind`; pair[1] is its socket to its parent, and takes why it failed. */
typedef bool attempt_enter(int kind, const int pair[2]);

static inline const char *attempt_text(int want) {
    return want == DIES ? "killed" : want == WORKS ? "works" : strerror(want);
}

static inline void attempt_try(const char *who, const struct attempt *a, attempt_enter *enter,
                               int kind) {
    char name[200], why[400] = "";
    int pair[2], status;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0) abort();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (!enter(kind, pair)) _exit(EXIT_SETUP);
        int result = a->run();
        _exit(result == 0 ? EXIT_THROUGH : result);
    }
    waitpid(pid, &status, 0);
    bool died = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    bool ok = a->want == DIES ? died : code == (a->want == WORKS ? EXIT_THROUGH : a->want);
    snprintf(name, sizeof name, "%-22s %-44s %s", who, a->name, attempt_text(a->want));
    tap_ok(ok, name);
    if (!ok)
        printf("# got signal %d, status %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0, code);
    if (code == EXIT_SETUP && read(pair[0], why, sizeof why - 1) > 0)
        printf("# set-up failed: %s\n", why);
    close(pair[0]);
    close(pair[1]);
}

static inline void attempt_all(const char *who, const struct attempt *a, size_t n,
                               attempt_enter *enter, int kind) {
    for (size_t i = 0; i < n; i++) attempt_try(who, &a[i], enter, kind);
}
#endif
