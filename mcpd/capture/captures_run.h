#ifndef MCPD_CAPTURE_CAPTURES_RUN_H
#define MCPD_CAPTURE_CAPTURES_RUN_H
#include "mcpd/capture/captures.h"
#include "mcpd/capture/target.h"

/* Private to mcpd/capture: what a capture needs while it starts and runs. */
struct capture_run {
    struct captures *m;
    struct capture_run *next;
    struct capture *capture;
    capture_started_fn *started;
    void *started_ctx;
    struct capclient *client;
    uint32_t handle;
    bool own_client, file, probe, filter_only;
    bool resolving, resolve_late; /* the name is being looked up; longer than we wait */
    bool choosing, sent, stored, retired;
    bool stopped;    /* capd has been told, and sees to it that it ends */
    uint32_t unsent; /* addresses that came between start and started */
    int file_fd;
    struct interfaces *interfaces; /* once known */
    uint64_t begin_timer, resolve_timer, refresh_timer;
    char interface[64]; /* as asked for: one that is longer than a name may be matches none */
    char filter[LIM_FILTER + 1];
    char label[LIM_LABEL + 1];
    uint64_t port[LIM_TARGET_PORTS]; /* for the start message */
    struct msg_route gateway[LIM_GATEWAYS];
    struct msg_endpoint exclude[LIM_TARGET_ADDRESSES];
};

/* The list of captures_leave_out(). */
const struct msg_endpoint *captures_own(const struct captures *m, uint32_t *n_out);

/* The `start` message; lists point into the run's target. */
void run_fill_start(struct capture_run *r, struct msg_start *out);

/* What a probe of this target does. */
struct run_probe {
    const char *kind; /* tcp, http, https */
    char host[LIM_NAME + 1];
    uint16_t port;
};

/* False: nothing to do; `probe->why_not` says why. */
bool run_plan_probe(const struct target *t, struct run_probe *plan, struct capture_probe *probe);
#endif
