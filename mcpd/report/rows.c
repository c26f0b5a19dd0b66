/* The lists of the report: one table of columns each, written as column arrays because a key per
 * cell would double their size.
 * Runs in: mcpd.  Input trust: packets. */
#include "mcpd/report/build.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const list_keys[LIST_COUNT] = {"connections", "dns_queries", "http_requests",
                                           "tls_handshakes", "hosts"};
const char *const list_sections[LIST_COUNT] = {"connections", "dns", "http", "tls", "hosts"};

struct column {
    const char *name;
    cJSON *(*cell)(const void *row, uint32_t clip);
};

static cJSON *endpoint(const struct addr *a, uint64_t port) {
    char text[ENDPOINT_TEXT_BYTES];
    return cJSON_CreateString(addr_format_endpoint(a, (unsigned)port, text));
}

#define CELL(name, type, expression)                                                               \
    static cJSON *name(const void *p, uint32_t clip) {                                             \
        const struct type *r = p;                                                                  \
        (void)clip;                                                                                \
        return expression;                                                                         \
    }

/* ---- connections --------------------------------------------------------------------------- */
CELL(c_client, msg_connection, endpoint(&r->client, r->client_port))
CELL(c_server, msg_connection, endpoint(&r->server, r->server_port))
CELL(c_name, msg_connection, item_wire(r->name, clip))
CELL(c_state, msg_connection, cJSON_CreateString(conn_names[r->state]))
CELL(c_history, msg_connection, item_wire(r->history, clip))
CELL(c_to_client, msg_connection, item_count(r->bytes_to_client))
CELL(c_to_server, msg_connection, item_count(r->bytes_to_server))
CELL(c_handshake, msg_connection, item_ms_or_null(r->handshake_us))
CELL(c_tls, msg_connection, item_ms_or_null(r->tls_us))
CELL(c_first_byte, msg_connection, item_ms_or_null(r->first_byte_us))
CELL(c_retransmitted, msg_connection, item_count(r->retransmitted))
CELL(c_duration, msg_connection, item_s(r->duration_us))
static const struct column connection_columns[] = {{"client", c_client},
                                                   {"server", c_server},
                                                   {"name", c_name},
                                                   {"state", c_state},
                                                   {"history", c_history},
                                                   {"bytes_to_client", c_to_client},
                                                   {"bytes_to_server", c_to_server},
                                                   {"handshake_ms", c_handshake},
                                                   {"tls_ms", c_tls},
                                                   {"first_byte_ms", c_first_byte},
                                                   {"retransmitted", c_retransmitted},
                                                   {"duration_s", c_duration}};

/* ---- DNS ----------------------------------------------------------------------------------- */
struct number_name {
    unsigned number;
    const char *name;
};

static cJSON *number_or_name(const struct number_name *names, size_t n, uint64_t number,
                             const char *prefix) {
    char text[32];
    for (size_t i = 0; i < n; i++)
        if (names[i].number == number) return cJSON_CreateString(names[i].name);
    snprintf(text, sizeof text, "%s%" PRIu64, prefix, number);
    return cJSON_CreateString(text);
}

/* IANA "DNS Resource Record Types". */
static cJSON *dns_type(uint64_t type) {
    static const struct number_name names[] = {
        {1, "A"},       {2, "NS"},    {5, "CNAME"},  {6, "SOA"},    {10, "NULL"},  {12, "PTR"},
        {15, "MX"},     {16, "TXT"},  {28, "AAAA"},  {33, "SRV"},   {35, "NAPTR"}, {43, "DS"},
        {48, "DNSKEY"}, {64, "SVCB"}, {65, "HTTPS"}, {252, "AXFR"}, {255, "ANY"}};
    return number_or_name(names, sizeof names / sizeof names[0], type, "TYPE");
}

/* IANA "DNS RCODEs". */
static cJSON *dns_rcode(const struct msg_dns_row *r) {
    static const struct number_name names[] = {{0, "NOERROR"},  {1, "FORMERR"}, {2, "SERVFAIL"},
                                               {3, "NXDOMAIN"}, {4, "NOTIMP"},  {5, "REFUSED"},
                                               {9, "NOTAUTH"},  {16, "BADVERS"}};
    if (r->pending) return cJSON_CreateString("pending");
    if (!r->answered) return cJSON_CreateString("no_answer");
    return number_or_name(names, sizeof names / sizeof names[0], r->rcode, "RCODE");
}

CELL(d_name, msg_dns_row, item_wire(r->name, clip))
CELL(d_type, msg_dns_row, dns_type(r->type))
CELL(d_server, msg_dns_row, endpoint(&r->server, r->server_port == 53 ? 0 : r->server_port))
CELL(d_rcode, msg_dns_row, dns_rcode(r))
CELL(d_answers, msg_dns_row, item_count(r->answers))
CELL(d_latency, msg_dns_row, item_ms(r->latency_us))
CELL(d_tries, msg_dns_row, item_count(r->tries))
static const struct column dns_columns[] = {
    {"name", d_name},       {"type", d_type},          {"server", d_server}, {"rcode", d_rcode},
    {"answers", d_answers}, {"latency_ms", d_latency}, {"tries", d_tries}};

/* ---- HTTP, TLS, hosts ---------------------------------------------------------------------- */
CELL(h_method, msg_http_row, item_wire(r->method, clip))
CELL(h_host, msg_http_row, item_wire(r->host, clip))
CELL(h_path, msg_http_row, item_wire(r->path, clip))
CELL(h_status, msg_http_row, r->status ? item_count(r->status) : cJSON_CreateNull())
CELL(h_first_byte, msg_http_row, item_ms_or_null(r->first_byte_us))
static const struct column http_columns[] = {{"method", h_method},
                                             {"host", h_host},
                                             {"path", h_path},
                                             {"status", h_status},
                                             {"first_byte_ms", h_first_byte}};

static cJSON *tls_version(uint64_t version) {
    static const struct number_name names[] = {{0x0002, "SSL 2.0"}, {0x0300, "SSL 3.0"},
                                               {0x0301, "TLS 1.0"}, {0x0302, "TLS 1.1"},
                                               {0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"}};
    if (version == 0) return cJSON_CreateNull();
    return number_or_name(names, sizeof names / sizeof names[0], version, "");
}

CELL(t_server, msg_tls_row, endpoint(&r->server, r->server_port))
CELL(t_sni, msg_tls_row, item_wire(r->sni, clip))
CELL(t_version, msg_tls_row, tls_version(r->version))
CELL(t_alpn, msg_tls_row, item_wire(r->alpn, clip))
CELL(t_outcome, msg_tls_row, cJSON_CreateString(tls_outcome_names[r->outcome]))
CELL(t_ms, msg_tls_row, item_ms_or_null(r->hello_us))
static const struct column tls_columns[] = {{"server", t_server},   {"sni", t_sni},
                                            {"version", t_version}, {"alpn", t_alpn},
                                            {"outcome", t_outcome}, {"ms", t_ms}};

CELL(o_address, msg_host, endpoint(&r->address, 0))
CELL(o_name, msg_host, item_wire(r->name, clip))
CELL(o_packets, msg_host, item_count(r->packets))
CELL(o_bytes, msg_host, item_count(r->bytes))
static const struct column host_columns[] = {
    {"address", o_address}, {"name", o_name}, {"packets", o_packets}, {"bytes", o_bytes}};

/* ---- the lists ----------------------------------------------------------------------------- */
#define COLUMNS(a) (a), sizeof(a) / sizeof(a)[0]
static const struct {
    const struct column *column;
    size_t columns;
    size_t row_bytes;
} lists[LIST_COUNT] = {{COLUMNS(connection_columns), sizeof(struct msg_connection)},
                       {COLUMNS(dns_columns), sizeof(struct msg_dns_row)},
                       {COLUMNS(http_columns), sizeof(struct msg_http_row)},
                       {COLUMNS(tls_columns), sizeof(struct msg_tls_row)},
                       {COLUMNS(host_columns), sizeof(struct msg_host)}};

struct extent {
    const void *rows;
    uint32_t n;
    uint64_t of;
};

static struct extent extent_of(const struct snapshot *s, enum list_id list) {
    switch (list) {
    case LIST_CONNECTIONS:
        return (struct extent){s->connections.rows, s->connections.rows_n, s->connections.of};
    case LIST_DNS: return (struct extent){s->dns.rows, s->dns.rows_n, s->dns.of};
    case LIST_HTTP: return (struct extent){s->http.rows, s->http.rows_n, s->http.of};
    case LIST_TLS: return (struct extent){s->tls.rows, s->tls.rows_n, s->tls.of};
    case LIST_HOSTS: return (struct extent){s->hosts.rows, s->hosts.rows_n, s->hosts.of};
    case LIST_COUNT: break;
    }
    return (struct extent){NULL, 0, 0};
}

uint32_t list_rows(const struct snapshot *s, enum list_id list) {
    return extent_of(s, list).n;
}

uint64_t list_of(const struct snapshot *s, enum list_id list) {
    struct extent e = extent_of(s, list);
    return e.of > e.n ? e.of : e.n;
}

cJSON *list_columns(enum list_id list) {
    cJSON *out = cJSON_CreateArray();
    for (size_t i = 0; out && i < lists[list].columns; i++)
        cJSON_AddItemToArray(out, cJSON_CreateStringReference(lists[list].column[i].name));
    return out;
}

cJSON *list_row(const struct snapshot *s, enum list_id list, uint32_t i, uint32_t clip) {
    struct extent e = extent_of(s, list);
    ASSERT(i < e.n);
    const void *row = (const uint8_t *)e.rows + (size_t)i * lists[list].row_bytes;
    cJSON *out = cJSON_CreateArray();
    for (size_t k = 0; out && k < lists[list].columns; k++)
        cJSON_AddItemToArray(out, lists[list].column[k].cell(row, clip));
    return out;
}

cJSON *list_item(const struct snapshot *s, enum list_id list, const struct report_detail *how) {
    uint32_t n = list_rows(s, list) < how->rows ? list_rows(s, list) : how->rows;
    cJSON *out = cJSON_CreateObject();
    if (!out || !put(out, "columns", list_columns(list))) return out;
    cJSON *rows = cJSON_AddArrayToObject(out, "rows");
    for (uint32_t i = 0; rows && i < n; i++)
        cJSON_AddItemToArray(rows, list_row(s, list, i, how->clip));
    return out;
}

/* Could rows of this kind have been seen at all in this mode? */
static bool list_in_mode(const struct capture_view *v, enum list_id list) {
    if (!v->target || v->target->mode != MODE_PORT || list != LIST_DNS) return true;
    for (uint32_t i = 0; i < v->target->ports; i++)
        if (v->target->port[i] == 53) return true;
    return v->snapshot->totals.dns_transactions > 0;
}

const char *list_reason(const struct report_input *in, enum list_id list, uint32_t shown,
                        char *text, size_t cap) {
    const struct snapshot *s = in->v->snapshot;
    uint64_t of = list_of(s, list);
    if (of > shown) {
        snprintf(text, cap, "%u of %" PRIu64 " shown", shown, of);
        return text;
    }
    if (of > 0) return NULL;
    if (!list_in_mode(in->v, list)) return "not visible in this mode";
    if (list == LIST_HTTP && s->totals.tls_client_hellos > 0) return "encrypted";
    return "none seen";
}

bool put_shown(cJSON *reasons, const char *key, uint64_t shown, uint64_t of) {
    char text[64] = "none seen";
    if (of > shown) snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " shown", shown, of);
    return (of > 0 && of <= shown) || put_text(reasons, key, text);
}

bool list_names_off(cJSON *reasons, const struct report_input *in) {
    return !in->v->snapshot->totals.names_hashed || put_text(reasons, "names", "switched off");
}
