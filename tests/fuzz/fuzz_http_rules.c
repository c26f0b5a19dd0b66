/* libFuzzer: what Streamable HTTP looks at beside the message: headers against the body, Host,
 * Origin, Accept, Authorization, and the file of tokens.  Input: six lines of header values ("-":
 * absent), then the body.  A first line "tokens" makes the rest a token file.  HTTP itself is
 * parsed by libmicrohttpd. */
#include "mcpd/mcp/httprules.h"
#include "mcpd/transport/httphead.h"
#include "mcpd/transport/tokens.h"
#include "tests/fuzz/fuzz.h"
#include <unistd.h>

#define VALUES 6

static void check_rules(const char *body, size_t n, char *const value[VALUES]) {
    struct httprules_headers h = {value[0], value[1], value[2]};
    struct httprules out;
    size_t at;
    httprules_check(body, n, &h, &out);
    HOLDS(out.kind <= HTTPRULES_ASKS);
    if (out.kind == HTTPRULES_REFUSED) {
        /* Legacy clients read the body of nothing but 200: with an id it is an answer to them. */
        bool answers = out.status == 200 && out.id && !out.modern;
        HOLDS((answers || (out.status >= 400 && out.status < 500)) && out.code != 0);
        HOLDS(out.text[0] && memchr(out.text, 0, sizeof out.text));
    } else {
        HOLDS(json_check(body, n, &at) == JSON_OK);
        HOLDS(!out.listens || (out.modern && out.kind == HTTPRULES_ASKS));
        /* A modern request says in its header what it says in its body. */
        HOLDS(!out.modern || out.kind == HTTPRULES_QUIET || value[0]);
        if (out.modern && value[0]) HOLDS(strcmp(value[0], ERA_MODERN_VERSION) == 0);
    }
    if (out.id) HOLDS(json_check(out.id, strlen(out.id), &at) == JSON_OK);
    unsigned status = httprules_status(out.modern, out.code);
    HOLDS(status >= 200 && status < 500);
    httprules_clear(&out);
}

static void check_heads(char *const value[VALUES]) {
    static const char *const listed[] = {"https://listed.example", "host.example"};
    const struct head_names names = {listed, 2};
    enum head_origin origin = head_origin(value[4], &names);
    struct head_accept accept = head_accept(value[5]);
    HOLDS(origin <= HEAD_ORIGIN_REFUSED && (origin == HEAD_ORIGIN_NONE) == (value[4] == NULL));
    HOLDS(!accept.sse_named || accept.sse);
    HOLDS(value[5] || (accept.json && accept.sse));
    if (value[3] && head_host_is_ours(value[3], "192.0.2.1", &names))
        HOLDS(strlen(value[3]) < 64 && !strpbrk(value[3], " /@\\"));
    if (value[4] && head_is_origin(value[4])) HOLDS(strncasecmp(value[4], "http", 4) == 0);
    const char *token = head_bearer(value[2]);
    HOLDS(!token || (value[2] && token > value[2] && token <= value[2] + strlen(value[2])));
    (void)head_is_json(value[5]);
    if (value[2]) (void)httprules_header_says(value[2], "tools/call");
}

static char path[] = "/tmp/fuzz-tokens-XXXXXX";

static void forget_file(void) {
    (void)unlink(path);
}

static void check_tokens(const uint8_t *data, size_t n) {
    static int fd = -1;
    struct fail fail = {.code = FAIL_NONE};
    struct caller who;
    if (fd < 0) {
        fd = mkstemp(path); /* mode 0600 */
        HOLDS(fd >= 0 && atexit(forget_file) == 0);
    }
    HOLDS(ftruncate(fd, 0) == 0 && pwrite(fd, data, n, 0) == (ssize_t)n);
    struct tokens *t = tokens_read(path, &fail);
    HOLDS(t || (fail.code != FAIL_NONE && fail.why[0]));
    if (!t) return;
    HOLDS(tokens_count(t) <= TOKENS_MAX);
    HOLDS(!tokens_find(t, "", &who) && !tokens_find(t, "0123456789abcde", &who)); /* too short */
    if (tokens_find(t, "0123456789abcdef0123456789abcdef", &who))
        HOLDS(who.kind == CALLER_TOKEN && who.name[0] && memchr(who.name, 0, sizeof who.name));
    tokens_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *value[VALUES] = {NULL};
    size_t at = 0;
    if (size >= 7 && memcmp(data, "tokens\n", 7) == 0) {
        check_tokens(data + 7, size - 7);
        return 0;
    }
    for (int i = 0; i < VALUES; i++) {
        const uint8_t *end = at < size ? memchr(data + at, '\n', size - at) : NULL;
        if (!end) break;
        size_t n = (size_t)(end - (data + at));
        if (n != 1 || data[at] != '-') value[i] = fuzz_text(data + at, n);
        at += n + 1;
    }
    char *body = fuzz_copy(data + at, size - at);
    check_rules(body, size - at, value);
    check_heads(value);
    free(body);
    for (int i = 0; i < VALUES; i++) free(value[i]);
    return 0;
}
