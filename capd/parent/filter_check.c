/* A tokenizer, not a parser: it decides which words may reach pcap_compile, and looks closely at
 * one construct only, the accessor.
 * Runs in: parent.  Input trust: client. */
#include "capd/parent/filter_check.h"
#include "common/addr.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_CHARS "0123456789abcdefABCDEF:."
#define PLACES_MAX    32u /* accessors in one expression */

static const struct header {
    const char *name;
    unsigned bytes;
} headers[] = {{"ether", 14}, {"ip", 20},  {"ip6", 40},  {"tcp", 20},
               {"udp", 8},    {"icmp", 8}, {"icmp6", 8}, {"arp", 28}};

static const struct place {
    const char *name;
    unsigned at;
} places[] = {
    {"tcpflags", 13}, {"icmptype", 0}, {"icmpcode", 1}, {"icmp6type", 0}, {"icmp6code", 1}};

static const char words[] =
    " and or not src dst host net mask port portrange less greater len proto "
    "broadcast multicast inbound outbound vlan mpls ether ip ip6 arp rarp tcp udp "
    "sctp icmp icmp6 igmp ah esp vrrp carp pim stp llc iso tcp-fin tcp-syn tcp-rst "
    "tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr icmp-echoreply icmp-unreach "
    "icmp-sourcequench icmp-redirect icmp-echo icmp-routeradvert icmp-routersolicit "
    "icmp-timxceed icmp-paramprob icmp-tstamp icmp-tstampreply icmp-ireq "
    "icmp-ireqreply icmp-maskreq icmp-maskreply icmp6-destinationunreach "
    "icmp6-packettoobig icmp6-timeexceeded icmp6-parameterproblem icmp6-echo "
    "icmp6-echoreply icmp6-routersolicit icmp6-routeradvert icmp6-neighborsolicit "
    "icmp6-neighboradvert icmp6-redirect ";

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct scan {
    const char *text, *p;
    struct fail *fail;
};

static bool refuse(const struct scan *s, const char *at, int len, const char *why) {
    return fail_set(s->fail, FAIL_FILTER, "filter", "filter, byte %zu: `%.*s` %s",
                    (size_t)(at - s->text) + 1, len > 40 ? 40 : len, at, why);
}

static void skip_space(struct scan *s) {
    while (*s->p == ' ') s->p++;
}

static bool is_word(const char *at, size_t len, const char *word) {
    return strlen(word) == len && memcmp(at, word, len) == 0;
}

static bool is_known(const char *at, size_t len) {
    for (const char *p = words; (p = strchr(p, ' ')) && p[1]; p++)
        if (strncmp(p + 1, at, len) == 0 && p[1 + len] == ' ') return len > 0;
    return false;
}

/* Decimal or 0x number at p, at most 32 bits.  Returns its length, 0 if it is none. */
static size_t number_at(const char *p, unsigned long *out) {
    char *end;
    if (!isdigit((unsigned char)*p)) return 0;
    bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && isxdigit((unsigned char)p[2]);
    *out = strtoul(p, &end, hex ? 16 : 10);
    return *out <= 0xffffffffu ? (size_t)(end - p) : 0;
}

static bool accessor(struct scan *s, const char *name, size_t name_len) {
    unsigned long at, size = 1;
    const struct header *h = NULL;
    for (size_t i = 0; i < COUNT(headers); i++)
        if (is_word(name, name_len, headers[i].name)) h = &headers[i];
    if (!h)
        return refuse(
            s, name, (int)name_len,
            "cannot be looked into; allowed are ether, ip, ip6, tcp, udp, icmp, icmp6, arp");
    const char *open = s->p++;
    skip_space(s);
    size_t n = number_at(s->p, &at);
    for (size_t i = 0; n == 0 && i < COUNT(places); i++)
        if (is_word(s->p, strspn(s->p, "abcdefghijklmnopqrstuvwxyz0123456789"), places[i].name)) {
            n = strlen(places[i].name);
            at = places[i].at;
        }
    if (n == 0) return refuse(s, open, 12, "needs a constant place, as in tcp[13]");
    s->p += n;
    skip_space(s);
    if (*s->p == ':') {
        s->p++;
        skip_space(s);
        n = number_at(s->p, &size);
        if (n == 0 || (size != 1 && size != 2 && size != 4))
            return refuse(s, open, 12, "needs a size of 1, 2 or 4");
        s->p += n;
        skip_space(s);
    }
    if (*s->p != ']') return refuse(s, open, 12, "needs a constant place, as in tcp[13]");
    s->p++;
    if (at >= h->bytes || size > h->bytes - at)
        return fail_set(s->fail, FAIL_FILTER, "filter",
                        "filter, byte %zu: %s[] may look at its first %u bytes only",
                        (size_t)(open - s->text) + 1, h->name, h->bytes);
    return true;
}

/* A number, an address with or without prefix length, a MAC address, or a port range. */
static bool literal(struct scan *s) {
    char copy[64];
    struct addr a;
    unsigned long v;
    const char *at = s->p;
    size_t n = strspn(at, ADDRESS_CHARS);
    if (number_at(at, &v) > n) n = number_at(at, &v);
    s->p += n;
    if (isalnum((unsigned char)*s->p) || *s->p == '_') {
        size_t more = strcspn(s->p, " ()[]!&|<>=/");
        return refuse(s, at, (int)(n + more),
                      "is neither number nor address; names are not looked up");
    }
    if (number_at(at, &v) == n) return true;
    if (n >= sizeof copy) return refuse(s, at, (int)n, "is too long for an address");
    memcpy(copy, at, n);
    copy[n] = '\0';
    if (addr_parse(copy, &a)) return true;
    unsigned mac = 0, dots = 0, digits = 0;
    bool plain = true;
    for (const char *p = copy; *p; p++) {
        if (*p == ':') mac++;
        if (*p == '.') dots++;
        if (!isdigit((unsigned char)*p) && *p != '.') plain = false;
        if (isxdigit((unsigned char)*p)) digits++;
    }
    if (mac == 5 && dots == 0 && digits <= 12) return true;
    if (plain && dots <= 2 && copy[n - 1] != '.') return true; /* net 10.1 */
    return refuse(s, at, (int)n, "is neither number nor address");
}

static bool word(struct scan *s) {
    const char *at = s->p;
    size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789-");
    /* An IPv6 or MAC address may start with a letter: it has a colon among its digits. */
    size_t hex = strspn(at, ADDRESS_CHARS);
    if (memchr(at, ':', hex) && hex >= n) return literal(s);
    if (n == 0) n = strcspn(at, " ()[]");
    if (!is_known(at, n))
        return refuse(s, at, (int)(n ? n : 1),
                      "is not allowed here; names are not looked up, use numbers and addresses");
    s->p += n;
    skip_space(s);
    return *s->p != '[' || accessor(s, at, n);
}

bool filter_check(const char *text, struct fail *fail) {
    struct scan s = {text, text, fail};
    unsigned accessors = 0, depth = 0;
    size_t len = strlen(text);
    if (len > LIM_FILTER)
        return fail_set(fail, FAIL_FILTER, "filter", "filter: %zu bytes, at most %u are allowed",
                        len, LIM_FILTER);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return fail_set(fail, FAIL_FILTER, "filter", "filter, byte %zu: not printable ASCII",
                            i + 1);
        if (text[i] == '[') accessors++;
    }
    if (accessors > PLACES_MAX)
        return fail_set(fail, FAIL_FILTER, "filter", "filter: at most %u accessors are allowed",
                        PLACES_MAX);
    for (skip_space(&s); *s.p; skip_space(&s)) {
        if (strchr("()!&|<>=+-*/^%", *s.p)) {
            if (*s.p == '(') depth++;
            if (*s.p == ')' && depth-- == 0) return refuse(&s, s.p, 1, "closes nothing");
            s.p++;
        } else if (isdigit((unsigned char)*s.p) || *s.p == ':') {
            if (!literal(&s)) return false;
        } else if (!word(&s)) {
            return false;
        }
    }
    /* Joined to a mode's filter, an odd parenthesis would change what that means. */
    return depth == 0 || refuse(&s, text, (int)len, "does not close every parenthesis");
}
