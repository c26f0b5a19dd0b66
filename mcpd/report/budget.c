/* One report, in as much detail as its budget allows.  Instead of cutting a finished tree, the tree
 * is built again a step shorter until it fits: each step is one line of the table below, which is
 * the contract's order of giving way: the rows of lists before any finding, notes before problems.
 * Runs in: mcpd.  Input trust: packets. */
#include "mcpd/report/build.h"
#include <stdlib.h>
#include <string.h>

#define ALL EVERYTHING
static const struct report_detail whole = {.rows = ALL,
                                           .protocols = ALL,
                                           .findings_full = ALL,
                                           .findings_said = ALL,
                                           .findings_kept = ALL,
                                           .infos = ALL,
                                           .infos_kept = ALL,
                                           .zero_counters = true,
                                           .phases = true,
                                           .counters = true,
                                           .quality = true,
                                           .reasons = true,
                                           .threshold = true,
                                           .clip = ALL};

/* rows, protocols, findings: full, said, kept; notes: full, kept; zero counters, phases, counters,
 * quality numbers, reasons, thresholds; clip */
static const struct report_detail steps[] = {
    {5, 6, ALL, ALL, ALL, ALL, ALL, true, true, true, true, false, true, ALL},
    {5, 6, ALL, ALL, ALL, ALL, ALL, true, true, true, true, false, false, ALL},
    {3, 6, ALL, ALL, ALL, ALL, ALL, true, true, true, true, false, false, ALL},
    {1, 6, ALL, ALL, ALL, ALL, ALL, true, true, true, true, false, false, ALL},
    {0, 6, ALL, ALL, ALL, ALL, ALL, true, true, true, true, false, false, ALL},
    {0, 6, ALL, ALL, ALL, ALL, ALL, false, true, true, true, false, false, ALL},
    {0, 3, ALL, ALL, ALL, ALL, ALL, false, true, true, true, false, false, ALL},
    {0, 3, ALL, ALL, ALL, 3, ALL, false, true, true, true, false, false, ALL},
    {0, 3, ALL, ALL, ALL, 3, 10, false, true, true, true, false, false, ALL},
    {0, 3, ALL, ALL, ALL, 1, 10, false, true, true, true, false, false, ALL},
    {0, 3, ALL, ALL, ALL, 0, 3, false, true, true, true, false, false, ALL},
    {0, 3, ALL, ALL, ALL, 0, 2, false, false, true, true, false, false, ALL},
    {0, 3, 3, ALL, ALL, 0, 2, false, false, true, true, false, false, ALL},
    {0, 3, 3, 3, ALL, 0, 2, false, false, true, true, false, false, ALL},
    {0, 3, 3, 3, 3, 0, 1, false, false, true, true, false, false, ALL},
    {0, 0, 2, 2, 2, 0, 0, false, false, true, true, false, false, 128},
    {0, 0, 2, 2, 2, 0, 0, false, false, false, true, false, false, 128},
    {0, 0, 1, 1, 1, 0, 0, false, false, false, true, false, false, 64},
    {0, 0, 1, 1, 1, 0, 0, false, false, false, false, false, false, 32},
};

#define STEPS (sizeof steps / sizeof steps[0])

static bool put_lists(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    const struct snapshot *s = in->v->snapshot;
    bool full = how->rows == EVERYTHING;
    for (int i = LIST_DNS; how->rows && i <= (full ? LIST_HOSTS : LIST_TLS); i++) {
        enum list_id list = (enum list_id)i;
        if (list_rows(s, list) > 0 && !put(out, list_keys[list], list_item(s, list, how)))
            return false;
    }
    cJSON *reasons = put_object(out, "lists");
    for (int i = 0; reasons && i <= (full ? LIST_HOSTS : LIST_TLS); i++) {
        enum list_id list = (enum list_id)i;
        uint32_t n = list_rows(s, list), shown = n < how->rows ? n : how->rows;
        char text[64];
        const char *why = list_reason(in, list, shown, text, sizeof text);
        if (why && !put_text(reasons, list_keys[list], why)) return false;
    }
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(out, "problems_detected");
    uint32_t protocols = s->totals.protocols_n;
    return reasons &&
           put_shown(reasons, "problems_detected", (uint32_t)cJSON_GetArraySize(found), in->d->n) &&
           put_shown(reasons, "protocols", protocols < how->protocols ? protocols : how->protocols,
                     protocols) &&
           tree_addresses_reason(reasons, in, how) && list_names_off(reasons, in);
}

static bool put_timeline(cJSON *out, const struct report_input *in,
                         const struct report_detail *how) {
    const struct msg_timeline *t = &in->v->snapshot->timeline;
    char line[SPARK_CELLS * 3 + 1];
    if (how->rows == EVERYTHING) {
        cJSON *all = timeline_item(in->v->snapshot, 0, t->packets_n);
        if (!put(out, "timeline", all)) return false;
        sparkline(t->bytes, t->bytes_n, line);
        return put_text(all, "sparkline", line);
    }
    sparkline(t->bytes, t->bytes_n, line);
    if (!how->phases || !line[0]) return true;
    cJSON *o = put_object(out, "timeline");
    return o && put(o, "bucket_s", item_s(t->bucket_us)) && put_text(o, "sparkline", line);
}

/* Where a reader goes on when findings were left out. */
static bool put_next(cJSON *out, const struct report_input *in) {
    char cursor[64];
    if (!cJSON_GetObjectItemCaseSensitive(out, "problems_more"))
        return put(out, "next_cursor", cJSON_CreateNull());
    cursor_make(cursor, sizeof cursor, in, "problems", 0);
    return put_text(out, "next_cursor", cursor);
}

cJSON *report_build(const struct report_input *in, const struct report_detail *how) {
    cJSON *out = cJSON_CreateObject();
    bool ok = out && tree_header(out, in, how) && tree_verdict(out, in);
    if (ok && how->quality) ok = tree_totals(out, in, how);
    ok = ok && tree_quality(out, in, how) && tree_findings(out, in, how);
    if (ok && how->counters) ok = tree_connections(out, in, how) && tree_tcp_analysis(out, in, how);
    if (ok && how->phases) ok = tree_phases(out, in);
    if (ok && how->counters) ok = tree_addresses(out, in, how);
    if (ok && how->counters)
        ok = put_lists(out, in, how) && put_timeline(out, in, how) && tree_coverage(out, in, how);
    if (ok && put_next(out, in)) return out;
    cJSON_Delete(out);
    return NULL;
}

size_t tree_bytes(const cJSON *tree) {
    char *text = cJSON_PrintUnformatted(tree);
    size_t n = text ? strlen(text) : SIZE_MAX;
    cJSON_free(text);
    return n;
}

/* The least a finding takes: {"id":"","severity":"","subject":"","count":0} and its words. */
#define FINDING_LEAST 64u

/* True if it is plain without building it that the findings alone are too many. */
static bool too_many(const struct report_input *in, const struct report_detail *how, size_t room) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < in->d->n; i++) {
        bool note = in->d->finding[i].severity == SEVERITY_INFO;
        kept += (note ? how->infos_kept : how->findings_kept) == EVERYTHING;
    }
    return kept > room / FINDING_LEAST;
}

/* The report at step `i` if it fits; NULL if not (the last step is taken as it is). */
static cJSON *try_step(const struct report_input *in, size_t i, size_t room) {
    if (i + 1 < STEPS && too_many(in, &steps[i], room)) return NULL;
    cJSON *out = report_build(in, &steps[i]);
    if (!out || i + 1 == STEPS || tree_bytes(out) <= room) return out;
    cJSON_Delete(out);
    return NULL;
}

/* Each step is shorter than the one before, so the first that fits is found by halving. */
cJSON *report_summary(const struct report_input *in, unsigned max_tokens) {
    size_t room = (size_t)max_tokens * TOKEN_BYTES, low = 1, high = STEPS - 1;
    cJSON *best = try_step(in, 0, room);
    if (best) return best;
    while (low < high) {
        size_t middle = (low + high) / 2;
        cJSON *out = try_step(in, middle, room);
        if (!out) {
            low = middle + 1;
            continue;
        }
        cJSON_Delete(best);
        best = out;
        high = middle;
    }
    return best ? best : try_step(in, high, room);
}

cJSON *report_full(const struct rules *r, const struct capture_view *v) {
    struct report_input in = {r, v, NULL};
    struct diagnosis *d = diagnose(r, v);
    if (!d) return NULL;
    in.d = d;
    cJSON *out = report_build(&in, &whole);
    diagnosis_free(d);
    return out;
}

bool report_is_healthy(const cJSON *report) {
    const cJSON *verdict = cJSON_GetObjectItemCaseSensitive(report, "verdict");
    const char *status = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(verdict, "status"));
    return status && strcmp(status, "healthy") == 0;
}
