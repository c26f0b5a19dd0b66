#ifndef CAPD_DECODE_VPN_H
#define CAPD_DECODE_VPN_H
#include "common/bytes.h"

/* The first message of a tunnel's client, to which its server must answer.  What comes later is
 * sealed. */

/* WireGuard's handshake initiation, on any port; `c` holds the whole datagram. */
bool vpn_wireguard_asks(struct cursor c);

/* OpenVPN's hard reset by the client, on its port. */
bool vpn_openvpn_asks(struct cursor c);

/* A request of IKE over UDP port 500. */
bool vpn_ike_asks(struct cursor c);

/* The same on port 4500, where ESP passes as well. */
bool vpn_ike_natt_asks(struct cursor c);
#endif
