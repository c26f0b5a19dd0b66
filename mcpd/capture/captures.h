#ifndef MCPD_CAPTURE_CAPTURES_H
#define MCPD_CAPTURE_CAPTURES_H
#include "mcpd/capture/capclient.h"
#include "mcpd/capture/interfaces.h"
#include "mcpd/capture/store.h"
#include "mcpd/capture/watches.h"
#include "mcpd/netchild.h"

/* From a request to a running capture and to its end: look the name up, choose the interface,
 * start, widen, probe, keep.  Everything is asynchronous and driven by the event loop. */
struct captures;

struct captures_options {
    struct loop *loop;
    struct launcher *launcher;
    const char *capd;     /* socket path, or "private" */
    struct netchild *net; /* NULL: nothing is looked up, no route asked for, nothing probed */
    bool resolve, probe;  /* switches of mcpd.conf */
    uint64_t keep_ms;
    size_t keep_bytes;
    /* Captures at once, also while they start; by whom the limits were set is said when one is
     * reached: the file's path, "" for the defaults.  0: no limit but capd's. */
    uint32_t max_captures, max_per_caller;
    const char *limit_file, *limit_caller_file;
};

/* Leave these TCP endpoints of ours out of every capture from now on; an address of zeros stands
 * for all of this host's. */
#define CAPTURES_OWN 8u
void captures_leave_out(struct captures *m, const struct msg_endpoint *own, uint32_t n);

struct captures *captures_new(const struct captures_options *o);
void captures_free(struct captures *m); /* calls nobody; NULL allowed */
struct store *captures_store(struct captures *m);

/* Open the connection to the live capd now, if there is none.  False: `fail`. */
bool captures_connect(struct captures *m, struct fail *fail);
struct capclient *captures_client(struct captures *m); /* NULL: never connected */

/* The interfaces: as capd listed them at most `max_age_ms` ago, else asked of it, once for all who
 * wait.  Never calls `fn` before it returns. */
#define CAPTURES_FRESH_MS 1000u /* new enough to be shown: capd answers some a second only */
typedef void captures_interfaces_fn(void *ctx, const struct interfaces *i, const struct fail *fail);
void captures_interfaces(struct captures *m, uint64_t max_age_ms, captures_interfaces_fn *fn,
                         void *ctx);

struct capture_request {
    const struct target *target; /* copied */
    struct caller caller;
    const char *label;     /* for capd's log, "" if none */
    const char *interface; /* "" or NULL: choose */
    const char *filter;    /* "" or NULL: none */
    bool filter_only;
    bool probe;
    unsigned duration_s;
    int file_fd; /* a capture file instead of an interface (owned from then on), else -1 */
};

/* Called once: the capture runs (it is in the store), or `fail` says why not. */
typedef void capture_started_fn(void *ctx, struct capture *c, const struct fail *fail);

/* Never calls `fn` before it returns.  Look-ups that last longer than 1.5 s widen the running
 * capture later. */
void captures_start(struct captures *m, const struct capture_request *request,
                    capture_started_fn *fn, void *ctx);

/* Stop and wait for CAPTURE_ENDED.  False: it does not run. */
bool captures_stop(struct captures *m, struct capture *c, struct fail *fail);

/* Ask for all tables now; CAPTURE_REFRESHED follows, at the latest after 2 s, with what there is.
 */
void captures_refresh(struct captures *m, struct capture *c);

/* Be told what happens to a running capture.  Watches go by themselves after CAPTURE_ENDED.
 * Returns an id for captures_unwatch(), 0 when it has ended or memory is out. */
uint64_t captures_watch(struct captures *m, struct capture *c, capture_watch_fn *fn, void *ctx);
void captures_unwatch(struct captures *m, uint64_t id);

/* Be told what happens to every capture from now on.  False: no memory. */
bool captures_watch_all(struct captures *m, capture_watch_fn *fn, void *ctx);
#endif
