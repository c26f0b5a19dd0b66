/* The method table, and the methods that are about the protocol itself.  A capability is advertised
 * when, and only when, its methods are in the table. Runs in: mcpd. Input trust: client (checked by
 * json_check). */
#include "mcpd/mcp/dispatch.h"
#include <string.h>

/* Nothing in these results changes while the program runs, nor depends on who asks. */
static const struct era_cache fixed_for_all = {.ttl_ms = 3600000, .scope = "public"};

/* capabilities and instructions, the same in both eras. */
static void add_common(const struct mcp_request *rq, cJSON *result) {
    cJSON *capabilities = cJSON_AddObjectToObject(result, "capabilities");
    cJSON_AddObjectToObject(capabilities, "tools");
    if (rq->server->config.instructions)
        cJSON_AddStringToObject(result, "instructions", rq->server->config.instructions);
}

static void initialize(struct mcp_request *rq, const cJSON *params) {
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(params, "protocolVersion");
    if (!cJSON_IsString(version)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.protocolVersion must be a string");
        return;
    }
    rq->conn->legacy_version = era_negotiate(version->valuestring);
    mcp_client_label(cJSON_GetObjectItemCaseSensitive(params, "clientInfo"),
                     rq->conn->legacy_client, sizeof rq->conn->legacy_client);
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "protocolVersion", rq->conn->legacy_version);
    cJSON_AddItemToObject(result, "serverInfo", era_server_info());
    add_common(rq, result);
    mcp_reply(rq, result);
}

static void ping(struct mcp_request *rq, const cJSON *params) {
    (void)params;
    mcp_reply(rq, cJSON_CreateObject());
}

static void server_discover(struct mcp_request *rq, const cJSON *params) {
    (void)params;
    cJSON *result = cJSON_CreateObject();
    cJSON *versions = cJSON_AddArrayToObject(result, "supportedVersions");
    cJSON_AddItemToArray(versions, cJSON_CreateString(ERA_MODERN_VERSION));
    add_common(rq, result);
    mcp_reply(rq, result);
}

static const struct mcp_method methods[] = {
    {"initialize", ERA_LEGACY, NULL, initialize},
    {"ping", ERA_LEGACY, NULL, ping},
    {"server/discover", ERA_MODERN, &fixed_for_all, server_discover},
    {"tools/list", ERA_LEGACY | ERA_MODERN, &fixed_for_all, tools_list},
    {"tools/call", ERA_LEGACY | ERA_MODERN, NULL, tools_call},
};

const struct mcp_method *mcp_method_find(const char *name, enum mcp_era era) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if ((methods[i].eras & era) && strcmp(methods[i].name, name) == 0) return &methods[i];
    return NULL;
}
