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

static inline void mac_put(uint8_t *out, unsigned who) {
    static const uint8_t kinds[3][5] = {
        {0x02, 0, 0, 0, 0}, {0x00, 0x1b, 0x21, 0, 0}, {0x00, 0x00, 0x5e, 0x00, 0x01}};
    if (who == EVERYBODY) {
        memset(out, 0xff, 6);
        return;
    }
    memcpy(out, kinds[who >> 8], 5);
    out[5] = (uint8_t)who;
}

static inline void nd(struct lab *l, uint8_t type, const char *src, const char *dst,
                      const char *body, uint8_t hops) {
    uint8_t f[256] = {0};
    mac_put(f, 2);
    mac_put(f + 6, 1);
    memcpy(f + 12, "\x86\xdd\x60\x00\x00\x00", 6);
    (void)hex_read(src, f + 22, 16);
    (void)hex_read(dst, f + 38, 16);
    f[20] = 58;
    f[21] = hops;
    f[54] = type;
    if (type == 136) f[58] = 0x60; /* solicited, overrides */
    if (type == 134) f[59] = 0x80; /* addresses by DHCPv6 */
    uint32_t n = hex_read(body, f + 62, 180);
    put16(f + 18, n + 8);
    lab_frame(l, f, 62 + n, 62 + n);
}

static inline const struct msg_incident *find(struct lab *l, enum incident_kind kind) {
    lab_snapshot(l);
    for (uint32_t i = 0; i < l->incidents.rows_n; i++)
        if (l->incidents.rows[i].kind == kind) return &l->incidents.rows[i];
    return NULL;
}

#endif
