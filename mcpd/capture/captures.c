/* The life of captures.  A live capture needs answers from three sides before it can start (capd's
 * interfaces, the name's addresses, the route); the order of the steps is in start_when_ready() and
 * nowhere else.  A capture file is analysed by a private capd of its own that ends with it.
 * Runs in: mcpd.  Input trust: client (requests, already parsed), local. */
#include "mcpd/capture/captures.h"
#include "common/clock.h"
#include "common/text.h"
#include "mcpd/capture/captures_run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOLVE_WAIT_MS 1500u
#define REFRESH_WAIT_MS 2000u

struct interfaces_waiter {
    captures_interfaces_fn *fn;
    void *ctx;
    struct interfaces_waiter *next;
};

struct captures {
    struct captures_options o;
    struct store *store;
    struct capclient *client; /* of the live capd */
    struct watches watches;
    struct capture_run *runs;
    struct msg_endpoint own[CAPTURES_OWN];
    uint32_t own_n;
    struct interfaces_waiter *waiters; /* for the interfaces: one question for all who ask */
    struct interfaces *interfaces;     /* as capd listed them last; NULL: not yet */
    uint64_t interfaces_ms, interfaces_timer;
    struct fail interfaces_fail;
};

void captures_leave_out(struct captures *m, const struct msg_endpoint *own, uint32_t n) {
    m->own_n = n < CAPTURES_OWN ? n : CAPTURES_OWN;
    memcpy(m->own, own, m->own_n * sizeof *own);
}

const struct msg_endpoint *captures_own(const struct captures *m, uint32_t *n_out) {
    *n_out = m->own_n;
    return m->own;
}

/* ---- watches --------------------------------------------------------------------------------- */

uint64_t captures_watch(struct captures *m, struct capture *c, capture_watch_fn *fn, void *ctx) {
    return c->run ? watches_add(&m->watches, c, fn, ctx) : 0;
}

bool captures_watch_all(struct captures *m, capture_watch_fn *fn, void *ctx) {
    return watches_add(&m->watches, NULL, fn, ctx) != 0;
}

void captures_unwatch(struct captures *m, uint64_t id) {
    watches_remove(&m->watches, id);
}

static bool no_memory(struct fail *fail) {
    return fail_set(fail, FAIL_ENVIRONMENT, "",
                    "mcpd is out of memory; ask again when other captures have ended");
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void free_run(void *ctx) {
    struct capture_run *r = ctx;
    for (struct capture_run **p = &r->m->runs; *p; p = &(*p)->next)
        if (*p == r) {
            *p = r->next;
            break;
        }
    if (r->own_client) capclient_free(r->client);
    if (r->file_fd >= 0) close(r->file_fd);
    if (r->capture && !r->stored) capture_free(r->capture);
    loop_timer_cancel(r->m->o.loop, r->resolve_timer);
    loop_timer_cancel(r->m->o.loop, r->refresh_timer);
    loop_timer_cancel(r->m->o.loop, r->begin_timer);
    if (r->m->o.net) netchild_cancel(r->m->o.net, r);
    free(r->interfaces);
    free(r);
}

/* Nothing happens any more; freed in the next round, since a client of ours may be calling. */
static void retire(struct capture_run *r) {
    if (r->m->o.net) netchild_cancel(r->m->o.net, r);
    r->retired = true;
    if (r->capture) r->capture->run = NULL;
    (void)loop_timer_once(r->m->o.loop, 0, free_run, r); /* without memory: freed at the end */
}

static void fail_start(struct capture_run *r, const struct fail *why) {
    if (r->retired) return;
    capture_started_fn *fn = r->started;
    void *ctx = r->started_ctx;
    struct fail copy = *why;
    retire(r);
    fn(ctx, NULL, &copy);
}

static void on_ended(void *ctx, enum end_reason reason, const struct fail *why) {
    struct capture_run *r = ctx;
    struct capture *c = r->capture;
    if (r->retired) return;
    if (!r->stored) {
        fail_start(r, why);
        return;
    }
    c->state = why ? CAPTURE_FAILED : CAPTURE_FINISHED;
    (void)text_clean_again(why ? why->why : end_names[reason], c->ended_why, sizeof c->ended_why);
    c->ended_mono_ms = clock_mono_ms();
    if (c->probe.asked[0] && !c->probe.done) {
        c->probe.done = true;
        snprintf(c->probe.error, sizeof c->probe.error, "not finished when the capture ended");
    }
    retire(r);
    watches_tell(&r->m->watches, c, CAPTURE_ENDED);
    store_expire(r->m->store, clock_mono_ms());
}

/* ---- running --------------------------------------------------------------------------------- */

static void on_refresh_late(void *ctx) {
    struct capture_run *r = ctx;
    r->refresh_timer = 0;
    watches_tell(&r->m->watches, r->capture, CAPTURE_REFRESHED);
}

static void refreshed(struct capture_run *r) {
    if (!r->refresh_timer) return;
    loop_timer_cancel(r->m->o.loop, r->refresh_timer);
    r->refresh_timer = 0;
    watches_tell(&r->m->watches, r->capture, CAPTURE_REFRESHED);
}

static void on_refused(void *ctx) {
    struct capture_run *r = ctx;
    if (!r->retired && r->stored) refreshed(r);
}

static void on_updated(void *ctx, bool fresh) {
    struct capture_run *r = ctx;
    if (r->retired || !r->stored) return;
    if (fresh) r->capture->refreshed_mono_ms = clock_mono_ms();
    watches_tell(&r->m->watches, r->capture, CAPTURE_UPDATED);
    if (fresh && !r->retired) refreshed(r); /* totals alone are not what was asked for */
}

void captures_refresh(struct captures *m, struct capture *c) {
    struct capture_run *r = c->run;
    struct fail fail;
    if (!r || r->refresh_timer) return;
    bool asked = capclient_refresh(r->client, r->handle, &fail);
    r->refresh_timer = loop_timer_once(m->o.loop, asked ? REFRESH_WAIT_MS : 0, on_refresh_late, r);
}

bool captures_stop(struct captures *m, struct capture *c, struct fail *fail) {
    (void)m;
    if (!c->run) return fail_set(fail, FAIL_NOT_FOUND, "capture_id", "this capture is not running");
    c->run->stopped = c->run->stopped || capclient_stop(c->run->client, c->run->handle, fail);
    return c->run->stopped;
}

static void on_probed(void *ctx, const struct netchild_answer *a) {
    struct capture_run *r = ctx;
    struct capture_probe *p = &r->capture->probe;
    p->done = true;
    p->ok = a->ok;
    p->status = a->status;
    p->dns_us = a->dns_us;
    p->connect_us = a->connect_us;
    p->tls_us = a->tls_us;
    p->first_byte_us = a->first_byte_us;
    if (a->addresses) p->peer = a->address[0];
    for (uint32_t i = 1; i < a->addresses && p->tries < PROBE_TRIED; i++)
        p->tried[p->tries++] = a->address[i];
    snprintf(p->error, sizeof p->error, "%s", a->ok ? "" : a->why);
    watches_tell(&r->m->watches, r->capture, CAPTURE_PROBED);
}

static void start_probe(struct capture_run *r) {
    struct run_probe plan;
    struct capture_probe *p = &r->capture->probe;
    if (!r->m->o.net || !r->m->o.probe) {
        snprintf(p->why_not, sizeof p->why_not, "probes are switched off in mcpd.conf");
        return;
    }
    if (!run_plan_probe(&r->capture->target, &plan, p)) return;
    netchild_probe(r->m->o.net, &r->capture->caller, plan.kind, plan.host, plan.port, on_probed, r);
}

/* Addresses that came after the start widen the capture. */
static void widen(struct capture_run *r, uint32_t fresh) {
    struct target *t = &r->capture->target;
    struct fail why;
    if (!fresh || !r->sent || r->retired) return;
    r->unsent = fresh;
    if (!r->stored) return; /* told when it has started */
    if (!capclient_retarget(r->client, r->handle, &t->address[t->addresses - fresh], fresh, &why))
        snprintf(r->capture->note, sizeof r->capture->note,
                 "addresses learned late could not join the capture: %.200s", why.why);
    r->unsent = 0;
}

static void on_started(void *ctx, const struct msg_started *started) {
    struct capture_run *r = ctx;
    struct capture *c = r->capture;
    if (r->retired || r->stored) return;
    if (!store_add(r->m->store, c)) {
        struct fail why;
        (void)no_memory(&why);
        fail_start(r, &why);
        return;
    }
    r->stored = true;
    c->run = r;
    c->state = CAPTURE_RUNNING;
    memcpy(c->id, started->capture_id, sizeof c->id);
    (void)text_clean_again(started->filter, c->filter, sizeof c->filter);
    c->started_us = clock_wall_us();
    c->started_mono_ms = clock_mono_ms();
    widen(r, r->unsent);
    if (r->probe) start_probe(r);
    r->started(r->started_ctx, c, NULL);
}

static const struct capclient_capture_ops capture_ops = {on_started, on_updated, on_refused,
                                                         on_ended};

/* ---- starting -------------------------------------------------------------------------------- */

static void send_start(struct capture_run *r) {
    struct msg_start msg;
    struct fail why;
    run_fill_start(r, &msg);
    r->sent = true;
    r->handle = capclient_start(r->client, &msg, r->capture->snapshot, &capture_ops, r, &why);
    if (!r->handle) fail_start(r, &why);
}

static void take_choice(struct capture_run *r, const struct interface_choice *choice) {
    snprintf(r->capture->interface, sizeof r->capture->interface, "%s", choice->name);
    snprintf(r->capture->interface_why, sizeof r->capture->interface_why, "%s", choice->why);
    send_start(r);
}

static void choose_without_route(struct capture_run *r) {
    struct interface_choice choice;
    const struct target *t = &r->capture->target;
    struct fail why;
    if ((t->addresses &&
         interfaces_choose_by_prefix(r->interfaces, &t->address[0].address, &choice)) ||
        interfaces_choose_default(r->interfaces, &choice)) {
        take_choice(r, &choice);
        return;
    }
    fail_set(&why, FAIL_PERMISSION, "interface", "there is no interface you may capture on");
    fail_start(r, &why);
}

static void on_route(void *ctx, const struct netchild_answer *a) {
    struct capture_run *r = ctx;
    struct interface_choice choice;
    if (a->ok && a->addresses &&
        interfaces_choose_by_source(r->interfaces, &a->address[0], a->interface, &choice))
        take_choice(r, &choice);
    else
        choose_without_route(r);
}

/* All is known that can be known in time: choose the interface. */
static void choose_interface(struct capture_run *r) {
    const struct target *t = &r->capture->target;
    struct interface_choice choice;
    struct fail why;
    if (r->interface[0]) {
        if (interfaces_choose_named(r->interfaces, r->interface, &choice, &why))
            take_choice(r, &choice);
        else
            fail_start(r, &why);
        return;
    }
    /* All there is (0.0.0.0/0) has no route of its own. */
    const struct addr *a =
        t->addresses && t->address[0].prefix_len > 0 ? &t->address[0].address : NULL;
    if (a && (addr_is_loopback(a) || interfaces_is_local(r->interfaces, a)) &&
        interfaces_choose_loopback(r->interfaces, "the target is this host itself", &choice)) {
        take_choice(r, &choice);
        return;
    }
    if (a && r->m->o.net)
        netchild_route(r->m->o.net, a, on_route, r);
    else
        choose_without_route(r);
}

static void start_when_ready(struct capture_run *r) {
    if (r->retired || r->choosing || !r->interfaces || (r->resolving && !r->resolve_late)) return;
    r->choosing = true;
    choose_interface(r);
}

static void on_interfaces(void *ctx, const struct interfaces *i, const struct fail *fail) {
    struct capture_run *r = ctx;
    if (r->retired) return;
    if (!i) {
        fail_start(r, fail);
        return;
    }
    r->interfaces = malloc(sizeof *r->interfaces);
    if (!r->interfaces) {
        struct fail why;
        (void)no_memory(&why);
        fail_start(r, &why);
        return;
    }
    *r->interfaces = *i;
    start_when_ready(r);
}

static void on_resolved(void *ctx, const struct netchild_answer *a) {
    struct capture_run *r = ctx;
    struct capture *c = r->capture;
    r->resolving = false;
    loop_timer_cancel(r->m->o.loop, r->resolve_timer);
    r->resolve_timer = 0;
    if (a->ok)
        c->note[0] = 0;
    else
        snprintf(c->note, sizeof c->note, "%.180s could not be resolved: %.255s", c->target.name,
                 a->why);
    widen(r, a->ok ? target_add_addresses(&c->target, a->address, a->addresses) : 0);
    start_when_ready(r);
}

static void on_resolve_late(void *ctx) {
    struct capture_run *r = ctx;
    r->resolve_timer = 0;
    r->resolve_late = true;
    snprintf(r->capture->note, sizeof r->capture->note,
             "%.200s has not been resolved yet; its addresses join the capture when they come",
             r->capture->target.name);
    start_when_ready(r);
}

static void begin_live(struct capture_run *r) {
    struct captures *m = r->m;
    struct fail why;
    if (!captures_connect(m, &why)) {
        fail_start(r, &why);
        return;
    }
    r->client = m->client;
    if (r->capture->target.name[0] && m->o.net && m->o.resolve) {
        r->resolving = true;
        r->resolve_timer = loop_timer_once(m->o.loop, RESOLVE_WAIT_MS, on_resolve_late, r);
        netchild_resolve(m->o.net, &r->capture->caller, r->capture->target.name, on_resolved, r);
    }
    captures_interfaces(m, 0, on_interfaces, r);
}

static void begin_file(struct capture_run *r) {
    struct fail why;
    r->own_client = true;
    r->client = capclient_new(r->m->o.loop, "mcpd " PCM_VERSION, NULL, NULL);
    if (!r->client) (void)no_memory(&why);
    int fd = r->client ? launcher_private_capd(r->m->o.launcher, r->file_fd, &why) : -1;
    if (fd < 0 || !capclient_adopt(r->client, fd, &why)) {
        fail_start(r, &why);
        return;
    }
    send_start(r);
}

static void refuse_limit(struct fail *fail, unsigned n, const char *whose, const char *key,
                         uint32_t limit, const char *file) {
    bool is_set = file && file[0];
    fail_set(fail, FAIL_LIMIT, "",
             "the limit %s = %u is reached (%s, running or starting: %u); %s%.180s. Stop one, or "
             "wait for its end",
             key, limit, whose, n,
             is_set ? "the administrator set it in "
                    : "it is mcpd's default, which the administrator may change in mcpd.conf",
             is_set ? file : "");
}

/* Those that were asked for before this one count, also while they start. */
static bool within_limits(const struct capture_run *r, struct fail *fail) {
    const struct captures_options *o = &r->m->o;
    uint32_t all = 0, own = 0;
    for (const struct capture_run *k = r->next; k; k = k->next) {
        if (k->retired || !k->capture) continue;
        all++;
        own += capture_same_owner(k->capture, &r->capture->caller);
    }
    if (o->max_per_caller && own >= o->max_per_caller) {
        refuse_limit(fail, own, "yours", "max_captures_per_caller", o->max_per_caller,
                     o->limit_caller_file);
        return false;
    }
    if (o->max_captures && all >= o->max_captures) {
        refuse_limit(fail, all, "of all callers", "max_captures", o->max_captures, o->limit_file);
        return false;
    }
    return true;
}

static void begin(void *ctx) {
    struct capture_run *r = ctx;
    struct fail why;
    r->begin_timer = 0;
    if (!r->capture) (void)no_memory(&why);
    if (!r->capture || !within_limits(r, &why))
        fail_start(r, &why);
    else if (r->file)
        begin_file(r);
    else
        begin_live(r);
}

void captures_start(struct captures *m, const struct capture_request *q, capture_started_fn *fn,
                    void *ctx) {
    struct capture_run *r = calloc(1, sizeof *r);
    ASSERT(r);
    r->m = m;
    r->next = m->runs;
    m->runs = r;
    r->started = fn;
    r->started_ctx = ctx;
    r->probe = q->probe;
    r->filter_only = q->filter_only;
    r->file_fd = q->file_fd;
    r->file = q->file_fd >= 0;
    snprintf(r->interface, sizeof r->interface, "%s", q->interface ? q->interface : "");
    snprintf(r->filter, sizeof r->filter, "%s", q->filter ? q->filter : "");
    snprintf(r->label, sizeof r->label, "%s", q->label ? q->label : "");
    r->capture = capture_new(); /* large: begin() tells that there was no memory */
    if (r->capture) {
        r->capture->target = *q->target;
        r->capture->caller = q->caller;
        r->capture->duration_ms = r->file ? 0 : q->duration_s * 1000u;
    }
    r->begin_timer = loop_timer_once(m->o.loop, 0, begin, r);
    ASSERT(r->begin_timer);
}

/* ---- the manager ----------------------------------------------------------------------------- */

struct captures *captures_new(const struct captures_options *o) {
    struct captures *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->o = *o;
    m->store = store_new(o->keep_ms, o->keep_bytes);
    if (m->store) return m;
    free(m);
    return NULL;
}

void captures_free(struct captures *m) {
    if (!m) return;
    while (m->runs) free_run(m->runs);
    capclient_free(m->client);
    store_free(m->store);
    watches_clear(&m->watches);
    loop_timer_cancel(m->o.loop, m->interfaces_timer);
    for (struct interfaces_waiter *w = m->waiters, *next; w; w = next) {
        next = w->next;
        free(w);
    }
    free(m->interfaces);
    free(m);
}

struct store *captures_store(struct captures *m) {
    store_expire(m->store, clock_mono_ms());
    return m->store;
}

struct capclient *captures_client(struct captures *m) {
    return m->client;
}

bool captures_connect(struct captures *m, struct fail *fail) {
    if (!m->client) m->client = capclient_new(m->o.loop, "mcpd " PCM_VERSION, NULL, NULL);
    if (!m->client) return no_memory(fail);
    if (capclient_state(m->client) != CAPCLIENT_CLOSED) return true;
    if (strcmp(m->o.capd, "private") != 0) return capclient_connect(m->client, m->o.capd, fail);
    int fd = launcher_private_capd(m->o.launcher, -1, fail);
    return fd >= 0 && capclient_adopt(m->client, fd, fail);
}

/* Whoever waited is told; who asks from inside is told by the next answer. */
static void tell_waiters(struct captures *m, const struct interfaces *i, const struct fail *fail) {
    struct interfaces_waiter *w = m->waiters;
    m->waiters = NULL;
    while (w) {
        struct interfaces_waiter was = *w;
        free(w);
        was.fn(was.ctx, i, fail);
        w = was.next;
    }
}

static void tell_known(void *ctx) {
    struct captures *m = ctx;
    m->interfaces_timer = 0;
    tell_waiters(m, m->interfaces_fail.code ? NULL : m->interfaces, &m->interfaces_fail);
}

static void on_interfaces_reply(void *ctx, const void *msg, const struct fail *fail) {
    struct captures *m = ctx;
    if (msg && !m->interfaces) m->interfaces = malloc(sizeof *m->interfaces);
    if (msg && m->interfaces) {
        interfaces_copy(m->interfaces, msg);
        m->interfaces_ms = clock_mono_ms();
        tell_waiters(m, m->interfaces, NULL);
        return;
    }
    (void)no_memory(&m->interfaces_fail);
    tell_waiters(m, NULL, msg ? &m->interfaces_fail : fail);
}

void captures_interfaces(struct captures *m, uint64_t max_age_ms, captures_interfaces_fn *fn,
                         void *ctx) {
    struct interfaces_waiter *w = malloc(sizeof *w), **last = &m->waiters;
    bool asked = m->waiters != NULL;
    ASSERT(w);
    *w = (struct interfaces_waiter){fn, ctx, NULL};
    while (*last) last = &(*last)->next;
    *last = w;
    if (asked) return; /* told with the others */
    m->interfaces_fail.code = FAIL_NONE;
    bool fresh = m->interfaces && clock_mono_ms() - m->interfaces_ms < max_age_ms;
    if (!fresh && captures_connect(m, &m->interfaces_fail) &&
        capclient_interfaces(m->client, on_interfaces_reply, m, &m->interfaces_fail))
        return;
    m->interfaces_timer = loop_timer_once(m->o.loop, 0, tell_known, m);
    ASSERT(m->interfaces_timer);
}
