#ifndef COMMON_LIMITS_H
#define COMMON_LIMITS_H
/* Every limit that both sides must agree on, each with its reason. */

#define LIM_FRAME_TO_CAPD 4096u /* a request is small; a parser of hostile bytes should see few */
#define LIM_FRAME_FROM_CAPD                                                                        \
    (256u * 1024u) /* one frame of a snapshot; fits any sane socket buffer policy */
#define LIM_SNAPSHOT (1024u * 1024u) /* all frames of one snapshot together */
#define LIM_MP_DEPTH 6u              /* message map > list > row > list: 4, and room */

#define LIM_IFNAME     15u   /* IFNAMSIZ - 1 */
#define LIM_NAME       255u  /* a DNS name in text form (RFC 1035 section 2.3.4) */
#define LIM_FILTER     1024u /* pcap_compile is super-linear: 18 KB took 40 s */
#define LIM_LABEL      64u /* a caller's label: audit line, and the account of a service's capture */
#define LIM_PATH_TEXT  128u /* HTTP path as reported, without query */
#define LIM_HISTORY    24u  /* Zeek-like history letters per connection */
#define LIM_CAPTURE_ID 32u  /* 128 random bits in hex */
#define LIM_ERROR_TEXT 400u /* one sentence for a person */

#define LIM_TARGET_ADDRESSES 64u /* addresses of one target; a CDN name rarely has over 16 */
#define LIM_TARGET_PORTS     16u
#define LIM_GATEWAYS         4u /* of one interface; more than two is rare */
/* Interfaces and addresses of one list: at worst 36 KiB in all, and a client's 64 KiB of replies
 * hold that beside others.  A node with more containers than this has its list cut, the least
 * telling interfaces last, and the list says so. */
#define LIM_INTERFACES          256u
#define LIM_IF_ADDRESSES        512u
#define LIM_ROUTES              32u
#define LIM_CAPTURES            8u /* in all, default of capd.conf and hard array size */
#define LIM_CAPTURES_PER_CALLER 4u
#define LIM_DURATION_S          3600u
#define LIM_SNAPLEN             2048u /* default; wire lengths come from headers */

/* Rows kept per capture (contract section 4). */
#define LIM_CONNECTIONS   512u
#define LIM_DNS_ROWS      256u
#define LIM_HTTP_ROWS     256u
#define LIM_TLS_ROWS      128u
#define LIM_HOST_ROWS     128u
#define LIM_SERVICE_ROWS  256u
#define LIM_RESOLVER_ROWS 16u
#define LIM_INCIDENTS     256u
#define LIM_TIMELINE      600u
#define LIM_PROTOCOLS     32u
#define LIM_CODES         64u /* counters by code: DNS rcodes, HTTP statuses, ICMP types, TLS alerts */
#define LIM_UDP_ROWS      128u
#define LIM_MEDIA_ROWS    128u

#endif
