/* Computed values of incidents about how connections begin and end.
 * Runs in: mcpd.  Input trust: packets (numbers counted from them). */
#include "mcpd/diagnose/derive_fn.h"
#include <string.h>

#define LONG_DUE_US 500000u /* what was sent first has been answered or is lost */

/* Who sent the packet that ended it, or does not answer any more: 1 client, 2 server. */
bool derive_ended_by(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    bool silent = n->kind == INCIDENT_IDLE_END && n->value == 2;
    return number(out, n->toward_client != silent ? 2 : 1);
}

/* The end that got nothing through a dead path opened another connection, or took one, while the
 * other still tried: afterwards it may have been switched on again.  Of several connections it is
 * not known when each tried. */
bool derive_silent_end_lives(const struct derive_row *r, double *out) {
    const struct msg_connections *all = &r->view->snapshot->connections;
    const struct msg_incident *n = r->row;
    bool lives = n->requests > 0;
    for (uint32_t i = 0; i < all->rows_n && n->count == 1 && !lives; i++) {
        const struct msg_connection *c = &all->rows[i];
        lives = c->handshake_us > 0 && c->start_us > n->first_us + LONG_DUE_US &&
                c->start_us < n->last_us &&
                addr_equal(n->toward_client ? &c->client : &c->server,
                           n->toward_client ? &n->peer : &n->subject);
    }
    return n->kind == INCIDENT_DEAD_PATH && is(out, lives);
}

/* Connections of a service that broke when they were used again: what is sent then is sent in vain,
 * and again. */
bool derive_idle_broken(const struct derive_row *r, double *out) {
    const struct msg_incidents *all = &r->view->snapshot->incidents;
    const struct msg_service *me = r->row;
    uint64_t n = 0;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_incident *x = &all->rows[i];
        bool mine = x->port == me->port && addr_equal(&x->subject, &me->address);
        n += mine && x->kind == INCIDENT_IDLE_END && x->value != 3 ? x->count : 0;
    }
    return number(out, n);
}

bool derive_ttl_rst(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return n->kind == INCIDENT_RESET_FOREIGN && number(out, n->value / 256);
}

bool derive_ttl_flow(const struct derive_row *r, double *out) {
    const struct msg_incident *n = r->row;
    return n->kind == INCIDENT_RESET_FOREIGN && number(out, n->value % 256);
}

bool derive_by_itself(const struct derive_row *r, double *out) {
    const struct msg_incident *me = r->row;
    *out = me->worked && me->offers == 0;
    return true;
}

/* The server answers TLS under a name, and not under this other one. */
bool derive_other_names_work(const struct derive_row *r, double *out) {
    const struct msg_incident *me = r->row;
    const struct msg_tls *all = &r->view->snapshot->tls;
    const struct msg_tls_row *cut = NULL, *good = NULL;
    for (uint32_t i = 0; i < all->rows_n; i++) {
        const struct msg_tls_row *t = &all->rows[i];
        if (t->server_port != me->port || !addr_equal(&t->server, &me->subject)) continue;
        if (t->outcome == TLS_OUTCOME_RESET && !cut) cut = t;
    }
    for (uint32_t i = 0; cut && i < all->rows_n; i++) {
        const struct msg_tls_row *t = &all->rows[i];
        if (t->server_port != me->port || !addr_equal(&t->server, &me->subject)) continue;
        if (t->outcome != TLS_OUTCOME_ANSWERED) continue;
        if (strcmp(t->sni, cut->sni) == 0) return is(out, false);
        good = t;
    }
    return is(out, good != NULL);
}

/* The name in the request that was cut off, its service's name otherwise. */
const char *derive_cut_name(const struct derive_row *r) {
    const struct msg_incident *me = r->row;
    const struct msg_tls *tls = &r->view->snapshot->tls;
    const struct msg_http *http = &r->view->snapshot->http;
    for (uint32_t i = 0; me->value == 1 && i < tls->rows_n; i++) {
        const struct msg_tls_row *t = &tls->rows[i];
        if (t->outcome == TLS_OUTCOME_RESET && t->sni[0] && t->server_port == me->port &&
            addr_equal(&t->server, &me->subject))
            return t->sni;
    }
    for (uint32_t i = 0; me->value == 2 && i < http->rows_n; i++) {
        const struct msg_http_row *h = &http->rows[i];
        if (h->status == 0 && h->host[0] && h->server_port == me->port &&
            addr_equal(&h->server, &me->subject))
            return h->host;
    }
    const struct msg_service *s = derive_incident_service(r);
    return s ? s->name : "";
}
