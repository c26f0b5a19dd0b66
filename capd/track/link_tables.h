#ifndef CAPD_TRACK_LINK_TABLES_H
#define CAPD_TRACK_LINK_TABLES_H
#include "common/addr.h"
#include <stdbool.h>
#include <stdint.h>

/* State of the detectors of the link layer and of address configuration.  All of fixed size; full,
 * the entry that was idle longest in a set gives way. */

#define CLAIM_ASKERS 4u /* who ask for one address at the same time */

/* What ARP says of one address. */
struct claim {
    struct addr address;
    uint64_t segment;                /* see packet.h */
    bool used, has_old, announced;   /* announced: it took over by a gratuitous claim */
    bool said_to_all;                /* ... and that was its last word */
    bool taken;                      /* taker claimed it without being asked */
    uint8_t mac[6], old_mac[6];      /* who claims it now, and who did before */
    uint64_t us, changed_us;         /* its last claim; when it took over from the old one */
    uint64_t asker_us[CLAIM_ASKERS]; /* last question of each */
    uint32_t asker[CLAIM_ASKERS];    /* who asked for it, IPv4 */
    uint32_t askers;
    uint8_t reply_mac[6]; /* first to answer that question */
    bool replied;
    uint8_t taker[6];
    struct addr victim; /* whom the taker told */
    uint64_t taken_us;
    uint32_t takes; /* how often in a row */
};
#define CLAIMS     512u
#define CLAIM_WAYS 4u

/* Whose link-layer address an address's packets came with last. */
struct station {
    struct addr address;
    uint8_t mac[6];
};
#define STATIONS 1024u

struct arp_source {
    uint8_t mac[6];
    bool used;
    uint64_t burst_us, second_us;
    uint32_t burst, bursts, second, sweep_s; /* second: requests in it */
    uint32_t told;                           /* of these, in the incident */
    struct addr last;                        /* asked for last */
};
#define ARP_SOURCES 64u

struct loop_entry {
    uint64_t hash, start_us;
    uint32_t copies, told, reported;
    uint8_t mac[6];
};
#define LOOPS 64u

#define ASKER_BITS 512u
struct link_second {
    uint64_t start_us, seen; /* packets before it */
    uint32_t arp, flooded;   /* ARP requests; broadcasts, and multicasts that are no stream */
    uint32_t told;           /* ARP requests already in an incident */
    uint64_t askers[ASKER_BITS / 64];         /* who sent ARP requests, by hash */
    uint32_t arp_row, asked_row, flooded_row; /* seconds in a row beyond the limits */
    uint8_t asker[6];                         /* who is named for those of asked_row */
    uint8_t top[6]; /* majority candidate among the senders of flooded frames */
    uint32_t top_votes;
};

/* A question that is asked again and again, of ARP or neighbour discovery. */
struct questions {
    uint64_t first_us, before_us, last_us; /* before: the last but one */
    uint32_t tries;
};

struct neighbour {
    struct addr asker, target;
    uint8_t mac[6]; /* the asker's; zero where the link shows none */
    bool used, answered;
    struct questions asked;
};
#define NEIGHBOURS 192u

struct neighbours {
    struct neighbour entry[NEIGHBOURS];
    bool answers_pass; /* one from and to somebody else was seen */
};

#define LINK_ROUTERS 8u

struct link_state {
    struct claim claim[CLAIMS];
    uint32_t takings; /* claims with `taken` ever made: 0 spares a search */
    bool watching;    /* a taker tells its victim again and again */
    uint32_t watched; /* ... of this claim */
    struct station station[STATIONS];
    bool unicast;                     /* one is known */
    struct addr router[LINK_ROUTERS]; /* told by DHCP or advertised, the last ones */
    uint32_t routers;                 /* told so far */
    uint64_t beyond_us[2];            /* when a public server answered last, by IPv4 and IPv6 */
    uint64_t beyond_from_us[2];       /* ... for the first time after a break */
    struct arp_source source[ARP_SOURCES];
    struct loop_entry loop[LOOPS];
    struct link_second second;
    struct neighbours neighbours[2];       /* by IPv4 and IPv6 */
    uint64_t dhcp_acks[2], dhcp_ack_us[2]; /* by IPv4 and IPv6, to whomever; the last one */
    bool dhcp6_announced;                  /* a router says that addresses come by DHCPv6 */
};

/* One DHCP client: what happened since it last had an address. */
struct dhcp_client {
    uint8_t key[8];   /* link-layer address, or hash of the DUID */
    uint8_t version;  /* 0: unused; 4, 6 */
    uint8_t mac[6];   /* zero: not known */
    uint64_t segment; /* see packet.h */
    uint32_t xid;
    uint32_t again; /* DISCOVERs of the series that repeat the one before */
    uint64_t discover_us, offer_us, request_us; /* last of each kind in the series */
    uint64_t first_us, last_us;                 /* first message of the series; last one */
    uint32_t discovers, offers, requests;
    uint32_t naks, declines;
    uint64_t nak_first_us, nak_last_us;
    uint32_t nak_xid;
    bool own;                  /* this host's */
    bool boots;                /* firmware: without a boot file it takes no offer */
    bool recovered;            /* an ACK came after the last NAK or DECLINE */
    struct addr server, naker; /* who offered last; who refused */
    uint64_t server_us;
    uint32_t server_xid;
    bool server_local; /* not through a relay */
};
#define DHCP_CLIENTS 256u
#endif
