/* The captures of this process.  A growing array is enough: 16 MiB of reports are some hundreds.
 * What has ended is kept compact; the oldest go first; ids of what has gone are remembered for a
 * while, so that an answer can tell "expired" from "never was".
 * Runs in: mcpd.  Input trust: none. */
#include "mcpd/capture/store.h"
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 64u

struct store {
    uint64_t keep_ms;
    size_t keep_bytes;
    struct capture **at;
    uint32_t n, room;
    char gone[REMEMBERED][LIM_CAPTURE_ID + 1];
    uint32_t gone_n; /* ever */
};

struct capture *capture_new(void) {
    struct capture *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->snapshot = snapshot_new();
    if (c->snapshot) return c;
    free(c);
    return NULL;
}

void capture_free(struct capture *c) {
    if (!c) return;
    snapshot_free(c->snapshot);
    free(c);
}

struct store *store_new(uint64_t keep_ms, size_t keep_bytes) {
    struct store *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->keep_ms = keep_ms;
    s->keep_bytes = keep_bytes;
    return s;
}

void store_free(struct store *s) {
    if (!s) return;
    for (uint32_t i = 0; i < s->n; i++) capture_free(s->at[i]);
    free(s->at);
    free(s);
}

bool store_add(struct store *s, struct capture *c) {
    if (s->n == s->room) {
        uint32_t room = s->room ? s->room * 2 : 8;
        struct capture **more = realloc(s->at, room * sizeof(struct capture *));
        if (!more) return false;
        s->at = more;
        s->room = room;
    }
    s->at[s->n++] = c;
    return true;
}

static bool has_ended(const struct capture *c) {
    return c->state == CAPTURE_FINISHED || c->state == CAPTURE_FAILED;
}

static size_t bytes_of(const struct capture *c) {
    return sizeof *c + snapshot_bytes(c->snapshot);
}

static void drop(struct store *s, uint32_t i) {
    memcpy(s->gone[s->gone_n++ % REMEMBERED], s->at[i]->id, sizeof s->gone[0]);
    capture_free(s->at[i]);
    s->n--;
    memmove(s->at + i, s->at + i + 1, (s->n - i) * sizeof(struct capture *));
}

/* Rows that were never used need not be kept. */
static void compact(struct capture *c) {
    struct snapshot *small = c->compact ? NULL : snapshot_compact(c->snapshot);
    if (!small) return;
    c->compact = true;
    if (snapshot_bytes(small) < snapshot_bytes(c->snapshot)) {
        struct snapshot *large = c->snapshot;
        c->snapshot = small;
        small = large;
    }
    snapshot_free(small);
}

void store_expire(struct store *s, uint64_t now_mono_ms) {
    size_t bytes = 0;
    for (uint32_t i = s->n; i-- > 0;) { /* the newest are counted first: the oldest go */
        struct capture *c = s->at[i];
        if (!has_ended(c)) continue;
        compact(c);
        bytes += bytes_of(c);
        if (bytes > s->keep_bytes || now_mono_ms - c->ended_mono_ms > s->keep_ms) drop(s, i);
    }
}

struct capture *store_find(struct store *s, const char *id, bool *expired_out) {
    *expired_out = false;
    for (uint32_t i = 0; i < s->n; i++)
        if (strcmp(s->at[i]->id, id) == 0) return s->at[i];
    for (uint32_t i = 0; i < REMEMBERED && *id; i++)
        if (strcmp(s->gone[i], id) == 0) *expired_out = true;
    return NULL;
}

uint32_t store_count(const struct store *s) {
    return s->n;
}

struct capture *store_at(struct store *s, uint32_t i) {
    return i < s->n ? s->at[i] : NULL;
}

bool capture_same_owner(const struct capture *c, const struct caller *who) {
    return caller_same(&c->caller, who);
}

bool capture_visible(const struct capture *c, const struct caller *who) {
    return who->privileged || capture_same_owner(c, who);
}

struct capture_view capture_view(const struct capture *c) {
    struct capture_view v = {.state = c->state,
                             .target = &c->target,
                             .interface = c->interface,
                             .interface_why = c->interface_why,
                             .filter = c->filter,
                             .ended_why = c->ended_why,
                             .duration_ms = c->duration_ms,
                             .link_mbps = c->link_mbps,
                             .snapshot = c->snapshot};
    memcpy(v.id, c->id, sizeof v.id);
    return v;
}
