/* What both renderers share: bounded text, and look-ups in the report tree.
 * Runs in: mcpd.  Input trust: packets (texts in the tree are escaped here for Markdown). */
#include "mcpd/report/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_add(struct text *t, const char *piece) {
    size_t n = strlen(piece);
    if (t->failed || n > t->most - t->used) return false;
    if (t->used + n + 1 > t->cap) {
        size_t cap = (t->used + n + 1) * 2;
        char *grown = realloc(t->bytes, cap);
        if (!grown) {
            t->failed = true;
            return false;
        }
        t->bytes = grown;
        t->cap = cap;
    }
    memcpy(t->bytes + t->used, piece, n + 1);
    t->used += n;
    return true;
}

void text_cut(struct text *t, size_t used) {
    if (!t->bytes || used > t->used) return;
    t->used = used;
    t->bytes[used] = 0;
}

bool text_addf(struct text *t, const char *fmt, ...) {
    char piece[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(piece, sizeof piece, fmt, ap);
    va_end(ap);
    return n >= 0 && (size_t)n < sizeof piece && text_add(t, piece);
}

const cJSON *tree_get(const cJSON *tree, const char *path) {
    char key[64];
    while (tree && *path) {
        size_t n = strcspn(path, ".");
        if (n >= sizeof key) return NULL;
        memcpy(key, path, n);
        key[n] = 0;
        tree = cJSON_GetObjectItemCaseSensitive(tree, key);
        path += n + (path[n] == '.');
    }
    return tree;
}

const char *tree_text(const cJSON *tree, const char *path) {
    const char *text = cJSON_GetStringValue(tree_get(tree, path));
    return text ? text : "";
}

static const char *number_text(const cJSON *n, char out[32]) {
    out[0] = 0;
    if (cJSON_IsNumber(n))
        snprintf(out, 32, "%.15g", n->valuedouble);
    else if (cJSON_IsString(n))
        snprintf(out, 32, "%s", n->valuestring);
    return out;
}

const char *tree_number(const cJSON *tree, const char *path, char out[32]) {
    return number_text(tree_get(tree, path), out);
}

void markdown_escape(const char *in, char *out, size_t cap) {
    size_t used = 0;
    for (; *in && used + 3 < cap; in++) {
        if (strchr("\\`*_|<>[]#~&!", *in)) out[used++] = '\\';
        out[used++] = *in;
    }
    while (used > 0 && ((unsigned char)*in & 0xc0) == 0x80) { /* cut inside a character */
        unsigned char last = (unsigned char)out[--used];
        if ((last & 0xc0) != 0x80) break;
    }
    out[used] = 0;
}

/* "(192.0.2.1 0, 192.0.2.2 5)" of a number for each of several addresses. */
static void list_value(const cJSON *list, char *out, size_t cap) {
    char number[32];
    size_t used = 1;
    snprintf(out, cap, "(");
    for (const cJSON *e = list->child; e; e = e->next) {
        int n = snprintf(out + used, cap - used, "%s%s %s", used > 1 ? ", " : "", e->string,
                         number_text(e, number));
        if (n < 0 || (size_t)n + 2 > cap - used) break;
        used += (size_t)n;
    }
    snprintf(out + used, cap - used, ")");
}

void evidence_line(const cJSON *evidence, bool markdown, char *out, size_t cap) {
    size_t used = 0;
    out[0] = 0;
    for (const cJSON *e = evidence ? evidence->child : NULL; e; e = e->next) {
        char number[32], value[320];
        if (cJSON_IsObject(e))
            list_value(e, value, sizeof value);
        else if (cJSON_IsString(e) && markdown)
            markdown_escape(e->valuestring, value, sizeof value);
        else if (cJSON_IsString(e))
            snprintf(value, sizeof value, "%s", e->valuestring);
        else
            snprintf(value, sizeof value, "%s", number_text(e, number));
        int n = snprintf(out + used, cap - used, "%s%s %s", used ? ", " : "", e->string, value);
        if (n < 0 || (size_t)n >= cap - used) {
            out[used] = 0;
            return;
        }
        used += (size_t)n;
    }
}

static void append_counts(const cJSON *from, const char *const *keys, char *out, size_t cap) {
    char number[32];
    for (; *keys; keys++) {
        size_t used = strlen(out);
        tree_number(from, *keys, number);
        if (!number[0] || strcmp(number, "0") == 0) continue;
        snprintf(out + used, cap - used, "%s%s %s", used ? ", " : "", number, *keys);
    }
}

void connections_line(const cJSON *report, char *out, size_t cap) {
    static const char *const keys[] = {"established", "refused", "timed_out", "unreachable",
                                       "aborted",     "pending", "midstream", NULL};
    out[0] = 0;
    append_counts(tree_get(report, "connection_analysis"), keys, out, cap);
}

void coverage_line(const cJSON *report, char *out, size_t cap) {
    const cJSON *unjudged = tree_get(report, "coverage.not_evaluable");
    char number[32];
    snprintf(out, cap, "%s rules", tree_number(report, "coverage.rules_evaluated", number));
    const char *open = "; not judged: ";
    for (const cJSON *n = unjudged ? unjudged->child : NULL; n; n = n->next) {
        size_t used = strlen(out);
        snprintf(out + used, cap - used, "%s%s (%s)", open, n->string, number_text(n, number));
        open = ", ";
    }
}

bool narrowed_line(const cJSON *report, char *out, size_t cap) {
    const cJSON *n = tree_get(report, "coverage.narrowed");
    char number[32];
    out[0] = 0;
    if (!n) return false;
    snprintf(out, cap, "from %s s on, since %s; no longer seen: %s",
             tree_number(n, "from_s", number), tree_text(n, "why"), tree_text(n, "no_longer_seen"));
    return true;
}

/* "IPv4: 3 of 3": how many attempts succeeded; "" if the family was not tried. */
static void family_text(const cJSON *report, const char *key, const char *name, char *out,
                        size_t cap) {
    const cJSON *f = tree_get(tree_get(report, "target_families"), key);
    char established[32], attempted[32];
    out[0] = 0;
    if (f)
        snprintf(out, cap, "%s: %s of %s", name, tree_number(f, "established", established),
                 tree_number(f, "attempted", attempted));
}

bool families_line(const cJSON *report, char *out, size_t cap) {
    char four[80], six[80];
    family_text(report, "ipv4", "IPv4", four, sizeof four);
    family_text(report, "ipv6", "IPv6", six, sizeof six);
    snprintf(out, cap, "%s, %s connection attempts succeeded", four, six);
    return four[0] && six[0];
}
