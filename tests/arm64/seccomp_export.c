/* Prints every system call policy of the product as libseccomp describes it, for the architecture
 * it was compiled for.  The policies are those that run: the linker turns their calls of
 * seccomp_load and of the other walls to the functions here, which print or do nothing.  Nothing is
 * installed, so this also runs where system call filters cannot be (qemu-user). Runs in: tests. */
#include "capd/parent/sandbox.h"
#include "capd/worker/sandbox.h"
#include "mcpd/net/sandbox.h"
#include "mcpd/sandbox.h"
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int __wrap_seccomp_load(scmp_filter_ctx ctx);
int __wrap_landlock_enter(const void *keep, unsigned *abi_out);
int __wrap_setrlimit(__rlimit_resource_t what, const struct rlimit *to);

int __wrap_seccomp_load(scmp_filter_ctx ctx) {
    int error = seccomp_export_pfc(ctx, STDOUT_FILENO);
    _exit(error ? 1 : 0);
}

int __wrap_landlock_enter(const void *keep, unsigned *abi_out) {
    (void)keep;
    *abi_out = 0;
    return 0;
}

int __wrap_setrlimit(__rlimit_resource_t what, const struct rlimit *to) {
    (void)what;
    (void)to;
    return 0;
}

static void worker_live(struct fail *fail) {
    (void)!sandbox_seccomp(&(struct sandbox_fds){3, 4, 5}, fail);
}

static void worker_file(struct fail *fail) {
    (void)!sandbox_seccomp(&(struct sandbox_fds){3, -1, 5}, fail);
}

static void parent(struct fail *fail) {
    (void)!parent_sandbox_enter(fail);
}

static void network_child(struct fail *fail) {
    (void)!net_sandbox_enter(fail);
}

static void mcpd_in(enum sandbox_mode mode, struct fail *fail) {
    (void)!sandbox_enter(&(struct sandbox_wishes){.mode = mode}, fail);
}

static void mcpd_stdio(struct fail *fail) {
    mcpd_in(SANDBOX_STDIO, fail);
}

static void mcpd_serve(struct fail *fail) {
    mcpd_in(SANDBOX_SERVE, fail);
}

static void mcpd_people(struct fail *fail) {
    mcpd_in(SANDBOX_PEOPLE, fail);
}

static const struct policy {
    const char *name;
    void (*enter)(struct fail *fail);
} policies[] = {{"capd", parent},
                {"capd-worker-live", worker_live},
                {"capd-worker-file", worker_file},
                {"mcpd-stdio", mcpd_stdio},
                {"mcpd-serve", mcpd_serve},
                {"mcpd-people", mcpd_people},
                {"mcpd-net", network_child}};

int main(void) {
    /* What the kernel here can do is not asked: qemu-user says it can do nothing. */
    if (seccomp_api_set(3) != 0) return 1;
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        struct fail fail = {0};
        int status = 1;
        printf("== %s\n", policies[i].name);
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            policies[i].enter(&fail);
            fprintf(stderr, "%s: %s\n", policies[i].name, fail.why);
            _exit(1); /* the policy was not loaded */
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) return 1;
    }
    return 0;
}
