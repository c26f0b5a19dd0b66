/* Copies that the capture itself makes: two interfaces, a bridge and its ports, a mirror of both
 * directions.  They count as packets, and the engine's judgement of loss leaves them out, so what
 * was sent again must not pass for one.  Where the sender numbers its packets the IP id tells the
 * two apart.  Where it does not, as with IPv6, a timestamp of milliseconds does not either on a
 * fast network; but who sends again has been told what is missing.
 * Where captures of two places are put together a copy comes as late as the way between them takes,
 * and as their clocks differ.  A hop count of another length tells such a one; and where bare
 * ACKs, which nobody sends again, come again, everything does.
 * Runs in: worker.  Input trust: packets. */
#include "capd/track/copies.h"
#include "capd/track/path.h"

#define DUPLICATE_US      1000u    /* known by nothing but the time: sooner than a repetition */
#define DUPLICATE_TOLD_US 50000u   /* mirrors and bridges hand over batches, then their copies */
#define DUPLICATE_HOP_US  1000000u /* a copy seen again behind a router: TTL one less */
#define DUPLICATE_FAR_US  5000000u /* seen at another place, by another clock */
#define SYN_AGAIN_US      900000u  /* the timer of a second, less a tick */
#define FAR_US            10000u   /* no mirror as a rule */
#define FAR_MIN           8u
#define FAR_SHARE         8u
#define DUPLICATE_ACKS    3u /* RFC 5681: so many, and the sender repeats one segment */
#define USUAL_MSS         1460u
#define DOUBLED_SHARE     4u /* more copies than this part: no loss is so heavy */

/* Mix the bytes into `h`, eight at a time, the last ones again when they are fewer. */
static uint64_t fold(uint64_t h, const uint8_t *bytes, uint32_t n) {
    uint64_t word = 0;
    uint32_t at = 0;
    for (; at + 8 <= n; at += 8) {
        memcpy(&word, bytes + at, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    if (at == n) return h;
    if (n >= 8)
        memcpy(&word, bytes + n - 8, 8);
    else
        for (uint32_t i = 0; i < n; i++) word = word << 8 | bytes[i];
    h = (h ^ word) * 0xbf58476d1ce4e5b9u;
    return h ^ h >> 29;
}

/* 64 bits that copies share.  Keyed, but cheaper than the tables' hash: a forged match hides one
 * packet from the loss counters and no more. */
static uint64_t fingerprint(const struct engine *e, const struct packet *k, uint64_t whose,
                            bool has_id) {
    uint64_t h = e->o.seed[0] ^ (uint64_t)k->payload_bytes << 32 ^ (has_id ? k->ip_id : 0);
    h = (h ^ whose << 16) * 0xff51afd7ed558ccdu;
    if (k->ip_proto == 6) {
        const struct tcp_header *t = &k->tcp;
        h = (h ^ ((uint64_t)t->seq << 32 | t->ack)) * 0x9e3779b97f4a7c15u;
        h = (h ^ h >> 29 ^ ((uint64_t)t->ts_value << 32 | (uint32_t)t->window << 8 | t->flags)) *
            0xbf58476d1ce4e5b9u;
        if (t->sack_blocks) h ^= (uint64_t)t->sack_left[0] << 32 ^ t->sack_right[0];
    } else { /* senders that number every datagram alike exist: the content must be the same too */
        h = fold(h ^ e->o.seed[1], k->payload, k->payload_cap < 64 ? k->payload_cap : 64);
    }
    h = (h ^ h >> 32) * 0x94d049bb133111ebu;
    return h ^ h >> 32;
}

/* How much later a copy may come.  What is sent again has another IP id, or a later timestamp, or
 * waits for a timer of a second (SYN, RFC 6298). */
static uint32_t copy_us(const struct packet *k, bool has_id) {
    bool told = has_id || (k->ip_proto == 6 && (k->tcp.has_timestamps || k->tcp.flags & TCP_SYN));
    return told ? DUPLICATE_TOLD_US : DUPLICATE_US;
}

/* Are these packets of two places?  Then half of the bare ACKs are late copies; fewer when there
 * are more places, some of them near to each other. */
static bool is_of_two_places(const struct recent *r) {
    return r->bare_far >= FAR_MIN && r->bare_far >= r->bare / FAR_SHARE;
}

/* A match too late for a mirror: seen elsewhere, not sent again?  An IP id says nothing when its
 * sender gives the same to all, and little when it may send again the very packet that it had kept.
 * Probes of a route have few hops left, and each other ones. */
static bool was_seen_elsewhere(const struct engine *e, uint32_t flow, const struct packet *k,
                               unsigned dir, uint8_t ttl, uint32_t age) {
    bool tcp = k->ip_proto == 6, syn = tcp && k->tcp.flags & TCP_SYN;
    bool has_id = packet_is_numbered(k);
    bool other_hops = ttl != k->ttl && ttl >= PATH_FEW_HOPS && k->ttl >= PATH_FEW_HOPS;
    bool apart = other_hops || is_of_two_places(&e->recent);
    if (!tcp) return age <= DUPLICATE_HOP_US && is_of_two_places(&e->recent);
    if (!has_id)
        return syn && apart && age <= (k->tcp.has_timestamps ? DUPLICATE_FAR_US : SYN_AGAIN_US);
    bool bare = k->payload_bytes == 0 && !(k->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST));
    return age <= DUPLICATE_FAR_US && (syn || e->flows.flow[flow].side[dir].id_changed) &&
           (bare || apart);
}

/* What is kept about the data that end `dir` of a flow sends. */
static struct told *told_of(struct engine *e, uint32_t flow, unsigned dir) {
    uint32_t place = flow << 1 | dir, whose = place ^ (uint32_t)e->flows.flow[flow].first_us;
    struct told *v = &e->recent.told[place % TOLD_SENDERS];
    if (v->whose != whose) *v = (struct told){.whose = whose};
    return v;
}

/* Has the other end said, since `since_us`, that it misses this?  A capture that sees everything
 * twice sees what was lost twice as well. */
static bool is_missed(struct engine *e, uint32_t flow, const struct packet *k, unsigned dir,
                      uint32_t since_us) {
    const struct flow *f = &e->flows.flow[flow];
    const struct told *v = told_of(e, flow, dir);
    if (v->copies > f->data_segments[dir] / DOUBLED_SHARE) return false;
    return v->us && (int32_t)(v->us - since_us) >= 0 && seq_before(k->tcp.seq, v->end) &&
           !seq_before(k->tcp.seq, f->side[!dir].acked);
}

void copies_note_ack(struct engine *e, const struct segment *s) {
    const struct flow_side *side = &s->f->side[s->dir];
    const struct tcp_header *t = &s->k->tcp;
    uint32_t end = t->ack;
    for (unsigned i = 0; i < t->sack_blocks; i++)
        if (seq_after(t->sack_right[i], end)) end = t->sack_right[i];
    if (end == t->ack && side->dup_acks >= DUPLICATE_ACKS) end++;
    if (end == t->ack) return;
    struct told *v = told_of(e, s->i, !s->dir);
    v->us = s->us | 1u;
    v->end = end;
}

static void remember_long(struct engine *e, uint32_t whose, const struct packet *k) {
    struct long_set *set = &e->recent.longs[whose % LONG_SETS];
    set->at = (uint8_t)((set->at + 1u) % LONG_SEGMENTS);
    set->segment[set->at] = (struct long_segment){.whose = whose,
                                                  .seq = k->tcp.seq,
                                                  .len = k->payload_bytes,
                                                  .ack = k->tcp.ack,
                                                  .ts = k->tcp.ts_value,
                                                  .us = e->stamp_us,
                                                  .id = k->has_ip_id ? (uint16_t)k->ip_id : 0,
                                                  .ttl = k->ttl};
}

/* A piece of it has an IP id for each piece before it, or all have the same; what is sent again has
 * one behind the last piece. */
static bool is_piece(const struct long_segment *v, const struct packet *k) {
    uint32_t off = k->tcp.seq - v->seq, steps = (uint16_t)(k->ip_id - v->id);
    if (off >= v->len || k->payload_bytes > v->len - off || k->payload_bytes == v->len)
        return false;
    if (k->tcp.ack != v->ack || k->tcp.ts_value != v->ts) return false;
    return !v->id || !k->has_ip_id || (uint64_t)steps * k->payload_bytes <= off;
}

/* Seen before as part of a longer segment: behind a router that takes segments as one and sends
 * them apart, or on two interfaces with different offloads. */
static bool was_seen_in_one(struct engine *e, uint32_t flow, const struct packet *k, unsigned dir) {
    const struct flow *f = &e->flows.flow[flow];
    const struct flow_side *side = &f->side[dir];
    uint32_t mss = f->side[!dir].mss, whose = flow << 1 | dir, us = e->stamp_us;
    if (k->payload_bytes > (mss ? mss : USUAL_MSS)) remember_long(e, whose, k);
    if (!(side->bits & SIDE_NEXT) || !seq_before(k->tcp.seq, side->next)) return false;
    const struct long_set *set = &e->recent.longs[whose % LONG_SETS];
    for (unsigned n = 0; n < LONG_SEGMENTS; n++) {
        const struct long_segment *v = &set->segment[n];
        bool numbered = v->id != 0, hop = v->ttl == k->ttl + 1u;
        if (v->whose != whose || !is_piece(v, k)) continue;
        if ((hop || v->ttl == k->ttl) &&
            us - v->us <= (hop ? DUPLICATE_HOP_US : copy_us(k, numbered)) &&
            (numbered || !is_missed(e, flow, k, dir, v->us)))
            return true;
        if (numbered && was_seen_elsewhere(e, flow, k, dir, v->ttl, us - v->us)) return true;
    }
    return false;
}

/* By what is known of a packet before its flow is, and alike for its copies. */
static struct recent_set *set_of(const struct engine *e, uint32_t tag, const struct packet *k) {
    uint64_t h = (uint64_t)tag << 32 ^ k->payload_bytes ^ (k->has_ip_id ? k->ip_id << 16 : 0);
    if (k->ip_proto == 6) h ^= (uint64_t)k->tcp.seq << 16;
    h *= 0x9e3779b97f4a7c15u;
    return &e->recent.set[h >> 40 & (e->recent.sets - 1)];
}

void copies_expect(const struct engine *e, const struct flow_key *key, const struct packet *k) {
    if (k->ip_proto != 6 && !packet_is_numbered(k)) return;
    const struct recent_set *s = set_of(e, flow_key_tag(key), k);
    __builtin_prefetch(s, 1);
    __builtin_prefetch((const uint8_t *)(s + 1) - 1, 1);
}

bool copies_is_one(struct engine *e, uint32_t flow, const struct packet *k, unsigned dir) {
    bool tcp = k->ip_proto == 6,
         bare = tcp && k->payload_bytes == 0 && !(k->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST));
    bool has_id = packet_is_numbered(k);
    if (!has_id && (bare || !tcp)) return false; /* nothing tells a copy from a repetition */
    uint64_t print = fingerprint(e, k, (uint64_t)flow << 1 | dir, has_id);
    if (bare) e->recent.bare++;
    struct recent_set *s = set_of(e, e->flows.link[flow].tag, k);
    uint32_t hash = (uint32_t)(print >> 32) | 1u, us = e->stamp_us;
    for (unsigned n = 0; n < RECENT_PACKETS; n++) {
        if (s->hash[n] != hash) continue;
        uint32_t later = us - s->us[n]; /* two interfaces or cores: the copy may be stamped first */
        uint32_t age = later >> 31 ? 0u - later : later;
        bool hop = s->ttl[n] == k->ttl + 1u;
        bool again = tcp && !has_id && is_missed(e, flow, k, dir, s->us[n]);
        if ((age <= copy_us(k, has_id) && !again) || (hop && age <= DUPLICATE_HOP_US) ||
            was_seen_elsewhere(e, flow, k, dir, s->ttl[n], age)) {
            s->ttl[n] = k->ttl;
            if (bare && age >= FAR_US) e->recent.bare_far++;
            if (!has_id) told_of(e, flow, dir)->copies++;
            return true;
        }
    }
    if (tcp && k->payload_bytes > 0 && was_seen_in_one(e, flow, k, dir)) return true;
    s->at = (uint8_t)((s->at + 1u) % RECENT_PACKETS);
    s->hash[s->at] = hash;
    s->us[s->at] = us;
    s->ttl[s->at] = k->ttl;
    return false;
}
