/* The numbers that prove a finding, under the keys that rules.json gives them: a number, a word for
 * it, an address, or ("list") an object with a number for each of several addresses.
 * Runs in: mcpd.  Input trust: packets (numbers), local (keys). */
#include "mcpd/diagnose/diagnose.h"

/* {"192.0.2.53": 0, "192.0.2.54": 100}; the values are rounded by the key's unit.  Of an address
 * that a worker tells twice the first counts: JSON has each key once. */
static bool add_list(cJSON *out, const struct evidence_item *e, const struct derive_row *r) {
    struct derive_item item[DERIVE_ITEMS];
    unsigned n = e->list(r, item);
    if (n == 0) return true; /* nothing to tell apart */
    cJSON *object = cJSON_AddObjectToObject(out, e->key);
    for (unsigned i = 0; object && i < n; i++)
        if (!cJSON_GetObjectItemCaseSensitive(object, item[i].subject) &&
            !cJSON_AddNumberToObject(object, item[i].subject, derive_round(e->key, item[i].value)))
            return false;
    return object != NULL;
}

static bool add_item(cJSON *out, const struct rules *set, const struct evidence_item *e,
                     const struct derive_row *r) {
    double v;
    if (e->list) return add_list(out, e, r);
    if (e->address) {
        char text[SUBJECT_MAX];
        template_render(e->address, &(struct template_input){r, set->words, NULL}, text,
                        sizeof text);
        return cJSON_AddStringToObject(out, e->key, text) != NULL;
    }
    if (!derive_value(&e->derived, r, &v)) return true; /* not known: left out, not faked */
    const char *word = e->words ? words_find(set->words, e->words, v) : NULL;
    if (word) return cJSON_AddStringToObject(out, e->key, word) != NULL;
    return cJSON_AddNumberToObject(out, e->key, derive_round(e->key, v)) != NULL;
}

cJSON *evidence_make(const struct rules *set, const struct rule *rule, const struct derive_row *r) {
    cJSON *out = cJSON_CreateObject();
    for (unsigned i = 0; out && i < rule->evidence_n; i++)
        if (!add_item(out, set, &rule->evidence[i], r)) {
            cJSON_Delete(out);
            return NULL;
        }
    return out;
}
