#ifndef MCPD_DIAGNOSE_DERIVE_H
#define MCPD_DIAGNOSE_DERIVE_H
#include "mcpd/capture/snapshot.h"

/* Numbers by name.  A rule never touches a struct: it names what it wants, and the name is looked
 * up once, when the rules are loaded.  A name is, in this order:
 *   a computed value of derive_*.c (ratios, sums, look-ups in other tables),
 *   a field of the row (schema.h): `requests`; `foo_us` is offered as `foo_ms` and `foo_s`,
 *   a field of a distribution `foo_us`: foo_samples, foo_min_ms, foo_p50_ms, foo_p95_ms,
 * foo_max_ms, `totals.NAME`: the same for the capture as a whole, from any table. Only numbers and
 * flags (0, 1) have names.  Text from the wire has none, so that no sentence can contain it. */

enum table_id {
    TABLE_TOTALS,
    TABLE_SERVICES,
    TABLE_RESOLVERS,
    TABLE_CONNECTIONS,
    TABLE_DNS,
    TABLE_HTTP,
    TABLE_TLS,
    TABLE_INCIDENTS,
    TABLE_UDP,
    TABLE_MEDIA,
    TABLE_HOSTS,
    TABLE_COUNT
};
extern const char *const table_names[TABLE_COUNT];

/* What a value is computed for. */
struct derive_row {
    const struct capture_view *view;
    enum table_id table;
    const void *row; /* struct msg_* of the table; the totals for TABLE_TOTALS */
};

typedef bool (*derive_fn)(const struct derive_row *r, double *out);

struct derived {
    bool of_totals;
    derive_fn fn;    /* computed; else a field: */
    uint32_t offset; /* in the row */
    char kind;       /* 'U', 'B', or 'Q' for a uint64 inside a distribution */
    double scale;
    bool needs_samples; /* the distribution at samples_offset must have some */
    uint32_t samples_offset;
};

/* False: there is no such name for rows of this table. */
bool derive_find(enum table_id table, const char *name, struct derived *out);

/* False: the value is not known (no samples, division by zero). */
bool derive_value(const struct derived *d, const struct derive_row *r, double *out);

/* Rows of a table in a snapshot. */
uint32_t derive_rows(const struct snapshot *s, enum table_id table);
const void *derive_row_at(const struct snapshot *s, enum table_id table, uint32_t i);
const struct schema *derive_schema(enum table_id table);

/* Address and port a row is about; false: the table has none. */
bool derive_subject(const struct derive_row *r, const struct addr **addr_out, unsigned *port_out);

/* True if the row belongs to the target, or if its table does not tell targets apart. */
bool derive_on_target(const struct derive_row *r);

/* Text seen on the wire for the row, for the finding's own `name` field only.  NULL: no such
 * source; "" when nothing was seen. */
typedef const char *(*derive_name_fn)(const struct derive_row *r);
derive_name_fn derive_name_find(enum table_id table, const char *name);

/* A number for each of several addresses or resolvers, worst first, for evidence. */
#define DERIVE_ITEMS 4u
struct derive_item {
    char subject[ENDPOINT_TEXT_BYTES];
    double value;
};
typedef unsigned (*derive_list_fn)(const struct derive_row *r,
                                   struct derive_item out[DERIVE_ITEMS]);
derive_list_fn derive_list_find(enum table_id table, const char *name);

/* derive_names.c: what was seen of one address of the target's name, over all ports of the target.
 * Times are medians in microseconds, 0 when there was none. */
struct target_address {
    struct addr address;
    uint64_t attempted, established, failed; /* refused, timed out and unreachable */
    uint64_t handshake_us, handshakes, first_byte_us, first_bytes;
};
#define DERIVE_ADDRESSES LIM_TARGET_ADDRESSES

/* Addresses seen on the wire and those that were resolved, failing ones first.  Returns how many; 0
 * when the target is no name. */
uint32_t derive_target_addresses(const struct capture_view *v,
                                 struct target_address out[DERIVE_ADDRESSES]);

/* Are both rows (services, or incidents about one) about addresses of one name, on one port? */
bool derive_same_name(const struct derive_row *a, const struct derive_row *b);

/* derive_shared.c: both rows are symptoms of one cut of the way out of the network. */
bool derive_same_way(const struct derive_row *a, const struct derive_row *b);

/* derive_shared.c: of one network, 24 bits of IPv4 (behind NAT64 too, RFC 6052) or 48 of IPv6. */
bool derive_same_network(const struct addr *a, const struct addr *b);

/* derive_scan.c: was all that was tried at the service tried by the client of the connection, once,
 * or twice in a row? */
bool derive_same_client(const struct derive_row *connection, const struct derive_row *service);

/* derive_clients.c: two services; the second one's host asks the first, as proxies do, and what it
 * waits for there is most of what it lets its own clients wait, half as often at least; or it gets
 * no connection there, half as often as it says that it failed (5xx). */
bool derive_is_behind(const struct derive_row *backend, const struct derive_row *front);

/* Of a service: its endpoint and those of the same name and family that were never reached either,
 * joined by commas; cut at a whole one. */
void derive_failing_text(const struct derive_row *r, char *out, size_t cap);

/* derive_totals.c: a computed value; NULL: none of that name. */
derive_fn derive_fn_find(enum table_id table, const char *name);

/* True once the capture is over. */
bool derive_ended(const struct capture_view *v);

/* True if the caller named something to look at. */
bool derive_has_target(const struct capture_view *v);
#endif
