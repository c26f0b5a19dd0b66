/* The worst rows of connections, DNS, HTTP and TLS, in tables that fit a terminal: columns with
 * nothing in them are left out, then the less important ones, then names are cut.  The lists come
 * worst or slowest first, so the first rows are the ones.
 * Runs in: mcpd.  Input trust: packets (names, only ever in their own cells). */
#include "mcpd/report/term.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS     5u
#define COLUMNS  9u
#define CELL     1024u
#define INDENT   2u
#define GAP      2u
#define FLEX_MIN 22u /* a name or an endpoint that is cut further says little */

/* WORD: one of ours, "timed_out".  A column of zeros of COUNT or BYTES is left out. */
enum kind { TEXT, WORD, FLEX, NUMBER, COUNT, BYTES };

/* `drop`: when there is no room the highest goes first; 0 never. */
struct column {
    const char *key, *title;
    enum kind kind;
    unsigned drop;
};

struct listing {
    const char *path, *what;
    struct column column[COLUMNS];
};

static const struct listing listings[] = {
    {"connection_analysis.connections",
     "connections",
     {{"server", "server", FLEX, 0},
      {"name", "name", FLEX, 3},
      {"state", "state", WORD, 0},
      {"handshake_ms", "connect", NUMBER, 1},
      {"tls_ms", "tls", NUMBER, 6},
      {"first_byte_ms", "1st byte", NUMBER, 2},
      {"bytes_to_client", "received", BYTES, 4},
      {"retransmitted", "resent", COUNT, 0},
      {"duration_s", "seconds", COUNT, 5}}},
    {"dns_queries",
     "dns",
     {{"name", "name", FLEX, 0},
      {"type", "type", TEXT, 2},
      {"rcode", "answer", TEXT, 0},
      {"server", "resolver", FLEX, 1},
      {"latency_ms", "ms", NUMBER, 0},
      {"tries", "tries", NUMBER, 0}}},
    {"http_requests",
     "http",
     {{"method", "method", TEXT, 1},
      {"host", "host", FLEX, 0},
      {"path", "path", FLEX, 0},
      {"status", "status", NUMBER, 0},
      {"first_byte_ms", "1st byte", NUMBER, 0}}},
    {"tls_handshakes",
     "tls",
     {{"sni", "name", FLEX, 0},
      {"server", "server", FLEX, 1},
      {"version", "version", TEXT, 2},
      {"outcome", "outcome", WORD, 0},
      {"ms", "ms", NUMBER, 0}}},
};

struct grid {
    char cell[ROWS + 1][COLUMNS][CELL]; /* row 0: titles */
    size_t width[COLUMNS];
    bool shown[COLUMNS];
    size_t rows; /* without the titles */
    const struct column *column;
};

static int column_index(const cJSON *table, const char *key) {
    const cJSON *name;
    int i = 0;
    cJSON_ArrayForEach(name, tree_get(table, "columns")) {
        const char *text = cJSON_GetStringValue(name);
        if (text && strcmp(text, key) == 0) return i;
        i++;
    }
    return -1;
}

static void fill_cell(const struct text *t, const cJSON *value, enum kind kind, char *out) {
    char text[32];
    if (kind == BYTES && cJSON_IsNumber(value))
        snprintf(out, CELL, "%s", term_bytes(value->valuedouble, text));
    else if (cJSON_IsString(value))
        term_shown(t, value->valuestring, out, CELL);
    else
        snprintf(out, CELL, "%s", tree_number(value, "", text));
    for (char *p = out; kind == WORD && *p; p++)
        if (*p == '_') *p = ' ';
}

/* Is there anything to see in this column? */
static bool says_something(const struct grid *g, size_t k) {
    for (size_t r = 1; r <= g->rows; r++) {
        const char *cell = g->cell[r][k];
        bool zero = (g->column[k].kind == COUNT && strcmp(cell, "0") == 0) ||
                    (g->column[k].kind == BYTES && strcmp(cell, "0 B") == 0);
        if (*cell && !zero) return true;
    }
    return false;
}

/* A name that is the target itself, or the server's own address, is seen already. */
static bool is_news(const struct grid *g, size_t k, const char *target) {
    for (size_t r = 1; r <= g->rows; r++) {
        const char *name = g->cell[r][k];
        if (*name && strncmp(name, target, strlen(name)) != 0 &&
            strncmp(name, g->cell[r][0], strlen(name)) != 0)
            return true;
    }
    return false;
}

static size_t total_width(const struct grid *g) {
    size_t all = INDENT;
    for (size_t k = 0; k < COLUMNS; k++)
        if (g->shown[k]) all += g->width[k] + (all > INDENT ? GAP : 0);
    return all;
}

/* The width with every name cut as far as it may be. */
static size_t least_width(const struct grid *g) {
    size_t all = total_width(g);
    for (size_t k = 0; k < COLUMNS; k++)
        if (g->shown[k] && g->column[k].kind == FLEX && g->width[k] > FLEX_MIN)
            all -= g->width[k] - FLEX_MIN;
    return all;
}

static void fit(struct grid *g) {
    while (least_width(g) > TERM_COLUMNS) {
        size_t worst = COLUMNS;
        for (size_t k = 0; k < COLUMNS; k++)
            if (g->shown[k] && g->column[k].drop &&
                (worst == COLUMNS || g->column[k].drop > g->column[worst].drop))
                worst = k;
        if (worst == COLUMNS) break;
        g->shown[worst] = false;
    }
    for (size_t over = total_width(g); over > TERM_COLUMNS; over--) {
        size_t widest = COLUMNS;
        for (size_t k = 0; k < COLUMNS; k++)
            if (g->shown[k] && g->column[k].kind == FLEX &&
                (widest == COLUMNS || g->width[k] > g->width[widest]))
                widest = k;
        if (widest == COLUMNS || g->width[widest] <= 8) break;
        g->width[widest]--;
    }
}

/* Cut in the middle: the end of an endpoint is its port, that of a name its owner. */
static void add_cell(struct text *t, const char *s, size_t width, bool right, bool last) {
    size_t bytes = strlen(s), wide = term_width(s, bytes), pad = wide < width ? width - wide : 0;
    if (wide <= width) {
        text_addf(t, "%*s%s%*s", right ? (int)pad : 0, "", s, right || last ? 0 : (int)pad, "");
        return;
    }
    size_t head = term_fitting(s, bytes, (width - 2) / 2), used = term_width(s, head) + 2,
           tail = head;
    while (tail < bytes && (used + term_width(s + tail, bytes - tail) > width ||
                            ((unsigned char)s[tail] & 0xc0) == 0x80))
        tail++;
    used += term_width(s + tail, bytes - tail);
    text_addf(t, "%.*s..%s%*s", (int)head, s, s + tail,
              last || used > width ? 0 : (int)(width - used), "");
}

static void add_grid(struct text *t, const struct grid *g) {
    size_t last = 0;
    for (size_t k = 0; k < COLUMNS; k++)
        if (g->shown[k]) last = k;
    for (size_t r = 0; r <= g->rows; r++) {
        text_addf(t, "%*s", (int)INDENT, "");
        for (size_t k = 0; k <= last; k++) {
            if (!g->shown[k]) continue;
            const char *s = g->cell[r][k][0] ? g->cell[r][k] : "-";
            add_cell(t, s, g->width[k], g->column[k].kind >= NUMBER, k == last);
            if (k < last) text_addf(t, "%*s", (int)GAP, "");
        }
        text_add(t, "\n");
    }
}

static void fill(struct grid *g, const struct text *t, const cJSON *table) {
    const cJSON *row;
    int at[COLUMNS];
    for (size_t k = 0; k < COLUMNS; k++) {
        at[k] = g->column[k].key ? column_index(table, g->column[k].key) : -1;
        snprintf(g->cell[0][k], CELL, "%s", g->column[k].key ? g->column[k].title : "");
    }
    cJSON_ArrayForEach(row, tree_get(table, "rows")) {
        if (g->rows == ROWS) break;
        g->rows++;
        for (size_t k = 0; k < COLUMNS; k++)
            if (at[k] >= 0)
                fill_cell(t, cJSON_GetArrayItem(row, at[k]), g->column[k].kind,
                          g->cell[g->rows][k]);
    }
}

static void measure(struct grid *g, const char *target) {
    for (size_t k = 0; k < COLUMNS; k++) {
        const char *key = g->column[k].key;
        g->shown[k] = key && says_something(g, k) &&
                      (k == 0 || strcmp(key, "name") != 0 || is_news(g, k, target));
        for (size_t r = 0; r <= g->rows; r++) {
            size_t wide = term_width(g->cell[r][k], strlen(g->cell[r][k]));
            if (wide > g->width[k]) g->width[k] = wide;
        }
    }
}

/* "(5 of 57)": how many there were stands in `lists` when the list itself was cut. */
static void add_title(struct text *t, const cJSON *report, const struct listing *l, size_t shown,
                      int rows) {
    const cJSON *lists = tree_get(report, "lists");
    const char *list = strrchr(l->path, '.') ? strrchr(l->path, '.') + 1 : l->path;
    const char *cut = strstr(tree_text(lists, list), " of ");
    unsigned long of = cut ? strtoul(cut + 4, NULL, 10) : (unsigned long)rows;
    text_addf(t, "\n%s%s%s", term_paint(t, "bold"), l->what, term_paint(t, "off"));
    if (of > shown) text_addf(t, ", the worst or slowest %zu of %lu", shown, of);
    text_add(t, strcmp(l->what, "connections") == 0 || strcmp(l->what, "http") == 0
                    ? " (times in ms)\n"
                    : "\n");
}

void term_tables(struct text *t, const cJSON *report) {
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        const cJSON *table = tree_get(report, listings[i].path);
        int rows = cJSON_GetArraySize(tree_get(table, "rows"));
        struct grid *g = rows > 0 ? calloc(1, sizeof *g) : NULL;
        if (!g) continue;
        g->column = listings[i].column;
        fill(g, t, table);
        measure(g, tree_text(report, "target"));
        fit(g);
        add_title(t, report, &listings[i], g->rows, rows);
        add_grid(t, g);
        free(g);
    }
}
