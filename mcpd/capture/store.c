/* The captures of this process.  A growing array is enough: 16 MiB of reports are some hundreds.
 * What has ended is kept compact; what is too old goes, and what is too much: of who keeps most the
 * oldest, so that nobody drives out what others keep.  Ids of what has gone are remembered for a
 * while, so that an answer can tell "expired" from "never was".
 * Runs in: mcpd.  Input trust: none. */
#include "mcpd/capture/store.h"
#include <stdlib.h>
#include <string.h>

#define REMEMBERED 64u
#define HOLDERS    64u /* callers told apart; the others count as one */

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

/* Bytes of all that has ended; *most_out: the caller who keeps most of them. */
static size_t weigh(const struct store *s, const struct caller **most_out) {
    struct {
        const struct caller *who;
        size_t bytes;
    } holder[HOLDERS] = {{NULL, 0}};
    size_t all = 0, most = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct capture *c = s->at[i];
        uint32_t h = 0;
        if (!has_ended(c)) continue;
        while (h < HOLDERS - 1 && holder[h].who && !caller_same(holder[h].who, &c->caller)) h++;
        if (!holder[h].who) holder[h].who = &c->caller;
        holder[h].bytes += bytes_of(c);
        all += bytes_of(c);
        if (holder[h].bytes <= most) continue;
        most = holder[h].bytes;
        *most_out = holder[h].who;
    }
    return all;
}

static void drop_oldest_of(struct store *s, const struct caller *who) {
    for (uint32_t i = 0; i < s->n; i++)
        if (has_ended(s->at[i]) && caller_same(&s->at[i]->caller, who)) {
            drop(s, i);
            return;
        }
}

void store_expire(struct store *s, uint64_t now_mono_ms) {
    const struct caller *who = NULL;
    for (uint32_t i = s->n; i-- > 0;) {
        struct capture *c = s->at[i];
        if (!has_ended(c)) continue;
        compact(c);
        if (now_mono_ms - c->ended_mono_ms > s->keep_ms) drop(s, i);
    }
    while (weigh(s, &who) > s->keep_bytes) drop_oldest_of(s, who);
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
                             .probe_failed = c->probe.done && !c->probe.ok,
                             .link_mbps = c->link_mbps,
                             .snapshot = c->snapshot};
    memcpy(v.id, c->id, sizeof v.id);
    return v;
}
