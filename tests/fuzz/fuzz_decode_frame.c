/* libFuzzer: one frame.  Input: index of the link type, bytes that the capture cut off, frame. */
#include "capd/decode/packet.h"

static const int datalinks[] = {1,   0,   9,   12,  14,  50,  51,  101, 104, 105,
                                108, 113, 119, 127, 163, 192, 228, 229, 276};

#define HOLDS(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) __builtin_trap();                                                             \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct packet k;
    if (size < 2 || size > 70000) return 0;
    const uint8_t *frame = data + 2;
    uint32_t cap = (uint32_t)size - 2, wire = cap + (data[1] < 255 ? data[1] : 100000u);
    int datalink = datalinks[data[0] % (sizeof datalinks / sizeof datalinks[0])];
    enum decode_status s = decode_frame(datalink, 0, frame, cap, wire, &k);
    HOLDS(s == k.status && s < DECODE_STATUSES);
    HOLDS(k.payload_cap <= k.payload_bytes && k.payload_bytes <= wire && k.l4_bytes <= wire);
    HOLDS((k.payload == NULL) == (k.payload_cap == 0));
    HOLDS(k.payload == NULL || (k.payload >= frame && k.payload + k.payload_cap <= frame + cap));
    if (k.has_ports && k.ip_proto == 6) HOLDS(k.tcp.sack_blocks <= 4 && k.tcp.wscale <= 14);
    HOLDS(k.ip_version == 0 || k.ip_version == 4 || k.ip_version == 6);
    HOLDS(k.tunnels <= 4 && k.vlans <= 8);
    HOLDS(!k.has_ports || (k.ip_version != 0 && !k.fragment));
    return 0;
}
