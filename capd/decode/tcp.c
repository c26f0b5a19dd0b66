/* TCP header and options (RFC 9293; window scale and timestamps RFC 7323; SACK RFC 2018).
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define TCP_MAX_OPTIONS  40u /* each takes a byte at least */
#define OPT_END          0u
#define OPT_NOP          1u
#define OPT_MSS          2u
#define OPT_WSCALE       3u
#define OPT_SACK_PERMIT  4u
#define OPT_SACK         5u
#define OPT_TIMESTAMPS   8u
#define TCP_MAX_WSCALE   14u /* RFC 7323 section 2.3 */
#define TCP_HEADER_BYTES 20u

static void tcp_read_sack(struct cursor body, struct tcp_header *h) {
    while (h->sack_blocks < 4) {
        uint32_t left, right;
        if (!cursor_be32(&body, &left) || !cursor_be32(&body, &right)) return;
        h->sack_left[h->sack_blocks] = left;
        h->sack_right[h->sack_blocks] = right;
        h->sack_blocks++;
    }
}

/* One option's body; a wrong length makes it as good as absent. */
static void tcp_read_option(uint8_t kind, struct cursor body, struct tcp_header *h) {
    size_t len = cursor_left(&body);
    if (kind == OPT_MSS && len == 2) (void)cursor_be16(&body, &h->mss);
    if (kind == OPT_WSCALE && len == 1 && cursor_u8(&body, &h->wscale)) {
        h->has_wscale = true;
        if (h->wscale > TCP_MAX_WSCALE) h->wscale = TCP_MAX_WSCALE;
    }
    if (kind == OPT_SACK_PERMIT && len == 0) h->sack_permitted = true;
    if (kind == OPT_SACK) tcp_read_sack(body, h);
    if (kind == OPT_TIMESTAMPS && len == 8)
        h->has_timestamps = cursor_be32(&body, &h->ts_value) && cursor_be32(&body, &h->ts_echo);
}

/* False: an option runs over the end of the header. */
static bool tcp_read_options(struct cursor c, struct tcp_header *h) {
    for (unsigned i = 0; i < TCP_MAX_OPTIONS; i++) {
        uint8_t kind, len;
        if (!cursor_u8(&c, &kind) || kind == OPT_END) return true;
        if (kind == OPT_NOP) continue;
        if (!cursor_u8(&c, &len) || len < 2 || cursor_left(&c) < len - 2u) return false;
        tcp_read_option(kind, cursor_sub(&c, len - 2u), h);
    }
    return true;
}

/* Ports, numbers, flags and window, or nothing: half a header would be taken for a segment of no
 * bytes with a closed window. */
static bool tcp_read_fixed(struct cursor *c, struct packet *k, uint32_t *header_bytes) {
    uint8_t offset;
    struct tcp_header *h = &k->tcp;
    *h = (struct tcp_header){0};
    k->has_ports = cursor_be16(c, &k->sport) && cursor_be16(c, &k->dport) &&
                   cursor_be32(c, &h->seq) && cursor_be32(c, &h->ack) && cursor_u8(c, &offset) &&
                   cursor_u8(c, &h->flags) && cursor_be16(c, &h->window);
    if (k->has_ports) *header_bytes = (uint32_t)(offset >> 4) * 4u;
    return k->has_ports;
}

enum decode_status tcp_decode(struct view *v, struct packet *k) {
    struct cursor c = v->c;
    uint32_t header_bytes;
    k->payload = NULL;
    k->payload_cap = k->payload_bytes = 0;
    if (!tcp_read_fixed(&c, k, &header_bytes)) return VIEW_SHORT(v, TCP_HEADER_BYTES, TCP);
    if (header_bytes < TCP_HEADER_BYTES || header_bytes > v->wire) return DECODE_TCP_MALFORMED;
    packet_add(k, PROTO_TCP);
    struct cursor header = cursor_sub(&v->c, header_bytes);
    v->wire -= header_bytes; /* v->c may have ended before: then nothing of the payload is here */
    bool fixed = cursor_skip(&header, TCP_HEADER_BYTES);
    bool cut = !fixed || cursor_left(&header) < header_bytes - TCP_HEADER_BYTES;
    bool whole = !fixed || tcp_read_options(header, &k->tcp);
    k->payload_bytes = v->wire;
    k->payload_cap = (uint32_t)cursor_left(&v->c);
    k->payload = k->payload_cap > 0 ? v->c.p : NULL;
    if (cut) return DECODE_TCP_TRUNCATED;
    return whole ? DECODE_OK : DECODE_TCP_MALFORMED;
}
