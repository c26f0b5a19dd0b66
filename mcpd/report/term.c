/* Texts on 80 columns.  The C library's wcwidth() would need the person's locale to be installed
 * here and would make the result depend on it, so the few ranges that matter are a table.
 * Runs in: mcpd.  Input trust: packets (names; control characters are escaped in the tree). */
#include "mcpd/report/term.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 8192u

/* ---- widths ---------------------------------------------------------------------------------- */

/* One character; a byte that is no UTF-8 counts as one.  Returns its length in bytes. */
static size_t next_character(const char *s, size_t left, uint32_t *cp_out) {
    const unsigned char *p = (const unsigned char *)s;
    size_t n = p[0] < 0xc0 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    uint32_t cp = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    if (n > left) n = left;
    for (size_t i = 1; i < n; i++) cp = cp << 6 | (p[i] & 0x3fu);
    *cp_out = cp;
    return n;
}

static unsigned columns_of(uint32_t cp) {
    static const struct {
        uint32_t first, last;
        unsigned columns;
    } ranges[] = {{0x0300, 0x036f, 0},   {0x0591, 0x05bd, 0},   {0x064b, 0x065f, 0},
                  {0x0e34, 0x0e3a, 0},   {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},
                  {0x1dc0, 0x1dff, 0},   {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},
                  {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
                  {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe6f, 2},
                  {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
                  {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (cp >= ranges[i].first && cp <= ranges[i].last) return ranges[i].columns;
    return 1;
}

size_t term_width(const char *s, size_t bytes) {
    size_t columns = 0;
    uint32_t cp;
    for (size_t i = 0; i < bytes;
         i += next_character(s + i, bytes - i, &cp), columns += columns_of(cp))
        ;
    return columns;
}

size_t term_fitting(const char *s, size_t bytes, size_t columns) {
    size_t i = 0, used = 0;
    while (i < bytes) {
        uint32_t cp;
        size_t n = next_character(s + i, bytes - i, &cp);
        if (i > 0 && used + columns_of(cp) > columns) break;
        used += columns_of(cp);
        i += n;
    }
    return i;
}

/* ---- showing --------------------------------------------------------------------------------- */

const char *term_shown(const struct text *t, const char *in, char *out, size_t cap) {
    static const char levels[] = "_.-:=+*#"; /* for U+2581 to U+2588 */
    size_t used = 0, left = strlen(in);
    while (left > 0) {
        char piece[16];
        uint32_t cp;
        size_t n = next_character(in, left, &cp);
        if (!t->ascii || cp < 0x80)
            snprintf(piece, sizeof piece, "%.*s", (int)n, in);
        else if (cp >= 0x2581 && cp <= 0x2588)
            snprintf(piece, sizeof piece, "%c", levels[cp - 0x2581]);
        else
            snprintf(piece, sizeof piece, "\\u{%x}", cp);
        if (used + strlen(piece) + 1 > cap) break;
        memcpy(out + used, piece, strlen(piece));
        used += strlen(piece);
        in += n;
        left -= n;
    }
    out[used] = 0;
    return out;
}

const char *term_paint(const struct text *t, const char *word) {
    static const struct {
        const char *word, *code;
    } codes[] = {{"critical", "\033[1;31m"},
                 {"problems", "\033[1;31m"},
                 {"warning", "\033[1;33m"},
                 {"no_traffic", "\033[1;33m"},
                 {"inconclusive", "\033[1;33m"},
                 {"healthy", "\033[1;32m"},
                 {"bold", "\033[1m"},
                 {"off", "\033[0m"}};
    for (size_t i = 0; t->colour && i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].word, word) == 0) return codes[i].code;
    return "";
}

const char *term_bytes(double bytes, char out[32]) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    while (bytes >= 1000 && unit < 4) bytes /= 1000, unit++;
    snprintf(out, 32, bytes < 10 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
    return out;
}

/* ---- wrapping -------------------------------------------------------------------------------- */

/* Does a unit begin here, with nothing but punctuation behind it? */
static bool is_unit(const char *p) {
    static const char *const units[] = {"s", "ms", "%", "B", "kB", "MB", "GB", "bytes"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i]);
        if (strncmp(p, units[i], n) == 0 && (!p[n] || strchr(" .,;:)", p[n]))) return true;
    }
    return false;
}

/* A word, with its unit if it ends in a number. */
static size_t word_bytes(const char *p) {
    size_t n = strcspn(p, " ");
    if (n && p[n - 1] >= '0' && p[n - 1] <= '9' && p[n] == ' ' && is_unit(p + n + 1))
        n += 1 + strcspn(p + n + 1, " ");
    return n;
}

void term_wrap(struct text *t, size_t indent, const char *label, const char *text) {
    char shown[SHOWN_BYTES];
    size_t column = indent + term_width(label, strlen(label));
    bool first = true; /* word of its line */
    text_addf(t, "%*s%s", (int)indent, "", label);
    term_shown(t, text, shown, sizeof shown);
    for (const char *p = shown + strspn(shown, " "); *p; p += strspn(p, " ")) {
        size_t n = word_bytes(p), wide = term_width(p, n);
        if (column + !first + wide > TERM_COLUMNS && column > indent) {
            text_addf(t, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            text_add(t, " ");
            column++;
        }
        while (column + wide > TERM_COLUMNS) { /* longer than a line: broken */
            size_t part = term_fitting(p, n, TERM_COLUMNS - column);
            text_addf(t, "%.*s\n%*s", (int)part, p, (int)indent, "");
            p += part;
            n -= part;
            wide = term_width(p, n);
            column = indent;
        }
        text_addf(t, "%.*s", (int)n, p);
        column += wide;
        first = false;
        p += n;
    }
    text_add(t, "\n");
}
