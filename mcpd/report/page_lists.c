/* The tables of the page.  They can be read without a script; page/table.js makes them sortable
 * where scripts run, by the text of a cell or, where that is rounded, by its data-v.
 * Runs in: mcpd.  Input trust: packets (names, only ever in their own cells). */
#include "mcpd/report/page.h"
#include <stdio.h>
#include <string.h>

#define COLUMNS   16
#define ROWS_MOST 600 /* more than any table keeps */
#define LONG      32u /* bytes of a text that may break */

struct shown {
    const cJSON *entry; /* [key, title, kind] */
    int index;          /* in a row */
};

static int column_at(const cJSON *table, const char *key) {
    const cJSON *name;
    int i = 0;
    cJSON_ArrayForEach(name, tree_get(table, "columns")) {
        const char *text = cJSON_GetStringValue(name);
        if (text && strcmp(text, key) == 0) return i;
        i++;
    }
    return -1;
}

/* A column in which no row says anything is left out. */
static bool says_something(const cJSON *table, int index) {
    const cJSON *row;
    cJSON_ArrayForEach(row, tree_get(table, "rows")) {
        const cJSON *cell = cJSON_GetArrayItem(row, index);
        if (cJSON_IsNumber(cell) || (cJSON_IsString(cell) && cell->valuestring[0])) return true;
    }
    return false;
}

static int choose_columns(const cJSON *list, const cJSON *table, struct shown out[COLUMNS]) {
    const cJSON *entry;
    int n = 0;
    cJSON_ArrayForEach(entry, tree_get(list, "columns")) {
        int index = column_at(table, entry_text(entry, 0));
        if (index < 0 || n == COLUMNS || (n > 0 && !says_something(table, index))) continue;
        out[n++] = (struct shown){entry, index};
    }
    return n;
}

static bool is_text(const char *kind) {
    return strcmp(kind, "text") == 0 || strcmp(kind, "word") == 0;
}

static void add_cell(struct page *p, const cJSON *cell, const char *kind) {
    char value[VALUE_BYTES], number[32];
    bool text = is_text(kind), bad = value_is_bad(p, cell, kind);
    value_text(cell, kind, value);
    const char *class = bad ? (text ? "bad" : "n bad") : !text ? "n" : "";
    if (text && strlen(value) > LONG) class = "long";
    html_raw(&p->t, "<td");
    if (class[0]) html_addf(&p->t, " class=\"%s\"", class);
    if (strcmp(kind, "bytes") == 0 && cJSON_IsNumber(cell)) /* shown rounded, sorted as it is */
        html_addf(&p->t, " data-v=\"%s\"", tree_number(cell, "", number));
    html_addf(&p->t, ">%s</td>", value);
}

static void add_head(struct page *p, const cJSON *list, const struct shown *column, int columns) {
    html_addf(&p->t,
              "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table "
              "class=\"list\"><thead><tr>",
              tree_text(list, "title"));
    for (int i = 0; i < columns; i++)
        html_addf(&p->t,
                  is_text(entry_text(column[i].entry, 2)) ? "<th scope=\"col\">%s</th>"
                                                          : "<th scope=\"col\" class=\"n\">%s</th>",
                  entry_text(column[i].entry, 1));
    html_raw(&p->t, "</tr></thead><tbody>\n");
}

static void add_title(struct page *p, const cJSON *list, const cJSON *table) {
    char key[64], value[VALUE_BYTES];
    const char *path = tree_text(list, "path"), *dot = strrchr(path, '.');
    snprintf(key, sizeof key, "%s", dot ? dot + 1 : path);
    const char *cut = tree_text(tree_get(p->report, "lists"), key);
    html_addf(&p->t, "<section id=\"%s\" class=\"%s\"><h2>%s <small>", key,
              cJSON_IsTrue(tree_get(list, "half")) ? "half" : "wide", tree_text(list, "title"));
    if (cut[0])
        html_addf(&p->t, "%s", cut);
    else
        html_addf(&p->t, "%s",
                  number_words(cJSON_GetArraySize(tree_get(table, "rows")), "count", value));
    html_addf(&p->t, "%s%s</small></h2>\n", tree_text(list, "order")[0] ? ", " : "",
              tree_text(list, "order"));
}

static void add_list(struct page *p, const cJSON *list) {
    const cJSON *table = tree_get(p->report, tree_text(list, "path")), *row;
    struct shown column[COLUMNS];
    int columns = choose_columns(list, table, column), rows = 0;
    if (columns == 0 || cJSON_GetArraySize(tree_get(table, "rows")) == 0) return;
    add_title(p, list, table);
    add_head(p, list, column, columns);
    cJSON_ArrayForEach(row, tree_get(table, "rows")) {
        if (rows++ == ROWS_MOST) break;
        html_raw(&p->t, "<tr>");
        for (int i = 0; i < columns; i++)
            add_cell(p, cJSON_GetArrayItem(row, column[i].index), entry_text(column[i].entry, 2));
        html_raw(&p->t, "</tr>\n");
    }
    html_raw(&p->t, "</tbody></table></div></section>\n");
}

/* Lists without a row, and why: "DNS: none seen". */
static void add_empty(struct page *p) {
    const cJSON *list;
    int n = 0;
    cJSON_ArrayForEach(list, tree_get(p->words, "lists")) {
        const char *path = tree_text(list, "path"), *dot = strrchr(path, '.');
        const char *why = tree_text(tree_get(p->report, "lists"), dot ? dot + 1 : path);
        if (!why[0] || cJSON_GetArraySize(tree_get(tree_get(p->report, path), "rows")) > 0)
            continue;
        html_raw(&p->t, n++ ? "; " : "<p class=\"hint wide\">Not in this report: ");
        html_addf(&p->t, "<b>%s</b>: %s", tree_text(list, "title"), why);
    }
    if (n) html_raw(&p->t, "</p>\n");
}

void page_lists(struct page *p) {
    const cJSON *list;
    cJSON_ArrayForEach(list, tree_get(p->words, "lists")) add_list(p, list);
    add_empty(p);
}
