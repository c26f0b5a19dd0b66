/* Header and body together.  Runs in: any.  Input trust: none. */
#include "common/frame.h"
#include "common/schema.h"
#include <string.h>

size_t frame_put(uint8_t *out, size_t cap, struct wire_header h, const void *msg) {
    uint8_t header[WIRE_HEADER_BYTES + WIRE_EXT_BYTES];
    size_t head = wire_header_bytes(h.flags);
    if (cap <= head) return 0;
    size_t body = schema_encode(schema_of_wire(h.type), msg, out + head, cap - head);
    if (body == 0 || body > UINT32_MAX) return 0;
    h.length = (uint32_t)body;
    memcpy(out, header, wire_put_header(header, &h));
    return head + body;
}

size_t frame_put_error(uint8_t *out, size_t cap, struct wire_header h, const struct fail *fail) {
    struct msg_error m = {.code = fail->code};
    h.type = WIRE_ERROR;
    memcpy(m.field, fail->field, sizeof m.field);
    memcpy(m.why, fail->why, sizeof m.why);
    return frame_put(out, cap, h, &m);
}
