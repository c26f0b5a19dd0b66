/* The method table, and the methods that are about the protocol itself.  A capability is advertised
 * when, and only when, its methods are offered: both ask the same functions.
 * Runs in: mcpd.  Input trust: client (checked by json_check). */
#include "mcpd/mcp/dispatch.h"
#include <string.h>

/* Nothing in these results changes while the program runs, nor depends on who asks. */
static const struct era_cache fixed_for_all = {.ttl_ms = 3600000, .scope = "public"};
/* The caller's own, and changing. */
static const struct era_cache own_and_changing = {.ttl_ms = 0, .scope = "private"};

/* ---- what there is ------------------------------------------------------------------ */

static bool always(const struct mcp_conn *c) {
    (void)c;
    return true;
}

static bool has_resources(const struct mcp_conn *c) {
    return c->server->config.resources != NULL;
}

static bool has_prompts(const struct mcp_conn *c) {
    return c->server->config.prompt_count > 0;
}

static bool has_completion(const struct mcp_conn *c) {
    return has_resources(c) || has_prompts(c);
}

static bool has_subscriptions(const struct mcp_conn *c) {
    return has_resources(c) && c->server->config.resources->changes;
}

static bool can_subscribe(const struct mcp_conn *c) {
    return has_subscriptions(c) && c->options.unsolicited;
}

static bool can_listen(const struct mcp_conn *c) {
    return has_subscriptions(c) || c->server->config.lists_change;
}

static void add_capabilities(const struct mcp_request *rq, cJSON *result) {
    const struct mcp_conn *c = rq->conn;
    const struct mcp_config *config = &c->server->config;
    bool told = rq->era == ERA_MODERN || c->options.unsolicited;
    cJSON *all = cJSON_AddObjectToObject(result, "capabilities");
    cJSON *tools = cJSON_AddObjectToObject(all, "tools");
    if (told && config->lists_change) cJSON_AddTrueToObject(tools, "listChanged");
    if (has_resources(c)) {
        cJSON *resources = cJSON_AddObjectToObject(all, "resources");
        if (told && has_subscriptions(c)) {
            cJSON_AddTrueToObject(resources, "subscribe");
            cJSON_AddTrueToObject(resources, "listChanged");
        }
    }
    if (has_prompts(c)) {
        cJSON *prompts = cJSON_AddObjectToObject(all, "prompts");
        if (told && config->lists_change) cJSON_AddTrueToObject(prompts, "listChanged");
    }
    if (has_completion(c)) cJSON_AddObjectToObject(all, "completions");
    if (config->extension_count == 0) return;
    cJSON *extensions = cJSON_AddObjectToObject(all, "extensions");
    for (size_t i = 0; i < config->extension_count; i++)
        cJSON_AddObjectToObject(extensions, config->extensions[i]);
}

/* capabilities and instructions. */
static void add_common(const struct mcp_request *rq, cJSON *result) {
    add_capabilities(rq, result);
    if (rq->server->config.instructions)
        cJSON_AddStringToObject(result, "instructions", rq->server->config.instructions);
}

/* ---- handlers ----------------------------------------------------------------------- */

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

#define BOTH (ERA_LEGACY | ERA_MODERN)

static const struct mcp_method methods[] = {
    {"initialize", ERA_LEGACY, NULL, always, initialize},
    {"ping", ERA_LEGACY, NULL, always, ping},
    {"server/discover", ERA_MODERN, &fixed_for_all, always, server_discover},
    {"tools/list", BOTH, &fixed_for_all, always, tools_list},
    {"tools/call", BOTH, NULL, always, tools_call},
    {"resources/list", BOTH, &own_and_changing, has_resources, resources_list},
    {"resources/templates/list", BOTH, &fixed_for_all, has_resources, resources_templates_list},
    {"resources/read", BOTH, &own_and_changing, has_resources, resources_read},
    {"resources/subscribe", ERA_LEGACY, NULL, can_subscribe, resources_subscribe},
    {"resources/unsubscribe", ERA_LEGACY, NULL, can_subscribe, resources_unsubscribe},
    {"subscriptions/listen", ERA_MODERN, NULL, can_listen, subscriptions_listen},
    {"prompts/list", BOTH, &fixed_for_all, has_prompts, prompts_list},
    {"prompts/get", BOTH, NULL, has_prompts, prompts_get},
    {"completion/complete", BOTH, NULL, has_completion, completion_complete},
};

const struct mcp_method *mcp_method_find(const struct mcp_conn *c, const char *name,
                                         enum mcp_era era) {
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if ((methods[i].eras & era) && strcmp(methods[i].name, name) == 0)
            return methods[i].offered(c) ? &methods[i] : NULL;
    return NULL;
}
