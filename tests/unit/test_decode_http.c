/* HTTP/1 headers: split anywhere, in every target form, and everything that is not HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "capd/decode/http.h"
#include "capd/decode/redis.h"
#include <stdlib.h>

static uint8_t input[16384];

/* The views of `m` point into `input`. */
static enum http_status decode_bytes(size_t len, struct http_message *m) {
    uint8_t *exact = malloc(len > 0 ? len : 1);
    assert_non_null(exact);
    memcpy(exact, input, len);
    enum http_status s = decode_http(cursor_make(exact, len), m);
    struct http_view *views[] = {&m->method, &m->path, &m->host};
    for (size_t i = 0; i < 3; i++) {
        if (views[i]->p == NULL) {
            assert_int_equal(views[i]->len, 0);
            continue;
        }
        assert_true(views[i]->p >= exact && views[i]->p + views[i]->len <= exact + len);
        views[i]->p = input + (views[i]->p - exact);
    }
    assert_true(m->header_bytes <= len);
    free(exact);
    return s;
}

static enum http_status decode_text(const char *text, struct http_message *m) {
    size_t len = strlen(text);
    assert_true(len <= sizeof input);
    memcpy(input, text, len);
    return decode_bytes(len, m);
}

static void check_view(struct http_view v, const char *want) {
    assert_int_equal(v.len, strlen(want));
    if (v.len > 0) assert_memory_equal(v.p, want, v.len);
}

static const char request[] = "GET /a/b?secret=1#x HTTP/1.1\r\nHost: example.com:8080\r\n"
                              "Accept: */*\r\nConnection: keep-alive, Upgrade\r\n\r\nbody";
static const char response[] = "HTTP/1.0 404 Not Found\r\nContent-Length: 12\r\n"
                               "Transfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n";

static void test_http_request(void **state) {
    (void)state;
    struct http_message m;
    assert_int_equal(decode_text(request, &m), HTTP_OK);
    assert_true(m.start_line && m.request && m.keep_alive && m.upgrade && !m.close);
    assert_int_equal(m.version, 11);
    check_view(m.method, "GET");
    check_view(m.path, "/a/b");
    check_view(m.host, "example.com:8080");
    assert_int_equal(m.header_bytes, sizeof request - 1 - 4);
}

static void test_http_response(void **state) {
    (void)state;
    struct http_message m;
    assert_int_equal(decode_text(response, &m), HTTP_OK);
    assert_true(m.start_line && !m.request && m.close && m.chunked && m.has_content_length);
    assert_int_equal(m.version, 10);
    assert_int_equal(m.status, 404);
    assert_int_equal(m.content_length, 12);
    assert_int_equal(m.header_bytes, sizeof response - 1);
}

static void test_http_split_at_every_byte(void **state) {
    (void)state;
    struct http_message m;
    static const char *const texts[] = {request, response, "\r\nPUT * HTTP/1.1\nHost: a\n\n"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(decode_text(texts[i], &m), HTTP_OK);
        size_t whole = m.header_bytes, line = strcspn(texts[i] + 2, "\n") + 3;
        for (size_t cut = 0; cut < whole; cut++) {
            assert_int_equal(decode_bytes(cut, &m), HTTP_NEED_MORE);
            assert_int_equal(m.start_line, cut >= line);
            assert_int_equal(m.header_bytes, 0);
        }
    }
}

static void test_http_target_forms(void **state) {
    (void)state;
    static const struct {
        const char *text, *path, *host;
    } cases[] = {
        {"GET / HTTP/1.1\r\nhOsT:  a.example \r\n\r\n", "/", "a.example"},
        {"GET http://b.example/p?q HTTP/1.1\r\n\r\n", "/p", "b.example"},
        {"GET http://user:pw@b.example:81/p HTTP/1.1\r\n\r\n", "/p", "b.example:81"},
        {"GET http://b.example?q=/x HTTP/1.1\r\n\r\n", "", "b.example"},
        {"GET http://b.example/ HTTP/1.1\r\nHost: c.example\r\n\r\n", "/", "c.example"},
        {"GET /x?u=http://d.example/ HTTP/1.1\r\n\r\n", "/x", ""},
        {"GET /x:y//z HTTP/1.1\r\n\r\n", "/x:y//z", ""},
        {"CONNECT e.example:443 HTTP/1.1\r\n\r\n", "", "e.example:443"},
        {"OPTIONS * HTTP/1.1\r\nHost: u@f.example\r\n\r\n", "*", "f.example"},
        {"UPDATEREDIRECTREF /r HTTP/1.0\r\nHost:\r\n\r\n", "/r", ""},
    };
    struct http_message m;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(decode_text(cases[i].text, &m), HTTP_OK);
        check_view(m.path, cases[i].path);
        check_view(m.host, cases[i].host);
    }
}

/* What small devices send: blanks in the target, a version of their own. */
static void test_http_sloppy_requests(void **state) {
    (void)state;
    static const struct {
        const char *text, *path;
        uint8_t version;
    } cases[] = {
        {"GET /update?id=1&when=2026-11-24 01:00 HTTP/1.1\r\n\r\n", "/update", 11},
        {"POST /a b HTTP/1.0\r\n\r\n", "/a", 10},
        {"GET /x HTTP/1.0.8\r\n\r\n", "/x", 10},
    };
    struct http_message m;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)decode_text(cases[i].text, &m);
        assert_true(m.start_line && m.request);
        assert_int_equal(m.version, cases[i].version);
        check_view(m.path, cases[i].path);
    }
    assert_int_equal(
        decode_text("PUT /p HTTP/1.1\r\nContent-Length: 00000000000000000000050\r\n\r\n", &m),
        HTTP_OK);
    assert_int_equal(m.content_length, 50);
}

static void test_http_other_protocols(void **state) {
    (void)state;
    static const char *const texts[] = {
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "EHLO mail.example\r\n",
        "220 mail.example ESMTP\r\n",
        "USER anonymous\r\n",
        "GET /\r\n",
        "ABC /a b HTTP/1.1\r\n",
        "ABC /a HTTP/1.1.8\r\n",
        "GET / HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/1.1\r\n",
        "HTTP/1.1x200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/2 200 OK\r\n",
        "GET  / HTTP/1.1\r\n",
        "GET / HTTP/1.1 \r\n",
        " GET / HTTP/1.1\r\n",
        "RTSP/1.0 200 OK\r\n",
        "OPTIONS rtsp://a RTSP/1.0\r\n",
        "\x16\x03\x01",
        "\x80",
        "(GET",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "GET /\x01",
    };
    struct http_message m;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum http_status s = decode_text(texts[i], &m);
        if (s != HTTP_NOT_HTTP) fail_msg("text %zu: status %d", i, (int)s);
        assert_false(m.start_line);
    }
}

static void test_http_malformed_headers(void **state) {
    (void)state;
    static const char *const fields[] = {
        "Host example.com",
        ": x",
        "Host : x",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "Content-Length: 0x10",
        "Content-Length: 9999999999999999999",
        "Content-Length:",
    };
    struct http_message m;
    char text[256];
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        strcpy(text, "POST /p HTTP/1.1\r\n");
        strcat(text, fields[i]);
        strcat(text, "\r\n\r\n");
        assert_int_equal(decode_text(text, &m), HTTP_MALFORMED);
        assert_true(m.start_line);
        check_view(m.path, "/p");
    }
    assert_int_equal(decode_text("GET / HTTP/1.1\r\nA: b\r\n c: folded\r\nContent-Length: 5\r\n"
                                 "Content-Length: 5\r\n\r\n",
                                 &m),
                     HTTP_OK);
    assert_int_equal(m.content_length, 5);
}

static void test_http_limits(void **state) {
    (void)state;
    struct http_message m;
    memset(input, 'a', sizeof input);
    memcpy(input, "GET /", 5);
    assert_int_equal(decode_bytes(HTTP_MAX_LINE - 1, &m), HTTP_NEED_MORE);
    assert_int_equal(decode_bytes(HTTP_MAX_LINE, &m), HTTP_NOT_HTTP);
    memcpy(input, "GET / HTTP/1.1\r\nA: ", 19);
    assert_int_equal(decode_bytes(HTTP_MAX_LINE, &m), HTTP_NEED_MORE);
    assert_int_equal(decode_bytes(HTTP_MAX_LINE + 16, &m), HTTP_MALFORMED);
    for (size_t i = 16; i + 5 <= sizeof input; i += 5) memcpy(input + i, "a:b\r\n", 5);
    assert_int_equal(decode_bytes(16 + 5 * HTTP_MAX_HEADERS, &m), HTTP_NEED_MORE);
    assert_int_equal(decode_bytes(16 + 5 * (HTTP_MAX_HEADERS + 1), &m), HTTP_MALFORMED);
}

static void test_http_survives_broken_bytes(void **state) {
    (void)state;
    struct http_message m;
    static const char *const texts[] = {request, response};
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < strlen(texts[i]); at++) {
            for (unsigned value = 0; value < 256; value++) {
                memcpy(input, texts[i], strlen(texts[i]));
                input[at] = (uint8_t)value;
                (void)decode_bytes(strlen(texts[i]), &m);
            }
        }
    }
}

static void test_http_chunk_sizes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum http_status status;
        uint32_t bytes;
        bool last;
    } rows[] = {
        {"5\r\nhello", HTTP_OK, 10, false},        {"00aF;x=\"y\"\n", HTTP_OK, 188, false},
        {"0\r\n\r\nHTTP", HTTP_OK, 5, true},       {"0\r\nA: b\r\n\r\n", HTTP_OK, 11, true},
        {"10 \r\n", HTTP_OK, 23, false},           {"100000000\r\n", HTTP_NOT_HTTP, 0, false},
        {"7fffffff\r\n", HTTP_NOT_HTTP, 0, false}, {"HTTP/1.1 200 OK\r\n", HTTP_NOT_HTTP, 0, false},
        {"5x\r\n", HTTP_NOT_HTTP, 0, false},       {"\r\n", HTTP_NOT_HTTP, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        uint32_t bytes = 0;
        bool last = false;
        enum http_status s = decode_http_chunk(cursor_make(rows[i].text, n), &last, &bytes);
        assert_int_equal(s, rows[i].status);
        if (s == HTTP_OK) {
            assert_int_equal(bytes, rows[i].bytes);
            assert_int_equal(last, rows[i].last);
        }
        for (size_t cut = 0; cut < n; cut++) { /* behind its end: memory that must not be read */
            uint8_t *copy = malloc(cut + 1);
            memcpy(copy, rows[i].text, cut);
            (void)decode_http_chunk(cursor_make(copy, cut), &last, &bytes);
            free(copy);
        }
    }
}

/* Frames of HTTP/2 that say nothing of a request; no part of one does either. */
static void test_http2_control_frames(void **state) {
#define SETTINGS      "\0\0\6\4\0\0\0\0\0\0\4\0\0\xff\xff"
#define UPDATE        "\0\0\4\10\0\0\0\0\1\0\0\x40\0"
#define PREFACE       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define ROW(text, is) {text, sizeof(text) - 1, is}
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        bool is;
    } rows[] = {ROW(SETTINGS, true),
                ROW("\0\0\0\4\1\0\0\0\0", true),
                ROW(UPDATE UPDATE, true),
                ROW("\0\0\10\6\1\0\0\0\0abcdefgh", true),
                ROW("\0\0\5\2\0\0\0\0\3\0\0\0\0\x10", true),
                ROW("\0\0\4\3\0\0\0\0\3\0\0\0\10", true),
                ROW("\0\0\10\7\0\0\0\0\0\0\0\0\1\0\0\0\0", true),
                ROW(PREFACE SETTINGS UPDATE, true),
                ROW(PREFACE, true),
                ROW(UPDATE "\0\0\1\1\5\0\0\0\3\x82", false), /* HEADERS */
                ROW(PREFACE "\0\0\1\1\5\0\0\0\3\x82", false),
                ROW("\0\0\1\0\1\0\0\0\3x", false), /* DATA */
                ROW("\0\0\5\10\0\0\0\0\1\0\0\x40\0\0", false),
                ROW("", false)};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (http2_is_control(cursor_make(rows[i].text, rows[i].n)) != rows[i].is)
            fail_msg("row %zu", i);
        for (size_t cut = 0; cut < rows[i].n; cut++) { /* behind its end: not to be read */
            uint8_t *copy = malloc(cut + 1);
            memcpy(copy, rows[i].text, cut);
            (void)http2_is_control(cursor_make(copy, cut));
            free(copy);
        }
    }
}

/* Frame by frame, up to what is none. */
static void test_http2_frames(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        unsigned frames;
        uint32_t stream; /* of the last */
        bool rest;
    } rows[] = {{PREFACE SETTINGS "\0\0\1\1\5\0\0\0\3\x82", 49, 2, 3, false},
                {"\0\0\1\0\1\0\0\0\3x" UPDATE, 23, 2, 1, false},
                {"\0\0\x40\0\1\0\0\0\5x", 10, 1, 5, false}, /* goes on in the next segment */
                {"\0\0\1\0\1\0\0\0\0x", 10, 0, 0, true},    /* a part of no stream */
                {"\0\0\1\0\x40\0\0\0\3x", 10, 0, 0, true},
                {UPDATE "abc", 16, 1, 1, true},
                {"", 0, 0, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cursor c = cursor_make(rows[i].text, rows[i].n);
        struct http2_frame h = {0};
        unsigned frames = 0;
        uint32_t stream = 0;
        for (; http2_read(&c, &h); frames++) stream = h.stream;
        bool rest = cursor_left(&c) > 0;
        if (frames != rows[i].frames || stream != rows[i].stream || rest != rows[i].rest)
            fail_msg("row %zu: %u frames", i, frames);
    }
}

static void test_redis_commands(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum redis_says says;
    } rows[] = {{"*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n", REDIS_ASKS},
                {"*3\r\n$5\r\nBRPOP\r\n$1\r\nq\r\n$1\r\n2\r\n", REDIS_WAITS},
                {"*3\r\n$5\r\nbrpop\r\n", REDIS_WAITS},
                {"*3\r\n$10\r\nBRPOPLPUSH\r\n", REDIS_WAITS},
                {"*3\r\n$6\r\nBRPOPX\r\n", REDIS_ASKS},
                {"*3\r\n$4\r\nBRPO", REDIS_ASKS},
                {"*2\r\n$9\r\nSUBSCRIBE\r\n", REDIS_WAITS},
                {"PING\r\n", REDIS_ASKS},
                {"BLPOP q 0\r\n", REDIS_WAITS},
                {"*2\r\n$5\r\nBRP", REDIS_UNREADABLE},
                {"*0\r\n$5\r\nBRPOP\r\n", REDIS_UNREADABLE},
                {"*2\r\n$-1\r\n", REDIS_UNREADABLE},
                {"*99999999999\r\n$4\r\nKEYS\r\n", REDIS_UNREADABLE},
                {"$5\r\nhello\r\n", REDIS_UNREADABLE},
                {"a value, and so on", REDIS_UNREADABLE},
                {"", REDIS_UNREADABLE}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = strlen(rows[i].text);
        if (decode_redis(cursor_make(rows[i].text, n)) != rows[i].says) fail_msg("row %zu", i);
        for (size_t cut = 0; cut < n; cut++) { /* behind its end: not to be read */
            uint8_t *copy = malloc(cut ? cut : 1);
            memcpy(copy, rows[i].text, cut);
            (void)decode_redis(cursor_make(copy, cut));
            free(copy);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_request),
        cmocka_unit_test(test_http_response),
        cmocka_unit_test(test_http_split_at_every_byte),
        cmocka_unit_test(test_http_target_forms),
        cmocka_unit_test(test_http_sloppy_requests),
        cmocka_unit_test(test_http_other_protocols),
        cmocka_unit_test(test_http_malformed_headers),
        cmocka_unit_test(test_http_limits),
        cmocka_unit_test(test_http_survives_broken_bytes),
        cmocka_unit_test(test_http_chunk_sizes),
        cmocka_unit_test(test_http2_control_frames),
        cmocka_unit_test(test_http2_frames),
        cmocka_unit_test(test_redis_commands),
    };
    return cmocka_run_group_tests_name("decode_http", tests, NULL, NULL);
}
