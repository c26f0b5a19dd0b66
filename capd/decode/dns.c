/* DNS messages.  Names are read through compression pointers only for the first question, for what
 * a CNAME points at, and for whose address an answer gives; other names are skipped in place.  A
 * pointer must point strictly before the part of the name that holds it, so that following pointers
 * ends by itself; the hard count is a second fence. Runs in: worker.  Input trust: packets. */
#include "capd/decode/dns.h"

#define TYPE_A       1u
#define TYPE_CNAME   5u
#define TYPE_AAAA    28u
#define TYPE_OPT     41u
#define TYPE_SVCB    64u
#define TYPE_HTTPS   65u
#define HINT_V4      4u /* RFC 9460 section 14.3.2: keys ipv4hint, ipv6hint */
#define HINT_V6      6u
#define OPTION_EDE   15u /* RFC 8914 section 2 */
#define CLASS_IN     1u
#define CLASS_MASK   0x7fffu /* the top bit is mDNS's, RFC 6762 section 10.2 */
#define MAX_LABELS   128u    /* 255 bytes hold no more */
#define MAX_POINTERS 32u
#define MAX_NAME     253u /* 255 bytes on the wire */

/* Where a name is written: at least 255 bytes. */
struct name_out {
    uint8_t *text, *len;
};

/* Join one label to the name.  False: over the limit. */
static bool name_add(struct name_out out, const uint8_t *label, uint8_t len) {
    if (*out.len + (*out.len > 0 ? 1u : 0u) + len > MAX_NAME) return false;
    if (*out.len > 0) out.text[(*out.len)++] = '.';
    memcpy(out.text + *out.len, label, len);
    *out.len = (uint8_t)(*out.len + len);
    return true;
}

/* Read a name at *c; *c is left behind its in-place part. */
static enum dns_status name_read(struct cursor whole, struct cursor *c, struct name_out out) {
    struct cursor at = *c;
    const uint8_t *run = at.p; /* where the part being read begins */
    unsigned pointers = 0;
    for (unsigned i = 0; i < MAX_LABELS + MAX_POINTERS; i++) {
        uint8_t len, low;
        const uint8_t *label;
        if (!cursor_u8(&at, &len)) return DNS_INCOMPLETE;
        if (len == 0) {
            if (pointers == 0) *c = at;
            return DNS_OK;
        }
        if (len < 0x40) {
            if (!cursor_take(&at, len, &label)) return DNS_INCOMPLETE;
            if (!name_add(out, label, len)) return DNS_MALFORMED;
            continue;
        }
        if (len < 0xc0) return DNS_MALFORMED;
        if (!cursor_u8(&at, &low)) return DNS_INCOMPLETE;
        if (pointers++ == 0) *c = at;
        size_t target = (size_t)(len & 0x3fu) << 8 | low;
        if (pointers > MAX_POINTERS || target >= (size_t)(run - whole.p)) return DNS_MALFORMED;
        at = whole;
        (void)cursor_skip(&at, target); /* before `run`, hence inside */
        run = at.p;
    }
    return DNS_MALFORMED;
}

static enum dns_status name_skip(struct cursor *c) {
    for (unsigned i = 0; i < MAX_LABELS; i++) {
        uint8_t len;
        if (!cursor_u8(c, &len)) return DNS_INCOMPLETE;
        if (len == 0) return DNS_OK;
        if (len >= 0xc0) return cursor_skip(c, 1) ? DNS_OK : DNS_INCOMPLETE;
        if (len >= 0x40) return DNS_MALFORMED;
        if (!cursor_skip(c, len)) return DNS_INCOMPLETE;
    }
    return DNS_MALFORMED;
}

static bool header_read(struct cursor *c, struct dns_message *m) {
    uint16_t flags;
    if (cursor_left(c) < 12 || !cursor_be16(c, &m->id) || !cursor_be16(c, &flags) ||
        !cursor_be16(c, &m->questions) || !cursor_be16(c, &m->answers) ||
        !cursor_be16(c, &m->authorities) || !cursor_be16(c, &m->additionals))
        return false;
    m->response = (flags & 0x8000u) != 0;
    m->opcode = flags >> 11 & 0x0fu;
    m->authoritative = (flags & 0x0400u) != 0;
    m->truncated = (flags & 0x0200u) != 0;
    m->recursion_desired = (flags & 0x0100u) != 0;
    m->recursion_available = (flags & 0x0080u) != 0;
    m->reserved = (flags & 0x0040u) != 0;
    m->rcode = flags & 0x000fu;
    return true;
}

/* The first question is kept, others are skipped. */
static enum dns_status question_read(struct cursor whole, struct cursor *c, bool first,
                                     struct dns_message *m) {
    struct name_out name = {m->name, &m->name_len};
    enum dns_status s = first ? name_read(whole, c, name) : name_skip(c);
    uint16_t type, class;
    if (s == DNS_OK && (!cursor_be16(c, &type) || !cursor_be16(c, &class))) s = DNS_INCOMPLETE;
    if (s != DNS_OK) {
        if (first) m->name_len = 0;
        return s;
    }
    if (first) {
        m->qtype = type;
        m->qclass = class;
        m->has_question = true;
    }
    return DNS_OK;
}

struct record {
    uint16_t type, class;
    uint32_t ttl_s;
    struct cursor owner, data;
};

static enum dns_status record_read(struct cursor *c, struct record *r) {
    uint16_t len;
    r->owner = *c;
    enum dns_status s = name_skip(c);
    if (s != DNS_OK) return s;
    if (!cursor_be16(c, &r->type) || !cursor_be16(c, &r->class) || !cursor_be32(c, &r->ttl_s) ||
        !cursor_be16(c, &len) || cursor_left(c) < len)
        return DNS_INCOMPLETE;
    r->data = cursor_sub(c, len);
    return DNS_OK;
}

static bool name_is(const uint8_t *a, uint8_t a_len, const uint8_t *b, uint8_t b_len) {
    if (a_len != b_len) return false;
    for (unsigned i = 0; i < a_len; i++) {
        uint8_t differ = a[i] ^ b[i], low = a[i] | 0x20u;
        if (differ && !(differ == 0x20 && low >= 'a' && low <= 'z')) return false;
    }
    return true;
}

/* Does the record speak of the name asked for, or of one on its chain of CNAMEs so far?  A resolver
 * drops others (RFC 5452 section 6); a name must not get an address by what is said beside it. */
static bool record_fits(struct cursor whole, const struct record *r, const struct dns_message *m) {
    uint8_t name[255], len = 0;
    struct cursor at = r->owner;
    if (name_read(whole, &at, (struct name_out){name, &len}) != DNS_OK) return false;
    bool fits = !m->has_question || name_is(name, len, m->name, m->name_len);
    for (unsigned i = 0; i < m->aliases && !fits; i++)
        fits = name_is(name, len, m->alias[i].name, m->alias[i].name_len);
    return fits || m->aliases == DNS_MAX_ALIASES;
}

static void address_add(struct dns_message *m, struct cursor *data, size_t len, uint32_t ttl_s) {
    const uint8_t *bytes;
    if (m->addresses >= DNS_MAX_ADDRESSES || !cursor_take(data, len, &bytes)) return;
    m->address[m->addresses].address = addr_from_bytes(bytes, len);
    m->address[m->addresses].ttl_s = ttl_s;
    m->addresses++;
}

static void alias_add(struct cursor whole, const struct record *r, struct dns_message *m) {
    struct cursor data = r->data;
    if (m->aliases >= DNS_MAX_ALIASES) return;
    struct dns_alias *a = &m->alias[m->aliases];
    a->name_len = 0;
    a->ttl_s = r->ttl_s;
    if (name_read(whole, &data, (struct name_out){a->name, &a->name_len}) == DNS_OK) m->aliases++;
}

/* Address hints of an HTTPS or SVCB record: priority, name, then (key, length, value) in turn. */
static void hints_add(const struct record *r, struct dns_message *m) {
    struct cursor data = r->data;
    uint16_t key, len;
    if (!cursor_skip(&data, 2) || name_skip(&data) != DNS_OK) return;
    for (unsigned i = 0; i < DNS_MAX_HINT_KEYS; i++) {
        if (!cursor_be16(&data, &key) || !cursor_be16(&data, &len) || cursor_left(&data) < len)
            return;
        struct cursor value = cursor_sub(&data, len);
        size_t each = key == HINT_V4 ? 4 : key == HINT_V6 ? 16 : 0;
        while (each && cursor_left(&value) >= each && m->addresses < DNS_MAX_ADDRESSES)
            address_add(m, &value, each, r->ttl_s);
    }
}

static void answer_use(struct cursor whole, const struct record *r, struct dns_message *m) {
    struct cursor data = r->data;
    size_t len = cursor_left(&data);
    if (m->answers_read++ == 0 || r->ttl_s < m->min_ttl_s) m->min_ttl_s = r->ttl_s;
    if (r->type == TYPE_CNAME) m->cnames++;
    if ((r->class & CLASS_MASK) != CLASS_IN || !record_fits(whole, r, m)) return;
    if (r->type == TYPE_CNAME) alias_add(whole, r, m);
    if (r->type == TYPE_HTTPS || r->type == TYPE_SVCB) hints_add(r, m);
    if ((r->type == TYPE_A && len == 4) || (r->type == TYPE_AAAA && len == 16))
        address_add(m, &data, len, r->ttl_s);
}

static void additional_use(const struct record *r, struct dns_message *m) {
    struct cursor data = r->data;
    uint16_t option, len;
    if (r->type != TYPE_OPT || m->has_opt) return;
    m->has_opt = true;
    m->udp_size = r->class;
    m->rcode = (uint16_t)(m->rcode | r->ttl_s >> 24 << 4); /* RFC 6891 section 6.1.3 */
    for (unsigned i = 0; i < DNS_MAX_OPTIONS && !m->has_extended_error; i++) {
        if (!cursor_be16(&data, &option) || !cursor_be16(&data, &len) || cursor_left(&data) < len)
            return;
        struct cursor value = cursor_sub(&data, len);
        if (option == OPTION_EDE) m->has_extended_error = cursor_be16(&value, &m->extended_error);
    }
}

enum dns_status decode_dns(struct cursor c, struct dns_message *out) {
    struct cursor whole = c;
    memset(out, 0, sizeof *out);
    if (!header_read(&c, out)) return DNS_NO_HEADER;
    uint32_t budget = DNS_MAX_RECORDS;
    for (uint32_t i = 0; i < out->questions; i++) {
        if (budget-- == 0) return DNS_INCOMPLETE;
        enum dns_status s = question_read(whole, &c, i == 0, out);
        if (s != DNS_OK) return s;
    }
    uint32_t answers = out->answers, others = answers + out->authorities;
    uint32_t records = others + out->additionals;
    for (uint32_t i = 0; i < records; i++) {
        struct record r;
        if (budget-- == 0) return DNS_INCOMPLETE;
        enum dns_status s = record_read(&c, &r);
        if (s != DNS_OK) return s;
        if (i < answers)
            answer_use(whole, &r, out);
        else if (i >= others)
            additional_use(&r, out);
    }
    return DNS_OK;
}

static bool class_is_known(uint16_t class) {
    return class == CLASS_IN || class == 3 || class == 4 || class == 254 || class == 255;
}

bool dns_is_certain(const struct dns_message *m, enum dns_status status, bool cut) {
    if (status == DNS_INCOMPLETE) {
        if (!cut && !m->truncated && m->answers_read < DNS_MAX_RECORDS / 2) return false;
    } else if (status != DNS_OK) {
        return false;
    }
    if (!m->has_question || m->questions != 1 || m->reserved || m->opcode > 5) return false;
    if (m->qtype == 0 || !class_is_known(m->qclass)) return false;
    return m->response || m->opcode != 0 || m->answers == 0;
}
