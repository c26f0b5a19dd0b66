/* The report for a person at a terminal: 80 columns, colour only if asked for.  First what is wrong
 * and what to do, then the numbers, then how it was found out.
 * Runs in: mcpd.  Input trust: packets (names; control characters are escaped in the tree). */
#include "mcpd/report/build.h"
#include "mcpd/report/term.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MOST (256u * 1024u)

/* "network_or_server" -> "network or server" */
static const char *spaced(const char *word, char *out, size_t cap) {
    snprintf(out, cap, "%s", word);
    for (char *p = out; *p; p++)
        if (*p == '_') *p = ' ';
    return out;
}

/* Add to a line, as far as it has room. */
static void append(char *line, size_t cap, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void append(char *line, size_t cap, const char *fmt, ...) {
    size_t used = strlen(line);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line + used, cap - used, fmt, ap);
    va_end(ap);
}

/* ---- verdict --------------------------------------------------------------------------------- */

static void add_head(struct text *t, const cJSON *report) {
    char line[640], number[32], blame[64];
    const char *status = tree_text(report, "verdict.status");
    const char *target = tree_text(report, "target"), *interface = tree_text(report, "interface");
    const char *ended = tree_text(report, "ended_why");
    snprintf(line, sizeof line, "%s, mode %s, %s%s, %s s, %s%s%s%s",
             strcmp(target, "*") == 0 ? "all traffic" : target, tree_text(report, "mode"),
             *interface ? "on " : "", *interface ? interface : "from a file",
             tree_number(report, "duration_s", number), tree_text(report, "state"),
             *ended ? " (" : "", spaced(ended, blame, sizeof blame), *ended ? ")" : "");
    term_wrap(t, 0, "", line);
    text_addf(t, "\n%s%s%s\n", term_paint(t, status), status, term_paint(t, "off"));
    term_wrap(t, 2, "", tree_text(report, "verdict.headline"));
    if (tree_text(report, "verdict.blame")[0]) {
        snprintf(line, sizeof line, "%s (%s)",
                 spaced(tree_text(report, "verdict.blame"), blame, sizeof blame),
                 tree_text(report, "verdict.blame_confidence"));
        term_wrap(t, 2, "blame: ", line);
    }
}

/* A stranger's name on a line of ours: one word, so that no part of it can begin a line. */
static void add_name(struct text *t, const char *name) {
    static const char label[] = "  name on the wire: ";
    char word[TERM_COLUMNS * 12];
    size_t room = TERM_COLUMNS - (sizeof label - 1),
           bytes = strlen(term_word(t, name, word, sizeof word));
    size_t n = term_fitting(word, bytes, room);
    if (n < bytes) n = term_fitting(word, bytes, room - 3);
    text_addf(t, "%s%.*s%s\n", label, (int)n, word, n < bytes ? "..." : "");
}

/* ---- findings -------------------------------------------------------------------------------- */

/* "(192.0.2.1 0 %, 192.0.2.2 100 %)" of a number for each of several addresses. */
static void append_each(const cJSON *list, const char *unit, char *out, size_t cap) {
    char number[32];
    append(out, cap, "(");
    for (const cJSON *e = list->child; e; e = e->next)
        append(out, cap, "%s%s %s%s", e == list->child ? "" : ", ", e->string,
               tree_number(e, "", number), unit);
    append(out, cap, ")");
}

/* "longest wait 4.78 s, failed 100 %, syn sent 4": a key's ending is its unit. */
static void evidence_words(const cJSON *evidence, char *out, size_t cap) {
    static const char *const units[][2] = {{"_percent", " %"}, {"_ms", " ms"}, {"_s", " s"}};
    out[0] = 0;
    for (const cJSON *e = evidence ? evidence->child : NULL; e; e = e->next) {
        char key[64], words[64], number[32];
        const char *unit = "", *value = cJSON_GetStringValue(e);
        snprintf(key, sizeof key, "%s", strcmp(e->string, "ms") == 0 ? "time_ms" : e->string);
        for (size_t i = 0; i < 3 && !*unit; i++) {
            size_t n = strlen(key), tail = strlen(units[i][0]);
            if (n <= tail || strcmp(key + n - tail, units[i][0]) != 0) continue;
            key[n - tail] = 0;
            unit = units[i][1];
        }
        append(out, cap, "%s%s ", out[0] ? ", " : "", spaced(key, words, sizeof words));
        if (cJSON_IsObject(e))
            append_each(e, unit, out, cap);
        else
            append(out, cap, "%s%s", value ? value : tree_number(e, "", number), unit);
    }
}

/* "192 times, between 0 s and 2.95 s" */
static void occurrence_words(const cJSON *f, char *out, size_t cap) {
    char count[32], first[32], last[32];
    tree_number(f, "count", count);
    tree_number(f, "first_s", first);
    tree_number(f, "last_s", last);
    out[0] = 0;
    if (!count[0] || strcmp(count, "0") == 0 || (strcmp(count, "1") == 0 && !first[0])) return;
    append(out, cap, "%s time%s", count, strcmp(count, "1") == 0 ? "" : "s");
    if (!first[0] || !last[0]) return;
    if (strcmp(count, "1") == 0 || strcmp(first, last) == 0)
        append(out, cap, ", at %s s", first);
    else
        append(out, cap, ", between %s s and %s s", first, last);
}

static void add_finding(struct text *t, const cJSON *f, const cJSON *report) {
    char line[2048], blame[64];
    const char *severity = tree_text(f, "severity");
    text_addf(t, "\n%s%s%s %s%s%s\n", term_paint(t, severity), severity, term_paint(t, "off"),
              term_paint(t, "bold"), tree_text(f, "id"), term_paint(t, "off"));
    term_wrap(t, 2, "", tree_text(f, "subject"));
    if (tree_text(f, "name")[0]) add_name(t, tree_text(f, "name"));
    term_wrap(t, 2, "", tree_text(f, "explanation"));
    evidence_words(tree_get(f, "evidence"), line, sizeof line);
    if (line[0]) term_wrap(t, 2, "evidence: ", line);
    occurrence_words(f, line, sizeof line);
    if (line[0]) term_wrap(t, 2, "seen: ", line);
    /* The verdict has said the first one's. */
    if (tree_text(f, "blame")[0] && strcmp(severity, "info") != 0 &&
        f != cJSON_GetArrayItem(tree_get(report, "problems_detected"), 0)) {
        snprintf(line, sizeof line, "%s (%s)", spaced(tree_text(f, "blame"), blame, sizeof blame),
                 tree_text(f, "blame_confidence"));
        term_wrap(t, 2, "blame: ", line);
    }
    if (tree_text(f, "next_step")[0]) term_wrap(t, 2, "next: ", tree_text(f, "next_step"));
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool is_positive(const cJSON *report, const char *path) {
    const cJSON *n = tree_get(report, path);
    return cJSON_IsString(n) || (cJSON_IsNumber(n) && n->valuedouble > 0);
}

static void add_packets(struct text *t, const cJSON *report) {
    char line[200], number[32], bytes[32] = "";
    const cJSON *total = tree_get(report, "total_bytes");
    if (cJSON_IsNumber(total)) term_bytes(total->valuedouble, bytes);
    snprintf(line, sizeof line, "%s%s%s", tree_number(report, "total_packets", number),
             bytes[0] ? ", " : "", bytes);
    if (is_positive(report, "other_packets"))
        append(line, sizeof line, "; %s more of other traffic",
               tree_number(report, "other_packets", number));
    term_wrap(t, 2, "packets: ", line);
}

static void add_protocols(struct text *t, const cJSON *report) {
    char line[400] = "", number[32];
    unsigned shown = 0;
    const cJSON *p;
    cJSON_ArrayForEach(p, tree_get(report, "protocols")) {
        if (++shown > 8) break;
        append(line, sizeof line, "%s%s %s %%", line[0] ? ", " : "", tree_text(p, "name"),
               tree_number(p, "percent", number));
    }
    if (line[0]) term_wrap(t, 2, "protocols: ", line);
}

static void add_spread(struct text *t, const cJSON *report, const char *label, const char *path) {
    const cJSON *spread = tree_get(report, path);
    char p50[32], p95[32], samples[32], line[160];
    if (!spread) return;
    tree_number(spread, "p50", p50);
    tree_number(spread, "p95", p95);
    tree_number(spread, "samples", samples);
    snprintf(line, sizeof line, "median %s ms, 95 %% within %s ms (%s measured)", p50, p95,
             samples);
    term_wrap(t, 2, label, line);
}

static void add_numbers(struct text *t, const cJSON *report) {
    char line[400], words[400], number[2][32];
    text_add(t, "\n");
    connections_line(report, line, sizeof line);
    if (line[0]) term_wrap(t, 2, "connections: ", spaced(line, words, sizeof words));
    add_packets(t, report);
    add_protocols(t, report);
    add_spread(t, report, "set-up: ", "connection_analysis.handshake_rtt_ms");
    add_spread(t, report, "round trip: ", "connection_analysis.rtt_ms");
    if (!is_positive(report, "connection_analysis.data_segments")) return;
    snprintf(line, sizeof line, "%s of %s data segments",
             tree_number(report, "connection_analysis.retransmitted", number[0]),
             tree_number(report, "connection_analysis.data_segments", number[1]));
    term_wrap(t, 2, "sent again: ", line);
}

static void add_phases(struct text *t, const cJSON *report) {
    static const char *const phases[][2] = {{"dns", "DNS"},
                                            {"connect", "connect"},
                                            {"tls", "TLS"},
                                            {"first_byte", "first byte"},
                                            {"transfer", "transfer"}};
    char line[200] = "", number[32], path[32];
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "phases_ms.%s", phases[i][0]);
        if (tree_number(report, path, number)[0])
            append(line, sizeof line, "%s%s %s ms", line[0] ? ", " : "", phases[i][1], number);
    }
    if (line[0]) term_wrap(t, 2, "phases (medians): ", line);
    if (!tree_text(report, "timeline.sparkline")[0]) return;
    snprintf(line, sizeof line, "bytes over time (%s s per bucket): ",
             tree_number(report, "timeline.bucket_s", number));
    term_wrap(t, 2, line, tree_text(report, "timeline.sparkline"));
}

/* ---- how it was found out -------------------------------------------------------------------- */

static void add_probe(struct text *t, const cJSON *report) {
    static const char *const times[][2] = {{"dns_ms", "DNS"},
                                           {"connect_ms", "connect"},
                                           {"tls_ms", "TLS"},
                                           {"first_byte_ms", "first byte"}};
    const cJSON *probe = tree_get(report, "probe");
    char line[1200], number[32];
    if (!probe) return;
    snprintf(line, sizeof line, "%s%s%s%s%s", tree_text(probe, "asked"),
             tree_text(probe, "asked")[0] ? ": " : "", tree_text(probe, "result"),
             tree_text(probe, "why")[0] ? ": " : "", tree_text(probe, "why"));
    if (tree_number(probe, "status", number)[0])
        append(line, sizeof line, ", HTTP status %s", number);
    for (size_t i = 0; i < 4; i++)
        if (tree_number(probe, times[i][0], number)[0])
            append(line, sizeof line, ", %s after %s ms", times[i][1], number);
    const cJSON *tried = cJSON_GetArrayItem(tree_get(probe, "tried_before"), 0);
    if (cJSON_IsString(tried))
        append(line, sizeof line, "; before that no answer in time from %s", tried->valuestring);
    if (tree_text(probe, "asked")[0]) append(line, sizeof line, " (mcpd's own traffic)");
    term_wrap(t, 2, "probe: ", line);
}

static void add_quality(struct text *t, const cJSON *report) {
    static const char *const counts[][2] = {{"missed_kernel", "missed by the kernel's buffer"},
                                            {"missed_interface", "missed by the interface"},
                                            {"malformed", "malformed"},
                                            {"truncated", "cut short"},
                                            {"evicted", "table rows lost for want of room"},
                                            {"encrypted_frames", "encrypted by the Wi-Fi link"},
                                            {"without_headers", "without TCP or UDP header"}};
    const cJSON *quality = tree_get(report, "capture_quality");
    char line[600], number[32];
    snprintf(line, sizeof line, "%s", tree_text(quality, "grade"));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (is_positive(quality, counts[i][0]))
            append(line, sizeof line, ", %s %s", tree_number(quality, counts[i][0], number),
                   counts[i][1]);
    if (tree_text(quality, "file_error")[0])
        append(line, sizeof line, "; the file could not be read to its end: %s",
               tree_text(quality, "file_error"));
    term_wrap(t, 2, "capture quality: ", line);
}

static void add_choices(struct text *t, const cJSON *report) {
    const char *filter = tree_text(report, "filter"), *vantage = tree_text(report, "vantage");
    char line[640];
    if (tree_text(report, "interface_why")[0]) {
        snprintf(line, sizeof line, "%s (%s)", tree_text(report, "interface"),
                 tree_text(report, "interface_why"));
        term_wrap(t, 2, "interface: ", line);
    }
    if (tree_text(report, "mode_why")[0]) {
        snprintf(line, sizeof line, "%s (%s)", tree_text(report, "mode"),
                 tree_text(report, "mode_why"));
        term_wrap(t, 2, "mode: ", line);
    }
    if (filter[0]) term_wrap(t, 2, "filter: ", filter);
    if (vantage[0] && strcmp(vantage, "unknown") != 0) {
        snprintf(line, sizeof line, "the %s's side", vantage);
        term_wrap(t, 2, "seen from: ", line);
    }
    if (tree_text(report, "name_lookup")[0])
        term_wrap(t, 2, "note: ", tree_text(report, "name_lookup"));
    if (tree_text(report, "ended_early")[0])
        term_wrap(t, 2, "ended: ", tree_text(report, "ended_early"));
}

char *report_terminal(const cJSON *report, bool colour, bool ascii) {
    struct text t = {.most = MOST, .colour = colour, .ascii = ascii};
    char line[800];
    const cJSON *f;
    add_head(&t, report);
    cJSON_ArrayForEach(f, tree_get(report, "problems_detected")) add_finding(&t, f, report);
    add_numbers(&t, report);
    add_phases(&t, report);
    if (families_line(report, line, sizeof line)) term_wrap(&t, 2, "families: ", line);
    add_probe(&t, report);
    term_tables(&t, report);
    text_add(&t, "\n");
    add_choices(&t, report);
    add_quality(&t, report);
    coverage_line(report, line, sizeof line);
    term_wrap(&t, 2, "checked: ", line);
    if (narrowed_line(report, line, sizeof line)) term_wrap(&t, 2, "filter narrowed: ", line);
    if (tree_text(report, "lists.names")[0])
        term_wrap(&t, 2, "names: ", tree_text(report, "lists.names"));
    return t.bytes;
}
