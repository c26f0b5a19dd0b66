#ifndef MCPD_TRANSPORT_HTTPHEAD_H
#define MCPD_TRANSPORT_HTTPHEAD_H
/* What single HTTP header values mean.  Pure; values are as received, NUL-terminated; NULL: absent.
 */
#include <stdbool.h>
#include <stddef.h>

/* Names a host is called by besides localhost, 127.0.0.1 and [::1]; brackets around IPv6. */
struct head_names {
    const char *const *name;
    size_t count;
};

/* Host names this machine itself: a page whose name was re-bound to a local address is told apart
 * by it.  Any port. `address` is what the connection came to ("192.0.2.1", "[2001:db8::1]"), NULL:
 * none. */
bool head_host_is_ours(const char *host, const char *address, const struct head_names *more);

/* The path of a request target in origin form, or in absolute form (RFC 9112, sections 3.2.1 and
 * 3.2.2).  `authority_out` gets "host:port" of the second, "" of the first; it must name this
 * machine as Host must.  NULL: neither form, or an authority that is longer than `cap`. */
const char *head_target_path(const char *target, char *authority_out, size_t cap);

enum head_origin {
    HEAD_ORIGIN_NONE,   /* no browser, or none that tells */
    HEAD_ORIGIN_LOCAL,  /* a page of this machine */
    HEAD_ORIGIN_LISTED, /* configured: it gets CORS headers */
    HEAD_ORIGIN_REFUSED /* also "null" and what cannot be read */
};
enum head_origin head_origin(const char *origin, const struct head_names *listed);

/* True for scheme://host[:port] with http or https, without anything behind it. */
bool head_is_origin(const char *text);

struct head_accept {
    bool json, sse;
    bool sse_named; /* text/event-stream itself, not a wildcard */
};
/* An absent header, and one that only names types we cannot send, differ: the second has neither.
 */
struct head_accept head_accept(const char *accept);

/* True for application/json, whatever its parameters. */
bool head_is_json(const char *content_type);

/* The token of "Bearer TOKEN", NULL if it is none. */
const char *head_bearer(const char *authorization);

#endif
