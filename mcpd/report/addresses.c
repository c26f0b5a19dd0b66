/* The addresses of the target's name, one row each: a name that works by one of its addresses and
 * fails by another is the fault that averages hide.  IPv4 and IPv6 are summed up beside it, since
 * programs choose between the two without telling.
 * Runs in: mcpd.  Input trust: packets (numbers). */
#include "mcpd/report/build.h"
#include <stdio.h>

#define LIST_KEY "target_addresses"

static const char *const columns[] = {"address", "family",       "attempted",    "established",
                                      "failed",  "handshake_ms", "first_byte_ms"};

static cJSON *row_item(const struct target_address *a) {
    char text[ADDR_TEXT_BYTES];
    cJSON *row = cJSON_CreateArray();
    cJSON_AddItemToArray(row, cJSON_CreateString(addr_format(&a->address, text)));
    cJSON_AddItemToArray(row, cJSON_CreateString(a->address.len == 4 ? "ipv4" : "ipv6"));
    cJSON_AddItemToArray(row, item_count(a->attempted));
    cJSON_AddItemToArray(row, item_count(a->established));
    cJSON_AddItemToArray(row, item_count(a->failed));
    cJSON_AddItemToArray(row, item_ms_or_null(a->handshake_us));
    cJSON_AddItemToArray(row, item_ms_or_null(a->first_byte_us));
    return row;
}

/* Attempts and successes of one family, if it was tried. */
static bool put_family(cJSON *out, const char *name, const struct target_address *all, uint32_t n,
                       uint8_t address_bytes) {
    uint64_t attempted = 0, established = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].address.len != address_bytes) continue;
        attempted += all[i].attempted;
        established += all[i].established;
    }
    if (attempted == 0) return true;
    cJSON *o = put_object(out, name);
    return o && put_count(o, "attempted", attempted) && put_count(o, "established", established);
}

bool tree_addresses(cJSON *out, const struct report_input *in, const struct report_detail *how) {
    struct target_address all[DERIVE_ADDRESSES];
    uint32_t n = derive_target_addresses(in->v, all), shown = n < how->rows ? n : how->rows;
    if (shown == 0) return true;
    cJSON *table = put_object(out, LIST_KEY);
    if (!table || !put(table, "columns",
                       cJSON_CreateStringArray(columns, sizeof columns / sizeof columns[0])))
        return false;
    cJSON *rows = cJSON_AddArrayToObject(table, "rows");
    for (uint32_t i = 0; rows && i < shown; i++) cJSON_AddItemToArray(rows, row_item(&all[i]));
    cJSON *families = put_object(out, "target_families");
    return rows && families && put_family(families, "ipv4", all, n, 4) &&
           put_family(families, "ipv6", all, n, 16);
}

bool tree_addresses_reason(cJSON *reasons, const struct report_input *in,
                           const struct report_detail *how) {
    struct target_address all[DERIVE_ADDRESSES];
    char text[64];
    if (!in->v->target || !in->v->target->name[0]) return true; /* no name, no such list */
    uint32_t n = derive_target_addresses(in->v, all), shown = n < how->rows ? n : how->rows;
    if (n > 0 && shown == n) return true;
    snprintf(text, sizeof text, "%u of %u shown", shown, n);
    return put_text(reasons, LIST_KEY, n ? text : "none seen");
}
