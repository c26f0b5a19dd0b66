/* Reads header values.  Each function knows one header and nothing of the others, so that every
 * rule can be tested with a line of text.
 * Runs in: mcpd. Input trust: client. */
#include "mcpd/transport/httphead.h"
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

static bool same(const char *p, size_t len, const char *name) {
    return strlen(name) == len && strncasecmp(p, name, len) == 0;
}

/* The length of the host in "host", "host:port" or "[v6]:port"; 0 if the text is something else. */
static size_t host_length(const char *text) {
    size_t len = text[0] == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":");
    if (len > strlen(text)) return 0;
    const char *port = text + len;
    size_t digits = *port ? strspn(port + 1, "0123456789") : 0;
    if (*port && (*port != ':' || digits == 0 || digits > 5 || port[1 + digits])) return 0;
    if (text[0] == '[') return len;
    return text[strcspn(text, "[]/@?#\\ \t")] ? 0 : len;
}

static bool host_is_local(const char *p, size_t len) {
    return same(p, len, "localhost") || same(p, len, "127.0.0.1") || same(p, len, "[::1]");
}

bool head_host_is_ours(const char *host, const char *address, const struct head_names *more) {
    size_t len = host ? host_length(host) : 0;
    if (len == 0) return false;
    if (host_is_local(host, len) || (address && same(host, len, address))) return true;
    for (size_t i = 0; more && i < more->count; i++)
        if (same(host, len, more->name[i])) return true;
    return false;
}

/* Where the host of an origin begins; NULL if it is no http or https one. */
static const char *origin_host(const char *origin) {
    const char *host = NULL;
    if (strncasecmp(origin, "http://", 7) == 0) host = origin + 7;
    if (strncasecmp(origin, "https://", 8) == 0) host = origin + 8;
    return host && host_length(host) > 0 ? host : NULL;
}

const char *head_target_path(const char *target, char *authority_out, size_t cap) {
    const char *authority = strncasecmp(target, "http://", 7) == 0 ? target + 7 : NULL;
    authority_out[0] = 0;
    if (!authority) return target[0] == '/' ? target : NULL;
    size_t len = strcspn(authority, "/");
    if (len == 0 || len >= cap) return NULL;
    memcpy(authority_out, authority, len);
    authority_out[len] = 0;
    return authority[len] ? authority + len : "/";
}

bool head_is_origin(const char *text) {
    return origin_host(text) != NULL;
}

enum head_origin head_origin(const char *origin, const struct head_names *listed) {
    if (!origin) return HEAD_ORIGIN_NONE;
    for (size_t i = 0; listed && i < listed->count; i++)
        if (strcasecmp(origin, listed->name[i]) == 0) return HEAD_ORIGIN_LISTED;
    const char *host = origin_host(origin);
    return host && host_is_local(host, host_length(host)) ? HEAD_ORIGIN_LOCAL : HEAD_ORIGIN_REFUSED;
}

/* A quality of zero: "not acceptable". */
static bool is_refused(const char *parameters, size_t len) {
    for (size_t i = 0; i + 3 < len; i++) {
        if (parameters[i] != ';') continue;
        size_t at = i + 1;
        while (at < len && strchr(BLANKS, parameters[at])) at++;
        if (at + 2 >= len || strncasecmp(parameters + at, "q=0", 3) != 0) continue;
        for (at += 3; at < len && (parameters[at] == '.' || parameters[at] == '0'); at++) continue;
        return at == len || strchr(BLANKS ";", parameters[at]);
    }
    return false;
}

struct head_accept head_accept(const char *accept) {
    struct head_accept a = {.json = !accept, .sse = !accept};
    for (const char *p = accept; p && *p;) {
        p += strspn(p, BLANKS ",");
        size_t item = strcspn(p, ","), type = strcspn(p, ",; \t");
        bool yes = type > 0 && !is_refused(p + type, item - type);
        bool any = same(p, type, "*/*");
        if (yes && (any || same(p, type, "application/json") || same(p, type, "application/*")))
            a.json = true;
        if (yes && same(p, type, "text/event-stream")) a.sse_named = true;
        if (yes && (any || a.sse_named || same(p, type, "text/*"))) a.sse = true;
        p += item;
    }
    return a;
}

bool head_is_json(const char *content_type) {
    if (!content_type) return false;
    content_type += strspn(content_type, BLANKS);
    size_t len = strcspn(content_type, "; \t");
    const char *rest = content_type + len + strspn(content_type + len, BLANKS);
    return same(content_type, len, "application/json") && (*rest == ';' || !*rest);
}

const char *head_bearer(const char *authorization) {
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0) return NULL;
    const char *token = authorization + 7 + strspn(authorization + 7, " ");
    return *token && !strpbrk(token, BLANKS) ? token : NULL;
}
