#ifndef CAPD_DECODE_ND_H
#define CAPD_DECODE_ND_H
#include "common/addr.h"
#include "common/bytes.h"

/* One message of IPv6 neighbour discovery (RFC 4861 section 4). */

enum nd_status { ND_OK, ND_NOT_ND, ND_TRUNCATED, ND_MALFORMED };

/* ICMPv6 types. */
#define ND_ROUTER_SOLICIT   133u
#define ND_ROUTER_ADVERT    134u
#define ND_NEIGHBOUR_ASKED  135u
#define ND_NEIGHBOUR_ADVERT 136u
#define ND_REDIRECT         137u

#define ND_MAX_PREFIXES 4u /* of a router advertisement; more are counted only */

struct nd_prefix {
    struct addr prefix;
    uint8_t prefix_len; /* 0..128 */
    bool on_link, autonomous;
    uint32_t valid_s, preferred_s;
};

struct nd_message {
    uint8_t type;
    struct addr target;                   /* 135, 136, 137; else empty */
    bool is_router, solicited, overrides; /* 136 */
    bool managed, other;                  /* 134: addresses, other settings by DHCPv6 */
    uint8_t hop_limit;                    /* 134; 0: not said */
    uint16_t lifetime_s;                  /* 134; 0: no default router */
    uint32_t mtu;                         /* 134; 0: not said */
    bool has_source_mac, has_target_mac;
    uint8_t source_mac[6], target_mac[6];
    uint8_t prefixes_seen; /* saturates */
    uint8_t prefixes;      /* in prefix[] */
    struct nd_prefix prefix[ND_MAX_PREFIXES];
};

/* Decode what follows the first 8 bytes of an ICMPv6 message of `type`, whose bytes 4..7 are
 * `word`.  ND_OK: everything is there.  ND_TRUNCATED, ND_MALFORMED (an option of length 0, RFC 4861
 * section 4.6): `m` holds what came before.  ND_NOT_ND: another type. */
enum nd_status decode_nd(uint8_t type, uint32_t word, struct cursor c, struct nd_message *m);
#endif
