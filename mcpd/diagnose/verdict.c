/* The verdict: one word and one sentence, about the target.  Its sentences come from rules.json.
 * A running capture is never healthy; what the capture itself missed makes it inconclusive, never
 * the network guilty.
 * Runs in: mcpd.  Input trust: packets (numbers), client (target text). */
#include "mcpd/diagnose/diagnose.h"
#include <stdio.h>
#include <string.h>

bool finding_counts(const struct finding *f, const struct capture_view *v) {
    bool whole_network = v->target && v->target->mode == MODE_DIAGNOSIS;
    return f->on_target || !whole_network || !derive_has_target(v);
}

static double totals_value(const struct capture_view *v, const char *name) {
    struct derived d;
    struct derive_row r = {v, TABLE_TOTALS, &v->snapshot->totals};
    double out;
    return derive_find(TABLE_TOTALS, name, &d) && derive_value(&d, &r, &out) ? out : 0;
}

double quality_missed_percent(const struct rules *set, const struct capture_view *v) {
    double drops = 0, gaps = 0;
    if (totals_value(v, "missed") >= set->gate.min_events) drops = totals_value(v, "drop_percent");
    if (totals_value(v, "gap_acks") >= set->gate.min_events) gaps = totals_value(v, "gap_percent");
    return drops > gaps ? drops : gaps;
}

bool quality_is_unknown(const struct capture_view *v) {
    const struct msg_totals *t = &v->snapshot->totals;
    return derive_ended(v) && t->snapshot_id == 0 && t->seen == 0;
}

const char *quality_grade(const struct rules *set, const struct capture_view *v) {
    if (quality_is_unknown(v)) return "poor";
    double missed = quality_missed_percent(set, v), unread = totals_value(v, "file_unread_percent");
    if (unread > missed) missed = unread; /* what was read is whole: no finding is less certain */
    bool down = totals_value(v, "interface_down_s") > 0;
    if (missed < set->gate.good_below && !down) return "good";
    return missed <= set->gate.fair_up_to ? "fair" : "poor";
}

/* The finding that a verdict of `status` would rest on; NULL: none. */
static const struct finding *first_of(const struct diagnosis *d, const struct capture_view *v,
                                      enum verdict_status status) {
    for (uint32_t i = 0; i < d->n; i++) {
        const struct finding *f = &d->finding[i];
        if (f->severity > SEVERITY_INFO && f->rule->status == status && finding_counts(f, v))
            return f;
    }
    return NULL;
}

static unsigned count_above_info(const struct diagnosis *d, const struct capture_view *v,
                                 bool counting) {
    unsigned n = 0;
    for (uint32_t i = 0; i < d->n; i++)
        n +=
            d->finding[i].severity > SEVERITY_INFO && finding_counts(&d->finding[i], v) == counting;
    return n;
}

/* "{n|one|many}" of the two suffix texts: the only number they know. */
static void append(char *out, size_t cap, const char *text, unsigned n) {
    size_t used = strlen(out);
    const char *open = strchr(text, '{'), *bar = open ? strchr(open, '|') : NULL;
    const char *bar2 = bar ? strchr(bar + 1, '|') : NULL, *end = bar2 ? strchr(bar2, '}') : NULL;
    if (!end) {
        snprintf(out + used, cap - used, " %s", text);
        return;
    }
    const char *noun = n == 1 ? bar + 1 : bar2 + 1, *stop = n == 1 ? bar2 : end;
    snprintf(out + used, cap - used, " %.*s%u %.*s%s", (int)(open - text), text, n,
             (int)(stop - noun), noun, end + 1);
}

static void headline_of(const struct rules *set, const struct capture_view *v,
                        struct diagnosis *d) {
    struct derive_row totals = {v, TABLE_TOTALS, &v->snapshot->totals};
    struct verdict *out = &d->verdict;
    const struct choice *texts = out->status == STATUS_PENDING   ? set->pending
                                 : out->status == STATUS_HEALTHY ? set->healthy
                                 : v->state == CAPTURE_FAILED    ? set->failed
                                                                 : set->nothing;
    const struct choice *c = choice_take(texts, NULL, &totals);
    out->headline[0] = 0;
    if (out->top)
        snprintf(out->headline, sizeof out->headline, "%s", out->top->headline);
    else if (c)
        template_render(c->is, &(struct template_input){&totals, set->words, ""}, out->headline,
                        sizeof out->headline);
    unsigned here = count_above_info(d, v, true), there = count_above_info(d, v, false);
    if (out->top && here > 1) append(out->headline, sizeof out->headline, set->more, here - 1);
    if (there > 0) append(out->headline, sizeof out->headline, set->elsewhere, there);
    if (d->withheld > 0) append(out->headline, sizeof out->headline, set->withheld, d->withheld);
}

void verdict_make(const struct rules *set, const struct capture_view *v, struct diagnosis *d) {
    static const enum verdict_status ranks[] = {STATUS_PROBLEMS, STATUS_NO_TRAFFIC,
                                                STATUS_INCONCLUSIVE};
    static const char *const doubts[] = {"none_set_up",      "names_open",      "one_way",
                                         "only_neighbours",  "nothing_legible", "probe_failed",
                                         "interface_down_s", "contents_cut"};
    struct verdict *out = &d->verdict;
    for (unsigned i = 0; i < 3 && !out->top; i++) {
        out->top = first_of(d, v, ranks[i]);
        out->status = ranks[i];
    }
    if (!out->top) {
        bool unsure = d->withheld || strcmp(quality_grade(set, v), "poor") == 0;
        for (size_t i = 0; i < sizeof doubts / sizeof doubts[0]; i++)
            unsure = unsure || totals_value(v, doubts[i]) != 0;
        out->status = !derive_ended(v)                       ? STATUS_PENDING
                      : v->state == CAPTURE_FAILED || unsure ? STATUS_INCONCLUSIVE
                                                             : STATUS_HEALTHY;
    }
    headline_of(set, v, d);
}
