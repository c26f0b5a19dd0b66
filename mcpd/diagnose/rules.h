#ifndef MCPD_DIAGNOSE_RULES_H
#define MCPD_DIAGNOSE_RULES_H
#include "mcpd/diagnose/derive.h"
#include <cjson/cJSON.h>

/* The compiled form of rules.json.  Every string points into the parsed text, which the rule set
 * keeps; nothing here changes after loading. */

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITY_COUNT };
enum confidence { CONFIDENCE_POSSIBLE, CONFIDENCE_LIKELY, CONFIDENCE_CONFIRMED, CONFIDENCE_COUNT };
enum verdict_status {
    STATUS_PENDING,
    STATUS_HEALTHY,
    STATUS_PROBLEMS,
    STATUS_NO_TRAFFIC,
    STATUS_INCONCLUSIVE,
    STATUS_COUNT
};
extern const char *const severity_names[SEVERITY_COUNT];
extern const char *const confidence_names[CONFIDENCE_COUNT];
extern const char *const status_names[STATUS_COUNT];
#define BLAME_COUNT 9
extern const char *const blame_names[BLAME_COUNT];

#define RULES_MAX        96u
#define RULE_THRESHOLDS  24u
#define RULE_EVIDENCE    12u
#define RULE_NEEDS       5u
#define RULE_SUPPRESSORS 14u
#define RULE_GUARDS      6u
#define RULE_TOLD_ONCE   4u
#define RULE_WHERE       13u
#define RULES_VISIBILITY 32u
#define COND_DEPTH       8u /* nesting of all/any/not: a reader's limit before a stack's */

struct threshold {
    const char *name, *reason;
    double value;
};

/* ---- conditions: "name op operand" joined by all, any, not; or the name of one --------------- */
enum cond_kind { COND_ALL, COND_ANY, COND_NOT, COND_COMPARE, COND_NAMED };
enum cond_op { OP_LT, OP_LE, OP_EQ, OP_NE, OP_GE, OP_GT };
struct operand {
    enum { OPERAND_NUMBER, OPERAND_THRESHOLD, OPERAND_VALUE } kind;
    double number;
    unsigned threshold;
    struct derived value;
};
struct cond {
    enum cond_kind kind;
    enum cond_op op;
    struct derived left;
    struct operand right[2]; /* multiplied when there are two */
    unsigned rights;
    struct cond *child, *next;
    const struct cond *named; /* COND_NAMED: its rule's */
};

/* A condition that its rule gives a name in `where`, to say it once. */
struct named_cond {
    const char *name;
    struct cond *is;
};

/* Where a condition or a template is written, for look-ups and messages. */
struct scope {
    enum table_id table;
    const struct threshold *threshold;
    unsigned thresholds;
    const struct named_cond *where; /* those so far: a name means an earlier one */
    unsigned wheres;
    const cJSON *words; /* object: list name -> { number -> word } */
    const char *rule;   /* for messages */
};

/* NULL: `fail` names the rule. */
struct cond *cond_new(const cJSON *json, const struct scope *scope, struct fail *fail);
void cond_free(struct cond *c);

/* An absent condition (NULL) is true.  A comparison with a value that is not known is false. */
bool cond_true(const struct cond *c, const struct threshold *t, const struct derive_row *r);

/* ---- choices: the first alternative whose condition holds ---------------------------------- */
struct choice {
    const char *is;
    int code;       /* index in the closed list; -1 for texts */
    int confidence; /* of a blame */
    struct cond *when;
    struct choice *next;
};
const struct choice *choice_take(const struct choice *c, const struct threshold *t,
                                 const struct derive_row *r);

/* ---- templates ----------------------------------------------------------------------------- */
/* {name} a number, {name|one|many} number and noun, {=name|one|many} the noun alone, {name@list} a
 * word of a list in `words`; {service} {address} {peer} {client} {slow_client} {reset_from}
 * {failing} addresses of the row ({failing}: a service's, with those of the same name that fail as
 * well), {private} the one that a resolver gave; {subject} the finding's subject; {target} the
 * caller's own text, {interface}. */
bool template_check(const char *text, const struct scope *scope, struct fail *fail);

struct template_input {
    const struct derive_row *row;
    const cJSON *words;
    const char *subject; /* NULL while the subject itself is made */
};
/* Always NUL-terminated; what does not fit is cut at a character. */
void template_render(const char *text, const struct template_input *in, char *out, size_t cap);

/* Round for people by the unit in the name's suffix, so that the same number is written alike
 * everywhere. */
double derive_round(const char *name, double value);

/* The word for number `value` in list `list` of `words`, or NULL. */
const char *words_find(const cJSON *words, const char *list, double value);

/* ---- rules --------------------------------------------------------------------------------- */
struct evidence_item {
    const char *key, *value, *words, *address; /* value: derived name; or address: placeholder */
    derive_list_fn list;                       /* or several addresses, a number each */
    struct derived derived;
};

/* name: both are about addresses of one name, on one port; way: both are symptoms of one cut of the
 * way out of the network; client: all that was tried there was tried by the client that the cause
 * is about; behind: derive_is_behind(). */
enum same {
    SAME_ANY,
    SAME_ADDRESS,
    SAME_SUBJECT,
    SAME_NAME,
    SAME_WAY,
    SAME_PORT,
    SAME_NETWORK,
    SAME_CLIENT,
    SAME_BEHIND,
    SAME_COUNT
};

/* `when` is asked of the row that would be explained. */
struct suppressor {
    const char *rule;
    enum same same;
    struct cond *when;
};

/* Of the findings for which `when` holds and that have the same, only the first is told. */
struct told_once {
    enum same same;
    struct cond *when;
};

struct guard {
    const char *why;
    struct cond *unless;
};

struct visibility {
    const char *name, *text;
    struct cond *is;
    enum table_id table; /* TABLE_TOTALS: judged once for the capture, else per row */
};

struct rule {
    const char *id, *subject, *name_source;
    enum table_id table;
    enum incident_kind incident; /* TABLE_INCIDENTS */
    bool all_incidents;
    bool loss;                  /* lowered and withheld by the quality gate */
    enum verdict_status status; /* of a verdict that rests on this finding */
    const struct visibility *needs[RULE_NEEDS];
    unsigned needs_n;
    struct threshold threshold[RULE_THRESHOLDS];
    unsigned thresholds;
    struct named_cond where[RULE_WHERE];
    unsigned wheres;
    struct cond *when;
    struct guard guard[RULE_GUARDS];
    unsigned guards;
    struct choice *severity, *confidence, *blame, *headline, *explanation, *next_step;
    struct suppressor suppressor[RULE_SUPPRESSORS];
    unsigned suppressors;
    struct told_once told_once[RULE_TOLD_ONCE];
    unsigned told_onces;
    derive_name_fn name;
    struct derived count, first, last, weight;
    bool has_count, has_first, has_last, has_weight;
    struct evidence_item evidence[RULE_EVIDENCE];
    unsigned evidence_n;
};

struct quality_gate {
    double possible_at, withheld_at; /* percent missed */
    double good_below, fair_up_to;   /* grades */
    double min_events;               /* fewer missed packets or gaps say nothing */
};

struct rules {
    cJSON *json;
    struct quality_gate gate;
    struct visibility visibility[RULES_VISIBILITY];
    unsigned visibilities;
    struct rule rule[RULES_MAX];
    unsigned n;
    const cJSON *words;
    struct choice *healthy, *pending, *failed, *nothing; /* headlines without a finding */
    const char *more, *elsewhere, *withheld;
};

/* rules_load.c: one rule from its object.  False: `fail`. */
bool rule_load(struct rules *set, struct rule *rule, const cJSON *json, struct fail *fail);
void rule_free(struct rule *rule);

/* rules_json.c: refuse members that are not in the list, doubled ones, and missing ones (names with
 * a leading '!' must be there). */
bool json_members(const cJSON *object, const char *const *allowed, const char *where,
                  struct fail *fail);
const cJSON *json_get(const cJSON *object, const char *key);
const char *json_text(const cJSON *object, const char *key); /* NULL: absent or no text */
bool refuse(struct fail *fail, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int list_index(const char *const *list, unsigned n, const char *word); /* -1: not in it */

/* A text, or an array of {"is", "when"}: `names`/`n` is the closed list, NULL for templates. */
struct choice_kind {
    const char *const *names;
    unsigned n;
    bool is_blame;
};
bool choice_load(struct choice **out, const cJSON *json, const struct choice_kind *kind,
                 const struct scope *scope, struct fail *fail);
void choice_free(struct choice *c);
/* Place of the rule of that id in `set`; -1: none. */
int rule_index(const struct rules *set, const char *id);
#endif
