/* The rule set as something to read: what is asked, from which value on, and why.  The sentences of
 * findings are left out: they are half of the text, and reports show them.
 * Runs in: mcpd.  Input trust: local. */
#include "mcpd/diagnose/rules.h"
#include "mcpd/report/report.h"
#include <string.h>

static bool is_told(const char *key) {
    static const char *const sentences[] = {"text", "evidence", "name"};
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (strcmp(key, sentences[i]) == 0) return false;
    return true;
}

static cJSON *rule_item(const cJSON *rule) {
    cJSON *out = cJSON_CreateObject();
    for (const cJSON *m = rule->child; out && m; m = m->next)
        if (is_told(m->string)) cJSON_AddItemToObject(out, m->string, cJSON_Duplicate(m, true));
    return out;
}

char *rules_active(const struct rules *r) {
    static const char *const parts[] = {"version", "quality_gate", "visibility"};
    cJSON *out = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cJSON_AddItemToObject(out, parts[i], cJSON_Duplicate(json_get(r->json, parts[i]), true));
    cJSON *rules = cJSON_AddArrayToObject(out, "rules");
    const cJSON *rule;
    cJSON_ArrayForEach(rule, json_get(r->json, "rules"))
        cJSON_AddItemToArray(rules, rule_item(rule));
    char *text = cJSON_PrintUnformatted(out);
    cJSON_Delete(out);
    return text;
}
