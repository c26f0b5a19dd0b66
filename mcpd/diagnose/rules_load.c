/* One rule from its JSON object, every name resolved and every key checked, so that a rule that
 * loads can be run without looking for errors.
 * Runs in: mcpd.  Input trust: local (the rule file). */
#include "mcpd/diagnose/rules.h"
#include <math.h>
#include <string.h>

static bool thresholds_load(struct rule *r, const cJSON *json, struct fail *fail) {
    static const char *const keys[] = {"!value", "!reason", NULL};
    if (json && !cJSON_IsObject(json)) return refuse(fail, r->id, "thresholds is an object");
    for (const cJSON *j = json ? json->child : NULL; j; j = j->next) {
        if (r->thresholds == RULE_THRESHOLDS) return refuse(fail, r->id, "too many thresholds");
        if (!json_members(j, keys, r->id, fail)) return false;
        struct threshold *t = &r->threshold[r->thresholds++];
        const cJSON *value = json_get(j, "value");
        t->name = j->string;
        t->reason = json_text(j, "reason");
        if (!cJSON_IsNumber(value) || !isfinite(value->valuedouble) || value->valuedouble < 0)
            return refuse(fail, r->id, "threshold %s is no number >= 0", t->name);
        if (!t->reason || strlen(t->reason) < 10)
            return refuse(fail, r->id, "threshold %s has no reason", t->name);
        t->value = value->valuedouble;
        for (unsigned i = 0; i + 1 < r->thresholds; i++)
            if (strcmp(r->threshold[i].name, t->name) == 0)
                return refuse(fail, r->id, "threshold %s occurs twice", t->name);
    }
    return true;
}

/* A condition takes part in the scope of those that follow it. */
static bool where_load(struct rule *r, const cJSON *json, struct scope *s, struct fail *fail) {
    if (json && !cJSON_IsObject(json)) return refuse(fail, r->id, "where is an object");
    for (const cJSON *j = json ? json->child : NULL; j; j = j->next) {
        if (r->wheres == RULE_WHERE) return refuse(fail, r->id, "too many conditions in where");
        for (unsigned i = 0; i < r->wheres; i++)
            if (strcmp(r->where[i].name, j->string) == 0)
                return refuse(fail, r->id, "condition %.40s occurs twice", j->string);
        struct cond *is = cond_new(j, s, fail);
        if (!is) return false;
        r->where[r->wheres++] = (struct named_cond){j->string, is};
        s->wheres = r->wheres;
    }
    return true;
}

static bool table_load(struct rule *r, const char *name, struct fail *fail) {
    char table[32];
    const char *colon = name ? strchr(name, ':') : NULL;
    size_t n = colon ? (size_t)(colon - name) : name ? strlen(name) : 0;
    if (n == 0 || n >= sizeof table) return refuse(fail, r->id, "no such table");
    memcpy(table, name, n);
    table[n] = 0;
    int at = list_index(table_names, TABLE_COUNT, table);
    if (at < 0) return refuse(fail, r->id, "no table \"%s\"", table);
    r->table = (enum table_id)at;
    r->all_incidents = !colon;
    if (!colon) return true;
    int kind = list_index(incident_names, INCIDENT_COUNT, colon + 1);
    if (r->table != TABLE_INCIDENTS || kind < 0)
        return refuse(fail, r->id, "no incident \"%.40s\"", colon + 1);
    r->incident = (enum incident_kind)kind;
    return true;
}

static bool needs_load(const struct rules *set, struct rule *r, const cJSON *json,
                       struct fail *fail) {
    if (json && !cJSON_IsArray(json)) return refuse(fail, r->id, "needs is a list");
    for (const cJSON *j = json ? json->child : NULL; j; j = j->next) {
        const struct visibility *found = NULL;
        for (unsigned i = 0; cJSON_IsString(j) && i < set->visibilities; i++)
            if (strcmp(set->visibility[i].name, j->valuestring) == 0) found = &set->visibility[i];
        if (!found) return refuse(fail, r->id, "needs something unknown");
        if (r->needs_n == RULE_NEEDS) return refuse(fail, r->id, "too many needs");
        r->needs[r->needs_n++] = found;
    }
    return true;
}

static bool guards_load(struct rule *r, const cJSON *json, const struct scope *s,
                        struct fail *fail) {
    static const char *const keys[] = {"!unless", "!why", NULL};
    if (json && !cJSON_IsArray(json)) return refuse(fail, r->id, "guards is a list");
    for (const cJSON *j = json ? json->child : NULL; j; j = j->next) {
        if (r->guards == RULE_GUARDS) return refuse(fail, r->id, "too many guards");
        if (!json_members(j, keys, r->id, fail)) return false;
        struct guard *g = &r->guard[r->guards++];
        if (!(g->why = json_text(j, "why"))) return refuse(fail, r->id, "a guard without why");
        if (!(g->unless = cond_new(json_get(j, "unless"), s, fail))) return false;
    }
    return true;
}

static bool same_load(struct rule *r, const cJSON *json, enum same *out, struct fail *fail) {
    static const char *const names[SAME_COUNT] = {"any",  "address", "subject", "name",  "way",
                                                  "port", "network", "client",  "behind"};
    int at = list_index(names, SAME_COUNT, json_text(json, "same"));
    if (at < 0)
        return refuse(fail, r->id,
                      "same: any, address, subject, name, way, port, network, client, behind");
    *out = (enum same)at;
    return true;
}

static bool suppressors_load(struct rule *r, const cJSON *json, const struct scope *scope,
                             struct fail *fail) {
    static const char *const keys[] = {"!rule", "!same", "when", NULL};
    if (json && !cJSON_IsArray(json)) return refuse(fail, r->id, "suppressed_by is a list");
    for (const cJSON *j = json ? json->child : NULL; j; j = j->next) {
        if (r->suppressors == RULE_SUPPRESSORS) return refuse(fail, r->id, "too many suppressors");
        if (!json_members(j, keys, r->id, fail)) return false;
        struct suppressor *s = &r->suppressor[r->suppressors++];
        if (!(s->rule = json_text(j, "rule")))
            return refuse(fail, r->id, "suppressed_by names a rule");
        const cJSON *when = json_get(j, "when");
        if (!same_load(r, j, &s->same, fail)) return false;
        if (when && !(s->when = cond_new(when, scope, fail))) return false;
    }
    return true;
}

static bool evidence_item_load(struct rule *r, const cJSON *j, const struct scope *s,
                               struct fail *fail) {
    static const char *const keys[] = {"!key", "value", "words", "text", "list", NULL};
    if (r->evidence_n == RULE_EVIDENCE) return refuse(fail, r->id, "too much evidence");
    if (!json_members(j, keys, r->id, fail)) return false;
    struct evidence_item *e = &r->evidence[r->evidence_n++];
    e->key = json_text(j, "key");
    e->value = json_text(j, "value");
    e->words = json_text(j, "words");
    e->address = json_text(j, "text");
    const char *list = json_text(j, "list");
    if (!e->key || !!e->value + !!e->address + !!list != 1)
        return refuse(fail, r->id, "evidence has a key and one of value, text and list");
    if (list && !(e->list = derive_list_find(r->table, list)))
        return refuse(fail, r->id, "no list \"%.40s\" for evidence", list);
    if (list) return true;
    if (e->address) return template_check(e->address, s, fail);
    if (!derive_find(r->table, e->value, &e->derived))
        return refuse(fail, r->id, "no value \"%.40s\" for evidence", e->value);
    return !e->words || json_get(s->words, e->words) ||
           refuse(fail, r->id, "no list of words \"%.40s\"", e->words);
}

static bool evidence_load(struct rule *r, const cJSON *json, const struct scope *s,
                          struct fail *fail) {
    if (!cJSON_IsArray(json)) return refuse(fail, r->id, "evidence is a list");
    for (const cJSON *j = json->child; j; j = j->next)
        if (!evidence_item_load(r, j, s, fail)) return false;
    return true;
}

static bool value_load(struct rule *r, const cJSON *json, const char *key, struct derived *out,
                       bool *has, struct fail *fail) {
    const char *name = json_text(json, key);
    *has = name != NULL;
    return !name || derive_find(r->table, name, out) ||
           refuse(fail, r->id, "no value \"%.40s\" for %s", name, key);
}

static bool texts_load(struct rule *r, const cJSON *json, const struct scope *s,
                       struct fail *fail) {
    static const char *const keys[] = {"!headline", "!explanation", "!next_step", NULL};
    static const char *const languages[] = {"!en", "zh-CN", NULL};
    static const struct choice_kind text = {NULL, 0, false};
    if (!json_members(json, languages, r->id, fail)) return false;
    const cJSON *en = json_get(json, "en");
    return json_members(en, keys, r->id, fail) &&
           choice_load(&r->headline, json_get(en, "headline"), &text, s, fail) &&
           choice_load(&r->explanation, json_get(en, "explanation"), &text, s, fail) &&
           choice_load(&r->next_step, json_get(en, "next_step"), &text, s, fail);
}

static bool judgement_load(struct rule *r, const cJSON *json, const struct scope *s,
                           struct fail *fail) {
    static const struct choice_kind severities = {severity_names, SEVERITY_COUNT, false};
    static const struct choice_kind confidences = {confidence_names, CONFIDENCE_COUNT, false};
    static const struct choice_kind blames = {blame_names, BLAME_COUNT, true};
    const cJSON *when = json_get(json, "when"), *status = json_get(json, "status");
    if (when && !(r->when = cond_new(when, s, fail))) return false;
    int at = STATUS_PROBLEMS;
    if (status) at = list_index(status_names, STATUS_COUNT, status->valuestring);
    if (at < STATUS_PROBLEMS) return refuse(fail, r->id, "a finding cannot give that status");
    r->status = (enum verdict_status)at;
    const char *quality = json_text(json, "quality");
    r->loss = quality != NULL;
    if (quality && strcmp(quality, "loss") != 0) return refuse(fail, r->id, "quality is loss");
    return choice_load(&r->severity, json_get(json, "severity"), &severities, s, fail) &&
           choice_load(&r->confidence, json_get(json, "confidence"), &confidences, s, fail) &&
           choice_load(&r->blame, json_get(json, "blame"), &blames, s, fail);
}

static bool naming_load(struct rule *r, const cJSON *json, const struct scope *s,
                        struct fail *fail) {
    r->subject = json_text(json, "subject");
    r->name_source = json_text(json, "name");
    if (!r->subject || !template_check(r->subject, s, fail))
        return r->subject ? false : refuse(fail, r->id, "no subject");
    if (r->name_source && !(r->name = derive_name_find(r->table, r->name_source)))
        return refuse(fail, r->id, "no name \"%.40s\"", r->name_source);
    bool ok = value_load(r, json, "count", &r->count, &r->has_count, fail) &&
              value_load(r, json, "first", &r->first, &r->has_first, fail) &&
              value_load(r, json, "last", &r->last, &r->has_last, fail);
    r->has_weight = ok && derive_find(r->table, "packets", &r->weight);
    return ok;
}

static bool told_once_load(struct rule *r, const cJSON *json, const struct scope *scope,
                           struct fail *fail) {
    static const char *const keys[] = {"!same", "!when", NULL};
    if (json && !cJSON_IsArray(json)) return refuse(fail, r->id, "told_once is a list");
    for (const cJSON *j = json ? json->child : NULL; j; j = j->next) {
        if (r->told_onces == RULE_TOLD_ONCE) return refuse(fail, r->id, "too much told once");
        if (!json_members(j, keys, r->id, fail)) return false;
        struct told_once *t = &r->told_once[r->told_onces++];
        if (!same_load(r, j, &t->same, fail)) return false;
        if (!(t->when = cond_new(json_get(j, "when"), scope, fail))) return false;
    }
    return true;
}

bool rule_load(struct rules *set, struct rule *r, const cJSON *json, struct fail *fail) {
    static const char *const keys[] = {
        "!id",           "!table",    "needs",       "thresholds", "where",   "when",
        "guards",        "!severity", "!confidence", "!blame",     "quality", "status",
        "suppressed_by", "!subject",  "name",        "count",      "first",   "last",
        "!evidence",     "!text",     "told_once",   NULL};
    memset(r, 0, sizeof *r);
    r->id = json_text(json, "id");
    if (!r->id) return refuse(fail, "rules", "a rule without id");
    if (!json_members(json, keys, r->id, fail)) return false;
    if (!table_load(r, json_text(json, "table"), fail) ||
        !thresholds_load(r, json_get(json, "thresholds"), fail))
        return false;
    struct scope s = {.table = r->table,
                      .threshold = r->threshold,
                      .thresholds = r->thresholds,
                      .where = r->where,
                      .words = set->words,
                      .rule = r->id};
    return where_load(r, json_get(json, "where"), &s, fail) &&
           needs_load(set, r, json_get(json, "needs"), fail) &&
           guards_load(r, json_get(json, "guards"), &s, fail) &&
           suppressors_load(r, json_get(json, "suppressed_by"), &s, fail) &&
           told_once_load(r, json_get(json, "told_once"), &s, fail) &&
           naming_load(r, json, &s, fail) && judgement_load(r, json, &s, fail) &&
           evidence_load(r, json_get(json, "evidence"), &s, fail) &&
           texts_load(r, json_get(json, "text"), &s, fail);
}

void rule_free(struct rule *r) {
    cond_free(r->when);
    for (unsigned i = 0; i < r->told_onces; i++) cond_free(r->told_once[i].when);
    for (unsigned i = 0; i < r->wheres; i++) cond_free(r->where[i].is);
    for (unsigned i = 0; i < r->guards; i++) cond_free(r->guard[i].unless);
    for (unsigned i = 0; i < r->suppressors; i++) cond_free(r->suppressor[i].when);
    struct choice *const all[] = {r->severity, r->confidence,  r->blame,
                                  r->headline, r->explanation, r->next_step};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) choice_free(all[i]);
}
