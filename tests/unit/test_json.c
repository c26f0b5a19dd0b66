/* The strict JSON check: what it takes, what it refuses and where, every truncation of a valid
 * text, and that cJSON takes all that it takes.  Runs in: test.  Input trust: none. */
#include "mcpd/mcp/jsoncheck.h"
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Check a copy that ends exactly where its allocation does, so that ASan sees every byte read too
 * far. */
static enum json_fault check(const char *text, size_t len, size_t *offset_out) {
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    enum json_fault fault = json_check(copy, len, offset_out);
    cJSON *tree = cJSON_ParseWithLength(copy, len);
    if (fault == JSON_OK && !tree) fail_msg("cJSON refuses what json_check takes: %s", text);
    cJSON_Delete(tree);
    free(copy);
    return fault;
}

static const char *const valid[] = {
    "{}",
    "[]",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "\"\"",
    " \t\r\n1 \n",
    "1.5e+10",
    "-1E-3",
    "123456789012345678901234567890",
    "{\"a\":[1,2,{\"b\":null}],\"c\":\"\\u00e9\\n\\\\\\/\\\"\"}",
    "\"\\ud83d\\ude00\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\xc3\xa9\"",
    "\"\x7f\"",
    "{\"a\":1,\"A\":2}",
    "{\"\":0}",
    "[[],{},[{}]]",
    "{\"jsonrpc\":\"2.0\",\"id\":9007199254740993,\"method\":\"ping\"}",
};

static void test_json_takes_what_is_valid(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        size_t at;
        enum json_fault fault = check(valid[i], strlen(valid[i]), &at);
        if (fault != JSON_OK) fail_msg("%s: %s at %zu", valid[i], json_fault_text(fault), at);
        assert_int_equal(at, strlen(valid[i]));
    }
}

static const struct {
    const char *text;
    enum json_fault fault;
} invalid[] = {
    {"", JSON_TRUNCATED},
    {"   ", JSON_TRUNCATED},
    {"{", JSON_TRUNCATED},
    {"{\"a\"", JSON_TRUNCATED},
    {"\"\\", JSON_TRUNCATED},
    {"\xef\xbb\xbf{}", JSON_SYNTAX}, /* byte order mark */
    {"{} x", JSON_TRAILING},
    {"{}{}", JSON_TRAILING},
    {"1 2", JSON_TRAILING},
    {"{a:1}", JSON_SYNTAX},
    {"{'a':1}", JSON_SYNTAX},
    {"[1,]", JSON_SYNTAX},
    {"{\"a\":1,}", JSON_SYNTAX},
    {"[1 2]", JSON_SYNTAX},
    {"{\"a\" 1}", JSON_SYNTAX},
    {"[1}", JSON_SYNTAX},
    {"{\"a\":1]", JSON_SYNTAX},
    {"01", JSON_SYNTAX},
    {"-01", JSON_SYNTAX},
    {"+1 ", JSON_SYNTAX},
    {".5 ", JSON_SYNTAX},
    {"1.]", JSON_SYNTAX},
    {"1e]", JSON_SYNTAX},
    {"-x", JSON_SYNTAX},
    {"NaN", JSON_SYNTAX},
    {"Infinity", JSON_SYNTAX},
    {"True", JSON_SYNTAX},
    {"nul}", JSON_SYNTAX},
    {"/* */1", JSON_SYNTAX},
    {"\"\\x41\"", JSON_SYNTAX},
    {"\"\\u12g4\"", JSON_SYNTAX},
    {"\"a\nb\"", JSON_CONTROL},
    {"\"a\tb\"", JSON_CONTROL},
    {"\"\x1f\"", JSON_CONTROL},
    {"\"\\u0000\"", JSON_NUL},
    {"{\"a\":\"\\u0000\",\"b\":\"\\ud800\"}", JSON_NUL},
    {"{\"a\":\"\\u0000\",\"b\":1,\"b\":2}", JSON_DUPLICATE_KEY}, /* the structure counts more */
    {"[\"\\ud800\",01]", JSON_SYNTAX},
    {"[\"\\ud800\\u12g4\"]", JSON_SYNTAX},
    {"\"\\ud800\\ud83d\\ude00\"", JSON_SURROGATE},
    {"\"\\u0000\" 1", JSON_TRAILING},
    {"\"\\ud800\"", JSON_SURROGATE},
    {"\"\\ud800\\u0041\"", JSON_SURROGATE},
    {"\"\\udc00\\ud800\"", JSON_SURROGATE},
    {"\"\\ud800x\"", JSON_SURROGATE},
    {"\"\x80\"", JSON_NOT_UTF8},
    {"\"\xc0\xaf\"", JSON_NOT_UTF8},         /* overlong */
    {"\"\xe0\x80\xaf\"", JSON_NOT_UTF8},     /* overlong */
    {"\"\xf0\x80\x80\xaf\"", JSON_NOT_UTF8}, /* overlong */
    {"\"\xed\xa0\x80\"", JSON_NOT_UTF8},     /* surrogate */
    {"\"\xf4\x90\x80\x80\"", JSON_NOT_UTF8}, /* beyond U+10FFFF */
    {"\"\xf5\x80\x80\x80\"", JSON_NOT_UTF8},
    {"\"\xe2\x82\"", JSON_NOT_UTF8},
    {"\"\xff\"", JSON_NOT_UTF8},
    {"{\"a\":1,\"a\":2}", JSON_DUPLICATE_KEY},
    {"{\"a\":1,\"\\u0061\":2}", JSON_DUPLICATE_KEY},
    {"[{\"x\":{\"id\":1,\"b\":2,\"id\":3}}]", JSON_DUPLICATE_KEY},
    {"1e999", JSON_NUMBER_RANGE},
    {"-1e999", JSON_NUMBER_RANGE},
};

static void test_json_refuses_with_the_right_words(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        size_t at;
        enum json_fault fault = check(invalid[i].text, strlen(invalid[i].text), &at);
        if (fault != invalid[i].fault)
            fail_msg("%s: got \"%s\", want \"%s\"", invalid[i].text, json_fault_text(fault),
                     json_fault_text(invalid[i].fault));
        assert_true(at <= strlen(invalid[i].text));
    }
}

static void test_json_refuses_nul_bytes(void **state) {
    size_t at;
    (void)state;
    assert_int_equal(check("{}\0", 3, &at), JSON_TRAILING);
    assert_int_equal(check("\"a\0b\"", 5, &at), JSON_CONTROL);
    assert_int_equal(check("\0", 1, &at), JSON_SYNTAX);
}

static void test_json_refuses_every_truncation(void **state) {
    static const char text[] =
        "{\"jsonrpc\":\"2.0\",\"id\":\"\\ud83d\\ude00 \xe2\x82\xac\",\"method\":\"t\","
        "\"params\":{\"a\":[true,false,null,-1.25e+2,{}],\"b\":\"\"}}";
    (void)state;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        size_t at;
        enum json_fault fault = check(text, len, &at);
        if (fault != JSON_TRUNCATED) fail_msg("cut at %zu: %s", len, json_fault_text(fault));
    }
}

/* `n` copies of `piece` between `head` and `tail`. */
static char *repeated(const char *head, const char *piece, size_t n, const char *tail) {
    size_t step = strlen(piece), used = strlen(head);
    char *text = malloc(used + n * step + strlen(tail) + 1);
    memcpy(text, head, used);
    for (size_t i = 0; i < n; i++, used += step) memcpy(text + used, piece, step);
    memcpy(text + used, tail, strlen(tail) + 1);
    return text;
}

static enum json_fault check_free(char *text) {
    size_t at;
    enum json_fault fault = check(text, strlen(text), &at);
    free(text);
    return fault;
}

static enum json_fault check_nested(size_t depth) {
    char *open = repeated("", "[", depth, "");
    char *all = repeated(open, "]", depth, "");
    free(open);
    return check_free(all);
}

static enum json_fault check_members(unsigned count) {
    char *text = malloc(count * 16u + 3), *end = text;
    *end++ = '{';
    for (unsigned i = 0; i < count; i++) end += sprintf(end, "%s\"k%u\":0", i ? "," : "", i);
    strcpy(end, "}");
    return check_free(text);
}

static void test_json_limits(void **state) {
    (void)state;
    assert_int_equal(check_nested(JSON_MAX_DEPTH), JSON_OK);
    assert_int_equal(check_nested(JSON_MAX_DEPTH + 1), JSON_TOO_DEEP);
    assert_int_equal(check_nested(100000), JSON_TOO_DEEP);
    assert_int_equal(check_members(JSON_MAX_MEMBERS), JSON_OK);
    assert_int_equal(check_members(JSON_MAX_MEMBERS + 1), JSON_TOO_MANY);
    assert_int_equal(check_free(repeated("[0", ",0", JSON_MAX_VALUES - 2, "]")), JSON_OK);
    assert_int_equal(check_free(repeated("[0", ",0", JSON_MAX_VALUES - 1, "]")), JSON_TOO_MANY);
    assert_int_equal(check_free(repeated("1", "0", JSON_MAX_NUMBER - 1, "")), JSON_OK);
    assert_int_equal(check_free(repeated("1", "0", JSON_MAX_NUMBER, "")), JSON_NUMBER_RANGE);
    assert_int_equal(check_free(repeated("\"", "x", JSON_MAX_BYTES - 2, "\"")), JSON_OK);
    assert_int_equal(check_free(repeated("\"", "x", JSON_MAX_BYTES - 1, "\"")), JSON_TOO_LONG);
}

static void assert_member(const char *object, const char *key, const char *want) {
    struct json_span value;
    bool found = json_span_member(json_span_make(object, strlen(object)), key, &value);
    assert_true(found == (want != NULL));
    if (!want) return;
    assert_int_equal(value.len, strlen(want));
    assert_memory_equal(value.p, want, value.len);
}

static void test_json_span_finds_the_text_of_a_member(void **state) {
    (void)state;
    assert_member(" { \"id\" : 9007199254740993 , \"x\":1}", "id", "9007199254740993");
    assert_member("{\"x\":{\"id\":1},\"y\":\"\\\"id\\\":2\",\"id\":\"a,}\"}", "id", "\"a,}\"");
    assert_member("{\"\\u0069d\":7}", "id", "7");
    assert_member("{\"x\":[[1,{\"id\":2}],\"]\"],\"id\":[1, 2]}", "id", "[1, 2]");
    assert_member("{\"ID\":7}", "id", NULL);
    assert_member("{}", "id", NULL);
    assert_member("[\"id\",1]", "id", NULL);
    assert_member("{\"a\" :\n{\"b\":\ttrue}\n}", "a", "{\"b\":\ttrue}");
}

static void test_json_span_walks_an_array(void **state) {
    static const char text[] = "[ {\"a\":[1,2]} , \"x,y\",3 ,[]\n]";
    static const char *const want[] = {"{\"a\":[1,2]}", "\"x,y\"", "3", "[]"};
    struct json_span element, array = json_span_make(text, sizeof text - 1);
    size_t pos = 0, n = 0;
    (void)state;
    for (; json_span_next(array, &pos, &element); n++) {
        assert_in_range(n, 0, 3);
        assert_int_equal(element.len, strlen(want[n]));
        assert_memory_equal(element.p, want[n], element.len);
    }
    assert_int_equal(n, 4);
    pos = 0;
    assert_false(json_span_next(json_span_make("[ ]", 3), &pos, &element));
    assert_false(json_span_next(json_span_make("{}", 2), &pos, &element));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_takes_what_is_valid),
        cmocka_unit_test(test_json_refuses_with_the_right_words),
        cmocka_unit_test(test_json_refuses_nul_bytes),
        cmocka_unit_test(test_json_refuses_every_truncation),
        cmocka_unit_test(test_json_limits),
        cmocka_unit_test(test_json_span_finds_the_text_of_a_member),
        cmocka_unit_test(test_json_span_walks_an_array),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
