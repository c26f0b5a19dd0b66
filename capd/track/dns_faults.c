/* What answers of DNS servers say beyond their code.  The same question may be repeated, and each
 * copy answered: only more answers than questions, with different content, prove a second author.
 * An answer that was cut (TC) is waited for in a short list, so that each later answer costs a few
 * comparisons and not a walk through the table; whoever is pushed out of the list is not judged.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/dns_faults.h"
#include "capd/track/dns_track.h"
#include "capd/track/flows.h"
#include "capd/track/hash.h"
#include "capd/track/select.h"

#define TYPE_A    1u
#define TYPE_AAAA 28u
#define UDP       17u
#define BESIDE_US 10000000u /* A and AAAA of one look-up, repeats included */
#define SETTLE_US 5000000u  /* questions from before the capture are answered by then */

struct word {
    const char *text;
    uint8_t len;
};
#define WORD(t)                                                                                    \
    { t, sizeof(t) - 1 }

/* ---- addresses and names ----------------------------------------------------------------------
 */

/* Labels at the beginning that are numbers of up to so many digits. */
static unsigned numbers_in_front(const uint8_t *name, size_t len, unsigned digits_max, bool hex) {
    unsigned labels = 0, digits = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = name[i];
        bool digit = (c >= '0' && c <= '9') || (hex && c >= 'a' && c <= 'f');
        if (c == '.' && digits > 0)
            labels++, digits = 0;
        else if (!digit || digits++ == digits_max)
            break;
    }
    return labels;
}

/* One of the labels by which lists of domains call themselves. */
static bool is_in_list_zone(const uint8_t *name, size_t len) {
    static const struct word labels[] = {WORD("dbl"),   WORD("dnsbl"),   WORD("dnswl"),
                                         WORD("rbl"),   WORD("rhsbl"),   WORD("surbl"),
                                         WORD("uribl"), WORD("spamhaus")};
    for (size_t from = 0, to; from < len; from = to + 1) {
        for (to = from; to < len && name[to] != '.';) to++;
        for (size_t i = 0; from > 0 && i < sizeof labels / sizeof labels[0]; i++)
            if (labels[i].len == to - from && memcmp(labels[i].text, name + from, to - from) == 0)
                return true;
    }
    return false;
}

/* RFC 5782, sections 2.1 and 2.4 for addresses, 3 for names. */
static bool asks_block_list(const uint8_t *name, size_t len) {
    return numbers_in_front(name, len, 3, false) >= 4 ||
           numbers_in_front(name, len, 1, true) >= 32 || is_in_list_zone(name, len);
}

/* Asked to learn something about the network: that there is no such name is an answer. */
static bool is_probe(const uint8_t *name, size_t len) {
    static const struct word whole[] = {
        WORD("use-application-dns.net"), /* Firefox: may it ask over HTTPS? */
        WORD("mask.icloud.com"),         /* Apple: may it hide addresses? */
        WORD("mask-h2.icloud.com"), WORD("_dns.resolver.arpa")}; /* RFC 9462 section 4 */
    static const struct word first[] = {WORD("wpad"), WORD("isatap")};
    if (len >= 4 && memcmp(name, "_ta-", 4) == 0) return true; /* RFC 8145 section 5.1 */
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        size_t n = first[i].len;
        if (len >= n && memcmp(name, first[i].text, n) == 0 && (len == n || name[n] == '.'))
            return true;
    }
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (len == whole[i].len && memcmp(name, whole[i].text, len) == 0) return true;
    return false;
}

bool dns_may_not_exist(const uint8_t *name, size_t len) {
    return asks_block_list(name, len) || is_probe(name, len);
}

bool dns_is_private_name(const uint8_t *name, size_t len) {
    static const struct word inside[] = {
        WORD("local"),        WORD("localhost"), WORD("test"),        WORD("invalid"),
        WORD("example"),      WORD("onion"),     WORD("alt"),         WORD("home.arpa"),
        WORD("internal"),     WORD("intranet"),  WORD("private"),     WORD("corp"),
        WORD("home"),         WORD("lan"),       WORD("box"),         WORD("localdomain"),
        WORD("in-addr.arpa"), WORD("ip6.arpa"),  WORD("msftncsi.com")}; /* Windows' probe */
    bool dotted = false;
    if (asks_block_list(name, len)) return true;
    for (size_t i = 0; i < len; i++) dotted |= name[i] == '.';
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++) {
        size_t n = inside[i].len;
        if (len > n && name[len - n - 1] == '.' && memcmp(name + len - n, inside[i].text, n) == 0)
            return true;
    }
    return !dotted;
}

/* ---- one event of a resolver -------------------------------------------------------------------
 */

static void note(const struct engine *e, struct dns_fault *f, const struct dns_entry *d) {
    if (f->count++ == 0) f->first_us = e->now_us;
    f->last_us = e->now_us;
    f->target |= d->target;
    f->name_len = d->name_len;
    memcpy(f->name, d->name, d->name_len);
}

static bool asks_address(const struct dns_entry *d) {
    return d->type == TYPE_A || d->type == TYPE_AAAA;
}

/* Records may come in another order each time, and their TTL counts down. */
static uint64_t digest_of(const struct engine *e, const struct dns_entry *d,
                          const struct dns_message *m) {
    uint64_t sum = (uint64_t)m->rcode << 32 | (asks_address(d) ? 0u : m->answers);
    for (unsigned i = 0; i < m->addresses; i++)
        sum += hash_bytes(e->o.seed, m->address[i].address.b, m->address[i].address.len);
    return sum;
}

/* ---- cut answers -------------------------------------------------------------------------------
 */

static bool same_question(const struct dns_entry *a, const struct dns_entry *b) {
    return a->type == b->type && a->name_len == b->name_len && addr_equal(&a->client, &b->client) &&
           memcmp(a->name, b->name, a->name_len) == 0;
}

static void wait_for_whole(struct engine *e, struct dns_entry *d) {
    struct dns_cut_list *w = &e->dns_cut;
    uint32_t at = (uint32_t)(d - e->dns.entry);
    struct dns_entry *old = w->used == DNS_CUT ? &e->dns.entry[w->entry[w->hand]] : NULL;
    if (old && old->truncated) old->whole_later = true;
    w->entry[w->hand] = at;
    w->hand = (w->hand + 1) % DNS_CUT;
    if (w->used < DNS_CUT) w->used++;
}

/* The questions of the list that `key` asks again. */
static void cut_ones(struct engine *e, const struct dns_entry *key, bool whole) {
    const struct dns_cut_list *w = &e->dns_cut;
    for (uint32_t i = 0; i < w->used; i++) {
        struct dns_entry *d = &e->dns.entry[w->entry[i]];
        if (!d->used || !d->truncated || d == key || !same_question(d, key)) continue;
        if (whole)
            d->whole_later = true;
        else
            d->tcp_tries++;
    }
}

void dns_fault_asked_over_tcp(struct engine *e, const struct dns_entry *key) {
    cut_ones(e, key, false);
}

/* An answer to this client was cut by this server. */
static bool is_cut_by(const struct dns_entry *d, const struct flow *f) {
    return d->used && d->truncated && d->server_port == f->port[SERVER] &&
           addr_equal(&d->server, &f->end[SERVER]) && addr_equal(&d->client, &f->end[CLIENT]);
}

void dns_fault_connects(struct engine *e, const struct flow *f) {
    for (uint32_t i = 0; i < e->dns_cut.used; i++) {
        struct dns_entry *d = &e->dns.entry[e->dns_cut.entry[i]];
        d->tcp_connects += is_cut_by(d, f);
    }
}

void dns_fault_unreadable(struct engine *e, const struct flow *f) {
    for (uint32_t i = 0; i < e->dns_cut.used; i++) {
        struct dns_entry *d = &e->dns.entry[e->dns_cut.entry[i]];
        d->whole_later |= is_cut_by(d, f);
    }
}

bool dns_is_unfollowed(const struct engine *e, const struct dns_entry *d) {
    uint64_t at = d->first_us + d->took_us;
    return d->truncated && !d->whole_later && e->now_us > at &&
           e->now_us - at > end_guard_us(e->total.slowest_dns_us);
}

/* ---- answers -----------------------------------------------------------------------------------
 */

/* A server of its client's site, which has addresses of its own (IPv6 mostly): a home's router, the
 * resolver of a university.  Sites get 48 bits (RFC 6177), and had 16. */
static bool is_of_site(const struct addr *a, const struct addr *b) {
    /* Addresses between a customer and the provider (RFC 6598), which overlays use as well. */
    if (b->len == 4 && b->b[0] == 100 && (b->b[1] & 0xc0u) == 64) return true;
    return a->len == b->len && memcmp(a->b, b->b, a->len == 4 ? 2 : 6) == 0;
}

/* Names that are made from the address they stand for: 192-168-1-9.x.example, 10.0.0.1.x.example.
 */
static bool is_in_name(const struct addr *a, const uint8_t *name, size_t len) {
    char dotted[ADDR_TEXT_BYTES], dashed[ADDR_TEXT_BYTES];
    size_t n = strlen(addr_format(a, dotted));
    memcpy(dashed, dotted, n + 1);
    for (char *c = dashed; *c; c++)
        if (*c == '.' || *c == ':') *c = '-';
    return memmem(name, len, dotted, n) != NULL || memmem(name, len, dashed, n) != NULL;
}

/* Made for the inside of a network, said by a server of the outside, about a name of the outside.
 */
static void look_for_private(struct engine *e, struct resolver *r, const struct dns_entry *d,
                             const struct dns_message *m) {
    if (m->rcode != 0 || !asks_address(d) || addr_is_private(&d->server)) return;
    if (is_of_site(&d->client, &d->server)) return;
    for (unsigned i = 0; i < m->addresses; i++) {
        if (!addr_is_private(&m->address[i].address)) continue;
        if (dns_is_private_name(d->name, d->name_len) ||
            is_in_name(&m->address[i].address, d->name, d->name_len))
            return;
        note(e, &r->private_answer, d);
        r->private_address = m->address[i].address;
        return;
    }
}

void dns_fault_first_answer(struct engine *e, struct resolver *r, struct dns_entry *d,
                            const struct dns_response *a) {
    const struct dns_message *m = a->m;
    bool udp = a->k->ip_proto == UDP;
    d->replies = 1;
    d->tries_then = d->tries;
    d->took_us = e->now_us - d->first_us;
    d->retry_us = d->tries > 1 ? d->last_us - d->first_us : 0;
    d->digest = digest_of(e, d, m);
    d->comparable = a->whole && !m->truncated && udp;
    /* Not a referral: those come without recursion and without authority. */
    d->nodata = m->rcode == 0 && a->whole && !m->truncated && asks_address(d) &&
                m->addresses == 0 && (m->recursion_available || m->authoritative);
    d->truncated = udp && m->truncated;
    d->whole_later = false;
    d->tcp_tries = d->tcp_connects = 0;
    if (d->truncated) {
        d->size_bytes = a->k->payload_bytes;
        wait_for_whole(e, d);
    } else if (e->dns_cut.used > 0) {
        cut_ones(e, d, true);
    }
    look_for_private(e, r, d, m);
}

void dns_fault_next_answer(struct engine *e, struct resolver *r, struct dns_entry *d,
                           const struct dns_response *a) {
    const struct dns_message *m = a->m;
    if (a->k->ip_proto != UDP) return;
    if (d->replies < UINT32_MAX) d->replies++;
    /* The first try was answered as well, only late: nothing was lost. */
    if (d->retry_us > 0 && d->replies >= d->tries_then) d->retry_us = 0;
    if (d->truncated && !m->truncated) d->whole_later = true;
    if (!d->comparable || !a->whole || m->truncated || d->replies <= d->tries || d->disputed)
        return;
    if (digest_of(e, d, m) == d->digest) return;
    d->disputed = true;
    note(e, &r->two_answers, d);
}

/* Only where the question would have been seen: the same client asks from this port, or is this
 * host, and the table has not had to give up any question yet. */
void dns_fault_unasked(struct engine *e, struct resolver *r, const struct dns_entry *key,
                       const struct dns_response *a) {
    unsigned dir = 0;
    const struct packet *k = a->k;
    if (k->ip_proto != UDP || !a->whole || !a->m->has_question || a->m->opcode != 0) return;
    if (e->now_us < SETTLE_US || e->dns.used == e->dns.capacity || !r->to_server) return;
    uint32_t i = flows_find(e, k->ip_proto, &k->src, k->sport, &k->dst, k->dport, &dir);
    bool asks = i != NONE && e->flows.flow[i].packets[!dir] > 0;
    if (asks || select_local(e, &k->dst)) note(e, &r->unasked, key);
}

/* ---- A and AAAA --------------------------------------------------------------------------------
 */

/* Asked side by side: one that is asked after the other was answered finds what the resolver has
 * learnt by then. */
static bool is_beside(const struct dns_entry *a, const struct dns_entry *d) {
    uint64_t apart =
        a->first_us > d->first_us ? a->first_us - d->first_us : d->first_us - a->first_us;
    if (apart > BESIDE_US) return false;
    return !d->answered || a->first_us < d->first_us + d->took_us;
}

uint64_t dns_sibling_a_us(const struct engine *e, const struct dns_entry *d) {
    if (d->type != TYPE_AAAA || d->name_len == 0) return 0;
    uint64_t best = 0;
    for (uint32_t i = 0; i < e->dns.used; i++) {
        const struct dns_entry *o = &e->dns.entry[i];
        if (o->type != TYPE_A || !o->answered || o->addresses == 0) continue;
        if (o->name_len != d->name_len || !addr_equal(&o->client, &d->client)) continue;
        if (memcmp(o->name, d->name, d->name_len) != 0 || !is_beside(o, d)) continue;
        uint64_t took = o->took_us ? o->took_us : 1;
        if (best == 0 || took < best) best = took;
    }
    return best;
}
