/* IEEE 802.11 data frames in clear, with or without the capture headers that drivers put before
 * them.  Management, control and protected frames are counted as `other`: their content is of no
 * use to the analysis.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/layers.h"

#define DLT_WIFI     105
#define DLT_PRISM    119
#define DLT_RADIOTAP 127
#define DLT_AVS      163
#define DLT_PPI      192

#define FC_TYPE_DATA  2u
#define FC_NO_DATA    0x04u /* subtype bit: null function */
#define FC_QOS        0x08u /* subtype bit */
#define FC_TO_DS      0x01u
#define FC_FROM_DS    0x02u
#define FC_PROTECTED  0x40u
#define FC_ORDER      0x80u /* with QoS: an HT control field */
#define QOS_AGGREGATE 0x80u /* A-MSDU */

#define RADIOTAP_MAX_WORDS 8u
#define RADIOTAP_DATA_PAD  0x20u
#define RADIOTAP_BAD_FCS   0x40u /* damaged on the air: nothing in it can be believed */

static bool cursor_le16(struct cursor *c, uint32_t *v) {
    uint8_t low, high;
    if (cursor_left(c) < 2 || !cursor_u8(c, &low) || !cursor_u8(c, &high)) return false;
    *v = (uint32_t)high << 8 | low;
    return true;
}

static bool cursor_le32(struct cursor *c, uint32_t *v) {
    uint32_t low, high;
    if (cursor_left(c) < 4 || !cursor_le16(c, &low) || !cursor_le16(c, &high)) return false;
    *v = high << 16 | low;
    return true;
}

/* Drop a capture header of `len` bytes. */
static enum decode_status wifi_skip(uint32_t len, uint32_t least, struct view *v) {
    struct cursor c = v->c;
    if (len < least) return DECODE_LINK_MALFORMED;
    if (!cursor_skip(&c, len)) return VIEW_SHORT(v, len, LINK);
    view_consume(v, c);
    return DECODE_OK;
}

/* https://www.radiotap.org: little endian, fields in order of their bits, each aligned to its size.
 * Only the flags field (bit 1, after the 8-byte time of bit 0) matters: is the MAC header padded?
 */
static enum decode_status wifi_radiotap(struct view *v, bool *padded_out, bool *bad_out) {
    struct cursor c = v->c;
    uint32_t len, present = 0, word;
    if (!cursor_skip(&c, 2) || !cursor_le16(&c, &len) || !cursor_le32(&c, &word))
        return VIEW_SHORT(v, 8, LINK);
    present = word;
    uint32_t at = 8;
    for (unsigned i = 0; (word & 0x80000000u) != 0 && i < RADIOTAP_MAX_WORDS; i++, at += 4)
        if (!cursor_le32(&c, &word)) return VIEW_SHORT(v, at + 4, LINK);
    if ((present & 1u) != 0) (void)cursor_skip(&c, (8 - at % 8) % 8 + 8);
    uint8_t flags;
    if ((present & 2u) != 0 && cursor_u8(&c, &flags)) {
        *padded_out = (flags & RADIOTAP_DATA_PAD) != 0;
        *bad_out = (flags & RADIOTAP_BAD_FCS) != 0;
    }
    return wifi_skip(len, 8, v);
}

/* AVS header: big-endian magic 0x80211001 or 2 and length.  Prism: a message code and length in the
 * byte order of the writing host, 144 bytes as a rule. */
static enum decode_status wifi_prism(struct view *v) {
    struct cursor c = v->c;
    uint32_t code, len;
    if (!cursor_be32(&c, &code)) return VIEW_SHORT(v, 8, LINK);
    bool avs = (code & 0xfffff000u) == 0x80211000u;
    if (avs ? !cursor_be32(&c, &len) : !cursor_le32(&c, &len)) return VIEW_SHORT(v, 8, LINK);
    if (!avs && len > 0xffff) len = len >> 24 | (len >> 8 & 0xff00u);
    return wifi_skip(len, 8, v);
}

static enum decode_status wifi_ppi(struct view *v) {
    struct cursor c = v->c;
    uint32_t len, datalink;
    if (!cursor_skip(&c, 2) || !cursor_le16(&c, &len) || !cursor_le32(&c, &datalink))
        return VIEW_SHORT(v, 8, LINK);
    if (datalink != DLT_WIFI) return DECODE_LINK_UNKNOWN;
    return wifi_skip(len, 8, v);
}

/* The QoS and HT control fields and what padding follows.  True in `aggregate_out`: A-MSDU. */
static bool wifi_qos(struct cursor *c, uint8_t flags, bool padded, bool *aggregate_out) {
    uint8_t qos;
    if (!cursor_u8(c, &qos) || !cursor_skip(c, 1)) return false;
    *aggregate_out = (qos & QOS_AGGREGATE) != 0;
    if ((flags & FC_ORDER) != 0 && !cursor_skip(c, 4)) return false;
    return !padded || cursor_skip(c, 2); /* 26 or 30 (+4): always 2 short of a multiple of 4 */
}

static enum decode_status wifi_mac(struct view *v, bool padded, struct packet *k, struct next *n) {
    struct cursor c = v->c;
    uint8_t control, flags;
    const uint8_t *a1, *a2, *a3, *a4 = NULL;
    uint32_t sequence;
    if (!cursor_u8(&c, &control) || !cursor_u8(&c, &flags)) return VIEW_SHORT(v, 2, LINK);
    unsigned subtype = control >> 4;
    if ((control >> 2 & 3u) != FC_TYPE_DATA || (subtype & FC_NO_DATA) != 0 ||
        (flags & FC_PROTECTED) != 0) {
        k->sealed = (control >> 2 & 3u) == FC_TYPE_DATA && (subtype & FC_NO_DATA) == 0;
        packet_add(k, PROTO_OTHER);
        return DECODE_OK;
    }
    if (!cursor_skip(&c, 2) || !cursor_take(&c, 6, &a1) || !cursor_take(&c, 6, &a2) ||
        !cursor_take(&c, 6, &a3) || !cursor_le16(&c, &sequence))
        return VIEW_SHORT(v, 24, LINK);
    bool to = (flags & FC_TO_DS) != 0, from = (flags & FC_FROM_DS) != 0, aggregate = false;
    if (to && from && !cursor_take(&c, 6, &a4)) return VIEW_SHORT(v, 30, LINK);
    if ((subtype & FC_QOS) != 0 && !wifi_qos(&c, flags, padded && !(to && from), &aggregate))
        return VIEW_SHORT(v, 26, LINK);
    memcpy(k->dst_mac, to ? a3 : a1, 6);
    memcpy(k->src_mac, a4 != NULL ? a4 : from ? a3 : a2, 6);
    k->has_mac = k->has_src_mac = true;
    if ((sequence & 0x0fu) != 0) { /* a later fragment of the frame */
        packet_add(k, PROTO_OTHER);
        return DECODE_OK;
    }
    view_consume(v, c);
    n->layer = LAYER_LLC;
    if (!aggregate) return DECODE_OK;
    uint16_t len; /* first subframe: addresses, length */
    if (!cursor_skip(&c, 12) || !cursor_be16(&c, &len)) return VIEW_SHORT(v, 14, LINK);
    view_consume(v, c);
    view_limit(v, len);
    return DECODE_OK;
}

enum decode_status wifi_decode(int datalink, struct view *v, struct packet *k, struct next *n) {
    enum decode_status s = DECODE_OK;
    bool padded = false, bad = false;
    if (datalink == DLT_RADIOTAP) s = wifi_radiotap(v, &padded, &bad);
    if (datalink == DLT_PRISM || datalink == DLT_AVS) s = wifi_prism(v);
    if (datalink == DLT_PPI) s = wifi_ppi(v);
    if (s == DECODE_OK && bad) packet_add(k, PROTO_OTHER);
    return s != DECODE_OK || bad ? s : wifi_mac(v, padded, k, n);
}
