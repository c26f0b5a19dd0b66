#ifndef CAPD_STAT_ROWS_H
#define CAPD_STAT_ROWS_H
#include "capd/track/state.h"

/* Rows of the snapshot's tables, worst first, full tie-breaks: the order never depends on the hash
 * seed.  Each fills e->rows and returns how many; *of_out: how many there were in all. */
uint32_t rows_services(struct engine *e, struct msg_service *rows, uint64_t *of_out);
uint32_t rows_resolvers(struct engine *e, struct msg_resolver *rows, uint64_t *of_out);
uint32_t rows_connections(struct engine *e, struct msg_connection *rows, uint64_t *of_out);
uint32_t rows_dns(struct engine *e, struct msg_dns_row *rows, uint64_t *of_out);
uint32_t rows_http(struct engine *e, struct msg_http_row *rows, uint64_t *of_out);
uint32_t rows_tls(struct engine *e, struct msg_tls_row *rows, uint64_t *of_out);
uint32_t rows_hosts(struct engine *e, struct msg_host *rows, uint64_t *of_out);
uint32_t rows_udp(struct engine *e, struct msg_udp_service *rows, uint64_t *of_out);
uint32_t rows_media(struct engine *e, struct msg_media *rows, uint64_t *of_out);

/* rows_dnstls.c: parts of rows. */
void rows_put_dns_faults(const struct engine *e, const struct resolver *v, struct msg_resolver *r);
void rows_put_dns_more(const struct engine *e, const struct dns_entry *d, struct msg_dns_row *r);
void rows_put_tls_faults(const struct service *v, const struct service_facts *x,
                         struct msg_service *r);
/* rows_strain.c: the part of a service's row about what slowed it down, and the link's load. */
void rows_strain(const struct engine *e, uint32_t i, struct msg_service *r);
void totals_load(const struct engine *e, struct msg_totals *t);

/* rows_udp.c: the totals of UDP. */
void totals_udp(struct engine *e, struct msg_totals *t);

void totals_fill(struct engine *e, struct msg_totals *t, struct msg_code_count codes[4][LIM_CODES],
                 struct msg_protocol protocols[LIM_PROTOCOLS]);

/* words.c: a name as it may leave the worker: cleaned, or hashed when names are off.  Case and a
 * dot at the end do not change the hash. */
void name_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap);

/* The same for the path of a request, for an HTTP method and for an ALPN protocol; of the last two
 * only well-known ones are shown when names are off, else "other". */
void path_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap);
void method_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap);
void alpn_out(const struct engine *e, const uint8_t *text, size_t len, char *out, size_t cap);

/* The best `cap` of many by score, larger first; equal scores: smaller index first. */
#define TOP_MAX LIM_CONNECTIONS
struct top {
    uint64_t score[TOP_MAX];
    uint32_t index[TOP_MAX];
    uint32_t used, cap;
};
void top_offer(struct top *t, uint64_t score, uint32_t index);
void top_sort(struct top *t);

/* Cut two lists that together may have `rows`: the second to half of them, unless the first leaves
 * more. */
void top_share(struct top *a, struct top *b, uint32_t rows);

/* The best `rows` of several kinds in one order; of kind k the best own[k] have a row in any case,
 * together `rows` at most. */
#define TOP_KINDS 3u
uint32_t top_merge(struct top *of, unsigned kinds, const uint32_t *own, uint32_t rows,
                   uint32_t *index_out);
#endif
