/* Numbers and words as people read them, for the page.  The same rules stand in page/draw.js for
 * the MCP App, which gets its data in the browser; what can be data is in page/words.json, once.
 * Runs in: mcpd.  Input trust: packets (numbers and names; the caller escapes). */
#include "mcpd/report/page.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const unsigned char words_json[] = {
#include "page/words.json.inc"
};

cJSON *words_tree(void) {
    return cJSON_ParseWithLength((const char *)words_json, sizeof words_json);
}

const char *entry_text(const cJSON *entry, int index) {
    const char *text = cJSON_GetStringValue(cJSON_GetArrayItem(entry, index));
    return text ? text : "";
}

const char *page_word(const struct page *p, const char *path) {
    return tree_text(p->words, path);
}

double tree_value(const cJSON *tree, const char *path) {
    const cJSON *n = tree_get(tree, path);
    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

static void with_prefix(double v, const char *unit, char *out) {
    static const char *const prefixes[] = {"", "k", "M", "G", "T"};
    unsigned i = 0;
    while (fabs(v) >= 999.5 && i < 4) v /= 1000, i++;
    snprintf(out, VALUE_BYTES, v < 9.95 && i ? "%.1f %s%s" : "%.0f %s%s", v, prefixes[i], unit);
}

/* 1234567 -> "1,234,567" */
static void with_commas(double v, const char *unit, char *out) {
    char digits[320]; /* as many as a double can have */
    size_t used = 0, n = (size_t)snprintf(digits, sizeof digits, "%.0f", v);
    for (size_t i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0 && digits[i - 1] != '-') out[used++] = ',';
        out[used++] = digits[i];
    }
    snprintf(out + used, VALUE_BYTES - used, "%s", unit);
}

static bool is(const char *kind, const char *name) {
    return strcmp(kind, name) == 0;
}

const char *number_words(double v, const char *kind, char out[VALUE_BYTES]) {
    if (is(kind, "count") && v == floor(v))
        with_commas(v, "", out);
    else if (is(kind, "rate") && v >= 9.5)
        with_commas(v, "/s", out);
    else if (is(kind, "rate"))
        snprintf(out, VALUE_BYTES, "%.2g/s", v);
    else if (is(kind, "bytes"))
        with_prefix(v, "B", out);
    else if (is(kind, "bps"))
        with_prefix(v, "bit/s", out);
    else if (is(kind, "ms"))
        snprintf(out, VALUE_BYTES, v < 1000 ? "%.4g ms" : "%.0f ms", v);
    else if (is(kind, "s"))
        snprintf(out, VALUE_BYTES, "%.10g s", v);
    else if (is(kind, "percent"))
        snprintf(out, VALUE_BYTES, "%.10g %%", v);
    else
        snprintf(out, VALUE_BYTES, "%.15g", v);
    return out;
}

const char *value_text(const cJSON *value, const char *kind, char out[VALUE_BYTES]) {
    out[0] = 0;
    if (cJSON_IsNumber(value)) return number_words(value->valuedouble, kind, out);
    if (!cJSON_IsString(value)) return out;
    const char *text = value->valuestring;
    if (is(kind, "target") && is(text, "*")) text = "all traffic";
    if (is(kind, "vantage") && is(text, "unknown")) text = "";
    snprintf(out, VALUE_BYTES, "%s", text);
    if (is(kind, "time") && strlen(out) == sizeof "2026-11-23T10:00:00.000Z" - 1)
        snprintf(out, VALUE_BYTES, "%.10s %.8s UTC", text, text + 11);
    for (char *p = out; is(kind, "word") && *p; p++)
        if (*p == '_') *p = ' ';
    return out;
}

bool value_is_bad(const struct page *p, const cJSON *value, const char *kind) {
    const cJSON *word;
    if (is(kind, "status")) return cJSON_IsNumber(value) && value->valuedouble >= 400;
    if (!is(kind, "word") || !cJSON_IsString(value)) return false;
    cJSON_ArrayForEach(word, tree_get(p->words, "bad")) {
        if (strcmp(word->valuestring, value->valuestring) == 0) return true;
    }
    return false;
}

const char *key_words(const char *key, char words[64]) {
    static const char *const endings[] = {"percent", "bytes", "bps", "ms", "s"};
    const char *kind = "count";
    snprintf(words, 64, "%s", key);
    char *tail = strrchr(words, '_');
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(tail ? tail + 1 : words, endings[i]) != 0) continue;
        kind = endings[i];
        if (tail)
            *tail = 0;
        else if (is(kind, "ms"))
            snprintf(words, 64, "time");
    }
    for (char *c = words; *c; c++)
        if (*c == '_') *c = ' ';
    return kind;
}
