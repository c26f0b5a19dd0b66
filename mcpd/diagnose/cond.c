/* Conditions of rules: "name op operand [* operand]", joined by all, any and not; one that is
 * needed again has a name.  Kept this small on purpose: whoever reads rules.json should see at once
 * what a rule asks. Runs in: mcpd.  Input trust: local (the rule file). */
#include "mcpd/diagnose/rules.h"
#include <stdlib.h>
#include <string.h>

#define WORD_MAX 64u

/* The next word, separated by single or more spaces; false at the end or when too long. */
static bool next_word(const char **text, char out[WORD_MAX]) {
    const char *p = *text + strspn(*text, " ");
    size_t n = strcspn(p, " ");
    if (n == 0 || n >= WORD_MAX) return false;
    memcpy(out, p, n);
    out[n] = 0;
    *text = p + n;
    return true;
}

static bool operand_read(struct operand *o, const char *word, const struct scope *s,
                         struct fail *fail) {
    char *end;
    if (word[0] == '$') {
        for (unsigned i = 0; i < s->thresholds; i++) {
            if (strcmp(s->threshold[i].name, word + 1) != 0) continue;
            o->kind = OPERAND_THRESHOLD;
            o->threshold = i;
            return true;
        }
        return refuse(fail, s->rule, "no threshold \"%s\"", word + 1);
    }
    o->number = strtod(word, &end);
    if (*end == 0) {
        o->kind = OPERAND_NUMBER;
        return true;
    }
    o->kind = OPERAND_VALUE;
    if (!derive_find(s->table, word, &o->value))
        return refuse(fail, s->rule, "no value \"%s\" in table %s", word, table_names[s->table]);
    return true;
}

static bool compare_read(struct cond *c, const char *text, const struct scope *s,
                         struct fail *fail) {
    static const char *const ops[] = {"<", "<=", "=", "!=", ">=", ">"};
    char name[WORD_MAX], op[WORD_MAX], word[WORD_MAX];
    const char *p = text;
    c->kind = COND_COMPARE;
    if (!next_word(&p, name) || !next_word(&p, op) || !next_word(&p, word))
        return refuse(fail, s->rule, "condition \"%.80s\" is not \"name op value\"", text);
    if (!derive_find(s->table, name, &c->left))
        return refuse(fail, s->rule, "no value \"%s\" in table %s", name, table_names[s->table]);
    int at = list_index(ops, 6, op);
    if (at < 0) return refuse(fail, s->rule, "no comparison \"%s\"", op);
    c->op = (enum cond_op)at;
    c->rights = 1;
    if (!operand_read(&c->right[0], word, s, fail)) return false;
    if (*(p + strspn(p, " ")) == 0) return true;
    char times[WORD_MAX], rest[WORD_MAX];
    if (!next_word(&p, times) || strcmp(times, "*") != 0 || !next_word(&p, word) ||
        next_word(&p, rest))
        return refuse(fail, s->rule, "condition \"%.80s\" has more after its value", text);
    c->rights = 2;
    return operand_read(&c->right[1], word, s, fail);
}

static bool named_read(struct cond *c, const char *name, const struct scope *s, struct fail *fail) {
    c->kind = COND_NAMED;
    for (unsigned i = 0; i < s->wheres; i++)
        if (strcmp(s->where[i].name, name) == 0) c->named = s->where[i].is;
    return c->named ||
           refuse(fail, s->rule, "no condition \"%.40s\" stands in `where` before it", name);
}

static bool text_read(struct cond *c, const char *text, const struct scope *s, struct fail *fail) {
    return strchr(text, ' ') ? compare_read(c, text, s, fail) : named_read(c, text, s, fail);
}

static struct cond *cond_read(const cJSON *json, const struct scope *s, unsigned depth,
                              struct fail *fail);

static bool children_read(struct cond *c, const cJSON *list, const struct scope *s, unsigned depth,
                          struct fail *fail) {
    struct cond **tail = &c->child;
    if (!cJSON_IsArray(list) || !list->child)
        return refuse(fail, s->rule, "all and any take a list of conditions");
    for (const cJSON *j = list->child; j; j = j->next) {
        if (!(*tail = cond_read(j, s, depth + 1, fail))) return false;
        tail = &(*tail)->next;
    }
    return true;
}

static bool joined_read(struct cond *c, const cJSON *json, const struct scope *s, unsigned depth,
                        struct fail *fail) {
    static const char *const keys[] = {"all", "any", "not", NULL};
    const char *const joins[] = {"all", "any", "not"};
    if (!json_members(json, keys, s->rule, fail)) return false;
    if (!json->child || json->child->next)
        return refuse(fail, s->rule, "a condition is one of all, any, not");
    c->kind = (enum cond_kind)list_index(joins, 3, json->child->string);
    if (c->kind != COND_NOT) return children_read(c, json->child, s, depth, fail);
    return (c->child = cond_read(json->child, s, depth + 1, fail)) != NULL;
}

static struct cond *cond_read(const cJSON *json, const struct scope *s, unsigned depth,
                              struct fail *fail) {
    struct cond *c = depth < COND_DEPTH ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        refuse(fail, s->rule, depth < COND_DEPTH ? "no memory" : "conditions nested too deep");
        return NULL;
    }
    bool ok = cJSON_IsString(json) ? text_read(c, json->valuestring, s, fail)
                                   : joined_read(c, json, s, depth, fail);
    if (ok) return c;
    cond_free(c);
    return NULL;
}

struct cond *cond_new(const cJSON *json, const struct scope *scope, struct fail *fail) {
    return cond_read(json, scope, 0, fail);
}

void cond_free(struct cond *c) {
    while (c) {
        struct cond *next = c->next;
        cond_free(c->child);
        free(c);
        c = next;
    }
}

static bool operand_value(const struct operand *o, const struct threshold *t,
                          const struct derive_row *r, double *out) {
    if (o->kind == OPERAND_VALUE) return derive_value(&o->value, r, out);
    *out = o->kind == OPERAND_NUMBER ? o->number : t[o->threshold].value;
    return true;
}

static bool compare(const struct cond *c, const struct threshold *t, const struct derive_row *r) {
    double left, right = 1;
    if (!derive_value(&c->left, r, &left)) return false;
    for (unsigned i = 0; i < c->rights; i++) {
        double factor;
        if (!operand_value(&c->right[i], t, r, &factor)) return false;
        right *= factor;
    }
    switch (c->op) {
    case OP_LT: return left < right;
    case OP_LE: return left <= right;
    case OP_EQ: return left == right;
    case OP_NE: return left != right;
    case OP_GE: return left >= right;
    case OP_GT: return left > right;
    }
    return false;
}

bool cond_true(const struct cond *c, const struct threshold *t, const struct derive_row *r) {
    if (!c) return true;
    if (c->kind == COND_COMPARE) return compare(c, t, r);
    if (c->kind == COND_NAMED) return cond_true(c->named, t, r);
    if (c->kind == COND_NOT) return !cond_true(c->child, t, r);
    for (const struct cond *k = c->child; k; k = k->next)
        if (cond_true(k, t, r) != (c->kind == COND_ALL)) return c->kind == COND_ANY;
    return c->kind == COND_ALL;
}
