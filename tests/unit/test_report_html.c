/* The page for people and the spreadsheet tables: whatever the names are, the page stays the markup
 * that we wrote and the tables stay tables; what matters is on it; the same report gives the same
 * bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/report/html.h"
#include "mcpd/report/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 64

/* Elements that have no end tag (HTML, section 13.1.2). */
static bool is_void(const char *name) {
    static const char *const names[] = {"meta", "br", "input", "link", "img", "!DOCTYPE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* Attributes are name="value" or a name; returns behind the '>'. */
static const char *skip_attributes(const char *p, bool *closed) {
    *closed = false;
    while (*p && *p != '>') {
        assert_true(*p != '<');
        if (*p == '"') {
            p += 1 + strcspn(p + 1, "\"");
            assert_int_equal(*p, '"');
        }
        *closed = *p == '/';
        p++;
    }
    assert_int_equal(*p, '>');
    return p + 1;
}

/* Every tag closed in its order, no '<' or '>' in text; counts the start tags of `wanted`. */
static unsigned check_markup(const char *html, const char *wanted) {
    char open[DEPTH][32];
    unsigned depth = 0, found = 0;
    for (const char *p = html; *p;) {
        bool closed;
        p += strcspn(p, "<>");
        if (!*p) break;
        assert_int_equal(*p, '<');
        bool end = p[1] == '/';
        p += end ? 2 : 1;
        size_t n = strcspn(p, " />\n");
        assert_in_range(n, 1, 31);
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)n, p);
        p = skip_attributes(p + n, &closed);
        found += !end && strcmp(name, wanted) == 0;
        if (end) {
            assert_true(depth > 0);
            assert_string_equal(name, open[--depth]);
        } else if (!closed && !is_void(name)) {
            assert_true(depth < DEPTH);
            snprintf(open[depth++], sizeof open[0], "%s", name);
            /* Style and script are raw text up to their end tag. */
            if (strcmp(name, "style") == 0) p = strstr(p, "</style>");
            if (strcmp(name, "script") == 0) p = strstr(p, "</script>");
        }
    }
    assert_int_equal(depth, 0);
    return found;
}

/* A report in which every text from outside is `word`; added as it is, not parsed. */
static cJSON *report_of(const char *word) {
    static const char form[] =
        "{\"capture_id\":\"W\",\"target\":\"W\",\"mode\":\"domain\",\"interface\":\"W\","
        "\"duration_s\":30,\"state\":\"finished\",\"ended_why\":\"W\",\"filter\":\"W\","
        "\"verdict\":{\"status\":\"problems\",\"headline\":\"1 attempt got no answer.\","
        "\"blame\":\"network_or_server\",\"blame_confidence\":\"likely\"},"
        "\"total_packets\":1234567,\"total_bytes\":123456,"
        "\"protocols\":[{\"name\":\"W\",\"packets\":5,\"bytes\":500,\"percent\":81.5}],"
        "\"problems_detected\":[{\"id\":\"tcp_refused\",\"severity\":\"critical\",\"count\":3,"
        "\"first_s\":0,\"last_s\":2.5,\"subject\":\"W\",\"name\":\"W\",\"confidence\":\"W\","
        "\"evidence\":{\"wait_s\":4.78,\"who\":\"W\",\"failed\":{\"192.0.2.1\":3}},"
        "\"threshold\":{\"most_percent\":50},\"explanation\":\"W\",\"next_step\":\"Look there.\"}],"
        "\"connection_analysis\":{\"attempted\":10,\"established\":7,\"refused\":3,"
        "\"connections\":{\"columns\":[\"client\",\"server\",\"name\",\"state\",\"handshake_ms\","
        "\"bytes_to_client\"],\"rows\":[[\"192.0.2.1:4\",\"W\",\"W\",\"refused\",null,1234567]]}},"
        "\"phases_ms\":{\"dns\":4,\"connect\":12,\"samples\":[1,7,0,0,0]},"
        "\"dns_queries\":{\"columns\":[\"name\",\"rcode\",\"latency_ms\"],"
        "\"rows\":[[\"W\",\"NXDOMAIN\",1.5]]},"
        "\"http_requests\":{\"columns\":[\"method\",\"host\",\"path\",\"status\"],"
        "\"rows\":[[\"W\",\"W\",\"W\",503]]},"
        "\"probe\":{\"asked\":\"W\",\"result\":\"failed\",\"why\":\"W\",\"tried_before\":[\"W\"]},"
        "\"capture_quality\":{\"grade\":\"good\",\"seen\":20,\"file_error\":\"W\"},"
        "\"lists\":{\"tls_handshakes\":\"W\"},\"name_lookup\":\"W\","
        "\"timeline\":{\"bucket_s\":1,\"packets\":[0,10,3],\"bytes\":[0,1000,300],"
        "\"bytes_to_client\":[0,800,100],\"bytes_to_server\":[0,200,200],"
        "\"retransmitted\":[0,0,1],\"rtt_ms\":[null,5,null]},"
        "\"coverage\":{\"rules_evaluated\":5,\"not_evaluable\":{\"no TLS seen\":1},"
        "\"rules\":{\"columns\":[\"id\",\"outcome\"],\"rows\":[[\"tls_slow\",\"no TLS seen\"]]}}}";
    cJSON *tree = cJSON_Parse(form);
    assert_non_null(tree);
    cJSON *next[DEPTH * 4], *at;
    size_t n = 0;
    next[n++] = tree;
    while (n > 0) {
        at = next[--n];
        if (cJSON_IsString(at) && strchr(at->valuestring, 'W') && strlen(at->valuestring) < 8)
            cJSON_SetValuestring(at, word);
        for (cJSON *c = at->child; c; c = c->next) next[n++] = c;
        assert_true(n < DEPTH * 4);
    }
    return tree;
}

static const char *const hostile[] = {
    "plain.example",
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;b&gt;&#60;script&#62;",
    "<!--",
    "]]>",
    "a\r\nb\tc\x1b[31m",
    "\xe2\x80\xaeright to left\xe2\x80\xac",
    "\xff\xfe not UTF-8 \xc0\x80",
    "%s%n%d {{x}} ${y}",
};

static void test_page_markup_is_ours_whatever_the_names_are(void **state) {
    (void)state;
    unsigned cells = 0;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        cJSON *tree = report_of(hostile[i]);
        char *html = report_html(tree);
        assert_non_null(html);
        assert_int_equal(check_markup(html, "script"), 1);
        assert_int_equal(check_markup(html, "img"), 0);
        if (i == 0) cells = check_markup(html, "td");
        assert_int_equal(check_markup(html, "td"), cells);
        assert_null(strstr(html, "alert(1)</script>"));
        assert_null(strchr(html, '\x1b'));
        assert_null(strchr(html, '\r'));
        assert_null(strstr(html, "\xe2\x80\xae"));
        assert_null(strchr(html, '\xff'));
        if (i == 0) assert_non_null(strstr(html, "<bdi>plain.example</bdi>"));
        if (i == 1) assert_non_null(strstr(html, "&lt;script&gt;alert(1)&lt;/script&gt;"));
        if (i == 9) assert_non_null(strstr(html, "\\u{202e}right to left"));
        free(html);
        cJSON_Delete(tree);
    }
}

static void test_html_arguments_stay_inside_their_quotes(void **state) {
    (void)state;
    struct text t = {.most = 1000};
    html_addf(&t, "<a title=\"%s\" x='%s'>%d%%</a>", "\" onload=\"x", "' y='&", 7);
    assert_string_equal(t.bytes,
                        "<a title=\"&quot; onload=&quot;x\" x='&#39; y=&#39;&amp;'>7%</a>");
    free(t.bytes);
}

static void test_page_shows_what_matters(void **state) {
    static const char *const wanted[] = {
        "<h1>1 attempt got no answer.</h1>",
        "Problems found",
        "the network or the server",
        "<code>tcp_refused</code>",
        "Look there.",
        "<dt>wait</dt><dd>4.78 s</dd>",
        "192.0.2.1 3",
        "Seen 3 times, between 0 s and 2.5 s",
        "1,234,567",
        "81.5 %",
        "<td class=\"bad\">NXDOMAIN</td>",
        "<td class=\"n bad\">503</td>",
        "data-v=\"1234567\">1.2 MB</td>",
        "<b>7</b> established",
        "no TLS seen</summary><p class=\"rules\"><code>tls_slow</code>",
        "Content-Security-Policy\" content=\"default-src 'none'",
    };
    (void)state;
    cJSON *tree = report_of("w.example");
    char *html = report_html(tree), *again = report_html(tree);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!strstr(html, wanted[i])) fail_msg("not on the page: %s\n%s", wanted[i], html);
    assert_string_equal(html, again);
    /* No style attribute, no event attribute, nothing to load: the policy would block them. */
    assert_null(strstr(html, " style="));
    assert_null(strstr(html, " onclick"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "href="));
    free(html);
    free(again);
    cJSON_Delete(tree);
}

static void test_page_of_an_empty_report_is_a_page(void **state) {
    (void)state;
    cJSON *tree = cJSON_CreateObject();
    char *html = report_html(tree);
    assert_non_null(html);
    (void)check_markup(html, "td");
    free(html);
    cJSON_Delete(tree);
}

static void test_page_without_problems_says_what_that_means(void **state) {
    static const struct {
        const char *report, *says;
    } cases[] = {
        {"{\"state\":\"finished\",\"verdict\":{\"status\":\"healthy\"}}",
         ">No problem was found in what could be checked.<"},
        {"{\"state\":\"running\",\"verdict\":{\"status\":\"pending\"}}", ">Nothing found so far.<"},
        {"{\"state\":\"failed\",\"verdict\":{\"status\":\"inconclusive\"},"
         "\"ended_why\":\"capd restarted\"}",
         ">Nothing could be checked. The capture failed: capd restarted<"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *tree = cJSON_Parse(cases[i].report);
        char *html = report_html(tree);
        if (!strstr(html, cases[i].says)) fail_msg("%s", cases[i].says);
        free(html);
        cJSON_Delete(tree);
    }
}

static void test_page_waterfall_lays_phases_end_to_end(void **state) {
    (void)state;
    cJSON *tree = report_of("w");
    char *html = report_html(tree);
    assert_non_null(
        strstr(html, "<rect x=\"0.0%\" width=\"25.0%\" height=\"100%\" class=\"dns\"/>"));
    assert_non_null(
        strstr(html, "<rect x=\"25.0%\" width=\"75.0%\" height=\"100%\" class=\"connect\"/>"));
    free(html);
    cJSON_Delete(tree);
}

static void test_page_chart_is_to_scale(void **state) {
    (void)state;
    cJSON *tree = report_of("w");
    char *html = report_html(tree);
    /* packets 0, 10, 3 of at most 10: the top of 200 units, then 3/10 of them. */
    assert_non_null(strstr(html, "<path class=\"s0\" d=\"M0 200H1V0H2V140H3V200\"/>"));
    /* Round trips: 5 of 5 ms in the second second, none measured before and after. */
    assert_non_null(strstr(html, "<path class=\"s0\" d=\"M0 200M1 200V0H2V200\"/>"));
    /* 800 bytes in a second are 6400 bit/s; the axis ends at 10 kbit/s. */
    assert_non_null(strstr(html, "to client, at most 6.4 kbit/s"));
    assert_non_null(strstr(html, "<span class=\"top\">10 kbit/s</span>"));
    free(html);
    cJSON_Delete(tree);
}

static void test_csv_is_rfc_4180_and_no_formula(void **state) {
    static const struct {
        const char *name, *field;
    } cases[] = {
        {"plain.example", ",plain.example,"},
        {"a,b", ",\"a,b\","},
        {"say \"x\"", ",\"say \"\"x\"\"\","},
        {"=cmd|'/c calc'!A1", ",\"'=cmd|'/c calc'!A1\","},
        {"+1", ",\"'+1\","},
        {"-1", ",\"'-1\","},
        {"@SUM(1)", ",\"'@SUM(1)\","},
        {"a\nb", ",\"a\nb\","},
        {"a;=1+1", ",\"a;'=1+1\","},
        {"\xef\xbc\x9d"
         "1",
         ",\"'\xef\xbc\x9d"
         "1\","},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cJSON *tree = report_of(cases[i].name);
        char *csv = report_csv_connections(tree);
        assert_non_null(csv);
        assert_ptr_equal(
            strstr(csv, "client,server,name,state,handshake_ms,bytes_to_client\r\n192.0.2.1:4,"),
            csv);
        if (!strstr(csv, cases[i].field)) fail_msg("%s:\n%s", cases[i].name, csv);
        assert_non_null(strstr(csv, ",refused,,1234567\r\n"));
        free(csv);
        cJSON_Delete(tree);
    }
}

static void test_csv_of_nothing_has_its_header(void **state) {
    (void)state;
    cJSON *tree = cJSON_CreateObject();
    char *csv = report_csv_connections(tree);
    assert_non_null(strstr(csv, "client,server,name,state,"));
    free(csv);
    csv = report_csv_timeline(tree);
    assert_string_equal(csv, "start_s\r\n");
    free(csv);
    cJSON_Delete(tree);
}

static void test_csv_timeline_has_a_line_per_bucket(void **state) {
    (void)state;
    cJSON *tree = report_of("w");
    char *csv = report_csv_timeline(tree);
    assert_string_equal(csv, "start_s,packets,bytes,bytes_to_client,bytes_to_server,retransmitted,"
                             "rtt_ms\r\n"
                             "0,0,0,0,0,0,\r\n1,10,1000,800,200,0,5\r\n2,3,300,100,200,1,\r\n");
    free(csv);
    cJSON_Delete(tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_markup_is_ours_whatever_the_names_are),
        cmocka_unit_test(test_html_arguments_stay_inside_their_quotes),
        cmocka_unit_test(test_page_shows_what_matters),
        cmocka_unit_test(test_page_of_an_empty_report_is_a_page),
        cmocka_unit_test(test_page_without_problems_says_what_that_means),
        cmocka_unit_test(test_page_waterfall_lays_phases_end_to_end),
        cmocka_unit_test(test_page_chart_is_to_scale),
        cmocka_unit_test(test_csv_is_rfc_4180_and_no_formula),
        cmocka_unit_test(test_csv_of_nothing_has_its_header),
        cmocka_unit_test(test_csv_timeline_has_a_line_per_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
