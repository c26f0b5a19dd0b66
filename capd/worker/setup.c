/* From a fresh fork to a locked-up capture.  The order is the point: what needs a file, a
 * descriptor or a privilege happens before the step that takes it away, and nothing hostile is
 * parsed before the last wall stands.
 * Runs in: worker.  Input trust: none before the sandbox; the filter text and a file after it. */
#include "capd/worker/setup.h"
#include "capd/worker/drop.h"
#include "capd/worker/filter.h"
#include "capd/worker/sandbox.h"
#include "common/clock.h"
#include "common/held.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#define ETHERNET   1 /* DLT_EN10MB */
#define POLLED_FDS 2

static void fill_target(struct engine_target *t, const struct msg_start *s) {
    t->mode = (enum mode)s->mode;
    memcpy(t->name, s->name, sizeof t->name);
    t->addresses = s->addresses_n;
    if (s->addresses_n) memcpy(t->address, s->addresses, s->addresses_n * sizeof t->address[0]);
    t->ports = s->ports_n;
    for (uint32_t i = 0; i < s->ports_n; i++) t->port[i] = (uint16_t)s->ports[i];
    t->gateways = s->gateways_n;
    for (uint32_t i = 0; i < s->gateways_n; i++) t->gateway[i] = s->gateways[i].gateway;
    t->excludes = s->exclude_n;
    if (s->exclude_n) memcpy(t->exclude, s->exclude, s->exclude_n * sizeof t->exclude[0]);
}

static bool take_memory(struct worker *w, struct fail *fail) {
    struct engine_options *o = &w->options;
    fill_target(&o->target, w->job.start);
    if (w->live) {
        o->locals = w->job.locals;
        if (o->locals) memcpy(o->local, w->job.local, o->locals * sizeof o->local[0]);
    }
    o->flows = w->job.flows;
    o->names = w->job.names;
    o->file = o->bytes_stay = !w->live;
    o->filtered = w->job.start->filter[0] != 0;
    if (getrandom(o->seed, sizeof o->seed, 0) != (ssize_t)sizeof o->seed)
        return fail_set(fail, FAIL_ENVIRONMENT, "", "no randomness: %s", strerror(errno));
    w->engine_memory =
        mmap(NULL, engine_memory(o), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (w->engine_memory != MAP_FAILED && output_init(&w->out, w->job.ipc_fd, w->job.stream))
        return true;
    return fail_set(fail, FAIL_ENVIRONMENT, "", "no memory for the capture");
}

static bool open_source(struct worker *w, struct fail *fail) {
    struct source_live o = {w->job.start->interface, w->job.snaplen, w->job.ring_bytes,
                            w->job.promiscuous};
    if (w->live && !drop_raise_net_raw(fail)) return false;
    w->source = w->live ? source_open_live(&o, fail) : source_prepare_file(w->job.file_fd, fail);
    return w->source != NULL;
}

static bool lock_up(struct worker *w, struct fail *fail) {
    struct sandbox_fds fds = {w->job.ipc_fd, source_packet_fd(w->source),
                              w->live ? source_drops_fd(w->source) : w->job.file_fd};
    if (!drop_capabilities(fail)) return false;
    w->caps_left = drop_capabilities_left(); /* asking is not possible later */
#ifdef TEST_BUILD
    if (w->job.sandbox_off) return true;
#endif
    return drop_address_space(fail) && sandbox_landlock(&w->landlock_abi, fail) &&
           drop_limits(POLLED_FDS, fail) && sandbox_seccomp(&fds, fail) && sandbox_check(fail);
}

static void say_started(struct worker *w, const char *filter, bool in_kernel) {
    struct msg_started m = {0};
    memcpy(m.capture_id, w->job.capture_id, sizeof m.capture_id);
    size_t shown = strnlen(filter, sizeof m.filter);
    memcpy(m.filter, filter, shown < sizeof m.filter ? shown : sizeof m.filter - 1);
    if (shown == sizeof m.filter) memcpy(m.filter + shown - 4, "...", 4);
    const char *datalink = source_datalink_name(w->source);
    memcpy(m.datalink, datalink, strnlen(datalink, sizeof m.datalink - 1));
    m.filter_in_kernel = in_kernel;
    m.snaplen = source_snaplen(w->source);
    m.landlock_abi = w->landlock_abi;
    m.seccomp = true;
#ifdef TEST_BUILD
    m.seccomp = !w->job.sandbox_off;
#endif
    m.caps = w->caps_left;
    output_message(&w->out, (struct wire_header){.type = WIRE_STARTED}, &m);
}

static bool get_ready(struct worker *w, struct fail *fail) {
    static struct filter_text filter, tagged;
    bool in_kernel = false;
    if (!w->live && !source_open_file(w->source, fail)) return false;
    int datalink = source_datalink(w->source);
    if (!decode_knows_datalink(datalink))
        return fail_set(fail, FAIL_ENVIRONMENT, w->live ? "interface" : "file",
                        "link type %s (%d) is not understood", source_datalink_name(w->source),
                        datalink);
    w->vlan = datalink == ETHERNET;
    /* Of a file the engine selects: a filter spares nothing, and sees into no tunnel. */
    const char *mode = w->live ? NULL : "";
    if (!filter_build(w->job.start, mode, false, &filter) ||
        !filter_build(w->job.start, mode, true, &tagged))
        return fail_set(fail, FAIL_FILTER, "filter", "the filter is too long");
    struct source_filter text = {tagged.kernel, filter.kernel};
    /* Live without a filter, too: only a program in the kernel cuts frames to the snap length. */
    if ((w->live || filter.kernel[0]) && !source_set_filter(w->source, &text, &in_kernel, fail)) {
        struct fail said = *fail; /* libpcap's words; the filter shown is the caller's own */
        return fail_set(fail, FAIL_FILTER, "filter", "filter \"%.200s\": %.180s",
                        w->job.start->filter, said.why);
    }
    w->start_ms = clock_mono_ms();
    clock_capture_start(&w->clock, clock_wall_us(), w->start_ms * 1000u);
    w->start_ns = w->live ? w->clock.start_wall_us * 1000u : 0;
    w->options.start_ns = w->start_ns;
    memcpy(w->options.own_mac, source_mac(w->source), sizeof w->options.own_mac);
    w->engine = engine_init(w->engine_memory, &w->options);
    say_started(w, filter.shown, in_kernel);
    return true;
}

bool setup_run(struct worker *w, struct fail *fail) {
    w->live = w->job.file_fd < 0;
    return drop_inherited(&w->job.ipc_fd, &w->job.file_fd, w->job.parent_pid, fail) &&
           take_memory(w, fail) && open_source(w, fail) && lock_up(w, fail) && get_ready(w, fail);
}

_Noreturn void worker_check(int ipc_fd, pid_t parent_pid) {
    char text[HELD_TEXT_BYTES] = "";
    struct fail fail = {0};
    unsigned abi = 0;
    struct sandbox_fds fds = {ipc_fd, -1, -1};
    bool ok = drop_inherited(&fds.ipc, &fds.file, parent_pid, &fail);
    fds.file = held_open();
    ok = ok && drop_capabilities(&fail) && drop_address_space(&fail) &&
         sandbox_landlock(&abi, &fail) && drop_limits(POLLED_FDS, &fail) &&
         sandbox_seccomp(&fds, &fail) && sandbox_check(&fail);
    if (ok && !held_text(fds.file, abi, text)) memcpy(text, "locked up", sizeof "locked up");
    const char *said = ok ? text : fail.why;
    ssize_t sent = write(fds.ipc, said, strlen(said));
    _exit(ok && sent > 0 ? 0 : 1);
}
