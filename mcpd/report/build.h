#ifndef MCPD_REPORT_BUILD_H
#define MCPD_REPORT_BUILD_H
#include "mcpd/diagnose/diagnose.h"
#include "mcpd/report/report.h"

/* Inside of the report module: one judged capture, and how much of it to say. */
struct report_input {
    const struct rules *set;
    const struct capture_view *v;
    const struct diagnosis *d;
};

#define EVERYTHING UINT32_MAX

/* How much a report says; contract section 4, "What gives way". */
struct report_detail {
    uint32_t rows; /* of each list */
    uint32_t protocols;
    uint32_t findings_full; /* findings with evidence and next step */
    uint32_t findings_said; /* findings with an explanation; the rest is {id, severity, subject,
                               count} */
    uint32_t findings_kept; /* findings at all; the rest is a count per id */
    uint32_t infos;         /* notes among them, said in full */
    uint32_t infos_kept;    /* notes among them at all */
    bool zero_counters, phases, counters, quality, reasons, threshold;
    uint32_t clip; /* bytes of a text from the wire; EVERYTHING: all of it */
};

/* ---- fields.c: numbers and texts as the contract writes them.  False: no memory ------------ */
#define JSON_SAFE_INTEGER ((uint64_t)1 << 53)
uint64_t nearest(double v);          /* nearest integer; beyond either end: that end */
cJSON *item_count(uint64_t v);       /* beyond 2^53: as text */
cJSON *item_ms(uint64_t us);         /* rounded as derive_round() does */
cJSON *item_ms_or_null(uint64_t us); /* 0: null, not seen */
cJSON *item_s(uint64_t us);
cJSON *item_wire(const char *text,
                 uint32_t clip); /* from the wire: checked, clipped at a character */
bool put(cJSON *object, const char *key, cJSON *item); /* takes the item; false when it is NULL */
bool put_text(cJSON *object, const char *key, const char *text);
bool put_count(cJSON *object, const char *key, uint64_t v);
cJSON *put_object(cJSON *object, const char *key);

/* ---- tree.c: pieces of the report ---------------------------------------------------------- */
bool tree_header(cJSON *out, const struct report_input *in, const struct report_detail *how);
bool tree_verdict(cJSON *out, const struct report_input *in);
bool tree_totals(cJSON *out, const struct report_input *in, const struct report_detail *how);
bool tree_quality(cJSON *out, const struct report_input *in, const struct report_detail *how);
bool tree_coverage(cJSON *out, const struct report_input *in, const struct report_detail *how);

/* connections.c: connection_analysis, tcp_analysis, phases_ms. */
bool tree_connections(cJSON *out, const struct report_input *in, const struct report_detail *how);
bool tree_tcp_analysis(cJSON *out, const struct report_input *in, const struct report_detail *how);
bool tree_phases(cJSON *out, const struct report_input *in);

/* addresses.c: target_addresses and target_families of a target that is a name; and why the list is
 * empty or cut. */
bool tree_addresses(cJSON *out, const struct report_input *in, const struct report_detail *how);
bool tree_addresses_reason(cJSON *reasons, const struct report_input *in,
                           const struct report_detail *how);

/* findings.c */
bool tree_findings(cJSON *out, const struct report_input *in, const struct report_detail *how);
cJSON *finding_item(const struct finding *f, const struct report_detail *how, uint32_t position);

/* ---- rows.c: the lists --------------------------------------------------------------------- */
enum list_id { LIST_CONNECTIONS, LIST_DNS, LIST_HTTP, LIST_TLS, LIST_HOSTS, LIST_COUNT };
extern const char *const list_keys[LIST_COUNT];     /* in the report: "dns_queries" */
extern const char *const list_sections[LIST_COUNT]; /* as a section: "dns" */
uint32_t list_rows(const struct snapshot *s, enum list_id list);
uint64_t list_of(const struct snapshot *s, enum list_id list); /* how many there were */
cJSON *list_columns(enum list_id list);
cJSON *list_row(const struct snapshot *s, enum list_id list, uint32_t i, uint32_t clip);
/* {"columns", "rows"} of up to `n` rows. */
cJSON *list_item(const struct snapshot *s, enum list_id list, const struct report_detail *how);
/* Why the list is empty or cut; NULL: it is neither. */
const char *list_reason(const struct report_input *in, enum list_id list, uint32_t shown,
                        char *text, size_t cap);

/* Why a list shows no more than `shown` of its `of` rows: "none seen", "N of M shown" (in `text`),
 * NULL when all are there.  Add it to `reasons` under `key`; false: no memory. */
bool put_shown(cJSON *reasons, const char *key, uint64_t shown, uint64_t of);
/* Note in `lists` that hashes stand where names and paths would (names = off in capd.conf). */
bool list_names_off(cJSON *reasons, const struct report_input *in);

/* ---- timeline.c ---------------------------------------------------------------------------- */
cJSON *timeline_item(const struct snapshot *s, uint32_t from, uint32_t n);
#define SPARK_CELLS 40u
/* A line of block characters, one per stretch of time; "" when there is nothing.  At most
 * SPARK_CELLS characters of 3 bytes. */
void sparkline(const uint64_t *values, uint32_t n, char out[SPARK_CELLS * 3 + 1]);

/* budget.c: the whole tree with one degree of detail, and its size on the wire. */
cJSON *report_build(const struct report_input *in, const struct report_detail *how);
size_t tree_bytes(const cJSON *tree); /* unformatted; SIZE_MAX without memory */
cJSON *report_summary(const struct report_input *in, unsigned max_tokens);

/* section.c: "<snapshot>.<section>.<offset>" */
void cursor_make(char *out, size_t cap, const struct report_input *in, const char *section,
                 uint32_t offset);

#define TOKEN_BYTES 3u
#define TOKENS_MIN  540u /* of the 600 that may be asked for, what a cut note leaves */
#define TOKENS_MAX  8000u
#endif
