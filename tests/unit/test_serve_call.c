/* What `mcpd status`, `stop` and `report` make of the bytes of whoever listens on the socket.  The
 * whole answer lies there before the question, and then the connection ends, so nothing waits.
 * Runs in: tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "mcpd/mcp/jsoncheck.h"
#include "mcpd/serve_call.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STRANGER "what listens there does not answer as `mcpd serve`"
#define OK_HEAD  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

/* The result for an answer of these bytes; `question_out`, if any, gets what was asked. */
static size_t left_unread; /* of the answer, after the last one */
static cJSON *ask(const char *answer, size_t len, char *question_out, size_t cap,
                  struct fail *fail) {
    static char rest[16384];
    int pair[2];
    *fail = (struct fail){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    assert_int_equal(send(pair[1], answer, len, MSG_NOSIGNAL), (ssize_t)len);
    assert_int_equal(shutdown(pair[1], SHUT_WR), 0);
    cJSON *params = cJSON_CreateObject();
    cJSON_AddStringToObject(params, "name", "list_captures");
    cJSON *result = serve_ask(pair[0], "tools/call", "list_captures", params, fail);
    if (question_out) {
        ssize_t n = recv(pair[1], question_out, cap - 1, 0);
        question_out[n > 0 ? n : 0] = 0;
    }
    ssize_t rest_n = recv(pair[0], rest, sizeof rest, 0);
    left_unread = rest_n > 0 ? (size_t)rest_n : 0;
    close(pair[0]);
    close(pair[1]);
    return result;
}

static cJSON *ask_body(const char *body, struct fail *fail) {
    char answer[2048];
    int n = snprintf(answer, sizeof answer, OK_HEAD "content-length:\t%zu\r\n\r\n%s", strlen(body),
                     body);
    assert_in_range(n, 1, sizeof answer - 1);
    return ask(answer, (size_t)n, NULL, 0, fail);
}

static void test_serve_call_asks_as_a_client_and_takes_the_result(void **state) {
    static const char answer[] = OK_HEAD "Content-Length: 41\r\n\r\n"
                                         "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":7}}"
                                         "and more that is not its own";
    char question[2048];
    struct fail fail;
    (void)state;
    cJSON *result = ask(answer, sizeof answer - 1, question, sizeof question, &fail);
    assert_non_null(result);
    assert_int_equal(cJSON_GetObjectItem(result, "a")->valueint, 7);
    cJSON_Delete(result);
    assert_non_null(strstr(question, "POST /mcp HTTP/1.1\r\n"));
    assert_non_null(strstr(question, "\r\nMcp-Name: list_captures\r\n"));
    const char *body = strstr(question, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(strtoul(strstr(question, "Content-Length:") + 15, NULL, 10), strlen(body + 4));
}

static void test_serve_call_believes_no_head(void **state) {
    static const char *const answers[] = {
        "",
        "\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        OK_HEAD "\r\n{\"result\":{}}",                             /* no length */
        OK_HEAD "Content-Length: \r\n\r\n{\"result\":{}}",         /* an empty one */
        OK_HEAD "Content-Length: -1\r\n\r\n{\"result\":{}}",       /* less than none */
        OK_HEAD "Content-Length: 0x0d\r\n\r\n{\"result\":{}}",     /* 0: no JSON */
        OK_HEAD "Content-Length: 14\r\n\r\n{\"result\":{}}",       /* one more than comes */
        OK_HEAD "Content-Length: 12\r\n\r\n{\"result\":{}}",       /* cut */
        OK_HEAD "Content-Length: 99999999\r\n\r\n{\"result\":{}}", /* more than is ever taken */
        OK_HEAD "Content-Length: 18446744073709551629\r\n\r\n{\"result\":{}}", /* 13, wrapped */
        OK_HEAD "Content-Length: 13\n\n{\"result\":{}}", /* a head without its end */
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct fail fail;
        cJSON *result = ask(answers[i], strlen(answers[i]), NULL, 0, &fail);
        if (result) fail_msg("taken: %s", answers[i]);
        assert_int_equal(fail.code, FAIL_ENVIRONMENT);
        assert_string_equal(fail.why, STRANGER);
    }
}

/* No memory is taken for more than a message may have, and nothing of it is read. */
static void test_serve_call_takes_nothing_of_too_long_a_body(void **state) {
    char answer[256];
    struct fail fail;
    (void)state;
    int n = snprintf(answer, sizeof answer, OK_HEAD "Content-Length: %u\r\n\r\n{\"result\":{}}",
                     (unsigned)JSON_MAX_BYTES + 1);
    assert_null(ask(answer, (size_t)n, NULL, 0, &fail));
    assert_string_equal(fail.why, STRANGER);
    assert_int_equal(left_unread, 13);
}

static void test_serve_call_gives_up_a_head_without_end(void **state) {
    char answer[9000];
    struct fail fail;
    (void)state;
    memset(answer, 'x', sizeof answer);
    memcpy(answer + sizeof answer - 40, "\r\nContent-Length: 13\r\n\r\n{\"result\":{}}    ", 40);
    assert_null(ask(answer, sizeof answer, NULL, 0, &fail));
    assert_string_equal(fail.why, STRANGER);
}

static void test_serve_call_takes_strict_json_only(void **state) {
    static const char *const bodies[] = {
        "null",
        "[]",
        "{}",
        "{\"result\":7}",
        "{\"result\":[{}]}",
        "{\"result\":{}",
        "{\"result\":{}} {}",
        "{\"result\":{},\"result\":{}}",
        "{\"result\":{\"a\":\"\xff\"}}",
        "{\"result\":{\"a\":NaN}}",
        "{\"error\":{}}",
        "{\"error\":{\"message\":7}}",
        "{\"error\":\"no\"}",
        "{\"Result\":{}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct fail fail;
        cJSON *result = ask_body(bodies[i], &fail);
        if (result) fail_msg("taken: %s", bodies[i]);
        assert_string_equal(fail.why, STRANGER);
    }
}

/* JSON behind a NUL is not read, and depth is bounded, as for clients. */
static void test_serve_call_stops_at_a_nul_and_at_depth(void **state) {
    static const char hidden[] =
        OK_HEAD "Content-Length: 27\r\n\r\n{\"result\":{}}\0{\"result\":{}}";
    char deep[1400] = "{\"result\":{\"a\":";
    struct fail fail;
    (void)state;
    cJSON *result = ask(hidden, sizeof hidden - 1, NULL, 0, &fail);
    assert_non_null(result);
    cJSON_Delete(result);
    size_t at = strlen(deep), half = (sizeof deep - at) / 2 - 2;
    memset(deep + at, '[', half);
    memset(deep + at + half, ']', half);
    memcpy(deep + at + 2 * half, "}}", 3);
    assert_null(ask_body(deep, &fail));
    assert_string_equal(fail.why, STRANGER);
}

static void test_serve_call_cleans_what_the_server_says(void **state) {
    struct fail fail;
    char body[1024];
    (void)state;
    assert_null(ask_body("{\"error\":{\"code\":-1,\"message\":\"no such capture\"}}", &fail));
    assert_string_equal(fail.why, "no such capture");
    assert_null(ask_body("{\"error\":{\"message\":\"\\u001b[2Jgone\\u202e\\r\\nroot# \"}}", &fail));
    assert_int_equal(fail.code, FAIL_ENVIRONMENT);
    assert_non_null(strstr(fail.why, "gone"));
    for (const char *p = fail.why; *p; p++) assert_in_range((unsigned char)*p, ' ', '~');
    snprintf(body, sizeof body, "{\"error\":{\"message\":\"%0900d\"}}", 0);
    assert_null(ask_body(body, &fail));
    assert_in_range(strlen(fail.why), 100, LIM_ERROR_TEXT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serve_call_asks_as_a_client_and_takes_the_result),
        cmocka_unit_test(test_serve_call_believes_no_head),
        cmocka_unit_test(test_serve_call_takes_nothing_of_too_long_a_body),
        cmocka_unit_test(test_serve_call_gives_up_a_head_without_end),
        cmocka_unit_test(test_serve_call_takes_strict_json_only),
        cmocka_unit_test(test_serve_call_stops_at_a_nul_and_at_depth),
        cmocka_unit_test(test_serve_call_cleans_what_the_server_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
