/* connection_analysis, tcp_analysis and phases_ms: the capture's TCP in numbers.
 * Runs in: mcpd.  Input trust: packets (numbers). */
#include "mcpd/report/build.h"

struct counter {
    const char *key;
    uint64_t value;
};

static bool put_counters(cJSON *o, const struct counter *c, size_t n, bool zeros) {
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        if (zeros || c[i].value) ok = put_count(o, c[i].key, c[i].value);
    return ok;
}

static bool put_dist(cJSON *o, const char *key, const struct dist *d) {
    if (d->samples == 0) return true; /* not measured: left out, not faked */
    cJSON *out = put_object(o, key);
    return out && put(out, "min", item_ms(d->min_us)) && put(out, "p50", item_ms(d->p50_us)) &&
           put(out, "p95", item_ms(d->p95_us)) && put_count(out, "samples", d->samples);
}

static uint64_t bits_per_second(uint64_t bytes, uint64_t us) {
    return us ? nearest((double)bytes * 8e6 / (double)us) : 0;
}

static uint64_t greater(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static bool put_throughput(cJSON *o, const struct msg_totals *t) {
    uint64_t to_client = bits_per_second(t->payload_to_client, t->duration_us);
    uint64_t to_server = bits_per_second(t->payload_to_server, t->duration_us);
    /* A peak is that of the busiest second; what lasted less has no second to be measured in. */
    const struct counter rates[] = {{"to_client", to_client},
                                    {"to_server", to_server},
                                    {"peak_to_client", greater(t->peak_bps_to_client, to_client)},
                                    {"peak_to_server", greater(t->peak_bps_to_server, to_server)}};
    if (t->payload_to_client + t->payload_to_server == 0) return true;
    cJSON *out = put_object(o, "throughput_bps");
    return out && put_counters(out, rates, 4, true);
}

static bool put_counts(cJSON *o, const struct msg_totals *t, bool zeros) {
    const struct counter outcomes[] = {
        {"attempted", t->attempted}, {"established", t->established}, {"refused", t->refused},
        {"timed_out", t->timed_out}, {"unreachable", t->unreachable}, {"aborted", t->aborted},
        {"pending", t->pending},     {"closed", t->closed},           {"reset", t->reset},
        {"open", t->open},           {"midstream", t->midstream}};
    const struct counter data[] = {
        {"data_segments", t->data_segments_to_client + t->data_segments_to_server},
        {"retransmitted", t->retransmitted_to_client + t->retransmitted_to_server},
        {"lost_before_capture", t->lost_before},
        {"lost_after_capture", t->lost_after},
        {"reordered", t->reordered}};
    return put_counters(o, outcomes, sizeof outcomes / sizeof outcomes[0], zeros) &&
           put_counters(o, data, sizeof data / sizeof data[0], zeros);
}

bool tree_connections(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    const struct msg_totals *t = &in->v->snapshot->totals;
    cJSON *o = put_object(out, "connection_analysis");
    bool ok = o && put_counts(o, t, how->zero_counters) &&
              put_dist(o, "handshake_rtt_ms", &t->handshake_us) &&
              put_dist(o, "rtt_ms", &t->rtt_us) && put_throughput(o, t);
    if (!ok || how->rows == 0 || list_rows(in->v->snapshot, LIST_CONNECTIONS) == 0) return ok;
    return put(o, "connections", list_item(in->v->snapshot, LIST_CONNECTIONS, how));
}

bool tree_tcp_analysis(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    const struct msg_totals *t = &in->v->snapshot->totals;
#define ANALYSIS_COUNTER(name) {#name, t->name},
    const struct counter all[] = {TCP_ANALYSIS_LIST(ANALYSIS_COUNTER)};
    cJSON *o = put_object(out, "tcp_analysis");
    return o && put_counters(o, all, sizeof all / sizeof all[0], how->zero_counters);
}

bool tree_phases(cJSON *out, const struct report_input *in) {
    const struct msg_totals *t = &in->v->snapshot->totals;
    const struct {
        const char *key;
        const struct dist *d;
    } phase[] = {{"dns", &t->dns_us},
                 {"connect", &t->handshake_us},
                 {"tls", &t->tls_us},
                 {"first_byte", &t->first_byte_us},
                 {"transfer", &t->transfer_us}};
    cJSON *o = put_object(out, "phases_ms");
    bool ok = o != NULL;
    for (size_t i = 0; ok && i < 5; i++)
        if (phase[i].d->samples) ok = put(o, phase[i].key, item_ms(phase[i].d->p50_us));
    cJSON *samples = ok ? cJSON_AddArrayToObject(o, "samples") : NULL;
    for (size_t i = 0; samples && i < 5; i++)
        cJSON_AddItemToArray(samples, item_count(phase[i].d->samples));
    return samples != NULL;
}
