/* The capture over time: arrays for programs, a line of blocks for people.
 * Runs in: mcpd.  Input trust: packets (numbers). */
#include "mcpd/report/build.h"
#include <string.h>

static bool put_series(cJSON *out, const char *key, const uint64_t *v, uint32_t have, uint32_t from,
                       uint32_t n) {
    cJSON *a = cJSON_AddArrayToObject(out, key);
    for (uint32_t i = from; a && i < from + n; i++)
        cJSON_AddItemToArray(a, item_count(i < have ? v[i] : 0));
    return a != NULL;
}

/* Mean round trips; null where none was measured. */
static bool put_rtt(cJSON *out, const struct msg_timeline *t, uint32_t from, uint32_t n) {
    cJSON *a = cJSON_AddArrayToObject(out, "rtt_ms");
    for (uint32_t i = from; a && i < from + n; i++)
        cJSON_AddItemToArray(a, item_ms_or_null(i < t->rtt_us_n ? t->rtt_us[i] : 0));
    return a != NULL;
}

cJSON *timeline_item(const struct snapshot *s, uint32_t from, uint32_t n) {
    const struct msg_timeline *t = &s->timeline;
    cJSON *out = cJSON_CreateObject();
    bool ok = out && put(out, "bucket_s", item_s(t->bucket_us)) &&
              put_count(out, "first_bucket", from) &&
              put_series(out, "packets", t->packets, t->packets_n, from, n) &&
              put_series(out, "bytes", t->bytes, t->bytes_n, from, n) &&
              put_series(out, "bytes_to_client", t->to_client, t->to_client_n, from, n) &&
              put_series(out, "bytes_to_server", t->to_server, t->to_server_n, from, n) &&
              put_series(out, "retransmitted", t->retransmitted, t->retransmitted_n, from, n) &&
              put_rtt(out, t, from, n);
    if (ok) return out;
    cJSON_Delete(out);
    return NULL;
}

void sparkline(const uint64_t *values, uint32_t n, char out[SPARK_CELLS * 3 + 1]) {
    uint32_t cells = n < SPARK_CELLS ? n : SPARK_CELLS;
    double sum[SPARK_CELLS] = {0}, most = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < n; i++) sum[(uint64_t)i * cells / n] += (double)values[i];
    /* Cells may cover one value more than others: compare means. */
    for (uint32_t c = 0; c < cells; c++) {
        uint64_t from = ((uint64_t)c * n + cells - 1) / cells;
        uint64_t to = ((uint64_t)(c + 1) * n + cells - 1) / cells;
        if (to > from) sum[c] /= (double)(to - from);
        if (sum[c] > most) most = sum[c];
    }
    if (most <= 0) return;
    for (uint32_t c = 0; c < cells; c++) {
        unsigned level = sum[c] <= 0 ? 0 : (unsigned)(sum[c] / most * 7);
        const char block[4] = {(char)0xe2, (char)0x96, (char)(0x81 + level), 0}; /* U+2581.. */
        memcpy(out + c * 3, block, 4);
    }
}
