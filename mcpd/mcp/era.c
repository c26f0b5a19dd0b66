/* Which era a message belongs to, and what a result looks like in it.  Everything that differs
 * between the protocol revisions is here, so that handlers build one result and never ask. Runs in:
 * mcpd. Input trust: client (checked by json_check). */
#include "mcpd/mcp/era.h"
#include "common/text.h"
#include <stdio.h>
#include <string.h>

static const char *const legacy_versions[] = {"2024-11-05", ERA_BATCH_VERSION, "2025-06-18",
                                              ERA_LEGACY_LATEST};

static const cJSON *meta_of(const struct rpc_message *m) {
    return cJSON_GetObjectItemCaseSensitive(m->params, "_meta");
}

bool era_is_claimed(const struct rpc_message *m) {
    return cJSON_GetObjectItemCaseSensitive(meta_of(m), ERA_META_VERSION) != NULL;
}

static bool refuse_meta(struct era_refusal *r, const char *key, const char *need) {
    r->code = RPC_INVALID_PARAMS;
    snprintf(r->text, sizeof r->text, "params._meta[\"%s\"] %s", key, need);
    return false;
}

static bool refuse_version(struct era_refusal *r, const char *requested) {
    char shown[32];
    text_clean((const uint8_t *)requested, strlen(requested), shown, sizeof shown);
    r->code = RPC_UNSUPPORTED_VERSION;
    snprintf(r->text, sizeof r->text, "Unsupported protocol version: %s", shown);
    r->data = cJSON_CreateObject();
    cJSON *supported = cJSON_AddArrayToObject(r->data, "supported");
    cJSON_AddItemToArray(supported, cJSON_CreateString(ERA_MODERN_VERSION));
    cJSON_AddStringToObject(r->data, "requested", requested);
    return false;
}

/* Nothing is logged to clients; a level that is none is an error all the same. */
static bool is_log_level(const char *level) {
    static const char *const levels[] = {"debug", "info",     "notice", "warning",
                                         "error", "critical", "alert",  "emergency"};
    for (size_t i = 0; level && i < sizeof levels / sizeof *levels; i++)
        if (strcmp(level, levels[i]) == 0) return true;
    return false;
}

static bool check_envelope(const struct rpc_message *m, struct era_refusal *r) {
    const cJSON *meta = meta_of(m);
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(meta, ERA_META_VERSION);
    const cJSON *capabilities = cJSON_GetObjectItemCaseSensitive(meta, ERA_META_CAPABILITIES);
    const cJSON *client = cJSON_GetObjectItemCaseSensitive(meta, ERA_META_CLIENT);
    const cJSON *level = cJSON_GetObjectItemCaseSensitive(meta, ERA_META_LOG_LEVEL);
    if (!cJSON_IsString(version)) return refuse_meta(r, ERA_META_VERSION, "must be a string");
    if (!capabilities) return refuse_meta(r, ERA_META_CAPABILITIES, "is missing");
    if (!cJSON_IsObject(capabilities))
        return refuse_meta(r, ERA_META_CAPABILITIES, "must be an object");
    if (client && !cJSON_IsObject(client))
        return refuse_meta(r, ERA_META_CLIENT, "must be an object");
    if (strcmp(version->valuestring, ERA_MODERN_VERSION) != 0)
        return refuse_version(r, version->valuestring);
    if (level && !is_log_level(cJSON_GetStringValue(level)))
        return refuse_meta(r, ERA_META_LOG_LEVEL, "must be one of debug to emergency");
    return true;
}

bool era_of_request(const struct rpc_message *m, enum mcp_era *era_out,
                    struct era_refusal *refusal_out) {
    *refusal_out = (struct era_refusal){0};
    *era_out = ERA_LEGACY;
    if (!era_is_claimed(m)) return true;
    if (!check_envelope(m, refusal_out)) {
        /* A client that opens with initialize and a claim we cannot serve still gets its handshake.
         */
        if (strcmp(m->method, "initialize") != 0) return false;
        cJSON_Delete(refusal_out->data);
        *refusal_out = (struct era_refusal){0};
        return true;
    }
    *era_out = ERA_MODERN;
    return true;
}

const char *era_negotiate(const char *requested) {
    for (size_t i = 0; i < sizeof legacy_versions / sizeof *legacy_versions; i++)
        if (strcmp(requested, legacy_versions[i]) == 0) return legacy_versions[i];
    return ERA_LEGACY_LATEST;
}

cJSON *era_server_info(void) {
    cJSON *info = cJSON_CreateObject();
    cJSON_AddStringToObject(info, "name", "packet_capture");
    cJSON_AddStringToObject(info, "title", "Packet capture");
    cJSON_AddStringToObject(info, "version", PCM_VERSION);
    return info;
}

void era_encode_result(enum mcp_era era, const struct era_cache *cache, cJSON *result) {
    if (era != ERA_MODERN) return;
    cJSON_AddStringToObject(result, "resultType", "complete");
    if (cache) {
        cJSON_AddNumberToObject(result, "ttlMs", (double)cache->ttl_ms);
        cJSON_AddStringToObject(result, "cacheScope", cache->scope);
    }
    cJSON *meta = cJSON_GetObjectItemCaseSensitive(result, "_meta");
    if (!meta) meta = cJSON_AddObjectToObject(result, "_meta");
    cJSON_AddItemToObject(meta, ERA_META_SERVER, era_server_info());
}
