/* Running the rules: each over the rows of its table, then suppression (a cause explains its
 * symptoms), the quality gate, and the order in which a person should read.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/diagnose.h"
#include "mcpd/diagnose/derive_fn.h"
#include <stdlib.h>
#include <string.h>

static struct finding *finding_add(struct diagnosis *d) {
    if (d->n == d->cap) {
        uint32_t cap = d->cap ? d->cap * 2 : 16;
        struct finding *grown = realloc(d->finding, cap * sizeof *grown);
        if (!grown) return NULL;
        d->finding = grown;
        d->cap = cap;
    }
    struct finding *f = &d->finding[d->n++];
    memset(f, 0, sizeof *f);
    return f;
}

/* ---- one finding --------------------------------------------------------------------------- */
static void render_choice(const struct choice *texts, const struct rule *rule,
                          const struct template_input *in, char *out, size_t cap) {
    const struct choice *c = choice_take(texts, rule->threshold, in->row);
    out[0] = 0;
    if (c) template_render(c->is, in, out, cap);
}

static void finding_name(struct finding *f, const struct derive_row *r) {
    if (f->rule->name) wire_text(f->rule->name(r), f->name, sizeof f->name);
}

static void finding_times(struct finding *f, const struct derive_row *r) {
    const struct rule *rule = f->rule;
    f->has_first = rule->has_first && derive_value(&rule->first, r, &f->first_s);
    f->has_last = rule->has_last && derive_value(&rule->last, r, &f->last_s);
    f->count = 1;
    double v;
    if (rule->has_count && derive_value(&rule->count, r, &v)) f->count = v;
    if (rule->has_weight && derive_value(&rule->weight, r, &v)) f->weight = v;
}

/* Fill all that the row and the rule say; false: no memory. */
static bool finding_fill(struct finding *f, const struct rules *set, const struct rule *rule,
                         const struct derive_row *r, const struct choice *severity) {
    const struct choice *confidence = choice_take(rule->confidence, rule->threshold, r);
    const struct choice *blame = choice_take(rule->blame, rule->threshold, r);
    struct template_input in = {r, set->words, NULL};
    unsigned port;
    const struct addr *address;
    f->rule = rule;
    f->row = *r;
    f->severity = (enum severity)severity->code;
    f->confidence = confidence ? (enum confidence)confidence->code : CONFIDENCE_POSSIBLE;
    f->blame = blame ? blame->is : "ambiguous";
    f->blame_confidence = blame ? (enum confidence)blame->confidence : CONFIDENCE_POSSIBLE;
    f->on_target = derive_on_target(r);
    if (derive_subject(r, &address, &port)) f->address = *address;
    template_render(rule->subject, &in, f->subject, sizeof f->subject);
    in.subject = f->subject;
    finding_name(f, r);
    finding_times(f, r);
    render_choice(rule->headline, rule, &in, f->headline, sizeof f->headline);
    render_choice(rule->explanation, rule, &in, f->explanation, sizeof f->explanation);
    render_choice(rule->next_step, rule, &in, f->next_step, sizeof f->next_step);
    return (f->evidence = evidence_make(set, rule, r)) != NULL;
}

/* A second row about the same subject belongs to the finding that is there. */
static struct finding *finding_same(const struct diagnosis *d, const struct rule *rule,
                                    const struct derive_row *r, const struct rules *set) {
    char subject[SUBJECT_MAX];
    template_render(rule->subject, &(struct template_input){r, set->words, NULL}, subject,
                    sizeof subject);
    for (uint32_t i = d->n; i-- > 0 && d->finding[i].rule == rule;)
        if (strcmp(d->finding[i].subject, subject) == 0) return &d->finding[i];
    return NULL;
}

static void finding_merge(struct finding *into, const struct derive_row *r,
                          const struct choice *severity) {
    struct finding f = {.rule = into->rule};
    finding_times(&f, r);
    into->count += f.count;
    into->weight += f.weight;
    if (f.has_first && (!into->has_first || f.first_s < into->first_s)) into->first_s = f.first_s;
    if (f.has_last && (!into->has_last || f.last_s > into->last_s)) into->last_s = f.last_s;
    into->has_first |= f.has_first;
    into->has_last |= f.has_last;
    if ((enum severity)severity->code > into->severity)
        into->severity = (enum severity)severity->code;
    if (derive_on_target(r)) into->on_target = true;
}

/* ---- one rule ------------------------------------------------------------------------------ */
static bool guarded(const struct rule *rule, const struct derive_row *r) {
    for (unsigned i = 0; i < rule->guards; i++)
        if (cond_true(rule->guard[i].unless, rule->threshold, r)) return true;
    return false;
}

/* Does the rule fire for this row, how severely?  NULL: no. */
static const struct choice *row_fires(const struct rule *rule, const struct derive_row *r) {
    if (!cond_true(rule->when, rule->threshold, r) || guarded(rule, r)) return NULL;
    return choice_take(rule->severity, rule->threshold, r);
}

/* The first need that is not met for the row (or, with row NULL, for the capture); NULL: none. */
static const char *unmet(const struct rule *rule, const struct capture_view *v, const void *row) {
    for (unsigned i = 0; i < rule->needs_n; i++) {
        const struct visibility *n = rule->needs[i];
        bool totals = n->table == TABLE_TOTALS;
        if (!totals && !row) continue;
        struct derive_row r = {v, n->table, totals ? (const void *)&v->snapshot->totals : row};
        if (!cond_true(n->is, NULL, &r)) return n->text;
    }
    return NULL;
}

static bool row_judge(struct diagnosis *d, const struct rules *set, const struct rule *rule,
                      const struct derive_row *r) {
    const struct choice *severity = row_fires(rule, r);
    if (!severity) return true;
    struct finding *f = finding_same(d, rule, r, set);
    if (f) {
        finding_merge(f, r, severity);
        return true;
    }
    f = finding_add(d);
    return f && finding_fill(f, set, rule, r, severity);
}

static bool rule_run(struct diagnosis *d, const struct rules *set, unsigned at,
                     const struct capture_view *v) {
    const struct rule *rule = &set->rule[at];
    struct rule_outcome *outcome = &d->outcome[at];
    uint32_t n = derive_rows(v->snapshot, rule->table), judged = 0, rows = 0;
    if ((outcome->reason = unmet(rule, v, NULL))) return true;
    for (uint32_t i = 0; i < n; i++) {
        struct derive_row r = {v, rule->table, derive_row_at(v->snapshot, rule->table, i)};
        if (rule->table == TABLE_INCIDENTS && !rule->all_incidents &&
            ((const struct msg_incident *)r.row)->kind != rule->incident)
            continue;
        rows++;
        const char *why = unmet(rule, v, r.row);
        if (why) {
            outcome->reason = why;
            continue;
        }
        judged++;
        if (!row_judge(d, set, rule, &r)) return false;
    }
    if (rows == 0 || judged > 0) outcome->reason = NULL;
    return true;
}

/* ---- between findings ---------------------------------------------------------------------- */
static bool is_same(const struct finding *a, const struct finding *b, enum same same) {
    const struct addr *address;
    unsigned port_a = 0, port_b = 0;
    switch (same) {
    case SAME_ANY: return true;
    case SAME_ADDRESS: return a->address.len != 0 && addr_equal(&a->address, &b->address);
    case SAME_NETWORK: return a->address.len != 0 && derive_same_network(&a->address, &b->address);
    case SAME_SUBJECT: return strcmp(a->subject, b->subject) == 0;
    case SAME_NAME: return derive_same_name(&a->row, &b->row);
    case SAME_WAY: return derive_same_way(&a->row, &b->row);
    case SAME_CLIENT: return derive_same_client(&a->row, &b->row);
    case SAME_BEHIND: return derive_is_behind(&a->row, &b->row);
    case SAME_PORT:
        return derive_subject(&a->row, &address, &port_a) &&
               derive_subject(&b->row, &address, &port_b) && port_a == port_b;
    default: return false;
    }
}

static bool suppresses(const struct finding *cause, const struct finding *f,
                       const struct suppressor *s) {
    /* A note does not explain a problem away. */
    if (cause->severity == SEVERITY_INFO && f->severity > SEVERITY_INFO) return false;
    return is_same(cause, f, s->same);
}

/* `end_of`: where the findings of each rule end, which stand in the order of the rules. */
static bool explained(const struct diagnosis *d, const struct rules *set,
                      const uint32_t end_of[RULES_MAX], const struct finding *f) {
    for (unsigned k = 0; k < f->rule->suppressors; k++) {
        const struct suppressor *s = &f->rule->suppressor[k];
        int cause = rule_index(set, s->rule);
        if (!cond_true(s->when, f->rule->threshold, &f->row)) continue;
        for (uint32_t i = cause > 0 ? end_of[cause - 1] : 0; i < end_of[cause]; i++)
            if (suppresses(&d->finding[i], f, s)) return true;
    }
    return false;
}

/* findings.md, rules for every finding, 4. */
static void gate(struct diagnosis *d, const struct rules *set, const struct capture_view *v) {
    double percent = quality_missed_percent(set, v);
    for (uint32_t i = 0; i < d->n; i++) {
        struct finding *f = &d->finding[i];
        if (!f->rule->loss || f->suppressed) continue;
        if (percent >= set->gate.withheld_at) {
            f->suppressed = true;
            d->withheld++;
        } else if (percent >= set->gate.possible_at) {
            f->confidence = f->blame_confidence = CONFIDENCE_POSSIBLE;
        }
    }
}

static int by_number(double a, double b) {
    return (a > b) - (a < b);
}

static int order(const void *pa, const void *pb) {
    const struct finding *a = pa, *b = pb;
    int c = (int)b->severity - (int)a->severity;
    if (c == 0) c = (int)b->confidence - (int)a->confidence;
    if (c == 0) c = (int)b->on_target - (int)a->on_target;
    if (c == 0) c = by_number(b->weight, a->weight);
    if (c == 0) c = by_number(b->count, a->count);
    if (c == 0) c = strcmp(a->rule->id, b->rule->id);
    return c ? c : strcmp(a->subject, b->subject);
}

static void drop_suppressed(struct diagnosis *d) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        if (d->finding[i].suppressed)
            cJSON_Delete(d->finding[i].evidence);
        else if (kept++ != i)
            d->finding[kept - 1] = d->finding[i];
    }
    d->n = kept;
}

static void put_in_order(struct diagnosis *d) {
    if (d->n > 1) qsort(d->finding, d->n, sizeof *d->finding, order);
}

/* By one that was looked at before `f`. */
static bool is_told(const struct diagnosis *d, uint32_t i, const struct told_once *t) {
    const struct finding *f = &d->finding[i];
    if (!cond_true(t->when, f->rule->threshold, &f->row)) return false;
    for (uint32_t k = 0; k < d->n; k++) {
        const struct finding *g = &d->finding[k];
        bool before = g->on_target > f->on_target || (g->on_target == f->on_target && k < i);
        if (before && g->rule == f->rule && !g->suppressed && is_same(g, f, t->same) &&
            cond_true(t->when, f->rule->threshold, &g->row))
            return true;
    }
    return false;
}

/* What is told once is told by the finding that is read first, but the target's by one of its own:
 * those are looked at first. */
static void tell_once(struct diagnosis *d) {
    for (int on_target = 1; on_target >= 0; on_target--)
        for (uint32_t i = 0; i < d->n; i++) {
            struct finding *f = &d->finding[i];
            for (unsigned k = 0; f->on_target == on_target && k < f->rule->told_onces; k++)
                f->suppressed |= is_told(d, i, &f->rule->told_once[k]);
        }
}

struct diagnosis *diagnose(const struct rules *set, const struct capture_view *of) {
    struct diagnosis *d = calloc(1, sizeof *d);
    uint32_t end_of[RULES_MAX];
    if (!d) return NULL;
    d->view = *of;
    derive_shared(&d->view);
    const struct capture_view *v = &d->view;
    for (unsigned i = 0; i < set->n; i++) {
        if (!rule_run(d, set, i, v)) {
            diagnosis_free(d);
            return NULL;
        }
        d->outcome[i].evaluated = d->outcome[i].reason == NULL;
        d->evaluated += d->outcome[i].evaluated;
        end_of[i] = d->n;
    }
    for (uint32_t i = 0; i < d->n; i++)
        d->finding[i].suppressed = explained(d, set, end_of, &d->finding[i]);
    drop_suppressed(d);
    put_in_order(d);
    tell_once(d);
    gate(d, set, v);
    drop_suppressed(d);
    put_in_order(d);
    verdict_make(set, v, d);
    return d;
}

void diagnosis_free(struct diagnosis *d) {
    if (!d) return;
    for (uint32_t i = 0; i < d->n; i++) cJSON_Delete(d->finding[i].evidence);
    free(d->finding);
    free(d);
}
