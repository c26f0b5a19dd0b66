/* The rule set: the file as a whole, and what holds between rules (unique ids, suppressors that
 * exist, no circle of suppression, in which two findings would hide each other).
 * Runs in: mcpd.  Input trust: local (the built-in text or an administrator's file). */
#include "mcpd/diagnose/rules.h"
#include "mcpd/mcp/jsoncheck.h"
#include "mcpd/report/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const severity_names[SEVERITY_COUNT] = {"info", "warning", "critical"};
const char *const confidence_names[CONFIDENCE_COUNT] = {"possible", "likely", "confirmed"};
const char *const status_names[STATUS_COUNT] = {"pending", "healthy", "problems", "no_traffic",
                                                "inconclusive"};
const char *const blame_names[BLAME_COUNT] = {
    "client", "server",     "network", "network_or_server", "name_resolution",
    "policy", "local_link", "capture", "ambiguous"};

static const char builtin[] = {
#include "rules.inc"
};

static bool gate_load(struct rules *set, const cJSON *json, struct fail *fail) {
    static const char *const keys[] = {"!possible_at", "!withheld_at", "!good_below", "!fair_up_to",
                                       "!min_events",  "!reason",      NULL};
    double *const values[] = {&set->gate.possible_at, &set->gate.withheld_at, &set->gate.good_below,
                              &set->gate.fair_up_to, &set->gate.min_events};
    if (!json_members(json, keys, "quality_gate", fail)) return false;
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {
        const cJSON *v = json_get(json, keys[i] + 1);
        if (!cJSON_IsNumber(v) || v->valuedouble < 0)
            return refuse(fail, "quality_gate", "%s is no number >= 0", keys[i] + 1);
        *values[i] = v->valuedouble;
    }
    return json_text(json, "reason") || refuse(fail, "quality_gate", "no reason");
}

static bool words_load(struct rules *set, const cJSON *json, struct fail *fail) {
    static const char *const languages[] = {"!en", "zh-CN", NULL};
    if (!json_members(json, languages, "words", fail)) return false;
    set->words = json_get(json, "en");
    for (const cJSON *list = set->words->child; list; list = list->next)
        for (const cJSON *w = list->child; w; w = w->next)
            if (!cJSON_IsObject(list) || !cJSON_IsString(w))
                return refuse(fail, "words", "list %s is no map of numbers to words", list->string);
    return true;
}

static bool visibility_load(struct rules *set, const cJSON *j, struct fail *fail) {
    static const char *const keys[] = {"!is", "!text", "table", "why", NULL};
    static const char *const languages[] = {"!en", "zh-CN", NULL};
    const cJSON *text = json_get(j, "text");
    if (!json_members(j, keys, j->string, fail) || !json_members(text, languages, j->string, fail))
        return false;
    struct visibility *v = &set->visibility[set->visibilities++];
    const char *table = json_text(j, "table");
    int at = table ? list_index(table_names, TABLE_COUNT, table) : TABLE_TOTALS;
    if (at < 0) return refuse(fail, j->string, "no table \"%.40s\"", table);
    struct scope s = {.table = (enum table_id)at, .words = set->words, .rule = j->string};
    v->name = j->string;
    v->text = json_text(text, "en");
    v->table = (enum table_id)at;
    if (!v->text) return refuse(fail, j->string, "no text");
    return (v->is = cond_new(json_get(j, "is"), &s, fail)) != NULL;
}

static bool visibilities_load(struct rules *set, const cJSON *json, struct fail *fail) {
    if (!cJSON_IsObject(json)) return refuse(fail, "visibility", "an object is expected");
    for (const cJSON *j = json->child; j; j = j->next) {
        if (set->visibilities == RULES_VISIBILITY) return refuse(fail, "visibility", "too many");
        if (!visibility_load(set, j, fail)) return false;
    }
    return true;
}

static bool verdicts_load(struct rules *set, const cJSON *json, struct fail *fail) {
    static const char *const keys[] = {"!healthy", "!pending",   "!failed",   "!nothing",
                                       "!more",    "!elsewhere", "!withheld", NULL};
    static const char *const languages[] = {"!en", "zh-CN", NULL};
    static const struct choice_kind text = {NULL, 0, false};
    struct scope s = {.table = TABLE_TOTALS, .words = set->words, .rule = "verdicts"};
    if (!json_members(json, languages, "verdicts", fail)) return false;
    const cJSON *en = json_get(json, "en");
    if (!json_members(en, keys, "verdicts", fail)) return false;
    set->more = json_text(en, "more");
    set->elsewhere = json_text(en, "elsewhere");
    set->withheld = json_text(en, "withheld");
    if (!set->more || !set->elsewhere || !set->withheld)
        return refuse(fail, "verdicts", "more, elsewhere and withheld are texts");
    return choice_load(&set->healthy, json_get(en, "healthy"), &text, &s, fail) &&
           choice_load(&set->pending, json_get(en, "pending"), &text, &s, fail) &&
           choice_load(&set->failed, json_get(en, "failed"), &text, &s, fail) &&
           choice_load(&set->nothing, json_get(en, "nothing"), &text, &s, fail);
}

/* ---- between rules ------------------------------------------------------------------------- */
int rule_index(const struct rules *set, const char *id) {
    for (unsigned i = 0; i < set->n; i++)
        if (strcmp(set->rule[i].id, id) == 0) return (int)i;
    return -1;
}

/* True if following suppressors from `from` leads to `to`.  Each rule is looked at once: there may
 * be more ways than time. */
static bool leads_to(const struct rules *set, int from, int to, bool seen[RULES_MAX]) {
    const struct rule *r = &set->rule[from];
    for (unsigned i = 0; i < r->suppressors; i++) {
        int next = rule_index(set, r->suppressor[i].rule);
        if (next < 0) continue;
        if (next == from && r->suppressor[i].same == SAME_BEHIND) continue; /* a row in front */
        if (next == to) return true;
        if (seen[next]) continue;
        seen[next] = true;
        if (leads_to(set, next, to, seen)) return true;
    }
    return false;
}

static bool rules_agree(const struct rules *set, struct fail *fail) {
    for (unsigned i = 0; i < set->n; i++) {
        const struct rule *r = &set->rule[i];
        if (rule_index(set, r->id) != (int)i) return refuse(fail, r->id, "id occurs twice");
        for (unsigned k = 0; k < r->suppressors; k++)
            if (rule_index(set, r->suppressor[k].rule) < 0)
                return refuse(fail, r->id, "suppressed by unknown rule \"%.40s\"",
                              r->suppressor[k].rule);
        for (unsigned k = 0; k < r->needs_n; k++)
            if (r->needs[k]->table != TABLE_TOTALS && r->needs[k]->table != r->table)
                return refuse(fail, r->id, "needs \"%s\", which is about another table",
                              r->needs[k]->name);
    }
    for (unsigned i = 0; i < set->n; i++) {
        bool seen[RULES_MAX] = {false};
        if (leads_to(set, (int)i, (int)i, seen))
            return refuse(fail, set->rule[i].id, "suppresses itself in a circle");
    }
    return true;
}

static bool set_load(struct rules *set, struct fail *fail) {
    static const char *const keys[] = {"!version",  "!quality_gate", "!words", "!visibility",
                                       "!verdicts", "!rules",        NULL};
    const cJSON *j = set->json;
    if (!json_members(j, keys, "file", fail)) return false;
    const cJSON *version = json_get(j, "version"), *list = json_get(j, "rules");
    if (!cJSON_IsNumber(version) || version->valuedouble != 1)
        return refuse(fail, "version", "only version 1 is known");
    if (!gate_load(set, json_get(j, "quality_gate"), fail) ||
        !words_load(set, json_get(j, "words"), fail) ||
        !visibilities_load(set, json_get(j, "visibility"), fail) ||
        !verdicts_load(set, json_get(j, "verdicts"), fail))
        return false;
    if (!cJSON_IsArray(list)) return refuse(fail, "rules", "a list is expected");
    for (const cJSON *r = list->child; r; r = r->next) {
        if (set->n == RULES_MAX) return refuse(fail, "rules", "more than %u", RULES_MAX);
        if (!rule_load(set, &set->rule[set->n++], r, fail)) return false;
    }
    return rules_agree(set, fail);
}

struct rules *rules_new(const char *json, struct fail *fail) {
    size_t len = json ? strlen(json) : sizeof builtin, at = 0;
    const char *text = json ? json : builtin;
    enum json_fault fault = json_check(text, len, &at);
    if (fault != JSON_OK) {
        fail_set(fail, FAIL_MALFORMED, "rules", "rule file, byte %zu: %s", at,
                 json_fault_text(fault));
        return NULL;
    }
    struct rules *set = calloc(1, sizeof *set);
    if (set && (set->json = cJSON_ParseWithLength(text, len)) && set_load(set, fail)) return set;
    if (!set || !set->json) fail_set(fail, FAIL_ENVIRONMENT, "rules", "no memory");
    rules_free(set);
    return NULL;
}

void rules_free(struct rules *set) {
    if (!set) return;
    for (unsigned i = 0; i < set->n; i++) rule_free(&set->rule[i]);
    for (unsigned i = 0; i < set->visibilities; i++) cond_free(set->visibility[i].is);
    choice_free(set->healthy);
    choice_free(set->pending);
    choice_free(set->failed);
    choice_free(set->nothing);
    cJSON_Delete(set->json);
    free(set);
}
