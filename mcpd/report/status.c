/* What get_capture_status says: how far the capture is and what it found so far.
 * Runs in: mcpd.  Input trust: packets (numbers). */
#include "mcpd/report/build.h"

#define STATUS_FINDINGS 5u

static bool put_progress(cJSON *out, const struct capture_view *v) {
    const struct msg_totals *t = &v->snapshot->totals;
    cJSON *o = put_object(out, "progress");
    if (!o || !put(o, "elapsed_s", item_s(t->duration_us))) return false;
    if (v->duration_ms == 0) return true;
    double percent = (double)t->duration_us / 10.0 / (double)v->duration_ms;
    if (percent > 100 || (derive_ended(v) && v->state != CAPTURE_FAILED)) percent = 100;
    return put(o, "duration_s", item_s(v->duration_ms * 1000)) &&
           cJSON_AddNumberToObject(o, "percent", (double)nearest(percent)) != NULL;
}

static bool put_counts(cJSON *out, const struct msg_totals *t) {
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {{"connections_attempted", t->attempted},
                  {"connections_established", t->established},
                  {"dns_queries", t->dns_transactions},
                  {"http_requests", t->http_requests},
                  {"tls_handshakes", t->tls_client_hellos}};
    cJSON *o = put_object(out, "counts");
    bool ok = o != NULL;
    for (size_t i = 0; ok && i < sizeof counts / sizeof counts[0]; i++)
        ok = put_count(o, counts[i].key, counts[i].value);
    return ok;
}

uint32_t report_problems(const struct rules *r, const struct capture_view *v) {
    struct diagnosis *d = diagnose(r, v);
    uint32_t n = 0;
    for (uint32_t i = 0; d && i < d->n; i++) n += d->finding[i].severity > SEVERITY_INFO;
    diagnosis_free(d);
    return n;
}

cJSON *report_status(const struct rules *r, const struct capture_view *v) {
    static const struct report_detail how = {
        .findings_kept = STATUS_FINDINGS, .infos_kept = 0, .quality = true, .clip = 64};
    struct diagnosis *d = diagnose(r, v);
    struct report_input in = {r, v, d};
    cJSON *out = d ? cJSON_CreateObject() : NULL;
    bool ok = out && tree_header(out, &in, &how) && tree_verdict(out, &in) &&
              put_progress(out, v) && tree_totals(out, &in, &how) && tree_quality(out, &in, &how) &&
              put_counts(out, &v->snapshot->totals) && tree_findings(out, &in, &how);
    diagnosis_free(d);
    if (ok) return out;
    cJSON_Delete(out);
    return NULL;
}
