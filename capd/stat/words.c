/* The only places where text from the wire becomes text of a snapshot.  With names off a name or a
 * path leaves as a hash of it, and a word only if it is one that everybody knows.  The hashes are
 * keyed by a secret that is drawn for each capture and ends with it: the same name has the same
 * hash in all tables of one capture, so that rows can be put together, while nobody who holds a
 * report can try names against it, nor follow one from capture to capture.
 * Runs in: worker.  Input trust: packets. */
#include "capd/stat/rows.h"
#include "capd/track/hash.h"
#include "common/text.h"

#define HASHED_BYTES 14u /* "name-" or "path-", eight digits, NUL */

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* The key of the tables is not shown, not even a hash made with it: whoever sends packets and reads
 * reports could find names that fall into one bucket. */
static void hash_out(const struct engine *e, const char kind[6], const uint8_t *text, size_t len,
                     char *out) {
    static const char hex[] = "0123456789abcdef";
    uint64_t key[2] = {hash_bytes(e->o.seed, "names off 1", 11),
                       hash_bytes(e->o.seed, "names off 2", 11)};
    uint64_t h = hash_bytes(key, text, len);
    memcpy(out, kind, 5);
    for (unsigned i = 0; i < 8; i++) out[5 + i] = hex[h >> (4 * i) & 15];
    out[HASHED_BYTES - 1] = 0;
}

void name_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap) {
    uint8_t low[LIM_NAME];
    out[0] = 0;
    if (len == 0) return;
    if (e->o.names) {
        text_clean(text, len, out, cap);
        return;
    }
    if (len > 1 && text[len - 1] == '.') len--;
    if (len > sizeof low) len = sizeof low;
    for (size_t i = 0; i < len; i++) low[i] = lower(text[i]);
    if (cap >= HASHED_BYTES) hash_out(e, "name-", low, len, out);
}

void path_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap) {
    out[0] = 0;
    if (len == 0) return;
    if (e->o.names)
        text_clean(text, len, out, cap);
    else if (cap >= HASHED_BYTES)
        hash_out(e, "path-", text, len, out);
}

static bool is_known(const uint8_t *text, size_t len, const char *const *known) {
    for (; *known; known++) {
        size_t i = 0;
        while (i < len && (*known)[i] && (uint8_t)(*known)[i] == text[i]) i++;
        if (i == len && (*known)[i] == 0) return true;
    }
    return false;
}

static void word_out(const struct engine *e, const uint8_t *text, size_t len,
                     const char *const *known, char *out, size_t cap) {
    out[0] = 0;
    if (len == 0) return;
    if (e->o.names || is_known(text, len, known))
        text_clean(text, len, out, cap);
    else if (cap >= 6)
        memcpy(out, "other", 6);
}

/* RFC 9110, RFC 5789, RFC 4918. */
void method_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap) {
    static const char *const known[] = {
        "GET",      "HEAD",      "POST",  "PUT",  "DELETE", "CONNECT", "TRACE",  "OPTIONS", "PATCH",
        "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",   "LOCK",    "UNLOCK", NULL};
    word_out(e, text, len, known, out, cap);
}

/* IANA "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs". */
void alpn_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap) {
    static const char *const known[] = {"http/0.9",    "http/1.0",
                                        "http/1.1",    "h2",
                                        "h2c",         "h3",
                                        "dot",         "doq",
                                        "ftp",         "imap",
                                        "pop3",        "smtp",
                                        "managesieve", "mqtt",
                                        "coap",        "irc",
                                        "nntp",        "ntske/1",
                                        "postgresql",  "smb",
                                        "acme-tls/1",  "sip/2",
                                        "webrtc",      "c-webrtc",
                                        "stun.turn",   "stun.nat-discovery",
                                        "xmpp-client", "xmpp-server",
                                        NULL};
    word_out(e, text, len, known, out, cap);
}
