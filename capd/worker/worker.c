/* The loop of one capture: wait for frames or an order of the parent, count, report once a second.
 * Batches are bounded, so that a flood cannot keep an order waiting.  One snapshot at most is on
 * its way; the next waits until the parent has taken it.
 * Runs in: worker.  Input trust: packets; the parent's orders are checked like a client's. */
#include "capd/worker/worker.h"
#include "capd/stat/snapshot.h"
#include "capd/worker/drop.h"
#include "capd/worker/filter.h"
#include "capd/worker/narrow.h"
#include "capd/worker/setup.h"
#include "common/clock.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH_FRAMES 4096
#define STACK_BYTES  (256u * 1024u) /* deeper than any call of the parent goes */
#define TICK_MS      1000u
#define LAST_LOOK_MS 250u /* a ring block is handed over after at most 100 ms */

static void on_snapshot_frame(void *ctx, unsigned type, bool more, const uint8_t *body,
                              size_t bytes) {
    struct worker *w = ctx;
    struct wire_header h = {.type = (uint8_t)type, .flags = more ? WIRE_MORE : 0};
    output_frame(&w->out, h, body, bytes);
}

/* ---- narrowing --------------------------------------------------------------------------------
 */

/* Put the narrow filter of what is known now in force.  Where it is not possible all stays as it
 * was: what is dropped is then told as capture_drops alone. */
static void narrow(struct worker *w, enum narrow_cause cause) {
    static struct filter_text filter;
    static char text[FILTER_NARROW_BYTES];
    struct addr address[LIM_TARGET_ADDRESSES];
    struct fail fail;
    w->narrow_generation = engine_addresses_generation(w->engine);
    uint32_t n = engine_addresses(w->engine, address, LIM_TARGET_ADDRESSES);
    if (!narrow_text(w->job.start, address, n, text, sizeof text) ||
        !filter_build(w->job.start, text, w->vlan, &filter) ||
        !source_replace_filter(w->source, filter.kernel, &fail))
        return;
    w->narrowed = true;
    engine_narrowed(w->engine, cause, filter.shown);
}

/* Once a second: can this machine keep up? */
static void watch_load(struct worker *w, uint64_t now_ms) {
    struct load_sample s = {.mono_ms = now_ms,
                            .cpu_us = clock_cpu_us(),
                            .seen = engine_seen(w->engine),
                            .missed = source_missed(w->source)};
    enum narrow_cause cause = load_judge(&w->load, &s);
    if (cause != NARROW_NONE && !w->narrowed) narrow(w, cause);
}

/* A narrow filter must follow what the wire says about the target's name. */
static void follow_addresses(struct worker *w) {
    if (w->narrowed && w->narrow_generation != engine_addresses_generation(w->engine))
        narrow(w, NARROW_NONE);
}

static uint64_t now_us(struct worker *w) {
    return clock_capture_now(&w->clock, clock_wall_us(), clock_mono_ms() * 1000u);
}

static void snapshot(struct worker *w, bool full) {
    struct engine_quality q = {source_received(w->source), source_missed(w->source),
                               source_interface_missed(w->source)};
    engine_quality(w->engine, &q);
    if (w->live) engine_interface_down(w->engine, w->down_ms * 1000u);
    snapshot_encode(w->engine, now_us(w) * 1000u, full, on_snapshot_frame, w);
}

static void end_with(struct worker *w, enum end_reason reason, const char *detail) {
    if (w->ending) return;
    w->ending = true;
    w->reason = reason;
    snprintf(w->detail, sizeof w->detail, "%s", detail);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static void retarget(struct worker *w, const uint8_t *body, size_t bytes) {
    static uint8_t memory[16 * 1024];
    struct schema_arena arena = {memory, 0, sizeof memory};
    struct msg_retarget m = {0};
    struct fail fail;
    if (schema_decode(&schema_retarget, body, bytes, &m, &arena, &fail))
        engine_retarget(w->engine, m.addresses, m.addresses_n);
}

static void obey(struct worker *w, const struct wire_header *h, const uint8_t *body) {
    switch (h->type) {
    case WIRE_SNAPSHOT: w->full_wanted = true; break;
    case WIRE_RETARGET: retarget(w, body, h->length); break;
    case WIRE_STOP: end_with(w, END_STOPPED, ""); break;
    default: _exit(1);
    }
}

static void read_orders(struct worker *w) {
    ssize_t n = read(w->job.ipc_fd, w->in + w->in_used, sizeof w->in - w->in_used);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) _exit(0); /* the parent is gone, and with it everyone who could ask */
    w->in_used += (size_t)n;
    for (;;) {
        struct wire_header h;
        struct fail fail;
        enum wire_result r = wire_get_header(w->in, w->in_used, LIM_FRAME_TO_CAPD, &h, &fail);
        if (r == WIRE_BAD || (r == WIRE_PARSED && h.flags)) _exit(1);
        if (r == WIRE_NEED_MORE || w->in_used < WIRE_HEADER_BYTES + h.length) return;
        obey(w, &h, w->in + WIRE_HEADER_BYTES);
        size_t frame = WIRE_HEADER_BYTES + h.length;
        memmove(w->in, w->in + frame, w->in_used - frame);
        w->in_used -= frame;
    }
}

/* ---- frames -----------------------------------------------------------------------------------
 */

static void on_frame(void *ctx, uint64_t ts_ns, const uint8_t *bytes, uint32_t cap_bytes,
                     uint32_t wire_bytes) {
    struct worker *w = ctx;
    if (w->live) ts_ns = clock_capture_stamp(&w->clock, ts_ns, w->now_us);
    if (!w->primed) {
        /* The ring may hold frames from before READY; a clock that was set back must not hide
         * everything, so the rule holds for the first second only. */
        if (w->live && ts_ns < w->start_ns && clock_mono_ms() - w->start_ms < 1000) return;
        w->primed = true;
    }
    engine_from(w->engine, source_interface(w->source));
    engine_queue(w->engine, source_datalink(w->source), ts_ns, bytes, cap_bytes, wire_bytes);
}

static void on_gone(void *ctx) {
    engine_flush(((struct worker *)ctx)->engine);
}

static void read_frames(struct worker *w) {
    const struct source_sink sink = {w, on_frame, on_gone};
    if (w->live) w->now_us = now_us(w);
    enum source_result result = source_read(w->source, BATCH_FRAMES, &sink);
    engine_flush(w->engine);
    switch (result) {
    case SOURCE_MORE: return;
    case SOURCE_END: end_with(w, END_EOF, ""); return;
    case SOURCE_BROKEN: break;
    }
    char why[LIM_ERROR_TEXT + 1];
    snprintf(why, sizeof why, w->live ? "%s" : "%s; what comes after was not analysed",
             source_error(w->source));
    if (!w->live) {
        uint64_t of, unread = source_unread(w->source, &of);
        engine_unread(w->engine, unread, of, why);
    }
    end_with(w, w->live ? END_DEVICE : END_EOF, why);
}

/* ---- loop -------------------------------------------------------------------------------------
 */

static int wait_ms(const struct worker *w, uint64_t now_ms) {
    uint64_t until = w->tick_ms;
    if (!w->live) return 0;
    if (w->end_ms && w->end_ms < until) until = w->end_ms;
    return until <= now_ms ? 0 : (int)(until - now_ms);
}

static void wait_and_read(struct worker *w, int timeout_ms) {
    struct pollfd p[2] = {{w->job.ipc_fd, POLLIN, 0}, {source_packet_fd(w->source), POLLIN, 0}};
    if (!output_idle(&w->out)) p[0].events |= POLLOUT;
    if (poll(p, w->live ? 2 : 1, timeout_ms) < 0) {
        if (errno == EINTR) return;
        _exit(1);
    }
    if (p[0].revents & (POLLIN | POLLHUP | POLLERR)) read_orders(w);
    if ((p[0].revents & POLLOUT) && !output_flush(&w->out)) _exit(0);
    if (!w->live || p[1].revents) read_frames(w);
    follow_addresses(w);
}

/* Once a second: could anything have come?  libpcap tells only who reads that the interface has
 * gone. */
static void look_at_interface(struct worker *w, uint64_t now_ms) {
    if (source_is_down(w->source)) w->down_ms += now_ms - w->looked_ms;
    w->looked_ms = now_ms;
    read_frames(w);
}

static void tick(struct worker *w) {
    uint64_t now = clock_mono_ms();
    if (w->end_ms && now >= w->end_ms) end_with(w, END_DURATION, "");
    if (w->live && now >= w->load_ms) {
        watch_load(w, now);
        look_at_interface(w, now);
        w->load_ms = now + TICK_MS;
    }
    if (w->ending || !output_idle(&w->out) || (now < w->tick_ms && !w->full_wanted)) return;
    snapshot(w, w->full_wanted);
    w->full_wanted = false;
    w->tick_ms = now + TICK_MS;
    if (!output_flush(&w->out)) _exit(0);
}

/* Frames that the kernel holds in an unfinished block belong to the capture too. */
static void last_look(struct worker *w) {
    uint64_t until = clock_mono_ms() + LAST_LOOK_MS;
    if (!w->live) return;
    if (w->reason == END_DEVICE) {
        if (w->end_ms > w->looked_ms) w->down_ms += w->end_ms - w->looked_ms;
        return;
    }
    if (source_is_down(w->source)) w->down_ms += until - w->looked_ms;
    for (uint64_t now = clock_mono_ms(); now < until; now = clock_mono_ms())
        wait_and_read(w, (int)(until - now));
}

static void say_ended(struct worker *w) {
    struct msg_ended m = {.reason = w->reason};
    struct wire_header h = {.type = WIRE_ENDED, .flags = WIRE_FINAL};
    memcpy(m.capture_id, w->job.capture_id, sizeof m.capture_id);
    memcpy(m.detail, w->detail, sizeof m.detail);
    snapshot_counts(w->engine, &h.final_packets, &h.final_bytes);
    output_message(&w->out, h, &m);
}

static _Noreturn void give_up(struct worker *w, const struct fail *fail) {
    if (!w->out.bytes && !output_init(&w->out, w->job.ipc_fd, w->job.stream)) _exit(1);
    output_last_error(&w->out, fail);
    _exit(output_drain(&w->out) ? 0 : 1);
}

/* What the parent's earlier calls left on the stack below this one: other callers' words, in lines
 * of its log. */
static __attribute__((noinline)) void wipe_stack(void) {
    char left[STACK_BYTES];
    explicit_bzero(left, sizeof left);
}

_Noreturn void worker_run(const struct worker_job *job) {
    static struct worker state; /* large; one per process */
    struct worker *w = &state;
    struct fail fail = {0};
    wipe_stack();
    w->job = *job;
    if (!setup_run(w, &fail)) give_up(w, &fail);
    if (!output_flush(&w->out)) _exit(0);
    w->looked_ms = w->start_ms;
    w->tick_ms = w->load_ms = w->start_ms + TICK_MS;
    w->load.last = (struct load_sample){.mono_ms = w->start_ms, .cpu_us = clock_cpu_us()};
    if (job->start->duration_ms) w->end_ms = w->start_ms + job->start->duration_ms;
    while (!w->ending) {
        wait_and_read(w, wait_ms(w, clock_mono_ms()));
        tick(w);
    }
    last_look(w);
    if (!output_drain(&w->out)) _exit(0);
    engine_end(w->engine);
    snapshot(w, true);
    say_ended(w);
    _exit(output_drain(&w->out) ? 0 : 1);
}
