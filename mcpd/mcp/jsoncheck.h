#ifndef MCPD_MCP_JSONCHECK_H
#define MCPD_MCP_JSONCHECK_H
/* A strict look at JSON text before cJSON sees it, and look-ups in the text itself for the few
 * values that must be echoed as they were written (ids, progress tokens). */
#include <stdbool.h>
#include <stddef.h>

#define JSON_MAX_BYTES                                                                             \
    (4u * 1024u * 1024u)   /* one message: tool arguments are small, this is room */
#define JSON_MAX_DEPTH 32u /* containers in containers: MCP needs about 8 */
#define JSON_MAX_VALUES                                                                            \
    65536u /* a cJSON node is 64 bytes: 4 MiB of "[0,0,..." would become 200 MiB */
#define JSON_MAX_MEMBERS 256u /* per object: keeps the search for duplicate keys linear */
#define JSON_MAX_NUMBER  60u  /* characters of one number; cJSON reads at most 63 */

enum json_fault {
    JSON_OK,
    JSON_TOO_LONG,  /* over JSON_MAX_BYTES */
    JSON_TRUNCATED, /* ends in the middle of a value, or is empty */
    JSON_SYNTAX,    /* not RFC 8259 */
    JSON_TRAILING,  /* something after the value */
    JSON_NOT_UTF8,  /* RFC 3629; a byte order mark is JSON_SYNTAX */
    JSON_CONTROL,   /* raw control character in a string */
    JSON_NUL,       /* an escaped NUL; this and the next only where nothing else is wrong */
    JSON_SURROGATE, /* lone surrogate escape */
    JSON_TOO_DEEP,
    JSON_TOO_MANY,      /* values in all, or members of one object */
    JSON_DUPLICATE_KEY, /* compared after unescaping */
    JSON_NUMBER_RANGE   /* longer than JSON_MAX_NUMBER or beyond a double */
};

/* Words for a fault, without a full stop. */
const char *json_fault_text(enum json_fault fault);

/* Check `len` bytes (no NUL needed) to be exactly one RFC 8259 value within the limits above.
 * *offset_out is where the fault is. */
enum json_fault json_check(const char *bytes, size_t len, size_t *offset_out)
    __attribute__((warn_unused_result));

/* A piece of text that json_check() has accepted, or found nothing but JSON_NUL and JSON_SURROGATE
 * in: one value, without white space around it. */
struct json_span {
    const char *p;
    size_t len;
};

/* The whole of a checked text as a span. */
struct json_span json_span_make(const char *bytes, size_t len);

/* The value of a member of an object; false if there is none or `object` is no object.  Keys are
 * compared unescaped, so it agrees with cJSON_GetObjectItemCaseSensitive. */
bool json_span_member(struct json_span object, const char *key, struct json_span *value_out);

/* Walk an array: start with *pos = 0; false at its end or if `array` is no array. */
bool json_span_next(struct json_span array, size_t *pos, struct json_span *element_out);

#endif
