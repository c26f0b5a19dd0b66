#ifndef MCPD_NET_NET_H
#define MCPD_NET_NET_H
#include "mcpd/net/netproto.h"
#include <stdbool.h>

/* Each takes the request's id and words and answers exactly once. */
void net_resolve(const char *id, const char *name);  /* may block for long */
void net_route(const char *id, const char *address); /* sends nothing */
void net_resolvers(const char *id);                  /* reads resolv.conf */
void net_probe(const char *id, const char *kind, const char *host, const char *port);

/* Send "ID " and the text. */
void net_answer(const char *id, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void net_answer_error(const char *id, const char *text);
#endif
