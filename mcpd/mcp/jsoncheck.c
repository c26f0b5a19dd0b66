/* cJSON is small and lenient: it takes duplicate keys, raw control characters, bytes that are no
 * UTF-8, and stops strings at an escaped NUL.  Each of these lets two readers of one message
 * disagree, so a strict recursive-descent check comes first and cJSON only ever parses text that
 * passed it.  Keys are remembered as 64-bit hashes of their unescaped bytes: a collision could at
 * worst refuse a message that its sender crafted for that end. Runs in: mcpd. Input trust: client.
 */
#include "mcpd/mcp/jsoncheck.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct checker {
    const unsigned char *p, *end;
    enum json_fault fault;      /* the first one of the structure; then nothing more is read */
    enum json_fault text_fault; /* the first one of a text that is well-formed all the same */
    const unsigned char *text_at;
    size_t values;
    unsigned depth;
};

static const uint64_t HASH_BASIS = 14695981039346656037u; /* FNV-1a */

static bool check_value(struct checker *c);

const char *json_fault_text(enum json_fault fault) {
    switch (fault) {
    case JSON_OK: return "no fault";
    case JSON_TOO_LONG: return "the message is longer than 4 MiB";
    case JSON_TRUNCATED: return "the message ends in the middle of a value";
    case JSON_SYNTAX: return "this is not JSON (RFC 8259)";
    case JSON_TRAILING: return "there is something after the JSON value";
    case JSON_NOT_UTF8: return "a string is not valid UTF-8";
    case JSON_CONTROL: return "a string has a control character that is not allowed";
    case JSON_NUL: return "a string has an escaped NUL";
    case JSON_SURROGATE: return "a string has half of a surrogate pair";
    case JSON_TOO_DEEP: return "arrays and objects are nested more than 32 deep";
    case JSON_TOO_MANY: return "the message has too many values, or an object too many members";
    case JSON_DUPLICATE_KEY: return "an object has the same key twice";
    case JSON_NUMBER_RANGE: return "a number is too long or too large";
    }
    return "unknown fault";
}

static bool refuse(struct checker *c, enum json_fault fault) {
    if (c->fault == JSON_OK) c->fault = c->p >= c->end ? JSON_TRUNCATED : fault;
    return false;
}

static void skip_space(struct checker *c) {
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
        c->p++;
}

static int hex_value(unsigned char ch) {
    if (ch >= '0' && ch <= '9') return ch - '0';
    if (ch >= 'a' && ch <= 'f') return ch - 'a' + 10;
    if (ch >= 'A' && ch <= 'F') return ch - 'A' + 10;
    return -1;
}

/* The four digits after \u. */
static bool take_hex4(struct checker *c, uint32_t *v_out) {
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int digit = c->p < c->end ? hex_value(*c->p) : -1;
        if (digit < 0) return refuse(c, JSON_SYNTAX);
        v = v << 4 | (uint32_t)digit;
        c->p++;
    }
    *v_out = v;
    return true;
}

static void note(struct checker *c, enum json_fault fault) {
    if (c->text_fault != JSON_OK) return;
    c->text_fault = fault;
    c->text_at = c->p;
}

/* After "\u": one code point, or two escapes that make one. */
static bool take_unicode_escape(struct checker *c, uint32_t *cp_out) {
    uint32_t high, low = 0;
    if (!take_hex4(c, &high)) return false;
    *cp_out = high;
    if (high == 0) note(c, JSON_NUL);
    if (high < 0xd800 || high > 0xdfff) return true;
    const unsigned char *next = c->p;
    if (high < 0xdc00 && c->end - next >= 2 && next[0] == '\\' && next[1] == 'u') {
        c->p += 2;
        if (!take_hex4(c, &low)) return false;
    }
    if (low < 0xdc00 || low > 0xdfff) {
        c->p = next;
        note(c, JSON_SURROGATE);
        return true;
    }
    *cp_out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* After a backslash. */
static bool take_escape(struct checker *c, uint32_t *cp_out) {
    static const char letters[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
    if (c->p >= c->end) return refuse(c, JSON_SYNTAX);
    unsigned char ch = *c->p;
    if (ch == 'u') {
        c->p++;
        return take_unicode_escape(c, cp_out);
    }
    const char *at = ch ? strchr(letters, ch) : NULL;
    if (!at) return refuse(c, JSON_SYNTAX);
    c->p++;
    *cp_out = (unsigned char)meaning[at - letters];
    return true;
}

/* A sequence of two to four bytes (RFC 3629 section 4). */
static bool take_utf8(struct checker *c, uint32_t *cp_out) {
    unsigned char lead = *c->p;
    unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (lead < 0xc2 || lead > 0xf4) return refuse(c, JSON_NOT_UTF8);
    uint32_t cp = lead & (0x3fu >> more);
    const unsigned char *start = c->p++;
    for (unsigned i = 0; i < more; i++, c->p++) {
        if (c->p >= c->end || (*c->p & 0xc0) != 0x80) return refuse(c, JSON_NOT_UTF8);
        cp = cp << 6 | (*c->p & 0x3fu);
    }
    if (cp < least[more] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        c->p = start;
        return refuse(c, JSON_NOT_UTF8);
    }
    *cp_out = cp;
    return true;
}

/* One character of a string, unescaped.  *done_out at the closing quote, which is taken. */
static bool take_char(struct checker *c, uint32_t *cp_out, bool *done_out) {
    if (c->p >= c->end) return refuse(c, JSON_TRUNCATED);
    unsigned char ch = *c->p;
    *done_out = ch == '"';
    if (ch < 0x20) return refuse(c, JSON_CONTROL);
    if (ch >= 0x80) return take_utf8(c, cp_out);
    c->p++;
    if (ch == '\\') return take_escape(c, cp_out);
    *cp_out = ch;
    return true;
}

/* At the opening quote.  The hash is over the unescaped code points. */
static bool check_string(struct checker *c, uint64_t *hash_out) {
    uint64_t hash = HASH_BASIS;
    c->p++;
    for (;;) {
        uint32_t cp = 0;
        bool done;
        if (!take_char(c, &cp, &done)) return false;
        if (done) break;
        for (int shift = 0; shift < 24; shift += 8)
            hash = (hash ^ (cp >> shift & 0xff)) * 1099511628211u;
    }
    *hash_out = hash;
    return true;
}

static bool take_digits(struct checker *c) {
    if (c->p >= c->end || *c->p < '0' || *c->p > '9') return refuse(c, JSON_SYNTAX);
    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') c->p++;
    return true;
}

static bool check_number(struct checker *c) {
    const unsigned char *start = c->p;
    char text[JSON_MAX_NUMBER + 1];
    if (*c->p == '-') c->p++;
    const unsigned char *digits = c->p;
    if (!take_digits(c)) return false;
    if (*digits == '0' && c->p - digits > 1) {
        c->p = digits; /* a leading zero */
        return refuse(c, JSON_SYNTAX);
    }
    if (c->p < c->end && *c->p == '.') {
        c->p++;
        if (!take_digits(c)) return false;
    }
    if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
        c->p++;
        if (c->p < c->end && (*c->p == '+' || *c->p == '-')) c->p++;
        if (!take_digits(c)) return false;
    }
    size_t len = (size_t)(c->p - start);
    if (len > JSON_MAX_NUMBER) {
        c->fault = JSON_NUMBER_RANGE;
        return false;
    }
    memcpy(text, start, len);
    text[len] = '\0';
    if (!isfinite(strtod(text, NULL))) {
        c->fault = JSON_NUMBER_RANGE;
        return false;
    }
    return true;
}

static bool check_word(struct checker *c, const char *word) {
    for (; *word; word++, c->p++)
        if (c->p >= c->end || *c->p != (unsigned char)*word) return refuse(c, JSON_SYNTAX);
    return true;
}

/* After a value in a container: true if a comma was taken, *closed_out if the end was. */
static bool take_separator(struct checker *c, char close, bool *closed_out) {
    skip_space(c);
    if (c->p >= c->end) return refuse(c, JSON_TRUNCATED);
    *closed_out = *c->p == (unsigned char)close;
    if (!*closed_out && *c->p != ',') return refuse(c, JSON_SYNTAX);
    c->p++;
    return true;
}

static bool check_array(struct checker *c) {
    bool closed = false;
    c->p++;
    skip_space(c);
    if (c->p < c->end && *c->p == ']') {
        c->p++;
        return true;
    }
    while (!closed)
        if (!check_value(c) || !take_separator(c, ']', &closed)) return false;
    return true;
}

static bool check_member(struct checker *c, uint64_t *hashes, size_t *count) {
    skip_space(c);
    if (c->p >= c->end || *c->p != '"') return refuse(c, JSON_SYNTAX);
    const unsigned char *key = c->p;
    uint64_t hash;
    if (!check_string(c, &hash)) return false;
    for (size_t i = 0; i < *count; i++) {
        if (hashes[i] != hash) continue;
        c->p = key;
        return refuse(c, JSON_DUPLICATE_KEY);
    }
    if (*count == JSON_MAX_MEMBERS) {
        c->p = key;
        return refuse(c, JSON_TOO_MANY);
    }
    hashes[(*count)++] = hash;
    skip_space(c);
    if (c->p >= c->end || *c->p != ':') return refuse(c, JSON_SYNTAX);
    c->p++;
    return check_value(c);
}

static bool check_object(struct checker *c) {
    uint64_t hashes[JSON_MAX_MEMBERS];
    size_t count = 0;
    bool closed = false;
    c->p++;
    skip_space(c);
    if (c->p < c->end && *c->p == '}') {
        c->p++;
        return true;
    }
    while (!closed)
        if (!check_member(c, hashes, &count) || !take_separator(c, '}', &closed)) return false;
    return true;
}

static bool check_container(struct checker *c) {
    if (c->depth == JSON_MAX_DEPTH) return refuse(c, JSON_TOO_DEEP);
    c->depth++;
    bool ok = *c->p == '{' ? check_object(c) : check_array(c);
    c->depth--;
    return ok;
}

static bool check_value(struct checker *c) {
    uint64_t unused;
    skip_space(c);
    if (c->p >= c->end) return refuse(c, JSON_TRUNCATED);
    if (++c->values > JSON_MAX_VALUES) return refuse(c, JSON_TOO_MANY);
    switch (*c->p) {
    case '{':
    case '[': return check_container(c);
    case '"': return check_string(c, &unused);
    case 't': return check_word(c, "true");
    case 'f': return check_word(c, "false");
    case 'n': return check_word(c, "null");
    default:
        if (*c->p == '-' || (*c->p >= '0' && *c->p <= '9')) return check_number(c);
        return refuse(c, JSON_SYNTAX);
    }
}

enum json_fault json_check(const char *bytes, size_t len, size_t *offset_out) {
    const unsigned char *start = (const unsigned char *)bytes;
    struct checker c = {.p = start, .end = start + len};
    *offset_out = 0;
    if (len > JSON_MAX_BYTES) return JSON_TOO_LONG;
    if (check_value(&c)) {
        skip_space(&c);
        if (c.p < c.end) c.fault = JSON_TRAILING;
    }
    if (c.fault == JSON_OK && c.text_fault != JSON_OK) {
        c.p = c.text_at;
        c.fault = c.text_fault;
    }
    *offset_out = (size_t)(c.p - start);
    return c.fault;
}
