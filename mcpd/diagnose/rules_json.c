/* Strict reading of JSON objects for the rule loader: a misspelt key must stop the start, not
 * silently switch a rule off.
 * Runs in: mcpd.  Input trust: local (an administrator's file), in full validation. */
#include "mcpd/diagnose/rules.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool refuse(struct fail *fail, const char *where, const char *fmt, ...) {
    char why[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return fail_set(fail, FAIL_VALUE, where, "rule file, %s: %s", where, why);
}

int list_index(const char *const *list, unsigned n, const char *word) {
    for (unsigned i = 0; word && i < n; i++)
        if (strcmp(list[i], word) == 0) return (int)i;
    return -1;
}

const cJSON *json_get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

const char *json_text(const cJSON *object, const char *key) {
    return cJSON_GetStringValue(json_get(object, key));
}

static bool member_allowed(const char *key, const char *const *allowed) {
    for (; *allowed; allowed++)
        if (strcmp(key, *allowed + (**allowed == '!')) == 0) return true;
    return false;
}

bool json_members(const cJSON *object, const char *const *allowed, const char *where,
                  struct fail *fail) {
    if (!cJSON_IsObject(object)) return refuse(fail, where, "an object is expected");
    for (const cJSON *m = object->child; m; m = m->next) {
        if (!member_allowed(m->string, allowed))
            return refuse(fail, where, "unknown key \"%.60s\"", m->string);
        for (const cJSON *o = m->next; o; o = o->next)
            if (strcmp(o->string, m->string) == 0)
                return refuse(fail, where, "key \"%.60s\" occurs twice", m->string);
    }
    for (; *allowed; allowed++)
        if (**allowed == '!' && !json_get(object, *allowed + 1))
            return refuse(fail, where, "key \"%s\" is missing", *allowed + 1);
    return true;
}
