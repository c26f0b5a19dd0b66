/* How the clients of tunnels ask: by length and first bytes, since all else is sealed.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/vpn.h"

#define WIREGUARD_INITIATION 0x01000000u /* type 1, three bytes reserved */
#define WIREGUARD_BYTES      148u
#define WIREGUARD_MAC2       132u /* 16 bytes, zero unless the server sent a cookie */

/* Opcode in the upper five bits, key 0 below: a client's first message, key method 2; the second
 * form carries the client's own key (tls-crypt-v2). */
#define OPENVPN_RESET_V2 (7u << 3)
#define OPENVPN_RESET_V3 (10u << 3)
#define OPENVPN_BYTES    14u /* opcode, session, no acknowledgements, packet id */

#define IKE_BYTES    28u
#define IKE_RESPONSE 0x20u

bool vpn_wireguard_asks(struct cursor c) {
    static const uint8_t none[WIREGUARD_BYTES - WIREGUARD_MAC2];
    const uint8_t *mac2;
    uint32_t type;
    return cursor_left(&c) == WIREGUARD_BYTES && cursor_be32(&c, &type) &&
           type == WIREGUARD_INITIATION && cursor_skip(&c, WIREGUARD_MAC2 - sizeof type) &&
           cursor_take(&c, sizeof none, &mac2) && memcmp(mac2, none, sizeof none) == 0;
}

bool vpn_openvpn_asks(struct cursor c) {
    uint8_t first;
    return cursor_left(&c) >= OPENVPN_BYTES && cursor_u8(&c, &first) &&
           (first == OPENVPN_RESET_V2 || first == OPENVPN_RESET_V3);
}

/* IKEv2 requests (RFC 7296 section 2.1) and the first message of IKEv1 (RFC 2408 section 3.1); the
 * last messages of IKEv1 exchanges get no answer. */
bool vpn_ike_asks(struct cursor c) {
    uint64_t initiator, responder;
    uint8_t version, flags;
    if (cursor_left(&c) < IKE_BYTES || !cursor_be64(&c, &initiator) ||
        !cursor_be64(&c, &responder) || !cursor_skip(&c, 1) || !cursor_u8(&c, &version) ||
        !cursor_skip(&c, 1) || !cursor_u8(&c, &flags))
        return false;
    if (version >> 4 == 2) return !(flags & IKE_RESPONSE);
    return version >> 4 == 1 && responder == 0;
}

/* Four zero bytes stand where ESP has its number, RFC 3948 section 2.2. */
bool vpn_ike_natt_asks(struct cursor c) {
    uint32_t marker;
    return cursor_be32(&c, &marker) && marker == 0 && vpn_ike_asks(c);
}
