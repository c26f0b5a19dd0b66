/* Content blocks, one function per kind: the same ones serve tools, prompts and resources.
 * Runs in: mcpd.  Input trust: none. */
#include "mcpd/mcp/content.h"
#include <stdint.h>
#include <stdlib.h>

char *content_base64(const void *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *in = bytes;
    char *text = malloc((len + 2) / 3 * 4 + 1), *out = text;
    if (!text) return NULL;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        if (left > 1) group |= (uint32_t)in[i + 1] << 8;
        if (left > 2) group |= in[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = (char)(left > 1 ? digits[group >> 6 & 63] : '=');
        *out++ = (char)(left > 2 ? digits[group & 63] : '=');
    }
    *out = '\0';
    return text;
}

cJSON *content_text(const char *text) {
    cJSON *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "type", "text");
    cJSON_AddStringToObject(block, "text", text);
    return block;
}

cJSON *content_media(const char *type, const char *mime_type, const void *bytes, size_t len) {
    char *data = content_base64(bytes, len);
    cJSON *block = data ? cJSON_CreateObject() : NULL;
    cJSON_AddStringToObject(block, "type", type);
    if (data) cJSON_AddStringToObject(block, "data", data);
    cJSON_AddStringToObject(block, "mimeType", mime_type);
    free(data);
    return block;
}

cJSON *content_resource(const char *uri, const char *mime_type, const char *text) {
    cJSON *block = cJSON_CreateObject();
    cJSON_AddStringToObject(block, "type", "resource");
    cJSON *resource = cJSON_AddObjectToObject(block, "resource");
    cJSON_AddStringToObject(resource, "uri", uri);
    cJSON_AddStringToObject(resource, "mimeType", mime_type);
    cJSON_AddStringToObject(resource, "text", text);
    return block;
}

cJSON *content_message(const char *role, cJSON *block) {
    cJSON *message = cJSON_CreateObject();
    cJSON_AddStringToObject(message, "role", role);
    if (!cJSON_AddItemToObject(message, "content", block)) cJSON_Delete(block);
    return message;
}
