/* Writing of HTML, with escaping where it cannot be forgotten: in the one function through which
 * all text goes.  No template language: the pages are C that adds pieces.
 * Runs in: mcpd.  Input trust: packets (names). */
#include "mcpd/report/html.h"
#include "common/err.h"
#include "common/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLEAN_MOST 8u /* bytes that one byte becomes at most: \u{10ffff} for three or more */

void html_raw(struct text *t, const char *markup) {
    (void)text_add(t, markup);
}

static const char *reference(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void html_text(struct text *t, const char *text) {
    size_t cap = strlen(text) * CLEAN_MOST + 1;
    char *clean = malloc(cap);
    if (!clean) {
        t->failed = true;
        return;
    }
    text_clean_again(text, clean, cap);
    for (char *p = clean; *p;) {
        size_t plain = strcspn(p, "&<>\"'");
        const char *instead = reference(p[plain]);
        p[plain] = 0;
        (void)text_add(t, p);
        if (instead) (void)text_add(t, instead);
        p += plain + (instead != NULL);
    }
    free(clean);
}

/* One conversion; returns behind it. */
static const char *convert(struct text *t, const char *p, va_list *ap) {
    if (strncmp(p, "%s", 2) == 0) {
        html_text(t, va_arg(*ap, const char *));
        return p + 2;
    }
    char number[64] = "%";
    size_t length = strncmp(p, "%.1f", 4) == 0 ? 4 : 2;
    if (p[1] == 'd')
        snprintf(number, sizeof number, "%d", va_arg(*ap, int));
    else if (p[1] == 'u')
        snprintf(number, sizeof number, "%u", va_arg(*ap, unsigned));
    else if (p[1] == 'g')
        snprintf(number, sizeof number, "%g", va_arg(*ap, double));
    else if (length == 4)
        snprintf(number, sizeof number, "%.1f", va_arg(*ap, double));
    else
        ASSERT(p[1] == '%');
    (void)text_add(t, number);
    return p + length;
}

void html_addf(struct text *t, const char *fmt, ...) {
    char piece[256];
    va_list ap;
    va_start(ap, fmt);
    while (*fmt) {
        size_t n = strcspn(fmt, "%");
        if (n >= sizeof piece) n = sizeof piece - 1;
        memcpy(piece, fmt, n);
        piece[n] = 0;
        (void)text_add(t, piece);
        fmt += n;
        if (*fmt == '%') fmt = convert(t, fmt, &ap);
    }
    va_end(ap);
}
