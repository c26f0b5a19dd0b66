/* Walk the msgpack structure with an explicit stack (https://github.com/msgpack/msgpack spec).
 * A container may claim at most as many elements as bytes are left, so a five-byte message
 * cannot ask for half a gigabyte.
 * Runs in: any.  Input trust: clients, workers. */
#include "common/mpcheck.h"
#include "common/bytes.h"
#include "common/limits.h"
#include "common/text.h"

struct level {
    uint64_t left; /* objects still to come at this level */
    bool map;      /* keys and values alternate; even count left means a key comes next */
};

enum shape { SHAPE_SCALAR, SHAPE_STRING, SHAPE_BINARY, SHAPE_ARRAY, SHAPE_MAP, SHAPE_BAD };

static bool read_length(struct cursor *c, unsigned bytes, uint32_t *n) {
    uint8_t a;
    uint16_t b;
    if (bytes == 1) {
        if (!cursor_u8(c, &a)) return false;
        *n = a;
        return true;
    }
    if (bytes == 2) {
        if (!cursor_be16(c, &b)) return false;
        *n = b;
        return true;
    }
    return cursor_be32(c, n);
}

/* Read one tag; *n gets the scalar's bytes, the string's length or the container's count. */
static enum shape read_tag(struct cursor *c, uint32_t *n) {
    static const uint8_t scalar_bytes[8] = {1, 2, 4, 8, 1, 2, 4, 8}; /* 0xcc..0xd3 */
    uint8_t t;
    *n = 0;
    if (!cursor_u8(c, &t)) return SHAPE_BAD;
    if (t <= 0x7f || t >= 0xe0 || t == 0xc0 || t == 0xc2 || t == 0xc3) return SHAPE_SCALAR;
    if (t >= 0xcc && t <= 0xd3) {
        *n = scalar_bytes[t - 0xcc];
        return SHAPE_SCALAR;
    }
    if ((t & 0xf0) == 0x80 || (t & 0xf0) == 0x90 || (t & 0xe0) == 0xa0) {
        *n = t & ((t & 0xe0) == 0xa0 ? 0x1fu : 0x0fu);
        return (t & 0xe0) == 0xa0 ? SHAPE_STRING : (t & 0x10) ? SHAPE_ARRAY : SHAPE_MAP;
    }
    unsigned width = t >= 0xd9 && t <= 0xdb   ? 1u << (t - 0xd9)
                     : t >= 0xc4 && t <= 0xc6 ? 1u << (t - 0xc4)
                     : t >= 0xdc && t <= 0xdf ? 2u << (t & 1)
                                              : 0u;
    if (width == 0 || !read_length(c, width, n)) return SHAPE_BAD;
    if (t >= 0xd9 && t <= 0xdb) return SHAPE_STRING;
    if (t <= 0xc6) return SHAPE_BINARY;
    return t <= 0xdd ? SHAPE_ARRAY : SHAPE_MAP;
}

bool mpcheck(const uint8_t *bytes, size_t len, unsigned max_depth) {
    struct level stack[LIM_MP_DEPTH + 1];
    struct cursor c = cursor_make(bytes, len);
    unsigned depth = 0;
    if (max_depth > LIM_MP_DEPTH) max_depth = LIM_MP_DEPTH;
    stack[0] = (struct level){1, false};
    for (;;) {
        while (stack[depth].left == 0) {
            if (depth == 0) return cursor_left(&c) == 0;
            depth--;
        }
        bool key = stack[depth].map && stack[depth].left % 2 == 0;
        stack[depth].left--;
        uint32_t n;
        enum shape s = read_tag(&c, &n);
        const uint8_t *text;
        if (s == SHAPE_BAD || (key && s != SHAPE_STRING)) return false;
        if (s == SHAPE_ARRAY || s == SHAPE_MAP) {
            uint64_t count = (uint64_t)n * (s == SHAPE_MAP ? 2u : 1u);
            if (depth == max_depth || count > cursor_left(&c)) return false;
            stack[++depth] = (struct level){count, s == SHAPE_MAP};
        } else if (!cursor_take(&c, n, &text) || (s == SHAPE_STRING && !text_is_utf8(text, n))) {
            return false;
        }
    }
}
