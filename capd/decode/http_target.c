/* What is kept of a request's target.  Users and passwords stand before a host, sessions and tokens
 * in parameters, mail addresses in segments: they are left out here, so that nothing behind this
 * file ever holds them.  Whatever is doubtful is left out as well.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/http_target.h"

static uint8_t lower(uint8_t b) {
    return b >= 'A' && b <= 'Z' ? (uint8_t)(b + 32) : b;
}

static struct http_view view_of(struct cursor c) {
    size_t len = cursor_left(&c);
    return (struct http_view){len > 0 ? c.p : NULL, (uint32_t)len};
}

/* The sign that `c` begins with, and how many bytes it takes: "%40" is '@' and so is "%2540". */
static size_t sign_at(struct cursor c, uint8_t *sign_out) {
    static const char hex[] = "0123456789abcdef";
    const uint8_t *start = c.p;
    *sign_out = *c.p;
    if (*c.p != '%') return 1;
    for (c.p++; cursor_left(&c) > 2 && c.p[0] == '2' && c.p[1] == '5';) c.p += 2;
    if (cursor_left(&c) < 2) return 1;
    const char *high = memchr(hex, lower(c.p[0]), 16), *low = memchr(hex, lower(c.p[1]), 16);
    if (high == NULL || low == NULL) return 1;
    *sign_out = (uint8_t)((high - hex) << 4 | (low - hex));
    return (size_t)(c.p - start) + 2;
}

/* A host may be followed by a port and nothing else. */
static bool port_is_number(struct cursor host) {
    const uint8_t *colon = NULL;
    for (struct cursor c = host; cursor_left(&c) > 0; c.p++)
        if (*c.p == ':' || *c.p == ']') colon = *c.p == ':' ? c.p : NULL;
    for (const uint8_t *p = colon; colon != NULL && ++p < host.end;)
        if (*p < '0' || *p > '9') return false;
    return true;
}

struct http_view http_host_of(struct cursor authority) {
    bool user = false, more = false;
    const uint8_t *end = authority.end;
    for (struct cursor c = authority; cursor_left(&c) > 0;) {
        uint8_t sign;
        size_t n = sign_at(c, &sign);
        if (memchr("/?#\\ \t,;\"", sign, 9) != NULL && !more) {
            more = true;
            end = c.p;
        }
        c.p += n;
        if (sign != '@') continue;
        user = true;
        authority.p = c.p;
    }
    if (user && more) return (struct http_view){NULL, 0};
    authority.end = end;
    return port_is_number(authority) ? view_of(authority) : (struct http_view){NULL, 0};
}

/* Without scheme and authority, which absolute form has; false: it has none. */
static bool authority_take(struct cursor *target, struct cursor *authority_out) {
    size_t left = cursor_left(target);
    const uint8_t *colon = memchr(target->p, ':', left);
    if (colon == NULL || *target->p == '/' || target->end - colon < 3 || colon[1] != '/' ||
        colon[2] != '/')
        return false;
    target->p = colon + 3;
    *authority_out = *target;
    while (cursor_left(target) > 0 && memchr("/?#", *target->p, 3) == NULL) target->p++;
    authority_out->end = target->p;
    return true;
}

void http_target_read(struct cursor target, bool connect, struct http_message *m) {
    struct cursor authority;
    if (connect) {
        m->host = http_host_of(target);
        return;
    }
    if (authority_take(&target, &authority)) m->host = http_host_of(authority);
    struct cursor end = target;
    while (cursor_left(&end) > 0 && *end.p != '?' && *end.p != '#') end.p++;
    target.end = end.p;
    m->path = view_of(target);
}

enum part { PART_PLAIN, PART_VALUE, PART_SECRET, PART_LAST };

/* What a segment is, and the length of the part of it that may be shown. */
static enum part segment_read(struct cursor segment, size_t *shown_out) {
    enum part part = PART_PLAIN;
    *shown_out = cursor_left(&segment);
    for (struct cursor c = segment; cursor_left(&c) > 0;) {
        uint8_t sign;
        c.p += sign_at(c, &sign);
        if (sign == '@') return PART_SECRET;
        if (part != PART_PLAIN || memchr(";=&?#", sign, 5) == NULL) continue;
        part = sign == '?' || sign == '#' ? PART_LAST : PART_VALUE;
        *shown_out = (size_t)(c.p - segment.p);
    }
    return part;
}

static size_t put(uint8_t *out, size_t used, size_t cap, const uint8_t *p, size_t n) {
    if (n > cap - used) n = cap - used;
    if (n > 0) memcpy(out + used, p, n);
    return used + n;
}

size_t http_path_copy(struct http_view path, uint8_t *out, size_t cap) {
    struct cursor c = cursor_make(path.p, path.len);
    size_t used = 0, shown;
    while (cursor_left(&c) > 0 && used < cap) {
        const uint8_t *slash = memchr(c.p, '/', cursor_left(&c));
        struct cursor segment = cursor_sub(&c, slash ? (size_t)(slash - c.p) : cursor_left(&c));
        enum part part = segment_read(segment, &shown);
        if (part != PART_SECRET) used = put(out, used, cap, segment.p, shown);
        if (part != PART_PLAIN) used = put(out, used, cap, (const uint8_t *)"*", 1);
        if (part == PART_LAST) break;
        if (cursor_skip(&c, 1)) used = put(out, used, cap, (const uint8_t *)"/", 1);
    }
    return used;
}
