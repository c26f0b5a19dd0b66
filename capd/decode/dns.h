#ifndef CAPD_DECODE_DNS_H
#define CAPD_DECODE_DNS_H
#include "common/addr.h"
#include "common/bytes.h"

/* One DNS message (RFC 1035), as much as the analysis needs: header, first question, the addresses
 * and aliases of the answer section, extended rcode (RFC 6891) and extended error (RFC 8914). */

enum dns_status {
    DNS_OK,         /* the whole message was read */
    DNS_INCOMPLETE, /* the bytes end before the message does; whether the capture cut it, the caller
                       knows (payload_cap < payload_bytes) */
    DNS_MALFORMED,  /* breaks RFC 1035: label type, pointer loop, name over 255 bytes */
    DNS_NO_HEADER   /* fewer than 12 bytes: nothing in `out` is valid */
};

#define DNS_MAX_ADDRESSES 16u /* a CDN name rarely has more */
#define DNS_MAX_RECORDS                                                                            \
    512u /* looked at per message, all sections; more ends as DNS_INCOMPLETE                       \
          */

#define DNS_MAX_ALIASES   8u  /* resolvers give up on longer chains of CNAMEs */
#define DNS_MAX_HINT_KEYS 16u /* fewer than ten are registered */
#define DNS_MAX_OPTIONS   16u /* of one OPT record; answers carry two or three */

struct dns_address {
    struct addr address;
    uint32_t ttl_s;
};

/* What a CNAME record points at; bytes as sent, like the question's name. */
struct dns_alias {
    uint32_t ttl_s;
    uint8_t name_len;
    uint8_t name[255];
};

struct dns_message {
    uint16_t id;
    bool response, reserved, authoritative, truncated, recursion_desired, recursion_available;
    uint8_t opcode; /* 0 query, 4 notify, 5 update */
    uint16_t rcode; /* 0..4095, with the OPT record's upper bits if that was reached */
    uint16_t questions, answers, authorities, additionals; /* as the header counts them */

    bool has_question; /* the fields below are valid */
    uint8_t name_len;  /* 0: the root */
    uint8_t name[255]; /* labels joined by '.', none at the end; bytes as sent, case kept: not text
                          until text_clean() made it so */
    uint16_t qtype, qclass; /* class with the mDNS unicast bit as sent */

    uint16_t answers_read; /* records of the answer section read whole */
    uint16_t cnames;       /* CNAME records among them */
    uint8_t addresses;     /* entries of address[]: A, AAAA and the hints of HTTPS and SVCB records
                              (RFC 9460 section 7.3), class IN, in order of appearance */
    struct dns_address address[DNS_MAX_ADDRESSES];
    uint8_t aliases; /* entries of alias[], class IN, in order of appearance */
    struct dns_alias alias[DNS_MAX_ALIASES];
    uint32_t min_ttl_s; /* smallest TTL of the answers read, 0 if none */
    bool has_opt, has_extended_error;
    uint16_t udp_size;       /* of the OPT record, RFC 6891 section 6.2.3; 0: none */
    uint16_t extended_error; /* INFO-CODE of the first one, RFC 8914 section 4 */
};

/* Read the message in `c` (over TCP: without the length prefix).  Fills `out` wholly; whatever was
 * read before the trouble stays valid, so id, flags and question survive a cut answer. */
enum dns_status decode_dns(struct cursor c, struct dns_message *out);

/* True if the message is DNS beyond reasonable doubt, so that its name may be kept: what else is
 * sent to port 53 has bytes where a name would be, and they are nobody's business.  `cut`: the
 * capture has not the whole of it. */
bool dns_is_certain(const struct dns_message *m, enum dns_status status, bool cut);
#endif
