#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The one way to read untrusted bytes.  Invariant: p <= end.  A failed read consumes
 * nothing and leaves the out-parameter unset. */
struct cursor {
    const uint8_t *p, *end;
};

/* A number in network order at `p`, of which the caller knows that it is there. */
static inline uint16_t bytes_be16(const uint8_t *p) {
    return (uint16_t)((uint16_t)(p[0] << 8) | p[1]);
}

static inline struct cursor cursor_make(const void *bytes, size_t len) {
    /* No bytes may come as NULL, to which C lets not even 0 be added. */
    struct cursor c = {bytes, len > 0 ? (const uint8_t *)bytes + len : bytes};
    return c;
}

static inline size_t cursor_left(const struct cursor *c) {
    return (size_t)(c->end - c->p);
}

static inline bool cursor_skip(struct cursor *c, size_t n) {
    if (cursor_left(c) < n) return false;
    c->p += n;
    return true;
}

static inline bool cursor_u8(struct cursor *c, uint8_t *v) {
    if (cursor_left(c) < 1) return false;
    *v = *c->p++;
    return true;
}

static inline bool cursor_be16(struct cursor *c, uint16_t *v) {
    if (cursor_left(c) < 2) return false;
    *v = bytes_be16(c->p);
    c->p += 2;
    return true;
}

static inline bool cursor_be24(struct cursor *c, uint32_t *v) {
    if (cursor_left(c) < 3) return false;
    *v = (uint32_t)c->p[0] << 16 | (uint32_t)c->p[1] << 8 | c->p[2];
    c->p += 3;
    return true;
}

static inline bool cursor_be32(struct cursor *c, uint32_t *v) {
    if (cursor_left(c) < 4) return false;
    *v = (uint32_t)c->p[0] << 24 | (uint32_t)c->p[1] << 16 | (uint32_t)c->p[2] << 8 | c->p[3];
    c->p += 4;
    return true;
}

static inline bool cursor_be64(struct cursor *c, uint64_t *v) {
    uint32_t hi, lo;
    if (cursor_left(c) < 8 || !cursor_be32(c, &hi) || !cursor_be32(c, &lo)) return false;
    *v = (uint64_t)hi << 32 | lo;
    return true;
}

/* Borrow the next n bytes: valid as long as the buffer below is. */
static inline bool cursor_take(struct cursor *c, size_t n, const uint8_t **bytes_out) {
    if (cursor_left(c) < n) return false;
    *bytes_out = c->p;
    c->p += n;
    return true;
}

/* Split off a view of the next n bytes (fewer if fewer are left): nested lengths only shrink. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n) {
    size_t take = cursor_left(c) < n ? cursor_left(c) : n;
    struct cursor sub = {c->p, c->p + take};
    c->p += take;
    return sub;
}

/* Keep at most n bytes of the view (a length field of an outer header). */
static inline void cursor_limit(struct cursor *c, size_t n) {
    if (cursor_left(c) > n) c->end = c->p + n;
}
#endif
