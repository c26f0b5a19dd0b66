#ifndef CAPD_DECODE_TLS_HELLO_H
#define CAPD_DECODE_TLS_HELLO_H
#include "capd/decode/tls.h"

/* Between tls.c and tls_hello.c; nobody else includes this. */

/* Body of a handshake message: the bytes that are there, and whether that is all of it. */
struct tls_body {
    struct cursor c;
    bool whole;
};

/* Read a hello into the zeroed `h`.  TLS_NEED_MORE: `b` is cut; the fields before the cut are set.
 */
enum tls_status tls_read_hello(struct tls_body b, bool client, struct tls_hello *h);
#endif
