/* Spanning tree: configuration, topology change and rapid BPDUs (IEEE 802.1D-2004 clause 9).  Only
 * who the root is and whether the topology changes is of use; timers are left out.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define TYPE_CONFIG 0x00u
#define TYPE_RAPID  0x02u
#define TYPE_CHANGE 0x80u /* topology change notification: nothing follows */

#define FLAG_CHANGE 0x01u

#define CONFIG_BYTES 35u

enum decode_status stp_decode(struct view *v, struct packet *k) {
    struct cursor c = v->c;
    struct stp_header h = {0};
    uint16_t protocol;
    uint8_t flags;
    packet_add(k, PROTO_STP);
    k->stp = h;
    if (!cursor_be16(&c, &protocol) || !cursor_u8(&c, &h.version) || !cursor_u8(&c, &h.type))
        return VIEW_SHORT(v, 4, LINK);
    if (protocol != 0) return DECODE_LINK_MALFORMED;
    if (h.type == TYPE_CHANGE) {
        h.change = h.read = true;
    } else if (h.type == TYPE_CONFIG || h.type == TYPE_RAPID) {
        if (!cursor_u8(&c, &flags) || !cursor_be64(&c, &h.root) || !cursor_be32(&c, &h.cost) ||
            !cursor_be64(&c, &h.bridge) || !cursor_be16(&c, &h.port) || !cursor_skip(&c, 8))
            return VIEW_SHORT(v, CONFIG_BYTES, LINK);
        h.change = (flags & FLAG_CHANGE) != 0;
        h.read = true;
    }
    k->stp = h;
    view_consume(v, c);
    return DECODE_OK;
}
