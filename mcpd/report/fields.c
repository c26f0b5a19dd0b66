/* How single values are written: integers that JSON readers keep exactly, times rounded so that no
 * digit is noise, wire texts checked once more.
 * Runs in: mcpd.  Input trust: packets. */
#include "mcpd/report/build.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t nearest(double v) {
    if (!(v > 0)) return 0;
    return v + 0.5 < 0x1p64 ? (uint64_t)(v + 0.5) : UINT64_MAX;
}

cJSON *item_count(uint64_t v) {
    char text[24];
    if (v <= JSON_SAFE_INTEGER) return cJSON_CreateNumber((double)v);
    snprintf(text, sizeof text, "%" PRIu64, v);
    return cJSON_CreateString(text);
}

cJSON *item_ms(uint64_t us) {
    return cJSON_CreateNumber(derive_round("_ms", (double)us / 1e3));
}

cJSON *item_ms_or_null(uint64_t us) {
    return us ? item_ms(us) : cJSON_CreateNull();
}

cJSON *item_s(uint64_t us) {
    return cJSON_CreateNumber(derive_round("_s", (double)us / 1e6));
}

cJSON *item_wire(const char *text, uint32_t clip) {
    char clean[LIM_NAME * 10 + 1];
    wire_text(text, clean, sizeof clean);
    size_t len = strlen(clean), most = clip < LIM_NAME ? clip : LIM_NAME;
    if (len > most) {
        while (most > 0 && ((unsigned char)clean[most] & 0xc0) == 0x80) most--;
        clean[most] = 0;
    }
    return cJSON_CreateString(clean);
}

bool put(cJSON *object, const char *key, cJSON *item) {
    if (item && cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

bool put_text(cJSON *object, const char *key, const char *text) {
    return put(object, key, cJSON_CreateString(text));
}

bool put_count(cJSON *object, const char *key, uint64_t v) {
    return put(object, key, item_count(v));
}

cJSON *put_object(cJSON *object, const char *key) {
    return cJSON_AddObjectToObject(object, key);
}
