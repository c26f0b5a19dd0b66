/* The client's side of the protocol.  Every request and every capture is a slot that knows which
 * frames may come for it; a frame nobody waits for is skipped, one that cannot be is the end of the
 * connection.
 * Runs in: mcpd.  Input trust: local (capd, and workers whose frames it relays unread). */
#include "mcpd/capture/capclient.h"
#include "common/clock.h"
#include "mcpd/capture/snapset.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS          32u
#define ANSWER_WAIT_MS 10000u /* capd answers at once; a filter may take a moment to compile */
#define TICK_MS        500u

enum slot_kind { SLOT_FREE, SLOT_HELLO, SLOT_READY, SLOT_INTERFACES, SLOT_ORDER, SLOT_CAPTURE };

struct slot {
    enum slot_kind kind;
    uint32_t stream;
    uint64_t due_ms;  /* answer expected until then; 0: none */
    uint32_t capture; /* SLOT_ORDER: capture to be told when a refresh is refused, else 0 */
    capclient_answer_fn *fn;
    const struct capclient_capture_ops *ops;
    void *ctx;
    struct snapshot *snapshot;
    char id[LIM_CAPTURE_ID + 1];
    struct snapset set;
};

struct capclient {
    struct capconn conn;
    capclient_lost_fn *lost;
    void *ctx;
    uint32_t last_stream;
    uint64_t timer;
    bool ready, private;
    struct msg_hello_reply hello;
    struct fail told; /* why the connection ends, where that is known before it does */
    char label[LIM_LABEL + 1];
    struct slot slot[SLOTS];
    uint8_t *scratch; /* for the lists of an interfaces reply */
    size_t scratch_bytes;
};

/* ---- slots ----------------------------------------------------------------------------------- */

static struct slot *slot_find(struct capclient *c, uint32_t stream) {
    for (size_t i = 0; i < SLOTS && stream; i++)
        if (c->slot[i].kind != SLOT_FREE && c->slot[i].stream == stream) return &c->slot[i];
    return NULL;
}

static struct slot *slot_new(struct capclient *c, enum slot_kind kind, struct fail *fail) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (c->slot[i].kind != SLOT_FREE) continue;
        if (++c->last_stream == 0) c->last_stream = 1;
        c->slot[i] = (struct slot){
            .kind = kind, .stream = c->last_stream, .due_ms = clock_mono_ms() + ANSWER_WAIT_MS};
        return &c->slot[i];
    }
    fail_set(fail, FAIL_LIMIT, "", "%u requests to capd are waiting already", SLOTS);
    return NULL;
}

static void slot_free(struct slot *s) {
    snapset_clear(&s->set);
    *s = (struct slot){.kind = SLOT_FREE};
}

/* End a slot badly: whoever waits for it is told. */
static void slot_fail(struct capclient *c, struct slot *s, const struct fail *why) {
    struct slot was = *s;
    slot_free(s);
    if (was.kind == SLOT_CAPTURE) {
        was.ops->ended(was.ctx, END_FAILED, why);
    } else if (was.kind == SLOT_ORDER) {
        struct slot *capture = slot_find(c, was.capture);
        if (capture) capture->ops->refused(capture->ctx);
    } else if (was.fn) {
        was.fn(was.ctx, NULL, why);
    }
}

static void fail_all(struct capclient *c, const struct fail *why) {
    for (size_t i = 0; i < SLOTS; i++)
        if (c->slot[i].kind != SLOT_FREE) slot_fail(c, &c->slot[i], why);
}

static bool is_idle(const struct capclient *c) {
    for (size_t i = 0; i < SLOTS; i++)
        if (c->slot[i].kind != SLOT_FREE && c->slot[i].due_ms) return false;
    return true;
}

/* ---- the connection -------------------------------------------------------------------------- */

static void closed(struct capclient *c, const struct fail *why) {
    struct fail told = c->told.code ? c->told : *why;
    bool had_greeting = c->ready;
    loop_timer_cancel(c->conn.loop, c->timer);
    c->timer = 0;
    c->ready = false;
    if (!c->told.code && had_greeting && why->code == FAIL_ENVIRONMENT)
        fail_set(&told, FAIL_ENVIRONMENT, "capd", "%s",
                 c->private ? "the private capd ended" : "capd restarted");
    else if (!c->told.code && !had_greeting && why->code == FAIL_ENVIRONMENT)
        fail_set(&told, FAIL_ENVIRONMENT, "capd", "%s before it greeted; its own log says why",
                 c->private ? "the private capd ended" : "capd closed the connection");
    fail_all(c, &told);
    if (c->lost) c->lost(c->ctx, &told);
}

static void break_off(struct capclient *c, const struct fail *why) {
    capconn_close(&c->conn);
    closed(c, why);
}

static void on_lost(void *ctx, const struct fail *why) {
    closed(ctx, why);
}

/* Requests that were never answered. */
static void on_tick(void *ctx) {
    struct capclient *c = ctx;
    uint64_t now = clock_mono_ms();
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *s = &c->slot[i];
        if (s->kind == SLOT_FREE || !s->due_ms || now < s->due_ms) continue;
        struct fail why;
        fail_set(&why, FAIL_ENVIRONMENT, "capd", "capd did not answer within %u s",
                 ANSWER_WAIT_MS / 1000);
        if (s->kind == SLOT_HELLO) {
            c->told = why;
            break_off(c, &why);
            return;
        }
        slot_fail(c, s, &why);
    }
    if (is_idle(c)) {
        loop_timer_cancel(c->conn.loop, c->timer);
        c->timer = 0;
    }
}

static bool send_slot(struct capclient *c, struct slot *s, unsigned type, const void *msg,
                      struct fail *fail) {
    if (capconn_send(&c->conn, type, s->stream, schema_of_wire(type), msg, fail)) {
        if (!c->timer) c->timer = loop_timer_every(c->conn.loop, TICK_MS, on_tick, c);
        return true;
    }
    slot_free(s);
    return false;
}

static bool greet(struct capclient *c, int fd, struct fail *fail) {
    c->told.code = FAIL_NONE;
    c->ready = false;
    if (!capconn_open(&c->conn, fd, fail)) return false;
    struct slot *s = slot_new(c, SLOT_HELLO, fail);
    struct msg_hello hello = {0};
    snprintf(hello.client, sizeof hello.client, "%s", c->label);
    if (s && send_slot(c, s, WIRE_HELLO, &hello, fail)) return true;
    capconn_close(&c->conn);
    return false;
}

bool capclient_connect(struct capclient *c, const char *path, struct fail *fail) {
    if (c->conn.fd >= 0) return true;
    int fd = capconn_dial(path, fail);
    c->private = false;
    return fd >= 0 && greet(c, fd, fail);
}

bool capclient_adopt(struct capclient *c, int fd, struct fail *fail) {
    c->private = true;
    return greet(c, fd, fail);
}

/* ---- answers --------------------------------------------------------------------------------- */

static bool decode(struct capclient *c, const struct wire_header *h, const uint8_t *body, void *msg,
                   struct fail *fail) {
    struct schema_arena arena = {c->scratch, 0, c->scratch_bytes};
    return schema_decode(schema_of_wire(h->type), body, h->length, msg, &arena, fail);
}

static void answer(struct slot *s, const void *msg) {
    struct slot was = *s;
    slot_free(s);
    if (was.fn) was.fn(was.ctx, msg, NULL);
}

static void take_hello(struct capclient *c, const struct wire_header *h, const uint8_t *body) {
    struct slot *s = slot_find(c, h->stream);
    struct fail why;
    if (!s || s->kind != SLOT_HELLO) return;
    if (!decode(c, h, body, &c->hello, &why)) {
        break_off(c, &why);
        return;
    }
    slot_free(s);
    c->ready = true;
    for (size_t i = 0; i < SLOTS && c->ready; i++)
        if (c->slot[i].kind == SLOT_READY) answer(&c->slot[i], &c->hello);
}

static void take_interfaces(struct capclient *c, const struct wire_header *h, const uint8_t *body) {
    struct slot *s = slot_find(c, h->stream);
    struct msg_interfaces_reply reply;
    struct fail why;
    if (!s || s->kind != SLOT_INTERFACES) return;
    if (decode(c, h, body, &reply, &why))
        answer(s, &reply);
    else
        break_off(c, &why);
}

static void take_error(struct capclient *c, const struct wire_header *h, const uint8_t *body) {
    struct msg_error error;
    struct fail why, broken;
    if (!decode(c, h, body, &error, &broken)) {
        break_off(c, &broken);
        return;
    }
    char field[sizeof error.field];
    snprintf(field, sizeof field, "%s", error.field);
    struct slot *s = slot_find(c, h->stream);
    /* Whoever reads this may be another user than the one that capd asks about: mcpd's. */
    bool turned_away = error.code == FAIL_PERMISSION && !c->ready && !s;
    fail_set(&why, (enum fail_code)(error.code ? error.code : FAIL_ENVIRONMENT), field, "%s%s",
             turned_away ? "capd does not serve the user that runs this mcpd: " : "", error.why);
    if (!s || s->kind == SLOT_HELLO)
        c->told = why; /* about the connection: capd closes it next */
    else
        slot_fail(c, s, &why);
}

/* ---- captures -------------------------------------------------------------------------------- */

static void take_started(struct capclient *c, struct slot *s, const struct wire_header *h,
                         const uint8_t *body) {
    struct msg_started started;
    struct fail why;
    if (!decode(c, h, body, &started, &why)) {
        break_off(c, &why);
        return;
    }
    if (!s->due_ms) {
        fail_set(&why, FAIL_MALFORMED, "", "capd started a capture twice");
        break_off(c, &why);
        return;
    }
    memcpy(s->id, started.capture_id, sizeof s->id);
    s->due_ms = 0;
    s->ops->started(s->ctx, &started);
}

static void take_ended(struct capclient *c, struct slot *s, const struct wire_header *h,
                       const uint8_t *body) {
    struct msg_ended ended;
    struct fail why;
    if (!decode(c, h, body, &ended, &why)) {
        break_off(c, &why);
        return;
    }
    fail_set(&why, FAIL_ENVIRONMENT, "", "%s", ended.detail);
    struct slot was = *s;
    slot_free(s);
    was.ops->ended(was.ctx, (enum end_reason)ended.reason,
                   ended.reason == END_FAILED ? &why : NULL);
}

/* A full snapshot is the answer to every refresh asked for before. */
static void orders_done(struct capclient *c, uint32_t capture) {
    for (size_t i = 0; i < SLOTS; i++)
        if (c->slot[i].kind == SLOT_ORDER && c->slot[i].capture == capture) slot_free(&c->slot[i]);
}

static void take_table(struct capclient *c, struct slot *s, const struct wire_header *h,
                       const uint8_t *body) {
    struct fail why;
    bool fresh = false;
    if (s->due_ms) {
        fail_set(&why, FAIL_MALFORMED, "", "capd sent the counts of a capture that has not begun");
        break_off(c, &why);
        return;
    }
    if (!snapset_add(&s->set, h, body, &why)) {
        break_off(c, &why);
        return;
    }
    if (h->flags & WIRE_MORE) return;
    if (!snapset_apply(&s->set, s->snapshot, &fresh, &why)) {
        break_off(c, &why);
        return;
    }
    if (fresh) orders_done(c, s->stream);
    s->ops->updated(s->ctx, fresh);
}

/* A final frame that is no WIRE_ENDED still ends its capture. */
static void end_anyway(struct capclient *c, uint32_t stream) {
    struct slot *s = slot_find(c, stream);
    struct fail why;
    if (!s || s->kind != SLOT_CAPTURE) return;
    fail_set(&why, FAIL_ENVIRONMENT, "", "capd ended the capture without a reason");
    slot_fail(c, s, &why);
}

static void take_capture_frame(struct capclient *c, const struct wire_header *h,
                               const uint8_t *body) {
    struct slot *s = slot_find(c, h->stream);
    if (!s || s->kind != SLOT_CAPTURE) return; /* dropped by us: its last frames may still come */
    if (h->type == WIRE_STARTED)
        take_started(c, s, h, body);
    else if (h->type == WIRE_ENDED)
        take_ended(c, s, h, body);
    else
        take_table(c, s, h, body);
    if (h->flags & WIRE_FINAL) end_anyway(c, h->stream);
}

static void on_frame(void *ctx, const struct wire_header *h, const uint8_t *body) {
    struct capclient *c = ctx;
    struct fail why;
    if (h->type >= WIRE_STARTED && h->type <= WIRE_ENDED) {
        take_capture_frame(c, h, body);
        return;
    }
    switch (h->type) {
    case WIRE_HELLO_REPLY: take_hello(c, h, body); break;
    case WIRE_INTERFACES_REPLY: take_interfaces(c, h, body); break;
    case WIRE_ERROR: take_error(c, h, body); break;
    case WIRE_STATUS_REPLY: break;
    case WIRE_OK: {
        struct slot *s = slot_find(c, h->stream);
        if (s && s->kind == SLOT_ORDER) slot_free(s);
        break;
    }
    default:
        fail_set(&why, FAIL_MALFORMED, "type", "capd sent a frame of unknown type %u", h->type);
        break_off(c, &why);
    }
}

/* ---- interface ------------------------------------------------------------------------------- */

static const struct capconn_ops conn_ops = {on_frame, on_lost};

static size_t interfaces_bytes(void) {
    return LIM_INTERFACES * sizeof(struct msg_interface) +
           LIM_IF_ADDRESSES * sizeof(struct msg_if_address) +
           LIM_ROUTES * sizeof(struct msg_route) + 64;
}

struct capclient *capclient_new(struct loop *loop, const char *label, capclient_lost_fn *lost,
                                void *ctx) {
    struct capclient *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->scratch_bytes = interfaces_bytes();
    c->scratch = malloc(c->scratch_bytes);
    if (!c->scratch) {
        free(c);
        return NULL;
    }
    c->lost = lost;
    c->ctx = ctx;
    snprintf(c->label, sizeof c->label, "%s", label);
    capconn_init(&c->conn, loop, &conn_ops, c);
    return c;
}

void capclient_free(struct capclient *c) {
    if (!c) return;
    loop_timer_cancel(c->conn.loop, c->timer);
    capconn_close(&c->conn);
    for (size_t i = 0; i < SLOTS; i++) slot_free(&c->slot[i]);
    free(c->scratch);
    free(c);
}

enum capclient_state capclient_state(const struct capclient *c) {
    if (c->conn.fd < 0) return CAPCLIENT_CLOSED;
    return c->ready ? CAPCLIENT_READY : CAPCLIENT_GREETING;
}

const struct msg_hello_reply *capclient_hello(const struct capclient *c) {
    return c->ready ? &c->hello : NULL;
}

bool capclient_when_ready(struct capclient *c, capclient_answer_fn *fn, void *ctx,
                          struct fail *fail) {
    if (c->conn.fd < 0)
        return fail_set(fail, FAIL_ENVIRONMENT, "capd", "there is no connection to capd");
    if (c->ready) {
        fn(ctx, &c->hello, NULL);
        return true;
    }
    struct slot *s = slot_new(c, SLOT_READY, fail);
    if (!s) return false;
    s->fn = fn;
    s->ctx = ctx;
    return true;
}

bool capclient_interfaces(struct capclient *c, capclient_answer_fn *fn, void *ctx,
                          struct fail *fail) {
    static const struct msg_empty empty;
    struct slot *s = slot_new(c, SLOT_INTERFACES, fail);
    if (!s) return false;
    s->fn = fn;
    s->ctx = ctx;
    return send_slot(c, s, WIRE_INTERFACES, &empty, fail);
}

uint32_t capclient_start(struct capclient *c, const struct msg_start *start,
                         struct snapshot *snapshot, const struct capclient_capture_ops *ops,
                         void *ctx, struct fail *fail) {
    struct slot *s = slot_new(c, SLOT_CAPTURE, fail);
    if (!s) return 0;
    s->snapshot = snapshot;
    s->ops = ops;
    s->ctx = ctx;
    uint32_t handle = s->stream;
    return send_slot(c, s, WIRE_START, start, fail) ? handle : 0;
}

static struct slot *capture_slot(struct capclient *c, uint32_t handle, struct fail *fail) {
    struct slot *s = slot_find(c, handle);
    if (s && s->kind == SLOT_CAPTURE && s->id[0]) return s;
    fail_set(fail, FAIL_NOT_FOUND, "capture_id", "this capture is not running");
    return NULL;
}

static bool order(struct capclient *c, uint32_t handle, unsigned type, struct fail *fail) {
    struct slot *capture = capture_slot(c, handle, fail);
    struct slot *s = capture ? slot_new(c, SLOT_ORDER, fail) : NULL;
    if (!s) return false;
    struct msg_capture msg;
    memcpy(msg.capture_id, capture->id, sizeof msg.capture_id);
    if (type == WIRE_SNAPSHOT) s->capture = handle;
    return send_slot(c, s, type, &msg, fail);
}

bool capclient_refresh(struct capclient *c, uint32_t handle, struct fail *fail) {
    return order(c, handle, WIRE_SNAPSHOT, fail);
}

bool capclient_stop(struct capclient *c, uint32_t handle, struct fail *fail) {
    return order(c, handle, WIRE_STOP, fail);
}

bool capclient_retarget(struct capclient *c, uint32_t handle, struct msg_prefix *address,
                        uint32_t n, struct fail *fail) {
    struct slot *capture = capture_slot(c, handle, fail);
    struct slot *s = capture ? slot_new(c, SLOT_ORDER, fail) : NULL;
    if (!s) return false;
    struct msg_retarget msg = {.addresses = address, .addresses_n = n};
    memcpy(msg.capture_id, capture->id, sizeof msg.capture_id);
    return send_slot(c, s, WIRE_RETARGET, &msg, fail);
}

void capclient_drop(struct capclient *c, uint32_t handle) {
    struct slot *s = slot_find(c, handle);
    if (s && s->kind == SLOT_CAPTURE) slot_free(s);
}
