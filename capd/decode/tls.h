#ifndef CAPD_DECODE_TLS_H
#define CAPD_DECODE_TLS_H
#include "common/bytes.h"

/* The part of TLS (RFC 5246, RFC 8446) that travels in clear: record headers, hellos, alerts. */

enum tls_status {
    TLS_OK,
    TLS_NEED_MORE, /* fine so far; a hello's fields seen are set */
    TLS_NOT_TLS,   /* does not begin like a TLS record (or an SSLv2 ClientHello) */
    TLS_MALFORMED  /* a record whose content contradicts its lengths */
};

enum tls_kind {
    TLS_CHANGE_CIPHER,
    TLS_ALERT,           /* in clear: level and description are set */
    TLS_ENCRYPTED_ALERT, /* an alert record that is not 2 bytes long */
    TLS_CLIENT_HELLO,
    TLS_SERVER_HELLO,
    TLS_OTHER_HANDSHAKE, /* in clear or not */
    TLS_APPLICATION_DATA,
    TLS_HEARTBEAT
};

#define TLS_RECORD_HEADER 5u
#define TLS_MAX_RECORD    (16384u + 2048u) /* RFC 5246 section 6.2.3 */
#define TLS_MAX_HELLO     4096u            /* of a hello spread over records, bytes looked at */
#define TLS_MAX_ALPN      32u

struct tls_record {
    uint8_t type;
    uint16_t version, length;
};

struct tls_hello {
    uint16_t legacy_version;
    uint16_t version;           /* client: highest offered, GREASE left out; server: selected */
    uint16_t cipher;            /* server only */
    bool hello_retry;           /* server: a HelloRetryRequest (RFC 8446 section 4.1.3) */
    bool ech;                   /* client: encrypted_client_hello (RFC 9849), or GREASE for it */
    bool sslv2;                 /* client: in SSLv2 framing (RFC 5246 appendix E.2) */
    uint8_t sni_len, alpn_len;  /* 0: none */
    uint8_t sni[255];           /* host_name as sent: not text until text_clean() made it so */
    uint8_t alpn[TLS_MAX_ALPN]; /* client: first offered; server: chosen (TLS 1.2, in clear) */
};

struct tls_message {
    enum tls_kind kind;
    uint16_t record_version;
    /* Stream bytes from the start of the input to the end of the record(s) described, which may
     * be more than were given: the caller skips them in the stream.  TLS_OK only. */
    uint32_t stream_bytes;
    uint8_t alert_level, alert_description;
    struct tls_hello hello;
};

/* Read a record header.  Consumes it only on TLS_OK. */
enum tls_status tls_read_record(struct cursor *c, struct tls_record *out);

/* Describe what stands at the start of `c`, a record boundary of one direction's stream: one
 * record, or the records that hold one hello.  Only of a hello or an alert more than the record
 * header must be there.  Fills `out` wholly. */
enum tls_status decode_tls(struct cursor c, struct tls_message *out);

/* True if a record of application data begins here, as it may in the middle of a stream. */
bool tls_is_data(struct cursor c);

/* True if the bytes can be the start of a stream of TLS: a hello (or an alert in its place), as far
 * as they go; at least one byte. */
bool tls_can_begin(struct cursor c);
#endif
