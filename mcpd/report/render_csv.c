/* Tables for spreadsheets: RFC 4180, with line ends CR LF and a line of column names.  A
 * spreadsheet takes a text that begins with = + - @ for a formula and runs it; such texts, which a
 * stranger may have chosen, get an apostrophe in front. Runs in: mcpd.  Input trust: packets
 * (names). */
#include "mcpd/report/report.h"
#include "mcpd/report/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CSV_MOST (4u * 1024 * 1024)

/* Full-width signs mean the same to some. */
static bool begins_formula(const char *s) {
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"}; /* = + - @ */
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (strncmp(s, wide[i], 3) == 0) return true;
    return *s && strchr("=+-@\t\r|", *s);
}

/* Where a semicolon parts cells, what follows one begins a cell. */
static void add_field(struct text *t, const char *s) {
    if (!begins_formula(s) && !s[strcspn(s, ",\"\r\n;'")] && s[0] != ' ') {
        (void)text_add(t, s);
        return;
    }
    (void)text_add(t, "\"");
    for (bool first = true; *s; first = *s++ == ';') {
        if (first && begins_formula(s)) (void)text_add(t, "'");
        (void)text_addf(t, *s == '"' ? "%c\"" : "%c", *s);
    }
    (void)text_add(t, "\"");
}

static void add_cell(struct text *t, const cJSON *cell, bool first) {
    char number[32];
    if (!first) (void)text_add(t, ",");
    if (cJSON_IsString(cell))
        add_field(t, cell->valuestring);
    else
        (void)text_add(t, tree_number(cell, "", number));
}

static void add_row(struct text *t, const cJSON *row) {
    for (const cJSON *cell = row ? row->child : NULL; cell; cell = cell->next)
        add_cell(t, cell, cell == row->child);
    (void)text_add(t, "\r\n");
}

static char *finish(struct text *t) {
    if (!t->failed && t->bytes) return t->bytes;
    free(t->bytes);
    return NULL;
}

char *report_csv_connections(const cJSON *report) {
    static const char header[] = "client,server,name,state,history,bytes_to_client,bytes_to_server,"
                                 "handshake_ms,tls_ms,first_byte_ms,retransmitted,duration_s\r\n";
    const cJSON *table = tree_get(report, "connection_analysis.connections"), *row;
    struct text t = {.most = CSV_MOST};
    if (table)
        add_row(&t, tree_get(table, "columns"));
    else
        (void)text_add(&t, header);
    cJSON_ArrayForEach(row, tree_get(table, "rows")) add_row(&t, row);
    return finish(&t);
}

/* The arrays of the timeline, one line per bucket. */
char *report_csv_timeline(const cJSON *report) {
    const cJSON *timeline = tree_get(report, "timeline"), *a;
    const cJSON *bucket = tree_get(timeline, "bucket_s");
    struct text t = {.most = CSV_MOST};
    int n = cJSON_GetArraySize(tree_get(timeline, "packets"));
    (void)text_add(&t, "start_s");
    cJSON_ArrayForEach(a, timeline) {
        if (cJSON_IsArray(a)) (void)text_addf(&t, ",%s", a->string);
    }
    (void)text_add(&t, "\r\n");
    for (int i = 0; i < n; i++) {
        (void)text_addf(&t, "%.15g", i * (cJSON_IsNumber(bucket) ? bucket->valuedouble : 1));
        cJSON_ArrayForEach(a, timeline) {
            if (cJSON_IsArray(a)) add_cell(&t, cJSON_GetArrayItem(a, i), false);
        }
        (void)text_add(&t, "\r\n");
    }
    return finish(&t);
}
