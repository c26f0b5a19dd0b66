/* The report at a terminal: whatever the names are, no line is wider than 80 columns, the worst
 * rows are shown, and what the terminal cannot show is written so that it can.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/report/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOMB  "\xf0\x9f\x92\xa3" /* U+1F4A3, two columns */
#define HAN   "\xe6\xbc\xa2"     /* U+6F22, two columns */
#define ACUTE "e\xcc\x81"        /* e and U+0301, one column */
#define SPARK "\xe2\x96\x81\xe2\x96\x88\xe2\x96\x84"

/* Columns of the widest line, counted by another rule than the code's: whatever is not Latin, an
 * accent or a block takes two. */
static size_t widest(const char *text) {
    size_t most = 0, n = 0;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        if (*p == '\n')
            n = 0;
        else if (*p < 0x80 || (*p == 0xe2 && p[1] == 0x96))
            n++;
        else if (*p >= 0xe1)
            n += 2;
        if (n > most) most = n;
    }
    return most;
}

static char *repeat(const char *piece, size_t times) {
    char *out = calloc(times, strlen(piece) + 1);
    assert_non_null(out);
    for (size_t i = 0; i < times; i++) strcat(out, piece);
    return out;
}

/* A whole report in which every text from outside is `word`. */
static cJSON *report_of(const char *word) {
    static const char form[] =
        "{\"target\":\"%s\",\"mode\":\"domain\",\"interface\":\"eth0\",\"duration_s\":30,"
        "\"state\":\"finished\",\"ended_why\":\"duration\",\"filter\":\"%s\","
        "\"verdict\":{\"status\":\"problems\",\"headline\":\"1 attempt got no answer in 4.78 s.\","
        "\"blame\":\"network_or_server\",\"blame_confidence\":\"likely\"},"
        "\"total_packets\":20,\"total_bytes\":123456,\"other_packets\":7,"
        "\"problems_detected\":[{\"id\":\"tcp_refused\",\"severity\":\"critical\",\"count\":3,"
        "\"first_s\":0,\"last_s\":2.5,\"subject\":\"[2001:db8:1111:2222:3333:4444:5555:6666]:"
        "65535\","
        "\"name\":\"%s\",\"evidence\":{\"wait_s\":4.78,\"answered_percent\":{\"192.0.2.1\":0,\"192."
        "0.2.2\":100},\"rate_percent\":3.7,\"who\":\"%s\"},"
        "\"explanation\":\"%s\",\"next_step\":\"Look.\"}],"
        "\"connection_analysis\":{\"established\":57,\"connections\":{\"columns\":[\"client\","
        "\"server\",\"name\",\"state\",\"handshake_ms\",\"tls_ms\",\"first_byte_ms\","
        "\"bytes_to_client\",\"retransmitted\",\"duration_s\"],\"rows\":[%s]}},"
        "\"dns_queries\":{\"columns\":[\"name\",\"type\",\"server\",\"rcode\",\"latency_ms\","
        "\"tries\"],\"rows\":[[\"%s\",\"AAAA\",\"192.0.2.53\",\"NXDOMAIN\",null,3]]},"
        "\"http_requests\":{\"columns\":[\"method\",\"host\",\"path\",\"status\","
        "\"first_byte_ms\"],\"rows\":[[\"GET\",\"%s\",\"/%s\",503,12.5]]},"
        "\"probe\":{\"asked\":\"HEAD https://%s/\",\"result\":\"failed\",\"why\":\"%s\"},"
        "\"lists\":{\"connections\":\"6 of 512 shown\"},"
        "\"timeline\":{\"bucket_s\":1,\"sparkline\":\"" SPARK "\"},"
        "\"coverage\":{\"rules_evaluated\":5}}";
    static char rows[65536];
    rows[0] = 0;
    for (int i = 0; i < 6; i++)
        snprintf(
            rows + strlen(rows), sizeof rows - strlen(rows),
            "%s[\"[2001:db8::1]:4\",\"[2001:db8:1111:2222:3333:4444:5555:6666]:6553%d\",\"%s\","
            "\"timed_out\",123456.7,123456.7,%s,1234567,99999,3600]",
            i ? "," : "", i, word, i ? "5" : "null");
    size_t cap = sizeof form + sizeof rows + 12 * strlen(word);
    char *text = malloc(cap);
    assert_non_null(text);
    snprintf(text, cap, form, word, word, word, word, word, rows, word, word, word, word, word);
    cJSON *tree = cJSON_Parse(text);
    assert_non_null(tree);
    free(text);
    return tree;
}

static void test_terminal_is_never_wider_than_80_columns(void **state) {
    static const char *const pieces[] = {"x", "long.name.", BOMB, HAN, ACUTE, "word and word "};
    static const size_t times[] = {1, 13, 40, 200};
    (void)state;
    for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++)
        for (size_t n = 0; n < sizeof times / sizeof times[0]; n++)
            for (int ascii = 0; ascii < 2; ascii++) {
                char *word = repeat(pieces[p], times[n]);
                cJSON *tree = report_of(word);
                char *text = report_terminal(tree, false, ascii);
                if (widest(text) > 80) fail_msg("%zu columns:\n%s", widest(text), text);
                free(text);
                cJSON_Delete(tree);
                free(word);
            }
}

static void test_terminal_names_make_no_columns_of_their_own(void **state) {
    (void)state;
    cJSON *tree = report_of("x  NOERROR  healthy");
    char *text = report_terminal(tree, false, false);
    assert_non_null(text);
    assert_null(strstr(text, "x  NOERROR"));
    const char *table = strstr(text, "\ndns\n");
    assert_non_null(table);
    assert_non_null(strstr(table, "\n  x\\x20\\x20NOERROR\\x20\\x20healthy  AAAA"));
    assert_non_null(strstr(text, "  name on the wire: x\\x20\\x20NOERROR\\x20\\x20healthy\n"));
    free(text);
    cJSON_Delete(tree);
}

static void test_terminal_without_utf8_shows_ascii(void **state) {
    (void)state;
    cJSON *tree = report_of("caf\xc3\xa9." HAN);
    char *text = report_terminal(tree, false, true), *whole = report_terminal(tree, false, false);
    for (const char *p = text; *p; p++) assert_true((unsigned char)*p < 0x80);
    assert_non_null(strstr(text, "caf\\u{e9}.\\u{6f22}"));
    assert_non_null(strstr(text, "_#:")); /* low, high, middle: the sparkline */
    assert_non_null(strstr(whole, SPARK));
    assert_non_null(strstr(whole, "caf\xc3\xa9." HAN));
    free(text);
    free(whole);
    cJSON_Delete(tree);
}

static void test_terminal_has_colour_only_when_asked(void **state) {
    (void)state;
    cJSON *tree = report_of("x");
    char *plain = report_terminal(tree, false, false),
         *coloured = report_terminal(tree, true, false);
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strstr(coloured, "\x1b[1;31mcritical\x1b[0m"));
    free(plain);
    free(coloured);
    cJSON_Delete(tree);
}

/* Lines that begin with two blanks and `head`. */
static unsigned lines_with(const char *text, const char *head) {
    char start[64];
    unsigned n = 0;
    snprintf(start, sizeof start, "\n  %s", head);
    for (const char *p = text; (p = strstr(p, start)) != NULL; p++) n++;
    return n;
}

static void test_terminal_shows_the_five_worst_rows_and_of_how_many(void **state) {
    (void)state;
    cJSON *tree = report_of("name.example");
    char *text = report_terminal(tree, false, false);
    assert_non_null(strstr(text, "connections, the worst or slowest 5 of 512"));
    assert_int_equal(lines_with(text, "[2001:db8"), 6); /* the subject of the finding is one */
    assert_non_null(strstr(text, ":65530"));            /* a port is never cut off */
    assert_non_null(strstr(text, ":65534"));
    assert_null(strstr(text, ":65535  ")); /* the sixth row */
    assert_int_equal(lines_with(text, "GET"), 1);
    assert_non_null(strstr(text, "NXDOMAIN"));
    assert_null(strstr(text, "\ntls")); /* no row: no table */
    free(text);
    cJSON_Delete(tree);
}

static void test_terminal_says_units_and_keeps_them(void **state) {
    (void)state;
    cJSON *tree = report_of("x");
    char *text = report_terminal(tree, false, false);
    assert_non_null(strstr(text, "rate 3.7 %,"));
    assert_non_null(strstr(text, "answered (192.0.2.1 0 %, 192.0.2.2"));
    assert_non_null(strstr(text, "3 times, between 0 s and 2.5 s"));
    assert_non_null(strstr(text, "network or server (likely)"));
    assert_non_null(strstr(text, "20, 123 kB; 7 more of other traffic"));
    assert_non_null(strstr(text, "HEAD https://x/: failed: x (mcpd's own traffic)"));
    free(text);
    cJSON_Delete(tree);
    for (size_t pad = 1; pad < 90; pad++) { /* wherever the line ends */
        char *word = repeat("x", pad), sentence[200];
        snprintf(sentence, sizeof sentence, "%s took 4.78 s, lost 3.7 %% of it.", word);
        tree = report_of(sentence);
        text = report_terminal(tree, false, false);
        assert_null(strstr(text, "4.78\n"));
        assert_null(strstr(text, "3.7\n"));
        free(text);
        free(word);
        cJSON_Delete(tree);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal_is_never_wider_than_80_columns),
        cmocka_unit_test(test_terminal_without_utf8_shows_ascii),
        cmocka_unit_test(test_terminal_names_make_no_columns_of_their_own),
        cmocka_unit_test(test_terminal_has_colour_only_when_asked),
        cmocka_unit_test(test_terminal_shows_the_five_worst_rows_and_of_how_many),
        cmocka_unit_test(test_terminal_says_units_and_keeps_them),
    };
    return cmocka_run_group_tests_name("report_terminal", tests, NULL, NULL);
}
