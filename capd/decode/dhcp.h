#ifndef CAPD_DECODE_DHCP_H
#define CAPD_DECODE_DHCP_H
#include "common/addr.h"
#include "common/bytes.h"

/* DHCP for IPv4 (RFC 2131, 2132) and IPv6 (RFC 8415).  Host names, vendor data and all other
 * options are passed over: nothing of them leaves this decoder. */

enum dhcp_status { DHCP_OK, DHCP_NOT_DHCP, DHCP_TRUNCATED, DHCP_MALFORMED };

/* RFC 2132 section 9.6. */
enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER,
    DHCP_REQUEST,
    DHCP_DECLINE,
    DHCP_ACK,
    DHCP_NAK,
    DHCP_RELEASE,
    DHCP_INFORM
};

struct dhcp_message {
    uint8_t type;      /* 1..255; enum dhcp_type */
    bool from_server;  /* BOOTREPLY */
    bool relayed;      /* giaddr is set */
    bool to_broadcast; /* the client asks for broadcast answers */
    bool has_mac;      /* Ethernet client */
    bool boots;        /* option 60: firmware that boots from the network, by PXE or HTTP */
    uint8_t mac[6];
    uint32_t xid;
    struct addr current;   /* ciaddr; empty when 0.0.0.0, as the others */
    struct addr offered;   /* yiaddr */
    struct addr requested; /* option 50 */
    struct addr server;    /* option 54 */
    struct addr router;    /* option 3, the first one */
};

/* Decode a datagram of ports 67 and 68.  DHCP_NOT_DHCP: BOOTP, or no such message.
 * DHCP_TRUNCATED: the options end without their end mark; `m` holds what came before. */
enum dhcp_status decode_dhcp(struct cursor c, struct dhcp_message *m);

/* RFC 8415 section 7.3. */
enum dhcp6_type {
    DHCP6_SOLICIT = 1,
    DHCP6_ADVERTISE,
    DHCP6_REQUEST,
    DHCP6_CONFIRM,
    DHCP6_RENEW,
    DHCP6_REBIND,
    DHCP6_REPLY,
    DHCP6_RELEASE,
    DHCP6_DECLINE,
    DHCP6_RECONFIGURE,
    DHCP6_INFORMATION,
    DHCP6_RELAY_FORWARD,
    DHCP6_RELAY_REPLY
};

#define DHCP6_MAX_RELAYS 8u /* HOP_COUNT_LIMIT, RFC 8415 section 7.6 */

struct dhcp6_message {
    uint8_t type;   /* of the innermost message */
    uint8_t relays; /* relay headers around it */
    uint32_t xid;   /* 24 bits */
    bool rapid_commit;
    /* DUIDs, valid as long as the bytes decoded; to be hashed, never shown.  NULL: none. */
    const uint8_t *client, *server;
    uint16_t client_len, server_len;
};

/* Decode a datagram of ports 546 and 547. */
enum dhcp_status decode_dhcp6(struct cursor c, struct dhcp6_message *m);
#endif
