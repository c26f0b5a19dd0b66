/* A tokenizer, not a parser: it decides which words may reach pcap_compile, and looks closely at
 * what could be made to read payload: the accessor, and `vlan`, which moves the place of all that
 * comes after it, whether it matched or not.  `not vlan and ip[16]` would look into IPv4 headers
 * four bytes too late, twenty times `vlan` into the payload; so it may only stand first and be
 * joined by `and`, where nothing after it counts unless the tag is there.  `mpls` does the same and
 * guards what comes after it by five bits only: it is not among the words, like `pppoes`, `geneve`
 * and `protochain`.  And libpcap asks whether a packet has the header that an accessor looks into,
 * but forgets to when the accessor stands right of an arithmetic sign: `0 + tcp[12]` would look
 * into the payload of UDP.
 * Runs in: parent.  Input trust: client. */
#include "capd/parent/filter_check.h"
#include "common/addr.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_CHARS "0123456789abcdefABCDEF:."
#define PLACES_MAX    32u /* accessors in one expression */
#define TAGS_MAX      8u /* as many as the decoder follows; a longer chain reaches into the payload */
#define TAG_EXAMPLE   "as in vlan 5 and (ip or arp)"

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
    " and or not src dst host net mask port portrange less greater len proto broadcast multicast "
    "inbound outbound ether ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp ah esp vrrp carp pim stp "
    "llc iso tcp-fin tcp-syn tcp-rst tcp-push tcp-ack tcp-urg tcp-ece tcp-cwr icmp-echoreply "
    "icmp-unreach icmp-sourcequench icmp-redirect icmp-echo icmp-routeradvert "
    "icmp-routersolicit icmp-timxceed icmp-paramprob icmp-tstamp icmp-tstampreply icmp-ireq "
    "icmp-ireqreply icmp-maskreq icmp-maskreply icmp6-destinationunreach icmp6-packettoobig "
    "icmp6-timeexceeded icmp6-parameterproblem icmp6-echo icmp6-echoreply icmp6-routersolicit "
    "icmp6-routeradvert icmp6-neighborsolicit icmp6-neighboradvert icmp6-redirect ";

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

struct scan {
    const char *text, *p;
    struct fail *fail;
    bool after_sign; /* the last token, but for opening parentheses, was an arithmetic sign */
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
    if (s->after_sign)
        return refuse(s, name, (int)name_len, "must stand left of the arithmetic sign");
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
    unsigned b[6];
    char more;
    int bytes =
        sscanf(copy, "%2x:%2x:%2x:%2x:%2x:%2x%c", b, b + 1, b + 2, b + 3, b + 4, b + 5, &more);
    int parts = sscanf(copy, "%3u.%3u.%3u%c", b, b + 1, b + 2, &more);
    if (bytes == 6 || ((parts == 2 || parts == 3) && copy[n - 1] != '.'))
        return true; /* net 10.1 */
    return refuse(s, at, (int)n, "is neither number nor address");
}

static bool word(struct scan *s) {
    const char *at = s->p;
    size_t n = strspn(at, LETTERS);
    /* An IPv6 or MAC address may start with a letter: it has a colon among its digits. */
    size_t hex = strspn(at, ADDRESS_CHARS);
    if (memchr(at, ':', hex) && hex >= n) return literal(s);
    if (n == 0) n = strcspn(at, " ()[]");
    if (is_word(at, n, "vlan"))
        return refuse(s, at, 4, "may only stand first, joined by and, " TAG_EXAMPLE);
    if (!is_known(at, n))
        return refuse(s, at, (int)(n ? n : 1),
                      "is not allowed here; names are not looked up, use numbers and addresses");
    s->p += n;
    skip_space(s);
    return *s->p != '[' || accessor(s, at, n);
}

/* "and" or "or", in letters or signs, at p; its length or 0. */
static size_t joint(const char *p, const char *letters, const char *signs) {
    size_t n = strspn(p, LETTERS);
    return is_word(p, n, letters) ? n : strncmp(p, signs, 2) == 0 ? 2 : 0;
}

/* Take one sign; false: a parenthesis too many. */
static bool sign(struct scan *s, unsigned *depth) {
    char c = *s->p, before = (char)(s->p > s->text ? s->p[-1] : ' ');
    bool twice = s->p[1] == c || before == c; /* && and ||, but also << and >> */
    if (c == '(')
        ++*depth;
    else
        s->after_sign =
            strchr("+-*/^%", c) || (strchr("&|", c) && !twice) || (strchr("<>", c) && twice);
    if (c == ')' && (*depth)-- == 0) return refuse(s, s->p, 1, "closes nothing");
    s->p++;
    return true;
}

/* The chain `vlan [N] and vlan [N] and ...` at the start. */
static bool leading_tags(struct scan *s, bool *tagged_out) {
    unsigned long id;
    for (unsigned tags = 1; is_word(s->p, strspn(s->p, LETTERS), "vlan"); tags++) {
        const char *at = s->p;
        if (tags > TAGS_MAX) return refuse(s, at, 4, "may stand eight times at most");
        *tagged_out = true;
        s->p += 4;
        skip_space(s);
        s->p += number_at(s->p, &id);
        skip_space(s);
        size_t joined = joint(s->p, "and", "&&");
        if (!joined && *s->p) return refuse(s, at, 4, "must be joined by and, " TAG_EXAMPLE);
        s->p += joined;
        skip_space(s);
    }
    return true;
}

bool filter_check(const char *text, struct fail *fail) {
    struct scan s = {text, text, fail, false};
    bool tagged = false;
    unsigned accessors = 0, depth = 0;
    size_t len = strlen(text);
    if (len > LIM_FILTER)
        return fail_set(fail, FAIL_FILTER, "filter", "filter: %zu bytes, at most %u are allowed",
                        len, LIM_FILTER);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7e)
            return fail_set(fail, FAIL_FILTER, "filter", "filter, byte %zu is not printable ASCII",
                            i + 1);
        if (text[i] == '[') accessors++;
    }
    if (accessors > PLACES_MAX)
        return fail_set(fail, FAIL_FILTER, "filter", "filter: at most %u accessors are allowed",
                        PLACES_MAX);
    skip_space(&s);
    if (!leading_tags(&s, &tagged)) return false;
    for (; *s.p; skip_space(&s)) {
        if (tagged && depth == 0 && joint(s.p, "or", "||"))
            return refuse(&s, s.p, 2, "after vlan needs parentheses, " TAG_EXAMPLE);
        if (strchr("()!&|<>=+-*/^%", *s.p)) {
            if (!sign(&s, &depth)) return false;
            continue;
        }
        bool number = isdigit((unsigned char)*s.p) || *s.p == ':';
        if (number ? !literal(&s) : !word(&s)) return false;
        s.after_sign = false;
    }
    /* Joined to a mode's filter, an odd parenthesis would change what that means. */
    return depth == 0 || refuse(&s, text, (int)len, "does not close every parenthesis");
}
