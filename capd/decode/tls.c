/* TLS records, hellos and alerts, as far as they travel in clear.  A hello is parsed in place; only
 * one that is spread over several records is put together first, in a buffer on the stack.
 * Runs in: worker.  Input trust: packets. */
#include "capd/decode/tls_hello.h"

#define SEAL_LEAST         17u /* content of one byte, and what proves it genuine */
#define TYPE_CHANGE_CIPHER 20u
#define TYPE_ALERT         21u
#define TYPE_HANDSHAKE     22u
#define TYPE_DATA          23u
#define TYPE_HEARTBEAT     24u

#define HANDSHAKE_CLIENT_HELLO 1u
#define HANDSHAKE_SERVER_HELLO 2u

#define MAX_RECORDS 64u /* of one hello */

enum tls_status tls_read_record(struct cursor *c, struct tls_record *out) {
    struct cursor at = *c;
    uint8_t bytes[TLS_RECORD_HEADER];
    for (unsigned i = 0; i < TLS_RECORD_HEADER; i++) {
        if (!cursor_u8(&at, &bytes[i])) return TLS_NEED_MORE;
        if (i == 0 && (bytes[0] < TYPE_CHANGE_CIPHER || bytes[0] > TYPE_HEARTBEAT))
            return TLS_NOT_TLS;
        if (i == 1 && bytes[1] != 3) return TLS_NOT_TLS;
        if (i == 2 && bytes[2] > 4) return TLS_NOT_TLS;
    }
    uint16_t length = (uint16_t)(bytes[3] << 8 | bytes[4]);
    if (length > TLS_MAX_RECORD) return TLS_NOT_TLS;
    *out = (struct tls_record){bytes[0], (uint16_t)(0x0300 | bytes[2]), length};
    *c = at;
    return TLS_OK;
}

/* Put the content of handshake records together, at most `cap` bytes.  Returns how many; stops
 * once the first message is whole.  *stream_out: bytes of the stream that the records take. */
static size_t gather(struct cursor c, uint8_t *buffer, size_t cap, uint32_t *stream_out) {
    size_t used = 0, need = 4;
    *stream_out = 0;
    for (unsigned i = 0; i < MAX_RECORDS && used < need && used < cap; i++) {
        struct tls_record r;
        if (tls_read_record(&c, &r) != TLS_OK || r.type != TYPE_HANDSHAKE) break;
        *stream_out += TLS_RECORD_HEADER + r.length;
        struct cursor content = cursor_sub(&c, r.length);
        size_t have = cursor_left(&content), take = have < cap - used ? have : cap - used;
        if (take > 0) memcpy(buffer + used, content.p, take);
        used += take;
        if (used >= 4) need = 4 + ((size_t)buffer[1] << 16 | (size_t)buffer[2] << 8 | buffer[3]);
        if (have < r.length) break;
    }
    return used;
}

/* The message at `c` (type, length, body), if it is a hello and not something encrypted that begins
 * alike: a plausible length and version 3.x tell. */
static bool hello_begins(struct cursor c, bool *client, uint32_t *len) {
    uint8_t type, major;
    if (!cursor_u8(&c, &type)) return false;
    if (type != HANDSHAKE_CLIENT_HELLO && type != HANDSHAKE_SERVER_HELLO) return false;
    *client = type == HANDSHAKE_CLIENT_HELLO;
    if (!cursor_be24(&c, len)) {
        *len = UINT32_MAX;
        return true;
    }
    return *len >= 34 && *len <= 0xffff && (!cursor_u8(&c, &major) || major == 3);
}

static enum tls_status handshake_read(struct cursor c, const struct tls_record *r,
                                      struct cursor content, struct tls_message *out) {
    uint8_t buffer[TLS_MAX_HELLO];
    bool client;
    uint32_t len;
    out->kind = TLS_OTHER_HANDSHAKE;
    if (r->length == 0) return TLS_OK;
    if (cursor_left(&content) == 0) return TLS_NEED_MORE;
    if (!hello_begins(content, &client, &len)) return TLS_OK;
    if (r->length < 4 || len > r->length - 4u) { /* not in this record alone */
        uint32_t stream_bytes;
        content = cursor_make(buffer, gather(c, buffer, sizeof buffer, &stream_bytes));
        if (!hello_begins(content, &client, &len)) return TLS_OK;
        out->stream_bytes = stream_bytes;
    }
    out->kind = client ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO;
    if (!cursor_skip(&content, 4)) return TLS_NEED_MORE;
    bool whole = cursor_left(&content) >= len;
    cursor_limit(&content, len);
    enum tls_status s = tls_read_hello((struct tls_body){content, whole}, client, &out->hello);
    return s == TLS_OK && !whole ? TLS_NEED_MORE : s; /* bytes after the extensions */
}

static enum tls_status alert_read(const struct tls_record *r, struct cursor content,
                                  struct tls_message *out) {
    out->kind = TLS_ENCRYPTED_ALERT;
    if (r->length != 2) return r->length < 2 ? TLS_MALFORMED : TLS_OK;
    if (!cursor_u8(&content, &out->alert_level) || !cursor_u8(&content, &out->alert_description))
        return TLS_NEED_MORE;
    out->kind = TLS_ALERT;
    return out->alert_level == 1 || out->alert_level == 2 ? TLS_OK : TLS_MALFORMED;
}

/* RFC 5246 appendix E.2: two bytes of length with the top bit set, type 1, version. */
static enum tls_status sslv2_read(struct cursor c, struct tls_message *out) {
    uint8_t high, low, type;
    uint16_t version, ciphers, session, challenge;
    if (!cursor_u8(&c, &high) || (high & 0x80u) == 0) return TLS_NOT_TLS;
    if (!cursor_u8(&c, &low)) return TLS_NEED_MORE;
    if (!cursor_u8(&c, &type)) return TLS_NEED_MORE;
    uint32_t len = (uint32_t)(high & 0x7fu) << 8 | low;
    if (type != HANDSHAKE_CLIENT_HELLO || len < 9) return TLS_NOT_TLS;
    if (!cursor_be16(&c, &version)) return TLS_NEED_MORE;
    if (version != 2 && (version < 0x0300 || version > 0x0303)) return TLS_NOT_TLS;
    if (!cursor_be16(&c, &ciphers) || !cursor_be16(&c, &session) || !cursor_be16(&c, &challenge))
        return TLS_NEED_MORE;
    if (ciphers == 0 || ciphers % 3 != 0 || 9u + ciphers + session + challenge != len)
        return TLS_NOT_TLS;
    out->kind = TLS_CLIENT_HELLO;
    out->stream_bytes = 2 + len;
    out->record_version = version;
    out->hello.legacy_version = out->hello.version = version;
    out->hello.sslv2 = true;
    return TLS_OK;
}

enum tls_status decode_tls(struct cursor c, struct tls_message *out) {
    struct cursor at = c;
    struct tls_record r;
    memset(out, 0, sizeof *out);
    enum tls_status s = tls_read_record(&at, &r);
    if (s == TLS_NOT_TLS) return sslv2_read(c, out);
    if (s != TLS_OK) return s;
    struct cursor content = cursor_sub(&at, r.length);
    out->record_version = r.version;
    out->stream_bytes = TLS_RECORD_HEADER + r.length;
    switch (r.type) {
    case TYPE_HANDSHAKE: return handshake_read(c, &r, content, out);
    case TYPE_ALERT: return alert_read(&r, content, out);
    case TYPE_CHANGE_CIPHER: out->kind = TLS_CHANGE_CIPHER; return TLS_OK;
    case TYPE_DATA: out->kind = TLS_APPLICATION_DATA; return TLS_OK;
    default: out->kind = TLS_HEARTBEAT; return TLS_OK;
    }
}

bool tls_is_data(struct cursor c) {
    struct tls_record r;
    return tls_read_record(&c, &r) == TLS_OK && r.type == TYPE_DATA && r.version > 0x0300 &&
           r.length >= SEAL_LEAST;
}

bool tls_can_begin(struct cursor c) {
    struct tls_message m;
    struct cursor at = c;
    struct tls_record r;
    uint8_t type;
    enum tls_status s = tls_read_record(&at, &r);
    if (cursor_left(&c) == 0) return false;
    if (s == TLS_NOT_TLS) return sslv2_read(c, &m) != TLS_NOT_TLS;
    if (s == TLS_NEED_MORE) return *c.p == TYPE_HANDSHAKE || *c.p == TYPE_ALERT;
    if (r.type == TYPE_ALERT) return r.length == 2;
    if (r.type != TYPE_HANDSHAKE || r.length == 0) return false;
    return !cursor_u8(&at, &type) || type == HANDSHAKE_CLIENT_HELLO ||
           type == HANDSHAKE_SERVER_HELLO;
}
