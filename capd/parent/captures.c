/* Workers: fork, orders, deadlines, end.  A worker that dies without its final frame gets one from
 * here, so that every `start` has an end a client can see; nothing is restarted, since a fork
 * shares the layout of its parent and must not become an oracle for guessing it.
 * Runs in: parent.  Input trust: client. */
#include "capd/parent/captures.h"
#include "capd/parent/audit.h"
#include "capd/worker/worker.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/start.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS    5000u /* after a capture's own end */
#define STOP_MS     5000u /* from `stop`, or the last frame, to the kill */
#define FLOWS_FILE  65536u
#define FLOWS_LIVE  16384u
#define FLOWS_SMALL 8192u /* less than 1 GiB of memory */

/* Copy what the worker needs out of the wiped state, then fork.  Does not return in the child. */
static pid_t fork_worker(const struct server *s, const struct capture *c, int ipc,
                         const struct msg_start *start) {
    static struct addr local[LIM_IF_ADDRESSES];
    uint32_t flows_live = s->small_machine ? FLOWS_SMALL : FLOWS_LIVE;
    struct worker_job job = {.ipc_fd = ipc,
                             .file_fd = start->file ? s->file_fd : -1,
                             .parent_pid = getpid(),
                             .stream = c->stream,
                             .snaplen = s->config.snap_length,
                             .ring_bytes = s->config.ring_mib << 20,
                             .flows = start->file ? FLOWS_FILE : flows_live,
                             .names = s->config.names,
                             .promiscuous = s->config.promiscuous,
                             .sandbox_off = s->sandbox_off,
                             .start = start,
                             .local = local,
                             .locals = start->file ? 0 : s->interfaces.addresses};
    memcpy(job.capture_id, c->id, sizeof job.capture_id);
    for (uint32_t i = 0; i < job.locals; i++) local[i] = s->interfaces.address[i].address;
    pid_t pid = fork();
    if (pid == 0) worker_run(&job);
    return pid;
}

struct capture *captures_start(struct server *s, int client, uint32_t stream,
                               const struct msg_start *start, struct fail *fail) {
    int pair[2];
    struct capture *c = NULL;
    for (unsigned i = 0; i < LIM_CAPTURES && !c; i++)
        if (!s->capture[i].used) c = &s->capture[i];
    if (!c) {
        fail_set(fail, FAIL_LIMIT, "", "all %u capture slots are in use", LIM_CAPTURES);
        return NULL;
    }
    *c = (struct capture){.stream = stream, .client = client, .ipc = -1};
    c->uid = s->client[client].peer.uid;
    c->client_pid = s->client[client].peer.pid;
    policy_account(&s->config, c->uid, start->caller, c->account);
    memcpy(c->interface, start->interface, sizeof c->interface);
    if (!start_make_id(c->id, sizeof c->id) || !relay_open(&c->relay) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
        goto no_resources;
    c->ipc = pair[0];
    c->pid = fork_worker(s, c, pair[1], start);
    close(pair[1]);
    if (c->pid < 0) goto no_resources;
    c->started_us = clock_wall_us();
    if (start->duration_ms) {
        c->ends_us = c->started_us + start->duration_ms * 1000u;
        c->kill_ms = clock_mono_ms() + start->duration_ms + GRACE_MS;
    }
    c->used = true;
    return c;
no_resources:
    fail_set(fail, FAIL_ENVIRONMENT, "", "capd could not start a capture: %s", strerror(errno));
    if (c->ipc >= 0) close(c->ipc);
    relay_close(&c->relay);
    return NULL;
}

struct capture *captures_find(struct server *s, const struct peer *peer, const char *id) {
    for (struct capture *c = s->capture; c < s->capture + LIM_CAPTURES; c++)
        if (c->used && strcmp(c->id, id) == 0) return policy_owns(peer, c->uid) ? c : NULL;
    return NULL;
}

unsigned captures_count(const struct server *s, const char *account, unsigned *of_account_out) {
    unsigned all = 0;
    *of_account_out = 0;
    for (unsigned i = 0; i < LIM_CAPTURES; i++) {
        const struct capture *c = &s->capture[i];
        all += c->used;
        *of_account_out += c->used && strcmp(c->account, account) == 0;
    }
    return all;
}

/* Nothing more is read from it.  A frame that is whole is still sent. */
static void close_ipc(struct capture *c) {
    if (c->ipc >= 0) close(c->ipc);
    c->ipc = -1;
    if (!c->relay.ready) relay_clear(&c->relay);
}

static void kill_worker(struct capture *c) {
    if (!c->reaped) kill(c->pid, SIGKILL);
    c->killed = true;
    c->failed |= c->final;
    close_ipc(c);
}

bool captures_order(struct capture *c, unsigned type, const uint8_t *body, size_t bytes) {
    uint8_t frame[WIRE_HEADER_BYTES + WIRE_EXT_BYTES + LIM_FRAME_TO_CAPD];
    struct wire_header h = {.type = (uint8_t)type, .stream = c->stream, .length = (uint32_t)bytes};
    if (c->ipc < 0 || bytes > LIM_FRAME_TO_CAPD) return false;
    size_t n = wire_put_header(frame, &h);
    if (bytes) memcpy(frame + n, body, bytes);
    ssize_t sent = write(c->ipc, frame, n + bytes);
    if (sent == (ssize_t)(n + bytes)) return true;
    if (sent > 0) kill_worker(c); /* half an order: the stream is lost */
    return false;
}

void captures_stop(struct capture *c) {
    uint64_t deadline = clock_mono_ms() + STOP_MS;
    if (!c->kill_ms || deadline < c->kill_ms) c->kill_ms = deadline;
    (void)captures_order(c, WIRE_STOP, NULL, 0); /* who has ended already is still read */
}

void captures_abandon(struct server *s, int client) {
    for (unsigned i = 0; i < LIM_CAPTURES; i++) {
        struct capture *c = &s->capture[i];
        if (!c->used || c->client != client) continue;
        c->client = NO_CLIENT;
        captures_stop(c);
    }
}

/* One frame in a turn of the loop, which belongs to all, also when nobody wants it any more. */
void captures_read(struct capture *c) {
    enum relay_result r = relay_read(&c->relay, c->ipc, c->stream);
    if (r == RELAY_WAIT) return;
    if (r != RELAY_READY || c->final) { /* nothing follows the last frame */
        relay_clear(&c->relay);
        if (r != RELAY_EOF) log_line("capture %s: the worker sent a bad frame, killed", c->id);
        if (r != RELAY_EOF) kill_worker(c);
        close_ipc(c);
        return;
    }
    if (c->relay.header.flags & WIRE_FINAL) {
        c->final = c->counted = true;
        c->failed = c->relay.header.type == WIRE_ERROR;
        c->packets = c->relay.header.final_packets;
        c->bytes = c->relay.header.final_bytes;
        c->kill_ms = clock_mono_ms() + STOP_MS;
    }
    if (c->client == NO_CLIENT) relay_clear(&c->relay);
}

void captures_reap(struct server *s) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (unsigned i = 0; i < LIM_CAPTURES; i++)
            if (s->capture[i].used && s->capture[i].pid == pid) {
                s->capture[i].reaped = true;
                s->capture[i].status = status;
            }
}

static void say_why(const struct capture *c, struct fail *fail) {
    int signal_number = WIFSIGNALED(c->status) ? WTERMSIG(c->status) : 0;
    enum fail_code code = signal_number == SIGSYS ? FAIL_SANDBOX : FAIL_ENVIRONMENT;
    const char *why = signal_number == SIGSYS ? "was killed by its own sandbox"
                      : c->status == 0        ? "told its client why"
                      : c->killed             ? "did not answer and was killed"
                                              : NULL;
    if (why)
        fail_set(fail, code, "", "the capture worker %s", why);
    else
        fail_set(fail, code, "", "the capture worker %s %d",
                 signal_number ? "died of signal" : "ended with status",
                 signal_number ? signal_number : WEXITSTATUS(c->status));
}

/* A worker that is gone without a final frame: make one. */
static void fail_capture(struct capture *c) {
    struct fail fail;
    say_why(c, &fail);
    c->final = c->failed = true;
    relay_put_error(&c->relay, c->stream, &fail);
}

void captures_end(const struct server *s, struct capture *c) {
    struct fail why = {.why = "capd was stopped"};
    if (!c->reaped) kill(c->pid, SIGKILL);
    if (!s->stopping) say_why(c, &why);
    if (!s->private_mode) audit_end(c, c->failed || s->stopping ? &why : NULL);
    relay_close(&c->relay);
    c->used = false;
}

void captures_tend(struct server *s, uint64_t now_ms) {
    for (unsigned i = 0; i < LIM_CAPTURES; i++) {
        struct capture *c = &s->capture[i];
        if (!c->used) continue;
        if (c->kill_ms && now_ms >= c->kill_ms && !c->reaped && !c->killed) kill_worker(c);
        if (c->client == NO_CLIENT && c->relay.ready) relay_clear(&c->relay);
        if (!c->reaped || c->ipc >= 0 || c->relay.ready) continue;
        if (c->final)
            captures_end(s, c);
        else
            fail_capture(c);
    }
}
