/* What belongs to one name.  A name has addresses, of one family or of both, and a program tries
 * one after the other (RFC 8305): whether an address fails means little until the others of the
 * same name are known.  Services belong to one name when the same name was seen for them, or when
 * both are addresses of the target's name, on the same port.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them; names are only compared). */
#include "mcpd/diagnose/derive_fn.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool named_target(const struct capture_view *v) {
    return v->target && v->target->name[0];
}

/* Two addresses of one name, or the same one; the port is the same. */
static bool same_name(const struct capture_view *v, const struct msg_service *a,
                      const struct msg_service *b) {
    if (a->port != b->port) return false;
    if (a == b || (named_target(v) && a->target_address && b->target_address)) return true;
    return a->name[0] && strcmp(a->name, b->name) == 0;
}

static const struct msg_service *service_of_row(const struct derive_row *r) {
    if (r->table == TABLE_SERVICES) return r->row;
    return r->table == TABLE_INCIDENTS ? derive_incident_service(r) : NULL;
}

bool derive_same_name(const struct derive_row *a, const struct derive_row *b) {
    const struct msg_service *s = service_of_row(a), *o = service_of_row(b);
    return s && o && same_name(a->view, s, o);
}

/* Tried, and never reached.  How often and how surely is for the rules to ask. */
static bool never_reached(const struct msg_service *s) {
    return s->established == 0 && s->refused + s->timed_out + s->unreachable > 0;
}

/* ---- siblings: the services of the row's name ---------------------------------------------- */
static uint64_t count_working(const struct derive_row *r, bool same_family) {
    const struct msg_services *all = &r->view->snapshot->services;
    const struct msg_service *me = r->row;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        n += s != me && s->established > 0 && same_name(r->view, me, s) &&
             (s->address.len == me->address.len) == same_family;
    }
    return n;
}

static bool n_working(const struct derive_row *r, double *out) {
    return number(out, count_working(r, true));
}

static bool n_working_other_family(const struct derive_row *r, double *out) {
    return number(out, count_working(r, false));
}

/* It stays silent over IPv6, and its name is reached over IPv4. */
static bool is_silent_site_v6(const struct derive_row *r, const struct msg_service *s) {
    struct derive_row at = {r->view, TABLE_SERVICES, s};
    return s->address.len == 16 && !addr_is_private(&s->address) && s->timed_out > 0 &&
           count_working(&at, false) > 0;
}

static bool is_one_site(const struct msg_service *a, const struct msg_service *b) {
    return memcmp(a->address.b, b->address.b, 6) == 0 || strcmp(a->name, b->name) == 0;
}

static bool any_works_over_v6(const struct snapshot *s) {
    for (uint32_t i = 0; i < s->services.rows_n; i++) {
        const struct msg_service *v = &s->services.rows[i];
        if (v->address.len == 16 && !addr_is_private(&v->address) && v->established + v->midstream)
            return true;
    }
    for (uint32_t i = 0; i < s->hosts.rows_n; i++) {
        const struct msg_host *h = &s->hosts.rows[i];
        if (h->address.len == 16 && !addr_is_private(&h->address) && !h->local && h->said_us > 0)
            return true;
    }
    return false;
}

/* Sites, of different names and networks, that are so; 0 where anything works over IPv6. */
static bool n_silent_sites_v6(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t n = 0;
    if (any_works_over_v6(r->view->snapshot)) return number(out, 0);
    for (uint32_t i = 0; i < all->rows_n; i++) {
        bool again = !is_silent_site_v6(r, &all->rows[i]);
        for (uint32_t k = 0; k < i && !again; k++)
            again =
                is_silent_site_v6(r, &all->rows[k]) && is_one_site(&all->rows[i], &all->rows[k]);
        n += !again;
    }
    return number(out, n);
}

/* Failing addresses of the name in the row's family, the row's own among them. */
static bool fails_beside(const struct derive_row *r, const struct msg_service *s) {
    const struct msg_service *me = r->row;
    return never_reached(s) && s->address.len == me->address.len && same_name(r->view, me, s);
}

static bool n_failing(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) n += fails_beside(r, &all->rows[i]);
    return number(out, n);
}

static bool n_addresses(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) n += same_name(r->view, r->row, &all->rows[i]);
    return number(out, n);
}

static bool all_refused(const struct msg_service *s) {
    return s->established == 0 && s->refused > 0;
}

/* The other family's address of the same name is refused just so, and its row comes first. */
static bool n_refused_before(const struct derive_row *r, double *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    const struct msg_service *me = r->row;
    bool before = false;
    for (uint32_t i = 0; i < all->rows_n && &all->rows[i] != me; i++)
        before |= all_refused(me) && all_refused(&all->rows[i]) &&
                  all->rows[i].address.len != me->address.len &&
                  same_name(r->view, me, &all->rows[i]);
    return is(out, before);
}

static bool n_failed(const struct derive_row *r, double *out) {
    const struct msg_service *s = r->row;
    return number(out, s->refused + s->timed_out + s->unreachable);
}

static bool n_ipv6(const struct derive_row *r, double *out) {
    return is(out, ((const struct msg_service *)r->row)->address.len == 16);
}

void derive_failing_text(const struct derive_row *r, char *out, size_t cap) {
    static const char more[] = ", ...";
    const struct msg_services *all = &r->view->snapshot->services;
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        char one[ENDPOINT_TEXT_BYTES];
        if (!fails_beside(r, &all->rows[i])) continue;
        addr_format_endpoint(&all->rows[i].address, (unsigned)all->rows[i].port, one);
        if (used + 2 + strlen(one) + sizeof more > cap) {
            snprintf(out + used, cap - used, "%s", more);
            return;
        }
        used += (size_t)snprintf(out + used, cap - used, "%s%s", used ? ", " : "", one);
    }
}

/* ---- what a fallback cost ------------------------------------------------------------------ */
#define PAIRS LIM_CONNECTIONS

static const struct msg_service *service_at(const struct capture_view *v, const struct addr *a,
                                            uint64_t port) {
    const struct msg_services *all = &v->snapshot->services;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].port == port && addr_equal(&all->rows[i].address, a)) return &all->rows[i];
    return NULL;
}

static int by_size(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Start of the first IPv4 connection to the same name that came up at or after `start_us`. */
static bool next_over_v4(const struct derive_row *r, uint64_t start_us, uint64_t *at_out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_service *me = r->row;
    bool found = false;
    *at_out = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (c->server.len != 4 || c->server_port != me->port || c->start_us < start_us) continue;
        if (c->state < CONN_CLOSED || (found && c->start_us >= *at_out)) continue;
        const struct msg_service *s = service_at(r->view, &c->server, c->server_port);
        if (!s || !same_name(r->view, me, s)) continue;
        *at_out = c->start_us;
        found = true;
    }
    return found;
}

/* From an IPv6 attempt to the IPv4 connection that took its place: the median. */
static bool n_fallback_ms(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_service *me = r->row;
    uint64_t waited[PAIRS], at;
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->rows_n && n < PAIRS; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (c->server.len != 16 || c->server_port != me->port || c->state >= CONN_MIDSTREAM)
            continue;
        const struct msg_service *s = service_at(r->view, &c->server, c->server_port);
        if (s && fails_beside(r, s) && next_over_v4(r, c->start_us, &at))
            waited[n++] = at - c->start_us;
    }
    if (n == 0) return false;
    qsort(waited, n, sizeof waited[0], by_size);
    *out = (double)waited[n / 2] / 1e3;
    return true;
}

const struct computed computed_names[] = {
    {"ipv6", n_ipv6},
    {"failed_attempts", n_failed},
    {"name_addresses", n_addresses},
    {"name_failing", n_failing},
    {"refused_before", n_refused_before},
    {"name_working", n_working},
    {"name_working_other_family", n_working_other_family},
    {"silent_sites_v6", n_silent_sites_v6},
    {"fallback_ms", n_fallback_ms},
    {NULL, NULL},
};

/* ---- per address, for evidence ------------------------------------------------------------- */
static uint64_t tried_value(const struct msg_service *s, bool established) {
    return established ? s->established : s->refused + s->timed_out + s->unreachable;
}

/* Failing ones first, so that they are there when there are many. */
static unsigned by_address(const struct derive_row *r, struct derive_item *out, bool established) {
    const struct msg_services *all = &r->view->snapshot->services;
    bool some_work = count_working(r, true) + count_working(r, false) > 0;
    unsigned n = 0;
    for (int failing = 1; failing >= 0; failing--)
        for (uint32_t i = 0; i < all->rows_n && n < DERIVE_ITEMS; i++) {
            const struct msg_service *s = &all->rows[i];
            if (never_reached(s) != failing || !same_name(r->view, r->row, s)) continue;
            if (failing && some_work && n == DERIVE_ITEMS - 1) break; /* room for one of each */
            addr_format(&s->address, out[n].subject);
            out[n++].value = (double)tried_value(s, established);
        }
    return n;
}

unsigned derive_established_by_address(const struct derive_row *r, struct derive_item *out) {
    return by_address(r, out, true);
}

unsigned derive_failed_by_address(const struct derive_row *r, struct derive_item *out) {
    return by_address(r, out, false);
}

/* Only when there are several. */
unsigned derive_refused_by_address(const struct derive_row *r, struct derive_item *out) {
    const struct msg_services *all = &r->view->snapshot->services;
    unsigned n = 0;
    for (uint32_t i = 0; i < all->rows_n && n < DERIVE_ITEMS; i++) {
        const struct msg_service *s = &all->rows[i];
        if (!all_refused(s) || !same_name(r->view, r->row, s)) continue;
        addr_format(&s->address, out[n].subject);
        out[n++].value = (double)s->refused;
    }
    return n > 1 ? n : 0;
}

/* ---- per address, for the report ----------------------------------------------------------- */
static struct target_address *address_at(struct target_address *all, uint32_t *n,
                                         const struct addr *a) {
    for (uint32_t i = 0; i < *n; i++)
        if (addr_equal(&all[i].address, a)) return &all[i];
    if (*n == DERIVE_ADDRESSES) return NULL;
    all[*n] = (struct target_address){.address = *a};
    return &all[(*n)++];
}

/* Several ports of one address: the times of the one that has most of them. */
static void take_time(const struct dist *d, uint64_t *us, uint64_t *samples) {
    if (d->samples <= *samples) return;
    *us = d->p50_us ? d->p50_us : 1;
    *samples = d->samples;
}

/* Failing, then working, then never tried; each in the order of the services. */
static unsigned rank(const struct target_address *a) {
    return a->attempted == 0 ? 2 : a->failed > 0 && a->established == 0 ? 0 : 1;
}

static void sort(struct target_address *all, uint32_t n) {
    for (uint32_t i = 1; i < n; i++) {
        struct target_address t = all[i];
        uint32_t at = i;
        for (; at > 0 && rank(&all[at - 1]) > rank(&t); at--) all[at] = all[at - 1];
        all[at] = t;
    }
}

uint32_t derive_target_addresses(const struct capture_view *v,
                                 struct target_address out[DERIVE_ADDRESSES]) {
    const struct msg_services *all = &v->snapshot->services;
    uint32_t n = 0;
    if (!named_target(v)) return 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_service *s = &all->rows[i];
        struct target_address *a =
            s->target_address && s->on_target ? address_at(out, &n, &s->address) : NULL;
        if (!a) continue;
        a->attempted += s->attempted;
        a->established += s->established;
        a->failed += s->refused + s->timed_out + s->unreachable;
        take_time(&s->handshake_us, &a->handshake_us, &a->handshakes);
        take_time(&s->first_byte_us, &a->first_byte_us, &a->first_bytes);
    }
    for (uint32_t i = 0; i < v->target->addresses; i++)
        (void)address_at(out, &n, &v->target->address[i].address);
    sort(out, n);
    return n;
}
