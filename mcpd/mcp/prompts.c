/* prompts/list and prompts/get: a table, and its rows' functions.
 * Runs in: mcpd.  Input trust: client (checked by json_check). */
#include "mcpd/mcp/prompts.h"
#include "common/text.h"
#include "mcpd/mcp/dispatch.h"
#include <stdio.h>
#include <string.h>

bool prompts_prepare(const struct mcp_config *config, char *why, size_t cap) {
    for (size_t i = 0; i < config->prompt_count; i++)
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->prompts[i].name, config->prompts[j].name) != 0) continue;
            snprintf(why, cap, "prompt %s: the name is taken", config->prompts[i].name);
            return false;
        }
    return true;
}

static cJSON *list_entry(const struct mcp_prompt *p) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "name", p->name);
    cJSON_AddStringToObject(o, "title", p->title);
    cJSON_AddStringToObject(o, "description", p->description);
    cJSON *list = cJSON_AddArrayToObject(o, "arguments");
    for (size_t i = 0; i < p->argument_count; i++) {
        cJSON *argument = cJSON_CreateObject();
        cJSON_AddStringToObject(argument, "name", p->arguments[i].name);
        cJSON_AddStringToObject(argument, "description", p->arguments[i].description);
        cJSON_AddBoolToObject(argument, "required", p->arguments[i].required);
        cJSON_AddItemToArray(list, argument);
    }
    return o;
}

void prompts_list(struct mcp_request *rq, const cJSON *params) {
    const struct mcp_config *config = &rq->server->config;
    if (!mcp_only_page(rq, params)) return;
    cJSON *result = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(result, "prompts");
    for (size_t i = 0; i < config->prompt_count; i++)
        cJSON_AddItemToArray(list, list_entry(&config->prompts[i]));
    mcp_reply(rq, result);
}

const char *mcp_prompt_text(const cJSON *arguments, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(arguments, name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static bool is_declared(const struct mcp_prompt *p, const char *name) {
    for (size_t i = 0; i < p->argument_count; i++)
        if (strcmp(p->arguments[i].name, name) == 0) return true;
    return false;
}

/* False: refused. */
static bool check_arguments(struct mcp_request *rq, const struct mcp_prompt *p,
                            const cJSON *arguments) {
    if (arguments && !cJSON_IsObject(arguments)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.arguments must be an object");
        return false;
    }
    const cJSON *item;
    cJSON_ArrayForEach(item, arguments) {
        if (is_declared(p, item->string)) continue;
        char shown[65];
        text_clean((const uint8_t *)item->string, strlen(item->string), shown, sizeof shown);
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "Prompt %s has no argument %s", p->name, shown);
        return false;
    }
    for (size_t i = 0; i < p->argument_count; i++) {
        const struct mcp_prompt_argument *a = &p->arguments[i];
        const cJSON *given = cJSON_GetObjectItemCaseSensitive(arguments, a->name);
        if (given && (!cJSON_IsString(given) || strlen(given->valuestring) > MCP_ARGUMENT_MAX)) {
            mcp_refuse(rq, RPC_INVALID_PARAMS, NULL,
                       "Argument %s must be a string of at most %u bytes", a->name,
                       MCP_ARGUMENT_MAX);
            return false;
        }
        if (a->required && !mcp_prompt_text(arguments, a->name)[0]) {
            mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "Missing required argument: %s (%s)", a->name,
                       a->description);
            return false;
        }
    }
    return true;
}

void prompts_get(struct mcp_request *rq, const cJSON *params) {
    const struct mcp_config *config = &rq->server->config;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(params, "name");
    const cJSON *arguments = cJSON_GetObjectItemCaseSensitive(params, "arguments");
    const struct mcp_prompt *p = NULL;
    char shown[65], why[300] = "Internal error: out of memory";
    if (!cJSON_IsString(name)) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "params.name must be a string");
        return;
    }
    for (size_t i = 0; i < config->prompt_count && !p; i++)
        if (strcmp(config->prompts[i].name, name->valuestring) == 0) p = &config->prompts[i];
    if (!p) {
        text_clean((const uint8_t *)name->valuestring, strlen(name->valuestring), shown,
                   sizeof shown);
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "Unknown prompt: %s", shown);
        return;
    }
    if (!check_arguments(rq, p, arguments)) return;
    cJSON *messages = p->messages(arguments, why, sizeof why, config->app);
    if (!messages) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL, "%s", why);
        return;
    }
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "description", p->description);
    cJSON_AddItemToObject(result, "messages", messages);
    mcp_reply(rq, result);
}
