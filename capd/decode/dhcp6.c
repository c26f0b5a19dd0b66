/* DHCP for IPv6: message type, transaction and the two DUIDs, through the headers of relays.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/dhcp.h"

#define OPTION_CLIENT 1u
#define OPTION_SERVER 2u
#define OPTION_RELAY  9u
#define OPTION_RAPID  14u

#define RELAY_REST  33u /* hop count and two addresses */
#define MAX_OPTIONS 128u
#define DUID_MAX    130u /* RFC 8415 section 11.1: type and at most 128 bytes */

/* The message inside a relay's; false: none. */
static bool relayed_find(struct cursor *c) {
    uint16_t option, len;
    if (!cursor_skip(c, RELAY_REST)) return false;
    for (unsigned i = 0; i < MAX_OPTIONS; i++) {
        if (!cursor_be16(c, &option) || !cursor_be16(c, &len) || cursor_left(c) < len) return false;
        struct cursor body = cursor_sub(c, len);
        if (option != OPTION_RELAY) continue;
        *c = body;
        return true;
    }
    return false;
}

static bool duid_read(struct cursor c, const uint8_t **duid, uint16_t *len_out) {
    size_t len = cursor_left(&c);
    if (len == 0 || len > DUID_MAX) return false;
    *len_out = (uint16_t)len;
    return cursor_take(&c, len, duid);
}

static enum dhcp_status options_read(struct cursor c, struct dhcp6_message *m) {
    uint16_t option, len;
    for (unsigned i = 0; cursor_left(&c) > 0 && i < MAX_OPTIONS; i++) {
        if (!cursor_be16(&c, &option) || !cursor_be16(&c, &len) || cursor_left(&c) < len)
            return DHCP_TRUNCATED;
        struct cursor body = cursor_sub(&c, len);
        bool ok = true;
        if (option == OPTION_CLIENT) ok = duid_read(body, &m->client, &m->client_len);
        if (option == OPTION_SERVER) ok = duid_read(body, &m->server, &m->server_len);
        if (!ok) return DHCP_MALFORMED;
        if (option == OPTION_RAPID) m->rapid_commit = true;
    }
    return DHCP_OK;
}

enum dhcp_status decode_dhcp6(struct cursor c, struct dhcp6_message *m) {
    memset(m, 0, sizeof *m);
    if (!cursor_u8(&c, &m->type)) return DHCP_TRUNCATED;
    while (m->type == DHCP6_RELAY_FORWARD || m->type == DHCP6_RELAY_REPLY) {
        if (m->relays++ == DHCP6_MAX_RELAYS) return DHCP_MALFORMED;
        if (!relayed_find(&c) || !cursor_u8(&c, &m->type)) return DHCP_TRUNCATED;
    }
    if (m->type < DHCP6_SOLICIT || m->type > DHCP6_INFORMATION) return DHCP_NOT_DHCP;
    if (!cursor_be24(&c, &m->xid)) return DHCP_TRUNCATED;
    return options_read(c, m);
}
