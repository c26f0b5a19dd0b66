/* Choices: one value, or alternatives of which the first whose condition holds is taken.
 * Runs in: mcpd.  Input trust: local (the rule file). */
#include "mcpd/diagnose/rules.h"
#include <stdlib.h>

static bool value_load(struct choice *c, const cJSON *is, const struct choice_kind *kind,
                       const struct scope *scope, struct fail *fail) {
    c->is = cJSON_GetStringValue(is);
    c->code = -1;
    if (!c->is) return refuse(fail, scope->rule, "a text is expected");
    if (!kind->names) return template_check(c->is, scope, fail);
    c->code = list_index(kind->names, kind->n, c->is);
    return c->code >= 0 || refuse(fail, scope->rule, "\"%.40s\" is not allowed here", c->is);
}

static bool alternative_load(struct choice *c, const cJSON *json, const struct choice_kind *kind,
                             const struct scope *scope, struct fail *fail) {
    static const char *const keys[] = {"!is", "when", NULL};
    static const char *const blame_keys[] = {"!is", "!confidence", "when", NULL};
    if (!json_members(json, kind->is_blame ? blame_keys : keys, scope->rule, fail)) return false;
    if (!value_load(c, json_get(json, "is"), kind, scope, fail)) return false;
    if (kind->is_blame) {
        c->confidence =
            list_index(confidence_names, CONFIDENCE_COUNT, json_text(json, "confidence"));
        if (c->confidence < 0) return refuse(fail, scope->rule, "unknown confidence of a blame");
    }
    const cJSON *when = json_get(json, "when");
    return !when || (c->when = cond_new(when, scope, fail));
}

bool choice_load(struct choice **out, const cJSON *json, const struct choice_kind *kind,
                 const struct scope *scope, struct fail *fail) {
    bool list = cJSON_IsArray(json);
    if (list && !json->child) return refuse(fail, scope->rule, "an empty list of alternatives");
    for (const cJSON *j = list ? json->child : json; j; j = list ? j->next : NULL) {
        struct choice *c = calloc(1, sizeof *c);
        if (!c) return refuse(fail, scope->rule, "no memory");
        *out = c;
        out = &c->next;
        bool plain = cJSON_IsString(j) && !kind->is_blame;
        if (!(plain ? value_load(c, j, kind, scope, fail)
                    : alternative_load(c, j, kind, scope, fail)))
            return false;
    }
    return true;
}

void choice_free(struct choice *c) {
    while (c) {
        struct choice *next = c->next;
        cond_free(c->when);
        free(c);
        c = next;
    }
}

const struct choice *choice_take(const struct choice *c, const struct threshold *t,
                                 const struct derive_row *r) {
    while (c && !cond_true(c->when, t, r)) c = c->next;
    return c;
}
