/* Whose trouble it is: of the clients of a service, how many have it.  What a few of many meet
 * says more of them than of the service.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

#define CLIENTS (LIM_CONNECTIONS + LIM_HTTP_ROWS) /* that rows can name */

struct clients {
    const struct addr *one[CLIENTS];
    uint32_t n;
};

/* False: it is among them already. */
static bool add(struct clients *c, const struct addr *a) {
    for (uint32_t i = 0; i < c->n; i++)
        if (memcmp(c->one[i], a, sizeof *a) == 0) return false;
    if (c->n < CLIENTS) c->one[c->n++] = a;
    return true;
}

/* From somewhere else than the server's own network, 16 bits of IPv4 or 64 of IPv6. */
static bool is_remote(const struct addr *client, const struct addr *server) {
    return memcmp(client->b, server->b, client->len == 4 ? 2 : 8) != 0;
}

/* Of the clients of this service: those that asked for what it does not give.  Unknown when one of
 * them is a neighbour of the server, as no robot is. */
bool derive_http_4xx_clients(const struct derive_row *r, double *out) {
    const struct snapshot *s = r->view->snapshot;
    const struct msg_service *me = r->row;
    struct clients all = {.n = 0}, err = {.n = 0};
    for (uint32_t i = 0; i < s->http.rows_n; i++) {
        const struct msg_http_row *h = &s->http.rows[i];
        if (h->server_port != me->port || !addr_equal(&h->server, &me->address)) continue;
        (void)add(&all, &h->client);
        if (h->status < 400 || h->status >= 500) continue;
        if (!is_remote(&h->client, &me->address)) return false;
        (void)add(&err, &h->client);
    }
    uint64_t clients, rows = 0, connections = me->attempted + me->midstream;
    for (uint32_t i = 0; err.n > 0 && i < s->connections.rows_n; i++) {
        const struct msg_connection *c = &s->connections.rows[i];
        if (c->server_port != me->port || !addr_equal(&c->server, &me->address)) continue;
        (void)add(&all, &c->client);
        rows++;
    }
    /* Rows that gave way were of connections without trouble. */
    clients = rows > 0 && connections > rows ? all.n * connections / rows : all.n;
    return err.n > 0 && percent(out, err.n, clients);
}

bool derive_is_inside(const struct derive_row *r, const struct addr *a) {
    const struct msg_hosts *all = &r->view->snapshot->hosts;
    for (uint32_t i = 0; i < all->rows_n; i++)
        if (all->rows[i].local && addr_equal(&all->rows[i].address, a)) return true;
    return addr_is_private(a);
}

/* Did each alert of this server go to another client?  Whoever needs the service tries again.
 * `outside`: to a server inside they came from outside, else from elsewhere than the server. */
static bool alerts_once(const struct derive_row *r, bool outside, double *out) {
    const struct msg_tls *all = &r->view->snapshot->tls;
    const struct msg_service *me = r->row;
    struct clients c = {.n = 0};
    uint64_t alerts = 0;
    if (outside && !derive_is_inside(r, &me->address)) return is(out, false);
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_tls_row *t = &all->rows[i];
        if (t->outcome != TLS_OUTCOME_ALERT_SERVER || t->server_port != me->port ||
            !addr_equal(&t->server, &me->address))
            continue;
        bool passes =
            outside ? !derive_is_inside(r, &t->client) : is_remote(&t->client, &me->address);
        if (!add(&c, &t->client) || !passes) return is(out, false);
        alerts++;
    }
    return is(out, alerts > 0 && alerts >= me->tls_fatal_by_server);
}

bool derive_alerts_once(const struct derive_row *r, double *out) {
    return alerts_once(r, false, out);
}

bool derive_alerts_outside(const struct derive_row *r, double *out) {
    return alerts_once(r, true, out);
}

/* The caller asked about the client: what it suffers is no rare accident of a busy service. */
bool derive_client_is_target(const struct derive_row *r, double *out) {
    const struct msg_service *s = derive_incident_service(r);
    return is(out, derive_is_selected(r) && s && !s->target_address);
}

/* Connections of the service whose client vanished while data was on its way to it. */
static bool is_vanished(const struct msg_service *me, const struct msg_incident *x) {
    return x->kind == INCIDENT_DEAD_PATH && x->toward_client && !x->unseen && x->port == me->port &&
           addr_equal(&x->subject, &me->address);
}

bool derive_vanished(const struct derive_row *r, double *out) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        n += is_vanished(r->row, &all->rows[i]) ? all->rows[i].count : 0;
    return number(out, n);
}

/* What was sent again, but for what such clients never took. */
bool derive_retransmitted_to_others(const struct derive_row *r, double *out) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    const struct msg_service *me = r->row;
    uint64_t sent = me->retransmitted_to_client + me->retransmitted_to_server, in_vain = 0;
    for (uint32_t i = 0; i < all->rows_n; i++)
        in_vain += is_vanished(me, &all->rows[i]) ? all->rows[i].tries : 0;
    return number(out, sent > in_vain ? sent - in_vain : 0);
}

/* ---- behind a service --------------------------------------------------------------------------
 */
#define MOST_OF_A_WAIT 0.8

/* The host of one service is a client of the other. */
static bool asks(const struct msg_connections *all, const struct msg_service *host,
                 const struct msg_service *other) {
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_connection *c = &all->rows[i];
        if (addr_equal(&c->client, &host->address) && addr_equal(&c->server, &other->address) &&
            c->server_port == other->port)
            return true;
    }
    return false;
}

static bool is_half(uint64_t n, uint64_t of) {
    return 2 * n >= of;
}

bool derive_is_behind(const struct derive_row *backend, const struct derive_row *front) {
    const struct msg_connections *all = &front->view->snapshot->connections;
    const struct msg_service *b = backend->row, *f = front->row;
    if (backend->table != TABLE_SERVICES || front->table != TABLE_SERVICES) return false;
    double wait = (double)b->first_byte_us.p50_us, whole = (double)f->first_byte_us.p50_us;
    uint64_t failed = b->refused + b->timed_out + b->unreachable;
    bool fills = wait <= whole && wait >= MOST_OF_A_WAIT * whole &&
                 is_half(b->first_byte_us.samples, f->first_byte_us.samples);
    if (failed > 0 && f->http_5xx > 0 ? !is_half(failed, f->http_5xx) : !fills) return false;
    return asks(all, f, b) && !asks(all, b, f); /* never each of two */
}
