/* A real capd with real clients on `lo`: what /proc says about parent and worker, and how a capture
 * ends when its client, or its worker, goes away.
 * Runs in: tests, as root.  Input trust: none. */
#include "tests/sandbox/client.h"
#include "tests/sandbox/tap.h"
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[PATH_MAX], folder[] = "/tmp/capd-test-XXXXXX", path[64];
static struct client first, second;

static pid_t start_capd(void) {
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr)) _exit(1);
        execl(program, "capd", "--socket", path, (char *)NULL);
        _exit(1);
    }
    return pid;
}

/* The text after `key:` in /proc/PID/status. */
static const char *status_of(pid_t pid, const char *key, char out[64]) {
    char name[64], line[256];
    size_t n = strlen(key);
    out[0] = '\0';
    snprintf(name, sizeof name, "/proc/%d/status", pid);
    FILE *f = fopen(name, "r");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, n) == 0 && line[n] == ':') {
            line[strcspn(line, "\n")] = '\0';
            snprintf(out, 64, "%s", line + n + 1 + strspn(line + n + 1, " \t"));
        }
    if (f) fclose(f);
    return out;
}

static pid_t worker_of(pid_t parent) {
    char name[64];
    int pid = 0;
    snprintf(name, sizeof name, "/proc/%d/task/%d/children", parent, parent);
    FILE *f = fopen(name, "r");
    if (f && fscanf(f, "%d", &pid) != 1) pid = 0;
    if (f) fclose(f);
    return pid;
}

static void expect(pid_t pid, const char *who, const char *key, const char *want) {
    char have[64], name[120];
    status_of(pid, key, have);
    have[strcspn(have, " \t")] = '\0';
    snprintf(name, sizeof name, "%s: %s is %s", who, key, *want ? want : "empty");
    tap_ok(strcmp(have, want) == 0, name);
    if (strcmp(have, want) != 0) printf("# it is %s\n", have);
}

static void expect_locked(pid_t pid, const char *who, const char *permitted, const char *filters) {
    expect(pid, who, "CapPrm", permitted);
    expect(pid, who, "CapEff", "0000000000000000");
    expect(pid, who, "CapInh", "0000000000000000");
    expect(pid, who, "CapAmb", "0000000000000000");
    expect(pid, who, "CapBnd", "0000000000002000");
    expect(pid, who, "NoNewPrivs", "1");
    expect(pid, who, "Seccomp", "2");
    expect(pid, who, "Seccomp_filters", filters);
    expect(pid, who, "Groups", "");
    char uid[64];
    tap_ok(strtol(status_of(pid, "Uid", uid), NULL, 10) != 0, "it is not root");
}

static bool start_capture(struct client *c, unsigned duration_ms, struct msg_started *out) {
    struct msg_start m = client_start_on("lo", duration_ms);
    return client_send(c, WIRE_START, &m) && client_wait(c, WIRE_STARTED, 3000) == 1 &&
           client_decode(c, out);
}

static bool gone_within(pid_t pid, int ms) {
    for (; ms > 0; ms -= 20) {
        char state[64]; /* a zombie waits for an init that may be slow */
        if (kill(pid, 0) != 0 && errno == ESRCH) return true;
        if (*status_of(pid, "State", state) == 'Z') return true;
        usleep(20000);
    }
    return false;
}

static void test_locked(pid_t capd) {
    struct msg_started started;
    struct msg_hello_reply hello;
    tap_ok(client_connect(&first, path) && client_hello(&first), "capd answers hello");
    tap_ok(client_decode(&first, &hello) && hello.live && !hello.private, "it can capture");
    tap_ok(start_capture(&first, 60000, &started), "a capture on lo starts");
    tap_ok(started.seccomp && started.caps == 0, "it says that it is locked up");
    expect_locked(capd, "parent", "0000000000002000", "1");
    expect_locked(worker_of(capd), "worker", "0000000000000000", "2");
    char memory[64];
    long kib = strtol(status_of(worker_of(capd), "VmHWM", memory), NULL, 10);
    tap_ok(kib > 0 && kib <= 20 * 1024, "the worker's peak memory is at most 20 MiB");
    printf("# worker VmHWM %ld KiB, parent %s\n", kib, status_of(capd, "VmHWM", memory));
}

static void test_client_vanishes(pid_t capd) {
    pid_t worker = worker_of(capd);
    close(first.fd);
    tap_ok(worker > 0 && gone_within(worker, 3000), "a vanished client's worker is stopped");
}

static void test_worker_killed(pid_t capd) {
    struct msg_started started;
    struct msg_error error = {0};
    tap_ok(client_connect(&first, path) && client_hello(&first) &&
               start_capture(&first, 60000, &started),
           "another capture starts");
    kill(worker_of(capd), SIGSYS);
    bool told = client_wait(&first, WIRE_ERROR, 3000) == 1 && client_decode(&first, &error);
    tap_ok(told && error.code == FAIL_SANDBOX && (first.header.flags & WIRE_FINAL),
           "a worker killed by its sandbox ends its capture with an error");
    if (told) printf("# %s\n", error.why);
    tap_ok(worker_of(capd) == 0, "it is not started again");
    struct msg_empty empty = {false};
    client_send(&first, WIRE_STATUS, &empty);
    tap_ok(client_wait(&first, WIRE_STATUS_REPLY, 3000) == 1, "capd goes on");
}

/* Two clients of different users: neither sees the other's capture. */
static void test_other_user(void) {
    struct msg_started started;
    struct msg_status_reply status = {0};
    struct msg_empty empty = {false};
    struct msg_error error = {0};
    tap_ok(start_capture(&first, 60000, &started), "root's capture starts");
    int result = 1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct msg_capture stop = {{0}};
        memcpy(stop.capture_id, started.capture_id, sizeof stop.capture_id);
        bool ok = setgid(12345) == 0 && setuid(12345) == 0 && client_connect(&second, path) &&
                  client_hello(&second) && client_send(&second, WIRE_STATUS, &empty) &&
                  client_wait(&second, WIRE_STATUS_REPLY, 3000) == 1 &&
                  client_decode(&second, &status) && status.captures_n == 0 &&
                  client_send(&second, WIRE_STOP, &stop) &&
                  client_wait(&second, WIRE_ERROR, 3000) == 1 && client_decode(&second, &error) &&
                  error.code == FAIL_NOT_FOUND;
        _exit(ok ? 0 : 1);
    }
    waitpid(pid, &result, 0);
    tap_ok(WIFEXITED(result) && WEXITSTATUS(result) == 0, "another user neither sees nor stops it");
    client_send(&first, WIRE_STATUS, &empty);
    tap_ok(client_wait(&first, WIRE_STATUS_REPLY, 3000) == 1 && client_decode(&first, &status) &&
               status.captures_n == 1,
           "its owner sees it");
}

static bool order(unsigned type, const void *msg, unsigned answer) {
    return client_send(&first, type, msg) && client_wait(&first, answer, 3000) == 1;
}

/* Orders to a running capture: late addresses, and a snapshot that may not be asked for too often.
 */
static void test_orders(void) {
    struct msg_started started;
    struct msg_error error = {0};
    struct msg_capture which = {{0}};
    struct msg_prefix prefix = {addr_from_bytes((const uint8_t[4]){127, 0, 0, 2}, 4), 32};
    struct msg_retarget late = {.addresses = &prefix, .addresses_n = 1};
    tap_ok(client_connect(&first, path) && client_hello(&first) &&
               start_capture(&first, 60000, &started),
           "a third capture starts");
    memcpy(which.capture_id, started.capture_id, sizeof which.capture_id);
    memcpy(late.capture_id, started.capture_id, sizeof late.capture_id);
    tap_ok(order(WIRE_RETARGET, &late, WIRE_OK), "late addresses are taken");
    prefix.prefix_len = 33;
    tap_ok(order(WIRE_RETARGET, &late, WIRE_ERROR), "a prefix that is too long is refused");
    /* The snapshot may come before the second answer, so all are awaited together. */
    bool ok = false, refused = false, whole = false;
    client_send(&first, WIRE_SNAPSHOT, &which);
    client_send(&first, WIRE_SNAPSHOT, &which);
    while (!(ok && refused && whole) && client_next(&first, 10000) == 1) {
        unsigned type = first.header.type;
        ok |= type == WIRE_OK;
        refused |= type == WIRE_ERROR && client_decode(&first, &error) && error.code == FAIL_LIMIT;
        whole |= type == WIRE_INCIDENTS && !(first.header.flags & WIRE_MORE);
    }
    tap_ok(ok, "a full snapshot may be asked for");
    tap_ok(refused, "but not twice within a second");
    tap_ok(whole, "it comes");
    tap_ok(client_wait(&first, WIRE_TOTALS, 3000) == 1 && first.header.flags == 0,
           "and the capture goes on");
    which.capture_id[0] ^= 1;
    tap_ok(order(WIRE_STOP, &which, WIRE_ERROR), "an unknown id is refused");
}

static void test_parent_killed(pid_t capd) {
    pid_t worker = worker_of(capd);
    kill(capd, SIGKILL);
    tap_ok(worker > 0 && gone_within(worker, 1000), "no worker outlives its parent");
}

static void test_stop(void) {
    struct msg_status_reply status = {0};
    struct msg_ended ended = {{0}, 0, {0}};
    struct msg_empty empty = {false};
    struct msg_capture stop = {{0}};
    client_send(&first, WIRE_STATUS, &empty);
    if (client_wait(&first, WIRE_STATUS_REPLY, 3000) == 1 && client_decode(&first, &status) &&
        status.captures_n == 1)
        memcpy(stop.capture_id, status.captures[0].capture_id, sizeof stop.capture_id);
    client_send(&first, WIRE_STOP, &stop);
    tap_ok(client_wait(&first, WIRE_OK, 3000) == 1, "stop is confirmed");
    tap_ok(client_wait(&first, WIRE_INCIDENTS, 3000) == 1, "the full snapshot comes");
    tap_ok(client_wait(&first, WIRE_ENDED, 3000) == 1 && client_decode(&first, &ended) &&
               ended.reason == END_STOPPED && (first.header.flags & WIRE_FINAL),
           "and then the end");
}

int main(int argc, char **argv) {
    (void)argc;
    if (geteuid() != 0) {
        tap_skip("a running capd", "needs root to capture");
        return tap_end();
    }
    if (!realpath(argv[0], program)) return 1;
    snprintf(program + strlen(dirname(program)), 32, "/../capd");
    if (!mkdtemp(folder) || chmod(folder, 0755) != 0) return 1;
    snprintf(path, sizeof path, "%s/capd.sock", folder);
    pid_t capd = start_capd();
    if (client_connect(&first, path)) {
        close(first.fd);
        if (chmod(path, 0666) != 0) return 1; /* for the other user; nobody else is here */
        test_locked(capd);
        test_client_vanishes(capd);
        test_worker_killed(capd);
        test_other_user();
        test_stop();
        close(first.fd);
        test_orders();
        test_parent_killed(capd);
    } else {
        tap_ok(false, "capd listens");
    }
    kill(capd, SIGTERM);
    waitpid(capd, NULL, 0);
    unlink(path);
    rmdir(folder);
    return tap_end();
}
