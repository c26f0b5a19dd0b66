/* DHCP for IPv4: the fixed header and, of the options, message type, router, requested address,
 * server, and whether the client is a boot loader.  Options may go on in the fields for the file
 * and server names (option 52).
 *
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/dhcp.h"

#define COOKIE 0x63825363u

#define OPTION_PAD       0u
#define OPTION_ROUTER    3u
#define OPTION_REQUESTED 50u
#define OPTION_OVERLOAD  52u
#define OPTION_TYPE      53u
#define OPTION_SERVER    54u
#define OPTION_CLASS     60u
#define OPTION_END       255u

#define OVERLOAD_FILE  1u
#define OVERLOAD_SNAME 2u

#define SNAME_BYTES 64u
#define FILE_BYTES  128u

static struct addr address_of(struct cursor *c) {
    const uint8_t *b;
    struct addr none = {{0}, 0};
    if (!cursor_take(c, 4, &b)) return none;
    return b[0] | b[1] | b[2] | b[3] ? addr_from_bytes(b, 4) : none;
}

static bool starts(struct cursor c, const char *word) {
    const uint8_t *b;
    size_t n = strlen(word);
    return cursor_take(&c, n, &b) && memcmp(b, word, n) == 0;
}

static void option_read(uint8_t option, struct cursor c, struct dhcp_message *m,
                        uint8_t *overload) {
    switch (option) {
    case OPTION_ROUTER: m->router = address_of(&c); break;
    case OPTION_REQUESTED: m->requested = address_of(&c); break;
    case OPTION_SERVER: m->server = address_of(&c); break;
    case OPTION_CLASS: m->boots = starts(c, "PXEClient") || starts(c, "HTTPClient"); break;
    case OPTION_TYPE: (void)cursor_u8(&c, &m->type); break;
    case OPTION_OVERLOAD: (void)cursor_u8(&c, overload); break;
    default: break;
    }
}

/* Each option takes a byte at least, so the loop ends with the view. */
static enum dhcp_status options_read(struct cursor c, struct dhcp_message *m, uint8_t *overload) {
    uint8_t option, len;
    while (cursor_u8(&c, &option)) {
        if (option == OPTION_END) return DHCP_OK;
        if (option == OPTION_PAD) continue;
        if (!cursor_u8(&c, &len) || cursor_left(&c) < len) return DHCP_TRUNCATED;
        option_read(option, cursor_sub(&c, len), m, overload);
    }
    return DHCP_TRUNCATED;
}

/* Up to the cookie; the views of the two name fields are kept for option 52. */
static bool header_read(struct cursor *c, struct dhcp_message *m, struct cursor names[2]) {
    uint8_t op, hardware, len, hops;
    uint16_t secs, flags;
    uint32_t cookie;
    const uint8_t *mac;
    if (cursor_left(c) < 240) return false;
    if (!cursor_u8(c, &op) || !cursor_u8(c, &hardware) || !cursor_u8(c, &len) ||
        !cursor_u8(c, &hops) || !cursor_be32(c, &m->xid) || !cursor_be16(c, &secs) ||
        !cursor_be16(c, &flags))
        return false;
    m->from_server = op == 2;
    m->to_broadcast = (flags & 0x8000u) != 0;
    m->current = address_of(c);
    m->offered = address_of(c);
    (void)address_of(c); /* next server of the boot process */
    struct addr relay = address_of(c);
    m->relayed = relay.len != 0;
    if (!cursor_take(c, 16, &mac)) return false;
    m->has_mac = hardware == 1 && len == 6;
    if (m->has_mac) memcpy(m->mac, mac, 6);
    names[1] = cursor_sub(c, SNAME_BYTES);
    names[0] = cursor_sub(c, FILE_BYTES);
    return cursor_be32(c, &cookie) && cookie == COOKIE && (op == 1 || op == 2);
}

enum dhcp_status decode_dhcp(struct cursor c, struct dhcp_message *m) {
    struct cursor names[2];
    uint8_t overload = 0, ignored;
    memset(m, 0, sizeof *m);
    if (!header_read(&c, m, names)) return DHCP_NOT_DHCP;
    enum dhcp_status s = options_read(c, m, &overload);
    if ((overload & OVERLOAD_FILE) != 0) (void)options_read(names[0], m, &ignored);
    if ((overload & OVERLOAD_SNAME) != 0) (void)options_read(names[1], m, &ignored);
    if (m->type == 0) return s == DHCP_OK ? DHCP_NOT_DHCP : s;
    return s;
}
