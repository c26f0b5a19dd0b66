#ifndef MCPD_MCP_CONTENT_H
#define MCPD_MCP_CONTENT_H
/* The blocks that results and prompt messages are made of.  Texts are valid UTF-8; bytes are
 * encoded in base64 without line breaks.  Every function returns a tree that the caller owns, NULL
 * if memory is out. */
#include <cjson/cJSON.h>
#include <stddef.h>

/* {"type":"text","text":TEXT} */
cJSON *content_text(const char *text);

/* {"type":TYPE,"data":...,"mimeType":...}; `type` is "image" or "audio". */
cJSON *content_media(const char *type, const char *mime_type, const void *bytes, size_t len);

/* {"type":"resource","resource":{"uri":...,"mimeType":...,"text":TEXT}} */
cJSON *content_resource(const char *uri, const char *mime_type, const char *text);

/* {"role":ROLE,"content":BLOCK}: a message of a prompt; `role` is "user" or "assistant"; `block` is
 * consumed. */
cJSON *content_message(const char *role, cJSON *block);

/* Base64 (RFC 4648 section 4) of some bytes, malloc'd. */
char *content_base64(const void *bytes, size_t len);

#endif
