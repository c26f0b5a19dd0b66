/* The people's commands speak to the server as any client does, in the least HTTP that will do:
 * one POST at a time on one connection, answered by plain JSON of a length that is told.  Whoever
 * listens on the socket may be somebody else: sizes and times are bounded, and what comes back goes
 * through the same strict check as what clients send.
 * Runs in: mcpd (status, stop, report, check). Input trust: client (the other side). */
#include "mcpd/serve_call.h"
#include "common/clock.h"
#include "common/text.h"
#include "mcpd/mcp/era.h"
#include "mcpd/mcp/jsoncheck.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEAD_BYTES 4096u
#define ANSWER_MS  20000u /* stopping a capture takes up to a few seconds */

int serve_connect(const char *path, struct fail *fail) {
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof sa) == 0) return fd;
    int err = errno;
    if (fd >= 0) close(fd);
    fail_set(fail, FAIL_ENVIRONMENT, "capd", "no `mcpd serve` can be reached at %.107s: %s%s", path,
             strerror(err),
             err == EACCES ? " (its owner, and the group of that socket, may connect)" : "");
    return -1;
}

/* Wait for the descriptor.  False: time is up. */
static bool wait_ready(int fd, short events, uint64_t deadline_ms) {
    uint64_t now = clock_mono_ms();
    struct pollfd p = {.fd = fd, .events = events};
    while (now < deadline_ms) {
        int n = poll(&p, 1, (int)(deadline_ms - now));
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
        now = clock_mono_ms();
    }
    return false;
}

static bool send_all(int fd, const char *p, size_t len, uint64_t deadline_ms) {
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        } else if (!wait_ready(fd, POLLOUT, deadline_ms)) {
            return false;
        }
    }
    return true;
}

static bool receive(int fd, char *p, size_t len, uint64_t deadline_ms) {
    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        } else if (!wait_ready(fd, POLLIN, deadline_ms)) {
            return false;
        }
    }
    return true;
}

/* Byte by byte: nothing of the body may be taken, and a head is short. */
static bool receive_head(int fd, char head[HEAD_BYTES], uint64_t deadline_ms) {
    for (size_t len = 0; len + 1 < HEAD_BYTES; len++) {
        if (!receive(fd, head + len, 1, deadline_ms)) return false;
        head[len + 1] = 0;
        if (len >= 3 && memcmp(head + len - 3, "\r\n\r\n", 4) == 0) return true;
    }
    return false;
}

/* The length of the body; false: it is not told, or too much. */
static bool body_length(const char *head, size_t *len_out) {
    static const char name[] = "\r\nContent-Length:";
    const char *at = strcasestr(head, name);
    if (!at) return false;
    at += sizeof name - 1;
    at += strspn(at, " \t");
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || digits > 8) return false;
    *len_out = strtoul(at, NULL, 10);
    return *len_out <= JSON_MAX_BYTES;
}

cJSON *serve_parse(const char *text) {
    size_t offset, len = strlen(text);
    if (json_check(text, len, &offset) != JSON_OK) return NULL;
    return cJSON_ParseWithLength(text, len);
}

static char *request_text(const char *method, const char *name, cJSON *params) {
    cJSON *message = cJSON_CreateObject(), *meta = cJSON_CreateObject();
    cJSON_AddStringToObject(meta, ERA_META_VERSION, ERA_MODERN_VERSION);
    cJSON_AddItemToObject(meta, ERA_META_CAPABILITIES, cJSON_CreateObject());
    cJSON_AddItemToObject(params, "_meta", meta);
    cJSON_AddStringToObject(message, "jsonrpc", "2.0");
    cJSON_AddNumberToObject(message, "id", 1);
    cJSON_AddStringToObject(message, "method", method);
    cJSON_AddItemToObject(message, "params", params);
    char *body = cJSON_PrintUnformatted(message), *text = NULL;
    size_t bytes;
    FILE *out = body ? open_memstream(&text, &bytes) : NULL;
    if (out) {
        fprintf(out,
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Accept: application/json\r\nMCP-Protocol-Version: " ERA_MODERN_VERSION "\r\n"
                "Mcp-Method: %s\r\n%s%s%sContent-Length: %zu\r\n\r\n%s",
                method, name ? "Mcp-Name: " : "", name ? name : "", name ? "\r\n" : "",
                strlen(body), body);
        fclose(out);
    }
    cJSON_free(body);
    cJSON_Delete(message);
    return text;
}

static char *exchange(int fd, const char *request, struct fail *fail) {
    uint64_t deadline = clock_mono_ms() + ANSWER_MS;
    char head[HEAD_BYTES], *body = NULL;
    size_t len;
    bool ok = send_all(fd, request, strlen(request), deadline) &&
              receive_head(fd, head, deadline) && body_length(head, &len) &&
              (body = calloc(1, len + 1)) != NULL && receive(fd, body, len, deadline);
    if (ok) return body;
    free(body);
    fail_set(fail, FAIL_ENVIRONMENT, "", "%s",
             clock_mono_ms() >= deadline ? "`mcpd serve` does not answer"
                                         : "what listens there does not answer as `mcpd serve`");
    return NULL;
}

cJSON *serve_ask(int fd, const char *method, const char *name, cJSON *params, struct fail *fail) {
    char said[LIM_ERROR_TEXT] = "";
    char *request = request_text(method, name, params);
    char *body = request ? exchange(fd, request, fail) : NULL;
    free(request);
    if (!body) return NULL;
    cJSON *answer = serve_parse(body);
    free(body);
    cJSON *result = cJSON_DetachItemFromObjectCaseSensitive(answer, "result");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    if (why) text_clean((const uint8_t *)why, strlen(why), said, sizeof said);
    cJSON_Delete(answer);
    if (cJSON_IsObject(result)) return result;
    cJSON_Delete(result);
    fail_set(fail, FAIL_ENVIRONMENT, "", "%s",
             said[0] ? said : "what listens there does not answer as `mcpd serve`");
    return NULL;
}
