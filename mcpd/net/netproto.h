#ifndef MCPD_NET_NETPROTO_H
#define MCPD_NET_NETPROTO_H

/* Between mcpd and its network child: one message per datagram of a SOCK_SEQPACKET pair, plain text
 * with single spaces, so that both sides can be read in a minute and tested by hand.
 *
 *   request   resolve ID NAME               answer  ID ok ADDRESS ADDRESS ...
 *             route ID ADDRESS                      ID ok SOURCE-ADDRESS [INTERFACE]
 *             resolvers ID                          ID ok ADDRESS ...
 *             held ID                               ID ok TEXT (what holds this process)
 *             probe ID tcp|http|https HOST PORT     ID ok ADDRESS STATUS DNS-US CONNECT-US TLS-US
 *                                                       FIRST-BYTE-US [ADDRESS-TRIED ...]
 *   any request may be answered by          ID error TEXT
 *
 * ID is a decimal number chosen by mcpd; answers come in any order, at most one per request. STATUS
 * is the HTTP status, 0 for tcp; times are microseconds since the request began, 0 if not reached;
 * at the end stand up to four other addresses that were tried.
 */
#define NET_MESSAGE_MAX  4096 /* 64 IPv6 addresses are 2944 */
#define NET_ADDRESSES    64
#define NET_RESOLVE_S    25   /* a child that looks a name up is killed after that */
#define NET_AGAIN_MS     2200 /* TCP repeats a SYN after 1 s, RFC 6298 */
#define NET_PROBE_MS     8000 /* so that it is over when a diagnosis of 10 s ends */
#define NET_CHILDREN_MAX 16
#endif
