#ifndef CAPD_WORKER_SETUP_H
#define CAPD_WORKER_SETUP_H
#include "capd/track/engine.h"
#include "capd/worker/narrow.h"
#include "capd/worker/output.h"
#include "capd/worker/source.h"
#include "capd/worker/worker.h"
#include "common/clock.h"

struct worker {
    struct worker_job job; /* own copy, descriptors renumbered */
    struct source *source;
    struct engine *engine;
    void *engine_memory;
    struct engine_options options;
    struct output out;
    unsigned landlock_abi;
    uint64_t caps_left;
    uint64_t start_ns, start_ms, tick_ms, end_ms; /* wall; monotonic; end_ms 0: none */
    struct clock_capture clock;                   /* live: the time of all that is reported */
    uint64_t now_us;             /* by that clock, when the frames under way were asked for */
    uint64_t load_ms;            /* when the load is looked at next */
    uint64_t looked_ms, down_ms; /* at the interface last; it was down for so long in all */
    bool live, primed, full_wanted, ending;
    bool vlan; /* frames may carry 802.1Q tags */
    struct load load;
    bool narrowed;
    uint32_t narrow_generation; /* of the target's addresses in the narrow filter */
    enum end_reason reason;
    char detail[LIM_ERROR_TEXT + 1];
    uint8_t in[WIRE_HEADER_BYTES + LIM_FRAME_TO_CAPD]; /* control frames from the parent */
    size_t in_used;
};

/* Everything up to READY, in the order the sandbox needs (SECURITY.md): inherited things, memory,
 * seed, interface, capabilities, Landlock, limits, seccomp, self-check; only then is the caller's
 * filter compiled and a file's header read.  False: `fail` says why; nothing was captured. */
bool setup_run(struct worker *w, struct fail *fail);
#endif
