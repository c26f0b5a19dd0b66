#ifndef CAPD_TRACK_LINK_LIMITS_H
#define CAPD_TRACK_LINK_LIMITS_H

/* What the detectors of the link layer and of address configuration look for: below these an event
 * is no incident at all.  How bad an incident is, rules.json says. */

/* ---- who has an address (ARP, RFC 826, RFC 5227) ---- */
#define SOLICITED_US 2000000u /* an answer this long after its question is one */
#define FLIP_US                                                                                    \
    30000000u /* A, B, A within: both are there.  A device that moves between                      \
                 links (failover, roaming) takes longer to come back */
#define FLIP_ANNOUNCED_US                                                                          \
    500000u /* ... when both only announce: a failover pair that changes back announces, too, but  \
               after its hello interval of a second, mostly */
#define DEFENCE_US 20000u /* a system answers at once, the next in a failover somewhat later */
#define TAKEOVER_US                                                                                \
    600000000u /* traffic that moves this long after the claim was not moved by                    \
                  it: ARP caches expire within ten minutes */
#define TAKES                                                                                      \
    3u /* claims nobody asked for, to one victim: an attacker repeats them, lest the truth come    \
          back */
#define TAKES_GAP_US                                                                               \
    60000000u /* ... with no more than this between them: tools repeat each second to each         \
                 quarter of a minute */
#define PROXY_ADDRESSES                                                                            \
    4u /* one link-layer address that answers for so many is a router's or                         \
          extender's proxy ARP */

/* ---- storms and loops ---- */
#define CARD_PORTS  16  /* addresses of one card or board, which follow each other */
#define LOOP_COPIES 50u /* of one identical broadcast in a second; nobody asks as often */
#define LOOP_COPIES_UNSURE                                                                         \
    500u                     /* IPv4 without identification: a program that sends the same thing   \
                                again (light control at 44 Hz, beacons of games) looks alike */
#define LOOP_HASH_BYTES 192u /* of the frame: headers and the start of any broadcast protocol */
#define ARP_RATE        100u /* requests a second on the link */
#define ARP_RATE_SOURCE                                                                            \
    20u /* ... and of one source among them: many quiet hosts are a big network,                   \
           one loud one is a fault; also the rate of a sweep */
#define ARP_RATE_ALONE 1000u /* no network is that big */
#define ARP_RATE_EACH                                                                              \
    4u /* ... or so many of each host that asks, on average: what hosts do that start together is  \
          less, and over in a few seconds */
#define ARP_HOSTS       3u  /* ... that ask: fewer are a scan, for which there is ARP_RATE_SOURCE */
#define ARP_BURST       30u /* requests of one source in 100 ms */
#define ARP_TELL        16u /* more requests of a storm that goes on: so exact is its rate */
#define ARP_BURSTS      2u  /* a monitor that polls all its hosts at once makes one */
#define ARP_SWEEP_S     5u  /* seconds of it */
#define BROADCAST_RATE  500u /* frames a second */
#define BROADCAST_SHARE 20u  /* percent of all frames */
#define STORM_SECONDS   2u   /* in a row */

/* ---- neighbours (RFC 4861: three solicitations, a second apart) ---- */
#define NEIGHBOUR_TRIES   3u
#define NEIGHBOUR_SPAN_US 1500000u

/* ---- DHCP (RFC 2131 section 4.1: clients repeat after about 4 s, some after 2 or 3) ---- */
#define DHCP_COPY_US 500000u /* the same message again: a relay's copy, or the capture's */
#define DHCP_SERIES_US                                                                             \
    60000000u /* tries further apart are tries of their own: probes of monitors */
#define DHCP_WAIT_US    5000000u /* servers ping an address for up to 3 s before they offer it */
#define DHCP_TRIES      2u
#define DHCP_AGAIN      2u /* of one transaction: who is offered an address and does not see it */
#define DHCP_RENEWS     4u /* each of them repeated as it got no answer, */
#define DHCP_RENEW_US   10000000u /* over so long */
#define DHCP_SERVERS_US 10000000u /* answers to one transaction */
#endif
