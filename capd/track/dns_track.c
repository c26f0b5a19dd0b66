/* DNS transactions: a query is known by client, server, ports, id, name and type; the same again is
 * another try of it.  Full: of 16 entries, taken in turn, the one that went best gives way
 * (answered and fast), an open one last; what it was is kept in its resolver's sums. Runs in:
 * worker.  Input trust: packets. */
#include "capd/track/dns_track.h"
#include "capd/decode/dns.h"
#include "capd/track/dns_faults.h"
#include "capd/track/flows.h"
#include "capd/track/hash.h"
#include "capd/track/names.h"
#include "capd/track/select.h"
#include "capd/track/sketch.h"
#include "capd/track/stranger.h"

#define AGAIN_US    10000000u /* a query this long after the answer is a new transaction */
#define LATE_US     100000u   /* findings.md, dns_slow, */
#define LATE_MIN    3u        /* and by how many */
#define PATIENCE_US 5000000u  /* resolv.conf(5), time-out */

void dns_init(struct engine *e) {
    memset(e->dns.bucket, 0xff, (size_t)e->dns.capacity * sizeof *e->dns.bucket);
}

bool dns_is_unanswered(const struct engine *e, const struct dns_entry *d) {
    return !d->answered && e->now_us - d->first_us > end_guard_us(e->total.slowest_dns_us);
}

uint64_t dns_waited_us(const struct engine *e, const struct dns_entry *d) {
    uint64_t over_us = d->last_us + PATIENCE_US;
    return (over_us < e->now_us ? over_us : e->now_us) - d->first_us;
}

uint64_t dns_score(const struct engine *e, const struct dns_entry *d) {
    uint64_t target = d->target ? UINT64_C(1) << 62 : 0, at = d->latency_us;
    if (at >> 40) at = (UINT64_C(1) << 40) - 1;
    uint64_t how = 0;
    if (!d->answered)
        how = dns_is_unanswered(e, d) ? 6 : 5;
    else if (d->rcode == 2 || d->rcode == 5 || d->rcode > 5 || (d->truncated && !d->whole_later))
        how = 4;
    else if (d->rcode != 0)
        how = 3;
    else if (d->tries > 1)
        how = 2;
    else if (d->answers == 0)
        how = 1;
    return target | how << 48 | at;
}

/* A name that does not exist is no failure. */
bool dns_resolver_failed(const struct resolver *r) {
    uint64_t failures = r->other_rcode + r->lost + r->two_answers.count + r->unasked.count +
                        r->private_answer.count;
    for (unsigned code = 1; code < 6; code++) failures += code == 3 ? 0 : r->rcode[code];
    bool slow = r->late >= LATE_MIN && r->late * 2 >= r->responses;
    return failures > 0 || r->retried > 0 || slow || r->queries > r->responses + 1;
}

/* What would be lost with it: 0 nothing, 1 one question that is open, 2 failures. */
static unsigned trouble_of(const struct resolver *r) {
    return dns_resolver_failed(r) ? 2 : r->queries > r->responses;
}

/* Full: of those that met the least trouble the one asked least gives way; of those that met most
 * when they are more than half. */
static struct resolver *resolver_make_room(struct engine *e) {
    struct resolver *least[3] = {NULL};
    unsigned in_trouble = 0;
    for (uint32_t i = 0; i < RESOLVERS; i++) {
        struct resolver *r = &e->resolver[i];
        unsigned t = trouble_of(r);
        if (!least[t] || r->queries < least[t]->queries) least[t] = r;
        in_trouble += t == 2;
    }
    struct resolver *r = in_trouble > RESOLVERS / 2 ? least[2] : least[0];
    for (unsigned t = 1; !r; t++) r = least[t];
    e->total.rows_dropped++;
    if (trouble_of(r) > 0) e->total.evicted++;
    return r;
}

static struct resolver *resolver_find(struct engine *e, const struct addr *a, uint16_t port) {
    for (uint32_t i = 0; i < e->resolvers; i++) {
        struct resolver *r = &e->resolver[i];
        if (r->port == port && addr_equal(&r->address, a)) return r;
    }
    return NULL;
}

bool dns_serves_target(struct engine *e, const struct addr *server, uint16_t port) {
    const struct resolver *r = resolver_find(e, server, port);
    return r && r->target && r->responses == 0;
}

static struct resolver *resolver_of(struct engine *e, const struct addr *a, uint16_t port) {
    struct resolver *r = resolver_find(e, a, port);
    if (r) return r;
    r = e->resolvers < RESOLVERS ? &e->resolver[e->resolvers++] : resolver_make_room(e);
    memset(r, 0, sizeof *r);
    r->address = *a;
    r->port = port;
    r->used = true;
    return r;
}

static void note_trouble(struct engine *e, struct resolver *r, const struct dns_entry *d) {
    if (r->trouble_len == 0 && r->trouble_last_us == 0) r->trouble_first_us = d->first_us;
    r->trouble_last_us = e->now_us > d->first_us ? e->now_us : d->first_us;
    r->trouble_len = d->name_len;
    memcpy(r->trouble_name, d->name, d->name_len);
    if (d->target) r->trouble_target++;
}

static uint32_t *bucket_of(struct dns_table *t, uint64_t hash) {
    return &t->bucket[(uint32_t)hash & (t->capacity - 1)];
}

/* An unanswered transaction leaves: its resolver remembers it. */
static void leave(struct engine *e, struct dns_entry *d) {
    if (!d->answered) {
        struct resolver *r = resolver_of(e, &d->server, d->server_port);
        uint64_t waited = dns_waited_us(e, d);
        r->lost++;
        r->lost_tries += d->tries;
        r->lost_strangers += stranger_is(e, &d->client);
        if (waited > r->lost_wait_us) r->lost_wait_us = waited;
        note_trouble(e, r, d);
        e->total.dns_lost++;
    }
    e->total.rows_dropped++;
}

static uint32_t make_room(struct engine *e) {
    struct dns_table *t = &e->dns;
    if (t->used < t->capacity) return t->used++;
    uint32_t victim = t->hand;
    uint64_t least = UINT64_MAX;
    for (uint32_t n = 0; n < 16; n++) {
        uint32_t i = (t->hand + n) & (t->capacity - 1);
        uint64_t score = dns_score(e, &t->entry[i]);
        if (score < least) least = score, victim = i;
    }
    t->hand = (t->hand + 16) & (t->capacity - 1);
    struct dns_entry *d = &t->entry[victim];
    leave(e, d);
    uint32_t *at = bucket_of(t, d->hash);
    while (*at != victim) at = &t->entry[*at].chain;
    *at = d->chain;
    return victim;
}

static bool same_transaction(const struct dns_entry *a, const struct dns_entry *b) {
    return a->hash == b->hash && a->id == b->id && a->type == b->type &&
           a->client_port == b->client_port && a->server_port == b->server_port &&
           a->name_len == b->name_len && addr_equal(&a->client, &b->client) &&
           addr_equal(&a->server, &b->server) && memcmp(a->name, b->name, a->name_len) == 0;
}

static struct dns_entry *find(struct engine *e, const struct dns_entry *key) {
    uint32_t i = *bucket_of(&e->dns, key->hash);
    while (i != NONE && !same_transaction(&e->dns.entry[i], key)) i = e->dns.entry[i].chain;
    return i == NONE ? NULL : &e->dns.entry[i];
}

static void make_key(const struct engine *e, struct dns_entry *key, const struct packet *k,
                     const struct dns_message *m) {
    memset(key, 0, sizeof *key);
    key->client = m->response ? k->dst : k->src;
    key->server = m->response ? k->src : k->dst;
    key->client_port = m->response ? k->dport : k->sport;
    key->server_port = m->response ? k->sport : k->dport;
    key->client_mark = m->response ? 0 : flows_sender_mark(k);
    key->id = m->id;
    if (m->has_question) {
        key->type = m->qtype;
        key->name_len = m->name_len;
        for (unsigned i = 0; i < m->name_len; i++) {
            uint8_t c = m->name[i];
            key->name[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        }
    }
    uint8_t bytes[300];
    size_t n = 0;
    memcpy(bytes, &key->client_port, 8); /* both ports, id, type */
    n += 8;
    memcpy(bytes + n, key->client.b, 16);
    memcpy(bytes + n + 16, key->name, key->name_len);
    n += 16u + key->name_len;
    key->hash = hash_bytes(e->o.seed, bytes, n);
    key->udp_size = m->udp_size;
    key->iterative = !m->recursion_desired;
    key->target = select_dns_target(e, key->name, key->name_len);
}

static void take_query(struct engine *e, const struct dns_entry *key) {
    struct resolver *r = resolver_of(e, &key->server, key->server_port);
    e->total.dns_queries++;
    r->queries++;
    r->to_server = true;
    r->target |= key->target;
    struct dns_entry *d = find(e, key);
    if (d && !(d->answered && e->now_us - d->last_us > AGAIN_US)) {
        d->tries++;
        d->last_us = e->now_us;
        return;
    }
    e->total.dns_transactions++;
    r->transactions++;
    r->iterative += key->iterative;
    if (!d) {
        uint32_t i = make_room(e), *b = bucket_of(&e->dns, key->hash);
        d = &e->dns.entry[i];
        *d = *key;
        d->chain = *b;
        *b = i;
    }
    d->used = true;
    d->answered = false;
    d->extended_error = 0;
    d->tries = 1;
    d->answer_tries = d->responses = 0;
    d->latency_us = d->took_us = d->retry_us = 0;
    d->truncated = d->nodata = d->disputed = false;
    d->first_us = d->last_us = e->now_us;
}

static void note_latency(struct engine *e, uint64_t latency_us) {
    if (latency_us > e->total.slowest_dns_us) e->total.slowest_dns_us = latency_us;
}

/* After several tries an answer is taken for the last one's, since those before may be lost.  When
 * each of them gets an answer of its own, the first one was the first try's, and took longer. */
static void take_later_answer(struct engine *e, struct resolver *r, struct dns_entry *d) {
    d->responses++;
    if (d->answer_tries < 2 || d->responses != d->answer_tries || d->tries != d->answer_tries)
        return;
    uint64_t was = d->latency_us;
    d->latency_us += d->last_us - d->first_us;
    hist_correct(&e->total.dns, was, d->latency_us);
    sketch_correct(&r->latency, was, d->latency_us);
    note_latency(e, d->latency_us);
}

static void take_answer(struct engine *e, struct resolver *r, struct dns_entry *d,
                        const struct dns_response *a) {
    const struct dns_message *m = a->m;
    if (d->answered) {
        take_later_answer(e, r, d);
        dns_fault_next_answer(e, r, d, a);
        return;
    }
    d->answered = true;
    d->answer_tries = d->tries;
    d->responses = 1;
    d->rcode = m->rcode;
    d->answers = m->answers;
    d->addresses = m->addresses;
    d->extended_error = m->has_extended_error ? m->extended_error + 1u : 0;
    d->latency_us = e->now_us - d->last_us;
    hist_add(&e->total.dns, d->latency_us);
    sketch_add(&r->latency, d->latency_us);
    note_latency(e, d->latency_us);
    if (d->latency_us > LATE_US) r->late++;
    if (d->tries > 1) r->retried++;
    if (m->rcode != 0) note_trouble(e, r, d);
    dns_fault_first_answer(e, r, d, a);
}

static void take_response(struct engine *e, const struct dns_entry *key,
                          const struct dns_response *a) {
    const struct dns_message *m = a->m;
    struct resolver *r = resolver_of(e, &key->server, key->server_port);
    e->total.dns_responses++;
    codes_add(&e->total.dns_rcodes, m->rcode);
    r->responses++;
    r->to_client = true;
    r->target |= key->target;
    if (m->rcode < 6)
        r->rcode[m->rcode]++;
    else
        r->other_rcode++;
    struct dns_entry *d = find(e, key);
    if (d)
        take_answer(e, r, d, a);
    else
        dns_fault_unasked(e, r, key, a);
}

/* Updates, notifications, status: no question for a name, and a resolver that leaves or refuses
 * them is none that fails. */
static void count_other(struct engine *e, const struct dns_message *m) {
    if (!m->response) {
        e->total.dns_queries++;
        return;
    }
    e->total.dns_responses++;
    codes_add(&e->total.dns_rcodes, m->rcode);
}

/* An answer for the target's name, or for one it stands for, is kept under the target's own. */
static void learn_addresses(struct engine *e, const struct dns_message *m) {
    bool target = names_match_target(e, m->name, m->name_len), fresh = false;
    const uint8_t *known_as = target ? (const uint8_t *)e->o.target.name : m->name;
    uint32_t gen = 0, name;
    for (unsigned i = 0; i < m->aliases && target; i++)
        fresh |= names_follow(e, m->alias[i].name, m->alias[i].name_len, m->alias[i].ttl_s);
    name = names_keep(e, known_as, target ? e->target_name_len : m->name_len, &gen);
    if (name != NONE) e->names.name[name].resolved = true;
    for (unsigned i = 0; i < m->addresses && name != NONE; i++)
        fresh |= names_learn(e, &m->address[i].address, name, gen, m->address[i].ttl_s);
    if (fresh) select_again(e);
}

bool dns_message_seen(struct engine *e, const struct packet *k, struct cursor message, bool cut) {
    struct dns_message m;
    enum dns_status status = decode_dns(message, &m);
    if (status == DNS_NO_HEADER) return false;
    bool certain = dns_is_certain(&m, status, cut);
    struct dns_entry key;
    make_key(e, &key, k, &m);
    /* A damaged answer is one if the query was; else nothing of it is kept. */
    if (!certain && (!m.response || !find(e, &key))) return false;
    if (certain && m.response && m.opcode == 0 && m.addresses + m.aliases > 0)
        learn_addresses(e, &m);
    unsigned dir;
    uint32_t i = flows_find(e, k->ip_proto, &k->src, k->sport, &k->dst, k->dport, &dir);
    bool flow = i != NONE && e->flows.flow[i].bits & FLOW_SELECTED;
    if (!flow && !select_dns(e, key.name, key.name_len)) return true;
    e->message_selected = true;
    if (m.opcode != 0)
        count_other(e, &m);
    else if (m.response)
        take_response(e, &key, &(struct dns_response){k, &m, certain && status == DNS_OK});
    else
        take_query(e, &key);
    if (!m.response && k->ip_proto == 6 && e->dns_cut.used > 0) dns_fault_asked_over_tcp(e, &key);
    return true;
}

bool dns_datagram(struct engine *e, const struct packet *k) {
    bool cut = k->payload_cap < k->payload_bytes;
    return dns_message_seen(e, k, cursor_make(k->payload, k->payload_cap), cut);
}

/* True if `longer` is `shorter` with a dot and a suffix. */
static bool has_suffix_added(const struct dns_entry *longer, const struct dns_entry *shorter) {
    return longer->name_len > shorter->name_len + 1u && longer->name[shorter->name_len] == '.' &&
           memcmp(longer->name, shorter->name, shorter->name_len) == 0;
}

/* A link-layer address with several of IPv4 is a router's, and many ask behind it. */
static bool is_router(const struct engine *e, uint16_t mark) {
    const struct addr *first = NULL;
    for (uint32_t i = 0; i < e->dns.used; i++) {
        const struct dns_entry *o = &e->dns.entry[i];
        if (o->client_mark != mark || o->client.len != 4) continue;
        if (first && !addr_equal(first, &o->client)) return true;
        first = &o->client;
    }
    return false;
}

static bool same_or_suffixed(const struct dns_entry *a, const struct dns_entry *b) {
    return (a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0) ||
           has_suffix_added(a, b) || has_suffix_added(b, a);
}

/* Services of a directory: whoever looks for them has no use for the host of the bare name. */
static bool is_of_directory(const uint8_t *label, unsigned len) {
    static const char *const services[] = {"_msdcs", "_ldap", "_kerberos", "_kpasswd", "_gc"};
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (strlen(services[i]) == len && memcmp(label, services[i], len) == 0) return true;
    return false;
}

/* What is kept about a name stands below it, under labels that begin with an underscore (RFC 8552):
 * whether there is such a record or not, the name is there.  The entry's name without them. */
static struct dns_entry bare_name(const struct dns_entry *d) {
    struct dns_entry bare = {.name_len = d->name_len};
    unsigned from = 0;
    for (unsigned i = 0, label = 0; i < d->name_len; i++) {
        if (d->name[i] != '.') continue;
        if (is_of_directory(d->name + label, i - label)) from = d->name_len;
        if (d->name[label] == '_' && from < d->name_len) from = i + 1;
        label = i + 1;
    }
    if (from == d->name_len) from = 0;
    bare.name_len = (uint8_t)(d->name_len - from);
    memcpy(bare.name, d->name + from, bare.name_len);
    return bare;
}

/* A host with addresses of both families, or of IPv6 of several reaches, asks each resolver from
 * the address that fits. */
bool dns_is_resolved(const struct engine *e, const struct dns_entry *d) {
    bool other_reach = false;
    if (d->addresses > 0) return true;
    const struct dns_entry bare = bare_name(d);
    if (bare.name_len == 0) return false;
    bool about = bare.name_len < d->name_len && d->rcode == 3; /* RFC 1035: no such name */
    for (uint32_t i = 0; i < e->dns.used; i++) {
        const struct dns_entry *o = &e->dns.entry[i];
        bool found = o->addresses > 0 || (about && o->answered && o->rcode == 0 && o->answers > 0);
        if (!found || !same_or_suffixed(o, &bare)) continue;
        if (addr_equal(&o->client, &d->client)) return true;
        other_reach |= !addr_same_reach(&o->client, &d->client) && o->client_mark == d->client_mark;
    }
    return other_reach && d->client_mark != 0 && !is_router(e, d->client_mark);
}
