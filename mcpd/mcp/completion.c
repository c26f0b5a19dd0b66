/* completion/complete: which argument is meant, and which of the offered values begin as typed.
 * What is not known is completed by nothing rather than refused: the client asks while somebody
 * types.
 * Runs in: mcpd.  Input trust: client (checked by json_check). */
#include "mcpd/mcp/dispatch.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mcp_completion {
    struct mcp_request *rq;
    cJSON *values;
    unsigned offered; /* that fit, also those over MCP_COMPLETION_MAX */
    char typed[];
};

static void completion_release(struct mcp_request *rq) {
    struct mcp_completion *c = rq->state;
    cJSON_Delete(c->values);
    free(c);
}

static bool is_listed(const cJSON *values, const char *value) {
    const cJSON *item;
    cJSON_ArrayForEach(item, values) if (strcmp(item->valuestring, value) == 0) return true;
    return false;
}

void mcp_completion_offer(struct mcp_completion *c, const char *value) {
    if (strncasecmp(value, c->typed, strlen(c->typed)) != 0 || is_listed(c->values, value)) return;
    if (c->offered++ < MCP_COMPLETION_MAX)
        cJSON_AddItemToArray(c->values, cJSON_CreateString(value));
}

void mcp_completion_end(struct mcp_completion *c) {
    cJSON *result = cJSON_CreateObject();
    cJSON *completion = cJSON_AddObjectToObject(result, "completion");
    cJSON_AddItemToObject(completion, "values", c->values);
    cJSON_AddNumberToObject(completion, "total", c->offered);
    cJSON_AddBoolToObject(completion, "hasMore", c->offered > MCP_COMPLETION_MAX);
    c->values = NULL;
    mcp_reply(c->rq, result);
}

const struct caller *mcp_completion_caller(const struct mcp_completion *c) {
    return &c->rq->caller;
}

static void offer_nothing(struct mcp_completion *c, void *app) {
    (void)app;
    mcp_completion_end(c);
}

static void offer_keys(struct mcp_completion *c, void *app) {
    char key[MCP_KEY_MAX + 1];
    size_t at = 0;
    const struct mcp_resources *r = c->rq->server->config.resources;
    while (r->key && r->key(app, &c->rq->caller, &at, key)) mcp_completion_offer(c, key);
    mcp_completion_end(c);
}

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static mcp_offer_fn *find_argument(const struct mcp_config *config, const char *prompt,
                                   const char *argument) {
    for (size_t i = 0; i < config->prompt_count; i++) {
        const struct mcp_prompt *p = &config->prompts[i];
        for (size_t j = 0; j < p->argument_count && strcmp(p->name, prompt) == 0; j++)
            if (strcmp(p->arguments[j].name, argument) == 0) return p->arguments[j].offer;
    }
    return NULL;
}

/* Is `argument` the variable of the template `uri`? */
static bool is_key(const struct mcp_config *config, const char *uri, const char *argument) {
    size_t len = strlen(argument);
    for (size_t i = 0; config->resources && i < config->resources->template_count; i++) {
        const char *template = config->resources->templates[i].uri;
        const char *variable = strchr(template, '{') + 1;
        if (strcmp(template, uri) == 0 && strncmp(variable, argument, len) == 0 &&
            variable[len] == '}')
            return true;
    }
    return false;
}

void completion_complete(struct mcp_request *rq, const cJSON *params) {
    const struct mcp_config *config = &rq->server->config;
    const cJSON *ref = cJSON_GetObjectItemCaseSensitive(params, "ref");
    const cJSON *argument = cJSON_GetObjectItemCaseSensitive(params, "argument");
    const char *type = text_of(ref, "type"), *name = text_of(argument, "name");
    const char *typed = text_of(argument, "value"), *prompt = text_of(ref, "name");
    const char *uri = text_of(ref, "uri");
    mcp_offer_fn *offer = NULL;
    if (!type || !name || !typed || strlen(typed) > MCP_ARGUMENT_MAX) {
        mcp_refuse(rq, RPC_INVALID_PARAMS, NULL,
                   "params.ref.type, params.argument.name and params.argument.value must be "
                   "strings, the last of at most %u bytes",
                   MCP_ARGUMENT_MAX);
        return;
    }
    if (strcmp(type, "ref/prompt") == 0 && prompt)
        offer = find_argument(config, prompt, name);
    else if (strcmp(type, "ref/resource") == 0 && uri && is_key(config, uri, name))
        offer = offer_keys;
    struct mcp_completion *c = calloc(1, sizeof *c + strlen(typed) + 1);
    if (!c || !(c->values = cJSON_CreateArray())) {
        free(c);
        mcp_refuse(rq, RPC_INTERNAL_ERROR, NULL, "Internal error: out of memory");
        return;
    }
    c->rq = rq;
    memcpy(c->typed, typed, strlen(typed) + 1);
    rq->state = c;
    rq->release = completion_release;
    (offer ? offer : offer_nothing)(c, config->app);
}
