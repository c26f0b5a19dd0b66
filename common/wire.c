/* Frame header: fixed size, checked before a byte of the body is looked at.
 * Runs in: any.  Input trust: clients. */
#include "common/wire.h"
#include "common/bytes.h"

static void put32(uint8_t *p, uint32_t v) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void put64(uint8_t *p, uint64_t v) {
    put32(p, (uint32_t)(v >> 32));
    put32(p + 4, (uint32_t)v);
}

size_t wire_header_bytes(uint16_t flags) {
    return WIRE_HEADER_BYTES + (flags & WIRE_FINAL ? WIRE_EXT_BYTES : 0u);
}

size_t wire_put_header(uint8_t out[WIRE_HEADER_BYTES + WIRE_EXT_BYTES],
                       const struct wire_header *h) {
    put32(out, WIRE_MAGIC);
    out[4] = WIRE_VERSION;
    out[5] = h->type;
    out[6] = (uint8_t)(h->flags >> 8);
    out[7] = (uint8_t)h->flags;
    put32(out + 8, h->stream);
    put32(out + 12, h->length);
    if (h->flags & WIRE_FINAL) {
        put64(out + 16, h->final_packets);
        put64(out + 24, h->final_bytes);
    }
    return wire_header_bytes(h->flags);
}

enum wire_result wire_get_header(const uint8_t *bytes, size_t len, uint32_t max_body,
                                 struct wire_header *out, struct fail *fail) {
    struct cursor c = cursor_make(bytes, len);
    struct wire_header h = {0};
    uint32_t magic;
    uint8_t version;
    if (len < WIRE_HEADER_BYTES) return WIRE_NEED_MORE;
    if (!cursor_be32(&c, &magic) || !cursor_u8(&c, &version) || !cursor_u8(&c, &h.type) ||
        !cursor_be16(&c, &h.flags) || !cursor_be32(&c, &h.stream) || !cursor_be32(&c, &h.length))
        return WIRE_NEED_MORE;
    if (magic != WIRE_MAGIC) {
        fail_set(fail, FAIL_MALFORMED, "magic", "this is not the capd protocol");
        return WIRE_BAD;
    }
    if (version != WIRE_VERSION) {
        fail_set(
            fail, FAIL_VERSION, "version",
            "the other side speaks protocol version %u, this one %u; install matching versions "
            "of capd and mcpd",
            version, WIRE_VERSION);
        return WIRE_BAD;
    }
    if (h.flags & ~(WIRE_MORE | WIRE_FINAL)) {
        fail_set(fail, FAIL_MALFORMED, "flags", "unknown flags 0x%x", h.flags);
        return WIRE_BAD;
    }
    if (h.length > max_body) {
        fail_set(fail, FAIL_LIMIT, "length", "body of %u bytes, at most %u are allowed", h.length,
                 max_body);
        return WIRE_BAD;
    }
    if ((h.flags & WIRE_FINAL) &&
        (!cursor_be64(&c, &h.final_packets) || !cursor_be64(&c, &h.final_bytes)))
        return WIRE_NEED_MORE;
    *out = h;
    return WIRE_PARSED;
}
