/* The permitted requests, one table row each: schema, whether a hello must have come before, and
 * the handler.  Every request gets exactly one answer with its own id; a `start` gets `started` or
 * `error`, and later events carry its id.
 * Runs in: parent.  Input trust: client. */
#include "capd/parent/audit.h"
#include "capd/parent/captures.h"
#include "capd/parent/filter_check.h"
#include "common/clock.h"
#include "common/netdev.h"
#include "common/schema.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ARENA_BYTES  16384u
#define SNAPSHOT_MS  1000u /* at most one full snapshot per capture in this time */
#define MIN_DURATION 1000u

struct request {
    struct server *s;
    struct client *c;
    uint32_t stream;
    const uint8_t *body;
    size_t bytes;
    struct fail fail;
};

static bool answer_ok(const struct request *r) {
    server_reply(r->c, r->stream, WIRE_OK, &(struct msg_empty){false});
    return true;
}

static bool do_hello(struct request *r, const void *msg) {
    const struct config *c = &r->s->config;
    struct msg_hello_reply reply = {.version = "capd " PCM_VERSION,
                                    .private = r->s->private_mode,
                                    .live = r->s->live,
                                    .names = c->names,
                                    .max_captures = c->max_captures,
                                    .max_per_caller = c->max_captures_per_user,
                                    .max_duration_s = c->max_duration_s,
                                    .snaplen = c->snap_length};
    (void)msg; /* the client's name is a claim nobody needs */
    r->c->greeted = true;
    server_reply(r->c, r->stream, WIRE_HELLO_REPLY, &reply);
    return true;
}

/* What was read last stands for all until it has aged; each user may have it read again now and
 * then for an interface that is not in there. */
static bool read_interfaces(struct request *r, const char *wanted) {
    struct interfaces *all = &r->s->interfaces;
    uint64_t now = clock_mono_ms();
    bool listed = !*wanted || interfaces_find(all, wanted);
    bool fresh = now < all->fresh_until_ms;
    if (fresh && listed) return true;
    if (fresh &&
        !bucket_take_of(&r->s->lookups, r->c->peer.uid, &(struct bucket_rate){1, 4}, now, NULL))
        return fail_set(&r->fail, FAIL_LIMIT, "interface",
                        "interface `%.15s` is not on capd's list; ask again in a second", wanted);
    int error = interfaces_read(all, wanted);
    if (error)
        return fail_set(&r->fail, FAIL_ENVIRONMENT, "", "the interfaces could not be read: %s",
                        strerror(-error));
    for (struct msg_interface *i = all->interface; i < all->interface + all->interfaces; i++)
        i->allowed = policy_allows_interface(&r->s->config, i->name);
    return true;
}

static bool do_interfaces(struct request *r, const void *msg) {
    struct interfaces *all = &r->s->interfaces;
    (void)msg;
    if (!read_interfaces(r, "")) return false;
    server_reply(r->c, r->stream, WIRE_INTERFACES_REPLY,
                 &(struct msg_interfaces_reply){all->interface, all->interfaces, all->address,
                                                all->addresses, all->gateway, all->gateways,
                                                all->interfaces_all, all->addresses_all});
    return true;
}

/* ---- start ------------------------------------------------------------------------------------
 */

static bool check_interface(struct request *r, const char *name) {
    char names[200] = "";
    if (!read_interfaces(r, name)) return false;
    struct msg_interface *i = interfaces_find(&r->s->interfaces, name);
    if (i && (i->up = netdev_is_up(name)) && i->allowed) return true;
    for (uint32_t k = 0, used = 0; k < r->s->interfaces.interfaces && used < sizeof names; k++) {
        const struct msg_interface *row = &r->s->interfaces.interface[k];
        if (row->up && row->allowed)
            used += (uint32_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                       row->name);
    }
    enum fail_code code = !i ? FAIL_NOT_FOUND : i->up ? FAIL_PERMISSION : FAIL_VALUE;
    const char *why = !i      ? "is unknown"
                      : i->up ? "is not allowed by `interfaces` in capd.conf"
                              : "is down";
    return fail_set(&r->fail, code, "interface", "interface `%.15s` %s; to choose from: %s", name,
                    why, names);
}

static bool check_prefixes(struct request *r, const struct msg_prefix *p, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (p[i].address.len == 0 || p[i].prefix_len > p[i].address.len * 8u)
            return fail_set(&r->fail, FAIL_VALUE, "addresses",
                            "address %u has no address or too long a prefix", i + 1);
    return true;
}

static bool check_target(struct request *r, const struct msg_start *m) {
    if (m->name[strspn(m->name, "abcdefghijklmnopqrstuvwxyz0123456789-._")])
        return fail_set(&r->fail, FAIL_VALUE, "name",
                        "the target name may hold lower-case letters, digits, `-`, `.`, `_`");
    for (uint32_t i = 0; i < m->ports_n; i++)
        if (m->ports[i] == 0 || m->ports[i] > UINT16_MAX)
            return fail_set(&r->fail, FAIL_VALUE, "ports", "a port is 1 to 65535");
    for (uint32_t i = 0; i < m->exclude_n; i++)
        if (m->exclude[i].address.len == 0)
            return fail_set(&r->fail, FAIL_VALUE, "exclude", "an excluded endpoint has no address");
    if (m->mode == MODE_AUTO)
        return fail_set(&r->fail, FAIL_VALUE, "mode", "the client must resolve mode `auto`");
    if (m->mode == MODE_PORT && m->ports_n == 0)
        return fail_set(&r->fail, FAIL_VALUE, "ports", "mode `port` needs a port");
    if (m->filter_only && !m->filter[0])
        return fail_set(&r->fail, FAIL_VALUE, "filter", "filter_only is set without a filter");
    return check_prefixes(r, m->addresses, m->addresses_n) && filter_check(m->filter, &r->fail);
}

static bool check_file(struct request *r) {
    return r->s->file_fd >= 0 || fail_set(&r->fail, FAIL_VALUE, "file",
                                          "only `capd --private --private-file` reads files");
}

static bool check_live(struct request *r, const struct msg_start *m) {
    if (m->duration_ms < MIN_DURATION)
        return fail_set(&r->fail, FAIL_VALUE, "duration_ms", "%llu ms, at least %u are needed",
                        (unsigned long long)m->duration_ms, MIN_DURATION);
    if (!r->s->live)
        return fail_set(&r->fail, FAIL_PERMISSION, "",
                        "capd (process %d, uid %u) lacks the capability to open interfaces "
                        "(CAP_NET_RAW); give it by one of: the service (systemctl start capd), "
                        "setcap cap_net_raw=ep on a copy of capd for group capd-clients, or "
                        "running as root",
                        getpid(), getuid());
    return check_interface(r, m->interface);
}

static bool start_checked(struct request *r, const struct msg_start *m, const char *account,
                          struct capture **out) {
    struct policy_start wish = {.duration_ms = m->duration_ms};
    wish.in_all = captures_count(r->s, account, &wish.of_user);
    if (!check_target(r, m)) return false;
    if (!policy_allows_start(&r->s->config, &wish, &r->fail)) return false;
    if (m->file ? !check_file(r) : !check_live(r, m)) return false;
    *out = captures_start(r->s, (int)(r->c - r->s->client), r->stream, m, &r->fail);
    return *out != NULL;
}

static bool do_start(struct request *r, const void *msg) {
    const struct msg_start *m = msg;
    char account[LIM_LABEL + 1];
    struct capture *c = NULL;
    policy_account(&r->s->config, r->c->peer.uid, m->caller, account);
    bool ok = start_checked(r, m, account, &c);
    if (!r->s->private_mode) audit_start(r->c, m, account, ok ? c->id : "", ok ? NULL : &r->fail);
    return ok; /* the worker answers with `started` */
}

/* ---- orders to a running capture
 * ----------------------------------------------------------------- */

/* `m`: the new addresses of a retarget, NULL: another order. */
static bool give_order(struct request *r, struct capture *c, unsigned type,
                       const struct msg_retarget *m) {
    uint64_t now = clock_mono_ms();
    if (m && !check_prefixes(r, m->addresses, m->addresses_n)) return false;
    if (type == WIRE_SNAPSHOT && now < c->snapshot_ms)
        return fail_set(&r->fail, FAIL_LIMIT, "", "at most one snapshot per second and capture");
    if (type == WIRE_SNAPSHOT) c->snapshot_ms = now + SNAPSHOT_MS;
    if (type == WIRE_STOP)
        captures_stop(c);
    else if (!captures_order(c, type, r->body, r->bytes))
        return fail_set(&r->fail, FAIL_LIMIT, "", "the capture takes no order now");
    return answer_ok(r);
}

/* A snapshot that is granted is no news: mcpd asks for one again and again. */
static bool order(struct request *r, unsigned type, const char *id, const struct msg_retarget *m) {
    struct capture *c = captures_find(r->s, &r->c->peer, id);
    if (c && c->final) c = NULL;
    bool ok = c ? give_order(r, c, type, m)
                : fail_set(&r->fail, FAIL_NOT_FOUND, "capture_id",
                           "no capture `%.32s` of yours is running", id);
    if (!r->s->private_mode && !(ok && type == WIRE_SNAPSHOT))
        audit_order(r->c, type, id, c, m, ok ? NULL : &r->fail);
    return ok;
}

static bool do_retarget(struct request *r, const void *msg) {
    const struct msg_retarget *m = msg;
    return order(r, WIRE_RETARGET, m->capture_id, m);
}

static bool do_snapshot(struct request *r, const void *msg) {
    const struct msg_capture *m = msg;
    return order(r, WIRE_SNAPSHOT, m->capture_id, NULL);
}

static bool do_stop(struct request *r, const void *msg) {
    const struct msg_capture *m = msg;
    return order(r, WIRE_STOP, m->capture_id, NULL);
}

static bool do_status(struct request *r, const void *msg) {
    struct msg_status_row rows[LIM_CAPTURES];
    uint32_t n = 0;
    (void)msg;
    for (unsigned i = 0; i < LIM_CAPTURES; i++) {
        const struct capture *c = &r->s->capture[i];
        if (!c->used || c->final || !policy_owns(&r->c->peer, c->uid)) continue;
        struct msg_status_row *row = &rows[n++];
        *row = (struct msg_status_row){
            .uid = c->uid, .started_us = c->started_us, .ends_us = c->ends_us};
        memcpy(row->capture_id, c->id, sizeof row->capture_id);
        memcpy(row->interface, c->interface, sizeof row->interface);
    }
    server_reply(r->c, r->stream, WIRE_STATUS_REPLY, &(struct msg_status_reply){rows, n});
    return true;
}

/* ---- dispatch
 * ------------------------------------------------------------------------------------- */

static const struct handler {
    unsigned type;
    bool (*run)(struct request *r, const void *msg);
} handlers[] = {
    {WIRE_HELLO, do_hello},       {WIRE_INTERFACES, do_interfaces}, {WIRE_START, do_start},
    {WIRE_RETARGET, do_retarget}, {WIRE_SNAPSHOT, do_snapshot},     {WIRE_STOP, do_stop},
    {WIRE_STATUS, do_status},
};

static bool run(struct request *r, unsigned type) {
    static union {
        struct msg_hello hello;
        struct msg_empty empty;
        struct msg_start start;
        struct msg_retarget retarget;
        struct msg_capture capture;
    } msg;
    static uint8_t memory[ARENA_BYTES];
    struct schema_arena arena = {memory, 0, sizeof memory};
    const struct handler *h = NULL;
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++)
        if (handlers[i].type == type) h = &handlers[i];
    if (!h) return fail_set(&r->fail, FAIL_MALFORMED, "", "unknown request type %u", type);
    if (!r->c->greeted && type != WIRE_HELLO)
        return fail_set(&r->fail, FAIL_MALFORMED, "", "the first request must be hello");
    memset(&msg, 0, sizeof msg);
    bool ok = schema_decode(schema_of_wire(type), r->body, r->bytes, &msg, &arena, &r->fail) &&
              h->run(r, &msg);
    /* The next fork shall not inherit this caller's words. */
    explicit_bzero(&msg, sizeof msg);
    explicit_bzero(memory, arena.used);
    return ok;
}

void request_handle(struct server *s, struct client *c, const struct wire_header *h,
                    const uint8_t *body) {
    struct request r = {s, c, h->stream, body, h->length, {0}};
    if (!run(&r, h->type)) server_reply_error(c, h->stream, &r.fail);
}
