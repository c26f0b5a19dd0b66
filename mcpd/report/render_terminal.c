/* The report for a person at a terminal: 80 columns, colour only if asked for.
 * Runs in: mcpd.  Input trust: packets (names; control characters are escaped in the tree). */
#include "mcpd/report/build.h"
#include "mcpd/report/text.h"
#include <stdio.h>
#include <string.h>

#define WIDTH 80u
#define MOST  (256u * 1024u)

static const char *paint(bool colour, const char *word) {
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
    for (size_t i = 0; colour && i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(codes[i].word, word) == 0) return codes[i].code;
    return "";
}

/* Characters of a UTF-8 text's first `bytes` bytes. */
static size_t characters(const char *s, size_t bytes) {
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

/* Add words, breaking lines before column 80; `indent` spaces lead each line. */
static void add_wrapped(struct text *t, size_t indent, const char *label, const char *text) {
    size_t column = indent + strlen(label);
    bool first = true; /* word of its line */
    text_addf(t, "%*s%s", (int)indent, "", label);
    for (const char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " "), wide = characters(p, n);
        if (column + !first + wide > WIDTH && column > indent) {
            text_addf(t, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            text_add(t, " ");
            column++;
        }
        text_addf(t, "%.*s", (int)n, p);
        column += wide;
        first = false;
        p += n;
    }
    text_add(t, "\n");
}

static void add_head(struct text *t, const cJSON *report, bool colour) {
    char line[512], number[32];
    const char *status = tree_text(report, "verdict.status");
    snprintf(line, sizeof line, "%s, mode %s%s%s, %s s, capture %s", tree_text(report, "target"),
             tree_text(report, "mode"), tree_text(report, "interface")[0] ? ", " : "",
             tree_text(report, "interface"), tree_number(report, "duration_s", number),
             tree_text(report, "state"));
    add_wrapped(t, 0, "", line);
    text_addf(t, "\n%s%s%s\n", paint(colour, status), status, paint(colour, "off"));
    add_wrapped(t, 2, "", tree_text(report, "verdict.headline"));
    if (tree_text(report, "verdict.blame")[0]) {
        snprintf(line, sizeof line, "%s (%s)", tree_text(report, "verdict.blame"),
                 tree_text(report, "verdict.blame_confidence"));
        add_wrapped(t, 2, "blame: ", line);
    }
}

/* A stranger's name on a line of ours: one word, so that no part of it can begin a line. */
static void add_name(struct text *t, const char *name) {
    static const char label[] = "  name on the wire: ";
    char word[WIDTH * 4];
    size_t used = 0, column = sizeof label - 1;
    for (; *name && used + 8 < sizeof word && column + 7 <= WIDTH; name++) {
        bool space = *name == ' ';
        memcpy(word + used, space ? "\\x20" : name, space ? 4 : 1);
        used += space ? 4 : 1;
        column += space ? 4 : ((unsigned char)name[1] & 0xc0) != 0x80;
    }
    text_addf(t, "%s%.*s%s\n", label, (int)used, word, *name ? "..." : "");
}

static void add_finding(struct text *t, const cJSON *f, bool colour) {
    char line[2048];
    const char *severity = tree_text(f, "severity");
    text_addf(t, "\n%s%s%s %s%s%s\n", paint(colour, severity), severity, paint(colour, "off"),
              paint(colour, "bold"), tree_text(f, "id"), paint(colour, "off"));
    add_wrapped(t, 2, "", tree_text(f, "subject"));
    if (tree_text(f, "name")[0]) add_name(t, tree_text(f, "name"));
    add_wrapped(t, 2, "", tree_text(f, "explanation"));
    evidence_line(tree_get(f, "evidence"), false, line, sizeof line);
    if (line[0]) add_wrapped(t, 2, "evidence: ", line);
    if (tree_text(f, "next_step")[0]) add_wrapped(t, 2, "next: ", tree_text(f, "next_step"));
}

static void add_numbers(struct text *t, const cJSON *report) {
    static const struct {
        const char *label, *format;
        const char *path[3];
    } rows[] = {
        {"packets", "%s seen, %s of other traffic", {"total_packets", "other_packets"}},
        {"set-up",
         "p50 %s ms, p95 %s ms (%s)",
         {"connection_analysis.handshake_rtt_ms.p50", "connection_analysis.handshake_rtt_ms.p95",
          "connection_analysis.handshake_rtt_ms.samples"}},
        {"round trip",
         "p50 %s ms, p95 %s ms (%s)",
         {"connection_analysis.rtt_ms.p50", "connection_analysis.rtt_ms.p95",
          "connection_analysis.rtt_ms.samples"}},
        {"sent again",
         "%s of %s data segments",
         {"connection_analysis.retransmitted", "connection_analysis.data_segments"}}};
    char line[400];
    text_add(t, "\n");
    connections_line(report, line, sizeof line);
    if (line[0]) add_wrapped(t, 2, "connections: ", line);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char value[3][32] = {"", "", ""};
        if (!tree_number(report, rows[i].path[0], value[0])[0]) continue;
        for (size_t k = 1; k < 3 && rows[i].path[k]; k++)
            tree_number(report, rows[i].path[k], value[k]);
        text_addf(t, "  %s: ", rows[i].label);
        const char *from = rows[i].format;
        for (size_t k = 0; *from;) {
            const char *hole = strstr(from, "%s");
            text_addf(t, "%.*s%s", (int)(hole ? (size_t)(hole - from) : strlen(from)), from,
                      hole ? value[k++] : "");
            from = hole ? hole + 2 : from + strlen(from);
        }
        text_add(t, "\n");
    }
}

static void add_phases(struct text *t, const cJSON *report) {
    static const char *const phases[] = {"dns", "connect", "tls", "first_byte", "transfer"};
    char line[200] = "", number[32], path[32];
    for (size_t i = 0; i < 5; i++) {
        size_t used = strlen(line);
        snprintf(path, sizeof path, "phases_ms.%s", phases[i]);
        if (tree_number(report, path, number)[0])
            snprintf(line + used, sizeof line - used, "%s%s %s", used ? ", " : "", phases[i],
                     number);
    }
    if (line[0]) add_wrapped(t, 2, "phases (ms, medians): ", line);
    if (tree_text(report, "timeline.sparkline")[0])
        text_addf(t, "  traffic: %s\n", tree_text(report, "timeline.sparkline"));
}

char *report_terminal(const cJSON *report, bool colour) {
    struct text t = {.most = MOST};
    char line[800];
    const cJSON *f;
    add_head(&t, report, colour);
    cJSON_ArrayForEach(f, tree_get(report, "problems_detected")) add_finding(&t, f, colour);
    add_numbers(&t, report);
    add_phases(&t, report);
    snprintf(line, sizeof line, "%s", tree_text(report, "capture_quality.grade"));
    add_wrapped(&t, 2, "capture quality: ", line);
    coverage_line(report, line, sizeof line);
    add_wrapped(&t, 2, "checked: ", line);
    if (narrowed_line(report, line, sizeof line)) add_wrapped(&t, 2, "filter narrowed: ", line);
    if (tree_text(report, "lists.names")[0])
        add_wrapped(&t, 2, "names: ", tree_text(report, "lists.names"));
    return t.bytes;
}
