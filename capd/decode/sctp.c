/* SCTP common header and first chunk (RFC 9260 sections 3.1 to 3.3): enough to tell an association
 * that is asked for, answered or refused.  Chunks after the first are left alone.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define HEADER_BYTES 12u
#define CHUNK_HEADER 4u

/* The first chunk; a cut one leaves the fields unset, since the ports are what matters. */
static void chunk_read(struct cursor c, struct sctp_header *h) {
    uint8_t type, flags;
    uint16_t len;
    uint32_t tag;
    if (!cursor_u8(&c, &type) || !cursor_u8(&c, &flags) || !cursor_be16(&c, &len)) return;
    if (len < CHUNK_HEADER) return;
    h->has_chunk = true;
    h->chunk = type;
    if ((type == SCTP_INIT || type == SCTP_INIT_ACK) && cursor_be32(&c, &tag))
        h->initiate_tag = tag;
}

enum decode_status sctp_decode(struct view *v, struct packet *k) {
    struct cursor c = v->c;
    struct sctp_header h = {0};
    uint32_t sum;
    k->payload = NULL;
    k->payload_cap = k->payload_bytes = 0;
    if (cursor_left(&c) >= 4)
        k->has_ports = cursor_be16(&c, &k->sport) && cursor_be16(&c, &k->dport);
    if (!k->has_ports || !cursor_be32(&c, &h.tag) || !cursor_be32(&c, &sum))
        return VIEW_SHORT(v, HEADER_BYTES, SCTP);
    packet_add(k, PROTO_SCTP);
    view_consume(v, c);
    chunk_read(v->c, &h);
    k->sctp = h;
    k->payload_bytes = v->wire;
    k->payload_cap = (uint32_t)cursor_left(&v->c);
    k->payload = k->payload_cap > 0 ? v->c.p : NULL;
    return DECODE_OK;
}
