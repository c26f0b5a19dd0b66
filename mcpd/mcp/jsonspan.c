/* Look-ups in JSON text that json_check() has accepted.  cJSON turns every number into a double and
 * so loses integers over 2^53; ids and progress tokens have to go back exactly as they came, so
 * they are found in the text.  Nothing here checks syntax again, but nothing reads past the span
 * either. Runs in: mcpd. Input trust: client (checked). */
#include "mcpd/mcp/jsoncheck.h"
#include <cjson/cJSON.h>
#include <string.h>

static bool is_space(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

struct json_span json_span_make(const char *bytes, size_t len) {
    while (len > 0 && is_space(bytes[0])) bytes++, len--;
    while (len > 0 && is_space(bytes[len - 1])) len--;
    return (struct json_span){bytes, len};
}

/* Position after the string whose opening quote is at `at`. */
static size_t after_string(struct json_span s, size_t at) {
    for (at++; at < s.len && s.p[at] != '"'; at++)
        if (s.p[at] == '\\') at++;
    return at < s.len ? at + 1 : s.len;
}

/* Position after the value that starts at `at`. */
static size_t after_value(struct json_span s, size_t at) {
    unsigned depth = 0;
    while (at < s.len) {
        char ch = s.p[at];
        if (ch == '"') {
            at = after_string(s, at);
            if (depth == 0) return at;
            continue;
        }
        if (depth == 0 && (ch == ',' || ch == ']' || ch == '}' || is_space(ch))) return at;
        if (ch == '{' || ch == '[') depth++;
        at++;
        if ((ch == '}' || ch == ']') && --depth == 0) return at;
    }
    return at;
}

static size_t after_space(struct json_span s, size_t at, char also) {
    while (at < s.len && (is_space(s.p[at]) || s.p[at] == also)) at++;
    return at;
}

/* Escapes are rare in keys: only then is the key decoded, by cJSON itself so that both agree. */
static bool key_equals(const char *quoted, size_t len, const char *key) {
    size_t want = strlen(key);
    if (!memchr(quoted, '\\', len)) return len == want + 2 && memcmp(quoted + 1, key, want) == 0;
    cJSON *decoded = cJSON_ParseWithLength(quoted, len);
    bool equal = cJSON_IsString(decoded) && strcmp(decoded->valuestring, key) == 0;
    cJSON_Delete(decoded);
    return equal;
}

bool json_span_member(struct json_span object, const char *key, struct json_span *value_out) {
    if (object.len < 2 || object.p[0] != '{') return false;
    size_t at = after_space(object, 1, ',');
    while (at < object.len && object.p[at] == '"') {
        size_t key_end = after_string(object, at);
        size_t value = after_space(object, after_space(object, key_end, ':'), ' ');
        size_t value_end = after_value(object, value);
        if (key_equals(object.p + at, key_end - at, key)) {
            *value_out = (struct json_span){object.p + value, value_end - value};
            return true;
        }
        at = after_space(object, value_end, ',');
    }
    return false;
}

bool json_span_next(struct json_span array, size_t *pos, struct json_span *element_out) {
    if (array.len < 2 || array.p[0] != '[') return false;
    size_t at = after_space(array, *pos ? *pos : 1, ',');
    if (at >= array.len || array.p[at] == ']') return false;
    *pos = after_value(array, at);
    *element_out = (struct json_span){array.p + at, *pos - at};
    return true;
}
