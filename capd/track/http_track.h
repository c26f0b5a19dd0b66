#ifndef CAPD_TRACK_HTTP_TRACK_H
#define CAPD_TRACK_HTTP_TRACK_H
#include "capd/track/state.h"

/* How bad the request went, for the choice of rows. */
uint64_t http_score(const struct http_entry *h);
uint64_t tls_score(const struct tls_entry *t);
enum tls_outcome tls_outcome_of(const struct engine *e, const struct tls_entry *t);
#endif
