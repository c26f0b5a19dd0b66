/* The body of ClientHello and ServerHello (RFC 8446 sections 4.1.2 and 4.1.3, RFC 5246 the same).
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/tls_hello.h"

#define EXT_SERVER_NAME 0u
#define EXT_ALPN        16u
#define EXT_VERSIONS    43u
#define EXT_ECH         0xfe0du
#define MAX_EXTENSIONS  128u

/* SHA-256 of "HelloRetryRequest", RFC 8446 section 4.1.3 */
static const uint8_t retry_random[32] = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

/* What a failed read inside a hello means. */
static enum tls_status body_short(const struct tls_body *b) {
    return b->whole ? TLS_MALFORMED : TLS_NEED_MORE;
}

/* Split off a vector with a length field of `size` bytes.  False: not all of it is there. */
static bool vector_take(struct cursor *c, unsigned size, struct cursor *out) {
    uint8_t len8;
    uint16_t len16;
    if (size == 1) {
        if (!cursor_u8(c, &len8)) return false;
        len16 = len8;
    } else if (!cursor_be16(c, &len16)) {
        return false;
    }
    if (cursor_left(c) < len16) return false;
    *out = cursor_sub(c, len16);
    return true;
}

static void copy_name(struct cursor name, uint8_t *out, size_t cap, uint8_t *len_out) {
    size_t len = cursor_left(&name) < cap ? cursor_left(&name) : cap;
    if (len > 0) memcpy(out, name.p, len);
    *len_out = (uint8_t)len;
}

/* RFC 6066 section 3: the first entry of type host_name. */
static bool ext_server_name(struct cursor data, struct tls_hello *h) {
    struct cursor list, name;
    uint8_t type;
    if (cursor_left(&data) == 0) return true; /* a server's acknowledgement */
    if (!vector_take(&data, 2, &list)) return false;
    if (cursor_left(&list) == 0) return true;
    if (!cursor_u8(&list, &type) || !vector_take(&list, 2, &name)) return false;
    if (type == 0) copy_name(name, h->sni, sizeof h->sni, &h->sni_len);
    return true;
}

static bool ext_alpn(struct cursor data, struct tls_hello *h) {
    struct cursor list, name;
    if (!vector_take(&data, 2, &list) || !vector_take(&list, 1, &name)) return false;
    copy_name(name, h->alpn, sizeof h->alpn, &h->alpn_len);
    return true;
}

/* A version as it counts: drafts of TLS 1.3 are 0x7fNN. */
static uint16_t version_clean(uint16_t v) {
    return v >> 8 == 0x7f ? 0x0304 : v;
}

/* Values above TLS 1.3 are GREASE (RFC 8701) or not known here. */
static bool ext_versions(struct cursor data, bool client, struct tls_hello *h) {
    struct cursor list = data;
    uint16_t v, best = 0;
    if (client && !vector_take(&data, 1, &list)) return false;
    while (cursor_be16(&list, &v))
        if (version_clean(v) > best && version_clean(v) <= 0x0304) best = version_clean(v);
    if (best != 0) h->version = best;
    return cursor_left(&list) == 0;
}

static enum tls_status extensions_read(struct tls_body *b, bool client, struct tls_hello *h) {
    uint16_t total;
    if (cursor_left(&b->c) == 0) return b->whole ? TLS_OK : TLS_NEED_MORE; /* SSL 3: none */
    if (!cursor_be16(&b->c, &total)) return body_short(b);
    if (b->whole && total > cursor_left(&b->c)) return TLS_MALFORMED;
    if (total <= cursor_left(&b->c)) *b = (struct tls_body){cursor_sub(&b->c, total), true};
    for (unsigned i = 0; cursor_left(&b->c) > 0; i++) {
        uint16_t type;
        struct cursor data;
        bool ok = true;
        if (i == MAX_EXTENSIONS) return TLS_MALFORMED;
        if (!cursor_be16(&b->c, &type) || !vector_take(&b->c, 2, &data)) return body_short(b);
        if (type == EXT_ECH) h->ech = client;
        if (type == EXT_SERVER_NAME) ok = ext_server_name(data, h);
        if (type == EXT_ALPN) ok = ext_alpn(data, h);
        if (type == EXT_VERSIONS) ok = ext_versions(data, client, h);
        if (!ok) return TLS_MALFORMED;
    }
    return b->whole ? TLS_OK : TLS_NEED_MORE;
}

enum tls_status tls_read_hello(struct tls_body b, bool client, struct tls_hello *h) {
    const uint8_t *random;
    struct cursor skipped;
    uint8_t compression;
    if (!cursor_be16(&b.c, &h->legacy_version)) return body_short(&b);
    h->version = h->legacy_version;
    if (!cursor_take(&b.c, 32, &random) || !vector_take(&b.c, 1, &skipped)) return body_short(&b);
    if (client) {
        if (!vector_take(&b.c, 2, &skipped) || !vector_take(&b.c, 1, &skipped))
            return body_short(&b);
    } else {
        h->hello_retry = memcmp(random, retry_random, 32) == 0;
        if (!cursor_be16(&b.c, &h->cipher) || !cursor_u8(&b.c, &compression)) return body_short(&b);
    }
    return extensions_read(&b, client, h);
}
