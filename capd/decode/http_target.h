#ifndef CAPD_DECODE_HTTP_TARGET_H
#define CAPD_DECODE_HTTP_TARGET_H
#include "capd/decode/http.h"

/* What may be kept of a request's target and Host, and nothing else of them. */

/* Fill path and host of `m` from a request target in any form (RFC 9112 section 3.2). */
void http_target_read(struct cursor target, bool connect, struct http_message *m);

/* Host and port, without userinfo (RFC 9110 section 4.2.4); empty when it is not clear which part
 * of the text is the host. */
struct http_view http_host_of(struct cursor authority);

/* Copy a path with what could be a secret masked by '*': segments with an '@', values of
 * parameters (";sid=..", "key=..") and all behind an encoded '?' or '#'; '%40' and the like count
 * as the sign, however often they are encoded.  At most `cap` bytes; returns how many. */
size_t http_path_copy(struct http_view path, uint8_t *out, size_t cap);
#endif
