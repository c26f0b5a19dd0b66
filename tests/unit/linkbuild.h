#ifndef TESTS_UNIT_LINKBUILD_H
#define TESTS_UNIT_LINKBUILD_H
/* Frames of devices on a link, and the incident that they must make. */
#include "tests/unit/messages.h"
#include "tests/unit/pktbuild.h"

#define GROUP6 "ff020000000000000000000000000009"
/* Devices by their last byte.  Locally administered, as virtual machines have; BURNED(n): a card
 * with a maker's address. */
#define EVERYBODY 0xffffu
#define BURNED(n) (0x100u | (n))
#define VRRP(n)   (0x200u | (n))
#define PI(n)     (0x300u | (n)) /* one of the two cards of a Raspberry Pi: n and n ^ 0x55 */

static inline void mac_put(uint8_t *out, unsigned who) {
    static const uint8_t kinds[4][5] = {{0x02, 0, 0, 0, 0},
                                        {0x00, 0x1b, 0x21, 0, 0},
                                        {0x00, 0x00, 0x5e, 0x00, 0x01},
                                        {0xb8, 0x27, 0xeb, 0x11, 0x22}};
    if (who == EVERYBODY) {
        memset(out, 0xff, 6);
        return;
    }
    memcpy(out, kinds[who >> 8], 5);
    out[5] = (uint8_t)who;
    if (who >> 8 == 3 && (who & 0x40)) out[3] ^= 0x55, out[4] ^= 0x55;
}

/* word: what follows the checksum. */
static inline void nd_with(struct lab *l, uint8_t type, uint32_t word, const char *src,
                           const char *dst, const char *body, uint8_t hops) {
    uint8_t f[256] = {0};
    mac_put(f, 2);
    mac_put(f + 6, 1);
    memcpy(f + 12, "\x86\xdd\x60\x00\x00\x00", 6);
    (void)hex_read(src, f + 22, 16);
    (void)hex_read(dst, f + 38, 16);
    f[20] = 58;
    f[21] = hops;
    f[54] = type;
    put32(f + 58, word);
    uint32_t n = hex_read(body, f + 62, 180);
    put16(f + 18, n + 8);
    lab_frame(l, f, 62 + n, 62 + n);
}

#define ND_ROUTER_WORD 0x00800708u /* addresses by DHCPv6; a default router for 1800 s */
#define ND_ADVERT_WORD 0x60000000u /* solicited, overrides */

static inline void nd(struct lab *l, uint8_t type, const char *src, const char *dst,
                      const char *body, uint8_t hops) {
    uint32_t word = type == 134 ? ND_ROUTER_WORD : type == 136 ? ND_ADVERT_WORD : 0;
    nd_with(l, type, word, src, dst, body, hops);
}

static inline const struct msg_incident *find(struct lab *l, enum incident_kind kind) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->incidents.rows_n; i++)
        if (l->incidents.rows[i].kind == kind) return &l->incidents.rows[i];
    return NULL;
}

#define NET     0x0a000000u /* 10.0.0.0: hosts by number */
#define GATEWAY 254u

struct said {
    unsigned op, from, to;   /* devices */
    unsigned sender, target; /* numbers of addresses; sender 0: none yet */
};

#define ARP_BYTES 42u
static inline void arp_put(uint8_t f[ARP_BYTES], struct said s) {
    memset(f, 0, ARP_BYTES);
    mac_put(f, s.to);
    mac_put(f + 6, s.from);
    memcpy(f + 12, "\x08\x06\x00\x01\x08\x00\x06\x04\x00", 9);
    f[21] = (uint8_t)s.op;
    mac_put(f + 22, s.from);
    if (s.sender) put32(f + 28, NET + s.sender);
    if (s.to != EVERYBODY) mac_put(f + 32, s.to);
    put32(f + 38, NET + s.target);
}

static inline void arp(struct lab *l, struct said s) {
    uint8_t f[ARP_BYTES];
    arp_put(f, s);
    lab_frame(l, f, sizeof f, sizeof f);
}

#define ASKS(who, me, whom)     ((struct said){1, who, EVERYBODY, me, whom})
#define ANSWERS(who, me, to, b) ((struct said){2, who, to, me, b})
#define ANNOUNCES(who, me)      ((struct said){1, who, EVERYBODY, me, me})

/* A UDP packet from a device, with any addresses. */
static inline void ip_from(struct lab *l, unsigned from, unsigned to, uint32_t src, uint32_t dst) {
    uint8_t f[60] = {0};
    mac_put(f, to);
    mac_put(f + 6, from);
    memcpy(f + 12, "\x08\x00\x45\x00\x00\x2e", 6);
    put16(f + 18, ++l->ip_id);
    f[22] = 64;
    f[23] = 17;
    put32(f + 26, src);
    put32(f + 30, dst);
    memcpy(f + 34, "\x1f\x90\x1f\x91\x00\x1a\x00\x00", 8);
    lab_frame(l, f, sizeof f, sizeof f);
}

static inline void none_of_all(struct lab *l, const char *what) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->incidents.rows_n; i++)
        fail_msg("%s: %s", what, incident_names[l->incidents.rows[i].kind]);
    lab_free(l);
}

#endif
