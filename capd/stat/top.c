/* Bounded choice of the largest: a heap with the least on top, then a sort.
 * Runs in: worker.  Input trust: none needed. */
#include "capd/stat/rows.h"

/* Does entry a give way before entry b? */
static bool worse(const struct top *t, uint32_t a, uint32_t b) {
    if (t->score[a] != t->score[b]) return t->score[a] < t->score[b];
    return t->index[a] > t->index[b];
}

static void swap(struct top *t, uint32_t a, uint32_t b) {
    uint64_t score = t->score[a];
    uint32_t index = t->index[a];
    t->score[a] = t->score[b];
    t->index[a] = t->index[b];
    t->score[b] = score;
    t->index[b] = index;
}

static void sink(struct top *t, uint32_t i, uint32_t n) {
    for (;;) {
        uint32_t least = i, left = 2 * i + 1;
        if (left < n && worse(t, left, least)) least = left;
        if (left + 1 < n && worse(t, left + 1, least)) least = left + 1;
        if (least == i) return;
        swap(t, i, least);
        i = least;
    }
}

void top_offer(struct top *t, uint64_t score, uint32_t index) {
    if (t->used < t->cap) {
        uint32_t i = t->used++;
        t->score[i] = score;
        t->index[i] = index;
        for (; i > 0 && worse(t, i, (i - 1) / 2); i = (i - 1) / 2) swap(t, i, (i - 1) / 2);
        return;
    }
    if (t->cap == 0 || score < t->score[0] || (score == t->score[0] && index > t->index[0])) return;
    t->score[0] = score;
    t->index[0] = index;
    sink(t, 0, t->used);
}

void top_sort(struct top *t) {
    for (uint32_t n = t->used; n > 1; n--) {
        swap(t, 0, n - 1);
        sink(t, 0, n - 1);
    }
}

void top_share(struct top *a, struct top *b, uint32_t rows) {
    uint32_t room = rows - (a->used < rows / 2 ? a->used : rows / 2);
    if (b->used > room) b->used = room;
    if (a->used > rows - b->used) a->used = rows - b->used;
}

static bool comes_before(const struct top *a, uint32_t i, const struct top *b, uint32_t j) {
    return a->score[i] != b->score[j] ? a->score[i] > b->score[j] : a->index[i] < b->index[j];
}

uint32_t top_merge(struct top *of, unsigned kinds, const uint32_t *own, uint32_t rows,
                   uint32_t *index_out) {
    uint32_t next[TOP_KINDS] = {0}, common = rows, n = 0;
    for (unsigned k = 0; k < kinds; k++) {
        top_sort(&of[k]);
        common -= of[k].used < own[k] ? of[k].used : own[k];
    }
    for (unsigned best;; next[best]++) {
        best = kinds;
        for (unsigned k = 0; k < kinds; k++) {
            if (next[k] == of[k].used || (next[k] >= own[k] && common == 0)) continue;
            if (best == kinds || comes_before(&of[k], next[k], &of[best], next[best])) best = k;
        }
        if (best == kinds) return n;
        common -= next[best] >= own[best];
        index_out[n++] = of[best].index[next[best]];
    }
}
