#ifndef MCPD_DIAGNOSE_DIAGNOSE_H
#define MCPD_DIAGNOSE_DIAGNOSE_H
#include "mcpd/diagnose/rules.h"

/* One judged capture: findings, what was checked, and the verdict.  Pure: the same view gives the
 * same diagnosis. */

#define SENTENCE_MAX 420u
#define SUBJECT_MAX  96u

struct finding {
    const struct rule *rule;
    struct derive_row row; /* the first one it was found in */
    enum severity severity;
    enum confidence confidence, blame_confidence;
    const char *blame;
    char subject[SUBJECT_MAX];
    struct addr address;         /* of the subject, len 0 if it has none */
    char name[LIM_NAME * 4 + 1]; /* from the wire, cleaned again; "" if none */
    double count, first_s, last_s, weight;
    bool has_first, has_last;
    bool on_target;
    bool suppressed;
    cJSON *evidence; /* owned */
    char headline[SENTENCE_MAX], explanation[SENTENCE_MAX], next_step[SENTENCE_MAX];
};

struct rule_outcome {
    bool evaluated;
    const char *reason; /* why not, NULL when evaluated */
};

struct verdict {
    enum verdict_status status;
    char headline[SENTENCE_MAX + 128];
    const struct finding *top; /* what it rests on, NULL if on no finding */
};

struct diagnosis {
    struct capture_view view; /* what the findings' rows belong to */
    struct finding *finding;  /* sorted: what matters first */
    uint32_t n, cap;
    struct rule_outcome outcome[RULES_MAX]; /* by rule */
    unsigned evaluated;
    unsigned withheld; /* findings that the quality gate held back */
    struct verdict verdict;
};

/* NULL: no memory. */
struct diagnosis *diagnose(const struct rules *set, const struct capture_view *v);
void diagnosis_free(struct diagnosis *d);

/* evidence.c: the evidence object of a rule for a row.  NULL: no memory. */
cJSON *evidence_make(const struct rules *set, const struct rule *rule, const struct derive_row *r);

/* verdict.c: status and headline from sorted findings. */
void verdict_make(const struct rules *set, const struct capture_view *v, struct diagnosis *d);

/* True if the finding counts for the verdict: about the target, or about the capture as a whole. */
bool finding_counts(const struct finding *f, const struct capture_view *v);

/* What the capture itself missed, by the worse of its two signs, drops and gaps. */
double quality_missed_percent(const struct rules *set, const struct capture_view *v);

/* It has ended, and capd has told nothing of it: all may have been missed. */
bool quality_is_unknown(const struct capture_view *v);
/* good, fair or poor. */
const char *quality_grade(const struct rules *set, const struct capture_view *v);

/* wiretext.c: text that should have been cleaned by the worker, made sure of: same text if it was,
 * escaped if it was not.  `cap` of 4 * strlen + 1 never cuts. */
void wire_text(const char *in, char *out, size_t cap);
#endif
