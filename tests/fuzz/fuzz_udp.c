/* libFuzzer: one datagram; the first byte picks QUIC (with and without a known flow), RTP and RTCP,
 * NTP, STUN.  What is read lies inside the datagram, and a cut one never says another thing than
 * the whole. */
#include "capd/decode/ntp.h"
#include "capd/decode/quic.h"
#include "capd/decode/rtp.h"
#include "capd/decode/stun.h"
#include "capd/decode/vpn.h"

#define HOLDS(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) __builtin_trap();                                                             \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_quic(const uint8_t *data, size_t size, bool in_flow) {
    struct cursor c = cursor_make(data, size), cut = cursor_make(data, size / 2);
    struct quic_header h, half;
    const uint8_t *before = c.p;
    enum quic_status s = decode_quic(&c, in_flow, &h), first = s;
    struct quic_header whole = h;
    for (unsigned n = 0; s == QUIC_OK && n < QUIC_PACKETS_MAX; n++) {
        HOLDS(c.p > before && c.p <= c.end && h.kind <= QUIC_SHORT);
        HOLDS(!quic_version_known(h.version) ||
              (h.dcid_len <= QUIC_CID_MAX && h.scid_len <= QUIC_CID_MAX));
        HOLDS(h.kind == QUIC_INITIAL || h.token_bytes == 0);
        before = c.p;
        s = decode_quic(&c, true, &h);
    }
    HOLDS(s == QUIC_OK || c.p == before);
    if (decode_quic(&cut, in_flow, &half) != QUIC_OK || first != QUIC_OK) return;
    HOLDS(half.kind == whole.kind && half.version == whole.version);
    HOLDS(half.dcid_len == whole.dcid_len && half.token_bytes == whole.token_bytes);
}

static void fuzz_rtp(const uint8_t *data, size_t size) {
    struct rtcp_header rtcp;
    struct rtp_header h;
    bool is_rtp = decode_rtp(cursor_make(data, size), &h) == RTP_OK;
    bool is_rtcp = decode_rtcp(cursor_make(data, size), &rtcp) == RTP_OK;
    HOLDS(!is_rtp || !is_rtcp);
    HOLDS(!is_rtp || (h.header_bytes >= 12 && h.header_bytes <= size && h.payload_type <= 127));
    HOLDS(!is_rtcp || (rtcp.bytes >= 4 && rtcp.bytes <= size && rtcp.type >= 200));
}

static void fuzz_rest(const uint8_t *data, size_t size) {
    struct ntp_header ntp;
    struct stun_header stun;
    if (decode_ntp(cursor_make(data, size), &ntp) == NTP_OK)
        HOLDS(size >= 12 && ntp.mode >= 1 && ntp.version >= 1 && ntp.version <= 4 && ntp.leap < 4);
    if (decode_stun(cursor_make(data, size), &stun) == STUN_OK)
        HOLDS(stun.bytes >= 20 && stun.bytes <= size && stun.method <= 0xfff);
    struct cursor c = cursor_make(data, size);
    HOLDS(!vpn_wireguard_asks(c) || size == 148);
    HOLDS(!vpn_openvpn_asks(c) || size >= 14);
    HOLDS(!vpn_ike_natt_asks(c) || (size >= 32 && !vpn_openvpn_asks(c)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 70000) return 0;
    if (data[0] < 2)
        fuzz_quic(data + 1, size - 1, data[0] & 1);
    else if (data[0] == 2)
        fuzz_rtp(data + 1, size - 1);
    else
        fuzz_rest(data + 1, size - 1);
    return 0;
}
