/* problems_detected: each finding in the shape of findings.md, in three lengths.
 * Runs in: mcpd.  Input trust: packets (numbers, and the name in its own field). */
#include "mcpd/report/build.h"
#include <string.h>

static bool put_threshold(cJSON *o, const struct rule *rule) {
    if (rule->thresholds == 0) return true;
    cJSON *t = put_object(o, "threshold");
    bool ok = t != NULL;
    for (unsigned i = 0; ok && i < rule->thresholds; i++)
        ok = cJSON_AddNumberToObject(t, rule->threshold[i].name, rule->threshold[i].value) != NULL;
    return ok;
}

/* 2: all of it; 1: without evidence and next step; 0: what and whom. */
static bool finding_put(cJSON *o, const struct finding *f, unsigned length,
                        const struct report_detail *how) {
    bool ok =
        put_text(o, "id", f->rule->id) && put_text(o, "severity", severity_names[f->severity]);
    if (length == 0)
        return ok && put_text(o, "subject", f->subject) &&
               put(o, "count", item_count(nearest(f->count)));
    ok = ok && put_text(o, "confidence", confidence_names[f->confidence]) &&
         put_text(o, "blame", f->blame) &&
         put_text(o, "blame_confidence", confidence_names[f->blame_confidence]) &&
         put_text(o, "subject", f->subject);
    if (ok && f->name[0]) ok = put(o, "name", item_wire(f->name, how->clip));
    ok = ok && put(o, "count", item_count(nearest(f->count)));
    if (ok && f->has_first)
        ok = put(o, "first_s", cJSON_CreateNumber(derive_round("_s", f->first_s)));
    if (ok && f->has_last) ok = put(o, "last_s", cJSON_CreateNumber(derive_round("_s", f->last_s)));
    if (ok && length == 2) ok = put(o, "evidence", cJSON_Duplicate(f->evidence, true));
    if (ok && length == 2 && how->threshold) ok = put_threshold(o, f->rule);
    ok = ok && put_text(o, "explanation", f->explanation);
    return ok && (length < 2 || put_text(o, "next_step", f->next_step));
}

cJSON *finding_item(const struct finding *f, const struct report_detail *how, uint32_t position) {
    bool note = f->severity == SEVERITY_INFO;
    unsigned length = note                            ? (position < how->infos ? 2 : 0)
                      : position < how->findings_full ? 2
                      : position < how->findings_said ? 1
                                                      : 0;
    cJSON *o = cJSON_CreateObject();
    if (o && finding_put(o, f, length, how)) return o;
    cJSON_Delete(o);
    return NULL;
}

/* Findings that are left out, counted by id. */
static bool put_left_out(cJSON *out, const char *id) {
    cJSON *more = cJSON_GetObjectItemCaseSensitive(out, "problems_more");
    if (!more && !(more = put_object(out, "problems_more"))) return false;
    cJSON *n = cJSON_GetObjectItemCaseSensitive(more, id);
    if (!n) return cJSON_AddNumberToObject(more, id, 1) != NULL;
    cJSON_SetNumberValue(n, n->valuedouble + 1);
    return true;
}

bool tree_findings(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    cJSON *list = cJSON_AddArrayToObject(out, "problems_detected");
    uint32_t problems = 0, notes = 0;
    for (uint32_t i = 0; list && i < in->d->n; i++) {
        const struct finding *f = &in->d->finding[i];
        bool note = f->severity == SEVERITY_INFO;
        uint32_t position = note ? notes++ : problems++;
        if (position >= (note ? how->infos_kept : how->findings_kept)) {
            if (!put_left_out(out, f->rule->id)) return false;
            continue;
        }
        cJSON *item = finding_item(f, how, position);
        if (!item) return false;
        cJSON_AddItemToArray(list, item);
    }
    return list != NULL;
}
