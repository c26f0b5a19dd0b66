/* Look-up of values by name over the descriptors of schema.h, so that a new counter is usable in
 * rules.json without a line here.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them, range-checked by schema.c). */
#include "mcpd/diagnose/derive.h"
#include <string.h>

const char *const table_names[TABLE_COUNT] = {"totals", "services", "resolvers", "connections",
                                              "dns",    "http",     "tls",       "incidents",
                                              "udp",    "media",    "hosts"};

const struct schema *derive_schema(enum table_id table) {
    static const struct schema *const of[TABLE_COUNT] = {
        &schema_totals,      &schema_service,  &schema_resolver, &schema_connection,
        &schema_dns_row,     &schema_http_row, &schema_tls_row,  &schema_incident,
        &schema_udp_service, &schema_media,    &schema_host};
    return of[table];
}

/* Rows and how many, by table. */
static const void *rows_of(const struct snapshot *s, enum table_id table, uint32_t *n_out) {
    switch (table) {
    case TABLE_SERVICES: *n_out = s->services.rows_n; return s->services.rows;
    case TABLE_RESOLVERS: *n_out = s->resolvers.rows_n; return s->resolvers.rows;
    case TABLE_CONNECTIONS: *n_out = s->connections.rows_n; return s->connections.rows;
    case TABLE_DNS: *n_out = s->dns.rows_n; return s->dns.rows;
    case TABLE_HTTP: *n_out = s->http.rows_n; return s->http.rows;
    case TABLE_TLS: *n_out = s->tls.rows_n; return s->tls.rows;
    case TABLE_INCIDENTS: *n_out = s->incidents.rows_n; return s->incidents.rows;
    case TABLE_UDP: *n_out = s->udp.rows_n; return s->udp.rows;
    case TABLE_HOSTS: *n_out = s->hosts.rows_n; return s->hosts.rows;
    case TABLE_MEDIA: *n_out = s->streams.rows_n; return s->streams.rows;
    case TABLE_TOTALS:
    case TABLE_COUNT: break;
    }
    *n_out = 1;
    return &s->totals;
}

uint32_t derive_rows(const struct snapshot *s, enum table_id table) {
    uint32_t n;
    rows_of(s, table, &n);
    return n;
}

const void *derive_row_at(const struct snapshot *s, enum table_id table, uint32_t i) {
    uint32_t n;
    const uint8_t *rows = rows_of(s, table, &n);
    ASSERT(i < n);
    return rows + (size_t)i * derive_schema(table)->struct_bytes;
}

static const struct schema_field *field_find(const struct schema *s, const char *name, size_t len) {
    for (uint32_t i = 0; i < s->fields_n; i++)
        if (strlen(s->fields[i].name) == len && memcmp(s->fields[i].name, name, len) == 0)
            return &s->fields[i];
    return NULL;
}

/* The field of `name` when `suffix` is taken for "_us" ("x_ms" is field "x_us"). */
static const struct schema_field *field_in_us(const struct schema *s, const char *name,
                                              const char *suffix, char kind) {
    char base[64];
    size_t len = strlen(name), tail = strlen(suffix);
    if (len <= tail || len - tail + 4 > sizeof base || strcmp(name + len - tail, suffix) != 0)
        return NULL;
    memcpy(base, name, len - tail);
    memcpy(base + len - tail, "_us", 4);
    const struct schema_field *f = field_find(s, base, len - tail + 3);
    return f && f->kind == kind ? f : NULL;
}

static bool find_in_dist(const struct schema *s, const char *name, struct derived *out) {
    static const struct {
        const char *suffix;
        uint32_t offset;
        double scale;
    } part[] = {{"_samples", offsetof(struct dist, samples), 1},
                {"_min_ms", offsetof(struct dist, min_us), 1e-3},
                {"_p50_ms", offsetof(struct dist, p50_us), 1e-3},
                {"_p95_ms", offsetof(struct dist, p95_us), 1e-3},
                {"_max_ms", offsetof(struct dist, max_us), 1e-3}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        const struct schema_field *f = field_in_us(s, name, part[i].suffix, 'D');
        if (!f) continue;
        *out = (struct derived){.kind = 'Q',
                                .offset = f->offset + part[i].offset,
                                .scale = part[i].scale,
                                .needs_samples = i > 0,
                                .samples_offset =
                                    f->offset + (uint32_t)offsetof(struct dist, samples)};
        return true;
    }
    return false;
}

static bool find_in_schema(const struct schema *s, const char *name, struct derived *out) {
    const struct schema_field *f = field_find(s, name, strlen(name));
    if (f && (f->kind == 'U' || f->kind == 'B')) {
        *out = (struct derived){.kind = f->kind, .offset = f->offset, .scale = 1};
        return true;
    }
    if ((f = field_in_us(s, name, "_ms", 'U'))) {
        *out = (struct derived){.kind = 'U', .offset = f->offset, .scale = 1e-3};
        return true;
    }
    if ((f = field_in_us(s, name, "_s", 'U'))) {
        *out = (struct derived){.kind = 'U', .offset = f->offset, .scale = 1e-6};
        return true;
    }
    return find_in_dist(s, name, out);
}

bool derive_find(enum table_id table, const char *name, struct derived *out) {
    bool of_totals = strncmp(name, "totals.", 7) == 0;
    *out = (struct derived){0};
    if (of_totals) {
        table = TABLE_TOTALS;
        name += 7;
    }
    out->fn = derive_fn_find(table, name);
    bool found = out->fn || find_in_schema(derive_schema(table), name, out);
    out->of_totals = of_totals;
    return found;
}

bool derive_value(const struct derived *d, const struct derive_row *r, double *out) {
    struct derive_row at = *r;
    if (d->of_totals && r->table != TABLE_TOTALS) {
        at.table = TABLE_TOTALS;
        at.row = &r->view->snapshot->totals;
    }
    if (d->fn) return d->fn(&at, out);
    const uint8_t *row = at.row;
    if (d->kind == 'B') {
        bool b;
        memcpy(&b, row + d->offset, sizeof b);
        *out = b ? 1 : 0;
        return true;
    }
    uint64_t v;
    if (d->needs_samples) {
        memcpy(&v, row + d->samples_offset, sizeof v);
        if (v == 0) return false;
    }
    memcpy(&v, row + d->offset, sizeof v);
    *out = (double)v * d->scale;
    return true;
}

bool derive_subject(const struct derive_row *r, const struct addr **addr_out, unsigned *port_out) {
    *port_out = 0;
    switch (r->table) {
    case TABLE_SERVICES: {
        const struct msg_service *s = r->row;
        *addr_out = &s->address;
        *port_out = (unsigned)s->port;
        return true;
    }
    case TABLE_RESOLVERS: {
        const struct msg_resolver *s = r->row;
        *addr_out = &s->address;
        *port_out = (unsigned)s->port;
        return true;
    }
    case TABLE_CONNECTIONS: {
        const struct msg_connection *c = r->row;
        *addr_out = &c->server;
        *port_out = (unsigned)c->server_port;
        return true;
    }
    case TABLE_INCIDENTS: {
        const struct msg_incident *n = r->row;
        *addr_out = &n->subject;
        *port_out = (unsigned)n->port;
        return true;
    }
    case TABLE_UDP: {
        const struct msg_udp_service *u = r->row;
        *addr_out = &u->address;
        *port_out = (unsigned)u->port;
        return true;
    }
    case TABLE_MEDIA: {
        const struct msg_media *m = r->row;
        *addr_out = &m->sender;
        *port_out = (unsigned)m->sender_port;
        return true;
    }
    case TABLE_HOSTS: {
        const struct msg_host *h = r->row;
        *addr_out = &h->address;
        return true;
    }
    case TABLE_DNS:
    case TABLE_HTTP:
    case TABLE_TLS: {
        struct addr const *server =
            r->table == TABLE_DNS    ? &((const struct msg_dns_row *)r->row)->server
            : r->table == TABLE_HTTP ? &((const struct msg_http_row *)r->row)->server
                                     : &((const struct msg_tls_row *)r->row)->server;
        *addr_out = server;
        return true;
    }
    case TABLE_TOTALS:
    case TABLE_COUNT: break;
    }
    return false;
}

bool derive_on_target(const struct derive_row *r) {
    struct derived d;
    double v;
    if (r->table == TABLE_TOTALS || !find_in_schema(derive_schema(r->table), "on_target", &d))
        return true;
    return !derive_value(&d, r, &v) || v != 0;
}

bool derive_ended(const struct capture_view *v) {
    return v->state == CAPTURE_FINISHED || v->state == CAPTURE_FAILED;
}

bool derive_has_target(const struct capture_view *v) {
    const struct target *t = v->target;
    return t && (t->name[0] || t->addresses > 0 || t->ports > 0);
}
