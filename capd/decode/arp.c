/* ARP and RARP (RFC 826, RFC 903) for IPv4.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

enum decode_status arp_decode(struct view *v, struct packet *k) {
    struct cursor c = v->c;
    uint16_t hardware, protocol, op;
    uint8_t hlen, plen;
    if (!cursor_be16(&c, &hardware) || !cursor_be16(&c, &protocol) || !cursor_u8(&c, &hlen) ||
        !cursor_u8(&c, &plen) || !cursor_be16(&c, &op))
        return VIEW_SHORT(v, 8, ARP);
    const uint8_t *smac, *sip, *tmac, *tip;
    if (!cursor_take(&c, hlen, &smac) || !cursor_take(&c, plen, &sip) ||
        !cursor_take(&c, hlen, &tmac) || !cursor_take(&c, plen, &tip))
        return VIEW_SHORT(v, 8 + 2 * ((uint32_t)hlen + plen), ARP);
    view_consume(v, c);
    packet_add(k, PROTO_ARP);
    k->arp = (struct arp_header){.op = op};
    if (hlen == 6) {
        memcpy(k->arp.sender_mac, smac, 6);
        memcpy(k->arp.target_mac, tmac, 6);
    }
    if (protocol != 0x0800 || plen != 4) return DECODE_ARP_MALFORMED;
    addr_set_v4(&k->arp.sender, sip);
    addr_set_v4(&k->arp.target, tip);
    return DECODE_OK;
}
