/* Collects frames.  See snapset.h.
 * Runs in: mcpd.  Input trust: workers (lengths are bounded here, bodies checked by snapshot_take).
 */
#include "mcpd/capture/snapset.h"
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 64u /* more than a snapshot has; each costs a few bytes beside its body */

bool snapset_add(struct snapset *s, const struct wire_header *h, const uint8_t *body,
                 struct fail *fail) {
    size_t need = s->used + 1 + sizeof h->length + h->length;
    if (need > LIM_SNAPSHOT + FRAMES_MAX * (1 + sizeof h->length))
        return fail_set(fail, FAIL_LIMIT, "", "a snapshot is larger than %u bytes", LIM_SNAPSHOT);
    if (need > s->cap) {
        size_t cap = need < 4096 ? 4096 : need * 2;
        uint8_t *more = realloc(s->bytes, cap);
        if (!more) return fail_set(fail, FAIL_ENVIRONMENT, "", "no memory for a snapshot");
        s->bytes = more;
        s->cap = cap;
    }
    uint8_t *p = s->bytes + s->used;
    *p++ = h->type;
    memcpy(p, &h->length, sizeof h->length);
    if (h->length) memcpy(p + sizeof h->length, body, h->length);
    s->used = need;
    return true;
}

bool snapset_apply(struct snapset *s, struct snapshot *out, bool *fresh_out, struct fail *fail) {
    bool was_full = out->full, ok = true;
    out->full = false;
    for (size_t at = 0; at < s->used && ok;) {
        unsigned type = s->bytes[at++];
        uint32_t length;
        memcpy(&length, s->bytes + at, sizeof length);
        at += sizeof length;
        ok = snapshot_take(out, type, s->bytes + at, length, fail);
        at += length;
    }
    *fresh_out = out->full;
    out->full = out->full || was_full;
    snapset_clear(s);
    return ok;
}

void snapset_clear(struct snapset *s) {
    free(s->bytes);
    *s = (struct snapset){.bytes = NULL};
}
