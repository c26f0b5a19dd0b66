/* The ladder by which an HTTP body becomes a message of one era, or a refusal.  Modern requests
 * carry their version, method and name twice, in the body and in headers that proxies may act upon;
 * a server that believed only one of them could be made to do what the proxy did not see.  The
 * order of the steps is the order in which clients expect their errors: a contradiction is told
 * before a version that is not served, and that before a header that is missing.
 * Runs in: mcpd. Input trust: client. */
#include "mcpd/mcp/httprules.h"
#include "common/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 4, 5))) static void refuse(struct httprules *r, unsigned status,
                                                         int code, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->text, sizeof r->text, fmt, ap);
    va_end(ap);
    r->kind = HTTPRULES_REFUSED;
    r->status = status;
    r->code = code;
}

/* ---- header values -------------------------------------------------------------------------- */

static int base64_digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Do `len` base64 characters, padded and canonical, say `text`? */
static bool base64_says(const char *p, size_t len, const char *text) {
    size_t need = strlen(text), at = 0, pad = 0;
    if (len % 4 != 0 || len / 4 != (need + 2) / 3) return false;
    while (pad < 2 && pad < len && p[len - 1 - pad] == '=') pad++;
    if (len / 4 * 3 - pad != need) return false;
    uint32_t bits = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = i < len - pad ? base64_digit(p[i]) : 0;
        if (digit < 0) return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 3) continue;
        const unsigned char octet[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                                        (unsigned char)bits};
        size_t n = i + 1 == len ? 3 - pad : 3;
        if (memcmp(octet, text + at, n) != 0) return false;
        for (; n < 3 && i + 1 == len; n++)
            if (octet[n] != 0) return false; /* bits that say nothing must be zero */
        at += 3;
        bits = 0;
    }
    return true;
}

bool httprules_header_says(const char *value, const char *text) {
    static const char open[] = "=?base64?", close[] = "?=";
    size_t len = strlen(value), around = sizeof open - 1 + sizeof close - 1;
    if (len >= around && strncmp(value, open, sizeof open - 1) == 0 &&
        strcmp(value + len - 2, close) == 0)
        return base64_says(value + sizeof open - 1, len - around, text);
    return strcmp(value, text) == 0;
}

/* Revisions are dates, so their order is that of the text. */
static bool is_modern_version(const char *v) {
    if (!v || strlen(v) != 10) return false;
    for (size_t i = 0; i < 10; i++)
        if (i == 4 || i == 7 ? v[i] != '-' : v[i] < '0' || v[i] > '9') return false;
    return strcmp(v, ERA_MODERN_VERSION) >= 0;
}

/* ---- modern --------------------------------------------------------------------------------- */

/* What Mcp-Name repeats; NULL: nothing for this method, or what the handler will refuse anyway. */
static const char *name_of(const struct rpc_message *m) {
    bool named = strcmp(m->method, "tools/call") == 0 || strcmp(m->method, "prompts/get") == 0;
    bool read = strcmp(m->method, "resources/read") == 0;
    if (!named && !read) return NULL;
    return cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(m->params, named ? "name" : "uri"));
}

static void refuse_mismatch(struct httprules *r, const char *header, const char *what) {
    refuse(r, 400, RPC_HEADER_MISMATCH, "header %s %s", header, what);
}

static void check_modern(const struct rpc_message *m, const struct httprules_headers *h,
                         const struct era_refusal *refusal, struct httprules *r) {
    const cJSON *meta = cJSON_GetObjectItemCaseSensitive(m->params, "_meta");
    const char *version =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(meta, ERA_META_VERSION));
    const char *name = name_of(m);
    bool request = m->kind == RPC_REQUEST;
    r->modern = true;
    if (refusal->code && refusal->code != RPC_UNSUPPORTED_VERSION)
        refuse(r, 400, refusal->code, "%s", refusal->text);
    else if (h->version && version && strcmp(h->version, version) != 0)
        refuse_mismatch(r, "MCP-Protocol-Version", "differs from params._meta");
    else if (h->method && strcmp(h->method, m->method) != 0)
        refuse_mismatch(r, "Mcp-Method", "differs from the method of the body");
    else if (refusal->code)
        refuse(r, 400, refusal->code, "%s", refusal->text);
    else if (request && !h->version)
        refuse_mismatch(r, "MCP-Protocol-Version", "is missing");
    else if (request && !h->method)
        refuse_mismatch(r, "Mcp-Method", "is missing");
    else if (request && name && !h->name)
        refuse_mismatch(r, "Mcp-Name", "is missing");
    else if (name && h->name && !httprules_header_says(h->name, name))
        refuse_mismatch(r, "Mcp-Name", "differs from the name or URI of the body");
}

/* ---- legacy --------------------------------------------------------------------------------- */

/* The constant for a legacy version, NULL for any other text. */
static const char *legacy_version(const char *text) {
    const char *known = text ? era_negotiate(text) : NULL;
    return known && strcmp(known, text) == 0 ? known : NULL;
}

static void check_legacy(const struct rpc_message *m, const struct httprules_headers *h,
                         struct httprules *r) {
    bool opens = m->kind == RPC_REQUEST && strcmp(m->method, "initialize") == 0;
    r->legacy_version = legacy_version(h->version);
    if (opens && is_modern_version(h->version))
        refuse_mismatch(r, "MCP-Protocol-Version", "names a version that has no initialize");
    else if (m->kind == RPC_REQUEST && is_modern_version(h->version))
        refuse(r, 400, RPC_INVALID_PARAMS,
               "params._meta lacks \"" ERA_META_VERSION "\" and \"" ERA_META_CAPABILITIES "\"");
    else if (h->version && !opens && !r->legacy_version && !is_modern_version(h->version))
        refuse(r, 400, RPC_LEGACY_HTTP_REFUSED, "Unsupported protocol version");
}

static bool claims_modern(struct json_span message) {
    struct json_span params, meta, claim;
    return json_span_member(message, "params", &params) &&
           json_span_member(params, "_meta", &meta) &&
           json_span_member(meta, ERA_META_VERSION, &claim);
}

static void check_batch(struct json_span text, const struct httprules_headers *h,
                        struct httprules *r) {
    struct json_span element;
    size_t pos = 0, count = 0;
    bool modern = false;
    while (json_span_next(text, &pos, &element)) {
        count++;
        modern = modern || claims_modern(element);
    }
    /* Clients of the one revision with batches do not name it: the header came later. */
    r->legacy_version = h->version ? legacy_version(h->version) : ERA_BATCH_VERSION;
    if (count == 0)
        refuse(r, 400, RPC_INVALID_REQUEST, "an empty batch");
    else if (modern || !r->legacy_version || strcmp(r->legacy_version, ERA_BATCH_VERSION) != 0)
        refuse(r, 400, RPC_INVALID_REQUEST, "batches exist only in protocol version 2025-03-26");
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void check_message(const struct rpc_message *m, const struct httprules_headers *h,
                          struct httprules *r) {
    enum mcp_era era = ERA_LEGACY;
    struct era_refusal refusal = {0};
    bool ok = era_of_request(m, &era, &refusal);
    if (!ok || era == ERA_MODERN)
        check_modern(m, h, &refusal, r);
    else
        check_legacy(m, h, r);
    if (r->kind == HTTPRULES_REFUSED && r->code == refusal.code)
        r->data = refusal.data;
    else
        cJSON_Delete(refusal.data);
    r->listens =
        r->modern && m->kind == RPC_REQUEST && strcmp(m->method, "subscriptions/listen") == 0;
}

static void check_one(struct json_span text, const struct httprules_headers *h,
                      struct httprules *r) {
    struct rpc_message m;
    if (!rpc_message_parse(text, &m)) {
        refuse(r, 400, RPC_INTERNAL_ERROR, "Internal error: out of memory");
        rpc_message_clear(&m);
        return;
    }
    r->kind = m.kind == RPC_REQUEST ? HTTPRULES_ASKS : HTTPRULES_QUIET;
    if (m.kind == RPC_INVALID)
        refuse(r, 400, m.code, "%s", m.why);
    else if (m.kind != RPC_RESPONSE)
        check_message(&m, h, r);
    if (m.kind == RPC_NOTIFICATION && !r->modern) r->cancels = rpc_cancelled_id(&m);
    r->id = m.id;
    m.id = NULL;
    rpc_message_clear(&m);
}

/* No JSON, or none that C can hold: then it may have an id, and clients of the older era read it.
 */
static void refuse_fault(enum json_fault fault, size_t offset, struct json_span text,
                         struct httprules *r) {
    r->id = rpc_spoilt_id(fault, text);
    r->modern = r->id && claims_modern(text);
    refuse(r, r->id && !r->modern ? 200 : 400, r->id ? RPC_INVALID_REQUEST : RPC_PARSE_ERROR,
           "%s: %s (byte %zu)", r->id ? "Invalid request" : "Parse error", json_fault_text(fault),
           offset);
}

void httprules_check(const char *bytes, size_t len, const struct httprules_headers *headers,
                     struct httprules *out) {
    size_t offset;
    *out = (struct httprules){.kind = HTTPRULES_ASKS};
    enum json_fault fault = json_check(bytes, len, &offset);
    struct json_span text = json_span_make(bytes, len);
    if (fault != JSON_OK)
        refuse_fault(fault, offset, text, out);
    else if (text.p[0] == '[')
        check_batch(text, headers, out);
    else
        check_one(text, headers, out);
}

void httprules_clear(struct httprules *r) {
    free(r->id);
    free(r->cancels);
    cJSON_Delete(r->data);
    *r = (struct httprules){0};
}

unsigned httprules_status(bool modern, int code) {
    if (!modern) return 200;
    switch (code) {
    case RPC_METHOD_NOT_FOUND: return 404;
    case RPC_PARSE_ERROR:
    case RPC_INVALID_REQUEST:
    case RPC_HEADER_MISMATCH:
    case RPC_CAPABILITY_MISSING:
    case RPC_UNSUPPORTED_VERSION: return 400;
    default: return 200;
    }
}
