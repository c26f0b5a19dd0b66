/* Header, verdict, totals, quality and coverage of a report.
 * Runs in: mcpd.  Input trust: packets (numbers), client (target text). */
#include "common/text.h"
#include "mcpd/report/build.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ISO 8601, UTC, milliseconds. */
static bool put_time(cJSON *out, const char *key, uint64_t epoch_us) {
    time_t seconds = (time_t)(epoch_us / 1000000u);
    struct tm tm;
    char text[48], whole[64];
    if (epoch_us == 0 || !gmtime_r(&seconds, &tm) ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
        return true; /* not known: left out */
    snprintf(whole, sizeof whole, "%s.%03uZ", text, (unsigned)(epoch_us / 1000u % 1000u));
    return put_text(out, key, whole);
}

/* Whose view this is: where the ends of the flows lie, seen from this host's addresses.  Traffic of
 * others passes through a router, which is addressed on the link, or is copied to a mirror. */
static const char *vantage(const struct msg_totals *t) {
    uint64_t most =
        t->local_is_client > t->local_is_server ? t->local_is_client : t->local_is_server;
    if (t->not_local > most && t->own_frames != t->foreign_frames)
        return t->own_frames > t->foreign_frames ? "router" : "mirror";
    if (most == 0 || t->not_local > most) return "unknown";
    if (t->local_is_client == t->local_is_server) return "unknown";
    return t->local_is_client > t->local_is_server ? "client" : "server";
}

/* Text given by the caller or by capd: made safe to show, clipped. */
static bool put_given(cJSON *out, const char *key, const char *text, uint32_t clip) {
    char clean[2048 + 8];
    size_t cap = clip < sizeof clean - 1 ? clip + 1 : sizeof clean;
    text_clean((const uint8_t *)text, strlen(text), clean, cap);
    return put_text(out, key, clean);
}

static bool put_reasons(cJSON *out, const struct capture_view *v) {
    bool ok = true;
    if (v->interface_why && v->interface_why[0])
        ok = put_given(out, "interface_why", v->interface_why, EVERYTHING);
    if (v->target && v->target->mode_why[0])
        ok = ok && put_given(out, "mode_why", v->target->mode_why, EVERYTHING);
    return ok;
}

bool tree_header(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    const struct capture_view *v = in->v;
    const struct msg_totals *t = &v->snapshot->totals;
    const char *target = v->target && v->target->text[0] ? v->target->text : "*";
    bool ok = put_count(out, "schema_version", 1) && put_text(out, "capture_id", v->id) &&
              put_text(out, "state", capture_state_names[v->state]) &&
              put_given(out, "target", target, LIM_NAME) &&
              put_text(out, "mode", mode_names[v->target ? v->target->mode : MODE_DIAGNOSIS]);
    if (ok && v->interface[0]) ok = put_given(out, "interface", v->interface, LIM_IFNAME);
    if (!ok || !how->quality) return ok;
    ok = put_text(out, "vantage", vantage(t)) &&
         put_given(out, "filter", v->filter ? v->filter : "",
                   how->rows == EVERYTHING ? EVERYTHING : 100);
    if (ok && how->reasons) ok = put_reasons(out, v);
    if (ok && v->ended_why && v->ended_why[0])
        ok = put_given(out, "ended_why", v->ended_why, how->rows == EVERYTHING ? EVERYTHING : 160);
    return ok && put_time(out, "started_at", t->started_us) &&
           put(out, "duration_s", item_s(t->duration_us));
}

bool tree_verdict(cJSON *out, const struct report_input *in) {
    const struct verdict *v = &in->d->verdict;
    cJSON *o = put_object(out, "verdict");
    if (!o || !put_text(o, "status", status_names[v->status]) ||
        !put_text(o, "headline", v->headline))
        return false;
    return !v->top || (put_text(o, "blame", v->top->blame) &&
                       put_text(o, "confidence", confidence_names[v->top->confidence]) &&
                       put_text(o, "blame_confidence", confidence_names[v->top->blame_confidence]));
}

static cJSON *protocol_item(const struct msg_protocol *p, uint64_t packets) {
    cJSON *o = cJSON_CreateObject();
    double percent = packets ? 100.0 * (double)p->packets / (double)packets : 0;
    if (!o) return NULL;
    put_text(o, "name", proto_names[p->proto]);
    put_count(o, "packets", p->packets);
    put_count(o, "bytes", p->bytes);
    cJSON_AddNumberToObject(o, "percent", (double)nearest(percent * 10) / 10);
    return o;
}

bool tree_totals(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    const struct msg_totals *t = &in->v->snapshot->totals;
    if (!put_count(out, "total_packets", t->packets) || !put_count(out, "total_bytes", t->bytes) ||
        !put_count(out, "other_packets", t->other_packets))
        return false;
    cJSON *list = how->protocols ? cJSON_AddArrayToObject(out, "protocols") : NULL;
    uint32_t n = t->protocols_n < how->protocols ? t->protocols_n : how->protocols;
    for (uint32_t i = 0; list && i < n; i++)
        cJSON_AddItemToArray(list, protocol_item(&t->protocols[i], t->packets));
    return true;
}

static double totals_value(const struct report_input *in, const char *name) {
    struct derived d;
    struct derive_row r = {in->v, TABLE_TOTALS, &in->v->snapshot->totals};
    double v;
    return derive_find(TABLE_TOTALS, name, &d) && derive_value(&d, &r, &v) ? derive_round(name, v)
                                                                           : 0;
}

bool tree_quality(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    const struct msg_totals *t = &in->v->snapshot->totals;
    cJSON *o = put_object(out, "capture_quality");
    if (!o || !put_text(o, "grade", quality_grade(in->set, in->v))) return false;
    if (!how->quality) return true;
    const struct {
        const char *key;
        uint64_t v;
    } counts[] = {{"missed_kernel", t->missed_kernel},
                  {"missed_interface", t->missed_interface},
                  {"truncated", t->truncated},
                  {"malformed", t->malformed},
                  {"evicted", nearest(totals_value(in, "entries_lost"))}};
    bool ok = put_count(o, "seen", t->seen);
    for (size_t i = 0; ok && i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i].v || how->zero_counters) ok = put_count(o, counts[i].key, counts[i].v);
    const char *const percents[] = {"gap_percent", "duplicate_percent"};
    for (size_t i = 0; ok && i < 2; i++) {
        double v = totals_value(in, percents[i]);
        if (v != 0 || how->zero_counters) ok = cJSON_AddNumberToObject(o, percents[i], v) != NULL;
    }
    if (ok && t->sealed_packets) ok = put_count(o, "encrypted_frames", t->sealed_packets);
    if (ok && t->headless_packets) ok = put_count(o, "without_headers", t->headless_packets);
    if (ok && t->file_errors) ok = put_given(o, "file_error", t->file_error, 160);
    return ok;
}

static bool count_reason(cJSON *object, const char *reason) {
    cJSON *n = cJSON_GetObjectItemCaseSensitive(object, reason);
    if (!n) return cJSON_AddNumberToObject(object, reason, 1) != NULL;
    cJSON_SetNumberValue(n, n->valuedouble + 1);
    return true;
}

static cJSON *rule_item(const struct rule *rule, const struct rule_outcome *o) {
    cJSON *row = cJSON_CreateArray();
    if (!row) return NULL;
    cJSON_AddItemToArray(row, cJSON_CreateString(rule->id));
    cJSON_AddItemToArray(row, cJSON_CreateString(o->reason ? o->reason : "evaluated"));
    return row;
}

/* From when on the kernel let less through, why, and what could no longer be seen. */
static bool put_narrowed(cJSON *coverage, const struct report_input *in,
                         const struct report_detail *how) {
    const struct capture_view *v = in->v;
    const struct msg_totals *t = &v->snapshot->totals;
    if (t->narrow_cause == NARROW_NONE) return true;
    enum mode mode = v->target ? v->target->mode : MODE_DIAGNOSIS;
    const char *why = words_find(in->set->words, "narrow_cause", (double)t->narrow_cause);
    const char *hidden = words_find(in->set->words, "narrow_hidden", (double)mode);
    cJSON *o = put_object(coverage, "narrowed");
    if (!o || !put(o, "from_s", item_s(t->narrowed_us)) ||
        !put_text(o, "why", why ? why : narrow_names[t->narrow_cause]) ||
        !put_text(o, "no_longer_seen", hidden ? hidden : ""))
        return false;
    return how->rows != EVERYTHING || put_given(o, "filter", t->narrow_filter, EVERYTHING);
}

bool tree_coverage(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    cJSON *o = put_object(out, "coverage");
    if (!o || !put_count(o, "rules_evaluated", in->d->evaluated)) return false;
    cJSON *not = put_object(o, "not_evaluable");
    for (unsigned i = 0; not &&i < in->set->n; i++)
        if (in->d->outcome[i].reason && !count_reason(not, in->d->outcome[i].reason)) return false;
    if (in->d->withheld && !put_count(o, "withheld", in->d->withheld)) return false;
    if (!put_narrowed(o, in, how)) return false;
    if (how->rows != EVERYTHING) return not != NULL;
    cJSON *rules = put_object(o, "rules"), *rows;
    const char *const columns[] = {"id", "outcome"};
    if (!rules || !put(rules, "columns", cJSON_CreateStringArray(columns, 2))) return false;
    if (!(rows = cJSON_AddArrayToObject(rules, "rows"))) return false;
    for (unsigned i = 0; i < in->set->n; i++)
        cJSON_AddItemToArray(rows, rule_item(&in->set->rule[i], &in->d->outcome[i]));
    return not != NULL;
}
