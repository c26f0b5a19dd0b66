/* Hostile strings made harmless once, at the border, so that nobody downstream has to think of it.
 * Runs in: any.  Input trust: packets. */
#include "common/text.h"
#include <stdio.h>
#include <string.h>

/* Decode one code point; returns its length in bytes, 0 if the bytes are no UTF-8. */
static size_t decode_one(const uint8_t *p, size_t left, uint32_t *cp_out) {
    if (p[0] < 0x80) {
        *cp_out = p[0];
        return 1;
    }
    size_t n = (p[0] & 0xe0) == 0xc0   ? 2
               : (p[0] & 0xf0) == 0xe0 ? 3
               : (p[0] & 0xf8) == 0xf0 ? 4
                                       : 0;
    if (n == 0 || left < n) return 0;
    uint32_t cp = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        cp = cp << 6 | (p[i] & 0x3f);
    }
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) return 0;
    *cp_out = cp;
    return n;
}

bool text_is_utf8(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = decode_one(bytes + i, len - i, &cp);
        if (n == 0 || cp == 0) return false;
        i += n;
    }
    return true;
}

/* Characters that could hide, reorder, overlay or forge text around them: controls, marks of
 * direction, invisible and filling characters, blanks other than the space, noncharacters, tags.
 * Letters that merely look like others stay: which of them deceives depends on the reader. */
static bool needs_escape(uint32_t cp) {
    static const struct {
        uint32_t from, to;
    } ranges[] = {
        {0x00, 0x1f},     {0x7f, 0xa0},     {0xad, 0xad},     {0x34f, 0x34f},   {0x61c, 0x61c},
        {0x115f, 0x1160}, {0x1680, 0x1680}, {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x2000, 0x200f},
        {0x2028, 0x202f}, {0x205f, 0x206f}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
        {0xfdd0, 0xfdef}, {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffc},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (cp >= ranges[i].from && cp <= ranges[i].to) return true;
    if ((cp & 0xfffe) == 0xfffe || (cp >= 0xe0000 && cp <= 0xe0fff)) return true;
    return cp >= 0x1d173 && cp <= 0x1d17a; /* musical format controls */
}

/* Marks that are drawn over the letter before them.  Two are real writing (Vietnamese); a tower of
 * them covers the lines above. */
static bool is_mark(uint32_t cp) {
    return (cp >= 0x300 && cp <= 0x36f) || (cp >= 0x483 && cp <= 0x489) ||
           (cp >= 0x1ab0 && cp <= 0x1aff) || (cp >= 0x1dc0 && cp <= 0x1dff) ||
           (cp >= 0x20d0 && cp <= 0x20ff) || (cp >= 0xfe20 && cp <= 0xfe2f);
}
#define MARKS_MAX 2u

static size_t clean(const uint8_t *bytes, size_t len, bool again, char *out, size_t cap) {
    size_t used = 0;
    unsigned marks = MARKS_MAX; /* one that begins the text would join what stands before it */
    if (cap == 0) return 0;
    for (size_t i = 0; i < len;) {
        char piece[16];
        uint32_t cp = 0;
        size_t n = decode_one(bytes + i, len - i, &cp), plen;
        marks = n > 0 && is_mark(cp) ? marks + 1 : 0;
        if (n == 0) {
            plen = (size_t)snprintf(piece, sizeof piece, "\\x%02x", bytes[i]);
            n = 1;
        } else if (cp == '\\' && !again) {
            plen = (size_t)snprintf(piece, sizeof piece, "\\\\");
        } else if (needs_escape(cp) || marks > MARKS_MAX) {
            plen = (size_t)snprintf(piece, sizeof piece, cp < 0x80 ? "\\x%02x" : "\\u{%x}", cp);
        } else {
            memcpy(piece, bytes + i, n);
            plen = n;
        }
        if (used + plen >= cap) break;
        memcpy(out + used, piece, plen);
        used += plen;
        i += n;
    }
    out[used] = 0;
    return used;
}

size_t text_clean(const uint8_t *bytes, size_t len, char *out, size_t cap) {
    return clean(bytes, len, false, out, cap);
}

size_t text_clean_again(const char *text, char *out, size_t cap) {
    return clean((const uint8_t *)text, strlen(text), true, out, cap);
}

size_t text_fitting(const char *text, size_t most) {
    size_t len = strnlen(text, most + 1), back = 0;
    if (len <= most) return len;
    while (back < 3 && back < most && ((uint8_t)text[most - back] & 0xc0) == 0x80) back++;
    return most - back;
}

size_t text_lower(const char *in, char *out, size_t cap) {
    size_t n = 0;
    for (; in[n] && n + 1 < cap; n++)
        out[n] = (char)(in[n] >= 'A' && in[n] <= 'Z' ? in[n] + 32 : in[n]);
    if (cap) out[n] = 0;
    return n;
}

const char *text_quotable(const char *text, char *out, size_t cap) {
    snprintf(out, cap, "%s", text);
    for (char *p = out; *p; p++)
        if (*p < 0x20 || *p > 0x7e || *p == '"' || *p == '\\') *p = '?';
    return out;
}
