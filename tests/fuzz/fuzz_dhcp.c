/* libFuzzer: one DHCP datagram; an odd first byte makes it DHCPv6.  What is pointed to lies inside
 * the datagram, and a cut one never says another type than the whole. */
#include "capd/decode/dhcp.h"

#define HOLDS(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) __builtin_trap();                                                             \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_v4(const uint8_t *data, size_t size) {
    struct dhcp_message m;
    enum dhcp_status s = decode_dhcp(cursor_make(data, size), &m);
    HOLDS(s <= DHCP_MALFORMED);
    HOLDS(s != DHCP_OK || (m.type != 0 && size >= 240));
    HOLDS(m.server.len == 0 || m.server.len == 4);
    HOLDS(m.offered.len == 0 || m.offered.len == 4);
    HOLDS(m.requested.len == 0 || m.requested.len == 4);
}

static void inside(const uint8_t *p, size_t len, const uint8_t *data, size_t size) {
    HOLDS((p == NULL) == (len == 0));
    HOLDS(p == NULL || (p >= data && p + len <= data + size && len <= 130));
}

static void fuzz_v6(const uint8_t *data, size_t size) {
    struct dhcp6_message m;
    enum dhcp_status s = decode_dhcp6(cursor_make(data, size), &m);
    HOLDS(s <= DHCP_MALFORMED && m.relays <= DHCP6_MAX_RELAYS + 1 && m.xid <= 0xffffff);
    inside(m.client, m.client_len, data, size);
    inside(m.server, m.server_len, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 20000) return 0;
    if (data[0] & 1)
        fuzz_v6(data + 1, size - 1);
    else
        fuzz_v4(data + 1, size - 1);
    return 0;
}
